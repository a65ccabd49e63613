"""Adds an encoder's vectors to the pages of a collection, from their stored pictures and words; no file is read again.

What an encoder gets is `Collection.rebuilt`: the words and their boxes as they were read, and the stored picture, which
is WebP of quality 80 and at most 2,048 pixels long (`documents.webp`). An A4 page drawn at the default 144 dpi is 1,684
pixels long and so keeps its size. Pages that have their vectors already are skipped, so that a run that was stopped or
killed goes on where it was; a page on which the encoder failed is tried again.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import count, islice

from workbench import memory
from workbench.documents import ReaderPool
from workbench.documents.blocks import find_drawings
from workbench.encoders import Encoder
from workbench.errors import PagelensError
from workbench.ingestion.meter import Meter
from workbench.ingestion.stages import BATCH, Encoded, Entry, embedded
from workbench.ingestion.writing import TRIM_EVERY
from workbench.store import Collection, Writer
from workbench.types import (
    DocumentOutcome,
    Drawn,
    IngestReport,
    PageEmbedding,
    PageFailure,
    PageFailureRecord,
    PageRef,
    Progress,
)


def embed(
    collection: Collection,
    encoder: Encoder,
    report: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    processors: ReaderPool | None = None,
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
        missing = [page for page in refs if page not in held]
        ids = {refs[page]: page for page in missing}
        meter.total = len(missing)
        outcomes = {ref.document: DocumentOutcome(ref.document, 0, 0, 0) for ref in refs.values()}
        for page, ref in refs.items():
            one = outcomes[ref.document]
            outcomes[ref.document] = replace(one, pages=one.pages + 1, skipped=one.skipped + (page in held))
        left = Counter(refs[page].document for page in missing)
        waiting = deque(outcomes)
        stored = _stored(collection, missing, meter, encoder.info.tells_figures)
        with closing(embedded(stored, [encoder], meter, processors)) as entries:
            for number in count(1):
                batch = list(islice(entries, BATCH))
                if not batch:
                    break
                meter.begin("write")
                found = {ids[_ref(entry)]: _outcome(entry, encoder) for entry in batch}
                lacking = writer.add_vectors(encoder.info.id, list(found.items()))
                for page in found:
                    ref = refs[page]
                    one = outcomes[ref.document]
                    failed = (PageFailureRecord(ref.page, lacking[page]),) if page in lacking else ()
                    one = replace(one, indexed=one.indexed + (page not in lacking), failed=(*one.failed, *failed))
                    outcomes[ref.document] = one
                    left[ref.document] -= 1
                    meter.current = ref.document
                meter.end("write", len(found))
                while waiting and not left[waiting[0]]:
                    meter.document(outcomes[waiting.popleft()])
                if number % TRIM_EVERY == 0:
                    memory.give_back()
        for document in list(waiting)[: 1 if meter.stop.is_set() else None]:
            meter.document(outcomes[document])
        meter.begin("index")
        writer.finish()
        meter.end("index", meter.written)
    seconds = round(time.monotonic() - meter.started, 3)
    return IngestReport(collection.name, tuple(meter.documents), seconds, meter.stop.is_set(), stages=meter.stages())


def _stored(collection: Collection, page_ids: Sequence[str], meter: Meter, drawings_too: bool) -> Iterator[Entry]:
    """Pages as they are stored, with their pictures, and their drawings where they are asked for; those not there any
    more are left out."""
    for start in range(0, len(page_ids), BATCH):
        if meter.stop.is_set():
            return
        meter.begin("read")
        pages = collection.rebuilt(page_ids[start : start + BATCH])
        meter.end("read", 0)
        for page in pages:
            meter.begin("read")
            try:
                picture = page.image()
                drawings = find_drawings(picture, page.words, page.pictures) if drawings_too else ()
                entry: Entry = Encoded(replace(page, image=Drawn.of(picture), drawings=drawings))
            except (PagelensError, OSError) as error:  # its picture is lost
                entry = PageFailure(page.ref, str(error))
            meter.end("read", 1)
            yield entry


def _ref(entry: Entry) -> PageRef:
    if not isinstance(entry, (Encoded, PageFailure)):
        raise TypeError(f"no page, but {entry}")
    return entry.page.ref if isinstance(entry, Encoded) else entry.ref


def _outcome(entry: Entry, encoder: Encoder) -> PageEmbedding | PageFailure:
    return entry.vectors[encoder.info.id] if isinstance(entry, Encoded) else entry  # type: ignore[return-value]
