"""A search whose stages screen is the search without: the same pages, in the same order, of the same scores."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.retrieval.arrays import INDEXES, collection, order, run
from workbench import screening
from workbench.screening import Screen, rounded

pytestmark = pytest.mark.skipif(not screening.is_fast(), reason="this processor does not multiply bytes quickly")


@pytest.fixture(autouse=True)
def _however_few(monkeypatch):
    monkeypatch.setattr(screening, "LEAST", 0)


def screened(arrays):
    """The collection with its pooled vectors rounded as well."""
    for index in INDEXES[:-1]:
        held = arrays.vectors(index)
        arrays._vectors[index] = replace(held, screen=Screen(*rounded(held.flat, held.lengths)))
    return arrays


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.integers(4, 80), st.integers(1, 12), st.sampled_from(INDEXES[:-1]), st.booleans())
def test_lists_and_scores_are_those_of_a_full_comparison(seed, pages, keep, index, filtered):
    plain, less = collection(seed % 1000, pages), collection(seed % 1000, pages)
    keep = min(keep, pages)
    twins = [page for page in plain.pages if int(page[1:]) % 3 == 0]
    for arrays in (plain, less):  # equal pages, which come in the order of their names
        for page in twins:
            arrays.pages[page] = (arrays.pages[page][0], arrays.pages[twins[0]][1])
        arrays._vectors.clear()
    screened(less)
    for pipeline in (
        f"{index}:{keep}",
        f"bm25:{pages} > {index}:{keep}",
        f"global:{max(pages // 4, keep)} > {index}:{keep}",
    ):
        found, expected = (run(arrays, pipeline, seed, "d1.pdf" if filtered else None) for arrays in (less, plain))
        assert order(found) == order(expected)
        assert [hit.score for hit in found.hits] == pytest.approx([hit.score for hit in expected.hits], rel=1e-6)
        stages = [[(s.scored, s.vectors_compared, s.candidates_out) for s in r.trace.stages] for r in (found, expected)]
        assert stages[0] == stages[1]


def test_a_damaged_page_is_told_of_as_without():
    arrays = collection(3, 60)
    held = arrays.vectors("rows")
    held.flat[held.starts[11]] = np.nan
    expected = run(arrays, "rows:5", 3)
    found = run(screened(arrays), "rows:5", 3)
    assert found.notes == expected.notes != ()
    assert order(found) == order(expected)
