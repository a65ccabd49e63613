import os
import unicodedata
from pathlib import Path

import pytest

from tests.documents.make import text_pdf
from workbench.documents import Source, discover


def touch(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def names(found: list[Source]) -> list[str]:
    return [source.name for source in found]


def test_a_folder_gives_its_readable_files_sorted_and_names_the_others(tmp_path):
    for name in ("b.pdf", "a.PNG", "sub/deep/c.tiff", "notes.txt", "data.json", ".hidden.pdf", ".git/d.pdf"):
        touch(tmp_path / name)
    found, refused = discover([tmp_path])
    assert names(found) == ["a.PNG", "b.pdf", "sub/deep/c.tiff"]
    assert [(outcome.name, outcome.left_out) for outcome in refused] == [("data.json", True), ("notes.txt", True)]


def test_a_file_goes_by_its_own_name(tmp_path):
    found, _ = discover([touch(tmp_path / "deep" / "report.pdf")])
    assert found == [Source(tmp_path / "deep" / "report.pdf", "report.pdf")]


def test_a_file_that_is_not_read_is_refused_when_named(tmp_path):
    found, refused = discover([touch(tmp_path / "notes.txt"), tmp_path / "gone.pdf"])
    assert found == []
    assert [outcome.name for outcome in refused] == ["notes.txt", "gone.pdf"]
    assert refused[0].reason.startswith("notes.txt is not a file Pagelens reads")
    assert refused[1].reason == "There is no file or folder gone.pdf; check the path."


def test_an_empty_folder_says_so(tmp_path):
    (tmp_path / "empty").mkdir()
    _, refused = discover([tmp_path / "empty"])
    assert refused[0].reason.startswith("The folder empty holds no PDF")


def test_the_same_name_in_two_folders_is_two_documents(tmp_path):
    for folder in ("one", "two"):
        touch(tmp_path / folder / "report.pdf", folder.encode())
        touch(tmp_path / folder / f"only-{folder}.pdf")
    found, _ = discover([tmp_path / "one", tmp_path / "two"])
    assert names(found) == ["one/report.pdf", "only-one.pdf", "only-two.pdf", "two/report.pdf"]
    found, _ = discover([tmp_path])
    assert "one/report.pdf" in names(found) and "two/report.pdf" in names(found)


def test_a_file_given_twice_is_taken_once(tmp_path):
    path = touch(tmp_path / "report.pdf")
    assert names(discover([path, path, tmp_path])[0]) == ["report.pdf"]


def link(target: Path, at: Path) -> None:
    try:
        os.symlink(target, at, target_is_directory=target.is_dir())
    except OSError:
        pytest.skip("this system does not let us make links")


def test_a_loop_of_links_ends(tmp_path):
    touch(tmp_path / "a" / "report.pdf")
    link(tmp_path, tmp_path / "a" / "up")
    link(tmp_path / "a", tmp_path / "b")
    link(tmp_path / "nowhere.pdf", tmp_path / "dangling.pdf")
    found, refused = discover([tmp_path])
    assert names(found) == ["a/report.pdf"]
    assert [(outcome.name, outcome.left_out) for outcome in refused] == [("dangling.pdf", True)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_named_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.pdf")
    touch(tmp_path / "report.pdf")
    found, left = discover([tmp_path])
    assert names(found) == ["report.pdf"]
    assert [(outcome.name, outcome.left_out) for outcome in left] == [("pipe.pdf", True)]
    assert "not a regular file" in discover([tmp_path / "pipe.pdf"])[1][0].reason


def test_names_are_composed_unicode_that_can_be_stored(tmp_path):
    path = text_pdf(tmp_path / (unicodedata.normalize("NFD", "résumé") + ".pdf"))
    assert names(discover([path])[0]) == ["résumé.pdf"]
    strange = os.fsdecode(b"caf\xe9.pdf")
    try:
        touch(tmp_path / strange)
    except (OSError, UnicodeEncodeError):
        pytest.skip("this file system holds Unicode names only")
    assert names(discover([tmp_path / strange])[0])[0].encode("utf-8")


def test_a_hostile_name_is_only_a_name(tmp_path):
    name = "<img onerror=...>${alert(1)}.pdf"
    if os.name == "nt":
        pytest.skip("Windows has no such names")
    assert names(discover([touch(tmp_path / name)])[0]) == [name]


def test_what_is_not_read_in_a_folder_is_named_and_much_of_it_is_counted(tmp_path):
    touch(tmp_path / "a.pdf")
    for system in (".DS_Store", "Thumbs.db", "desktop.ini", "~$plan.docx", "__MACOSX/x.txt", ".git/config"):
        touch(tmp_path / system)
    for number in range(332):
        touch(tmp_path / "sub" / f"{number:03}.TXT")
    touch(tmp_path / "zz.xyz")
    touch(tmp_path / "zz")
    found, left = discover([tmp_path])
    assert names(found) == ["a.pdf"]
    assert len(left) == 21
    assert all(outcome.left_out and outcome.reason.startswith("Not read: it is no PDF") for outcome in left)
    assert "sub/000.TXT" in [outcome.name for outcome in left]
    assert [outcome.name for outcome in left[-1:]] == ["and 314 more of .txt"]
    assert {"zz", "zz.xyz"} <= {outcome.name for outcome in left}


def test_files_of_many_kinds_are_counted_within_bounds(tmp_path):
    for number in range(100):
        touch(tmp_path / f"part.{number:03}")
    _, left = discover([tmp_path])
    assert len(left) == 42  # 20 named, 20 kinds, the others, and that there is nothing to read
    assert "and 60 more of other kinds" in [outcome.name for outcome in left]


def test_no_name_shows_where_a_file_lies(tmp_path):
    composed, apart = "résumé.pdf", unicodedata.normalize("NFD", "résumé.pdf")
    touch(tmp_path / "secret" / "folder" / composed)
    touch(tmp_path / "secret" / "folder" / apart)
    found, _ = discover([tmp_path / "secret" / "folder"])
    if len(found) == 2:  # some file systems hold one form only
        assert names(found) == ["résumé (2).pdf", "résumé.pdf"]
    for above in ("x", "y"):
        touch(tmp_path / above / "same" / "report.pdf")
    found, _ = discover([tmp_path / above / "same" for above in ("x", "y")])
    assert names(found) == ["same/report (2).pdf", "same/report.pdf"]
    for token in ("1f3a", "9b2c"):
        touch(tmp_path / "uploads" / token / "scan.pdf")
    found, _ = discover([tmp_path / "uploads" / token / "scan.pdf" for token in ("1f3a", "9b2c")], tmp_path / "uploads")
    assert names(found) == ["scan (2).pdf", "scan.pdf"]


def test_an_export_below_a_folder_is_named_and_not_read(tmp_path):
    touch(tmp_path / "given" / "a.pdf")
    touch(tmp_path / "given" / "deep" / "out" / "pictures" / "ab" / "ab-1.page.webp")
    touch(tmp_path / "given" / "deep" / "out" / "pagelens-export.json")
    found, refused = discover([tmp_path / "given"])
    assert names(found) == ["a.pdf"]
    assert [(outcome.name, outcome.left_out) for outcome in refused] == [("given/deep/out", True)]
    assert refused[0].reason == "Not read: it is an export of a collection; ingest that folder itself to take it in."


def test_where_collections_live_is_not_read_with_the_folder_around_it(tmp_path):
    home = tmp_path / "given" / "deep" / "home"
    touch(tmp_path / "given" / "a.pdf")
    touch(home / "collections" / "c" / "images" / "ab" / "ab-1.page.webp")
    touch(home / "uploads" / "1f3a" / "scan.pdf")
    (tmp_path / "link").symlink_to(tmp_path / "given")
    for given in ("given", "link"):
        found, refused = discover([tmp_path / given], home)
        assert names(found) == ["a.pdf"]
        assert [(outcome.name, outcome.left_out) for outcome in refused] == [(f"{given}/deep/home", True)]
        assert refused[0].reason == "Not read: it is where Pagelens keeps its collections."
    found, refused = discover([home / "uploads" / "1f3a"], home)
    assert (names(found), refused) == (["scan.pdf"], [])


@pytest.mark.parametrize("name", ["a.html", "b.HTM", "c.mhtml", "d.mht", "e.webarchive"])
def test_a_saved_web_page_is_refused_with_what_to_do(tmp_path, name):
    (tmp_path / name).write_text("<script>fetch('http://127.0.0.1:9/')</script><p>words")
    for given, begins in (
        (tmp_path / name, f"{name} is not read: it is a saved web page;"),
        (tmp_path, "Not read: it"),
    ):
        sources, refused = discover([given])
        assert sources == []
        (reason,) = (one.reason for one in refused if one.name == name)
        assert reason.startswith(begins) and "print it to PDF" in reason
