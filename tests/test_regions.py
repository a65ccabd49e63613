"""Regions: shares that add up, measures that mean what they say, evidence that fits and does not repeat itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.regions import (
    MEASURES,
    Area,
    area_of,
    evidence,
    intersection,
    iou,
    lines,
    measure,
    regions_of,
    shares,
    won,
)
from workbench.types import Evidence, Geometry, PageRef, QueryEmbedding, Region, Words


def grid(rows: int, cols: int) -> Geometry:
    ys, xs = np.divmod(np.arange(rows * cols), cols)
    boxes = np.stack([xs / cols, ys / rows, (xs + 1) / cols, (ys + 1) / rows], axis=1)
    return Geometry(boxes.astype(np.float32), (rows, cols), np.arange(rows * cols, dtype=np.int32))


def query(tokens: int, weights: list[float] | None = None) -> QueryEmbedding:
    values = np.asarray(weights or [1.0] * tokens, np.float32)
    return QueryEmbedding("q", np.eye(tokens, 4, dtype=np.float32), tuple("abcd"[:tokens]), values, "test")


def matrix(rng: np.random.Generator, tokens: int, n: int) -> np.ndarray:
    return rng.uniform(0.05, 1, (tokens, n)).astype(np.float32)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 4), st.integers(0, 2**16))
@settings(max_examples=60, deadline=None)
def test_shares_of_a_tiling_add_up_to_the_page(rows, cols, tokens, seed):
    rng = np.random.default_rng(seed)
    where, similar = grid(rows, cols), matrix(rng, tokens, rows * cols)
    x, y = rng.uniform(0.1, 0.9, 2)  # four boxes that tile the page, and cut through patches
    tiles = np.asarray([(0, 0, x, y), (x, 0, 1, y), (0, y, x, 1), (x, y, 1, 1)], np.float32)
    found = shares(query(tokens), similar, tiles, where)
    assert found.sum() == pytest.approx(1, abs=1e-4)
    assert (found >= 0).all()


def test_the_winner_heat_is_the_maxsim_and_goes_to_the_first_of_equals():
    similar = np.asarray([[0.5, 0.5, 0.1], [0.2, 0.9, 0.3]], np.float32)
    heat = won(query(2, [2.0, 1.0]), similar)
    assert heat == pytest.approx([1.0, 0.9, 0.0])
    assert heat.sum() == pytest.approx((np.asarray([2.0, 1.0]) * similar.max(axis=1)).sum())


@pytest.mark.parametrize("how", MEASURES)
@given(st.integers(1, 7), st.integers(1, 7), st.floats(0.01, 2), st.integers(0, 2**16))
@settings(max_examples=30, deadline=None)
def test_a_constant_heat_gives_that_constant(how, rows, cols, constant, seed):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 0.5, (5, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(0.05, 0.5, (5, 2))], axis=1).astype(np.float32)
    heat = np.full(rows * cols, constant, np.float32)
    assert measure(heat, boxes, grid(rows, cols), how) == pytest.approx(np.full(5, constant), rel=1e-4)


@pytest.mark.parametrize("how", MEASURES)
def test_a_region_that_is_one_cell_has_its_heat(how):
    heat = np.arange(6, dtype=np.float32)
    cell = np.asarray([[1 / 3, 0.5, 2 / 3, 1]], np.float32) + np.asarray([[1e-3, 1e-3, -1e-3, -1e-3]], np.float32)
    assert measure(heat, cell, grid(2, 3), how) == pytest.approx([4.0])


def test_the_area_measure_is_the_mean_of_the_heat_map_painted_pixel_by_pixel():
    rng = np.random.default_rng(5)
    heat = rng.uniform(0, 1, 12).astype(np.float32)
    canvas = np.repeat(np.repeat(heat.reshape(3, 4), 100, axis=0), 100, axis=1)  # 300 x 400 pixels
    box = (0.1, 0.2, 0.65, 0.9)
    plain = canvas[60:270, 40:260].mean()
    assert measure(heat, np.asarray([box], np.float32), grid(3, 4))[0] == pytest.approx(plain, rel=1e-4)


def test_a_region_smaller_than_a_patch_keeps_its_heat_by_iou():
    heat = np.zeros(9, np.float32)
    heat[4] = 1
    tiny = np.asarray([[0.5, 0.5, 0.52, 0.52]], np.float32)  # unnormalised IoU would give a hundredth of it
    assert measure(heat, tiny, grid(3, 3), "iou") == pytest.approx([1.0])


def test_rows_and_columns_are_not_swapped():
    heat = np.zeros(6, np.float32)
    heat[2] = 1  # row 0, column 2 of a grid of 2 rows and 3 columns
    right_top = np.asarray([[0.7, 0.1, 0.9, 0.4]], np.float32)
    left_bottom = np.asarray([[0.1, 0.6, 0.4, 0.9]], np.float32)
    assert measure(heat, right_top, grid(2, 3))[0] == pytest.approx(1)
    assert measure(heat, left_bottom, grid(2, 3))[0] == 0


def test_a_vector_without_a_place_is_in_no_region():
    where = grid(1, 2)
    tiled = Geometry(
        np.r_[where.boxes, [[0, 0, 1, 1]]].astype(np.float32), (1, 2), np.asarray([0, 1, -1], np.int32)
    )  # the last is a global tile
    similar = np.asarray([[0.1, 0.2, 0.9]], np.float32)
    whole = np.asarray([[0, 0, 1, 1]], np.float32)
    assert shares(query(1), similar, whole, tiled)[0] == 0
    assert measure(similar[0], whole, tiled, "max")[0] == pytest.approx(0.2)


def test_regions_come_best_first_with_their_text():
    areas = [Area("text", (0, 0, 1, 0.5), "top"), Area("figure", (0, 0.5, 1, 1), "")]
    similar = np.asarray([[0.1, 0.2, 0.8, 0.3]], np.float32)
    found = regions_of(areas, query(1), similar, grid(2, 2), similar[0])
    assert [(region.kind, region.text) for region in found] == [("figure", ""), ("text", "top")]
    assert [region.share for region in found] == pytest.approx([1, 0])
    assert found[0].score == pytest.approx(0.55)


def test_a_region_no_vector_touches_is_left_out():
    where = Geometry(np.asarray([[0, 0, 0.2, 0.2]], np.float32), None, np.zeros(1, np.int32))
    areas = [Area("text", (0.5, 0.5, 1, 1), "far"), Area("text", (0, 0, 0.3, 0.3), "near")]
    matrices = (np.ones((1, 1), np.float32), where, np.ones(1, np.float32))
    assert [region.text for region in regions_of(areas, query(1), *matrices)] == ["near"]


def test_lines_keep_the_reading_order_and_their_boxes():
    words = Words(
        ("one", "two", "three"),
        np.asarray([[0.1, 0.5, 0.2, 0.6], [0.3, 0.5, 0.4, 0.6], [0.1, 0.1, 0.2, 0.2]], np.float32),
        np.asarray([7, 7, 3], np.int32),
        np.zeros(3, bool),
    )
    assert [(line.text, line.box) for line in lines(words)] == [
        ("one two", pytest.approx((0.1, 0.5, 0.4, 0.6))),
        ("three", pytest.approx((0.1, 0.1, 0.2, 0.2))),
    ]


def test_a_picture_is_an_area_without_words():
    box = (0.1, 0.2, 0.3, 0.4)
    assert area_of("picture", Words.empty(), [], box) == Area("picture", box, "")


def said(*texts: str) -> list[Evidence]:
    """Evidence of one page, each part having won a little less than the one before."""
    ref = PageRef("a.pdf", 1)
    return [Evidence(ref, Region((0, 0, 1, 1), 0.5, text, "text", 0.1), 1 / (i + 1)) for i, text in enumerate(texts)]


def texts(chosen: Sequence[Evidence]) -> list[str]:
    return [item.region.text for item in chosen]


def test_evidence_fits_the_budget_and_says_nothing_twice():
    long = " ".join(f"word{i}" for i in range(40))
    found = said("The least water flowed in 1913.", "the least water flowed in 1913.", long)
    assert texts(evidence(found, 12)) == ["The least water flowed in 1913."]
    assert texts(evidence(found[::-1], 1000)) == ["The least water flowed in 1913.", long]
    for tokens in (1, 3, 10, 40, 100):
        assert sum(len(text) for text in texts(evidence(found, tokens))) <= 4 * tokens


def test_a_first_part_too_long_is_cut_at_a_word():
    assert texts(evidence(said("alpha beta gamma delta"), 3)) == ["alpha beta"]


def test_iou_agrees_with_shapes_counted_cell_by_cell():
    rng = np.random.default_rng(1)
    corners = rng.integers(0, 10, (20, 2, 2))
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1) + 1], axis=1)
    canvas = np.zeros((20, 12, 12), bool)
    for i, (x0, y0, x1, y1) in enumerate(boxes):
        canvas[i, y0:y1, x0:x1] = True
    plain = np.asarray([[(a & b).sum() / (a | b).sum() for b in canvas] for a in canvas])
    assert iou(boxes.astype(np.float32), boxes.astype(np.float32)) == pytest.approx(plain, abs=1e-5)
    assert intersection(boxes.astype(np.float32), boxes.astype(np.float32))[0, 0] == canvas[0].sum()
