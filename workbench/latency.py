"""How long searches took, kept beside the collections: stage times only, never what was asked.

Every search appends one short line to ``state/latency/<collection>.jsonl``, after its answer was given away. A file
that is full becomes the older of two, so that a collection's history is bounded and its newest searches are always
there. Percentiles are numpy's, linear between neighbours.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from workbench.types import Gone, Receipt, SearchResult
from workbench.types.system import LatencyPoint, PipelineLatency, StageLatency

log = logging.getLogger(__name__)

MAX_BYTES = 512 * 1024
"""Of one of the two files of a collection: some thousands of searches."""
POINTS = 24
TOTAL = "total"
_COLD, _CACHED = 1, 2


@dataclass(frozen=True, slots=True)
class _Search:
    """One search: seconds since 1970, and its stages as (name, milliseconds, flags)."""

    at: float
    pipeline: str
    stages: tuple[tuple[str, float, int], ...]

    @property
    def cold(self) -> bool:
        return any(flags & _COLD for _, _, flags in self.stages)

    @property
    def total(self) -> float:
        return sum(ms for _, ms, _ in self.stages)


class LatencyHistory:
    """The times of past searches of one home folder. Threads and processes may add at once."""

    def __init__(self, home: Path, most_bytes: int = MAX_BYTES) -> None:
        self._folder = home / "state" / "latency"
        self._most = most_bytes

    def add(self, result: SearchResult) -> None:
        """Remember what a finished search took; a disk that will not have it costs the history, not the search."""
        stages = [[s.name, round(s.ms, 3), _COLD * s.cold | _CACHED * s.cache_hit] for s in result.trace.stages]
        line = json.dumps([round(time.time(), 3), result.pipeline, stages], separators=(",", ":")) + "\n"
        path = self._path(result.collection)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # One write at the end of the file: lines of several processes do not mix.
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(file, line.encode("ascii"))
                full = os.fstat(file).st_size > self._most
            finally:
                os.close(file)
            if full:
                os.replace(path, self._older(result.collection))
        except OSError:
            log.debug("the time of a search could not be kept", exc_info=True)

    def of(self, collection: str) -> tuple[PipelineLatency, ...]:
        """The history of a collection by pipeline, the one searched by last first."""
        found: dict[str, list[_Search]] = {}
        for search in self._read(collection):
            found.setdefault(search.pipeline, []).append(search)
        told = [_told(pipeline, sorted(searches, key=lambda s: s.at)) for pipeline, searches in found.items()]
        return tuple(sorted(told, key=lambda one: one.last, reverse=True))

    def forget(self, gone: Gone) -> Receipt:
        """Drop the history of a collection that leaves; times are of no one document."""
        for path in () if gone.document else (self._path(gone.collection), self._older(gone.collection)):
            with suppress(OSError):
                path.unlink(missing_ok=True)
        return Receipt.of(gone)

    def rename_collection(self, collection: str, name: str) -> None:
        """Let the history of a collection be that of its new name."""
        for path, to in ((self._path(collection), self._path(name)), (self._older(collection), self._older(name))):
            with suppress(OSError):  # there is none
                path.replace(to)

    def _path(self, collection: str) -> Path:
        return self._folder / f"{collection}.jsonl"

    def _older(self, collection: str) -> Path:
        return self._folder / f"{collection}~older.jsonl"  # no collection can have such a name

    def _read(self, collection: str) -> Iterator[_Search]:
        for path in (self._older(collection), self._path(collection)):
            try:
                lines = path.read_text(encoding="ascii", errors="replace").splitlines()
            except OSError:
                continue
            for line in lines:
                try:
                    at, pipeline, stages = json.loads(line)
                    yield _Search(float(at), str(pipeline), tuple((str(n), float(ms), int(f)) for n, ms, f in stages))
                except (ValueError, TypeError):
                    continue  # cut short by a full disk, or of another version


def _told(pipeline: str, searches: Sequence[_Search]) -> PipelineLatency:
    warm = [search for search in searches if not search.cold]
    cached = sum(any(flags & _CACHED for _, _, flags in search.stages) for search in warm)
    names = list(dict.fromkeys(name for search in warm for name, _, _ in search.stages))
    times = {TOTAL: [(search.at, search.total) for search in warm]}
    for wanted in names:
        stages_of = ((search.at, *stage) for search in warm for stage in search.stages)
        times[wanted] = [(at, ms) for at, name, ms, flags in stages_of if name == wanted and flags != _CACHED]
    stages = tuple(_stage(name, values) for name, values in times.items() if values)
    return PipelineLatency(pipeline, len(searches), len(searches) - len(warm), cached, _iso(searches[-1].at), stages)


def _stage(name: str, times: Sequence[tuple[float, float]]) -> StageLatency:
    points = []
    for group in np.array_split(np.arange(len(times)), min(POINTS, len(times))):
        ms = [times[i][1] for i in group]
        p50, p95 = _percentiles(ms)
        points.append(LatencyPoint(_iso(times[group[0]][0]), _iso(times[group[-1]][0]), len(ms), p50, p95))
    p50, p95 = _percentiles([ms for _, ms in times])
    return StageLatency(name, len(times), p50, p95, tuple(points))


def _percentiles(ms: Sequence[float]) -> tuple[float, float]:
    p50, p95 = np.percentile(np.asarray(ms, np.float64), (50, 95))
    return float(p50), float(p95)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
