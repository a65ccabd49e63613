"""Two files of one name, and one content under two paths: nothing is lost, and nothing replaced unasked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.documents.make import write_pdf
from workbench.api.uploads import Uploads
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.types import DocumentOutcome

PLAIN = CollectionSettings(dpi=36, ocr=False)
Upload = Callable[..., list[Path]]


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(Settings(home=tmp_path / "home"))


@pytest.fixture
def upload(tmp_path: Path) -> Upload:
    """Sends files as a browser does, by name; returns what is handed to an ingest."""
    uploads = Uploads(tmp_path / "home")

    def send(*files: tuple[str, str]) -> list[Path]:
        batch = uploads.batch()
        for name, text in files:
            content = write_pdf(tmp_path / "made" / "x.pdf", [text]).read_bytes()
            with uploads.receiving(batch, name) as file:
                file.write(content)
        return uploads.paths(batch)

    return send


def found(bench: Workbench) -> dict[str, str]:
    """The text of the first page of every document."""
    from workbench.types import PageRef

    return {d.name: bench.library.page(PageRef(d.name, 1), "c").words.text for d in bench.library.documents("c")}


def ingest(bench: Workbench, paths: list[Path], **more: object) -> dict[str, DocumentOutcome]:
    return {outcome.name: outcome for outcome in bench.ingestion.ingest(paths, "c", PLAIN, **more).documents}  # type: ignore[arg-type]


def test_two_uploads_of_one_name_are_two_documents(bench: Workbench, upload: Upload) -> None:
    ingest(bench, upload(("scan.pdf", "invoice for whales")))
    other = upload(("scan.pdf", "recipe for bread"))
    (file,) = bench.ingestion.plan(other, "c").files
    assert (file.name, file.pages, file.namesake) == ("scan (2).pdf", 1, "scan.pdf")
    assert file.note.startswith("a different document has the name scan.pdf of 20")
    assert "both are kept" in file.note
    outcomes = ingest(bench, other)
    assert list(outcomes) == ["scan (2).pdf"]
    assert outcomes["scan (2).pdf"].replaced == ""
    assert found(bench) == {"scan.pdf": "invoice for whales", "scan (2).pdf": "recipe for bread"}
    again = ingest(bench, upload(("scan.pdf", "recipe for bread")))
    assert again["scan (2).pdf"].reason == "already indexed as scan (2).pdf"


@pytest.mark.parametrize("replacing", [True, ["scan.pdf"]])
def test_replacing_is_asked_for_and_named(bench: Workbench, upload: Upload, replacing: bool | list[str]) -> None:
    ingest(bench, upload(("scan.pdf", "invoice for whales"), ("other.pdf", "stars")))
    other = upload(("scan.pdf", "recipe for bread"), ("other.pdf", "moons"))
    planned = {file.name: file for file in bench.ingestion.plan(other, "c", replacing=replacing).files}
    assert "replaces scan.pdf of 20" in planned["scan.pdf"].note
    outcomes = ingest(bench, other, replacing=replacing)
    assert outcomes["scan.pdf"].replaced.startswith("scan.pdf of 20")
    assert outcomes["scan.pdf"].replaced.endswith("(1 page)")
    if replacing is True:
        assert found(bench) == {"scan.pdf": "recipe for bread", "other.pdf": "moons"}
    else:
        assert found(bench) == {"scan.pdf": "recipe for bread", "other.pdf": "stars", "other (2).pdf": "moons"}


def test_a_changed_file_is_replaced_and_plan_and_outcome_say_so(bench: Workbench, tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "in" / "report.pdf", ["first version"])
    ingest(bench, [path])
    write_pdf(path, ["second version"])
    (file,) = bench.ingestion.plan([path], "c").files
    assert file.note.startswith("replaces report.pdf of 20")
    assert file.namesake == ""
    assert ingest(bench, [path])["report.pdf"].replaced.startswith("report.pdf of 20")
    assert found(bench) == {"report.pdf": "second version"}


@pytest.mark.parametrize("together", [True, False])
def test_content_of_two_paths_stays_when_one_changes(bench: Workbench, tmp_path: Path, together: bool) -> None:
    folder = tmp_path / "in"
    write_pdf(folder / "a.pdf", ["shared words"])
    write_pdf(folder / "b.pdf", ["shared words"])
    assert ingest(bench, [folder])["b.pdf"].reason == "same content as a.pdf"
    write_pdf(folder / "a.pdf", ["changed words"])
    outcomes = ingest(bench, [folder] if together else [folder / "a.pdf"])
    assert outcomes["a.pdf"].replaced == ""
    assert "stays as b.pdf, which another file holds" in outcomes["a.pdf"].reason
    assert found(bench) == {"a.pdf": "changed words", "b.pdf": "shared words"}
    assert [hit.ref.document for hit in bench.search("shared", "c", "bm25").hits] == ["b.pdf"]


def test_a_collection_that_knew_one_path_only_loses_nothing_in_the_same_run(bench: Workbench, tmp_path: Path) -> None:
    """As collections made by earlier versions: the second path was never written down."""
    folder = tmp_path / "in"
    write_pdf(folder / "a.pdf", ["shared words"])
    ingest(bench, [folder])
    write_pdf(folder / "b.pdf", ["shared words"])
    write_pdf(folder / "a.pdf", ["changed words"])
    ingest(bench, [folder])
    assert found(bench) == {"a.pdf": "changed words", "b.pdf": "shared words"}


def test_two_files_that_swap_their_contents_lose_nothing(bench: Workbench, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for first, second in (("a", "b"), ("b", "a")):
        write_pdf(folder / f"{first}.pdf", ["one thing"])
        write_pdf(folder / f"{second}.pdf", ["another thing"])
        ingest(bench, [folder])
        assert sorted(found(bench).values()) == ["another thing", "one thing"]


def test_a_file_that_becomes_a_copy_of_another_replaces_its_own_version(bench: Workbench, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_pdf(folder / "a.pdf", ["one thing"])
    write_pdf(folder / "b.pdf", ["another thing"])
    ingest(bench, [folder])
    write_pdf(folder / "a.pdf", ["another thing"])
    outcomes = bench.ingest([folder], "c", PLAIN).documents
    assert [outcome.replaced[:8] for outcome in outcomes] == ["a.pdf of", ""]
    assert found(bench) == {"b.pdf": "another thing"}


def test_a_file_that_is_gone_from_the_disk_stays_in_the_collection(bench: Workbench, tmp_path: Path) -> None:
    write_pdf(tmp_path / "in" / "a.pdf", ["one thing"])
    ingest(bench, [tmp_path / "in"])
    (tmp_path / "in" / "a.pdf").rename(tmp_path / "in" / "b.pdf")
    assert ingest(bench, [tmp_path / "in"])["a.pdf"].reason == "already indexed as a.pdf"
    write_pdf(tmp_path / "in" / "b.pdf", ["another thing"])
    ingest(bench, [tmp_path / "in"])
    assert sorted(found(bench).values()) == ["another thing", "one thing"]
    assert ingest(bench, [tmp_path / "in"])["b.pdf"].skipped == 1


def test_files_of_one_drop_that_share_a_name_are_numbered(bench: Workbench, upload: Upload) -> None:
    ingest(bench, upload(("scan.pdf", "one"), ("scan.pdf", "two"), ("scan.pdf", "three")))
    assert sorted(found(bench)) == ["scan (2).pdf", "scan (3).pdf", "scan.pdf"]
    assert sorted(found(bench).values()) == ["one", "three", "two"]


def test_of_files_that_are_gone_from_a_folder_an_ingest_says_so_and_deletes_nothing(
    bench: Workbench, tmp_path: Path
) -> None:
    folder, away = tmp_path / "files", tmp_path / "away"
    away.mkdir()
    for name in ("moved", "gone", "here", "twice"):
        write_pdf(folder / f"{name}.pdf", [f"a page about {name}"])
    write_pdf(away / "twice.pdf", ["a page about twice"])
    ingest(bench, [folder, away])
    (folder / "sub").mkdir()
    (folder / "moved.pdf").rename(folder / "sub" / "moved.pdf")
    for name in ("gone", "twice"):
        (folder / f"{name}.pdf").unlink()
    notes = bench.ingestion.ingest([folder], "c", PLAIN).notes
    assert [note for note in notes if "gone from" in note] == [
        "The file of 1 document is gone from what was given, and nothing was deleted here: gone.pdf. "
        "To delete one, run: pagelens collections delete c --document NAME"
    ]
    assert found(bench).keys() >= {"moved.pdf", "gone.pdf", "here.pdf"}
    assert len(found(bench)) == 4
    assert not any("gone from" in note for note in bench.ingestion.ingest([folder / "here.pdf"], "c", PLAIN).notes)
