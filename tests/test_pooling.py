"""Pooling against the definitions and golden numbers of Visual RAG Toolkit, and against its invariants."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workbench.pooling import (
    POOLS,
    adaptive,
    apply,
    block_weights,
    gauss_weights,
    gaussian,
    group_means,
    neighbour_weights,
    pool,
    sliding,
    smoothing,
    text_lines,
    triangle,
    weights,
)
from workbench.settings import POOLED_INDEXES
from workbench.types import Geometry, PageEmbedding

DIM = 8
BOX = (0.0, 0.0, 1.0, 1.0)


def unit(rng, n, dim=DIM):
    vectors = rng.normal(size=(n, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def normalised(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def grid_geometry(rows, columns, placeless=0, cells=None):
    cell = np.arange(rows * columns) if cells is None else np.asarray(cells)
    row, column = np.divmod(cell, columns)
    boxes = np.stack([column / columns, row / rows, (column + 1) / columns, (row + 1) / rows], axis=1)
    boxes = np.concatenate([boxes, np.tile(BOX, (placeless, 1))]).astype(np.float32)
    cell = np.concatenate([cell, np.full(placeless, -1)]).astype(np.int32)
    return Geometry(boxes, (rows, columns), cell)


def word_geometry(boxes):
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    return Geometry(boxes, None, np.full(len(boxes), -1, np.int32))


def page(geometry, seed=0):
    return PageEmbedding(unit(np.random.default_rng(seed), len(geometry)), geometry)


@st.composite
def geometries(draw):
    """Any page: a whole grid, a grid with holes, a tiled grid with its global tile, or words."""
    kind = draw(st.sampled_from(["grid", "holes", "tiled", "words"]))
    if kind == "words":
        rng = np.random.default_rng(draw(st.integers(0, 2**31)))
        n = draw(st.integers(1, 120))
        corner, size = rng.uniform(0, 0.9, (n, 2)), rng.uniform(0, 0.1, (n, 2))
        return word_geometry(np.concatenate([corner, corner + size], axis=1))
    rows, columns = draw(st.integers(1, 70)), draw(st.integers(1, 20))
    if kind == "holes":
        return grid_geometry(
            rows, columns, cells=draw(st.lists(st.integers(0, rows * columns - 1), min_size=1, max_size=60))
        )
    return grid_geometry(rows, columns, placeless=draw(st.integers(1, 64)) if kind == "tiled" else 0)


pages = st.builds(page, geometries(), st.integers(0, 2**31))
indexes = st.sampled_from(sorted(POOLS))


def test_every_index_a_collection_has_by_default_is_pooled_here():
    assert set(POOLED_INDEXES) <= set(POOLS)


# -- golden numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("geometry", "rows", "conv", "tiles"),
    [
        (grid_geometry(32, 32), 32, 34, 16),  # ColPali: 1,024 vectors
        (grid_geometry(32, 24, placeless=64), 32, 34, 13),  # ColSmol, A4: 832 vectors
        (grid_geometry(32, 32, placeless=64), 32, 34, 17),  # ColSmol, Letter: 1,088 vectors
        (grid_geometry(32, 23), 32, 34, 12),  # ColQwen2.5, A4: 736 vectors
        (grid_geometry(20, 36), 20, 22, 15),  # ColQwen2.5, slide: 720 vectors
        (grid_geometry(48, 16), 32, 34, 12),
        (grid_geometry(1, 1), 1, 1, 1),
    ],
    ids=["colpali", "colsmol-a4", "colsmol-letter", "colqwen-a4", "colqwen-slide", "tall", "one"],
)
def test_counts(geometry, rows, conv, tiles):
    sizes = {index: len(pool(page(geometry), index)) for index in POOLED_INDEXES}
    assert sizes == {"global": 1, "rows": rows, "conv": conv, "tiles": tiles}


def test_rows_of_a_square_grid():
    embedding = page(grid_geometry(32, 32))
    expected = normalised(embedding.vectors.reshape(32, 32, DIM).mean(axis=1))
    pooled = pool(embedding, "rows")
    np.testing.assert_allclose(pooled.vectors, expected, atol=1e-6)
    assert all(group.tolist() == list(range(32 * i, 32 * i + 32)) for i, group in enumerate(pooled.groups))


def test_tiles_of_a_tiled_model_are_the_means_of_64_consecutive_vectors():
    """Tiled models emit 64 vectors per tile and the global tile last: 4 x 3 tiles and one make 832 vectors."""
    tile_rows, tile_columns, columns = 4, 3, 24
    cell = [
        (8 * tr + r) * columns + 8 * tc + c
        for tr in range(tile_rows)
        for tc in range(tile_columns)
        for r in range(8)
        for c in range(8)
    ]
    embedding = page(grid_geometry(32, columns, placeless=64, cells=cell))
    assert len(embedding.vectors) == 832
    pooled = pool(embedding, "tiles")
    np.testing.assert_allclose(
        pooled.vectors, normalised(embedding.vectors.reshape(13, 64, DIM).mean(axis=1)), atol=1e-6
    )
    assert pooled.groups[-1].tolist() == list(range(768, 832))
    whole = normalised(embedding.vectors.mean(axis=0))
    np.testing.assert_allclose(pool(embedding, "global").vectors[0], whole, atol=1e-6)


def test_a_tile_at_the_edge_averages_the_cells_it_has():
    pooled = pool(page(grid_geometry(9, 10)), "tiles")
    assert [len(group) for group in pooled.groups] == [64, 16, 8, 2]


@pytest.mark.parametrize(("rows", "width", "count"), [
    (32, 3, 34), (32, 5, 36), (32, 1, 32), (1, 3, 1), (2, 3, 3), (3, 3, 5), (10, 3, 12), (20, 3, 22),
])  # fmt: skip
def test_sliding_window_counts(rows, width, count):
    assert sliding(rows, width).shape == (count, rows)


@settings(deadline=None)
@given(st.integers(3, 40), st.sampled_from([1, 3]))
def test_sliding_window_is_the_loop_that_defines_it(rows, width):
    values = np.random.default_rng(rows).normal(size=(rows, DIM))
    reach = width // 2
    expected = [
        values[max(0, c - reach) : min(rows - 1, c + reach) + 1].mean(axis=0) for c in range(-reach, rows + reach)
    ]
    np.testing.assert_allclose(sliding(rows, width) @ values, expected, atol=1e-12)


def test_sliding_window_by_hand():
    rows = np.eye(10)
    out = sliding(10, 3) @ rows
    np.testing.assert_allclose(out[0], rows[0])
    np.testing.assert_allclose(out[1], rows[:2].mean(axis=0))
    np.testing.assert_allclose(out[2], rows[:3].mean(axis=0))
    np.testing.assert_allclose(out[5], rows[3:6].mean(axis=0))
    np.testing.assert_allclose(out[-1], rows[9])


@settings(deadline=None)
@given(st.integers(1, 130), st.integers(1, 40))
def test_adaptive_bins_are_floor_to_ceil(rows, bins):
    matrix = adaptive(rows, bins)
    for i in range(bins):
        members = list(range(math.floor(i * rows / bins), math.ceil((i + 1) * rows / bins)))
        assert np.flatnonzero(matrix[i]).tolist() == members
        np.testing.assert_allclose(matrix[i, members], 1 / len(members))


def test_adaptive_bins_of_48_rows_overlap():
    assert [np.flatnonzero(row).tolist() for row in adaptive(48, 32)[:3]] == [[0, 1], [1, 2], [3, 4]]


def test_adaptive_bins_are_those_of_torch():
    import torch

    for rows in (5, 23, 32, 33, 48, 64, 71):
        values = np.random.default_rng(rows).normal(size=(DIM, rows))
        bins = min(32, rows)
        expected = torch.nn.functional.adaptive_avg_pool1d(torch.from_numpy(values)[None], bins)[0].numpy()
        np.testing.assert_allclose(values @ adaptive(rows, bins).T, expected, atol=1e-9)


def test_few_rows_are_never_made_more():
    embedding = page(grid_geometry(20, 36))
    expected = normalised(embedding.vectors.reshape(20, 36, DIM).mean(axis=1))
    np.testing.assert_allclose(pool(embedding, "rows").vectors, expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(32, 32), (20, 36), (64, 7), (1, 5)])
def test_global_is_the_mean_of_all_where_bins_are_equal(shape):
    embedding = page(grid_geometry(*shape))
    whole = normalised(embedding.vectors.mean(axis=0))
    np.testing.assert_allclose(pool(embedding, "global").vectors[0], whole, atol=1e-6)


def test_global_is_the_mean_of_the_rows_where_bins_overlap():
    embedding = page(grid_geometry(48, 4))
    rows = embedding.vectors.reshape(48, 4, DIM).mean(axis=1)
    bins = np.stack([rows[i * 48 // 32 : -(-(i + 1) * 48 // 32)].mean(axis=0) for i in range(32)])
    np.testing.assert_allclose(pool(embedding, "global").vectors[0], normalised(bins.mean(axis=0)), atol=1e-6)


def test_columns_of_a_grid():
    embedding = page(grid_geometry(20, 36))
    means = embedding.vectors.reshape(20, 36, DIM).mean(axis=0)
    np.testing.assert_allclose(pool(embedding, "columns").vectors, normalised(adaptive(36, 32) @ means), atol=1e-6)


def test_kernels_of_the_published_code_and_of_the_paper():
    np.testing.assert_allclose(gaussian(3) / gaussian(3).sum(), [0.1065, 0.7870, 0.1065], atol=5e-5)
    np.testing.assert_allclose(gaussian(5) / gaussian(5).sum(), [0.0545, 0.2442, 0.4026, 0.2442, 0.0545], atol=5e-5)
    np.testing.assert_allclose(gaussian(3), [0.135, 1, 0.135], atol=5e-4)
    np.testing.assert_allclose(gaussian(3, sigma=1), [0.61, 1, 0.61], atol=5e-3)  # as the paper prints them
    assert triangle(3).tolist() == [1, 2, 1]
    assert triangle(5).tolist() == [1, 2, 3, 2, 1]


def test_an_impulse_through_the_gaussian():
    np.testing.assert_allclose(smoothing(9, gaussian(3))[:, 4][3:6], [0.1065, 0.7870, 0.1065], atol=5e-5)
    np.testing.assert_allclose(smoothing(9, gaussian(3))[:2, 0], [0.8808, 0.1065], atol=5e-5)


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 9), st.booleans())
def test_smoothing_is_the_loop_that_defines_it(rows, width, triangular):
    kernel = triangle(width) if triangular else gaussian(width)
    values = np.random.default_rng(rows).normal(size=(rows, DIM))
    expected = []
    for i in range(rows):
        terms = [(kernel[t], i - width // 2 + t) for t in range(width) if 0 <= i - width // 2 + t < rows]
        expected.append(sum(w * values[j] for w, j in terms) / sum(w for w, _ in terms))
    np.testing.assert_allclose(smoothing(rows, kernel) @ values, expected, atol=1e-12)


def test_gauss_takes_both_published_sigmas():
    embedding = page(grid_geometry(10, 4))
    rows = embedding.vectors.reshape(10, 4, DIM).mean(axis=1)
    for sigma, side in ((0.0, 0.135335), (1.0, 0.606531)):
        middle = (side * rows[3] + rows[4] + side * rows[5]) / (1 + 2 * side)
        pooled = apply(gauss_weights(embedding.geometry, 3, sigma), embedding)
        np.testing.assert_allclose(pooled.vectors[4], normalised(middle), atol=1e-5)


def test_a_tile_and_its_four_neighbours():
    """4 x 3 tiles and a global tile: what one tile at (1, 1) gives to the others."""
    geometry = grid_geometry(32, 24, placeless=64)
    matrix = neighbour_weights(geometry)
    inside = (geometry.cell // 24 // 8 == 1) & (geometry.cell % 24 // 8 == 1)
    given_to = matrix[:, inside].sum(axis=1)
    expected = np.zeros(13)
    expected[[4, 1, 3, 5, 7]] = 0.2, 0.25, 0.25, 0.25, 0.2
    np.testing.assert_allclose(given_to, expected, atol=1e-12)
    np.testing.assert_allclose(matrix[12, -64:], 1 / 64)
    assert not matrix[12, :-64].any()


def test_tiles_and_every_vector_of_the_global_tile():
    embedding = page(grid_geometry(32, 24, placeless=64))
    pooled = pool(embedding, "tiles-global")
    assert len(pooled) == 76
    np.testing.assert_allclose(pooled.vectors[:12], pool(embedding, "tiles").vectors[:12], atol=1e-6)
    np.testing.assert_allclose(pooled.vectors[12:], embedding.vectors[-64:], atol=1e-6)


def test_blocks_of_a_grid_that_divides_are_means_of_squares():
    embedding = page(grid_geometry(32, 32))
    squares = embedding.vectors.reshape(8, 4, 8, 4, DIM).mean(axis=(1, 3)).reshape(64, DIM)
    np.testing.assert_allclose(pool(embedding, "blocks").vectors, normalised(squares), atol=1e-6)


def test_blocks_cut_a_page_the_same_way_for_a_grid_and_for_boxes():
    geometry = grid_geometry(32, 23)
    words = word_geometry(geometry.boxes)
    for side in (1, 2, 5, 8):
        np.testing.assert_allclose(block_weights(words, side), block_weights(geometry, side))


# -- words ------------------------------------------------------------------------------------------------------------


def line_of_words(top, count, height=0.02, jitter=0.0):
    left = np.linspace(0.1, 0.8, count)
    shift = jitter * (-1.0) ** np.arange(count)
    return [(x, top + s, x + 0.05, top + s + height) for x, s in zip(left, shift, strict=True)]


def test_words_of_a_line_are_a_row_however_they_are_ordered():
    boxes = np.array(line_of_words(0.1, 5, jitter=0.002) + line_of_words(0.15, 3) + line_of_words(0.5, 4))
    shuffle = np.random.default_rng(0).permutation(len(boxes))
    lines = np.repeat([0, 1, 2], [5, 3, 4])
    assert text_lines(boxes).tolist() == lines.tolist()
    assert text_lines(boxes[shuffle]).tolist() == lines[shuffle].tolist()


def test_a_tall_word_does_not_swallow_the_lines_beside_it():
    boxes = [(0.01, 0.1, 0.03, 0.9)]  # a stamp along the margin
    for i in range(20):
        boxes += line_of_words(0.1 + 0.04 * i, 6)
    words = text_lines(np.array(boxes))[1:].reshape(20, 6)
    assert (words == words[:, :1]).all()
    assert (np.diff(words[:, 0]) > 0).all()


def test_rows_of_words_are_lines_and_at_most_32():
    few = word_geometry(line_of_words(0.1, 5) + line_of_words(0.3, 2))
    embedding = page(few)
    pooled = pool(embedding, "rows")
    assert [group.tolist() for group in pooled.groups] == [[0, 1, 2, 3, 4], [5, 6]]
    np.testing.assert_allclose(pooled.vectors[0], normalised(embedding.vectors[:5].mean(axis=0)), atol=1e-6)
    many = word_geometry([box for i in range(50) for box in line_of_words(0.01 + 0.0195 * i, 3, height=0.01)])
    pooled = pool(page(many), "rows")
    assert len(pooled) == 32
    assert pooled.groups[0].tolist() == list(range(6))  # lines 0 and 1
    assert len(pool(page(many), "conv")) == 34


def test_a_row_of_one_word_says_as_much_as_a_row_of_five():
    embedding = page(word_geometry(line_of_words(0.1, 5) + line_of_words(0.3, 1)))
    lines = [embedding.vectors[:5].mean(axis=0), embedding.vectors[5]]
    expected = normalised(np.mean(lines, axis=0))
    np.testing.assert_allclose(pool(embedding, "global").vectors[0], expected, atol=1e-6)


def test_words_are_tiled_by_parts_of_the_page_and_empty_parts_left_out():
    boxes = [
        (0.0, 0.0, 0.1, 0.02),  # row 0, column 0
        (0.9, 0.01, 1.0, 0.03),  # row 0, column 3
        (0.05, 0.05, 0.1, 0.06),  # row 0, column 0
        (0.95, 0.98, 1.0, 1.0),  # row 5, column 3
    ]
    assert [group.tolist() for group in pool(page(word_geometry(boxes)), "tiles").groups] == [[0, 2], [1], [3]]


def test_a_page_without_words_has_one_vector_everywhere():
    embedding = page(word_geometry([BOX]))
    for index in POOLED_INDEXES:
        pooled = pool(embedding, index)
        np.testing.assert_allclose(pooled.vectors, embedding.vectors, atol=1e-6)
        assert [group.tolist() for group in pooled.groups] == [[0]]


# -- laws that hold for every page -----------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(pages, indexes)
def test_shape_of_the_result(embedding, index):
    pooled = pool(embedding, index)
    assert pooled.vectors.dtype == np.float32
    assert pooled.vectors.flags.c_contiguous
    most = {"global": 1, "rows": 32, "conv": 34, "columns": 32, "gauss": 32, "triangular": 32, "blocks": 65}
    assert len(pooled.vectors) == len(pooled.groups) <= most.get(index, 10_000)
    np.testing.assert_allclose(np.linalg.norm(pooled.vectors, axis=1), 1, atol=1e-5)
    assert all(len(group) and group.dtype == np.int64 and (np.diff(group) > 0).all() for group in pooled.groups)


@settings(max_examples=80, deadline=None)
@given(geometries(), indexes)
def test_weights_are_means_over_the_groups(geometry, index):
    matrix = weights(geometry, index)
    assert (matrix >= 0).all()
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-12)
    placeless = geometry.grid is not None and (geometry.cell < 0)
    covered = (matrix > 0).any(axis=0)
    spared = index in ("rows", "columns", "conv", "gauss", "triangular")
    assert (covered | placeless).all() if spared else covered.all()


@settings(max_examples=80, deadline=None)
@given(pages, indexes)
def test_pages_that_share_a_grid_share_nothing_else(embedding, index):
    """Weights are remembered by cells: to the bit what they are of this page, wherever its boxes are."""
    geometry, moved = embedding.geometry, embedding.geometry
    if geometry.grid is not None and (geometry.cell >= 0).any():
        moved = Geometry(geometry.boxes * np.float32(0.5), geometry.grid, geometry.cell)
    expected = apply(weights(geometry, index), embedding)
    for one in (geometry, moved):
        found = pool(PageEmbedding(embedding.vectors, one), index)
        assert found.vectors.tobytes() == expected.vectors.tobytes()
        assert [group.tolist() for group in found.groups] == [group.tolist() for group in expected.groups]


@settings(max_examples=80, deadline=None)
@given(pages, indexes)
def test_groups_reproduce_the_vectors(embedding, index):
    """Tiles always, and the others where the rows are equal: a whole grid of no more than 32 rows."""
    geometry = embedding.geometry
    equal = geometry.grid is not None and geometry.grid[0] <= 32 and len(geometry) == math.prod(geometry.grid)
    smoothed = index in ("gauss", "triangular", "neighbours")
    assume(index in ("tiles", "blocks", "tiles-global") or (equal and not smoothed))
    pooled = pool(embedding, index)
    for vector, group in zip(pooled.vectors, pooled.groups, strict=True):
        mean = embedding.vectors[group].astype(np.float64).mean(axis=0)
        np.testing.assert_allclose(vector, normalised(mean), atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(geometries(), indexes, st.integers(0, 2**31))
def test_order_of_the_vectors_does_not_matter(geometry, index, seed):
    """The same groups with the same vectors; those of a global tile, which have no place, keep the order given."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(geometry))
    shuffled = Geometry(geometry.boxes[order], geometry.grid, geometry.cell[order])
    vectors = unit(rng, len(geometry))
    before, after = pool(PageEmbedding(vectors, geometry), index), pool(PageEmbedding(vectors[order], shuffled), index)
    groups, expected = [sorted(order[group].tolist()) for group in after.groups], [g.tolist() for g in before.groups]
    place = list(range(len(expected)))
    if index == "tiles-global":
        place = [groups.index(group) for group in expected]
        assert sorted(place) == list(range(len(groups)))
    assert [groups[i] for i in place] == expected
    np.testing.assert_allclose(after.vectors[place], before.vectors, atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 2**31))
def test_swapping_columns_within_a_row_leaves_the_rows_alone(rows, columns, seed):
    rng = np.random.default_rng(seed)
    geometry = grid_geometry(rows, columns)
    vectors = unit(rng, rows * columns)
    swapped = np.concatenate([rng.permutation(row) for row in vectors.reshape(rows, columns, DIM)])
    before = pool(PageEmbedding(vectors, geometry), "rows").vectors
    np.testing.assert_allclose(pool(PageEmbedding(swapped, geometry), "rows").vectors, before, atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(geometries(), indexes, st.integers(0, 2**31))
def test_means_never_score_above_the_vectors_they_are_means_of(geometry, index, seed):
    """Jensen: holds before the means are scaled to length 1, and so bounds pooled MaxSim by full MaxSim."""
    rng = np.random.default_rng(seed)
    vectors, query = unit(rng, len(geometry)).astype(np.float64), unit(rng, 5)
    matrix = weights(geometry, index)
    scores = (matrix @ vectors) @ query.T
    for row, score in zip(matrix, scores, strict=True):
        assert (score <= (vectors[row > 0] @ query.T).max(axis=0) + 1e-9).all()
    assert scores.max(axis=0).sum() <= (vectors @ query.T).max(axis=0).sum() + 1e-9


@settings(max_examples=40, deadline=None)
@given(geometries(), indexes)
def test_a_page_of_one_vector_repeated_pools_to_that_vector(geometry, index):
    vector = unit(np.random.default_rng(1), 1)
    pooled = pool(PageEmbedding(np.repeat(vector, len(geometry), axis=0), geometry), index)
    np.testing.assert_allclose(pooled.vectors, np.repeat(vector, len(pooled), axis=0), atol=1e-6)


def test_one_vector_per_row_and_tile_is_left_as_it_is():
    embedding = page(grid_geometry(16, 1))
    np.testing.assert_allclose(pool(embedding, "rows").vectors, embedding.vectors, atol=1e-6)


def test_vectors_that_cancel_out_leave_a_direction():
    vector = unit(np.random.default_rng(1), 1)
    embedding = PageEmbedding(np.concatenate([vector, -vector]), grid_geometry(1, 2))
    for index in POOLED_INDEXES:
        np.testing.assert_allclose(pool(embedding, index).vectors, vector, atol=1e-6)


def test_refusals():
    with pytest.raises(ValueError, match=r"no pooled index 'row'; there are global, rows, columns, tiles"):
        pool(page(grid_geometry(2, 2)), "row")
    with pytest.raises(ValueError, match="without vectors"):
        pool(page(word_geometry([])), "rows")


def test_group_means_leave_out_what_has_no_group():
    assert group_means([2, -1, 2, 5]).tolist() == [[0.5, 0, 0.5, 0], [0, 0, 0, 1]]


@given(pages, indexes, st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_vectors_of_a_prompt_change_no_pool(page, index, seed):
    """Vectors that show nothing of the page stand before, among and after the others; pools are what they were."""
    assume(page.geometry.grid is not None)
    rng = np.random.default_rng(seed)
    n = len(page.vectors)
    shown = np.zeros(n + 5, bool)
    shown[np.sort(rng.choice(n + 5, n, replace=False))] = True
    boxes, cell, vectors = np.zeros((n + 5, 4), np.float32), np.full(n + 5, -1, np.int32), unit(rng, n + 5)
    boxes[shown], cell[shown], vectors[shown] = page.geometry.boxes, page.geometry.cell, page.vectors
    plain = pool(page, index)
    among = pool(PageEmbedding(vectors, Geometry(boxes, page.geometry.grid, cell)), index)
    np.testing.assert_array_equal(among.vectors, plain.vectors)
    numbers = np.flatnonzero(shown)
    assert [group.tolist() for group in among.groups] == [numbers[group].tolist() for group in plain.groups]
