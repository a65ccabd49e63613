"""The stages over a real collection: document frequencies of its text index, cells kept beside its vectors."""

import math

import numpy as np
import pytest

from tests.documents.make import write_pdf
from tests.service.test_workbench import TOPICS
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.store import Collection
from workbench.types import PageRef

QUERY = "the oven for the animals"


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("stages")
    for name, pages in TOPICS.items():
        write_pdf(root / name, pages)
    workbench = Workbench(Settings(home=root / "home"))
    workbench.root = root
    workbench.ingest([root / name for name in TOPICS], "notes")
    return workbench


def test_document_frequencies_are_those_of_the_text_index(bench):
    store = bench.opened.get("notes").snapshot()
    found = store.frequencies(["animals", "songs", "star", "zebra", "red-giant", "red-whale"])
    assert found == {"animals": 1, "songs": 1, "star": 1, "zebra": 0, "red-giant": 1, "red-whale": 0}
    assert store.frequencies([]) == {}


def test_an_explanation_weighs_as_the_stage_that_decides(bench):
    ref, pipeline = PageRef("bread.pdf", 2), "rows:5 > full[weights=idf]:5"
    result = bench.search(QUERY, "notes", pipeline)
    stage = result.trace.stages[-2]
    assert [label for label, weight in stage.weights if weight == 0] == ["the", "for", "the"]
    rare = dict(stage.weights)
    assert rare["oven"] == pytest.approx(5 / 2) == rare["animals"]  # both on one page of seven
    explained = bench.explain(QUERY, ref, "notes", pipeline=pipeline)
    assert [(row.label, row.weight) for row in explained.ledger] == list(stage.weights)
    hit = next(hit for hit in result.hits if hit.ref == ref)
    assert explained.score == pytest.approx(hit.score, abs=1e-3)
    plain = bench.explain(QUERY, ref, "notes", pipeline="rows[weights=idf]:5 > full:5")
    assert {row.weight for row in plain.ledger} == {1.0}
    assert math.isclose(sum(row.weight for row in explained.ledger), 5, rel_tol=1e-5)


def test_cells_are_kept_and_grow_with_the_collection(bench):
    store = bench.opened.get("notes")
    space = store.space()
    first, fresh = space.inverted_lists("full")
    assert fresh and not space.inverted_lists("full")[1]
    again, fresh = Collection(store.path).space().inverted_lists("full")
    assert not fresh
    np.testing.assert_array_equal(again.codes, first.codes)
    np.testing.assert_array_equal(again.centres, first.centres)
    bench.ingest([write_pdf(bench.root / "more.pdf", ["A sourdough starter needs flour and water."])], "notes")
    grown, fresh = store.space().inverted_lists("full")
    assert fresh
    held = store.space().vectors("full")
    assert grown.page_ids == tuple(held.page_ids) and len(grown.codes) == int(held.lengths.sum())
    np.testing.assert_array_equal(grown.centres, first.centres)
    vectors = np.asarray(held.flat[grown.rows], np.float32)
    np.testing.assert_array_equal(grown.codes, (vectors @ grown.centres.T).argmax(axis=1))
    path = store.path / "flat" / f"{store.space().index('full').table}.cells.npz"
    path.write_bytes(b"no such thing")
    mended, fresh = Collection(store.path).space().inverted_lists("full")
    assert fresh and mended.page_ids == grown.page_ids


@pytest.mark.parametrize(
    "pipeline",
    [
        "full[prune=safe]:5",
        "rows:9 > full[exit=9]:5",
        "xtr[tokens=9999,probes=0](full):5",
        "prf[beta=0](full):5",
        "rows:9 > full[prune=gap,alpha=99]:5",
    ],
)
def test_settings_that_change_nothing_find_what_the_exact_search_finds(bench, pipeline):
    exact, found = (bench.search("sing under water", "notes", text) for text in ("full:5", pipeline))
    assert [hit.ref for hit in found.hits] == [hit.ref for hit in exact.hits]
