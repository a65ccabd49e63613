"""A collection as one file: what is in it is taken in again, and it goes with what it holds."""

import shutil
import tarfile

import pytest

from tests.documents.make import write_pdf
from workbench.errors import InputError, NotFoundError
from workbench.service import Workbench
from workbench.settings import Settings


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A collection of two documents."""
    tmp_path = tmp_path_factory.mktemp("sea")
    made = Workbench(Settings(home=tmp_path / "home"))
    files = [write_pdf(tmp_path / f"{name}.pdf", [f"{name} of the sea"]) for name in ("whales", "tides")]
    made.ingest(files, "sea")
    made.close()
    return tmp_path / "home"


@pytest.fixture
def bench(home, tmp_path):
    made = Workbench(Settings(home=shutil.copytree(home, tmp_path / "home")))
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
        assert {(each.uid, each.gid, each.uname, each.gname) for each in archive} == {(0, 0, "", "")}
        archive.extractall(tmp_path / "out")
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


def test_no_archive_comes_after_a_document_of_it_was_deleted(bench, monkeypatch):
    """The collection may change again once all is exported, while that is put into the file."""
    export = bench.library.export

    def exported(*given, **more):
        made = export(*given, **more)
        bench.deletions.document("sea", "tides.pdf")
        return made

    monkeypatch.setattr(bench.library, "export", exported)
    job = bench.jobs.wait(bench.archives.start("sea").id)
    assert (job.state, "deleted while its export was made" in job.message) == ("failed", True)
    assert [*(bench.settings.home / "state" / "archives").iterdir()] == []


def test_what_a_killed_process_left_of_an_archive_goes_with_a_document(bench):
    left = bench.settings.home / "state" / "archives" / ".sea" / ".export.0123abcd.partial" / "pages.parquet"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"whales")
    bench.deletions.document("sea", "whales.pdf")
    assert not left.exists()


def test_an_archive_goes_by_the_new_name_of_its_collection(bench):
    left = archived(bench).parent / ".sea"
    left.mkdir()
    bench.renaming.collection("sea", "ocean")
    assert not left.exists()
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
