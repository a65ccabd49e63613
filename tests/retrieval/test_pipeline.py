import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import PipelineError
from workbench.retrieval.pipeline import PRESET_REASONS, PRESETS, STAGES, Pipeline, Step

SAME = [
    "full:10",
    "rows:256 > full:10",
    "global:1000 > rows:300 > full:10",
    "rrf(bm25, rows):256 > full:10",
    "rows[query=mean]:256 > full:10",
    "rrf[k=20,weights=1/2](bm25:100, rows[engine=lance]):256 > sum[norm=minmax](bm25, full):10",
    "sum(bm25, rrf(rows, conv)):5",
    "full",
    "global@clip-vit-b-32:256 > full@colqwen2.5-v0.2:10",
    "rrf[weights=1/2/3](rows@reader, full@own.model_1[query=mean]:50, bm25):10 > full",
    "full@tiny/one[engine=lance]:7",
    "rows[weights=idf]:50 > full[alpha=0.1,exit=4,prune=gap,top=9,weights=stop]:10",
    "rrf(bm25, prf[beta=0.3,depth=5](rrf(bm25, global), global)):100 > full:10",
    "refine[neighbours=3](prf[kind=average](rows@clip)):50 > full[prune=safe]:10",
    "xtr[probes=0,tokens=500](full[weights=idf]):50 > full:10",
]


@pytest.mark.parametrize("text", SAME)
def test_text_form_survives_a_round_trip(text):
    assert str(Pipeline.parse(text)) == text


@pytest.mark.parametrize(("name", "text"), PRESETS.items())
def test_presets_parse_by_name(name, text):
    assert Pipeline.parse(name) == Pipeline.parse(text)


def test_every_preset_has_its_reason():
    assert PRESETS.keys() == PRESET_REASONS.keys()
    assert len(PRESETS) <= 8
    assert len(set(PRESETS.values())) == len(PRESETS)
    assert all(PRESET_REASONS.values())


def test_keeping_more_may_change_what_comes_first():
    depends = {text: Pipeline.parse(text).steps[-1].depends_on_depth for text in (
        "rows > full[exit=4]", "rows > full[prune=gap]", "rrf(bm25, rows)", "sum(bm25, rrf(bm25, rows))",
        "rrf(bm25:9, rows:9)", "full[prune=safe]", "prf(rows)", "xtr(full)", "full[weights=idf]",
    )}  # fmt: skip
    assert list(depends.values()) == [True] * 4 + [False] * 5


def test_spaces_do_not_matter_and_exact_means_full():
    assert Pipeline.parse(" rows : 256>exact:10 ") == Pipeline.parse("rows:256 > full:10")


def test_an_unstated_prefetch_gets_the_default_and_the_last_step_stays_open():
    first, last = Pipeline.parse("rows > full").steps
    assert (first.k, last.k) == (256, None)
    assert Pipeline.parse("rows > full").k == 10
    assert str(Pipeline.parse("rows:50 > full:10").returning(3)) == "rows:50 > full:3"


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 0, "empty"),
        ("rowz:10", 0, "Did you mean 'rows'"),
        ("rows:256 > ful:10", 11, "Unknown stage 'ful' at character 12"),
        ("rows:0", 5, "number of pages"),
        ("rows:x", 5, "number of pages"),
        ("rows:999999999", 5, "number of pages"),
        ("rows:10 full:5", 8, "expected '>'"),
        ("rows:10 >", 9, "text ends"),
        ("rows[query=median]:10", 11, "one of tokens, mean"),
        ("rows[speed=9]:10", 5, "no option 'speed'"),
        ("rows[query=mean:10", 15, "',' or ']'"),
        ("rows(bm25):10", 0, "takes no list"),
        ("rrf(bm25):10", 0, "two stages or more"),
        ("rrf:10", 0, "two stages or more"),
        ("rrf[weights=1/2/3](bm25, rows):10", 0, "2 stages but 3 weights"),
        ("rrf(bm25, rows:10", 17, "',' or ')'"),
        ("rows:10 > full:20", 14, "cannot keep more pages"),
        ("bm25[k=2]:10", 5, "no option 'k'"),
        ("<script>", 0, "stage name"),
        ("rows@:10", 5, "the id of an encoder"),
        ("rows@", 5, "the id of an encoder"),
        ("bm25@clip:10", 4, "reads words, not vectors"),
        ("rrf@clip(bm25, rows)", 3, "behind theirs"),
        ("rows@clip(bm25)", 0, "takes no list"),
        ("full[weights=tfidf]", 13, "weights is one of none, idf, stop"),
        ("full[top=some]", 9, "top is a whole number"),
        ("full[top=1.5]", 9, "top is a whole number"),
        ("prf[depth=3,beta=101](full)", 17, "beta is a number from 0 to 100"),
        ("refine[mix=2](global)", 11, "mix is a number from 0 to 1"),
        ("full[exit=4]:10", 0, "write them in a later step, as in rows:256 > full[exit=4]:10"),
        ("rrf(full[prune=gap], bm25)", 4, "or use prune=safe"),
        ("rows > sum(full[exit=1], bm25)", 11, "go by the order of the stage before"),
        ("rows > full[alpha=1]", 7, "alpha belongs to prune=relative or prune=gap"),
        ("rows > full[exit=1,prune=safe]", 7, "leave one of them out"),
        ("rows > full[engine=lance,prune=safe]", 7, "leave engine=lance out, or the pruning"),
        ("rows > binary[prune=safe]", 7, "use prune=gap, or leave dtype and dims out"),
        ("prf:10", 0, "'prf' needs a stage, as in prf(rrf(bm25, rows), rows)"),
        ("prf(rows, rows, full)", 0, "takes 2 stages at most, not 3"),
        ("prf(rows, bm25)", 0, "which 'bm25' does not compare itself; write prf(rrf(bm25, rows), rows)"),
        ("prf(rrf(bm25, rows))", 0, "'prf' goes by vectors"),
        ("prf[kind=average,beta=1](rows)", 0, "leave alpha and beta out"),
        ("refine(bm25)", 0, "'refine' goes by vectors"),
        ("xtr(binary)", 0, "leave dtype and dims out"),
        ("xtr(full[query=mean])", 0, "leave query=mean out"),
        ("xtr(rows, full)", 0, "takes 1 stage at most, not 2"),
        ("xtr@clip(full)", 3, "behind theirs"),
        ("rrf(" * 2000, 2000, "8,000 characters; at most 2,000"),
        ("full:10 >" * 3000, 2000, "27,000 characters; at most 2,000"),
        (" > ".join(["full"] * 33), 224, "more than 32 stages"),
        (f"rrf({', '.join(['full'] * 32)})", 190, "more than 32 stages"),
        ("rrf(" * 400, 32, "more than 8 brackets inside each other"),
        ("rrf[k=" + "9" * 400 + "](bm25, full)", 6, "k is a number from 0 to 1,000,000"),
        ("rrf[weights=1/" + "9" * 400 + "](bm25, full)", 12, "a number from 0 to 1,000,000, or such numbers joined"),
        ("rrf[weights=1/two](bm25, full)", 12, "weights is a number, or such numbers joined by /"),
        ("rrf[weights=\N{ARABIC-INDIC DIGIT THREE}](bm25, full)", 12, "weights is a number"),
        ("rows:" + "9" * 1900, 5, "from 1 to 100000"),
        ("rows:\N{ARABIC-INDIC DIGIT THREE}", 5, "from 1 to 100000"),
        ("full[dims=" + "9" * 400 + "]", 0, "dims is a number from"),
        ("refine[depth=4001](global)", 13, "from 1 to 4,000"),
        ("prf[depth=101](full)", 10, "from 0 to 100"),
    ],
)
def test_bad_pipelines_say_where_and_what_would_do(text, position, says):
    with pytest.raises(PipelineError) as caught:
        Pipeline.parse(text)
    assert says in str(caught.value)
    assert caught.value.position == position


@given(st.recursive(st.sampled_from(["bm25", "rows", "full[query=mean]"]), lambda inner: st.lists(inner, min_size=2)
                    .map(lambda legs: f"rrf({', '.join(legs)})"), max_leaves=60))  # fmt: skip
def test_any_nesting_parses_or_is_refused_in_words(text):
    try:
        assert str(Pipeline.parse(text)) == text
    except PipelineError as error:
        assert re.search(r"more than (32 stages|8 brackets)|at most 2,000", str(error))


def test_a_stage_knows_its_encoder_and_where_it_stands():
    pipeline = Pipeline.parse("sum(bm25, rows @ clip.v2) > exact@col-q:5")
    assert [(leaf.name, leaf.encoder, leaf.at) for leaf in pipeline.leaves()] == [
        ("bm25", "", 4),
        ("rows", "clip.v2", 10),
        ("full", "col-q", 28),
    ]
    assert [leaf.label for leaf in pipeline.vector_leaves()] == ["rows@clip.v2", "full@col-q"]
    assert pipeline.decider() == "col-q"
    assert Pipeline.parse("rows@a > bm25").decider() == "a"
    assert Pipeline.parse("bm25").decider() == ""
    assert {leaf.at for leaf in Pipeline.parse("two-stage").leaves()} == {-1}


@pytest.mark.parametrize(
    ("preset", "indexes", "text"),
    [
        ("three-stage", ("global", "rows", "full"), "global:200 > rows:60 > full:10"),
        ("three-stage", ("global", "full"), "global:60 > full:10"),
        ("two-stage", ("full",), "full:10"),
        ("fast", ("rows", "full"), "lift(sum(bm25, rows)):10"),
        ("balanced", ("full",), "lift(sum(bm25, full)):10"),
        (
            "accurate",
            ("full",),
            "lift(sum(bm25, full)):100 > lift(sum[peak=4,weights=2/2](bm25, full[weights=idf])):10",
        ),
        ("hybrid", ("rows", "full"), "lift(sum(bm25, rows)):10"),
        ("text", ("full",), "lift(bm25):10"),
    ],
)
def test_presets_fit_the_indexes_there_are(preset, indexes, text):
    assert str(Pipeline.parse(preset).fitted(indexes)) == text


@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused_in_words(text):
    try:
        pipeline = Pipeline.parse(text)
    except PipelineError as error:
        assert str(error)
    else:
        assert Pipeline.parse(str(pipeline)) == pipeline


def steps():
    plain = [name for name, spec in STAGES.items() if not spec.fusion]
    keeps = st.none() | st.integers(1, 5000)
    vectors = [name for name in plain if STAGES[name].vectors]
    ids = st.just("") | st.from_regex(r"[a-z0-9][a-z0-9._-]{0,12}", fullmatch=True)
    leaf = st.builds(Step, st.sampled_from(plain), keeps) | st.builds(
        lambda name, keep, encoder: Step(name, keep, encoder=encoder), st.sampled_from(vectors), keeps, ids
    )
    return leaf | st.builds(
        lambda name, keep, legs: Step(name, keep, (), tuple(legs)),
        st.sampled_from(["rrf", "sum"]),
        keeps,
        st.lists(leaf, min_size=2, max_size=4),
    )


@given(steps())
def test_what_is_written_is_what_is_read(step):
    assert Pipeline.parse(str(Pipeline((step,)))).steps == (step,)


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("rows:5", "rows"),
        ("rows[most=16,query=mean]:5", "rows[most=16]"),
        ("ward[dtype=int8,factor=4]:5", "ward[dtype=int8,factor=4]"),
        ("binary[rotate=yes]:5", "full[dtype=bits,rotate=yes]"),
        ("docpruner[deviations=-0.5]:5", "docpruner[deviations=-0.5]"),
        ("exact:5", "full"),
    ],
)
def test_a_stage_names_the_index_it_compares(text, index):
    (step,) = Pipeline.parse(text).steps
    assert step.index == index
    assert Pipeline.parse(str(Pipeline.parse(text))) == Pipeline.parse(text)
    assert step.exact == (text == "exact:5")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ward[factor=x]:5", "'ward' at character 1: factor is a number, not 'x'"),
        ("rows:9 > conv[window=4]:5", "'conv' at character 10: window is odd, which 4 is not"),
        ("fde[dtype=bits]:5", "the lengths of 'fde' vectors mean something"),
        ("full[rotate=yes]:5", "'full' has no option 'rotate'"),
        ("binary[engine=lance]:5", "LanceDB can only scan vectors as the encoder made them"),
        ("full[dtype=fp8]:5", "dtype is one of fp32, fp16, int8, bits, codes, residual"),
    ],
)
def test_an_index_that_cannot_be_is_refused_before_anything_runs(text, message):
    with pytest.raises(PipelineError) as error:
        Pipeline.parse(text)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("pages", "text"),
    [
        (1, "global:200 > rows:60 > full:10"),
        (1000, "global:200 > rows:60 > full:10"),
        (4000, "global:800 > rows:120 > full:10"),
        (10_000, "global:2000 > rows:190 > full:10"),
        (100_000, "global:2000 > rows:190 > full:10"),
    ],
)
def test_the_preset_that_compares_the_fewest_vectors_keeps_more_of_more_pages(pages, text):
    assert str(Pipeline.parse("three-stage").grown(pages)) == text
