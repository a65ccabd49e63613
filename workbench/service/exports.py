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
from workbench.service.explanations import Explanations
from workbench.service.open_collections import OpenCollections
from workbench.service.searches import Searches
from workbench.store import Collection
from workbench.types import Box, Explanation, Hit, PageRef, Query, SearchResult

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


class Exports:
    """Results of searches in the forms of `workbench.exports`."""

    def __init__(self, opened: OpenCollections, searches: Searches, explanations: Explanations) -> None:
        self._opened = opened
        self._searches = searches
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
    ) -> ExportedFile:
        """Search, and write what was found in one of `workbench.exports.FORMS`.

        ``page`` names the one page to export instead of those found; forms of one page take the best without it.
        ``look`` is how pages show their heat, by ``encoder``, or else by the one that decided.
        `InputError` for a form that there is not, or that has nothing to hold.
        """
        from workbench import exports

        kind = exports.export_format(form)  # refused before anything is searched
        store = self._opened.get(collection)
        if page is not None:
            store.page(page)
        result = self._searches.search(query, collection, pipeline, k, filter)
        hits = result.hits if page is None else tuple(hit for hit in result.hits if hit.ref == page)
        wanted: list[tuple[PageRef, Hit | None]] = [(hit.ref, hit) for hit in hits]
        if page is not None and not wanted:
            wanted.append((page, None))
        if kind.single:
            wanted = wanted[:1]
        found = exports.Found(
            result,
            tuple(self._found_page(store, ref, hit, result, kind, encoder) for ref, hit in wanted),
            filter,
            datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            shlex.join(command(result.query, collection, result.pipeline, filter)),
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
        look: Look = USUAL,
        encoder: str = "",
        pipeline: str = "",
    ) -> bytes:
        """A page's picture (WebP) with the heat of a query, if there is one, and numbered ``boxes`` drawn into it.

        The last `MAX_DRAWN` that were asked for are remembered. `QueryError` and `NotFoundError` as `explain` has them.
        """
        store = self._opened.get(collection)
        page = store.page(ref)
        # What heat is made of changes with the collection: an index is added, a page joins that makes a word common.
        state = (str(page.page_id), size, tuple(boxes), query, look, encoder, pipeline, str(store.version()))
        return self._drawn(collection, ref, state)

    @cached_property
    def _drawn(self) -> Callable[[str, PageRef, Any], bytes]:
        return lru_cache(maxsize=MAX_DRAWN)(self._draw)

    def _draw(self, collection: str, ref: PageRef, state: Any) -> bytes:
        from PIL import Image

        from workbench import heatmap
        from workbench.exports.annotated import outline

        _, size, boxes, query, look, encoder, pipeline, _ = state
        store = self._opened.get(collection)
        with Image.open(store.image_path(store.page(ref).page_id, size)) as opened:
            picture = opened.convert("RGB")
        if query:
            picture = heatmap.draw(picture, self._explanations.explain(query, ref, collection, encoder, pipeline), look)
        outline(picture, boxes)
        stream = io.BytesIO()
        picture.save(stream, "WEBP", quality=90)
        return stream.getvalue()

    def _found_page(
        self, store: Collection, ref: PageRef, hit: Hit | None, result: SearchResult, kind: ExportFormat, encoder: str
    ) -> FoundPage:
        from workbench.exports import FoundPage

        page = store.page(ref)
        explanation = self._explanation(ref, result, encoder or result.encoder) if kind.explained else None
        return FoundPage(
            ref, hit, explanation, lambda: store.image_path(page.page_id, "page"), page.size, int(store.settings.dpi)
        )

    def _explanation(self, ref: PageRef, result: SearchResult, encoder: str) -> Explanation | None:
        """Why by an encoder; None where it has no vectors of the page, or none for such a query."""
        try:
            return self._explanations.explain(result.query, ref, result.collection, encoder, result.pipeline)
        except (NotFoundError, QueryError):
            return None
