"""What the stages of rerankers share: which candidates are scored, by which model, and how that is told.

A reranker reads query and page together, so it is asked about few pages, those that the stage before put first. It is
loaded before the first stage runs and stays in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import PipelineError
from workbench.retrieval.options import OptionSpec, count
from workbench.retrieval.ordering import Candidates, Scored, none
from workbench.retrieval.run import PipelineRun
from workbench.retrieval.step import Step
from workbench.store.snapshot import Rows
from workbench.types import Float

if TYPE_CHECKING:
    from workbench.encoders.rerankers import Reranker

OPTIONS: Mapping[str, OptionSpec] = MappingProxyType(
    {
        "model": OptionSpec("id of the reranker, as 'pagelens models list' says it", ""),
        "depth": count("candidates that are scored; those after keep their order", 50, high=500),
    }
)
"""Of every such stage."""

Score = Callable[["Reranker", str, Rows], Float]
"""The scores of pages by row for a query's words; NaN for one that cannot be scored."""


def needs_model(step: Step, start: int) -> None:
    """Refuse a step that names no model. `PipelineError`."""
    if not step.option("model"):
        raise PipelineError(
            f"'{step.name}' needs the id of a reranker, as in {step.name}[model=ms-marco-minilm-l6]:10; "
            "'pagelens models list' names those there are.",
            start,
        )


def reranked(run: PipelineRun, step: Step, candidates: Candidates | None, score: Score) -> Scored:
    """The first candidates by a model's own scores; the others, and what it could not score, follow in their order."""
    found = none() if candidates is None else candidates.rows
    model = run.rerankers[step.option("model")]
    query = run.query.text
    if not query:
        run.cost.notes += (f"'{model.info.id}' goes by words, and the query has none, so its stage changes no order.",)
        return Scored(none(), np.zeros(0, np.float32), found)
    run.cost.device = model.device.name
    rows = found[: step.count("depth")]
    scores = score(model, query, rows) if len(rows) else np.zeros(0, np.float32)
    good = np.isfinite(scores)
    run.cost.scored += int(good.sum())
    if lost := len(rows) - int(good.sum()):
        pages = "1 page" if lost == 1 else f"{lost:,} pages"
        run.cost.notes += (f"'{model.info.id}' could not score {pages} (no words, or it failed); they come last.",)
    return Scored(rows[good], scores[good], np.r_[found[len(rows) :], rows[~good]])
