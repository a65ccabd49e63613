"""Why a page scores what it scores, and where a page was lost: read from the stored vectors, never from a new encoding.

`explain` gives the token x patch similarities with the score as a ledger over query tokens, the parts of the page
that it falls on, and what each pooled index saw. `why` follows one page through a pipeline. What this module does
not do: draw anything.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from workbench.documents.blocks import find_blocks
from workbench.errors import NotFoundError
from workbench.maxsim import similarities
from workbench.regions import Area, area_of, lines, regions_of
from workbench.representations import Form
from workbench.retrieval.engine import Encode, search_stages
from workbench.retrieval.pipeline import Pipeline
from workbench.store import Collection
from workbench.store.manifest import FULL
from workbench.types import (
    Box,
    Explanation,
    Float,
    Hit,
    LedgerRow,
    PageEmbedding,
    PageRef,
    PooledView,
    Quarantined,
    Query,
    QueryEmbedding,
    SearchResult,
    StoredPage,
    WhyVerdict,
)

TOP_REGIONS = 5


def explain(collection: Collection, ref: PageRef, query: QueryEmbedding, encoder: str = "") -> Explanation:
    """Explain one stored page's exact MaxSim score for a query by an encoder, the collection's first without a name.

    `NotFoundError` when the page, or that encoder's vectors of it, are not there.
    """
    page, space = collection.page(ref), collection.space(encoder)
    embedding = space.page_embedding(page.page_id)
    matrix = similarities(query.vectors, embedding.vectors)
    rows = ledger(query, matrix, embedding)
    areas = page_areas(page, _picture(collection, page.page_id))
    return Explanation(
        ref=page.ref,
        query=query,
        encoder=space.encoder,
        score=float(sum(row.contribution for row in rows)),
        geometry=embedding.geometry,
        similarities=matrix,
        labels=embedding.labels,
        ledger=rows,
        regions=regions_of(areas, query, matrix, embedding.geometry)[:TOP_REGIONS],
        pooled=tuple(
            pooled_view(index, space.form(index), query, embedding) for index in space.indexes if index != FULL
        ),
    )


def ledger(query: QueryEmbedding, matrix: Float, embedding: PageEmbedding) -> tuple[LedgerRow, ...]:
    """The score as a sum over query tokens: each token's best vector, its place, and its share of the whole."""
    best = matrix.argmax(axis=1)
    values = query.weights * matrix[np.arange(len(best)), best]
    total = float(values.sum())
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


def pooled_view(index: str, form: Form, query: QueryEmbedding, embedding: PageEmbedding) -> PooledView:
    """What an index holds of a page: similarities of its vectors, each placed at the union of its members.

    Each query vector is put to the index by itself, which for a fixed dimensional encoding, linear in the query, gives
    the token's own part of the score.
    """
    derived = form.derive(embedding)
    held, one = form.decode(derived.rows), np.ones(1, np.float32)
    asked = [similarities(form.query(vector[None], one)[0], held) for vector in query.vectors]
    matrix = np.concatenate([np.zeros((0, len(held)), np.float32), *asked])
    boxes = embedding.geometry.boxes
    places = np.stack([np.r_[boxes[g, :2].min(axis=0), boxes[g, 2:].max(axis=0)] for g in derived.groups])
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


def why(
    collection: Collection,
    query: str | Query,
    ref: PageRef,
    pipeline: Pipeline,
    encode: Encode,
    where: str | None = None,
) -> WhyVerdict:
    """Follow one page through a pipeline: found, or the first step that lost it and the smallest K that keeps it."""
    name = str(ref)
    try:
        page_id = collection.page(ref).page_id
    except NotFoundError as error:
        failed = {failure.page: failure.reason for failure in collection.failed_pages(ref.document)}
        if ref.page in failed:
            return WhyVerdict(name, "failed", reason=f"The page was not indexed: {failed[ref.page]}")
        return WhyVerdict(name, "absent", reason=str(error))
    if entry := collection.quarantine().of(page_id):
        return WhyVerdict(name, "quarantined", stage="quarantine", reason=_kept_out(entry))
    if where is not None and page_id not in set(collection.page_ids(where)):
        return WhyVerdict(name, "filtered", stage="filter", reason="The filter leaves this page out.")
    for i, step in enumerate(pipeline.steps):
        prefix = Pipeline(pipeline.steps[: i + 1])
        hit = _hit(_last(collection, query, prefix.returning(prefix.keep), encode, where), page_id)
        if hit is None:
            return _lost(collection, query, page_id, name, prefix, encode, where)
        if i == len(pipeline.steps) - 1:
            reason = f"Found at rank {hit.rank} of {prefix.keep} by '{step.label}'{_unscored(hit)}."
            return WhyVerdict(name, "found", step.label, hit.rank, prefix.keep, None, reason)
    raise AssertionError("a pipeline has at least one step")


def _kept_out(entry: Quarantined) -> str:
    what = "This page" if entry.page else f"All of '{entry.document}'"
    why = f": {entry.reason.rstrip('.')}." if entry.reason else "."
    return f"{what} is in quarantine since {entry.since[:10]}{why} Release it, and searches find it again."


def _lost(
    collection: Collection,
    query: str | Query,
    page_id: str,
    name: str,
    prefix: Pipeline,
    encode: Encode,
    where: str | None,
) -> WhyVerdict:
    stage, keep = prefix.steps[-1].label, prefix.keep
    most = max(collection.page_count(), 1)

    def at(k: int) -> Hit | None:
        return _hit(_last(collection, query, prefix.returning(k), encode, where), page_id)

    hit = at(most)
    if hit is None:
        reason = f"Stage '{stage}' never names this page, at any K: none of its words are in the query's."
        return WhyVerdict(name, "lost", stage, None, keep, None, reason)
    # A fusion ranks differently at another depth, so the smallest K is searched for; for a plain stage it is the rank.
    low, high = keep + 1, most
    if at(hit.rank) is not None:
        high = hit.rank
    while prefix.steps[-1].legs and low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if at(middle) is not None else (middle + 1, high)
    reason = (
        f"Stage '{stage}' ranks the page {hit.rank}{_unscored(hit)}, below the {keep} it keeps; "
        f"K = {high} would have kept it."
    )
    return WhyVerdict(name, "lost", stage, hit.rank, keep, high, reason)


def _last(
    collection: Collection, query: str | Query, pipeline: Pipeline, encode: Encode, where: str | None
) -> SearchResult:
    *_, result = search_stages(collection, query, pipeline, encode, where)
    return result


def _hit(result: SearchResult, page_id: str) -> Hit | None:
    return next((hit for hit in result.hits if hit.page_id == page_id), None)


def _unscored(hit: Hit) -> str:
    return "" if hit.scored else ", after all it can score, for it has no vectors of the page"
