"""How a collection and the machine are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field

from workbench.answers.collections import PutAway
from workbench.doctor import Check
from workbench.types import CollectionInfo
from workbench.types.system import FolderInfo, PipelineLatency, SystemInfo, TableIndex, TableInfo


class TableState(BaseModel):
    """A table of a collection on disk, and the rows that some index of it does not hold yet."""

    name: str
    holds: str
    rows: int
    bytes: int
    live: int = Field(description="Bytes of its present version.")
    files: int
    versions: int
    indexes: list[TableIndex]
    unindexed: int

    @classmethod
    def of(cls, value: TableInfo) -> TableState:
        """From a table."""
        return cls(
            name=value.name,
            holds=value.holds,
            rows=value.rows,
            bytes=value.bytes,
            live=value.live,
            files=value.files,
            versions=value.versions,
            indexes=list(value.indexes),
            unindexed=value.unindexed,
        )


class Upkeep(BaseModel):
    """A collection's tables, quarantine and past searches, and what was last found and measured of it."""

    info: CollectionInfo
    tables: list[TableState]
    quarantine: list[PutAway]
    audit: Mapping[str, Any] | None
    recall: Mapping[str, Any] | None
    latency: list[PipelineLatency]


class Verified(BaseModel):
    """Whether what is on disk fits together."""

    collection: str
    ok: bool
    done: list[str] = Field([], description="Sentences on what was mended first.")
    problems: list[str] = Field(description="Sentences on what does not; none is good news.")

    @classmethod
    def of(cls, collection: str, problems: Sequence[str], done: Sequence[str] = ()) -> Verified:
        """From what is wrong, and what was mended."""
        return cls(collection=collection, ok=not problems, done=list(done), problems=list(problems))


class Compacted(BaseModel):
    """Bytes of a collection on disk before and after it was rewritten without its dead ones."""

    collection: str
    bytes_before: int
    bytes_after: int


class SystemReport(BaseModel):
    """Versions, the home folder, and what the doctor says of the machine."""

    versions: dict[str, str]
    home: str
    folders: list[FolderInfo]
    free: int = Field(description="Bytes.")
    checks: list[Check]

    @classmethod
    def of(cls, value: SystemInfo, checks: list[Check]) -> SystemReport:
        """From what there is, and what was checked."""
        return cls(
            versions=dict(value.versions),
            home=value.home,
            folders=list(value.folders),
            free=value.free,
            checks=checks,
        )
