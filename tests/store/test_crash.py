"""Killed at any moment: what was committed stays, the rest comes with the next run, and nothing comes twice."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lancedb.merge import LanceMergeInsertBuilder
from lancedb.table import LanceTable

from tests.store import make
from tests.store.make import assert_whole, collection, copied, put, record, resume
from workbench.errors import CollectionBusyError
from workbench.store import Collection, document_writer, staging, vector_cache
from workbench.store.checks import problems
from workbench.store.writer import Writer
from workbench.types.filters import FieldTest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
AT_A_TIME = 8
"""Pages that a process puts before it waits for its end, however late that comes on a busy machine."""
CHILD = """
import sys
from pathlib import Path
from tests.store.make import put, record, resume
from workbench.store import Collection, Writer
store = Collection(Path(sys.argv[1]))
documents, left = [record(f"doc{i}", 12) for i in range(4)], AT_A_TIME
with Writer(store) as writer:
    print("writing", flush=True)
    for document in documents:
        have = store.indexed_pages(document.content_hash)
        for number in range(1, document.pages + 1):
            if number not in have:
                put(writer, document, 1, [number], finish=False)
                left -= 1
                if not left:
                    sys.stdin.read()  # until it is killed
        writer.finish_document(writer.begin_document(document))
        writer.finish()
print("done", flush=True)
"""


def started(store):
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD.replace("AT_A_TIME", str(AT_A_TIME)), str(store.path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "writing\n"
    return process


def test_killed_again_and_again_then_resumed(tmp_path):
    store = collection(tmp_path)
    documents = [record(f"doc{i}", 12) for i in range(4)]
    rng = random.Random(7)
    seen = [0]
    for _ in range(5):
        process = started(store)
        goal = seen[-1] + 3
        deadline = time.monotonic() + 900
        while store.page_count() < goal and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(rng.random() * 0.15)
        with pytest.raises(CollectionBusyError):
            Writer(store).__enter__()
        process.kill()
        process.wait()
        process.stdout.close()
        process.stdin.close()
        seen.append(store.page_count())
        assert goal <= seen[-1] < 48
        assert len(set(store.page_ids(None))) == len(store.page_ids(None))
        searched = {
            page
            for page, _ in store.space().lance_maxsim("rows", make.unit(make.np.random.default_rng(0), 2), 99, None)
        }
        assert searched == set(store.page_ids(None)) == set(store.space().vectors("full").page_ids)
    resume(store, documents)
    assert_whole(store, documents)


class Killed(BaseException):
    """Stands for a kill: nothing catches it."""


class Fuse:
    """Counts the steps that change the disk and dies before one of them, which is after the one before."""

    def __init__(self, monkeypatch):
        self.left, self.steps = None, 0
        targets = [(LanceTable, name) for name in ("add", "delete", "optimize", "create_index")]
        targets += [(LanceMergeInsertBuilder, "execute"), (staging, "save_images"), (document_writer, "remove_images")]
        targets += [(vector_cache, "written_whole")]
        for owner, name in targets:
            monkeypatch.setattr(owner, name, self._fused(getattr(owner, name)))

    def _fused(self, step):
        def run(*args, **more):
            self.steps += 1
            if self.left is not None and self.steps > self.left:
                raise Killed
            return step(*args, **more)

        return run

    def burn(self, left, work):
        """Let ``left`` steps of ``work`` happen; whether that was all of it."""
        self.left, self.steps = left, 0
        try:
            work()
        except Killed:
            return False
        finally:
            self.left = None
        return True


OLD, NEW, OTHER = record("old", 3, name="r.pdf"), record("new", 2, name="r.pdf"), record("other", 2)


def replace(store):
    """Everything a writer does: a new document, one that replaces another, a deletion, tidying."""
    with Writer(store) as opened:
        put(opened, NEW, batch=1)
        opened.finish()


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Where every death begins: a collection of two documents, to be copied."""
    store = collection(tmp_path_factory.mktemp("start"))
    resume(store, [OLD, OTHER])
    store.close()
    return store.path


def delete(store):
    with Writer(store) as opened:
        if any(document.name == "r.pdf" for document in store.documents()):
            opened.delete_document("r.pdf")
        opened.finish()


def compact(store):
    with Writer(store) as opened:
        opened.upkeep.compact()


@pytest.mark.parametrize(
    ("work", "finish", "expected"),
    [
        (replace, lambda store: resume(store, [NEW, OTHER]), [NEW, OTHER]),
        (delete, delete, [OTHER]),
        (compact, lambda store: resume(store, [OLD, OTHER]), [OLD, OTHER]),
    ],
    ids=["replacing", "deleting", "compacting"],
)
def test_died_at_any_step(start, tmp_path, monkeypatch, work, finish, expected):
    fuse = Fuse(monkeypatch)
    for step in range(200):
        store = copied(start, tmp_path / str(step))
        through = fuse.burn(step, lambda store=store: work(store))
        found = {document.content_hash for document in store.documents() if document.indexed == document.pages}
        assert found & {OLD.content_hash, NEW.content_hash} or work is delete, "neither the old nor the new is whole"
        reopened = Collection(store.path)
        assert_sound(reopened)
        finish(reopened)
        assert_whole(reopened, expected)
        if through:
            assert step > 5
            return
    raise AssertionError("never got through")


def assert_sound(store):
    """Nothing that can be found now lacks anything, and nothing is there twice."""
    committed = set(store.page_ids(None))
    for index in store.space().indexes:
        stored = store.space().stored_ids(index)
        assert committed <= set(stored)
        assert len(stored) == len(set(stored))
        assert set(store.space().vectors(index).page_ids) == committed
    assert all(store.image_path(page, size).is_file() for page in committed for size in ("page", "thumb"))
    assert {page for page, _ in store.words.bm25("page number", 99)} <= committed


ASKING = """
import sys
from pathlib import Path
from tests.store.test_crash import everywhere
from workbench.store import Collection
store = Collection(Path(sys.argv[1]))
for line in sys.stdin:
    print(*sorted(everywhere(store, line.strip())), flush=True)
"""


def everywhere(store, part):
    """In which ways a document's pages, by the part of its hash that ids carry, can still be met."""
    query = make.unit(make.np.random.default_rng(0), 2)
    where = FieldTest("document", "=", "r.pdf")
    ways = {
        "all": store.page_ids(None),
        "filter": store.page_ids(where),
        "words": [page for page, _ in store.words.bm25("page number", 99)],
        "lance": [page for page, _ in store.space().lance_maxsim("rows", query, 99, None)],
        "refs": store.refs([f"{part}:1"]),
        "documents": [f"{document.content_hash[:32]}:1" for document in store.documents()],
    }
    ways |= {index: store.space().vectors(index).page_ids for index in store.space().indexes}
    assert store.info().documents == len(store.documents())
    assert store.page_count() == store.info().pages
    return {way for way, pages in ways.items() if any(page.startswith(part) for page in pages)}


def test_from_the_first_commit_of_a_deletion_nobody_finds_its_pages(start, tmp_path, monkeypatch):
    """Killed after any step, either nothing has happened yet or nothing of the document can be met in any way."""
    fuse, begun, part = Fuse(monkeypatch), 0, OLD.content_hash[:32]
    for step in range(200):
        store = copied(start, tmp_path / str(step))
        reader = Collection(store.path)
        ways = everywhere(reader, part)
        assert len(ways) >= 8
        through = fuse.burn(step, lambda store=store: delete(store))
        for view in (store, reader, Collection(store.path)):
            left = everywhere(view, part)
            assert left in (set(), ways), f"after step {step} it is still in {sorted(left)}"
        begun += not left
        if not left and not through:
            told = " ".join(problems(Collection(store.path)))
            assert not told or "repair" in told
        with Writer(Collection(store.path)) as writer:
            writer.finish()
        assert everywhere(Collection(store.path), part) in (set(), ways)
        if not left:
            assert_whole(Collection(store.path), [OTHER])
        if through:
            assert begun > 5
            return
    raise AssertionError("never got through")


def test_another_process_that_has_it_open_finds_nothing_either(start, tmp_path, monkeypatch):
    fuse, part = Fuse(monkeypatch), OLD.content_hash[:32]
    store = copied(start, tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", ASKING, str(store.path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def ask():
            process.stdin.write(f"{part}\n")
            process.stdin.flush()
            return process.stdout.readline().split()

        assert "full" in ask()
        assert not fuse.burn(1, lambda: delete(store))
        assert ask() == []
        assert any("The deletion of 'r.pdf' was cut off" in problem for problem in problems(Collection(store.path)))
        process.stdin.close()


def test_half_written_files_are_swept(tmp_path):
    store = collection(tmp_path)
    resume(store, [OTHER])
    table = store.path / "lance" / f"{store.space().index('full').table}.lance" / "data"
    (table / ".tmpAb12").write_bytes(b"x" * 100)
    (table / ".tmpdir").mkdir()
    (table / ".tmpdir" / "x").write_bytes(b"x")
    images = store.path / "images" / "ab"
    images.mkdir(exist_ok=True)
    (images / f"{'ab' * 16}-1.page.partial").write_bytes(b"x")
    (images / f"{'ab' * 16}-1.page.webp").write_bytes(b"x")
    resume(store, [OTHER])
    assert_whole(store, [OTHER])
