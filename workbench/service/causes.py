"""Causes: what is wrong with the pages that an evaluation lost, as far as it is the pages themselves."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.errors import PagelensError
from workbench.evaluation import Record
from workbench.evaluation.losses import ABSENT, LOST, Outcome
from workbench.evaluation.record import EvaluatedPipeline
from workbench.legibility import goes_by_words, hindrance
from workbench.service.open_collections import OpenCollections
from workbench.service.searches import fitted_pipeline
from workbench.store import Collection
from workbench.types import PageRef


class Causes:
    """Why pages of open collections could hardly be found, whatever was asked."""

    def __init__(self, opened: OpenCollections) -> None:
        self._opened = opened

    def of(self, record: Record, pipeline: str, outcomes: Sequence[Outcome]) -> dict[tuple[str, str], str]:
        """What is wrong with lost pages themselves, in a sentence, by (stage that lost the page, page).

        Only where it matters to the stage (see `legibility`); a page that was never indexed stands under stage "".
        Empty where the collection is gone.
        """
        if record.collection.name not in self._opened.names():
            return {}
        store = self._opened.get(record.collection.name)
        reading = _word_stages(record.pipelines[pipeline], store)
        fates = [fate for outcome in outcomes for fate in outcome.page_outcomes]
        lost = {(fate.stage, fate.page) for fate in fates if fate.state == LOST and fate.stage in reading}
        refs = {page: ref for _, page in lost if (ref := _page_ref(page)) is not None}
        there, unread = store.pages(list(refs.values())), set(store.unread()) if lost else set()
        said = {page: hindrance(there[ref], store, unread) for page, ref in refs.items() if ref in there}
        causes = {(stage, page): found.sentence for stage, page in lost if (found := said.get(page)) is not None}
        failed = {page.page: page.reason for page in record.failed}
        absent = {fate.page for fate in fates if fate.state == ABSENT}
        return causes | {("", page): f"It was not read: {failed[page]}" for page in absent if page in failed}


def _word_stages(run: EvaluatedPipeline, store: Collection) -> set[str]:
    """The stages of a measured pipeline that go by words alone; none of a ranking made elsewhere."""
    try:
        steps = fitted_pipeline(run.text, None, store).steps
        if len(steps) == len(run.stages):
            return {told.name for told, step in zip(run.stages, steps, strict=True) if goes_by_words(step, store)}
    except PagelensError:  # it is none, or of an encoder that is gone
        pass
    return set()


def _page_ref(text: str) -> PageRef | None:
    try:
        return PageRef.parse(text)
    except ValueError:
        return None
