"""The text form of a search pipeline, read into values.

    pipeline := step (">" step)*
    step     := source [":" K]
    source   := NAME ["@" ENCODER] [options] | NAME [options] "(" step ("," step)* ")"
    options  := "[" key "=" value ("," key "=" value)* "]"

``rows:256 > full:10`` keeps the 256 best pages by pooled rows and reranks them by exact MaxSim to 10. Where a
collection holds the vectors of several encoders, ``global@clip-vit-b-32:256 > full@colqwen2-v1.0:10`` says whose a
stage compares; a stage that names none compares those of the collection's first encoder. Names, options, values and
what fits together are checked here, against `STAGES`, before anything runs; whether the collection has the index is the
engine's to say. How long a text may be and how much it may ask for is bounded here too (`MAX_TEXT`, `MAX_STAGES`,
`MAX_NESTING`, `MAX_K`), so that no door of Pagelens takes more than another.
"""

from __future__ import annotations

import difflib
import itertools
import re
from dataclasses import replace

from workbench.errors import PipelineError
from workbench.retrieval.options import OptionSpec
from workbench.retrieval.stages import ALIASES, STAGES
from workbench.retrieval.step import DEFAULT_PREFETCH, Stage, Step, check_order

DEFAULT_K = 10
MAX_K = 100_000
MAX_TEXT = 2_000
"""Characters of a pipeline: the longest that anybody measured has 150."""
MAX_STAGES = 32
"""Stages in all, those in brackets and those that take them included: each may look at every page."""
MAX_NESTING = 8
"""Brackets inside each other; deeper ones fuse what was fused already."""
_EXAMPLE = "rows:256 > full:10"

_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z][\w-]*)|(?P<number>[0-9]+)|(?P<mark>[>:,()\[\]=@])|(?P<bad>\S))")
_VALUE = re.compile(r"\s*([\w./+-]+)")
_ENCODER = re.compile(r"\s*([A-Za-z0-9][\w./+-]*)")


class Parser:
    """A recursive descent over the grammar above; ``_at`` is where the next token starts.

    ``written`` says that a person wrote the text, so that stages remember where in it they stand.
    """

    def __init__(self, text: str, written: bool) -> None:
        self._text = text
        self._written = written
        self._at = 0
        self._stages = 0
        self._depth = 0

    def steps(self) -> tuple[Step, ...]:
        """The steps in order, each but the last with a number of pages to keep. `PipelineError` for a bad text."""
        if not self._text.strip():
            raise PipelineError(f"The pipeline is empty; write one such as {_EXAMPLE!r}.", 0)
        if len(self._text) > MAX_TEXT:
            raise PipelineError(
                f"The pipeline has {len(self._text):,} characters; at most {MAX_TEXT:,} are read. Write fewer stages.",
                MAX_TEXT,
            )
        steps = [self._step()]
        while self._take(">"):
            steps.append(self._step())
        if self._peek()[0]:
            raise self._error("expected '>' or the end")
        *first, last = steps
        kept = [step if step.k is not None else replace(step, k=DEFAULT_PREFETCH) for step in first]
        for wider, narrower in itertools.pairwise((*kept, last)):
            if narrower.k is not None and wider.k is not None and narrower.k > wider.k:
                raise PipelineError(
                    f"'{narrower.name}:{narrower.k}' cannot keep more pages than '{wider.name}:{wider.k}' "
                    f"before it hands on; make the later number {wider.k} or less.",
                    self._text.find(f":{narrower.k}"),
                )
        check_order((*kept, last))
        return (*kept, last)

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
        self._stages += 1
        if self._stages > MAX_STAGES:
            raise PipelineError(
                f"The pipeline has more than {MAX_STAGES} stages, counting those in brackets; leave some out.", start
            )
        stage = STAGES[name]
        encoder = self._encoder(stage)
        options = self._options(stage) if self._take("[") else ()
        inputs: list[Step] = []
        if self._take("("):
            if not stage.fusion:
                takers = ", ".join(f"{other}(...)" for other in STAGES if STAGES[other].fusion)
                raise PipelineError(f"'{name}' takes no list of stages; {takers} do.", start)
            self._depth += 1
            if self._depth > MAX_NESTING:
                raise PipelineError(
                    f"The pipeline has more than {MAX_NESTING} brackets inside each other; fuse the stages side by "
                    "side, as in rrf(bm25, rows, full).",
                    start,
                )
            inputs.append(self._step())
            while self._take(","):
                inputs.append(self._step())
            if not self._take(")"):
                raise self._error("expected ',' or ')'")
            self._depth -= 1
        step = Step(name, self._keep(), options, tuple(inputs), encoder, start if self._written else -1)
        step.stage.check(step, start)
        return step

    def _encoder(self, stage: Stage) -> str:
        start = self._start()
        if not self._take("@"):
            return ""
        if not stage.vectors:
            why = "takes other stages; write the encoder behind theirs" if stage.fusion else "reads words, not vectors"
            raise PipelineError(f"'{stage.name}' takes no encoder: it {why}.", start)
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

    def _options(self, stage: Stage) -> tuple[tuple[str, str], ...]:
        found: dict[str, str] = {}
        while True:
            start = self._start()
            kind, key = self._peek()
            if kind != "name":
                raise self._error("expected an option name")
            if key not in stage.options:
                known = ", ".join(stage.options) or "none"
                raise PipelineError(f"'{stage.name}' has no option '{key}'; its options: {known}.", start)
            self._next()
            if not self._take("="):
                raise self._error("expected '='")
            value = _VALUE.match(self._text, self._at)
            if value is None:
                raise self._error("expected a value")
            _check_value(stage.name, key, value[1], stage.options[key], value.start(1))
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


def _check_value(stage: str, key: str, value: str, option: OptionSpec, at: int) -> None:
    if wrong := option.wrong(value):
        raise PipelineError(f"'{stage}[{key}={value}]': {key} is {wrong}.", at)
