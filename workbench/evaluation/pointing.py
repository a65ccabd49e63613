"""How well explanations point at evidence, by people's boxes: every way of reading the heat, and what chance gives.

The best region of a page is chosen in one of `WAYS` and set against the boxes people drew. Beside each value stand two
controls of the region's own size: `boxes.PLACES` squared places evenly over the page (random), and the page's middle.

``point``    the region's middle lies in a box (pointing game)
``iou``      intersection over union with the box it fits best
``hit25``    that is .25 or more; ``hit50``: .5 or more
``any50``    one of the page's best `SEVERAL` regions reaches .5: the recall-type measure of Snappy (arXiv 2512.02660)
``covers``   the part of all evidence that lies in the region, which a larger one always wins
``union``    intersection over union with all evidence together, which size costs
``size``     the part of the page that the region takes

``hottest`` stands apart: whether the middle of the hottest vector lies in a box; chance is the boxes' part of the page.
Means are over questions (of means over their pages) with bootstrap intervals.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.errors import DatasetError, InputError, PagelensError
from workbench.evaluation.boxes import RASTER, covered, everywhere
from workbench.evaluation.datasets import Dataset
from workbench.evaluation.locating import locate
from workbench.evaluation.searcher import Searcher
from workbench.evaluation.statistics import Interval, interval
from workbench.heatmap import combined
from workbench.regions import MEASURES, inside, iou, measure, risen, won
from workbench.types import Box, Explanation, Float, PageRef, ProgressCallback

log = logging.getLogger(__name__)

HEATS = ("winner", "max", "mean", "shown")
NORMS = ("plain", "risen")
FIGURES = ("point", "iou", "hit25", "hit50", "any50", "covers", "union", "size")
SEVERAL = 5
CONTROLS = ("random", "centre")


@dataclass(frozen=True, slots=True)
class Way:
    """How the best region is chosen: heat over tokens, what similarities count, and how a region's heat is taken.

    ``winner``, ``max`` and ``mean`` weigh tokens as the score does; ``shown`` is the heat that is drawn everywhere.
    ``take`` is ``sum``, the heat inside by each vector's part, or one of `regions.MEASURES`.
    """

    heat: str
    norm: str
    take: str

    def __str__(self) -> str:
        return "/".join((self.heat, self.norm, self.take))

    @classmethod
    def parse(cls, text: str) -> Way:
        """Read ``winner/plain/sum``; `InputError` for what is none."""
        parts = text.split("/")
        if len(parts) == 3 and parts[0] in HEATS and parts[1] in NORMS and parts[2] in ("sum", *MEASURES):
            return cls(*parts)
        known = f"{'|'.join(HEATS)}/{'|'.join(NORMS)}/sum|{'|'.join(MEASURES)}"
        raise InputError(f"'{text}' is no way to choose a region; write one as {known}.")

    def values(self, explanation: Explanation) -> Float:
        """Heat of each vector of the page, ``(n,)``."""
        similarities = explanation.similarities if self.norm == "plain" else risen(explanation.similarities)
        if self.heat == "winner":
            return won(explanation.query, similarities)
        if self.heat == "shown":
            return combined(similarities, explanation.heat_weights)
        return combined(similarities, explanation.query.weights, join=self.heat)

    def scores(self, explanation: Explanation, boxes: Float) -> Float:
        """What each of ``boxes (r, 4)`` is worth, ``(r,)``; least where no vector lies."""
        take = inside if self.take == "sum" else lambda heat, of, at: measure(heat, of, at, self.take)
        return np.nan_to_num(take(self.values(explanation), boxes, explanation.geometry), nan=-np.inf)


SHOWN = Way("winner", "plain", "sum")
"""What explanations show: regions by their share of the page's MaxSim."""
WAYS = (SHOWN, *(Way.parse(text) for text in (
    "winner/risen/sum", "mean/risen/sum", "winner/plain/area", "max/plain/area", "max/plain/iou", "max/plain/max",
    "mean/plain/area", "mean/risen/area", "mean/risen/top",
)))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pointed:
    """The figures of one way: means with intervals, and the means of both controls (none for ``any50``)."""

    way: Way
    values: Mapping[str, Interval]
    controls: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Pointing:
    """All ways over the same questions. ``hottest`` is by heat and norm, with the chance of all of them.

    ``unexplained`` pages count 0 in every figure.
    """

    dataset: str
    collection: str
    encoder: str
    pipeline: str
    questions: int
    pages: int
    unexplained: int
    ways: tuple[Pointed, ...]
    hottest: Mapping[str, Interval]
    chance: float


def judge(
    searcher: Searcher,
    dataset: Dataset,
    collection: str,
    ways: Sequence[Way] = WAYS,
    encoder: str = "",
    pipeline: str = "",
    progress: ProgressCallback | None = None,
) -> Pointing:
    """Explain every page of a dataset that has boxes, and judge every way by them.

    Heat is by ``encoder``, and by the token weights of ``pipeline``, as in `Workbench.explain`.
    `DatasetError` when it has no boxes, or none of their pages is in the collection.
    """
    places = locate(dataset, searcher.library.documents(collection))
    held = set(places.names.values())
    asked = [
        (query.id, query.text, PageRef.parse(places.page(page)), boxes)
        for query in dataset.queries
        for page, boxes in dataset.boxes.get(query.id, {}).items()
    ]
    asked = [row for row in asked if row[2].document in held]
    if not asked:
        raise DatasetError(
            f"Dataset '{dataset.name}' has no boxes of pages in collection '{collection}'; boxes.jsonl holds them."
        )
    regions: dict[PageRef, Float] = {}
    rows: dict[tuple[str, ...], dict[str, list[float]]] = {}
    used, failed = "", 0
    for done, (question, text, ref, boxes) in enumerate(asked, 1):
        true = np.asarray(boxes, np.float32)
        try:
            explanation = searcher.explanations.explain(text, ref, collection, encoder, pipeline)
            if ref not in regions:
                regions[ref] = np.asarray(
                    [area.box for area in searcher.explanations.areas(ref, collection)], np.float32
                )
            used = explanation.encoder
            figures = dict(_figures(explanation, regions[ref].reshape(-1, 4), true, ways))
        except PagelensError as error:
            log.warning("%s could not be explained for question %s: %s", ref, question, error)
            figures, failed = {}, failed + 1
        for key in _keys(ways):
            rows.setdefault(key, {}).setdefault(question, []).append(figures.get(key, 0.0))
        rows.setdefault(("chance",), {}).setdefault(question, []).append(covered(true))
        if progress is not None:
            progress(done, len(asked))
    means = {key: np.asarray([np.mean(values) for values in found.values()]) for key, found in rows.items()}
    return Pointing(
        dataset.name,
        collection,
        used,
        pipeline,
        len({question for question, *_ in asked}),
        len(asked),
        failed,
        tuple(_pointed(way, means) for way in ways),
        {f"{heat}/{norm}": interval(means["hottest", heat, norm]) for heat in HEATS for norm in NORMS},
        float(means[("chance",)].mean()),
    )


def _keys(ways: Sequence[Way]) -> Iterator[tuple[str, ...]]:
    for way in ways:
        yield from ((str(way), "value", figure) for figure in FIGURES)
        yield from ((str(way), control, figure) for control in CONTROLS for figure in FIGURES)
    yield from (("hottest", heat, norm) for heat in HEATS for norm in NORMS)


def _pointed(way: Way, means: Mapping[tuple[str, ...], NDArray[np.float64]]) -> Pointed:
    alone = ("any50", "size")  # several regions, and a size that the controls share, have no control
    return Pointed(
        way,
        {figure: interval(means[str(way), "value", figure]) for figure in FIGURES},
        {
            control: {f: float(means[str(way), control, f].mean()) for f in FIGURES if f not in alone}
            for control in CONTROLS
        },
    )


def _figures(
    explanation: Explanation, boxes: Float, true: Float, ways: Sequence[Way]
) -> Iterator[tuple[tuple[str, ...], float]]:
    """Every figure of one page, by way, value or control, and name."""
    evidence = _Evidence(true)
    here = explanation.geometry.placed
    for way in ways:
        found = _best(way, explanation, boxes)
        if not len(found):
            continue
        top = found[:1]
        x0, y0, x1, y1 = (float(edge) for edge in top[0])
        half = ((x1 - x0) / 2, (y1 - y0) / 2)
        box: Box = (x0, y0, x1, y1)
        middle = np.asarray([[0.5 - half[0], 0.5 - half[1], 0.5 + half[0], 0.5 + half[1]]], np.float32)
        for kind, places in (("value", top), ("random", everywhere(box)), ("centre", middle)):
            for name, value in evidence.figures(places).items():
                yield (str(way), kind, name), value
        yield (str(way), "value", "any50"), float(iou(found[:SEVERAL], true).max() >= 0.5)
        yield (str(way), "value", "size"), (x1 - x0) * (y1 - y0)
    for heat in HEATS:
        for norm in NORMS:
            values = Way(heat, norm, "sum").values(explanation)
            if here.any():
                at = int(np.where(here, values, -np.inf).argmax())
                yield ("hottest", heat, norm), evidence.figures(explanation.geometry.boxes[at : at + 1])["point"]


def _best(way: Way, explanation: Explanation, boxes: Float) -> Float:
    """Regions, best first; on a page that falls into none, the box of the hottest vector."""
    if len(boxes):
        return boxes[np.argsort(-way.scores(explanation, boxes), kind="stable")]
    here = explanation.geometry.placed
    if not here.any():
        return np.zeros((0, 4), np.float32)
    at = int(np.where(here, way.values(explanation), -np.inf).argmax())
    return explanation.geometry.boxes[at : at + 1]


class _Evidence:
    """The boxes of one page, and what boxes put over them reach."""

    def __init__(self, true: Float) -> None:
        self._true = true
        cells = (np.arange(RASTER) + 0.5) / RASTER
        across = (true[:, :1] <= cells) & (cells < true[:, 2:3])
        down = (true[:, 1:2] <= cells) & (cells < true[:, 3:4])
        mask = (down[:, :, None] & across[:, None, :]).any(axis=0)
        self._sums = np.zeros((RASTER + 1, RASTER + 1))
        self._sums[1:, 1:] = mask.cumsum(axis=0).cumsum(axis=1) / RASTER**2

    def figures(self, boxes: Float) -> dict[str, float]:
        """Means over ``boxes (p, 4)`` of what each reaches."""
        true = self._true
        x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
        held = (true[:, 0] <= x[:, None]) & (x[:, None] <= true[:, 2])
        held &= (true[:, 1] <= y[:, None]) & (y[:, None] <= true[:, 3])
        fits = iou(boxes, true).max(axis=1)
        shared, whole = self._shared(boxes), float(self._sums[-1, -1])
        size = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1)
        return {
            "point": float(held.any(axis=1).mean()),
            "iou": float(fits.mean()),
            "hit25": float((fits >= 0.25).mean()),
            "hit50": float((fits >= 0.5).mean()),
            "covers": float(shared.mean() / max(whole, 1e-9)),
            "union": float((shared / np.maximum(size + whole - shared, 1e-9)).mean()),
        }

    def _shared(self, boxes: Float) -> NDArray[np.float64]:
        """The part of the page that each box shares with all evidence together, to a cell of the raster."""
        x0, y0, x1, y1 = np.rint(np.clip(boxes, 0, 1) * RASTER).astype(int).T
        sums = self._sums
        return np.asarray(sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0], np.float64)
