"""The first candidates scored by a reranker that reads the query and the words of the page together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.retrieval.ordering import Candidates, Scored
from workbench.retrieval.reranking import OPTIONS, needs_model, reranked
from workbench.retrieval.run import PipelineRun
from workbench.retrieval.step import Stage, Step, register
from workbench.store.snapshot import Rows
from workbench.types import Float

if TYPE_CHECKING:
    from workbench.encoders.rerankers import Reranker


def run(run: PipelineRun, step: Step, candidates: Candidates | None, k: int) -> Scored:
    """Candidates by what the model says of their words."""

    def score(model: Reranker, query: str, rows: Rows) -> Float:
        ids = [run.snapshot.ids[row] for row in rows.tolist()]
        texts = run.collection.words.texts(ids)
        return model.texts(query, [texts.get(page, "") for page in ids])

    return reranked(run, step, candidates, score)


register(
    Stage(
        run=run,
        name="cross",
        summary="candidates scored by a reranker that reads the query and the page's words together",
        check_own=needs_model,
        cost="one pass of the model for each 512 tokens of a page; no vector",
        source="Nogueira and Cho 2019, arXiv 1901.04085; best passage, Dai and Callan 2019, arXiv 1905.09217",
        options=OPTIONS,
        reranks="words",
    )
)
