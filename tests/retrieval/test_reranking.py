"""The stages of rerankers: what they score and what they leave, how it is told, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.retrieval.arrays import Reranker, collection, order, run
from workbench.errors import NoEncoderError, PipelineError
from workbench.retrieval.pipeline import Pipeline
from workbench.types import Query, TextPart

PAGES = 20


def test_candidates_go_by_the_model_s_score_and_nothing_else():
    arrays = collection(3, PAGES)
    before = order(run(arrays, "rows:12", 3))
    result = run(arrays, "rows:12 > cross[model=numbers]:5", 3)
    wanted = sorted(before, key=lambda page: (-arrays.lexical.get(page, 0), arrays.pages[page][0]))
    assert order(result) == wanted[:5]
    assert [hit.score for hit in result.hits] == pytest.approx([arrays.lexical.get(page, 0) for page in wanted[:5]])
    assert {hit.score_kind for hit in result.hits} == {"model"}
    for hit in result.hits:
        assert [(stage.name, stage.score_kind) for stage in hit.stages] == [("rows", "approximate"), ("cross", "model")]
    told = {stage.name: stage for stage in result.trace.stages}["cross"]
    assert (told.candidates_in, told.scored, told.device, told.vectors_compared) == (12, 12, "cpu", 0)


def test_what_lies_beyond_the_depth_follows_in_its_order():
    arrays = collection(4, PAGES)
    before = order(run(arrays, "rows:9", 4))
    result = run(arrays, "rows:9 > judge[model=numbers,depth=3]:9", 4)
    assert set(order(result)[:3]) == set(before[:3])
    assert order(result)[3:] == before[3:]
    assert [hit.scored for hit in result.hits] == [True] * 3 + [False] * 6


def test_pages_that_cannot_be_scored_come_last_and_are_told():
    class Failing(Reranker):
        def texts(self, query, texts):
            scores = super().texts(query, texts)
            scores[1:3] = np.nan
            return scores

    arrays = collection(5, PAGES)
    before = order(run(arrays, "rows:6", 5))
    result = run(arrays, "rows:6 > cross[model=numbers]:6", 5, rerankers=lambda model: (Failing(), False))
    assert order(result)[-2:] == before[1:3]
    assert any("'numbers' could not score 2 pages" in note for note in result.notes)


def test_it_can_stand_beside_others_in_a_later_step():
    arrays = collection(6, PAGES)
    result = run(arrays, "rows:8 > sum[weights=1/2](rows, cross[model=numbers]):8", 6)
    assert {hit.score_kind for hit in result.hits} == {"approximate"}
    assert len(result.hits) == 8


def test_a_query_without_words_changes_no_order():
    arrays = collection(7, PAGES)
    plain = Query((TextPart("q", 1.0),))
    before = order(run(arrays, "rows:6", 7, text=plain))
    result = run(arrays, "rows:6 > cross[model=numbers]:6", 7, text=Query.of(""))
    assert order(result) == before
    assert any("the query has none" in note for note in result.notes)


def test_loading_stands_in_the_trace_once():
    arrays = collection(8, PAGES)
    pipeline = "rows:8 > cross[model=numbers]:6 > judge[model=numbers]:4"
    traces = [run(arrays, pipeline, 8, rerankers=lambda model, cold=cold: (Reranker(), cold)).trace for cold in (1, 0)]
    assert [[stage.name for stage in trace.stages if stage.name.startswith("load")] for trace in traces] == [
        ["load@numbers"],
        [],
    ]


@pytest.mark.parametrize(
    ("pipeline", "said"),
    [
        ("cross[model=numbers]:5", r"'cross' at character 1 scores what the stage before hands on.*rows:50 > cross"),
        ("sum(rows, judge[model=numbers]):5", "'judge' at character 11"),
        ("rows:9 > cross:5", r"'cross' needs the id of a reranker, as in cross\[model="),
        ("rows:9 > cross@reader[model=numbers]:5", "takes no encoder"),
        ("rows:9 > cross[model=numbers,depth=501]:5", "whole number from 1 to 500"),
    ],
)
def test_what_does_not_fit_is_refused_as_it_is_read(pipeline, said):
    with pytest.raises(PipelineError, match=said):
        Pipeline.parse(pipeline)


def test_a_model_that_cannot_do_it_is_refused_before_anything_runs():
    arrays = collection(9, PAGES)
    blind = Reranker()
    blind.info = SimpleNamespace(id="blind", reads=True, sees=False)
    with pytest.raises(PipelineError, match="Stage 'judge' at character 10: 'blind' takes no pictures of pages"):
        run(arrays, "rows:9 > judge[model=blind]:5", 9, rerankers=lambda model: (blind, False))

    def nobody(model):
        raise NoEncoderError(f"There is no reranker '{model}'; there are: none.")

    with pytest.raises(PipelineError, match="Stage 'cross' at character 10: There is no reranker 'x'"):
        run(arrays, "rows:9 > cross[model=x]:5", 9, rerankers=nobody)
