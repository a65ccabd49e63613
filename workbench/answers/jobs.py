"""Work in the background, and what it would be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from pydantic import BaseModel, Field

from workbench.answers import Answer
from workbench.types import DocumentOutcome, IngestReport, Job, JobStage, PlannedFile, bottleneck

KINDS: Mapping[str, tuple[str, str, str]] = {
    "ingest": ("Adding files", "adding to {collection}", "{pages} added to {collection}."),
    "words": ("Reading words", "reading the words in pictures of {collection}", "{pages} of {collection} read."),
    "reread": ("Reading again", "reading again in {collection}", "{pages} of {collection} read again."),
    "embed": ("Embedding", "embedding {collection} with {encoder}", "{pages} of {collection} embedded with {encoder}."),
    "index": ("Adding an index", "adding an index to {collection}", "The index is in {collection}."),
    "delete": ("Deleting", "deleting {what}", ""),
    "evaluate": ("Evaluation", "measuring on {collection}", "The evaluation on {collection} has ended."),
    "audit": ("Audit", "auditing {collection}", ""),
    "recall": ("Recall", "measuring recall in {collection}", ""),
    "compact": ("Compaction", "compacting {collection}", ""),
    "repair": ("Repair", "repairing {collection}", ""),
    "export": ("Export", "exporting {collection}", ""),
    "get": ("Getting a model", "getting {encoder}", ""),
    "sync": ("Following folders", "following folders of {collection}", ""),
}
"""Of each kind of work its name, what it is doing, and what it did, which is empty where its message says that."""


class Plan(Answer):
    """What indexing an upload would do, and its likely cost on this machine."""

    files: list[PlannedFile]
    pages: int
    pages_to_read: int
    seconds: float
    bytes: int
    words: str = Field(description="Which words are read of a page, and when: none, text, later or now.")


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


class Ingested(Answer):
    """What an ingest did, or reading words or adding an encoder, whose stored pages then count as indexed."""

    collection: str
    encoder: str = Field("", description="The one that was added, if one was.")
    documents: list[DocumentOutcome]
    seconds: float
    stopped: bool
    notes: list[str] = Field(description="Sentences on what was left undone although all pages went in.")
    unread: int = Field(description="Pages of the collection whose words are still to be read.")
    stages: list[Stage]
    bottleneck: str = Field(description="The stage that the others waited for; empty where none is known.")

    @classmethod
    def of(cls, report: IngestReport, encoder: str = "") -> Ingested:
        """From a report."""
        return cls.like(
            report,
            encoder=encoder,
            stages=[Stage.of(stage) for stage in report.stages],
            bottleneck=bottleneck(report.stages),
        )


@dataclass(frozen=True, slots=True)
class FileOfJob(DocumentOutcome):
    """A file of a job; ``said`` is how far it is in words, and ``bad`` whether there is a problem with it."""

    said: str = ""
    bad: bool = False

    @classmethod
    def of(cls, file: DocumentOutcome, active: bool) -> FileOfJob:
        """From a file, and whether its job still goes on."""
        unread = bool(file.reason and not file.pages)
        if file.pages and file.skipped == file.pages:
            said = "Already here"  # which is known before it is its turn
        elif file.state == "reading":
            said = "Reading" if active else "Stopped"
        elif file.state == "waiting":
            said = "Waiting" if active else "Not begun"
        elif file.left_out or unread:
            said = "Not read"
        else:
            said = "Done, with gaps" if file.failed else "Done"
        own = {field.name: getattr(file, field.name) for field in fields(file)}
        return cls(**own, said=said, bad=bool(file.failed) or (unread and not file.left_out))


class JobState(Answer):
    """Work in the background. `state`: waiting, running, stopping, stopped, done, failed or interrupted."""

    id: str
    collection: str
    kind: str
    name: str = Field(description="Of the kind of work.")
    doing: str = Field(description="What it does, as it may stand behind its state.")
    outcome: str = Field(description="What it did, in a sentence that holds once it is done.")
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
    documents: list[FileOfJob] = Field(description="Every file, from the start on; those done first.")

    @classmethod
    def of(cls, job: Job) -> JobState:
        """From a job."""
        progress = job.progress
        name, doing, done = KINDS.get(job.kind, (job.kind, job.kind, ""))  # kept by another version
        indexed = sum(document.indexed for document in progress.documents)
        values = {
            "collection": job.collection,
            "encoder": job.encoder,
            "pages": f"{indexed:,} page{'' if indexed == 1 else 's'}",
            "what": ", ".join(one.name for one in progress.documents) or f"all of {job.collection}",
        }
        return cls.like(
            job,
            name=name,
            doing=doing.format(**values),
            outcome=done.format(**values) or job.message,
            pages_done=progress.pages_done,
            pages_total=progress.pages_total,
            seconds=progress.seconds,
            pages_per_second=progress.pages_per_second,
            eta_seconds=progress.eta_seconds,
            current=progress.current,
            stages=[Stage.of(stage) for stage in progress.stages],
            bottleneck=bottleneck(progress.stages),
            documents=[FileOfJob.of(file, job.active) for file in (*progress.documents, *progress.pending)],
        )
