"""Published figures that anyone can measure again: which datasets, which scope, which measures, and what was published.

A preset is data (``presets.toml``). Measuring one is an evaluation of its datasets together; `compare` puts both
figures side by side.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from workbench.errors import InputError
from workbench.evaluation.imports.names import TASKS
from workbench.evaluation.record import Record

Figures = Mapping[str, tuple[float, ...]]
"""For each dataset the published value of each of a preset's measures, in their order."""


@dataclass(frozen=True, slots=True)
class Published:
    """A row of a published table: a model (id of an encoder), the pipeline it was run with, and its figures."""

    encoder: str
    pipeline: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Preset:
    """A published table: ``tasks`` are names of `TASKS`; ``source`` says whose figures they are and how they were made.

    ``near`` is how far from a published figure a measured one may lie and still be called the same.
    """

    id: str
    name: str
    tasks: tuple[str, ...]
    scope: str
    measures: tuple[str, ...]
    near: float
    source: str
    published: tuple[Published, ...]

    @property
    def datasets(self) -> tuple[str, ...]:
        """The short names of its datasets, as their folders are called."""
        return tuple(TASKS[task].repository.partition("/")[2] for task in self.tasks)

    def pipelines(self, encoder: str) -> tuple[str, ...]:
        """The pipelines whose figures were published for an encoder; for any other the exact one."""
        return tuple(row.pipeline for row in self.published if row.encoder == encoder) or ("exact",)


def _published() -> Mapping[str, Preset]:
    """The presets of ``presets.toml``, in its order."""
    found = tomllib.loads(Path(__file__).with_name("presets.toml").read_text(encoding="utf-8"))["preset"]
    return {made.id: made for made in TypeAdapter(list[Preset]).validate_python(found)}


PRESETS = _published()


def preset(name: str) -> Preset:
    """The preset of that id; `InputError` names those there are."""
    try:
        return PRESETS[name]
    except KeyError:
        raise InputError(f"There is no preset '{name}'; there are: {', '.join(PRESETS)}.") from None


@dataclass(frozen=True, slots=True)
class PresetComparison:
    """One figure: as published (None: none was) and as measured over ``questions`` questions."""

    pipeline: str
    dataset: str
    measure: str
    questions: int
    published: float | None
    measured: float

    @property
    def difference(self) -> float | None:
        """Measured minus published."""
        return None if self.published is None else self.measured - self.published


def compare(made: Preset, encoder: str, record: Record) -> list[PresetComparison]:
    """The figures of a record of the preset's datasets beside those published for the encoder."""
    known = {row.pipeline: row.figures for row in made.published if row.encoder == encoder}
    found = []
    for pipeline in record.pipelines:
        for dataset in made.datasets:
            questions = record.slices.get(f"dataset={dataset}", ())
            means = record.mean(pipeline, questions)
            values = known.get(pipeline, {}).get(dataset)
            for i, measure in enumerate(made.measures):
                value = None if values is None else values[i]
                found.append(PresetComparison(pipeline, dataset, measure, len(questions), value, means[measure]))
    return found
