import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import PipelineError
from workbench.retrieval.pipeline import PRESETS, STAGES, Pipeline, Step

SAME = [
    "full:10",
    "rows:256 > full:10",
    "global:1000 > rows:300 > full:10",
    "rrf(bm25, rows):256 > full:10",
    "rows[query=mean]:256 > full:10",
    "rrf[k=20,weights=1/2](bm25:100, rows[engine=lance]):256 > sum[norm=minmax](bm25, full):10",
    "sum(bm25, rrf(rows, conv)):5",
    "full",
]


@pytest.mark.parametrize("text", SAME)
def test_text_form_survives_a_round_trip(text):
    assert str(Pipeline.parse(text)) == text


@pytest.mark.parametrize(("name", "text"), PRESETS.items())
def test_presets_parse_by_name(name, text):
    assert Pipeline.parse(name) == Pipeline.parse(text)


def test_spaces_do_not_matter_and_exact_means_full():
    assert Pipeline.parse(" rows : 256>exact:10 ") == Pipeline.parse("rows:256 > full:10")


def test_an_unstated_prefetch_gets_the_default_and_the_last_step_stays_open():
    first, last = Pipeline.parse("rows > full").steps
    assert (first.keep, last.keep) == (256, None)
    assert Pipeline.parse("rows > full").keep == 10
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
    ],
)
def test_bad_pipelines_say_where_and_what_would_do(text, position, says):
    with pytest.raises(PipelineError) as caught:
        Pipeline.parse(text)
    assert says in str(caught.value)
    assert caught.value.position == position


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
    leaf = st.builds(Step, st.sampled_from(plain), keeps)
    return leaf | st.builds(
        lambda name, keep, legs: Step(name, keep, (), tuple(legs)),
        st.sampled_from(["rrf", "sum"]),
        keeps,
        st.lists(leaf, min_size=2, max_size=4),
    )


@given(steps())
def test_what_is_written_is_what_is_read(step):
    assert Pipeline.parse(str(Pipeline((step,)))).steps == (step,)
