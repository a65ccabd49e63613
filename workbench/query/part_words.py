"""The words of a query's pictures and regions, for the stages of a pipeline that compare words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from workbench.types import Box, PicturePart, Query, RegionPart, Words

if TYPE_CHECKING:
    from workbench.query.picture_store import PictureStore
    from workbench.retrieval import Pipeline
    from workbench.store import Collection

MAX_WORDS = 200
"""Different words of a region or picture that a text stage looks for; a whole page of them would cost seconds."""


def with_words(
    query: Query, pipeline: Pipeline, collection: Collection, pictures: PictureStore
) -> tuple[Query, tuple[str, ...]]:
    """The query with the words that its pictures and regions give a text stage, and a sentence where there are none.

    The query as it is where no stage compares words.
    """
    if query.plain:
        return query, ()
    leaves = list(pipeline.leaves())
    if any(leaf.stage.looks for leaf in leaves):
        shown = {i: part for i, part in enumerate(query.parts) if isinstance(part, PicturePart)}
        query = query.with_files({i: str(pictures.path(part.picture, part.repairs)) for i, part in shown.items()})
    if all(leaf.stage.vectors or leaf.stage.looks for leaf in leaves):
        return query, ()
    found: dict[int, str] = {}
    for i, part in enumerate(query.parts):
        if isinstance(part, RegionPart):
            found[i] = joined(within(collection.page(part.ref).words, part.box))
        elif isinstance(part, PicturePart):
            found[i] = joined(pictures.words(part.picture, part.repairs).texts)
    complete = query.with_words(found)
    if complete.text:
        return complete, ()
    return complete, ("What is asked has no words, so the stages that compare words rank nothing.",)


def within(words: Words, box: Box) -> list[str]:
    """The words whose centre lies in a box, in reading order."""
    if not len(words):
        return []
    centres = (words.boxes[:, :2] + words.boxes[:, 2:]) / 2
    there = ((centres >= np.array(box[:2])) & (centres <= np.array(box[2:]))).all(axis=1)
    return [words.texts[i] for i in np.flatnonzero(there)]


def joined(words: Iterable[str]) -> str:
    """Different words as one text, at most `MAX_WORDS`."""
    return " ".join(list(dict.fromkeys(words))[:MAX_WORDS])
