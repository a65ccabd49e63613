"""Searching across collections: each answers as it does alone, and what they find becomes one list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress

from workbench.errors import NotFoundError, PagelensError, QueryError
from workbench.retrieval import PRESETS, Pipeline, parse_filter
from workbench.retrieval.across import POOL, merged, scale_of, statement
from workbench.retrieval.figures import kinds_in
from workbench.retrieval.pipeline import DEFAULT_K
from workbench.service.open_collections import OpenCollections
from workbench.service.searches import Searches, clean_query
from workbench.store import Collection, CorpusPart
from workbench.timing import Stopwatch
from workbench.types import MarkPart, Query, RegionPart, SearchResult
from workbench.types.across import AcrossResult, CollectionAnswer

ELSEWHERE = (
    "A part of a page, or a page marked good or bad, belongs to one collection; search that one alone, or leave it out."
)
NO_PAGES = "It has no pages yet."
NOTHING = "No page was found."
NO_WORDS = "No page was found; its pages have no words, which is all that this pipeline compares."
FILTERED = "The filter lets none of its pages through that could be ranked."


class SearchesAcross:
    """One question to several collections, by what ``searches`` finds in each.

    They are asked one after the other: a search already uses every processor, or the one graphics card, and so no more
    than the results of each are in memory at a time. What a search alone keeps to (permits, quarantine, filters) holds
    here too, since it is such searches that are run.
    """

    def __init__(self, opened: OpenCollections, searches: Searches) -> None:
        self._opened = opened
        self._searches = searches

    def search(
        self,
        query: str | Query,
        collections: Sequence[str] = (),
        pipeline: str = "",
        k: int | None = None,
        filter: str = "",
    ) -> AcrossResult:
        """Search to the end; see `stages`."""
        *_, result = self.stages(query, collections, pipeline, k, filter)
        return result

    def stages(
        self,
        query: str | Query,
        collections: Sequence[str] = (),
        pipeline: str = "",
        k: int | None = None,
        filter: str = "",
    ) -> Generator[AcrossResult]:
        """Search in ``collections`` (without any: in all that whoever asks may see), yielding after each of them.

        An empty ``pipeline`` is in each collection the one that is recommended for it; ``k`` is the number of results
        in all (None: what the pipeline says). What is wrong with the query, the pipeline's text or the filter is
        refused before anything is searched. A collection that cannot answer says why and fails no other; where none
        could be searched, `QueryError` with what each of them said (of one alone, its own error).
        """
        cleaned = clean_query(query)
        if any(isinstance(part, RegionPart | MarkPart) for part in cleaned.parts):
            raise QueryError(ELSEWHERE)
        text = pipeline.strip()
        stated = Pipeline.parse(text).steps[-1].k if text and text not in PRESETS else None
        parse_filter(filter)
        names = tuple(dict.fromkeys(collections)) or tuple(self._opened.names())
        if not names:
            raise NotFoundError("There are no collections yet; 'pagelens ingest' makes one.")
        among = self._together(names, cleaned)
        answers: list[CollectionAnswer] = []
        errors: list[PagelensError] = []
        for name in names:
            watch = Stopwatch()
            try:
                # Where the pipeline leaves the number open, each gives enough to be compared with the others.
                each = None if stated else max(k or DEFAULT_K, POOL)
                found = self._ask(name, cleaned, text, each, filter, among.get(name))
            except PagelensError as error:
                errors.append(error)
                found = CollectionAnswer(name, watch.lap(), reason=str(error))
            answers.append(found)
            if len(errors) == len(names):
                raise _none_answered(answers, errors)
            hits, merge = merged(answers, k or stated or DEFAULT_K)
            yield AcrossResult(
                str(cleaned),
                names,
                hits,
                tuple(answers),
                merge,
                statement(answers),
                len(answers) == len(names),
                cleaned,
            )

    def _together(self, names: Sequence[str], query: Query) -> Mapping[str, CorpusPart]:
        """What words and figures weigh in each collection: as if all of them were one. Without those whose words are
        still being read, and those that cannot be opened, which say so when they are asked."""
        held, shown = {}, Counter[str]()
        kinds = {kind for text, _ in query.weighted_words for kind in kinds_in(text)}
        for name in names:
            with suppress(PagelensError):
                snapshot = self._opened.get(name).snapshot()
                if (part := snapshot.words_among()) is not None:
                    held[name] = part.own, len(snapshot)
                    shown.update({kind: len(snapshot.by("shows").get(kind, ())) for kind in kinds})
        return dict(zip(held, CorpusPart.several([*held.values()], shown), strict=True)) if len(held) > 1 else {}

    def _ask(
        self, name: str, query: Query, pipeline: str, k: int | None, filter: str, among: CorpusPart | None
    ) -> CollectionAnswer:
        watch = Stopwatch()
        store = self._opened.get(name)
        if not len(store.snapshot()):
            return CollectionAnswer(name, watch.lap(), reason=NO_PAGES)
        result = self._searches.search(query, name, pipeline, k, filter, among)
        reason = "" if result.hits else _why_nothing(result, store, filter)
        return CollectionAnswer(name, watch.lap(), result, scale_of(result, store), reason)


def _why_nothing(result: SearchResult, store: Collection, filter: str) -> str:
    """Why a collection that was searched has nothing to show."""
    if filter:
        return FILTERED
    words_alone = not any(leaf.stage.vectors for leaf in Pipeline.parse(result.pipeline).leaves())
    wordless = words_alone and all(document.words == "none" for document in store.documents())
    return NO_WORDS if wordless else NOTHING


def _none_answered(answers: Sequence[CollectionAnswer], errors: Sequence[PagelensError]) -> PagelensError:
    """What is said where no collection could be searched."""
    if len(answers) == 1:
        return errors[0]
    told = " ".join(f"{answer.collection}: {answer.reason}" for answer in answers)
    return QueryError(f"None of these collections can answer. {told}")
