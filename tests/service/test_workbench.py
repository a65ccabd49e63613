"""The whole path through the real parts: real PDFs made here, the real reader, the real store."""

import json
import threading

import pytest

from tests.documents.make import TOPICS, write_pdf
from workbench import heatmap
from workbench.api.uploads import Uploads
from workbench.errors import FilterError, InputError, NotFoundError, PipelineError, QueryError
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.types import PageRef, ScoreKind


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("service")
    files = root / "files"
    files.mkdir()
    for name, pages in TOPICS.items():
        write_pdf(files / name, pages)
    (files / "broken.pdf").write_bytes(b"%PDF-1.7 this is not one")
    workbench = Workbench(Settings(home=root / "home"))
    workbench.files = files
    workbench.report = workbench.ingest([files], "notes")
    return workbench


def test_good_files_go_in_and_the_bad_one_says_why(bench):
    outcomes = {outcome.name: outcome for outcome in bench.report.documents}
    assert {name: outcome.indexed for name, outcome in outcomes.items()} == {
        "whales.pdf": 2,
        "bread.pdf": 3,
        "stars.pdf": 2,
        "broken.pdf": 0,
    }
    assert outcomes["broken.pdf"].reason
    assert bench.library.info("notes").pages == 7


@pytest.mark.parametrize(
    "pipeline",
    ["exact", "two-stage", "three-stage", "fast", "accurate", "hybrid", "conv:5 > full:3", "tiles:5 > full:3"],
)
@pytest.mark.parametrize(
    ("query", "ref"),
    [
        ("Which animal is the biggest?", "whales.pdf#page=1"),
        ("How long does the bread stay in the oven?", "bread.pdf#page=2"),
        ("How is the distance of a star measured?", "stars.pdf#page=2"),
    ],
)
def test_questions_find_their_page(bench, pipeline, query, ref):
    result = bench.search(query, "notes", pipeline, k=3)
    assert str(result.hits[0].ref) == ref
    assert result.hits[0].score_kind is (
        ScoreKind.APPROXIMATE if pipeline in ("fast", "accurate", "hybrid") else ScoreKind.EXACT
    )


def test_two_stages_that_keep_all_pages_equal_exact(bench):
    exact = bench.search("songs of the sea", "notes", "exact", k=7)
    staged = bench.search("songs of the sea", "notes", "rows:7 > full:7")
    assert [hit.ref for hit in staged.hits] == [hit.ref for hit in exact.hits]
    assert [hit.score for hit in staged.hits] == pytest.approx([hit.score for hit in exact.hits], abs=1e-5)


def test_lancedb_itself_agrees_with_the_memory_mapped_scan(bench):
    ours = bench.search("hot oven", "notes", "rows:7")
    theirs = bench.search("hot oven", "notes", "rows[engine=lance]:7")
    assert [hit.ref for hit in theirs.hits] == [hit.ref for hit in ours.hits]
    assert [hit.score for hit in theirs.hits] == pytest.approx([hit.score for hit in ours.hits], abs=1e-3)


@pytest.mark.parametrize("pipeline", ["exact", "two-stage", "hybrid", "bm25", "rows[engine=lance]:5 > full:5"])
def test_filters_hold_in_every_pipeline(bench, pipeline):
    result = bench.search(
        "the largest star in the oven", "notes", pipeline, filter="document = 'bread.pdf' and page >= 2"
    )
    assert result.hits
    assert {str(hit.ref) for hit in result.hits} <= {"bread.pdf#page=2", "bread.pdf#page=3"}


def test_the_ledger_sums_to_the_score_and_points_at_the_word(bench):
    ref = PageRef("whales.pdf", 1)
    explanation = bench.explain("largest animal", ref, "notes")
    hit = bench.search("largest animal", "notes", "exact").hits[0]
    assert sum(row.contribution for row in explanation.ledger) == pytest.approx(explanation.score, abs=1e-4)
    assert explanation.score == pytest.approx(hit.score, abs=1e-2)
    assert sum(row.share for row in explanation.ledger) == pytest.approx(1.0, abs=1e-5)
    best = {row.label: row.text.strip(".").lower() for row in explanation.ledger}
    assert best["largest"] == "largest"
    assert best["animal"] == "animal"
    row = next(row for row in explanation.ledger if row.label == "animal")
    words = bench.library.page(ref, "notes").words
    box = words.boxes[words.texts.index("animal")]
    assert row.box == pytest.approx(tuple(box), abs=1e-3)
    assert "largest animal" in explanation.regions[0].text


def test_pooled_views_show_what_stage_one_scored(bench):
    query = "humpback songs"
    explanation = bench.explain(query, PageRef("whales.pdf", 2), "notes")
    for view in explanation.pooled:
        hit = next(h for h in bench.search(query, "notes", f"{view.index}:7").hits if h.ref == explanation.ref)
        assert view.score == pytest.approx(hit.score, abs=1e-3), view.index


def test_why_follows_a_page_through_the_pipeline(bench):
    query = "Which animal is the biggest?"
    found = bench.searches.why(query, PageRef("whales.pdf", 1), "notes", "rows:3 > full:1")
    assert (found.verdict, found.stage, found.rank) == ("found", "full", 1)
    far = bench.search(query, "notes", "exact", k=7).hits[-1]
    lost = bench.searches.why(query, far.ref, "notes", "rows:7 > full:3")
    assert (lost.verdict, lost.stage, lost.rank, lost.keep, lost.needs) == ("lost", "full", 7, 3, 7)
    cut = bench.search(query, "notes", "rows:7").hits[-1]
    early = bench.searches.why(query, cut.ref, "notes", "rows:2 > full:2")
    assert (early.verdict, early.stage, early.rank, early.needs) == ("lost", "rows", 7, 7)
    filtered = bench.searches.why(query, PageRef("whales.pdf", 1), "notes", filter="document = 'bread.pdf'")
    assert filtered.verdict == "filtered"
    assert bench.searches.why(query, PageRef("nothing.pdf", 1), "notes").verdict == "absent"
    never = bench.searches.why("parallax", PageRef("bread.pdf", 1), "notes", "bm25:3 > full:3")
    assert (never.verdict, never.stage, never.needs) == ("lost", "bm25", None)


def test_the_smallest_k_that_why_names_does_keep_the_page(bench):
    query, pipeline = "bake a star in the sea", "rrf(bm25, rows):1 > full:1"
    for info in bench.library.documents("notes"):
        for number in range(1, info.pages + 1):
            verdict = bench.searches.why(query, PageRef(info.name, number), "notes", pipeline)
            if verdict.verdict == "lost" and verdict.needs is not None:
                wide = f"rrf(bm25, rows):{verdict.needs} > full:{verdict.needs}"
                assert bench.searches.why(query, PageRef(info.name, number), "notes", wide).verdict == "found"


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda b: b.search("", "notes"), QueryError, "empty"),
        (lambda b: b.search(" \n ", "notes"), QueryError, "empty"),
        (lambda b: b.search("x" * 10_000, "notes"), QueryError, "10,000"),
        (lambda b: b.search("x", "nowhere"), NotFoundError, "notes"),
        (lambda b: b.search("x", "notes", "rowz:3"), PipelineError, "Did you mean"),
        (lambda b: b.search("x", "notes", filter="author = 'x'"), FilterError, "fields:"),
        (lambda b: b.explain("x", PageRef("bread.pdf", 9), "notes"), NotFoundError, "bread.pdf"),
        (lambda b: b.ingest([], "notes"), InputError, "PDF"),
    ],
)
def test_bad_requests_are_one_sentence(bench, call, error, says):
    with pytest.raises(error) as caught:
        call(bench)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_same_files_again_change_nothing(bench):
    again = bench.ingest([bench.files], "notes")
    assert sum(outcome.indexed for outcome in again.documents) == 0
    assert sum(outcome.skipped for outcome in again.documents) == 7
    assert bench.library.info("notes").pages == 7


def test_changed_bytes_replace_and_the_same_name_elsewhere_is_another(bench, tmp_path):
    work = Workbench(Settings(home=tmp_path / "home"))
    one, two = tmp_path / "a", tmp_path / "b"
    one.mkdir()
    two.mkdir()
    write_pdf(one / "report.pdf", ["Penguins live on ice."])
    work.ingest([one / "report.pdf"], "c")
    write_pdf(one / "report.pdf", ["Camels cross the desert."])
    work.ingest([one / "report.pdf"], "c")
    assert [(d.name, d.pages) for d in work.library.documents("c")] == [("report.pdf", 1)]
    assert not work.search("penguins on ice", "c", "bm25").hits
    assert work.search("camels", "c", "bm25").hits
    write_pdf(two / "report.pdf", ["Parrots live in the forest."])
    work.ingest([two / "report.pdf"], "c")
    assert len(work.library.documents("c")) == 2
    assert len({d.name for d in work.library.documents("c")}) == 2
    write_pdf(two / "copy.pdf", ["x"])
    (two / "copy.pdf").write_bytes((two / "report.pdf").read_bytes())
    work.ingest([two / "copy.pdf"], "c")
    assert len(work.library.documents("c")) == 2


def test_a_deleted_document_is_not_found_any_more(tmp_path):
    work = Workbench(Settings(home=tmp_path / "home"))
    for name, pages in TOPICS.items():
        write_pdf(tmp_path / name, pages)
    work.ingest([tmp_path / name for name in TOPICS], "c")
    assert work.deletions.document("c", "bread.pdf").pages == 3
    for pipeline in ("exact", "two-stage", "hybrid", "bm25", "rows[engine=lance]:9"):
        assert "bread.pdf" not in {hit.ref.document for hit in work.search("bread oven dough", "c", pipeline).hits}
    with pytest.raises(NotFoundError):
        work.library.page(PageRef("bread.pdf", 1), "c")


def test_a_job_reports_can_be_stopped_and_resumed(tmp_path):
    work = Workbench(Settings(home=tmp_path / "home"))
    write_pdf(tmp_path / "long.pdf", [f"Page number {n} about topic {n * 7}." for n in range(60)])
    seen = threading.Event()
    original = work.jobs._runs["ingest"]

    def run(request, report, stop):
        def tell(progress):
            report(progress)
            if progress.pages_done >= 8:
                seen.set()
                stop.set()

        return original(request, tell, stop)

    work.jobs.does("ingest", run)
    job = work.ingestion.start([tmp_path / "long.pdf"], "c")
    stopped = work.jobs.wait(job.id, 900)
    assert stopped.state == "stopped"
    part = work.library.info("c").pages
    assert 8 <= part < 60
    work.jobs.does("ingest", original)
    done = work.jobs.wait(work.jobs.resume(job.id).id, 120)
    assert done.state == "done"
    assert {stage.name for stage in done.progress.stages} == {"read", "embed", "write", "index"}
    assert work.library.info("c").pages == 60
    assert sorted(hit.ref.page for hit in work.search("page number", "c", "exact", k=100).hits) == list(range(1, 61))
    again = Workbench(Settings(home=tmp_path / "home"))
    assert [(j.id, j.state) for j in again.jobs.all()] == [(job.id, "done")]


def test_a_job_whose_process_died_reads_as_interrupted(tmp_path):
    work = Workbench(Settings(home=tmp_path / "home"))
    write_pdf(tmp_path / "a.pdf", ["One page."])
    job = work.jobs.wait(work.ingestion.start([tmp_path / "a.pdf"], "c").id, 120)
    path = tmp_path / "home" / "jobs" / f"{job.id}.json"
    record = json.loads(path.read_text())
    record["job"]["state"] = "running"
    record["process"] = [2**22 + 1, 0.0]
    path.write_text(json.dumps(record))
    (path.parent / "torn.json").write_text("{")
    assert [j.state for j in Workbench(Settings(home=tmp_path / "home")).jobs.all()] == ["interrupted"]


def test_uploads_keep_their_names_and_cannot_leave_their_folder(tmp_path):
    work = Workbench(Settings(home=tmp_path / "home"))
    source = write_pdf(tmp_path / "blob", ["Foxes hunt at night."])
    uploads = Uploads(tmp_path / "home")
    batch = uploads.batch()
    with pytest.raises(InputError, match="not a usable file name"):
        uploads.destination(batch, "../../2024/x.pdf")
    for name in ("2024/<img onerror=alert(1)>${x}.pdf", "alone.pdf"):
        with uploads.receiving(batch, name) as file:
            file.write(source.read_bytes() + name.encode())
    job = work.jobs.wait(work.ingestion.start(uploads.paths(batch), "c").id, 120)
    assert job.state == "done"
    assert [d.name for d in work.library.documents("c")] == ["2024/<img onerror=alert(1)>${x}.pdf", "alone.pdf"]
    assert list((tmp_path / "home" / "uploads").iterdir()) == []


def test_a_plan_counts_pages_before_anything_is_read(bench, tmp_path):
    plan = bench.ingestion.plan([bench.files], "fresh")
    assert (plan.pages, plan.pages_to_read) == (7, 7)
    assert plan.seconds > 0
    assert plan.bytes > 0
    assert next(file.note for file in plan.files if file.name == "broken.pdf")
    known = bench.ingestion.plan([bench.files], "notes")
    assert (known.pages, known.pages_to_read) == (7, 0)


def test_a_rare_word_counts_more_in_the_heat_of_several(tmp_path):
    work = Workbench(Settings(home=tmp_path / "home"))
    write_pdf(tmp_path / "a.pdf", ["the common page", "the common page again", "the common zebra"])
    work.ingest([tmp_path / "a.pdf"], "c")
    told = work.explain("the common zebra", PageRef("a.pdf", 3), "c")
    assert told.query.weights.tolist() == [1, 1, 1]  # the score weighs all alike
    assert dict(zip(told.query.labels, told.heat_weights.tolist(), strict=True)) == pytest.approx(
        {"the": heatmap.TRACE, "common": heatmap.TRACE, "zebra": 1}
    )
    assert told.labels[heatmap.values(told).argmax()] == "zebra"
    assert work.explain("the", PageRef("a.pdf", 3), "c").heat_weights.tolist() == [1.0]  # nothing to tell apart by
    assert work.explain("the common zebra", PageRef("a.pdf", 3), "c", pipeline="full[weights=idf]").heat_weights == (
        pytest.approx(told.heat_weights)
    )
