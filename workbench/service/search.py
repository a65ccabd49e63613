"""Searching: staged results, two pipelines side by side, and what became of a page that was expected."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace

from workbench import resources
from workbench.calibration import CalibrationQuestion, calibrate, can_judge, drawn, judged
from workbench.comparison import Comparison, compare
from workbench.diagnosis import diagnose
from workbench.errors import QueryError
from workbench.query import with_words
from workbench.retrieval import PRESET_REASONS, PRESETS, RECOMMENDED, Encode, Pipeline, compile_filter, search_stages
from workbench.retrieval.filters import clauses, condition, only_document
from workbench.retrieval.pipeline import PipelineReading, rival
from workbench.retrieval.verdict import NEXT, Calibration
from workbench.service.core import Core
from workbench.service.ingestion import SAMPLE
from workbench.settings import CollectionSettings
from workbench.store import Collection
from workbench.types import MissReport, PageRef, ProgressCallback, Query, SearchResult, TextPart
from workbench.types.text import wellformed

MAX_QUERY = 2_000
"""Characters of a text in a query: encoders see a few hundred words at most."""
MAX_PARTS = 64
"""Parts of a query: each is encoded, and each of its vectors compared with every page's."""
EMPTY = "The query is empty; type what you are looking for."


class Searches(Core):
    """Questions answered by a pipeline over a collection."""

    def search(
        self, query: str | Query, collection: str, pipeline: str = "two-stage", k: int | None = None, filter: str = ""
    ) -> SearchResult:
        """Search to the end, always anew.

        A pipeline that states how many pages it returns runs as it is written: ``k`` shows fewer of them, and never
        more, as a note says. It is the number of results where the pipeline states none, or is a preset.
        """
        *_, result = self.search_stages(query, collection, pipeline, k, filter, anew=True)
        return result

    def search_stages(
        self,
        query: str | Query,
        collection: str,
        pipeline: str = "two-stage",
        k: int | None = None,
        filter: str = "",
        anew: bool = False,
    ) -> Generator[SearchResult]:
        """Search, yielding after each stage; everything that can be refused is refused before the first one.

        Closing it ends the search: no further stage runs.

        Where the semantic cache is switched on (`Settings.semantic_cache`), an earlier answer may be used, unless
        ``anew``; the trace then has a stage ``cache``, and a note says what was reused.
        """
        cleaned = clean_query(query)
        where = compile_filter(filter)
        store = self._collection(collection)
        fitted = fitted_pipeline(pipeline, k, store)
        cleaned, notes = with_words(cleaned, fitted, store, self._pictures)
        search = search_stages if anew or self._answers is None else self._answers.stages
        encode = self._queries.of(store)
        # Verdicts are calibrated on questions; a picture or a region has scores of another size.
        judging = where is None and cleaned.plain and can_judge(store, fitted)
        deep = fitted.returning(max(fitted.k, NEXT)) if judging else fitted
        stages = search(store, cleaned, deep, encode, where, notes)
        if judging:
            stages = _judged(stages, store, fitted, cleaned, encode)
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

    def compare(
        self,
        query: str | Query,
        collection: str,
        pipeline_a: str,
        pipeline_b: str,
        k: int | None = None,
        filter: str = "",
    ) -> Comparison:
        """Search by two pipelines, one after the other; what either refuses is refused before the first one runs."""
        both = (pipeline_a, pipeline_b)
        runs = [self.search_stages(query, collection, pipeline, k, filter, anew=True) for pipeline in both]
        a, b = ([*stages][-1] for stages in runs)
        return compare(a, b)

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
        store = self._collection(collection)
        parsed = fitted_pipeline(pipeline, k, store)
        parsed = parsed if k is None else parsed.returning(min(k, parsed.k))  # what is not shown is not found
        cleaned, _ = with_words(clean_query(query), parsed, store, self._pictures)
        return diagnose(store, cleaned, ref, parsed, self._queries.of(store), filter)

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
        store = self._collection(collection)
        fitted = fitted_pipeline(pipeline, None, store)
        encode, encoder = self._queries.of(store), store.space(fitted.decider()).encoder
        text = str(fitted.returning(max(fitted.k, NEXT)))
        return calibrate(
            store,
            fitted,
            questions or drawn(store),
            lambda query, filter: self.search(query, collection, text, None, filter),
            lambda query: float(encode(encoder, clean_query(query)).embedding.weights.sum()),
            "questions" if questions else "lines of its own pages in place of questions",
            progress,
        )

    def read_pipeline(self, text: str, collection: str, k: int | None = None) -> PipelineReading:
        """What a pipeline, a preset, or the recommended one (an empty text) comes to in a collection.

        `PipelineError` says what is wrong with the text; an index that it lacks is no error here.
        """
        store = self._collection(collection)
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

    def read_filter(
        self, text: str, field: str = "", operator: str = "", value: str = ""
    ) -> tuple[tuple[str, str], ...]:
        """The clauses that a filter joins by "and", each with the document that it names whole (empty: none).

        With a ``field``, a test of it is added as a further clause. `FilterError` for what is wrong with either.
        """
        found = clauses(text)
        added = (condition(field, operator, value),) if field else ()
        return tuple((clause, only_document(clause)) for clause in (*found, *added))

    def pipelines(self) -> Mapping[str, str]:
        """Preset names and their text forms."""
        return PRESETS

    def preset_reasons(self) -> Mapping[str, str]:
        """When to choose which preset, in a line each."""
        return PRESET_REASONS

    def sample_queries(self, collection: str) -> list[str]:
        """Example questions for the collection of sample data; none for others, since they would find nothing."""
        if collection != SAMPLE:
            return []
        path = resources.sample_data() / "queries.jsonl"
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [row["text"] for row in rows if row.get("example")]

    def warm_up(self, collection: str | None = None) -> None:
        """Load the model (of a collection, or the default one), so that the first query does not wait for it."""
        if collection not in self._library.names():
            self._encoder(CollectionSettings().encoder).encode_query("warm up")
            return
        space = self._collection(str(collection)).space()
        self._encoder_of(space).encode_query("warm up")
        for index in space.indexes:
            space.vectors(index)


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
    stages: Iterator[SearchResult], store: Collection, pipeline: Pipeline, query: Query, encode: Encode
) -> Iterator[SearchResult]:
    """The same results, the last with the verdict on it, which goes by all that was scored, shown or not."""
    for result in stages:
        if result.complete:
            weights = encode(result.encoder, query).embedding.weights
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
    return parsed.returning(k) if k is not None and (preset or parsed.steps[-1].k is None) else parsed


def _shown(stages: Iterator[SearchResult], pipeline: Pipeline, k: int | None) -> Iterator[SearchResult]:
    """The results of a pipeline as it is written, of which ``k`` may show fewer and never more, which a note says."""
    shown = pipeline.k if k is None else min(k, pipeline.k)
    more = (_fewer(pipeline, k),) if k is not None and k > pipeline.k else ()
    for result in stages:
        yield replace(result, hits=result.hits[:shown], pipeline=str(pipeline), notes=(*result.notes, *more))


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


def _clean(text: str) -> str:
    clean = wellformed(" ".join(text.replace("\0", " ").split()))
    if not clean:
        raise QueryError(EMPTY)
    if len(clean) > MAX_QUERY:
        raise QueryError(
            f"The query has {len(clean):,} characters; at most {MAX_QUERY:,} are searched. Shorten it to the question."
        )
    return clean
