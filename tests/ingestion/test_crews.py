"""One road for an ingest here and by many: the same files give the same collection, whoever is killed meanwhile."""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from tests.documents.make import text_pdf
from workbench.ingestion import cluster, workers
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.store import ann
from workbench.types import IngestReport, Progress

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # Ray starts as slowly as the machine is busy

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
HOW = CollectionSettings(dpi=48)
KILLS = int(os.environ.get("PAGELENS_KILLS", "3"))
"""Kills of workers, and a third as many of whoever commits: with 15 there are twenty."""
COPIES = max(1, KILLS // 4)
PAGES = 20 * COPIES
WORDS = ("harbour", "glacier", "orchard", "violin", "compass", "lantern", "meadow", "quarry")
CHILD = f"""
import sys
from pathlib import Path
from workbench.ingestion import cluster
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
cluster.ROUNDS, cluster.COMMIT_SECONDS = (2, 1), 0
def tell(progress):
    print(progress.pages_done, flush=True)
bench = Workbench(Settings(home=Path(sys.argv[1])))
bench.ingestion.ingest([Path(sys.argv[2])], "many", CollectionSettings(dpi={HOW.dpi}), tell, workers="ray")
print("done", flush=True)
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    bench = Workbench(Settings(home=tmp_path / "home"))
    yield bench
    bench.close()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Files of several pages, one of a page, one that is known by another name, and one that is none."""
    folder = tmp_path / "files"
    folder.mkdir()
    for i, word in enumerate(WORDS * COPIES):
        text_pdf(folder / f"{word}-{i}.pdf", 1 + i % 4, [f"The {word} stands for number {n} of {i}." for n in range(6)])
    (folder / "again.pdf").write_bytes((folder / "harbour-0.pdf").read_bytes())
    (folder / "torn.pdf").write_bytes(b"%PDF-1.4 and then nothing")
    return folder


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ray on two processors, small batches, and a commit for each."""
    library = pytest.importorskip("ray", reason="the extra 'scale' is not installed")
    pytest.importorskip("lance", reason="the extra 'scale' is not installed")
    monkeypatch.setattr(workers, "cores", lambda: 2)
    monkeypatch.setattr(cluster, "ROUNDS", (4, 2, 1))
    monkeypatch.setattr(workers, "RESTARTS", max(workers.RESTARTS, KILLS))
    monkeypatch.setattr(cluster, "COMMIT_SECONDS", 0.0)
    with workers.connected("ray"):
        yield
    assert not library.is_initialized()


def outcomes(report: IngestReport) -> set[tuple[Any, ...]]:
    return {(one.name, one.pages, one.indexed, one.skipped, one.failed, one.reason) for one in report.documents}


def contents(bench: Workbench, name: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Rows of a collection's pages, and of every table of vectors, by page; each page once, and nothing amiss."""
    assert bench.maintenance.verify(name) == []
    store = bench.opened.get(name)
    tables = {}
    for table in ("pages", *store.manifest.tables):
        rows = store.catalog.table(table).search().to_arrow().drop_columns(["added"] if table == "pages" else [])
        ids = rows["page_id"].to_pylist()
        assert len(set(ids)) == len(ids)
        tables[table.rpartition("__")[0] or table] = dict(zip(ids, rows.to_pylist(), strict=True))
    pictures = {path.name: path.read_bytes() for path in (store.path / "images").glob("*/*")}
    return pictures, tables


def found(bench: Workbench, name: str) -> list[list[tuple[str, float]]]:
    """What searches give, by words and by vectors."""
    pipelines = ("bm25:20", "full:20", "rows:20 > full:10")
    answers = [bench.search(f"{word} number", name, text) for word in WORDS[:3] for text in pipelines]
    return [[(str(hit.ref), hit.score) for hit in answer.hits] for answer in answers]


def same(bench: Workbench, one: str, other: str) -> None:
    (pictures, tables), (others, other_tables) = contents(bench, one), contents(bench, other)
    assert pictures == others
    assert tables.keys() == other_tables.keys()
    for table, rows in tables.items():
        assert rows.keys() == other_tables[table].keys()
        for page, row in rows.items():
            for column, value in row.items():
                assert value == other_tables[table][page][column], f"{column} of {page} in {table}"
    assert found(bench, one) == found(bench, other)


def actors() -> list[psutil.Process]:
    """Ray's actors below this process."""
    below = psutil.Process().children(recursive=True)
    return [process for process in below if process.is_running() and "MapWorker" in " ".join(_words(process))]


def _words(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def test_an_approximate_index_is_made_by_many(
    bench: Workbench, files: Path, ray: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("lance_ray", reason="the extra 'scale' is not installed")
    monkeypatch.setenv("PAGELENS_ANN_PAGES", "4")
    monkeypatch.setattr(ann, "FRAGMENT", 8)
    bench.ingestion.ingest([files], "one", HOW)
    bench.library.add_index("one", "lemur", workers="ray")
    space = bench.opened.get("one").space()
    held = space.mapped("lemur")
    (file,) = (bench.opened.get("one").path / "flat").glob("lemur*.ann.npz")
    many = ann.read_ann(file, space.index("lemur").table)
    one = ann.make_ann(file.with_name("other.npz"), "other", held)
    assert many is not None and [made.num_segments for made in many.table.list_indices()] == [2]
    assert many.cells == one.cells > 1
    vectors = held.flat[held.starts].astype(np.float32)
    for query in vectors[:10]:
        # Cells are drawn by lot; with all of them the lists are those of a full comparison, equal scores apart.
        lists = [index.search(query, len(vectors), index.cells) for index in (one, many)]
        scores = [(vectors @ query)[found] for found in lists]
        assert sorted(lists[0]) == sorted(lists[1]) == list(range(len(vectors)))
        np.testing.assert_allclose(scores[0], scores[1], atol=1e-3 * float(np.abs(scores[0]).max()))


def test_by_one_by_many_and_with_workers_killed(bench: Workbench, files: Path, ray: None) -> None:
    here = bench.ingestion.ingest([files], "one", HOW)
    many = bench.ingestion.ingest([files], "many", HOW, workers="ray")
    assert outcomes(here) == outcomes(many)
    for name, who in {"one": "", "many": "ray"}.items():
        bench.library.add_index(name, "gauss", workers=who)
    same(bench, "one", "many")
    rng, killed = random.Random(4), 0

    def kill(progress: Progress) -> None:
        nonlocal killed
        there = actors()
        if killed < KILLS and there and rng.random() < 0.3:
            rng.choice(there).kill()
            killed += 1

    report = bench.ingestion.ingest([files], "killed", HOW, kill, workers="ray")
    assert killed
    log.info("%d workers killed among %d pages", killed, PAGES)  # docs/measured.md has what a run of 20 kills said
    assert outcomes(here) == outcomes(report)
    bench.library.add_index("killed", "gauss")
    same(bench, "one", "killed")
    again = bench.ingestion.ingest([files], "killed", HOW, workers="ray")
    assert sum(document.indexed for document in again.documents) == 0


def test_a_stop_keeps_what_came_and_the_same_call_does_the_rest(bench: Workbench, files: Path, ray: None) -> None:
    stop = threading.Event()

    def enough(progress: Progress) -> None:
        if progress.pages_done >= 4:
            stop.set()

    report = bench.ingestion.ingest([files], "many", HOW, enough, stop, workers="ray")
    assert report.stopped
    held = bench.opened.get("many").page_count()
    assert 4 <= held <= PAGES  # all, where the last came before they could be told to stop
    assert sum(document.indexed for document in report.documents) == held
    rest = bench.ingestion.ingest([files], "many", HOW)
    assert not rest.stopped and sum(document.indexed for document in rest.documents) == PAGES - held
    assert bench.maintenance.verify("many") == []


def test_whoever_commits_is_killed_and_the_next_goes_on(bench: Workbench, files: Path, ray: None) -> None:
    bench.ingestion.ingest([files], "one", HOW)
    rng, seen = random.Random(5), []
    for _ in range(max(1, KILLS // 3)):
        command = [sys.executable, "-c", CHILD, str(bench.settings.home), str(files)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        before = seen[-1] if seen else 0
        for line in child.stdout:
            if line.strip().isdigit() and int(line) > 0 and rng.random() < 0.5:
                break
        time.sleep(rng.random() * 0.3)
        child.kill()
        child.wait()
        child.stdout.close()
        seen.append(bench.opened.get("many").page_count())
        assert seen[-1] >= before
    log.info("whoever commits killed %d times, at %s of %d pages", len(seen), seen, PAGES)
    assert seen[0] > 0
    bench.ingestion.ingest([files], "many", HOW)
    same(bench, "one", "many")
