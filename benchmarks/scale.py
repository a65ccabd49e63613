"""How a search's time, memory, disk and quality grow with the collection: real vectors, put together anew.

The pages of a collection are written as they are, and after them made ones into a collection of its own that goes
afterwards: the first half of one page and the second half of another, with a little noise on every vector. So the
numbers of vectors and the way they cluster are those of real pages, which random vectors do not have, and no two pages
are alike. (Pages of a grid are not cut, but only get the noise.) What is said of quality is how much of the exact
answer a pipeline still gives, and nDCG of the labelled pages among all those made of their halves, which count as pages
that do not answer: no real collection is like that, so that the figures of one size compare with each other and with
nothing else. Where pages are made smaller (``kept`` vectors of each, evenly, and as many words), so that more of them
fit on a disk, the report says so. What was written can be kept in a folder, from which a later run goes on.

Each size is searched by a process of its own, so that its memory is not that of the writing or of a smaller size. What
is told is the memory that no file backs (`watch.Memory`) above that of the loaded model.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from workbench import encoders
from workbench.bench.latency import encoder_of, in_new_process, without_encoding
from workbench.bench.times import Times
from workbench.bench.watch import MemoryWatch, memory_now
from workbench.documents.webp import Pictures, encoded
from workbench.errors import InputError
from workbench.evaluation import per_query
from workbench.retrieval import Pipeline
from workbench.retrieval.scanning import asks_ann
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.store import Collection, DocumentRecord, Library, Writer
from workbench.store.files import tree_bytes
from workbench.timing import Stopwatch
from workbench.types import (
    Float,
    Geometry,
    Page,
    PageEmbedding,
    PageRef,
    QueryEmbedding,
    SearchResult,
    StageTrace,
    StoredPage,
    Words,
)

NOISE = 0.3
"""Length of the noise on a vector of length 1; a copy's cosine with its original is then about 0.96."""
SOURCE_PAGES = 500
"""Pages of the collection that are copied, at most."""
BATCH = 128
K = 10
"""Results that are held against those of exact search."""
OPENINGS = 5
"""Processes that open the collection; what the quickest took is told, the disk's cache being warm by then."""
NAME = "enlarged"


Labels = Sequence[Mapping[str, int]]
"""For each question the grades of the pages that answer it, by page ref."""


@dataclass(frozen=True, slots=True)
class ScalePoint:
    """One pipeline over so many pages. ``own_bytes`` is the highest memory of its searches above the loaded model.

    ``stages`` are the stages and their median milliseconds; ``vector_bytes`` what the full and pooled vectors come to
    as they are stored; ``opening_ms`` and ``first_ms`` are of an `Opening`, at the least;
    ``agreement`` the mean share of exact's best `K` that are among the pipeline's; ``ndcg`` and ``exact_ndcg`` nDCG@5
    by it and by exact search (None without labels); ``approximate`` what the first stage said of its index;
    ``processor_ms`` the median of the processors' time that a search took, its encoding included, which a busy machine
    changes little.
    """

    pages: int
    vectors: int
    disk_bytes: int
    pipeline: str
    search: Times
    own_bytes: int
    stages: tuple[tuple[str, float], ...] = ()
    opening_ms: float = 0.0
    vector_bytes: int = 0
    agreement: float | None = None
    ndcg: float | None = None
    exact_ndcg: float | None = None
    approximate: str = ""
    processor_ms: float = 0.0
    first_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Opening:
    """What a person waits for who turns to a collection, in a process that has the model and nothing else of it.

    ``told_ms`` is what the page asks for first: counts, sizes, documents and quarantine; ``first_ms`` a first search
    after that by the recommended pipeline, as in the page, its query's encoding included.
    """

    told_ms: float
    first_ms: float


@dataclass(frozen=True, slots=True)
class ScaleReport:
    """All points, sizes in order, and what writing took."""

    source: str
    encoder: str
    questions: int
    repeats: int
    points: tuple[ScalePoint, ...]
    pages_per_second: float
    """Pages written a second, pooled, indexed and mapped; not read or encoded. 0: some were there before."""
    kept: int = 0
    """Vectors that were kept of a page at most; 0: all."""

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
    labels: Labels = (),
    kept: int = 0,
    indexes: Sequence[str] = (),
    keep: Path | None = None,
) -> ScaleReport:
    """Write and search collections of so many pages; the largest decides the disk space, about 1 MB a page.

    ``labels`` are the pages that answer each question and their grades; ``kept`` the vectors that pages are cut down
    to; ``indexes`` are added to those of a new collection. The pages stay in the folder ``keep``, and those that are
    there already, made of the same pages by the same ``kept``, are not written again. `InputError` when the collection
    is empty, there are no questions, or the folder has more pages than the smallest size, or pages made of others.
    """
    info = workbench.library.info(collection)
    if not info.pages or not questions:
        raise InputError(f"Enlarging needs pages and questions; '{collection}' has {info.pages} pages.")
    sources = [_smaller(*source, kept) for source in _sources(Library.of(workbench.settings).open(collection))]
    steps = sorted(set(sizes))
    encoder = encoder_of(workbench, info)
    points: list[ScalePoint] = []
    with _folder(keep) as folder:
        settings = workbench.settings.model_copy(update={"home": folder})
        library = Library.of(settings)
        if NAME in library.names():
            enlarged = library.open(NAME)
        else:
            made = CollectionSettings(**{**asdict(CollectionSettings()), "encoder": info.encoder})
            enlarged = library.create(NAME, made, encoder.info)
        before = written = enlarged.page_count()
        if before and not _is_made_of(enlarged, *sources[0], info.encoder):
            raise InputError(
                f"The pages in '{folder}' were made of others than those of '{collection}' by '{info.encoder}', or cut "
                "down otherwise; name another folder."
            )
        if before > steps[0]:
            raise InputError(f"'{folder}' holds {before:,} pages already; name sizes from there on, or another folder.")
        starts = sorted(_start(document.name) for document in enlarged.records.listed())
        originals = _originals(len(sources), [*starts[1:], before, *steps])
        there = dict(zip((str(stored.ref) for stored, _ in sources), originals, strict=False))
        judged = tuple({there[page]: grade for page, grade in grades.items() if page in there} for grades in labels)
        seconds = 0.0
        for size in steps:
            watch = Stopwatch()
            if size > written:
                progress(f"Writing pages {written + 1:,} to {size:,}")
                grow(enlarged, sources, written, size)
            for index in indexes:
                if index not in enlarged.space().indexes:
                    progress(f"Adding index '{index}'")
                    with Writer(enlarged) as writer:
                        writer.indexes.add_index("", index)
            seconds, written = seconds + watch.lap() / 1000.0, size
            enlarged.info()  # as an ingest ends, which counts
            progress(f"Searching {size:,} pages")
            given = settings.model_dump()
            opened = [in_new_process(_opened, given, questions[0]) for _ in range(OPENINGS)]
            points += in_new_process(_measure, given, list(questions), list(pipelines), repeats, judged, opened)
        enlarged.close()
    speed = written / seconds if seconds and not before else 0.0
    return ScaleReport(collection, info.encoder, len(questions), repeats, tuple(points), speed, kept)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Where pages are written: a folder that stays, or one that goes afterwards."""
    if keep is not None:
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="pagelens-scale-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def perturbed(vectors: Float, rng: np.random.Generator, noise: float = NOISE) -> Float:
    """Unit vectors ``(n, dim)`` moved in random directions by about ``noise``, and of length 1 again."""
    moved = vectors + rng.standard_normal(vectors.shape, np.float32) * np.float32(noise / np.sqrt(vectors.shape[1]))
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)


def grow(collection: Collection, sources: Sequence[tuple[StoredPage, PageEmbedding]], start: int, end: int) -> None:
    """Write pages number ``start`` to ``end`` (0-based, exclusive) of the endless row of made pages."""
    with Writer(collection) as writer:
        for document, numbers in _documents(len(sources), start, end):
            record = writer.begin_document(document)
            for first in range(0, len(numbers), BATCH):
                batch = [_made(record, number, sources) for number in numbers[first : first + BATCH]]
                failed = writer.add_pages(record, batch)
                if failed:
                    raise InputError(f"A copied page could not be written: {failed[0].reason}")
            writer.finish_document(record)
        writer.finish()


def _is_made_of(collection: Collection, stored: StoredPage, embedding: PageEmbedding, encoder: str) -> bool:
    """Whether the first of the made pages, which is written as it is, is this one by this encoder."""
    space = collection.space()
    first = collection.page(PageRef(_name(0), 1))
    if space.encoder != encoder or first.words.texts != stored.words.texts:
        return False
    return np.array_equal(space.page_embedding(first.page_id).vectors, embedding.vectors)


def _documents(pages: int, start: int, end: int) -> Iterator[tuple[DocumentRecord, list[int]]]:
    """Documents of at most ``pages`` pages each, and the numbers that their pages have in the row of all copies."""
    while start < end:
        numbers = list(range(start, min(end, start + pages)))
        name = _name(start)
        digest = hashlib.sha256(name.encode()).hexdigest()
        yield DocumentRecord(name, (name,), digest, len(numbers), 0), numbers
        start = numbers[-1] + 1


def _made(
    record: DocumentRecord, number: int, sources: Sequence[tuple[StoredPage, PageEmbedding]]
) -> tuple[Page, PageEmbedding, Pictures]:
    """Page ``number`` of the endless row: the pages as they are, and then pages made of them."""
    stored, embedding = sources[number % len(sources)]
    words = stored.words
    if number >= len(sources):
        rng = np.random.default_rng(number)
        if embedding.geometry.grid is None:
            other, beneath = sources[int(rng.integers(len(sources)))]
            words, embedding = _halves(words, other.words), _joined(embedding, beneath)
        embedding = replace(embedding, vectors=perturbed(embedding.vectors, rng))
    picture = Image.new("RGB", (8, 8), "white")
    place = number - _start(record.name) + 1
    page = Page(PageRef(record.name, place), (8, 8), lambda: picture, words, record.content_hash)
    return page, embedding, encoded(picture)


def _halves(above: Words, below: Words) -> Words:
    """The first half of the words of one page and the second of those of another."""
    a, b = -(-len(above) // 2), len(below) // 2
    lines = np.concatenate([above.lines[:a], below.lines[b:] + int(above.lines[:a].max(initial=-1)) + 1])
    return Words(
        above.texts[:a] + below.texts[b:],
        np.concatenate([above.boxes[:a], below.boxes[b:]]),
        lines.astype(np.int32),
        np.concatenate([above.ocr[:a], below.ocr[b:]]),
    )


def _joined(above: PageEmbedding, below: PageEmbedding) -> PageEmbedding:
    """The first half of the vectors of one page and the second of those of another, without a grid."""
    a, b = -(-len(above.vectors) // 2), len(below.vectors) // 2
    boxes = np.concatenate([above.geometry.boxes[:a], below.geometry.boxes[b:]])
    geometry = Geometry(boxes, None, np.full(len(boxes), -1, np.int32))
    labelled = bool(above.labels) and bool(below.labels)
    labels = above.labels[:a] + below.labels[b:] if labelled else ()
    return PageEmbedding(np.concatenate([above.vectors[:a], below.vectors[b:]]), geometry, labels)


def _originals(pages: int, sizes: Sequence[int]) -> list[str]:
    """The refs that the pages have which are written as they are, in order; fewer where the largest size is smaller."""
    found: list[str] = []
    for start, end in zip([0, *sizes], sizes, strict=False):
        for document, numbers in _documents(pages, start, end):
            found += [str(PageRef(document.name, i + 1)) for i, number in enumerate(numbers) if number < pages]
    return found


def _name(start: int) -> str:
    return f"copy-{start:07d}.pdf"


def _start(name: str) -> int:
    """The number of the first page of the document of that name."""
    return int(name[len("copy-") : -len(".pdf")])


def _smaller(stored: StoredPage, embedding: PageEmbedding, kept: int) -> tuple[StoredPage, PageEmbedding]:
    """A page with at most so many of its vectors, taken evenly, and of its words; 0 leaves it as it is."""
    if not kept:
        return stored, embedding
    n, words = len(embedding.vectors), stored.words
    at = np.arange(min(n, kept)) * n // min(n, kept)
    places = embedding.geometry
    geometry = Geometry(places.boxes[at], None, np.full(len(at), -1, np.int32))
    labels = tuple(embedding.labels[i] for i in at) if embedding.labels else ()
    fewer = Words(words.texts[:kept], words.boxes[:kept], words.lines[:kept], words.ocr[:kept])
    return replace(stored, words=fewer), PageEmbedding(embedding.vectors[at], geometry, labels)


def _sources(collection: Collection) -> list[tuple[StoredPage, PageEmbedding]]:
    space = collection.space()
    ids = collection.page_ids(None)[:SOURCE_PAGES]
    refs = collection.refs(ids)
    found = [(collection.page(refs[page]), space.page_embedding(page)) for page in ids]
    collection.close()
    return found


def _opened(settings: Mapping[str, Any], question: str) -> Opening:
    """Runs in a process of its own."""
    encoders.load(Library(settings["home"]).open(NAME).space().encoder, offline=True).encode_query(question)
    watch = Stopwatch()
    workbench = Workbench(Settings(**settings))
    workbench.library.info(NAME)
    workbench.library.documents(NAME)
    workbench.maintenance.quarantined(NAME)
    told = watch.lap()
    workbench.searches.search(question, NAME, "")
    return Opening(told, watch.lap())


def _measure(
    settings: Mapping[str, Any],
    questions: Sequence[str],
    pipelines: Sequence[str],
    repeats: int,
    labels: Labels,
    opened: Sequence[Opening],
) -> list[ScalePoint]:
    """Runs in a process of its own: the model first, then every pipeline, and exact search to hold them against."""
    encoder = encoders.load(Library(settings["home"]).open(NAME).space().encoder, offline=True)
    for question in questions:
        encoder.encode_query(question)
    loaded, workbench = memory_now().own, Workbench(Settings(**settings))
    info = workbench.library.info(NAME)
    workbench.searches.search(questions[0], NAME, "")  # as it is opened in the page, by the recommended pipeline
    vectors = next(index.vectors for index in info.indexes if index.name == "full")
    stored = sum(index.vectors * index.dim * np.dtype(index.dtype).itemsize for index in info.indexes)
    points, lists = list[ScalePoint](), dict[str, list[list[str]]]()
    for name in pipelines:
        _have_indexes(workbench, name)
        traces, processor = list[Sequence[StageTrace]](), list[float]()
        with MemoryWatch() as watch:
            for round_number in range(repeats + 1):
                found = list[SearchResult]()
                for question in questions:
                    start = time.process_time()
                    found.append(workbench.searches.search(question, NAME, name))
                    processor += [1000.0 * (time.process_time() - start)] if round_number else []
                traces += [result.trace.stages for result in found if round_number]
        points.append(
            ScalePoint(
                info.pages,
                vectors,
                tree_bytes(workbench.settings.home / "collections" / NAME),
                name,
                Times.of([without_encoding(stages) for stages in traces]),
                watch.peak.own - loaded,
                _by_stage(traces),
                min(one.told_ms for one in opened),
                stored,
                approximate=next((stage.approximate for stage in traces[0] if stage.approximate), ""),
                processor_ms=float(np.median(processor)),
                first_ms=min(one.first_ms for one in opened),
            )
        )
        lists[name] = [_refs(result) for result in found]
    exact = _exact(Library(workbench.settings.home).open(NAME), [encoder.encode_query(text) for text in questions])
    judged = []
    for point in points:
        agreement, ndcg, exact_ndcg = _quality(lists[point.pipeline], exact, labels)
        judged.append(replace(point, agreement=agreement, ndcg=ndcg, exact_ndcg=exact_ndcg))
    return judged


def _have_indexes(workbench: Workbench, name: str) -> None:
    """Wait for the approximate index that a pipeline's first stage would ask, should it have to be made."""
    collection = Library(workbench.settings.home).open(NAME)
    first = Pipeline.parse(name).steps[0]
    if asks_ann(first, collection.page_count()):
        collection.space().ann(first.index, wait=True)
    collection.close()


def _exact(collection: Collection, queries: Sequence[QueryEmbedding]) -> list[list[str]]:
    """The best `K` pages of each query by all vectors, which are read once: of 100,000 pages that takes minutes."""
    space, refs = collection.space(), collection.directory().refs
    held, fitted = space.vectors("full"), space.fitted("full")
    scores = np.zeros((len(queries), len(held.page_ids)), np.float32)
    for block in held.blocks(np.arange(len(held.page_ids))):
        for row, query in zip(scores, queries, strict=True):
            row[block.places] = fitted.score(query.vectors, query.weights, block.flat, block.starts, block.lengths)
    named = [refs[page] for page in held.page_ids]
    collection.close()
    return [[str(named[i]) for i in sorted(range(len(row)), key=lambda i: (-row[i], named[i]))[:K]] for row in scores]


def _refs(result: SearchResult) -> list[str]:
    return [str(hit.ref) for hit in result.hits[:K]]


def _by_stage(traces: Sequence[Sequence[StageTrace]]) -> tuple[tuple[str, float], ...]:
    """Median milliseconds of each stage but the query's encoding, in the order they ran."""
    names = [stage.name for stage in traces[0] if not stage.encoding]
    return tuple(
        (name, float(np.median([stage.ms for stages in traces for stage in stages if stage.name == name])))
        for name in names
    )


def _quality(
    found: Sequence[Sequence[str]], exact: Sequence[Sequence[str]], labels: Labels
) -> tuple[float | None, float | None, float | None]:
    """Agreement with exact search, and nDCG@5 of both over the questions that have a label here."""
    shared = [len(set(mine) & set(theirs)) / len(theirs) for mine, theirs in zip(found, exact, strict=True) if theirs]
    judged = {str(i): grades for i, grades in enumerate(labels) if grades}

    def ndcg(runs: Sequence[Sequence[str]]) -> float | None:
        if not judged:
            return None
        each = per_query(judged, {query: runs[int(query)] for query in judged}, ["nDCG@5"])
        return float(np.mean([values["nDCG@5"] for values in each.values()]))

    return float(np.mean(shared)) if shared else None, ndcg(found), ndcg(exact)
