"""Records as files: what is written is read again, damage is told, and two records can be set against each other."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.evaluation.records import good_and_bad
from tests.evaluation.test_evaluate import SCORES, TWO, Scores
from workbench.errors import InputError
from workbench.evaluation import Record, changes, differences, evaluate, load
from workbench.evaluation.record import BoxAnswer, digest
from workbench.evaluation.reports import Verdicts, named, views


@pytest.fixture(scope="module")
def record() -> Record:
    return evaluate(Scores(SCORES), TWO, "c", ["exact", "rows:1 > full:1"], "document", ["nDCG@5", "R@1"])


def test_a_record_is_read_as_it_was_written(record: Record, tmp_path: Path) -> None:
    assert load(record.write(tmp_path)) == record
    assert load(tmp_path) == record
    assert not list(tmp_path.glob("*.partial"))


def test_what_is_no_record_is_refused_in_words(record: Record, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "none.json")
    path = tmp_path / "x.json"
    for text, sentence in (
        ("{", "is not an evaluation record"),
        ("[]", "is not an evaluation record"),
        (json.dumps({**json.loads(record.text()), "schema": 0}), "has record layout 0"),
        (json.dumps({**json.loads(record.text()), "missing": 3}), "is damaged at missing"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=sentence):
            load(path)


def test_the_key_follows_what_was_asked_and_nothing_else(record: Record) -> None:
    later = replace(record, measured=replace(record.measured, date="later"), warnings=("x",))
    assert later.key == record.key
    assert replace(record, versions={**record.versions, "numpy": "0"}).key != record.key
    assert evaluate(Scores(SCORES), TWO, "c", ["exact"]).key != record.key


def test_differences_name_what_was_asked_differently(record: Record) -> None:
    assert differences(record, record) == {}
    other = evaluate(Scores(SCORES), TWO, "c", ["exact"], "corpus", ["R@1"])
    found = differences(record, other)
    assert found["dataset.scope"] == ("document", "corpus")
    assert found["settings.measures"] == (["nDCG@5", "R@1"], ["R@1"])
    assert found["dataset.questions"] == (2, 1)
    assert not {key for key in found if key.startswith(("versions", "collection"))}


def test_changes_list_questions_by_how_much_they_lost() -> None:
    weak = Scores(SCORES)
    weak.first = {"whales": {**SCORES["whales"], "a.pdf#page=1": 9.0}, "bread": SCORES["bread"]}
    record = evaluate(weak, TWO, "c", ["exact", "rows:1 > full:1"], "document", ["R@1"])
    (change,) = changes(record, record, "exact", "rows:1 > full:1", "R@1")
    assert (change.question, change.before, change.after) == ("1", 1.0, 0.0)
    assert (change.lost, change.won) == (("a.pdf#page=2",), ())
    assert changes(record, record, "exact", "exact", "R@1") == []


def test_box_means_are_over_questions_and_stand_beside_chance(record: Record) -> None:
    rows = [("1", 1.0, 0.2), ("1", 0.0, 0.4), ("2", 1.0, 0.1)]
    boxes = tuple(BoxAnswer(q, f"a.pdf#page={i}", {"point": v}, {"point": c}) for i, (q, v, c) in enumerate(rows, 1))
    assert replace(record, boxes=boxes).box_means() == {"point": {"value": 0.75, "chance": 0.2, "questions": 2}}
    assert record.box_means() == {}


def test_a_digest_knows_values_not_their_order_in_a_mapping() -> None:
    assert digest({"a": 1, "b": (1, 2)}) == digest({"b": [1, 2], "a": 1}) != digest({"b": [2, 1], "a": 1})


def test_a_mean_is_rounded_once_and_alike_wherever_it_is_shown() -> None:
    """0.73247 is .732; rounded to four digits first it would be .7325, and then .733 in some places."""
    record = good_and_bad()
    run = record.pipelines["good"]
    answers = {
        query: replace(answer, measures={**answer.measures, "nDCG@5": 0.73247}) for query, answer in run.answers.items()
    }
    record = replace(record, pipelines={**record.pipelines, "good": replace(run, answers=answers)})
    assert record.mean("good")["nDCG@5"] == pytest.approx(0.73247, abs=1e-12)
    (view,) = views([record])
    (table,) = named(view, Verdicts(view), ["plain"])
    shown = {row[0].text: cell.text for row in table.rows for cell in [row[1]]}
    assert shown["good"] == f"{record.mean('good')['nDCG@5']:.3f}" == "0.732"
