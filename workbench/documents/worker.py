"""A worker process: does one task after another for the process that started it, and ends when that one does.

A task is a function of a module and its arguments; tasks come pickled on standard input, and results go back on what
was standard output. What a library prints is thrown away. Started by `workers`, never by hand; it imports what tasks
need and no more, neither torch nor the store.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO

import numpy as np
import psutil

from workbench import memory
from workbench.documents.probing import DocumentProbe, Stamp
from workbench.documents.reading import OpenedDocument, ReadSettings
from workbench.errors import DocumentError, PagelensError
from workbench.types import Page, PageFailure, PageRef

KEEP_OPEN = 2.0  # s; how long a file stays open for its next page: on Windows nobody can delete it meanwhile
TRIM_EVERY = 16  # tasks after which freed memory goes back to the system
_LENGTH = 8  # bytes of a number before a message: how many parts it has, how long each is

_opened: dict[tuple[Path, Stamp], OpenedDocument] = {}


@dataclass(frozen=True, slots=True)
class Task:
    """A call to make; ``function`` is one of a module, which pickle names."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What a task came to: its result, or the error it raised."""

    result: Any = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page, whether poppler copes with its file (None: not tried), and the seconds that reading took."""

    outcome: Page | PageFailure
    poppler: bool | None
    seconds: float = 0.0


def read_page(
    path: Path, probed: DocumentProbe, ref: PageRef, settings: ReadSettings, poppler: bool | None
) -> ReadPage:
    """One page of the file that was probed; the file stays open for the next one. `ChangedError` if it is another."""
    key, started = (path, probed.stamp), time.perf_counter()
    document = _opened.get(key)
    if document is None:
        close_files()
        document = _opened[key] = OpenedDocument(path, probed, poppler)
    try:
        return ReadPage(document.read(ref, settings), document.poppler, time.perf_counter() - started)
    except BaseException:
        close_files()
        raise


def close_files() -> None:
    """Let go of the file kept open."""
    while _opened:
        _opened.popitem()[1].close()


def send(stream: BinaryIO, message: object) -> None:
    """Write one pickled message, arrays in it as they lie in memory. Errors are those of a pipe that nobody reads any
    more, and of pickling."""
    arrays: list[pickle.PickleBuffer] = []
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL, buffer_callback=arrays.append)
    parts: list[bytes | memoryview] = [data, *(array.raw() for array in arrays)]
    stream.write(b"".join(length.to_bytes(_LENGTH, "big") for length in (len(parts), *map(len, parts))))
    for part in parts:
        stream.write(part)
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """Read one message; ``EOFError`` when the other end is gone."""
    count = int.from_bytes(_read(stream, _LENGTH), "big")
    lengths = [int.from_bytes(_read(stream, _LENGTH), "big") for _ in range(count)]
    data, *arrays = [_read(stream, length) for length in lengths]
    return pickle.loads(data, buffers=arrays)


def _read(stream: BinaryIO, length: int) -> memoryview:
    found = np.empty(length, np.uint8).data  # a bytearray is cleared first, while no other thread can run
    if stream.readinto(found) < length:  # type: ignore[attr-defined]
        raise EOFError
    return found


def main(most_bytes: int) -> None:
    """Do tasks until the other end closes its pipe; no more than ``most_bytes`` are allocated where the system can."""
    tasks, results = _own_streams()
    _limit_memory(most_bytes)
    memory.keep()
    waiting: SimpleQueue[Task] = SimpleQueue()
    finished = 0
    threading.Thread(target=_listen, args=(tasks, waiting), daemon=True).start()
    send(results, os.getpid())
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    while True:
        try:
            task = waiting.get(timeout=KEEP_OPEN)
        except Empty:
            close_files()
            memory.give_back()
            task = waiting.get()
        _answer(results, task)
        finished += 1
        if finished % TRIM_EVERY == 0:
            memory.give_back()


def _answer(results: BinaryIO, task: Task) -> None:
    try:
        done = Done(task.function(*task.arguments))
    except (PagelensError, MemoryError) as error:
        done = Done(error=error)
    except Exception as error:  # of a library, which the other process may not even know
        done = Done(error=DocumentError(f"The file could not be read ({type(error).__name__}: {error})."))
    try:
        send(results, done)
    except MemoryError as error:
        send(results, Done(error=error))


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the other process, moved to where neither a library nor a program started from here finds them."""
    sys.stdout.flush()
    tasks, results = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "r+b") as nowhere:
        os.dup2(nowhere.fileno(), 0)
        os.dup2(nowhere.fileno(), 1)
    return tasks, results


def _listen(tasks: BinaryIO, waiting: SimpleQueue[Task]) -> None:
    """Pass tasks on; a thread of its own, so that the end of the other process is noticed whatever PDFium is doing."""
    try:
        while True:
            waiting.put(receive(tasks))
    finally:
        end()


def end() -> None:
    """End this process at once, and the programs it started."""
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            child.kill()
    os._exit(0)


def _limit_memory(most_bytes: int) -> None:
    """Have allocations fail beyond so many bytes, where the system knows such a limit (Linux does)."""
    try:
        import resource
    except ImportError:  # Windows
        return
    # Not RLIMIT_AS: that counts address space too, of which threads and models mapped from files reserve plenty.
    with contextlib.suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = most_bytes if hard == resource.RLIM_INFINITY else min(most_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
