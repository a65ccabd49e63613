"""One ingest: files in, committed pages out, with progress, a stop, and an outcome for every file and page.

The road is straight: `plan` says what is to be read, a crew reads it and makes vectors of it (`stages`, `batches`), and
what is ready is written here. Who the crew is makes no difference to what comes out: `Here` is this process, where all
steps work at once and a bounded number of pages ahead of one another, and `cluster.Cluster` many processes, on many
machines. What is committed stays, whatever happens later, and is skipped the next time.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from workbench.documents import ReaderPool, Reading, ReadSettings
from workbench.encoders import Encoder
from workbench.ingestion.batches import Announce, Batch, batches
from workbench.ingestion.meter import Meter
from workbench.ingestion.plan import Planned
from workbench.ingestion.stages import Begin, embedded, read
from workbench.ingestion.writing import Writing
from workbench.store import Collection, FieldsChange, Stager, Writer
from workbench.types import DocumentOutcome, IngestReport


class Crew(Protocol):
    """Who reads files and makes vectors of their pages."""

    def batches(
        self, collection: Collection, files: Sequence[Begin], begin: Announce, meter: Meter
    ) -> Generator[Sequence[Batch], None, None]:
        """What is to be read of the files, ready to be committed: batches that may go into one commit.

        ``begin`` is asked for every file, several at once or one after the other; after its last pages comes its end.
        """


@dataclass(frozen=True, slots=True)
class Here:
    """This process. ``encoders`` are the collection's, the first one first; without a later one, the new pages wait for
    its vectors. ``pool`` reads files, ``processors`` prepare pages for encoders on a GPU; ``home`` tells uploaded
    files, which have no lasting path, from files on disk."""

    encoders: Sequence[Encoder]
    pool: ReaderPool
    processors: ReaderPool | None = None
    home: Path | None = None

    def batches(
        self, collection: Collection, files: Sequence[Begin], begin: Announce, meter: Meter
    ) -> Generator[Sequence[Batch], None, None]:
        """See `Crew`."""
        pages = read(files, collection, self.pool, meter, self.home)
        ids = [encoder.info.id for encoder in self.encoders]
        with closing(embedded(pages, self.encoders, meter, self.processors)) as entries:
            yield from batches(entries, begin, Stager(collection), ids, meter)


def ingest(
    collection: Collection,
    writer: Writer,
    planned: Sequence[Planned],
    crew: Crew,
    meter: Meter,
    changes: Mapping[Path, FieldsChange] | None = None,
) -> IngestReport:
    """Index planned files into a collection.

    ``changes`` are the tags and fields that files get, by path; those of a file that is in the collection already
    change too. `DiskFullError` when space runs out, with all that was committed kept.
    """
    writer.hold([item.record for item in planned if item.record is not None and item.missing is not None])
    meter.total = sum(item.pages_to_read for item in planned)
    meter.expect({item.source.name: _expected(item) for item in planned})
    looked_for = any(space.info.tells_figures for space in collection.spaces())
    settings = replace(ReadSettings.of(collection.settings), drawings=looked_for)
    files = [Begin(item, _reading(item, settings), item.record) for item in planned]
    writing = Writing(collection, writer, meter, changes or {})
    with closing(crew.batches(collection, files, writing.begin, meter)) as made:
        for some in made:
            writing.take(some)
    writing.leave()
    meter.begin("index")
    writer.finish(here=isinstance(crew, Here) or not collection.storage.remote)
    meter.end("index", meter.written)
    seconds, stopped = round(time.monotonic() - meter.started, 3), meter.stop.is_set()
    return IngestReport(collection.name, tuple(meter.documents), seconds, stopped, writing.notes, meter.stages())


def _expected(item: Planned) -> DocumentOutcome:
    """A file before anything is read of it."""
    pages = item.probe.pages if item.probe else 0
    return DocumentOutcome(item.source.name, pages, 0, pages - item.pages_to_read)


def _reading(item: Planned, settings: ReadSettings) -> Reading | None:
    """What is to be read of a file, if anything."""
    if item.probe is None or item.record is None or item.missing == ():
        return None
    numbers = range(1, item.probe.pages + 1) if item.missing is None else item.missing
    return Reading(item.source, item.probe, settings, numbers)
