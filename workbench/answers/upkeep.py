"""How a collection and the machine are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, Field

from workbench.analysis.audit import Audit, ProbeHit
from workbench.answers import Answer
from workbench.answers.collections import PutAway
from workbench.doctor import Check
from workbench.types import CollectionInfo, IndexInfo
from workbench.types.system import FolderInfo, PipelineLatency, TableIndex


class TableState(Answer):
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


class WayMeasured(BaseModel):
    """A kind of quicker ways whose recall was measured, in words."""

    kind: str
    title: str
    about: str


WAYS = (
    WayMeasured(
        kind="index",
        title="Indexes",
        about="Pooled indexes against exact MaxSim over all vectors: what a first stage loses. “In the best 100” is "
        "what a later stage can still put right.",
    ),
    WayMeasured(
        kind="scan",
        title="LanceDB's scan",
        about="engine=lance against our kernel, over the same vectors and without any ANN index: both are exact, so "
        "less than 1 is a fault.",
    ),
    WayMeasured(
        kind="ann",
        title="Approximate index (ANN)",
        about="An IVF index that LanceDB makes of the same vectors, built for this measurement and dropped again: "
        "Pagelens searches without one. Not refined, its scores are estimates; refined, the real vectors of the best "
        "are compared.",
    ),
)


class Upkeep(BaseModel):
    """A collection's tables, quarantine and past searches, and what was last found and measured of it."""

    info: CollectionInfo
    tables: list[TableState]
    quarantine: list[PutAway]
    audit: Mapping[str, Any] | None
    recall: Mapping[str, Any] | None
    ways: list[WayMeasured] = Field(description="Kinds of quicker ways that `recall` has rows of.")
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


class SuspectPage(BaseModel):
    """A page that unrelated questions find: how often (`count`, `z` above chance), and how few of its vectors win."""

    page: str
    page_id: str
    count: int
    z: float
    floor: float = Field(description="Near or below 0 for an ordinary page.")
    suspicious: bool
    share: float = Field(description="Of all that it won, what its best eight `vectors` won.")
    vectors: list[int]
    optimised: bool = Field(description="Its vectors look made to be found.")
    found: list[ProbeHit] = Field(description="Questions that found it, the best rank first.")


class CopiedPage(BaseModel):
    """A page that looks and reads like another."""

    page: str
    of: str
    cosine: float


class Audited(Answer):
    """What a collection's pages did with unrelated questions, and which are copies of others."""

    collection: str
    encoder: str
    index: str
    pages: int
    probes: int = Field(description="Questions that were asked, each for its best `k` pages.")
    k: int
    skewness: float
    suspects: list[SuspectPage]
    copies: list[CopiedPage]
    typical: float = Field(description="A suspect's `share` on an ordinary page.")

    @classmethod
    def of(cls, found: Audit) -> Audited:
        """From an audit."""
        return cls.like(
            found,
            suspects=[
                SuspectPage(
                    page=str(one.ref),
                    **asdict(one.hubness),
                    **asdict(one.concentration),
                    optimised=one.optimised,
                    found=list(one.found),
                )
                for one in found.suspects
            ],
            copies=[CopiedPage(page=str(a), of=str(b), cosine=cosine) for a, b, cosine in found.copies],
        )


class AuditedWithQuarantine(Audited):
    """The same, and what is kept out of search already."""

    quarantine: list[PutAway]


class QuarantineChange(BaseModel):
    """A page or document, and its entry in quarantine; null where it was released."""

    collection: str
    page: str
    quarantined: PutAway | None


class AddedIndex(BaseModel):
    """An index that was made of an encoder's stored vectors."""

    collection: str
    encoder: str
    name: str
    pages: int
    vectors: int
    dim: int
    dtype: str
    bytes: int

    @classmethod
    def of(cls, collection: str, encoder: str, index: IndexInfo) -> AddedIndex:
        """From the index as the collection tells of it."""
        return cls(collection=collection, encoder=encoder, **asdict(index))


class RemovedVectors(BaseModel):
    """An encoder whose vectors were taken out of so many pages."""

    collection: str
    encoder: str
    pages: int


class ExportedFiles(BaseModel):
    """A collection written as files for other programs."""

    collection: str
    folder: str
    pages: int
    bytes: int


class Checks(BaseModel):
    """What the doctor says of a machine; `ok` is false where something is missing that is needed."""

    ok: bool
    checks: list[Check]


class Compacted(BaseModel):
    """Bytes of a collection on disk before and after it was rewritten without its dead ones."""

    collection: str
    bytes_before: int
    bytes_after: int


class SystemReport(Answer):
    """Versions, the home folder, and what the doctor says of the machine."""

    versions: dict[str, str]
    home: str
    folders: list[FolderInfo]
    free: int = Field(description="Bytes.")
    checks: list[Check]
