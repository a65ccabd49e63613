"""The crew of an ingest by many: Ray Data sends files to actors that read them, their pages to actors that make vectors
of them and write these to files of the tables; what comes back here to be committed is the names of those files.

It is the road of `stages` and `batches`, cut once, between reading and encoding, so that processors read while cards
encode. A file is done when its pages are committed. Whatever an actor was at when it was lost is done again: by Ray, a
bounded number of times; what did not come by that, in another round over smaller batches, as a batch that fails here is
tried page by page. What comes twice is left out, and files of tables that nobody commits are never part of them.

The nodes must have Pagelens, its models, and the files and the collection at the same paths (or in an object store).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Event

from workbench.documents import Limits, ReaderPool, Reading, readers
from workbench.documents.probing import stamp_of
from workbench.encoders import Encoder, Loader
from workbench.errors import DocumentError
from workbench.ingestion.batches import Announce, Batch, Part, batches
from workbench.ingestion.flow import ahead
from workbench.ingestion.meter import Meter
from workbench.ingestion.models import encoders_of
from workbench.ingestion.stages import Begin, Encoded, End, Entry, embedded, read
from workbench.ingestion.workers import Actor, Actors, connected, data_of, lost, made, resources
from workbench.ingestion.writing import Version, version_of
from workbench.settings import Settings
from workbench.store import Collection, Library, RemoteFiles, Staged, Stager
from workbench.types import PageFailure, PageRef

log = logging.getLogger(__name__)

ROUNDS = (64, 8, 1)
"""Pages that an encoding actor gets at once, and so rows of a file of a table, in one round after the other: a page
that no actor survives is alone in the last."""
COMMIT_SECONDS = 30.0
"""Between commits: each makes a version of every table, and has every reader look anew."""
COMMIT_PAGES = 4096
"""Pages after which a commit is made before that."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Ray cluster: ``workers`` is its address, or ``ray`` for the one that RAY_ADDRESS names, or one made here of
    as many processors as this process may use. ``home`` as in `Here`; files of ``remote`` places are fetched by whoever
    reads them."""

    workers: str
    settings: Settings
    home: Path | None = None
    remote: Sequence[RemoteFiles] = ()

    def batches(
        self, collection: Collection, files: Sequence[Begin], begin: Announce, meter: Meter
    ) -> Generator[Sequence[Batch], None, None]:
        """See `Crew`."""
        todo, losses = _Todo(), list[str]()
        for begun in filter(None, begin(files)):
            todo.add(begun)
        if not todo:
            return
        with connected(self.workers):
            for most in ROUNDS:
                if todo and not meter.stop.is_set():
                    yield from _together(self._round(collection.name, todo, most, meter, losses))
        if todo and not meter.stop.is_set():
            yield todo.lost(lost(len(ROUNDS), losses))

    def open(self, name: str) -> Collection:
        """The collection of that name, as this process sees it."""
        return Library.of(self.settings).open(name)

    def _round(self, name: str, todo: _Todo, most: int, meter: Meter, losses: list[str]) -> Iterator[Batch]:
        """What comes of one run over all that is still to be done; less than that, where actors were lost."""
        files = [replace(begin, item=replace(begin.item, record=begin.record)) for begin in todo]
        reading, encoding, threads = _actors(*resources())
        meter.workers |= {"read": reading.count, "embed": encoding.count}
        data = reading.run(data_of(files), _Read, (self, name), 1)
        data = encoding.run(data, _Encode, (self, name, threads), most)
        found = ahead(made(data, losses), 1, meter.stop, "cluster")
        with closing(found):
            for came in found:
                if (batch := todo.take(came)) is not None:
                    yield batch
                else:
                    log.warning("%d pages came twice and were left out", sum(len(part.numbers) for part in came.parts))


class _Todo:
    """The versions of files that are at work, and the pages that have not come of each."""

    def __init__(self) -> None:
        self._left: dict[Version, tuple[Begin, set[int]]] = {}

    def __bool__(self) -> bool:
        return bool(self._left)

    def __iter__(self) -> Iterator[Begin]:
        for begin, left in self._left.values():
            if begin.reading is not None:
                yield replace(begin, reading=replace(begin.reading, numbers=sorted(left)))

    def add(self, begin: Begin) -> None:
        """A version of a file is to be read."""
        if begin.reading is not None:
            self._left[version_of(begin)] = begin, set(begin.reading.numbers)

    def take(self, batch: Batch) -> Batch | None:
        """A batch with the ends of the files that it completes; None when some of it came before, or is of no use."""
        came: dict[Version, set[int]] = {}
        for part in batch.parts:
            version, numbers = version_of(part.begin), set(part.numbers)
            if part.begin.changed and version not in self._left:
                for older in [other for other in self._left if other[0] == version[0]]:
                    del self._left[older]
                    self.add(part.begin)
            of_it = came.setdefault(version, set())
            if version not in self._left or numbers & of_it or not numbers <= self._left[version][1]:
                return None
            of_it |= numbers
        parts = []
        for part in batch.parts:
            version = version_of(part.begin)
            if version not in self._left:  # its end came before, with an error
                continue
            left = self._left[version][1]
            left.difference_update(part.numbers)
            end = part.end or (None if left else End())
            if end is not None:
                del self._left[version]
            parts.append(replace(part, end=end))
        return replace(batch, parts=tuple(parts))

    def lost(self, reason: str) -> list[Batch]:
        """What no round brought, as pages that could not be read."""
        parts = [
            Part(
                begin,
                failed=tuple(PageFailure(PageRef(begin.item.source.name, n), reason) for n in sorted(left)),
                end=End(),
            )
            for begin, left in self._left.values()
        ]
        self._left.clear()
        return [Batch(tuple(parts), Staged({}))]


def _actors(processors: int, cards: int) -> tuple[Actors, Actors, int]:
    """Who reads, who encodes, and the threads of each of the latter, 0 for all.

    With cards, an encoding actor has one and a processor, and the other processors read. Without, each processor has
    one of either, and works for whichever is not waiting.
    """
    if cards:
        each = 1 if processors > cards else 0.5
        return Actors(max(1, processors - cards), each), Actors(cards, each, 1), 0
    return Actors(processors, 0.5), Actors(processors, 0.5), 1


_Came = tuple[Begin, Entry, float]
"""What came of a page, the file it is of, and the seconds it took."""


class _Read(Actor):
    """An actor that reads the pages of files, in a process that is bounded as it is elsewhere."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster, self._name = cluster, name

    @cached_property
    def _collection(self) -> Collection:
        return self._cluster.open(self._name)

    @cached_property
    def _pool(self) -> ReaderPool:
        return ReaderPool(replace(Limits.of(self._cluster.settings), readers=1))

    def work(self, things: Iterator[Begin]) -> Iterator[_Came]:
        """The pages of each file."""
        for begin in things:
            meter = Meter(lambda progress: None, Event(), [])
            spent, reading = 0.0, begin.reading and self._found(begin.reading)
            files, home = [replace(begin, reading=reading)], self._cluster.home
            for entry in read(files, self._collection, self._pool, meter, home):
                if isinstance(entry, Begin):
                    begin = entry if entry.changed else replace(entry, reading=None)  # which who commits has
                elif not isinstance(entry, End) or entry.error:
                    now = meter.spent().get("read", (0, 0.0))[1]
                    yield begin, entry, now - spent
                    spent = now

    def _found(self, reading: Reading) -> Reading:
        """The reading as of this machine: one file looks another to each that sees it, and is the same by its hash."""
        path = reading.source.path
        with suppress(DocumentError):  # which reading it will raise as well
            for place in self._cluster.remote:
                if path.is_relative_to(place.folder):
                    place.fetch(path)  # there may be an older one here
            if stamp_of(path) != reading.probed.stamp and (found := self._pool.probe(path)) == reading.probed:
                return replace(reading, probed=found)
        return reading


class _Encode(Actor):
    """An actor that makes vectors of pages and writes their rows to files of the tables."""

    def __init__(self, cluster: Cluster, name: str, threads: int) -> None:
        self._cluster, self._name = cluster, name
        loader = Loader.of(cluster.settings)
        self._loader = replace(loader, threads=loader.threads or threads)
        self._models, self._notes = ExitStack(), list[str]()

    @cached_property
    def _collection(self) -> Collection:
        return self._cluster.open(self._name)

    @cached_property
    def _encoders(self) -> list[Encoder]:
        return self._models.enter_context(encoders_of(self._collection, self._notes, self._loader))

    def work(self, things: Iterator[_Came]) -> Iterator[Batch]:
        """The batch of some pages, whose rows are written."""
        settings = self._cluster.settings
        meter = Meter(lambda progress: None, Event(), [])
        processors = readers(Limits.of_processors(settings))
        ids, stager = [encoder.info.id for encoder in self._encoders], Stager(self._collection)
        with closing(embedded(_stream(things, meter), self._encoders, meter, processors)) as entries:
            made = batches(entries, lambda begun: begun, stager, ids, meter)
            found = [batch for some in made for batch in some]
        since = time.monotonic()
        staged = stager.written([one.staged for one in found])
        meter.add("write", 0, time.monotonic() - since)
        yield Batch(tuple(part for one in found for part in one.parts), staged, meter.spent(), tuple(self._notes))


def _stream(pages: Iterator[_Came], meter: Meter) -> Iterator[Entry]:
    """What `_Read` made as a road of entries; a file whose end has not come yet just ends."""
    at: Version | None = None
    for begin, entry, seconds in pages:
        meter.add("read", isinstance(entry, (Encoded, PageFailure)), seconds)
        if version_of(begin) != at:
            at = version_of(begin)
            yield begin
        yield entry
        if isinstance(entry, End):
            at = None


def _together(found: Iterator[Batch]) -> Iterator[list[Batch]]:
    """Batches as they go into one commit."""
    waiting: list[Batch] = []
    since = time.monotonic()
    for batch in found:
        waiting.append(batch)
        pages = sum(len(part.numbers) for one in waiting for part in one.parts)
        if pages >= COMMIT_PAGES or time.monotonic() - since > COMMIT_SECONDS:
            yield waiting
            waiting, since = [], time.monotonic()
    if waiting:
        yield waiting
