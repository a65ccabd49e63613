"""What is damaged on disk is noticed, said in one sentence, and made anew where that can be done."""

import json
import logging
import os
import shutil

import numpy as np
import pytest

from tests.store.make import INFO, assert_whole, collection, put, record, resume, unit
from workbench.errors import InputError, MismatchError, NotFoundError, StoreError
from workbench.settings import CollectionSettings
from workbench.store import Collection, Library, soundness, vector_cache
from workbench.store.checks import problems
from workbench.store.mending import mend
from workbench.store.recovery import Given
from workbench.store.schema import gap_rows
from workbench.store.writer import Writer

WHALES, BREAD = record("whales", 7), record("bread", 4)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A home with a collection that nothing has befallen."""
    home = tmp_path_factory.mktemp("sound")
    made = collection(home)
    resume(made, [WHALES, BREAD])
    made.space().inverted_lists("full")
    for index in made.space().indexes:  # some have no copy before they are searched
        made.space().vectors(index)
    return home


@pytest.fixture
def store(sound, tmp_path):
    """A copy of it to be damaged."""
    shutil.copytree(sound, tmp_path, dirs_exist_ok=True)
    return Library(tmp_path).open("notes")


def copy_of(store, index, suffix=".bin"):
    (path,) = (store.path / "flat").glob(f"{store.space().index(index).table}.*{suffix}")
    return path


def refuse(*_):
    raise AssertionError("nobody was to ask")


def repair(store):
    return Library(store.path.parent.parent).repair(store.name, refuse, Given())


# -- copies -----------------------------------------------------------------------------------------------------------


def noise(store):
    path = copy_of(store, "full")
    path.write_bytes(np.random.default_rng(0).bytes(path.stat().st_size))


def zeros(store):
    path = copy_of(store, "full")
    path.write_bytes(bytes(path.stat().st_size))


def one_bit(store):
    path = copy_of(store, "full")
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 4
    path.write_bytes(body)


def reversed_ids(store):
    path = store.path / "flat" / f"{store.space().index('full').table}.npz"
    with np.load(path) as held:
        changed = {**held, "page_ids": held["page_ids"][::-1]}
    np.savez(path, **changed)


def cut_directory(store):
    path = store.path / "flat" / f"{store.space().index('full').table}.npz"
    path.write_bytes(path.read_bytes()[:-40])


def swapped_vectors(store):
    first, second = copy_of(store, "rows"), copy_of(store, "conv")
    one, two = first.read_bytes(), second.read_bytes()
    length = max(len(one), len(two))
    first.write_bytes(two.ljust(length, b"\0"))
    second.write_bytes(one.ljust(length, b"\0"))


def swapped_indexes(store):
    """Both files of one index under the name of the other, which no checksum of a file alone would notice."""
    folder = store.path / "flat"
    tables = [store.space().index(index).table for index in ("rows", "conv")]
    for path in list(folder.iterdir()):
        if path.name.startswith(tables[0]) and path.suffix not in (".lock", ".codes"):
            other = folder / path.name.replace(tables[0], tables[1])
            held = path.read_bytes()
            path.write_bytes(other.read_bytes())
            other.write_bytes(held)


HARMS = [noise, zeros, one_bit, reversed_ids, cut_directory, swapped_vectors, swapped_indexes]


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_copy_is_made_anew_when_it_is_opened(store, harm, caplog):
    harm(store)
    again = Collection(store.path)
    assert any("copy of" in problem for problem in problems(again))
    with caplog.at_level(logging.WARNING, "workbench"):
        assert_whole_vectors(Collection(store.path))
    assert any("damaged" in message for message in caplog.messages)
    assert_whole(Collection(store.path), [WHALES, BREAD])


def assert_whole_vectors(store):
    """Every index is, page by page, what the tables hold."""
    for index in store.space().indexes:
        held = store.space().vectors(index)
        assert sorted(held.page_ids) == sorted(store.page_ids(None))
        rows = store.space().vector_table(index).search().select(["page_id", "vectors"]).to_arrow().to_pylist()
        for row in rows:
            i = held.page_ids.index(row["page_id"])
            np.testing.assert_array_equal(held.flat[held.starts[i] :][: held.lengths[i]], row["vectors"])


def test_only_the_damaged_pages_are_read_again(store, monkeypatch):
    one_bit(store)
    asked = []
    synced = vector_cache.VectorCache._append

    def counted(self, copy, missing, fetch):
        asked.extend(missing)
        return synced(self, copy, missing, fetch)

    monkeypatch.setattr(vector_cache.VectorCache, "_append", counted)
    assert_whole_vectors(Collection(store.path))
    assert len(asked) == 1


def test_a_large_copy_found_sound_is_read_again_only_when_it_changed(store, monkeypatch):
    monkeypatch.setattr(soundness, "READ_ALWAYS", 0)
    read = counted_checks(monkeypatch)

    def opened():
        read.clear()
        Collection(store.path).space().vectors("full")
        return len(read)

    assert opened() == 1
    assert opened() == 1, "a file written a moment ago may yet change without its times showing it"
    monkeypatch.setattr(soundness, "SETTLED", 0)
    assert (opened(), opened()) == (1, 0)
    os.utime(copy_of(store, "full"), ns=(0, 0))
    assert (opened(), opened()) == (1, 0)
    one_bit(store)
    assert opened() > 0
    assert_whole_vectors(Collection(store.path))


def test_what_was_just_written_is_not_read_by_who_opens_it_and_damage_at_once_after_is_seen(store, monkeypatch):
    monkeypatch.setattr(soundness, "READ_ALWAYS", 0)
    read = counted_checks(monkeypatch)
    store.space().drop_copies()
    assert_whole_vectors(store)
    store.words.postings(wait=True)
    assert_whole_vectors(Collection(store.path))
    assert read == []
    one_bit(store)
    assert_whole_vectors(Collection(store.path))
    assert len(read) > 0


def counted_checks(monkeypatch):
    """The copies that are read against their checksums, from now on."""
    read = []
    checked = vector_cache.VectorCache._checked

    def counted(self, *args):
        read.append(self.directory.name)
        return checked(self, *args)

    monkeypatch.setattr(vector_cache.VectorCache, "_checked", counted)
    return read


def test_cells_of_another_index_or_of_other_vectors_are_not_believed(store):
    space = store.space()
    first, _ = space.inverted_lists("full")
    folder = store.path / "flat"
    full, rows = (folder / f"{space.index(index).table}.cells.npz" for index in ("full", "rows"))
    space.inverted_lists("rows")
    shutil.copyfile(rows, full)
    again, fresh = Collection(store.path).space().inverted_lists("full")
    assert fresh
    np.testing.assert_array_equal(again.codes, first.codes)
    body = bytearray(full.read_bytes())
    body[len(body) // 2] ^= 255
    full.write_bytes(body)
    again, _ = Collection(store.path).space().inverted_lists("full")
    np.testing.assert_array_equal(again.codes, first.codes)


@pytest.mark.parametrize("harm", [lambda p: p.write_bytes(p.read_bytes()[:-40]), lambda p: p.write_bytes(b"x" * 99)])
def test_what_an_index_was_fitted_to_is_one_sentence_when_damaged_and_made_anew(store, harm):
    with Writer(store) as writer:
        writer.indexes.add_index("", "full[dims=4]")
        writer.indexes.add_index("", "rows[dims=4]")
    forms = list((store.path / "forms").glob("*.npz"))
    assert forms, "one of them learns"
    for path in forms:
        harm(path)
    again = Collection(store.path)
    names = [
        name for name in again.space().indexes if any(path.stem == again.space().index(name).table for path in forms)
    ]
    for name in names:
        with pytest.raises(StoreError, match=f"damaged.*repair {store.name}"):
            again.space().fitted(name)
    assert sum("cannot be read; to make it anew" in problem for problem in problems(again)) == len(names)
    assert len(repair(store)) == len(names)
    assert problems(Collection(store.path)) == []


# -- pictures ---------------------------------------------------------------------------------------------------------


def picture(store, page, size):
    return store.image_path(f"{WHALES.content_hash[:32]}:{page}", size)


def test_pictures_that_are_empty_or_broken_are_found_and_come_back(store):
    picture(store, 1, "page").write_bytes(b"")
    picture(store, 2, "page").write_bytes(picture(store, 3, "page").read_bytes()[:60])
    picture(store, 4, "thumb").write_bytes(b"RIFFnoise")
    picture(store, 5, "thumb").unlink()
    stray = store.path / "images" / "ab"
    stray.mkdir(exist_ok=True)
    (stray / f"{'ab' * 16}-1.page.webp").write_bytes(picture(store, 3, "page").read_bytes())
    found = " ".join(problems(store))
    assert "The pictures of 3 pages are empty or cannot be decoded (whales.pdf#page=1, " in found
    assert "1 pages have no picture" in found
    assert "pictures of 1 pages that are not in the collection" in found
    done = repair(store)
    assert "2 small pictures were made again." in done
    assert "2 pages have no picture; ingest their files again to have them back." in done
    assert store.indexed_pages(WHALES.content_hash) == {3, 4, 5, 6, 7}
    resume(store, [WHALES, BREAD])
    assert_whole(Collection(store.path), [WHALES, BREAD])


# -- manifests --------------------------------------------------------------------------------------------------------


def test_a_folder_with_pages_and_no_manifest_is_never_cleared(store, tmp_path):
    manifest = store.manifest
    (store.path / "manifest.json").unlink()
    library = Library(tmp_path)
    assert (library.names(), library.lost()) == ([], ["notes"])
    for call in (lambda: library.create("notes", CollectionSettings(), INFO), lambda: library.open("notes")):
        with pytest.raises(StoreError, match=r"holds pages but no manifest; .*collections repair notes"):
            call()
    assert "made again from the tables" in repair(store)[0]
    again = library.open("notes")
    assert again.manifest.spaces == manifest.spaces
    assert again.manifest.settings == manifest.settings
    assert_whole(again, [WHALES, BREAD])


def test_a_lost_collection_can_be_deleted_and_a_deletion_cut_off_stays_one(store, tmp_path, monkeypatch):
    (store.path / "manifest.json").unlink()
    library = Library(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("workbench.store.storage.Folder.discard", lambda self: None)  # killed before
        library.delete("notes")
    assert (library.names(), library.lost()) == ([], [])
    with pytest.raises(NotFoundError):
        library.open("notes")
    assert collection(tmp_path).page_ids(None) == []


@pytest.mark.parametrize("text", ["", "{", '{"schema_version": 3}', "[]", "\0" * 300])
def test_a_torn_manifest_is_made_again(store, text):
    later = INFO.__class__("tiny/two", "Two", "words", 8, "r1", "abc", "none", "all")
    with Writer(store) as writer:
        writer.indexes.add_space(later, ("rows",))
        writer.indexes.add_index("", "ward[factor=2]")
    manifest = store.manifest
    (store.path / "manifest.json").write_text(text)
    with pytest.raises(StoreError, match=r"no readable manifest.*collections repair notes"):
        Collection(store.path)
    repair(store)
    again = Collection(store.path)
    assert again.encoders == ("tiny/one", "tiny/two")
    assert {space.encoder: set(space.indexes) for space in again.spaces()} == {
        record.encoder.id: {index.name for index in record.indexes} for record in manifest.spaces
    }
    assert again.settings == manifest.settings
    assert problems(again) == []
    assert (store.path / "manifest.json.damaged").read_text() == text


def test_a_manifest_of_a_newer_pagelens_is_left_alone(store):
    path = store.path / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 99}))
    before = path.read_bytes()
    for call in (lambda: Collection(store.path), lambda: repair(store)):
        with pytest.raises(MismatchError, match="made by a newer Pagelens"):
            call()
    assert path.read_bytes() == before


def test_tables_of_an_earlier_pagelens_are_told_by_their_names(tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.store.tables._saying", lambda schema, what: schema)
    store = collection(tmp_path)
    resume(store, [WHALES])
    with Writer(store) as writer:
        writer.indexes.add_index("", "ward[factor=2,dtype=int8]")
    names = set(store.space().indexes)
    (store.path / "manifest.json").unlink()
    library = Library(tmp_path)
    with pytest.raises(InputError, match="name it with --encoder"):
        library.repair("notes", lambda encoder: INFO, Given())
    done = library.repair("notes", lambda encoder: INFO, Given(["tiny/one"]))
    assert any("144 dpi is assumed" in sentence for sentence in done)
    assert any("taken to be the one installed" in sentence for sentence in done)
    again = library.open("notes")
    assert set(again.space().indexes) == names
    assert problems(again) == []


# -- tables -----------------------------------------------------------------------------------------------------------

DOORS = {
    "directory": lambda store: store.page_ids(None),
    "documents": lambda store: store.documents(),
    "info": lambda store: [store.info()],
    "bm25": lambda store: store.words.bm25("page number", 5),
    "vectors": lambda store: [store.space().vectors(index) for index in store.space().indexes],
    "lance": lambda store: store.space().lance_maxsim("rows", unit(np.random.default_rng(0), 2), 5, None),
    "gaps": lambda store: [store.catalog.gaps()],
    "record": lambda store: store.records.by_hash(WHALES.content_hash) and (),
    "page": lambda store: store.space().embeddings(store.page_ids(None)),
}


ALIKE = ("conv", "global", "tiles")
"""Indexes whose tables have the columns of that of ``rows``, which stands for them."""


def kinds(store):
    """One file of every kind that LanceDB keeps, by table and folder: the newest, versions being numbered down."""
    found = {}
    for path in sorted(store.path.glob("lance/**/*"), key=lambda path: path.stat().st_mtime_ns):
        if path.is_file() and not path.relative_to(store.path / "lance").parts[0].startswith(ALIKE):
            parts = path.relative_to(store.path / "lance").parts
            found[parts[0].split("__")[0].removesuffix(".lance"), parts[1], path.suffix] = path
    return found


def cut_to(part):
    return lambda body: body[: int(len(body) * part)]


HARMS = {
    "empty": cut_to(0.0),
    "half": cut_to(0.5),
    "tail": cut_to(0.9),
    "zeros": lambda body: bytes(len(body)),
    "noise": lambda body: np.random.default_rng(0).bytes(len(body)),
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_damaged_file_of_a_table_is_one_sentence_everywhere(store, tmp_path, harm):
    other = collection(tmp_path, "other")
    resume(other, [BREAD])
    shutil.rmtree(store.path / "flat")
    told = 0
    for path in kinds(store).values():
        body = path.read_bytes()
        path.write_bytes(harm(body))
        errors = {}
        for door, ask in DOORS.items():
            try:
                list(ask(Collection(store.path)) or ())
            except StoreError as error:
                errors[door] = str(error)
        for door, error in errors.items():
            assert "\n" not in error, door
            assert "notes" in error, door
            assert "lance" not in error.lower(), door
        if errors:
            assert problems(Collection(store.path)), path
            assert_whole_vectors(Collection(other.path))
        told += len(errors)
        path.write_bytes(body)
    assert told > 10


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_damaged_notes_of_what_failed_are_found_and_begun_anew(store, harm):
    with Writer(store) as writer:
        writer.restore_gaps(gap_rows([(store.page_ids(None)[0], "gone", "It failed.")]))
        writer._session.catalog.table("gaps").optimize()
    for path in store.path.glob("lance/gaps.lance/**/*"):
        if path.suffix in (".manifest", ".lance"):
            path.write_bytes(harm(path.read_bytes()))
    (found,) = problems(Collection(store.path))
    assert found.startswith("The list of pages that encoders failed on cannot be read")
    with pytest.raises(StoreError, match="is damaged"):
        Collection(store.path).info()
    assert any("begun anew" in done for done in repair(store))
    assert problems(Collection(store.path)) == []
    assert_whole(Collection(store.path), [WHALES, BREAD])


def test_a_damaged_index_is_made_anew_from_the_full_vectors(store):
    table = store.path / "lance" / f"{store.space().index('rows').table}.lance"
    for path in table.glob("data/*.lance"):
        path.write_bytes(path.read_bytes()[:100])
    shutil.rmtree(store.path / "flat")
    assert any("'rows' of tiny/one cannot be read" in problem for problem in problems(Collection(store.path)))
    assert repair(store) == ["'rows' of tiny/one was made again from the full vectors."]
    again = Collection(store.path)
    assert problems(again) == []
    assert set(again.space().vectors("rows").page_ids) == set(again.page_ids(None))


def test_nothing_to_mend(store):
    assert mend(Collection(store.path)) == []
    assert_whole(store, [WHALES, BREAD])


def test_pages_that_an_index_lacks_and_a_lost_text_index_come_back(store):
    store.space().vector_table("rows").delete("count > 0 AND page_id LIKE '%:1'")
    store.catalog.table("pages").drop_index("text_idx")
    found = problems(Collection(store.path))
    assert any("2 pages have no vectors in 'rows'" in problem for problem in found)
    assert any("text index" in problem for problem in found)
    assert "The text index was made again." in repair(store)
    assert problems(Collection(store.path)) == []
    assert len(Collection(store.path).words.bm25("page number", 99)) == 11


def test_a_document_put_in_without_a_finish_is_no_damage(tmp_path):
    store = collection(tmp_path)
    with Writer(store) as writer:
        put(writer, WHALES, finish=False)
    assert problems(store) == []
