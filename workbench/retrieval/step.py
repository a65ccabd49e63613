"""One stage of a pipeline as a value: its name, its options, and how many pages it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from workbench.errors import PipelineError
from workbench.representations import Representation
from workbench.retrieval.registry import Stage, stage_named
from workbench.retrieval.scanning import SEARCHING

DEFAULT_PREFETCH = 256
"""Pages that a stage hands on where its step does not say how many."""


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
