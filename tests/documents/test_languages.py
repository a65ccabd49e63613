"""Languages that pages are read in: as a person writes them, and what is said of those that are not there."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PIL import Image

from workbench.documents import ReadSettings, Way, languages, ocr, tesseract
from workbench.errors import DocumentError, InputError
from workbench.settings import CollectionSettings


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ([], ()),
        (["auto"], ()),
        (["ru"], ("rus",)),
        (["rus+en"], ("rus", "eng")),
        (["Greek, de", "el"], ("ell", "deu")),
        (["zh-Hant"], ("chi_tra",)),
    ],
)
def test_a_language_goes_by_its_tag_its_name_and_its_code(written, read):
    assert languages.named(written) == read


@pytest.mark.parametrize("written", ["klingon", "ru/../etc", "-l", "auto+ru"])
def test_what_is_no_language_is_refused(written):
    with pytest.raises(InputError, match=r"is no language that is known here; write one as ru, rus or Russian"):
        languages.named([written])


def test_too_many_at_once_are_refused():
    with pytest.raises(InputError, match=r"7 languages are too many"):
        languages.named(["ru+uk+bg+sr+be+mk+kk"])


def test_a_language_that_is_not_there_is_refused_before_a_page_is_read(monkeypatch):
    monkeypatch.setattr(tesseract, "installed", frozenset)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(InputError, match=r"not installed with rus. To have it read: apt install tesseract-ocr "):
        ReadSettings.of(CollectionSettings(languages=("rus",)))
    assert ReadSettings.of(CollectionSettings(languages=("deu",))).languages == ("deu",)  # the built-in OCR has it
    assert ReadSettings.of(CollectionSettings(languages=("rus",), ocr=False)).languages == ("rus",)  # nobody reads it


def test_what_is_installed_meanwhile_is_seen(monkeypatch):
    found = [b"List of available languages (1):\nosd\n", b"List of available languages (2):\nosd\nrus\n"]
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/tesseract")
    monkeypatch.setattr(tesseract, "_run", lambda command, given: found.pop(0).decode())
    # This module's clock alone: servers of other tests may run on that of the process.
    monkeypatch.setattr(tesseract, "time", SimpleNamespace(monotonic=iter([0.0, 1.0, tesseract.SEEN_AFTER]).__next__))
    tesseract._installed.cache_clear()
    try:
        assert [sorted(tesseract.installed()) for _ in range(3)] == [["osd"], ["osd"], ["osd", "rus"]]
    finally:
        tesseract._installed.cache_clear()


def test_every_language_is_listed_with_how_to_have_it(monkeypatch):
    monkeypatch.setattr(tesseract, "installed", lambda: frozenset({"osd", "rus", "frk"}))
    known = {language.code: language for language in languages.known()}
    assert (known["rus"].name, known["rus"].tag, known["rus"].there, known["rus"].get) == ("Russian", "ru", True, "")
    assert not known["ell"].there and "ell" in known["ell"].get + " ell"
    assert known["eng"].built_in and known["eng"].there
    assert known["frk"].there and "osd" not in known


def test_a_way_that_this_machine_cannot_read_is_refused(monkeypatch):
    monkeypatch.setattr(tesseract, "installed", frozenset)
    for way, said in (
        (Way(engine="paddle"), "There is no OCR 'paddle'; there are: auto, built-in, tesseract"),
        (Way(("rus",), "built-in"), "does not read rus"),
        (Way((), "tesseract"), "tesseract is not installed"),
        (Way(("rus",)), "not installed with rus"),
    ):
        with pytest.raises(InputError, match=said):
            way.check()
    Way(("eng",), "built-in").check()
    assert Way().engine == languages.ENGINES[0]


@pytest.mark.parametrize(
    ("named", "engine", "lacking"),
    [
        (("deu",), "auto", []),  # the built-in OCR reads it
        (("deu",), "built-in", []),
        (("deu",), "tesseract", ["deu"]),
        (("deu", "rus"), "auto", ["deu"]),  # tesseract reads all of a page where the built-in OCR cannot
        (("rus",), "auto", []),
        (("rus", "eng"), "built-in", ["rus"]),
        (("ell", "rus"), "tesseract", ["ell"]),
    ],
)
def test_what_is_lacking_depends_on_who_reads(named, engine, lacking, monkeypatch):
    monkeypatch.setattr(tesseract, "installed", lambda: frozenset({"osd", "eng", "rus"}))
    assert languages.lacking(named, engine) == lacking
    if not lacking:
        Way(named, engine).check()
        return
    said = f"does not read {lacking[0]}" if engine == "built-in" else f"not installed with {lacking[0]}. To have it"
    with pytest.raises(InputError, match=said):
        Way(named, engine).check()
    with pytest.raises(DocumentError, match=said):
        ocr.recognize(Image.new("RGB", (99, 99)), named, engine)
