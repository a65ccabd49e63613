"""What a pipeline can be made of: presets, stages and their options."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, Field

from workbench.answers import Answer
from workbench.representations import METHODS
from workbench.representations.table import LEFT_OUT
from workbench.retrieval import PRESET_REASONS, PRESETS, STAGES
from workbench.retrieval.step import Stage

PAGE_VECTORS = 1_030
"""Vectors of the page that costs are told for: ColPali's."""


class StageOption(Answer):
    """An option of a stage; without `choices` it takes a number or a list of them."""

    summary: str
    default: str
    choices: list[str]
    experimental: bool = Field(description="Measurements do not favour it so far; it is there to be measured.")


class PipelineStage(Answer):
    """A stage that a pipeline can name: what it is, what it costs and where it comes from."""

    name: str
    summary: str
    source: str
    cost: str = Field(description="What it looks at.")
    vectors_of_1030: int | None = Field(description="Vectors it stores of a page of 1,030; null where it stores none.")
    experimental: bool
    options: Mapping[str, StageOption]

    @classmethod
    def of(cls, name: str, stage: Stage) -> PipelineStage:
        """From a stage, and its name."""
        method = METHODS.get(name)
        usual = {key: option.default for key, option in method.options.items()} if method is not None else {}
        return cls.like(
            stage,
            name=name,
            vectors_of_1030=None if method is None else method.most(PAGE_VECTORS, usual),
            options=dict(stage.options),
        )


class PipelineParts(BaseModel):
    """Presets with their pipelines and when to choose them, stages, and what was left out and why."""

    presets: Mapping[str, str]
    reasons: Mapping[str, str]
    stages: list[PipelineStage]
    left_out: Mapping[str, str]

    @classmethod
    def all(cls) -> PipelineParts:
        """All that there are."""
        return cls(
            presets=dict(PRESETS),
            reasons=dict(PRESET_REASONS),
            stages=[PipelineStage.of(name, stage) for name, stage in STAGES.items()],
            left_out=dict(LEFT_OUT),
        )
