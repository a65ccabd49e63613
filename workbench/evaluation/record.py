"""The record of an evaluation: everything that was asked, found and measured, in a file that can be read again.

All of it follows from the settings, the dataset, the collection and the versions, so the same settings give the same
file, but for the part ``measured``, which holds times, the date and the machine. Means, slices, latencies and losses
are read off the questions, never stored beside them. What this module does not do: search, draw, or test for
significance (`statistics`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench.atomic import write_whole
from workbench.errors import InputError

SCHEMA = 1
FILE = "record.json"


@dataclass(frozen=True, slots=True)
class RankedPage:
    """A page of a ranking, whose rank is its place in it, with its rank in every stage that knew it."""

    page: str
    score: float
    stages: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StageWork:
    """What one stage did for one question: pages in and out, page vectors compared, vector bytes read."""

    name: str
    candidates_in: int
    candidates_out: int
    vectors_compared: int
    bytes_read: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One question through one pipeline.

    ``measures`` by name. ``relevant[page][stage]`` is the rank (from 1) of a relevant page among the pages the stage
    was given, also where that is below what the stage hands on; None where the stage did not have it, or not among its
    first `Record.settings` ``ranked`` ones. ``top`` is the answer, best first. ``refused`` says why there is none.
    """

    measures: Mapping[str, float]
    relevant: Mapping[str, Mapping[str, int | None]]
    top: tuple[RankedPage, ...] = ()
    stages: tuple[StageWork, ...] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class StageText:
    """A step of a pipeline: its name in ranks and times, its text, and the pages it hands on."""

    name: str
    text: str
    keep: int


@dataclass(frozen=True, slots=True)
class EvaluatedPipeline:
    """One pipeline over all questions: the name it was given, the text that ran, and whether it compares vectors.

    ``storage`` has ``INDEX_vectors_per_page`` and ``INDEX_bytes_per_page`` of every index it reads.
    """

    name: str
    text: str
    encodes: bool
    stages: tuple[StageText, ...]
    storage: Mapping[str, float]
    answers: Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A question as asked, with the grade of every judged page; grade 0 is judged and not relevant."""

    text: str
    document: str
    tags: Mapping[str, tuple[str, ...]]
    grades: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """The dataset: ``hash`` is the sha256 of its questions, labels and boxes; ``scope`` as evaluated."""

    name: str
    hash: str
    scope: str
    questions: int
    relevant_pages: int
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CollectionFacts:
    """The collection: ``hash`` is the sha256 of its settings, encoders and documents' contents."""

    name: str
    hash: str
    encoder: str
    encoders: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Any]
    documents: int
    pages: int


@dataclass(frozen=True, slots=True)
class BoxAnswer:
    """Where explanations point on one relevant page of one question, and what chance would give there.

    ``values`` and ``chance`` by measure: ``point`` and ``iou``, see `boxes`.
    """

    question: str
    page: str
    values: Mapping[str, float]
    chance: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FailedPage:
    """A page of the collection that could not be indexed."""

    page: str
    reason: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What another run of the same settings measures anew.

    ``stage_ms[pipeline][question][stage]`` are wall milliseconds of one search after warm-up, without encoding;
    ``encode_ms[question]`` those of encoding it, once, by a warm model. ``bytes`` is the collection's size on disk.
    """

    date: str
    machine: Mapping[str, Any]
    seconds: float
    bytes: int
    stage_ms: Mapping[str, Mapping[str, Mapping[str, float]]]
    encode_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Record:
    """A whole evaluation.

    ``missing`` are relevant pages that are not in the collection, ``failed`` those of the collection that could not be
    indexed; both count as misses. ``slices`` holds question ids by tag value.
    """

    settings: Mapping[str, Any]
    dataset: DatasetFacts
    collection: CollectionFacts
    versions: Mapping[str, str]
    questions: Mapping[str, JudgedQuestion]
    slices: Mapping[str, tuple[str, ...]]
    missing: tuple[str, ...]
    failed: tuple[FailedPage, ...]
    warnings: tuple[str, ...]
    pipelines: Mapping[str, EvaluatedPipeline]
    boxes: tuple[BoxAnswer, ...]
    measured: Measured
    schema: int = SCHEMA

    # -- what the questions add up to ---------------------------------------------------------------------------------

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures, the first of them the one that comparisons are about."""
        return tuple(self.settings["measures"])

    @property
    def key(self) -> str:
        """sha256 of what was asked: settings, dataset, collection and versions, not of what was found."""
        asked = (self.settings, asdict(self.dataset), asdict(self.collection), self.versions, sorted(self.pipelines))
        return digest(asked)

    def values(self, pipeline: str, measure: str, questions: Iterable[str] | None = None) -> np.ndarray[Any, Any]:
        """``(n,) float64``: a measure for each question (or each of those named), in the record's order."""
        answers = self.pipelines[pipeline].answers
        return np.asarray([answers[q].measures[measure] for q in (self.questions if questions is None else questions)])

    def mean(self, pipeline: str, questions: Iterable[str] | None = None) -> dict[str, float]:
        """Means of every measure over all questions or those named; whoever shows one rounds it, once."""
        asked = list(self.questions if questions is None else questions)
        return {m: float(self.values(pipeline, m, asked).mean()) if asked else 0.0 for m in self.measures}

    def recall_at(self, pipeline: str, stage: str, keep: int | None = None) -> float:
        """Share of relevant pages among the first ``keep`` (default: as many as it hands on) of a stage, by question.

        R@K of the stage's candidates; exact up to ``keep`` = settings ``ranked``.
        """
        run = self.pipelines[pipeline]
        most = next(step.keep for step in run.stages if step.name == stage) if keep is None else keep
        shares = [
            sum((ranks.get(stage) or most + 1) <= most for ranks in answer.relevant.values()) / len(answer.relevant)
            for answer in run.answers.values()
        ]
        return float(np.mean(shares)) if shares else 0.0

    def lost_at(self, pipeline: str) -> dict[str, int]:
        """Number of relevant pages by the stage that lost them; ``""`` for those that were never indexed."""
        run = self.pipelines[pipeline]
        absent = {*self.missing}
        lost: dict[str, int] = {"": 0, **{step.name: 0 for step in run.stages}}
        for answer in run.answers.values():
            for page, ranks in answer.relevant.items():
                gone = (step.name for step in run.stages if (ranks.get(step.name) or step.keep + 1) > step.keep)
                stage = "" if page in absent else next(gone, None)
                if stage is not None:
                    lost[stage] += 1
        return lost

    def latency(self, pipeline: str) -> dict[str, float]:
        """Milliseconds of the search without encoding, ``p50 p95 p99``, and of encoding a query, ``encode_p50 ...``.

        Encoding does not depend on the pipeline: its times are those of all questions of the record.
        """
        search = [sum(stages.values()) for stages in self.measured.stage_ms.get(pipeline, {}).values()]
        encode = list(self.measured.encode_ms.values()) if self.pipelines[pipeline].encodes else []
        times = {"": search, "encode_": encode}
        return {
            f"{name}p{percent}": round(float(np.percentile(values, percent)), 2)
            for name, values in times.items()
            if values
            for percent in (50, 95, 99)
        }

    def box_means(self) -> dict[str, dict[str, float]]:
        """For each box measure its mean over questions (of the means over their pages), and chance's."""
        found: dict[str, dict[str, float]] = {}
        for name in self.boxes[0].values if self.boxes else ():
            rows: dict[str, list[tuple[float, float]]] = {}
            for box in self.boxes:
                rows.setdefault(box.question, []).append((box.values[name], box.chance[name]))
            value, chance = np.mean([np.mean(pairs, axis=0) for pairs in rows.values()], axis=0)
            found[name] = {"value": float(value), "chance": float(chance), "questions": len(rows)}
        return found

    # -- as files -----------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """As JSON; `load` reads it."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=True) + "\n"

    def write(self, path: Path) -> Path:
        """Write it whole or not at all; in a folder it is called ``record.json``."""
        target = path / FILE if path.is_dir() else path
        write_whole(target, self.text())
        return target

    def without_measurements(self) -> Record:
        """What the same settings give again on any machine."""
        return replace(self, measured=Measured("", {}, 0.0, 0, {}, {}))


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose measure differs between two records, and the stages that lost or won its relevant pages."""

    question: str
    before: float
    after: float
    lost: tuple[str, ...] = field(default=())
    won: tuple[str, ...] = field(default=())


def load(path: Path) -> Record:
    """Read a record, from its file or the folder it is in; `InputError` says why it is not one."""
    from pydantic import TypeAdapter, ValidationError

    file = path / FILE if path.is_dir() else path
    try:
        text = file.read_bytes()
    except OSError as error:
        raise InputError(f"'{file}' cannot be read ({(error.strerror or str(error)).lower()}).") from None
    try:
        schema = json.loads(text).get("schema")
    except (ValueError, AttributeError):
        raise InputError(
            f"'{file}' is not an evaluation record; 'pagelens eval DATASET --out DIR' writes one."
        ) from None
    if schema != SCHEMA:
        raise InputError(
            f"'{file}' has record layout {schema}, this Pagelens reads {SCHEMA}; run the evaluation again."
        )
    try:
        return TypeAdapter(Record).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(
            f"'{file}' is damaged at {where} ({first['msg'].lower()}); run the evaluation again."
        ) from None


def differences(before: Record, after: Record) -> dict[str, tuple[Any, Any]]:
    """What was asked differently: dotted name of each setting, dataset or version that differs, with both values."""
    parts = ("settings", "dataset", "collection", "versions")
    a, b = (flat({part: asdict(record)[part] for part in parts}) for record in (before, after))
    return {key: (a.get(key), b.get(key)) for key in sorted({*a, *b}) if a.get(key) != b.get(key)}


def changes(before: Record, after: Record, old: str, new: str, measure: str) -> list[Change]:
    """Questions that both records answered and whose measure differs, the largest loss first, then the gains."""
    found = []
    for question in before.questions:
        a = before.pipelines[old].answers[question]
        b = after.pipelines[new].answers.get(question)
        if b is None or a.measures[measure] == b.measures[measure]:
            continue
        had, has = ({hit.page for hit in answer.top} & set(answer.relevant) for answer in (a, b))
        found.append(
            Change(
                question, a.measures[measure], b.measures[measure], tuple(sorted(had - has)), tuple(sorted(has - had))
            )
        )
    return sorted(found, key=lambda change: (change.after - change.before, change.question))


def flat(value: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Nested mappings as one, with dotted names.

    >>> flat({"a": {"b": 1}, "c": [2]})
    {'a.b': 1, 'c': [2]}
    """
    found: dict[str, Any] = {}
    for key, inner in value.items():
        name = f"{above}{key}"
        found |= flat(inner, f"{name}.") if isinstance(inner, Mapping) and inner else {name: inner}
    return found


def digest(value: Any) -> str:
    """sha256 in hex of a value as canonical JSON (sorted keys, no blanks, UTF-8)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
