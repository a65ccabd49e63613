"""What the commands that measure answer: a dataset through pipelines, records against each other, figures as published,
where explanations point, and when a search is probably in vain."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, Field

from workbench.answers import Answer
from workbench.evaluation.comparing import RecordComparison, within
from workbench.evaluation.datasets import Dataset
from workbench.evaluation.oddities import counts
from workbench.evaluation.pointing import Pointing
from workbench.evaluation.presets import Preset, PresetComparison
from workbench.evaluation.record import Change, FailedPage, Record
from workbench.evaluation.statistics import Interval, Paired, interval
from workbench.retrieval.verdict import Calibration


class PairedTest(BaseModel):
    """`b` against `a` over the same questions: the mean difference, and a paired test of it."""

    a: str
    b: str
    difference: Interval
    p: float
    adjusted: float = Field(description="`p` after Holm's correction for the comparisons made together.")
    wins: int = Field(description="Questions where b is better.")
    ties: int
    losses: int
    effect: float | None = Field(description="Cohen's d of the differences; null where they are equal and not 0.")
    significant: bool

    @classmethod
    def of(cls, pair: Paired) -> PairedTest:
        """From a pair."""
        effect = pair.effect if math.isfinite(pair.effect) else None
        return cls(**{**asdict(pair), "effect": effect}, significant=pair.significant)


class ComparedPipelines(Answer):
    """One measure of pipelines over the same questions: `eval compare`."""

    measure: str
    questions: int
    baseline: str
    means: Mapping[str, Interval] = Field(description="By pipeline, with the bounds of a 95 % interval.")
    pairs: list[PairedTest] = Field(description="Every other pipeline against the baseline.")
    winner: str | None = Field(description="The pipeline that is significantly better than every other, if one is.")

    @classmethod
    def of(cls, found: RecordComparison) -> ComparedPipelines:
        """From a comparison."""
        return cls.like(found, means=dict(found.means), pairs=[PairedTest.of(pair) for pair in found.pairs])


class PipelineFigures(BaseModel):
    """What one pipeline came to, by measure, slice and stage."""

    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]] = Field(description="95 % interval of each mean.")
    slices: Mapping[str, Mapping[str, float]] = Field(description="Means over some `queries`, by tag and value.")
    latency_ms: Mapping[str, float]
    candidate_recall: Mapping[str, float] = Field(description="Share of relevant pages that a stage hands on.")
    storage: Mapping[str, float] = Field(description="Vectors and bytes a page of each index that is read, and in all.")


class DatasetFigures(BaseModel):
    """A dataset's questions through pipelines: `eval DATASET`."""

    dataset: str
    scope: str
    pages: int = Field(description="Of the collection.")
    queries: int
    warnings: list[str]
    missing_pages: list[str] = Field(description="Relevant pages that are not in the collection: misses.")
    failed_pages: list[FailedPage]
    pipelines: Mapping[str, PipelineFigures]
    comparison: ComparedPipelines
    boxes: Mapping[str, Mapping[str, float]] = Field(
        description="Where explanations point, beside chance; empty for a dataset without boxes."
    )
    oddities: Mapping[str, int] = Field(description="Rows of the dataset that were left out or mended, by kind.")

    @classmethod
    def of(cls, record: Record, dataset: Dataset | None = None) -> DatasetFigures:
        """From a record, and the dataset as it was read."""
        on_disk = {"collection_bytes_per_page": round(record.measured.bytes / max(record.collection.pages, 1))}
        pipelines = {}
        for name, run in record.pipelines.items():
            bounds = {measure: interval(record.values(name, measure)) for measure in record.measures}
            pipelines[name] = PipelineFigures(
                metrics=record.mean(name),
                intervals={measure: (found.low, found.high) for measure, found in bounds.items()},
                slices={key: {"queries": len(ids), **record.mean(name, ids)} for key, ids in record.slices.items()},
                latency_ms=record.latency(name),
                candidate_recall={step.text: record.recall_at(name, step.name) for step in run.stages[:-1]},
                storage={**run.storage, **on_disk},
            )
        return cls(
            dataset=record.dataset.name,
            scope=record.dataset.scope,
            pages=record.collection.pages,
            queries=record.dataset.questions,
            warnings=list(record.warnings),
            missing_pages=list(record.missing),
            failed_pages=list(record.failed),
            pipelines=pipelines,
            comparison=ComparedPipelines.of(within(record)),
            boxes=record.box_means(),
            oddities={} if dataset is None else counts(dataset.oddities),
        )


class BeforeAfter(BaseModel):
    """A value in two records; null where one lacks it."""

    before: Any
    after: Any


class RecordsDiffer(BaseModel):
    """What differs between two records: `eval diff`."""

    asked: Mapping[str, BeforeAfter] = Field(description="By the name of a setting, a dataset's or a version.")
    measure: str
    changes: Mapping[str, list[Change]] = Field(description="Questions answered worse or better, by pipeline.")

    @classmethod
    def of(
        cls, asked: Mapping[str, tuple[Any, Any]], measure: str, changes: Mapping[str, list[Change]]
    ) -> RecordsDiffer:
        """From what was asked otherwise, and the questions that changed."""
        values = {key: BeforeAfter(before=old, after=new) for key, (old, new) in asked.items()}
        return cls(asked=values, measure=measure, changes=dict(changes))


class PresetFigure(BaseModel):
    """One figure as published, null where none was, and as measured here."""

    pipeline: str
    dataset: str
    measure: str
    questions: int
    published: float | None
    measured: float
    difference: float | None = Field(description="Measured minus published.")


class PresetFigures(BaseModel):
    """Published figures of a model measured again: `eval preset`."""

    preset: str
    encoder: str
    scope: str
    source: str = Field(description="Whose figures they are, and how they were made.")
    pages: int
    missing: list[str] = Field(description="Relevant pages that are not in the collection: misses.")
    figures: list[PresetFigure]

    @classmethod
    def of(cls, made: Preset, encoder: str, record: Record, compared: Sequence[PresetComparison]) -> PresetFigures:
        """From what was published, and the record of measuring it."""
        return cls(
            preset=made.id,
            encoder=encoder,
            scope=made.scope,
            source=made.source,
            pages=record.collection.pages,
            missing=list(record.missing),
            figures=[PresetFigure(**asdict(row), difference=row.difference) for row in compared],
        )


class WayFigures(BaseModel):
    """How well one way to choose regions meets the evidence: means with intervals, and the means of both controls."""

    way: str
    values: Mapping[str, Interval]
    controls: Mapping[str, Mapping[str, float]]


class PointingFigures(Answer):
    """Whether explanations point at the evidence that people boxed: `eval boxes`."""

    dataset: str
    collection: str
    encoder: str
    pipeline: str
    questions: int
    pages: int = Field(description="With boxes.")
    unexplained: int = Field(description="Of them, those that could not be explained, which count 0.")
    ways: list[WayFigures]
    hottest: Mapping[str, Interval] = Field(description="How often the hottest place lies in evidence.")
    chance: float

    @classmethod
    def of(cls, found: Pointing) -> PointingFigures:
        """From what was judged."""
        return cls.like(
            found,
            ways=[
                WayFigures(way=str(pointed.way), values=dict(pointed.values), controls=dict(pointed.controls))
                for pointed in found.ways
            ],
            hottest=dict(found.hottest),
        )


class Calibrated(BaseModel):
    """When searches by a pipeline are told to be probably in vain: `calibrate`."""

    collection: str
    pipeline: str
    signal: str
    found: float = Field(description="Above it a search is called found.")
    nothing: float = Field(description="Below it a search is called in vain.")
    slope: float
    offset: float
    answered: list[float] = Field(description="The signal of searches with an answer that set the bars, ascending.")
    unanswered: list[float] = Field(description="Of those with nothing to find.")
    auroc: float
    basis: str

    @classmethod
    def of(cls, made: Calibration, collection: str, pipeline: str) -> Calibrated:
        """From a calibration, and what it is of."""
        return cls(collection=collection, pipeline=pipeline, **asdict(made))
