"""Searching: results stage by stage, what became of a page that was expected, and how a pipeline will be read."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from workbench.analysis.calibration import (
    CalibrationQuestion,
    SearchedQuestion,
    calibrate,
    can_judge,
    drawn,
    judged,
    without_answer,
)
from workbench.analysis.diagnosis import CAUSES, diagnose
from workbench.errors import PagelensError, QueryError
from workbench.latency import LatencyHistory
from workbench.metrics import Metrics
from workbench.query import PictureStore, SemanticCache, with_words
from workbench.retrieval import (
    PRESET_REASONS,
    PRESETS,
    RECOMMENDED,
    Pipeline,
    QueryModels,
    parse_filter,
    search_stages,
)
from workbench.retrieval.pipeline import GROWING, WRITTEN_FOR, PipelineReading, looking, rival
from workbench.retrieval.stages.alike import by_sight
from workbench.retrieval.verdict import NEXT, Calibration
from workbench.service.models import Models
from workbench.service.open_collections import OpenCollections
from workbench.settings import CollectionSettings, Settings
from workbench.store import Collection, CorpusPart, load_lancedb
from workbench.types import MissReport, PageRef, ProgressCallback, Query, SearchResult, TextPart
from workbench.types.text import wellformed

log = logging.getLogger(__name__)

ALL = "*"
"""In the setting of what to make ready: every collection."""
MAX_QUERY = 2_000
"""Characters of a text in a query: encoders see a few hundred words at most."""
MAX_PARTS = 64
"""Parts of a query: each is encoded, and each of its vectors compared with every page's."""
EMPTY = "The query is empty; type what you are looking for."


class Searches:
    """Questions answered by a pipeline over a collection; ``answers`` remembers what was found, where it is given.

    What a search took joins the history of ``latency`` and what the process measures of itself.
    """

    def __init__(
        self,
        settings: Settings,
        opened: OpenCollections,
        models: Models,
        pictures: PictureStore,
        answers: SemanticCache | None,
        latency: LatencyHistory,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._opened = opened
        self._models = models
        self._pictures = pictures
        self._answers = answers
        self._latency = latency
        self._metrics = metrics

    def search(
        self,
        query: str | Query,
        collection: str,
        pipeline: str = "two-stage",
        k: int | None = None,
        filter: str = "",
        among: CorpusPart | None = None,
    ) -> SearchResult:
        """Search to the end, always anew.

        A pipeline that states how many pages it returns runs as it is written: ``k`` shows fewer of them, and never
        more, as a note says. It is the number of results where the pipeline states none, or is a preset. Words weigh
        ``among`` the pages of several collections where these are searched together.
        """
        *_, result = self.stages(query, collection, pipeline, k, filter, anew=True, among=among)
        return result

    def stages(
        self,
        query: str | Query,
        collection: str,
        pipeline: str = "two-stage",
        k: int | None = None,
        filter: str = "",
        anew: bool = False,
        among: CorpusPart | None = None,
    ) -> Generator[SearchResult]:
        """Search, yielding after each stage; everything that can be refused is refused before the first one.

        Closing it ends the search: no further stage runs.

        Where the semantic cache is switched on (`Settings.semantic_cache`), an earlier answer may be used, unless
        ``anew``; the trace then has a stage ``cache``, and a note says what was reused.
        """
        cleaned = clean_query(query)
        where = parse_filter(filter)
        store = self._opened.get(collection)
        fitted = fitted_pipeline(pipeline, k, store)
        models = self._models.of(store)
        fitted = seeing(fitted, cleaned, store)
        cleaned, notes = with_words(cleaned, fitted, store, self._pictures)
        notes += _grown(pipeline, fitted, store)
        kept = self._answers if not anew and among is None else None
        search = partial(search_stages, among=among) if kept is None else kept.stages
        # Verdicts are calibrated on questions; a picture or a region has scores of another size.
        judging = where is None and cleaned.plain and can_judge(store, fitted)
        deep = fitted.returning(max(fitted.k, NEXT)) if judging else fitted
        stages = search(store, cleaned, deep, models, where, notes)
        if judging:
            judged = _judged(stages, store, fitted, cleaned, models)
            stages = (replace(result, pipeline=str(fitted)) for result in judged)
        return _noted(self._timed(_shown(stages, fitted, k)), store)

    def _timed(self, stages: Iterator[SearchResult]) -> Iterator[SearchResult]:
        """The same results; once the last is given away, what its stages took joins the history.

        Not that of an answer from memory, which is no search.
        """
        result = None
        try:
            for result in stages:
                yield result
        finally:
            if result is not None and result.complete and all(stage.name != "cache" for stage in result.trace.stages):
                self._latency.add(result)
                self._metrics.searched(result)

    def why(
        self,
        query: str | Query,
        ref: PageRef,
        collection: str,
        pipeline: str = "two-stage",
        k: int | None = None,
        filter: str = "",
    ) -> MissReport:
        """Whether a search finds a page and, if not, what lost it, and the smallest change that finds it."""
        store = self._opened.get(collection)
        cleaned, models = clean_query(query), self._models.of(store)
        parsed = fitted_pipeline(pipeline, k, store)
        parsed = parsed if k is None else parsed.returning(min(k, parsed.k))  # what is not shown is not found
        seen = seeing(parsed, cleaned, store)
        cleaned, _ = with_words(cleaned, seen, store, self._pictures)
        if seen != parsed:  # what finds the very picture takes any page, whatever the stages before it lost
            *_, result = search_stages(store, cleaned, seen, models, parse_filter(filter))
            hit = next((hit for hit in result.hits if hit.ref == ref and hit.scored), None)
            if hit is not None:
                label = seen.steps[-1].label
                reason = f"Found at rank {hit.rank} of {seen.k} by '{label}'."
                return MissReport(str(ref), "found", label, hit.rank, seen.k, None, reason, short="found")
        report = diagnose(store, cleaned, ref, parsed, models, filter)
        return replace(report, short=CAUSES.get(report.cause, report.verdict))

    def calibrate(
        self,
        collection: str,
        pipeline: str = "two-stage",
        questions: Sequence[CalibrationQuestion] = (),
        progress: ProgressCallback = lambda done, total: None,
    ) -> Calibration:
        """Fit when a search by a pipeline may be called probably in vain, and keep it beside the collection.

        Without questions, lines of the collection's own pages stand in for them. `InputError` says what is lacking.
        """
        store = self._opened.get(collection)
        fitted = fitted_pipeline(pipeline, None, store)
        searched = self._searched(collection, store, fitted, questions or drawn(store), progress)
        kind = "questions" if questions else "lines of its own pages in place of questions"
        return calibrate(store, fitted, searched, kind)

    def _searched(
        self,
        collection: str,
        store: Collection,
        pipeline: Pipeline,
        questions: Sequence[CalibrationQuestion],
        progress: ProgressCallback,
    ) -> Iterator[SearchedQuestion]:
        """Each question searched as it is, and without its answer."""
        models, encoder = self._models.of(store), store.space(pipeline.decider()).encoder
        text = str(pipeline.returning(max(pipeline.k, NEXT)))
        for done, question in enumerate(questions, 1):
            weight = float(models.encode(encoder, clean_query(question.text)).embedding.weights.sum())
            found = self.search(question.text, collection, text)
            answer = without_answer(question, found) if found.hits else ""
            rest = self.search(question.text, collection, text, None, answer) if answer else None
            yield SearchedQuestion(question, found, rest, weight)
            progress(done, len(questions))

    def read_pipeline(self, text: str, collection: str, k: int | None = None) -> PipelineReading:
        """What a pipeline, a preset, or the recommended one (an empty text) comes to in a collection.

        `PipelineError` says what is wrong with the text; an index that it lacks is no error here.
        """
        store = self._opened.get(collection)
        preset, reason = recommended(store) if not text.strip() else (text.strip(), "")
        fitted = fitted_pipeline(preset, k, store)
        lacking = [
            (leaf.index, store.space(leaf.encoder).encoder)
            for leaf in fitted.vector_leaves()
            if leaf.index not in store.space(leaf.encoder).indexes
        ]
        return PipelineReading(
            preset if preset in PRESETS else "",
            reason or PRESET_REASONS.get(preset, ""),
            str(fitted),
            tuple((str(replace(step, k=None)), step.k) for step in fitted.steps),
            fitted.k,
            tuple(dict.fromkeys(lacking)),
            rival(fitted),
        )

    def warm_up(self) -> None:
        """Load the default model, and make the collections that `Settings.prewarm` names ready to be searched.

        What the recommended pipeline reads of each is then on this machine and mapped, its model loaded, and an
        approximate index in memory, as if somebody had searched. One that cannot be made ready keeps no other waiting.
        """
        load_lancedb()  # first: what the page asks for opens collections
        self._models.encoder(CollectionSettings().encoder).encode_query("warm up")
        wanted = self._settings.prewarm
        there = self._opened.library.names() if ALL in wanted else wanted
        for name in there:
            try:
                self._prewarm(name)
            except PagelensError as error:
                log.warning("collection '%s' could not be made ready: %s", name, error)

    def _prewarm(self, name: str) -> None:
        store = self._opened.get(name)
        fitted = fitted_pipeline("", None, store)
        query, notes = with_words(clean_query("warm up"), fitted, store, self._pictures)
        for _ in search_stages(store, query, fitted, self._models.of(store), None, notes):
            pass
        for space in store.spaces():
            for index in space.indexes:
                if space.approximated(index) and (ann := space.ann(index, wait=True)) is not None:
                    ann.prewarm()


def _noted(stages: Iterator[SearchResult], store: Collection) -> Generator[SearchResult]:
    """The same results, with a note where vectors had to be held in memory."""
    for result in stages:
        held = dict.fromkeys(name for space in store.spaces() for name in space.in_memory())
        note = (
            f"The copy of {', '.join(held)} cannot be written (is the disk full?), so the vectors were read from the "
            "tables into memory; once there is room, searches are quick again."
        )
        yield replace(result, notes=(*result.notes, note)) if held else result


def _judged(
    stages: Iterator[SearchResult], store: Collection, pipeline: Pipeline, query: Query, models: QueryModels
) -> Iterator[SearchResult]:
    """The same results, the last with the verdict on it, which goes by all that was scored, shown or not."""
    for result in stages:
        if result.complete:
            weights = models.encode(result.encoder, query).embedding.weights
            yield replace(result, verdict=judged(store, pipeline, result, float(weights.sum())))
        else:
            yield result


def recommended(store: Collection) -> tuple[str, str]:
    """The preset to begin with in a collection, and why."""
    return RECOMMENDED.get(store.space().info.kind, RECOMMENDED[""])


def fitted_pipeline(text: str, k: int | None, store: Collection) -> Pipeline:
    """The pipeline as it will run: as it is written, a preset fitted to the indexes the collection has.

    An empty text is the preset that is recommended for the collection.

    ``k`` is how many pages a preset returns, or a pipeline that does not say.
    """
    text = text.strip() or recommended(store)[0]
    parsed = Pipeline.parse(text)
    preset = text in PRESETS
    if preset:
        parsed = parsed.fitted(store.space().indexes)
    if text == GROWING:
        parsed = parsed.grown(store.page_count())
    return parsed.returning(k) if k is not None and (preset or parsed.steps[-1].k is None) else parsed


def seeing(pipeline: Pipeline, query: Query, store: Collection) -> Pipeline:
    """The pipeline for a query with pictures or regions: it ends in a stage that finds the very same ones.

    As it is for another query, and where nothing has looked at the collection's pictures.
    """
    return pipeline if query.plain or not by_sight(query, store) else looking(pipeline)


def _grown(text: str, fitted: Pipeline, store: Collection) -> tuple[str, ...]:
    """What is said of a preset that keeps more candidates here than it has written."""
    if text.strip() != GROWING or (pages := store.page_count()) <= WRITTEN_FOR:
        return ()
    return (f"Of {pages:,} pages '{GROWING}' keeps more candidates than of {WRITTEN_FOR:,}: {fitted}.",)


def _shown(stages: Iterator[SearchResult], pipeline: Pipeline, k: int | None) -> Iterator[SearchResult]:
    """The results of a pipeline as it is written, of which ``k`` may show fewer and never more, which a note says."""
    shown = pipeline.k if k is None else min(k, pipeline.k)
    more = (_fewer(pipeline, k),) if k is not None and k > pipeline.k else ()
    for result in stages:
        yield replace(result, hits=result.hits[:shown], notes=(*result.notes, *more))


def _fewer(pipeline: Pipeline, k: int) -> str:
    """Why there are fewer results than were asked for apart from the pipeline."""
    last = pipeline.steps[-1]
    return (
        f"The pipeline is run as it is written: it returns {pipeline.k} pages ('{last}'). For {k}, end it in "
        f"'{replace(last, k=k)}'."
    )


def clean_query(query: str | Query) -> Query:
    """The query as it will be encoded; `QueryError` when it is empty, or too long or manifold to mean anything."""
    cleaned = Query.of(query)
    parts = tuple(
        replace(part, text=_clean(part.text)) if isinstance(part, TextPart) else part for part in cleaned.parts
    )
    if len(parts) > MAX_PARTS:
        raise QueryError(f"The query has {len(parts)} parts; at most {MAX_PARTS} are searched together.")
    if all(part.weight < 0 for part in parts):
        raise QueryError("The query says only what is not wanted; say what to look for as well." if parts else EMPTY)
    return Query(parts)


def read_query(data: Mapping[str, Any]) -> Query:
    """A query from the JSON form of `Query.as_dict`; `QueryError` says what is wrong with it."""
    try:
        return Query.from_dict(data)
    except ValueError as error:
        raise QueryError(str(error)) from None


def _clean(text: str) -> str:
    clean = wellformed(" ".join(text.replace("\0", " ").split()))
    if not clean:
        raise QueryError(EMPTY)
    if len(clean) > MAX_QUERY:
        raise QueryError(
            f"The query has {len(clean):,} characters; at most {MAX_QUERY:,} are searched. Shorten it to the question."
        )
    return clean
