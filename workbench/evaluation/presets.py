"""Published figures that anyone can measure again: which datasets, which scope, which measures, and what was published.

A preset is data. Measuring one is an evaluation of its datasets together; `compare` puts both figures side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


_ESG, _BIO, _ECON = "esg_reports_v2", "biomedical_lectures_v2", "economics_reports_v2"


def _row(
    encoder: str, pipeline: str, esg: tuple[float, ...], bio: tuple[float, ...], econ: tuple[float, ...]
) -> Published:
    return Published(encoder, pipeline, {_ESG: esg, _BIO: bio, _ECON: econ})


_TASKS = ("Vidore2ESGReportsRetrieval", "Vidore2BioMedicalLecturesRetrieval", "Vidore2EconomicsReportsRetrieval")

VIDORE_V2 = Preset(
    id="vidore-v2",
    name="ViDoRe v2, all three datasets in one collection",
    tasks=_TASKS,
    scope="union",
    # nDCG with gain 2^grade - 1 over grades 1 and 2, as the table was made; ir-measures' own has linear gain.
    measures=("nDCG(gains={2:3})@5", "nDCG(gains={2:3})@10", "R@5", "R@10", "R@100"),
    near=0.01,
    source=(
        "Visual RAG Toolkit, table 2: every question searches the 3,006 pages of all three datasets, vectors in "
        "16 bits, first stage 256 pages, 100 results. Its loader dropped the question and page numbered 0 of each "
        "dataset and its queries carry no special tokens, so figures may lie about .01 apart."
    ),
    published=(
        _row(
            "colpali-v1.3",
            "full:100",
            (0.551, 0.573, 0.570, 0.661, 0.908),
            (0.566, 0.601, 0.611, 0.713, 0.911),
            (0.488, 0.490, 0.244, 0.401, 0.855),
        ),
        _row(
            "colpali-v1.3",
            "conv:256 > full:100",
            (0.559, 0.576, 0.576, 0.662, 0.818),
            (0.566, 0.601, 0.610, 0.712, 0.902),
            (0.486, 0.489, 0.243, 0.401, 0.834),
        ),
        _row(
            "colqwen2.5-v0.2",
            "full:100",
            (0.509, 0.564, 0.538, 0.704, 0.856),
            (0.575, 0.612, 0.605, 0.718, 0.880),
            (0.572, 0.551, 0.308, 0.432, 0.873),
        ),
        _row(
            "colsmol-500m",
            "full:100",
            (0.404, 0.457, 0.460, 0.620, 0.961),
            (0.390, 0.420, 0.431, 0.519, 0.778),
            (0.323, 0.327, 0.165, 0.268, 0.692),
        ),
        _row(
            "colsmol-500m",
            "tiles:256 > full:100",
            (0.369, 0.401, 0.405, 0.503, 0.658),
            (0.381, 0.406, 0.413, 0.490, 0.677),
            (0.329, 0.325, 0.171, 0.261, 0.636),
        ),
    ),
)

VIDORE_V2_LEADERBOARD = Preset(
    id="vidore-v2-leaderboard",
    name="ViDoRe v2, each dataset by itself",
    tasks=_TASKS,
    scope="corpus",
    measures=("nDCG@5", "nDCG@10", "R@5", "R@10", "R@100"),
    near=0.01,
    source="The ViDoRe v2 leaderboard as the Visual RAG Toolkit's table 1 quotes it: exact search within each dataset.",
    published=(
        _row(
            "colpali-v1.3",
            "full:100",
            (0.549, 0.574, 0.539, 0.643, 0.921),
            (0.546, 0.588, 0.575, 0.702, 0.914),
            (0.486, 0.484, 0.272, 0.400, 0.878),
        ),
        _row(
            "colqwen2.5-v0.2",
            "full:100",
            (0.664, 0.682, 0.718, 0.776, 0.925),
            (0.592, 0.631, 0.612, 0.729, 0.901),
            (0.533, 0.528, 0.297, 0.420, 0.904),
        ),
    ),
)

PRESETS: Mapping[str, Preset] = {preset.id: preset for preset in (VIDORE_V2, VIDORE_V2_LEADERBOARD)}


def preset(name: str) -> Preset:
    """The preset of that id; `InputError` names those there are."""
    try:
        return PRESETS[name]
    except KeyError:
        raise InputError(f"There is no preset '{name}'; there are: {', '.join(PRESETS)}.") from None


@dataclass(frozen=True, slots=True)
class Compared:
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


def compare(made: Preset, encoder: str, record: Record) -> list[Compared]:
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
                found.append(Compared(pipeline, dataset, measure, len(questions), value, means[measure]))
    return found
