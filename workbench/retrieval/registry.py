"""What a stage is: as data its options, its cost and where it comes from; as functions how it is checked and run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from workbench.errors import PipelineError

if TYPE_CHECKING:
    from workbench.retrieval.ordering import Candidates, Scored
    from workbench.retrieval.run import PipelineRun
    from workbench.retrieval.step import Step
    from workbench.types import Float

ANY = 99
"""Most stages that a fusion takes."""


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """An option of a stage: what it does, its default, and the values it takes.

    Those are ``choices``, or with ``number`` a number from ``low`` to ``high`` (``whole``: without a fraction), or with
    ``numbers`` several of those joined by a slash. An option of an index is checked by its representation.
    ``experimental``: measurements do not favour it so far; it is there to be measured.
    """

    summary: str
    default: str
    choices: tuple[str, ...] = ()
    number: bool = False
    numbers: bool = False
    whole: bool = False
    low: float = 0
    high: float = 1_000_000
    experimental: bool = False

    def wrong(self, value: str) -> str:
        """Why a value does not fit, after "is "; empty where it does."""
        if self.choices:
            return "" if value in self.choices else f"one of {', '.join(self.choices)}"
        if not self.number and not self.numbers:
            return ""
        kind = "whole number" if self.whole else "number"
        joined = ", or such numbers joined by /" if self.numbers else ""
        parts = value.split("/") if self.numbers else [value]
        if not all(re.fullmatch(r"[0-9]+" if self.whole else r"[0-9]+(\.[0-9]+)?", part) for part in parts):
            return f"a {kind}{joined}"
        fits = all(self.low <= float(part) <= self.high for part in parts)
        return "" if fits else f"a {kind} from {self.low:g} to {self.high:,.10g}{joined}"


Run = Callable[["PipelineRun", "Step", "Candidates | None", int], "Scored"]
"""Scores pages for a step, all of them or the candidates; of which the ``k`` best will be kept: (run, step, candidates,
k)."""
Check = Callable[["Step", int], None]
"""Refuses what does not fit in a step that starts at a character: `PipelineError`."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a stage said of pages of several collections, each in its own, and ``told`` on one scale over all of them.

    NaN stands for a page that the stage could not score, -inf for one that it did not name. ``words`` is how many words
    each of these pages has (infinite: not known).
    """

    said: Float
    told: Float
    words: Float


Again = Callable[["Step", Sequence[Column], "Float"], "Float"]
"""Tells what a stage said of pages of several collections on one scale: (step, columns of its inputs, what it said)."""


def _as_said(step: Step, inputs: Sequence[Column], said: Float) -> Float:
    """As it was: a score of query and page alone."""
    return said


def _anything(step: Step, start: int) -> None:
    """No check of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage that a pipeline can name. Those that compare ``vectors`` take an encoder; others take ``least`` to
    ``most`` stages in brackets, or none.

    ``example`` are such stages; the last of them has to be a vector ``stage``, or to have one inside it (``some``), as
    ``ends_in`` says. ``cost`` says what it looks at, beyond the stages it takes, and ``source`` where it was published.
    ``experimental``: measurements do not favour it so far; it is there to be measured. ``reranks``: by these of a
    page a reranker scores what the stage before hands on, and never all pages. ``again``: for a fusion, whose scores
    hang on the other pages of a collection, how to tell them of pages of several (see `across`). ``reads``: it knows
    a page by its words alone. ``looks``: it compares pictures themselves.
    """

    name: str
    summary: str
    run: Run
    cost: str
    check_own: Check = _anything
    source: str = ""
    options: Mapping[str, OptionSpec] = field(default_factory=dict)
    vectors: bool = False
    least: int = 0
    most: int = 0
    example: tuple[str, ...] = ("bm25", "rows")
    ends_in: Literal["", "stage", "some"] = ""
    experimental: bool = False
    reranks: Literal["", "words", "pictures"] = ""
    again: Again | None = None
    reads: bool = False
    looks: bool = False

    @property
    def across(self) -> Again | None:
        """How it scores pages of several collections on one scale; None where what it says holds in its own alone."""
        return self.again or (None if self.fusion else _as_said)

    @property
    def fusion(self) -> bool:
        """Whether it takes stages."""
        return self.most > 0

    def check(self, step: Step, start: int) -> None:
        """Refuse options or inner stages that do not fit; ``start`` is where the step stands. `PipelineError`."""
        if self.fusion:
            self._check_inputs(step.inputs, start)
        if self.fusion and "weights" in self.options and len(step.weights()) != len(step.inputs):
            raise PipelineError(
                f"'{self.name}' has {len(step.inputs)} stages but {len(step.weights())} weights.", start
            )
        self.check_own(step, start)

    def _check_inputs(self, inputs: tuple[Step, ...], start: int) -> None:
        example = f"{self.name}({', '.join(self.example)})"
        if len(inputs) < self.least:
            few = "two stages or more" if self.least > 1 else "a stage"
            raise PipelineError(f"'{self.name}' needs {few}, as in {example}.", start)
        if len(inputs) > self.most:
            plural = "s" if self.most > 1 else ""
            raise PipelineError(f"'{self.name}' takes {self.most} stage{plural} at most, not {len(inputs)}.", start)
        last = inputs[-1]
        if (self.ends_in == "stage" and not last.stage.vectors) or (
            self.ends_in == "some" and not any(leaf.stage.vectors for leaf in last.leaves())
        ):
            raise PipelineError(
                f"'{self.name}' goes by vectors, which '{last.label}' does not compare itself; write {example}.", start
            )


WEIGHTS = OptionSpec("one weight per list, as 1/2", "1", numbers=True)
"""The option of a fusion."""


def count(summary: str, default: int, low: int = 1, high: int = 1_000_000) -> OptionSpec:
    """An option that is a whole number."""
    return OptionSpec(summary, str(default), number=True, whole=True, low=low, high=high)


def share(summary: str, default: float) -> OptionSpec:
    """An option that is a weight."""
    return OptionSpec(summary, f"{default:g}", number=True, high=100)


_STAGES: dict[str, Stage] = {}


def register(stage: Stage) -> Stage:
    """Let pipelines name a stage."""
    if stage.name in _STAGES:
        raise ValueError(f"there are two stages '{stage.name}'")
    _STAGES[stage.name] = stage
    return stage


def stage_named(name: str) -> Stage:
    """The stage of that name; `KeyError` without one."""
    return _STAGES[name]


def registered() -> dict[str, Stage]:
    """All stages: those of vectors, then those of words, then those that take others; experimental ones last."""
    return dict(sorted(_STAGES.items(), key=lambda item: (item[1].experimental, item[1].fusion, not item[1].vectors)))
