"""Evaluations through the service: datasets, jobs, kept records, notes, judgements, exports; with the real parts."""

import json
import threading

import pytest

from tests.browser.driving import write_pdf
from workbench import evaluation
from workbench.errors import DatasetError, InputError, NotFoundError, PipelineError
from workbench.evaluation.losses import FOUND, LOST
from workbench.service import Workbench
from workbench.service.evaluations import FORMS
from workbench.settings import Settings
from workbench.types import PageRef

pytestmark = pytest.mark.slow

PAGES = {
    "whales.pdf": ["The blue whale is the largest animal alive", "Humpback whales sing long songs under water"],
    "bread.pdf": ["Knead the dough until it is smooth", "Bake the loaf in a hot oven for forty minutes"],
    "stars.pdf": ["A red giant is a star near the end of its life", "Astronomers measure distance by parallax"],
}
QUESTIONS = """text,page,grade
which animal is the largest,whales.pdf#page=1,2
which animal is the largest,whales.pdf#page=2,0
how long does a loaf bake,bread.pdf#page=2,1
what is measured by parallax,stars.pdf#page=2,1
dough and loaf,bread.pdf#page=1,1
dough and loaf,bread.pdf#page=2,1
"""
BOTH = ["exact", "bm25:1 > full:1"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("evaluations")
    for name, pages in PAGES.items():
        write_pdf(root / name, pages)
    bench = Workbench(Settings(home=root / "home"))
    bench.ingest([root / name for name in PAGES], "notes")
    (root / "mine.csv").write_text(QUESTIONS, encoding="utf-8")
    bench.root = root
    bench.datasets.make("mine", "notes", root / "mine.csv")
    return bench


@pytest.fixture(scope="module")
def kept(bench):
    started = bench.evaluations.start("mine", "notes", BOTH, measures=["nDCG@5", "R@1"])
    assert bench.jobs.wait(started.job.id, 900).state == "done"
    return started.record


def test_a_table_of_questions_and_pages_is_a_dataset_over_the_collection(bench):
    info = {found.name: found for found in bench.datasets.all()}
    assert set(info) == {"mine", "sample"}
    assert (info["mine"].questions, info["mine"].relevant_pages) == (4, 4)
    assert (info["mine"].collection, info["mine"].scope, info["mine"].warnings) == ("notes", "corpus", ())
    check = bench.datasets.check("mine")
    assert check.problems == ()
    assert (check.counts["pages"], check.counts["labels"]) == (6, 6)


def test_labels_beside_the_questions_in_trec_form_and_json_lines_are_the_same_dataset(bench, tmp_path):
    rows = [{"_id": "a", "query": "loaf"}, {"_id": "b", "query": "parallax"}]
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "q.tsv").write_text("a\tloaf\nb\tparallax\n", encoding="utf-8")
    (tmp_path / "l.trec").write_text("a 0 bread.pdf#page=2 1\nb 0 stars.pdf#page=2 2\n", encoding="utf-8")
    (tmp_path / "l.csv").write_text("qid;document;page\na;bread.pdf;2\nb;stars.pdf;2\n", encoding="utf-8")
    made = []
    for name, questions, labels in (("one", "q.jsonl", "l.trec"), ("two", "q.tsv", "l.csv")):
        bench.datasets.make(name, "notes", tmp_path / questions, tmp_path / labels)
        made.append(bench.datasets.get(name))
        bench.datasets.remove(name)
    one, two = made
    assert one.queries == two.queries
    assert one.qrels == {"a": {"bread.pdf#page=2": 1}, "b": {"stars.pdf#page=2": 2}}
    assert {query: set(pages) for query, pages in two.qrels.items()} == {
        "a": {"bread.pdf#page=2"},
        "b": {"stars.pdf#page=2"},
    }


@pytest.mark.parametrize(
    ("name", "text", "labels", "told"),
    [
        ("q.csv", "text,page\nloaf,bread.pdf\n", "", "no page reference, left out .q.csv line 2: 'bread.pdf'"),
        (
            "q.jsonl",
            '{"id": 1, "text": "loaf"}\n{"id": 1, "text": "dough"}',
            "",
            "the first counts .q.jsonl line 2",
        ),
        (
            "q.jsonl",
            '{"id": 1, "text": "loaf"}',
            "2 0 bread.pdf#page=1 1",
            "not there, left out .l.trec line 1",
        ),
        ("q.jsonl", '{"id": 1, "text": "loaf"}', "1 0 bread.pdf#page=1 0", "No label says that a page is relevant"),
        ("q.tsv", "1\tloaf\n2\n", "", "questions without a text, left out .q.tsv line 2"),
        ("q.docx", "", "", "'q.docx' is none of .jsonl"),
        (
            "q.csv",
            "text,page,grade\nloaf,bread.pdf#page=1,high\n",
            "",
            "no whole number, .* line 2: 'high'",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(bench, tmp_path, name, text, labels, told):
    (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "l.trec").write_text(labels + "\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=told):
        bench.datasets.make("bad", "notes", tmp_path / name, tmp_path / "l.trec" if labels else None)
    assert "bad" not in {found.name for found in bench.datasets.all()}


def test_a_name_is_taken_once_and_cannot_leave_the_shelf(bench):
    for name in ("mine", "sample", "../mine", "a/b", ""):
        with pytest.raises(InputError):
            bench.datasets.make(name, "notes", bench.root / "mine.csv")
    with pytest.raises(InputError, match="ships with Pagelens"):
        bench.datasets.remove("sample")
    with pytest.raises(NotFoundError):
        bench.datasets.remove("../collections")


def test_a_folder_elsewhere_is_remembered_and_not_moved(bench, tmp_path):
    folder = tmp_path / "afar"
    (folder / "documents").mkdir(parents=True)
    write_pdf(folder / "documents" / "bread.pdf", PAGES["bread.pdf"])
    (folder / "queries.jsonl").write_text('{"query_id": "1", "text": "loaf"}\n', encoding="utf-8")
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\tbread.pdf#page=2\t1\n", encoding="utf-8")
    assert bench.datasets.bring(str(folder)).name == "afar"
    assert bench.datasets.get("afar").folder == folder.resolve()
    bench.datasets.remove("afar")
    assert (folder / "queries.jsonl").is_file()
    assert "afar" not in {found.name for found in bench.datasets.all()}


def test_an_evaluation_runs_as_a_job_and_its_record_is_kept(bench, kept):
    job = next(job for job in bench.jobs.all() if job.kind == "evaluate")
    assert (job.progress.pages_done, job.collection) == (job.progress.pages_total, "notes")
    assert bench.evaluations.jobs() == []
    brief = bench.evaluations.all()[0]
    assert (brief.name, brief.dataset, brief.questions, brief.measure) == (kept, "mine", 4, "nDCG@5")
    record = bench.evaluations.get(kept)
    assert brief.means == {name: record.mean(name)["nDCG@5"] for name in BOTH}
    assert brief.means["exact"] == 1.0
    assert not (bench.settings.home / "evaluations" / kept / "parts").exists()


def test_it_is_the_record_that_the_engine_makes_and_the_command_line_can_read(bench, kept):
    measures = ["nDCG@5", "R@1"]
    made = evaluation.evaluate(bench, bench.datasets.get("mine"), "notes", BOTH, "corpus", measures)
    name = bench.evaluations.save(made)
    here, there = (evaluation.load(bench.settings.home / "evaluations" / folder) for folder in (kept, name))
    assert here.without_measurements() == there.without_measurements()
    assert [found.name for found in bench.evaluations.all()][:2] == sorted([name, kept], reverse=True)
    bench.evaluations.delete(name)
    assert name not in {found.name for found in bench.evaluations.all()}


@pytest.mark.parametrize(
    ("pipelines", "more", "error"),
    [
        (["ful:3"], {}, PipelineError),
        ([" "], {}, InputError),
        (["exact"], {"measures": ["nDGC@5"]}, InputError),
        (["exact"], {"scope": "document"}, DatasetError),
    ],
)
def test_what_cannot_run_is_refused_before_there_is_a_job(bench, pipelines, more, error):
    before = len(bench.jobs.all())
    with pytest.raises(error):
        bench.evaluations.start("mine", "notes", pipelines, **more)
    assert len(bench.jobs.all()) == before


def test_a_stopped_evaluation_goes_on_with_what_was_measured(bench, monkeypatch):
    reached, may_go = threading.Event(), threading.Event()
    search, asked = bench.search, []

    def slow(query, collection, pipeline, k, filter):
        asked.append(pipeline)
        if "bm25" in pipeline:
            reached.set()
            may_go.wait(900)
        return search(query, collection, pipeline, k, filter)

    monkeypatch.setattr(bench.searches, "search", slow)
    started = bench.evaluations.start("mine", "notes", ["exact", "text"], measures=["R@1"])
    assert reached.wait(900)
    bench.jobs.stop(started.job.id)
    may_go.set()
    assert bench.jobs.wait(started.job.id, 900).state == "stopped"
    assert [(found.record, found.pipelines) for found in bench.evaluations.jobs()] == [
        (started.record, ("exact", "text"))
    ]
    assert started.record not in {found.name for found in bench.evaluations.all()}
    with pytest.raises(NotFoundError, match="has not ended"):
        bench.evaluations.get(started.record)
    asked.clear()
    bench.jobs.resume(started.job.id)
    assert bench.jobs.wait(started.job.id, 900).state == "done"
    assert {pipeline.split(":")[0] for pipeline in asked} == {"lift(bm25)"}  # exact was there already
    assert set(bench.evaluations.get(started.record).pipelines) == {"exact", "text"}
    bench.evaluations.delete(started.record)


def test_the_stage_that_lost_a_page_and_what_would_have_kept_it(bench, kept):
    found = {outcome.question: outcome for outcome in bench.evaluations.outcomes(kept, BOTH[1])}
    texts = {question.text: identifier for identifier, question in bench.evaluations.get(kept).questions.items()}
    record = bench.evaluations.get(kept)
    assert sum(record.lost_at(BOTH[1]).values()) == sum(
        fate.state == LOST for o in found.values() for fate in o.page_outcomes
    )
    assert all(
        fate.state == FOUND for outcome in bench.evaluations.outcomes(kept, "exact") for fate in outcome.page_outcomes
    )
    both = found[texts["dough and loaf"]]
    assert [fate.state for fate in found[texts["what is measured by parallax"]].page_outcomes] == [FOUND]
    assert sorted(fate.state for fate in both.page_outcomes) == [FOUND, LOST]
    lost = next(fate for fate in both.page_outcomes if fate.state == LOST)
    assert (lost.stage, lost.rank, lost.keep, lost.cure) == ("bm25", 2, 1, "bm25:2 > full:1")
    kept_now = bench.search("dough and loaf", "notes", lost.cure, k=2).hits
    assert lost.page in {str(hit.ref) for hit in kept_now}
    order = [outcome.failed for outcome in bench.evaluations.outcomes(kept, BOTH[1])]
    assert order == sorted(order, reverse=True)
    with pytest.raises(NotFoundError, match="has no 'nothing'"):
        bench.evaluations.outcomes(kept, "nothing")


def test_the_comparison_is_the_reports_and_follows_the_measure(bench, kept):
    from workbench.evaluation import reports

    told = bench.evaluations.compare([kept])
    whole = reports.values([bench.evaluations.get(kept)])["reports"]
    assert told[0]["verdict"] == whole[0]["verdict"]
    assert [system["interval"] for system in told[0]["systems"]] == [s["interval"] for s in whole[0]["systems"]]
    assert {system["evaluation"] for system in told[0]["systems"]} == {kept}
    other = evaluation.evaluate(bench, bench.datasets.get("mine"), "notes", ["exact", "text"], "corpus", ["nDCG@5"])
    again = bench.evaluations.save(other)
    both = bench.evaluations.compare([kept, again])[0]["systems"]
    assert [system["system"] for system in both] == [f"exact, {kept}", BOTH[1], f"exact, {again}", "text"]
    assert [system["evaluation"] for system in both] == [kept, kept, again, again]
    bench.evaluations.delete(again)
    assert bench.evaluations.compare([kept], "R@1")[0]["measure"] == "R@1"
    with pytest.raises(InputError, match="no measure RR"):
        bench.evaluations.compare([kept], "RR")


def test_notes_stand_beside_the_record(bench, kept):
    question = next(iter(bench.evaluations.get(kept).questions))
    bench.evaluations.note(kept, question, ["pooling ", "pooling", "", "labels"], " look again ")
    again = Workbench(Settings(home=bench.settings.home))
    assert again.evaluations.notes(kept)[question].tags == ("pooling", "labels")
    assert again.evaluations.notes(kept)[question].text == "look again"
    bench.evaluations.note(kept, question, [], "")
    assert bench.evaluations.notes(kept) == {}
    with pytest.raises(NotFoundError, match="no question 'x'"):
        bench.evaluations.note(kept, "x", ["a"], "")


def test_judgements_are_labels_in_three_files_and_a_dataset(bench):
    ref = PageRef("bread.pdf", 2)
    assert bench.judgements.judge("Hot  OVEN", ref, "notes", 2) == {"bread.pdf#page=2": 2}
    bench.judgements.judge("hot oven", PageRef("bread.pdf", 1), "notes", 0)
    assert bench.judgements.of("hot oven", "notes") == {"bread.pdf#page=2": 2, "bread.pdf#page=1": 0}
    folder = bench.settings.home / "judgements" / "notes"
    trec = evaluation.read_qrels(folder / "qrels.trec")
    assert list(trec.values()) == [{"bread.pdf#page=2": 2, "bread.pdf#page=1": 0}]
    info = bench.datasets.judged("notes", "judged")
    assert (info.questions, info.relevant_pages, info.collection) == (1, 1, "notes")
    assert bench.datasets.check("judged").problems == ()
    started = bench.evaluations.start("judged", "notes", ["exact"], measures=["R@1"])
    assert bench.jobs.wait(started.job.id, 900).state == "done"
    assert bench.evaluations.get(started.record).mean("exact") == {"R@1": 1.0}
    bench.evaluations.delete(started.record)
    bench.datasets.remove("judged")
    for page in (1, 2):
        bench.judgements.judge("hot oven", PageRef("bread.pdf", page), "notes", None)
    assert bench.judgements.of("hot oven", "notes") == {}
    with pytest.raises(InputError, match="judged relevant yet"):
        bench.datasets.judged("notes", "judged")


def test_only_pages_that_are_there_can_be_judged_and_only_with_a_grade(bench):
    with pytest.raises(NotFoundError):
        bench.judgements.judge("oven", PageRef("bread.pdf", 9), "notes", 1)
    with pytest.raises(NotFoundError):
        bench.judgements.of("oven", "../notes")
    with pytest.raises(InputError, match="A grade is one of"):
        bench.judgements.judge("oven", PageRef("bread.pdf", 1), "notes", 7)


def test_a_record_goes_out_in_every_form(bench, kept, tmp_path):
    out = {form: bench.evaluations.export([kept], form, BOTH[1]) for form in FORMS}
    assert json.loads(out["record.json"])["dataset"]["name"] == "mine"
    (tmp_path / "run.trec").write_text(out["run.trec"], encoding="utf-8")
    run = evaluation.read_trec(tmp_path / "run.trec")
    answers = bench.evaluations.get(kept).pipelines[BOTH[1]].answers
    assert run == {query: [hit.page for hit in answer.top] for query, answer in answers.items() if answer.top}
    (tmp_path / "qrels.trec").write_text(out["qrels.trec"], encoding="utf-8")
    grades = {query: dict(asked.grades) for query, asked in bench.evaluations.get(kept).questions.items()}
    assert evaluation.read_qrels(tmp_path / "qrels.trec") == grades
    assert r"\begin{tabular}" in out["systems.tex"]
    assert out["systems.csv"].splitlines()[0].startswith("number,system,nDCG@5,nDCG@5 low")
    assert len(out["questions.csv"].splitlines()) > len(out["systems.csv"].splitlines()) > 1
    assert out["report.html"].lower().startswith("<!doctype html>")
    assert "data:image/webp;base64," in out["report.html"]  # the collection is as it was, so pages are shown
    with pytest.raises(InputError, match="none of record"):
        bench.evaluations.export([kept], "../../etc")
