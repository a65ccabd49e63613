"""The text form of a search pipeline, read into values and written back.

    pipeline := step (">" step)*
    step     := source [":" K]
    source   := NAME ["@" ENCODER] [options] | FUSION [options] "(" step ("," step)* ")"
    options  := "[" key "=" value ("," key "=" value)* "]"

``rows:256 > full:10`` keeps the 256 best pages by pooled rows and reranks them by exact MaxSim to 10. Where a
collection holds the vectors of several encoders, ``global@clip-vit-b-32:256 > full@colqwen2-v1.0:10`` says whose a
stage compares; a stage that names none compares those of the collection's first encoder. A name's options and their
values are checked here, against `STAGES`, before anything runs; whether the collection has the index is the engine's to
say. What this module does not do: run anything.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from workbench.errors import PipelineError
from workbench.representations import COMMON, ENCODINGS, METHODS, SHORT, Option, Representation
from workbench.retrieval.fusion import RRF_K

DEFAULT_K = 10
DEFAULT_PREFETCH = 256
MAX_K = 100_000


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """An option of a stage: what it does, its default, and the values it takes (``choices``, or a number's type)."""

    summary: str
    default: str
    choices: tuple[str, ...] = ()
    number: bool = False
    numbers: bool = False


@dataclass(frozen=True, slots=True)
class StageSpec:
    """A stage a pipeline can name; ``vectors`` is false for text search, ``fusion`` true where it takes stages."""

    name: str
    summary: str
    options: Mapping[str, OptionSpec] = field(default_factory=dict)
    vectors: bool = True
    fusion: bool = False


_QUERY = OptionSpec("score every query token, or only their mean", "tokens", ("tokens", "mean"))
_ENGINE = OptionSpec("scan the memory-mapped copy, or let LanceDB scan its table", "flat", ("flat", "lance"))
_WEIGHTS = OptionSpec("one weight per list, as 1/2", "1", numbers=True)


_SEARCHING = {"query": _QUERY, "engine": _ENGINE}
"""Options of a vector stage that say how its index is searched; all others say which index it is."""


def _vector_stages() -> Iterator[StageSpec]:
    """A stage for every way to store pages, with its options and those of every encoding."""
    encodings = {key: option for encoding in ENCODINGS.values() for key, option in encoding.options.items()}
    for name, summary in {**{name: method.summary for name, method in METHODS.items()}, **SHORT}.items():
        own = METHODS[name].options if name in METHODS else {}
        options = {key: _spec(option) for key, option in {**encodings, **COMMON, **own}.items()}
        yield StageSpec(name, summary, _SEARCHING | options)


def _spec(option: Option) -> OptionSpec:
    return OptionSpec(option.summary, str(option.default), option.choices)


STAGES: Mapping[str, StageSpec] = {
    spec.name: spec
    for spec in (
        *_vector_stages(),
        StageSpec("bm25", "words of the page text (Okapi BM25)", vectors=False),
        StageSpec(
            "rrf",
            "reciprocal rank fusion (Cormack et al. 2009): the sum of 1 / (k + rank)",
            {"k": OptionSpec("the constant k", str(RRF_K), number=True), "weights": _WEIGHTS},
            fusion=True,
        ),
        StageSpec(
            "sum",
            "weighted sum of scores, normalised or, for global and MaxSim scores of one model, as they are",
            {"norm": OptionSpec("z-score, min-max, or none", "z", ("z", "minmax", "none")), "weights": _WEIGHTS},
            fusion=True,
        ),
    )
}
ALIASES: Mapping[str, str] = {"exact": "full"}


@dataclass(frozen=True, slots=True)
class Step:
    """One stage: its name, how many pages it keeps (None: not stated), options, and the lists it fuses, if it fuses.

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

    @property
    def stored(self) -> Representation:
        """How a vector stage's index stores pages."""
        own = {key: value for key, value in self.options if key not in _SEARCHING}
        return Representation.of_stage(self.name, own)

    @property
    def index(self) -> str:
        """The name of the index that a vector stage compares."""
        return str(self.stored)

    @property
    def exact(self) -> bool:
        """Whether its score is the encoder's own MaxSim over everything on a page."""
        return self.spec.vectors and self.stored.exact and self.option("query") == "tokens"

    @property
    def bare(self) -> Step:
        """The same stage without a number of pages to keep."""
        return replace(self, keep=None)

    def weights(self) -> tuple[float, ...]:
        """One weight per leg; a single number stands for all."""
        values = tuple(float(part) for part in self.option("weights").split("/"))
        return values * len(self.legs) if len(values) == 1 else values

    def leaves(self) -> Iterator[Step]:
        """The stages that score pages themselves, left to right."""
        if not self.legs:
            yield self
        for leg in self.legs:
            yield from leg.leaves()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Steps in order, every one but the last with a stated number of pages to keep."""

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return " > ".join(map(str, self.steps))

    @property
    def keep(self) -> int:
        """How many results it returns."""
        return self.steps[-1].keep or DEFAULT_K

    def returning(self, k: int) -> Pipeline:
        """The same pipeline with k results."""
        return Pipeline((*self.steps[:-1], replace(self.steps[-1], keep=k)))

    def leaves(self) -> Iterator[Step]:
        """All stages that score pages themselves."""
        for step in self.steps:
            yield from step.leaves()

    def vector_leaves(self) -> Iterator[Step]:
        """Those of them that compare vectors."""
        return (leaf for leaf in self.leaves() if leaf.spec.vectors)

    def decider(self) -> str:
        """The encoder of the last stage that compares vectors, which is the one whose score decides; may be empty."""
        return next((leaf.encoder for leaf in reversed(list(self.vector_leaves()))), "")

    def fitted(self, indexes: Sequence[str]) -> Pipeline:
        """The pipeline over these indexes: a stage that has none becomes the nearest that has (`NEAREST`).

        For presets, which were written for pages of many vectors; what a person wrote is searched as it stands. A step
        that becomes the same stage as the one after it is left out.
        """
        *first, last = (_fitted(step, indexes) for step in self.steps)
        kept = [a for a, b in itertools.pairwise((*first, last)) if a.bare != b.bare]
        return Pipeline((*kept, last))

    @classmethod
    def parse(cls, text: str) -> Pipeline:
        """Read the text form, or the name of a preset. `PipelineError` says where it went wrong and what would do."""
        preset = PRESETS.get(text.strip())
        return _Parser(text, True).pipeline() if preset is None else _Parser(preset, False).pipeline()


PRESETS: Mapping[str, str] = {
    "exact": "full:10",
    "two-stage": "rows:256 > full:10",
    "three-stage": "global:1000 > rows:300 > full:10",
    "fused": "rrf(bm25, rows):256 > full:10",
    "hybrid": "sum(bm25, conv):10",
    "text": "bm25:10",
}

NEAREST = ("rows", "conv", "tiles", "global", "full")
"""What stands in for an index that a collection lacks: the first of these that it has."""

_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z][\w-]*)|(?P<number>\d+)|(?P<mark>[>:,()\[\]=@])|(?P<bad>\S))")
_VALUE = re.compile(r"\s*([\w./+-]+)")
_ENCODER = re.compile(r"\s*([A-Za-z0-9][\w./+-]*)")


class _Parser:
    """A recursive descent over the grammar above; ``_at`` is where the next token starts."""

    def __init__(self, text: str, written: bool) -> None:
        self._text = text
        self._written = written
        self._at = 0

    def pipeline(self) -> Pipeline:
        if not self._text.strip():
            raise PipelineError(f"The pipeline is empty; write one such as {PRESETS['two-stage']!r}.", 0)
        steps = [self._step()]
        while self._take(">"):
            steps.append(self._step())
        if self._peek()[0]:
            raise self._error("expected '>' or the end")
        *first, last = steps
        kept = [step if step.keep is not None else replace(step, keep=DEFAULT_PREFETCH) for step in first]
        for wider, narrower in itertools.pairwise((*kept, last)):
            if narrower.keep is not None and wider.keep is not None and narrower.keep > wider.keep:
                raise PipelineError(
                    f"'{narrower.name}:{narrower.keep}' cannot keep more pages than '{wider.name}:{wider.keep}' "
                    f"before it hands on; make the later number {wider.keep} or less.",
                    self._text.find(f":{narrower.keep}"),
                )
        return Pipeline((*kept, last))

    def _step(self) -> Step:
        start = self._start()
        kind, name = self._peek()
        if kind != "name":
            raise self._error("expected a stage name")
        self._next()
        name = ALIASES.get(name, name)
        if name not in STAGES:
            close = difflib.get_close_matches(name, [*STAGES, *ALIASES], n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise PipelineError(
                f"Unknown stage '{name}' at character {start + 1} of {self._text!r}.{hint} "
                f"Stages: {', '.join([*ALIASES, *STAGES])}.",
                start,
            )
        spec = STAGES[name]
        encoder = self._encoder(spec)
        options = self._options(spec) if self._take("[") else ()
        legs: list[Step] = []
        if self._take("("):
            if not spec.fusion:
                raise PipelineError(f"'{name}' takes no list of stages; only rrf(...) and sum(...) do.", start)
            legs.append(self._step())
            while self._take(","):
                legs.append(self._step())
            if not self._take(")"):
                raise self._error("expected ',' or ')'")
        if spec.fusion and len(legs) < 2:
            raise PipelineError(f"'{name}' needs two stages or more, as in {name}(bm25, rows).", start)
        step = Step(name, self._keep(), options, tuple(legs), encoder, start if self._written else -1)
        if spec.vectors and not spec.fusion:
            self._check_stored(step, start)
        if spec.fusion and len(step.weights()) != len(legs):
            raise PipelineError(f"'{name}' has {len(legs)} stages but {len(step.weights())} weights.", start)
        return step

    def _check_stored(self, step: Step, start: int) -> None:
        try:
            stored = step.stored
        except ValueError as error:
            raise PipelineError(f"'{step.label}' at character {start + 1}: {error}.", start) from None
        if step.option("engine") == "lance" and not stored.plain:
            raise PipelineError(
                f"'{step.label}' at character {start + 1}: LanceDB can only scan vectors as the encoder made them; "
                "leave engine=lance out.",
                start,
            )

    def _encoder(self, spec: StageSpec) -> str:
        start = self._start()
        if not self._take("@"):
            return ""
        if spec.fusion or not spec.vectors:
            why = "fuses other stages; write the encoder behind theirs" if spec.fusion else "reads words, not vectors"
            raise PipelineError(f"'{spec.name}' takes no encoder: it {why}.", start)
        found = _ENCODER.match(self._text, self._at)
        if found is None:
            raise self._error("expected the id of an encoder")
        self._at = found.end()
        return found[1]

    def _keep(self) -> int | None:
        if not self._take(":"):
            return None
        kind, text = self._peek()
        if kind != "number" or not 1 <= int(text) <= MAX_K:
            raise self._error(f"expected a number of pages from 1 to {MAX_K}")
        self._next()
        return int(text)

    def _options(self, spec: StageSpec) -> tuple[tuple[str, str], ...]:
        found: dict[str, str] = {}
        while True:
            start = self._start()
            kind, key = self._peek()
            if kind != "name":
                raise self._error("expected an option name")
            if key not in spec.options:
                known = ", ".join(spec.options) or "none"
                raise PipelineError(f"'{spec.name}' has no option '{key}'; its options: {known}.", start)
            self._next()
            if not self._take("="):
                raise self._error("expected '='")
            value = _VALUE.match(self._text, self._at)
            if value is None:
                raise self._error("expected a value")
            _check_value(spec.name, key, value[1], spec.options[key], value.start(1))
            self._at = value.end()
            found[key] = value[1]
            if self._take("]"):
                return tuple(sorted(found.items()))
            if not self._take(","):
                raise self._error("expected ',' or ']'")

    def _start(self) -> int:
        match = _TOKEN.match(self._text, self._at)
        return self._at if match is None else match.start(match.lastgroup or 0)

    def _peek(self) -> tuple[str, str]:
        match = _TOKEN.match(self._text, self._at)
        if match is None or match.lastgroup is None:
            return "", ""
        return match.lastgroup, match[match.lastgroup]

    def _next(self) -> None:
        match = _TOKEN.match(self._text, self._at)
        if match is not None:
            self._at = match.end()

    def _take(self, mark: str) -> bool:
        if self._peek() == ("mark", mark):
            self._next()
            return True
        return False

    def _error(self, expected: str) -> PipelineError:
        start = self._start()
        found = self._peek()[1]
        what = f"found {found!r}" if found else "the text ends"
        return PipelineError(f"Bad pipeline {self._text!r}: {expected} at character {start + 1}, but {what}.", start)


def _fitted(step: Step, indexes: Sequence[str]) -> Step:
    if step.legs:
        return replace(step, legs=tuple(_fitted(leg, indexes) for leg in step.legs))
    if not step.spec.vectors or step.encoder or step.index in indexes:
        return step
    near = next((name for name in NEAREST if name in indexes), None)
    options = tuple((key, value) for key, value in step.options if key in _SEARCHING)
    return step if near is None else replace(step, name=near, options=options)


def _check_value(stage: str, key: str, value: str, option: OptionSpec, at: int) -> None:
    if option.choices and value not in option.choices:
        raise PipelineError(f"'{stage}[{key}={value}]': {key} is one of {', '.join(option.choices)}.", at)
    parts = value.split("/") if option.numbers else [value]
    if (option.number or option.numbers) and not all(re.fullmatch(r"\d+(\.\d+)?", part) for part in parts):
        raise PipelineError(
            f"'{stage}[{key}={value}]': {key} is a number{'s joined by /' if option.numbers else ''}.", at
        )
