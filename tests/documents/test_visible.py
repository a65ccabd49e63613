"""What is drawn is read and nothing else: fields, annotations, layers."""

from pathlib import Path

import numpy as np
import pytest

from tests.documents.make import objects_pdf, show, text_pdf
from workbench.documents import ReadSettings, Source, read_pages
from workbench.documents.pdfium import PdfFile
from workbench.documents.visible import VisiblePages

INPUTS = Path(__file__).parent / "inputs"
FONT = "/Font << /F1 3 0 R >>"


def read(path, *numbers):
    pages = list(read_pages(Source(path, path.name), ReadSettings(ocr=False, picture=False), numbers or None))
    return [page.words.text for page in pages]


def stream(entries: str, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries.encode(), len(content), content)


def page_pdf(path, content: bytes, *others: bytes, page: str = "", catalog: str = "", resources: str = "") -> Path:
    """A page of 600 x 800 points; ``others`` are the objects from number 6 on."""
    return objects_pdf(
        path,
        [
            f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode(),
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << {FONT} {resources} >> "
            f"/Contents 5 0 R {page} >>".encode(),
            stream("", content),
            *others,
        ],
    )


def appearance(text: str, entries: str = "") -> bytes:
    return stream(f"/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << {FONT} >> {entries}",
                  show(text, 2, 5))  # fmt: skip


def annotation(rect: str, flags: int = 4, entries: str = "/Subtype /Stamp", look: str = "/N 6 0 R") -> bytes:
    return f"<< /Type /Annot {entries} /Rect [{rect}] /F {flags} /AP << {look} >> >>".encode()


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("form-filled", "Application for a parking permit\nFull name: Bartholomew Quince\nLicence plate: XK-4471-ZZ"),
        (
            "annotation",
            "Minutes of the board meeting held in spring\nApproved by Zeppelina Marsh subject to audit",
        ),
        ("layer-off", "Emergency exit through the northern gate"),
        ("code-beyond-unicode", "Readable heading about lighthouses\nAB"),
    ],
)
def test_what_is_drawn_is_read(name, wanted):
    assert read(INPUTS / f"{name}.pdf") == [wanted]


@pytest.mark.parametrize(
    ("flags", "read_it"), [(0, True), (1, True), (4, True), (2, False), (32, False), (36, False), (64 | 4, True)]
)
def test_annotations_count_as_a_screen_shows_them(tmp_path, flags, read_it):
    path = page_pdf(
        tmp_path / "page.pdf", show("Body", 50, 700), appearance("stamped"), annotation("50 600 250 620", flags),
        page="/Annots [7 0 R]",
    )  # fmt: skip
    assert read(path) == ["Body\nstamped" if read_it else "Body"]
    assert read(path, 1, 1) == [*read(path)] * 2  # read twice, flattened once


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_field_s_words_lie_where_they_are_drawn(tmp_path, turn):
    path = page_pdf(
        tmp_path / "page.pdf", b"", appearance("Xylophone"), annotation("300 600 500 620"),
        page=f"/Annots [7 0 R] /Rotate {turn} /CropBox [100 100 600 800]",
    )  # fmt: skip
    (page,) = read_pages(Source(path, "page.pdf"), ReadSettings(ocr=False))
    assert page.words.texts == ("Xylophone",)
    ink = page.image().convert("L").point(lambda value: 255 * (value < 128)).getbbox()
    width, height = page.size
    x0, y0, x1, y1 = page.words.boxes[0]
    assert x0 <= ink[0] / width + 0.003 and y0 <= ink[1] / height + 0.003
    assert x1 >= ink[2] / width - 0.003 and y1 >= ink[3] / height - 0.003
    assert (x1 - x0) * (y1 - y0) < 0.01


def test_of_a_button_the_state_it_is_in_is_read(tmp_path):
    button = "/Subtype /Widget /FT /Btn /T (paid) /AS /Yes"
    path = page_pdf(
        tmp_path / "page.pdf", show("Paid:", 50, 600), appearance("granted"), appearance("refused"),
        annotation("90 595 290 615", 4, button, "/N << /Yes 6 0 R /Off 7 0 R >>"),
        page="/Annots [8 0 R]", catalog="/AcroForm << /Fields [8 0 R] >>",
    )  # fmt: skip
    assert read(path) == ["Paid: granted"]


def test_values_that_the_reader_must_draw_itself_are_read(tmp_path):
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (n) /V (Quince) /DA (/F1 12 Tf 0 g) "
        b"/Rect [150 595 350 615] /F 4 >>"
    )
    path = page_pdf(
        tmp_path / "page.pdf", show("Name:", 50, 600), field, page="/Annots [6 0 R]",
        catalog=f"/AcroForm << /Fields [6 0 R] /NeedAppearances true /DR << {FONT} >> /DA (/F1 12 Tf 0 g) >>",
    )  # fmt: skip
    assert read(path) == ["Name: Quince"]


LAYERS = "/OCProperties << /OCGs [6 0 R 7 0 R] /D << /OFF [7 0 R] >> >>"
GROUPS = (b"<< /Type /OCG /Name (Same) >>", b"<< /Type /OCG /Name (Same) >>")


def test_layers_hide_what_is_on_them_by_whatever_way(tmp_path):
    """By marked content, a policy, a form object, one in another, an annotation; invisible text is no hidden layer."""
    marked = b"".join(
        b"/OC /%s BDC %s EMC\n" % (layer, show(text, 50, y))
        for layer, text, y in (
            (b"On", "alpha", 700),
            (b"Off", "beta", 700),
            (b"Any", "gamma", 680),
            (b"All", "delta", 660),
        )
    )
    forms = b"q 1 0 0 1 50 600 cm /Shown Do Q q 1 0 0 1 50 580 cm /Hidden Do Q q 1 0 0 1 50 560 cm /Outer Do Q\n"
    ocr = b"/OC /On BDC BT 3 Tr /F1 12 Tf 50 500 Td (omega) Tj ET EMC\n"
    path = page_pdf(
        tmp_path / "page.pdf", marked + forms + ocr, *GROUPS,
        b"<< /Type /OCMD /OCGs [6 0 R 7 0 R] /P /AnyOn >>", b"<< /Type /OCMD /OCGs [6 0 R 7 0 R] /P /AllOn >>",
        appearance("epsilon", "/OC 6 0 R"), appearance("zeta", "/OC 7 0 R"),
        stream("/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /XObject << /Hidden 11 0 R >> >>",
               b"/Hidden Do"),
        appearance("eta", "/OC 6 0 R"), appearance("theta", "/OC 7 0 R"),
        annotation("50 400 250 420", look="/N 13 0 R"), annotation("50 380 250 400", look="/N 14 0 R"),
        catalog=LAYERS, page="/Annots [15 0 R 16 0 R]",
        resources="/Properties << /On 6 0 R /Off 7 0 R /Any 8 0 R /All 9 0 R >> "
        "/XObject << /Shown 10 0 R /Hidden 11 0 R /Outer 12 0 R >>",
    )  # fmt: skip
    assert read(path) == ["alpha\ngamma\nepsilon\nomega\neta"]


def test_a_picture_on_a_hidden_layer_is_no_picture_of_the_page(tmp_path):
    from workbench.documents.textlayer import uncovered_pictures

    image = stream(
        "/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray", b"\xff"
    )
    off = image.replace(b"/Type", b"/OC 7 0 R /Type")
    for picture, found in ((image, 1), (off, 0)):
        path = page_pdf(
            tmp_path / "page.pdf", b"q 600 0 0 800 0 0 cm /I Do Q", *GROUPS, picture,
            catalog=LAYERS, resources="/XObject << /I 8 0 R >>",
        )  # fmt: skip
        file = PdfFile(path)
        visible = VisiblePages(file)
        with file.page(1) as page, visible.of(page) as shown:
            words = page.points()  # the page itself is left alone
            assert len(uncovered_pictures(shown, np.zeros((0, 4), np.float32))) == found
        assert words == (600, 800)
        visible.close()
        file.close()


def test_a_page_with_neither_is_read_as_it_is(tmp_path):
    file = PdfFile(text_pdf(tmp_path / "text.pdf"))
    visible = VisiblePages(file)
    with file.page(1) as page, visible.of(page) as shown:
        assert shown is page
    visible.close()
    file.close()
