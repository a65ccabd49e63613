"""Which pairs of letters no language in Latin letters has, for `documents.textlayer`: `python -m benchmarks.pairs`.

Of what translators wrote for the programs of this machine, gettext's catalogs under FOLDER (/usr/share/locale): each
language's first 30,000 words of four letters and more of one half, accents left out. It prints the pairs, and how rare
they are in the other half as it is and with its letters exchanged at random.
"""

from __future__ import annotations

import gettext
import random
import re
import string
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.cli import output

RARE = 0.0015  # of a language's pairs
WORD = re.compile(r"[^\W\d_]{4,}")
MARKUP = re.compile(r"%\S*|<[^>]*>|&\w+;|_|\\n|--?\w+")
OTHERS = str.maketrans("ıøłđðþæœßŋħ", "iolddtaosnh")
TEXT = 150  # words


def messages(file: Path) -> Iterator[str]:
    """What a catalog has been translated to; nothing of one that is not in UTF-8."""
    try:
        with file.open("rb") as stream:
            catalog = gettext.GNUTranslations(stream)._catalog  # type: ignore[attr-defined]
    except (OSError, UnicodeDecodeError, ValueError):
        return
    for original, translated in catalog.items():
        if original and isinstance(translated, str) and translated != original:
            yield MARKUP.sub("", translated)


def plain(text: str) -> list[str]:
    """The words of a text without their accents, in small letters."""
    letters = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    return WORD.findall(letters.translate(OTHERS))


def counts(words: Sequence[str]) -> NDArray[np.float64]:
    """How often each pair of letters occurs ``(26, 26)``."""
    found = np.zeros((26, 26))
    for word in words:
        codes = np.frombuffer(word.encode("ascii"), np.uint8) - ord("a")
        np.add.at(found, (codes[:-1], codes[1:]), 1)
    return found


def main(folder: Path) -> None:
    """Print what the module says."""
    texts: dict[str, list[str]] = defaultdict(list)
    for file in sorted(folder.glob("*/LC_MESSAGES/*.mo")):
        language, _, variant = file.parts[-3].partition("@")
        if variant in ("", "latin"):
            texts[language.split("_")[0]] += [word for text in messages(file) for word in plain(text)]
    latin = {name: [word for word in words if word.isascii()] for name, words in texts.items()}
    kept = {name: words for name, words in latin.items() if len(words) > max(3000, 0.8 * len(texts[name]))}
    for name, words in kept.items():
        random.Random(name).shuffle(words)
    halves = {name: (words[: len(words) // 2], words[len(words) // 2 :]) for name, words in kept.items()}
    shares = [found / found.sum() for found in (counts(first[:30_000]) for first, _ in halves.values())]
    rare = np.max(shares, axis=0) < RARE
    letters = string.ascii_lowercase
    pairs = [letters[i] + "".join(letters[k] for k in np.flatnonzero(rare[i])) for i in range(26) if rare[i].any()]
    output.show(f"{len(kept)} languages; {rare.sum()} pairs: {' '.join(pairs)}")
    generator = np.random.default_rng(0)
    whole, exchanged = [], []
    for _, second in halves.values():
        for start in range(0, min(len(second), 3000) - TEXT + 1, TEXT):
            found = counts(second[start : start + TEXT])
            order = generator.permutation(26)
            whole.append(found[rare].sum() / found.sum())
            exchanged.append(found[np.ix_(order, order)][rare].sum() / found.sum())
    least = np.percentile(exchanged, 1)
    output.show(f"as written: {max(whole):.3f} at most; exchanged: {least:.3f} and more in 99 of 100")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/locale"))
