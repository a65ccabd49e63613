"""Lists of several collections made one: against a plain reference, and what must hold of any such list."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.retrieval.across import merged, statement
from workbench.types import Hit, PageRef, ScoreKind, SearchResult, StageScore, Trace
from workbench.types.across import CollectionAnswer

SETTINGS = settings(max_examples=200, deadline=None)
RRF_K = 60


def answer(name, scale, pages, reason=""):
    """An answer of a collection; ``pages`` are (page id, score or None), best first."""
    kind = ScoreKind.EXACT if scale else ScoreKind.APPROXIMATE
    hits = tuple(
        Hit(
            page, PageRef(f"{page}.pdf", 1), rank, score or 0.0, kind,
            (StageScore("full", rank, score or 0.0, kind, score is not None),),
        )
        for rank, (page, score) in enumerate(pages, 1)
    )  # fmt: skip
    result = SearchResult("q", name, "reader", "full:10", hits, Trace(()))
    return CollectionAnswer(name, 1.0, result, scale, reason)


def told(answers, k=1000):
    hits, merge = merged(answers, k)
    return [(hit.collection, hit.hit.page_id) for hit in hits], merge


def reference(answers, k):
    """The same said plainly: lists of one scale sorted together, then a vote of 1 / (60 + rank) from every list."""
    lists = {}
    for number, one in enumerate(answers):
        for hit in one.result.hits:
            lists.setdefault(one.scale or number, []).append((one.collection, hit))
    votes, places = {}, {}
    for number, entries in enumerate(lists.values()):
        scored = sorted((e for e in entries if e[1].scored), key=lambda e: -e[1].score)
        after = [e for e in entries if not e[1].scored]
        seen = []
        for collection, hit in scored + after:
            if hit.page_id in seen:
                continue
            seen.append(hit.page_id)
            if hit.scored:
                vote = Fraction(1, RRF_K + len(seen)) if len(lists) > 1 else Fraction(hit.score)
                votes[hit.page_id] = votes.get(hit.page_id, 0) + vote
            place = (not hit.scored, len(seen), number, collection)
            places[hit.page_id] = min(places.get(hit.page_id, place), place)
    first = sorted(votes, key=lambda page: (-votes[page], places[page]))
    last = sorted((page for page in places if page not in votes), key=lambda page: places[page])
    return [(places[page][3], page) for page in (first + last)[:k]]


@st.composite
def several(draw):
    found = []
    for name in "abcde"[: draw(st.integers(1, 5))]:
        pages = draw(st.lists(st.sampled_from("pqrstuvwxyz"), unique=True, max_size=8))
        scores = sorted((draw(st.none() | st.integers(-4, 9)) for _ in pages), key=lambda s: (s is None, -(s or 0)))
        found.append(answer(name, draw(st.sampled_from(["", "", "one", "two"])), list(zip(pages, scores, strict=True))))
    return found


@SETTINGS
@given(several(), st.integers(1, 12))
def test_the_merged_list_is_that_of_a_plain_reference(answers, k):
    assert told(answers, k)[0] == reference(answers, k)


@SETTINGS
@given(several())
def test_every_page_is_named_once_with_all_collections_that_found_it(answers):
    hits, _ = merged(answers, 1000)
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    found = {}
    for one in answers:
        for hit in one.result.hits:
            found.setdefault(hit.page_id, set()).add(one.collection)
    assert {hit.hit.page_id: {hit.collection, *hit.also} for hit in hits} == found
    assert all(hit.collection not in hit.also for hit in hits)


@SETTINGS
@given(several(), st.integers(-30, 30), st.integers(1, 9))
def test_scores_of_another_scale_count_by_their_order_alone(answers, shift, factor):
    """What one encoder's scores are like moves nothing: no list is favoured since its numbers are larger."""
    if sum(bool(one.result.hits) for one in answers) < 2:
        return
    apart = [answer(one.collection, f"scale {i}", pages_of(one)) for i, one in enumerate(answers)]
    other = [
        answer(one.collection, f"scale {i}", pages_of(one, factor, shift) if i == 0 else pages_of(one))
        for i, one in enumerate(answers)
    ]
    assert told(apart) == told(other)


def pages_of(one, factor=1, shift=0):
    return [(hit.page_id, factor * hit.score + shift if hit.scored else None) for hit in one.result.hits]


@SETTINGS
@given(several())
def test_lists_of_one_scale_are_what_one_collection_of_all_pages_would_say(answers):
    alike = [answer(one.collection, "one", pages_of(one)) for one in answers]
    hits, merge = merged(alike, 1000)
    best = {}
    for one in alike:
        for page, score in pages_of(one):
            if score is not None:
                best[page] = max(best.get(page, score), score)
    assert merge == "score"
    assert [hit.score for hit in hits if hit.hit.scored] == sorted(best.values(), reverse=True)


def test_by_hand():
    mixed = [
        answer("a", "maxsim", [("p", 9.0), ("q", 1.0)]),
        answer("b", "maxsim", [("r", 5.0)]),
        answer("c", "other", [("s", 0.2), ("p", 0.1)]),
    ]
    hits, merge = merged(mixed, 2)
    assert merge == "ranks"
    assert [(hit.collection, hit.hit.page_id, hit.also) for hit in hits] == [("a", "p", ("c",)), ("c", "s", ())]
    assert [hit.score for hit in hits] == [round_(1 / 61 + 1 / 62), round_(1 / 61)]
    by_score, merge = merged(mixed[:2], 3)
    assert merge == "score"
    assert [(hit.hit.page_id, hit.score, hit.hit.rank) for hit in by_score] == [("p", 9, 1), ("r", 5, 1), ("q", 1, 2)]


def round_(value):
    import numpy as np

    return float(np.float32(value))


def test_what_the_order_goes_by_is_said():
    one, two = answer("a", "exact MaxSim of x", [("p", 1.0)]), answer("b", "exact MaxSim of x", [("q", 2.0)])
    own = answer("c", "", [("r", 3.0)])
    nothing = answer("d", "", [])
    assert statement([one, two, nothing]) == "In order of score: exact MaxSim of x in a, b."
    said = statement([one, two, own])
    assert said.startswith("Fused by rank (reciprocal rank fusion, k = 60)")
    assert said.endswith(": exact MaxSim of x in a, b; scores of its own in c.")
    assert statement([nothing]) == ""
