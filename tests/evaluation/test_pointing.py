"""Judging heat by people's boxes: planted heat is found, controls are chance, and bad pages count against a way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import DatasetError, InputError, NotFoundError
from workbench.evaluation.datasets import Dataset, Question
from workbench.evaluation.pointing import FIGURES, SHOWN, WAYS, Way, _Evidence, judge
from workbench.heatmap import combined
from workbench.regions import Area, inside, iou, risen, shares
from workbench.types import DocumentInfo, Explanation, Geometry, PageRef, QueryEmbedding

ROWS = COLS = 10
TILES = [Area("text", (x / 5, y / 5, (x + 1) / 5, (y + 1) / 5), "") for y in range(5) for x in range(5)]
EVIDENCE = (0.6, 0.2, 0.8, 0.4)  # the tile of column 3, row 1


def geometry():
    ys, xs = np.divmod(np.arange(ROWS * COLS), COLS)
    boxes = np.stack([xs / COLS, ys / ROWS, (xs + 1) / COLS, (ys + 1) / ROWS], axis=1)
    return Geometry(boxes.astype(np.float32), (ROWS, COLS), np.arange(ROWS * COLS, dtype=np.int32))


def planted(box, noise=0.0):
    """An explanation whose two tokens meet inside ``box``; a third, a stop word, is about as similar to everything."""
    where = geometry()
    middle = (where.boxes[:, :2] + where.boxes[:, 2:]) / 2
    hot = ((middle >= box[:2]) & (middle <= box[2:])).all(axis=1)
    rng = np.random.default_rng(3)
    similar = np.stack([np.where(hot, 0.8, 0.1), np.where(hot, 0.7, 0.2), np.full(len(hot), 0.9)]).astype(np.float32)
    similar[2, 0] += 0.001  # its best place is the corner
    similar += noise * rng.uniform(0, 1, similar.shape).astype(np.float32)
    query = QueryEmbedding("q", np.eye(3, dtype=np.float32), ("a", "b", "the"), np.ones(3, np.float32), "test")
    return Explanation(
        PageRef("a.pdf", 1), query, "e", 2.4, where, similar, (), (), (), (), np.asarray([1, 1, 0.001], np.float32)
    )


class Shelf:
    def __init__(self, *told):
        self.told = {str(i): page for i, page in enumerate(told)}
        self.library = self.explanations = self

    def explain(self, query, ref, collection, encoder, pipeline):
        found = self.told[query]
        if found is None:
            raise NotFoundError("no vectors")
        return found

    def areas(self, ref, collection):
        return TILES

    def documents(self, name):
        return [DocumentInfo("a.pdf", 9, 9, (), "hash", 1, "now")]


def dataset(tmp_path, *boxes):
    (tmp_path / "documents").mkdir(exist_ok=True)
    return Dataset(
        "d",
        tmp_path,
        tuple(Question(str(i), str(i)) for i in range(len(boxes))),
        {str(i): {f"a.pdf#page={i + 1}": 1} for i in range(len(boxes))},
        {str(i): {f"a.pdf#page={i + 1}": (box,)} for i, box in enumerate(boxes) if box},
    )


def test_heat_planted_in_the_evidence_is_found_whole_by_every_way_that_can(tmp_path):
    found = judge(Shelf(planted(EVIDENCE)), dataset(tmp_path, EVIDENCE), "c", [*WAYS, Way.parse("mean/risen/max")])
    by_way = {str(pointed.way): pointed for pointed in found.ways}
    assert (found.questions, found.pages, found.unexplained, found.encoder) == (1, 1, 0, "e")
    for way in ("winner/plain/sum", "mean/plain/area", "mean/risen/sum", "mean/risen/max"):
        values = {name: value.mean for name, value in by_way[way].values.items()}
        assert values == pytest.approx(
            {"point": 1, "iou": 1, "hit25": 1, "hit50": 1, "any50": 1, "covers": 1, "union": 1, "size": 0.04}, abs=1e-3
        )
    # By the maximum, the stop word that is alike everywhere decides: any tile is as good, the first is taken.
    assert by_way["max/plain/max"].values["point"].mean == 0
    assert found.hottest["max/plain"].mean == 0
    assert found.hottest["shown/plain"].mean == 1  # in which a word that is everywhere counts next to nothing
    assert found.hottest["mean/plain"].mean == found.hottest["mean/risen"].mean == 1
    assert found.chance == pytest.approx(0.04, abs=0.01)


def test_controls_are_what_a_box_of_the_size_reaches_by_chance_and_in_the_middle(tmp_path):
    (pointed,) = judge(Shelf(planted(EVIDENCE)), dataset(tmp_path, EVIDENCE), "c", [SHOWN]).ways
    random, centre = pointed.controls["random"], pointed.controls["centre"]
    assert 0.02 < random["point"] < 0.09  # the evidence is a 25th of the page, and places are evenly spread
    assert 0 < random["iou"] < 0.1
    assert random["hit50"] < random["hit25"] < 0.1
    assert centre["point"] == centre["hit25"] == 0  # a box of .2 in the middle of the page is not in it
    (middle,) = judge(Shelf(planted(EVIDENCE)), dataset(tmp_path, (0.3, 0.3, 0.7, 0.7)), "c", [SHOWN]).ways
    assert middle.controls["centre"]["point"] == 1
    assert middle.controls["centre"]["covers"] == pytest.approx(0.25, abs=0.01)
    assert middle.controls["centre"]["union"] == pytest.approx(0.25, abs=0.01)


def test_a_page_that_cannot_be_explained_counts_nothing_and_questions_weigh_the_same(tmp_path):
    found = judge(Shelf(planted(EVIDENCE), None), dataset(tmp_path, EVIDENCE, EVIDENCE), "c", [SHOWN])
    assert found.unexplained == 1
    assert found.ways[0].values["point"].mean == 0.5
    with pytest.raises(DatasetError, match="no boxes"):
        judge(Shelf(planted(EVIDENCE)), dataset(tmp_path, None), "c", [SHOWN])


@given(st.integers(0, 9), st.integers(0, 9), st.integers(1, 10), st.integers(1, 10))
def test_the_size_penalised_figures_are_those_of_the_boxes_counted_cell_by_cell(x, y, w, h):
    box = np.asarray([[x / 10, y / 10, min(x + w, 10) / 10, min(y + h, 10) / 10]], np.float32)
    true = np.asarray([(0.1, 0.1, 0.5, 0.3), (0.3, 0.2, 0.9, 0.9)], np.float32)
    cells = (np.arange(100) + 0.5) / 100

    def mask(boxes):
        across = (boxes[:, :1] <= cells) & (cells < boxes[:, 2:3])
        down = (boxes[:, 1:2] <= cells) & (cells < boxes[:, 3:4])
        return (down[:, :, None] & across[:, None, :]).any(axis=0)

    ours, theirs = mask(box), mask(true)
    figures = _Evidence(true).figures(box)
    assert figures["covers"] == pytest.approx((ours & theirs).sum() / theirs.sum(), abs=0.02)
    assert figures["union"] == pytest.approx((ours & theirs).sum() / (ours | theirs).sum(), abs=0.02)
    assert figures["iou"] == pytest.approx(float(iou(box, true).max()))
    assert figures["hit50"] <= figures["hit25"]


@given(st.integers(0, 2**16))
def test_heat_inside_a_tiling_is_all_of_it_and_shares_are_its_winners(seed):
    told = planted(EVIDENCE, noise=np.random.default_rng(seed).uniform(0, 1))
    tiles = np.asarray([area.box for area in TILES], np.float32)
    heat = combined(told.similarities, told.query.weights)
    assert inside(heat, tiles, told.geometry).sum() == pytest.approx(heat.sum(), rel=1e-4)
    ranked = SHOWN.scores(told, tiles)
    assert ranked / ranked.sum() == pytest.approx(shares(told.query, told.similarities, tiles, told.geometry), abs=1e-5)


def test_what_rises_above_the_mean_of_its_token_counts_and_nothing_else():
    flat = risen(np.asarray([[0.5, 0.5, 0.5], [0.1, 0.1, 0.7]], np.float32))
    assert flat[0] == pytest.approx([0, 0, 0], abs=1e-6)
    assert flat[1] == pytest.approx([0, 0, 0.4], abs=1e-6)
    assert risen(np.zeros((2, 0), np.float32)).shape == (2, 0)


def test_ways_are_read_and_refused():
    assert [str(Way.parse(str(way))) for way in WAYS] == [str(way) for way in WAYS]
    for bad in ("winner", "winner/plain/most", "loser/plain/sum"):
        with pytest.raises(InputError, match="write one as"):
            Way.parse(bad)
    assert "point" in FIGURES
