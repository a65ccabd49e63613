"""A search pipeline as a value, and its text form: ``rows:256 > full:10``.

The grammar is `grammar`'s, the stages and their options are `stages`'s. What a pipeline says is checked before anything
runs; whether a collection has the index is the engine's to say. What this module does not do: run anything.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.retrieval.grammar import DEFAULT_K, Parser
from workbench.retrieval.options import SEARCHING
from workbench.retrieval.stages import STAGES
from workbench.retrieval.step import DEFAULT_PREFETCH, Step

__all__ = ["DEFAULT_K", "DEFAULT_PREFETCH", "NEAREST", "PRESETS", "RECOMMENDED", "STAGES", "Pipeline", "Step"]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Steps in order, every one but the last with a stated number of pages to keep."""

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return " > ".join(map(str, self.steps))

    @property
    def k(self) -> int:
        """How many results it returns."""
        return self.steps[-1].k or DEFAULT_K

    def returning(self, k: int) -> Pipeline:
        """The same pipeline with k results."""
        return Pipeline((*self.steps[:-1], replace(self.steps[-1], k=k)))

    def leaves(self) -> Iterator[Step]:
        """All stages that score pages themselves."""
        for step in self.steps:
            yield from step.leaves()

    def vector_leaves(self) -> Iterator[Step]:
        """Those of them that compare vectors."""
        return (leaf for leaf in self.leaves() if leaf.stage.vectors)

    def decider(self) -> str:
        """The encoder of the last stage that compares vectors, which is the one whose score decides; may be empty."""
        return next((leaf.encoder for leaf in reversed(list(self.vector_leaves()))), "")

    def fitted(self, indexes: Sequence[str]) -> Pipeline:
        """The pipeline over these indexes: a stage that has none becomes the nearest that has (`NEAREST`).

        For presets, which were written for pages of many vectors; what a person wrote is searched as it stands. A step
        that becomes the same stage as the one after it is left out, and a stage that comes twice in a fusion is taken
        once, with both weights.
        """
        *first, last = (_fitted(step, indexes) for step in self.steps)
        kept = [a for a, b in itertools.pairwise((*first, last)) if a.bare != b.bare]
        return Pipeline((*kept, last))

    def grown(self, pages: int) -> Pipeline:
        """The pipeline for so many pages, its numbers being for `WRITTEN_FOR`: of more, a page that exact search finds
        stands farther back in a coarser list. The first stage keeps more in proportion, up to `GROWTH` times as many,
        later ones by the square root of that.
        """
        factor = min(max(pages / WRITTEN_FOR, 1.0), GROWTH)
        *first, last = self.steps
        kept = [
            replace(step, k=max(step.k or 1, 10 * round((step.k or 1) * factor ** (0.5 if i else 1.0) / 10)))
            for i, step in enumerate(first)
        ]
        return Pipeline((*kept, last))

    @classmethod
    def parse(cls, text: str) -> Pipeline:
        """Read the text form, or the name of a preset. `PipelineError` says where it went wrong and what would do."""
        preset = PRESETS.get(text.strip())
        return cls(Parser(text, True).steps() if preset is None else Parser(preset, False).steps())


@dataclass(frozen=True, slots=True)
class PipelineReading:
    """A pipeline as it would run in a collection: its preset (empty: it was written) and what that is good for.

    ``steps`` are its stages, each with what it keeps (None: not stated); ``lacking`` the indexes, by encoder, that it
    compares with and that are not there yet. ``rival`` is the preset to compare it with (`rival`).
    """

    preset: str
    reason: str
    pipeline: str
    steps: tuple[tuple[str, int | None], ...]
    k: int
    lacking: tuple[tuple[str, str], ...]
    rival: str


PRESETS: Mapping[str, str] = {
    "exact": "full:10",
    "two-stage": "rows:256 > full:10",
    "three-stage": "global:200 > rows:60 > full:10",
    "fast": "lift(sum(bm25, global)):10",
    "balanced": "lift(sum(bm25, global)):100 > lift(sum(bm25, rows)):10",
    "accurate": "lift(sum(bm25, global)):100 > "
    "lift(sum[peak=4,weights=2/1/1](bm25, rows[weights=idf], full[weights=idf])):10",
    "hybrid": "lift(sum(bm25, conv)):10",
    "text": "lift(bm25):10",
}
GROWING = "three-stage"
"""The preset whose first stage is so coarse that it has to keep the more, the more pages there are."""
WRITTEN_FOR, GROWTH = 1000, 10.0
"""Measured by ``bench scale`` (docs/measured.md): at 10,000 pages the same numbers find half of exact's first ten, ten
times as many candidates .85; from there on they would cost more time than an exact answer is worth."""
PRESET_REASONS: Mapping[str, str] = {
    "exact": "Every vector of every page: the reference, and the slowest",
    "two-stage": "Pooled rows find candidates, exact MaxSim ranks them: what exact finds, also where words are few",
    "three-stage": "One vector a page, then rows, then exact: what exact finds, comparing the fewest vectors; "
    "of more than 1,000 pages it keeps more candidates",
    "fast": "Words and one vector a page: the best results within a few milliseconds",
    "balanced": "What fast finds, ranked by words and rows: comparing a hundredth of the vectors",
    "accurate": "What fast finds, ranked by words, rows and every vector, rare words weighing more: the best measured",
    "hybrid": "Words and windows of three rows over every page, in one step",
    "text": "Words only (BM25), no model",
}
"""When to choose which, in a line each."""

RECOMMENDED: Mapping[str, tuple[str, str]] = {
    "words": ("accurate", "words and every vector together, the best measured"),
    "": ("two-stage", "every vector of the likeliest pages, as this encoder sees more than words"),
}
"""The preset to begin with, and why in a few words, by the kind of the first encoder (empty: any other)."""

NEAREST = ("rows", "conv", "tiles", "global", "full")
"""What stands in for an index that a collection lacks: the first of these that it has."""


ALIKE = Step("alike")
"""What finds the very picture that is asked with."""


def looking(pipeline: Pipeline) -> Pipeline:
    """The pipeline with `ALIKE` at its end; as it is where a stage looks at pictures already."""
    if any(leaf.stage.looks for leaf in pipeline.leaves()):
        return pipeline
    return Pipeline((*pipeline.returning(pipeline.k).steps, replace(ALIKE, k=pipeline.k)))


FEW, MANY = 20, 100
"""Results that a person looks through without a thought, and those that one goes through to find a certain page."""


def is_worthwhile(k: int, pages: int, shown: bool) -> bool:
    """Whether keeping ``k`` of a collection's pages sorts anything out, or most of them stay; ``shown`` as results."""
    most = min(pages // 4, MANY) if shown else pages // 2
    return k <= max(FEW, most)


def rival(pipeline: Pipeline) -> str:
    """The preset to compare a pipeline with: one that ranks by other evidence, so that the two can differ.

    What ranks by vectors alone finds nearly what `exact` finds, so it is set against words and vectors together.
    """
    words = any(not leaf.stage.vectors and leaf.stage.reranks != "pictures" for leaf in pipeline.leaves())
    return "exact" if words else "accurate"


def _fitted(step: Step, indexes: Sequence[str]) -> Step:
    if step.inputs:
        inputs = tuple(_fitted(taken, indexes) for taken in step.inputs)
        weights = step.weights() if "weights" in dict(step.options) else ()
        different: dict[Step, float] = {}
        for taken, weight in zip(inputs, weights or (1.0,) * len(inputs), strict=True):
            different[taken] = different.get(taken, 0.0) + weight
        if len(different) < step.stage.least or len(different) == len(inputs):
            return replace(step, inputs=inputs)
        told = {"weights": "/".join(f"{weight:g}" for weight in different.values())} if weights else {}
        options = tuple(sorted({**dict(step.options), **told}.items()))
        return replace(step, inputs=tuple(different), options=options)
    if not step.stage.vectors or step.encoder or step.index in indexes:
        return step
    near = next((name for name in NEAREST if name in indexes), None)
    options = tuple((key, value) for key, value in step.options if key in SEARCHING)
    return step if near is None else replace(step, name=near, options=options)
