"""Two pipelines over many queries: rows, their order, means, and queries that cannot be searched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis.set_comparison import ComparedQuery, compare_each, summed_up
from workbench.errors import QueryError
from workbench.types import Hit, PageRef, ScoreKind, SearchResult, StageTrace, Trace

PAGES = [f"p{number}" for number in range(1, 9)]


def result(query, pages, ms=10.0, cold=False):
    hits = tuple(
        Hit(page, PageRef("a.pdf", int(page[1:])), rank, 1 / rank, ScoreKind.EXACT, ())
        for rank, page in enumerate(pages, 1)
    )
    stages = (StageTrace("encode", 5.0), StageTrace("full", ms, bytes_read=100, cold=cold))
    return SearchResult(query, "c", "e", "full:8", hits, Trace(stages))


class Lists:
    """Answers by query and pipeline, and who was asked in what order."""

    def __init__(self, a, b):
        self.lists = {"A": a, "B": b}
        self.asked = []

    def __call__(self, query, pipeline, where):
        self.asked.append((query, pipeline, where))
        if query == "bad":
            raise QueryError("This cannot be searched.")
        return result(
            query, self.lists[pipeline][query], cold=len(self.asked) == 1, ms=20.0 if pipeline == "B" else 10.0
        )


def test_rows_say_what_moved_and_come_with_those_that_differ_most_first():
    a = {"same": PAGES[:3], "turned": PAGES[:3], "other": PAGES[:3]}
    b = {"same": PAGES[:3], "turned": PAGES[2::-1], "other": PAGES[3:6]}
    search, refused = Lists(a, b), {}
    queries = [
        ComparedQuery("1", "same"),
        ComparedQuery("2", "turned", "page > 0", frozenset({"a.pdf#page=3"})),
        ComparedQuery("3", "bad"),
        ComparedQuery("4", "other", relevant=frozenset({"a.pdf#page=1"})),
    ]
    rows = list(compare_each(search, queries, ("A", "B"), refused, "kind = 'pdf'"))
    found = summed_up("A", "B", rows, refused)
    assert refused == {"3": "This cannot be searched."}
    assert [row.query.id for row in found.rows] == ["4", "2", "1"]
    other, turned, same = found.rows
    assert (same.rbo, same.overlap, same.moved, same.furthest) == (pytest.approx(1), 1, 0, None)
    assert (turned.overlap, turned.moved, turned.shared) == (1, 2, 3)
    assert (turned.furthest.rank_a, turned.furthest.rank_b) in {(1, 3), (3, 1)}
    assert (turned.first_a, turned.first_b, turned.gain) == (3, 1, pytest.approx(2 / 3))
    assert (other.shared, other.moved, other.rbo, other.gain) == (0, 6, 0, -1)
    assert found.same == 1
    assert found.overlap.mean == pytest.approx(2 / 3)
    assert found.gain.mean == pytest.approx((2 / 3 - 1) / 2)  # over the two with labels
    assert (found.taken_a.ms, found.taken_b.ms, found.taken_a.bytes_read) == (10, 20, 100)
    # Every other query is searched by B first, and each query's filter is added.
    assert search.asked[:4] == [
        ("same", "A", "(kind = 'pdf')"),
        ("same", "B", "(kind = 'pdf')"),
        ("turned", "B", "(kind = 'pdf') and (page > 0)"),
        ("turned", "A", "(kind = 'pdf') and (page > 0)"),
    ]


LISTS = st.lists(
    st.permutations(PAGES).flatmap(lambda p: st.integers(0, 8).map(lambda n: p[:n])), min_size=1, max_size=6
)


@given(LISTS, LISTS)
def test_order_and_means_are_those_of_the_rows(a, b):
    names = [str(i) for i in range(min(len(a), len(b)))]
    search = Lists(dict(zip(names, a, strict=False)), dict(zip(names, b, strict=False)))
    rows = list(compare_each(search, [ComparedQuery(name, name) for name in names], ("A", "B"), {}))
    found = summed_up("A", "B", rows, {})
    assert [row.rbo for row in found.rows] == sorted(row.rbo for row in rows)
    assert found.overlap.low - 1e-9 <= found.overlap.mean <= found.overlap.high + 1e-9
    assert found.rbo.mean == pytest.approx(sum(row.rbo for row in rows) / len(rows))
    assert found.same == sum(list(x) == list(y) for x, y in zip(a, b, strict=False))


def test_nothing_searched_has_no_means():
    found = summed_up("A", "B", [], {"1": "No."})
    assert (found.rows, found.overlap, found.rbo, found.gain, found.taken_a) == ((), None, None, None, None)
