"""What an ingest's own process costs beside a page model on a card, on a machine that has none: the card is simulated.

All of an ingest is the real one but two ends. Its readers give pages of the sample documents that were read before, so
that they are not what is waited for. The card is a clock: a batch takes what the model took of an H200 (docs/
measured.md), and its answers are random vectors in bfloat16, as many as the model makes of a page. Around it everything
is done that a processor does for a real one: pixels are copied as to pinned memory, the model's own processor works on
pictures without numbers (torch's ``meta``), and for each of the model's calls torch is called once, on nothing.
What is not in it: copies over the bus, and whatever else keeps a real card from its own speed.
"""

from __future__ import annotations

import pickle
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.encoders.feeding import Fed, planned_pages
from benchmarks.encoders.readymade import again
from benchmarks.encoders.sizes import RealSize, image_token, processor_of, row_of, size
from benchmarks.encoders.threads import Threads
from workbench import memory
from workbench.documents import Limits, ReaderPool, ReadSettings, read_pages
from workbench.documents.worker import read_page
from workbench.documents.workers import Job, cores
from workbench.encoders.checkpoints import Checkpoint
from workbench.encoders.device import Batches, Device
from workbench.encoders.engine import Engine
from workbench.encoders.families import FAMILIES
from workbench.encoders.late_interaction import LateInteraction
from workbench.encoders.prepared import PIXELS, Inputs, Placed
from workbench.encoders.preprocessing import PreparedBatch
from workbench.ingestion import Here, ingest
from workbench.ingestion.meter import Meter
from workbench.settings import CollectionSettings, Settings
from workbench.store import Library, Writer
from workbench.types import Float, JobStage

BATCH = 16
"""Pages at once, as a card gets them."""
READYMADE = 60
"""Different pages of the sample that are read beforehand."""


@dataclass(frozen=True, slots=True)
class Card:
    """How a model goes on a card: pages a second of the forward pass alone, and its calls of torch for a batch."""

    rate: float
    calls: int


CARDS = {
    "colpali": Card(85.0, 1942),
    "colqwen2.5": Card(28.3, 3000),
    "colsmol": Card(67.8, 2132),
    "colmodernvbert": Card(64.9, 1362),
}
"""By size: rates as measured on an H200, calls as counted in a model of as many layers; those of ColQwen2.5, whose
windows go as one batch on a card, are estimated (8,417 window by window)."""


@dataclass(frozen=True, slots=True)
class SimulatedRow(Fed):
    """One model: rates in pages a second, and milliseconds that processors worked a page in the ingest's process.

    ``threads`` are those milliseconds by thread, of what could be seen of them; ``forward`` is what is simulated.
    """

    id: str
    pages: int
    vectors: int
    forward: float
    ingest: float
    cpu_ms: float
    threads: tuple[tuple[str, float], ...]
    stages: tuple[JobStage, ...]


@dataclass(frozen=True, slots=True)
class SimulatedReport:
    """The models in the order they were asked for, on this machine, which needs no card."""

    rows: tuple[SimulatedRow, ...]
    cores: int


def simulated(settings: Settings, ids: Sequence[str], pages: int, progress: Callable[[str], None]) -> SimulatedReport:
    """Ingest so many pages by each of these sizes on a simulated card."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="pagelens-simulated-") as folder:
        made = Path(folder) / "readymade"
        progress(f"Reading {READYMADE} pages beforehand")
        _made_before(made)
        for shape in map(size, ids):
            rows.append(_measured(settings, shape, pages, Path(folder) / shape.id, made))
            row = rows[-1]
            progress(f"{shape.id}: {row.ingest:.1f} of {row.forward} pages/s, {row.cpu_ms:.1f} ms a page of processors")
    return SimulatedReport(tuple(rows), cores())


def _made_before(folder: Path) -> None:
    """Pages of the sample as readers send them, each a file."""
    folder.mkdir()
    number = 0
    for item in planned_pages(None, READYMADE):
        for page in read_pages(item.source, ReadSettings(ocr=False, later=True, stored=True), item.missing):
            (folder / f"{number}.page").write_bytes(pickle.dumps(page, pickle.HIGHEST_PROTOCOL))
            number += 1


class _Readymade(ReaderPool):
    """Readers that give pages read before, in place of those they are asked for."""

    def __init__(self, limits: Limits, folder: Path) -> None:
        super().__init__(limits)
        self._folder = folder

    def submit(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Job:
        """See `ReaderPool.submit`."""
        if function is read_page:
            function, arguments = again, (self._folder, *arguments)
        return super().submit(function, *arguments, **named)


class _SimulatedEngine(Engine):
    """A model on a card that is a clock."""

    def __init__(self, shape: RealSize, folder: Path) -> None:
        import torch

        processor = processor_of(shape)
        model = torch.nn.Module()
        model.config = SimpleNamespace(image_token_id=image_token(shape, processor))  # type: ignore[assignment]
        device = Device("simulated", torch.bfloat16, None)
        super().__init__(FAMILIES[shape.family], Checkpoint(folder, None, "random", "0" * 64), device, model, processor)
        self.processes_there = True
        memory.keep()  # as beside a card
        self._card, self._free = CARDS[shape.id], 0.0
        self._nothing, self._answers = torch.zeros(1), np.zeros((0, 0, 0), np.float32)

    @property
    def dim(self) -> int:
        """See `Engine.dim`."""
        return 128

    def batches(self) -> Batches:
        """See `Engine.batches`."""
        return Batches(BATCH)

    def prepared(self, inputs: Sequence[Inputs]) -> PreparedBatch:
        """See `Engine.prepared`: what the model's processor makes, with the pixels' numbers left out."""
        import torch

        shapes = [np.copy(one[PIXELS]).shape for one in inputs]
        with self._preparing:
            pictures = [torch.empty((3, *shape[:2]), dtype=torch.uint8, device="meta") for shape in shapes]
            made = self.processor.process_images([Placed(picture) for picture in pictures])
        return PreparedBatch(self.processor, made, self._image_token)

    def launch(self, batch: PreparedBatch) -> Callable[[], Float]:
        """See `Engine.launch`."""
        pages, tokens = batch.inputs["input_ids"].shape
        with self._turn:
            for _ in range(self._card.calls):
                self._nothing.add_(1)
            self._free = ready = max(self._free, time.monotonic()) + pages / self._card.rate
        if tokens > self._answers.shape[1]:
            self._answers = _random(tokens)

        def wait() -> Float:
            time.sleep(max(0.0, ready - time.monotonic()))
            return self._answers[:pages, :tokens]

        return wait


def _random(tokens: int) -> Float:
    """``(2 * BATCH, tokens, 128) float32`` of numbers that bfloat16 has."""
    import torch

    generator = torch.Generator().manual_seed(0)
    found = torch.randn((2 * BATCH, tokens, 128), generator=generator).bfloat16().float()
    return np.asarray(found.numpy(), np.float32)


def _measured(settings: Settings, shape: RealSize, count: int, folder: Path, made: Path) -> SimulatedRow:
    engine = _SimulatedEngine(shape, folder / "processor")
    encoder = LateInteraction(row_of(shape, engine.device), engine)
    readers = _Readymade(Limits.of(settings), made)
    library = Library(folder)
    try:
        for name, pages in (("warm", min(count, 2 * BATCH)), ("measured", count)):
            chosen = CollectionSettings(encoder=encoder.info.id)
            store = library.create(name, chosen, encoder.info)
            with Writer(store) as writer, Threads() as threads:
                planned = list(planned_pages(readers, pages, folder))
                threads.begin()
                meter = Meter(lambda progress: None, Event(), [])
                report = ingest(store, writer, planned, Here([encoder], readers), meter)
                whole, by_thread = threads.end()
        done = sum(document.indexed for document in report.documents)
        return SimulatedRow(
            shape.id,
            done,
            int(np.median(store.space().vectors("full").lengths)),
            CARDS[shape.id].rate,
            done / report.seconds,
            1000 * whole / done,
            tuple((name, 1000 * seconds / done) for name, seconds in by_thread.items()),
            report.stages,
        )
    finally:
        readers.close()
