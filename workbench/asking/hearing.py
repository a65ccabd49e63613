"""The words of a query's pictures and regions, for the stages of a pipeline that compare words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.types import Box, Query, RegionPart, Words

if TYPE_CHECKING:
    from workbench.retrieval import Pipeline
    from workbench.store import Collection

MOST_WORDS = 200
"""Different words of a region or picture that a text stage looks for; a whole page of them would cost seconds."""


def heard(query: Query, pipeline: Pipeline, collection: Collection) -> tuple[Query, tuple[str, ...]]:
    """The query with the words a text stage needs, and sentences on the parts that have none.

    The query as it is where no stage compares words.
    """
    if query.plain or all(leaf.spec.vectors for leaf in pipeline.leaves()):
        return query, ()
    found: dict[int, str] = {}
    for i, part in enumerate(query.parts):
        if isinstance(part, RegionPart):
            found[i] = spoken(within(collection.page(part.ref).words, part.box))
    complete = query.heard(found)
    if complete.text:
        return complete, ()
    return complete, ("The query has no words, so bm25 ranks nothing.",)


def within(words: Words, box: Box) -> list[str]:
    """The words whose centre lies in a box, in reading order."""
    if not len(words):
        return []
    centres = (words.boxes[:, :2] + words.boxes[:, 2:]) / 2
    there = ((centres >= np.array(box[:2])) & (centres <= np.array(box[2:]))).all(axis=1)
    return [words.texts[i] for i in np.flatnonzero(there)]


def spoken(words: list[str]) -> str:
    """Different words as one text, at most `MOST_WORDS`."""
    return " ".join(list(dict.fromkeys(words))[:MOST_WORDS])
