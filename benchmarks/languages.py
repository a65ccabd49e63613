"""Made pages and scans in many languages: which share of their words is read, and whether questions find them first.

The texts are help that GNOME's translators wrote (Debian's package `gnome-user-docs`, CC-BY-SA-3.0), which holds one
folder for each language; none of it comes with Pagelens. A page is the body of one of them, laid out by Chromium, which
writes PDFs with a text layer; a scan is the same page drawn, turned by half a degree, blurred and speckled. The
question is the title of the help, which does not stand on its page. Letters are drawn in what fonts the machine has;
Debian's `fonts-noto-core` and `fonts-noto-cjk` have all of them. Scans in scripts that the built-in OCR lacks are
read by tesseract, if it is installed with their languages.
"""

from __future__ import annotations

import html
import re
import subprocess
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from benchmarks.langid import files, paragraphs
from workbench.doctor import chromium
from workbench.documents import ReadSettings, Source, read_pages
from workbench.errors import InputError
from workbench.service import Workbench
from workbench.types import Page, PageRef

LETTERS = range(300, 800)
"""Of a page: help that is shorter is left out, longer is cut at a paragraph's end."""
PARAGRAPHS = 12
"""Of a page, at most: more are a list, which does not fit."""
ENGLISH = "C"
"""The folder of the language that help is translated from."""
DPI = 150
ANGLE, BLUR, NOISE = 0.5, 0.6, 6.0
"""Of a scan: degrees, radius in pixels, and deviation of 255 levels."""
UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
"""Letters of scripts that set no space between words (Thai, kana, Han): each counts as a word."""
COLLECTIONS = ("pages", "scans")


@dataclass(frozen=True, slots=True)
class Help:
    """One help: its title, and as much of its body as stands on a page."""

    title: str
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LanguageRow:
    """Of one language, pages or scans: mean share of a page's words that were read, and of questions at rank 1."""

    language: str
    kind: str
    pages: int
    read: float
    first: float


def measured(
    workbench: Workbench,
    folder: Path,
    languages: Sequence[str],
    most: int,
    pipeline: str,
    progress: Callable[[str], None] = lambda what: None,
) -> list[LanguageRow]:
    """Make, ingest and ask ``most`` pages of each language, all in one collection of pages and one of scans.

    Collections of a home that has them already are taken as they are. `InputError` without a browser or help.
    """
    rows: list[LanguageRow] = []
    english = {text for path in files(folder / ENGLISH) for text in paragraphs(path)}
    helps = {
        language: helps_of(folder / language, most, set() if language == ENGLISH else english) for language in languages
    }
    if empty := [language for language, found in helps.items() if not found]:
        raise InputError(f"{folder} has no help in {', '.join(empty)}; name languages that have a folder there.")
    with tempfile.TemporaryDirectory(prefix="pagelens-languages-") as made:
        there = {info.name for info in workbench.library.all()}
        if not there.issuperset(COLLECTIONS):
            for language, found in helps.items():
                progress(f"Drawing {len(found)} pages in {language}")
                draw(found, language, Path(made))
        for kind in COLLECTIONS:
            if kind not in there:
                progress(f"Ingesting {kind}")
                workbench.ingest([Path(made) / kind], kind)
            for language, found in helps.items():
                progress(f"Asking {kind} in {language}")
                rows.append(_row(workbench, kind, language, found, pipeline))
    return rows


def helps_of(folder: Path, most: int, untranslated: Container[str]) -> list[Help]:
    """Help of one language whose page is long enough and whose title no other has, in the same order every time.

    What was not translated is left out: a paragraph that stands in English too, and help with such a title.
    """
    found: dict[str, Help] = {}
    for path in files(folder):
        title, *texts = [text for text in paragraphs(path) if text] or [""]
        body: list[str] = []
        for text in texts:
            if sum(map(len, body)) + len(text) < LETTERS.stop and text != title and text not in untranslated:
                body.append(text)
        if sum(map(len, body)) >= LETTERS.start and len(body) <= PARAGRAPHS and title not in untranslated:
            found.setdefault(title, Help(title, tuple(body)))
    return list(found.values())[:most]


def draw(helps: Sequence[Help], language: str, folder: Path) -> None:
    """``pages/LANGUAGE.pdf``, a page for each, and ``scans/LANGUAGE.pdf``, the same as pictures."""
    pages, scans = (folder / kind / f"{language}.pdf" for kind in COLLECTIONS)
    pages.parent.mkdir(exist_ok=True)
    scans.parent.mkdir(exist_ok=True)
    source = folder / f"{language}.html"
    source.write_text(_markup(helps, language), encoding="utf-8")
    browser = chromium()
    if browser is None:
        raise InputError("Chromium lays out the pages and was not found; install it (on Debian: apt install chromium).")
    options = ("--headless", "--no-sandbox", "--no-pdf-header-footer", f"--print-to-pdf={pages}")
    subprocess.run([browser, *options, str(source)], check=True, capture_output=True, timeout=600)
    settings = ReadSettings(dpi=DPI, crop=False, ocr=False, text=False)
    drawn = [page for page in read_pages(Source(pages, pages.name), settings) if isinstance(page, Page)]
    if len(drawn) != len(helps):
        raise InputError(f"{len(drawn)} pages were drawn of {len(helps)} in {language}; a text did not fit its page.")
    first, *others = [scanned(page.image(), number) for number, page in enumerate(drawn)]
    first.save(scans, save_all=True, append_images=others, resolution=DPI)


def scanned(page: Image.Image, seed: int) -> Image.Image:
    """A page as a scanner gives it back: a little askew, blurred and speckled, grey."""
    askew = page.convert("L").rotate(ANGLE * (-1) ** seed, Image.Resampling.BICUBIC, fillcolor=255)
    grey = np.asarray(askew.filter(ImageFilter.GaussianBlur(BLUR)), np.float32)
    noisy = grey + np.random.default_rng(seed).normal(0, NOISE, grey.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def share_read(wanted: str, read: str) -> float:
    """Share of the words of one text that another has, each as often as it stands there."""
    asked, got = Counter(words(wanted)), Counter(words(read))
    return (asked & got).total() / max(1, asked.total())


def words(text: str) -> list[str]:
    """Words without case and punctuation; of scripts without spaces, letters."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(letter if unicodedata.category(letter)[0] in "LNM" else " " for letter in plain)
    return UNSPACED.sub(r" \g<0> ", kept).split()


def _markup(helps: Sequence[Help], language: str) -> str:
    pages = "".join(
        f"<section>{''.join(f'<p dir=auto>{html.escape(text)}</p>' for text in one.body)}</section>" for one in helps
    )
    style = "section + section { break-before: page } p { font-size: 11pt; line-height: 1.5; margin: .5em 0 }"
    tag = language.partition("@")[0].replace("_", "-")
    return f'<!doctype html><html lang="{tag}"><meta charset="utf-8"><style>{style}</style>{pages}</html>'


def _row(workbench: Workbench, kind: str, language: str, helps: Sequence[Help], pipeline: str) -> LanguageRow:
    read, first = [], []
    for number, one in enumerate(helps, 1):
        ref = PageRef(f"{language}.pdf", number)
        read.append(share_read(" ".join(one.body), workbench.library.page(ref, kind).words.text))
        hits = workbench.searches.search(one.title, kind, pipeline, 1).hits
        first.append(bool(hits) and hits[0].ref == ref)
    return LanguageRow(language, kind, len(helps), float(np.mean(read)), float(np.mean(first)))
