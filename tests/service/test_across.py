"""Searching across collections, through the service: real PDFs, the reader and encoders a test can predict."""

from dataclasses import replace

import pytest

from tests.documents.make import TOPICS, write_pdf
from workbench import encoders
from workbench.analysis.comparison import cost
from workbench.errors import FilterError, NotFoundError, PipelineError, QueryError
from workbench.permits import Permit, permitted
from workbench.retrieval.across import merged, scale_of
from workbench.service import Workbench
from workbench.service.across import FILTERED, NO_PAGES, NO_WORDS
from workbench.settings import CollectionSettings, Settings
from workbench.types import PageRef, Query, ScoreKind
from workbench.types.across import CollectionAnswer

WORDS = "fake-words"


pytestmark = pytest.mark.usefixtures("fake_encoders")


@pytest.fixture(scope="module")
def bench(tmp_path_factory, fake_encoders):
    """Two collections of the reader's vectors, one of another encoder with a page of the first too, an empty one."""
    root = tmp_path_factory.mktemp("across")
    for name, pages in TOPICS.items():
        write_pdf(root / name, pages)
    made = Workbench(Settings(home=root / "home"))
    made.ingest([root / "whales.pdf"], "sea")
    made.ingest([root / "bread.pdf"], "kitchen")
    made.ingest([root / "stars.pdf", root / "whales.pdf"], "sky", CollectionSettings(encoder=WORDS))
    made.ingest([root / name for name in TOPICS], "all")
    made.library.create("empty")
    yield made
    made.close()


def pages(found):
    return [(hit.collection, str(hit.hit.ref)) for hit in found.hits]


def reasons(found):
    return {answer.collection: answer.reason for answer in found.answers if answer.reason}


def test_one_scale_is_in_order_of_score_as_in_one_collection(bench):
    found = bench.across.search("hot oven whale", ["sea", "kitchen"], "exact")
    assert (found.merge, found.complete, found.collections) == ("score", True, ("sea", "kitchen"))
    alone = bench.search("hot oven whale", "all", "exact", filter="document in ('whales.pdf', 'bread.pdf')")
    assert [ref for _, ref in pages(found)] == [str(hit.ref) for hit in alone.hits]
    assert [hit.score for hit in found.hits] == pytest.approx([hit.score for hit in alone.hits], abs=1e-4)
    assert found.statement == "In order of score: exact MaxSim of reader (pictures vectors) in sea, kitchen."


@pytest.mark.parametrize(
    "pipeline",
    ["exact", "two-stage", "fast", "hybrid", "accurate", "text", "rrf(bm25, full):10", "global:9 > rrf(rows, bm25):9",
     "sum[norm=minmax,weights=1/3](bm25, lift(rows)):9"],
)  # fmt: skip
@pytest.mark.parametrize("query", ["the largest animal", "page 2 about songs under water", "oven"])
def test_scores_told_anew_over_all_pages_of_one_collection_are_those_that_it_gave(bench, pipeline, query):
    """Whatever the stage: its hits dealt out to two collections and merged again are what they were."""
    alone = bench.search(query, "all", pipeline)
    scale = scale_of(alone, bench.opened.get("all"))
    dealt = [
        CollectionAnswer(name, 1.0, replace(alone, collection=name, hits=alone.hits[start::2]), scale)
        for start, name in enumerate(("a", "b"))
    ]
    hits, merge = merged(dealt, 100)
    assert (bool(scale), merge) == (True, "score")
    assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in alone.hits], abs=1e-4)
    told, own = ({hit.page_id: rank for rank, hit in enumerate(found)} for found in ([h.hit for h in hits], alone.hits))
    assert all(abs(told[page] - own[page]) <= 1 for page in own)  # equal scores may change places


@pytest.mark.parametrize(
    "pipeline", ["", "exact", "two-stage", "fast", "balanced", "hybrid", "text", "rrf(bm25, full)"]
)
@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("bake the loaf in a hot oven", ("kitchen", "bread.pdf#page=2")),
        ("the largest animal alive", ("sea", "whales.pdf#page=1")),
        ("songs on page 2", ("sea", "whales.pdf#page=2")),
    ],
)
def test_collections_of_very_different_pages_and_sizes_lead_with_what_answers(bench, pipeline, query, best):
    assert pages(bench.across.search(query, ["sea", "kitchen"], pipeline))[0] == best


@pytest.fixture(scope="module")
def dealt(tmp_path_factory, fake_encoders):
    """A workbench with ``all``, and beside it a collection of each of its documents."""
    root = tmp_path_factory.mktemp("dealt")
    files = {f"only {name}": write_pdf(root / name, pages) for name, pages in TOPICS.items()}
    made = Workbench(Settings(home=root / "home"))
    made.ingest([*files.values()], "all")
    for collection, file in files.items():
        made.ingest([file], collection)
    yield made
    made.close()


def parts(dealt):
    return [name for name in dealt.opened.names() if name != "all"]


def in_order(hits):
    """Scores and pages, best first; equal scores in order of page."""
    return sorted(((round(score, 4), str(ref)) for score, ref in hits), key=lambda one: (-one[0], one[1]))


@pytest.mark.parametrize(
    "query",
    ["the largest animal", "animal", "oven whale star", "larg*", "the", '"largest animal"', '"hot oven" "the"',
     "page 2 about songs under water", "songs oven -", "the of and"],
)  # fmt: skip
def test_by_words_several_collections_say_what_one_of_all_their_pages_says(dealt, query):
    found = dealt.across.search(query, parts(dealt), "lift(bm25)", k=100)
    alone = dealt.search(query, "all", "lift(bm25)", k=100)
    assert in_order((hit.score, hit.hit.ref) for hit in found.hits) == in_order(
        (hit.score, hit.ref) for hit in alone.hits
    )
    name = parts(dealt)[0]
    one = dealt.across.search(query, [name], "lift(bm25)", k=100)  # one alone weighs words as it always does
    by_itself = dealt.search(query, name, "lift(bm25)", k=100)
    assert [hit.score for hit in one.hits] == [hit.score for hit in by_itself.hits]


def test_words_that_vectors_are_weighed_by_are_counted_in_all_collections(dealt):
    found = dealt.across.search("the largest animal under water", parts(dealt), "full[weights=idf]", k=100)
    alone = dealt.search("the largest animal under water", "all", "full[weights=idf]", k=100)
    assert in_order((hit.score, hit.hit.ref) for hit in found.hits) == in_order(
        (hit.score, hit.ref) for hit in alone.hits
    )


@pytest.mark.parametrize("pipeline", ["prf(rows, full):3", "refine(global):3"])
def test_what_hangs_on_other_pages_compares_with_no_other_collection(bench, pipeline):
    found = bench.across.search("largest animal", ["sea", "kitchen"], pipeline)
    assert [answer.scale for answer in found.answers] == ["", ""]
    assert found.merge == "ranks"


def test_other_encoders_are_merged_by_rank_and_the_same_page_is_one_result(bench):
    found = bench.across.search("largest animal alive.", ["sea", "sky"], "exact")
    assert found.merge == "ranks"
    first = found.hits[0]
    assert (first.collection, str(first.hit.ref), first.also) == ("sea", "whales.pdf#page=1", ("sky",))
    assert first.score == pytest.approx(2 / 61)
    assert len({hit.hit.page_id for hit in found.hits}) == len(found.hits) == 4
    assert "fake-words" in found.statement and "reader" in found.statement and "do not compare" in found.statement


def test_each_collection_says_what_its_own_search_says(bench):
    found = bench.across.search("largest animal", ["sea", "sky"], "rows:3 > full:2", k=2)
    for answer in found.answers:
        alone = bench.search("largest animal", answer.collection, "rows:3 > full:2", 2)
        assert [(hit.ref, hit.score) for hit in answer.result.hits] == [(hit.ref, hit.score) for hit in alone.hits]
        assert answer.ms > 0
    assert len(found.hits) == 2


def test_without_a_pipeline_each_collection_is_searched_by_what_is_best_for_it(bench):
    found = bench.across.search("largest animal")
    told = {answer.collection: answer.result and answer.result.pipeline for answer in found.answers}
    assert told["sea"] == bench.searches.read_pipeline("", "sea").pipeline
    assert told["empty"] is None


def test_what_cannot_answer_says_why_and_fails_no_other(bench, monkeypatch):
    found = bench.across.search("whale", ["nowhere", "empty", "sea", "sky"], f"rows@{WORDS}:5 > full:3")
    assert {hit.collection for hit in found.hits} == {"sky"}
    said = reasons(found)
    assert said["nowhere"].startswith("There is no collection 'nowhere'")
    assert said["empty"] == NO_PAGES
    assert f"no vectors of encoder '{WORDS}'" in said["sea"]
    encoders.unload(WORDS)
    monkeypatch.delitem(encoders.ENCODERS, WORDS)
    bench.models._queries._known.clear()
    without = bench.across.search("whale", ["sky", "sea"])
    assert {hit.collection for hit in without.hits} == {"sea"}
    assert WORDS in reasons(without)["sky"]


def test_where_none_can_answer_it_is_an_error(bench):
    with pytest.raises(NotFoundError, match="no collection 'nowhere'"):
        bench.across.search("whale", ["nowhere"])
    with pytest.raises(QueryError, match=r"None of these .* nowhere: There is no .* never: There is no"):
        bench.across.search("whale", ["nowhere", "never"])
    assert reasons(bench.across.search("whale", ["empty"])) == {"empty": NO_PAGES}


@pytest.mark.parametrize(
    ("error", "said", "asked"),
    [
        (QueryError, "empty", {"query": "  "}),
        (QueryError, "one collection", {"query": Query.of("whale").region(PageRef("whales.pdf", 1), (0, 0, 1, 1))}),
        (QueryError, "one collection", {"query": Query.of("whale").marking([PageRef("whales.pdf", 1)], [])}),
        (PipelineError, "Unknown stage", {"pipeline": "ful:2"}),
        (FilterError, "Unknown field", {"filter": "pages > 3"}),
    ],
)
def test_what_is_wrong_with_the_question_is_refused_before_anything_is_searched(bench, monkeypatch, error, said, asked):
    monkeypatch.setattr(bench.searches, "stages", lambda *_: pytest.fail("searched"))
    with pytest.raises(error, match=said):
        bench.across.search(**{"query": "whale", **asked})


def test_filters_quarantine_and_permits_hold_in_each(bench):
    only = bench.across.search("whale", ["sea", "kitchen"], filter="document = 'whales.pdf' and page = 2")
    assert pages(only) == [("sea", "whales.pdf#page=2")]
    assert reasons(only) == {"kitchen": FILTERED}
    bench.maintenance.quarantine("sea", PageRef("whales.pdf", 1), "for a test")
    try:
        kept_out = bench.across.search("largest animal", ["sea", "sky"], "exact")
        assert ("sea", "whales.pdf#page=1") not in pages(kept_out)
        assert ("sky", "whales.pdf#page=1") in pages(kept_out)
        assert all("sea" not in hit.also for hit in kept_out.hits if str(hit.hit.ref) == "whales.pdf#page=1")
    finally:
        bench.maintenance.release("sea", PageRef("whales.pdf", 1))
    with permitted(Permit(collections=frozenset({"kitchen"}))):
        assert bench.across.search("whale").collections == ("kitchen",)
        hidden = bench.across.search("whale", ["kitchen", "sea"])
        assert {hit.collection for hit in hidden.hits} == {"kitchen"}
        assert reasons(hidden)["sea"] == "There is no collection 'sea' (there are: kitchen)."


def test_a_collection_without_words_says_so_to_a_search_by_words(bench, tmp_path):
    from PIL import Image

    Image.new("RGB", (200, 200), "navy").save(tmp_path / "blue.png")
    made = Workbench(Settings(home=tmp_path / "home"))
    made.ingest([tmp_path / "blue.png"], "pictures")
    made.ingest([bench.settings.home.parent / "bread.pdf"], "kitchen")
    found = made.across.search("oven", pipeline="text")
    assert reasons(found) == {"pictures": NO_WORDS}
    assert pages(found) == [("kitchen", "bread.pdf#page=2")]
    made.close()


def test_it_answers_collection_by_collection_and_stops_when_nobody_listens(bench):
    stages = bench.across.stages("whale", ["sea", "kitchen", "sky"], "exact")
    first = next(stages)
    assert (first.complete, len(first.answers), {hit.collection for hit in first.hits}) == (False, 1, {"sea"})
    stages.close()
    every = list(bench.across.stages("whale", ["sea", "kitchen", "sky"], "exact"))
    assert [one.complete for one in every] == [False, False, True]
    assert {hit.hit.score_kind for hit in every[-1].hits} == {ScoreKind.EXACT}


def test_two_pipelines_are_compared_over_the_lists_of_several_collections(bench):
    found = bench.comparisons.compare_across("hot oven whale", ["sea", "kitchen", "empty"], "exact", "bm25:10")
    lists = [bench.across.search("hot oven whale", ["sea", "kitchen"], pipeline) for pipeline in ("exact", "bm25:10")]
    assert [pages(side) for side in (found.a, found.b)] == [pages(one) for one in lists]
    for move in found.moves:
        at = move.collection, str(move.ref)
        ranks = tuple(pages(one).index(at) + 1 if at in pages(one) else None for one in lists)
        assert (move.rank_a, move.rank_b) == ranks
    searched = [answer.result for answer in found.a.answers if answer.result]
    assert len(searched) == 2
    assert cost(found.a).bytes_read == sum(cost(result).bytes_read for result in searched) > 0
    with pytest.raises(PipelineError, match="ful"):
        bench.comparisons.compare_across("whale", ["sea"], "exact", "ful:2")
    recommended = bench.comparisons.compare_across("whale", ["sea", "kitchen"], "", "exact").a
    assert pages(recommended) == pages(bench.across.search("whale", ["sea", "kitchen"]))


def test_pages_of_two_collections_are_taken_apart_by_an_encoder_of_both(bench):
    refs = PageRef("whales.pdf", 1), PageRef("bread.pdf", 2)
    told = bench.explanations.contrast("hot oven whale", refs, ("sea", "kitchen"))
    alone = bench.explanations.contrast("hot oven whale", refs, ("all", "all"))
    assert (told.score_a, told.score_b) == pytest.approx((alone.score_a, alone.score_b), abs=1e-4)
    with pytest.raises(NotFoundError, match="sky"):
        bench.explanations.contrast("whale", (refs[0], PageRef("stars.pdf", 1)), ("sea", "sky"), "reader")
