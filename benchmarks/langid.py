"""Whether the languages of pages are told right, by help and manuals that Debian's packages have in many languages.

A folder holds one folder for each language, as ``usr/share/help`` of `gnome-user-docs` and ``usr/share/man`` of
`manpages-de`, `manpages-ja` and others do. Run::

    apt-get download gnome-user-docs && dpkg-deb -x gnome-user-docs_*.deb packages
    python -m benchmarks.langid packages/usr/share/help

Help that was not translated is left out, as its paragraphs stand in the folder ``C`` too; what manuals have left in
English counts as told wrong.
"""

from __future__ import annotations

import gzip
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from workbench.documents.langid import language

SIZES = {"pages": 1500, "paragraphs": 300, "lines": 80}
"""Characters of what is asked."""
MOST, FROM_ONE = 60, 3
"""Texts of each size and language, and from one file: what one file says resembles itself."""
TAGS = {"C": "en", "nb": "no", "sr@latin": "sr"}
"""Folders that have another name than their language."""
_MACRO = re.compile(r"^[.'] *\w+ ?", re.MULTILINE)
_ESCAPE = re.compile(r"\\(-|f(?:\[.*?\]|\(..|.)|\(..|\[.*?\]|s[-+]?\d|\*(?:\[.*?\]|\(..|.)|.)")
_UNPRINTED = re.compile(r"""^[.'] *(?:\\"|so|TH|if|ie|el|de|ds|nr|ad|tr).*$""", re.MULTILINE)


def main(folder: Path) -> None:
    """Print which share of each size is told right and which wrong, by language; of the rest nothing is told."""
    totals = {size: Counter[str]() for size in SIZES}
    seconds = 0.0
    write = sys.stdout.write
    write(f"| language |{''.join(f' {size} | right | wrong |' for size in SIZES)}\n")
    write(f"| --- |{' ---: | ---: | ---: |' * len(SIZES)}\n")
    english = {text for path in files(folder / "C") for text in paragraphs(path)}
    for named in sorted(path for path in folder.iterdir() if path.is_dir()):
        tag = TAGS.get(named.name, named.name.partition("_")[0])
        written = [_running(path, set() if tag == "en" else english) for path in files(named)]
        row = {}
        for size, letters in SIZES.items():
            asked = _asked(written, letters)
            start = time.process_time()
            told = [language(text.split()) for text in asked]
            seconds += time.process_time() - start
            row[size] = Counter("right" if one == tag else "wrong" if one else "none" for one in told)
            totals[size] += row[size]
        if any(row.values()):
            write(f"| {named.name} |{''.join(map(_cells, row.values()))}\n")
    write(f"| all |{''.join(map(_cells, totals.values()))}\n\n")
    asked_of = sum(told.total() for told in totals.values())
    write(f"{asked_of:,} texts, {1000 * seconds / max(1, asked_of):.1f} ms of a processor each\n")


def files(folder: Path) -> list[Path]:
    """Those with text, in an order that is the same every time and in no relation to what they are about."""
    found = sorted(path for path in folder.rglob("*") if path.suffix in (".page", ".gz") and not path.is_symlink())
    random.Random(0).shuffle(found)
    return found


def _running(path: Path, untranslated: set[str]) -> str:
    return " ".join(text for text in paragraphs(path) if text not in untranslated)


def paragraphs(path: Path) -> Iterator[str]:
    """What a reader sees of a page of help or a manual page, with one space between words."""
    if path.suffix == ".gz":
        source = _UNPRINTED.sub("", gzip.decompress(path.read_bytes()).decode(errors="replace"))
        yield " ".join(_ESCAPE.sub(lambda found: "-" if found[1] == "-" else "", _MACRO.sub("", source)).split())
        return
    root = ElementTree.parse(path).getroot()
    for about in [one for one in root.iter() if one.tag.endswith("}info")]:
        about.clear()
    for one in root.iter():
        if one.tag.endswith(("}p", "}title")):
            yield " ".join("".join(one.itertext()).split())


def _asked(written: list[str], letters: int) -> list[str]:
    """Texts of so many letters or a few more, ending with a word."""
    asked: list[str] = []
    for text in written:
        cut = re.findall(rf".{{{letters},}}?(?:\s|$)", text)
        asked += random.Random(0).sample(cut, min(FROM_ONE, len(cut)))
    return asked[:MOST]


def _cells(told: Counter[str]) -> str:
    asked = max(1, told.total())
    return f" {told.total()} | {told['right'] / asked:.2f} | {told['wrong'] / asked:.2f} |"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
