"""The first candidates scored by a reranker that looks at the page's picture beside the query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import NotFoundError
from workbench.retrieval.ordering import Candidates, Scored
from workbench.retrieval.reranking import OPTIONS, needs_model, reranked
from workbench.retrieval.run import PipelineRun
from workbench.retrieval.step import Stage, Step, register
from workbench.store.snapshot import Rows
from workbench.types import Float

if TYPE_CHECKING:
    from workbench.encoders.rerankers import Reranker

AT_ONCE = 8
"""Pictures in memory at a time; one of 2,048 pixels a side takes 12 MB."""


def run(run: PipelineRun, step: Step, candidates: Candidates | None, k: int) -> Scored:
    """Candidates by what the model says of their pictures."""

    def score(model: Reranker, query: str, rows: Rows) -> Float:
        scores = np.full(len(rows), np.nan, np.float32)
        for start in range(0, len(rows), AT_ONCE):
            places, pictures = [], []
            for place, row in enumerate(rows[start : start + AT_ONCE].tolist(), start):
                try:
                    pictures.append(run.collection.picture(run.snapshot.ids[row]))
                    places.append(place)
                except (NotFoundError, OSError):  # its file is lost or damaged
                    continue
            scores[places] = model.pictures(query, pictures)
        return scores

    return reranked(run, step, candidates, score)


register(
    Stage(
        run=run,
        name="judge",
        summary="candidates scored by a reranker that looks at the page's picture beside the query",
        check_own=needs_model,
        cost="one pass of the model for each page, its picture included; no vector",
        source="Qwen3-VL-Reranker, arXiv 2601.04720",
        options=OPTIONS,
        reranks="pictures",
    )
)
