"""Does the quality of a page, in per cent, tell those that were read well from those that were not?

``python -m benchmarks.quality`` makes both and says how often a page that was read well has the higher number (AUROC).
Good ones are text layers of the sample's manual, and pictures of its lines in three sizes that OCR reads. Bad ones are
the same text layers with their letters exchanged, as a font does that says wrongly which characters its glyphs are; and
pictures of the same lines that are blurred or full of noise, and lines in letters that the built-in OCR has not.
Tesseract stays out, since where it is installed the latter are read. Letters are drawn in DejaVu Sans (Debian's package
``fonts-dejavu-core``).
"""

from __future__ import annotations

import random
import string
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from workbench import resources
from workbench.cli import output
from workbench.documents import ReadSettings, Source, read_pages, tesseract
from workbench.documents.textlayer import sense_of
from workbench.types import Page

MANUAL = "dotguide.pdf"
PAGES = range(4, 24)
LINES = 8
"""Lines of a picture: each page of the manual gives one."""
FOREIGN = {
    "Cyrillic": "абвгдежзийклмнопрстуфхцчшщъыьэюя",
    "Hebrew": "אבגדהוזחטיכלמנסעפצקרשת",
    "Armenian": "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ",
    "Georgian": "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
}


def main() -> None:
    """Make, read and compare."""
    tesseract.installed = frozenset
    lines = _lines()
    layers = [round(100 * sense_of(" ".join(page).split()).share) for page in lines]
    wrong = [round(100 * sense_of(_exchanged(" ".join(page), seed).split()).share) for seed, page in enumerate(lines)]
    _tell("text layers", layers, {"letters exchanged": wrong})
    clean = [_read(_drawn(page, size)) for page, size in zip(lines, _sizes(), strict=False)]
    bad = {
        "blurred": [_read(_drawn(page, 22).filter(ImageFilter.GaussianBlur(3))) for page in lines[:10]],
        "noise": [_read(_noisy(_drawn(page, 14), seed)) for seed, page in enumerate(lines[:10])],
        **{
            script: [_read(_drawn(_foreign(page, letters), 22)) for page in lines[:5]]
            for script, letters in FOREIGN.items()
        },
    }
    _tell("pictures", clean, bad)


def auroc(good: Sequence[float], bad: Sequence[float]) -> float:
    """How often one of ``good`` is above one of ``bad``; of a draw, half."""
    above = np.subtract.outer(np.asarray(good, float), np.asarray(bad, float))
    return float((above > 0).mean() + (above == 0).mean() / 2)


def _tell(what: str, good: Sequence[int], bad: dict[str, list[int]]) -> None:
    output.show(f"{what}, read well: {len(good)}, quality {min(good)} to {max(good)}, median {np.median(good):.0f}")
    for name, found in (*bad.items(), ("all of them", [one for several in bad.values() for one in several])):
        low, high = min(found), max(found)
        output.show(
            f"  {name}: {len(found)}, {low} to {high}, median {np.median(found):.0f}, AUROC {auroc(good, found):.3f}"
        )


def _lines() -> list[list[str]]:
    """The longest lines of pages of the manual, as it has them in its text layer."""
    file = resources.sample_data() / "documents" / MANUAL
    pages = read_pages(Source(file, MANUAL), ReadSettings(ocr=False, picture=False), PAGES)
    texts = [page.words.text.splitlines() for page in pages if isinstance(page, Page)]
    return [sorted(text, key=len)[-LINES:] for text in texts]


def _exchanged(text: str, seed: int) -> str:
    """Every letter and sign as another one, always the same."""
    known = string.ascii_letters + string.punctuation + string.digits
    other = random.Random(seed).sample(known, len(known))
    return text.translate(str.maketrans(known, "".join(other)))


def _foreign(lines: Sequence[str], letters: str) -> list[str]:
    numbers = {letter: letters[i % len(letters)] for i, letter in enumerate(string.ascii_lowercase)}
    return ["".join(numbers.get(letter, letter) for letter in line.lower()) for line in lines]


def _sizes() -> Iterator[int]:
    while True:
        yield from (18, 22, 30)


def _drawn(lines: Sequence[str], size: int) -> Image.Image:
    font = ImageFont.truetype("DejaVuSans.ttf", size)
    width = max(round(font.getlength(line)) for line in lines) + 80
    image = Image.new("RGB", (width, 80 + 2 * size * len(lines)), "white")
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((40, 40 + 2 * size * number), line, "black", font)
    return image


def _noisy(image: Image.Image, seed: int) -> Image.Image:
    pixels = np.asarray(image, np.float32) * 0.4 + 75
    return Image.fromarray(
        np.clip(pixels + np.random.default_rng(seed).normal(0, 60, pixels.shape), 0, 255).astype(np.uint8)
    )


def _read(image: Image.Image) -> int:
    """The quality of a picture; 0 where no text was seen at all, which says of these that it was missed."""
    with tempfile.TemporaryDirectory(prefix="pagelens-bench-") as folder:
        path = Path(folder) / "page.png"
        image.save(path)
        (page,) = read_pages(Source(path, path.name), ReadSettings(picture=False))
    assert isinstance(page, Page)
    return page.quality or 0


if __name__ == "__main__":
    main()
