"""Jobs in the background: told to stop they stop, resumed they run once, and a job that is done stays done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.documents.make import write_pdf
from workbench.errors import CollectionBusyError, InputError, NotFoundError, StateError
from workbench.ingestion import Jobs, batches
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.store import new_index as writing
from workbench.types import Gone, IngestReport


class Gate:
    """A run of jobs that waits until it may go on, and counts."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.begun, self.open = threading.Event(), threading.Event()

    def __call__(self, request: Any, report: Any, stop: threading.Event) -> IngestReport:
        self.runs.append(request["name"])
        self.begun.set()
        assert self.open.wait(900)
        return IngestReport("notes", (), 0.0, stop.is_set())


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open.set()


@pytest.fixture
def jobs(gate: Gate, tmp_path: Path) -> Jobs:
    jobs = Jobs(tmp_path / "jobs")
    jobs.does("ingest", gate)
    return jobs


def test_a_finished_job_is_not_run_again(jobs: Jobs, gate: Gate) -> None:
    gate.open.set()
    job = jobs.start("notes", {"name": "a"})
    assert jobs.wait(job.id, 900).state == "done"
    with pytest.raises(StateError, match="This job is done"):
        jobs.resume(job.id)
    assert (gate.runs, jobs.get(job.id).state) == (["a"], "done")


def test_a_job_resumed_by_many_at_once_runs_once(jobs: Jobs, gate: Gate) -> None:
    first = jobs.start("notes", {"name": "a"})
    assert gate.begun.wait(900)
    stopping = jobs.stop(first.id)
    assert stopping.state == "stopping"
    with pytest.raises(StateError, match="about to stop"):
        jobs.resume(first.id)
    gate.open.set()
    assert jobs.wait(first.id, 900).state == "stopped"
    gate.open.clear()
    together = threading.Barrier(8)

    def resume() -> None:
        together.wait()
        jobs.resume(first.id)

    threads = [threading.Thread(target=resume) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(900)
    gate.open.set()
    assert jobs.wait(first.id, 900).state == "done"
    assert gate.runs == ["a", "a"]


def test_a_job_that_waits_is_stopped_at_once_and_never_begins(jobs: Jobs, gate: Gate, tmp_path: Path) -> None:
    first, second = jobs.start("notes", {"name": "a"}), jobs.start("notes", {"name": "b"})
    assert gate.begun.wait(900)
    assert jobs.stop(second.id).state == "stopped"
    assert Jobs(tmp_path / "jobs").get(second.id).state == "stopped"
    gate.open.set()
    jobs.wait(first.id, 900)
    assert jobs.resume(second.id).state in ("waiting", "running", "done")
    assert jobs.wait(second.id, 900).state == "done"
    assert gate.runs == ["a", "b"]


def test_jobs_of_a_deleted_collection_never_begin(jobs: Jobs, gate: Gate) -> None:
    first, second = jobs.start("other", {"name": "a"}), jobs.start("notes", {"name": "b"})
    assert gate.begun.wait(900)
    jobs.forget(Gone("notes"))
    with pytest.raises(NotFoundError):
        jobs.get(second.id)
    gate.open.set()
    assert jobs.wait(first.id, 900).state == "done"
    assert jobs.wait(jobs.start("other", {"name": "c"}).id, 30).state == "done"
    assert gate.runs == ["a", "c"]


def test_a_job_kept_from_its_work_waits_without_holding_up_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.ingestion.jobs.BUSY_PAUSE", 0.05)
    jobs, free, did = Jobs(tmp_path / "jobs"), threading.Event(), list[str]()

    def run(request: Any, _report: Any, _stop: threading.Event) -> IngestReport:
        if request["name"] == "busy" and not free.is_set():
            raise CollectionBusyError("Somebody writes to 'notes'.")
        did.append(request["name"])
        return IngestReport("notes", (), 0.0)

    jobs.does("ingest", run)
    busy, stopped = jobs.start("notes", {"name": "busy"}), jobs.start("notes", {"name": "busy"})
    assert jobs.wait(jobs.start("other", {"name": "free"}).id, 30).state == "done"
    assert did == ["free"] and jobs.get(busy.id).active
    assert jobs.stop(stopped.id).state in ("stopped", "stopping")
    assert jobs.wait(stopped.id, 900).state == "stopped"
    free.set()
    ended = jobs.wait(busy.id, 900)
    assert (ended.state, ended.message, did) == ("done", "", ["free", "busy"])


def test_an_unforeseen_error_is_told_without_its_text(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path / "jobs")
    jobs.does("ingest", lambda request, report, stop: 1 / 0)  # type: ignore[arg-type, return-value]
    ended = jobs.wait(jobs.start("notes", {}).id, 30)
    assert ended.state == "failed"
    assert "zero" not in ended.message


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    root = tmp_path_factory.mktemp("jobs")
    write_pdf(root / "files" / "tides.pdf", [f"The moon pulls tide number {number}." for number in range(6)])
    made = Workbench(Settings(home=root / "home"))
    made.ingest([root / "files"], "notes")
    return made


def names(bench: Workbench) -> list[str]:
    return [index.name for index in bench.library.info("notes").indexes]


def tables(bench: Workbench) -> set[Path]:
    return {path for path in (bench.settings.home / "collections" / "notes" / "lance").glob("ward*")}


def test_an_index_job_stops_when_told_and_can_be_resumed(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PAGES_AT_ONCE", 1)
    met, go_on = threading.Event(), threading.Event()
    table = writing.vectors_table

    def slowly(*values: Any) -> Any:
        met.set()
        assert go_on.wait(900)
        return table(*values)

    monkeypatch.setattr(writing, "vectors_table", slowly)
    job = bench.ingestion.start_index("notes", "ward[factor=4]")
    assert met.wait(900)
    assert bench.jobs.stop(job.id).state == "stopping"
    go_on.set()
    ended = bench.jobs.wait(job.id, 900)
    assert ended.state == "stopped"
    assert ended.progress.stages[-1].done < 6
    assert not any("ward" in name for name in names(bench))
    assert tables(bench) == set()
    assert bench.maintenance.verify("notes") == []

    bench.jobs.resume(job.id)
    assert bench.jobs.wait(job.id, 900).state == "done"
    assert "ward[factor=4]" in names(bench)
    assert bench.search("moon", "notes", "ward[factor=4]:2").hits
    assert bench.search("moon", "notes", "ward[factor=4.0]:2").hits


def test_what_no_job_can_do_is_refused_before_it_begins(bench: Workbench) -> None:
    before = bench.jobs.all()
    with pytest.raises(InputError, match="no index 'wart'"):
        bench.ingestion.start_index("notes", "wart")
    with pytest.raises(InputError, match=r"has the index 'rows' .* already"):
        bench.ingestion.start_index("notes", "rows")
    with pytest.raises(InputError, match="cannot be a collection's name"):
        bench.ingestion.start([], "a/b")
    assert bench.jobs.all() == before


def test_every_file_has_its_state_and_its_counts_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "SECONDS", -1.0)  # however quick the machine is, each batch is a commit
    for name, pages in (("long", 20), ("short", 2)):
        write_pdf(tmp_path / f"{name}.pdf", [f"{name} page {n}" for n in range(pages)])
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing else")
    paths = [tmp_path / f"{name}.pdf" for name in ("broken", "long", "short")]
    bench = Workbench(Settings(home=tmp_path / "home"))
    seen: list[dict[str, tuple[str, int, int]]] = []

    def look(progress: Any) -> None:
        files = [*progress.documents, *progress.pending]
        seen.append({file.name: (file.state, file.pages, file.indexed) for file in files})

    bench.ingestion.ingest(paths, "c", progress=look)
    assert set(seen[0]) == {path.name for path in paths}
    assert all(set(one) == set(seen[0]) for one in seen)
    assert seen[0]["long.pdf"] == ("waiting", 0, 0)
    assert ("waiting", 20, 0) in [one["long.pdf"] for one in seen]
    assert {("reading", 20, 8), ("reading", 20, 16), ("done", 20, 20)} <= {one["long.pdf"] for one in seen}
    assert next(one["short.pdf"] for one in seen if one["long.pdf"][0] == "reading") == ("waiting", 2, 0)
    assert seen[-1] == {"broken.pdf": ("done", 0, 0), "long.pdf": ("done", 20, 20), "short.pdf": ("done", 2, 2)}
    job = bench.ingestion.start(paths, "c")
    assert [file.name for file in job.progress.pending] == ["broken.pdf", "long.pdf", "short.pdf"]
    ended = bench.jobs.wait(job.id)
    assert (ended.progress.pending, len(ended.progress.documents)) == ((), 3)


def test_a_file_that_was_left_out_is_neither_planned_nor_read(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_pdf(tmp_path / f"{name}.pdf", [f"page of {name}"])
    bench = Workbench(Settings(home=tmp_path / "home"))
    plan = bench.ingestion.plan([tmp_path / "a.pdf", tmp_path / "b.pdf"], "c", without=["a.pdf"])
    assert [(file.source, file.state) for file in plan.files] == [("a.pdf", "dropped"), ("b.pdf", "new")]
    assert plan.pages_to_read == 1
    job = bench.ingestion.start([tmp_path / "a.pdf", tmp_path / "b.pdf"], "c", without=["a.pdf"])
    assert bench.jobs.wait(job.id).state == "done"
    assert [one.name for one in bench.library.documents("c")] == ["b.pdf"]
