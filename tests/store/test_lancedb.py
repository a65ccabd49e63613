"""What we rely on in LanceDB, pinned: a new version that breaks one of these must not be let in unseen."""

from datetime import timedelta

import lancedb
import numpy as np
import pyarrow as pa
import pytest

from tests.store.make import DIM, collection, put, record, unit
from workbench.store.conditions import within
from workbench.store.schema import ragged, vectors_schema, vectors_table
from workbench.store.storage import Folder
from workbench.store.tables import connect, ragged_batches
from workbench.store.writer import Writer
from workbench.types import Ragged
from workbench.types.filters import OnlyPages


@pytest.fixture
def table(tmp_path):
    """60 pages of 1 to 40 vectors, in several fragments."""
    rng = np.random.default_rng(3)
    made = connect(Folder(tmp_path)).create_table("v", schema=vectors_schema(DIM, "float32"))
    made.set_unenforced_primary_key("page_id")
    made.pages = {f"p{i}": unit(rng, int(rng.integers(1, 40))) for i in range(60)}
    names = list(made.pages)
    for start in range(0, 60, 25):
        chunk = names[start : start + 25]
        made.add(vectors_table(DIM, "float32", chunk, [made.pages[name] for name in chunk]))
    return made


def maxsim(query, vectors):
    return float((query @ vectors.T).max(axis=1).sum())


def upsert(table, names, arrays):
    rows = vectors_table(DIM, "float32", names, arrays)
    table.merge_insert("page_id").when_matched_update_all().when_not_matched_insert_all().use_index(False).execute(rows)


def test_dot_distance_is_query_rows_minus_maxsim(table):
    for m in (1, 2, 7, 20):
        query = unit(np.random.default_rng(m), m)
        found = table.search(query).distance_type("dot").select(["page_id", "_distance"]).limit(100).to_arrow()
        ours = {name: maxsim(query, vectors) for name, vectors in table.pages.items()}
        theirs = {
            name: m - distance
            for name, distance in zip(found["page_id"].to_pylist(), found["_distance"].to_pylist(), strict=True)
        }
        assert theirs == pytest.approx(ours, abs=1e-4)
        assert found["page_id"].to_pylist()[:10] == sorted(ours, key=ours.get, reverse=True)[:10]


def test_weighted_queries_score_alike(table):
    rng = np.random.default_rng(5)
    query = unit(rng, 6) * rng.uniform(0.1, 1.0, (6, 1)).astype(np.float32)
    found = table.search(query).distance_type("dot").select(["page_id", "_distance"]).limit(100).to_arrow()
    for name, distance in zip(found["page_id"].to_pylist(), found["_distance"].to_pylist(), strict=True):
        assert 6 - distance == pytest.approx(maxsim(query, table.pages[name]), abs=1e-4)


def test_half_precision_columns_score_to_a_thousandth(tmp_path):
    rng = np.random.default_rng(7)
    pages = [unit(rng, n) for n in (1, 5, 30)]
    table = connect(Folder(tmp_path)).create_table(
        "f", pa.table({"page_id": ["a", "b", "c"], "vectors": ragged(pages, pa.float16(), DIM)})
    )
    query = unit(rng, 9)
    found = table.search(query).distance_type("dot").select(["page_id", "_distance"]).limit(9).to_arrow()
    for name, distance in zip(found["page_id"].to_pylist(), found["_distance"].to_pylist(), strict=True):
        assert 9 - distance == pytest.approx(maxsim(query, pages["abc".index(name)]), abs=5e-3)


def test_conditions_hold_before_the_cut(table):
    query = unit(np.random.default_rng(11), 4)
    allowed = ["p3", "p59", "p30"]
    found = table.search(query).distance_type("dot").where(within("page_id", allowed), prefilter=True)
    rows = found.select(["page_id", "_distance"]).limit(3).to_arrow()
    assert set(rows["page_id"].to_pylist()) == set(allowed)


def test_a_refined_index_gives_true_scores(table):
    """Not used today; an index may come with larger collections, and only refined distances are MaxSim."""
    from lancedb.index import IvfFlat

    table.create_index("vectors", config=IvfFlat(distance_type="cosine", num_partitions=4))
    query = unit(np.random.default_rng(13), 5)
    found = table.search(query).distance_type("cosine").nprobes(4).refine_factor(4)
    rows = found.select(["page_id", "_distance"]).limit(15).to_arrow()
    for name, distance in zip(rows["page_id"].to_pylist(), rows["_distance"].to_pylist(), strict=True):
        assert 5 - distance == pytest.approx(maxsim(query, table.pages[name]), abs=1e-3)
    ours = sorted(table.pages, key=lambda name: -maxsim(query, table.pages[name]))
    assert len(set(rows["page_id"].to_pylist()[:10]) & set(ours[:10])) >= 9


def test_pages_come_in_the_order_of_the_table_and_by_chunks(table):
    asked = ["p50", "p2", "p27", "p3"]
    found = table.search().where(within("page_id", asked)).select(["page_id", "vectors"]).to_arrow()
    assert found["page_id"].to_pylist() != asked
    assert sorted(found["page_id"].to_pylist()) == sorted(asked)
    seen = {}
    for ids, vectors in ragged_batches(found):
        assert not vectors.flat.flags.owndata  # no copy
        seen |= {name: vectors[i] for i, name in enumerate(ids)}
    for name in asked:
        np.testing.assert_array_equal(seen[name], table.pages[name])


@pytest.mark.parametrize(("start", "length"), [(0, 6), (2, 3), (5, 1), (3, 0)])
def test_slices_of_arrow_lists_are_read_where_they_lie(start, length):
    pages = [unit(np.random.default_rng(i), i) for i in (3, 0, 2, 5, 1, 4)]
    whole = pa.table({"page_id": list("abcdef"), "vectors": ragged(pages, pa.float32(), DIM)})
    several = pa.concat_tables([whole.slice(start, length), whole.slice(1, 4)])
    seen = [(name, part[i]) for ids, part in ragged_batches(several) for i, name in enumerate(ids)]
    wanted = [*range(start, start + length), 1, 2, 3, 4]
    assert [name for name, _ in seen] == ["abcdef"[i] for i in wanted]
    for (_, vectors), i in zip(seen, wanted, strict=True):
        np.testing.assert_array_equal(vectors, pages[i])
    assert isinstance(next(ragged_batches(several))[1], Ragged)


def test_a_plain_scan_has_no_limit(table):
    assert len(table.search().select(["page_id"]).to_arrow()) == 60
    assert len(table.search(unit(np.random.default_rng(0), 2)).select(["page_id", "_distance"]).to_arrow()) == 10


def test_upserts_replace_and_never_double(table):
    rng = np.random.default_rng(17)
    new = {name: unit(rng, 3) for name in ("p1", "p40", "brand new")}
    upsert(table, list(new), list(new.values()))
    table.optimize()
    upsert(table, list(new), list(new.values()))
    rows = table.search().select(["page_id", "vectors"]).to_arrow()
    assert len(rows) == len(set(rows["page_id"].to_pylist())) == 61
    found = {name: part[i] for ids, part in ragged_batches(rows) for i, name in enumerate(ids)}
    for name, vectors in new.items():
        np.testing.assert_array_equal(found[name], vectors)


def test_row_ids_outlive_upserts_and_compaction(table):
    def row_ids():
        rows = table.search().select(["page_id"]).with_row_id(True).to_arrow()
        return dict(zip(rows["page_id"].to_pylist(), rows["_rowid"].to_pylist(), strict=True))

    before = row_ids()
    upsert(table, ["p0", "x"], [unit(np.random.default_rng(0), 2)] * 2)
    table.delete("page_id = 'p7'")
    table.optimize(cleanup_older_than=timedelta(hours=1))
    after = row_ids()
    assert len(set(after.values())) == 60
    assert {name: row for name, row in after.items() if name in before} == {
        name: row for name, row in before.items() if name != "p7"
    }


def test_one_handle_sees_the_commits_of_another(tmp_path, table):
    other = connect(Folder(tmp_path)).open_table("v")
    assert other.count_rows() == 60
    version = other.version
    table.delete("page_id = 'p0'")
    assert other.version == version + 1
    assert other.count_rows() == 59


def test_a_stale_handle_is_what_we_avoid(tmp_path, table):
    stale = lancedb.connect(str(tmp_path / "lance")).open_table("v")
    assert stale.count_rows() == 60
    table.delete("page_id = 'p0'")
    assert stale.count_rows() == 60


def test_collections_are_made_with_key_and_stable_ids(tmp_path):
    store = collection(tmp_path)
    with Writer(store) as writer:
        put(writer, record("whales", 4))
        put(writer, record("bread", 4), batch=1)
    for name in ("pages", *store.manifest.tables):
        table = store.catalog.table(name)
        before = table.search().select(["page_id"]).with_row_id(True).to_arrow().to_pylist()
        table.optimize()
        after = table.search().select(["page_id"]).with_row_id(True).to_arrow().to_pylist()
        assert sorted(map(str, before)) == sorted(map(str, after))
        keyed = [f.name for f in table.schema if f.metadata and any(b"primary" in key for key in f.metadata)]
        assert keyed == ["page_id"], table.schema.field("page_id").metadata


def test_the_store_scores_with_lancedb_as_numpy_does(tmp_path):
    store = collection(tmp_path)
    with Writer(store) as writer:
        put(writer, record("whales", 7))
    query = unit(np.random.default_rng(23), 5)
    for index in store.space().indexes:
        copy = store.space().vectors(index)
        theirs = dict(store.space().lance_maxsim(index, query, 99, None))
        for i, page in enumerate(copy.page_ids):
            vectors = copy.flat[copy.starts[i] :][: copy.lengths[i]].astype(np.float32)
            assert theirs[page] == pytest.approx(maxsim(query, vectors), abs=5e-3)  # LanceDB sums in half precision
    assert store.space().lance_maxsim("rows", query, 0, None) == []
    assert store.space().lance_maxsim("rows", query, 9, OnlyPages(())) == []
    assert len(store.space().lance_maxsim("rows", query, 3, None)) == 3
