"""The year that a file says it was made in."""

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from workbench.documents import ReadSettings, Source, read_pages
from workbench.documents.probing import open_document
from workbench.types.days import year_in


def pdf(path, date):
    canvas = Canvas(str(path), invariant=1)
    canvas.drawString(72, 700, "whales")
    canvas.save()
    content = path.read_bytes()
    assert b"D:20000101000000+00'00'" in content
    path.write_bytes(content.replace(b"D:20000101000000+00'00'", date.ljust(23).encode()))
    return path


def year(path):
    (page,) = read_pages(Source(path, path.name), ReadSettings(ocr=False))
    return page.year


@pytest.mark.parametrize(
    ("date", "found"), [("D:20240503101500Z", 2024), ("D:19990101", 1999), ("", 0), ("yesterday", 0), ("D:29990101", 0)]
)
def test_a_pdf_says_when_it_was_made(tmp_path, date, found):
    assert year(pdf(tmp_path / "a.pdf", date)) == found


def test_a_photograph_says_when_it_was_taken_rather_than_changed(tmp_path):
    exif = Image.Exif()
    exif[0x0132] = "2021:01:02 10:00:00"
    Image.new("RGB", (20, 20)).save(tmp_path / "changed.jpg", exif=exif)
    exif.get_ifd(0x8769)[0x9003] = "2014:07:08 10:00:00"
    Image.new("RGB", (20, 20)).save(tmp_path / "taken.jpg", exif=exif)
    Image.new("RGB", (20, 20)).save(tmp_path / "neither.png")
    assert [year(tmp_path / name) for name in ("changed.jpg", "taken.jpg", "neither.png")] == [2021, 2014, 0]


def test_the_pdf_that_an_office_document_becomes_says_nothing_of_it(tmp_path, monkeypatch):
    made = pdf(tmp_path / "a.pdf", "D:20240503101500Z")
    monkeypatch.setattr("workbench.documents.probing.as_pdf", lambda _: made)
    (tmp_path / "a.docx").write_bytes(b"PK\3\4")
    with_year = open_document(tmp_path / "a.docx")
    assert with_year.year == 0
    with_year.close()


@pytest.mark.parametrize(
    ("text", "found"),
    [("2020:05:01 12:00", 2020), ("D:2020", 2020), ("1601", 0), ("20", 0), ("0000:00:00 00:00:00", 0), ("20205", 0)],
)
def test_years_are_read_as_files_write_them(text, found):
    assert year_in(text) == found
