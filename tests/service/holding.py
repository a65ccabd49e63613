"""A job that is at work for as long as a test wants."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from workbench.errors import NotFoundError
from workbench.service import Workbench
from workbench.types import Job


@contextmanager
def held_job(bench: Workbench, collection: str, request: dict[str, Any] | None = None) -> Iterator[Job]:
    """A job of a collection that is at work until the context ends, and then fails."""
    entered, go = threading.Event(), threading.Event()

    def hold(*_: object) -> None:
        entered.set()
        go.wait(900)
        raise NotFoundError("over")

    bench.jobs.does("hold", hold)
    job = bench.jobs.start(collection, request or {}, "hold")
    assert entered.wait(900)
    try:
        yield job
    finally:
        go.set()
