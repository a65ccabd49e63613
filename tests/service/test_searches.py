"""The pipeline that is written is the one that runs, at every door: a number of results apart never changes it."""

import json

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from tests.documents.make import write_pdf
from workbench.cli.app import app
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.store import FieldsChange
from workbench.types import PageRef
from workbench.ui.server import create_app

PAGES = 14


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("written")
    write_pdf(root / "a.pdf", [f"Lighthouse number {i} stands by the sea." for i in range(PAGES)])
    made = Workbench(Settings(home=root / "home"))
    made.ingest([root / "a.pdf"], "c")
    made.home = root / "home"
    return made


def by_service(bench, pipeline, k):
    found = bench.search("lighthouse", "c", pipeline, k)
    return found.pipeline, len(found.hits), list(found.notes)


def by_stages(bench, pipeline, k):
    found = list(bench.searches.stages("lighthouse", "c", pipeline, k))
    assert len({one.pipeline for one in found}) == 1
    return found[-1].pipeline, len(found[-1].hits), list(found[-1].notes)


def by_api(bench, pipeline, k):
    client = TestClient(create_app(bench), base_url="http://127.0.0.1:7860")
    body = {"collection": "c", "query": "lighthouse", "pipeline": pipeline, "k": k}
    found = client.post("/api/v1/search", json=body).json()
    return found["pipeline"], len(found["hits"]), found["notes"]


def by_command(bench, pipeline, k):
    number = [] if k is None else ["-k", str(k)]
    words = ["--home", str(bench.home), "search", "lighthouse", "-c", "c", "-p", pipeline, *number, "--json"]
    found = json.loads(CliRunner().invoke(app, words).stdout)
    return found["pipeline"], len(found["results" if "results" in found else "hits"]), found.get("notes", [])


@pytest.mark.parametrize("door", [by_service, by_stages, by_api, by_command])
@pytest.mark.parametrize(
    ("pipeline", "k", "runs", "hits", "told"),
    [
        ("full:10", 12, "full:10", 10, "returns 10 pages ('full:10'). For 12, end it in 'full:12'."),
        ("full:10", None, "full:10", 10, ""),
        ("full:10", 3, "full:10", 3, ""),
        ("rows:12 > full:10", 12, "rows:12 > full:10", 10, "For 12"),
        ("rows:12 > full", 11, "rows:12 > full:11", 11, ""),
        ("full", 12, "full:12", 12, ""),
        ("exact", 12, "full:12", 12, ""),
        ("exact", 3, "full:3", 3, ""),
        ("text", None, "lift(bm25):10", 10, ""),
    ],
)
def test_what_is_written_runs_and_what_is_left_open_is_as_many_as_asked_for(bench, door, pipeline, k, runs, hits, told):
    ran, count, notes = door(bench, pipeline, k)
    assert (ran, count) == (runs, hits)
    assert (told in notes[-1]) if told else notes == []


def test_a_page_that_is_not_shown_is_not_found(bench):
    ranked = [hit.ref.page for hit in bench.search("lighthouse", "c", "full:10").hits]
    ref = PageRef("a.pdf", ranked[6])
    assert bench.searches.why("lighthouse", ref, "c", "full:10").verdict == "found"
    assert bench.searches.why("lighthouse", ref, "c", "full:10", 12).verdict == "found"
    lost = bench.searches.why("lighthouse", ref, "c", "full:10", 5)
    assert (lost.verdict, lost.fix.pipeline) == ("lost", "full:7")


def test_an_answer_from_memory_does_not_repeat_the_note(bench):
    remembering = Workbench(Settings(home=bench.home, semantic_cache=1.0))
    *_, first = remembering.searches.stages("lighthouse", "c", "full:10", 12)
    *_, again = remembering.searches.stages("lighthouse", "c", "full:10")
    assert first.notes and "cache" in [stage.name for stage in again.trace.stages]
    assert not any("For 12" in note for note in again.notes)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two documents of three pages with the same word, one of them tagged."""
    root = tmp_path_factory.mktemp("two")
    for name in ("a", "b"):
        write_pdf(root / f"{name}.pdf", [f"Lighthouse number {i} of {name} stands by the sea." for i in range(3)])
    made = Workbench(Settings(home=root / "home"))
    made.ingest([root / "a.pdf", root / "b.pdf"], "c")
    made.library.change_fields("c", ["b.pdf"], FieldsChange(add=("coast",)))
    yield made
    made.close()


@pytest.mark.parametrize("pipeline", ["bm25:10", "lift(bm25):10", "rrf(bm25, full):10"])
@pytest.mark.parametrize(
    ("condition", "left"),
    [
        ("", "a1 a2 a3 b1 b2 b3"),
        ("tag = 'coast'", "b1 b2 b3"),
        ("tag != 'coast'", "a1 a2 a3"),
        ("page != 2", "a1 a3 b1 b3"),
        ("tag = 'coast' and page != 2", "b1 b3"),
        ("not (tag = 'coast' or page = 1)", "a2 a3"),
        ("page = 1.5", ""),  # which no page can be
        ("page != 1.5", "a1 a2 a3 b1 b2 b3"),
        ("tag = 'inland'", ""),
        ("document = 'a.pdf' and tag = 'coast'", ""),
    ],
)
def test_words_are_found_on_the_pages_that_a_condition_leaves(two, pipeline, condition, left):
    found = two.search("lighthouse number", "c", pipeline, filter=condition)
    assert sorted(f"{hit.ref.document[0]}{hit.ref.page}" for hit in found.hits) == left.split()
