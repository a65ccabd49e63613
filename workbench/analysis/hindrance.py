"""What keeps a page from being found whatever is asked: it is still unread, has no words, or was read badly.

It matters to what goes by words: the text index, and encoders that read. A model of pictures sees the page anyway.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection as Some
from dataclasses import dataclass

from workbench.documents.ocr import UNKNOWN_SCRIPT
from workbench.documents.textlayer import DOUBTFUL
from workbench.retrieval import Step
from workbench.store import Collection
from workbench.store.legibility import WORDLESS
from workbench.types import StoredPage

UNREAD, SCRIPT, MISREAD = "unread", "script", "misread"


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why a page's words cannot be met: ``cause`` is one of the constants above, ``cure`` what a person can do."""

    cause: str
    sentence: str
    cure: str


def goes_by_words(step: Step, collection: Collection) -> bool:
    """Whether all that a stage ranks by are words: the text index, or vectors of an encoder that reads."""
    return all(not leaf.stage.vectors or collection.space(leaf.encoder).info.kind == "words" for leaf in step.leaves())


def hindrance(page: StoredPage, collection: Collection, unread: Some[str] | None = None) -> Hindrance | None:
    """What is wrong with the words of a page, None for one that was read as it should be.

    ``unread`` are the ids of pages that are still to be read, where they are known (`Collection.unread`).
    """
    if page.page_id in (collection.unread() if unread is None else unread):
        cure = f"Read what is left: pagelens collections words {collection.name}"
        return Hindrance(UNREAD, "The words in the page's picture are not read yet.", cure)
    again = f"pagelens collections reread {collection.name} {shlex.quote(page.ref.document)} --pages {page.ref.page}"
    if page.notice == DOUBTFUL:
        return Hindrance(MISREAD, page.notice, f"Read its picture instead of its text layer: {again} --ocr")
    if page.notice:
        cause = SCRIPT if UNKNOWN_SCRIPT in page.notice else MISREAD
        return Hindrance(cause, page.notice, f"Read it again in its own languages: {again} --languages LANGUAGES")
    if not len(page.words):
        cure = f"A model that sees pictures can find it: pagelens collections embed {collection.name} --encoder MODEL"
        but = f" but the kinds of figure that it shows ({', '.join(page.shows)})" if page.shows else ""
        said = f"No words were found on the page, so that no word of a query can be met on it{but}."
        return Hindrance(WORDLESS, said, cure)
    return None
