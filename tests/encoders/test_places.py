from __future__ import annotations

import numpy as np
import pytest

from workbench.encoders import places

WHOLE = (0.0, 0.0, 1.0, 1.0)


def test_cells_tile_the_crop_row_by_row() -> None:
    boxes = places.cells(2, 4, (0.2, 0.1, 1.0, 0.5))
    np.testing.assert_allclose(boxes[0], [0.2, 0.1, 0.4, 0.3], atol=1e-6)
    np.testing.assert_allclose(boxes[3], [0.8, 0.1, 1.0, 0.3], atol=1e-6)
    np.testing.assert_allclose(boxes[4], [0.2, 0.3, 0.4, 0.5], atol=1e-6)
    np.testing.assert_allclose(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1).sum(), 0.8 * 0.4, atol=1e-6)


def test_a_tile_s_vectors_land_at_their_place_in_the_whole_grid() -> None:
    """Local cell (i, j) of tile (r, c) is cell (r * side + i, c * side + j); reading them row by row fails this."""
    tiles = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), None]
    found = places.tiled(tiles, 4, WHOLE)
    assert found.grid == (8, 12)
    at = 4 * 16 + 2 * 4 + 3  # tile (1, 1), local (2, 3)
    assert found.cell[at] == (1 * 4 + 2) * 12 + 1 * 4 + 3
    np.testing.assert_allclose(found.boxes[at], [7 / 12, 6 / 8, 8 / 12, 7 / 8], atol=1e-6)
    assert sorted(found.cell[found.cell >= 0].tolist()) == list(range(96))


def test_the_whole_picture_s_tile_has_boxes_but_no_cells() -> None:
    found = places.tiled([(0, 0), None], 2, WHOLE)
    assert found.cell.tolist() == [0, 1, 2, 3, -1, -1, -1, -1]
    np.testing.assert_array_equal(found.boxes[4:], places.cells(2, 2, WHOLE))


def test_a_picture_that_was_not_cut_is_one_grid() -> None:
    found = places.tiled([None], 8, WHOLE)
    assert found.grid == (8, 8)
    assert found.cell.tolist() == list(range(64))


def test_vectors_among_those_of_a_prompt_keep_their_places_and_the_others_have_none() -> None:
    shown = np.array([False, True, True, False, True, True, False])
    plain = places.grid(2, 2, (0.2, 0.1, 0.8, 0.5))
    found = places.among(plain, shown)
    np.testing.assert_array_equal(found.boxes[shown], plain.boxes)
    assert found.cell.tolist() == [-1, 0, 1, -1, 2, 3, -1]
    assert found.grid == (2, 2) and not found.boxes[~shown].any()
    assert found.shown.tolist() == found.placed.tolist() == shown.tolist()
    with pytest.raises(ValueError, match="shape"):
        places.among(plain, np.ones(7, np.bool_))
