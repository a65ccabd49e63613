"""Exports: what a search found, as a file to take away."""

from __future__ import annotations

import io
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from workbench.copying import command
from workbench.errors import NotFoundError, QueryError
from workbench.heatmap import USUAL, Look
from workbench.service.across import SearchesAcross
from workbench.service.explanations import Explanations
from workbench.service.open_collections import OpenCollections
from workbench.service.searches import Searches
from workbench.types import Box, Explanation, Hit, PageRef, Query, SearchResult
from workbench.types.across import AcrossHit, AcrossResult

if TYPE_CHECKING:
    from workbench.exports import ExportFormat, FoundPage


MAX_DRAWN = 64
"""Drawn pictures that are remembered: of some hundred kB each, for a reader that shows a list of citations again."""


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file as it is handed out: its name, its media type and what is in it."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A page to export, its hit if it was found, the search of its collection, and its place among several."""

    ref: PageRef
    hit: Hit | None
    own: SearchResult
    across: AcrossHit | None = None


class Exports:
    """Results of searches in the forms of `workbench.exports`."""

    def __init__(
        self, opened: OpenCollections, searches: Searches, across: SearchesAcross, explanations: Explanations
    ) -> None:
        self._opened = opened
        self._searches = searches
        self._across = across
        self._explanations = explanations

    def write(
        self,
        query: str | Query,
        collection: str,
        pipeline: str = "two-stage",
        k: int | None = None,
        filter: str = "",
        form: str = "html",
        page: PageRef | None = None,
        look: Look = USUAL,
        encoder: str = "",
        across: Sequence[str] | None = None,
    ) -> ExportedFile:
        """Search, and write what was found in one of `workbench.exports.FORMATS`.

        With ``across`` several collections are searched in place of ``collection`` (none: all), each by the pipeline
        that is recommended for it where ``pipeline`` is empty. ``page`` names the one page of a collection to export
        instead of those found; forms of one page take the best without it.
        ``look`` is how pages show their heat, by ``encoder``, or else by the one that decided.
        `InputError` for a form that there is not, or that has nothing to hold.
        """
        from workbench import exports

        kind = exports.export_format(form)  # refused before anything is searched
        result: SearchResult | AcrossResult
        if across is None:
            store = self._opened.get(collection)
            if page is not None:
                store.page(page)
            result = self._searches.search(query, collection, pipeline, k, filter)
            hits = [hit for hit in result.hits if page in (None, hit.ref)]
            wanted = [_Wanted(hit.ref, hit, result) for hit in hits]
            if page is not None and not wanted:
                wanted.append(_Wanted(page, None, result))
            asked = command(result.query, collection, result.pipeline, filter)
        elif page is not None:
            raise QueryError("A page is of one collection; name that one alone to export it.")
        else:
            result = self._across.search(query, across, pipeline, k, filter)
            own = {answer.collection: answer.result for answer in result.answers if answer.result is not None}
            wanted = [_Wanted(hit.hit.ref, hit.hit, own[hit.collection], hit) for hit in result.hits]
            asked = command(result.query, "", pipeline, filter, k, across)
        found = exports.Found(
            result,
            tuple(self._found_page(one, kind, encoder) for one in (wanted[:1] if kind.single else wanted)),
            filter,
            datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            shlex.join(asked),
            look,
        )
        return ExportedFile(exports.filename(found, kind), kind.media_type, kind.write(found))

    def drawn(
        self,
        collection: str,
        ref: PageRef,
        size: str = "page",
        boxes: Sequence[Box] = (),
        query: str = "",
        encoder: str = "",
        pipeline: str = "",
    ) -> bytes:
        """A page's picture (WebP) with the heat of a query, if there is one, and numbered ``boxes`` drawn into it.

        The last `MAX_DRAWN` that were asked for are remembered. `QueryError` and `NotFoundError` as `explain` has them.
        """
        store = self._opened.get(collection)
        page = store.page(ref)
        # What heat is made of changes with the collection: an index is added, a page joins that makes a word common.
        state = (str(page.page_id), size, tuple(boxes), query, encoder, pipeline, str(store.version()))
        return self._drawn(collection, ref, state)

    @cached_property
    def _drawn(self) -> Callable[[str, PageRef, Any], bytes]:
        return lru_cache(maxsize=MAX_DRAWN)(self._draw)

    def _draw(self, collection: str, ref: PageRef, state: Any) -> bytes:
        from PIL import Image

        from workbench import heatmap
        from workbench.exports.annotated import outline

        _, size, boxes, query, encoder, pipeline, _ = state
        store = self._opened.get(collection)
        with Image.open(store.image_path(store.page(ref).page_id, size)) as opened:
            picture = opened.convert("RGB")
        if query:
            picture = heatmap.draw(picture, self._explanations.explain(query, ref, collection, encoder, pipeline))
        outline(picture, boxes)
        stream = io.BytesIO()
        picture.save(stream, "WEBP", quality=90)
        return stream.getvalue()

    def _found_page(self, wanted: _Wanted, kind: ExportFormat, encoder: str) -> FoundPage:
        from workbench.exports import FoundPage

        own, ref = wanted.own, wanted.ref
        store = self._opened.get(own.collection)
        page = store.page(ref)
        return FoundPage(
            ref,
            wanted.hit,
            own,
            self._explanation(ref, own, encoder or own.encoder) if kind.explained else None,
            lambda: store.image_path(page.page_id, "page"),
            page.size,
            int(store.settings.dpi),
            wanted.across,
        )

    def _explanation(self, ref: PageRef, result: SearchResult, encoder: str) -> Explanation | None:
        """Why by an encoder; None where it has no vectors of the page, or none for such a query."""
        try:
            return self._explanations.explain(result.query, ref, result.collection, encoder, result.pipeline)
        except (NotFoundError, QueryError):
            return None
