"""A collection as one file: what is in it is taken in again, and it goes with what it holds."""

import tarfile

import pytest

from tests.documents.make import write_pdf
from workbench.errors import InputError, NotFoundError
from workbench.ingestion import jobs
from workbench.service import Workbench
from workbench.settings import Settings


@pytest.fixture
def bench(tmp_path):
    made = Workbench(Settings(home=tmp_path / "home"))
    files = [write_pdf(tmp_path / f"{name}.pdf", [f"{name} of the sea"]) for name in ("whales", "tides")]
    made.ingest(files, "sea")
    yield made
    made.close()


def archived(bench, collection="sea", formats=("parquet",)):
    job = bench.jobs.wait(bench.archives.start(collection, formats).id)
    assert job.state == "done", job.message
    return bench.archives.file(collection)


def test_an_archive_is_taken_in_again_and_is_all_that_is_left_of_its_making(bench, tmp_path):
    path = archived(bench, formats=("npz",))
    assert [left.name for left in path.parent.iterdir()] == ["sea.tar"]
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path / "out", filter="data")
    bench.ingest([tmp_path / "out" / "sea"], "again")
    found = [bench.search("whales", name, "exact").hits for name in ("sea", "again")]
    assert [(hit.ref, hit.score) for hit in found[0]] == [(hit.ref, hit.score) for hit in found[1]]


def test_an_archive_is_replaced_and_goes_with_the_collection_or_a_document_of_it(bench):
    for delete in (lambda: bench.deletions.document("sea", "tides.pdf"), lambda: bench.deletions.collection("sea")):
        path = archived(bench)
        assert archived(bench) == path
        delete()
        assert not path.exists()
    with pytest.raises(NotFoundError, match="no collection 'sea'"):
        bench.archives.file("sea")


def test_a_document_deleted_while_an_archive_is_written_is_not_in_it(bench, monkeypatch):
    export = bench.library.export

    def overtaken(*args, **more):
        made = export(*args, **more)
        if "tides.pdf" in [info.name for info in bench.library.documents("sea")]:
            bench.deletions.document("sea", "tides.pdf")
        return made

    monkeypatch.setattr(jobs, "BUSY_PAUSE", 0.01)
    monkeypatch.setattr(bench.library, "export", overtaken)
    job = bench.jobs.wait(bench.archives.start("sea", ["parquet"]).id)
    path = bench.archives.file("sea")
    assert job.message.startswith("1 pages of 'sea'")
    with tarfile.open(path) as archive:
        assert b"tides of the sea" not in b"".join(archive.extractfile(each).read() for each in archive)
        assert {(each.uid, each.uname) for each in archive} == {(0, "")}
    assert [left.name for left in path.parent.iterdir()] == ["sea.tar"]


def test_what_a_killed_export_left_goes_with_a_document(bench):
    folder = archived(bench).parent
    (folder / ".sea" / "vectors").mkdir(parents=True)
    (folder / ".sea" / "pages.parquet").write_bytes(b"pages")
    (folder / ".sea.tar").write_bytes(b"pages")
    bench.deletions.document("sea", "tides.pdf")
    assert list(folder.iterdir()) == []


def test_an_archive_goes_by_the_new_name_of_its_collection(bench):
    archived(bench)
    bench.renaming.collection("sea", "ocean")
    assert bench.archives.file("ocean").is_file()


def test_what_cannot_be_made_or_fetched_is_said(bench):
    with pytest.raises(InputError, match="not in 'docx'"):
        bench.archives.start("sea", ["docx"])
    with pytest.raises(NotFoundError, match="No export of 'sea' is here"):
        bench.archives.remove("sea")
    with pytest.raises(NotFoundError, match="no collection 'none'"):
        bench.archives.start("none")


def test_a_collection_without_its_manifest_is_repaired_in_the_background(bench):
    bench.opened.close("sea")
    (bench.settings.home / "collections" / "sea" / "manifest.json").unlink()
    job = bench.jobs.wait(bench.maintenance.start_repair("sea", dpi=144).id)
    assert job.state == "done" and "manifest" in job.message
    assert bench.search("whales", "sea", "exact").hits[0].ref.document == "whales.pdf"
