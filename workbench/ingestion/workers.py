"""Ray, as long as something is done by it: connected, quiet, and bounded in what it does again.

What goes to actors and what they make are rows of one pickled thing each. An error of ours that an actor meets is such
a thing too, and concerns all; whatever else it meets is like the loss of its process: told, and what it was at is
missed, and can be tried again.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import pickle
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.documents.workers import cores
from workbench.errors import InputError, PagelensError

log = logging.getLogger(__name__)

LOCAL, REMOTE = "ray", "ray://"
RESTARTS = 3
"""Times that Ray starts an actor again, and gives it again what it was at; its own default is for ever."""
LOST = (
    "The processes that worked on it ended each time, {tries} times over; see whether the workers have memory enough."
)
_COLUMN = "thing"
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

    def run(self, data: Any, actor: type[Actor], given: tuple[Any, ...], most: int) -> Any:
        """A Ray data set as these actors, made with ``given``, make it anew, at most so many things at a time."""
        import ray
        from ray.util.annotations import RayDeprecationWarning

        with warnings.catch_warnings():
            # There is no other way yet to bound restarts; extra `scale` asks for a Ray that knows this one.
            warnings.simplefilter("ignore", RayDeprecationWarning)
            return data.map_batches(
                actor,
                fn_constructor_args=given,
                batch_size=most,
                # Rows of an Arrow table stay in shared memory until they are asked for.
                batch_format="pyarrow",
                compute=ray.data.ActorPoolStrategy(size=self.count),
                num_cpus=self.processors,
                num_gpus=self.cards,
                max_restarts=RESTARTS,
                max_task_retries=RESTARTS,
            )


class Actor(ABC):
    """What Ray has in a process of its own. It is made there; what may fail belongs into `work`."""

    def __call__(self, rows: Any) -> Iterator[dict[str, list[bytes]]]:
        """An Arrow table of things: rows of what `work` makes of them, or of why it could not."""
        earlier: list[_Failure] = []
        try:
            for made in self.work(_things(rows, earlier)):
                yield _row(made)
        except PagelensError as error:
            yield _row(error)
        except Exception as error:  # no reason to miss what others make
            log.exception("an actor failed")
            yield _row(_Failure(f"{type(error).__name__}: {error}"))
        yield from map(_row, earlier)

    @abstractmethod
    def work(self, things: Iterator[Any]) -> Iterator[Any]:
        """Things made of things; a `PagelensError` concerns all that is made."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """What an actor raised that none of us foresaw."""

    reason: str


def resources() -> tuple[int, int]:
    """The processors of the connected cluster, one at least, and its cards."""
    import ray

    return counted(ray.cluster_resources())


def counted(there: Mapping[str, float]) -> tuple[int, int]:
    """The processors, one at least, and cards of what Ray says is ``there``."""
    return max(1, int(there.get("CPU", 1))), int(there.get("GPU", 0))


def index_table(place: Path, column: str, cells: int) -> None:
    """An IVF index over a column of a Lance table that all of the connected cluster sees; see `store.ann.Indexing`."""
    import lance_ray

    processors, _cards = resources()
    lance_ray.create_index(
        str(place),
        column=column,
        index_type="IVF_FLAT",
        metric="l2",
        num_partitions=cells,
        sample_rate=min(256, cells),  # of a table of cells x cells rows or more, which has to have as many for each
        num_workers=processors,
        num_segments=processors,
    )


def data_of(things: Sequence[Any]) -> Any:
    """A Ray data set of things that can each be worked on elsewhere."""
    import ray

    rows = [{_COLUMN: pickle.dumps(thing, pickle.HIGHEST_PROTOCOL)} for thing in things]
    return ray.data.from_items(rows, override_num_blocks=len(rows))


def made(data: Any, losses: list[str]) -> Iterator[Any]:
    """The things of a data set as they are made; an error of ours that an actor met is raised.

    What was lost with its process is left out: it is missed, and can be tried again; why goes to ``losses``, as far as
    Ray tells.
    """
    from ray.data.exceptions import ExecutionTimeoutError
    from ray.exceptions import RayError

    failed: list[_Failure] = []
    try:
        for batch in data.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            yield from _things(batch, failed)
    except (RayError, ExecutionTimeoutError, ConnectionError) as error:
        log.warning("workers were lost: %s", error)
        failed.append(_Failure(str(error).strip().rpartition("\n")[2] or type(error).__name__))
    losses += [failure.reason for failure in failed]


def lost(tries: int, losses: Sequence[str]) -> str:
    """The sentence on what was not brought, however often it was tried."""
    return LOST.format(tries=tries) + (f" The last of them said: {losses[-1]}" if losses else "")


def _things(rows: Any, failed: list[_Failure]) -> Iterator[Any]:
    """The things of an Arrow table, without failures, which go to ``failed``; raised, where one is an error of ours."""
    for row in rows[_COLUMN]:
        thing = pickle.loads(row.as_buffer())
        if isinstance(thing, PagelensError):
            raise thing
        if isinstance(thing, _Failure):
            failed.append(thing)
        else:
            yield thing


def _row(thing: Any) -> dict[str, list[bytes]]:
    return {_COLUMN: [pickle.dumps(thing, pickle.HIGHEST_PROTOCOL)]}


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
    context = ray.data.DataContext.get_current()
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # after its import, which sets it
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.max_errored_blocks = -1
    try:
        yield
    finally:
        if ours:
            ray.shutdown()
