"""Pseudo relevance feedback: a vector stage asked again by the query and the best pages that a stage found.

`moved` is Rocchio's formula (1971) as dense retrieval uses it (arXiv 2108.13454, pyserini), written as weighted rows of
one query, so that the same kernel scores it. Blind feedback drifts when the first page is wrong, so nothing here
happens unasked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from workbench.errors import PipelineError
from workbench.representations.anchors import spherical_kmeans, spread
from workbench.representations.base import unit
from workbench.retrieval.options import OptionSpec, count, share
from workbench.retrieval.ordering import Candidates, Scored
from workbench.retrieval.run import FULL, GLOBAL, PipelineRun
from workbench.retrieval.scanning import scan
from workbench.retrieval.step import Stage, Step, register
from workbench.types import Float, QueryEmbedding

CENTRES = 16
"""Vectors that stand for a page of many."""
_ROUNDS = 10


def run(run: PipelineRun, step: Step, candidates: Candidates | None, k: int) -> Scored:
    """The last stage asked again, by the query and the best pages of the first."""
    source, target = step.inputs[0], step.inputs[-1]
    depth = step.count("depth")
    found = run.best(source, candidates, max(source.k or k, depth))
    space = run.spaces[target.encoder]
    good = [vectors for _, vectors in run.vectors(space, FULL, found.ranked, depth)]
    alpha, beta = step.number("alpha"), step.number("beta")
    if step.option("kind") == "average":
        alpha, beta = averaged(len(good))
    single = space.info.kind == "page" or target.stored.method.name == GLOBAL
    query = moved(run.prepared(target), good, alpha, beta, single)
    return scan(run, target, found if step.option("among") == "found" else candidates, k, query)


def check(step: Step, start: int) -> None:
    """Refuse weights beside the plain mean."""
    given = dict(step.options)
    if given.get("kind") == "average" and {"alpha", "beta"} & given.keys():
        raise PipelineError("'prf[kind=average]' takes the plain mean; leave alpha and beta out.", start)


def moved(
    query: QueryEmbedding, pages: Sequence[Float], alpha: float, beta: float, single: bool = False
) -> QueryEmbedding:
    """``alpha`` times the query and ``beta`` times the mean of pages ``(n_f, d)``, as one query of weighted rows.

    ``single``: for pages of one vector, ``alpha q + beta mean(page means)`` of unit vectors, Rocchio's own formula
    without marks against. Otherwise its form for scores: ``alpha MaxSim(q, p) + beta mean_f MaxSim(page_f, p)``, the
    latter scaled to what the query weighs, and each page stood for by at most `CENTRES` of its spherical k-means. The
    query as it is without pages or ``beta``.
    """
    if not len(pages) or not beta:
        return query
    weights = np.asarray(query.weights, np.float64)
    if single:
        size = float(np.linalg.norm(weights @ np.asarray(query.vectors, np.float64)))
        found = [(_mean(page), np.ones(1, np.float32)) for page in pages]
    else:
        size = float(np.abs(weights).sum())
        found = [_condensed(np.asarray(page, np.float32)) for page in pages]
    rows = [centres for centres, _ in found]
    added = np.concatenate([share * (beta * size / len(pages)) for _, share in found])
    labels = [f"page {i}" for i, (_, share) in enumerate(found, 1) for _ in share]
    return replace(
        query,
        vectors=np.concatenate([query.vectors, *rows]),
        labels=(*query.labels, *labels),
        weights=np.concatenate([alpha * weights, added]).astype(np.float32),
    )


def averaged(pages: int) -> tuple[float, float]:
    """Alpha and beta with which `moved` gives the mean of the query and so many pages (average feedback)."""
    return 1 / (1 + pages), pages / (1 + pages)


def _mean(vectors: Float) -> Float:
    return unit(np.asarray(vectors, np.float64).mean(axis=0, keepdims=True), vectors[:1])


def _condensed(vectors: Float) -> tuple[Float, Float]:
    """At most `CENTRES` unit centres of a page's vectors, and the share of vectors that each stands for."""
    centres, labels = spherical_kmeans(vectors, vectors[spread(vectors, CENTRES)], _ROUNDS)
    counts = np.bincount(np.asarray(labels, np.int64), minlength=len(centres))
    there = counts > 0
    return centres[there], np.asarray(counts[there] / len(vectors), np.float32)


register(
    Stage(
        run=run,
        name="prf",
        summary="feedback: a vector stage asked again by the query and the best pages that the first stage in it found",
        check_own=check,
        cost="the second search, by at most 16 more vectors for each page taken; reads those pages whole",
        source="vector PRF, arXiv 2108.13454; Rocchio 1971; before or after fusion, arXiv 2205.00235",
        options={
            "depth": count("best pages that are taken for good ones", 3, 0, 100),
            "kind": OptionSpec(
                "alpha query + beta mean of pages, or the plain mean of all", "rocchio", ("rocchio", "average")
            ),
            "alpha": share("weight of the query", 0.9),
            "beta": share("weight of the pages", 0.1),
            "among": OptionSpec("search all pages again, or only those found", "all", ("all", "found")),
        },
        least=1,
        most=2,
        example=("rrf(bm25, rows)", "rows"),
        ends_in="stage",
        experimental=True,
    )
)
