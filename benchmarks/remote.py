"""What a search waits for when its collection lies in an object store: time and requests, by how slow the store is.

The store is one of this machine (`snailmail`, an S3 server that waits a while before each answer and counts). Times are
those of this process, whose models are loaded: a machine without a cache is a new cache, a process without any handle a
new `Workbench`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from workbench.bench.latency import encoder_of
from workbench.errors import InputError
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.store import Library
from workbench.store.cache import VECTORS, WORDS
from workbench.store.storage import LOCK
from workbench.timing import Stopwatch

WORKED_OUT = (f"{VECTORS}/", f"{WORDS}/", LOCK)
"""What a folder's collection has beside its truth."""
MACHINE = "first search of a machine that has nothing yet"
PROCESS = "first search of a process on a machine with a cache"
FURTHER = "every further search"
EXPLAIN = "explaining a page"


@dataclass(frozen=True, slots=True)
class RemotePoint:
    """One kind of work at one latency: its median milliseconds, and the requests it made at most."""

    latency_ms: int
    what: str
    ms: float
    requests: int


@dataclass(frozen=True, slots=True)
class RemoteReport:
    """All points, by latency. ``bytes`` are those of the collection in the store."""

    source: str
    encoder: str
    pipeline: str
    pages: int
    bytes: int
    questions: int
    points: tuple[RemotePoint, ...]


def remote(
    workbench: Workbench,
    collection: str,
    questions: Sequence[str],
    pipeline: str,
    latencies: Sequence[int],
    progress: Callable[[str], None] = lambda what: None,
) -> RemoteReport:
    """Search a copy of a collection in stores that take so many milliseconds a request.

    `InputError` without the store's package, for a collection without pages, and without questions.
    """
    try:
        import snailmail
    except ImportError:
        raise InputError("Measuring this needs a slow store: pip install 'pagelens[cloud]' snailmail.") from None
    info = workbench.library.info(collection)
    if not info.pages or not questions:
        raise InputError(f"Searching needs pages and questions; '{collection}' has {info.pages} pages.")
    for question in questions:
        encoder_of(workbench, info).encode_query(question)
    points: list[RemotePoint] = []
    size = 0
    for latency in latencies:
        progress(f"Searching a store that takes {latency} ms a request")
        server: Any = snailmail.ObjectStore(latency=snailmail.Fixed(0))
        server.start()
        try:
            with tempfile.TemporaryDirectory(prefix="pagelens-remote-", ignore_cleanup_errors=True) as folder:
                settings = _settings(workbench, server, Path(folder))
                size = _copied(workbench, collection, settings)
                server.set_latency(snailmail.Fixed(latency))
                points += _measured(server, settings, collection, questions, pipeline, latency)
        finally:
            server.stop()
    return RemoteReport(collection, info.encoder, pipeline, info.pages, size, len(questions), tuple(points))


def _settings(workbench: Workbench, server: Any, folder: Path) -> Settings:
    options = {
        "aws_endpoint": server.endpoint_url,
        "aws_region": "us-east-1",
        "aws_access_key_id": "anybody",
        "aws_secret_access_key": "anything",
        "allow_http": "true",
    }
    given = {"place": "s3://snailmail/home", "storage_options": options, "cache": folder / "cache", "home": folder}
    return Settings(**{**workbench.settings.model_dump(), **given, "fresh_seconds": 3600.0})


def _copied(workbench: Workbench, collection: str, settings: Settings) -> int:
    """Put a collection's truth into the store; how many bytes it is."""
    source = Library.of(workbench.settings).storage.below(collection)
    target = Library.of(settings).storage.below(collection)
    size = 0
    for path, count in source.files():
        if not path.startswith(WORKED_OUT):
            target.write(path, source.read(path))
            size += count
    return size


def _measured(
    server: Any, settings: Settings, collection: str, questions: Sequence[str], pipeline: str, latency: int
) -> list[RemotePoint]:
    def point(what: str, *works: Callable[[], Any]) -> RemotePoint:
        times, requests = [], []
        for work in works:
            server.reset_counts()
            watch = Stopwatch()
            work()
            times.append(watch.lap())
            requests.append(int(server.stats()["n_requests"]))
        return RemotePoint(latency, what, median(times), max(requests))

    def search(bench: Workbench, question: str) -> Callable[[], Any]:
        return lambda: bench.search(question, collection, pipeline)

    made = [point(MACHINE, search(Workbench(settings), questions[0]))]
    bench = Workbench(settings)
    made.append(point(PROCESS, search(bench, questions[0])))
    made.append(point(FURTHER, *(search(bench, question) for question in questions)))
    ref = bench.search(questions[0], collection, pipeline).hits[0].ref
    made.append(point(EXPLAIN, lambda: bench.explain(questions[0], ref, collection)))
    return made
