"""Measures against ranx: `ranx.json` holds what ranx 0.3.21 made of the rankings that `ranx_oracle.py` draws."""

import json
from pathlib import Path

import pytest

from tests.evaluation.ranx_oracle import MEASURES, QUESTIONS, material
from workbench.evaluation import per_query

GOLDEN = json.loads((Path(__file__).parent / "ranx.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("measure", MEASURES)
def test_every_question_has_the_value_that_ranx_gives_it(measure: str) -> None:
    qrels, run = material()
    ours = per_query(qrels, run, [measure])
    assert len(GOLDEN[measure]) == QUESTIONS
    assert {query: ours[query][measure] for query in GOLDEN[measure]} == pytest.approx(GOLDEN[measure], abs=1e-6)


def test_the_golden_numbers_tell_rankings_apart() -> None:
    for measure in MEASURES:
        assert len(set(GOLDEN[measure].values())) > (1 if measure in ("Success@5",) else 2), measure
