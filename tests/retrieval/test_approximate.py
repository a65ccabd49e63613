"""A first stage that asks an approximate index: what the trace says, what it follows, what it loses and who says so."""

import numpy as np
import pytest

from tests.retrieval.arrays import Models
from tests.store.make import DIM, collection, put, record
from workbench.analysis import recall
from workbench.analysis.diagnosis import diagnose
from workbench.errors import PipelineError
from workbench.retrieval import Encoded, scanning, search_stages
from workbench.retrieval.pipeline import Pipeline
from workbench.store import Writer
from workbench.types import PageRef, QueryEmbedding

PAGES = 320
NAME = "lemur[features=24,samples=512]"
ANN = "lemur[engine=ann,features=24,samples=512]"
EMBEDDING = QueryEmbedding("q", np.eye(DIM, dtype=np.float32)[:3], ("a", "b", "c"), np.ones(3, np.float32), "all")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = collection(tmp_path_factory.mktemp("ann"), indexes=("global",))
    with Writer(made) as writer:
        put(writer, record("whales", PAGES), batch=PAGES)
        writer.indexes.add_index("", NAME)
        writer.finish()
    return made


def search(store, pipeline, where=None):
    *_, result = search_stages(store, "q", Pipeline.parse(pipeline), Models(lambda *_: Encoded(EMBEDDING)), where)
    return result


def first(result):
    return next(stage for stage in result.trace.stages if stage.candidates_in)


def test_until_the_index_is_made_every_page_is_compared(store):
    space = store.space()
    result = search(store, "global[engine=ann]:5 > full:5")
    if first(result).approximate == "":  # it may already be there: the thread is quick
        assert "The approximate index of 'global' is being made; every page was compared." in result.notes
        assert first(result).scored == PAGES
    assert space.ann("global", wait=True).cells == 17


@pytest.mark.parametrize("name", ["global[engine=ann]", ANN])
def test_the_trace_names_cells_and_candidates_and_scores_are_those_of_a_full_comparison(store, name):
    store.space().ann(Pipeline.parse(f"{name}:1").steps[0].index, wait=True)
    result, whole = search(store, f"{name}:9 > full:9"), search(store, f"{name.replace('ann', 'flat')}:9 > full:9")
    stage = first(result)
    assert stage.approximate == "approximate: an index named 18 candidates from 17 of 17 cells"
    assert stage.scored == stage.vectors_compared == 18
    assert first(whole).approximate == ""
    assert first(whole).scored == PAGES
    assert [(hit.ref, hit.score, hit.stages) for hit in result.hits] == [
        (hit.ref, hit.score, hit.stages) for hit in whole.hits
    ]


def test_few_probes_lose_pages_and_the_diagnosis_says_what_did(store):
    store.space().ann("global", wait=True)
    whole = search(store, "global[engine=flat]:20 > full:20")
    narrow = "global[engine=ann,probes=1]:20 > full:20"
    found = {hit.ref for hit in search(store, narrow).hits}
    lost = [hit.ref for hit in whole.hits if hit.ref not in found]
    assert lost
    report = diagnose(store, "q", lost[0], Pipeline.parse(narrow), Models(lambda *_: Encoded(EMBEDDING)))
    assert report.verdict == "lost"
    assert report.stage == "global"
    assert "missed the page by searching approximately (engine=ann, probes=1)" in report.reason
    assert lost[0] in {hit.ref for hit in search(store, report.fix.pipeline).hits}


def test_by_itself_from_a_size_on(store, monkeypatch):
    store.space().ann("global", wait=True)
    for least, asked in ((PAGES, True), (PAGES + 1, False), (0, False)):
        monkeypatch.setattr(scanning, "_ann_pages", lambda least=least: least)
        assert bool(first(search(store, "global:9 > full:9")).approximate) is asked
        assert not first(search(store, "full:9")).approximate
        assert not first(search(store, f"global:{PAGES}")).approximate  # an index would save nothing
        assert not first(search(store, "sum(bm25, global):9")).approximate  # it needs every page's score
    monkeypatch.setattr(scanning, "_ann_pages", lambda: PAGES)
    result = search(store, "global:9 > full:9", "page <= 40")
    assert [stage.approximate for stage in result.trace.stages] == [""] * len(result.trace.stages)
    report = diagnose(store, "q", PageRef("whales.pdf", 7), Pipeline.parse("global[probes=1]:1 > full:1"),
                      Models(lambda *_: Encoded(EMBEDDING)))  # fmt: skip
    if report.fix is not None:
        assert PageRef("whales.pdf", 7) in {hit.ref for hit in search(store, report.fix.pipeline).hits}


def test_pages_that_came_since_are_compared_too_and_those_that_went_are_not_named(tmp_path):
    made = collection(tmp_path, indexes=("global",))
    with Writer(made) as writer:
        put(writer, record("whales", 290), batch=290)
        put(writer, record("bread", 10), batch=10)
        writer.finish()
    made.space().ann("global", wait=True)
    best = np.eye(DIM, dtype=np.float32)[:3]
    with Writer(made) as writer:
        writer.delete_document("bread.pdf")
        put(writer, record("stars", 1), vectors=best)
        writer.finish()
    result = search(made, "global[engine=ann]:5 > full:5")
    assert first(result).approximate.endswith("candidates from 17 of 17 cells and 1 new pages")
    assert result.hits[0].ref == PageRef("stars.pdf", 1)
    assert all(hit.ref.document != "bread.pdf" for hit in result.hits)


def test_recall_measures_the_index_that_searches_ask(store, tmp_path):
    report = recall.measure(store, tmp_path / "scratch", queries=5)
    rows = {row.index: row for row in report.rows if row.kind == "ann"}
    for name in ("global", NAME):
        assert rows[name].way == "IVF of 17 cells, 17 looked in"
        assert rows[name].against == "every page"
        assert rows[name].recall == 1  # every cell was looked in
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("full[engine=ann]:5", "an approximate index is of one vector a page"),
        ("rows[engine=ann]:5", "an approximate index is of one vector a page"),
        ("global[dtype=int8,engine=ann]:5", "an approximate index is of one vector a page"),
        ("global[engine=flat,probes=3]:5", "probes belongs to engine=ann"),
    ],
)
def test_what_cannot_be_asked_is_refused(text, said):
    with pytest.raises(PipelineError, match=said):
        Pipeline.parse(text)
