"""Words off pictures: scans, photographs, pictures inside pages. One engine serves the whole module."""

import logging
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.documents.make import LINES, picture_pdf, raw_pdf, show, text_picture
from tests.documents.test_textlayer import garbage_pdf
from workbench.documents import ReadSettings, Source, ocr, read_pages
from workbench.documents.reading import words_of as words_of_picture

pytestmark = pytest.mark.slow


def one(path):
    (page,) = read_pages(Source(path, path.name), ReadSettings())
    return page


def words_of(page) -> list[str]:
    return [word.strip(".,").lower() for word in page.words.texts]


WANTED = [word.strip(".,").lower() for line in LINES for word in line.split()]


def share_found(page) -> float:
    found = words_of(page)
    return sum(word in found for word in WANTED) / len(WANTED)


def test_a_scan_is_read_line_by_line_with_boxes_on_the_words(tmp_path):
    picture = text_picture(LINES, size=(1100, 400))
    picture.save(tmp_path / "scan.png")
    page = one(tmp_path / "scan.png")
    assert page.words.source == "ocr"
    assert share_found(page) >= 0.9
    assert len(set(page.words.lines.tolist())) == len(LINES)
    # Every word's box holds ink, and all of them together nearly all the ink there is.
    dark = np.asarray(picture.convert("L")) < 128
    covered = np.zeros_like(dark)
    for x0, y0, x1, y1 in page.words.boxes * np.tile(picture.size, 2):
        part = (slice(int(y0), int(y1) + 1), slice(int(x0), int(x1) + 1))
        assert dark[part].any()
        covered[part] = True
    assert dark[covered].sum() / dark.sum() > 0.97


def test_a_word_s_box_is_where_the_word_is(tmp_path):
    picture = text_picture(["alpha                    omega"], size=(1000, 200))
    picture.save(tmp_path / "scan.png")
    page = one(tmp_path / "scan.png")
    where = {word: box for word, box in zip(words_of(page), page.words.boxes, strict=True)}
    assert where["alpha"][2] < where["omega"][0]
    columns = np.flatnonzero((np.asarray(picture.convert("L")) < 128).any(axis=0)) / picture.width
    assert where["alpha"][0] == pytest.approx(columns[0], abs=0.02)
    assert where["omega"][2] == pytest.approx(columns[-1], abs=0.02)


def test_light_print_on_dark_is_read(tmp_path):
    text_picture(LINES, size=(1100, 400), dark=True).save(tmp_path / "dark.png")
    assert share_found(one(tmp_path / "dark.png")) >= 0.9


def test_a_scanned_pdf_is_read(tmp_path):
    path = picture_pdf(tmp_path / "scan.pdf", text_picture(LINES, size=(1224, 1584)), box=(0, 0, 612, 792))
    page = one(path)
    assert page.words.source == "ocr" and share_found(page) >= 0.9


def test_a_scan_cut_into_strips_is_read_as_one(tmp_path):
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    scan = text_picture(LINES, size=(1224, 1584))
    canvas = Canvas(str(tmp_path / "strips.pdf"), pagesize=(612, 792))
    for i in range(72):  # strips of 22 pixels cut every line of print in two
        strip = scan.crop((0, 22 * i, 1224, 22 * i + 22))
        canvas.drawImage(ImageReader(strip), 0, 792 - 11 * (i + 1), 612, 11)
    canvas.setFont("Helvetica", 8)
    canvas.drawString(500, 20, "Scanned by nobody")
    canvas.save()
    page = one(tmp_path / "strips.pdf")
    assert page.words.source == "mixed"
    assert share_found(page) >= 0.9
    assert [word for word, seen in zip(page.words.texts, page.words.ocr, strict=True) if not seen] == [
        "Scanned",
        "by",
        "nobody",
    ]
    assert words_of(page).count("scanned") == 1


def test_a_picture_inside_a_page_is_read_and_its_words_join_the_page_s(tmp_path):
    words = [(72, 720, "Printed words above"), (72, 250, "Printed words below")]
    path = picture_pdf(tmp_path / "mixed.pdf", text_picture(LINES, size=(1100, 400)), words, box=(72, 300, 468, 170))
    page = one(path)
    assert page.words.source == "mixed"
    assert share_found(page) >= 0.9
    text = page.words.text.splitlines()
    assert text[0] == "Printed words above" and text[-1] == "Printed words below"
    boxes = page.words.boxes[page.words.ocr]
    assert (boxes[:, 0] >= 72 / 612 - 0.01).all() and (boxes[:, 2] <= 540 / 612 + 0.01).all()
    assert (boxes[:, 1] >= 322 / 792 - 0.01).all() and (boxes[:, 3] <= 492 / 792 + 0.01).all()


def test_a_picture_inside_a_turned_page_is_found_in_its_place(tmp_path):
    path = picture_pdf(
        tmp_path / "mixed.pdf", text_picture(LINES, size=(1100, 400)), [(72, 720, "upright")], box=(72, 300, 468, 170)
    )
    data = path.read_bytes().replace(b"/Rotate 0", b"/Rotate 180")
    assert data != path.read_bytes()
    path.write_bytes(data)
    page = one(path)
    boxes = page.words.boxes[page.words.ocr]
    # Upside-down print is not promised to be read; if it is, then it lies in the picture's turned place.
    assert (boxes[:, 1] >= 1 - 492 / 792 - 0.01).all() and (boxes[:, 3] <= 1 - 322 / 792 + 0.01).all()
    assert page.words.boxes[~page.words.ocr][0][1] > 0.85


def test_a_page_whose_text_layer_is_garbage_is_read_by_ocr(tmp_path):
    path = garbage_pdf(tmp_path / "garbage.pdf", "FFFD")
    page = one(path)
    assert page.words.source == "ocr" and share_found(page) >= 0.9
    assert "\ufffd" not in page.words.text


@pytest.mark.parametrize(
    "image", [Image.new("RGB", (600, 400), "white"), Image.new("RGB", (3, 3)), Image.new("L", (1, 900), 128)]
)
def test_pictures_without_words_give_none(image):
    assert ocr.read_words(image) == []


def test_boxes_stay_on_the_picture_and_words_hold_no_white_space():
    for run in ocr.read_words(text_picture(LINES, size=(760, 300))):
        assert ((run.boxes >= 0) & (run.boxes <= 1)).all()
        assert (run.boxes[:, 2:] > run.boxes[:, :2]).all()
        assert all(word and not any(c.isspace() for c in word) for word in run.texts)
        assert run.ocr


def test_the_engine_asks_no_network_and_says_nothing(monkeypatch, capfd, caplog):
    ocr._engine.cache_clear()
    monkeypatch.setattr(socket.socket, "connect", lambda *args: pytest.fail("the network was asked"))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: pytest.fail("the network was asked"))
    with caplog.at_level(logging.DEBUG):
        assert ocr.read_words(text_picture(["silence"]))
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    assert [record for record in caplog.records if "rapid" in record.name.lower()] == []


@pytest.mark.parametrize(
    ("words", "pieces", "spelt"),
    [
        (["ab", "cd"], ["ab", "cd"], True),
        (["abcd"], ["ab", "cd"], True),
        (["ab", "cd"], ["abcd"], False),
        (["ab"], ["ab", "cd"], False),
        (["ab", "cd"], [], False),
        (["ab"], ["xy"], False),
    ],
)
def test_the_engine_s_pieces_are_used_only_where_they_spell_the_words(words, pieces, spelt):
    quads = [(text, 0.9, [[10 * i, 0], [10 * i + 9, 0], [10 * i + 9, 5], [10 * i, 5]]) for i, text in enumerate(pieces)]
    boxes = ocr._boxes_of_pieces(words, quads)
    assert (boxes is not None) == spelt
    if boxes is not None:
        assert len(boxes) == len(words)
        assert boxes[0, 0] == 0 and boxes[-1, 2] == 10 * len(pieces) - 1


def test_without_pieces_words_share_the_line_by_their_letters():
    quad = np.array([[0, 0], [100, 0], [100, 10], [0, 10]], np.float32)
    boxes = ocr._boxes_by_width(["aaaa", "aaaa", "a"], quad)
    assert boxes[0, 0] == 0 and boxes[-1, 2] == pytest.approx(100)
    assert (boxes[1:, 0] > boxes[:-1, 2]).all()
    assert boxes[0, 2] - boxes[0, 0] == pytest.approx(4 * (boxes[2, 2] - boxes[2, 0]))
    upright = np.array([[0, 0], [10, 0], [10, 100], [0, 100]], np.float32)
    boxes = ocr._boxes_by_width(["aa", "aa"], upright)
    assert boxes[0, 1] == 0 and boxes[1, 1] > boxes[0, 3] and boxes[1, 3] == pytest.approx(100)


def test_ocr_does_not_depend_on_the_resolution_asked_for_or_on_poppler(tmp_path, monkeypatch):
    path = picture_pdf(tmp_path / "scan.pdf", text_picture(LINES, size=(1224, 600)), box=(0, 200, 612, 300))
    usual = one(path)
    (small,) = read_pages(Source(path, path.name), ReadSettings(dpi=36))
    monkeypatch.setenv("PATH", str(tmp_path))
    without = one(path)
    assert usual.words.texts == small.words.texts == without.words.texts
    assert (usual.words.boxes == small.words.boxes).all()


def test_show_is_read_from_the_text_layer_not_the_picture(tmp_path):
    page = one(raw_pdf(tmp_path / "text.pdf", [("/MediaBox [0 0 612 792]", show("Plain print"))]))
    assert page.words.source == "text"


INPUTS = Path(__file__).parent / "inputs"


def test_a_scan_under_a_stamp_is_read():
    page = one(INPUTS / "ecf-header.pdf")
    assert page.words.source == "mixed"
    assert {"Marjorie", "Quillfeather"} <= set(page.words.texts)
    assert page.words.text.count("Document") == 1


@pytest.mark.parametrize("mode", [0, 3])
def test_stamps_are_counted_where_they_lie_and_invisible_words_as_read(tmp_path, monkeypatch, mode):
    """A header and a footer leave a scan to be read; the words of an earlier OCR do not."""
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "scan.pdf"), pagesize=(612, 792))
    canvas.drawImage(ImageReader(text_picture(LINES, size=(612, 792))), 0, 0, 612, 792)
    for y in (770, 15):
        text = canvas.beginText(30, y)
        text.setTextRenderMode(mode)
        text.textLine("Downloaded from the archive by somebody on a day in spring for reading only")
        canvas.drawText(text)
    canvas.save()
    asked = []
    monkeypatch.setattr(ocr, "recognize", lambda image, languages, *_: asked.append(image.size) or ocr.Recognition(()))
    one(tmp_path / "scan.pdf")
    assert bool(asked) == (mode == 0)


def test_a_layer_that_lies_is_not_believed_and_a_strange_one_that_does_not_is():
    page = one(INPUTS / "tounicode-symbols.pdf")
    assert page.words.source == "ocr" and {"rainfall", "Bergen"} <= set(page.words.texts)


def test_part_numbers_are_compared_with_the_picture_and_believed(tmp_path):
    codes = ["XKQT-4471 BRGKsq WRTpln", "ZZKRT-8112 TRPsqk MNTrlp", "QWRTP-0093 KLMNsx PRTqws"]
    path = raw_pdf(
        tmp_path / "codes.pdf",
        [("/MediaBox [0 0 612 792]", b"".join(show(line, 72, 700 - 40 * i, 24) for i, line in enumerate(codes)))],
    )
    assert one(path).words.source == "text"


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_scan_is_read_the_right_way_round(turn):
    upright = text_picture(LINES, size=(1100, 500))
    page = words_of_picture(upright.rotate(turn, expand=True))
    want = words_of_picture(upright)
    assert page.text == want.text and "quick brown fox" in page.text
    x0, y0, x1, y1 = want.boxes.T
    boxes = {
        90: np.stack([y0, 1 - x1, y1, 1 - x0], axis=1),
        180: np.stack([1 - x1, 1 - y1, 1 - x0, 1 - y0], axis=1),
        270: np.stack([1 - y1, x0, 1 - y0, x1], axis=1),
    }[turn]
    assert page.boxes == pytest.approx(boxes, abs=0.02)


def test_an_upright_scan_is_read_once(monkeypatch):
    picture = text_picture(LINES, size=(1100, 500))
    words_of_picture(picture)
    engine = ocr._engine()
    monkeypatch.setattr(engine, "recognize_txt", counted := Counted(engine.recognize_txt))
    assert "quick brown fox" in words_of_picture(picture).text
    assert counted.calls == 1


class Counted:
    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, *arguments):
        self.calls += 1
        return self.function(*arguments)
