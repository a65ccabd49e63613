"""Files of other kinds than PDFs and plain pictures: drawings, pictures of telephones, office documents."""

import gzip
import os
import stat
import sys

import pytest
from PIL import Image

from tests.documents.make import LINES, text_pdf, text_picture
from workbench.documents import ReadSettings, Source, discover, office, probe, read_pages
from workbench.documents.svg import draw_svg
from workbench.errors import DocumentError

DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 300"
xmlns:xlink="http://www.w3.org/1999/xlink">
<rect x="20" y="20" width="200" height="100" fill="#008080"/>{}
<text x="40" y="220" font-size="40">Annual rainfall</text>
</svg>"""


def one(path, **settings):
    (page,) = read_pages(Source(path, path.name), ReadSettings(**settings))
    return page


@pytest.fixture
def drawing(tmp_path):
    def write(inside="", name="chart.svg"):
        path = tmp_path / name
        path.write_text(DRAWING.format(inside), "utf-8")
        return path

    return write


@pytest.mark.slow
def test_a_drawing_is_drawn_and_its_words_are_read(drawing):
    page = one(drawing())
    assert page.size == (2000, 1000)
    assert page.image().getpixel((300, 200)) == (0, 128, 128)
    assert page.words.text == "Annual rainfall"


def test_a_drawing_shows_nothing_of_this_machine(drawing, tmp_path):
    Image.new("RGB", (50, 50), "red").save(tmp_path / "secret.png")
    for link in (
        f'<image href="{tmp_path}/secret.png" x="300" y="50" width="200" height="200"/>',
        '<image xlink:href="secret.png" x="300" y="50" width="200" height="200"/>',
        f"<image xlink:href = '{(tmp_path / 'secret.png').as_uri()}' x='300' y='50' width='200' height='200'/>",
        f'<image href="&#47;{str(tmp_path)[1:]}/secret.png" x="300" y="50" width="200" height="200"/>',
    ):
        image = one(drawing(link), ocr=False).image()
        assert (255, 0, 0) not in {image.getpixel((x, y)) for x in range(1000, 1700, 50) for y in range(200, 800, 50)}


def test_a_packed_drawing_and_one_without_a_size(tmp_path):
    packed = tmp_path / "chart.svgz"
    packed.write_bytes(gzip.compress(DRAWING.format("").encode()))
    assert one(packed, ocr=False).size == (2000, 1000)
    bare = tmp_path / "bare.svg"
    bare.write_text('<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>')
    assert max(one(bare, ocr=False).size) <= 2000
    thin = tmp_path / "thin.svg"
    thin.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 90000000"><rect width="1" height="9"/></svg>'
    )
    assert max(one(thin, ocr=False).size) <= 16_000


@pytest.mark.parametrize("content", [b"", b"not a drawing", b"\x1f\x8bno gzip", b"\xff\xfe\x00", b"<svg><svg>"])
def test_what_is_no_drawing_is_one_sentence(tmp_path, content):
    path = tmp_path / "bad.svg"
    path.write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        probe(path)
    assert "bad.svg" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_drawing_that_unpacks_to_too_much_is_refused(tmp_path):
    path = tmp_path / "bomb.svgz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(40):
            file.write(b" " * 1_000_000)
    with pytest.raises(DocumentError, match="larger than"):
        draw_svg(path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["avif", "heic"])
def test_pictures_of_telephones_are_read(tmp_path, kind):
    path = tmp_path / f"photo.{kind}"
    picture = text_picture(LINES, size=(1100, 400))
    if kind == "heic":
        pytest.importorskip("pillow_heif", reason="writing HEIC needs pillow-heif").register_heif_opener()
    picture.save(path)
    page = one(path)
    assert page.size == picture.size
    assert page.words.text.startswith(LINES[0][:12])


@pytest.mark.parametrize("before", [b"", b"From: x\r\n" * 500])
def test_a_pdf_s_header_may_be_late_or_lost(tmp_path, before):
    path = text_pdf(tmp_path / "text.pdf", pages=2)
    whole = path.read_bytes()
    path.write_bytes(before + whole if before else whole[whole.index(b"\n") + 1 :])
    pages = list(read_pages(Source(path, path.name), ReadSettings(ocr=False)))
    assert [page.words.text.splitlines()[1] for page in pages] == [LINES[0], LINES[0]]
    (tmp_path / "no.pdf").write_bytes(b"nothing of the kind " * 100)
    with pytest.raises(DocumentError, match="is not a PDF"):
        probe(tmp_path / "no.pdf")


@pytest.fixture
def fake_office(tmp_path, monkeypatch):
    """A program that stands for LibreOffice: it answers with a PDF of two pages, and counts its calls."""
    if sys.platform == "win32":
        pytest.skip("the stand-in is a script of a POSIX shell")
    text_pdf(tmp_path / "made.pdf", pages=2)
    program = tmp_path / "bin" / "soffice"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> {tmp_path}/calls\n'
        'while [ $# -gt 1 ]; do [ "$1" = --outdir ] && out=$2; shift; done\n'
        f'grep -q broken "$1" || cp {tmp_path}/made.pdf "$out/document.pdf"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path / "calls"


def test_an_office_document_is_read_as_the_pdf_made_of_it_once(tmp_path, fake_office):
    path = tmp_path / "minutes of May.docx"
    path.write_bytes(b"PK words")
    found = probe(path)
    pages = list(read_pages(Source(path, path.name), ReadSettings(ocr=False)))
    assert (found.pages, len(pages)) == (2, 2)
    assert pages[1].words.text.startswith("Heading of page 2")
    assert pages[0].content_hash == found.content_hash
    calls = fake_office.read_text().splitlines()
    assert len(calls) == 1
    assert "-env:UserInstallation=file://" in calls[0]
    path.write_bytes(b"PK other words")
    probe(path)
    assert len(fake_office.read_text().splitlines()) == 2


def test_an_office_document_that_cannot_be_converted_is_one_sentence(tmp_path, fake_office, monkeypatch):
    path = tmp_path / "bad.pptx"
    path.write_bytes(b"broken")
    with pytest.raises(DocumentError, match=r"bad\.pptx cannot be read by LibreOffice"):
        probe(path)
    monkeypatch.setattr(office, "libreoffice", lambda: None)
    with pytest.raises(DocumentError, match=r"bad\.pptx is an office document, which LibreOffice can turn into pages"):
        probe(path)


@pytest.mark.slow
@pytest.mark.skipif(office.libreoffice() is None, reason="LibreOffice is not installed")
def test_libreoffice_itself_reads_a_text(tmp_path):
    path = tmp_path / "letter.rtf"
    path.write_text(r"{\rtf1\ansi The lighthouse of Kronborg was lit in 1772.\par}")
    assert one(path, ocr=False).words.text == "The lighthouse of Kronborg was lit in 1772."


def test_folders_hold_these_kinds_too(tmp_path):
    for name in ("a.docx", "b.svg", "c.heic", "d.txt", "~$a.docx"):
        (tmp_path / name).write_bytes(b"x")
    found, refused = discover([tmp_path])
    assert [source.name for source in found] == ["a.docx", "b.svg", "c.heic"]
    assert [outcome.name for outcome in refused] == ["d.txt"]
