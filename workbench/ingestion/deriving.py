"""The rows of an index that comes later, made by Ray's actors of the stored vectors: each reads some pages, and what
comes back to be committed is the names of files, as in `cluster`."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workbench.errors import StoreError
from workbench.ingestion.workers import Actor, Actors, connected, data_of, index_table, lost, made, resources
from workbench.settings import Settings
from workbench.store import Collection, Fragments, Library, NewIndex

PAGES = 1024
"""Pages of which an actor makes the rows at once, and so rows of a file."""
TRIES = 3


@dataclass(frozen=True, slots=True)
class DerivedByRay:
    """Makes an index's rows on a cluster; ``workers`` as in `workers.check_workers`."""

    workers: str
    settings: Settings

    def __call__(self, new: NewIndex, ids: Sequence[str]) -> Generator[Fragments, None, None]:
        """The rows of these pages, in files of the index's table. `StoreError` when the actors were lost each time."""
        todo = {start: ids[start : start + PAGES] for start in range(0, len(ids), PAGES)}
        losses: list[str] = []
        with connected(self.workers):
            for _ in range(TRIES):
                if todo:
                    processors, _cards = resources()
                    parts = Actors(processors, 1).run(data_of(list(todo.items())), _Derive, (self.settings, new), 1)
                    for start, rows in made(parts, losses):
                        if todo.pop(start, None) is not None:
                            yield rows
        if todo:
            raise StoreError(lost(TRIES, losses))

    def indexed(self, place: Path, column: str, cells: int) -> None:
        """See `store.ann.Indexing`; each processor of the cluster indexes some files of the table."""
        with connected(self.workers):
            index_table(place, column, cells)


class _Derive(Actor):
    """An actor that makes rows of pages and writes them to files of the table."""

    def __init__(self, settings: Settings, new: NewIndex) -> None:
        self._settings, self._new = settings, new

    @cached_property
    def _collection(self) -> Collection:
        return Library.of(self._settings).open(self._new.collection)

    def work(self, things: Iterator[tuple[int, Sequence[str]]]) -> Iterator[tuple[int, Fragments]]:
        """The files of the rows of some pages each, which go by a number."""
        for start, ids in things:
            yield start, self._new.written(self._collection, ids)
