"""Work in the background, and what it would be."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import BaseModel, Field

from workbench.types import DocumentOutcome, IngestPlan, Job, JobStage, PlannedFile, bottleneck


class Plan(BaseModel):
    """What indexing an upload would do, and its likely cost on this machine."""

    files: list[PlannedFile]
    pages: int
    pages_to_read: int
    seconds: float
    bytes: int
    words: str = Field(description="Which words are read of a page, and when: none, text, later or now.")

    @classmethod
    def of(cls, plan: IngestPlan) -> Plan:
        """From a plan."""
        return cls(
            files=list(plan.files),
            pages=plan.pages,
            pages_to_read=plan.pages_to_read,
            seconds=plan.seconds,
            bytes=plan.bytes,
            words=plan.words,
        )


class Stage(BaseModel):
    """A stage of a job. Stages overlap; `seconds` are those of all its `workers`."""

    name: str
    done: int
    total: int
    seconds: float
    workers: int
    pages_per_second: float = Field(description="What it gets through while it works, with all its workers.")

    @classmethod
    def of(cls, stage: JobStage) -> Stage:
        """From a stage."""
        return cls(**asdict(stage), pages_per_second=round(stage.pages_per_second, 3))


class JobState(BaseModel):
    """Work in the background. `state`: waiting, running, stopping, stopped, done, failed or interrupted."""

    id: str
    collection: str
    kind: str
    encoder: str
    state: str
    active: bool = Field(description="Whether it is still going to change.")
    message: str
    started: str
    pages_done: int
    pages_total: int
    seconds: float
    pages_per_second: float
    eta_seconds: float | None
    current: str
    stages: list[Stage]
    bottleneck: str = Field(description="The stage that the others wait for; empty before one is known.")
    documents: list[DocumentOutcome] = Field(description="Every file, from the start on; those done first.")

    @classmethod
    def of(cls, job: Job) -> JobState:
        """From a job."""
        progress = job.progress
        return cls(
            id=job.id,
            collection=job.collection,
            kind=job.kind,
            encoder=job.encoder,
            state=job.state,
            active=job.active,
            message=job.message,
            started=job.started,
            pages_done=progress.pages_done,
            pages_total=progress.pages_total,
            seconds=progress.seconds,
            pages_per_second=progress.pages_per_second,
            eta_seconds=progress.eta_seconds,
            current=progress.current,
            stages=[Stage.of(stage) for stage in progress.stages],
            bottleneck=bottleneck(progress.stages),
            documents=[*progress.documents, *progress.pending],
        )
