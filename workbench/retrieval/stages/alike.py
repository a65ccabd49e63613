"""Pages with the very picture that is asked with, or a part of it: found by features, checked by local ones.

Figures that look most like the query's pictures and regions, by what the reader's classifier saw of them, are compared
point by point (`documents.matching`). A page that shares enough points comes first, by their number; others keep the
order of the stage before, or come by likeness where there is none.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

import numpy as np
from PIL import Image

from workbench import sight
from workbench.documents.matching import NOTHING, Match, Points, match, points
from workbench.errors import NotFoundError
from workbench.retrieval.ordering import Candidates, Scored, none
from workbench.retrieval.registry import Stage, count, register
from workbench.retrieval.run import PipelineRun
from workbench.retrieval.step import Step
from workbench.store import Collection
from workbench.types import Box, PicturePart, Query, RegionPart

THREADS = 2
"""Pages whose figures are compared at a time: mostly decoding and SIFT, which let go of the interpreter."""


def run(run: PipelineRun, step: Step, candidates: Candidates | None, k: int) -> Scored:
    """Pages that share points with what is asked; the candidates after them, or without any, what looks alike."""
    found = none() if candidates is None else candidates.rows
    pictures, held = [picture for _, picture in asked(run.query, run.collection)], run.snapshot.sights
    nothing = Scored(none(), np.zeros(0, np.float32), found)
    if not pictures:
        run.cost.notes += (f"'{step.name}' goes by pictures, and the query has none, so it changes no order.",)
        return nothing
    rows = run.snapshot.rows(held.page_ids)
    there = np.flatnonzero(np.isin(rows, run.pages))
    if not len(there):
        run.cost.notes += (f"'{step.name}' finds no figures: nothing has looked for them on these pages.",)
        return nothing
    likeness = held.alike(sight.load().sights(pictures))
    likeliest = there[np.argsort(-likeness[there], kind="stable")]
    checked = likeliest[: step.count("depth")].tolist()
    known = [points(picture) for picture in pictures]
    figures: dict[str, list[int]] = {}
    for number in checked:
        figures.setdefault(held.page_ids[number], []).append(number)
    checked = list(itertools.chain.from_iterable(figures.values()))
    places = [[held.box(number) for number in numbers] for numbers in figures.values()]
    with ThreadPoolExecutor(THREADS) as pool:
        of_pages = pool.map(_shared, repeat(run.collection), figures, places, repeat(known))
        shared = np.array(list(itertools.chain.from_iterable(of_pages)), np.float32)
    run.cost.scored += len(checked)
    scores = np.full(len(run.snapshot), -np.inf, np.float32)
    if candidates is None:
        np.maximum.at(scores, rows[there], likeness[there])
    np.maximum.at(scores, rows[checked], np.where(shared > 0, shared, -np.inf).astype(np.float32))
    named = np.flatnonzero(np.isfinite(scores))
    return Scored(named, scores[named], found[~np.isin(found, named)])


def by_sight(query: Query, collection: Collection) -> list[int]:
    """The numbers of the query's wanted parts that can be looked at: pictures, and regions that show a figure."""
    found = []
    for number, part in enumerate(query.parts):
        if part.weight < 0 or not isinstance(part, PicturePart | RegionPart):
            continue
        sights = collection.snapshot().sights
        if isinstance(part, RegionPart):
            figures = sights.of(collection.page_id(part.ref))
            shown = any(_overlap(part.box, sights.box(figure)) for figure in figures)
        else:
            shown = len(sights) > 0
        if shown:
            found.append(number)
    return found


def asked(query: Query, collection: Collection) -> list[tuple[int, Image.Image]]:
    """Those parts, each with its picture, RGB; `NotFoundError` when one is gone."""
    found = []
    for number in by_sight(query, collection):
        part = query.parts[number]
        if isinstance(part, PicturePart):
            with Image.open(part.file) as picture:
                found.append((number, picture.convert("RGB")))
        elif isinstance(part, RegionPart):
            found.append((number, _cut(collection.picture(collection.page_id(part.ref)), part.box)))
    return found


def shared_points(collection: Collection, page_id: str, picture: Image.Image) -> Match:
    """The points that a picture shares with the figure of a page that it shares most with, as fractions of the page.

    None of a page whose figures it is not, or whose figures nothing has looked for.
    """
    sights, page, known = collection.snapshot().sights, collection.picture(page_id), points(picture)
    best = NOTHING
    for number in sights.of(page_id):
        x0, y0, x1, y1 = sights.box(number)
        one = match(known, points(_cut(page, (x0, y0, x1, y1))))
        if len(one) > len(best):
            there = np.array([x0, y0]) + one.there * [x1 - x0, y1 - y0]
            best = Match(one.here, np.asarray(there, np.float32))
    return best


def _shared(collection: Collection, page_id: str, boxes: Sequence[Box], asked: Sequence[Points]) -> list[int]:
    """How many points each of a page's figures shares with what it shares most with."""
    try:
        page = collection.picture(page_id)
    except (NotFoundError, OSError):  # its file is lost or damaged
        return [0] * len(boxes)
    there = (points(_cut(page, box)) for box in boxes)
    return [max(len(match(one, figure)) for one in asked) for figure in there]


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _cut(picture: Image.Image, box: Box) -> Image.Image:
    w, h = picture.size
    x0, y0, x1, y1 = round(box[0] * w), round(box[1] * h), round(box[2] * w), round(box[3] * h)
    return picture.crop((x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)))


register(
    Stage(
        name="alike",
        summary="pages with the very picture that is asked with, or a part of it, cut, scaled or pressed",
        run=run,
        cost="the features of every figure; decoding a page and SIFT for each figure that is checked",
        source="SIFT, Lowe 2004; RANSAC, Fischler and Bolles 1981",
        options={"depth": count("figures that are compared point by point", 50, high=500)},
        looks=True,
    )
)
