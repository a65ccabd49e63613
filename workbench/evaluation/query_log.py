"""What people searched for in a collection, kept where one of them has switched that on, to be judged into a dataset.

``asked/<collection>.jsonl`` holds a line for each search, the newest last; ``asked/<collection>.on`` is there while
they are kept. A query is known by its words, whatever the case and the blanks between them.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workbench.atomic import write_whole
from workbench.types import Gone, Receipt

MAX_KEPT = 10_000
"""Searches of a collection that are kept; of more, the older half goes."""


@dataclass(frozen=True, slots=True)
class AskedQuery:
    """A query as it was last written, how often it was asked, and when last (ISO 8601)."""

    query: str
    times: int
    last: str


class QueryLog:
    """The searches of one home folder's collections. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def is_on(self, collection: str) -> bool:
        """Whether searches of a collection are kept."""
        return self._switch(collection).is_file()

    def turn(self, collection: str, on: bool) -> None:
        """Keep the searches of a collection from now on, or no more; what is kept stays."""
        with self._lock:
            self._folder.mkdir(parents=True, exist_ok=True)
            if on:
                self._switch(collection).touch()
            else:
                self._switch(collection).unlink(missing_ok=True)

    def add(self, collection: str, query: str) -> None:
        """Keep a query that was asked now; nothing happens where that is not on."""
        if not self.is_on(collection):
            return
        line = {"query": " ".join(query.split()), "at": datetime.now(UTC).isoformat(timespec="seconds")}
        with self._lock:
            with self._path(collection).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
            rows = list(self._rows(collection))
            if len(rows) > MAX_KEPT:
                self._write(collection, rows[-MAX_KEPT // 2 :])

    def all(self, collection: str) -> list[AskedQuery]:
        """What was asked, last first."""
        with self._lock:
            found: dict[str, AskedQuery] = {}
            for row in self._rows(collection):
                key = row["query"].casefold()
                times = found.pop(key).times if key in found else 0
                found[key] = AskedQuery(row["query"], times + 1, row["at"])
            return list(reversed(found.values()))

    def clear(self, collection: str) -> None:
        """Delete what was kept; searches from now on are kept or not as before."""
        with self._lock:
            self._path(collection).unlink(missing_ok=True)

    def forget(self, gone: Gone) -> Receipt:
        """Delete everything of a collection that leaves; what was asked is of no one document."""
        if not gone.document:
            self.turn(gone.collection, on=False)
            self.clear(gone.collection)
        return Receipt.of(gone)

    def rename_collection(self, collection: str, name: str) -> None:
        """Let what was kept of a collection be of its new name."""
        with self._lock:
            for old, new in (
                (self._path(collection), self._path(name)),
                (self._switch(collection), self._switch(name)),
            ):
                if old.exists():
                    os.replace(old, new)

    def _path(self, collection: str) -> Path:
        return self._folder / f"{collection}.jsonl"

    def _switch(self, collection: str) -> Path:
        return self._folder / f"{collection}.on"

    def _rows(self, collection: str) -> Iterator[dict[str, str]]:
        try:
            lines = self._path(collection).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            try:
                row = json.loads(line)
                yield {"query": str(row["query"]), "at": str(row["at"])}
            except (ValueError, KeyError, TypeError):  # a line that a crash cut off
                continue

    def _write(self, collection: str, rows: list[dict[str, str]]) -> None:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        write_whole(self._path(collection), text)
