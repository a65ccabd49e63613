import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.documents.layout import TextRun, arrange
from workbench.documents.pdfium import map_boxes

fraction = st.floats(0, 1, width=32)


@st.composite
def boxes(draw, least=0, most=40):
    n = draw(st.integers(least, most))
    points = np.array(draw(st.lists(fraction, min_size=4 * n, max_size=4 * n)), np.float32).reshape(n, 2, 2)
    return np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)


@given(boxes(), st.floats(0.2, 5))
@settings(max_examples=200, deadline=None)
def test_every_word_comes_out_once_with_its_own_box(given_boxes, aspect):
    runs = [TextRun((f"w{i}",), box[None], ocr=bool(i % 2)) for i, box in enumerate(given_boxes)]
    words = arrange(runs, aspect)
    assert sorted(words.texts) == sorted(run.texts[0] for run in runs)
    for text, box, ocr in zip(words.texts, words.boxes, words.ocr, strict=True):
        i = int(text[1:])
        assert (box == given_boxes[i]).all() and ocr == bool(i % 2)
    assert words.lines.tolist() == sorted(words.lines.tolist())
    assert words.lines.tolist() == [] or set(words.lines.tolist()) == set(range(words.lines[-1] + 1))


@given(boxes(least=1, most=20), st.randoms())
@settings(max_examples=100, deadline=None)
def test_order_does_not_depend_on_the_order_given(given_boxes, random):
    given_boxes = np.unique(given_boxes, axis=0)
    runs = [TextRun((str(i),), box[None], ocr=False) for i, box in enumerate(given_boxes)]
    # Runs with one middle are a true tie, which the order given may break.
    middles = {(float(b[1]) + float(b[3])) for b in given_boxes}
    if len(middles) < len(runs):
        return
    shuffled = list(runs)
    random.shuffle(shuffled)
    assert arrange(runs).texts == arrange(shuffled).texts


def grid(rows, columns, width, pitch=0.03):
    return [
        TextRun(
            (f"{r},{c}",),
            np.array([[c / columns, r * pitch, c / columns + width, r * pitch + 0.02]], np.float32),
            False,
        )
        for r in range(rows)
        for c in range(columns)
    ]


def test_wide_runs_side_by_side_are_columns_and_narrow_ones_are_rows():
    prose = arrange(grid(12, 2, 0.45))
    assert prose.texts == tuple(f"{r},{c}" for c in (0, 1) for r in range(12))
    assert len(set(prose.lines.tolist())) == 24
    table = arrange(grid(12, 6, 0.08))
    assert table.texts == tuple(f"{r},{c}" for r in range(12) for c in range(6))
    assert len(set(table.lines.tolist())) == 12


def test_a_thousand_lines_are_arranged_without_recursion():
    words = arrange(grid(1000, 3, 0.1, pitch=0.001))
    assert len(words) == 3000


@given(boxes(), st.sampled_from([0, 90, 180, 270]), st.floats(0.1, 1000), st.tuples(fraction, fraction))
def test_boxes_map_there_and_back(given_boxes, turn, scale, shift):
    c, s = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[turn]
    matrix = np.array([[c * scale, -s * scale, shift[0]], [s * scale, c * scale, shift[1]]])
    there = map_boxes(matrix, given_boxes)
    assert (there[:, :2] <= there[:, 2:]).all()
    inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
    assert map_boxes(inverse, there) == pytest.approx(given_boxes, abs=1e-3)
