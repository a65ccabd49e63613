"""Explanations: why a page scores what it scores, what to quote from it, what a model saw, and which pages to doubt."""

from __future__ import annotations

from collections.abc import Callable

from workbench.audit import PROBES, Audit, audit
from workbench.comparison import Contrast, contrast
from workbench.explanation import areas, explain
from workbench.regions import Area, evidence
from workbench.service.search import Search, clean_query, fitted_pipeline
from workbench.types import Evidence, Explanation, Page, PageRef, Query, SeenPicture


class Explanations(Search):
    """The reasons behind what `Search` finds."""

    def explain(
        self, query: str | Query, ref: PageRef, collection: str, encoder: str = "", pipeline: str = ""
    ) -> Explanation:
        """Why a page scores what it scores by an encoder.

        That is the encoder named, or the one whose stage decides in a pipeline, or the collection's first.
        """
        store = self._collection(collection)
        asked = clean_query(query)
        chosen = encoder or (fitted_pipeline(pipeline, None, store).decider() if pipeline else "")
        space = store.space(chosen)
        return explain(store, ref, self._queries.of(store)(space.encoder, asked).embedding, space.encoder)

    def areas(self, ref: PageRef, collection: str) -> list[Area]:
        """The parts that a page falls into: blocks of text, tables, figures; its lines where none is found."""
        return areas(self._collection(collection), ref)

    def contrast(
        self, query: str | Query, ref_a: PageRef, ref_b: PageRef, collection: str, encoder: str = "", pipeline: str = ""
    ) -> Contrast:
        """Why one page scores more than another, by an encoder chosen as in `explain`."""
        a, b = (self.explain(query, ref, collection, encoder, pipeline) for ref in (ref_a, ref_b))
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
        for hit in self.search(query, collection, pipeline, k, filter).hits:
            told = self.explain(query, hit.ref, collection, pipeline=pipeline)
            found += [Evidence(hit.ref, region, told.score * region.share) for region in told.regions]
        return evidence(found, tokens)

    def saw(self, ref: PageRef, collection: str, encoder: str = "") -> tuple[SeenPicture, ...]:
        """The pictures an encoder of the collection (its first without a name) really got of a page, in its order.

        Made anew from the stored picture, as `embed` gets it; none for an encoder that reads words.
        """
        store = self._collection(collection)
        found = self._encoder_of(store.space(encoder))
        looks: Callable[[Page], tuple[SeenPicture, ...]] | None = getattr(found, "saw", None)
        return looks(store.rebuilt([store.page(ref).page_id])[0]) if looks is not None else ()

    def audit(self, collection: str, encoder: str = "", probes: int = PROBES) -> Audit:
        """Pages that unrelated questions find, and pages that are copies of others; blocks for some seconds."""
        store = self._collection(collection)
        return audit(store, self._queries.of(store), encoder, probes)
