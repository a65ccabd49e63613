"""By kind and style, what draws pictures as reports, slides, papers and filings have them."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from benchmarks.sight import charts, diagrams, pages, tables
from benchmarks.sight.pages import Make
from benchmarks.sight.paper import Rng
from workbench.sight.kinds import NONE


def kinds(photographs: Sequence[Image.Image]) -> dict[str, dict[str, Make]]:
    """Each call of such a function draws another picture; `NONE` are pages and pictures of several kinds."""
    found: dict[str, dict[str, Make]] = {
        "chart": {name: charts.chart(draw) for name, draw in charts.CHARTS.items()},
        "diagram": {name: diagrams.diagram(draw) for name, draw in diagrams.DIAGRAMS.items()},
        "table": dict(tables.TABLES),
        "text": {"columns": pages.column, "code": pages.code, "points": pages.bullets, "headline": pages.headline},
    }
    shown = pages.any_of([draw for kind in ("chart", "diagram", "table") for draw in found[kind].values()])

    def seen(rng: Rng) -> Image.Image:
        return photographs[int(rng.integers(len(photographs)))]

    found[NONE] = {
        "page with a figure": pages.page(shown), "page with a photograph": pages.page(seen),
        "collage of figures": pages.collage(shown), "collage of photographs": pages.collage(seen),
        "ornament": pages.ornament,
    }  # fmt: skip
    return found
