"""Reports as CSV, LaTeX, Markdown and JSON: every figure is the record's, and stands out only where a test says so."""

import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluation.records import good_and_bad, record
from workbench.errors import InputError
from workbench.evaluation.record import BoxAnswer, Record
from workbench.evaluation.reports import Verdicts, named, views, written
from workbench.evaluation.reports.letters import letters
from workbench.evaluation.statistics import compare
from workbench.table.writers import latex

ONE = good_and_bad()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_holds_the_exact_values_of_the_record() -> None:
    rows = rows_of(written([ONE], ".csv"))
    assert [row["system"] for row in rows] == ["bad", "good", "alike"]
    for place, row in enumerate(rows):
        for measure in ("nDCG@5", "R@1"):
            assert float(row[measure]) == float(ONE.values(row["system"], measure).mean())
        assert float(row["nDCG@5 low"]) < float(row["nDCG@5"]) < float(row["nDCG@5 high"])
        assert float(row["p50_ms"]) == ONE.latency(row["system"])["p50"]
        assert int(row["bytes_per_page"]) == 1000 * place


def test_letters_and_bold_follow_the_test() -> None:
    groups = {row["system"]: row["nDCG@5 group"] for row in rows_of(written([ONE], ".csv"))}
    assert groups == {"good": "a", "alike": "a", "bad": "b"}
    assert "textbf" not in written([ONE], ".tex")  # good and alike are not told apart, so neither is the best
    alone = replace(ONE, pipelines={name: ONE.pipelines[name] for name in ("bad", "good")})
    assert len(re.findall(r"\\textbf\{0\.\d{3}\}\\textsuperscript\{a\}", written([alone], ".tex"))) == 2
    same = replace(ONE, pipelines={name: ONE.pipelines["good"] for name in ("one", "two")})
    plain = written([same], ".tex") + written([same], ".md")
    assert "textsuperscript" not in plain and "<sup>" not in plain and "**" not in plain
    assert "No two systems are told apart" in plain


def test_latex_is_booktabs_with_the_same_figures() -> None:
    text = written([ONE], ".tex")
    assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\end{table}"))
    body = text[text.index(r"\midrule") : text.index(r"\bottomrule")].splitlines()[1:]
    for line, name in zip(body, ONE.pipelines, strict=True):
        cells = [cell.strip() for cell in line.removesuffix(r"\\").split("&")]
        assert cells[1] == name
        value, low, high = map(float, re.findall(r"\d\.\d{3}", cells[2]))
        assert value == pytest.approx(ONE.values(name, "nDCG@5").mean(), abs=5e-4)
        assert low < value < high
        assert re.findall(r"\d\.\d{3}", cells[3]) == [f"{ONE.values(name, 'R@1').mean():.3f}"]


def test_markdown_has_a_row_for_each_system() -> None:
    lines = [line for line in written([ONE], ".md", ["plain"]).splitlines() if line.startswith("|")]
    assert lines[0] == "| system | nDCG@5 | R@1 | vector bytes a page |"
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| `bad`", "| `good`", "| `alike`"]
    assert "ms" not in lines[0] and "ms" in written([ONE], ".md", ["brief"]).splitlines()[0]


def test_json_holds_what_the_record_holds() -> None:
    (found,) = json.loads(written([ONE], ".json"))["reports"]
    assert (found["dataset"], found["questions"], found["records"]) == ("made", 40, [ONE.key])
    for system in found["systems"]:
        run = ONE.pipelines[system["system"]]
        assert system["answers"] == {q: dict(a.measures) for q, a in run.answers.items()}
        assert [stage["candidate_recall"] for stage in system["stages"]] == [
            ONE.recall_at(run.name, step.name) for step in run.stages
        ]
        lost = {step.text: step.name for step in run.stages}
        assert {lost[stage["stage"]]: stage["lost"] for stage in system["stages"]} == {
            name: count for name, count in ONE.lost_at(run.name).items() if name
        }
        assert system["latency_ms"] == ONE.latency(run.name)
    by_pair = {(pair.a, pair.b): pair for pair in compare({n: ONE.values(n, "nDCG@5") for n in ONE.pipelines})}
    names = list(ONE.pipelines)
    for pair in found["comparisons"]:
        ours = by_pair[names[pair["against"] - 1], names[pair["system"] - 1]]
        assert (pair["difference"], pair["p_corrected"]) == (ours.difference.mean, ours.adjusted)
        assert (pair["wins"], pair["ties"], pair["losses"]) == (ours.wins, ours.ties, ours.losses)


def test_where_pages_were_lost_adds_up() -> None:
    ranks: dict[str, list[tuple[int | None, int | None]]] = {"p": [(1, 1), (30, None), (20, 11), (21, None), (1, 2)]}
    lossy = record(ranks, missing=[4])
    rows = rows_of(written([lossy], ".csv", ["stages"]))
    assert [(row["stage"], row["lost"], row["recall"]) for row in rows] == [
        ("rows:20", "2", "0.6"),
        ("full:10", "1", "0.4"),
    ]
    found = [(row["question"], row["stage"], row["rank"]) for row in rows_of(written([lossy], ".csv", ["losses"]))]
    assert found == [
        ("q1", "rows", "30"),
        ("q2", "full", "11"),
        ("q3", "rows", "21"),
        ("q4", "not in the collection", ""),
    ]


def test_records_stand_together_when_they_answered_the_same_questions() -> None:
    other = replace(ONE, collection=replace(ONE.collection, encoder="clip"))
    (view,) = views([ONE, other])
    assert [system.label for system in view.systems] == [
        f"{name}, {encoder}" for encoder in ("reader", "clip") for name in ONE.pipelines
    ]
    (again,) = views([ONE, ONE])
    assert len(again.systems) == 3
    finer = replace(ONE, collection=replace(ONE.collection, settings={"dpi": 200}))
    assert [s.label for s in views([ONE, finer])[0].systems][::3] == ["bad, dpi 144", "bad, dpi 200"]
    apart = replace(ONE, dataset=replace(ONE.dataset, hash="1" * 64))
    assert len(views([ONE, apart])) == 2
    assert len(rows_of(written([ONE, apart], ".csv"))) == 3 + 1 + 3  # a second heading


def test_what_cannot_be_shown_is_refused_in_words() -> None:
    none = replace(ONE, settings={**ONE.settings, "measures": ["AP"]})
    with pytest.raises(InputError, match="no measure in common"):
        views([ONE, none])
    with pytest.raises(InputError, match="nothing to report"):
        views([replace(ONE, pipelines={})])
    with pytest.raises(InputError, match="names a document"):
        views([record({"p": [(1, 1)]}, document="")], by_document=True)


def test_means_can_be_taken_by_document() -> None:
    documents = {q: replace(a, document="b.pdf" if q in ("q0", "q1") else "a.pdf") for q, a in ONE.questions.items()}
    made = replace(ONE, questions=documents)
    (view,) = views([made], by_document=True)
    values = ONE.values("good", "nDCG@5")
    assert view.unit == "2 documents"
    assert view.systems[1].mean("nDCG@5") == pytest.approx((values[:2].mean() + values[2:].mean()) / 2)
    assert view.systems[1].mean("nDCG@5") != pytest.approx(values.mean())


def test_a_formula_in_a_name_does_not_reach_a_spreadsheet() -> None:
    odd = replace(ONE, pipelines={"=1+1": ONE.pipelines["bad"], 'a,"b"\nc': ONE.pipelines["good"]})
    rows = rows_of(written([odd], ".csv"))
    assert [row["system"] for row in rows] == ["'=1+1", 'a,"b"\nc']


@given(st.text())
def test_latex_leaves_nothing_that_acts(text: str) -> None:
    left = latex(text)
    for known in (r"\textbackslash{}", r"\textasciitilde{}", r"\textasciicircum{}", r"\textless{}", r"\textgreater{}",
                  r"\textbar{}", r"\{", r"\}", r"\$", r"\&", r"\#", r"\_", r"\%"):  # fmt: skip
        left = left.replace(known, "")
    assert not set(left) & set("\\{}$&#_%~^\n")


@given(st.integers(2, 7).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_systems_share_a_letter_exactly_where_they_are_not_told_apart(case: tuple[int, set[tuple[int, int]]]) -> None:
    count, pairs = case
    apart = {(min(a, b), max(a, b)) for a, b in pairs if a != b}
    found = letters(count, apart)
    if not apart:
        assert found == [""] * count
        return
    assert found[0].startswith("a")
    for a in range(count):
        for b in range(a + 1, count):
            assert bool(set(found[a]) & set(found[b])) == ((a, b) not in apart)


def test_every_table_can_be_written() -> None:
    (view,) = views([ONE])
    tables = named(view, Verdicts(view), ["systems", "stages", "comparisons", "slices", "questions", "losses"])
    assert [len(table.rows) for table in tables] == [3, 6, 3, 1, 40, 21]
    spread = [float(cell.value or 0) for cell in tables[4].column("spread")]
    assert spread == sorted(spread, reverse=True)
    assert tables[3].column("good")[0].value == np.mean(ONE.values("good", "nDCG@5", ONE.slices["kind=odd"]))


def test_boxes_stand_beside_chance() -> None:
    points = [BoxAnswer(f"q{i}", "a.pdf#page=1", {"point": float(i < 3)}, {"point": 0.25}) for i in range(4)]
    made = replace(ONE, boxes=tuple(points))
    (row,) = rows_of(written([made], ".csv", ["boxes"]))
    assert (row["measure"], row["value"], row["chance"], row["questions"]) == ("point", "0.75", "0.25", "4")
    assert "Where explanations point" in written([made], ".html")
    assert "Where explanations point" not in written([ONE], ".html")


def test_a_verdict_names_a_winner_only_where_there_is_one() -> None:
    def said(made: Record) -> str:
        (view,) = views([made])
        return Verdicts(view).sentence()

    assert said(ONE).startswith("No winner: good has the highest nDCG@5")
    assert said(ONE).endswith("is not told apart from alike; it is from bad.")
    assert said(replace(ONE, pipelines={n: ONE.pipelines[n] for n in ("bad", "good")})).startswith("good is best")
    assert said(replace(ONE, pipelines={"good": ONE.pipelines["good"]})).startswith("good reaches nDCG@5")


def test_the_legend_explains_the_marks_that_stand_there_and_no_others() -> None:
    def legend(*names: str) -> str:
        made = replace(ONE, pipelines={name: ONE.pipelines[name] for name in names})
        return str(json.loads(written([made], ".json"))["reports"][0]["legend"])

    letters, none, stars = "share a letter", "no letters stand", "* the paired"
    shown = (("bad", "good", "alike"), ("good", "alike"), ("good",))
    marks = [[mark in legend(*names) for mark in (letters, none, stars)] for names in shown]
    assert marks == [[True, False, True], [False, True, True], [False, False, False]]
    assert legend("good").startswith("Below nDCG@5: its 95 % interval over ")
