"""Collections in an object store: an S3 server on this machine that counts requests."""

import errno
import os
import shutil
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from filelock import Timeout

from tests.documents.make import text_pdf
from tests.store.make import INFO, item, put, record
from workbench.documents import Reading, ReadSettings, Source, probe
from workbench.documents.probing import stamp_of
from workbench.errors import CollectionBusyError, DiskFullError, NotFoundError, StoreError
from workbench.ingestion import cluster
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.store import Library, RemoteFiles, Stager, Writer, object_storage, remote_files
from workbench.store.cache import Cache
from workbench.store.checks import problems
from workbench.store.object_storage import ConditionalWrites, client_of

snailmail = pytest.importorskip("snailmail")
pytest.importorskip("obstore")
FRESH = 0.4
WHALES, BREAD = record("whales", 5), record("bread", 3)


@pytest.fixture(scope="module")
def server():
    store = snailmail.ObjectStore(latency=snailmail.Fixed(2))
    store.start()
    yield store
    store.stop()


@pytest.fixture
def behaviour(server):
    def change(name):
        server.set_behavior(snailmail.StoreBehavior(conditional_writes=name))

    yield change
    change("enforce")


_homes = iter(range(1000))


@pytest.fixture
def settings(server, tmp_path):
    """Settings of a machine of its own each time, at one place that is new for each test."""
    place = f"s3://snailmail/home{next(_homes)}"
    options = {
        "aws_endpoint": server.endpoint_url,
        "aws_region": "us-east-1",
        "aws_access_key_id": "known",
        "aws_secret_access_key": "hidden",
        "allow_http": "true",
    }

    def machine(name="one", **more):
        return Settings(
            **{"home": place, "storage_options": options, "cache": tmp_path / name, "fresh_seconds": FRESH, **more}
        )

    return machine


def collection(settings):
    return Library.of(settings).create("notes", CollectionSettings(encoder=INFO.id), INFO)


def counted(server, work):
    """What work gives, and how many requests it made by kind."""
    server.reset_counts()
    found = work()
    return found, server.stats()["n_requests"]


def test_pages_go_in_on_one_machine_and_are_found_on_another(settings, tmp_path):
    one = collection(settings("one"))
    with Writer(one) as writer:
        put(writer, WHALES)
        writer.finish()
    other = Library.of(settings("other")).open("notes")
    for store in (one, other):
        assert_whole_there(store, [WHALES])
    with Writer(other) as writer:
        put(writer, BREAD)
        writer.finish()
    time.sleep(FRESH)
    assert_whole_there(one, [WHALES, BREAD])
    with Writer(one) as writer:
        assert writer.delete_document("whales.pdf") == 5
        assert writer.upkeep.erase() == ()
    time.sleep(FRESH)
    assert_whole_there(other, [BREAD])
    assert not any("whales" in path.path for path in other.storage.files())


def assert_whole_there(store, documents):
    wanted = {f"{d.content_hash[:32]}:{n}" for d in documents for n in range(1, d.pages + 1)}
    assert problems(store) == []
    assert set(store.page_ids(None)) == wanted
    full = store.space().vectors("full")
    assert set(full.page_ids) == wanted
    for document in documents:
        for number in range(1, document.pages + 1):
            i = full.page_ids.index(f"{document.content_hash[:32]}:{number}")
            expected = item(document, number)[1].vectors.astype(np.float16)
            np.testing.assert_array_equal(full.flat[full.starts[i] :][: full.lengths[i]], expected)
    for page in wanted:
        assert store.image_path(page, "page").stat().st_size > 0


def search(store):
    """All that a search reads: pages, words, vectors, and who is kept out."""
    snapshot = store.snapshot()
    scores = snapshot.bm25("page number")
    held = snapshot.index(store.space(), "full")
    return len(snapshot), float(scores.sum()), len(held.held)


def test_pictures_are_not_listed_to_count(settings):
    store, asked = collection(settings("one")), []
    with Writer(store) as writer:
        put(writer, WHALES)
        writer.finish()
    whole = {file for file in store.storage.files() if not file.path.startswith("images/")}

    class Watched:
        def __init__(self, client):
            self.client = client

        def __getattr__(self, name):
            return getattr(self.client, name)

        def list(self, prefix):
            asked.append(prefix.partition("/notes/")[2] or prefix)
            return self.client.list(prefix)

    store.storage._client = Watched(store.storage._client)
    assert set(store.storage.files(but="images")) == whole
    assert asked == ["lance"]
    assert store.info().pages == 5 and len(store.documents()) == 1
    assert set(asked) == {"lance"}


def test_a_warm_search_asks_the_store_nothing_and_a_cold_one_little(settings, server):
    store = collection(settings("one"))
    with Writer(store) as writer:
        for i in range(6):
            put(writer, record(f"doc{i}", 8))
        writer.finish()
    other = settings("other", fresh_seconds=60)
    found, cold = counted(server, lambda: search(Library.of(other).open("notes")))
    assert found[0] == found[2] == 48
    assert cold < 60  # by page it would be hundreds
    again = Library.of(other).open("notes")
    search(again)
    _, warm = counted(server, lambda: search(again))
    assert warm == 0
    _, reopened = counted(server, lambda: search(Library.of(other).open("notes")))
    assert reopened < 12  # a process that starts on a machine with a cache reads no vector and no word anew


def test_pages_that_come_are_put_after_those_there(settings):
    one, two = collection(settings("one")), settings("two", fresh_seconds=0)
    with Writer(one) as writer:
        for i in range(4):
            put(writer, record(f"doc{i}", 8))
        writer.finish()
    reader = Library.of(two).open("notes")
    search(reader)
    before = reader.space().vectors("full")
    with Writer(one) as writer:
        put(writer, record("late", 2))
    after = reader.space().vectors("full")
    assert len(after.page_ids) == len(before.page_ids) + 2
    np.testing.assert_array_equal(after.flat[: len(before.flat)], before.flat)


def test_two_machines_do_not_write_at_once(settings):
    one = collection(settings("one"))
    other = Library.of(settings("other")).open("notes")
    with Writer(one) as writer:
        with pytest.raises(CollectionBusyError, match="Another ingest is writing"), Writer(other):
            pass
        with pytest.raises(CollectionBusyError):
            Library.of(settings("other")).delete("notes")
        put(writer, BREAD)
    with Writer(other) as writer:
        put(writer, WHALES)
    time.sleep(FRESH)
    assert len(one.page_ids(None)) == 8


def test_a_writer_that_was_away_too_long_has_lost_its_right_and_the_next_one_goes_on(settings, monkeypatch):
    one = collection(settings("one"))
    other = Library.of(settings("other")).open("notes")
    with Writer(one) as sleeping:
        put(sleeping, BREAD, finish=False, numbers=[1])
        sleeping._session.lock._until = time.monotonic()  # its machine slept for so long
        monkeypatch.setattr(object_storage.Lease, "_age", lambda self: object_storage.LEASE_SECONDS)
        with Writer(other) as writer:
            put(writer, WHALES)
            with pytest.raises(CollectionBusyError, match="was lost"):
                sleeping.add_pages(BREAD, [item(BREAD, 2)])
    time.sleep(FRESH)
    assert len(one.page_ids(None)) == 6
    assert problems(one) == []


def test_a_lease_is_renewed_and_handed_on(settings):
    one = collection(settings("one"))
    lock, rival = one.storage.write_lock(), Library.of(settings("other")).open("notes").storage.write_lock()
    lock.acquire()
    until, tag = lock._until, lock._tag
    lock.renew()
    assert lock._until > until and lock._tag != tag
    with pytest.raises(Timeout):
        rival.acquire()
    lock.release()
    rival.acquire()
    with pytest.raises(CollectionBusyError):
        lock.check()
    lock.renew()  # as if it were not known yet: another has it
    with pytest.raises(CollectionBusyError):
        lock.check()
    rival.check()
    rival.release()


@pytest.mark.parametrize(
    ("name", "found"), [("ignore", ConditionalWrites.IGNORED), ("reject", ConditionalWrites.UNKNOWN)]
)
def test_a_store_that_cannot_tell_writers_apart_is_read_and_not_written_to(settings, behaviour, name, found):
    collection(settings())
    behaviour(name)
    store = Library.of(settings("other")).open("notes")
    assert store.storage.conditional_writes() is found
    assert store.page_ids(None) == []
    with pytest.raises(StoreError, match="two writers would lose each other's pages"), Writer(store):
        pass
    with pytest.raises(StoreError, match="only reads"):
        Library.of(settings("third")).create("new", CollectionSettings(encoder=INFO.id), INFO)


def test_one_writer_may_be_promised(settings, behaviour):
    collection(settings())
    behaviour("ignore")
    store = Library.of(settings("other", single_writer=True)).open("notes")
    with Writer(store) as writer:
        put(writer, BREAD)
        with pytest.raises(CollectionBusyError), Writer(store):
            pass
    assert len(store.page_ids(None)) == 3


def test_names_creation_and_deletion_are_seen_elsewhere(settings):
    one, other = Library.of(settings("one")), Library.of(settings("other"))
    assert one.names() == other.names() == []
    made = one.create("two words", CollectionSettings(encoder=INFO.id), INFO)
    with pytest.raises(StoreError, match="already"):
        other.create("two words", CollectionSettings(encoder=INFO.id), INFO)
    time.sleep(FRESH)
    assert other.names() == ["two words"]
    seen = other.open("two words")
    with Writer(made) as writer:
        put(writer, BREAD)
    one.delete("two words")
    time.sleep(FRESH)
    assert other.names() == [] and other.lost() == []
    with pytest.raises(NotFoundError):
        seen.page_ids(None)
    again = other.create("two words", CollectionSettings(encoder=INFO.id), INFO)
    assert again.page_ids(None) == []


def test_quarantine_and_records_are_shared(settings):
    one = collection(settings("one"))
    with Writer(one) as writer:
        put(writer, BREAD)
    other = Library.of(settings("other")).open("notes")
    one.put_away("bread.pdf", 2, "blurred")
    other.put_away("bread.pdf", 3)
    time.sleep(FRESH)
    assert len(one.page_ids(None)) == len(other.page_ids(None)) == 1
    one.release("bread.pdf", 2)
    time.sleep(FRESH)
    assert len(other.page_ids(None)) == 2
    one.catalog.write_record("verdicts", {"a": 1})
    assert other.catalog.record("verdicts") == {"a": 1}


def test_a_damaged_picture_in_the_cache_is_fetched_again(settings):
    store = collection(settings())
    with Writer(store) as writer:
        put(writer, BREAD)
    page = store.page_ids(None)[0]
    path = store.image_path(page, "page")
    whole = path.read_bytes()
    path.write_bytes(whole[:-3] + b"\0\0\0")
    assert store.image_path(page, "page").read_bytes() == whole
    shutil.rmtree(store.path)
    assert store.image_path(page, "page").read_bytes() == whole


def test_the_cache_lets_go_of_what_was_unused_for_longest(tmp_path):
    cache = Cache(tmp_path, 250)
    for name in "abc":
        cache.put(tmp_path / "c" / "images" / name, bytes(80))
    for i, name in enumerate("bac"):
        for path in (tmp_path / "c" / "images").glob(f"{name}*"):
            os.utime(path, (1000 + i, 1000 + i))
    assert cache.tidy() > 0
    assert not cache.holds(tmp_path / "c" / "images" / "b")
    assert cache.holds(tmp_path / "c" / "images" / "a") and cache.holds(tmp_path / "c" / "images" / "c")


def test_what_is_searched_survives_its_cache_being_let_go(settings):
    store = collection(settings())
    with Writer(store) as writer:
        put(writer, WHALES)
        writer.finish()
    held = store.space().vectors("full")
    before = np.array(held.flat)
    store.storage._cache._limit = 0
    store.storage._cache.tidy()
    np.testing.assert_array_equal(held.flat, before)
    store.close()
    again = store.space().vectors("full")
    assert sorted(again.page_ids) == sorted(held.page_ids)
    store.storage._cache._limit = 1 << 30


def test_secrets_are_told_to_nobody(settings, caplog, tmp_path):
    caplog.set_level("DEBUG")
    made = settings()
    store = collection(made)
    with Writer(store) as writer:
        put(writer, BREAD)
    wrong = settings("other", storage_options={**store.storage.options, "aws_endpoint": "http://127.0.0.1:9"})
    with pytest.raises(StoreError) as caught:
        Library.of(wrong).open("notes")
    texts = [caplog.text, repr(made), str(made), str(caught.value), repr(store.storage), str(made.model_dump())]
    texts += [path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    texts += [store.storage.read(item.path).decode(errors="replace") for item in store.storage.files()]
    assert not any("hidden" in text for text in texts)
    assert "did not answer" in str(caught.value)


def test_a_home_that_is_a_place_keeps_the_rest_here(monkeypatch):
    monkeypatch.setenv("PAGELENS_HOME", "s3://bucket/folder/")
    made = Settings()
    assert made.place == "s3://bucket/folder"
    assert made.home.is_absolute() and made.home.parent.name == "places"
    monkeypatch.delenv("PAGELENS_HOME")
    with pytest.raises(ValueError, match="no place in an object store"):
        Settings(place="ftp://elsewhere/x")


def test_files_that_many_wrote_into_the_store_become_pages(settings):
    pytest.importorskip("lance", reason="the extra 'scale' is not installed")
    one, other = collection(settings("one")), Library.of(settings("other")).open("notes")
    with Writer(one) as writer:
        started = writer.begin_document(WHALES)
        made, _ = Stager(other).stage(started, [item(started, number) for number in range(1, 6)])
        written = Stager(other).written([made])
        assert one.page_count() == 0
        writer.commit([written])
        writer.finish_document(started)
        writer.finish()
    time.sleep(FRESH)
    for store in (one, other):
        assert_whole_there(store, [WHALES])


def test_files_to_read_may_lie_in_the_store(settings, server):
    mine = settings("one")
    files = RemoteFiles.of(f"{mine.place}/files", mine)
    client = client_of(files.place, files.options)
    for name, data in {"a.pdf": b"one", "deep/b.PDF": b"two", "notes.txt": b"no"}.items():
        client.put(name, data)

    def bring():
        return files.bring(lambda name: name.suffix.lower() == ".pdf", threading.Event())

    assert bring() == 1
    there = {path.relative_to(files.folder).as_posix(): path.read_bytes() for path in files.folder.rglob("*.*")}
    assert there == {"a.pdf": b"one", "deep/b.PDF": b"two"}
    before = {path: path.stat().st_mtime_ns for path in files.folder.rglob("*.*")}
    _, requests = counted(server, bring)
    assert requests <= 2, "what is here already is not fetched again"
    assert before == {path: path.stat().st_mtime_ns for path in files.folder.rglob("*.*")}
    client.put("a.pdf", b"another")
    client.delete("deep/b.PDF")
    bring()
    assert [path.read_bytes() for path in files.folder.rglob("*.*")] == [b"another"]
    (files.folder / "a.pdf").unlink()
    files.fetch(files.folder / "a.pdf")
    files.fetch(files.folder / "deep" / "b.PDF")
    assert [path.read_bytes() for path in files.folder.rglob("*.*")] == [b"another"]
    assert "hidden" not in repr(files)


def test_a_file_that_lies_here_from_before_is_fetched_again_by_who_reads_it(settings, tmp_path):
    mine = settings("one")
    files = RemoteFiles.of(f"{mine.place}/files", mine)
    client = client_of(files.place, files.options)
    now = text_pdf(tmp_path / "now.pdf", 2, ["the harbour as it is now"]).read_bytes()
    client.put("a.pdf", text_pdf(tmp_path / "before.pdf", 1, ["the harbour before"]).read_bytes())
    path = files.folder / "a.pdf"
    files.fetch(path)
    client.put("a.pdf", now)
    probed = probe(tmp_path / "now.pdf")
    actor = cluster._Read(cluster.Cluster("ray", mine, None, [files]), "notes")
    reading = actor._found(Reading(Source(path, "a.pdf"), probed, ReadSettings(), [1, 2]))
    assert path.read_bytes() == now
    assert reading.probed == probed and reading.probed.stamp == stamp_of(path)
    client.delete("a.pdf")
    files.fetch(path)
    assert not path.exists()


class Broken:
    """A store that gives only the first half of a file, and then an error or nothing."""

    def __init__(self, item, data, error=None):
        self.meta, self.data, self.error = item, data, error

    def get(self, name):
        return self

    def stream(self):
        yield self.data[: len(self.data) // 2]
        if self.error:
            raise self.error


@pytest.mark.parametrize(
    ("error", "met"),
    [
        (None, StoreError),
        (OSError(errno.ENOSPC, "No space left on device"), DiskFullError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_a_file_that_comes_only_in_part_is_not_there(settings, error, met):
    mine = settings("one")
    files = RemoteFiles.of(f"{mine.place}/files", mine)
    client = client_of(files.place, files.options)
    client.put("a.pdf", b"whole")
    files.fetch(files.folder / "a.pdf")
    item = {"path": "a.pdf", "size": 8, "last_modified": datetime.now(UTC)}
    with pytest.raises(met):
        files._have(Broken(item, b"8 bytes!", error), item)
    assert [path.read_bytes() for path in files.folder.iterdir()] == [b"whole"]


def test_files_that_cannot_be_kept_here_are_left_out_and_nothing_is_fetched_without_room(settings, monkeypatch):
    mine = settings("one")
    files = RemoteFiles.of(f"{mine.place}/files", mine)
    client = client_of(files.place, files.options)
    for name in ("b.pdf", "b.pdf/c.pdf", f"{'x' * 300}.pdf", "good.pdf"):
        client.put(name, b"12345678")
    assert files._path("../a.pdf") is None and files._path("/etc/a.pdf") is None and files._path("a\0.pdf") is None

    def bring():
        return files.bring(lambda name: name.suffix == ".pdf", threading.Event())

    with monkeypatch.context() as patch:
        patch.setattr(remote_files, "free_bytes", lambda folder: 31)
        with pytest.raises(DiskFullError, match=r"no room for the files of s3://.* set PAGELENS_CACHE to"):
            bring()
        assert not files.folder.exists()
    assert bring() == 2  # one of the two that would be a file and a folder, and the one of too long a name
    there = {path.name for path in files.folder.rglob("*") if path.is_file()}
    assert "good.pdf" in there and there & {"b.pdf", "c.pdf"}
    left, on_its_way = files.folder / ".1.partial", files.folder / ".2.partial"
    for path in (left, on_its_way):
        path.write_bytes(b"begun")
    os.utime(left, (0, 0))
    bring()
    assert on_its_way.exists() and not left.exists()


def test_files_of_a_place_become_documents_and_a_place_without_any_is_named_as_given(settings, tmp_path):
    mine = settings("one", home=tmp_path / "home")
    place = f"s3://snailmail/docs{next(_homes)}"
    client = client_of(place, mine.place_options)
    client.put("deep/a.pdf", text_pdf(tmp_path / "a.pdf", 2, ["the harbour"]).read_bytes())
    client.put("notes.txt", b"no")
    bench = Workbench(mine)
    try:
        report = bench.ingestion.ingest([Path(place)], "c")
        assert [(one.name, one.indexed) for one in report.documents] == [("deep/a.pdf", 2)]
        assert f"1 file of {place} is of no kind that is read." in report.notes
        assert not any("gone" in note for note in report.notes)
        client.put("b.pdf", text_pdf(tmp_path / "b.pdf", 1, ["the lighthouse"]).read_bytes())
        client.delete("deep/a.pdf")
        later = bench.ingestion.ingest([Path(place)], "c")
        assert any(
            note.startswith(
                "The file of 1 document is gone from what was given, and nothing was deleted here: deep/a.pdf."
            )
            for note in later.notes
        )
        assert {one.name for one in bench.library.documents("c")} == {"deep/a.pdf", "b.pdf"}
        (refused,) = bench.ingestion.ingest([Path(f"{place}/none")], "c").documents
        assert refused.name == f"{place}/none"
        assert refused.reason.startswith("There is no PDF, ")
        assert refused.reason.endswith(f" at {place}/none; check the place.")
    finally:
        bench.close()


@pytest.mark.parametrize("name", ["allow_http", "aws_allow_http", "AWS_ALLOW_HTTP"])
def test_a_connection_may_be_told_of_by_every_name_that_it_goes_by(settings, monkeypatch, name):
    """obstore alone ends in a panic where the name of an option of the connection has the store's prefix."""
    options = {key: value for key, value in settings().storage_options.items() if key != "allow_http"}
    if name.isupper():
        monkeypatch.setenv(name, "true")
    else:
        options[name] = "true"
    made = settings(storage_options=options)
    client = client_of(made.place, made.place_options)
    client.put("a.txt", b"there")
    assert bytes(client.get("a.txt").bytes()) == b"there"
