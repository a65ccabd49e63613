import time
from pathlib import Path

import numpy as np
import pytest

from tests.documents.make import LINES, objects_pdf, raw_pdf, show, text_pdf
from workbench.documents import wholewords
from workbench.documents.layout import arrange
from workbench.documents.pdfium import PdfFile
from workbench.documents.raster import bounded_size
from workbench.documents.textlayer import MOST_SEGMENTS, _runs, _turns, clean, read_text_layer, sense_of
from workbench.documents.wholewords import _RULES, _few_near

INPUTS = Path(__file__).parent / "inputs"


def layer(path, number=1):
    file = PdfFile(path)
    try:
        with file.page(number) as page:
            width, height = page.points()
            found = read_text_layer(page)
            pixels = np.asarray(page.render(bounded_size(width, height, 2)).convert("L"))
        return found, arrange(found.runs, width / height), pixels
    finally:
        file.close()


def test_words_lines_and_order(tmp_path):
    found, words, _ = layer(text_pdf(tmp_path / "text.pdf"))
    assert found.usable
    assert words.text == "\n".join(["Heading of page 1", *LINES])
    assert words.source == "text"
    assert words.lines.tolist() == sorted(words.lines.tolist())


def ink_share(pixels, box, margin=0.004) -> float:
    """Share of the page's ink that lies within a box."""
    height, width = pixels.shape
    x0, y0, x1, y1 = box
    part = pixels[
        max(0, int((y0 - margin) * height)) : int((y1 + margin) * height) + 1,
        max(0, int((x0 - margin) * width)) : int((x1 + margin) * width) + 1,
    ]
    return float((part < 128).sum() / (pixels < 128).sum())


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", ["", "/CropBox [20 30 280 190]"])
@pytest.mark.parametrize("media", ["[0 0 300 200]", "[-30 -10 270 190]"])
def test_a_word_s_box_holds_its_ink_whatever_the_page_s_frame(tmp_path, turn, crop, media):
    entries = f"/MediaBox {media} {crop} /Rotate {turn}"
    path = raw_pdf(tmp_path / "page.pdf", [(entries, show("Xylophone", 110, 95, 14))])
    _, words, pixels = layer(path)
    assert words.texts == ("Xylophone",)
    box = words.boxes[0]
    assert ink_share(pixels, box) == 1.0
    assert (box[2] - box[0]) * (box[3] - box[1]) < 0.06


def test_columns_of_prose_are_read_one_after_the_other_and_tables_row_by_row(tmp_path):
    prose = b"".join(
        show(f"{side} column line {i} runs on and on", x, 700 - 14 * i, 10)
        for i in range(8)
        for side, x in (("left", 50), ("right", 320))
    )
    _, words, _ = layer(
        raw_pdf(tmp_path / "prose.pdf", [("/MediaBox [0 0 612 792]", show("A title above", 50, 750, 18) + prose)])
    )
    starts = [words.texts[i] for i in range(len(words)) if i == 0 or words.lines[i] != words.lines[i - 1]]
    assert starts == ["A", *["left"] * 8, *["right"] * 8]

    rows = b"".join(
        show(cell, x, 700 - 14 * i, 10)
        for i, row in enumerate(
            (("Region", "2021", "2020"), ("Europe", "11", "12"), ("Asia", "21", "22"), ("Africa", "31", "32"))
        )
        for cell, x in zip(row, (50, 300, 400), strict=True)
    )
    _, words, _ = layer(raw_pdf(tmp_path / "table.pdf", [("/MediaBox [0 0 612 792]", rows)]))
    assert words.text == "Region 2021 2020\nEurope 11 12\nAsia 21 22\nAfrica 31 32"


def test_a_word_divided_at_a_line_s_end_is_one_word(tmp_path):
    content = show("We gather infor-", 72, 700) + show("mation about the North-", 72, 684) + show("South line", 72, 668)
    _, words, _ = layer(raw_pdf(tmp_path / "page.pdf", [("/MediaBox [0 0 612 792]", content)]))
    assert "information" in words.texts and "mation" not in words.texts
    assert "North-" in words.texts and "South" in words.texts


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("plain", "plain"),
        ("e\ufb03cient", "efficient"),
        ("soft\u00adhyphen", "softhyphen"),
        ("a\x00b\x1fc", "abc"),
        ("\ue001\uf8ff", ""),
        ("\ufffd\ufffe", ""),
        ("x\u200by", "xy"),
        ("\ud83d\ude00", "\U0001f600"),
        ("a\ud83db", "ab"),
        ("cafe\u0301", "café"),
        ("H₂O", "H₂O"),
        ("\ufee3\ufea4\ufee4\ufeaa", "محمد"),
        ("\ufefb", "لا"),
    ],
)
def test_words_are_cleaned(raw, wanted):
    assert clean(raw) == wanted
    wanted.encode("utf-8")


def garbage_pdf(path, glyph: str):
    """A text layer whose glyphs all map to one character."""
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def "
        "1 begincodespacerange <00> <FF> endcodespacerange 95 beginbfchar "
        + " ".join(f"<{code:02X}> <{glyph}>" for code in range(0x20, 0x7F))
        + " endbfchar endcmap end end"
    )
    content = b"".join(show(line, 72, 700 - 24 * i, 16) for i, line in enumerate(LINES))
    return raw_pdf(
        path,
        [
            (
                "/MediaBox [0 0 612 792] /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 "
                "/BaseFont /Helvetica /ToUnicode 7 0 R >> >> >>",
                content,
            ),
            ("/MediaBox [0 0 10 10]", cmap.encode()),
        ],
        kids="4 0 R",
    )


@pytest.mark.parametrize("glyph", ["FFFD", "E017", "0007"])
def test_a_text_layer_of_garbage_is_not_believed(tmp_path, glyph):
    found, _, pixels = layer(garbage_pdf(tmp_path / "garbage.pdf", glyph))
    assert (pixels < 128).any()  # there is print on the page
    assert not found.usable
    good, words, _ = layer(garbage_pdf(tmp_path / "good.pdf", "0041"))
    assert good.usable and set("".join(words.texts)) == {"A"}


def test_a_page_without_text_has_no_usable_layer(tmp_path):
    found, words, _ = layer(raw_pdf(tmp_path / "page.pdf", [("/MediaBox [0 0 612 792]", b"0 0 100 100 re f")]))
    assert not found.usable and words.source == "none"


def test_words_off_the_page_are_left_out_and_mock_bold_counts_once(tmp_path):
    content = show("beyond", 700, 100) + show("bold", 72, 500) + show("bold", 72.2, 500) + show("bold", 72, 300)
    _, words, _ = layer(raw_pdf(tmp_path / "page.pdf", [("/MediaBox [0 0 612 792]", content)]))
    assert words.texts == ("bold", "bold")


def test_a_dense_page_takes_little_time(tmp_path):
    lines = [" ".join(LINES)] * 40  # 40 lines, 4,900 characters
    path = text_pdf(tmp_path / "dense.pdf", lines=lines)
    layer(path)
    file = PdfFile(path)
    spent = []
    for _ in range(5):
        with file.page(1) as page:
            start = time.thread_time()
            found = read_text_layer(page)
            arrange(found.runs, 0.77)
            spent.append(time.thread_time() - start)
    file.close()
    # 10 ms of processor time where this was written; ten times that would be another algorithm.
    assert min(spent) < 0.1


def text_of(name):
    return layer(INPUTS / f"{name}.pdf")[1].text


def test_lines_of_right_to_left_scripts_are_in_the_order_of_speech():
    assert text_of("rtl-arabic").startswith("تنص المادة الرابعة على أن مدة العقد سنتان قابلة للتجديد. يدفع المستأجر")


def hebrew_pdf(path, *lines):
    """Lines at 24 points, drawn from left to right as given."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    font = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not font.exists():
        pytest.skip("needs a font with Hebrew letters")
    pdfmetrics.registerFont(TTFont("DejaVu", font))
    canvas = Canvas(str(path), pagesize=(600, 400))
    canvas.setFont("DejaVu", 18)
    for i, line in enumerate(lines):
        canvas.drawString(50, 350 - 24 * i, line)
    canvas.save()
    return path


def test_hebrew_as_it_lies_on_the_page_is_read_in_the_order_of_speech(tmp_path):
    spoken = ["שלום לכל העולם", "מחיר 2.5 שקל ועוד 17", "גרסת Windows 11 חדשה"]
    seen = ["םלועה לכל םולש", "17 דועו לקש 2.5 ריחמ", "השדח Windows 11 תסרג"]
    _, words, _ = layer(hebrew_pdf(tmp_path / "visual.pdf", *seen))
    assert words.text.splitlines()[:2] == spoken[:2]
    assert set(words.text.splitlines()[2].split()) == set(spoken[2].split())


def test_words_of_a_turned_head_stand_together():
    lines = text_of("turned-heads").splitlines()
    assert lines[0] == "Projected population Seed requirement Surplus or deficit"
    assert lines[-1] == "Downward heading Clockwise caption"


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_that_its_matrix_turns_is_read_line_by_line(tmp_path, turn):
    """Whether the page's own turn undoes it or not."""
    matrix = {0: "1 0 0 1 0 0", 90: "0 1 -1 0 600 0", 180: "-1 0 0 -1 600 600", 270: "0 -1 1 0 0 600"}[turn]
    prose = b"".join(
        show(f"{side} column line {i} runs on and on", x, 500 - 14 * i, 10)
        for i in range(8)
        for side, x in (("left", 50), ("right", 320))
    )
    texts = []
    for own in (0, turn):
        frame = f"/MediaBox [0 0 600 600] /Rotate {own}"
        _, words, pixels = layer(raw_pdf(tmp_path / "page.pdf", [(frame, f"q {matrix} cm ".encode() + prose + b" Q")]))
        texts.append(words.text)
        assert all(ink_share(pixels, box) > 0 for box in words.boxes)
    starts = [line.split()[0] for line in texts[0].splitlines()]
    assert starts == ["left"] * 8 + ["right"] * 8 and texts[0] == texts[1]


@pytest.mark.parametrize("hyphen", ["-", "\u2010", "\u00ad", "\u2011"])
def test_any_hyphen_at_a_line_s_end_divides_a_word(tmp_path, hyphen):
    _, words, _ = layer(hebrew_pdf(tmp_path / "page.pdf", f"of the environ{hyphen}", "mental consequences"))
    assert words.text == "of the environmental\nconsequences"
    assert "environmental" in text_of("hyphens").split()


def test_a_word_divided_in_a_column_goes_on_in_that_column(tmp_path):
    """The lines of both columns come in turn in the file."""
    left = ["the environ-", "mental law was", "passed in that year", "by the whole house"]
    right = ["of the second com-", "mon words and more", "of them as they come", "to the end of it"]
    rows = b"".join(
        show(a, 72, 700 - 14 * i, 10) + show(b, 320, 700 - 14 * i, 10)
        for i, (a, b) in enumerate(zip(left, right, strict=True))
    )
    _, words, _ = layer(raw_pdf(tmp_path / "page.pdf", [("/MediaBox [0 0 612 792]", rows)]))
    assert {"environmental", "common", "the", "of"} < set(words.texts) and "environof" not in words.texts


@pytest.mark.parametrize("matrix", ["0 1 -1 0 600 0", "-1 0 0 -1 600 600"])
def test_a_word_divided_in_turned_text_goes_on_in_its_next_line(tmp_path, matrix):
    lines = ["of the environ-", "mental law was", "passed by them all", "in it or of those"]
    rows = b"".join(show(line, 100, 500 - 14 * i, 10) for i, line in enumerate(lines))
    content = f"q {matrix} cm ".encode() + rows + b" Q"
    _, words, _ = layer(raw_pdf(tmp_path / "page.pdf", [("/MediaBox [0 0 600 600]", content)]))
    assert words.text.splitlines() == ["of the environmental", "law was", *lines[2:]]


def test_a_word_whose_rest_is_not_below_it_keeps_its_hyphen(tmp_path):
    rows = show("the environ-", 72, 700, 10) + show("second column", 320, 700, 10)
    _, words, _ = layer(raw_pdf(tmp_path / "page.pdf", [("/MediaBox [0 0 612 792]", rows)]))
    assert words.texts == ("the", "environ-", "second", "column")


@pytest.mark.parametrize(("ends", "rest"), [("Bundes-", "und Landesrecht"), ("short-", "or long-term loans")])
def test_a_hyphen_before_and_stands_for_the_rest_of_a_word(tmp_path, ends, rest):
    path = raw_pdf(tmp_path / "p.pdf", [("/MediaBox [0 0 612 792]", show(ends) + show(rest, y=686))])
    assert layer(path)[1].texts == (ends, *rest.split())


def test_a_letter_with_a_minus_is_no_divided_word(tmp_path):
    rows = [("Ann", 72, 700), ("B-", 200, 700), ("Bob", 72, 686), ("c", 200, 686)]
    content = b"".join(show(text, x, y, 10) for text, x, y in rows)
    _, words, _ = layer(raw_pdf(tmp_path / "page.pdf", [("/MediaBox [0 0 612 792]", content)]))
    assert words.texts == ("Ann", "B-", "Bob", "c")


@pytest.mark.parametrize(
    ("seen", "spoken"),
    [
        (".םילקש 1,250.50 םלשת Blue River Ltd תרבח", "חברת Blue River Ltd תשלם 1,250.50 שקלים."),
        ("22 11 רפסמ", "מספר 11 22"),
        (".םלועה לכל םולש", "שלום לכל העולם."),
    ],
)
def test_numbers_and_ends_of_sentences_go_with_a_line_to_the_left(tmp_path, seen, spoken):
    _, words, _ = layer(hebrew_pdf(tmp_path / "page.pdf", seen))
    assert words.text == spoken


def test_a_notice_up_the_margin_does_not_turn_the_page(tmp_path):
    notice = "Downloaded by a guest on the ninth of May, for personal use and for no other"
    margin = f"BT /F1 6 Tf 0 1 -1 0 20 60 Tm ({notice}) Tj ET ".encode()
    body = ["The witness", "signed on", "the ninth"]
    lines = b"".join(show(line, 100, 700 - 60 * i, 24) for i, line in enumerate(body))
    _, words, _ = layer(raw_pdf(tmp_path / "page.pdf", [("/MediaBox [0 0 612 792]", margin + lines)]))
    assert [line for line in words.text.splitlines() if "Download" not in line] == body


def test_letters_after_each_of_which_a_line_ends_are_a_word_set_wide():
    """As PDFium has the spaced letters that browsers print."""
    codes, boxes = [], []
    for i, letter in enumerate("SUMMARY"):
        codes += [ord(letter), 13, 10]
        boxes += [(0.1 + 0.02 * i, 0.1, 0.11 + 0.02 * i, 0.12), *[(0.11 + 0.02 * i, 0.11, 0.11 + 0.02 * i, 0.11)] * 2]
    array = np.array(codes)
    (run,) = _runs(array, np.array(boxes, np.float32), np.isin(array, (10, 13)), 1.0)
    assert run.texts == ("SUMMARY",)


@pytest.mark.parametrize(
    ("words", "doubtful"),
    [
        ("The committee discussed the consequences of the programme", False),
        ("┄┘┕ ┑┞┞┥┑├ ┢┑┙┞┖┑├├ ┙┞ ╂┕┢┗┕┞", True),
        ("7KH FRPPLWWHH GLVFXVVHG WKH HQYLURQPHQWDO FRQVHTXHQFHV", True),
        ("Tge cnnwcn tckphcnn kp Bgtigp gzeggfgf vyq vjqwucpf", False),  # too few letters to tell
        ("tmrtk hrgk wrtpl kqwrt zzrtk wrktp and of", True),
        ("Аnnual rаinfаll exceeded twо thоusand millimеtres", True),  # Cyrillic letters among Latin ones
        ("годовое количество осадков в Бергене превысило две тысячи миллиметров", False),
        ("年間降水量は二千ミリを超えた", False),
        ("العقد سنتان قابلة للتجديد", False),
        ("x = ∑ (a + b) ≤ 2 ∫ f(x) dx for all x ∈ R holds by the lemma above", False),
        ("Contents ........ 1 Introduction ........ 2", False),
        ("TOTAL NET SALES OF FY2021 10-K (in millions)", False),
    ],
)
def test_what_no_language_has_is_doubted(words, doubtful):
    assert sense_of(words.split()).doubtful == doubtful


def test_nothing_arranged_is_no_words():
    assert len(arrange([])) == 0 and arrange([]).source == "none"


@pytest.mark.parametrize("spacing", [4, 7])
def test_a_word_that_is_set_wide_is_one_word(tmp_path, spacing):
    line = f"BT /F1 12 Tf {spacing} Tc 72 700 Td (ANNUAL) Tj {6 * (8 + spacing) + 20} 0 Td (REPORT) Tj ET".encode()
    path = raw_pdf(
        tmp_path / "wide.pdf", [("/MediaBox [0 0 612 792]", line + b"\n" + show("plain words", 72, 600, 12))]
    )
    _, words, _ = layer(path)
    assert words.text.splitlines() == ["ANNUAL REPORT", "plain words"]


def test_letters_in_columns_of_their_own_stay_apart(tmp_path):
    heads = b"".join(show(letter, 72 + 60 * i, 700, 12) for i, letter in enumerate("ABCDEF"))
    _, words, _ = layer(raw_pdf(tmp_path / "table.pdf", [("/MediaBox [0 0 612 792]", heads)]))
    assert words.texts == tuple("ABCDEF")


def comb(text, x, y, pitch, height=18):
    """Letters in the middle of boxes of their own, as forms have them; no letter and no box for a space."""
    out = b""
    for i, letter in enumerate(text):
        if letter != " ":
            out += b"%d %d %d %d re S " % (x + pitch * i, y - 4, pitch, height)
            out += show(letter, x + pitch * i + pitch / 2 - 3, y, 11)
    return out


def of_page(tmp_path, content):
    _, words, _ = layer(raw_pdf(tmp_path / "page.pdf", [("/MediaBox [0 0 612 792]", content)]))
    return words


def test_letters_in_boxes_of_a_form_are_words_and_numbers(tmp_path):
    content = show("Surname", 72, 740) + comb("QUILLFEATHER", 72, 715, 18) + comb("24121987", 72, 665, 18)
    content += comb("1250.75", 72, 615, 22) + comb("Mary Jane", 320, 615, 22) + comb("24", 72, 565, 18)
    words = of_page(tmp_path, content)
    assert words.text.splitlines() == ["Surname", "QUILLFEATHER", "24121987", "1250.75 Mary Jane", "24"]


def test_letters_in_the_cells_of_a_table_or_scale_stay_apart(tmp_path):
    grid = comb("101", 72, 700, 18) + comb("011", 72, 682, 18)  # a truth table: its cells touch
    scale = comb("12345", 72, 600, 20)
    wide = comb("XOX", 72, 500, 60)
    record = b"72 400 30 18 re S 102 400 30 18 re S " + show("left", 82, 405, 11) + show("right", 105, 405, 11)
    words = of_page(tmp_path, grid + scale + wide + record)
    assert words.texts == (*"10101112345XOX", "left", "right")


def test_days_months_and_the_alphabet_are_no_words(tmp_path):
    content = comb("MTWTFS", 72, 700, 18) + comb("JFMAMJJASOND", 72, 600, 18) + comb("MTW", 400, 700, 18)
    content += show("a b c d e f", 72, 500) + show("S M T W T F S", 72, 400) + comb("SMITH", 72, 300, 18)
    words = of_page(tmp_path, content)
    assert words.texts == (*"MTWTFS", *"MTW", *"JFMAMJJASOND", *"abcdef", *"SMTWTFS", "SMITH")


@pytest.mark.parametrize("word", ["SON", "MAM", "JAS", "AMJ", "FSS"])
def test_a_short_word_in_boxes_is_not_taken_for_days_or_months(tmp_path, word):
    assert of_page(tmp_path, comb(word, 72, 700, 18)).texts == (word,)


def test_a_large_first_letter_is_part_of_its_word(tmp_path):
    def paragraph(letter, x, y, lines):
        beside = b"".join(show(line, x, y - 13 * i, 11) for i, line in enumerate(lines[:3]))
        return show(letter, 72, y - 26, 42) + beside + show(lines[3], 72, y - 39, 11)

    the = ["he harbour master opened the gates at dawn", "and the boats came in", "while gulls circled", "Nothing"]
    after = ["fter the storm nothing was left of the mole", "and nobody knew how", "them in the years", "It was"]
    ship = ["ship lay at the quay with all its sails", "torn and nobody", "but one old dog.", "It was"]
    content = (
        paragraph("T", 99, 700, the)
        + paragraph("A", 102, 600, after)
        + paragraph("A", 110, 500, ship)
        + paragraph("I", 88, 400, after)
    )
    lines = of_page(tmp_path, content).text.splitlines()
    assert lines[0::4] == ["T" + the[0], "A" + after[0], "A " + ship[0], "I" + after[0]]
    assert lines[1:4] == the[1:]


def test_a_large_first_letter_that_touches_its_word_does_not_reach_into_the_next_line(tmp_path):
    lines = ["hen the harbour was built the town", "had no more than ninety houses and", "a church of wood"]
    content = show("W", 72, 687, 28)
    content += b"".join(show(line, 100 if i < 2 else 72, 700 - 13 * i, 11) for i, line in enumerate(lines))
    assert of_page(tmp_path, content).text.splitlines() == ["W" + lines[0], *lines[1:]]


def test_a_large_letter_over_an_index_is_no_part_of_its_first_word(tmp_path):
    content = show("B", 72, 700, 30) + show("baker 12", 110, 710, 11) + show("banana 13", 110, 697, 11)
    assert "B" in of_page(tmp_path, content).texts


def test_gaps_that_are_too_narrow_for_a_space_part_the_words_of_a_line(tmp_path):
    words = of_page(tmp_path, b"BT /F1 12 Tf 72 700 Td [(The) -100 (committee) -100 (discussed) -100 (all)] TJ ET")
    assert words.texts == ("The", "committee", "discussed", "all")


@pytest.mark.parametrize(
    ("cells", "together"),
    [
        ([("Width-", 72, 700, 10), ("12", 200, 700, 10), ("height", 72, 688, 10), ("14", 200, 688, 10)], False),
        ([("Width-", 72, 700, 10), ("Paul", 200, 700, 10), ("height", 72, 680, 10), ("Anna", 200, 680, 10)], False),
        ([("Width-", 72, 700, 12), ("height", 72, 686, 10)], False),
        ([("Depart-", 72, 700, 10), ("ment", 72, 688, 10), ("77", 200, 694, 10)], True),
        ([("Depart-", 72, 700, 10), ("Number", 200, 700, 10), ("ment", 72, 688, 10), ("of them", 200, 688, 10)], True),
    ],
)
def test_a_label_that_ends_with_a_hyphen_is_no_divided_word(tmp_path, cells, together):
    words = of_page(tmp_path, b"".join(show(*cell) for cell in cells))
    assert ("Department" in words.texts) if together else {"Width-", "height"} <= set(words.texts)


def test_brackets_that_face_away_from_a_number_are_turned_beside_hebrew(tmp_path):
    _, words, _ = layer(hebrew_pdf(tmp_path / "page.pdf", ")17( ףיעס"))
    assert words.text == "סעיף (17)"


def test_a_ligature_by_itself_does_not_tell_which_way_its_line_runs(tmp_path):
    both = np.array(
        [[0.1, 0.1, 0.2, 0.2], [0.1, 0.1, 0.2, 0.2], [0.5, 0.1, 0.6, 0.2], [0.6, 0.1, 0.7, 0.2]], np.float32
    )
    turns = _turns(both, np.array([0, 2]), np.zeros(2, bool))
    assert turns.tolist() == [-1, 0]


MANY = (
    "The committee discussed the consequences of the programme for the northern harbour and found that nothing which "
    "had been built there before the great storm could have been expected to withstand another winter without repairs"
)


@pytest.mark.parametrize("turn", [0, 1, 2, 7, 13, 25])
def test_letters_exchanged_for_letters_are_doubted(turn):
    """As a font does whose ToUnicode is of another one."""
    table = str.maketrans({chr(97 + i): chr(97 + (i + turn) % 26) for i in range(26)})
    sense = sense_of(MANY.translate(table).split())
    assert sense.doubtful == (turn != 0) and (sense.share > 0.9) == (turn == 0)


def test_only_so_many_rules_and_curves_between_letters_are_looked_at(tmp_path, monkeypatch):
    from pypdfium2 import raw

    segment, looked = raw.FPDFPath_GetPathSegment, []
    monkeypatch.setattr(raw, "FPDFPath_GetPathSegment", lambda *given: looked.append(1) or segment(*given))
    letters = b"".join(show("A", 72, y, 5) + show("B", 80, y, 5) for y in range(100, 700, 8))
    rules = b"79 0 m 79 792 l S " * 5000
    curves = b"/C Do " * 400
    form = b"0 0 m " + b"1 1 2 2 3 3 c " * 3000 + b"S"
    body = b"<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Length %d >>\nstream\n%s\nendstream" % (
        len(form),
        form,
    )
    page = "/MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> /XObject << /C 7 0 R >> >>"
    content = letters + rules
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R 5 0 R] /Count 2 >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /Page /Parent 2 0 R %s /Contents 6 0 R >>" % page.encode(),
        b"<< /Type /Page /Parent 2 0 R %s /Contents 8 0 R >>" % page.encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        body,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(letters + curves), letters + curves),
    ]
    file = PdfFile(objects_pdf(tmp_path / "page.pdf", objects))
    for number in (1, 2):
        with file.page(number) as page:
            looked.clear()
            words = [text for run in read_text_layer(page).runs for text in run.texts]
            assert 0 < len(looked) <= MOST_SEGMENTS
        assert sorted(words) == ["A"] * 75 + ["B"] * 75
    file.close()


def test_of_many_rules_between_two_letters_none_is_held_against_the_others():
    before, after = np.array([0.10, 0.10, 0.11, 0.12]), np.array([0.12, 0.10, 0.13, 0.12])
    for count, kept in ((_RULES, _RULES), (_RULES + 1, 0)):
        rules = np.tile(np.float32([0.115, 0.09, 0.13]), (count, 1))
        far = np.tile(np.float32([0.115, 0.5, 0.6]), (1000, 1))
        assert len(_few_near(before, after, np.concatenate([rules, far]))) == kept


def test_only_so_many_divided_words_of_a_page_are_made_whole(monkeypatch):
    """Each is held against all words of the page."""
    sought = []
    monkeypatch.setattr(wholewords, "_rests_of", lambda *given: sought.append(1) or [])
    words, lines = ["infor-"] * 3000, np.arange(3000)[:, None] / 3000
    boxes = np.concatenate([0 * lines, lines, 0 * lines + 0.1, lines + 0.0002], axis=1).astype(np.float32)
    monkeypatch.setattr(wholewords, "_MOST", 7)
    wholewords.join_divided(words, boxes, np.ones(3000, bool), np.zeros(3000, np.int64), 1.0)
    assert len(sought) == 7


def test_a_name_that_no_language_has_is_not_doubted_for_standing_on_every_line():
    text = """Goto the output buffer, print the command for data at this point, toggle the mode and set a break
    for line with point, finish command from source, list of ports that create binaries and debug them"""
    assert not sense_of([*text.split(), *["libxcbxkb"] * 30]).doubtful
