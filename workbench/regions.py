"""Where on a page its score falls: patch similarities propagated to blocks, lines, or any boxes.

Two readings of a region, both from the token x patch similarities of an explanation:

* its *share*: the part of the page's MaxSim that its patches won. Only the best patch of each query token counts, with
  the token's weighted similarity, so that the shares of regions that tile the page add up to 1;
* its *heat*: the level of the page's heat (see `heatmap`) over it, by one of `MEASURES`. The default weighs patches by
  the part of the region they cover, not by IoU as in Snappy (arXiv 2512.02660): IoU shrinks for a region smaller than a
  patch.

What this module does not do: find the blocks of a page (`documents.blocks`), or draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.types import Box, Evidence, Float, Geometry, QueryEmbedding, Region, Words

MEASURES = ("area", "iou", "max", "mean", "top")
_TOP = 0.25
_NEAR = 0.8  # of the words of the shorter of two texts; from there on they say the same
_CHARACTERS_A_TOKEN = 4  # of English text, for the tokenizers of today's language models: an estimate


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a page to be scored: what it is, its box, and its text."""

    kind: str
    box: Box
    text: str


def lines(words: Words) -> list[Area]:
    """The text lines of a page, in reading order."""
    found = []
    numbers, first = np.unique(words.lines, return_index=True)
    for number in numbers[np.argsort(first)]:
        found.append(area_of("line", words, np.flatnonzero(words.lines == number).tolist()))
    return found


def area_of(kind: str, words: Words, members: Sequence[int], box: Box | None = None) -> Area:
    """An area made of words (indices, in reading order); its box is theirs unless given."""
    index = np.asarray(members, np.int64)
    edges = words.boxes[index]
    around = box if box is not None else _box(np.r_[edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)])
    parts: list[str] = []
    for before, i in zip([None, *members], members, strict=False):  # a picture has no words
        if before is not None:
            parts.append(" " if words.lines[before] == words.lines[i] else "\n")
        parts.append(words.texts[i])
    return Area(kind, around, "".join(parts))


def won(query: QueryEmbedding, similarities: Float) -> Float:
    """What each page vector adds to the page's MaxSim, ``(n,) float32`` from ``similarities (m, n)``.

    Zero but where a vector is the best of a token (the first of equals), and there the sum of what it won.
    """
    heat = np.zeros(similarities.shape[1], np.float32)
    if similarities.size:
        best = similarities.argmax(axis=1)
        np.add.at(heat, best, query.weights * similarities[np.arange(len(best)), best])
    return heat


def risen(similarities: Float) -> Float:
    """How far each similarity ``(m, n)`` lies above its token's mean over the page, at least 0.

    A token that is as similar to everything as to its best place, as stop words are, then says little of where.
    """
    if not similarities.size:
        return similarities
    return np.asarray(np.clip(similarities - similarities.mean(axis=1, keepdims=True), 0, None), np.float32)


def measure(heat: Float, boxes: Float, geometry: Geometry, how: str = "area") -> Float:
    """The heat ``(n,)`` of a page's vectors over ``boxes (r, 4)``: ``(r,) float32``, NaN where no vector touches.

    ``area``: patches weighed by the area they share with the box, the mean of the heat map over it; ``iou``: by IoU,
    normalised; ``max`` and ``mean`` of the patches that touch; ``top``: the mean of their best quarter. Vectors
    without a place (a global tile) never count. A constant heat gives that constant by every measure.
    """
    shared = intersection(boxes, geometry.boxes) * geometry.placed
    found = np.full(len(boxes), np.nan, np.float32)
    sizes = _areas(geometry.boxes)
    for i, row in enumerate(shared):
        touched = row > 0
        if not touched.any():
            continue
        values = heat[touched]
        if how == "max":
            found[i] = values.max()
        elif how == "mean":
            found[i] = values.mean()
        elif how == "top":
            found[i] = np.sort(values)[-max(1, round(_TOP * len(values))) :].mean()
        else:
            weight = row[touched]
            if how == "iou":
                weight = weight / (sizes[touched] + float(_areas(boxes[i : i + 1])[0]) - weight)
            found[i] = float(weight @ values) / float(weight.sum())
    return found


def shares(query: QueryEmbedding, similarities: Float, boxes: Float, geometry: Geometry) -> Float:
    """The part of the page's MaxSim won inside each of ``boxes (r, 4)``: ``(r,) float32``.

    A winning patch that lies partly inside counts by the part of its area. Boxes that tile the page share 1 out among
    them, less what vectors without a place won and what unwanted tokens (of negative weight) took off.
    """
    heat = won(query, similarities)
    wanted = query.weights > 0
    total = float(heat.sum()) if wanted.all() else float(query.weights[wanted] @ similarities[wanted].max(axis=1))
    if not total:
        return np.zeros(len(boxes), np.float32)
    return np.asarray(inside(heat, boxes, geometry) / total, np.float32)


def inside(heat: Float, boxes: Float, geometry: Geometry) -> Float:
    """The heat ``(n,)`` inside each of ``boxes (r, 4)``, by the part of each vector's area: ``(r,) float32``."""
    parts = intersection(boxes, geometry.boxes) / np.maximum(_areas(geometry.boxes), 1e-12)
    return np.asarray((parts * geometry.placed) @ heat, np.float32)


def regions_of(
    areas: Sequence[Area],
    query: QueryEmbedding,
    similarities: Float,
    geometry: Geometry,
    heat: Float,
    by: str = "share",
    how: str = "area",
) -> tuple[Region, ...]:
    """Areas with their share and ``heat (n,)``, best first by ``share`` or ``heat``; untouched ones are left out."""
    if not areas or not len(geometry):
        return ()
    boxes = np.asarray([area.box for area in areas], np.float32)
    level = measure(heat, boxes, geometry, how)
    share = shares(query, similarities, boxes, geometry)
    order = np.argsort(-np.nan_to_num(share if by == "share" else level, nan=-np.inf), kind="stable")
    return tuple(
        Region(areas[i].box, float(level[i]), areas[i].text, areas[i].kind, float(share[i]))
        for i in order
        if np.isfinite(level[i])
    )


def evidence(found: Sequence[Evidence], tokens: int) -> tuple[Evidence, ...]:
    """The evidence that won most and fits into ``tokens`` of a language model, none saying what a better one says.

    Tokens are estimated at four characters each. A part that does not fit whole is cut at a word, if it is the first;
    later ones that do not fit are passed over. Parts without text are left out.
    """
    room = tokens * _CHARACTERS_A_TOKEN
    chosen: list[Evidence] = []
    said: list[set[str]] = []
    for item in sorted(found, key=lambda item: -item.won):
        text = item.region.text
        words = set(text.lower().split())
        if not words or any(_same(words, other) for other in said):
            continue
        if len(text) > room:
            if chosen or room < _CHARACTERS_A_TOKEN:
                continue
            item = replace(item, region=replace(item.region, text=text[:room].rsplit(None, 1)[0]))
        chosen.append(item)
        said.append(words)
        room -= len(item.region.text)
    return tuple(chosen)


def intersection(a: Float, b: Float) -> Float:
    """Area that every box of ``a (p, 4)`` shares with every box of ``b (q, 4)``: ``(p, q) float32``."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.asarray(np.clip(high - low, 0, None).prod(axis=2), np.float32)


def iou(a: Float, b: Float) -> Float:
    """Intersection over union of every box of ``a (p, 4)`` with every box of ``b (q, 4)``: ``(p, q) float32``."""
    shared = intersection(a, b)
    return np.asarray(shared / np.maximum(_areas(a)[:, None] + _areas(b)[None] - shared, 1e-12), np.float32)


def _areas(boxes: Float) -> Float:
    return np.asarray(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1), np.float32)


def _same(a: set[str], b: set[str]) -> bool:
    return len(a & b) >= _NEAR * min(len(a), len(b)) and min(len(a), len(b)) >= _NEAR * max(len(a), len(b))


def _box(row: Float) -> Box:
    x0, y0, x1, y1 = (float(value) for value in row)
    return x0, y0, x1, y1
