"""What stages hand on: pages by row with their scores, and their order, by score and then by page ref.

Rows are numbers of a `Snapshot`, which ascend with page refs. What this module does not do: score.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from workbench.store.snapshot import Rows
from workbench.types import Float, ScoreKind


def none() -> Rows:
    """No rows."""
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Scored:
    """Pages and their scores, in any order; and pages without one, in the order in which they follow after them."""

    rows: Rows
    scores: Float
    unscored: Rows = field(default_factory=none)

    def finite(self) -> Scored:
        """The same with pages whose score is no number among those without one: nothing can be said of them."""
        good = np.isfinite(self.scores)
        if good.all():
            return self
        return Scored(self.rows[good], self.scores[good], np.r_[self.unscored, np.sort(self.rows[~good])])


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a stage hands on: rows best first, their scores, and the kind of score.

    The last ``unscored`` of them have no score, since the stage's encoder has no vectors of them; their place in
    ``scores`` holds 0.
    """

    rows: Rows
    scores: Float
    kind: ScoreKind = ScoreKind.APPROXIMATE
    unscored: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def ranked(self) -> Rows:
        """Those that have a score."""
        return self.rows[: len(self) - self.unscored]


def best(found: Scored, k: int, kind: ScoreKind) -> Candidates:
    """The ``k`` best scores, best first, equal ones in order of row; then, as far as ``k`` goes, pages without one.

    Scores are compared as they are. Calling those equal that differ by rounding would need bins, and whether two scores
    share one depends on where its edges lie; the kernel gives a page one score in every batch (`maxsim`), so that equal
    pages score equally without it.
    """
    rows, scores = found.rows, found.scores
    if k < len(scores):
        there = np.flatnonzero(scores >= np.partition(scores, len(scores) - k)[len(scores) - k])
        rows, scores = rows[there], scores[there]
    order = np.lexsort((rows, -scores))[:k]
    after = found.unscored[: k - len(order)]
    filled = np.concatenate([scores[order], np.zeros(len(after), np.float32)])
    return Candidates(np.r_[rows[order], after], filled, kind, len(after))


@dataclass(frozen=True, slots=True)
class Ranks:
    """What a stage said of the pages that it handed on, or, unordered, of all it named."""

    found: Candidates | Scored
    kind: ScoreKind

    def of(self, rows: Rows) -> list[tuple[int, float, bool] | None]:
        """For each page its rank (from 1), its score, and whether it has one; None where the stage did not name it."""
        found = self.found
        ordered = isinstance(found, Candidates)
        scored = found.ranked if isinstance(found, Candidates) else found.rows
        after = found.rows[len(scored) :] if isinstance(found, Candidates) else found.unscored
        said: list[tuple[int, float, bool] | None] = []
        for row in rows.tolist():
            if len(at := np.flatnonzero(scored == row)):
                score = found.scores[at[0]]
                rank = int(at[0]) if ordered else _before(scored, found.scores, row, score)
                said.append((1 + rank, float(score), True))
            elif len(at := np.flatnonzero(after == row)):
                said.append((1 + len(scored) + int(at[0]), 0.0, False))
            else:
                said.append(None)
        return said


def _before(rows: Rows, scores: Float, row: int, score: np.float32) -> int:
    """How many pages come before one of this score."""
    ahead = int(np.count_nonzero(scores > score))
    return ahead + int(np.count_nonzero(rows[scores == score] < row))
