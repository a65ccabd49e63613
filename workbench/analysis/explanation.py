"""Why a page scores what it scores: read from the stored vectors, never from a new encoding.

`explain` gives the token x patch similarities with the score as a ledger over query tokens, the parts of the page
that it falls on, and what each pooled index saw. What this module does not do: draw anything, or search (`misses`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from workbench import heatmap
from workbench.documents.blocks import find_blocks
from workbench.errors import NotFoundError
from workbench.maxsim import similarities
from workbench.regions import Area, area_of, lines, regions_of
from workbench.representations import FittedIndex
from workbench.store import Collection
from workbench.store.manifest import FULL
from workbench.types import (
    Box,
    Explanation,
    Float,
    LedgerRow,
    PageEmbedding,
    PageRef,
    PooledView,
    QueryEmbedding,
    StoredPage,
)

TOP_REGIONS = 5


def explain(
    collection: Collection, page: StoredPage, query: QueryEmbedding, rarity: Float, encoder: str = ""
) -> Explanation:
    """Explain one stored page's exact MaxSim score for a query by an encoder, the collection's first without a name.

    ``rarity (m,)`` is how rare each query token is, negative for unwanted ones; it makes the weights of the heat.
    `NotFoundError` when that encoder's vectors of the page are not there.
    """
    space = collection.space(encoder)
    embedding = space.page_embedding(page.page_id)
    found = scored(page.ref, embedding, query, rarity, space.encoder)
    areas = page_areas(page, _picture(collection, page.page_id))
    return replace(
        found,
        regions=regions_of(areas, query, found.similarities, embedding.geometry, heatmap.values(found))[:TOP_REGIONS],
        pooled=tuple(
            pooled_view(index, space.fitted(index), query, embedding) for index in space.indexes if index != FULL
        ),
        shows=page.shows or (),
    )


def scored(ref: PageRef, embedding: PageEmbedding, query: QueryEmbedding, rarity: Float, encoder: str) -> Explanation:
    """Score, ledger and heat of a page, without its regions and what pooled indexes saw: nothing is read for it."""
    matrix = similarities(query.vectors, embedding.vectors)
    rows = ledger(query, matrix, embedding)
    return Explanation(
        ref=ref,
        query=query,
        encoder=encoder,
        score=float(sum(row.contribution for row in rows)),
        geometry=embedding.geometry,
        similarities=matrix,
        labels=embedding.labels,
        ledger=rows,
        regions=(),
        pooled=(),
        heat_weights=heatmap.token_weights(rarity),
    )


def areas(collection: Collection, ref: PageRef) -> list[Area]:
    """All parts of a stored page; see `page_areas`."""
    page = collection.page(ref)
    return page_areas(page, _picture(collection, page.page_id))


def ledger(query: QueryEmbedding, matrix: Float, embedding: PageEmbedding) -> tuple[LedgerRow, ...]:
    """The score as a sum over query tokens: each token's best vector, its place, and its share of what was wanted.

    Tokens of negative weight take off; shares of the others add up to 1.
    """
    best = matrix.argmax(axis=1)
    values = query.weights * matrix[np.arange(len(best)), best]
    total = float(values[query.weights > 0].sum())
    return tuple(
        LedgerRow(
            token=i,
            label=query.labels[i],
            weight=float(query.weights[i]),
            similarity=float(matrix[i, j]),
            contribution=float(values[i]),
            share=float(values[i]) / total if total else 0.0,
            vector=int(j),
            box=_box(embedding.geometry.boxes[j]),
            text=embedding.labels[j] if embedding.labels else "",
        )
        for i, j in enumerate(best)
    )


def page_areas(page: StoredPage, picture: Path | None) -> list[Area]:
    """The blocks of a page found in its picture, with their words; without one, or without blocks, its text lines."""
    if picture is not None:
        with Image.open(picture) as image:
            blocks = find_blocks(image, page.words)
        found = [
            area_of(block.kind, page.words, block.words, block.box) for block in blocks if block.words or not block.thin
        ]
        if found:
            return found
    return lines(page.words)


def pooled_view(index: str, fitted: FittedIndex, query: QueryEmbedding, embedding: PageEmbedding) -> PooledView:
    """What an index holds of a page: similarities of its vectors, each placed at the union of its members.

    Each query vector is put to the index by itself, which for a fixed dimensional encoding, linear in the query, gives
    the token's own part of the score.
    """
    derived = fitted.derive(embedding)
    held, one = fitted.decode(derived.rows), np.ones(1, np.float32)
    asked = [similarities(fitted.query(vector[None], one)[0], held) for vector in query.vectors]
    matrix = np.concatenate([np.zeros((0, len(held)), np.float32), *asked])
    boxes, shown = embedding.geometry.boxes, embedding.geometry.shown
    seen = [group[shown[group]] if shown[group].any() else group for group in derived.groups]
    places = np.stack([np.r_[boxes[g, :2].min(axis=0), boxes[g, 2:].max(axis=0)] for g in seen])
    score = float((query.weights * matrix.max(axis=1)).sum())
    return PooledView(index, places.astype(np.float32), matrix, derived.groups, score)


def _picture(collection: Collection, page_id: str) -> Path | None:
    try:
        return collection.image_path(page_id, "page")
    except NotFoundError:
        return None


def _box(row: Float) -> Box:
    x0, y0, x1, y1 = (float(value) for value in row)
    return x0, y0, x1, y1
