"""What keeps a page model waiting: its forward pass alone, beside every way to feed it, and the ingest's own rate.

Pages are those of the sample documents, drawn as an ingest draws them. A way's rate is pages by seconds of one pass
over all of them, after one that warms up (a batch of the plain loop); the `DataLoader`'s includes the start of its
workers, as its user waits for it too. The ingest is measured after one that starts the processes, and with its index:
it is what a person sees. It gets more pages, of copies of the documents, so that its first and last seconds weigh no
more than in real life.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from PIL import Image

from benchmarks.encoders.sizes import build, size
from workbench import resources
from workbench.documents import Limits, ReaderPool, ReadSettings, discover, read_pages
from workbench.documents.workers import cores
from workbench.encoders.engine import Engine
from workbench.encoders.late_interaction import LateInteraction
from workbench.encoders.pictures import seen
from workbench.encoders.prepared import Inputs
from workbench.encoders.registry import free
from workbench.encoders.stream import wide
from workbench.errors import EncoderError, InputError
from workbench.ingestion import Here, ingest, plan_sources
from workbench.ingestion.meter import Meter
from workbench.ingestion.plan import Planned
from workbench.settings import CollectionSettings, Settings
from workbench.store import Library, Writer
from workbench.types import JobStage, Page, PageFailure, bottleneck

PROCESSED = 8
"""Pages that the processor alone is timed on, one at a time."""


class Fed:
    """What is said of an ingest beside a model: rates in pages a second, that of the forward pass alone among them."""

    __slots__ = ()
    forward: float
    ingest: float
    stages: tuple[JobStage, ...]

    @property
    def share(self) -> float:
        """What an ingest gets of the rate of the forward pass alone."""
        return self.ingest / self.forward

    @property
    def bottleneck(self) -> str:
        """The stage of the ingest that the others waited for."""
        return bottleneck(self.stages)


@dataclass(frozen=True, slots=True)
class EncoderRow(Fed):
    """One model; rates in pages a second, the processor's time in milliseconds a page on one core."""

    id: str
    source: str
    device: str
    attention: str
    millions: int
    tokens: int
    pages: int
    ingested: int
    batch: int
    forward: float
    bare_loop: float
    data_loader: float
    encode_pages: float
    ingest: float
    processor_ms: float
    stages: tuple[JobStage, ...]


@dataclass(frozen=True, slots=True)
class EncodersReport:
    """The models in the order they were asked for, on this machine."""

    rows: tuple[EncoderRow, ...]
    cores: int
    machine: str
    workers: int


def encoders(
    settings: Settings, ids: Sequence[str], pages: int, ingested: int, workers: int, progress: Callable[[str], None]
) -> EncodersReport:
    """Measure models of published sizes, one after another, each alone in memory; an ingest gets ``ingested`` pages."""
    rows = []
    for shape in [size(one) for one in ids]:
        with tempfile.TemporaryDirectory(prefix="pagelens-size-") as folder:
            progress(f"{shape.id}: making it")
            encoder = build(shape, Path(folder) / "processor")
            rows.append(measure(settings, encoder, pages, ingested, workers, Path(folder), progress, shape.source))
            del encoder
            free()
    return EncodersReport(tuple(rows), cores(), _card(), workers)


def measure(
    settings: Settings,
    encoder: LateInteraction,
    count: int,
    ingested: int,
    workers: int,
    folder: Path,
    progress: Callable[[str], None],
    source: str,
) -> EncoderRow:
    """Every way to feed one model, in turn."""
    pages = sample_pages(count)
    pictures = [seen(page) for page in pages]
    prepared = [encoder.prepare(page) for page in pages]
    batch, tokens = encoder.fit(prepared), statistics.median_low(map(encoder.tokens, prepared))
    feeding = _Feeding(encoder.engine, batch, workers)
    feeding.place([one.inputs for one in prepared])
    del prepared
    rates = []
    for what, way, warm in (
        ("forward alone", feeding.forward_alone, feeding.forward_alone),
        ("bare loop", partial(feeding.bare_loop, pictures), partial(feeding.bare_loop, pictures[:batch])),
        ("DataLoader", partial(feeding.data_loader, pictures), _wait),
        ("encode_pages", partial(_embed, encoder, pages), _wait),
    ):
        warm()
        _wait()
        started = time.perf_counter()
        way()
        _wait()
        rates.append(count / (time.perf_counter() - started))
        progress(f"{encoder.info.id}: {what} {rates[-1]:.2f} pages/s")
        if what == "forward alone":
            feeding.place([])  # what lay on the device
    del pictures
    forward, bare_loop, data_loader, encode_pages = rates
    rate, stages = _ingest(settings, encoder, ingested, folder)
    progress(f"{encoder.info.id}: ingest {rate:.2f} pages/s, the others wait for '{bottleneck(stages)}'")
    return EncoderRow(
        encoder.info.id,
        source,
        encoder.engine.device.name,
        encoder.engine.attention,
        round(encoder.engine.parameters / 1e6),
        tokens,
        count,
        ingested,
        batch,
        forward,
        bare_loop,
        data_loader,
        encode_pages,
        rate,
        _processor_ms(encoder, pages[:PROCESSED]),
        stages,
    )


class _Feeding:
    """A model fed in the plain ways that its library's documents show, ``batch`` pages at a time."""

    def __init__(self, engine: Engine, batch: int, workers: int) -> None:
        self._engine, self._batch, self._workers = engine, batch, workers
        self._process = engine.processor.process_images
        self._placed: list[dict[str, Any]] = []

    def place(self, inputs: Sequence[Inputs]) -> None:
        """Put prepared pages on the device, in the place of what is there."""
        parts = [inputs[start : start + self._batch] for start in range(0, len(inputs), self._batch)]
        self._placed = [self._on_device(self._engine.prepared(part).inputs) for part in parts]

    def forward_alone(self) -> None:
        """The model over what is placed."""
        for inputs in self._placed:
            self._call(inputs)

    def bare_loop(self, pictures: Sequence[Image.Image]) -> None:
        """Processor and model in turn."""
        for start in range(0, len(pictures), self._batch):
            self._call(self._on_device(self._process(list(pictures[start : start + self._batch])))).float().cpu()

    def data_loader(self, pictures: Sequence[Image.Image]) -> None:
        """The processor in the workers of a `DataLoader`."""
        from torch.utils.data import DataLoader

        loader: Any = DataLoader(
            list(pictures),  # type: ignore[arg-type]
            self._batch,
            num_workers=self._workers,
            collate_fn=self._process,
            pin_memory=self._engine.device.kind == "cuda",
        )
        for inputs in loader:
            self._call(self._on_device(inputs)).float().cpu()

    def _on_device(self, inputs: Any) -> dict[str, Any]:
        device = self._engine.device
        return {
            name: wide(value.to(device.name, device.dtype if value.is_floating_point() else None))
            for name, value in inputs.items()
            if name != "labels"
        }

    def _call(self, inputs: dict[str, Any]) -> Any:
        import torch

        with torch.inference_mode():
            return self._engine.model(**inputs, **self._engine.family.forward)


def sample_pages(count: int) -> list[Page]:
    """The first pages of the sample documents, the longest document first, drawn as an ingest draws them."""
    found: list[Page] = []
    for item in planned_pages(None, count):
        settings = ReadSettings(ocr=False)
        found += [page for page in read_pages(item.source, settings, item.missing) if isinstance(page, Page)]
    return found


def planned_pages(pool: ReaderPool | None, count: int, folder: Path | None = None) -> Iterator[Planned]:
    """What to read of the sample documents, so many pages; of copies of its PDFs in ``folder`` where those are fewer.

    `InputError` where there are not as many and no folder. A copy ends in a comment of its own: it is another file.
    """
    originals, _ = discover([resources.sample_data() / "documents"])
    sources, left = originals, count
    for copy in itertools.count():
        for item in sorted(plan_sources(None, sources, pool), key=lambda item: -item.pages_to_read):
            take = min(left, item.pages_to_read)
            left -= take
            if take:
                yield replace(item, missing=tuple(range(1, take + 1)))
        if not left:
            return
        if folder is None:
            raise InputError(f"The sample documents have {count - left} pages, not {count}.")
        pdfs = [source.path for source in originals if source.path.suffix == ".pdf"]
        sources, _ = discover([_copied(path, folder, copy) for path in pdfs])


def _copied(path: Path, folder: Path, copy: int) -> Path:
    made = folder / f"{copy}-{path.name}"
    made.write_bytes(path.read_bytes() + b"%% copy %d\n" % copy)
    return made


def _ingest(
    settings: Settings, encoder: LateInteraction, count: int, folder: Path
) -> tuple[float, tuple[JobStage, ...]]:
    """An ingest's own rate, and what its stages say, once its processes are there."""
    readers, processors = ReaderPool(Limits.of(settings)), ReaderPool(Limits.of_processors(settings))
    library = Library(folder)
    try:
        for name, pages in (("warm", min(count, 2 * max(readers.size, processors.size))), ("measured", count)):
            made = CollectionSettings(encoder=encoder.info.id, ocr=False)
            store = library.create(name, made, encoder.info)
            with Writer(store) as writer:
                planned = list(planned_pages(readers, pages, folder))
                meter = Meter(lambda progress: None, Event(), [])
                report = ingest(store, writer, planned, Here([encoder], readers, processors), meter)
        done = sum(document.indexed for document in report.documents)
        return done / report.seconds, report.stages
    finally:
        readers.close()
        processors.close()


def _processor_ms(encoder: LateInteraction, pages: Sequence[Page]) -> float:
    """Milliseconds that the processor takes for a page on one core, the median."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        times = []
        for picture in [seen(page) for page in (pages[0], *pages)]:
            started = time.perf_counter()
            encoder.engine.processor.process_images([picture])
            times.append(time.perf_counter() - started)
        return 1000 * statistics.median(times[1:])
    finally:
        torch.set_num_threads(threads)


def _embed(encoder: LateInteraction, pages: Sequence[Page]) -> None:
    failed = [found.reason for found in encoder.encode_pages(pages) if isinstance(found, PageFailure)]
    if failed:
        raise EncoderError(f"{len(failed)} pages failed; the first: {failed[0]}")


def _wait() -> None:
    """Wait for what a GPU is at."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _card() -> str:
    import torch

    return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else "no GPU"
