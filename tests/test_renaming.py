"""A renamed collection keeps all that is known of it, under its new name and under no other."""

import threading
from pathlib import Path

import pytest

from tests.cli.conftest import write_pdf
from workbench.errors import CollectionBusyError, InputError, NotFoundError, StoreError
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.store import Writer
from workbench.types import PageRef

PLAIN = CollectionSettings(dpi=36, ocr=False)
PAGE = PageRef("whales.pdf", 1)


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    bench = Workbench(Settings(home=tmp_path / "home", semantic_cache=1.0))
    write_pdf(tmp_path / "whales.pdf", [f"whales of sea number {n}" for n in range(12)])
    bench.ingest([tmp_path / "whales.pdf"], "old", PLAIN)
    return bench


def test_what_is_kept_of_it_goes_by_the_new_name(bench: Workbench, tmp_path: Path) -> None:
    bench.judge("which whales", PAGE, "old", 2)
    bench.save_search("whales", "whales", "old", "bm25")
    bench.audit("old", probes=10)
    list(bench.search_stages("whales", "old", "bm25"))
    bench.judged_dataset("old", "mine")
    job = bench.wait_for(bench.start_ingest([tmp_path / "whales.pdf"], "old").id)
    info = bench.rename_collection("old", "new")
    assert (info.name, info.pages) == ("new", 12)
    assert bench.collection_names() == ["new"]
    assert bench.search("whales", "new", "bm25").hits[0].ref.document == "whales.pdf"
    assert bench.judgements("which whales", "new") == {str(PAGE): 2}
    assert [saved.collection for saved in bench.saved_searches()] == ["new"]
    assert bench.kept_audit("new") is not None
    assert bench.latency("new")[0].searches >= 1
    assert [one.collection for one in bench.datasets() if one.name == "mine"] == ["new"]
    assert (bench.job(job.id).collection, bench._jobs.request(job.id)["collection"]) == ("new", "new")
    assert bench.verify("new") == []
    again = Workbench(Settings(home=bench.settings.home))  # and all of it is on disk
    assert [one.collection for one in again.jobs()] == ["new"]
    with pytest.raises(NotFoundError):
        again.collection("old")
    assert len(again.search("whales", "new", "full:3").hits) == 3


def test_a_name_that_is_taken_or_none_is_refused(bench: Workbench) -> None:
    bench.create_collection("taken", PLAIN)
    with pytest.raises(StoreError, match="already"):
        bench.rename_collection("old", "taken")
    with pytest.raises(InputError, match="cannot be a collection's name"):
        bench.rename_collection("old", "../elsewhere")
    with pytest.raises(NotFoundError):
        bench.rename_collection("nothing", "else")
    assert bench.rename_collection("old", "old").name == "old"
    assert bench.collection_names() == ["old", "taken"]


def test_one_that_is_written_to_keeps_its_name(bench: Workbench) -> None:
    with Writer(bench._collection("old")), pytest.raises(CollectionBusyError):
        bench.rename_collection("old", "new")
    entered, go = threading.Event(), threading.Event()

    def block(*_):
        entered.set()
        go.wait(60)
        raise NotFoundError("over")

    bench._jobs._runs = {**bench._job_runs(), "block": block}
    job = bench._jobs.start("old", {"collection": "old"}, "block")
    entered.wait(60)
    with pytest.raises(CollectionBusyError, match="A job is at work"):
        bench.rename_collection("old", "new")
    go.set()
    bench.wait_for(job.id, 60)
    assert bench.rename_collection("old", "new").pages == 12
