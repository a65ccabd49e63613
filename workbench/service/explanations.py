"""Explanations: why a page scores what it scores, what to quote from it, and what a model saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from workbench.analysis.comparison import Contrast, contrast
from workbench.analysis.explanation import areas, explain
from workbench.analysis.passages import passages
from workbench.errors import QueryError
from workbench.query import PictureStore, with_words
from workbench.regions import Area, evidence
from workbench.retrieval import Pipeline, weighted
from workbench.retrieval.pipeline import ALIKE
from workbench.retrieval.stages.alike import asked, shared_points
from workbench.retrieval.stages.bm25 import word_scores
from workbench.service.models import Models
from workbench.service.open_collections import OpenCollections
from workbench.service.searches import Searches, clean_query, fitted_pipeline
from workbench.store import Collection
from workbench.types import (
    Evidence,
    Explanation,
    Float,
    Hit,
    Page,
    PageRef,
    Passage,
    Query,
    QueryEmbedding,
    SeenPicture,
    SharedPoints,
    StoredPage,
    WordScore,
)

RARE = Pipeline.parse("full[weights=idf]").steps[0]
"""Whose token weights the heat of several words has, whatever the pipeline: a score may weigh all words alike, but a
mean over words that stand on every page shows little."""

WORDS = Pipeline.parse("bm25").steps[0]


class Explanations:
    """The reasons behind what ``searches`` finds."""

    def __init__(
        self,
        opened: OpenCollections,
        models: Models,
        pictures: PictureStore,
        searches: Searches,
    ) -> None:
        self._opened = opened
        self._models = models
        self._pictures = pictures
        self._searches = searches

    def explain(
        self, query: str | Query, ref: PageRef, collection: str, encoder: str = "", pipeline: str = ""
    ) -> Explanation:
        """Why a page scores what it scores by an encoder.

        That is the encoder named, or the one whose stage decides in a pipeline, or the collection's first. Query tokens
        weigh what the last stage of that encoder in the pipeline has them weigh.
        """
        store = self._opened.get(collection)
        cleaned, fitted = clean_query(query), _fitted(pipeline, store)
        embedding, rarity, encoder = self._embedded(store, cleaned, encoder, fitted)
        page = store.page(ref)
        found = explain(store, page, embedding, rarity, encoder)
        words = _words(store, page, cleaned, fitted)
        return replace(found, words=words, reranked=_reranked(fitted, encoder))

    def points(self, query: str | Query, ref: PageRef, collection: str) -> tuple[SharedPoints, ...]:
        """The points that each wanted picture and region of a query shares with a figure of a page, by SIFT and RANSAC.

        None for a picture that the page does not show, and for a page that nothing has looked at.
        """
        store = self._opened.get(collection)
        complete, _ = with_words(clean_query(query), Pipeline((ALIKE,)), store, self._pictures)
        page_id = store.page_id(ref)
        found = [(number, shared_points(store, page_id, picture)) for number, picture in asked(complete, store)]
        return tuple(SharedPoints(number, one.here, one.there) for number, one in found if len(one))

    def passages(
        self, query: str | Query, hits: Sequence[Hit], collection: str, pipeline: str = ""
    ) -> Iterator[Passage]:
        """The lines of each page found that answer best, and its heat, as the pipeline's encoder has it; see `explain`.

        Pages that have gone since the search, or that lack that encoder's vectors, are left out; all of them where the
        encoder sees nothing in what is asked.
        """
        store, cleaned = self._opened.get(collection), clean_query(query)
        try:
            embedding, rarity, encoder = self._embedded(store, cleaned, "", _fitted(pipeline, store))
        except QueryError:
            if cleaned.plain:
                raise
            return
        yield from passages(store, {hit.page_id: hit.ref for hit in hits}, embedding, rarity, encoder)

    def _embedded(
        self, store: Collection, query: Query, encoder: str, pipeline: Pipeline | None
    ) -> tuple[QueryEmbedding, Float, str]:
        """The query as the encoder has it that explains, how rare its tokens are ``(m,)``, and the encoder's id."""
        space = store.space(encoder or (pipeline.decider() if pipeline else ""))
        embedding = self._models.of(store).encode(space.encoder, query).embedding
        rarity = weighted(RARE, embedding, query, store.snapshot()).weights
        if pipeline is not None:
            names = {space.encoder, ""} if space.primary else {space.encoder}
            leaves = [leaf for leaf in pipeline.vector_leaves() if leaf.encoder in names]
            if leaves:
                complete, _ = with_words(query, pipeline, store, self._pictures)
                embedding = weighted(leaves[-1], embedding, complete, store.snapshot())
        return embedding, rarity, space.encoder

    def areas(self, ref: PageRef, collection: str) -> list[Area]:
        """The parts that a page falls into: blocks of text, tables, figures; its lines where none is found."""
        return areas(self._opened.get(collection), ref)

    def contrast(
        self,
        query: str | Query,
        refs: tuple[PageRef, PageRef],
        collections: tuple[str, str],
        encoder: str = "",
        pipeline: str = "",
    ) -> Contrast:
        """Why one page scores more than another, each of its collection, by an encoder chosen as in `explain`."""
        a, b = (self.explain(query, *page, encoder, pipeline) for page in zip(refs, collections, strict=True))
        return contrast(a, b)

    def evidence(
        self,
        query: str | Query,
        collection: str,
        pipeline: str = "two-stage",
        k: int = 5,
        filter: str = "",
        tokens: int = 1000,
    ) -> tuple[Evidence, ...]:
        """The parts of the ``k`` best pages that won most of their scores, to quote within so many ``tokens``."""
        found = []
        for hit in self._searches.search(query, collection, pipeline, k, filter).hits:
            explanation = self.explain(query, hit.ref, collection, pipeline=pipeline)
            wanted = sum(row.contribution for row in explanation.ledger if row.weight > 0)
            found += [Evidence(hit.ref, region, wanted * region.share) for region in explanation.regions]
        return evidence(found, tokens)

    def saw(self, ref: PageRef, collection: str, encoder: str = "") -> tuple[SeenPicture, ...]:
        """The pictures an encoder of the collection (its first without a name) really got of a page, in its order.

        Made anew from the stored picture, as `embed` gets it; none for an encoder that reads words.
        """
        store = self._opened.get(collection)
        found = self._models.encoder_of(store.space(encoder))
        looks: Callable[[Page], tuple[SeenPicture, ...]] | None = getattr(found, "saw", None)
        return looks(store.rebuilt([store.page(ref).page_id])[0]) if looks is not None else ()


def _fitted(pipeline: str, store: Collection) -> Pipeline | None:
    """The pipeline that a page was found by, where one is named."""
    return fitted_pipeline(pipeline, None, store) if pipeline else None


def _words(store: Collection, page: StoredPage, query: Query, pipeline: Pipeline | None) -> tuple[WordScore, ...]:
    """What the page's words add, as the word stage of the pipeline counts them, or as it does by itself."""
    leaves = pipeline.leaves() if pipeline else iter(())
    step = next((leaf for leaf in leaves if leaf.name == WORDS.name), WORDS)
    return word_scores(store.snapshot(), page, query, step)


def _reranked(pipeline: Pipeline | None, encoder: str) -> str:
    """That the rank of a page is a reranker's word, where the pipeline ends in one; else empty."""
    last = pipeline.steps[-1] if pipeline else None
    if last is None or not last.stage.reranks:
        return ""
    return (
        f"The page's rank is by '{last.option('model')}' ({last.label}), whose score is the model's own and has no "
        f"parts; what follows explains the score by {encoder}."
    )
