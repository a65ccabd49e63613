"""What became of relevant pages, read off records whose ranks are known."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluation.records import record
from workbench.answers.evaluations import AnsweredPage, MeasuredPipeline
from workbench.errors import NotFoundError
from workbench.evaluation.losses import ABSENT, FOUND, LOST, REFUSED, outcomes
from workbench.evaluation.record import RankedPage

RANKED = [(1, {"rows": 1024, "full": 1}), (2, {"full": 2}), (3, {})]
RANKS = st.none() | st.integers(1, 60)


def fates(made, pipeline="p"):
    return {outcome.question: outcome.page_outcomes[0] for outcome in outcomes(made, pipeline)}


def among(pages, made):
    """The record, of a collection of so many pages."""
    return replace(made, collection=replace(made.collection, pages=pages))


@pytest.mark.parametrize(
    ("pages", "ranks", "cure"),
    [
        (182, (1, 181), ""),  # nobody looks through 181 of 182 results
        (2000, (1, 181), ""),
        (2000, (1, 60), "rows:20 > full:60"),
        (182, (150, None), ""),  # a first stage that hands on most pages is none
        (182, (60, None), "rows:60 > full:10"),
        (25, (1, 18), "rows:20 > full:18"),
    ],
)
def test_a_cure_keeps_no_more_than_helps(pages, ranks, cure):
    assert fates(among(pages, record({"p": [ranks]})))["q0"].cure == cure


def test_the_stage_its_rank_there_and_the_smallest_k_that_keeps_the_page():
    found = fates(among(300, record({"p": [(1, 1), (40, None), (7, 12), (None, None), (3, 2)]}, missing=[4])))
    assert [found[f"q{i}"].state for i in range(5)] == [FOUND, LOST, LOST, LOST, ABSENT]
    assert (found["q1"].stage, found["q1"].rank, found["q1"].keep) == ("rows", 40, 20)
    assert found["q1"].cure == "rows:40 > full:10"
    assert (found["q2"].stage, found["q2"].rank, found["q2"].cure) == ("full", 12, "rows:20 > full:12")
    assert (found["q3"].stage, found["q3"].rank, found["q3"].cure) == ("rows", None, "")
    assert [found[f"q{i}"].said for i in range(5)] == [
        "found at rank 1",
        "lost at rows:20: rank 40, 20 kept",
        "lost at full:10: rank 12, 10 kept",
        "lost at rows:20: not among the pages it ranked",
        "not in the collection",
    ]


@given(st.lists(st.tuples(RANKS, RANKS), min_size=1, max_size=12))
def test_every_page_has_one_fate_and_they_add_up_to_the_records_losses(ranks):
    made = among(300, record({"p": ranks}))
    lost = made.lost_at("p")
    found = fates(made).values()
    for stage in ("rows", "full"):
        assert sum(fate.stage == stage for fate in found) == lost[stage]
    assert sum(fate.state == FOUND for fate in found) == len(ranks) - sum(lost.values())
    for fate in found:
        if fate.state == LOST and fate.rank is not None:
            assert fate.rank > fate.keep
            assert f":{fate.rank}" in fate.cure
        if fate.state == FOUND:
            assert fate.final <= 10


@given(st.lists(st.tuples(RANKS, RANKS), min_size=1, max_size=12))
def test_failures_come_first_and_the_worst_of_them_first(ranks):
    order = [(not outcome.failed, outcome.value) for outcome in outcomes(record({"p": ranks}), "p")]
    assert order == sorted(order)


def test_a_question_that_was_refused_says_so():
    made = record({"p": [(1, 1)]})
    run = made.pipelines["p"]
    answers = {"q0": replace(run.answers["q0"], refused="Too long.", top=())}
    made = replace(made, pipelines={"p": replace(run, answers=answers)})
    (outcome,) = outcomes(made, "p")
    assert (outcome.refused, outcome.page_outcomes[0].state, outcome.failed) == ("Too long.", REFUSED, True)
    assert outcome.page_outcomes[0].said == "not searched"


def test_a_pipelines_pages_are_told_by_what_became_of_them():
    made = record({"p": [(1, 1), (40, None), (7, 12), (3, 2)]}, missing=[3])
    fates = MeasuredPipeline.of(made, "p").fates
    assert [(fate.name, fate.said, fate.count) for fate in fates] == [
        ("found", "found", 1),
        ("rows", "lost at rows:20", 1),
        ("full", "lost at full:10", 1),
        ("absent", "not in the collection", 1),
    ]


def test_a_result_says_where_it_stood_before_the_last_stage():
    said = [AnsweredPage.of(rank, RankedPage("a.pdf#page=1", 1.0, at)).said for rank, at in RANKED]
    assert said == ["rank 1 (was rows 1,024)", "rank 2", "rank 3"]


def test_a_ranking_made_elsewhere_has_no_cure_and_what_is_not_there_is_named():
    made = record({"p": [(40, None)]})
    elsewhere = replace(made.pipelines["p"], text="run theirs")
    assert fates(replace(made, pipelines={"p": elsewhere}))["q0"].cure == ""
    with pytest.raises(NotFoundError, match="it has p"):
        outcomes(made, "other")
    with pytest.raises(NotFoundError, match="it has nDCG@5, R@1"):
        outcomes(made, "p", "RR")
