"""Ray, as long as something is done by it: connected, quiet, and bounded in what it does again."""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from workbench.documents.workers import cores
from workbench.errors import InputError

log = logging.getLogger(__name__)

LOCAL, REMOTE = "ray", "ray://"
RESTARTS = 3
"""Times that Ray starts an actor again, and gives it again what it was at; its own default is for ever."""
LOST = (
    "The processes that worked on it ended each time, {tries} times over; see whether the workers have memory enough."
)
_OBJECTS = 2 << 30  # bytes of shared memory for pages on their way, where this process starts Ray; 6 MB are a page


def check_workers(workers: str) -> None:
    """`InputError` unless this names workers that this Python can use: ``ray``, or the address of a cluster."""
    if workers != LOCAL and not workers.startswith(REMOTE):
        raise InputError(f"'{workers}' names no workers; say ray, or the address of a cluster as ray://head:10001.")
    if not all(importlib.util.find_spec(name) for name in ("ray", "lance")):
        raise InputError("Workers need Ray: pip install 'pagelens[scale]' (Python below 3.14), or leave --workers out.")


@dataclass(frozen=True, slots=True)
class Actors:
    """How many actors of a kind there are, and the processors and cards that each has."""

    count: int
    processors: float
    cards: int = 0

    def run(self, data: Any, actor: type, given: tuple[Any, ...], rows: int, form: str = "numpy") -> Any:
        """A Ray data set as these actors, made with ``given``, make it anew, so many rows at a time."""
        import ray

        return data.map_batches(
            actor,
            fn_constructor_args=given,
            batch_size=rows,
            batch_format=form,
            compute=ray.data.ActorPoolStrategy(size=self.count),
            num_cpus=self.processors,
            num_gpus=self.cards,
            max_restarts=RESTARTS,
            max_task_retries=RESTARTS,
        )


def resources() -> Mapping[str, float]:
    """What the connected cluster has: ``CPU``, ``GPU``."""
    import ray

    found: Mapping[str, float] = ray.cluster_resources()
    return found


def data_of(column: str, rows: list[bytes]) -> Any:
    """A Ray data set of one column, whose rows can each be worked on elsewhere."""
    import ray

    return ray.data.from_items([{column: row} for row in rows], override_num_blocks=len(rows))


def made(data: Any, column: str) -> Iterator[bytes]:
    """A column of a data set as it is made. What Ray gave up is left out: it is missed, and can be tried again."""
    try:
        for batch in data.iter_batches(batch_size=None, prefetch_batches=0):
            yield from batch[column]
    except Exception as error:  # Ray has many words for a lost process
        log.warning("workers were lost: %s", error)


@contextmanager
def connected(workers: str) -> Iterator[None]:
    """Ray, for as long as this is open, unless this process is connected already. It reports nothing home.

    ``workers`` as in `check_workers`; ``ray`` is the cluster that RAY_ADDRESS names, or else one made here of as many
    processors as this process may use.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # it writes to standard error what it sees to itself
    import ray

    ours = not ray.is_initialized()
    if ours:
        quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
        if workers.startswith(REMOTE):
            ray.init(workers, **quiet)
        elif "RAY_ADDRESS" in os.environ:
            ray.init(**quiet)
        else:
            # Ray ends processes when the machine's memory is short, whoever has it, and would try again for ever.
            bounds = {"task_oom_retries": RESTARTS}
            more = {"include_dashboard": False, "object_store_memory": _OBJECTS, "_system_config": bounds}
            ray.init("local", num_cpus=cores(), **quiet, **more)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.max_errored_blocks = -1
    try:
        yield
    finally:
        if ours:
            ray.shutdown()
