"""What only the API answers: receipts of what was sent, sessions, and failures. All else is of `workbench.answers`."""

from __future__ import annotations

from pydantic import BaseModel, Field

from workbench.answers.collections import Named
from workbench.answers.evaluations import EvaluationState
from workbench.evaluation.saved_runs import SavedRun
from workbench.service import DatasetInfo


class Failure(BaseModel):
    """Why a request was not fulfilled."""

    error: str = Field(description="One sentence: what happened, and what to do.")


class Batch(BaseModel):
    """An upload that was opened."""

    batch: str


class Received(BaseModel):
    """A file that was received."""

    bytes: int


class Session(BaseModel):
    """A session: send its token as `Authorization: Bearer TOKEN`."""

    token: str
    idle_seconds: float = Field(description="Unused for so long, it ends.")


class Evaluations(BaseModel):
    """The datasets and records there are, what is being measured, and what there is to choose from."""

    datasets: list[DatasetInfo]
    records: list[SavedRun] = Field(description="In brief, newest first.")
    jobs: list[EvaluationState] = Field(description="Evaluations that run, wait or were stopped.")
    measures: list[str]
    scopes: list[str]
    forms: list[Named] = Field(description="What a record can be exported as: name of the file, and what it is.")


class Version(BaseModel):
    """What answers."""

    name: str
    version: str
