"""What a stage is, as data, and how it is checked; and one as a step of a pipeline: with options, and how many pages it
keeps. What a search at work gives them is `run`'s to say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from workbench.errors import PipelineError
from workbench.representations import Representation
from workbench.retrieval.options import SEARCHING, OptionSpec
from workbench.types import Float

if TYPE_CHECKING:
    from workbench.retrieval.ordering import Candidates, Scored
    from workbench.retrieval.run import PipelineRun

ANY = 99
"""Most stages that a fusion takes."""
DEFAULT_PREFETCH = 256
"""Pages that a stage hands on where its step does not say how many."""

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


Again = Callable[["Step", Sequence[Column], Float], Float]
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
    run: Run
    summary: str
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


_STAGES: dict[str, Stage] = {}


def register(stage: Stage) -> None:
    """Let pipelines name a stage."""
    if stage.name in _STAGES:
        raise ValueError(f"there are two stages '{stage.name}'")
    _STAGES[stage.name] = stage


def stage_named(name: str) -> Stage:
    """The stage of that name; `KeyError` without one."""
    return _STAGES[name]


def registered() -> dict[str, Stage]:
    """All stages: those of vectors, then those of words, then those that take others; experimental ones last."""
    return dict(sorted(_STAGES.items(), key=lambda item: (item[1].experimental, item[1].fusion, not item[1].vectors)))


@dataclass(frozen=True, slots=True)
class Step:
    """One stage: its name, how many pages it keeps (None: not stated), options, and the stages it takes, if it does.

    ``encoder`` is the id of the encoder whose vectors it compares, empty for the collection's first; ``at`` is where it
    stands in the text it was read from (0-based character), -1 when it was not read from one that a person wrote.
    """

    name: str
    k: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    inputs: tuple[Step, ...] = ()
    encoder: str = ""
    at: int = field(default=-1, compare=False, repr=False)

    def __str__(self) -> str:
        options = "[" + ",".join(f"{key}={value}" for key, value in self.options) + "]" if self.options else ""
        inputs = "(" + ", ".join(map(str, self.inputs)) + ")" if self.inputs else ""
        return f"{self.label}{options}{inputs}" + (f":{self.k}" if self.k is not None else "")

    @property
    def label(self) -> str:
        """Its name, with the encoder that it states: what its results go by."""
        return f"{self.name}@{self.encoder}" if self.encoder else self.name

    @property
    def stage(self) -> Stage:
        """The stage it names."""
        return stage_named(self.name)

    def option(self, key: str) -> str:
        """The value given, or the default."""
        return dict(self.options).get(key, self.stage.options[key].default)

    def number(self, key: str) -> float:
        """The number of an option."""
        return float(self.option(key))

    def count(self, key: str) -> int:
        """The whole number of an option."""
        return int(self.option(key))

    @property
    def stored(self) -> Representation:
        """How a vector stage's index stores pages."""
        return _stored(self.name, tuple(pair for pair in self.options if pair[0] not in SEARCHING))

    @property
    def index(self) -> str:
        """The name of the index that a vector stage compares."""
        return str(self.stored)

    @property
    def weighs(self) -> bool:
        """Whether it gives query tokens other weights than their encoder did."""
        return self.option("weights") != "none" or self.count("top") > 0

    @property
    def exact(self) -> bool:
        """Whether its score is the encoder's own MaxSim over everything on a page."""
        return self.stage.vectors and self.stored.exact and self.option("query") == "tokens" and not self.weighs

    @property
    def cuts(self) -> bool:
        """Whether it may leave candidates unscored, going by the order of the stage before."""
        return self.stage.vectors and (self.option("prune") in ("relative", "gap") or self.count("exit") > 0)

    @property
    def depends_on_depth(self) -> bool:
        """Whether keeping more pages may change the order of those before."""
        return self.cuts or any(
            step.depends_on_depth or (self.name == "rrf" and step.k is None) for step in self.inputs
        )

    @property
    def bare(self) -> Step:
        """The same stage without a number of pages to keep."""
        return replace(self, k=None)

    def weights(self) -> tuple[float, ...]:
        """One weight per input of a fusion; a single number stands for all."""
        values = tuple(float(part) for part in self.option("weights").split("/"))
        return values * len(self.inputs) if len(values) == 1 else values

    def leaves(self) -> Iterator[Step]:
        """The stages that score pages themselves, left to right."""
        if not self.inputs:
            yield self
        for step in self.inputs:
            yield from step.leaves()


@lru_cache(maxsize=1024)
def _stored(name: str, options: tuple[tuple[str, str], ...]) -> Representation:
    return Representation.of_stage(name, dict(options))


def check_order(steps: tuple[Step, ...]) -> None:
    """Stages that go by what the stage before hands on need one, by its order not inside others. `PipelineError`."""
    for leaf in steps[0].leaves():
        if leaf.stage.reranks:
            raise PipelineError(
                f"'{leaf.label}' at character {leaf.at + 1} scores what the stage before hands on; "
                f"write one before it, as in rows:50 > {leaf.bare}:10",
                leaf.at,
            )
    for i, step in enumerate(steps):
        inside = next((leaf for taken in step.inputs for leaf in taken.leaves() if leaf.cuts), None)
        if inside is not None or (step.cuts and i == 0):
            which = step if inside is None else inside
            raise PipelineError(
                f"'{which.label}' at character {which.at + 1}: exit, and prune by a score, go by the order of the "
                "stage before; write them in a later step, as in rows:256 > full[exit=4]:10, or use prune=safe.",
                which.at,
            )
