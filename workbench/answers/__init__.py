"""The one JSON of the product: models made of values, which the page, the API, ``--json``, exports and assistants use.

A page is written ``report.pdf#page=12``, a box as ``[x0, y0, x1, y1]`` in fractions of the page from its top left,
times in the unit their name ends with. A value that is plain already goes out as it is, by the dataclass itself;
`json_values` makes JSON values of both. What this package does not do: read requests, or ask the service anything.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_jsonable_python

_LACKING = object()


class Answer(BaseModel):
    """A model that takes most of its fields from a value that has them by the same names, and so do those within it."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def like(cls, value: object, **others: Any) -> Self:
        """From a value, and what it has not or has in another form."""
        found = {name: getattr(value, name, _LACKING) for name in cls.model_fields.keys() - others.keys()}
        return cls(**others, **{name: it for name, it in found.items() if it is not _LACKING})


def json_values(value: Any) -> Any:
    """Models, dataclasses and lists of them as values that `json.dumps` takes."""
    return to_jsonable_python(value)
