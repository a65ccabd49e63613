"""What every stage promises, over all there are: a stage that is added is held to this without a line more."""

import numpy as np
import pytest

from tests.retrieval.arrays import collection, encoder, order, run
from tests.retrieval.test_several_encoders import mixed
from tests.retrieval.test_several_encoders import run as run_mixed
from workbench.retrieval import STAGES
from workbench.retrieval.pipeline import Pipeline
from workbench.retrieval.step import Stage, register, registered
from workbench.types import Query, TextPart

VECTORS = [name for name, stage in STAGES.items() if stage.vectors]
SHOWN = [name for name, stage in STAGES.items() if not stage.looks]
"""But those that compare pictures, of which there are none here: see tests/service/test_alike.py."""
PAGES = 24


def text(name, k):
    stage = STAGES[name]
    if stage.reranks:
        return f"rows:{max(k, PAGES)} > {name}[model=numbers]:{k}"
    return f"{name}({', '.join(stage.example)}):{k}" if stage.fusion else f"{name}:{k}"


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("before", ["", "rows:9 > "])
@pytest.mark.parametrize("where", [None, "d1.pdf"])
def test_it_keeps_its_k_and_the_filter_and_the_order(name, before, where):
    arrays = collection(3, PAGES)
    for k in (1, 5, 100):
        k = min(k, 9) if before else k
        stage = text(name, k)
        result = run(arrays, before + (stage.split(" > ")[-1] if before else stage), 3, where)
        hits = result.hits
        assert len(hits) <= k
        assert len({hit.page_id for hit in hits}) == len(hits)
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
        assert all(where is None or hit.ref.document == where for hit in hits)
        scored = [hit for hit in hits if hit.scored]
        assert hits[: len(scored)] == tuple(scored)
        keys = [(-hit.score, hit.ref.document, hit.ref.page) for hit in scored]
        assert keys == sorted(keys)
        assert all(np.isfinite(hit.score) for hit in hits)
        kind = "model" if STAGES[name].reranks else "exact" if name == "full" else "approximate"
        assert all(hit.score_kind == kind for hit in hits)
        if before:
            assert set(order(result)) <= set(order(run(arrays, "rows:9", 3, where)))
        elif name != "bm25" and not name.startswith("xtr"):
            assert len(hits) == min(k, sum(where is None or ref.document == where for ref, _ in arrays.pages.values()))


@pytest.mark.parametrize("name", SHOWN)
def test_fewer_are_the_first_of_more_unless_it_says_that_depth_matters(name):
    arrays = collection(7, PAGES)
    if Pipeline.parse(text(name, 3)).steps[-1].depends_on_depth:
        return
    assert order(run(arrays, text(name, 4), 7)) == order(run(arrays, text(name, 9), 7))[:4]


@pytest.mark.parametrize("name", SHOWN)
def test_the_order_of_insertion_and_repetition_do_not_matter(name):
    plain, shuffled = collection(5, PAGES), collection(5, PAGES, shuffle=1)
    first = run(plain, text(name, 10), 5)
    assert [(hit.page_id, hit.score) for hit in run(plain, text(name, 10), 5).hits] == [
        (hit.page_id, hit.score) for hit in first.hits
    ]
    if name != "xtr":  # whose cells are fitted on the vectors in the order they lie in
        assert order(run(shuffled, text(name, 10), 5)) == order(first)


@pytest.mark.parametrize("name", SHOWN)
def test_equal_pages_go_by_page_ref(name):
    arrays = collection(4, PAGES)
    for page in ("p2", "p9", "p10"):
        arrays.pages[page] = (arrays.pages[page][0], arrays.pages["p7"][1])
        arrays.lexical[page] = arrays.lexical["p7"] = 3.0
    stage = text(name, PAGES).replace("rrf(bm25, rows)", "sum(bm25, rows)")  # ranks part what is equal
    if name == "rrf":
        return
    twins = [hit.ref for hit in run(arrays, stage, 4).hits if hit.page_id in ("p2", "p7", "p9", "p10")]
    assert twins == sorted(twins, key=lambda ref: (ref.document, ref.page))


@pytest.mark.parametrize("name", SHOWN)
def test_its_trace_and_its_scores_are_told(name):
    result = run(collection(9, PAGES), text(name, 6), 9)
    trace = {stage.name: stage for stage in result.trace.stages}
    told = trace[name]
    assert (told.candidates_in, told.candidates_out) == (PAGES, len(result.hits))
    assert told.scored > 0
    assert told.ms >= told.kernel_ms >= 0
    vectors = any(leaf.stage.vectors for leaf in Pipeline.parse(text(name, 6)).steps[-1].leaves())
    assert (told.vectors_compared > 0, told.bytes_read > 0) == (vectors, vectors)
    for hit in result.hits:
        assert hit.stages[-1].name == name
        assert (hit.stages[-1].rank, hit.stages[-1].score) == (hit.rank, hit.score)


@pytest.mark.parametrize("name", SHOWN)
def test_an_empty_collection_an_empty_filter_and_a_query_without_words(name):
    assert run(collection(1, 0), text(name, 5), 1).hits == ()
    assert run(collection(1, 9), text(name, 5), 1, where="nowhere.pdf").hits == ()
    hits = run(collection(1, 9), text(name, 5), 1, text=Query((TextPart("q", 1.0),)).with_words({})).hits
    silent = run(collection(1, 9), text(name, 5), 1, text=Query.of("")).hits
    assert len(silent) <= len(hits)


@pytest.mark.parametrize("name", SHOWN)
def test_pages_without_vectors_come_last_and_unscored(name):
    if name == "bm25" or name == "xtr":
        return
    arrays = mixed(11, 20, missing={1, 4, 7})
    stage = text(name, 20)
    if name in VECTORS:
        stage = f"{name}@clip.v-2:20"
    else:
        for index in ("global", "rows", "full"):
            stage = stage.replace(index, f"{index}@clip.v-2")
    hits = run_mixed(arrays, stage, 11).hits
    assert len(hits) == 20
    lacking = [hit for hit in hits if hit.page_id in ("p1", "p4", "p7")]
    if name in VECTORS:
        assert list(hits[-3:]) == lacking
        assert [(hit.scored, hit.score) for hit in lacking] == [(False, 0.0)] * 3
    assert all(np.isfinite(hit.score) for hit in hits)


@pytest.mark.parametrize("name", SHOWN)
def test_damaged_vectors_never_become_a_score(name):
    arrays, damaged = collection(11, 12), []
    for leaf in Pipeline.parse(text(name, 12)).vector_leaves():
        held = arrays.vectors(leaf.index)
        if held.flat.dtype.kind == "f":  # other encodings have no number that is none
            held.flat[held.starts[held.page_ids.index("p4")]] = np.nan
            held.flat[held.starts[held.page_ids.index("p5")]] = np.inf
            damaged = ["p4", "p5"]
    result = run(arrays, text(name, 12), 11)
    assert all(np.isfinite(stage.score) for hit in result.hits for stage in hit.stages)
    assert all(np.isfinite(hit.score) for hit in result.hits)
    if name in VECTORS:
        assert sorted(hit.page_id for hit in result.hits if not hit.scored) == damaged
        assert result.trace.stages[-2].scored == 12 - len(damaged)
        assert any("2 pages have no score" in note and "damaged" in note for note in result.notes) == bool(damaged)
    pruned = run(arrays, "full[prune=safe]:12", 11)
    assert all(np.isfinite(hit.score) for hit in pruned.hits)
    assert order(run(arrays, "full[prune=safe]:5", 11)) == order(run(arrays, "full:5", 11))


def test_a_query_that_is_no_number_is_refused():
    from workbench.errors import QueryError

    arrays, made = collection(1, 5), encoder(1)
    embedding = made("random", "q").embedding
    embedding.vectors[0] = np.nan
    with pytest.raises(QueryError, match="no numbers"):
        run(arrays, "full:3", 1, encode=made)


def test_stages_say_what_they_are():
    kinds = [(stage.experimental, stage.fusion, not stage.vectors) for stage in STAGES.values()]
    assert kinds == sorted(kinds), "vectors first, then words, then those that take others, experimental ones last"
    for name, stage in STAGES.items():
        assert stage.name == name and stage.summary and stage.cost
    experimental = {name for name, stage in STAGES.items() if stage.experimental}
    assert experimental == {"prf", "refine", "xtr"}
    assert {key for key, option in STAGES["full"].options.items() if option.experimental} == {"prune", "alpha", "exit"}
    with pytest.raises(ValueError, match="two stages 'rrf'"):
        register(STAGES["rrf"])


def test_a_stage_is_one_module(monkeypatch):
    """A stage that is registered can be written, checked and run, and is told with the others."""
    from workbench.retrieval import step as steps
    from workbench.retrieval.ordering import Scored

    def backwards(run, step, candidates, k):
        rows = run.pages if candidates is None else candidates.rows
        return Scored(rows, rows.astype(np.float32))

    monkeypatch.setattr(steps, "_STAGES", dict(steps._STAGES))
    register(Stage(name="last", run=backwards, summary="the last pages first", cost="nothing"))
    monkeypatch.setattr("workbench.retrieval.grammar.STAGES", registered())
    arrays = collection(2, 9)
    ordered = sorted(arrays.pages, key=lambda page: (arrays.pages[page][0].document, arrays.pages[page][0].page))
    assert order(run(arrays, "rows:9 > last:4", 2)) == ordered[:4:-1]
