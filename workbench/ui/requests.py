"""Reads what the browser sent: each value checked, and refused in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.errors import InputError, QueryError
from workbench.types import PageRef, Query
from workbench.types.text import wellformed


def text(request: Mapping[str, Any], key: str) -> str:
    """A text, empty when it is absent; halves of characters in it are replaced."""
    value = request.get(key, "")
    if not isinstance(value, str):
        raise InputError(f"{key!r} must be text.")
    return wellformed(value)


def texts(request: Mapping[str, Any], key: str) -> list[str]:
    """A list of texts, empty when it is absent."""
    values = request.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise InputError(f"{key!r} must be a list of texts.")
    return values


def whole(request: Mapping[str, Any], key: str, default: int, low: int, high: int) -> int:
    """A whole number within bounds."""
    value = request.get(key, default)
    fits = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high  # a NaN does not
    if not fits or value != int(value):
        raise InputError(f"{key!r} must be a whole number from {low} to {high}.")
    return int(value)


def ref(request: Mapping[str, Any]) -> PageRef:
    """A page, from ``document`` and ``page``."""
    return PageRef(text(request, "document"), whole(request, "page", 1, 1, 10_000_000))


def query_of(request: Mapping[str, Any]) -> Query:
    """What is asked: a text, or the JSON form of a query of several parts; `QueryError` when it is neither."""
    value = request.get("query", "")
    if not isinstance(value, Mapping):
        return Query.of(text(request, "query"))
    try:
        return Query.from_dict(value)
    except ValueError as error:
        raise QueryError(str(error)) from None


def results(request: Mapping[str, Any]) -> int | None:
    """How many results are asked for: at most what one screen shows; None where it is the pipeline that says."""
    return None if request.get("k") is None else whole(request, "k", 1, 1, 200)
