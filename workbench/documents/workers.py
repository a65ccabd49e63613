"""Reading files in processes of their own, so that no file can hang, fell or bloat the one that serves.

A `ReaderPool` keeps up to as many workers (`worker`) as there are cores, each with its own PDFium and its own models
for OCR. A task that takes more time or memory than allowed is ended with its process, which the next task replaces;
`PageStream` reads the pages of many files on all workers, and gives them in order. Processes are started as programs,
not forked and not through `multiprocessing`: nothing of this one is inherited, and no script is imported again.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import psutil

from workbench.documents.probing import DocumentProbe, copied, probe
from workbench.documents.reading import ReadSettings
from workbench.documents.sources import Source, display_name
from workbench.documents.worker import Done, ReadPage, Task, read_page, receive, send
from workbench.errors import DocumentError, OverstepError, PagelensError
from workbench.types import Page, PageFailure, PageRef

if TYPE_CHECKING:
    from workbench.settings import Settings  # workers need none of what it imports

TICK = 0.1  # s; how often a busy worker is looked at, and a waiting consumer looks whether it should stop
STARTING = 120.0  # s; a worker that has not said so by then will not start: imports take a second, more on a slow disk
IDLE = 60.0  # s; after which a worker without a task ends, so that its memory comes back
STALLED = 4.0  # times the limit by the clock after which a task is ended whatever processor time it had
SLOWEST = 10_000_000  # bytes a second; what a network disk gives at worst, for tasks that read a whole file
AHEAD = 8  # pages read before they are asked for, at least: a batch, so that workers do not wait for an encoder
AHEAD_BYTES = 128 << 20  # bytes of pictures read before they are asked for
PIPE_BYTES = 1 << 20  # the most that a pipe may hold by Linux's own default
PROCESSOR_MIB = 6144  # of a process that prepares pages: libraries of models reserve what they never use
UNREADABLE = 1000  # pages one after the other that cannot be read, after which none is expected: the number was a lie
_WITH_PROGRAMS = 1.0  # s; a task that runs longer may have started poppler, whose memory counts too
_START = "import sys; sys.path[:] = sys.argv[2:]; from workbench.documents.worker import main; main(int(sys.argv[1]))"
_CLOSED = "Files were being read when Pagelens was told to end; what is indexed is safe, start again to do the rest."
_ABORTED = 0.05  # of the memory allowed; a process that aborts with more than this in use could not get more


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading may take; see `Settings` for what each is and why."""

    readers: int = 0
    seconds: float = 60.0
    memory_mib: int = 3072
    oversteps: int = 3

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Those of this process's settings."""
        seconds, memory = settings.page_seconds, settings.reader_memory_mb
        return cls(settings.readers, seconds, memory, settings.page_oversteps)

    @classmethod
    def of_processors(cls, settings: Settings) -> Limits:
        """Those of processes that prepare pages for models: as many as asked for, or half as many as cores.

        Unlike files, what they are given is not hostile, and libraries of models take a GB by themselves.
        """
        return cls(settings.processors or max(1, cores() // 2), settings.page_seconds, PROCESSOR_MIB)

    @property
    def processes(self) -> int:
        """Workers at most: as asked for, or as many as there are cores and as memory has room for at their limit."""
        return self.readers or self._fitting

    @property
    def threads(self) -> int:
        """Threads of each for OCR, such that as many workers as fit use all cores."""
        return max(1, cores() // self._fitting)

    @property
    def _fitting(self) -> int:
        room: int = psutil.virtual_memory().total // (self.memory_mib << 20)
        return max(1, min(cores(), room))


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Pages (1-based ``numbers``) to read of a file that was probed."""

    source: Source
    probed: DocumentProbe
    settings: ReadSettings
    numbers: Sequence[int]


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Pages that nobody tried to read since others of the file could not be, and that in a sentence."""

    numbers: Sequence[int]
    reason: str


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def readers(limits: Limits = Limits()) -> ReaderPool:
    """The pool with these limits of this process, which costs nothing until it is given a task."""
    return _pool(limits)


@functools.cache
def _pool(limits: Limits) -> ReaderPool:
    return ReaderPool(limits)


class ReaderPool:
    """Worker processes and the tasks that wait for one. Safe to use from several threads.

    Workers start when there is something to do and end when there was nothing for a while, when the pool is closed,
    and with this process, however it ends.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.size = limits.processes
        self._ready = threading.Condition()
        self._urgent: deque[_Job] = deque()
        self._waiting: deque[_Job] = deque()
        self._workers: set[_Worker] = set()

    def submit(
        self, function: Callable[..., Any], *arguments: Any, subject: str, seconds: float = 0, urgent: bool = True
    ) -> Job:
        """Have a function of a module called by a worker; the result comes with the job.

        ``subject`` begins the sentence when it oversteps a limit; ``seconds`` are allowed beside those of a page. What
        is ``urgent``, since somebody waits for it, comes before pages read ahead.
        """
        job = _Job(Task(function, arguments), subject, self.limits.seconds + seconds)
        with self._ready:
            (self._urgent if urgent else self._waiting).append(job)
            idle = sum(worker.idle for worker in self._workers)
            if len(self._urgent) + len(self._waiting) > idle and len(self._workers) < self.size:
                worker = _Worker(self)
                self._workers.add(worker)
                worker.start()
            self._ready.notify()
        return job

    def call(self, function: Callable[..., Any], *arguments: Any, subject: str = "The file") -> Any:
        """What the function returns, or raises; `OverstepError` when it takes more than it may."""
        return self.submit(function, *arguments, subject=subject).result()

    def probes(
        self, paths: Iterable[Path], stop: threading.Event | None = None
    ) -> Iterator[DocumentProbe | DocumentError]:
        """`probe` of each file, in order, or why there is none; ends early when a stop is asked for."""
        rest = iter(paths)
        ahead: deque[_Job] = deque()
        try:
            while True:
                for path in rest:
                    ahead.append(self._of_file(probe, path))
                    if len(ahead) > self.size:
                        break
                if not ahead or not _wait(ahead[0], stop):
                    return
                try:
                    yield ahead.popleft().result()
                except DocumentError as error:
                    yield error
        finally:
            for job in ahead:
                job.drop()

    def probe(self, path: Path) -> DocumentProbe:
        """`probe` by a worker."""
        found: DocumentProbe = self._of_file(probe, path).result()
        return found

    @contextlib.contextmanager
    def snapshot(self, path: Path) -> Iterator[Path]:
        """A copy of a file that nobody changes, for as long as the context lasts; `ChangedError` if it just did."""
        with tempfile.TemporaryDirectory(prefix="pagelens-", ignore_cleanup_errors=True) as folder:
            copy: Path = self._of_file(copied, path, Path(folder)).result()
            yield copy

    def pages(self, readings: Sequence[Reading], stop: threading.Event) -> PageStream:
        """The pages of these files as a stream; close it when done."""
        return PageStream(self, readings, stop)

    def processes(self) -> list[int]:
        """Process ids of the workers there are now."""
        with self._ready:
            return [worker.pid for worker in self._workers if worker.pid]

    def close(self) -> None:
        """End all workers at once, and with them what they were at. A later task starts workers again."""
        with self._ready:
            for job in (*self._urgent, *self._waiting):
                if job.set_running_or_notify_cancel():
                    job.set_exception(PagelensError(_CLOSED))
            self._urgent.clear()
            self._waiting.clear()
            workers = list(self._workers)
            self._workers.clear()
            for worker in workers:
                worker.closing.set()
            self._ready.notify_all()
        for worker in workers:
            worker.join()

    def _of_file(self, function: Callable[..., Any], path: Path, *arguments: Any) -> _Job:
        """A task that reads a whole file, which takes the longer the larger it is."""
        try:
            seconds = path.stat().st_size / SLOWEST
        except OSError:
            seconds = 0.0
        return self.submit(function, path, *arguments, subject=display_name(path.name), seconds=seconds)

    def _next(self, worker: _Worker) -> _Job | None:
        """The next task, or None when the worker should end."""
        with self._ready:
            worker.idle = True
            self._ready.wait_for(lambda: self._urgent or self._waiting or worker.closing.is_set(), IDLE)
            worker.idle = False
            while (queue := self._urgent or self._waiting) and not worker.closing.is_set():
                job = queue.popleft()
                if job.set_running_or_notify_cancel():
                    return job
            self._workers.discard(worker)
            return None


class PageStream:
    """The pages of several files, read on all workers ahead of who asks for them, and given in order.

    Ask for the pages of one reading after another, in their order; those left out are not read. Memory is bounded: no
    more is read ahead than a few pages, or `AHEAD_BYTES` of pictures.
    """

    def __init__(self, pool: ReaderPool, readings: Sequence[Reading], stop: threading.Event) -> None:
        self._pool = pool
        self._stop = stop
        self._most = max(AHEAD, 2 * pool.size)
        self._readings = deque(readings)
        self._ahead: deque[_Ahead] = deque()
        self._dropped: set[Reading] = set()
        self._poppler: dict[Reading, bool | None] = {}
        self.seconds = 0.0
        """What the workers have spent on the pages that were given, all together."""
        self._todo = (
            (reading, number)
            for reading in readings
            for number in reading.numbers
            if reading not in self._dropped
        )  # fmt: skip

    def pages(self, reading: Reading) -> Iterator[Page | PageFailure | GivenUp]:
        """The pages of one file in order, each a `Page` or why it is none; ends early when a stop is asked for.

        After as many pages that overstepped as are allowed, or `UNREADABLE` pages that cannot be read, one after the
        other, comes one `GivenUp` for the rest. ``DocumentError`` when
        the file cannot be opened any more, `ChangedError` when it is not what was probed.
        """
        while self._readings[0] is not reading:  # nobody asked for those
            self._drop(self._readings.popleft())
        oversteps = unreadable = 0
        try:
            for done, number in enumerate(reading.numbers, 1):
                self._fill()
                ahead = self._ahead[0]
                if not _wait(ahead.job, self._stop):
                    return
                self._ahead.popleft()
                ref, left = PageRef(reading.source.name, number), len(reading.numbers) - done
                try:
                    read: ReadPage = ahead.job.result()
                except OverstepError as error:
                    oversteps += 1
                    yield PageFailure(ref, str(error))
                    if oversteps == self._pool.limits.oversteps and left:
                        yield GivenUp(reading.numbers[done:], _given_up(oversteps, left))
                        return
                else:
                    if read.poppler is not None and self._poppler.get(reading) is not False:
                        self._poppler[reading] = read.poppler
                    self.seconds += read.seconds
                    yield read.outcome
                    unreadable = unreadable + 1 if isinstance(read.outcome, PageFailure) else 0
                    if unreadable == UNREADABLE and left:
                        yield GivenUp(reading.numbers[done:], _unreadable(unreadable, left))
                        return
        finally:
            self._drop(reading)

    def close(self) -> None:
        """Let go of what was read ahead; what is being read is ended."""
        self._todo.close()
        while self._ahead:
            self._ahead.pop().job.drop()

    def _drop(self, reading: Reading) -> None:
        self._dropped.add(reading)
        for ahead in [ahead for ahead in self._ahead if ahead.reading is reading]:
            self._ahead.remove(ahead)
            ahead.job.drop()

    def _fill(self) -> None:
        """Ask for more pages, as long as there is room for them."""
        while not self._ahead or (
            len(self._ahead) < self._most and sum(ahead.bytes for ahead in self._ahead) < AHEAD_BYTES
        ):
            reading, number = next(self._todo, (None, 0))
            if reading is None:
                return
            ref = PageRef(reading.source.name, number)
            arguments = (reading.source.path, reading.probed, ref, reading.settings, self._poppler.get(reading))
            job = self._pool.submit(read_page, *arguments, subject=f"Page {number}", urgent=False)
            self._ahead.append(_Ahead(reading, job))


@dataclass(frozen=True, slots=True, eq=False)
class _Ahead:
    """A page asked for."""

    reading: Reading
    job: _Job

    @property
    def bytes(self) -> int:
        """What its picture takes, if it is read."""
        if not self.job.done() or self.job.exception() is not None:
            return 0
        outcome = self.job.result().outcome
        return 3 * outcome.size[0] * outcome.size[1] if isinstance(outcome, Page) else 0


class _Job(Future[Any]):
    """A task, and what becomes of it."""

    def __init__(self, task: Task, subject: str, seconds: float) -> None:
        super().__init__()
        self.task = task
        self.subject = subject
        self.seconds = seconds
        self.dropped = threading.Event()

    def drop(self) -> None:
        """Have it not done, or ended if it is being done: nobody wants its result any more."""
        self.dropped.set()
        self.cancel()


Job = _Job


class _Worker(threading.Thread):
    """Sees a process through one task after another: starts it, watches it, ends it, replaces it."""

    def __init__(self, pool: ReaderPool) -> None:
        super().__init__(name="pagelens-reader", daemon=True)
        self.closing = threading.Event()
        self.idle = False
        self._pool = pool
        self._process: _Process | None = None

    @property
    def pid(self) -> int:
        """The process id; 0 while there is no process."""
        process = self._process
        return process.pid if process is not None else 0

    def run(self) -> None:
        """Do tasks until there are none."""
        try:
            while (job := self._pool._next(self)) is not None:
                try:
                    job.set_result(self._do(job))
                except BaseException as error:
                    job.set_exception(error)
                del job  # and with it its result, which would stay here until the next task
        finally:
            if self._process is not None:
                self._process.end()

    def _do(self, job: _Job) -> Any:
        if self._process is None or self._process.ended:
            self._process = _Process(self._pool.limits)
        process = self._process
        try:
            done = process.do(job, self.closing)
        except BaseException:
            process.end()
            raise
        if isinstance(done.error, MemoryError):  # what else it holds may be out of order
            process.end()
            raise OverstepError(job.subject, _too_much(self._pool.limits))
        if done.error is not None:
            raise done.error
        return done.result


class _Process:
    """A worker process and the pipes to it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._answers: SimpleQueue[Any] = SimpleQueue()
        self._peak = 0
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
        # A session of its own: Ctrl-C is for the process that was started by hand, and it ends with all it started.
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
        paths = [path or os.getcwd() for path in sys.path]
        try:
            self._program = subprocess.Popen(
                [sys.executable, "-c", _START, str(limits.memory_mib << 20), *paths],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **dict.fromkeys(names, str(limits.threads))},
                **apart,
            )
        except OSError as error:
            raise DocumentError(f"The process that reads files could not be started ({error.strerror}).") from error
        for pipe in (self._program.stdin, self._program.stdout):
            _widen(pipe)
        threading.Thread(target=self._listen, name="pagelens-answers", daemon=True).start()
        try:
            pid = self._answers.get(timeout=STARTING)
        except Empty:
            pid = None
        if pid is None:
            self.end()
            raise DocumentError("The process that reads files could not be started; its output says why.")
        self.pid: int = pid  # not always that of the program: on Windows a virtual environment's starts another

    @property
    def ended(self) -> bool:
        """Whether it is gone, or about to be: it cannot be waited for until the last of its threads has ended."""
        if self._program.poll() is not None:
            return True
        try:
            return bool(psutil.Process(self._program.pid).status() == psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return True

    def do(self, job: _Job, closing: threading.Event) -> Done:
        """Have one task done; `OverstepError` when it took too much, another `PagelensError` when nobody wants it."""
        started, used, self._peak = time.monotonic(), self._processor_time(), 0
        try:
            send(self._program.stdin, job.task)  # type: ignore[arg-type]
        except OSError:
            raise OverstepError(job.subject, self._how_it_ended()) from None
        while True:
            try:
                done = self._answers.get(timeout=TICK)
            except Empty:
                if job.dropped.is_set() or closing.is_set():
                    raise PagelensError(_CLOSED) from None
                seconds = time.monotonic() - started
                if self._memory(seconds > _WITH_PROGRAMS) > self._limits.memory_mib << 20:
                    raise OverstepError(job.subject, _too_much(self._limits)) from None
                # On a busy machine the clock runs on while a task waits for a processor, which is not its fault.
                if seconds > STALLED * job.seconds or min(seconds, self._processor_time() - used) > job.seconds:
                    raise OverstepError(job.subject, f"took more than {job.seconds:.3g} s to read") from None
                continue
            if not isinstance(done, Done):
                raise OverstepError(job.subject, self._how_it_ended())
            return done

    def end(self) -> None:
        """End it, and the programs it started, at once."""
        with contextlib.suppress(OSError, psutil.Error):
            if hasattr(os, "killpg"):
                os.killpg(self._program.pid, signal.SIGKILL)
            else:
                for process in (*psutil.Process(self._program.pid).children(recursive=True), self._program):
                    process.kill()
        self._program.wait()
        with contextlib.suppress(OSError):
            self._program.stdin.close()  # type: ignore[union-attr]

    def _listen(self) -> None:
        """Pass on what the process says; a thread of its own, since no other way to wait is there on every system."""
        with self._program.stdout as results:  # type: ignore[union-attr]
            with contextlib.suppress(Exception):
                while True:
                    self._answers.put(receive(results))  # type: ignore[arg-type]
            self._answers.put(None)

    def _memory(self, programs: bool) -> int:
        """Bytes of memory that it holds now, if asked together with the programs it started."""
        found = 0
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            for one in (process, *(process.children(recursive=True) if programs else ())):
                with contextlib.suppress(psutil.Error):
                    found += one.memory_info().rss
        self._peak = max(self._peak, found)
        return found

    def _processor_time(self) -> float:
        """Seconds that processors have worked for it."""
        with contextlib.suppress(psutil.Error):
            return float(sum(psutil.Process(self.pid).cpu_times()[:4]))
        return 0.0

    def _how_it_ended(self) -> str:
        """The rest of a sentence about what it read last."""
        code = self._program.wait()
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit code {code}"
        # PDFium aborts when it is refused memory; a crash of another kind says nothing of memory.
        if name == "SIGABRT" and self._peak > _ABORTED * (self._limits.memory_mib << 20):
            return _too_much(self._limits)
        return f"ended the process that read it ({name}); the file is damaged, or made to do so"


def _widen(pipe: Any) -> None:
    """Have a pipe hold more than 64 kB, where the system can: a prepared page of 24 MB would wait 370 times."""
    try:
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    except (ImportError, AttributeError, OSError):  # not Linux, or more than this user may have
        return


def _too_much(limits: Limits) -> str:
    return f"needs more than {limits.memory_mib / 1024:.3g} GiB of memory to read"


def _given_up(oversteps: int, rest: int) -> str:
    return (
        f"{_not_tried(rest)} after {oversteps} others took more time or memory than allowed; "
        "to go on all the same, raise PAGELENS_PAGE_OVERSTEPS."
    )


def _unreadable(pages: int, rest: int) -> str:
    return f"{_not_tried(rest)} after {pages:,} in a row could not be read; the file is damaged, save it again."


def _not_tried(pages: int) -> str:
    return "1 page was not tried" if pages == 1 else f"{pages:,} pages were not tried"


def _wait(job: _Job, stop: threading.Event | None) -> bool:
    """Wait for a task; False when a stop is asked for meanwhile."""
    while stop is None or not stop.is_set():
        try:
            job.exception(TICK)
        except NotYet:
            continue
        return True
    return False
