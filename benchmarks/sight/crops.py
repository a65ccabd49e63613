"""How often a picture finds itself when only a part of it is asked with: a quarter of its area, scaled and pressed.

Pictures of Debian's packages (see `figures`), so many of each at most, and of the sample are a collection of their own,
each a page; no word of them is read. A picture that is there twice is taken once. Then some searches are made again
without what was kept of figures when they were read, as in a collection of an earlier Pagelens. Run::

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

from benchmarks.sight.photographs import opened
from benchmarks.sight.photographs import pictures as stamps
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.store.schema import SEEN
from workbench.types import Query, SearchResult

SOURCES = ("mate-backgrounds/**/nature/*.jpg", "python3-skimage/**/data/*.png", "gimp-help-en/**/en/images/using/*.jpg",
           "kgeography-data/usr/share/kgeography/*.png", "octave-doc/**/octave.html/*.png")  # fmt: skip
SMALLEST = 120
"""Pixels of the shorter side; half of it is what a crop has."""
CROPS, ANEW = 150, 10
"""Pictures that are asked for, spread over all, and those of them that are without what was kept."""
SAMPLE = Path(__file__).parents[2] / "sample_data" / "documents"


def pictures(packages: Path, each: int) -> Iterator[tuple[str, Image.Image]]:
    """Photographs, maps, charts, drawings, by name, each once."""
    known = set()
    for name, image in _pictures(packages, each):
        pixels = image.convert("L").resize((16, 16), Image.Resampling.BOX).tobytes()
        if pixels not in known:
            known.add(pixels)
            yield name, image


def _pictures(packages: Path, each: int) -> Iterator[tuple[str, Image.Image]]:
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


def asked(bench: Workbench, image: Image.Image) -> Query:
    """A query by a picture."""
    held = io.BytesIO()
    image.save(held, "PNG")
    return Query.empty().picture(bench.pictures.keep(held.getvalue()))


def spent(result: SearchResult) -> float:
    """Seconds in the stage that compares pictures."""
    return sum(stage.ms for stage in result.trace.stages if stage.name == "alike") / 1000


def main(packages: Path, each: int, pipelines: Sequence[str]) -> None:
    """Print the shares of crops whose picture comes first and among ten, and what a search took."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, (name, image) in enumerate(pictures(packages, each)):
            files.append(Path(folder) / f"{number:04d}-{name}.png")
            image.save(files[-1])
        with closing(Workbench(Settings(home=Path(folder) / "home"))) as bench:
            bench.ingest(files, "crops", CollectionSettings(words="text"))
            rng, queries = np.random.default_rng(0), {}  # the same crops for each
            for number in np.unique(np.linspace(0, len(files) - 1, CROPS).astype(int)).tolist():
                file = files[number]
                with Image.open(file) as image:
                    queries[file.name] = asked(bench, cropped(image.convert("RGB"), rng))
            sys.stdout.write("| pipeline | pictures | crops | first | in ten | `alike`, s | search, s |\n")
            sys.stdout.write("| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
            for pipeline in pipelines:
                _row(bench, pipeline, pipeline, len(files), queries)
            bench.opened.get("crops").catalog.table("pages").drop_columns(list(SEEN[2:]))
            some = dict(islice(queries.items(), 0, None, len(queries) // ANEW))
            _row(bench, f"{pipelines[0]}, nothing kept", pipelines[0], len(files), some)


def _row(bench: Workbench, name: str, pipeline: str, pictures: int, queries: dict[str, Query]) -> None:
    ranks, stages, times, lost = [], [], [], []
    bench.search(next(iter(queries.values())), "crops", pipeline, 10)  # what is read once
    for own, query in queries.items():
        began = time.perf_counter()
        result = bench.search(query, "crops", pipeline, 10)
        times.append(time.perf_counter() - began)
        stages.append(spent(result))
        hits = [hit.ref.document for hit in result.hits]
        ranks.append(hits.index(own) + 1 if own in hits else 0)
        lost += [f"{own} ({hits[0]})"] if ranks[-1] != 1 else []
    found = np.array(ranks)
    sys.stdout.write(
        f"| {name} | {pictures} | {len(queries)} | {(found == 1).mean():.3f} | {(found > 0).mean():.3f} | "
        f"{np.median(stages):.2f} | {np.median(times):.2f} |\n"
    )
    sys.stderr.write(f"not first by {name} (and what is): {', '.join(lost)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] or ["alike:10"])
