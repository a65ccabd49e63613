"""A renamed collection keeps all that is known of it, under its new name and under no other."""

from pathlib import Path

import pytest

from tests.documents.make import write_pdf
from tests.service.holding import held_job
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
    bench.judgements.judge("which whales", PAGE, "old", 2)
    bench.saved_searches.save("whales", "whales", "old", "bm25")
    bench.maintenance.audit("old", probes=10)
    list(bench.searches.stages("whales", "old", "bm25"))
    bench.datasets.judged("old", "mine")
    job = bench.jobs.wait(bench.ingestion.start([tmp_path / "whales.pdf"], "old").id)
    info = bench.renaming.collection("old", "new")
    assert (info.name, info.pages) == ("new", 12)
    assert bench.library.names() == ["new"]
    assert bench.search("whales", "new", "bm25").hits[0].ref.document == "whales.pdf"
    assert bench.judgements.of("which whales", "new") == {str(PAGE): 2}
    assert [saved.collection for saved in bench.saved_searches.all()] == ["new"]
    assert bench.maintenance.kept_audit("new") is not None
    assert bench.system.latency("new")[0].searches >= 1
    assert [one.collection for one in bench.datasets.all() if one.name == "mine"] == ["new"]
    assert (bench.jobs.get(job.id).collection, bench.jobs.request(job.id)["collection"]) == ("new", "new")
    assert bench.maintenance.verify("new") == []
    again = Workbench(Settings(home=bench.settings.home))  # and all of it is on disk
    assert [one.collection for one in again.jobs.all()] == ["new"]
    with pytest.raises(NotFoundError):
        again.library.info("old")
    assert len(again.search("whales", "new", "full:3").hits) == 3


def test_a_name_that_is_taken_or_none_is_refused(bench: Workbench) -> None:
    bench.library.create("taken", PLAIN)
    with pytest.raises(StoreError, match="already"):
        bench.renaming.collection("old", "taken")
    with pytest.raises(InputError, match="cannot be a collection's name"):
        bench.renaming.collection("old", "../elsewhere")
    with pytest.raises(NotFoundError):
        bench.renaming.collection("nothing", "else")
    assert bench.renaming.collection("old", "old").name == "old"
    assert bench.library.names() == ["old", "taken"]


def test_one_that_is_written_to_keeps_its_name(bench: Workbench) -> None:
    with Writer(bench.opened.get("old")), pytest.raises(CollectionBusyError):
        bench.renaming.collection("old", "new")
    busy = pytest.raises(CollectionBusyError, match="A job is at work")
    with held_job(bench, "old", {"collection": "old"}) as job, busy:
        bench.renaming.collection("old", "new")
    bench.jobs.wait(job.id, 900)
    assert bench.renaming.collection("old", "new").pages == 12
