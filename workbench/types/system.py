"""The installation as the System tab shows it: tables on disk, the home folder, and how long searches took."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableIndex:
    """An index that LanceDB keeps of a table; rows written since are in no index, and found by scanning them."""

    name: str
    kind: str
    indexed: int
    unindexed: int


@dataclass(frozen=True, slots=True)
class TableInfo:
    """A table of a collection on disk.

    ``holds`` says what its rows are; ``bytes`` all its files, of which ``live`` belong to the present version;
    ``files`` are those its rows lie in, ``versions`` the states of it that are still kept.
    """

    name: str
    holds: str
    rows: int
    bytes: int
    live: int
    files: int
    versions: int
    indexes: tuple[TableIndex, ...]

    @property
    def unindexed(self) -> int:
        """Rows that some index of it does not hold yet."""
        return max((index.unindexed for index in self.indexes), default=0)


@dataclass(frozen=True, slots=True)
class FolderInfo:
    """A part of the home folder, and the bytes of all files below it."""

    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class SystemInfo:
    """What runs here: versions by name, and where and how large everything is that Pagelens keeps."""

    versions: tuple[tuple[str, str], ...]
    home: str
    folders: tuple[FolderInfo, ...]
    free: int


@dataclass(frozen=True, slots=True)
class LatencyPoint:
    """A run of searches, one after another: from when to when (ISO 8601), how many, and percentiles in milliseconds."""

    start: str
    end: str
    count: int
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class StageLatency:
    """How long one stage took, ``total`` for whole searches: over all of them, and point by point in order of time."""

    name: str
    count: int
    p50: float
    p95: float
    points: tuple[LatencyPoint, ...]


@dataclass(frozen=True, slots=True)
class PipelineLatency:
    """Searches by one pipeline. ``cold`` of them had to load something first, and are in no percentile.

    ``cached`` of the others found their query's embedding ready: those are no part of the stage that encodes.
    """

    pipeline: str
    searches: int
    cold: int
    cached: int
    last: str
    stages: tuple[StageLatency, ...]
