"""Pages with the very picture that is asked with, or a part of it: found by features, checked by local ones.

Figures that look most like the query's pictures and regions, by what the reader's classifier saw of them, are compared
point by point and laid upon one another (`sight.matching`). Pages that share enough points, or fit well, come first;
the others keep the order of the stage before, or come by likeness where there is none.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from workbench import sight
from workbench.errors import NotFoundError
from workbench.retrieval.options import count
from workbench.retrieval.ordering import Candidates, Scored, none
from workbench.retrieval.run import PipelineRun
from workbench.retrieval.step import Stage, Step, register
from workbench.sight.matching import NOTHING, Match, Print, fit, imprint, match, points, reduced
from workbench.store import Collection
from workbench.store.sights import Sights
from workbench.types import Box, PicturePart, Query, RegionPart

POINTS = 0.4
"""What the logarithm of the points that two pictures share weighs beside how well one fits the other, from 0 to 1, and
their likeness."""
SURE = 0.75
"""How well a picture without points must fit to come before what words have found: .94 of crops of a quarter of 167
pictures fit their own so or share points with it, and for one in seven another does, mostly much the same picture."""
THREADS = 2
"""Pages whose figures are compared at a time: mostly products of matrices, which let go of the interpreter."""


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
    known = [(points(picture), reduced(picture)) for picture in pictures]
    figures: dict[str, list[int]] = {}
    for number in checked:
        figures.setdefault(held.page_ids[number], []).append(number)
    checked = list(itertools.chain.from_iterable(figures.values()))
    kept = run.snapshot.prints(list(figures))

    def compared(page: str) -> list[tuple[int, float]]:
        there = _prints(run.collection, held, page, figures[page], kept)
        each = ([(len(match(one, figure.points)), fit(small, figure)) for one, small in known] for figure in there)
        return [max(found, key=lambda one: _evidence(*one)) for found in each]

    with ThreadPoolExecutor(THREADS) as pool:
        found_there = list(itertools.chain.from_iterable(pool.map(compared, figures)))
    run.cost.scored += len(checked)
    scores = np.full(len(run.snapshot), -np.inf, np.float32)
    if candidates is None:
        np.maximum.at(scores, rows[there], likeness[there])
    same = [candidates is None or points > 0 or fits >= SURE for points, fits in found_there]
    evidence = np.array([_evidence(*one) for one in found_there], np.float32) + likeness[checked]
    np.maximum.at(scores, rows[checked][same], evidence[same])
    named = np.flatnonzero(np.isfinite(scores))
    return Scored(named, scores[named], found[~np.isin(found, named)])


def _evidence(points: int, fits: float) -> float:
    """How surely a picture is another by the points that they share and how well it fits, beside their likeness.

    Six points are worth as much as four fifths of a fit, and twice as many a quarter more.
    """
    return POINTS * math.log1p(points) + fits


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
    snapshot, known = collection.snapshot(), points(picture)
    numbers, best = snapshot.sights.of(page_id), NOTHING
    figures = _prints(collection, snapshot.sights, page_id, numbers, snapshot.prints([page_id]))
    for number, figure in zip(numbers, figures, strict=True):
        one = match(known, figure.points)
        if len(one) > len(best):
            x0, y0, x1, y1 = snapshot.sights.box(number)
            there = np.array([x0, y0]) + one.there * [x1 - x0, y1 - y0]
            best = Match(one.here, np.asarray(there, np.float32))
    return best


def _prints(
    collection: Collection, sights: Sights, page_id: str, numbers: Sequence[int], kept: Mapping[str, Sequence[Print]]
) -> list[Print]:
    """What figures of a page are known again by: as it was ``kept``, or made now where an earlier Pagelens kept none.

    A page whose picture is lost, then, shows nothing.
    """
    known, all_of_page = kept.get(page_id, ()), sights.of(page_id)
    if len(known) == len(all_of_page):  # it may have been read anew meanwhile
        return [known[number - all_of_page.start] for number in numbers]
    try:
        page = collection.picture(page_id)
    except (NotFoundError, OSError):
        page = Image.new("RGB", (1, 1))
    return [imprint(_cut(page, sights.box(number))) for number in numbers]


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _cut(picture: Image.Image, box: Box) -> Image.Image:
    w, h = picture.size
    x0, y0, x1, y1 = round(box[0] * w), round(box[1] * h), round(box[2] * w), round(box[3] * h)
    return picture.crop((x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)))


register(
    Stage(
        run=run,
        name="alike",
        summary="pages with the very picture that is asked with, or a part of it, cut, scaled or pressed",
        cost="the features of every figure; SIFT of the picture, and the points of each figure that is checked",
        source="SIFT, Lowe 2004; RANSAC, Fischler and Bolles 1981",
        options={"depth": count("figures that are compared point by point", 50, high=500)},
        looks=True,
    )
)
