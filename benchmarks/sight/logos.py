"""How often a logo finds its other places: icons of Debian's `papirus-icon-theme` on pages of words, anywhere.

Each stands on so many pages of one PDF, at 5 to 12 % of their width; it is asked for by a region of one of them, and by
its own file. Run::

    apt-get download papirus-icon-theme && dpkg-deb -x papirus-icon-theme_*.deb packages/papirus-icon-theme
    pip install '.[figures]'
    python -m benchmarks.sight.logos packages 40 alike:10 accurate
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from PIL import Image
from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from benchmarks.sight.crops import asked
from benchmarks.sight.photographs import opened
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.types import Box, PageRef, Query

PLACES = 4
SIZE = (595, 842)
WORDS = "All that is gold does not glitter not all those who wander are lost the old that is strong does not wither"


def drawn(file: Path, logos: Sequence[Image.Image]) -> dict[PageRef, tuple[int, Box]]:
    """Write the PDF, and say which logo stands on each page, and where."""
    rng, where, words = np.random.default_rng(0), dict[PageRef, tuple[int, Box]](), WORDS.split()
    canvas = Canvas(str(file), pagesize=SIZE, invariant=1)
    numbers = rng.permutation(np.repeat(np.arange(len(logos)), PLACES)).tolist()
    for page, number in enumerate(numbers, 1):
        side = rng.uniform(0.05, 0.12) * SIZE[0]
        left, top = rng.uniform(30, SIZE[0] - side - 30), rng.choice([20.0, SIZE[1] - side - 20])
        for line in range(40):
            canvas.drawString(60, SIZE[1] - 110 - 16 * line, " ".join(rng.choice(words, 11)))
        canvas.drawImage(ImageReader(logos[number]), left, SIZE[1] - top - side, side, side)
        canvas.showPage()
        box = (left / SIZE[0], top / SIZE[1], (left + side) / SIZE[0], (top + side) / SIZE[1])
        where[PageRef(file.name, page)] = number, box
    canvas.save()
    return where


def main(packages: Path, count: int, pipelines: Sequence[str]) -> None:
    """Print how many of a logo's other pages come before any other page."""
    icons = sorted(packages.glob("papirus-icon-theme/**/Papirus/64x64/apps/*.svg"))
    files = [file for file in icons if not file.is_symlink()]
    rng = np.random.default_rng(1)
    found = (opened(files[number]) for number in rng.permutation(len(files)).tolist())
    logos = [image for _, image in zip(range(count), filter(None, found), strict=False)]
    with tempfile.TemporaryDirectory() as folder, closing(Workbench(Settings(home=Path(folder) / "home"))) as bench:
        where = drawn(Path(folder) / "logos.pdf", logos)
        bench.ingest([Path(folder) / "logos.pdf"], "logos", CollectionSettings(words="text"))
        sys.stdout.write("| pipeline | logos | places | by a region: its other places | by its file: its places |\n")
        sys.stdout.write("| --- | ---: | ---: | ---: | ---: |\n")
        for pipeline in pipelines:
            shares: tuple[list[float], list[float]] = [], []
            for number, logo in enumerate(logos):
                own = [page for page, (other, _) in where.items() if other == number]
                region = Query.empty().region(own[0], where[own[0]][1])
                for query, others, kept in ((region, own[1:], shares[0]), (asked(bench, logo), own, shares[1])):
                    hits = [hit.ref for hit in bench.search(query, "logos", pipeline, PLACES + 1).hits]
                    first = [hit for hit in hits if hit != own[0] or own[0] in others][: len(others)]
                    kept.append(len(set(first) & set(others)) / len(others))
            sys.stdout.write(
                f"| {pipeline} | {len(logos)} | {len(where)} | {np.mean(shares[0]):.3f} | {np.mean(shares[1]):.3f} |\n"
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] or ["alike:10"])
