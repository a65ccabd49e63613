"""Whole files: what goes in, what comes out, and that nothing that is wrong with one page loses another."""

import gc
import hashlib
import io

import numpy as np
import psutil
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.documents.make import (
    LINES,
    encrypted_pdf,
    picture_pdf,
    png_header,
    raw_pdf,
    show,
    text_pdf,
    text_picture,
)
from workbench import resources
from workbench.documents import ReadSettings, Source, probe, read_pages, reading
from workbench.documents.webp import encoded
from workbench.errors import DocumentError, InputError
from workbench.types import Page, PageFailure

NO_OCR = ReadSettings(ocr=False)
LETTER = "/MediaBox [0 0 612 792]"


def read(path, settings=NO_OCR, pages=None):
    return list(read_pages(Source(path, path.name), settings, pages))


def one(path, settings=NO_OCR, pages=None) -> Page:
    (page,) = read(path, settings, pages)
    assert isinstance(page, Page), page
    return page


# ---- what a page carries


def test_a_pdf_becomes_pages(tmp_path):
    path = text_pdf(tmp_path / "text.pdf", pages=3)
    pages = read(path)
    assert [str(page.ref) for page in pages] == [f"text.pdf#page={n}" for n in (1, 2, 3)]
    assert {page.content_hash for page in pages} == {hashlib.sha256(path.read_bytes()).hexdigest()}
    assert [page.words.texts[3] for page in pages] == ["1", "2", "3"]
    for page in pages:
        assert page.image().mode == "RGB" and page.image().size == page.size == (1224, 1584)
        assert page.crop == (0, 0, 1, 1)


def test_a_page_brings_its_picture_as_it_is_kept_where_it_is_to_be_stored(tmp_path, monkeypatch):
    path = text_pdf(tmp_path / "text.pdf", pages=2)
    (page, _) = read(path, ReadSettings(ocr=False, stored=True))
    assert page.image.stored == encoded(page.image()) and set(page.image.stored) == {"page", "thumb"}
    assert one(path, NO_OCR, pages=[1]).image.stored == {}

    def torn(image):
        raise ValueError("the picture is torn")

    monkeypatch.setattr(reading, "encoded", torn)
    failed = read(path, ReadSettings(ocr=False, stored=True))
    assert {page.reason[6:] for page in failed} == {" could not be read (ValueError: the picture is torn)."}


def test_drawings_are_looked_for_where_an_encoder_tells_what_they_are():
    path = resources.sample_data() / "documents" / "rain-city-talk.pdf"
    assert any(page.drawings for page in read(path, ReadSettings(ocr=False, drawings=True)))
    assert not any(page.drawings for page in read(path))


def test_only_the_pages_asked_for_are_read(tmp_path):
    path = text_pdf(tmp_path / "text.pdf", pages=5)
    assert [page.ref.page for page in read(path, pages=[4, 2])] == [4, 2]
    outside = read(path, pages=[6])[0]
    assert isinstance(outside, PageFailure) and outside.reason == "There is no page 6; the document has 5."


def test_the_resolution_is_the_one_asked_for(tmp_path):
    path = text_pdf(tmp_path / "text.pdf")
    assert one(path, ReadSettings(dpi=72, ocr=False)).size == (612, 792)
    assert one(path, ReadSettings(dpi=300, ocr=False)).size == (2550, 3300)


@pytest.mark.parametrize("dpi", [0, -144, 35, 601, 10**9])
def test_a_resolution_out_of_range_is_refused(dpi):
    with pytest.raises(InputError, match="out of range; give 36 to 600"):
        ReadSettings(dpi=dpi)


def test_probe_counts_pages_and_hashes_bytes(tmp_path):
    path = text_pdf(tmp_path / "text.pdf", pages=7)
    found = probe(path)
    assert (found.pages, found.bytes) == (7, path.stat().st_size)
    assert found.content_hash == hashlib.sha256(path.read_bytes()).hexdigest()


# ---- pictures of pages, and memory


def test_a_page_is_drawn_once_and_outlives_the_reading_of_its_file(tmp_path, monkeypatch):
    from workbench.documents import reading

    drawn = []
    real = reading.draw
    monkeypatch.setattr(reading, "draw", lambda *args, **more: drawn.append(args[1]) or real(*args, **more))
    path = text_pdf(tmp_path / "text.pdf", pages=2)
    pages = read(path, ReadSettings(crop=True, ocr=False))
    path.unlink()
    assert pages[1].image() == pages[1].image()
    assert np.asarray(pages[0].image()).min() < 50
    assert drawn == [1, 2]


def test_words_can_be_read_without_drawing(tmp_path, monkeypatch):
    from workbench.documents import reading

    monkeypatch.setattr(reading, "draw", lambda *args, **more: pytest.fail("a page was drawn"))
    page = one(text_pdf(tmp_path / "text.pdf"), ReadSettings(ocr=False, picture=False))
    assert "Heading" in page.words.texts
    with pytest.raises(DocumentError, match="without its picture"):
        page.image()


def test_memory_does_not_grow_with_the_number_of_pages(tmp_path):
    path = text_pdf(tmp_path / "long.pdf", pages=300)
    process = psutil.Process()
    held = []
    for page in read_pages(Source(path, path.name), ReadSettings(dpi=100, ocr=False)):
        held.append(page.words)
        if page.ref.page in (60, 300):
            gc.collect()
            if page.ref.page == 60:
                before = process.memory_info().rss
    grown = process.memory_info().rss - before
    assert len(held) == 300
    # 240 pictures of 850 x 1100 pixels would be 673 MB.
    assert grown < 60e6


# ---- pictures


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "bmp", "gif"])
def test_every_kind_of_picture_is_a_page(tmp_path, suffix):
    picture = text_picture(["words"], size=(300, 120))
    path = tmp_path / f"picture.{suffix}"
    picture.save(path)
    page = one(path)
    assert probe(path).pages == 1
    assert page.size == (300, 120) == page.image().size
    assert np.abs(np.asarray(page.image(), int) - np.asarray(picture, int)).mean() < 3


def test_every_frame_of_a_tiff_is_a_page_and_of_a_gif_only_the_first(tmp_path):
    frames = [Image.new("RGB", (60 + 10 * i, 40), (200, 20 * i, 0)) for i in range(5)]
    frames[0].save(tmp_path / "scan.tiff", save_all=True, append_images=frames[1:])
    pages = read(tmp_path / "scan.tiff")
    assert probe(tmp_path / "scan.tiff").pages == 5
    assert [page.size for page in pages] == [frame.size for frame in frames]
    assert [page.image().getpixel((5, 5)) for page in reversed(pages)] == [(200, 20 * i, 0) for i in (4, 3, 2, 1, 0)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=[f.resize((60, 40)) for f in frames[1:]])
    assert len(read(tmp_path / "moving.gif")) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_a_photograph_stands_upright(tmp_path, orientation, suffix):
    upright = Image.new("RGB", (90, 60), "white")
    upright.paste((220, 0, 0), (0, 0, 30, 20))  # top left
    upright.paste((0, 0, 220), (60, 40, 90, 60))  # bottom right
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(turn[orientation]) if orientation in turn else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"photo.{suffix}"
    stored.save(path, exif=exif, quality=95)
    page = one(path)
    assert page.size == page.image().size == (90, 60)
    assert np.abs(np.asarray(page.image().getpixel((10, 8)), int) - (220, 0, 0)).max() < 40
    assert np.abs(np.asarray(page.image().getpixel((80, 55)), int) - (0, 0, 220)).max() < 40


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_every_pixel_format_becomes_rgb_on_white(tmp_path, mode):
    if mode == "I;16":
        image = Image.fromarray(np.full((30, 40), 65535, np.uint16))
    elif mode == "F":
        image = Image.fromarray(np.full((30, 40), 255.0, np.float32))
    elif mode in ("LA", "RGBA"):
        image = Image.new(mode, (40, 30), 0)  # black and wholly transparent
    else:
        image = Image.new("RGB", (40, 30), "white").convert(mode)
    path = tmp_path / ("picture.tif" if mode in ("CMYK", "F") else "picture.png")
    image.save(path)
    assert one(path).image().getpixel((20, 15)) == (255, 255, 255)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_large_picture_is_reduced_and_a_huge_one_refused(tmp_path):
    Image.new("L", (9000, 6000), 255).save(tmp_path / "large.png")
    page = one(tmp_path / "large.png")
    assert page.size == page.image().size == (6000, 4000)
    (tmp_path / "bomb.png").write_bytes(png_header(60_000, 60_000))
    with pytest.raises(DocumentError, match=r"bomb\.png has more than 120 million pixels"):
        probe(tmp_path / "bomb.png")
    (tmp_path / "wide.png").write_bytes(png_header(12_000, 11_000))
    with pytest.raises(DocumentError, match="more than 120 million pixels"):
        read(tmp_path / "wide.png")


def test_a_bomb_among_the_frames_of_a_tiff_costs_only_its_own_page(tmp_path):
    small, large = Image.new("1", (50, 50)), Image.new("1", (12_000, 11_000))
    small.save(tmp_path / "scan.tiff", save_all=True, append_images=[large, small], compression="group4")
    pages = read(tmp_path / "scan.tiff")
    assert [type(page) for page in pages] == [Page, PageFailure, Page]
    assert "120 million pixels" in pages[1].reason


# ---- bad input


def refused(path) -> str:
    """The sentence by which a file is refused, the same from `probe` and from `read_pages`."""
    with pytest.raises(DocumentError) as probed:
        probe(path)
    with pytest.raises(DocumentError) as read_error:
        read(path)
    assert str(probed.value) == str(read_error.value)
    text = str(probed.value)
    assert text.endswith(".") and "\n" not in text and "Traceback" not in text and str(path.parent) not in text
    return text


@pytest.mark.parametrize("suffix", ["pdf", "png", "jpg", "tiff"])
def test_an_empty_file(tmp_path, suffix):
    (tmp_path / f"x.{suffix}").write_bytes(b"")
    assert refused(tmp_path / f"x.{suffix}") == f"x.{suffix} is empty; save or download it again."


def test_a_file_that_is_gone(tmp_path):
    assert "cannot be opened" in refused(tmp_path / "gone.pdf")
    assert "cannot be opened" in refused(tmp_path / "gone.png")


def test_files_that_are_not_what_their_name_says(tmp_path):
    for name in ("x.pdf", "x.png"):
        (tmp_path / name).write_text("just some text, thank you")
        assert "whatever its name says" in refused(tmp_path / name)
    text_pdf(tmp_path / "really-a-pdf.png")
    assert probe(tmp_path / "really-a-pdf.png").pages == 1


def test_a_corrupt_pdf(tmp_path):
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 20)
    assert "is damaged or cut short" in refused(tmp_path / "x.pdf")


def test_a_pdf_cut_short_gives_the_pages_it_still_holds_or_says_so(tmp_path):
    whole = text_pdf(tmp_path / "whole.pdf", pages=20).read_bytes()
    outcomes = set()
    for share in (0.02, 0.3, 0.6, 0.9, 0.99):
        path = tmp_path / f"cut{share}.pdf"
        path.write_bytes(whole[: int(len(whole) * share)])
        try:
            pages = read(path)
        except DocumentError as error:
            assert "is damaged or cut short" in str(error) or "has no pages" in str(error)
            outcomes.add("refused")
        else:
            assert all(isinstance(page, (Page, PageFailure)) for page in pages)
            outcomes.add("read")
    assert "refused" in outcomes


def test_an_encrypted_pdf(tmp_path):
    text = refused(encrypted_pdf(tmp_path / "secret.pdf", "hunter2"))
    assert text == "secret.pdf is encrypted; save a copy without a password and add that."
    assert one(encrypted_pdf(tmp_path / "open.pdf", "")).words.text == "Encrypted words"


def test_a_pdf_without_pages(tmp_path):
    assert refused(raw_pdf(tmp_path / "none.pdf", [])) == "none.pdf has no pages."


def test_a_page_of_two_gigapoints_is_drawn_small(tmp_path):
    path = raw_pdf(
        tmp_path / "huge.pdf",
        [("/MediaBox [0 0 2000000000 2000000000]", b"0 0 1000000000 2000000000 re f"), (LETTER, show("after"))],
    )
    huge, after = read(path)
    assert isinstance(after, Page) and after.words.texts == ("after",)
    if isinstance(huge, Page):
        assert huge.size[0] * huge.size[1] <= 24_100_000
        assert huge.image().size == huge.size
    else:
        assert huge.reason.endswith(".")


@pytest.mark.parametrize(
    "box", ["[0 0 0 0]", "[0 0 -5 -5]", "[5 5 5 700]", "[0 0 1e38 1e38]", "[0 0 1 40000]", "(what)"]
)
def test_pages_of_strange_sizes_are_pages_or_failures_with_a_reason(tmp_path, box):
    path = raw_pdf(tmp_path / "odd.pdf", [(f"/MediaBox {box}", show("odd")), (LETTER, show("after"))])
    odd, after = read(path)
    assert isinstance(after, Page) and after.words.texts == ("after",)
    if isinstance(odd, Page):
        assert odd.image().size == odd.size and min(odd.size) >= 1
        assert ((odd.words.boxes >= 0) & (odd.words.boxes <= 1)).all()
    else:
        assert odd.reason.endswith(".")


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_one_corrupt_page_costs_only_itself(tmp_path, bad):
    path = raw_pdf(tmp_path / "x.pdf", [(LETTER, show(f"page{n}")) for n in range(3)], damaged=[bad])
    pages = read(path)
    assert probe(path).pages == 3
    assert [type(page) for page in pages] == [PageFailure if n == bad else Page for n in range(3)]
    assert pages[bad].reason == f"Page {bad + 1} is damaged and cannot be read."
    assert pages[bad].ref.page == bad + 1
    assert [page.words.texts for n, page in enumerate(pages) if n != bad] == [
        (f"page{n}",) for n in range(3) if n != bad
    ]


def test_garbage_in_a_content_stream_does_not_end_the_document(tmp_path):
    path = raw_pdf(tmp_path / "x.pdf", [(LETTER, b"q Q q \xff\xfe 1e999 re BT ((( Tj" * 50), (LETTER, show("after"))])
    pages = read(path)
    assert pages[1].words.texts == ("after",)
    for page in pages:
        assert page.image().size == page.size


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "gif", "tif"])
def test_a_picture_cut_short_is_a_failed_page(tmp_path, suffix):
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    Image.fromarray(noise).save(buffer, {"jpg": "jpeg", "tif": "tiff"}.get(suffix, suffix))
    path = tmp_path / f"cut.{suffix}"
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) * 6 // 10])
    try:
        pages = read(path)
    except DocumentError as error:
        reason = str(error)
    else:
        assert [type(page) for page in pages] == [PageFailure]
        reason = pages[0].reason
    assert reason.startswith(f"cut.{suffix} is") and "\n" not in reason
    # Nothing is left of it in the way of other files.
    assert isinstance(one(text_pdf(tmp_path / "fine.pdf")), Page)


# ---- which words are read how


def test_without_ocr_a_scan_is_a_page_without_words(tmp_path):
    page = one(picture_pdf(tmp_path / "scan.pdf", text_picture(LINES)))
    assert page.words.source == "none"
    text_picture(LINES).save(tmp_path / "scan.png")
    assert one(tmp_path / "scan.png").words.source == "none"


def test_a_page_with_words_is_not_sent_to_ocr(tmp_path, monkeypatch):
    from workbench.documents import ocr

    monkeypatch.setattr(ocr, "recognize", lambda image, languages, *_: pytest.fail("OCR was asked"))
    assert one(text_pdf(tmp_path / "text.pdf"), ReadSettings()).words.source == "text"
    background = Image.new("RGB", (60, 80), (200, 220, 255))
    words = [(80, 700 - 20 * i, "some words over a picture") for i in range(12)]
    covered = picture_pdf(tmp_path / "covered.pdf", background, words, box=(0, 0, 612, 792))
    assert one(covered, ReadSettings()).words.source == "text"
    icon = picture_pdf(tmp_path / "icon.pdf", text_picture(["x"]), [(72, 700, "words")], box=(500, 700, 60, 60))
    assert one(icon, ReadSettings()).words.source == "text"


def test_when_ocr_fails_a_page_keeps_its_own_words_and_a_scan_says_why(tmp_path, monkeypatch):
    from workbench.documents import ocr

    def fail(image, languages, *_):
        raise DocumentError("The text of the picture could not be read (RuntimeError).")

    monkeypatch.setattr(ocr, "recognize", fail)
    picture = text_picture(LINES)
    assert one(picture_pdf(tmp_path / "a.pdf", picture, [(72, 700, "words")]), ReadSettings()).words.texts == ("words",)
    (scan,) = read(picture_pdf(tmp_path / "b.pdf", picture), ReadSettings())
    assert isinstance(scan, PageFailure) and scan.reason.startswith("The text of the picture")


def test_a_crop_box_beside_the_page_is_not_heeded(tmp_path):
    frame = "/MediaBox [0 0 612 792] /CropBox [1000 1000 1200 1200]"
    path = raw_pdf(tmp_path / "page.pdf", [(frame, show("Readable words", 72, 700))])
    page = one(path)
    assert page.words.text == "Readable words" and page.size == (1224, 1584)


def test_a_pdf_cut_short_before_its_trailer_is_read(tmp_path):
    path = text_pdf(tmp_path / "whole.pdf")
    data = raw_pdf(tmp_path / "page.pdf", [("/MediaBox [0 0 612 792]", show("Readable words", 72, 700))]).read_bytes()
    path.write_bytes(data[: data.rindex(b"xref\n0")])
    assert one(path).words.text == "Readable words"


@pytest.mark.parametrize(
    "catalog",
    [
        b"<< /MarkInfo << /Marked true >> /Type /Catalog /Pages 2 0 R >>",
        b"<</Names<</Dests<</Kids[]>>/A<</B(x)>>>>/Pages 2 0 R/Type/Catalog>>",
        b"<< /Title (the endobj word) /Type /Catalog /Pages 2 0 R >>",
        b"<< /Lang (de) /ViewerPreferences << /A << /B << >> >> >>\n/Pages 2 0 R\n/Type\n/Catalog >>",
    ],
)
def test_a_pdf_cut_short_is_read_whatever_stands_in_its_catalog(tmp_path, catalog):
    path = raw_pdf(tmp_path / "page.pdf", [("/MediaBox [0 0 612 792]", show("Readable words", 72, 700))])
    data = path.read_bytes().replace(b"<< /Type /Catalog /Pages 2 0 R >>", catalog)
    path.write_bytes(data[: data.rindex(b"xref\n0")])
    assert one(path).words.text == "Readable words"


@pytest.mark.parametrize(
    "before",
    [b"<< /Length 21 >>\nstream\n(/Type /Catalog) Tj ET\nendstream", b"<< >>\nendobj\n9 0 obj\n(/Type /Catalog)"],
)
def test_what_only_looks_like_a_catalog_is_not_the_one_of_a_pdf_cut_short(tmp_path, before):
    path = raw_pdf(tmp_path / "page.pdf", [("/MediaBox [0 0 612 792]", show("Readable words", 72, 700))])
    data = path.read_bytes().replace(b"1 0 obj", b"8 0 obj\n%b\nendobj\n1 0 obj" % before, 1)
    path.write_bytes(data[: data.rindex(b"xref\n0")])
    assert one(path).words.text == "Readable words"


def test_a_watermark_across_a_scan_hides_no_word_of_it(tmp_path):
    lines = ["Deposition of Ottoline Farrow", "taken at Lowestoft harbour", "concerning the lost trawler"]
    canvas = Canvas(str(tmp_path / "page.pdf"), pagesize=(600, 800), invariant=1)
    canvas.drawImage(ImageReader(text_picture(lines, size=(900, 1100))), 0, 0, 600, 800)
    canvas.translate(150, 300)
    canvas.rotate(45)
    canvas.setFillGray(0.8)
    canvas.setFont("Helvetica-Bold", 60)
    canvas.drawString(0, 0, "CONFIDENTIAL")
    canvas.save()
    assert {*" ".join(lines).split(), "CONFIDENTIAL"} <= set(one(tmp_path / "page.pdf", ReadSettings()).words.texts)
