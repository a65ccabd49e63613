"""Scans in letters that the built-in OCR lacks: read by tesseract where it is installed, and said where it is not."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps

from tests.documents.make import LINES, picture_pdf, text_picture
from tests.store.make import collection, item, record
from workbench import resources
from workbench.documents import ReadSettings, Source, Way, ocr, read_pages, tesseract
from workbench.documents.layout import TextRun
from workbench.documents.reading import POORLY_READ, later_words
from workbench.errors import DocumentError
from workbench.store import Writer
from workbench.types import Words

pytestmark = pytest.mark.slow
RUSSIAN = Path(__file__).parent / "inputs" / "scan-russian.png"
needs_russian = pytest.mark.skipif(
    not {"osd", "rus"} <= tesseract.installed(), reason="tesseract is not installed with osd and rus"
)


def one(path, **settings):
    (page,) = read_pages(Source(path, path.name), ReadSettings(**settings))
    return page


def turned(tmp_path, degrees):
    path = tmp_path / f"turned-{degrees}.png"
    with Image.open(RUSSIAN) as image:
        image.convert("RGB").rotate(degrees, expand=True, fillcolor="white").save(path)
    return path


@pytest.fixture
def without_tesseract(monkeypatch):
    monkeypatch.setattr(tesseract, "installed", frozenset)


@needs_russian
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_cyrillic_is_read_whichever_way_the_scan_lies(tmp_path, degrees):
    page = one(turned(tmp_path, degrees))
    assert "Договор аренды заключается сроком на один год" in page.words.text
    assert page.notice == ""
    assert page.words.source == "ocr"
    # Every word's box holds ink.
    dark = np.asarray(page.image().convert("L")) < 128
    for x0, y0, x1, y1 in page.words.boxes * np.tile(page.size, 2):
        assert dark[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1].any()


@needs_russian
def test_a_language_that_is_named_is_read_at_once():
    assert "страховать имущество" in one(RUSSIAN, languages=("rus",)).words.text


@pytest.mark.usefixtures("without_tesseract")
def test_what_cannot_be_read_is_said(tmp_path):
    page = one(RUSSIAN)
    assert page.quality < 50
    assert "Little of the scan's text could be read" in page.notice
    assert "tesseract" in page.notice
    with Image.open(RUSSIAN) as image:
        scan = picture_pdf(tmp_path / "scan.pdf", image.convert("RGB"), box=(20, 200, 570, 400))
    assert "Little of the scan's text could be read" in one(scan).notice


@pytest.fixture
def mixed(tmp_path):
    """A page of three lines in Latin letters over one in Cyrillic ones."""
    page = Image.new("RGB", (1400, 1200), "white")
    page.paste(text_picture(["The Russian contract follows", *LINES[:1]], size=(1300, 260)), (0, 40))
    with Image.open(RUSSIAN) as image:
        russian = image.convert("RGB")
        page.paste(russian.resize((1300, russian.height * 1300 // russian.width)), (0, 320))
    page.save(tmp_path / "mixed.png")
    return tmp_path / "mixed.png"


@needs_russian
def test_a_scan_of_two_scripts_is_read_in_both(mixed):
    page = one(mixed)
    assert "The Russian contract follows" in page.words.text
    assert "Договор аренды заключается" in page.words.text and page.notice == ""


@pytest.mark.usefixtures("without_tesseract")
def test_of_a_scan_of_two_scripts_it_is_said_that_one_was_not_read(mixed):
    page = one(mixed)
    assert "The Russian contract follows" in page.words.text
    assert "Little of the scan's text could be read" in page.notice


@pytest.mark.usefixtures("without_tesseract")
def test_what_is_read_says_nothing(tmp_path):
    text_picture(LINES, size=(1100, 400)).save(tmp_path / "scan.png")
    Image.effect_noise((600, 400), 60).convert("RGB").save(tmp_path / "noise.png")
    Image.new("RGB", (600, 400), "white").save(tmp_path / "blank.png")
    read = [one(tmp_path / name) for name in ("scan.png", "noise.png", "blank.png")]
    assert [page.notice for page in read] == ["", "", ""]
    assert read[0].quality > 90
    assert read[2].quality is None


@pytest.mark.usefixtures("without_tesseract")
def test_greek_of_which_letters_are_lacking_is_said(tmp_path):
    """The engine has Greek letters, but none with an accent."""
    try:
        font = ImageFont.truetype("DejaVuSans.ttf", 36)
    except OSError:
        pytest.skip("needs a font with Greek letters")
    image = Image.new("RGB", (1100, 300), "white")
    for i, line in enumerate(("Ο μισθωτής υποχρεούται να ασφαλίσει", "το ακίνητο κατά πυρκαγιάς και σεισμού")):
        ImageDraw.Draw(image).text((40, 40 + 80 * i), line, fill="black", font=font)
    image.save(tmp_path / "greek.png")
    page = one(tmp_path / "greek.png")
    assert page.notice.startswith("The scan's text is Greek, which the built-in OCR does not read in full.")
    assert "να" in page.words.texts and page.quality <= 60


@pytest.mark.usefixtures("without_tesseract")
def test_a_language_that_is_not_there_is_named():
    page = one(RUSSIAN, languages=("rus", "eng"))
    assert page.reason.startswith("tesseract is not installed with rus.")
    with pytest.raises(DocumentError, match="with klingon"):
        ocr.recognize(Image.new("RGB", (99, 99)), ("klingon",))


def test_a_notice_names_the_script_and_what_to_install(monkeypatch):
    monkeypatch.setattr(tesseract, "installed", lambda: frozenset({"osd", "eng"}))
    said = ocr.told(0.1, "Cyrillic")
    assert said.startswith("The scan's text is Cyrillic, which the built-in OCR does not read.")
    assert ocr.told(0.9, "Cyrillic") == ""
    monkeypatch.setattr(tesseract, "installed", lambda: frozenset({"osd", "rus"}))
    assert "is Cyrillic, could be read: is it handwriting" in ocr.told(0.1, "Cyrillic")


def test_a_tesseract_that_hangs_or_fails_costs_its_time_alone(monkeypatch):
    def late(command, **more):
        raise subprocess.TimeoutExpired(command, more["timeout"])

    monkeypatch.setattr(subprocess, "run", late)
    picture = text_picture(LINES)
    assert tesseract.script_of(picture) == ("", 0)
    assert tesseract.read_lines(picture, ("eng",)) == []


def test_letters_of_scripts_without_spaces_are_joined():
    boxes = np.array([[0, 0, 20, 20], [24, 0, 44, 20], [60, 0, 80, 20], [82, 0, 99, 20]], np.float32)
    texts, joined = tesseract._joined(["재", "산을", "보험에", "x"], boxes)
    assert texts == ["재산을", "보험에", "x"]
    np.testing.assert_array_equal(joined[0], [0, 0, 44, 20])


def test_the_half_known_scripts_are_told():
    assert (
        ocr._half_known(["Hp", "đồng", "thuê", "nhà", "đưc", "ký", "kt", "vi", "thi", "hn", "mt", "năm"])
        == "Vietnamese"
    )
    assert ocr._half_known(["υποχρεοται", "να", "ασφαλσει"]) == "Greek"
    assert ocr._half_known(["der", "Koeffizient", "α", "beträgt", "0,3"]) == ""
    assert ocr._half_known(["Đurđevac", "leži", "u", "Hrvatskoj,", "četiri", "kilometra", "od", "grada"]) == ""
    assert shutil.which("tesseract") or not tesseract.installed()


@pytest.mark.usefixtures("without_tesseract")
def test_what_could_not_be_read_is_kept_with_the_page(tmp_path):
    store = collection(tmp_path)
    page = one(RUSSIAN)
    document = record("scan-russian.png", 1)
    with Writer(store) as opened:
        started = opened.begin_document(document)
        entry = item(document, 1)
        opened.add_pages(started, [(replace(entry[0], notice=page.notice), *entry[1:])])
        opened.finish_document(started)
    (info,) = store.documents()
    assert info.failed == ()
    assert [(found.page, found.reason) for found in info.notices] == [(1, page.notice)]


def test_stars_are_no_text() -> None:
    with Image.open(resources.sample_data() / "documents" / "galaxies.jpg") as stars:
        found = ocr.recognize(stars.convert("RGB"))
    assert (found.runs, ocr.told(found.certainty, found.script)) == ((), "")


@pytest.mark.usefixtures("without_tesseract")
def test_a_dark_slide_that_cannot_be_read_is_told_of() -> None:
    with Image.open(RUSSIAN) as image:
        found = ocr.recognize(ImageOps.invert(image.convert("RGB")))
    assert "Little of the scan's text could be read" in ocr.told(found.certainty, found.script)


@pytest.mark.parametrize(
    ("upright", "fits", "script"),
    [("2.1", "0.00", ""), ("2.1", "0.48", "Arabic"), ("2.1", "", ""), ("0.97", "8.33", "")],
)
def test_a_script_that_fits_no_better_than_another_or_stands_no_way_up_is_none(
    monkeypatch: pytest.MonkeyPatch, upright: str, fits: str, script: str
) -> None:
    said = f"Rotate: 180\nOrientation confidence: {upright}\nScript: Arabic\nScript confidence: {fits}\n"
    monkeypatch.setattr(tesseract, "installed", lambda: frozenset({"osd", "ara"}))
    monkeypatch.setattr(tesseract, "_run", lambda *_: said)
    assert tesseract.script_of(Image.new("RGB", (99, 99)))[0] == script


@pytest.mark.parametrize(("certainty", "quality", "notice"), [(0.96, 70, ""), (0.78, 57, POORLY_READ)])
def test_a_page_of_which_much_is_uncertain_and_much_no_word_says_so(tmp_path, monkeypatch, certainty, quality, notice):
    """Each is above its own bound: OCR is certain of most that it saw, and most words can be words of a language."""
    Image.new("RGB", (400, 300), "white").save(tmp_path / "page.png")
    texts = (
        *["harbour", "lighthouse", "merchants", "governor", "customs", "quarterly", "turnover", "pier"],
        *["xqzvwt"] * 3,
    )
    boxes = np.array([[0.1, 0.08 * i, 0.4, 0.08 * i + 0.05] for i in range(len(texts))], np.float32)
    monkeypatch.setattr(ocr, "recognize", lambda *_: ocr.Recognition((TextRun(texts, boxes, True),), certainty))
    found = later_words(tmp_path / "page.png", Words.empty(), Way())
    assert (found.quality, found.notice) == (quality, notice)
