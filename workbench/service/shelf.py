"""A shelf: what people keep by name, in one file of the home folder, each entry about some collections."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from workbench import permits
from workbench.atomic import write_whole
from workbench.errors import InputError, NotFoundError
from workbench.types.text import wellformed

log = logging.getLogger(__name__)

MAX_KEPT = 500
LONGEST_NAME = 120


class Entry(Protocol):
    """A frozen dataclass of JSON values."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def name(self) -> str:
        """What it is kept under."""

    @property
    def about(self) -> Sequence[str]:
        """The collections that it names."""


E = TypeVar("E", bound=Entry)


class Shelf(Generic[E]):
    """Entries of a kind, newest first; a name taken again replaces what it stood for. Safe to use from threads.

    ``called`` is what one of them is called. Who may not see a collection does not see what is kept of it.
    """

    def __init__(self, path: Path, kind: type[E], called: str) -> None:
        self._path = path
        self._kind = kind
        self._called = called
        self._lock = threading.Lock()

    def title(self, name: str) -> str:
        """A name as it is kept; `InputError` for one that cannot be."""
        title = wellformed(" ".join(name.split()))
        if not title or len(title) > LONGEST_NAME:
            raise InputError(f"Give the {self._called} a name of 1 to {LONGEST_NAME} characters.")
        return title

    def all(self) -> list[E]:
        """All of them; entries that another version wrote and this one cannot read are left out."""
        with self._lock:
            return [entry for entry in self._read() if _seen(entry)]

    def put(self, entry: E) -> None:
        """Keep one."""
        with self._lock:
            kept = self._read()
            if any(one.name == entry.name and not _seen(one) for one in kept):
                raise InputError(f"There is another {self._called} '{entry.name}'; choose another name.")
            others = [one for one in kept if one.name != entry.name]
            if len(others) >= MAX_KEPT:
                raise InputError(f"There are {MAX_KEPT} of the kind {self._called} already; delete some first.")
            self._write([entry, *others])

    def take(self, name: str) -> None:
        """Delete one; `NotFoundError` when there is none of that name."""
        if not self.change(lambda entry: None if entry.name == name and _seen(entry) else entry):
            raise NotFoundError(f"There is no {self._called} '{name}'.")

    def change(self, made: Callable[[E], E | None]) -> tuple[str, ...]:
        """Put what ``made`` makes of each in its place, or delete it for None; the names of those deleted."""
        with self._lock:
            kept = self._read()
            changed = [made(entry) for entry in kept]
            if changed != kept:
                self._write([entry for entry in changed if entry is not None])
        return tuple(entry.name for entry, now in zip(kept, changed, strict=True) if now is None)

    def _read(self) -> list[E]:
        try:
            rows = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except (OSError, ValueError):
            log.warning("what is kept in %s cannot be read", self._path)
            return []
        found = []
        for row in rows if isinstance(rows, list) else []:
            try:
                found.append(self._kind(**row))
            except TypeError:
                log.warning("a %s in %s is of another version", self._called, self._path)
        return found

    def _write(self, kept: list[E]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, json.dumps(list(map(asdict, kept)), ensure_ascii=False, indent=1))


def _seen(entry: Entry) -> bool:
    return all(map(permits.sees, entry.about))
