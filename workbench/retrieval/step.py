"""One stage of a pipeline as a value: its name, its options, and how many pages it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from workbench.representations import Representation
from workbench.retrieval.stages import SEARCHING, STAGES, StageSpec


@dataclass(frozen=True, slots=True)
class Step:
    """One stage: its name, how many pages it keeps (None: not stated), options, and the stages it takes, if it does.

    ``encoder`` is the id of the encoder whose vectors it compares, empty for the collection's first; ``at`` is where it
    stands in the text it was read from (0-based character), -1 when it was not read from one that a person wrote.
    """

    name: str
    keep: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    legs: tuple[Step, ...] = ()
    encoder: str = ""
    at: int = field(default=-1, compare=False, repr=False)

    def __str__(self) -> str:
        options = "[" + ",".join(f"{key}={value}" for key, value in self.options) + "]" if self.options else ""
        legs = "(" + ", ".join(map(str, self.legs)) + ")" if self.legs else ""
        return f"{self.label}{options}{legs}" + (f":{self.keep}" if self.keep is not None else "")

    @property
    def label(self) -> str:
        """Its name, with the encoder that it states: what its results go by."""
        return f"{self.name}@{self.encoder}" if self.encoder else self.name

    @property
    def spec(self) -> StageSpec:
        """What `STAGES` says of it."""
        return STAGES[self.name]

    def option(self, key: str) -> str:
        """The value given, or the default."""
        return dict(self.options).get(key, self.spec.options[key].default)

    def number(self, key: str) -> float:
        """The number of an option."""
        return float(self.option(key))

    def count(self, key: str) -> int:
        """The whole number of an option."""
        return int(self.option(key))

    @property
    def stored(self) -> Representation:
        """How a vector stage's index stores pages."""
        own = {key: value for key, value in self.options if key not in SEARCHING}
        return Representation.of_stage(self.name, own)

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
        return self.spec.vectors and self.stored.exact and self.option("query") == "tokens" and not self.weighs

    @property
    def cuts(self) -> bool:
        """Whether it may leave candidates unscored, going by the order of the stage before."""
        return self.spec.vectors and (self.option("prune") in ("relative", "gap") or self.count("exit") > 0)

    @property
    def depends_on_depth(self) -> bool:
        """Whether keeping more pages may change the order of those before."""
        return self.cuts or any(leg.depends_on_depth or (self.name == "rrf" and leg.keep is None) for leg in self.legs)

    @property
    def bare(self) -> Step:
        """The same stage without a number of pages to keep."""
        return replace(self, keep=None)

    def weights(self) -> tuple[float, ...]:
        """One weight per leg of a fusion; a single number stands for all."""
        values = tuple(float(part) for part in self.option("weights").split("/"))
        return values * len(self.legs) if len(values) == 1 else values

    def leaves(self) -> Iterator[Step]:
        """The stages that score pages themselves, left to right."""
        if not self.legs:
            yield self
        for leg in self.legs:
            yield from leg.leaves()
