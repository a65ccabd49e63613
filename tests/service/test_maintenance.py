"""Looking after collections through the service and the command line: quarantine, jobs that leave records, sizes."""

import json

import pytest

from tests.documents.make import write_pdf
from workbench.cli import main
from workbench.errors import NotFoundError
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.types import PageRef

TOPICS = ("whales", "bread", "glaciers", "engines", "violins", "deserts")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def bench(home):
    made = Workbench(Settings(home=home))
    said = "About {0} part {1} and what there is to know of {0} number {1}"
    pages = [said.format(topic, n) for topic in TOPICS for n in (1, 2, 3)]
    made.ingest([write_pdf(home / "natural.pdf", pages), write_pdf(home / "copy.pdf", pages[:1])], "c")
    return made


def ended(bench, job):
    job = bench.jobs.wait(job.id, 900)
    assert job.state == "done", job.message
    return job


def test_a_page_is_put_away_found_no_more_and_released(bench):
    ref = PageRef("natural.pdf", 4)
    assert str(bench.search("bread part 1", "c").hits[0].ref) == str(ref)
    entry = bench.maintenance.quarantine("c", ref, "  smells burnt ")
    assert (str(entry), entry.reason) == ("natural.pdf#page=4", "smells burnt")
    assert ref not in [hit.ref for hit in bench.search("bread part 1", "c").hits]
    assert bench.searches.why("bread part 1", ref, "c").verdict == "quarantined"
    assert (bench.library.info("c").quarantined, bench.maintenance.quarantined("c")) == (1, (entry,))
    assert bench.maintenance.verify("c") == []
    bench.maintenance.release("c", ref)
    assert bench.search("bread part 1", "c").hits[0].ref == ref
    with pytest.raises(NotFoundError):
        bench.maintenance.release("c", ref)


def test_the_same_by_command(bench, home, capsys):
    def run(*words):
        code = main(["--home", str(home), "collections", *words, "--json"])
        return code, json.loads(capsys.readouterr().out or "null")

    assert run("quarantine", "c", "copy.pdf", "--reason", "a copy")[1]["quarantined"]["reason"] == "a copy"
    assert [entry["page"] for entry in run("show", "c")[1]["quarantine"]] == ["copy.pdf"]
    code, audited = run("audit", "c", "--probes", "20")
    assert code == 0 and audited["copies"] == [] and audited["quarantine"][0]["document"] == "copy.pdf"
    assert run("quarantine", "c", "copy.pdf", "--release")[1]["quarantined"] is None
    assert main(["--home", str(home), "collections", "quarantine", "c", "copy.pdf", "--release"]) == 1
    assert "not in the quarantine" in capsys.readouterr().err


def test_audit_runs_as_a_job_and_leaves_its_record(bench):
    job = ended(bench, bench.maintenance.start_audit("c"))
    kept = bench.maintenance.kept_audit("c")
    assert [pair["page"] for pair in kept["copies"]] == ["copy.pdf#page=1"] and kept["made"]
    assert "1 pairs of copies" in job.message and job.progress.pages_total == 200


def test_recall_runs_as_a_job_and_leaves_its_record(bench):
    ended(bench, bench.maintenance.start_recall("c"))
    kept = bench.maintenance.kept_recall("c")
    assert kept["pages"] == 19 and all(row["recall"] == 1 for row in kept["rows"] if row["kind"] == "scan")


def test_compacting_runs_as_a_job_and_says_what_it_saved(bench):
    before = {table.name: table for table in bench.maintenance.tables("c")}
    assert before["pages"].rows == 19 and before["pages"].versions > 1
    job = ended(bench, bench.maintenance.start_compact("c"))
    assert "before" in job.message and "after" in job.message
    after = {table.name: table for table in bench.maintenance.tables("c")}
    assert after["pages"].files == 1 and after["pages"].unindexed == 0
    assert sum(table.bytes for table in after.values()) < sum(table.bytes for table in before.values())
    assert [index.kind for index in after["pages"].indexes] == ["FTS"]


def test_searches_leave_their_times_and_a_deleted_collection_none(bench, home):
    bench.ingest([write_pdf(home / "one.pdf", ["A page of songs and seas"])], "short-lived")
    for _ in range(3):
        bench.search("songs", "short-lived", "bm25:5")
    list(bench.searches.stages("seas", "short-lived", "exact"))
    told = {one.pipeline: one for one in bench.system.latency("short-lived")}
    assert told["bm25:5"].searches == 3 and {s.name for s in told["bm25:5"].stages} >= {"total", "bm25"}
    assert bench.maintenance.kept_audit("short-lived") is None
    bench.maintenance.audit("short-lived", probes=10)
    assert bench.maintenance.kept_audit("short-lived")["probes"] == 10
    bench.deletions.collection("short-lived")
    assert not list((home / "state" / "audit").glob("short-lived*"))
    assert not list((home / "state" / "latency").glob("short-lived*"))
    with pytest.raises(NotFoundError):
        bench.maintenance.kept_audit("short-lived")


def test_what_runs_here(bench, home):
    info = bench.system.info()
    assert dict(info.versions)["lancedb"] and info.home == str(home) and info.free > 0
    assert {folder.name for folder in info.folders} >= {"collections", "state"}
    assert next(f.bytes for f in info.folders if f.name == "collections") > 10_000
