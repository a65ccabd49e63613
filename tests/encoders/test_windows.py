from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.encoders.windows import cut


@given(st.lists(st.integers(1, 12), max_size=200), st.integers(20, 60), st.integers(0, 15))
def test_every_word_is_spoken_for_once_by_a_window_that_holds_it_and_fits(
    pieces: list[int], size: int, overlap: int
) -> None:
    counts = np.array(pieces, np.int64)
    windows = cut(counts, size, overlap)
    spoken = [word for window in windows for word in range(window.first, window.last)]
    assert spoken == list(range(len(pieces)))
    for window in windows:
        assert window.start <= window.first <= window.last <= window.stop
        assert counts[window.start : window.stop].sum() <= size


@given(st.lists(st.integers(1, 4), min_size=100, max_size=300))
def test_a_word_inside_a_page_sees_half_the_overlap_on_both_sides(pieces: list[int]) -> None:
    counts = np.array(pieces, np.int64)
    ends = np.cumsum(counts)
    for window in cut(counts, 60, 20):
        for word in range(window.first, window.last):
            left = ends[word] - counts[word] - (ends[window.start] - counts[window.start])
            right = ends[window.stop - 1] - ends[word]
            assert window.start == 0 or left >= 20 / 2 - 8
            assert window.stop == len(pieces) or right >= 20 / 2 - 8


@pytest.mark.parametrize(("total", "windows"), [(0, 0), (1, 1), (254, 1), (255, 2), (460, 2), (461, 3)])
def test_no_more_windows_than_needed_when_words_are_single_pieces(total: int, windows: int) -> None:
    assert len(cut(np.ones(total, np.int64), 254, 48)) == windows


def test_the_last_window_is_as_long_as_the_others() -> None:
    lengths = [window.stop - window.start for window in cut(np.ones(300, np.int64), 254, 48)]
    assert len(lengths) == 2
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize(("pieces", "overlap"), [([1, 9, 1], 2), ([1, 1], 8)], ids=["long word", "wide overlap"])
def test_what_cannot_fit_is_refused(pieces: list[int], overlap: int) -> None:
    with pytest.raises(ValueError, match="need windows of more than 8"):
        cut(np.array(pieces, np.int64), 8, overlap)
