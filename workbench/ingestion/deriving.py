"""The rows of an index that comes later, made by Ray's actors of the stored vectors: each reads some pages, and what
comes back to be committed is the names of files, as in `cluster`."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import StoreError
from workbench.ingestion.workers import LOST, Actors, connected, data_of, made, resources
from workbench.settings import Settings
from workbench.store import Fragments, Library, NewIndex

PAGES = 1024
"""Pages of which an actor makes the rows at once, and so rows of a file."""
TRIES = 3


@dataclass(frozen=True, slots=True)
class DerivedByRay:
    """Makes an index's rows on a cluster; ``workers`` as in `workers.check_workers`."""

    workers: str
    settings: Settings

    def __call__(self, new: NewIndex, ids: Sequence[str]) -> Iterator[Fragments]:
        """The rows of these pages, in files of the index's table. `StoreError` when the actors were lost each time."""
        todo = {start: ids[start : start + PAGES] for start in range(0, len(ids), PAGES)}
        with connected(self.workers):
            for _ in range(TRIES):
                if todo:
                    actors = Actors(max(1, int(resources().get("CPU", 1))), 1)
                    parts = data_of("pages", [pickle.dumps(part) for part in todo.items()])
                    for row in made(actors.run(parts, _Derive, (self.settings, new), 1), "rows"):
                        start, rows = pickle.loads(row)
                        if todo.pop(start, None) is not None:
                            yield rows
        if todo:
            raise StoreError(LOST.format(tries=TRIES))


class _Derive:
    """An actor that makes rows of pages and writes them to files of the table."""

    def __init__(self, settings: Settings, new: NewIndex) -> None:
        self._new = new
        self._collection = Library.of(settings).open(new.collection)

    def __call__(self, rows: Mapping[str, Any]) -> dict[str, list[bytes]]:
        """Rows that are some pages each: rows that are the files of each."""
        parts = [pickle.loads(row) for row in rows["pages"]]
        found = [(start, self._new.written(self._collection, ids)) for start, ids in parts]
        return {"rows": [pickle.dumps(one, pickle.HIGHEST_PROTOCOL) for one in found]}
