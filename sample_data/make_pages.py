"""Draws the sample dataset's slides, maps, charts, drawings, form, poster and music, and copies its photographs.

All data are in the public domain or facts; `licences/images.txt` names each source. Needs packages that Pagelens itself
does not, whose files hold the data::

    pip install matplotlib pandas pyshp reportlab scikit-image vega_datasets verovio
    pip download --no-deps geopandas==0.13.2 && unzip geopandas-0.13.2-*.whl -d geopandas
    python sample_data/make_pages.py geopandas
"""

import importlib.util
import json
import shutil
import sys
from itertools import pairwise
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from make_images import Sheet
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import Arc, Circle, Ellipse, FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle, Wedge
from PIL import Image, ImageFont

DOCUMENTS = Path(__file__).resolve().parent / "documents"
INK, RED, BLUE, SAND, GREEN, GREY = "#1c1c1a", "#c8401f", "#1d4ed8", "#f4ecdf", "#15803d", "#78716c"
CJK = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc"
"""Noto Serif CJK (SIL Open Font Licence), of Debian's package fonts-noto-cjk; the Japanese face is its first."""


def data(package: str, *parts: str) -> Path:
    """A file inside an installed package."""
    spec = importlib.util.find_spec(package)
    return Path(next(iter(spec.submodule_search_locations))).joinpath(*parts)


# -- slides -----------------------------------------------------------------------------------------------------------


def slide(title: str, number: int | None = None) -> tuple[Figure, Axes]:
    """A slide of 13.33 x 7.5 inches, and axes over all of it in those units."""
    figure = plt.figure(figsize=(13.33, 7.5), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 13.33), ylim=(0, 7.5))
    axes.axis("off")
    axes.add_patch(Rectangle((0, 0), 0.28, 7.5, color=BLUE))
    axes.text(0.8, 6.65, title, fontsize=32, fontweight="bold", color=INK, va="center")
    if number is not None:
        axes.text(12.8, 0.35, str(number), fontsize=13, color=GREY, ha="right")
    return figure, axes


def talk() -> None:
    """Nine slides on the weather of Seattle, 2012 to 2015."""
    days = pd.read_csv(data("vega_datasets", "_data", "seattle-weather.csv"), parse_dates=["date"])
    days["year"], days["month"] = days["date"].dt.year, days["date"].dt.month
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    with PdfPages(DOCUMENTS / "rain-city-talk.pdf") as pdf:
        figure, axes = slide("")
        axes.add_patch(Rectangle((0, 0), 13.33, 7.5, color="#0f2a4a"))
        rng = np.random.default_rng(4)
        for x, y in rng.uniform((0, 0), (13.33, 7.5), (160, 2)):
            axes.plot([x, x - 0.09], [y, y - 0.42], color="#7fb2e5", linewidth=2, alpha=0.5)
        axes.text(0.9, 4.3, "Four years of rain in Seattle", fontsize=50, fontweight="bold", color="white")
        axes.text(0.9, 3.4, "What 1,461 days of weather say about umbrellas", fontsize=24, color="#cfe3f7")
        finish(pdf, figure)

        figure, axes = slide("What we wanted to know", 2)
        for n, line in enumerate(("When is it dry?", "How wet is the wettest day?", "Does wind bring rain?")):
            axes.add_patch(Circle((1.3, 5.0 - 1.3 * n), 0.36, color=RED))
            axes.text(1.3, 5.0 - 1.3 * n, str(n + 1), color="white", fontsize=22, ha="center", va="center")
            axes.text(2.0, 5.0 - 1.3 * n, line, fontsize=28, va="center")
        finish(pdf, figure)

        wettest = days.loc[days["precipitation"].idxmax()]
        figure, axes = slide("The wettest day", 3)
        axes.text(0.8, 3.5, f"{wettest['precipitation']:.1f} mm", fontsize=120, fontweight="bold", color=BLUE)
        axes.text(0.9, 2.4, f"fell on {wettest['date']:%d %B %Y}".replace(" 0", " "), fontsize=28)
        dry = (days["precipitation"] == 0).mean()
        axes.text(0.9, 1.6, f"and {dry:.0%} of all days stayed dry", fontsize=28, color=GREY)
        finish(pdf, figure)

        figure, _ = slide("Rain by month", 4)
        plot = figure.add_axes((0.09, 0.12, 0.86, 0.66))
        monthly = days.groupby(["month", "year"])["precipitation"].sum().groupby("month").mean()
        plot.bar(months, monthly, color=[BLUE if value > 60 else "#93c5fd" for value in monthly])
        plot.set_ylabel("mean precipitation (mm)", fontsize=15)
        plot.tick_params(labelsize=15)
        plot.spines[["top", "right"]].set_visible(False)
        for x, value in enumerate(monthly):
            plot.text(x, value + 3, f"{value:.0f}", ha="center", fontsize=14)
        finish(pdf, figure)

        figure, _ = slide("The warmest hour of every day of 2015", 5)
        plot = figure.add_axes((0.07, 0.1, 0.82, 0.68))
        year = days[days["year"] == 2015]
        grid = np.full((12, 31), np.nan)
        for when, value in zip(year["date"], year["temp_max"], strict=True):
            grid[when.month - 1, when.day - 1] = value
        image = plot.imshow(grid, cmap="RdYlBu_r", aspect="auto")
        plot.set_yticks(range(12), months, fontsize=14)
        plot.set_xticks(range(0, 31, 5), [str(day + 1) for day in range(0, 31, 5)], fontsize=14)
        plot.set_xlabel("day of the month", fontsize=14)
        figure.colorbar(image, ax=plot, label="degrees Celsius")
        finish(pdf, figure)

        figure, axes = slide("What kind of day?", 6)
        kinds = days["weather"].value_counts()
        colours = {"rain": BLUE, "sun": "#facc15", "fog": "#a8a29e", "drizzle": "#93c5fd", "snow": "#e0e7ff"}
        plot = figure.add_axes((0.3, 0.05, 0.42, 0.76))
        plot.pie(
            kinds,
            labels=[f"{kind} ({share:.0%})" for kind, share in (kinds / kinds.sum()).items()],
            colors=[colours[kind] for kind in kinds.index],
            textprops={"fontsize": 16},
            wedgeprops={"width": 0.42, "edgecolor": "white"},
            startangle=160,
        )
        finish(pdf, figure)

        figure, _ = slide("Does wind bring rain?", 7)
        plot = figure.add_axes((0.09, 0.13, 0.86, 0.65))
        plot.scatter(days["wind"], days["precipitation"], s=16, alpha=0.45, color=GREEN)
        plot.set_xlabel("wind (metres per second)", fontsize=15)
        plot.set_ylabel("precipitation (mm)", fontsize=15)
        plot.spines[["top", "right"]].set_visible(False)
        finish(pdf, figure)

        figure, axes = slide("Where the rain comes from", 8)
        water_cycle(axes)
        finish(pdf, figure)

        figure, axes = slide("Take home", 9)
        umbrella(axes, 2.6, 3.2)
        axes.text(5.0, 4.3, "October to March:", fontsize=32, fontweight="bold")
        axes.text(5.0, 3.5, "carry an umbrella", fontsize=32)
        axes.text(5.0, 2.3, "July and August:", fontsize=32, fontweight="bold")
        axes.text(5.0, 1.5, "leave it at home", fontsize=32)
        finish(pdf, figure)


def water_cycle(axes: Axes) -> None:
    """Sea, sun, cloud, mountain and river with arrows between them."""
    axes.add_patch(Rectangle((0.28, 0), 6.6, 1.5, color="#60a5fa"))
    shore = [(6.88, 0), (6.88, 1.5), (8.2, 1.7), (10.6, 4.7), (13.33, 2.0), (13.33, 0)]
    axes.add_patch(Polygon(shore, color="#a3b18a"))
    axes.add_patch(Polygon([(9.8, 3.7), (10.6, 4.7), (11.5, 3.8), (10.9, 4.0), (10.5, 3.6)], color="white"))
    axes.add_patch(Circle((1.6, 5.3), 0.55, color="#facc15"))
    for x, y, r in ((7.2, 5.2, 0.6), (7.9, 5.5, 0.7), (8.6, 5.2, 0.6), (7.9, 5.0, 0.6)):
        axes.add_patch(Circle((x, y), r, color="#cbd5e1"))
    for start, end, label, at in (
        ((3.2, 1.6), (3.6, 4.4), "evaporation", (3.7, 3.0)),
        ((4.6, 5.2), (6.3, 5.4), "condensation", (4.4, 5.6)),
        ((8.9, 4.6), (9.5, 3.5), "rain and snow", (9.6, 5.2)),
        ((9.3, 2.3), (7.1, 1.3), "river", (8.5, 1.3)),
    ):
        axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=26, linewidth=3, color=INK))
        axes.text(*at, label, fontsize=18)
    axes.text(2.6, 0.6, "sea", fontsize=20, color="white")


def umbrella(axes: Axes, x: float, y: float) -> None:
    """An open umbrella."""
    axes.add_patch(Wedge((x, y), 1.6, 0, 180, color=RED))
    for offset in (-1.07, 0, 1.07):
        axes.add_patch(Wedge((x + offset, y), 0.535, 0, 180, color="white"))
    axes.plot([x, x], [y, y - 1.7], color=INK, linewidth=6)
    axes.add_patch(Arc((x + 0.25, y - 1.7), 0.5, 0.5, theta1=180, theta2=360, color=INK, linewidth=6))


def finish(pdf: PdfPages, figure: Figure) -> None:
    """Close a page."""
    pdf.savefig(figure)
    plt.close(figure)


# -- maps -------------------------------------------------------------------------------------------------------------


def maps(folder: Path) -> None:
    """Three pages of world maps from Natural Earth."""
    import shapefile

    reader = shapefile.Reader(str(next(folder.rglob("naturalearth_lowres.shp"))), encoding="latin-1")
    countries = [(record.record.as_dict(), record.shape) for record in reader.shapeRecords()]
    with PdfPages(DOCUMENTS / "world-maps.pdf") as pdf:
        people = [row["pop_est"] / 1e6 for row, _ in countries]
        wealth = [1e6 * row["gdp_md_est"] / max(row["pop_est"], 1) for row, _ in countries]
        for title, values, bounds, colours, unit in (
            ("Where people live: inhabitants of each country", people, (1, 10, 50, 100, 200, 500), "YlOrRd", "million"),
            ("Wealth of nations: domestic product a head", wealth, (1000, 3000, 10000, 20000, 40000), "YlGnBu", "US $"),
        ):
            figure, axes = world(title)
            shades = plt.get_cmap(colours)(np.linspace(0.1, 0.95, len(bounds) + 1))
            for (_, shape), value in zip(countries, values, strict=True):
                land(axes, shape, shades[int(np.searchsorted(bounds, value, side="right"))])
            for n, shade in enumerate(shades):
                low, high = (0, *bounds)[n], (*bounds, None)[n]
                label = f"{low:,} to {high:,} {unit}" if high else f"more than {low:,} {unit}"
                axes.add_patch(Rectangle((-175, -25 - 9 * n), 8, 6, color=shade))
                axes.text(-164, -22 - 9 * n, label, fontsize=10, va="center")
            finish(pdf, figure)
        figure, axes = world("The continents")
        shades = dict(
            zip(
                ("Africa", "Asia", "Europe", "North America", "South America", "Oceania", "Antarctica"),
                ("#f59e0b", "#ef4444", "#6366f1", "#10b981", "#84cc16", "#06b6d4", "#cbd5e1"),
                strict=True,
            )
        )
        for row, shape in countries:
            land(axes, shape, shades.get(row["continent"], "#e5e5e5"))
        for name, x, y in (
            ("AFRICA", 20, 5), ("ASIA", 90, 48), ("EUROPE", 17, 50), ("NORTH AMERICA", -102, 48),
            ("SOUTH AMERICA", -60, -12), ("OCEANIA", 134, -25), ("ANTARCTICA", 60, -80),
        ):  # fmt: skip
            axes.text(x, y, name, fontsize=13, fontweight="bold", ha="center", color="black")
        axes.text(-160, 0, "Pacific\nOcean", color="#1d4ed8", style="italic", fontsize=12, ha="center")
        axes.text(-35, 25, "Atlantic\nOcean", color="#1d4ed8", style="italic", fontsize=12, ha="center")
        axes.text(78, -25, "Indian\nOcean", color="#1d4ed8", style="italic", fontsize=12, ha="center")
        finish(pdf, figure)


def world(title: str) -> tuple[Figure, Axes]:
    """A page with a map's frame."""
    figure = plt.figure(figsize=(11.69, 8.27))
    axes = figure.add_axes((0.03, 0.08, 0.94, 0.8), xlim=(-180, 180), ylim=(-90, 86), facecolor="#eaf2fb")
    axes.set_xticks([])
    axes.set_yticks([])
    figure.text(0.03, 0.93, title, fontsize=22, fontweight="bold")
    figure.text(0.03, 0.04, "Borders, people and product: Natural Earth, public domain", fontsize=9, color=GREY)
    return figure, axes


def land(axes: Axes, shape: object, colour: object) -> None:
    """A country."""
    points, starts = shape.points, [*shape.parts, len(shape.points)]
    for a, b in pairwise(starts):
        axes.add_patch(Polygon(points[a:b], facecolor=colour, edgecolor="white", linewidth=0.4))


# -- charts of old ----------------------------------------------------------------------------------------------------


def crimea() -> None:
    """Florence Nightingale's diagram of the causes of death, drawn anew."""
    rows = pd.DataFrame(json.loads(data("vega_datasets", "_data", "crimea.json").read_text(encoding="utf-8")))
    rows = rows.head(12)
    figure = plt.figure(figsize=(9, 9.6), facecolor=SAND)
    axes = figure.add_axes((0.12, 0.05, 0.76, 0.76), polar=True, facecolor=SAND)
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    colours = {"disease": "#9db8d2", "other": "#44403c", "wounds": "#e08a8a"}
    for angle, (_, row) in zip(angles, rows.iterrows(), strict=True):
        for cause in sorted(colours, key=lambda cause: -row[cause]):  # all from the centre: the smallest on top
            axes.bar(angle, np.sqrt(row[cause]), width=2 * np.pi / 12, color=colours[cause], edgecolor="white")
    for cause, colour in colours.items():
        axes.bar(0, 0, color=colour, label=cause)
    axes.set_xticks(angles, [f"{pd.Timestamp(when):%b %Y}" for when in rows["date"]], fontsize=10)
    axes.set_yticks([])
    axes.spines["polar"].set_visible(False)
    axes.grid(visible=False)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.14, -0.06), frameon=False, fontsize=12)
    figure.suptitle("Diagram of the causes of mortality\nin the army in the East", fontsize=22, family="serif", y=0.97)
    figure.savefig(DOCUMENTS / "nightingale-rose.png", dpi=100, metadata={"Software": ""})
    plt.close(figure)


def wheat() -> None:
    """William Playfair's chart of the price of wheat and the wages of labour, drawn anew."""
    rows = pd.DataFrame(json.loads(data("vega_datasets", "_data", "wheat.json").read_text(encoding="utf-8")))
    years = rows["year"].astype(int)
    figure, axes = plt.subplots(figsize=(11, 6), layout="constrained", facecolor=SAND)
    axes.set_facecolor(SAND)
    axes.bar(years, rows["wheat"], width=4.6, align="edge", color="#57534e", label="price of a quarter of wheat")
    axes.fill_between(years, rows["wages"], color="#93c5fd", alpha=0.85, label="weekly wages of a good mechanic")
    axes.plot(years, rows["wages"], color=RED, linewidth=2)
    axes.set_xlim(1565, 1826)
    axes.set_xticks(range(1575, 1826, 25))
    axes.set_ylabel("shillings", family="serif")
    axes.set_title("Price of wheat and wages of labour, 1565 to 1821", family="serif", fontsize=17)
    axes.legend(loc="upper left", frameon=False)
    figure.savefig(DOCUMENTS / "wheat-and-wages.png", dpi=100, metadata={"Software": ""})
    plt.close(figure)


# -- tables, drawings, a form -----------------------------------------------------------------------------------------

PLANETS = (
    ("Mercury", 4879, 0.39, 0.24, 0, 167, "#a8a29e"), ("Venus", 12104, 0.72, 0.62, 0, 464, "#eab308"),
    ("Earth", 12756, 1.00, 1.00, 1, 15, "#2563eb"), ("Mars", 6792, 1.52, 1.88, 2, -65, "#dc2626"),
    ("Jupiter", 142984, 5.20, 11.9, 95, -110, "#d6a476"), ("Saturn", 120536, 9.57, 29.4, 146, -140, "#e7cf9c"),
    ("Uranus", 51118, 19.17, 83.7, 28, -195, "#7dd3fc"), ("Neptune", 49528, 30.18, 163.7, 16, -200, "#3b5bdb"),
)  # fmt: skip
"""Name, diameter in km, distance in AU, year in years, moons, mean temperature in Celsius: NASA's fact sheet."""


def planets() -> None:
    """A table of the planets, and their sizes drawn to scale."""
    with PdfPages(DOCUMENTS / "planets.pdf") as pdf:
        figure = plt.figure(figsize=(8.27, 11.69))
        figure.text(0.1, 0.93, "The planets in figures", fontsize=24, fontweight="bold")
        axes = figure.add_axes((0.08, 0.5, 0.84, 0.4))
        axes.axis("off")
        head = ["planet", "diameter\n(km)", "distance\n(Earth = 1)", "year\n(Earth = 1)", "moons", "mean\ntemp. (C)"]
        cells = [[n, f"{d:,}", f"{a:.2f}", f"{y:g}", str(m), str(t)] for n, d, a, y, m, t, _ in PLANETS]
        made = axes.table(cells, colLabels=head, loc="center", cellLoc="right")
        made.scale(1, 2.1)
        made.auto_set_font_size(False)
        made.set_fontsize(11)
        for (row, column), cell in made.get_celld().items():
            cell.set_edgecolor("#d6d3d1")
            cell.set_facecolor("#e7e5e4" if row == 0 else "white")
            if row and column == 0:
                cell.set_text_props(ha="left", fontweight="bold")
        figure.text(0.1, 0.45, "Venus is hotter than Mercury though farther from the Sun: its air keeps the heat.")
        finish(pdf, figure)
        figure = plt.figure(figsize=(11.69, 8.27), facecolor="#0b1020")
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 11.69), ylim=(0, 8.27), facecolor="#0b1020")
        axes.axis("off")
        axes.text(0.5, 7.5, "Sizes to scale, distances not", color="white", fontsize=24, fontweight="bold")
        x = 0.5
        for name, diameter, *_, colour in PLANETS:
            radius = diameter / 142984 * 1.45
            x += radius
            axes.add_patch(Circle((x, 4), radius, color=colour))
            if name == "Saturn":
                ring = Ellipse((x, 4), 4.1 * radius, 0.7, angle=12, fill=False, color="#d9c8a0", linewidth=6)
                axes.add_patch(ring)
            axes.text(x, 4 - radius - 0.4, name, color="white", ha="center", fontsize=11)
            x += radius + 0.42
        finish(pdf, figure)


def bracket() -> None:
    """A workshop drawing with measures, and the plan of a small flat."""
    with PdfPages(DOCUMENTS / "drawings.pdf") as pdf:
        figure, axes = sheet("WALL BRACKET", "scale 1:2", "steel, 4 mm")
        axes.add_patch(Rectangle((60, 60), 120, 80, fill=False, linewidth=1.8))
        for x in (80, 160):
            axes.add_patch(Circle((x, 100), 7, fill=False, linewidth=1.4))
            axes.plot([x - 11, x + 11], [100, 100], "k-.", linewidth=0.6)
            axes.plot([x, x], [89, 111], "k-.", linewidth=0.6)
        measure(axes, (60, 48), (180, 48), "120")
        measure(axes, (48, 60), (48, 140), "80")
        measure(axes, (80, 150), (160, 150), "80")
        axes.annotate("2 holes, diameter 14", (165, 105), (196, 126), arrowprops={"arrowstyle": "->"}, fontsize=11)
        axes.add_patch(Rectangle((215, 60), 6, 80, fill=False, linewidth=1.8))
        axes.add_patch(Rectangle((221, 60), 44, 6, fill=False, linewidth=1.8))
        measure(axes, (215, 48), (265, 48), "50")
        axes.text(118, 34, "front view", fontsize=11, ha="center")
        axes.text(240, 34, "side view", fontsize=11, ha="center")
        finish(pdf, figure)
        figure, axes = sheet("FLAT, GROUND FLOOR", "scale 1:100", "56 square metres")
        for x, y, w, h in (
            (40, 45, 110, 75),
            (150, 45, 60, 75),
            (40, 120, 70, 60),
            (110, 120, 40, 60),
            (150, 120, 60, 60),
        ):
            axes.add_patch(Rectangle((x, y), w, h, fill=False, linewidth=3))
        for x, y, name in (
            (95, 82, "LIVING ROOM"), (180, 82, "BEDROOM"), (75, 150, "KITCHEN"), (130, 150, "HALL"), (180, 150, "BATH"),
        ):  # fmt: skip
            axes.text(x, y, name, ha="center", va="center", fontsize=11)
        for x, y, start in ((120, 120, 0), (150, 110, 90), (110, 170, 90), (150, 160, 0)):
            axes.add_patch(Arc((x, y), 24, 24, theta1=start, theta2=start + 90, color=RED, linewidth=1.2))
        axes.add_patch(Rectangle((182, 156), 22, 14, fill=False))
        axes.add_patch(Ellipse((165, 130), 10, 14, fill=False))
        axes.add_patch(Rectangle((46, 160), 16, 16, fill=False))
        axes.add_patch(Rectangle((186, 56), 18, 26, fill=False))
        measure(axes, (40, 34), (210, 34), "8.50 m")
        measure(axes, (222, 45), (222, 180), "6.75 m")
        finish(pdf, figure)


def sheet(title: str, scale: str, note: str) -> tuple[Figure, Axes]:
    """A sheet of drawing paper in millimetres with its title block."""
    figure = plt.figure(figsize=(11.69, 8.27))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 297), ylim=(0, 210), aspect="equal")
    axes.axis("off")
    axes.add_patch(Rectangle((10, 10), 277, 190, fill=False, linewidth=1.2))
    axes.add_patch(Rectangle((187, 10), 100, 18, fill=False, linewidth=1.2))
    axes.text(190, 21, title, fontsize=13, fontweight="bold")
    axes.text(190, 14, f"{scale}     {note}", fontsize=10)
    return figure, axes


def measure(axes: Axes, a: tuple[float, float], b: tuple[float, float], text: str) -> None:
    """A measure between two points."""
    axes.add_patch(FancyArrowPatch(a, b, arrowstyle="<|-|>", mutation_scale=10, linewidth=0.8, shrinkA=0, shrinkB=0))
    upright = a[0] == b[0]
    at = ((a[0] + b[0]) / 2 - (4 if upright else 0), (a[1] + b[1]) / 2 + (0 if upright else 2))
    axes.text(*at, text, fontsize=11, ha="center", va="center" if upright else "bottom", rotation=90 if upright else 0)


def form() -> None:
    """A form to apply for a library card, filled in: its words are values of fields."""
    from reportlab.lib.pagesizes import A5
    from reportlab.pdfgen.canvas import Canvas

    width, height = A5
    canvas = Canvas(str(DOCUMENTS / "library-card-form.pdf"), pagesize=A5, invariant=1)
    canvas.setTitle("Application for a library card")
    canvas.setFont("Helvetica-Bold", 18)
    canvas.drawString(40, height - 60, "Application for a library card")
    canvas.setFont("Helvetica", 11)
    fields = canvas.acroForm
    for n, (label, value) in enumerate(
        (
            ("Name", "Ada Lovelace"), ("Street", "12 St James's Square"), ("Town", "London"),
            ("Born on", "10 December 1815"), ("Branch", "Marylebone"),
        )
    ):  # fmt: skip
        y = height - 110 - 46 * n
        canvas.drawString(40, y + 6, label)
        size = {"width": width - 150, "height": 24, "borderWidth": 0.5, "fontSize": 12}
        fields.textfield(name=label, value=value, x=110, y=y, **size)
    for n, (label, checked) in enumerate((("Adult", True), ("Child under 14", False), ("Wishes a newsletter", True))):
        y = height - 360 - 28 * n
        fields.checkbox(name=label, checked=checked, x=40, y=y, size=16, buttonStyle="check")
        canvas.drawString(66, y + 3, label)
    canvas.line(40, 80, 220, 80)
    canvas.drawString(40, 66, "Signature")
    canvas.save()


# -- pictures ---------------------------------------------------------------------------------------------------------


def tram() -> None:
    """The network of a town that is not there."""
    figure = plt.figure(figsize=(11, 8))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 11), ylim=(0, 8))
    axes.axis("off")
    axes.text(0.5, 7.3, "Tram and ferry network", fontsize=26, fontweight="bold")
    lines = (
        ("1", RED, [(1, 5), (3, 5), (5, 5), (7, 5), (9, 6.5)], ["Old Mill", "Market", "Central", "Museum", "Airport"]),
        ("2", BLUE, [(2, 1.5), (3, 3), (5, 5), (6.5, 6.4)], ["Harbour", "Town Hall", "", "University"]),
        ("3", GREEN, [(1.2, 3), (3, 3), (5.5, 3), (8.5, 3), (9.8, 4)], ["Zoo", "", "Hospital", "Stadium", "Lakeside"]),
    )
    for name, colour, points, stops in lines:
        xs, ys = zip(*points, strict=True)
        axes.plot(xs, ys, color=colour, linewidth=9, solid_capstyle="round", zorder=1)
        axes.add_patch(FancyBboxPatch((xs[0] - 0.75, ys[0] - 0.2), 0.36, 0.36, boxstyle="round,pad=0.05", color=colour))
        centred = {"ha": "center", "va": "center", "fontweight": "bold"}
        axes.text(xs[0] - 0.57, ys[0] - 0.02, name, color="white", fontsize=14, **centred)
        for (x, y), stop in zip(points, stops, strict=True):
            axes.add_patch(Circle((x, y), 0.16, facecolor="white", edgecolor=INK, linewidth=2, zorder=2))
            axes.text(x + 0.1, y + 0.28, stop, fontsize=13)
    axes.plot([2, 4, 7, 9.8], [1.5, 0.9, 1.2, 4], color="#0ea5e9", linewidth=3, linestyle=(0, (4, 3)), zorder=0)
    axes.text(5.2, 0.55, "ferry, every 30 minutes", fontsize=12, color="#0369a1")
    figure.savefig(DOCUMENTS / "tram-network.png", dpi=90, metadata={"Software": ""})
    plt.close(figure)


def poster() -> None:
    """A poster for an evening of jazz."""
    figure = plt.figure(figsize=(6, 9), facecolor="#1e1b4b")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 6), ylim=(0, 9))
    axes.axis("off")
    for n, colour in enumerate(("#f97316", "#facc15", "#fb7185", "#fde68a")):
        axes.add_patch(Circle((3, 5.0), 2.4 - 0.5 * n, color=colour))
    axes.add_patch(Rectangle((1.6, 3.3), 2.8, 0.75, color="#111827"))
    for n in range(9):
        axes.add_patch(Rectangle((1.68 + 0.3 * n, 3.36), 0.26, 0.63, color="white"))
    for n in (0, 1, 3, 4, 5, 7):
        axes.add_patch(Rectangle((1.86 + 0.3 * n, 3.6), 0.16, 0.39, color="#111827"))
    axes.add_patch(Ellipse((2.5, 4.9), 0.55, 0.4, angle=20, color="#111827"))
    axes.plot([2.74, 2.74], [4.95, 6.5], color="#111827", linewidth=6)
    axes.add_patch(Polygon([(2.7, 6.5), (3.6, 6.0), (3.6, 5.7), (2.7, 6.2)], color="#111827"))
    axes.text(3, 8.1, "JAZZ NIGHT", color="white", fontsize=46, fontweight="bold", ha="center")
    axes.text(3, 1.7, "Friday 14 May, 8 pm", color="#fde68a", fontsize=22, ha="center")
    axes.text(3, 1.1, "The Old Boathouse", color="white", fontsize=20, ha="center")
    axes.text(3, 0.5, "doors 7 pm   -   tickets 12 at the door", color="#c7d2fe", fontsize=12, ha="center")
    look = {"dpi": 110, "facecolor": figure.get_facecolor(), "metadata": {"Software": ""}}
    figure.savefig(DOCUMENTS / "jazz-night-poster.png", **look)
    plt.close(figure)


def music() -> None:
    """The theme of Beethoven's Ninth, engraved by verovio."""
    import verovio

    tune = """X:1
T:Ode to Joy
C:Ludwig van Beethoven, 1824
M:4/4
L:1/4
K:D
F F G A|A G F E|D D E F|F3/2 E/ E2|F F G A|A G F E|D D E F|E3/2 D/ D2|
E E F D|E F/G/ F D|E F/G/ F E|D E A,2|F F G A|A G F E|D D E F|E3/2 D/ D2|]
"""
    toolkit = verovio.toolkit()
    page = {"pageWidth": 1600, "pageHeight": 1200, "adjustPageHeight": True, "scale": 60, "footer": "none"}
    toolkit.setOptions({"inputFrom": "abc", "xmlIdSeed": 1, **page})
    toolkit.loadData(tune)
    drawn = toolkit.renderToSVG(1)
    (DOCUMENTS / "ode-to-joy.svg").write_text(drawn, encoding="utf-8")


def japanese() -> None:
    """The beginning of Natsume Soseki's "I Am a Cat", 1905, as a scan."""
    page = Sheet()
    lines = (
        "吾輩は猫である。名前はまだ無い。", "どこで生れたかとんと見当がつかぬ。", "何でも薄暗いじめじめした所で",
        "ニャーニャー泣いていた事だけは記憶している。", "吾輩はここで始めて人間というものを見た。",
        "しかもあとで聞くとそれは書生という", "人間中で一番獰悪な種族であったそうだ。",
    )  # fmt: skip
    page.draw.text((120, 150), "吾輩は猫である", font=ImageFont.truetype(CJK, 60), fill=25)
    page.draw.text((120, 250), "夏目漱石", font=ImageFont.truetype(CJK, 34), fill=25)
    page.rule(330, 3)
    for n, line in enumerate(lines):
        page.draw.text((120, 380 + 90 * n), line, font=ImageFont.truetype(CJK, 40), fill=25)
    scanned = page.scanned(14, -0.35)
    scanned.crop((0, 0, 1240, 1100)).save(DOCUMENTS / "i-am-a-cat-scan.pdf", resolution=150, quality=60)


PHOTOGRAPHS = {
    "chelsea.png": "cat.png",
    "astronaut.png": "astronaut.png",
    "hubble_deep_field.jpg": "galaxies.jpg",
    "horse.png": "horse-silhouette.png",
}


def photographs() -> None:
    """Pictures in the public domain, as scikit-image has them; large ones as JPEG."""
    for name, ours in PHOTOGRAPHS.items():
        source = data("skimage", "data", name)
        with Image.open(source) as picture:
            if picture.width > 900:
                picture.convert("RGB").resize((900, 900 * picture.height // picture.width)).save(
                    DOCUMENTS / ours, quality=85
                )
            else:
                shutil.copyfile(source, DOCUMENTS / ours)


if __name__ == "__main__":
    plt.rcParams.update({"pdf.fonttype": 42, "pdf.compression": 9, "figure.dpi": 100})
    talk()
    maps(Path(sys.argv[1]))
    crimea()
    wheat()
    planets()
    bracket()
    form()
    tram()
    poster()
    music()
    japanese()
    photographs()
