"""Measures by their ir-measures names, over runs of page refs in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.errors import InputError

DEFAULT = ("nDCG@5", "nDCG@10", "R@1", "R@5", "R@10", "RR@10")
DEPTH, WHOLE_DEPTH = 10, 100
"""Pages a run holds at least, and where a measure without a cutoff (AP) needs as many as there are."""

Qrels = Mapping[str, Mapping[str, int]]
Run = Mapping[str, Sequence[str]]
"""For each query the pages found, best first."""


def per_query(qrels: Qrels, run: Run, names: Sequence[str] = DEFAULT) -> dict[str, dict[str, float]]:
    """Each measure for each query of ``qrels``: ``result[query][measure]``.

    A query without results, or a relevant page that is nowhere, counts as a miss. ``nDCG`` has linear gain, as
    trec_eval's; ``nDCG(dcg='exp-log2')`` the gain 2^grade - 1 (Burges et al. 2005), the linear one of labels so raised.
    `InputError` for an unknown measure or a page ranked twice.
    """
    measures = parsed(names)
    for query, pages in run.items():
        if len(set(pages)) != len(pages):
            raise InputError(f"The run ranks a page twice for query {query}; each page may be ranked once.")
    # trec_eval sorts by score and breaks ties by id, so a score that falls with the rank keeps our order.
    scored = {
        query: {page: float(len(pages) - i) for i, page in enumerate(pages)} for query, pages in run.items() if pages
    }
    found: dict[str, dict[str, float]] = {query: dict.fromkeys(names, 0.0) for query in qrels}
    plain = {measure: name for measure, name in zip(measures, names, strict=True) if not _raised(measure)}
    raised = {_linear(measure): name for measure, name in zip(measures, names, strict=True) if _raised(measure)}
    if plain:
        _calculate(plain, {query: dict(pages) for query, pages in qrels.items()}, scored, found)
    if raised:
        gains = {query: {p: 2 ** max(grade, 0) - 1 for p, grade in pages.items()} for query, pages in qrels.items()}
        _calculate(raised, gains, scored, found)
    return found


def _calculate(
    measures: Mapping[Any, str],
    judged: Qrels,
    scored: Mapping[str, Mapping[str, float]],
    into: dict[str, dict[str, float]],
) -> None:
    import ir_measures

    try:
        for metric in ir_measures.iter_calc(list(measures), judged, scored):
            into[metric.query_id][measures[metric.measure]] = float(metric.value)
    except ValueError as error:  # a known measure that needs a provider which is not installed
        raise InputError(f"Not every measure can be computed here. {str(error).partition('.')[0]}.") from None


def _raised(measure: Any) -> bool:
    return bool(measure.NAME == "nDCG" and measure.params.get("dcg") == "exp-log2")


def _linear(measure: Any) -> Any:
    import ir_measures

    cutoff = measure.params.get("cutoff")
    return ir_measures.nDCG if cutoff is None else ir_measures.nDCG @ cutoff


def parsed(names: Sequence[str]) -> list[Any]:
    """The measures as ir-measures has them; `InputError` names every one it does not know."""
    import ir_measures

    found, unknown = [], []
    for name in names:
        try:
            found.append(ir_measures.parse_measure(name))
        except (NameError, ValueError, SyntaxError, TypeError, AssertionError):
            unknown.append(name)
    if unknown:
        raise InputError(f"Unknown measure {', '.join(unknown)}; write measures as nDCG@5, R@10, RR@10.")
    if len(set(found)) != len(found):
        raise InputError(f"A measure is named twice among {', '.join(names)}.")
    return found


def depth(names: Sequence[str]) -> int:
    """How many pages a run must hold for these measures."""
    return max(DEPTH, *(int(measure.params.get("cutoff", WHOLE_DEPTH)) for measure in parsed(names)))
