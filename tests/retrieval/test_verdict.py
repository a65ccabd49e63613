"""The verdict on a search: bars, curve, and a calibration over a real collection."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.documents.make import write_pdf
from workbench.analysis.calibration import RECORD, questions_of
from workbench.errors import InputError
from workbench.retrieval import verdict
from workbench.retrieval.verdict import Calibration, Signals
from workbench.service import Workbench
from workbench.settings import Settings

pytestmark = pytest.mark.slow

SETTINGS = settings(max_examples=40, deadline=None)


def test_the_bar_is_the_split_conformal_quantile():
    assert verdict.bar(list(range(1, 100)), 0.01) == 99
    assert verdict.bar(list(range(1, 100)), 0.10) == 90
    assert verdict.bar(list(range(98)), 0.01) is None
    assert verdict.bar(list(range(19)), 0.05) == 18
    assert verdict.bar([], 0.5) is None


def test_fresh_searches_pass_no_more_often_than_promised():
    rng = np.random.default_rng(0)
    passed = [rng.exponential() > verdict.bar(rng.exponential(size=30), 0.1) for _ in range(4000)]
    assert np.mean(passed) < 0.1 + 3 * math.sqrt(0.1 * 0.9 / 4000)
    assert np.mean(passed) > 0.07  # and not much less often: the bar is not idle


@pytest.mark.parametrize("apart", [1.0, 1.5, 3.0])
@pytest.mark.parametrize("many", [(19, 19), (25, 25), (29, 40), (38, 38), (100, 100)])
def test_searches_it_was_not_fitted_on_pass_no_more_often_than_promised(many, apart):
    """Three signals of one quality, so that the best on the fitted searches is so by luck alone."""
    rng = np.random.default_rng(5)
    wrong = {"found": [], "nothing": []}
    for _ in range(500):
        yes, no = (
            [Signals(*row) for row in rng.normal(mean, 1, (count, 3))]
            for mean, count in zip((apart, 0), many, strict=True)
        )
        fitted = Calibration.fit(yes, no, "Made up")
        if fitted is None:
            continue
        fresh_yes, fresh_no = (
            [fitted.judge(Signals(*row)).state for row in rng.normal(mean, 1, (40, 3))] for mean in (apart, 0)
        )
        wrong["nothing"].append(fresh_yes.count("nothing") / 40)
        wrong["found"].append(fresh_no.count("found") / 40)
    for shares in wrong.values():
        assert len(shares) > 450
        error = np.std(shares, ddof=1) / math.sqrt(len(shares))  # of the mean over fits, each with its own bars
        assert 0.02 < np.mean(shares) < verdict.RATE + 2.5 * error


def test_the_signal_is_chosen_on_searches_that_do_not_set_the_bars():
    rng = np.random.default_rng(3)

    def searches(mean, count):
        return [Signals(float(level), float(gap), 0.0) for level, gap in rng.normal((0, mean), 1, (count, 2))]

    fitted = Calibration.fit(searches(3, 60), searches(0, 45), "Made up")
    assert fitted.signal == "gap"
    assert (len(fitted.answered), len(fitted.unanswered)) == (40, 30)
    assert "chosen on 20 and 15 others" in fitted.basis
    few = Calibration.fit(signals(rng.normal(3, 1, 29)), signals(rng.normal(0, 1, 29)), "Made up")
    assert few.signal == "level" and len(few.answered) == 29 and "too few to choose another" in few.basis


def test_separation_is_the_area_under_the_curve():
    assert verdict.separation([2, 3], [0, 1]) == 1
    assert verdict.separation([1], [1]) == 0.5
    assert verdict.separation([0, 2], [1]) == 0.5
    with pytest.raises(ValueError, match="separation needs"):
        verdict.separation([], [1])


def test_signals_by_hand():
    signals = Signals.of([8, 6, 4, 4, 2, 1], 2.0)
    assert (signals.level, signals.gap, signals.lead) == (4, 1, 2)
    assert Signals.of([8, 6, 4, 4], 2.0) is None
    assert Signals.of([8, 6, 4, 4, 2], 0.0) is None


def signals(levels):
    return [Signals(float(level), 0.0, 0.0) for level in levels]


ORDER = {"nothing": 0, "uncertain": 1, "found": 2}


@SETTINGS
@given(st.integers(0, 2**31), st.floats(0.8, 6), st.integers(19, 120), st.integers(19, 120))
def test_the_verdict_never_falls_as_the_score_rises(seed, apart, yes, no):
    rng = np.random.default_rng(seed)
    fitted = Calibration.fit(signals(rng.normal(apart, 1, yes)), signals(rng.normal(0, 1, no)), "Made up")
    if fitted is None:
        return
    assert fitted.signal == "level" and fitted.nothing <= fitted.found
    judged = [fitted.judge(found) for found in signals(np.linspace(-4, apart + 4, 60))]
    states = [ORDER[one.state] for one in judged]
    assert states == sorted(states)
    chances = [one.probability for one in judged]
    assert chances == sorted(chances, reverse=True) and 0 <= min(chances) <= max(chances) <= 1
    assert sum(fitted.judge(one).state == "nothing" for one in signals(fitted.answered)) <= 0.05 * yes
    assert sum(fitted.judge(one).state == "found" for one in signals(fitted.unanswered)) <= 0.05 * no
    assert all(one.relevant == (one.state != "nothing") for one in judged)


def test_the_curve_is_calibrated_where_both_kinds_are_normal():
    rng = np.random.default_rng(1)
    yes, no = rng.normal(2, 1, 4000), rng.normal(0, 1, 4000)
    fitted = Calibration.fit(signals(yes), signals(no), "Made up")
    for value in (0.0, 1.0, 2.0):
        expected = 1 / (1 + math.exp(2 * value - 2))  # the odds of two normals of unit spread, 2 apart
        assert fitted.judge(signals([value])[0]).probability == pytest.approx(expected, abs=0.03)
    assert "AUROC 0.9" in fitted.basis


def test_nothing_is_fitted_where_there_is_nothing_to_tell():
    rng = np.random.default_rng(2)
    assert Calibration.fit(signals(rng.normal(3, 1, 18)), signals(rng.normal(0, 1, 90)), "Few") is None
    assert Calibration.fit(signals(rng.normal(0, 1, 90)), signals(rng.normal(0, 1, 90)), "Alike") is None
    assert Calibration.fit(signals(rng.normal(0, 1, 90)), signals(rng.normal(5, 1, 90)), "Upside down") is None


_THINGS = """whale bread star river engine violin cactus glacier tax hospital football volcano chess perfume bicycle
lawyer honey satellite castle penguin carpet tornado pepper dentist"""
THINGS = _THINGS.split()


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("verdict")
    files = root / "files"
    files.mkdir()
    for thing in THINGS:
        write_pdf(files / f"{thing}.pdf", [f"Everything there is to know about the {thing} and its history."])
    workbench = Workbench(Settings(home=root / "home"))
    workbench.ingest([files], "things")
    (root / "queries.jsonl").write_text(
        "\n".join(json.dumps({"query_id": f"q{i}", "text": f"history of the {t}"}) for i, t in enumerate(THINGS)),
        encoding="utf-8",
    )
    (root / "qrels.tsv").write_text(
        "query-id\tcorpus-id\tscore\n" + "\n".join(f"q{i}\t{t}.pdf#page=1\t1" for i, t in enumerate(THINGS)),
        encoding="utf-8",
    )
    workbench.root = root
    return workbench


def test_a_calibrated_pipeline_tells_searches_in_vain(bench):
    assert bench.search("history of the whale", "things").verdict is None
    asked = questions_of(bench.root / "queries.jsonl")
    assert asked[0].pages == ("whale.pdf#page=1",)
    found = bench.searches.calibrate("things", "full:10", asked)
    assert len(found.answered) == len(found.unanswered) == len(THINGS)
    assert found.auroc > 0.9 and "24 questions (labelled) over 24 pages" in found.basis
    told = {text: bench.search(text, "things", "full:10").verdict for text in (
        "what to know about the history of the castle", "cooking noodles in Bratislava"
    )}  # fmt: skip
    yes, no = told.values()
    assert (yes.state, no.state) == ("found", "nothing")
    assert yes.probability < 0.3 < 0.7 < no.probability
    assert yes.relevant and not no.relevant and "Probably no page" in no.statement and no.basis == found.basis
    whole = bench.search("castle", "things", "full:10")
    for few in (1, 3, 4, 5, 7):  # how many results are asked for does not matter
        for result in (
            bench.search("castle", "things", "full:10", few),
            bench.search("castle", "things", f"full:{few}"),
        ):
            assert result.verdict == whole.verdict is not None
            assert result.hits == whole.hits[:few]
    assert bench.search("castle", "things", "full:3").pipeline == "full:3"
    assert bench.search("castle", "things", "exact", 2).verdict == whole.verdict
    assert bench.search("castle", "things", "rows:20 > full:10").verdict is None  # nor does another pipeline
    assert bench.search("castle", "things", "full:10", None, "page = 1").verdict is None  # nor a part of the pages
    bench.deletions.document("things", "perfume.pdf")
    assert bench.search("castle", "things", "full:10").verdict is None  # nor what the pages are not any more


def test_what_cannot_be_calibrated_says_why(bench):
    for pipeline in ("bm25:10", "sum(bm25, full):10", "rows:10", "full[weights=idf]:10"):
        with pytest.raises(InputError, match="end the pipeline in full"):
            bench.searches.calibrate("things", pipeline)
    (bench.root / "few.txt").write_text("whale\n\nbread\n", encoding="utf-8")
    few = questions_of(bench.root / "few.txt")
    assert [question.text for question in few] == ["whale", "bread"]
    with pytest.raises(InputError, match="gave 2 and 2"):
        bench.searches.calibrate("things", "full:10", few)
    (bench.root / "bad.jsonl").write_text("whale", encoding="utf-8")
    for name in ("bad.jsonl", "missing.txt"):
        with pytest.raises(InputError, match="No questions can be read"):
            questions_of(bench.root / name)


def test_lines_of_its_own_pages_will_do(bench):
    found = bench.searches.calibrate("things", "rows:20 > full:10")
    assert "lines of its own pages in place of questions (unlabelled)" in found.basis
    held = bench.opened.get("things").catalog.record(RECORD)
    assert {record["basis"] for record in held.values()} >= {found.basis}
    assert bench.search("castle", "things", "rows:20 > full:10").verdict is not None
