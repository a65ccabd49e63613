"""Significance as letters: systems that share a letter are not told apart by the test.

The compact letter display of H.-P. Piepho, "An Algorithm for a Letter-Based Representation of All-Pairwise
Comparisons", J. Comput. Graph. Stat. 13 (2004) 456-466: here by the maximal cliques of the graph whose edges join
systems that the test does not tell apart, which gives the same groups.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from string import ascii_lowercase


def letters(count: int, different: Collection[tuple[int, int]]) -> list[str]:
    """Letters of systems 0 to ``count - 1``, best first, given the pairs (any order) that the test tells apart.

    System 0 has an ``a``. Empty strings when no pair is told apart, where letters would say nothing. Groups beyond the
    26th are numbered ``(27)``.
    """
    apart = {(min(pair), max(pair)) for pair in different}
    if not apart:
        return [""] * count
    alike = [{j for j in range(count) if j != i and (min(i, j), max(i, j)) not in apart} for i in range(count)]
    groups = sorted(sorted(group) for group in _cliques(set(), set(range(count)), set(), alike))
    found = [""] * count
    for number, group in enumerate(groups):
        for i in group:
            found[i] += ascii_lowercase[number] if number < 26 else f"({number + 1})"
    return found


def _cliques(chosen: set[int], left: set[int], done: set[int], alike: Sequence[set[int]]) -> list[set[int]]:
    """Maximal cliques (C. Bron and J. Kerbosch, Commun. ACM 16 (1973) 575-577, with a pivot)."""
    if not left and not done:
        return [chosen]
    pivot = max(left | done, key=lambda i: len(alike[i] & left))
    found = []
    for i in sorted(left - alike[pivot]):
        found += _cliques(chosen | {i}, left & alike[i], done & alike[i], alike)
        left, done = left - {i}, done | {i}
    return found
