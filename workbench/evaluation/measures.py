"""Measures by their ir-measures names, over runs of page refs in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.errors import InputError

DEFAULT = ("nDCG@5", "nDCG@10", "R@1", "R@5", "R@10", "RR@10")

Qrels = Mapping[str, Mapping[str, int]]
Run = Mapping[str, Sequence[str]]
"""For each query the pages found, best first."""


def per_query(qrels: Qrels, run: Run, names: Sequence[str] = DEFAULT) -> dict[str, dict[str, float]]:
    """Each measure for each query of ``qrels``: ``result[query][measure]``.

    A query without results, or a relevant page that is nowhere, counts as a miss. nDCG has linear gain, as trec_eval's.
    `InputError` for an unknown measure or a page ranked twice.
    """
    import ir_measures

    try:
        measures = [ir_measures.parse_measure(name) for name in names]
    except (NameError, ValueError, SyntaxError, TypeError) as error:
        raise InputError(
            f"Unknown measure among {', '.join(names)} ({error}); names are as nDCG@5, R@10, RR@10."
        ) from None
    for query, pages in run.items():
        if len(set(pages)) != len(pages):
            raise InputError(f"The run ranks a page twice for query {query}; each page may be ranked once.")
    # trec_eval sorts by score and breaks ties by id, so a score that falls with the rank keeps our order.
    scored = {
        query: {page: float(len(pages) - i) for i, page in enumerate(pages)} for query, pages in run.items() if pages
    }
    judged = {query: dict(pages) for query, pages in qrels.items()}
    found: dict[str, dict[str, float]] = {query: dict.fromkeys(names, 0.0) for query in judged}
    for metric in ir_measures.iter_calc(measures, judged, scored):
        found[metric.query_id][names[measures.index(metric.measure)]] = float(metric.value)
    return found


def mean(rows: Sequence[Mapping[str, float]], names: Sequence[str]) -> dict[str, float]:
    """Plain means over queries, rounded to 4 digits."""
    return {name: round(sum(row[name] for row in rows) / len(rows), 4) if rows else 0.0 for name in names}
