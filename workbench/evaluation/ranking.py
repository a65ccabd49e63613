"""Where every relevant page stands in every stage, also below the number of pages that the stage hands on.

A stage is asked for its first `RANKED` pages rather than for those it keeps, so a record can say what any smaller K
would have kept. Reciprocal rank fusion ranks differently at another depth and is asked for what it keeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.evaluation.datasets import Question
from workbench.evaluation.query_runner import QueryRunner, is_stage
from workbench.evaluation.record import StageText
from workbench.retrieval import Pipeline
from workbench.types import SearchResult

RANKED = 1000
"""Pages of a stage among which relevant ones are looked for."""

PageRanks = Mapping[str, Mapping[str, int | None]]


class StageRanks:
    """Ranks of relevant pages by stage; what two pipelines begin with in common is asked once."""

    def __init__(
        self, runner: QueryRunner, queries: Sequence[Question], qrels: Mapping[str, Mapping[str, int]]
    ) -> None:
        self._runner = runner
        self._queries = queries
        self._relevant = {query.id: [p for p, grade in qrels[query.id].items() if grade > 0] for query in queries}
        self._known: dict[str, dict[str, dict[str, dict[str, int]]]] = {}

    def of(self, pipeline: Pipeline, stages: Sequence[str]) -> Mapping[str, PageRanks]:
        """``result[question][relevant page][stage]``: its rank, or None where the stage did not have it.

        ``stages`` are the names of the pipeline's steps; stages that a step fuses come with it.
        """
        found: dict[str, dict[str, dict[str, int | None]]] = {
            query: {page: dict.fromkeys(stages) for page in pages} for query, pages in self._relevant.items()
        }
        for i in range(len(pipeline.steps)):
            for query, pages in self._searched(deepened(pipeline, i)).items():
                for page, ranks in pages.items():
                    for stage, rank in ranks.items():
                        if found[query][page].get(stage) is None:
                            found[query][page][stage] = rank
        return found

    def _searched(self, prefix: Pipeline) -> dict[str, dict[str, dict[str, int]]]:
        text = str(prefix)
        if text in self._known:
            self._runner.skip(len(self._queries))
        else:
            results = self._runner.all(self._queries, prefix)
            self._known[text] = {query: self._ranks(query, result) for query, result in results.items()}
        return self._known[text]

    def _ranks(self, query: str, result: SearchResult) -> dict[str, dict[str, int]]:
        by_page = {str(hit.ref): hit for hit in result.hits}
        return {
            page: {stage.name: stage.rank for stage in by_page[page].stages}
            for page in self._relevant[query]
            if page in by_page
        }


def deepened(pipeline: Pipeline, i: int) -> Pipeline:
    """The first ``i + 1`` steps, the last of them keeping as many pages as it can rank without ranking differently."""
    prefix = Pipeline(pipeline.steps[: i + 1])
    step = prefix.steps[-1]
    if step.depends_on_depth:
        return prefix.returning(step.k or prefix.k)
    before = prefix.steps[-2].k if i else None
    most = RANKED if before is None else min(before, RANKED)
    return prefix.returning(max(most, prefix.k))


def stage_texts(pipeline: Pipeline, result: SearchResult | None) -> tuple[StageText, ...]:
    """The steps under the names that results know them by; under their texts when there is no result."""
    traced = [] if result is None else [stage.name for stage in result.trace.stages]
    names = [name for name in traced if is_stage(name)]
    if len(names) != len(pipeline.steps):
        names = [str(step) for step in pipeline.steps]
    keeps = [*(step.k or 0 for step in pipeline.steps[:-1]), pipeline.k]
    return tuple(
        StageText(name, str(step), keep) for name, step, keep in zip(names, pipeline.steps, keeps, strict=True)
    )
