"""The program tesseract, where it is installed, for the scripts that the built-in OCR does not read.

It is another program reading hostile files: each call has a time limit, and whatever goes wrong in it, there is just
nothing found. What this module does not do: decide when it is asked.
"""

from __future__ import annotations

import csv
import functools
import io
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from PIL import Image

from workbench.types import Float

SEEN_AFTER = 30.0  # s; asking takes 10 ms, and somebody who was told to install a language tries again after that
SECONDS = 25.0  # of a call; a dense page takes 5, and the script and the words must fit into the limit of a page
_DPI = 150  # told to it where a picture does not say; it is only used to guess the size of letters
_WITHIN = 0.33  # of a line's height; letters of the scripts below that are closer are of one word
_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u9fff\uac00-\ud7ff]{2}"
)
_LETTERS = 10  # from which on it looks for the script
_TOGETHER = 3  # languages that are read at once; each more costs as much again and blurs the others

LANGUAGES: dict[str, tuple[str, ...]] = {
    "Cyrillic": ("rus", "ukr", "bul", "srp", "bel", "mkd", "kaz", "mon", "kir", "tgk", "uzb_cyrl"),
    "Greek": ("ell", "grc"),
    "Arabic": ("ara", "fas", "urd", "pus", "uig"),
    "Hebrew": ("heb", "yid"),
    "Devanagari": ("hin", "mar", "nep", "san"),
    "Bengali": ("ben", "asm"),
    "Gurmukhi": ("pan",),
    "Gujarati": ("guj",),
    "Oriya": ("ori",),
    "Tamil": ("tam",),
    "Telugu": ("tel",),
    "Kannada": ("kan",),
    "Malayalam": ("mal",),
    "Sinhala": ("sin",),
    "Thai": ("tha",),
    "Lao": ("lao",),
    "Tibetan": ("bod", "dzo"),
    "Myanmar": ("mya",),
    "Georgian": ("kat",),
    "Armenian": ("hye",),
    "Ethiopic": ("amh", "tir"),
    "Khmer": ("khm",),
    "Korean": ("kor",),
    "Hangul": ("kor",),
    "Vietnamese": ("vie",),
    "Cherokee": ("chr",),
}
"""tesseract's languages of each script that the built-in OCR lacks, the commonest first; scripts as tesseract says."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of words with boxes ``(k, 4)`` in pixels, and how certain the words are, 0 to 1."""

    words: tuple[str, ...]
    boxes: Float
    score: float


def installed() -> frozenset[str]:
    """The languages tesseract is installed with, ``osd`` for its finding of scripts among them; empty without it.

    What is installed while this process runs is seen within `SEEN_AFTER`.
    """
    return _installed(int(time.monotonic() / SEEN_AFTER))


@functools.lru_cache(1)
def _installed(_now: int) -> frozenset[str]:
    if shutil.which("tesseract") is None:
        return frozenset()
    said = _run(["tesseract", "--list-langs"], b"") or ""
    return frozenset(line.strip() for line in said.splitlines()[1:] if line.strip())


def languages_of(script: str) -> tuple[str, ...]:
    """The installed languages of a script, those that are read together at most."""
    own = [f"script/{script}"] if f"script/{script}" in installed() else []
    return tuple([*own, *(language for language in LANGUAGES.get(script, ()) if language in installed())][:_TOGETHER])


def any_languages(image: Image.Image) -> tuple[str, ...]:
    """The languages of the script that an RGB picture shows, or else some that are installed."""
    there = installed()
    usual = [code for code in ("eng", *sorted(there)) if code in there and code != "osd"]
    return languages_of(script_of(image)[0]) or tuple(usual[:1])


def command(code: str) -> str:
    """How to install a language ("" for any that is needed) on this system."""
    if sys.platform == "darwin":
        return "brew install tesseract tesseract-lang"
    if sys.platform == "win32":
        return "install tesseract with its language data"
    return f"apt install tesseract-ocr tesseract-ocr-{code.replace('_', '-') or 'LANGUAGE'}"


def install(code: str) -> str:
    """What to do for a language of tesseract ("" for any that is needed), in a sentence."""
    return f"{'To have it read' if code else 'For other scripts'}: {command(code)}, then have it read again."


def script_of(image: Image.Image) -> tuple[str, int]:
    """The script of an RGB picture and its turn (as `TextRun.turn`); "" and 0 where that is not clear.

    tesseract names one of several scripts that its letters fit equally well, with a confidence of 0: stars are Arabic.
    Of noise it is sure that it is Arabic, but not which way up that stands.
    """
    if "osd" not in installed():
        return "", 0
    said = (
        _run(
            [
                "tesseract",
                "stdin",
                "stdout",
                "--psm",
                "0",
                "--dpi",
                str(_DPI),
                "-c",
                f"min_characters_to_try={_LETTERS}",
            ],
            _png(image),
        )
        or ""
    )
    found = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)
    try:
        upright = float(found["Orientation confidence"]) >= 1
        script = found["Script"] if upright and float(found["Script confidence"]) > 0 else ""
        # Degrees clockwise that bring the page upright: text that runs from the bottom up needs a quarter.
        turn = int(found["Rotate"]) % 360 if upright else 0
    except (KeyError, ValueError):
        return "", 0
    return script, turn if turn in (90, 180, 270) else 0


def read_lines(image: Image.Image, languages: Sequence[str]) -> list[Line]:
    """The lines of an upright RGB picture in these languages, all of which are installed; none where it fails.

    They come as they are found, for `layout` to put in order, which tesseract does badly where there are few of them.
    """
    command = ["tesseract", "stdin", "stdout", "--psm", "11", "--dpi", str(_DPI), "-l", "+".join(languages), "tsv"]
    said = _run(command, _png(image))
    if not said:
        return []
    rows = [
        row
        for row in csv.DictReader(io.StringIO(said), delimiter="\t", quoting=csv.QUOTE_NONE)
        if row.get("level") == "5" and (row.get("text") or "").strip()
    ]
    lines = []
    for _, group in groupby(rows, lambda row: (row["block_num"], row["par_num"], row["line_num"])):
        words = list(group)
        corners = np.array([[float(row[side]) for side in ("left", "top", "width", "height")] for row in words])
        corners[:, 2:] += corners[:, :2]
        certain = float(np.mean([max(0.0, float(row["conf"])) for row in words])) / 100
        texts, boxes = _joined([row["text"].strip() for row in words], corners.astype(np.float32))
        lines.append(Line(tuple(texts), boxes, certain))
    return lines


def _joined(texts: Sequence[str], boxes: Float) -> tuple[list[str], Float]:
    """Words whole again, which tesseract cuts into letters where a script puts them far apart or has no spaces."""
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    joined: list[str] = []
    around: list[Float] = []
    for text, box in zip(texts, boxes, strict=True):
        if joined and box[0] - around[-1][2] < _WITHIN * height and _SPACELESS.match(joined[-1][-1] + text[0]):
            joined[-1] += text
            around[-1] = np.concatenate([np.minimum(around[-1][:2], box[:2]), np.maximum(around[-1][2:], box[2:])])
        else:
            joined.append(text)
            around.append(box)
    return joined, np.stack(around)


def _png(image: Image.Image) -> bytes:
    held = io.BytesIO()
    image.save(held, "PNG", compress_level=1)
    return held.getvalue()


def _run(command: list[str], given: bytes) -> str | None:
    try:
        done = subprocess.run(
            command,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
