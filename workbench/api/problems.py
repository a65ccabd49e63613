"""What is wrong with values that were sent, in words for whoever sent them, from what pydantic found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

BODY = "the body"
PLAIN = {
    "missing": "it is missing",
    "extra_forbidden": "nothing has that name here",
    "json_invalid": "it is not JSON",
    "model_attributes_type": "it is no object",
    "model_type": "it is no object",
    "dict_type": "it is no object",
    "list_type": "it is no list",
    "string_type": "it is no text",
    "string_unicode": "it is no text",
    "bool_type": "it is neither true nor false",
    "bool_parsing": "it is neither true nor false",
    "int_type": "it is no whole number",
    "int_parsing": "it is no whole number",
    "int_parsing_size": "it is too large a number",
    "int_from_float": "it is no whole number",
    "finite_number": "it is no number",
    "float_type": "it is no number",
    "float_parsing": "it is no number",
    "too_long": "it holds more than {max_length}",
    "too_short": "it holds fewer than {min_length}",
}
"""What is wrong with a value, by pydantic's name of it, where its own words are about Python."""


def sentence(problems: Iterable[Any], body: Any) -> str:
    """What is wrong, place by place, of pydantic's ``errors()`` for a request with this ``body``.

    A place begins with where it stood, as ``body`` or ``query``; what may be one of several kinds and is none has them
    all named once.
    """
    said: dict[str, list[str]] = {}
    for problem in problems:
        known = PLAIN.get(problem["type"])
        plain = known.format(**problem.get("ctx", {})) if known else problem["msg"]
        at = said.setdefault(_place(problem, body), [])
        at.extend([plain] if plain not in at else [])
    return "; ".join(f"{place}: {', '.join(plain)}" for place, plain in said.items())


def _place(problem: Any, body: Any) -> str:
    # JSON that is none has a character as its place. Between the places in a body stand pydantic's names of kinds that
    # a value may be of, which are no place in it.
    source, *places = ("body",) if problem["type"] == "json_invalid" else problem["loc"]
    if source != "body":
        return ".".join(str(place)[:80] for place in places) or BODY
    found, value = [], body
    for place in places:
        if isinstance(value, dict) and (place in value or problem["type"] == "missing"):
            value = value.get(place)
        elif isinstance(value, list) and isinstance(place, int) and place < len(value):
            value = value[place]
        else:
            continue
        found.append(str(place)[:80])
    return ".".join(found) or BODY
