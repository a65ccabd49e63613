"""Pipelines over several encoders of one collection, against plain arithmetic; the store's part is played by arrays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.retrieval.arrays import Arrays, Models, collection, unit
from workbench.errors import PipelineError
from workbench.pooling import pool
from workbench.retrieval import Encoded, search_stages
from workbench.retrieval.pipeline import Pipeline
from workbench.types import QueryEmbedding, ScoreKind


def mixed(seed, pages, missing=()):
    """Two encoders over the same pages; ``clip.v-2`` has no vectors of those numbered in ``missing``."""
    both, other = collection(seed, pages), collection(seed + 7_919, pages)
    there = {page: held for page, held in other.pages.items() if int(page[1:]) not in missing}
    second = Arrays(there, {})
    second.encoder, second.primary = "clip.v-2", False
    both.others["clip.v-2"] = second
    return both


def queries(seed):
    made = {}
    for n, encoder in enumerate(("random", "clip.v-2")):
        rng = np.random.default_rng([seed, n])
        made[encoder] = QueryEmbedding("q", unit(rng, 3), tuple("abc"), rng.uniform(0.2, 1, 3).astype(np.float32), "t")
    return made


def run(arrays, text, seed, where=None):
    made = queries(seed)
    pipeline = Pipeline.parse(text)
    *_, last = search_stages(arrays, "q", pipeline, Models(lambda encoder, _: Encoded(made[encoder])), where)
    return last


def scores(arrays, encoder, index, seed):
    """MaxSim as its definition, page by page."""
    query = queries(seed)[encoder]
    found = {}
    for page, (_, embedding) in arrays.space(encoder).pages.items():
        vectors = embedding.vectors if index == "full" else pool(embedding, index).vectors
        found[page] = float((query.weights * (query.vectors @ vectors.T).max(axis=1)).sum())
    return found


def ranked(found, candidates=None):
    return sorted((p for p in found if candidates is None or p in candidates), key=lambda page: -found[page])


def order(result):
    return [hit.page_id for hit in result.hits]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(1, 30))
def test_one_encoder_prefetches_for_another(seed, pages, keep):
    arrays = mixed(seed, pages)
    result = run(arrays, f"rows@clip.v-2:{keep} > full:{min(keep, 5)}", seed)
    kept = set(ranked(scores(arrays, "clip.v-2", "rows", seed))[:keep])
    exact = scores(arrays, "random", "full", seed)
    assert order(result) == ranked(exact, kept)[: min(keep, 5)]
    assert [hit.score for hit in result.hits] == pytest.approx([exact[page] for page in order(result)], abs=1e-4)
    assert {hit.score_kind for hit in result.hits} == {ScoreKind.EXACT}
    assert result.encoder == "random"
    assert result.notes == ()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 30), st.sets(st.integers(0, 29)))
def test_a_page_without_vectors_ranks_after_those_with(seed, pages, missing):
    missing &= set(range(pages))
    arrays = mixed(seed, pages, missing)
    if len(missing) == pages:
        with pytest.raises(PipelineError, match="has no page's vectors yet; run: pagelens collections embed"):
            run(arrays, "full@clip.v-2:5", seed)
        return
    result = run(arrays, f"rows:{pages} > full@clip.v-2:{pages}", seed)
    exact = scores(arrays, "clip.v-2", "full", seed)
    before = ranked(scores(arrays, "random", "rows", seed))
    lacking = [page for page in before if int(page[1:]) in missing]
    assert order(result) == ranked(exact) + lacking
    assert [hit.scored for hit in result.hits] == [True] * len(exact) + [False] * len(lacking)
    assert {hit.score for hit in result.hits if not hit.scored} <= {0.0}
    assert [stage.rank for stage in (hit.stages[-1] for hit in result.hits)] == list(range(1, pages + 1))
    held = f"'clip.v-2' has vectors of {pages - len(missing)} of {pages} pages"
    assert result.notes == ((f"{held}; the others come last in its stages.",) if missing else ())


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 30),
    st.sets(st.integers(1, 29)),
    st.sampled_from(
        [
            "global@clip.v-2:K > full:10",
            "rows@clip.v-2:K > rows:K > full:10",
            "rrf(bm25, rows@clip.v-2):K > full:10",
            "sum(rows, full@clip.v-2):K > full:10",
            "rows:K > rrf(rows@clip.v-2, conv):K > full:10",
        ]
    ),
)
def test_stages_of_any_encoder_that_keep_everything_equal_exact(seed, pages, missing, text):
    arrays = mixed(seed, pages, missing)
    exact = run(arrays, "full:10", seed)
    staged = run(arrays, text.replace("K", str(max(pages, 10))), seed)
    assert order(staged) == order(exact)
    assert [hit.score for hit in staged.hits] == pytest.approx([hit.score for hit in exact.hits], abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 25), st.sets(st.integers(1, 24), max_size=12))
def test_fusions_are_their_formulas(seed, pages, missing):
    arrays = mixed(seed, pages, missing)
    first, second = (scores(arrays, e, "full", seed) for e in ("random", "clip.v-2"))
    totals = dict.fromkeys(first, 0.0)
    for found, weight in ((first, 1), (second, 2)):
        for rank, page in enumerate(ranked(found), 1):
            totals[page] += weight / (60 + rank)
    fused = run(arrays, f"rrf[weights=1/2](full, full@clip.v-2):{pages}", seed)
    assert {hit.page_id: hit.score for hit in fused.hits} == pytest.approx(totals, abs=1e-6)

    def z(found):
        column = np.array(list(found.values()))
        normal = (column - column.mean()) / column.std() if column.std() > 1e-12 else np.zeros(len(column))
        return dict(zip(found, normal, strict=True))

    a, b = z(first), z(second)
    worst = min(b.values(), default=0.0)
    summed = run(arrays, f"sum(full, full@clip.v-2):{pages}", seed)
    expected = {page: a[page] + b.get(page, min(worst, 0.0)) for page in a}
    assert {hit.page_id: hit.score for hit in summed.hits} == pytest.approx(expected, abs=1e-3)


def test_the_query_is_encoded_once_by_each_encoder_that_is_used():
    arrays, made, asked = mixed(3, 20), queries(3), []

    def encode(encoder, text):
        asked.append(encoder)
        return Encoded(made[encoder])

    text = "rrf(rows, rows@clip.v-2, conv@random):9 > full@clip.v-2:5"
    *_, result = search_stages(arrays, "q", Pipeline.parse(text), Models(encode))
    assert asked == ["random", "clip.v-2"]
    names = [stage.name for stage in result.trace.stages]
    assert names == ["encode@random", "encode@clip.v-2", "rrf", "full@clip.v-2", "results"]
    assert [stage.encoding for stage in result.trace.stages] == [True, True, False, False, False]
    assert result.trace.total_ms == pytest.approx(sum(stage.ms for stage in result.trace.stages))
    assert result.encoder == "clip.v-2"
    assert set(result.hits[0].stages[0].name for _ in result.hits) <= {"rows", "rows@clip.v-2", "conv@random"}
    *_, single = search_stages(arrays, "q", Pipeline.parse("rows@random:9 > full"), Models(encode))
    assert [stage.name for stage in single.trace.stages] == ["encode", "rows@random", "full", "results"]


@pytest.mark.parametrize("text", ["full@clip.v-2:10", "rows:4 > full@clip.v-2:4", "sum(bm25, full@clip.v-2)"])
def test_a_filter_holds_for_pages_without_vectors_too(text):
    result = run(mixed(11, 30, {1, 4, 7, 8}), text, 11, where="d1.pdf")
    assert {hit.ref.document for hit in result.hits} == {"d1.pdf"}


def test_what_is_missing_is_said_with_its_place():
    arrays = mixed(1, 3)
    arrays.others["clip.v-2"].indexes = ("global", "full")
    for text, position, says in [
        ("rows:5 > full@clop", 9, "no vectors of encoder 'clop'; it has those of random, clip.v-2"),
        ("rrf(bm25, rows@clip.v-2):5", 10, "Collection 'arrays'|'clip.v-2' has no 'rows' index; it has global, full"),
    ]:
        with pytest.raises(PipelineError, match=says) as caught:
            run(arrays, text, 1)
        assert caught.value.position == position
    arrays.others["clip.v-2"].info.kind = "page"
    with pytest.raises(PipelineError, match=r"'clip\.v-2' gives one vector a page, so it has no 'rows' index"):
        run(arrays, "rows@clip.v-2", 1)
