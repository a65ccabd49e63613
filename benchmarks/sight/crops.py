"""How often a picture finds itself when only a part of it is asked with: a quarter of its area, scaled and pressed.

Pictures of Debian's packages (see `figures`), so many of each at most, and of the sample are a collection of their own,
each a page; no word of them is read. Run::

    python -m benchmarks.sight.crops packages 60 alike:10 accurate
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.sight.figures import opened
from benchmarks.sight.photographs import pictures as stamps
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.types import Query

SOURCES = ("mate-backgrounds/**/nature/*.jpg", "python3-skimage/**/data/*.png", "gimp-help-en/**/en/images/using/*.jpg",
           "kgeography-data/usr/share/kgeography/*.png", "octave-doc/**/octave.html/*.png")  # fmt: skip
SMALLEST = 120
"""Pixels of the shorter side; half of it is what a crop has."""
SAMPLE = Path(__file__).parents[2] / "sample_data" / "documents"


def pictures(packages: Path, each: int) -> Iterator[tuple[str, Image.Image]]:
    """Photographs, maps, charts, drawings, by name."""
    for file, _, image in islice(stamps(packages / "tuxpaint-stamps-default"), each):
        yield file.stem, image
    for files in (*(sorted(packages.glob(pattern))[:each] for pattern in SOURCES), sorted(SAMPLE.glob("*.[pj][np]g"))):
        for file in files:
            found = opened(file)
            if found is not None and min(found.size) >= SMALLEST:
                yield file.stem, found


def cropped(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A quarter of the area anywhere, scaled by a half to two, as a JPEG of quality 40 to 90."""
    aspect = rng.uniform(0.7, 1.4) ** 0.5
    width, height = (
        min(side, round(side * share)) for side, share in zip(image.size, (aspect / 2, 0.5 / aspect), strict=True)
    )
    left, top = int(rng.integers(image.width - width + 1)), int(rng.integers(image.height - height + 1))
    scale = 2 ** rng.uniform(-1, 1)
    part = image.crop((left, top, left + width, top + height)).resize((round(width * scale), round(height * scale)))
    held = io.BytesIO()
    part.save(held, "JPEG", quality=int(rng.integers(40, 90)))
    return Image.open(held).convert("RGB")


def main(packages: Path, each: int, pipelines: Sequence[str]) -> None:
    """Print the shares of crops whose picture comes first and among ten, and what a search took."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, (name, image) in enumerate(pictures(packages, each)):
            files.append(Path(folder) / f"{number:04d}-{name}.png")
            image.save(files[-1])
        with closing(Workbench(Settings(home=Path(folder) / "home"))) as bench:
            bench.ingest(files, "crops", CollectionSettings(words="text"))
            for pipeline in pipelines:
                rng, ranks, times = np.random.default_rng(0), [], []  # the same crops for each
                for file in files:
                    held = io.BytesIO()
                    with Image.open(file) as image:
                        cropped(image.convert("RGB"), rng).save(held, "PNG")
                    query = Query.empty().picture(bench.pictures.keep(held.getvalue()))
                    began = time.perf_counter()
                    hits = [hit.ref.document for hit in bench.search(query, "crops", pipeline, 10).hits]
                    times.append(time.perf_counter() - began)
                    ranks.append(hits.index(file.name) + 1 if file.name in hits else 0)
                found = np.array(ranks)
                sys.stdout.write(
                    f"{pipeline}: of {len(files)} crops {(found == 1).mean():.3f} first, {(found > 0).mean():.3f} in "
                    f"ten; {np.median(times):.2f} s each\n"
                )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] or ["alike:10"])
