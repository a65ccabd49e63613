"""Evaluation over a searcher whose scores the test knows: scopes, slices, misses, latency, candidates, files."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import DatasetError, InputError, NotFoundError, PipelineError, QueryError
from workbench.evaluation import Dataset, Query, evaluate, read_trec
from workbench.evaluation.evaluate import in_scope
from workbench.retrieval import Pipeline, document_filter
from workbench.types import (
    CollectionInfo,
    Hit,
    IndexInfo,
    PageRef,
    ScoreKind,
    SearchResult,
    StageScore,
    StageTrace,
    StoredPage,
    Trace,
    Words,
)


class Scores:
    """Stands in for the service: pages have fixed scores per question, and every stage ranks by them.

    A stage before the last sees the scores of `first`, where a test gives others.
    """

    def __init__(self, scores: Mapping[str, Mapping[str, float]], ocr: frozenset[str] = frozenset()) -> None:
        self.scores = scores
        self.first: Mapping[str, Mapping[str, float]] = scores
        self.ocr = ocr
        self.asked: list[tuple[str, str, str]] = []
        self.encoded: set[str] = set()

    def search(self, query: str, collection: str, pipeline: str, k: int | None, filter: str) -> SearchResult:
        if query == "refused":
            raise QueryError("The query says nothing.")
        self.asked.append((query, pipeline, filter))
        parsed = Pipeline.parse(pipeline)
        pages = [page for page in self.scores[query] if not filter or filter == document_filter(page.split("#")[0])]
        for step in parsed.steps:
            table = self.scores if step.name == "full" else self.first
            pages = sorted(pages, key=lambda page: -table[query][page])[: step.keep or 10]
        hits = tuple(
            Hit(page, PageRef.parse(page), rank, self.scores[query][page], ScoreKind.EXACT, (stage_score(rank),))
            for rank, page in enumerate(pages, 1)
        )
        encode = StageTrace("encode", 5.0, cold=not self.encoded, cache_hit=query in self.encoded)
        self.encoded.add(query)
        return SearchResult(query, collection, "fake", pipeline, hits, Trace((encode, StageTrace("full", 2.0))))

    def collection(self, name: str) -> CollectionInfo:
        pages = len(next(iter(self.scores.values())))
        full = IndexInfo("full", pages, 10 * pages, 128, "float16", 0)
        return CollectionInfo(name, "fake", 1, pages, 0, 1000 * pages, (full,), {"dpi": 144})

    def page(self, ref: PageRef, collection: str) -> StoredPage:
        if str(ref) not in next(iter(self.scores.values())):
            raise NotFoundError(f"There is no {ref}.")
        one = Words(("w",), np.zeros((1, 4), np.float32), np.zeros(1, np.int32), np.array([str(ref) in self.ocr]))
        return StoredPage(str(ref), ref, 1, (1, 1), (0, 0, 1, 1), one)


def stage_score(rank: int) -> StageScore:
    return StageScore("full", rank, 0.0, ScoreKind.EXACT)


def dataset(*queries: Query, qrels: Mapping[str, Mapping[str, int]]) -> Dataset:
    return Dataset("small", Path(), queries, qrels)


SCORES = {
    "whales": {"a.pdf#page=1": 1.0, "a.pdf#page=2": 3.0, "b.pdf#page=1": 4.0},
    "bread": {"a.pdf#page=1": 2.0, "a.pdf#page=2": 1.0, "b.pdf#page=1": 3.0},
}
TWO = dataset(
    Query("1", "whales", "a.pdf", {"evidence": ("Chart", "Table"), "self_contained": ("true",)}),
    Query("2", "bread", "b.pdf", {"evidence": ("Table",), "self_contained": ("false",)}),
    qrels={"1": {"a.pdf#page=2": 1}, "2": {"b.pdf#page=1": 1}},
)


def test_document_scope_asks_every_question_of_its_own_document() -> None:
    searcher = Scores(SCORES)
    report = evaluate(searcher, TWO, "c", ["exact"], "document")
    assert report.pipelines["exact"].metrics["R@1"] == 1.0
    assert {(query, filter) for query, _, filter in searcher.asked} == {
        ("whales", "document = 'a.pdf'"),
        ("bread", "document = 'b.pdf'"),
    }


def test_corpus_scope_asks_self_contained_questions_of_all_pages() -> None:
    searcher = Scores(SCORES)
    report = evaluate(searcher, TWO, "c", ["exact"], "corpus")
    assert report.queries == 1
    assert {(query, filter) for query, _, filter in searcher.asked} == {("whales", "")}
    assert report.pipelines["exact"].metrics["R@1"] == 0.0
    assert report.pipelines["exact"].metrics["RR@10"] == 0.5
    untagged = dataset(Query("1", "whales"), Query("2", "bread"), qrels=TWO.qrels)
    assert [query.id for query in in_scope(untagged, "corpus")] == ["1", "2"]
    with pytest.raises(DatasetError, match="no questions that name a document"):
        in_scope(untagged, "document")


def test_slices_by_every_tag_value_and_by_text_layer() -> None:
    report = evaluate(Scores(SCORES, frozenset({"a.pdf#page=2"})), TWO, "c", ["exact"], "document", ["R@1"])
    found = {key: (values["queries"], values["R@1"]) for key, values in report.pipelines["exact"].slices.items()}
    assert found == {
        "evidence=Chart": (1, 1.0),
        "evidence=Table": (2, 1.0),
        "self_contained=true": (1, 1.0),
        "self_contained=false": (1, 1.0),
        "no text layer": (1, 1.0),
        "text layer": (1, 1.0),
    }


def test_a_page_that_was_not_indexed_is_a_miss_and_is_listed() -> None:
    labels = {"1": {"a.pdf#page=2": 1, "gone.pdf#page=1": 1}, "2": {"gone.pdf#page=2": 1}}
    report = evaluate(Scores(SCORES), dataset(*TWO.queries, qrels=labels), "c", ["exact"], "document", ["R@10"])
    assert report.missing == ("gone.pdf#page=1", "gone.pdf#page=2")
    found = report.pipelines["exact"]
    assert found.metrics_per_query == {"1": {"R@10": 0.5}, "2": {"R@10": 0.0}}
    assert found.ranks["1"] == {"a.pdf#page=2": 1, "gone.pdf#page=1": None}
    assert found.slices["text layer"]["queries"] == 1
    gone = dataset(TWO.queries[1], qrels={"2": {"gone.pdf#page=2": 1}})
    with pytest.raises(DatasetError, match="holds none of the pages"):
        evaluate(Scores(SCORES), gone, "c", ["exact"])


def test_a_refused_question_counts_nothing_and_is_told() -> None:
    asked = dataset(TWO.queries[0], Query("2", "refused", "b.pdf"), qrels=TWO.qrels)
    report = evaluate(Scores(SCORES), asked, "c", ["exact"], "document", ["R@1"])
    assert report.pipelines["exact"].metrics == {"R@1": 0.5}
    assert report.warnings == ("question 2 was not searched: The query says nothing.",)


def test_latency_leaves_out_warm_up_and_encoding() -> None:
    report = evaluate(Scores(SCORES), TWO, "c", ["exact", "full:5"], "document")
    for name in ("exact", "full:5"):  # the second pipeline finds every query encoded
        assert report.pipelines[name].latency_ms == {"p50": 2.0, "p95": 2.0, "encode_p50": 5.0, "encode_p95": 5.0}


def test_candidate_recall_tells_what_a_stage_hands_on() -> None:
    searcher = Scores(SCORES)
    searcher.first = {"whales": {**SCORES["whales"], "a.pdf#page=1": 9.0}, "bread": SCORES["bread"]}
    report = evaluate(searcher, TWO, "c", ["rows:1 > full:1", "rows:2 > full:1"], "document", ["R@1"])
    assert report.pipelines["rows:1 > full:1"].candidate_recall == {"rows:1": 0.5}
    assert report.pipelines["rows:1 > full:1"].metrics == {"R@1": 0.5}
    assert report.pipelines["rows:2 > full:1"].candidate_recall == {"rows:2": 1.0}
    assert report.pipelines["rows:2 > full:1"].metrics == {"R@1": 1.0}


def test_runs_are_deep_enough_for_the_measures_but_no_deeper_than_the_stage_before() -> None:
    report = evaluate(Scores(SCORES), TWO, "c", ["full:1", "rows:2 > full:1"], "document", ["R@50"])
    assert report.pipelines["full:1"].pipeline == "full:50"
    assert report.pipelines["rows:2 > full:1"].pipeline == "rows:2 > full:2"


def test_storage_is_told_per_page() -> None:
    found = evaluate(Scores(SCORES), TWO, "c", ["exact"]).pipelines["exact"].storage
    assert found == {"full_vectors_per_page": 10.0, "full_bytes_per_page": 2560, "collection_bytes_per_page": 1000}


def test_bad_pipelines_measures_and_scopes_are_refused_before_a_search() -> None:
    searcher = Scores(SCORES)
    with pytest.raises(PipelineError):
        evaluate(searcher, TWO, "c", ["exact", "ful:3"])
    with pytest.raises(InputError, match="foo"):
        evaluate(searcher, TWO, "c", ["exact"], measures=["foo"])
    with pytest.raises(DatasetError, match="no scope 'page'"):
        evaluate(searcher, TWO, "c", ["exact"], "page")
    assert searcher.asked == []


def test_progress_reaches_its_total() -> None:
    heard: list[tuple[int, int]] = []
    evaluate(Scores(SCORES), TWO, "c", ["exact", "rows:2 > full:1"], progress=lambda *at: heard.append(at))
    assert heard == [(n, 6) for n in range(1, 7)]


def test_files_hold_the_same_run_every_time(tmp_path: Path) -> None:
    report = evaluate(Scores(SCORES), TWO, "c", ["exact", "rows:2 > full:1"])
    written = report.write(tmp_path / "one")
    assert [path.name for path in written] == ["01-exact.trec", "02-rows_2___full_1.trec", "report.json"]
    assert read_trec(written[0]) == {"1": ["a.pdf#page=2", "a.pdf#page=1"], "2": ["b.pdf#page=1"]}
    record = json.loads(written[-1].read_text(encoding="utf-8"))
    assert record["made_with"]["settings"] == {"dpi": 144}
    assert record["made_with"]["versions"]["numpy"] == np.__version__
    assert record["pipelines"]["exact"]["ranks"] == {"1": {"a.pdf#page=2": 1}, "2": {"b.pdf#page=1": 1}}
    assert record["pipelines"]["exact"]["run"]["1"][0]["stages"] == {"full": 1}
    again = evaluate(Scores(SCORES), TWO, "c", ["exact", "rows:2 > full:1"]).write(tmp_path / "two")
    assert [path.read_bytes() for path in again[:2]] == [path.read_bytes() for path in written[:2]]
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be made"):
        report.write(tmp_path / "file")


PAGES = [f"{name}.pdf#page={n}" for name in "ab" for n in range(1, 5)]
ANY_SCORES = st.lists(st.integers(0, 1000), min_size=8, max_size=8, unique=True)
ANY_LABELS = st.sets(st.sampled_from(PAGES[:4]), min_size=1)


@settings(max_examples=40, deadline=None)
@given(ANY_SCORES, ANY_LABELS)
def test_more_pages_to_search_never_help(scores: list[int], relevant: set[str]) -> None:
    searcher = Scores({"q": dict(zip(PAGES, map(float, scores), strict=True))})
    asked = dataset(Query("1", "q", "a.pdf"), qrels={"1": dict.fromkeys(relevant, 1)})
    corpus, document = (
        evaluate(searcher, asked, "c", ["exact"], scope).pipelines["exact"].metrics for scope in ("corpus", "document")
    )
    assert all(corpus[name] <= document[name] for name in corpus)


@settings(max_examples=40, deadline=None)
@given(ANY_SCORES, ANY_LABELS, st.data())
def test_losing_a_relevant_page_never_helps(scores: list[int], relevant: set[str], data: st.DataObject) -> None:
    whole = dict(zip(PAGES, map(float, scores), strict=True))
    lost = data.draw(st.sampled_from(sorted(relevant)))
    asked = dataset(Query("1", "q", "a.pdf"), qrels={"1": dict.fromkeys(relevant, 1)})
    before = evaluate(Scores({"q": whole}), asked, "c", ["exact"], "corpus").pipelines["exact"].metrics
    if relevant == {lost}:
        return
    rest = {page: score for page, score in whole.items() if page != lost}
    after = evaluate(Scores({"q": rest}), asked, "c", ["exact"], "corpus").pipelines["exact"].metrics
    assert all(after[name] <= before[name] for name in before)
