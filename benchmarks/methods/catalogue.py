"""Which methods a table has: every way to store pages at its defaults, and at sizes where they can be set side by side.

Merging and pruning are set against each other at equal numbers of vectors: of every page one in four, and one in
sixteen. Methods that choose their own number (adamerge, docpruner, prune-merge) take no part in that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.representations import ENCODINGS, METHODS, Representation

BUDGETS = (4, 16)
"""One vector is kept in so many where merging is set against pruning."""

_MERGING = ("ward[factor={0}]", "merge[factor={0}]", "kmeans[factor={0},k=0]", "glie[factor={0},k=0]")
_PRUNING = ("prune[keep={1:g}]", "voronoi[factor={0}]", "random[factor={0}]")

SIZES = (
    "rows[most=16]",
    "rows[most=12]",
    "rows[dtype=bits]",
    "rows[most=16,dtype=int8]",
    "sequence[factor=16]",
    "ita[factor=16,k=0]",
    "ward[k=16]",
    "ward[k=16,dtype=int8]",
    "ward[factor=2,dtype=bits]",
    "ward[factor=4,dtype=int8]",
    "adamerge[high=32]",
    "glie[k=16]",
    "fde[repeats=10]",
    "full[dims=64]",
    "full[dims=96,dtype=int8]",
    "full[dims=128,dtype=residual]",
    "binary[rotate=yes]",
)
"""Sizes beside the defaults: small pooled forms, and encodings of pooled and of shortened vectors."""

PIPELINES = (
    "full[weights=idf]:10",
    "full[weights=stop]:10",
    "full[top=4]:10",
    "rows[query=mean]:100 > full:10",
    "rows:100 > full[prune=safe]:10",
    "rows:100 > full[prune=relative]:10",
    "rows:100 > full[dtype=int8]:10",
    "rows:100 > full[dtype=bits]:10",
    "rows[dtype=bits]:100 > full[dtype=bits]:10",
    "global:200 > rows:60 > full:10",
    "rrf(bm25, rows):10",
    "sum(bm25, rows):10",
    "sum[norm=minmax](bm25, rows):10",
    "sum[norm=none](global, full):10",
    "prf(rows):10",
    "refine(global):10",
    "xtr(full):10",
)
"""Stages that are no representation, beside the presets: query side, rerank, cascade, fusion, feedback, tokens."""


def merging(budget: int) -> list[str]:
    """Merging methods that keep one vector in ``budget``."""
    return [_named(text, budget) for text in _MERGING]


def pruning(budget: int) -> list[str]:
    """Pruning methods that keep one vector in ``budget``, a lottery among them."""
    return [_named(text, budget) for text in _PRUNING]


def _named(text: str, budget: int) -> str:
    return str(Representation.parse(text.format(budget, 100 / budget)))


def families() -> Mapping[int, tuple[Sequence[str], Sequence[str]]]:
    """(merging, pruning) by budget."""
    return {budget: (merging(budget), pruning(budget)) for budget in BUDGETS}


def representations() -> list[str]:
    """All of them but the full vectors themselves, each once, in the order of the table of methods."""
    found = [
        *(str(Representation.parse(name)) for name in METHODS if name != "full"),
        *(f"full[dtype={name}]" for name in ENCODINGS if name != "fp16"),
        *SIZES,
        *(name for budget in BUDGETS for name in (*merging(budget), *pruning(budget))),
    ]
    return list(dict.fromkeys(str(Representation.parse(text)) for text in found))
