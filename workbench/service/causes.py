"""Causes: what is wrong with the pages that an evaluation lost, as far as it is the pages themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workbench.analysis.hindrance import goes_by_words, hindrance
from workbench.errors import PagelensError
from workbench.evaluation import Record
from workbench.evaluation.losses import ABSENT, LOST, Outcome, PageOutcome
from workbench.evaluation.record import EvaluatedPipeline
from workbench.service.open_collections import OpenCollections
from workbench.service.searches import fitted_pipeline
from workbench.store import Collection
from workbench.types import PageRef


def with_causes(opened: OpenCollections, record: Record, pipeline: str, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes of a pipeline, each lost page with what is wrong with the page itself, where that is why.

    That is where it matters to the stage (see `hindrance`), or where the page was not read. Nothing more is known of
    them where the collection is gone.
    """
    if record.collection.name not in opened.names():
        return list(outcomes)
    store = opened.get(record.collection.name)
    reading = _word_stages(record.pipelines[pipeline], store)
    lost = {
        fate.page
        for outcome in outcomes
        for fate in outcome.page_outcomes
        if fate.state == LOST and fate.stage in reading
    }
    refs = {page: ref for page in lost if (ref := _page_ref(page)) is not None}
    there, unread = store.pages(list(refs.values())), set(store.unread()) if lost else set()
    said = {page: hindrance(there[ref], store, unread) for page, ref in refs.items() if ref in there}
    hindered = {page: found.sentence for page, found in said.items() if found is not None}
    failed = {page.page: f"It was not read: {page.reason}" for page in record.failed}

    def told(fate: PageOutcome) -> PageOutcome:
        known = failed if fate.state == ABSENT else hindered if fate.state == LOST and fate.stage in reading else {}
        return replace(fate, cause=known[fate.page], cure="") if fate.page in known else fate

    return [replace(outcome, page_outcomes=tuple(map(told, outcome.page_outcomes))) for outcome in outcomes]


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
