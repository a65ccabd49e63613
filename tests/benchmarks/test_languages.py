"""Help in several languages as pages and scans: what is drawn of it, and which share of it is read."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.languages import Help, draw, helps_of, measured, scanned, share_read, words
from workbench.documents import ReadSettings, Source, read_pages
from workbench.errors import InputError

PAGE = '<page xmlns="http://projectmallard.org/1.0/"><info><title>No</title></info><title>{}</title><p>{}</p><p>{}</p></page>'
TIDES = "The moon pulls the water of the seas towards itself twice a day, and the sun helps it or hinders it a little. "
GEZEITEN = "Der Mond zieht das Wasser der Meere zu sich heran, zweimal am Tag; die Sonne hilft dabei ein wenig. "


@pytest.fixture
def folder(tmp_path):
    for language, name, title, text in (
        ("C", "tides", "Why the sea rises", TIDES * 4),
        ("de", "tides", "Warum das Meer steigt", GEZEITEN * 4),
        ("de", "moon", "Not translated", GEZEITEN * 4),
        ("de", "short", "Kurz", GEZEITEN),
        ("C", "moon", "Not translated", "Short."),
    ):
        (tmp_path / language).mkdir(exist_ok=True)
        page = PAGE.format(title, text, "Untranslated words." if name != "tides" else "Untranslated & plain.")
        (tmp_path / language / f"{name}.page").write_text(page.replace("&", "&amp;"), encoding="utf-8")
    return tmp_path


def test_help_is_taken_that_is_long_enough_and_translated(folder):
    english = {"Not translated", "Untranslated & plain."}
    assert helps_of(folder / "de", 5, english) == [Help("Warum das Meer steigt", (" ".join((GEZEITEN * 4).split()),))]
    assert [one.title for one in helps_of(folder / "de", 5, ())] != ["Warum das Meer steigt"]
    assert helps_of(folder / "none", 5, ()) == []


def test_shares_of_words_that_were_read():
    assert words("Café, CAFÉ-bar! हिन्दी 東京 ２") == ["café", "café", "bar", "हिन्दी", "東", "京", "2"]
    assert share_read("the sea, the sky", "The sea") == 0.5
    assert share_read("the the", "the") == 0.5
    assert share_read("東京都", "東 京") == pytest.approx(2 / 3)
    assert share_read("", "anything") == 0


def test_a_scan_is_the_page_but_not_to_the_pixel():
    page = Image.new("RGB", (200, 300), "white")
    page.paste("black", (40, 40, 160, 60))
    scan = scanned(page, 0)
    assert (scan.size, scan.mode) == (page.size, "L")
    away = np.abs(np.asarray(scan, float) - np.asarray(page.convert("L"), float))
    assert 0 < away.mean() < 12
    assert np.array_equal(scan, scanned(page, 0)) and not np.array_equal(scan, scanned(page, 1))


def test_what_there_is_no_help_in_is_said(workbench, folder):
    with pytest.raises(InputError, match="no help in xx"):
        measured(workbench, folder, ["C", "xx"], 1, "text")


@pytest.mark.slow
@pytest.mark.browser
def test_pages_and_scans_are_drawn_with_the_text_of_the_help(folder, tmp_path, chromium_path):
    made = tmp_path / "made"
    made.mkdir()
    draw(helps_of(folder / "C", 1, ()), "C", made)
    for kind, used in (("pages", "text"), ("scans", "none")):
        (page,) = read_pages(Source(made / kind / "C.pdf", "C.pdf"), ReadSettings(ocr=False))
        assert page.words.source == used
        if used == "text":
            assert share_read(TIDES * 4 + "Untranslated & plain.", page.words.text) == 1
