import sys
import threading

import numpy as np
import pytest
from PIL import Image

from tests.documents.make import picture_pdf, raw_pdf, show, text_pdf
from workbench.documents import ReadSettings, Source, has_poppler, raster, rasterizer, read_pages
from workbench.documents.pdfium import PdfFile, PdfPage
from workbench.documents.raster import MAX_EDGE, MAX_PIXELS, bounded_size, draw, is_blank

needs_poppler = pytest.mark.skipif(not has_poppler(), reason="poppler is not installed")

SQUARE = b"0.8 0.1 0.1 rg 20 20 60 30 re f 0 0 0 rg\n"
GEOMETRIES = {
    "plain": "/MediaBox [0 0 300 200]",
    "turned": "/MediaBox [0 0 300 200] /Rotate 90",
    "turned twice": "/MediaBox [0 0 300 200] /Rotate 180",
    "cropped": "/MediaBox [0 0 300 200] /CropBox [10 15 210 140]",
    "cropped and turned": "/MediaBox [0 0 300 200] /CropBox [10 15 210 140] /Rotate 270",
    "shifted origin": "/MediaBox [-50 -20 250 180]",
    "crop box beyond the page": "/MediaBox [0 0 300 200] /CropBox [-40 -40 200 400]",
    "odd size": "/MediaBox [0 0 300.37 200.81]",
}


def drawn(path, engine, number=1, dpi=144):
    file = PdfFile(path)
    try:
        with file.page(number) as page:
            size = bounded_size(*page.points(), dpi / 72)
        return np.asarray(draw(file, number, size, engine), np.int16)
    finally:
        file.close()


@needs_poppler
@pytest.mark.parametrize("entries", GEOMETRIES.values(), ids=GEOMETRIES.keys())
def test_both_engines_draw_the_same_page(tmp_path, entries):
    path = raw_pdf(tmp_path / "page.pdf", [(entries, SQUARE + show("Words on the page", 30, 80, 14))])
    poppler, pdfium = drawn(path, "pdf2image"), drawn(path, "pypdfium2")
    assert poppler.shape == pdfium.shape
    assert np.abs(poppler - pdfium).mean() < 2.5
    # The red block stands in the same place, to the pixel.
    blocks = [np.argwhere((image[:, :, 0] > 150) & (image[:, :, 1] < 100)) for image in (poppler, pdfium)]
    assert len(blocks[0]) > 1000
    for corner in (np.min, np.max):
        assert np.abs(corner(blocks[0], axis=0) - corner(blocks[1], axis=0)).max() <= 1


@needs_poppler
def test_a_page_of_print_is_the_same_to_a_small_difference(tmp_path):
    path = text_pdf(tmp_path / "text.pdf", pages=2)
    assert np.abs(drawn(path, "pdf2image", 2) - drawn(path, "pypdfium2", 2)).mean() < 1.5


def test_without_poppler_pdfium_draws(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(raster.CHOSEN, "poppler")
    assert rasterizer() == "pypdfium2"
    path = text_pdf(tmp_path / "text.pdf")
    page = next(iter(read_pages(Source(path, "text.pdf"), ReadSettings())))
    assert page.image().size == page.size == (1224, 1584)


@needs_poppler
def test_poppler_draws_first_where_it_is_asked_for(tmp_path, monkeypatch):
    path = text_pdf(tmp_path / "text.pdf")
    by_pdfium, by_poppler = drawn(path, "pypdfium2"), drawn(path, "pdf2image")
    assert (by_pdfium != by_poppler).any()
    assert (drawn(path, None) == by_pdfium).all()
    monkeypatch.setenv(raster.CHOSEN, "poppler")
    assert (drawn(path, None) == by_poppler).all()


@pytest.mark.skipif(sys.platform == "win32", reason="stands in for poppler with shell scripts")
@pytest.mark.parametrize("script", ["exec sleep 3600", "exit 3", "echo nonsense", "kill -9 $$"])
def test_whatever_goes_wrong_in_poppler_the_page_is_drawn(tmp_path, monkeypatch, script):
    path = text_pdf(tmp_path / "text.pdf")
    wanted = drawn(path, "pypdfium2")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, body in (
        ("pdfinfo", 'case "$1" in -v) echo pdfinfo version 22.12.0 >&2;; *) echo "Pages: 1";; esac'),
        ("pdftoppm", f'case "$1" in -v) echo pdftoppm version 22.12.0 >&2;; *) {script};; esac'),
    ):
        (tools / name).write_text(f"#!/bin/sh\n{body}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    monkeypatch.setattr(raster, "POPPLER_SECONDS", 1.0)
    assert has_poppler()
    assert (drawn(path, "pdf2image") == wanted).all()


@pytest.mark.skipif(sys.platform == "win32", reason="stands in for poppler with shell scripts")
def test_a_pdfinfo_that_hangs_is_not_waited_for(tmp_path, monkeypatch):
    path = text_pdf(tmp_path / "text.pdf")
    wanted = drawn(path, "pypdfium2")
    (tmp_path / "bin").mkdir()
    for name in ("pdfinfo", "pdftoppm"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\nexec sleep 3600\n")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.setattr(raster, "POPPLER_SECONDS", 1.0)
    assert (drawn(path, "pdf2image") == wanted).all()


@pytest.mark.parametrize("points", [(612, 792), (1, 1), (2e9, 2e9), (2e9, 1), (14400, 612), (0.01, 3e7)])
@pytest.mark.parametrize("scale", [0.5, 2, 600 / 72])
def test_sizes_stay_within_the_limits_and_keep_their_shape(points, scale):
    width, height = bounded_size(*points, scale)
    assert min(width, height) >= 1 and max(width, height) <= MAX_EDGE
    assert width * height <= MAX_PIXELS * 1.001
    if min(width, height) > 50:
        assert width / height == pytest.approx(points[0] / points[1], rel=0.02)


def test_many_threads_may_draw_at_once(tmp_path):
    path = text_pdf(tmp_path / "text.pdf", pages=4)
    wanted = [drawn(path, "pypdfium2", number, 72) for number in range(1, 5)]
    wrong = []

    def work(number: int) -> None:
        for _ in range(5):
            if not (drawn(path, "pypdfium2", number, 72) == wanted[number - 1]).all():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert any((wanted[0] != other).any() for other in wanted[1:])


@needs_poppler
def test_a_page_that_one_engine_leaves_blank_is_drawn_by_the_other(tmp_path, monkeypatch):
    path = raw_pdf(tmp_path / "page.pdf", [("/MediaBox [0 0 300 200]", SQUARE)])
    blank = Image.new("RGB", (600, 400), "white")
    with monkeypatch.context() as patch:
        patch.setenv(raster.CHOSEN, "poppler")
        patch.setattr(raster, "_draw_with_poppler", lambda *_: blank)
        assert not is_blank(Image.fromarray(drawn(path, None).astype(np.uint8)))
    with monkeypatch.context() as patch:
        patch.setattr(PdfPage, "render", lambda self, size: blank)
        assert not is_blank(Image.fromarray(drawn(path, None).astype(np.uint8)))
        (page,) = read_pages(Source(path, path.name), ReadSettings())
        assert not is_blank(page.image())


@needs_poppler
def test_a_picture_that_one_engine_leaves_out_has_the_other_draw_the_page(tmp_path, monkeypatch):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (80, 120, 3), np.uint8))
    path = picture_pdf(tmp_path / "page.pdf", noise, [(72, 740, "words of the page")])
    real = PdfPage.render

    def without(page, size):
        image = real(page, size)
        image.paste("white", (0, size[1] // 10, *size))  # the words stay
        return image

    monkeypatch.setattr(PdfPage, "render", without)
    (page,) = read_pages(Source(path, path.name), ReadSettings(ocr=False))
    image = page.image()
    x, y = (round(edge * side) for edge, side in zip(page.pictures[0], image.size, strict=False))
    assert not is_blank(image.crop((x + 5, y + 5, x + 100, y + 100)))


def test_a_picture_of_one_colour_is_no_reason_to_lose_the_page(tmp_path):
    path = picture_pdf(tmp_path / "page.pdf", Image.new("RGB", (80, 120), "red"), [(72, 740, "words of the page")])
    (page,) = read_pages(Source(path, path.name), ReadSettings(ocr=False))
    assert page.words.texts == ("words", "of", "the", "page") and not is_blank(page.image())


def test_one_dark_spot_is_enough_for_a_page_not_to_be_blank():
    image = Image.new("RGB", (1000, 1000), "white")
    assert is_blank(image)
    image.putpixel((501, 333), (0, 0, 0))
    assert not is_blank(image)
