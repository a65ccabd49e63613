"""The best pages of a stage scored again by how they resemble each other (SuperGlobal, arXiv 2308.06954)."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np

from workbench.representations.base import unit
from workbench.retrieval.options import OptionSpec, count, share
from workbench.retrieval.ordering import Candidates, Scored
from workbench.retrieval.run import FULL, GLOBAL, PipelineRun
from workbench.retrieval.scanning import mean_of
from workbench.retrieval.step import Stage, Step, register
from workbench.types import Float


def run(run: PipelineRun, step: Step, candidates: Candidates | None, k: int) -> Scored:
    """The best pages of a stage by how they resemble each other; the others follow in their order."""
    (source,) = step.inputs
    depth = step.count("depth")
    found = run.best(source, candidates, max(source.k or k, depth))
    leaf = next(leaf for leaf in source.leaves() if leaf.stage.vectors)
    space = run.spaces[leaf.encoder]
    top = run.vectors(space, GLOBAL if GLOBAL in space.indexes else FULL, found.ranked, depth)
    rows = np.asarray([row for row, _ in top], np.int64)
    after = found.rows[~np.isin(found.rows, rows)]
    if not top:
        return Scored(rows, np.zeros(0, np.float32), after)
    means = unit(np.stack([vectors.mean(axis=0) for _, vectors in top]))
    query = run.prepared(leaf)
    expand = cast(Literal["none", "mean", "max"], step.option("expand"))
    scores = refined(
        mean_of(query.vectors, query.weights)[0],
        means,
        step.count("neighbours"),
        step.number("beta"),
        expand,
        step.number("mix"),
    )
    return Scored(rows, scores, after)


def refined(
    query: Float,
    found: Float,
    neighbours: int = 9,
    beta: float = 0.15,
    expand: Literal["none", "mean", "max"] = "mean",
    mix: float = 0.5,
) -> Float:
    """Scores of the found pages from their likeness to each other (SuperGlobal): ``(pages,) float32``.

    ``query (d,)`` and ``found (pages, d)`` are unit vectors. Each page becomes the mean of itself (weight 1) and its
    nearest ``neighbours`` (weight ``beta`` times similarity); S1 is the query's dot with it. The query is then replaced
    by the ``mean`` or, as published, the element-wise ``max`` of the first ``neighbours + 1`` of these by S1, and S2 is
    its dot with them; the result is ``(1 - mix) S1 + mix S2``. ``max`` is meant for vectors without negative numbers.
    With ``beta`` 0 and ``none`` scores are the query's own.
    """
    pages = np.asarray(found, np.float64)
    near = min(neighbours, len(pages) - 1)
    similarity = pages @ pages.T
    itself = np.arange(len(pages))
    others = similarity.copy()
    others[itself, itself] = np.inf
    nearest = np.argsort(-others, axis=1, kind="stable")[:, : near + 1]
    weights = beta * np.take_along_axis(similarity, nearest, axis=1)
    weights[:, 0] = 1
    changed = (weights[:, :, None] * pages[nearest]).sum(axis=1) / weights.sum(axis=1, keepdims=True)
    first = changed @ np.asarray(query, np.float64)
    if expand == "none":
        return np.asarray(first, np.float32)
    top = changed[np.argsort(-first, kind="stable")[: neighbours + 1]]
    second = changed @ (top.max(axis=0) if expand == "max" else top.mean(axis=0))
    return np.asarray((1 - mix) * first + mix * second, np.float32)


register(
    Stage(
        run=run,
        name="refine",
        summary="the best pages of a stage scored again by how they resemble each other",
        cost="one mean vector of each page refined, and all pairs of them",
        source="SuperGlobal, arXiv 2308.06954",
        options={
            "depth": count("pages that are refined; those after keep their order", 400, high=4_000),
            "neighbours": count("nearest pages that each is averaged with", 9),
            "beta": share("weight of a neighbour, times its similarity", 0.15),
            "expand": OptionSpec(
                "what the query becomes: the mean or (as published, for vectors without negative numbers) the greatest "
                "of the best pages, or nothing else",
                "mean",
                ("mean", "max", "none"),
            ),
            "mix": OptionSpec("share of the expanded query's score", "0.5", number=True, high=1),
        },
        least=1,
        most=1,
        example=("global",),
        ends_in="some",
        experimental=True,
    )
)
