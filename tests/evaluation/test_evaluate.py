"""Evaluation over a searcher whose scores the test knows: scopes, slices, misses, latency, candidates, files."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.answers.measurements import DatasetFigures
from workbench.errors import DatasetError, InputError, NotFoundError, PipelineError, QueryError
from workbench.evaluation import Dataset, Parts, Question, evaluate, read_qrels, read_trec, write
from workbench.evaluation.scopes import in_scope
from workbench.retrieval import Pipeline, document_filter
from workbench.types import (
    CollectionInfo,
    DocumentInfo,
    Hit,
    IndexInfo,
    PageFailureRecord,
    PageRef,
    ScoreKind,
    SearchResult,
    SpaceInfo,
    StageScore,
    StageTrace,
    StoredPage,
    Trace,
    Words,
)


class Scores:
    """Stands in for the parts of the workbench: pages have fixed scores per question, and every stage ranks by them.

    A stage before the last sees the scores of `first`, where a test gives others.
    """

    def __init__(self, scores: Mapping[str, Mapping[str, float]], ocr: frozenset[str] = frozenset()) -> None:
        self.scores = scores
        self.first: Mapping[str, Mapping[str, float]] = scores
        self.ocr = ocr
        self.failed: tuple[PageFailureRecord, ...] = ()
        self.asked: list[tuple[str, str, str]] = []
        self.encoded: set[str] = set()
        self.library = self.searches = self.explanations = self

    def search(self, query: str, collection: str, pipeline: str, k: int | None, filter: str) -> SearchResult:
        if query == "refused":
            raise QueryError("The query says nothing.")
        self.asked.append((query, pipeline, filter))
        parsed = Pipeline.parse(pipeline)
        pages = [page for page in self.scores[query] if not filter or filter == document_filter(page.split("#")[0])]
        ranks: dict[str, tuple[StageScore, ...]] = dict.fromkeys(pages, ())
        traces = [StageTrace("encode", 5.0, cold=not self.encoded, cache_hit=query in self.encoded)]
        for step in parsed.steps:
            table = self.scores if step.name == "full" else self.first
            given = len(pages)
            pages = sorted(pages, key=lambda page: -table[query][page])[: step.k or 10]
            for rank, page in enumerate(pages, 1):
                ranks[page] += (StageScore(step.name, rank, table[query][page], ScoreKind.EXACT),)
            traces.append(StageTrace(step.name, 2.0, given, len(pages), 10 * given, 2560 * given))
        hits = tuple(
            Hit(page, PageRef.parse(page), rank, self.scores[query][page], ScoreKind.EXACT, ranks[page])
            for rank, page in enumerate(pages, 1)
        )
        self.encoded.add(query)
        return SearchResult(query, collection, "fake", pipeline, hits, Trace(tuple(traces)))

    def info(self, name: str) -> CollectionInfo:
        pages = len(next(iter(self.scores.values())))
        full = IndexInfo("full", pages, 10 * pages, 128, "float16", 0)
        return CollectionInfo(name, "fake", 1, pages, 0, 1000 * pages, (full,), {"dpi": 144})

    def documents(self, name: str) -> list[DocumentInfo]:
        names = sorted({page.split("#")[0] for page in next(iter(self.scores.values()))})
        return [DocumentInfo(document, 1, 1, self.failed, f"hash of {document}", 1, "today") for document in names]

    def page(self, ref: PageRef, collection: str) -> StoredPage:
        if str(ref) not in next(iter(self.scores.values())):
            raise NotFoundError(f"There is no {ref}.")
        one = Words(("w",), np.zeros((1, 4), np.float32), np.zeros(1, np.int32), np.array([str(ref) in self.ocr]))
        return StoredPage(str(ref), ref, 1, (1, 1), (0, 0, 1, 1), one)


def dataset(*queries: Question, qrels: Mapping[str, Mapping[str, int]]) -> Dataset:
    return Dataset("small", Path(), queries, qrels)


SCORES = {
    "whales": {"a.pdf#page=1": 1.0, "a.pdf#page=2": 3.0, "b.pdf#page=1": 4.0},
    "bread": {"a.pdf#page=1": 2.0, "a.pdf#page=2": 1.0, "b.pdf#page=1": 3.0},
}
TWO = dataset(
    Question("1", "whales", "a.pdf", {"evidence": ("Chart", "Table"), "self_contained": ("true",)}),
    Question("2", "bread", "b.pdf", {"evidence": ("Table",), "self_contained": ("false",)}),
    qrels={"1": {"a.pdf#page=2": 1}, "2": {"b.pdf#page=1": 1}},
)


def test_document_scope_asks_every_question_of_its_own_document() -> None:
    searcher = Scores(SCORES)
    report = evaluate(searcher, TWO, "c", ["exact"], "document")
    assert report.mean("exact")["R@1"] == 1.0
    assert {(query, filter) for query, _, filter in searcher.asked} == {
        ("whales", "document = 'a.pdf'"),
        ("bread", "document = 'b.pdf'"),
    }


def test_corpus_scope_asks_self_contained_questions_of_all_pages() -> None:
    searcher = Scores(SCORES)
    report = evaluate(searcher, TWO, "c", ["exact"], "corpus")
    assert report.dataset.questions == 1
    assert {(query, filter) for query, _, filter in searcher.asked} == {("whales", "")}
    assert report.mean("exact")["R@1"] == 0.0
    assert report.mean("exact")["RR@10"] == 0.5
    untagged = dataset(Question("1", "whales"), Question("2", "bread"), qrels=TWO.qrels)
    assert [query.id for query in in_scope(untagged, "corpus")] == ["1", "2"]
    with pytest.raises(DatasetError, match="no questions that name a document"):
        in_scope(untagged, "document")


def test_slices_by_every_tag_value_and_by_text_layer() -> None:
    report = evaluate(Scores(SCORES, frozenset({"a.pdf#page=2"})), TWO, "c", ["exact"], "document", ["R@1"])
    found = {
        key: (values["queries"], values["R@1"])
        for key, values in DatasetFigures.of(report).pipelines["exact"].slices.items()
    }
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
    answers = report.pipelines["exact"].answers
    assert {query: dict(answer.measures) for query, answer in answers.items()} == {"1": {"R@10": 0.5}, "2": {"R@10": 0}}
    assert answers["1"].relevant == {"a.pdf#page=2": {"full": 1}, "gone.pdf#page=1": {"full": None}}
    assert report.lost_at("exact") == {"": 2, "full": 0}
    assert report.slices["text layer"] == ("1",)
    gone = dataset(TWO.queries[1], qrels={"2": {"gone.pdf#page=2": 1}})
    with pytest.raises(DatasetError, match="holds none of the pages"):
        evaluate(Scores(SCORES), gone, "c", ["exact"])


def test_a_refused_question_counts_nothing_and_is_told() -> None:
    asked = dataset(TWO.queries[0], Question("2", "refused", "b.pdf"), qrels=TWO.qrels)
    report = evaluate(Scores(SCORES), asked, "c", ["exact"], "document", ["R@1"])
    assert report.mean("exact") == {"R@1": 0.5}
    assert report.warnings == ("question 2 was not searched: The query says nothing.",)


def test_latency_leaves_out_warm_up_and_encoding() -> None:
    report = evaluate(Scores(SCORES), TWO, "c", ["exact", "full:5"], "document")
    for name in ("exact", "full:5"):  # the second pipeline finds every query encoded
        percentiles = {"p50": 2.0, "p95": 2.0, "p99": 2.0}
        assert report.latency(name) == percentiles | {f"encode_{key}": 5.0 for key in percentiles}


def test_candidate_recall_tells_what_a_stage_hands_on() -> None:
    searcher = Scores(SCORES)
    searcher.first = {"whales": {**SCORES["whales"], "a.pdf#page=1": 9.0}, "bread": SCORES["bread"]}
    one, two = "rows:1 > full:1", "rows:2 > full:1"
    report = evaluate(searcher, TWO, "c", [one, two], "document", ["R@1"])
    assert (report.recall_at(one, "rows"), report.mean(one)) == (0.5, {"R@1": 0.5})
    assert (report.recall_at(two, "rows"), report.mean(two)) == (1.0, {"R@1": 1.0})
    assert report.recall_at(one, "rows", 2) == 1.0  # what keeping 2 would have kept, without asking again
    lost = report.pipelines[one].answers["1"].relevant["a.pdf#page=2"]
    assert lost == {"rows": 2, "full": None}
    assert (report.lost_at(one), report.lost_at(two)) == ({"": 0, "rows": 1, "full": 0}, {"": 0, "rows": 0, "full": 0})
    assert DatasetFigures.of(report).pipelines[one].candidate_recall == {"rows:1": 0.5}


def test_runs_are_deep_enough_for_the_measures_but_no_deeper_than_the_stage_before() -> None:
    report = evaluate(Scores(SCORES), TWO, "c", ["full:1", "rows:2 > full:1"], "document", ["R@50"])
    assert report.pipelines["full:1"].text == "full:50"
    assert report.pipelines["rows:2 > full:1"].text == "rows:2 > full:2"


def test_storage_and_work_are_told() -> None:
    report = evaluate(Scores(SCORES), TWO, "c", ["exact"])
    run = report.pipelines["exact"]
    assert run.storage == {"full_vectors_per_page": 10.0, "full_bytes_per_page": 2560}
    assert DatasetFigures.of(report).pipelines["exact"].storage["collection_bytes_per_page"] == 1000
    (work,) = run.answers["1"].stages
    assert (work.candidates_in, work.candidates_out, work.vectors_compared, work.bytes_read) == (2, 2, 20, 5120)


def test_several_encoders_are_told_apart() -> None:
    class Several(Scores):
        def info(self, name: str) -> CollectionInfo:
            info = super().info(name)
            other = IndexInfo("global", info.pages, info.pages, 8, "float32", 0)
            spaces = (
                SpaceInfo("fake", "words", 128, True, info.pages, 0, 0, 0, info.indexes),
                SpaceInfo("clip-vit-b-32", "page", 8, False, info.pages, 0, 0, 0, (other,)),
            )
            return replace(info, spaces=spaces)

        def search(self, query: str, collection: str, pipeline: str, k: int | None, filter: str) -> SearchResult:
            found = super().search(query, collection, "global:3 > full:3", k, filter)
            _, first, second = found.trace.stages
            encoding = [StageTrace(f"encode@{name}", 2.0) for name in ("fake", "clip-vit-b-32")]
            stages = (*encoding, replace(first, name="global@clip-vit-b-32"), second)
            return replace(found, trace=Trace(stages[: 3 if ">" not in pipeline else 4]))

    record = evaluate(Several(SCORES), TWO, "c", ["global@clip-vit-b-32:3 > full:3"], measures=["R@1"])
    (run,) = record.pipelines.values()
    assert [stage.name for stage in run.stages] == ["global@clip-vit-b-32", "full"]
    assert run.storage["global@clip-vit-b-32_bytes_per_page"] == 32
    assert run.storage["full_bytes_per_page"] == 2560
    assert record.latency(run.name)["encode_p50"] == 4.0
    assert record.latency(run.name)["p50"] == 4.0
    assert set(record.collection.encoders) == {"fake", "clip-vit-b-32"}
    assert record.collection.hash != evaluate(Scores(SCORES), TWO, "c", ["exact"]).collection.hash


def test_pages_that_failed_to_index_are_listed() -> None:
    searcher = Scores(SCORES)
    searcher.failed = (PageFailureRecord(7, "torn"),)
    report = evaluate(searcher, TWO, "c", ["exact"])
    assert [(failed.page, failed.reason) for failed in report.failed] == [
        ("a.pdf#page=7", "torn"),
        ("b.pdf#page=7", "torn"),
    ]


def test_a_question_that_breaks_the_engine_is_a_miss_and_the_others_are_asked() -> None:
    class Breaking(Scores):
        def search(self, query: str, collection: str, pipeline: str, k: int | None, filter: str) -> SearchResult:
            if query == "bread":
                raise ZeroDivisionError("no dough")
            return super().search(query, collection, pipeline, k, filter)

    report = evaluate(Breaking(SCORES), TWO, "c", ["exact"], "document", ["R@1"])
    assert report.mean("exact") == {"R@1": 0.5}
    assert report.pipelines["exact"].answers["2"].refused == "It failed: ZeroDivisionError: no dough"


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
    assert heard[-1] == (10, 10)
    assert [done for done, _ in heard] == sorted({done for done, _ in heard})


def test_files_hold_the_same_run_every_time(tmp_path: Path) -> None:
    report = evaluate(Scores(SCORES), TWO, "c", ["exact", "rows:2 > full:1"])
    written = write(report, tmp_path / "one")
    assert [path.name for path in written] == ["01-exact.trec", "02-rows_2___full_1.trec", "qrels.trec", "record.json"]
    assert read_trec(written[0]) == {"1": ["a.pdf#page=2", "a.pdf#page=1"], "2": ["b.pdf#page=1"]}
    assert read_qrels(written[2]) == TWO.qrels
    record = json.loads(written[-1].read_text(encoding="utf-8"))
    assert record["collection"]["settings"] == {"dpi": 144}
    assert record["versions"]["numpy"] == np.__version__
    assert record["pipelines"]["exact"]["answers"]["1"]["top"][0]["stages"] == {"full": 1}
    again = evaluate(Scores(SCORES), TWO, "c", ["exact", "rows:2 > full:1"])
    repeated = write(again, tmp_path / "two")
    assert [path.read_bytes() for path in repeated[:2]] == [path.read_bytes() for path in written[:2]]
    assert again.without_measurements().text() == report.without_measurements().text()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be made"):
        write(report, tmp_path / "file")


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    class Stopping(Scores):
        def search(self, query: str, collection: str, pipeline: str, k: int | None, filter: str) -> SearchResult:
            if pipeline.startswith("rows"):
                raise KeyboardInterrupt
            return super().search(query, collection, pipeline, k, filter)

    asked = ["exact", "rows:2 > full:1"]
    with pytest.raises(KeyboardInterrupt):
        evaluate(Stopping(SCORES), TWO, "c", asked, parts=Parts(tmp_path))
    again = Scores(SCORES)
    record = evaluate(again, TWO, "c", asked, parts=Parts(tmp_path))
    assert not any(pipeline == "full:10" for _, pipeline, _ in again.asked)
    whole = evaluate(Scores(SCORES), TWO, "c", asked)
    assert record.without_measurements() == whole.without_measurements()
    assert record.latency("exact") == whole.latency("exact")
    for path in (tmp_path / "parts").iterdir():
        path.write_text("{", encoding="utf-8")  # a damaged part is measured again
    evaluate(again, TWO, "c", ["exact"], parts=Parts(tmp_path))
    assert any(pipeline == "full:10" for _, pipeline, _ in again.asked)
    evaluate(again, TWO, "other", ["exact"], measures=["R@1"], parts=Parts(tmp_path))
    Parts(tmp_path).clear()
    assert not (tmp_path / "parts").exists()


def test_pipelines_of_a_sweep_that_the_collection_cannot_run_are_left_out() -> None:
    class WithoutRows(Scores):
        def search(self, query: str, collection: str, pipeline: str, k: int | None, filter: str) -> SearchResult:
            if "rows" in pipeline:
                raise PipelineError("There is no 'rows' index.")
            return super().search(query, collection, pipeline, k, filter)

    record = evaluate(WithoutRows(SCORES), TWO, "c", ["exact", "rows:2"], optional={"rows:2"})
    assert list(record.pipelines) == ["exact"]
    assert "rows:2 was left out: There is no 'rows' index." in record.warnings
    for optional in ((), {"rows:2"}):
        with pytest.raises(PipelineError, match="rows"):
            evaluate(WithoutRows(SCORES), TWO, "c", ["rows:2"], optional=optional)


def test_a_ranking_made_elsewhere_is_measured_beside_the_pipelines() -> None:
    run = {"1": [("a.pdf#page=1", 2.0), ("a.pdf#page=2", 1.0), ("a.pdf#page=1", 0.5)]}
    record = evaluate(Scores(SCORES), TWO, "c", [], measures=["RR@10"], runs={"theirs": run})
    assert record.mean("theirs") == {"RR@10": 0.25}
    assert record.pipelines["theirs"].answers["1"].relevant == {"a.pdf#page=2": {"run": 2}}
    assert record.latency("theirs") == {}


PAGES = [f"{name}.pdf#page={n}" for name in "ab" for n in range(1, 5)]
ANY_SCORES = st.lists(st.integers(0, 1000), min_size=8, max_size=8, unique=True)
ANY_LABELS = st.sets(st.sampled_from(PAGES[:4]), min_size=1)


@settings(max_examples=40, deadline=None)
@given(ANY_SCORES, ANY_LABELS)
def test_more_pages_to_search_never_help(scores: list[int], relevant: set[str]) -> None:
    searcher = Scores({"q": dict(zip(PAGES, map(float, scores), strict=True))})
    asked = dataset(Question("1", "q", "a.pdf"), qrels={"1": dict.fromkeys(relevant, 1)})
    corpus, document = (
        evaluate(searcher, asked, "c", ["exact"], scope).mean("exact") for scope in ("corpus", "document")
    )
    assert all(corpus[name] <= document[name] for name in corpus)


@settings(max_examples=40, deadline=None)
@given(ANY_SCORES, ANY_LABELS, st.data())
def test_losing_a_relevant_page_never_helps(scores: list[int], relevant: set[str], data: st.DataObject) -> None:
    whole = dict(zip(PAGES, map(float, scores), strict=True))
    lost = data.draw(st.sampled_from(sorted(relevant)))
    asked = dataset(Question("1", "q", "a.pdf"), qrels={"1": dict.fromkeys(relevant, 1)})
    before = evaluate(Scores({"q": whole}), asked, "c", ["exact"], "corpus").mean("exact")
    if relevant == {lost}:
        return
    rest = {page: score for page, score in whole.items() if page != lost}
    after = evaluate(Scores({"q": rest}), asked, "c", ["exact"], "corpus").mean("exact")
    assert all(after[name] <= before[name] for name in before)
