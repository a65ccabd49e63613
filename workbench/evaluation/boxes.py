"""Whether explanations point at the part of the page that answers the question, and what chance would give there.

An explanation's best region is set against the boxes people drew around the evidence:

``point``  whether the region's centre lies in one of the boxes. Chance: the share of the page that the boxes cover.
``iou``    intersection over union of the region and the box it fits best. Chance: its mean over places all over the
           page for a region of that size.

Boxes are noisy one by one and evidence is often far larger than a line, so only means against chance say something.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import numpy as np

from workbench.evaluation.record import BoxAnswer
from workbench.regions import iou
from workbench.types import Box, Explanation, Float, PageRef

log = logging.getLogger(__name__)

PLACES = 21
"""Places by side at which a region of the same size is put to see what chance gives."""
RASTER = 200
"""Cells by side of the raster on which the area of several boxes together is measured."""

Explain = Callable[[str, PageRef, str], Explanation]
"""``explain(query, page, collection)``, as `Workbench.explain`."""


def box_answer(
    explain: Explain, collection: str, question: str, text: str, page: str, boxes: Sequence[Box]
) -> BoxAnswer:
    """One relevant page's measures; a page that cannot be explained points nowhere and counts 0."""
    true = np.asarray(boxes, np.float32)
    chance = {"point": covered(true), "iou": 0.0}
    try:
        region = best_region(explain(text, PageRef.parse(page), collection))
    except Exception as error:  # one page's trouble is not the run's
        log.warning("%s could not be explained for question %s: %s", page, question, error)
        region = None
    if region is None:
        return BoxAnswer(question, page, {"point": 0.0, "iou": 0.0}, chance)
    x, y = (region[0] + region[2]) / 2, (region[1] + region[3]) / 2
    inside = (true[:, 0] <= x) & (x <= true[:, 2]) & (true[:, 1] <= y) & (y <= true[:, 3])
    overlap = iou(np.asarray([region], np.float32), true).max()
    elsewhere = iou(everywhere(region), true).max(axis=1).mean()
    values = {"point": float(inside.any()), "iou": round(float(overlap), 6)}
    return BoxAnswer(question, page, values, {**chance, "iou": round(float(elsewhere), 6)})


def best_region(explanation: Explanation) -> Box | None:
    """The best line, or, on a page without words, the box of the vector that the query's best token chose."""
    if explanation.regions:
        return explanation.regions[0].box
    if explanation.ledger:
        return max(explanation.ledger, key=lambda row: row.contribution).box
    return None


def covered(boxes: Float) -> float:
    """Share of the page that lies in one or more of ``boxes (n, 4)``, to a cell of a `RASTER` by `RASTER` raster."""
    cells = (np.arange(RASTER) + 0.5) / RASTER
    across = (boxes[:, :1] <= cells) & (cells < boxes[:, 2:3])
    down = (boxes[:, 1:2] <= cells) & (cells < boxes[:, 3:4])
    return float((down[:, :, None] & across[:, None, :]).any(axis=0).mean())


def everywhere(region: Box) -> Float:
    """A box of the region's size at `PLACES` by `PLACES` places, evenly from edge to edge: (n, 4)."""
    width, height = region[2] - region[0], region[3] - region[1]
    x, y = np.meshgrid(np.linspace(0, 1 - width, PLACES), np.linspace(0, 1 - height, PLACES))
    return np.stack([x, y, x + width, y + height], axis=-1).reshape(-1, 4).astype(np.float32)
