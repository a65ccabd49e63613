"""TREC runs: what is written can be read again, and other tools see the same order."""

import itertools
from pathlib import Path

import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import DatasetError
from workbench.evaluation import per_query, read_trec, write_trec
from workbench.evaluation.runs import encoded

NAMES = ["a b.pdf#page=1", "100%.pdf#page=2", "é\u2028ü.pdf#page=3", "plain.pdf#page=4", "tab\t.pdf#page=5"]


def test_any_name_survives(tmp_path: Path) -> None:
    path = tmp_path / "x.trec"
    write_trec(path, {"q 1": [(name, -float(i)) for i, name in enumerate(NAMES)], "0": []}, "rows:256 > full:10")
    assert read_trec(path) == {"q 1": NAMES}
    for line in path.read_text(encoding="utf-8").splitlines():
        assert len(line.split()) == 6
        assert line.endswith(" rows:256_>_full:10")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=5), st.permutations(NAMES))
def test_other_tools_see_our_order_even_where_scores_tie(
    tmp_path_factory: pytest.TempPathFactory, scores: list[float], names: list[str]
) -> None:
    path = tmp_path_factory.mktemp("run") / "x.trec"
    run = list(zip(names, sorted(scores, reverse=True), strict=False))
    write_trec(path, {"q": run}, "x")
    stored = [row.score for row in ir_measures.read_trec_run(str(path))]
    assert all(np.float32(a) > np.float32(b) for a, b in itertools.pairwise(stored))
    assert stored == pytest.approx([score for _, score in run], abs=1e-4)
    relevant = run[-1][0]
    ours = per_query({"q": {relevant: 1}}, {"q": [name for name, _ in run]}, ["RR@10"])["q"]["RR@10"]
    theirs = ir_measures.calc_aggregate(
        [ir_measures.parse_measure("RR@10")], {"q": {encoded(relevant): 1}}, ir_measures.read_trec_run(str(path))
    )
    assert next(iter(theirs.values())) == pytest.approx(ours)


@pytest.mark.parametrize("line", ["q Q0 a.pdf#page=1 1 2.0", "q Q0 a.pdf#page=1 one 2.0 x", "q Q0 a 1 high x"])
def test_lines_that_are_no_run_are_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.trec"
    path.write_text(f"q Q0 b.pdf#page=1 1 3.0 x\n{line}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"x\.trec line 2"):
        read_trec(path)


def test_a_page_ranked_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.trec"
    path.write_text("q Q0 b%20c#page=1 1 3.0 x\nq Q0 b%20c#page=1 2 2.0 x\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="line 2 ranks b c#page=1 a second time"):
        read_trec(path)
