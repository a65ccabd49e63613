"""The words of a collection's pages: found by BM25, counted, and as arrays beside the vectors."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence

from workbench.errors import StoreError
from workbench.store import terms, textindex
from workbench.store.cache import WORDS
from workbench.store.catalog import Catalog
from workbench.store.files import intact
from workbench.store.page_texts import page_texts
from workbench.store.postings import BATCH, PART, PageText, Postings, PostingsFile

log = logging.getLogger(__name__)


class PageWords:
    """The words of one collection. Safe to use from several threads, while somebody writes."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._postings = PostingsFile(catalog.path / WORDS, PART if catalog.storage.remote else BATCH)

    def bm25(self, query: str, limit: int) -> list[tuple[str, float]]:
        """Pages by BM25 of their text, best first. The query is words, never query syntax.

        Only committed pages have text, so that only they are found.
        """
        catalog, kept_out = self._catalog, self._catalog.quarantine()
        hidden = len(catalog.directory()) - len(catalog.searchable()) if kept_out else 0
        with intact(catalog.name):
            found = textindex.search(catalog.table("pages"), query, limit + hidden if limit > 0 else 0)
        return [pair for pair in found if kept_out.of(pair[0]) is None][: max(limit, 0)] if kept_out else found

    def frequency(self, word: str) -> int:
        """On how many pages a word stands, as the text index finds words."""
        with intact(self._catalog.name):
            return textindex.frequency(self._catalog.table("pages"), word, len(self._catalog.searchable()))

    def as_written(self, term: str) -> str:
        """A term of the arrays as some page has the word; the term itself where none does any more."""
        held = self.postings()
        pages = () if held is None else held.on(term).pages[:1].tolist()
        texts = self._texts([held.page_ids[page] for page in pages]) if held is not None and pages else ()
        words = (word for _, text in texts for word in text.words if term in terms.read(word).parts)
        return re.sub(r"^\W+|\W+$", "", next(words, term))

    def texts(self, page_ids: Sequence[str]) -> dict[str, str]:
        """The words of these pages in reading order, by id; pages not there any more are left out."""
        return {page: " ".join(text.words) for page, text in self._texts(page_ids)}

    def postings(self, wait: bool = False) -> Postings | None:
        """The words of the committed pages as arrays; None, unless one waits for it, while many are to be read."""
        directory = self._catalog.directory()
        stamp = f"{self._catalog.manifest.id}:{directory.version}"
        try:
            return self._postings.current(stamp, directory.ids, self._texts, wait)
        except (OSError, StoreError) as error:
            log.warning("the words of '%s' cannot be read into arrays (%s)", self._catalog.name, error)
            return None

    def forget(self, page_ids: Sequence[str]) -> None:
        """Have the words of these pages read again: their text may have changed."""
        self._postings.forget(page_ids)

    def close(self) -> None:
        """Let go of mapped files; they come back when needed."""
        self._postings.close()

    def _texts(self, page_ids: Sequence[str]) -> Iterable[tuple[str, PageText]]:
        with intact(self._catalog.name):
            return list(page_texts(self._catalog.table("pages"), page_ids))
