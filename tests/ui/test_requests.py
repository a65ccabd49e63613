"""What the browser sends is read value by value, or refused in a sentence."""

from __future__ import annotations

import math
from typing import Any

import pytest

from workbench.errors import InputError, QueryError
from workbench.ui.requests import query_of, ref, results, text, whole


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, 1.5, True, "7", [], 0, 201])
def test_what_is_no_whole_number_within_bounds_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match="must be a whole number from 1 to 200"):
        results({"k": value})


def test_a_whole_number_is_one_whatever_its_type() -> None:
    assert (results({"k": 7.0}), results({}), whole({"n": 3}, "n", 1, 1, 3)) == (7, None, 3)


def test_half_a_character_is_replaced() -> None:
    assert text({"filter": "tag = '\ud800'"}, "filter") == "tag = '\N{REPLACEMENT CHARACTER}'"
    assert text({"name": "\ud83d\udc0b"}, "name") == "\N{WHALE}"


def test_what_is_no_query_is_told() -> None:
    with pytest.raises(QueryError, match="'box' is no number"):
        query_of({"query": {"parts": [{"kind": "region", "page": "a.pdf#page=1", "box": [0, 0, "abc", 1]}]}})
    with pytest.raises(InputError, match="from 1 to 10000000"):
        ref({"document": "a.pdf", "page": math.inf})
