"""The verdict on a document: it names what a person can do something about, and nothing that is well."""

import pytest

from workbench.store.legibility import legibility


@pytest.mark.parametrize(
    ("counts", "verdict", "says"),
    [
        ((5, 5, 0, 0, 0), "good", "All words that were seen were read."),
        ((5, 5, 0, 0, 2), "good", "2 pages without words."),
        ((5, 5, 0, 1, 0), "partly", "1 of 5 pages could hardly be read, so its words are"),
        ((4, 4, 0, 2, 0), "badly", "2 of 4 pages could hardly be read, so their words are"),
        ((1, 1, 0, 1, 1), "badly", "Its page could hardly be read, so its words are"),
        ((3, 3, 0, 0, 3), "wordless", "No words were read"),
        ((9, 9, 4, 0, 0), "waiting", "pictures of 4 pages are still to be read"),
        ((9, 0, 0, 0, 0), "waiting", "None of its pages"),
        ((9, 8, 0, 0, 0), "good", "8 of 9 pages are in."),
    ],
)
def test_verdicts(counts: tuple[int, ...], verdict: str, says: str) -> None:
    told = legibility(*counts)
    assert told.verdict == verdict
    assert says in told.why
