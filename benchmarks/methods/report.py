"""The table of methods as a value: its rows, which of them no other beats, and whether merging beats pruning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from workbench.bench.machine import Machine
from workbench.evaluation.reports.charts import front
from workbench.evaluation.statistics import Paired, Values, paired

ALONE, RERANKED, PRESET, PIPELINE = "alone", "reranked", "preset", "pipeline"
EXACT = "exact"
BYTES, MS = "bytes", "ms"
MERGING, PRUNING = "merging", "pruning"

Families = Mapping[int, tuple[Sequence[str], Sequence[str]]]
"""By how many vectors one is kept of: the merging and the pruning methods that keep so many."""


@dataclass(frozen=True, slots=True)
class MethodRow:
    """A method in one scope; ``kind`` is how it is used: `ALONE`, `RERANKED`, or a whole `PRESET` or `PIPELINE`.

    ``vectors`` and ``bytes`` a page has in all indexes the pipeline compares (and in the text index, where it searches
    words); ``candidates`` the mean share of relevant pages among the first 100 of its first stage; ``ndcg`` nDCG@5 and
    ``recall`` R@10, means over questions; ``stage_ms`` medians by stage and ``ms`` the median of their sum, without
    encoding; ``compared`` the mean number of page vectors that a question is compared with; ``values`` nDCG@5 of each
    question, which no record keeps.
    """

    scope: str
    method: str
    kind: str
    pipeline: str
    vectors: float
    bytes: float
    candidates: float
    ndcg: float
    recall: float
    stage_ms: tuple[float, ...]
    ms: float
    compared: float
    values: Mapping[str, float] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class MergeOrPrune:
    """Merging against pruning at equal numbers of vectors, each method alone, on nDCG@5.

    ``whole`` sets the mean over the merging methods of a question against the mean over the pruning methods; ``pairs``
    every merging method against every pruning one, corrected for all of these pairs together.
    """

    scope: str
    budget: int
    whole: Paired
    pairs: tuple[Paired, ...]

    def sentence(self) -> str:
        """What the tests support, and no more."""
        d = self.whole.difference
        what = "beats" if d.mean > 0 else "loses to"
        verdict = f"merging {what} pruning" if self.whole.significant else "merging and pruning are not told apart"
        return (
            f"One vector in {self.budget}, {self.scope}: on average {verdict} (nDCG@5 {d.mean:+.3f}, 95% {d.low:+.3f} "
            f"to {d.high:+.3f}, p = {self.whole.p:.4f}). Told better than {', than '.join(self._beaten())}."
        )

    def _beaten(self) -> list[str]:
        """For each pruning method how many merging ones are told better than it, and worse."""
        found = []
        for name in dict.fromkeys(pair.a for pair in self.pairs):
            told = [pair for pair in self.pairs if pair.a == name]
            better = sum(pair.significant and pair.difference.mean > 0 for pair in told)
            worse = sum(pair.significant and pair.difference.mean < 0 for pair in told)
            also = f" ({worse} worse)" if worse else ""
            found.append(f"{name}: {better} of {len(told)} merging methods{also}")
        return found


@dataclass(frozen=True, slots=True)
class MethodsReport:
    """All rows, scope by scope in the order they were measured, with what they were measured on."""

    dataset: str
    collection: str
    encoder: str
    pages: int
    questions: Mapping[str, int]
    rows: tuple[MethodRow, ...]
    merging: tuple[MergeOrPrune, ...]
    machine: Machine
    warnings: tuple[str, ...] = ()
    """Methods that these vectors cannot have, and questions that could not be asked, which count as misses."""

    def of_scope(self, scope: str) -> list[MethodRow]:
        """The rows of one scope."""
        return [row for row in self.rows if row.scope == scope]

    def exact(self, scope: str) -> MethodRow:
        """The row of exact search."""
        return next(row for row in self.of_scope(scope) if row.method == EXACT)


def fronts(rows: Sequence[MethodRow]) -> list[tuple[str, ...]]:
    """For each row of one scope the costs (`BYTES`, `MS`) at which no other row is as good for less, or better."""
    by_bytes = front([(row.bytes, row.ndcg) for row in rows])
    by_ms = front([(row.ms, row.ndcg) for row in rows])
    return [
        tuple(name for name, on in ((BYTES, in_bytes), (MS, in_ms)) if on)
        for in_bytes, in_ms in zip(by_bytes, by_ms, strict=True)
    ]


def merge_or_prune(rows: Sequence[MethodRow], families: Families) -> tuple[MergeOrPrune, ...]:
    """The comparison at each budget of which methods of both families are among the rows, which are of one scope."""
    alone = {row.method: row for row in rows if row.kind == ALONE}
    found = []
    for budget, (merging, pruning) in families.items():
        values = {name: _column(alone[name]) for name in (*merging, *pruning) if name in alone}
        pairs = [(a, b) for a in pruning for b in merging if a in values and b in values]
        if pairs:
            both = {
                MERGING: np.mean([values[name] for name in merging if name in values], axis=0),
                PRUNING: np.mean([values[name] for name in pruning if name in values], axis=0),
            }
            found.append((budget, paired(both, [(PRUNING, MERGING)])[0], paired(values, pairs)))
    return tuple(MergeOrPrune(rows[0].scope, budget, whole, tuple(pairs)) for budget, whole, pairs in found)


def _column(row: MethodRow) -> Values:
    return np.asarray([row.values[query] for query in sorted(row.values)], np.float64)
