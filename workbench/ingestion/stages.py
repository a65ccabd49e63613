"""The road of a file's pages, step by step: read, prepared for a model, embedded by it. Each step takes the entries of
the one before, and gives them on in the same order; `flow.ahead` lets them overlap."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from workbench.documents import GivenUp, PageStream, ReaderPool, Reading, Source
from workbench.documents.workers import cores
from workbench.encoders import Encoder
from workbench.encoders.pictures import PreparingEncoder
from workbench.encoders.prepared import PreparedPage, prepare
from workbench.errors import ChangedError, DocumentError, PagelensError
from workbench.ingestion.encoding import outcomes, outcomes_of_later
from workbench.ingestion.flow import ahead, close
from workbench.ingestion.meter import PREPARING, Meter
from workbench.ingestion.plan import Planned, identity, record_of
from workbench.store import Collection, DocumentRecord
from workbench.store.images import Pictures, encoded
from workbench.store.names import again
from workbench.types import Page, PageEmbedding, PageFailure

log = logging.getLogger(__name__)

BATCH = 8
"""Pages that go at once to an encoder that makes its own batches of them."""
PREPARED_BYTES = 512 << 20
"""Prepared pages that may wait for a model: those of ColSmol take 20 MB each, so two batches of 12."""
_TICK = 0.1  # s; how often somebody who waits looks whether it should stop


@dataclass(frozen=True, slots=True, eq=False)
class Begin:
    """Here begins a file: ``record`` is the document, and its pages follow to their `End`; none where there is nothing
    to read. ``changed`` marks the same file begun once more, since it changed while it was read."""

    item: Planned
    reading: Reading | None
    record: DocumentRecord | None
    changed: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """The last page of a file has come; ``error`` says why it could not be read any further."""

    error: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A page, and what the encoders that it has passed made of it, by their ids.

    ``pictures`` waits for those that are to be stored: none, where none are.
    """

    page: Page
    vectors: Mapping[str, PageEmbedding | PageFailure] = field(default_factory=dict)
    pictures: Callable[[], Pictures] = dict


Entry = Begin | End | PageFailure | GivenUp | Encoded


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """A page with the inputs that an encoder takes."""

    encoded: Encoded
    inputs: PreparedPage


def read(
    files: Sequence[Begin], collection: Collection, pool: ReaderPool, meter: Meter, home: Path | None
) -> Iterator[Entry]:
    """The pages of files, one file after another. A file that changes meanwhile is begun again, from a copy."""
    meter.workers["read"] = pool.size
    with closing(pool.pages([begin.reading for begin in files if begin.reading], meter.stop)) as stream:
        for begin in files:
            if meter.stop.is_set():
                return
            yield begin
            item, reading = begin.item, begin.reading
            if reading is None or item.record is None:
                continue
            error = ""
            try:
                try:
                    yield from _pages(stream, reading, meter)
                except ChangedError:
                    log.info("%s changed while it was read; reading a copy", item.source.name)
                    with pool.snapshot(item.source.path) as copy:
                        afresh = _afresh(item, reading, copy, collection, pool)
                        meter.total += len(afresh.numbers) - item.pages_to_read
                        sources = [identity(item.source, afresh.probed, home)]
                        version = again(item.record, record_of(item.source, afresh.probed, sources))
                        yield Begin(item, afresh, version, changed=True)
                        with closing(pool.pages([afresh], meter.stop)) as pages:
                            yield from _pages(pages, afresh, meter)
            except DocumentError as found:
                error = str(found)
            if meter.stop.is_set():
                return
            yield End(error)


def _afresh(item: Planned, reading: Reading, copy: Path, collection: Collection, pool: ReaderPool) -> Reading:
    """What is to be read of a copy of a file."""
    found = pool.probe(copy)
    have = collection.indexed_pages(found.content_hash)
    missing = [number for number in range(1, found.pages + 1) if number not in have]
    return Reading(Source(copy, item.source.name), found, reading.settings, missing)


def _pages(stream: PageStream, reading: Reading, meter: Meter) -> Iterator[Entry]:
    before = stream.seconds
    for found in stream.pages(reading):
        if not isinstance(found, GivenUp):
            meter.add("read", 1, stream.seconds - before)
            before = stream.seconds
        yield Encoded(found) if isinstance(found, Page) else found


def pictured(entries: Iterator[Entry]) -> Iterator[Entry]:
    """The entries, whose pages' pictures begin to be encoded: on all cores, while a model is at the pages."""
    threads = ThreadPoolExecutor(cores(), "pagelens-pictures")
    try:
        for entry in entries:
            if isinstance(entry, Encoded):
                entry = replace(entry, pictures=threads.submit(_pictures, entry.page).result)
            yield entry
    finally:
        threads.shutdown(wait=False)  # what was given on is still waited for
        close(entries)


def _pictures(page: Page) -> Pictures:
    return encoded(page.image())


def embedded(
    entries: Iterator[Entry], encoders: Sequence[Encoder], meter: Meter, processors: ReaderPool | None
) -> Generator[Entry, None, None]:
    """The entries with the vectors of their pages, by each encoder in turn: what one is at does not keep the next.

    A page that the first encoder fails on becomes that failure; what a later one fails on, it lacks.
    """
    if any(isinstance(encoder, PreparingEncoder) for encoder in encoders):
        meter.has(PREPARING)
    entries = ahead(entries, 2, meter.stop, "reading")
    for number, encoder in enumerate(encoders):
        steps: Iterator[Any] = entries
        if isinstance(encoder, PreparingEncoder):
            beside = processors if encoder.accelerated else None
            steps = prepared(steps, encoder, meter, beside)
            steps = ahead(steps, 4 * BATCH, meter.stop, "preparing", _weight, PREPARED_BYTES)
        batches = ahead(_begun(steps, encoder, meter, first=number == 0), 1, meter.stop, "encoding")
        entries = _finished(batches, encoder, meter, first=number == 0)
    return ahead(entries, BATCH, meter.stop, "vectors")


def prepared(
    entries: Iterator[Entry], encoder: PreparingEncoder, meter: Meter, processors: ReaderPool | None
) -> Iterator[Entry | _Ready]:
    """The entries with the model's inputs of their pages, made by other processes, or by this thread without them."""
    meter.workers["prepare"] = processors.size if processors else 1
    waiting: deque[tuple[Entry, Future[Any] | None]] = deque()
    try:
        for entry in entries:
            if meter.stop.is_set():
                return
            future: Future[Any] | None = None
            if processors and isinstance(entry, Encoded):
                page, name = entry.page, f"Page {entry.page.ref.page}"
                what = (prepare, encoder.preparer, page.image, page.crop)
                future = processors.submit(*what, subject=name, urgent=False)
            waiting.append((entry, future))
            while waiting and (len(waiting) > 2 * meter.workers["prepare"] or _over(waiting[0][1])):
                yield _inputs(*waiting.popleft(), encoder, meter)
        while waiting:
            yield _inputs(*waiting.popleft(), encoder, meter)
    finally:
        for _, future in waiting:
            if future is not None:
                future.cancel()  # not dropped, which ends a process that took seconds to start
        close(entries)


def _over(future: Future[Any] | None) -> bool:
    return future is None or future.done()


def _inputs(entry: Entry, future: Future[Any] | None, encoder: PreparingEncoder, meter: Meter) -> Entry | _Ready:
    if not isinstance(entry, Encoded):
        return entry
    page, started = entry.page, monotonic()
    elsewhere = None if future is None else _result(future, meter)
    try:
        made = encoder.prepare(page) if elsewhere is None else PreparedPage(page.ref, page.crop, elsewhere[0])
    except Exception as error:  # one bad page never fails a document
        meter.add("prepare", 1, monotonic() - started)
        return replace(entry, vectors={**entry.vectors, encoder.info.id: encoder.failed(page.ref, error)})
    meter.add("prepare", 1, monotonic() - started if elsewhere is None else elsewhere[1])
    return _Ready(entry, made)


def _result(future: Future[Any], meter: Meter) -> tuple[Any, float] | None:
    """What another process made of a page, and the seconds it took; None when it could not."""
    while not meter.stop.is_set():
        try:
            found: tuple[Any, float] = future.result(_TICK)
            return found
        except NotYet:
            continue
        except PagelensError as error:
            log.warning("a page could not be prepared by another process (%s); trying here", error)
            return None
    return None


def _weight(entry: Entry | _Ready) -> int:
    return entry.inputs.bytes if isinstance(entry, _Ready) else 0


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Entries in order, of which the pages among them are at the model since ``since``; ``finish`` waits for it."""

    entries: Sequence[Entry | _Ready]
    finish: Callable[[], list[PageEmbedding | PageFailure]]
    since: float


def _begun(entries: Iterator[Entry | _Ready], encoder: Encoder, meter: Meter, first: bool) -> Iterator[_Batch]:
    """Entries as batches whose pages the model has begun with.

    An encoder that makes its own batches gets pages of one file at a time: what it cannot do costs no other file.
    """
    own = not isinstance(encoder, PreparingEncoder)
    held: list[Entry | _Ready] = []
    pages: list[Any] = []
    begin = partial(_begin, encoder, first)
    try:
        for entry in entries:
            if meter.stop.is_set():
                return
            page = _page(entry, encoder)
            if page is not None and pages and not _fits(encoder, [*pages, page]):
                yield begin(held, pages)
                held, pages = [], []
            held.append(entry)
            if page is not None:
                pages.append(page)
            elif not pages or (own and isinstance(entry, End)):  # nothing of this batch is for the model, or all is
                yield begin(held, pages)
                held, pages = [], []
        if held and not meter.stop.is_set():
            yield begin(held, pages)
    finally:
        close(entries)


def _page(entry: Entry | _Ready, encoder: Encoder) -> Page | PreparedPage | None:
    """What an encoder takes of an entry, None if nothing, or if it has failed on it already."""
    if isinstance(entry, _Ready):
        return entry.inputs
    waits = isinstance(entry, Encoded) and encoder.info.id not in entry.vectors
    return entry.page if waits else None  # type: ignore[union-attr]


def _fits(encoder: Encoder, pages: Sequence[Any]) -> bool:
    return (encoder.fit(pages) if isinstance(encoder, PreparingEncoder) else BATCH) >= len(pages)


def _begin(encoder: Encoder, first: bool, entries: Sequence[Entry | _Ready], pages: Sequence[Any]) -> _Batch:
    since = monotonic()
    if isinstance(encoder, PreparingEncoder):
        return _Batch(entries, encoder.encode_prepared(pages), since)
    found = outcomes(encoder, pages) if first else outcomes_of_later(encoder, pages)
    return _Batch(entries, lambda: found, since)


def _finished(batches: Iterator[_Batch], encoder: Encoder, meter: Meter, first: bool) -> Iterator[Entry]:
    """The entries of batches, with the vectors that the model made of their pages."""
    free = 0.0  # since when the model has had nothing else to do
    try:
        for batch in batches:
            found = batch.finish()
            now = monotonic()
            if found:
                meter.add("embed", len(found) if first else 0, now - max(free, batch.since))
            free, results = now, iter(found)
            for entry in batch.entries:
                encoded: Entry = entry.encoded if isinstance(entry, _Ready) else entry
                if isinstance(encoded, Encoded) and _page(entry, encoder) is not None:
                    encoded = _with(encoded, encoder, next(results))
                yield _settled(encoded, encoder, first)
    finally:
        close(batches)


def _with(entry: Encoded, encoder: Encoder, outcome: PageEmbedding | PageFailure) -> Encoded:
    return replace(entry, vectors={**entry.vectors, encoder.info.id: outcome})


def _settled(entry: Entry, encoder: Encoder, first: bool) -> Entry:
    """A page that the first encoder failed on is a failure from here on."""
    failed = entry.vectors.get(encoder.info.id) if first and isinstance(entry, Encoded) else None
    return failed if isinstance(failed, PageFailure) else entry
