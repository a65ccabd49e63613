"""A query as a value: what it says, how it is shown, and its JSON form."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.types import MarkPart, PageRef, PicturePart, Query, RegionPart, TextPart

REF = PageRef("a.pdf", 3)
weights = st.floats(-1e6, 1e6).filter(lambda weight: abs(weight) >= 1e-6)
refs = st.builds(PageRef, st.text("ab.#é", min_size=1), st.integers(1, 99))
edges = st.tuples(*[st.sampled_from([0.0, 0.1, 0.25])] * 2, *[st.sampled_from([0.5, 0.75, 1.0])] * 2)
parts = st.one_of(
    st.builds(TextPart, st.text(min_size=1), weights),
    st.builds(PicturePart, st.text("0123456789abcdef", min_size=64, max_size=64), st.just(("rotate:90",)), weights),
    st.builds(RegionPart, refs, edges, weights),
    st.builds(MarkPart, refs, weights),
)


@given(st.lists(parts, min_size=1, max_size=5).map(tuple).map(Query))
def test_the_json_form_reads_back_as_the_same_query(query: Query) -> None:
    assert Query.from_dict(json.loads(json.dumps(query.as_dict()))) == query
    assert str(query).strip()


def test_a_text_is_shown_and_searched_as_it_is() -> None:
    query = Query.of("net income")
    assert (str(query), query.text, query.plain, Query.of(query)) == ("net income", "net income", True, query)


def test_parts_are_shown_with_what_is_wanted_of_them() -> None:
    query = Query.of("sales").also("europe", 0.3).but_not("forecast").region(REF, (0, 0, 1, 0.5)).picture("f" * 64)
    query = query.marking([REF], [PageRef("b.pdf", 1)])
    assert str(query) == (
        "“sales” and “europe” ×0.3, not “forecast” and part of a.pdf#page=3 and picture ffffffff "
        "and more like a.pdf#page=3, less like b.pdf#page=1"
    )
    assert query.text == "sales europe"
    assert not query.plain


def test_marks_replace_marks_and_share_their_weights_as_in_rocchio_s_formula() -> None:
    once = Query.of("sales").marking([REF], [REF])
    query = once.marking([PageRef("a.pdf", n) for n in (1, 2, 2)], [])
    assert [(str(part.ref), part.weight) for part in query.parts if isinstance(part, MarkPart)] == [
        ("a.pdf#page=1", 0.375),
        ("a.pdf#page=2", 0.375),
    ]
    assert query.marking() == Query.of("sales")


def test_words_that_were_read_are_searched_and_make_no_other_query() -> None:
    query = Query.of("sales").region(REF, (0, 0, 1, 1)).region(REF, (0, 0, 1, 0.5), -0.5)
    complete = query.with_words({1: "total income", 2: "forecast"})
    assert complete == query
    assert complete.text == "sales total income"
    assert complete.weighted_words == (("sales", 1.0), ("total income", 1.0), ("forecast", -0.5))
    assert complete.as_dict() == query.as_dict()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "list of 'parts'"),
        ({"parts": "sales"}, "list of 'parts'"),
        ({"parts": ["sales"]}, "an object with a 'kind'"),
        ({"parts": [{"kind": "sound"}]}, "not 'sound'"),
        ({"parts": [{"kind": "text"}]}, "text part .* incomplete"),
        ({"parts": [{"kind": "text", "text": 7}]}, "'text' is no text"),
        ({"parts": [{"kind": "text", "text": "x", "weight": 0}]}, "not 0"),
        ({"parts": [{"kind": "text", "text": "x", "weight": math.nan}]}, "not 0"),
        ({"parts": [{"kind": "text", "text": "x", "weight": []}]}, "incomplete or not of the right form"),
        ({"parts": [{"kind": "text", "text": "x", "weight": "abc"}]}, "right form: 'weight' is no number\\."),
        ({"parts": [{"kind": "text", "text": "x", "weight": True}]}, "'weight' is no number"),
        ({"parts": [{"kind": "text", "text": "x", "weight": 1e308}]}, "give a number .* from 0.000001 to 1,000,000"),
        ({"parts": [{"kind": "text", "text": "x", "weight": -1e308}]}, "give a number .* from 0.000001 to 1,000,000"),
        ({"parts": [{"kind": "text", "text": "x", "weight": 1e-300}]}, "give a number .* from 0.000001 to 1,000,000"),
        ({"parts": [{"kind": "mark", "page": "a.pdf#page=1", "weight": 10**400}]}, "is inf; give a number"),
        ({"parts": [{"kind": None}]}, "an object with a 'kind'"),
        ({"parts": [{"kind": "region", "page": "a.pdf#page=1"}]}, "'box' is not a list of four numbers"),
        ({"parts": [{"kind": "region", "page": "a.pdf#page=1", "box": "0001"}]}, "'box' is not a list of four numbers"),
        ({"parts": [{"kind": "region", "page": "a.pdf#page=1", "box": [0, 0, "1", 1]}]}, "'box' is no number"),
        ({"parts": [{"kind": "region", "page": "a.pdf#page=1", "box": [0, 0, 10**400, 1]}]}, "x0 < x1"),
        ({"parts": [{"kind": "mark", "page": "a.pdf#page=" + "9" * 400}]}, "not a page reference"),
        ({"parts": [{"kind": "mark", "page": "a.pdf#page=" + "9" * 5000}]}, "not a page reference"),
        ({"parts": [{"kind": "region", "page": "a.pdf#page=1", "box": [0, 0, 1]}]}, "."),
        ({"parts": [{"kind": "region", "page": "a.pdf#page=1", "box": [0, 0, 0, 1]}]}, "x0 < x1"),
        ({"parts": [{"kind": "region", "page": "a.pdf#page=1", "box": [0, 0, 1, math.nan]}]}, "x0 < x1"),
        ({"parts": [{"kind": "region", "page": "a.pdf", "box": [0, 0, 1, 1]}]}, "not a page reference"),
        ({"parts": [{"kind": "picture", "picture": "f" * 64, "repairs": "rotate:90"}]}, "list of texts"),
    ],
)
def test_what_is_no_query_is_refused_in_a_sentence(data: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Query.from_dict(data)
