"""Box measures by hand: where the best region lies, and what chance gives for a region of that size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.evaluation.boxes import best_region, box_answer, covered, everywhere
from workbench.types import Box, Explanation, Geometry, LedgerRow, PageRef, QueryEmbedding, Region

QUARTER: Box = (0.0, 0.0, 0.5, 0.5)


def explanation(*regions: Box, ledger: tuple[Box, ...] = ()) -> Explanation:
    nothing = np.zeros((0, 4), np.float32)
    query = QueryEmbedding("q", nothing, (), np.zeros(0, np.float32), "test")
    rows = tuple(LedgerRow(i, "t", 1.0, 0.1 * i, 0.1 * i, 0.0, i, box, "") for i, box in enumerate(ledger))
    found = tuple(Region(box, 1.0, "line") for box in regions)
    geometry = Geometry(nothing, None, np.zeros(0, np.int32))
    return Explanation(
        PageRef("a", 1), query, "e", 1.0, geometry, nothing, (), rows, found, (), np.zeros(0, np.float32)
    )


def answered(found: Explanation, *boxes: Box) -> tuple[dict[str, float], dict[str, float]]:
    answer = box_answer(lambda text, ref, collection: found, "c", "1", "q", "a.pdf#page=1", boxes)
    return dict(answer.values), dict(answer.chance)


def test_a_region_in_its_box_is_a_hit_and_chance_is_the_boxes_share_of_the_page() -> None:
    values, chance = answered(explanation((0.0, 0.0, 0.5, 0.25), (0.6, 0.6, 0.7, 0.7)), QUARTER)
    assert values == {"point": 1.0, "iou": 0.5}
    assert chance["point"] == 0.25
    assert 0 < chance["iou"] < 0.5
    assert answered(explanation((0.6, 0.6, 0.7, 0.7)), QUARTER)[0] == {"point": 0.0, "iou": 0.0}


def test_the_best_of_several_boxes_counts_and_overlaps_are_counted_once() -> None:
    values, chance = answered(explanation((0.5, 0.5, 1.0, 1.0)), QUARTER, (0.5, 0.5, 1.0, 1.0), (0.25, 0.25, 0.5, 0.5))
    assert values == {"point": 1.0, "iou": 1.0}
    assert chance["point"] == 0.5


def test_a_page_without_lines_points_by_its_best_vector_and_one_that_fails_points_nowhere() -> None:
    assert best_region(explanation(ledger=((0, 0, 0.1, 0.1), (0.2, 0.2, 0.3, 0.3)))) == (0.2, 0.2, 0.3, 0.3)
    assert answered(explanation(), QUARTER)[0] == {"point": 0.0, "iou": 0.0}

    def broken(text: str, ref: PageRef, collection: str) -> Explanation:
        raise OSError("disk")

    answer = box_answer(broken, "c", "1", "q", "a.pdf#page=1", [QUARTER])
    assert (answer.values["point"], answer.chance["point"]) == (0.0, 0.25)


COORDINATE = st.floats(0, 1, width=32)
ANY_BOX = st.tuples(COORDINATE, COORDINATE, COORDINATE, COORDINATE).map(
    lambda c: (min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3]))
)


@settings(deadline=None)
@given(ANY_BOX)
def test_places_all_over_the_page_keep_the_size_and_stay_on_it(box: Box) -> None:
    places = everywhere(box)
    assert places.min() >= -1e-6
    assert places.max() <= 1 + 1e-6
    assert np.allclose(places[:, 2] - places[:, 0], box[2] - box[0], atol=1e-5)
    assert covered(np.asarray([box], np.float32)) == pytest.approx(
        (box[2] - box[0]) * (box[3] - box[1]), abs=2 / 200 + 1e-6
    )
