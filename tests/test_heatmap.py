"""The heatmap is true to the boxes of the vectors, for grids and for words."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.errors import InputError
from workbench.heatmap import (
    COLOURS,
    MIN_SPAN,
    SHARED,
    TRACE,
    Look,
    bounds,
    coloured,
    combined,
    draw,
    laid,
    paint,
    palette,
    save,
    scaled,
    strength,
    token_weights,
    values,
)
from workbench.types import Explanation, Geometry, PageRef, QueryEmbedding


def grid(rows: int, columns: int, extra: int = 0) -> Geometry:
    """Cells of a grid in order, then vectors without a place."""
    boxes = [
        (c / columns, r / rows, (c + 1) / columns, (r + 1) / rows) for r in range(rows) for c in range(columns)
    ] + [(0.0, 0.0, 1.0, 1.0)] * extra
    cell = [*range(rows * columns), *[-1] * extra]
    return Geometry(np.array(boxes, np.float32), (rows, columns), np.array(cell, np.int32))


def explained(similarities: list[list[float]], geometry: Geometry, weights: list[float] | None = None) -> Explanation:
    matrix = np.array(similarities, np.float32)
    m = len(matrix)
    given = np.ones(m) if weights is None else weights
    query = QueryEmbedding(
        "q", np.zeros((m, 2), np.float32), tuple(f"t{i}" for i in range(m)), np.asarray(given, np.float32), "all"
    )
    return Explanation(PageRef("a.pdf", 1), query, "fake", 1.0, geometry, matrix, (), (), (), (), query.weights)


def test_only_the_hot_cell_of_a_grid_changes() -> None:
    heat = [0.0] * 12
    heat[7] = 1.0
    page = Image.new("RGB", (101, 67), "white")
    changed = np.any(np.asarray(draw(page, explained([heat], grid(3, 4)))) != 255, axis=2)
    rows, columns = np.nonzero(changed)
    assert (rows.min(), rows.max() + 1) == (round(67 / 3), round(2 * 67 / 3))
    assert (columns.min(), columns.max() + 1) == (round(3 * 101 / 4), 101)
    assert changed.sum() == (rows.max() + 1 - rows.min()) * (columns.max() + 1 - columns.min())


@pytest.mark.parametrize(("rows", "columns", "size"), [(32, 32, (448, 633)), (27, 19, (333, 471)), (5, 7, (3, 2))])
def test_cells_cover_the_page_without_seam_or_overlap(rows: int, columns: int, size: tuple[int, int]) -> None:
    heat = np.arange(rows * columns, dtype=np.float32)
    canvas = paint(heat, grid(rows, columns), size)
    assert canvas.shape == (size[1], size[0])
    assert not np.isnan(canvas).any()
    if rows < size[1] and columns < size[0]:
        assert set(canvas.ravel()) == set(heat)


def test_words_paint_their_box_and_vectors_without_a_place_nothing() -> None:
    words = Geometry(np.array([[0.1, 0.2, 0.3, 0.4], [0.2, 0.2, 0.5, 0.4]], np.float32), None, np.full(2, -1, np.int32))
    canvas = paint(np.array([2.0, 1.0], np.float32), words, (100, 50))
    assert np.isnan(canvas[:, :10]).all()
    assert np.isnan(canvas[:10]).all()
    assert (canvas[10:20, 10:30] == 2).all()  # the overlap shows the higher heat
    assert (canvas[10:20, 30:50] == 1).all()
    assert np.nanmax(paint(np.array([1, 1, 1, 1, 9], np.float32), grid(2, 2, extra=1), (10, 10))) == 1


def test_a_box_of_no_width_at_the_far_edge_keeps_a_pixel() -> None:
    thin = Geometry(np.array([[1.0, 1.0, 1.0, 1.0]], np.float32), None, np.full(1, -1, np.int32))
    canvas = paint(np.ones(1, np.float32), thin, (10, 10))
    assert np.argwhere(~np.isnan(canvas)).tolist() == [[9, 9]]


def test_the_heat_of_several_words_is_their_mean_by_weight_and_of_one_its_own() -> None:
    explanation = explained([[0.5, 0.1], [0.2, 0.4]], grid(1, 2), [1.0, 3.0])
    assert values(explanation).tolist() == pytest.approx([(0.5 + 3 * 0.2) / 4, (0.1 + 3 * 0.4) / 4])
    assert values(explanation, join="max").tolist() == pytest.approx([0.2, 0.4])  # the first counts a third
    for join in ("mean", "max"):
        assert values(explanation, [0], join).tolist() == pytest.approx([0.5, 0.1])
    assert values(explanation, []).tolist() == [0, 0]
    for wrong in ([2], [-1]):
        with pytest.raises(InputError, match="tokens 0 to 1"):
            values(explanation, wrong)


def test_rare_words_count_most_and_every_word_shows_where_it_is_met_when_chosen_alone() -> None:
    weights = token_weights(np.array([4, 1, 0, 0, -2], np.float32))  # rare, less so, on every page twice, unwanted
    assert weights.tolist() == pytest.approx([1, 0.25, TRACE, TRACE, 0.5 * TRACE**2])
    similar = np.array([[0.9, 0, 0, 0, 0], [0, 0.9, 0, 0, 0], [0, 0, 0.9, 0, 0.1], [0, 0, 0, 0.9, 0.1]], np.float32)
    similar = np.concatenate([similar, [[0, 0, 0, 0, 0.9]]]).astype(np.float32)
    for join in ("mean", "max"):
        assert combined(similar, weights, None, join).argmax() == 0
        assert combined(similar, weights, None, join)[2:].max() < 0.002  # neither common nor unwanted words are seen
        assert combined(similar, weights, [4], join).argmax() == 4
        assert combined(similar, weights, [2, 3, 4], join)[[2, 3]] == pytest.approx([0.9, 0.9], rel=0.51)
    assert combined(similar, weights, [2, 3]).tolist() == pytest.approx([0, 0, 0.45, 0.45, 0.1])
    assert token_weights(np.zeros(3, np.float32)).tolist() == pytest.approx([TRACE] * 3)
    assert token_weights(np.zeros(0, np.float32)).shape == (0,)


def test_colours_go_from_the_middle_value_of_the_page_to_its_highest_or_are_the_same_on_all_pages() -> None:
    page = explained([[0.1, 0.2, 0.3, 0.7, 0.99]], grid(2, 2, extra=1))  # the last has no place and is not counted
    assert bounds(page, Look()) == pytest.approx((0.25, 0.7))
    assert bounds(page, Look(range="shared")) == SHARED["one"]
    two = explained([[0.1, 0.2], [0.3, 0.7]], grid(1, 2))
    assert bounds(two, Look(range="shared")) == SHARED["several"]
    assert bounds(two, Look((1,), range="shared")) == bounds(two, Look(join="max", range="shared")) == SHARED["one"]
    assert scaled(np.array([0, 0.25, 0.475, 0.7, 9, np.nan], np.float32), 0.25, 0.7).tolist() == pytest.approx(
        [0, 0, 0.5, 1, 1, 0]
    )
    assert scaled(np.array([0.5, 0.5 + MIN_SPAN / 4], np.float32), 0.5, 0.5 + MIN_SPAN / 4).max() < 0.26


def test_opacity_and_colours_do_what_they_say() -> None:
    page = Image.new("RGB", (20, 10), (200, 100, 255))
    explanation = explained([[0.0, 1.0]], grid(1, 2))
    assert (np.asarray(draw(page, explanation, Look(opacity=0.0))) == np.asarray(page)).all()
    for name, colour in COLOURS.items():
        last, under = palette(name)[-1].astype(float), np.array([200, 100, 255.0])
        over = last * under / 255 if colour.multiply else last
        drawn = np.asarray(draw(page, explanation, Look(colour=name, opacity=1.0)))
        assert (drawn[:, :10] == under).all()
        assert (drawn[:, 10:] == np.rint(over)).all()
        half = np.asarray(draw(page, explanation, Look(colour=name, opacity=0.5)))[0, 15].astype(float)
        assert half == pytest.approx((under + over) / 2, abs=1.5)
    for wrong, words in (
        ({"colour": "jet"}, "no colour map 'jet'"),
        ({"join": "sum"}, "no way to join words 'sum'"),
        ({"range": "x"}, "no range of colours 'x'"),
        ({"opacity": 1.5}, "from 0 to 1"),
    ):
        with pytest.raises(InputError, match=words):
            Look(**wrong)


def test_ink_leaves_black_letters_black() -> None:
    page = Image.new("RGB", (2, 1), "black")
    full = coloured(np.ones((1, 2), np.float32), Look(opacity=1.0))
    assert np.asarray(laid(page, full, "ember")).max() == 0
    assert np.asarray(laid(page, full, "viridis")).max() > 0


def test_a_page_without_differences_stays_as_it_is() -> None:
    page = Image.new("RGB", (20, 10), "white")
    assert np.asarray(draw(page, explained([[0.3, 0.3]], grid(1, 2)))).min() == 255
    none = Geometry(np.zeros((0, 4), np.float32), None, np.zeros(0, np.int32))
    assert np.asarray(draw(page, explained([[]], none))).min() == 255
    assert not strength(explained([[]], none), (4, 3)).any()


def test_pictures_keep_their_size_and_need_a_suffix(tmp_path: Path) -> None:
    page = Image.new("L", (31, 17), 200)
    drawn = draw(page, explained([[0.1, 0.9]], grid(1, 2)))
    assert (drawn.size, drawn.mode) == ((31, 17), "RGB")
    for name in ("x.png", "x.webp", "x.jpg"):
        save(drawn, tmp_path / name)
        assert Image.open(tmp_path / name).size == (31, 17)
    with pytest.raises(InputError, match="kind of picture"):
        save(drawn, tmp_path / "x.heat")


@pytest.mark.parametrize("colour", [name for name, known in COLOURS.items() if known.multiply])
def test_letters_stay_readable_below_ink(colour):
    """WCAG 2.2: 4.5 to 1 between the black of the letters and the paper around them, at every strength."""
    look = Look(colour=colour)
    white = Image.new("RGB", (256, 1), "white")
    inked = np.asarray(laid(white, coloured(np.linspace(0, 1, 256)[None], look), colour), float)[0] / 255
    linear = np.where(inked <= 0.04045, inked / 12.92, ((inked + 0.055) / 1.055) ** 2.4)
    light = linear @ [0.2126, 0.7152, 0.0722]
    assert ((light + 0.05) / 0.05).min() >= 4.5
    assert (np.diff(light) <= 0).mean() > 0.98  # and more heat is darker
