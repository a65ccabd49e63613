"""What is deleted is gone everywhere, and the receipt says what went."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import runner
from tests.documents.make import write_pdf
from tests.service.holding import held_job
from workbench.api.uploads import Uploads
from workbench.errors import CollectionBusyError, NotFoundError
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.store import Writer
from workbench.types import Job, PageRef, Query

PLAIN = CollectionSettings(dpi=36, ocr=False)
SECRET = "zanzibarquartz"
GONE, KEPT = PageRef("gone.pdf", 1), PageRef("kept.pdf", 1)


def holding(home: Path, *words: str) -> list[str]:
    """Files below the home folder that hold one of these words, or are called so."""
    files = [path for path in home.rglob("*") if path.is_file()]
    return [str(f) for f in files if any(word.encode() in f.read_bytes() or word in f.name for word in words)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection ``c`` of a document that is to go and one that is to stay, with all that can point at either."""
    tmp_path = tmp_path_factory.mktemp("made")
    bench = Workbench(Settings(home=tmp_path / "home"))
    for name, pages in (("gone", [f"the {SECRET} ledger", "a second page"]), ("kept", ["the ordinary ledger"] * 12)):
        write_pdf(tmp_path / f"{name}.pdf", pages)
    bench.ingest([tmp_path / "gone.pdf", tmp_path / "kept.pdf"], "c", PLAIN)
    bench.maintenance.compact("c")
    for ref in (GONE, KEPT):
        bench.judgements.judge(f"which {ref.document}", ref, "c", 2)
    bench.judgements.judge("both", GONE, "c", 1)
    bench.judgements.judge("both", KEPT, "c", 3)
    picture = bench.pictures.keep(tmp_path / "gone.pdf")
    bench.pictures.path(picture, ["rotate:90"])
    save = bench.saved_searches.save
    save("by region", Query.empty().region(GONE, (0, 0, 1, 1)), "c", "bm25")
    save("by mark", Query.of("x").marking([GONE]), "c", "bm25")
    save("by filter", "ledger", "c", "bm25", "page > 1 and document in ('kept.pdf', 'gone.pdf')")
    save("by picture", Query.empty().picture(picture), "c", "bm25")
    save("other", Query.of("x").marking([KEPT]), "c", "bm25", "document = 'kept.pdf'")
    bench.maintenance.audit("c", probes=10)
    bench.close()
    return tmp_path


@pytest.fixture
def bench(made: Path, tmp_path: Path) -> Workbench:
    """A copy of it to delete from, in which one search was asked that its cache knows."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    bench = Workbench(Settings(home=tmp_path / "home", semantic_cache=1.0))
    list(bench.searches.stages("ledger", "c", "bm25"))
    return bench


def stopped_upload(bench: Workbench, tmp_path: Path, *names: str, collection: str = "c") -> Job:
    """A job with uploads that was stopped before it read anything."""
    uploads = Uploads(bench.settings.home)
    batch = uploads.batch()
    for name in names:
        with uploads.receiving(batch, name) as file:
            file.write((tmp_path / name).read_bytes())
    does = bench.jobs._runs["ingest"]
    bench.jobs.does("ingest", lambda *_: (_ for _ in ()).throw(NotFoundError("stopped")))
    job = bench.jobs.wait(bench.ingestion.start(uploads.paths(batch), collection).id)
    bench.jobs.does("ingest", does)
    return job


def test_a_deleted_document_is_in_no_file_of_the_home_folder(bench: Workbench, tmp_path: Path) -> None:
    home = tmp_path / "home"
    job = stopped_upload(bench, tmp_path, "gone.pdf", "kept.pdf")
    stopped_upload(bench, tmp_path, "gone.pdf", collection="another")
    assert holding(home, SECRET)
    receipt = bench.deletions.document("c", "gone.pdf")
    assert (receipt.document, receipt.pages, receipt.uploads) == ("gone.pdf", 2, 1)
    assert (receipt.pictures, receipt.labels) == (1, 2)
    assert set(receipt.searches) == {"by region", "by mark", "by filter", "by picture"}
    assert receipt.notes == ()
    assert "2 pages with their words, vectors and pictures, 1 uploaded file, 1 picture" in receipt.sentence
    assert holding(home, SECRET, "gone.pdf#page") == []
    assert list((home / "state" / "pictures").glob("*.webp")) == []
    assert not (home / "state" / "audit" / "c.json").exists()
    assert [saved.name for saved in bench.saved_searches.all()] == ["other"]
    assert bench.judgements.of("both", "c") == {"kept.pdf#page=1": 3}
    assert bench.judgements.of("which gone.pdf", "c") == {}
    left = [path for path in (home / "uploads").rglob("*") if path.is_file()]
    assert sorted(path.name for path in left) == ["gone.pdf", "kept.pdf"]  # the first was sent to another collection
    with pytest.raises(NotFoundError):
        bench.deletions.document("c", "gone.pdf")
    assert bench.maintenance.verify("c") == []
    done = bench.jobs.wait(bench.jobs.resume(job.id).id, 120)
    assert [(d.name, d.reason) for d in done.progress.documents] == [("kept.pdf", "already indexed as kept.pdf")]
    assert [path.name for path in (home / "uploads").rglob("*") if path.is_file()] == ["gone.pdf"]


def test_a_resumed_job_whose_files_were_deleted_says_so(bench: Workbench, tmp_path: Path) -> None:
    job = stopped_upload(bench, tmp_path, "gone.pdf")
    bench.deletions.document("c", "gone.pdf")
    ended = bench.jobs.wait(bench.jobs.resume(job.id).id)
    assert (ended.state, ended.message) == ("failed", "The files of this upload are no longer there; drop them again.")
    assert list((tmp_path / "home" / "uploads").iterdir()) == []


def test_a_deleted_collection_leaves_nothing(bench: Workbench, tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_pdf(tmp_path / "never.pdf", [f"another {SECRET}"])
    stopped_upload(bench, tmp_path, "gone.pdf", "never.pdf")
    receipt = bench.deletions.collection("c")
    assert (receipt.document, receipt.pages, receipt.uploads, receipt.pictures, receipt.labels) == ("", 14, 2, 1, 4)
    assert len(receipt.searches) == 5
    assert holding(home, SECRET) == []
    assert not (home / "judgements" / "c").exists()
    assert list((home / "jobs").iterdir()) == list((home / "uploads").iterdir()) == []
    assert bench.jobs.all() == bench.saved_searches.all() == []


def test_a_damaged_collection_can_be_deleted_and_the_receipt_says_what_is_not_known(bench: Workbench) -> None:
    shutil.rmtree(bench.settings.home / "collections" / "c" / "lance" / "documents.lance")
    bench = Workbench(Settings(home=bench.settings.home))
    receipt = bench.deletions.collection("c")
    assert receipt.labels == 4
    assert "could not be read" in receipt.notes[0]
    assert bench.library.names() == []


def test_a_job_that_waits_does_not_bring_a_deleted_collection_back(bench: Workbench, tmp_path: Path) -> None:
    with held_job(bench, "elsewhere"):
        waiting = bench.ingestion.start([tmp_path / "gone.pdf"], "c")
        assert waiting.state == "waiting"
        bench.deletions.collection("c")
    last = bench.jobs.start("elsewhere", {}, "hold")
    assert bench.jobs.wait(last.id, 900).state == "failed"
    assert bench.library.names() == []
    with pytest.raises(NotFoundError):
        bench.jobs.get(waiting.id)


def test_a_collection_at_work_is_not_deleted(bench: Workbench) -> None:
    with Writer(bench.opened.get("c")), pytest.raises(CollectionBusyError):
        bench.deletions.document("c", "gone.pdf")
    assert bench.judgements.of("both", "c") == {"gone.pdf#page=1": 1, "kept.pdf#page=1": 3}


def test_the_command_prints_the_receipt(bench: Workbench, tmp_path: Path) -> None:
    run = runner(tmp_path / "home")
    ended = run("collections", "delete", "c", "--document", "gone.pdf")
    assert ended.out.startswith("Deleted 'gone.pdf'. Removed: 2 pages with their words, vectors and pictures, 1 pict")
    assert "The saved search 'by mark' pointed at it and is deleted too." in ended.out
    assert "2 judgements" in ended.out


def test_large_tables_of_vectors_are_rewritten_when_asked(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.store.upkeep.ERASE_AT_ONCE", 100)
    (note,) = bench.deletions.document("c", "gone.pdf").notes
    assert note.endswith("pagelens collections compact c")
    assert {hit.ref.document for hit in bench.search("ledger", "c", "full:5").hits} == {"kept.pdf"}
    assert all("full__reader" in file for file in holding(tmp_path / "home", SECRET))
    bench.maintenance.compact("c")
    assert holding(tmp_path / "home", SECRET) == []


def test_a_deletion_waits_for_who_writes(bench: Workbench) -> None:
    with Writer(bench.opened.get("c")):
        with pytest.raises(CollectionBusyError):
            bench.deletions.document("c", "gone.pdf")
        job = bench.deletions.start("c", "gone.pdf")
        assert [file.name for file in job.progress.pending] == ["gone.pdf"]
        other = bench.jobs.start("elsewhere", {}, "ingest")
        assert bench.jobs.wait(other.id, 900).state == "failed"  # it has its turn, though a deletion waits
        assert bench.jobs.get(job.id).active
    ended = bench.jobs.wait(job.id, 900)
    assert ended.state == "done" and ended.message.startswith("gone.pdf is deleted. Removed: 2 pages")
    assert [one.name for one in bench.library.documents("c")] == ["kept.pdf"]
    whole = bench.jobs.wait(bench.deletions.start("c").id, 60)
    assert (whole.state, bench.library.names()) == ("done", [])
    with pytest.raises(NotFoundError):
        bench.deletions.start("c")


def test_a_deletion_that_waits_can_be_stopped(bench: Workbench) -> None:
    with Writer(bench.opened.get("c")):
        job = bench.deletions.start("c")
        bench.jobs.stop(job.id)
        assert bench.jobs.wait(job.id, 900).state == "stopped"
    assert bench.library.info("c").pages == 14
