"""How a search's time and memory grow with the collection: real vectors, enlarged by perturbation.

Every page of a collection is written again and again with its own words and with a little noise on every vector, into a
collection of its own that goes afterwards. So the numbers of vectors and the way they cluster are those of real pages,
which random vectors do not have. It says nothing about quality: nobody asked for a page's noisy copy.

Each size is searched by a process of its own, so that its memory is not that of the writing or of a smaller size. What
is told is the memory that no file backs (`watch.Memory`) above that of the loaded model.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from workbench.bench.latency import encoder_of, in_new_process, without_encoding
from workbench.bench.times import Times
from workbench.bench.watch import MemoryWatch, memory_now
from workbench.errors import InputError
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.store import Collection, DocumentRecord, Library, Writer
from workbench.timing import Stopwatch
from workbench.types import Float, Page, PageEmbedding, PageRef, StoredPage

NOISE = 0.3
"""Length of the noise on a vector of length 1; a copy's cosine with its original is then about 0.96."""
SOURCE_PAGES = 500
"""Pages of the collection that are copied, at most."""
BATCH = 32
NAME = "enlarged"


@dataclass(frozen=True, slots=True)
class ScalePoint:
    """One pipeline over so many pages. ``own_bytes`` is the highest memory of its searches above the loaded model."""

    pages: int
    vectors: int
    disk_bytes: int
    pipeline: str
    search: Times
    own_bytes: int


@dataclass(frozen=True, slots=True)
class ScaleReport:
    """All points, sizes in order, and what writing took."""

    source: str
    encoder: str
    questions: int
    repeats: int
    points: tuple[ScalePoint, ...]
    pages_per_second: float
    """Pages written a second, pooled, indexed and mapped; not read or encoded."""

    def own_bytes_per_page(self, pipeline: str) -> float:
        """Memory that each further page cost, from the smallest size to the largest; 0 for one size."""
        first, *_, last = [point for point in self.points if point.pipeline == pipeline] * 2
        return (last.own_bytes - first.own_bytes) / (last.pages - first.pages) if last.pages > first.pages else 0.0


def scale(
    workbench: Workbench,
    collection: str,
    questions: Sequence[str],
    sizes: Sequence[int],
    pipelines: Sequence[str],
    repeats: int = 3,
    progress: Callable[[str], None] = lambda what: None,
) -> ScaleReport:
    """Write and search collections of so many pages; the largest decides the disk space, about 1 MB a page.

    `InputError` when the collection is empty or there are no questions.
    """
    info = workbench.collection(collection)
    if not info.pages or not questions:
        raise InputError(f"Enlarging needs pages and questions; '{collection}' has {info.pages} pages.")
    sources = _sources(Library(workbench.settings.home).open(collection))
    encoder = encoder_of(workbench, info)
    points: list[ScalePoint] = []
    with tempfile.TemporaryDirectory(prefix="pagelens-scale-", ignore_cleanup_errors=True) as folder:
        settings = workbench.settings.model_copy(update={"home": Path(folder)})
        made = CollectionSettings(**{**asdict(CollectionSettings()), "encoder": info.encoder})
        enlarged = Library(settings.home).create(NAME, made, encoder.info)
        seconds, written = 0.0, 0
        for size in sorted(set(sizes)):
            progress(f"Writing pages {written + 1:,} to {size:,}")
            watch = Stopwatch()
            grow(enlarged, sources, written, size)
            seconds, written = seconds + watch.lap() / 1000.0, size
            progress(f"Searching {size:,} pages")
            points += in_new_process(_measure, settings.model_dump(), list(questions), list(pipelines), repeats)
        enlarged.close()
    return ScaleReport(
        collection, info.encoder, len(questions), repeats, tuple(points), written / seconds if seconds else 0.0
    )


def perturbed(vectors: Float, rng: np.random.Generator, noise: float = NOISE) -> Float:
    """Unit vectors ``(n, dim)`` moved in random directions by about ``noise``, and of length 1 again."""
    moved = vectors + rng.standard_normal(vectors.shape, np.float32) * np.float32(noise / np.sqrt(vectors.shape[1]))
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)


def grow(collection: Collection, sources: Sequence[tuple[StoredPage, PageEmbedding]], start: int, end: int) -> None:
    """Write pages number ``start`` to ``end`` (0-based, exclusive) of the endless row of noisy copies."""
    with Writer(collection) as writer:
        for document, numbers in _documents(len(sources), start, end):
            record = writer.begin_document(document)
            for first in range(0, len(numbers), BATCH):
                batch = [_copy(record, number, sources) for number in numbers[first : first + BATCH]]
                failed = writer.add_pages(record, batch)
                if failed:
                    raise InputError(f"A copied page could not be written: {failed[0].reason}")
            writer.finish_document(record)
        writer.finish()


def _documents(pages: int, start: int, end: int) -> Iterator[tuple[DocumentRecord, list[int]]]:
    """Documents of at most ``pages`` pages each, and the numbers that their pages have in the row of all copies."""
    while start < end:
        numbers = list(range(start, min(end, start + pages)))
        name = f"copy-{start:07d}.pdf"
        digest = hashlib.sha256(name.encode()).hexdigest()
        yield DocumentRecord(name, (name,), digest, len(numbers), 0), numbers
        start = numbers[-1] + 1


def _copy(
    record: DocumentRecord, number: int, sources: Sequence[tuple[StoredPage, PageEmbedding]]
) -> tuple[Page, PageEmbedding, Image.Image]:
    stored, embedding = sources[number % len(sources)]
    picture = Image.new("RGB", (8, 8), "white")
    place = number - int(record.name[len("copy-") : -len(".pdf")]) + 1
    page = Page(PageRef(record.name, place), (8, 8), lambda: picture, stored.words, record.content_hash)
    noisy = perturbed(embedding.vectors, np.random.default_rng(number))
    return page, replace(embedding, vectors=noisy), picture


def _sources(collection: Collection) -> list[tuple[StoredPage, PageEmbedding]]:
    space = collection.space()
    ids = collection.page_ids(None)[:SOURCE_PAGES]
    refs = collection.refs(ids)
    found = [(collection.page(refs[page]), space.page_embedding(page)) for page in ids]
    collection.close()
    return found


def _measure(
    settings: Mapping[str, Any], questions: Sequence[str], pipelines: Sequence[str], repeats: int
) -> list[ScalePoint]:
    """Runs in a process of its own: the model first, then every pipeline."""
    workbench = Workbench(Settings(**settings))
    info = workbench.collection(NAME)
    encoder = encoder_of(workbench, info)
    for question in questions:
        encoder.encode_query(question)
    loaded = memory_now().own
    vectors = next(index.vectors for index in info.indexes if index.name == "full")
    points = []
    for name in pipelines:
        ms: list[float] = []
        with MemoryWatch() as watch:
            for round_number in range(repeats + 1):
                for question in questions:
                    result = workbench.search(question, NAME, name)
                    if round_number:
                        ms.append(without_encoding(result.trace.stages))
        points.append(ScalePoint(info.pages, vectors, info.bytes, name, Times.of(ms), watch.peak.own - loaded))
    return points
