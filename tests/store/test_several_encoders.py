"""Vectors of a second encoder in a collection: added, found, deleted, compacted, taken out, and killed at any step."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.encoders.fakes import Fake
from tests.store.make import DIM, INFO, assert_whole, collection, copied, item, record, resume, unit
from tests.store.test_crash import Fuse
from workbench.errors import CollectionBusyError, InputError, MismatchError, NotFoundError
from workbench.ingestion import embed
from workbench.pooling import pool
from workbench.store import Collection, Writer
from workbench.store.checks import problems
from workbench.store.storage import Folder
from workbench.types import PageFailure

ROOT = Path(__file__).resolve().parents[2]
WORDS, PAGE, GRID = "fake-words", "fake.page-1", "fake-grid"
BOTH = [record("whales", 3), record("bread", 5)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A collection of one encoder, to be copied."""
    store = collection(tmp_path_factory.mktemp("spaces"))
    resume(store, BOTH)
    store.close()
    return store.path


@pytest.fixture
def store(made, tmp_path):
    return copied(made, tmp_path)


def assert_space(store, encoder, documents, lacking=()):
    """Every page but the lacking has, in every index, the vectors that the encoder makes of the page as it was read."""
    ids = {f"{d.content_hash[:32]}:{n}" for d in documents for n in range(1, d.pages + 1)} - set(lacking)
    space = store.space(encoder.info.id)
    assert problems(store) == []
    for index in space.indexes:
        assert sorted(space.stored_ids(index)) == sorted(ids)
        copy = space.vectors(index)
        assert set(copy.page_ids) == ids
        if encoder.info.kind == "patches":
            continue  # made of the stored picture
        for document in documents:
            for number in range(1, document.pages + 1):
                page = f"{document.content_hash[:32]}:{number}"
                if page in ids:
                    (embedding,) = encoder.encode_pages([item(document, number)[0]])
                    expected = embedding.vectors if index == "full" else pool(embedding, index).vectors
                    found = copy.flat[copy.starts[copy.page_ids.index(page)] :][
                        : copy.lengths[copy.page_ids.index(page)]
                    ]
                    np.testing.assert_allclose(found, expected, atol=1e-3)
    names = {path.name.split(".")[0] for path in (store.path / "flat").glob("*.bin")}
    assert names <= set(store.manifest.tables)
    assert {path.stem for path in (store.path / "lance").glob("*.lance")} == {
        *("documents", "pages", "gaps"),
        *store.manifest.tables,
    }


@pytest.mark.parametrize("encoder_id", [WORDS, PAGE, GRID])
def test_an_encoder_is_added_from_what_is_stored(store, encoder_id):
    encoder, seen = Fake(encoder_id), []
    report = embed(store, encoder, seen.append)
    assert [(d.name, d.pages, d.indexed, d.skipped) for d in report.documents] == [
        ("bread.pdf", 5, 5, 0),
        ("whales.pdf", 3, 3, 0),
    ]
    assert (seen[-1].pages_done, seen[-1].pages_total) == (8, 8)
    assert_space(store, encoder, BOTH)
    assert_whole(store, BOTH)
    first, second = store.info().spaces
    assert (first.encoder, first.primary, first.pages, first.missing) == (INFO.id, True, 8, 0)
    assert (second.encoder, second.primary, second.kind, second.pages) == (encoder_id, False, encoder.info.kind, 8)
    assert second.complete
    assert [i.name for i in second.indexes] == (
        ["global", "full"] if encoder_id == PAGE else ["global", "rows", "conv", "tiles", "full"]
    )
    assert {i.dim for i in second.indexes} == {encoder.info.dim}
    seen_before = len(encoder.seen)
    again = embed(store, encoder)
    assert [(d.indexed, d.skipped) for d in again.documents] == [(0, 5), (0, 3)]
    assert len(encoder.seen) == seen_before


def test_the_stored_picture_is_what_a_page_model_gets(store):
    embed(store, Fake(GRID))
    page = store.page_ids(None)[0]
    number = store.refs([page])[page].page
    stored = store.space(GRID).page_embedding(page)
    assert stored.geometry.grid == (2, 2)
    colour = stored.vectors[0, :3] / stored.vectors[0, 3]  # the other channels are ones
    np.testing.assert_allclose(colour, (number % 256, 120, 200), atol=6)


def test_new_pages_get_the_vectors_of_all_encoders_and_one_that_fails_costs_no_page(store):
    words, grid = Fake(WORDS), Fake(GRID)
    for encoder in (words, grid):
        embed(store, encoder)
    document = record("stars", 3)
    with Writer(store) as writer:
        started = writer.begin_document(document)
        pages = [item(started, number) for number in (1, 2, 3)]
        outcomes = words.encode_pages([page for page, _, _ in pages])
        broken = [PageFailure(pages[0][0].ref, "Too dark."), *outcomes[1:]]
        spoilt = [outcomes[0], *outcomes[1:]]  # of another dimension than the grid's
        assert writer.add_pages(started, pages, {WORDS: broken, GRID: spoilt}) == []
        writer.finish_document(started)
        writer.finish()
    assert_whole(store, [*BOTH, document])
    (info,) = [d for d in store.documents() if d.name == "stars.pdf"]
    assert (info.indexed, info.failed) == (3, ())
    assert [(gap.page, gap.encoder) for gap in info.gaps] == [(1, WORDS), (1, GRID), (2, GRID), (3, GRID)]
    assert info.gaps[0].reason == "Too dark."
    assert "this collection holds 8 numbers" in info.gaps[1].reason
    _, one, other = store.info().spaces
    assert (one.pages, one.failed, one.missing) == (10, 1, 0)
    assert (other.pages, other.failed, other.missing) == (8, 3, 0)
    with pytest.raises(NotFoundError, match=r"the encoder failed on it: Too dark\."):
        store.space(WORDS).page_embedding(f"{document.content_hash[:32]}:1")
    embed(store, words)  # tried again
    assert_space(store, words, [*BOTH, document])
    assert [gap.encoder for gap in store.documents()[1].gaps] == [GRID] * 3
    with Writer(store) as writer:
        writer.delete_document("stars.pdf")
        writer.finish()
    assert store.catalog.gaps() == {}
    assert_space(store, words, BOTH)


def test_deleting_and_compacting_take_every_encoder(store):
    words = Fake(WORDS)
    resume(store, [record("long", 40)])
    embed(store, words)
    with Writer(store) as writer:
        writer.delete_document("long.pdf")
        writer.finish()
        assert not any(page.startswith(record("long", 1).content_hash[:32]) for page in store.space(WORDS).held())
        before = store.info().spaces[1].bytes
        writer.upkeep.compact()
    assert store.info().spaces[1].bytes < before
    assert_space(store, words, BOTH)
    assert_whole(store, BOTH)
    query = unit(np.random.default_rng(0), 2, words.info.dim)
    for index in store.space(WORDS).indexes:
        theirs = dict(store.space(WORDS).lance_maxsim(index, query, 99, None))
        assert set(theirs) == set(store.page_ids(None))


@pytest.mark.parametrize("lost", [False, True])
def test_who_makes_an_index_stops_with_it(store, monkeypatch, lost):
    """At a stop, and where the right to write is lost; rows that come later are not taken."""
    asked, ended = [], []

    def made(new, ids):
        try:
            for page in ids:
                asked.append(page)
                yield next(new.rows(store, [page]))
        finally:
            ended.append(True)

    def check():
        if len(asked) == 3 and lost:
            raise CollectionBusyError("The right to write was lost.")

    with Writer(store) as writer:
        monkeypatch.setattr(writer._tables, "check", check)
        if lost:
            with pytest.raises(CollectionBusyError):
                writer.indexes.add_index("", "blocks", by=made)
        else:
            assert writer.indexes.add_index("", "blocks", None, lambda: len(asked) == 3, made) is None
    assert (len(asked), ended) == (3, [True])
    assert store.space().indexes == ("global", "rows", "conv", "tiles", "full")
    with Writer(store):
        pass
    assert not list(store.path.glob("lance/*blocks*"))


def test_an_index_is_made_of_what_is_stored(store):
    words = Fake(WORDS)
    embed(store, words)
    done = []
    with Writer(store) as writer:
        assert writer.indexes.add_index(WORDS, "gauss", done.append) == 8
        assert writer.indexes.add_index("", "blocks") == 8
        for name, says in (("gauss", "has the index 'gauss' in 'notes' already"), ("gausz", "no index 'gausz'")):
            with pytest.raises(InputError, match=says):
                writer.indexes.add_index(WORDS, name)
    assert done[-1] == 8
    assert store.space().indexes == ("global", "rows", "conv", "tiles", "blocks", "full")
    assert_space(Collection(store.path), words, BOTH)
    blocks = store.space().vectors("blocks")
    document = BOTH[0]
    i = blocks.page_ids.index(f"{document.content_hash[:32]}:2")
    expected = pool(item(document, 2)[1], "blocks").vectors
    np.testing.assert_allclose(blocks.flat[blocks.starts[i] :][: blocks.lengths[i]], expected, atol=2e-3)
    more = record("later", 2)
    resume(store, [more])
    assert set(store.space().vectors("blocks").page_ids) == set(store.page_ids(None))
    assert store.space().vectors("blocks").flat.shape[1] == DIM


def test_one_vector_a_page_has_nothing_to_pool(store):
    embed(store, Fake(PAGE))
    with (
        Writer(store) as writer,
        pytest.raises(InputError, match=r"gives one vector a page, .* it has global and full"),
    ):
        writer.indexes.add_index(PAGE, "rows")


def test_an_encoder_is_taken_out_and_may_come_back_another(store):
    embed(store, Fake(WORDS))
    held = store.space(WORDS)
    mapped = held.vectors("full").flat
    with Writer(store) as writer:
        with pytest.raises(MismatchError, match="revision r1"):
            writer.indexes.add_space(Fake(WORDS, "r2").info, ())
        with pytest.raises(InputError, match=r"was made with 'tiny/one'; delete the collection instead"):
            writer.indexes.remove_space(INFO.id)
        writer.indexes.remove_space(WORDS)
        assert store.encoders == (INFO.id,)
    with pytest.raises(NotFoundError, match="no vectors of encoder 'fake-words'; it has those of tiny/one"):
        store.space(WORDS)
    with pytest.raises(NotFoundError, match="any more"):
        held.vectors("full")
    assert np.isfinite(mapped).all()  # whoever mapped it keeps it
    assert_whole(store, BOTH)
    embed(store, Fake(WORDS, "r2"))
    assert store.space(WORDS).info.revision == "r2"
    assert_space(store, Fake(WORDS), BOTH)


def test_two_ids_that_look_alike_in_a_file_name_are_two(store):
    one, two = Fake(WORDS), Fake(WORDS)
    one.info = Fake(WORDS).info.__class__(**{**as_dict(one.info), "id": "a.b"})
    two.info = Fake(WORDS).info.__class__(**{**as_dict(two.info), "id": "a_b"})
    for encoder in (one, two):
        embed(store, encoder)
    assert len(set(store.manifest.tables)) == 15
    assert store.encoders == (INFO.id, "a.b", "a_b")


def as_dict(info):
    return {name: getattr(info, name) for name in info.__slots__}


def test_a_collection_of_the_layout_before_is_read_and_takes_another_encoder(made, tmp_path):
    store = copied(made, tmp_path)
    path = store.path / "manifest.json"
    written = json.loads(path.read_text())
    (space,) = written.pop("spaces")
    for index in space["indexes"]:
        (store.path / "lance" / f"{index['table']}.lance").rename(
            store.path / "lance" / f"{index['name']}__tiny_one.lance"
        )
    shutil.rmtree(store.path / "flat")
    shutil.rmtree(store.path / "lance" / "gaps.lance")
    path.write_text(json.dumps({**written, "schema_version": 2, "encoder": space["encoder"]}))
    old = Collection(store.path)
    assert old.info().spaces[0].pages == 8
    assert set(old.space().vectors("full").page_ids) == set(old.page_ids(None))
    embed(old, Fake(WORDS))
    assert json.loads(path.read_text())["schema_version"] == 3
    assert_whole(old, BOTH)
    assert_space(old, Fake(WORDS), BOTH)


def one_space(store):
    embed(store, Fake(WORDS))


def index_and_out(store):
    with Writer(store) as writer:
        if WORDS in store.encoders:
            if "gauss" not in store.space(WORDS).indexes:
                writer.indexes.add_index(WORDS, "gauss")
            writer.indexes.remove_space(WORDS)
        writer.finish()


@pytest.mark.parametrize("work", [one_space, index_and_out])
def test_died_at_any_step_and_gone_on_with(tmp_path, monkeypatch, work):
    documents = [record("one", 2), record("two", 1)]
    start = collection(tmp_path, indexes=("rows",))
    resume(start, documents)
    if work is index_and_out:
        embed(start, Fake(WORDS))
    start.close()
    fuse = Fuse(monkeypatch)
    database = type(start.catalog.database())
    steps = [(Folder, "write"), (embed_module(), "_outcome")]
    steps += [(database, "create_table"), (database, "drop_table")]
    for owner, name in steps:
        monkeypatch.setattr(owner, name, fuse._fused(getattr(owner, name)))
    monkeypatch.setattr(embed_module(), "BATCH", 1)
    for step in range(100):
        store = copied(start.path, tmp_path / str(step))
        through = fuse.burn(step, lambda store=store: work(store))
        reopened = Collection(store.path)
        assert set(reopened.space().vectors("full").page_ids) == set(reopened.page_ids(None))
        for space in reopened.info().spaces:
            assert space.pages + space.missing == 3
            for index in space.indexes:
                reopened.space(space.encoder).vectors(index.name)
        work(reopened)
        if work is one_space:
            assert_space(reopened, Fake(WORDS), documents)
        else:
            assert reopened.encoders == (INFO.id,)
            assert len(list((reopened.path / "lance").glob("*.lance"))) == 5
        shutil.rmtree(store.path)
        if through:
            assert_whole(start, documents)
            assert step > 6
            return
    raise AssertionError("never got through")


def embed_module():
    from workbench.ingestion import embed as function

    return sys.modules[function.__module__]


CHILD = """
import sys, time
from pathlib import Path
from tests.encoders.fakes import Fake
from workbench.ingestion import embed
from workbench.store import Collection
module = sys.modules[embed.__module__]
module.BATCH = 1
slow = Fake("fake-words")
def outcomes(encoder, pages):
    time.sleep(0.1)
    return encoder.encode_pages(pages)
module.outcomes = outcomes
print("embedding", flush=True)
embed(Collection(Path(sys.argv[1])), slow)
"""


def test_killed_in_the_middle_it_opens_searches_and_goes_on(store):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(store.path)], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert child.stdout.readline() == "embedding\n"
    while WORDS not in store.encoders or not store.space(WORDS).held():
        assert child.poll() is None
        time.sleep(0.01)
    with pytest.raises(CollectionBusyError):
        embed(store, Fake(WORDS))
    child.kill()
    child.wait()
    child.stdout.close()
    reopened = Collection(store.path)
    _, second = reopened.info().spaces
    assert 0 < second.pages < 8
    assert not second.complete
    assert len(reopened.space(WORDS).vectors("full").page_ids) == second.pages
    assert set(reopened.space().vectors("full").page_ids) == set(reopened.page_ids(None))
    report = embed(reopened, Fake(WORDS))
    assert sum(document.skipped for document in report.documents) >= second.pages
    assert_space(reopened, Fake(WORDS), BOTH)
    assert_whole(reopened, BOTH)
