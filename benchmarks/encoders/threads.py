"""What each thread of this process works, looked at from time to time: threads come and go."""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import TracebackType

import psutil

EVERY = 0.2  # s


class Threads:
    """Seconds of processors by kind of thread, from `begin` on; use it as a context manager.

    A kind is the name of a thread without its numbers; threads that Python knows nothing of have the system's name.
    """

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watching", daemon=True)
        self._lock = threading.Lock()
        self._begun: dict[int, float] = {}
        self._seen: dict[int, tuple[str, float]] = {}
        self._whole = 0.0

    def __enter__(self) -> Threads:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._watcher.join()

    def begin(self) -> None:
        """Count from now on."""
        with self._lock:
            self._seen.clear()
            self._begun = {each.id: each.user_time + each.system_time for each in self._process.threads()}
            self._whole = time.process_time()

    def end(self) -> tuple[float, dict[str, float]]:
        """Seconds of all threads, and those of each kind that could be seen, most first."""
        whole = time.process_time() - self._whole
        self._look()
        found: dict[str, float] = defaultdict(float)
        for number, (name, seconds) in self._seen.items():
            found[name] += seconds - self._begun.get(number, 0.0)
        watching = found.pop("watching", 0.0)
        return whole - watching, dict(sorted(found.items(), key=lambda one: -one[1]))

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self._look()

    def _look(self) -> None:
        with self._lock:
            names = {thread.native_id: thread.name for thread in threading.enumerate()}
            for each in self._process.threads():
                name = names.get(each.id) or _system_name(each.id)
                self._seen[each.id] = re.sub(r"[-_ ]?\d+", "", name), each.user_time + each.system_time


def _system_name(number: int) -> str:
    try:
        return Path(f"/proc/self/task/{number}/comm").read_text().strip()
    except OSError:  # it has ended, or this is not Linux
        return "others"
