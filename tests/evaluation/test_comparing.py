"""Pipelines of records set against each other, sweeps spelled out, datasets looked over, labels in TREC form."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evaluation.folder import QUERIES, write
from tests.evaluation.test_evaluate import SCORES, TWO, Scores
from workbench.answers.measurements import ComparedPipelines
from workbench.errors import DatasetError, InputError, PipelineError
from workbench.evaluation import (
    Record,
    between,
    check,
    evaluate,
    expanded,
    labels,
    load_dataset,
    read_qrels,
    within,
    write_qrels,
)
from workbench.evaluation.sweeps import expand


def recorded(values: dict[str, list[float]]) -> Record:
    """A record with the given nDCG@5 per pipeline over as many questions."""
    base = evaluate(Scores(SCORES), TWO, "c", ["exact"], "document", ["nDCG@5"])
    question, run = base.questions["1"], base.pipelines["exact"]
    answer = run.answers["1"]
    count = len(next(iter(values.values())))
    return replace(
        base,
        questions={str(i): replace(question, text=f"question {i}") for i in range(count)},
        pipelines={
            name: replace(run, answers={str(i): replace(answer, measures={"nDCG@5": v}) for i, v in enumerate(column)})
            for name, column in values.items()
        },
    )


LOW, HIGH = [0.1 * (i % 7) for i in range(40)], [min(1.0, 0.1 * (i % 7) + 0.2) for i in range(40)]


def test_a_winner_is_named_only_where_the_test_names_one() -> None:
    found = within(recorded({"low": LOW, "high": HIGH}))
    assert (found.winner, found.baseline) == ("high", "low")
    assert found.verdict.startswith("high is better than every other in nDCG@5")
    (pair,) = found.pairs
    assert (pair.significant, pair.wins, pair.losses) == (True, 40, 0)
    same = within(recorded({"one": LOW, "two": LOW}))
    assert same.winner is None
    assert same.verdict == "No pipeline is shown to be better than all others in nDCG@5 with 40 questions."
    assert within(recorded({"one": LOW})).verdict == "One pipeline alone in nDCG@5."
    assert ComparedPipelines.of(found).pairs[0].significant is True


def test_records_are_compared_over_the_questions_they_share() -> None:
    before, after = recorded({"p": LOW}), recorded({"p": HIGH})
    fewer = replace(after, questions={q: asked for q, asked in after.questions.items() if int(q) < 10})
    found = between({"before": before, "after": fewer}, baseline="after: p")
    assert (found.questions, list(found.means), found.baseline) == (10, ["before: p", "after: p"], "after: p")
    other = replace(after, questions={q: replace(a, text="else") for q, a in after.questions.items()})
    with pytest.raises(InputError, match="no question in common"):
        between({"a": before, "b": other})
    with pytest.raises(InputError, match="has no measure R@5"):
        between({"a": before}, "R@5")
    with pytest.raises(InputError, match="There is no pipeline 'x'"):
        between({"a": before}, baseline="x")


def test_labels_are_as_short_as_tells_files_apart() -> None:
    assert labels(["out/a.json", "out/b.json"]) == ["a", "b"]
    assert labels(["x/one/record.json", "y/one/record.json"]) == ["x/one", "y/one"]
    assert labels(["same", "same"]) == ["1", "2"]


def test_a_sweep_is_every_combination_that_is_a_pipeline() -> None:
    assert expand("rows:{50,100} > full:{10,60}") == [
        "rows:50 > full:10",
        "rows:100 > full:10",
        "rows:100 > full:60",  # 60 of 50 is no pipeline
    ]
    assert expand("exact") == ["exact"]
    assert expanded(["{exact,text}", "text"]) == ["exact", "text"]
    with pytest.raises(PipelineError, match="Unknown stage 'ful'"):
        expand("{rows,ful}:10")
    with pytest.raises(PipelineError, match="cannot keep more"):
        expand("rows:{5,6} > full:{10,11}")
    with pytest.raises(PipelineError, match="stands for 1,331 pipelines"):
        expand(" > ".join(["rows:{" + ",".join(map(str, range(1, 12))) + "}"] * 3))


def test_a_sound_dataset_passes_and_every_flaw_is_told(tmp_path: Path) -> None:
    write(
        tmp_path / "bad", [*QUERIES, {"query_id": "c", "text": "How long does bread  bake?", "document": "bread.pdf"}]
    )
    with (tmp_path / "bad" / "qrels.tsv").open("a", encoding="utf-8") as file:
        file.write("c\twhales.pdf#page=1\t1\n")
    found = check(load_dataset(tmp_path / "bad"))
    assert found.counts | {"questions": 3, "labels": 4, "labels of grade 2": 1} == found.counts
    told = " ".join(found.problems)
    assert "is damaged" in told or "empty" in told  # the files of this small folder hold nothing
    assert "1 questions are asked more than once" in told
    assert "not in the document they name: c" in told


IDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8).filter(str.strip)


@settings(deadline=None)
@given(st.dictionaries(IDS, st.dictionaries(IDS, st.integers(-1, 3), min_size=1, max_size=3), max_size=3))
def test_labels_survive_the_form_of_trec(qrels: dict[str, dict[str, int]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "qrels.trec"
        write_qrels(path, qrels)
        assert read_qrels(path) == qrels


def test_labels_in_the_form_of_trec_make_a_dataset(tmp_path: Path) -> None:
    folder = write(tmp_path / "d")
    before = load_dataset(folder).qrels
    write_qrels(folder / "qrels.trec", before)
    (folder / "qrels.tsv").unlink()
    assert load_dataset(folder).qrels == before
    (folder / "qrels.trec").write_text("0 0 whales.pdf#page=1 high\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"whose grade is no whole number, left out \(qrels\.trec line 1: 'high'\)"):
        load_dataset(folder)
