"""Tags and fields of a person's own that documents bear, and changes to them, checked when they are made.

A field's name is in small letters, so that ``meta.Year`` finds what was set as ``year``. What this module does not do:
write them (`writer`), or find by them (`retrieval.filters`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from unicodedata import category, normalize

from workbench.errors import InputError
from workbench.store.schema import DocumentRecord
from workbench.types.text import wellformed

MAX_TAG, MAX_TAGS = 100, 100
MAX_NAME, MAX_VALUE, MAX_FIELDS = 64, 500, 64
"""Bounds of what one document bears. Every page's row holds it all, and every filter reads it."""
_NAME = re.compile(r"[\w.-]+")

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class FieldsChange:
    """Tags to add and to remove, fields to set and to clear; made by `of`, which checks them.

    What is added or set wins over what is removed or cleared.
    """

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    set: Mapping[str, str] = field(default_factory=dict)
    clear: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
        set: Mapping[str, Value] | None = None,
        clear: Iterable[str] = (),
    ) -> FieldsChange:
        """A change; `InputError` says which tag, name or value cannot be one."""
        fields = {_name(name): _value(name, value) for name, value in (set or {}).items()}
        return cls(_distinct(map(_tag, add)), _distinct(map(_tag, remove)), fields, _distinct(map(_name, clear)))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FieldsChange:
        """What `as_json` gave."""
        return cls(tuple(data["add"]), tuple(data["remove"]), dict(data["set"]), tuple(data["clear"]))

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"add": [*self.add], "remove": [*self.remove], "set": {**self.set}, "clear": [*self.clear]}

    def __bool__(self) -> bool:
        return bool(self.add or self.remove or self.set or self.clear)

    def then(self, later: FieldsChange) -> FieldsChange:
        """Both changes as one."""
        return FieldsChange(
            _distinct([*(tag for tag in self.add if tag not in later.remove), *later.add]),
            _distinct([*self.remove, *later.remove]),
            {**{name: value for name, value in self.set.items() if name not in later.clear}, **later.set},
            _distinct([*self.clear, *later.clear]),
        )

    def applied(self, record: DocumentRecord) -> DocumentRecord:
        """The document as it is after the change; `InputError` when it would bear too much."""
        tags = _distinct([*(tag for tag in record.tags if tag not in self.remove), *self.add])
        kept = {name: value for name, value in record.meta.items() if name not in self.clear}
        meta = {**kept, **self.set}
        if len(tags) > MAX_TAGS or len(meta) > MAX_FIELDS:
            raise InputError(f"'{record.name}' would have {len(tags)} tags and {len(meta)} fields; at most {MAX_TAGS} "
                             f"tags and {MAX_FIELDS} fields are kept of a document.")  # fmt: skip
        return replace(record, tags=tags, meta=meta)


def assignment(text: str) -> tuple[str, str]:
    """``year=2024`` as name and value; `InputError` for a text without an equals sign."""
    name, sign, value = text.partition("=")
    if not sign:
        raise InputError(f"{text!r} sets no field; write one as year=2024.")
    return name, value


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _tag(text: str) -> str:
    tag = _line(text)
    if not 1 <= len(tag) <= MAX_TAG:
        raise InputError(f"A tag has 1 to {MAX_TAG} characters; {tag[:40]!r} has {len(tag)}.")
    return tag


def _name(text: str) -> str:
    name = _line(text).removeprefix("meta.").lower()
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise InputError(
            f"{text[:40]!r} cannot be the name of a field: it has 1 to {MAX_NAME} letters, digits, underscores, "
            "hyphens and dots, as in meta.year."
        )
    return name


def _value(name: str, value: Value) -> str:
    text = _line(str(value).lower() if isinstance(value, bool) else str(value))
    if not 1 <= len(text) <= MAX_VALUE:
        raise InputError(f"The field '{name}' has 1 to {MAX_VALUE} characters, not {len(text)}; to clear it, say so.")
    return text


def _line(text: str) -> str:
    """A text on one line: NFC, without control characters, blanks as one."""
    plain = "".join(" " if category(c) in ("Cc", "Zl", "Zp") else c for c in normalize("NFC", wellformed(text)))
    return " ".join(plain.split())
