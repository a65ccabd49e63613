"""An ingest whose stages overlap beside one that does one after another: the same pages, in turn, in one run.

The plain way is a batch of pages through the encoder, then into the collection, then the next; processes read ahead in
both. Rounds of both ways follow each other, and the median of the rounds' ratios counts, so that a machine that slows
down for a while slows both down.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from threading import Event

from benchmarks.encoders import planned_pages
from benchmarks.reading import processor_seconds
from workbench import encoders
from workbench.documents import Limits, ReaderPool, Reading, ReadSettings
from workbench.documents.webp import encoded
from workbench.encoders import Encoder
from workbench.errors import EncoderError
from workbench.ingestion import Here, ingest
from workbench.ingestion.meter import Meter
from workbench.ingestion.plan import Planned
from workbench.ingestion.stages import BATCH
from workbench.settings import CollectionSettings, Settings
from workbench.store import Collection, Library, Writer
from workbench.timing import interleaved, median_ratio
from workbench.types import Page, PageEmbedding


@dataclass(frozen=True, slots=True)
class IngestingReport:
    """Pages a second of both ways, medians, and the median of the rounds' ratios: above 1 overlapping is quicker.

    ``own_seconds`` and ``reading_seconds`` are those that processors worked on a page of the overlapping way, medians:
    in this process, which encodes and writes, and in those that read files.
    """

    encoder: str
    pages: int
    rounds: int
    overlapped: float
    plain: float
    ratio: float
    own_seconds: float
    reading_seconds: float


def ingesting(settings: Settings, encoder_id: str, pages: int, rounds: int) -> IngestingReport:
    """Ingest the same pages both ways, time and again, each time into a new collection."""
    readers, processors = ReaderPool(Limits.of(settings)), ReaderPool(Limits.of_processors(settings))
    with (
        tempfile.TemporaryDirectory(prefix="pagelens-ingesting-") as folder,
        encoders.using(encoder_id, settings.offline, settings.threads) as encoder,
    ):
        library, numbers = Library(Path(folder)), count()
        own: list[float] = []
        reading: list[float] = []

        def into_new(way: Callable[[Collection, Writer, Sequence[Planned]], None]) -> None:
            made = CollectionSettings(encoder=encoder_id, ocr=False)
            store = library.create(f"round-{next(numbers)}", made, encoder.info)
            with Writer(store) as writer:
                way(store, writer, list(planned_pages(readers, pages)))
                writer.finish()

        def overlapped(store: Collection, writer: Writer, planned: Sequence[Planned]) -> None:
            before = time.process_time(), processor_seconds(readers)
            meter = Meter(lambda progress: None, Event(), [])
            ingest(store, writer, planned, Here([encoder], readers, processors), meter)
            own.append(time.process_time() - before[0])
            reading.append(processor_seconds(readers) - before[1])

        def plain(store: Collection, writer: Writer, planned: Sequence[Planned]) -> None:
            _one_after_another(store, writer, planned, encoder, readers)

        try:
            into_new(plain)  # the processes that read files are there from then on
            ours, theirs = interleaved([lambda: into_new(overlapped), lambda: into_new(plain)], rounds)
        finally:
            readers.close()
            processors.close()
    ours_rate, plain_rate = (pages / statistics.median(times) for times in (ours, theirs))
    worked = (statistics.median(seconds) / pages for seconds in (own, reading))
    return IngestingReport(encoder_id, pages, rounds, ours_rate, plain_rate, 1 / median_ratio(ours, theirs), *worked)


def _one_after_another(
    store: Collection, writer: Writer, planned: Sequence[Planned], encoder: Encoder, pool: ReaderPool
) -> None:
    how = ReadSettings.of(store.settings)
    for item in planned:
        if item.probe is None or item.record is None:
            raise EncoderError(f"{item.source.name} cannot be read: {item.note}")
        record = writer.begin_document(item.record)
        reading = Reading(item.source, item.probe, how, item.missing or ())
        with closing(pool.pages([reading], Event())) as stream:
            pages = (found for found in stream.pages(reading) if isinstance(found, Page))
            while batch := list(islice(pages, BATCH)):
                found = zip(batch, encoder.encode_pages(batch), strict=True)
                good = [(page, one) for page, one in found if isinstance(one, PageEmbedding)]
                writer.add_pages(record, [(page, one, encoded(page.image())) for page, one in good])
        writer.finish_document(record)
