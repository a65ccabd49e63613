"""Full vectors of a large collection are read out of their table: the same lists as from a copy, which is not made."""

import numpy as np
import pytest

from tests.store import make
from workbench.store import Collection, table_vectors
from workbench.store.table_vectors import AT_ONCE, SCANNED, TableVectors
from workbench.store.writer import Writer

PAGES = 2 * SCANNED + 5


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("PAGELENS_COPY_MB", "0")
    store = make.collection(tmp_path)
    with Writer(store) as writer:
        for name, pages in (("a", PAGES - 40), ("b", 40)):
            make.put(writer, make.record(name, pages), batch=32)
        writer.finish()
    yield store
    store.close()


def read(held, at):
    """The vectors of the pages at these positions as `blocks` gives them, by page id; each once."""
    found = {}
    for block in held.blocks(np.asarray(at, np.int64)):
        for place, start, length in zip(block.places, block.starts, block.lengths, strict=True):
            page = held.page_ids[at[place]]
            assert page not in found
            found[page] = block.flat[start : start + length]
    return found


def copies(store):
    return sorted(path.name.split("__")[0] for path in (store.path / "flat").glob("*.bin"))


def assert_stored(store, held, at):
    found = read(held, at)
    assert found.keys() == {held.page_ids[i] for i in at}
    for page, embedding in store.space().embeddings(list(found)):
        np.testing.assert_array_equal(found[page].astype(np.float32), embedding.vectors)
        assert held.lengths[held.page_ids.index(page)] == len(embedding.vectors)


@pytest.mark.parametrize("count", [1, 7, SCANNED, PAGES])
@pytest.mark.parametrize("at_once", [1, 100, AT_ONCE], ids=["a page at once", "some", "all"])
def test_pages_are_read_as_they_are_stored(store, monkeypatch, count, at_once):
    monkeypatch.setattr(table_vectors, "AT_ONCE", at_once)
    held = store.space().vectors("full")
    assert isinstance(held, TableVectors)
    assert set(held.page_ids) == set(store.directory().ids)
    at = np.random.default_rng(count).permutation(PAGES)[:count].tolist()
    assert_stored(store, held, at)
    assert "full" not in copies(store) and "rows" in copies(store)


def test_a_copy_of_what_no_preset_finds_candidates_among_is_made_by_the_first_search_and_then_kept(tmp_path):
    store = make.collection(tmp_path, indexes=("global", "rows", "conv"))
    make.resume(store, [make.record("a", 3)])
    assert copies(store) == ["full", "global", "rows"]
    assert len(store.space().vectors("conv").page_ids) == 3
    make.resume(store, [make.record("b", 2)])
    assert copies(store) == ["conv", "full", "global", "rows"]
    held = np.load(next((store.path / "flat").glob("conv*.npz")))
    assert len(held["page_ids"]) == 5, "who writes keeps it up to date"


def test_they_follow_the_pages_and_the_quarantine(store):
    first = store.space().vectors("full")
    assert store.space().vectors("full") is first
    with Writer(store) as writer:
        writer.delete_document("b.pdf")
        make.put(writer, make.record("c", 3))
        writer.upkeep.compact()
    held = store.space().vectors("full")
    assert set(held.page_ids) == set(store.directory().ids)
    assert_stored(store, held, list(range(len(held.page_ids))))
    store.put_away("c.pdf", 2)
    left = store.space().vectors("full")
    assert len(left.page_ids) == len(held.page_ids) - 1
    assert_stored(store, left, [len(left.page_ids) - 1, 0])


def test_rows_that_have_other_numbers_are_found_by_their_pages(store):
    held = store.space().vectors("full")
    assert_stored(store, TableVectors(held.page_ids, held.lengths, 16, held.numbers[::-1].copy(), held.table), [3, 9])


def test_a_scan_goes_on_when_a_tidying_replaces_the_files_it_reads(store):
    held = store.space().vectors("full")

    class Tidied:
        """The table, whose first files are read when the others go."""

        def search(self):
            return self

        def select(self, names):
            self.names = names
            return self

        def to_batches(self, batch_size):
            yield next(iter(held.table.search().select(self.names).to_batches(batch_size=batch_size)))
            raise RuntimeError("lance error: Not found: full.lance/data/0.lance")

        def take_row_ids(self, numbers):
            return held.table.take_row_ids(numbers)

    at = list(range(PAGES))[::-1]
    assert_stored(store, TableVectors(held.page_ids, held.lengths, held.row_bytes, held.numbers, Tidied()), at)


def test_a_page_that_is_gone_comes_in_no_block(store):
    held = store.space().vectors("full")
    with Writer(store) as writer:
        writer.delete_document("b.pdf")
    left = {page for page in held.page_ids if page in store.directory().refs}
    gone = [i for i, page in enumerate(held.page_ids) if page not in left]
    assert set(read(held, [*gone[:3], 0])) == {held.page_ids[0]}
    assert set(read(held, list(range(PAGES)))) == left


def test_a_copy_that_a_collection_has_grown_out_of_goes(store, monkeypatch):
    monkeypatch.setenv("PAGELENS_COPY_MB", "100")
    again = Collection(store.path)
    again.space().vectors("full")
    assert "full" in copies(store)
    monkeypatch.setenv("PAGELENS_COPY_MB", "0")
    with Writer(again) as writer:
        make.put(writer, make.record("c", 3))
        current = again.space()._flats["full"].current
        monkeypatch.setattr(again.space()._flats["full"], "current", lambda *_: pytest.fail("it is to go"))
        writer.finish()
        monkeypatch.setattr(again.space()._flats["full"], "current", current)
    assert copies(store) == ["global", "rows"]
    assert isinstance(store.space().vectors("full"), TableVectors)
    assert store.space().mapped("full").page_ids, "what needs all vectors in one array still has them"
