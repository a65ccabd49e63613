"""Adds an encoder's vectors to the pages of a collection, from their stored pictures and words; no file is read again.

What an encoder gets is `Collection.rebuilt`: the words and their boxes as they were read, and the stored picture, which
is WebP of quality 80 and at most 2,048 pixels long (`store.images`). An A4 page drawn at the default 144 dpi is 1,684
pixels long and so keeps its size. Pages that have their vectors already are skipped, so that a run that was stopped or
killed goes on where it was; a page on which the encoder failed is tried again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from itertools import groupby

from workbench import memory
from workbench.encoders import Encoder
from workbench.ingestion.encoding import outcomes
from workbench.ingestion.meter import Meter
from workbench.store import Collection, Writer
from workbench.types import DocumentOutcome, IngestReport, PageFailureRecord, Progress

BATCH = 8
TRIM_EVERY = 4
"""Batches after which freed memory goes back to the system."""


def embed(
    collection: Collection,
    encoder: Encoder,
    report: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> IngestReport:
    """Embed every page that lacks this encoder's vectors; the outcome of a document counts such pages as indexed.

    The encoder becomes one of the collection's with the first call. `CollectionBusyError` while somebody writes,
    `MismatchError` when the collection has vectors of another version of it, `DiskFullError` when space runs out, with
    all that was committed kept.
    """
    meter = Meter(report or (lambda progress: None), stop or threading.Event(), [])
    with Writer(collection) as writer:
        held = writer.indexes.add_space(encoder.info, collection.settings.indexes).held()
        refs = collection.directory().refs  # those in quarantine too: released, they must not lack anything
        meter.total = len(refs.keys() - held)
        for document, pages in groupby(refs, key=lambda page: refs[page].document):
            if meter.stop.is_set():
                break
            meter.document(_document(collection, writer, encoder, document, list(pages), held, meter))
        meter.begin("index")
        writer.finish()
        meter.end("index", meter.written)
    seconds = round(time.monotonic() - meter.started, 3)
    return IngestReport(collection.name, tuple(meter.documents), seconds, meter.stop.is_set())


def _document(
    collection: Collection,
    writer: Writer,
    encoder: Encoder,
    document: str,
    page_ids: Sequence[str],
    held: set[str],
    meter: Meter,
) -> DocumentOutcome:
    meter.current = document
    missing = [page for page in page_ids if page not in held]
    done, failed = 0, list[PageFailureRecord]()
    for number, start in enumerate(range(0, len(missing), BATCH), 1):
        if meter.stop.is_set():
            break
        batch = missing[start : start + BATCH]
        meter.begin("read")
        pages = collection.rebuilt(batch)
        meter.end("read", len(pages))
        meter.begin("embed")
        found = outcomes(encoder, pages)
        meter.end("embed", len(pages))
        meter.begin("write")
        lacking = writer.add_vectors(encoder.info.id, list(zip(batch, found, strict=True)))
        meter.end("write", len(pages))
        done += len(pages) - len(lacking)
        failed += [PageFailureRecord(int(page.rpartition(":")[2]), reason) for page, reason in lacking.items()]
        if number % TRIM_EVERY == 0:
            memory.give_back()
    return DocumentOutcome(document, len(page_ids), done, len(page_ids) - len(missing), tuple(failed))
