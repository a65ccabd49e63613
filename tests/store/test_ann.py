"""The approximate index over an index of one vector a page: what it names, how it follows changes, what breaks it."""

import zlib

import numpy as np
import pytest

from workbench.store.ann import LEAST, drop_ann, make_ann, read_ann
from workbench.store.page_ids import PageIds
from workbench.store.vector_cache import FlatVectors

DIM, PAGES = 12, 900


def held(vectors, ids=None):
    n = len(vectors)
    ids = ids or [f"p{i}" for i in range(n)]
    sums = np.asarray([zlib.crc32(vector.tobytes()) for vector in vectors], np.uint32)
    return FlatVectors(np.asarray(vectors, np.float32), PageIds.of(ids), np.arange(n), np.ones(n, np.int64), sums)


@pytest.fixture(scope="module")
def vectors():
    """Vectors of different lengths about a few directions, far from the origin: the worst case for a near search."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(20, DIM))
    return (centres[rng.integers(0, 20, PAGES)] + 0.3 * rng.normal(size=(PAGES, DIM)) + 2).astype(np.float32)


@pytest.fixture(scope="module")
def made(vectors, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ann")
    make_ann(folder / "t.ann.npz", "t", held(vectors))
    return folder / "t.ann.npz"


def best(vectors, query, k):
    return set(np.argsort(-(vectors @ query), kind="stable")[:k].tolist())


def test_all_cells_give_the_exact_list_and_few_give_most_of_it(vectors, made):
    index, rng = read_ann(made, "t"), np.random.default_rng(1)
    assert index.cells == 30
    shares = {}
    for probes in (6, 30):
        found = []
        for _ in range(20):
            query = 3 * rng.normal(size=DIM).astype(np.float32)
            named = index.search(query, 20, probes)
            assert len(set(named.tolist())) == len(named) == 20
            found.append(len(best(vectors, query, 10) & set(named.tolist())) / 10)
        shares[probes] = np.mean(found)
    assert shares[30] == 1
    assert shares[6] > 0.7


def test_made_ready_it_names_the_same(vectors, made):
    index, query = read_ann(made, "t"), vectors[5]
    before = index.search(query, 20, 6).tolist()
    index.prewarm()
    assert index.search(query, 20, 6).tolist() == before


def test_pages_that_came_went_or_changed_are_told(vectors, made):
    index, now = read_ann(made, "t"), held(vectors)
    at, lacking = index.places(now)
    assert (at == np.arange(PAGES)).all()
    assert not len(lacking)
    assert not index.stale(now)
    ids = [f"p{i}" for i in range(10, PAGES)] + ["new"]
    moved = np.concatenate([vectors[10:], vectors[:1]])
    moved[5] += 1  # page 15
    at, lacking = index.places(held(moved, ids))
    assert (at[:10] == -1).all()
    assert at[15] == -1
    assert at[20] == 10
    assert lacking.tolist() == [5, PAGES - 10]
    assert not index.stale(held(moved, ids))
    assert index.stale(held(vectors[: PAGES // 2]))


def test_it_is_made_anew_where_it_cannot_be_trusted(vectors, tmp_path, caplog):
    path = tmp_path / "t.ann.npz"
    assert read_ann(path, "t") is None
    make_ann(path, "t", held(vectors[:300]))
    make_ann(path, "t", held(vectors[:400]))
    assert len(list(tmp_path.glob("*.ann"))) == 1
    assert len(read_ann(path, "t").page_ids) == 400
    assert read_ann(path, "other") is None
    assert "cannot be read" in caplog.text
    path.write_bytes(path.read_bytes().replace(held(vectors[:400]).sums.tobytes(), bytes(1600)))
    assert read_ann(path, "t") is None
    drop_ann(path)
    assert not list(tmp_path.iterdir())
    assert LEAST > 1
