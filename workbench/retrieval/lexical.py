"""A query's words against the words of pages: BM25 with signed weights.

BM25 is a sum over words, so wanted and unwanted texts add up like everything else in a query: a page's score is the sum
over the parts that have words of ``weight * BM25(words, page)``. This is Rocchio's formula in the words' own space,
where it was first given (J. J. Rocchio, "Relevance feedback in information retrieval", 1971). Only pages with a wanted
word are ranked; what the unwanted texts take off may leave such a page below zero, but never names a new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.types import Query

if TYPE_CHECKING:
    from workbench.store import Collection


def bm25(collection: Collection, query: Query, limit: int, where: str | None) -> list[tuple[str, float]]:
    """Pages and their score, best first, then by id; at most ``limit``, none for a query without wanted words."""
    spoken = query.spoken
    if [weight for _, weight in spoken] == [1]:
        return collection.bm25(query.text, limit, where)
    if limit < 1 or not query.text:
        return []
    scores: dict[str, float] = {}
    deep = max(collection.page_count(), 1)
    for words, weight in sorted(spoken, key=lambda part: -part[1]):  # the wanted ones first
        for page, score in collection.bm25(words, deep, where):
            if weight > 0 or page in scores:
                scores[page] = scores.get(page, 0.0) + weight * score
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
