"""Figures that a program draws, to train the classifier of kinds on: charts, maps, diagrams, tables, equations, texts.

Each call of a function of `kinds` draws another one, by a generator of random numbers, so that the same seed gives the
same pictures. Needs matplotlib, which Pagelens itself does not.
"""

from __future__ import annotations

import colorsys
import io
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib  # type: ignore[import-not-found]
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from benchmarks.sight.paper import WORDS, Rng

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # type: ignore[import-not-found]
from matplotlib import font_manager

Values = NDArray[np.float64]
STYLES = ("default", "ggplot", "seaborn-v0_8-whitegrid", "fivethirtyeight", "bmh", "grayscale", "seaborn-v0_8-darkgrid")
FACES = ["/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf"]
"""Fonts that texts are set in; see `use`."""


def use(fonts: Sequence[Path]) -> None:
    """Set texts in these fonts too."""
    for font in fonts:
        FACES.append(str(font))
        font_manager.fontManager.addfont(font)


def _face(rng: Rng, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(rng.choice(FACES)), size)


def chart(rng: Rng) -> Image.Image:
    """Bars, lines, areas, points, pies and boxes, in matplotlib's styles or bare as printed ones are; up to four."""
    family = font_manager.FontProperties(fname=str(rng.choice(FACES))).get_name()
    with plt.style.context(str(rng.choice(STYLES))), matplotlib.rc_context({"font.family": [family, "DejaVu Sans"]}):
        rows, columns = ((1, 1), (1, 1), (1, 1), (1, 2), (2, 2), (2, 1))[int(rng.integers(6))]
        size = (rng.uniform(3, 7) * (1 + (columns > 1) * 0.4), rng.uniform(2.2, 5) * (1 + (rows > 1) * 0.5))
        figure, panels = plt.subplots(rows, columns, figsize=size, dpi=100, squeeze=False)
        paper = str(rng.choice(["white", "white", "white", "#f3f0e8", "#1f2a44", "#eaf1f7"]))
        figure.set_facecolor(paper)
        colours = [colorsys.hsv_to_rgb((rng.random() + 0.37 * i) % 1, rng.uniform(0.2, 1), 0.85) for i in range(20)]
        if rng.random() < 0.5:
            scheme = (plt.cm.Blues, plt.cm.Greys, plt.cm.YlOrBr, plt.cm.tab10, plt.cm.Greens)[int(rng.integers(5))]
            colours = [scheme(x) for x in np.linspace(0.9, 0.3, 20)]
        for axes in panels.flat:
            _panel(rng, axes, colours)
        return _figure(figure)


def _panel(rng: Rng, axes: Any, colours: list[Any]) -> None:
    plots = (_bars, _marked_bars, _marked_bars, _areas, _lines, _lines, _points, _pie, _boxes, _stacked, _columns)
    many = int(rng.integers(1, 5))
    plot = plots[int(rng.integers(len(plots)))]
    plot(rng, axes, rng.gamma(2.0, 20.0, (many, int(rng.integers(3, 13)))), colours)
    if rng.random() < 0.6:
        where = str(rng.choice(["left", "center"]))
        axes.set_title(" ".join(rng.choice(WORDS, int(rng.integers(2, 8)))).capitalize(), loc=where)
    if rng.random() < 0.3:
        axes.axis("off")
    elif rng.random() < 0.6:
        axes.spines[["top", "right", "left"]].set_visible(False)
    if rng.random() < 0.4:
        axes.grid(False)
    if rng.random() < 0.5 and many > 1:
        axes.legend([str(word) for word in rng.choice(WORDS, many)], frameon=bool(rng.random() < 0.5))


def _names(rng: Rng, values: Values) -> list[str]:
    return [str(word) for word in rng.choice(WORDS, values.shape[1])]


def _bars(rng: Rng, axes: Any, values: Values, colours: list[Any]) -> None:
    for i, row in enumerate(values):
        axes.bar(np.arange(len(row)) + i * 0.8 / len(values), row, 0.8 / len(values), color=colours[i])
    axes.set_xticks(range(values.shape[1]), _names(rng, values), rotation=int(rng.choice([0, 45, 90])))


def _marked_bars(rng: Rng, axes: Any, values: Values, colours: list[Any]) -> None:
    axes.barh(_names(rng, values), values[0], color=colours[0])
    for y, value in enumerate(values[0]):
        axes.text(value, y, f"{value:.0f}%", va="center")


def _columns(rng: Rng, axes: Any, values: Values, colours: list[Any]) -> None:
    axes.bar(_names(rng, values), values[0], color=colours[: values.shape[1]], width=rng.uniform(0.4, 1))
    for x, value in enumerate(values[0]):
        axes.text(x, value, f"{value:.0f}", ha="center", weight="bold" if rng.random() < 0.4 else "normal")
    axes.set_yticks([])


def _areas(rng: Rng, axes: Any, values: Values, colours: list[Any]) -> None:
    axes.stackplot(range(values.shape[1]), values, colors=colours)


def _lines(rng: Rng, axes: Any, values: Values, colours: list[Any]) -> None:
    x = np.linspace(2000, 2020, 10 * values.shape[1])
    for i in range(len(values)):
        look = {"lw": rng.uniform(0.8, 3), "marker": str(rng.choice(["", "", "o", "s"]))}
        axes.plot(x, np.cumsum(rng.normal(0.1, 1, len(x))), color=colours[i], **look)


def _points(rng: Rng, axes: Any, values: Values, colours: list[Any]) -> None:
    for i in range(len(values)):
        points = rng.normal(rng.normal(0, 2, 2), rng.uniform(0.4, 1.5), (int(rng.integers(20, 200)), 2))
        axes.scatter(*points.T, s=rng.uniform(4, 40), color=colours[i], alpha=0.7)


def _pie(rng: Rng, axes: Any, values: Values, colours: list[Any]) -> None:
    width, marks = rng.choice([0.4, 1.0]), "%1.0f%%" if rng.random() < 0.7 else None
    axes.pie(values[0], labels=_names(rng, values), colors=colours, wedgeprops={"width": width}, autopct=marks)


def _boxes(rng: Rng, axes: Any, values: Values, colours: list[Any]) -> None:
    axes.boxplot([rng.normal(rng.normal(), 1, 50) for _ in range(values.shape[1])])


def _stacked(rng: Rng, axes: Any, values: Values, colours: list[Any]) -> None:
    names, left = _names(rng, values), np.zeros(values.shape[1])
    for i, row in enumerate(values):
        axes.barh(names, row, left=left, color=colours[i])
        left += row


def equation(rng: Rng) -> Image.Image:
    """One formula or some below each other, in matplotlib's setting of TeX."""
    a, b, c, i = (str(letter) for letter in rng.choice(list("abcxyzuvwpqrstkmn"), 4))
    greek = str(rng.choice(["alpha", "beta", "gamma", "lambda", "theta", "sigma", "mu", "omega", "phi"]))
    forms = (
        rf"{a}={b}^2+\frac{{{c}}}{{\{greek}}}", rf"\sum_{{{i}=1}}^{{n}} {a}_{i} \log {b}_{i}",
        rf"\int_0^\infty e^{{-\{greek} {a}^2}} d{a}", rf"\sqrt{{{a}^2+{b}^2}} \leq |{a}|+|{b}|",
        rf"P({a}\mid {b})=\frac{{P({b}\mid {a})P({a})}}{{P({b})}}",
        rf"\frac{{\partial {a}}}{{\partial {b}}}=\nabla {c}",
        rf"\mathcal{{L}}(\{greek})=\frac{{1}}{{N}}\sum_{i} \left({a}_{i}-\hat{{{b}}}_{i}\right)^2",
        rf"{a}_{{{i}+1}}={a}_{i}-\{greek}\, f'({a}_{i})", rf"\lim_{{{a}\to 0}}\frac{{\sin {a}}}{{{a}}}=1",
        rf"\mathbf{{{a}}}^T\mathbf{{{b}}}=\|\mathbf{{{a}}}\|\,\|\mathbf{{{b}}}\|\cos\{greek}",
    )  # fmt: skip
    lines = int(rng.integers(1, 5))
    figure = plt.figure(figsize=(rng.uniform(3, 7), 0.6 + 0.75 * lines), dpi=100)
    with matplotlib.rc_context({"mathtext.fontset": str(rng.choice(["cm", "stix", "dejavuserif"]))}):
        for line in range(lines):
            text = f"${forms[int(rng.integers(len(forms)))]}$"
            figure.text(rng.uniform(0.02, 0.25), 1 - (line + 0.7) / lines, text, fontsize=rng.uniform(14, 22))
            if rng.random() < 0.4:
                figure.text(0.93, 1 - (line + 0.7) / lines, f"({line + 1})", fontsize=12)
        return _figure(figure)


def _figure(figure: plt.Figure) -> Image.Image:
    held = io.BytesIO()
    figure.savefig(held, bbox_inches="tight", pad_inches=0.1)
    plt.close(figure)
    return Image.open(held).convert("RGB")


def map_(rng: Rng) -> Image.Image:
    """Regions with borders, coloured by a value or a palette, on a sea; or streets of a town with parks and a river."""
    width, height = (int(v) for v in rng.integers(400, 900, 2))
    image = Image.new(
        "RGB", (width, height), tuple(int(v) for v in rng.choice([[255] * 3, [200, 222, 240], [240] * 3]))
    )
    draw = ImageDraw.Draw(image)
    font = _face(rng, int(rng.integers(9, 15)))
    if rng.random() < 0.35:
        _streets(rng, draw, width, height)
    else:
        image = _regions(rng, image.resize((width // 2, height // 2))).resize((width, height))
        draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(3, 16))):
        at = (rng.uniform(0, width), rng.uniform(0, height))
        if rng.random() < 0.5:
            draw.ellipse((at[0] - 3, at[1] - 3, at[0] + 3, at[1] + 3), fill=(40, 40, 40))
        draw.text(at, str(rng.choice(WORDS)).capitalize(), (30, 30, 30), font)
    return image


def _regions(rng: Rng, sea: Image.Image) -> Image.Image:
    """Lands on a sea, parted by borders."""
    width, height = sea.size
    noise = gaussian_filter(rng.normal(0, 1, (height, width)), rng.uniform(10, 30))
    y, x = np.mgrid[0:height, 0:width]
    away = np.hypot((x / width - 0.5) * 2, (y / height - 0.5) * 2)
    land = noise / noise.std() + 2.2 * (0.75 - away) > 0
    seeds = rng.uniform(0, 1, (int(rng.integers(5, 60)), 2)) * (height, width)
    bend = gaussian_filter(rng.normal(0, 1, (2, height, width)), (0, 4, 4))
    bent = np.stack([y, x]) + bend / bend.std() * 3
    nearest = cKDTree(seeds).query(np.moveaxis(bent, 0, -1))[1]
    scheme = plt.cm.Blues if rng.random() < 0.3 else plt.cm.YlOrRd if rng.random() < 0.4 else plt.cm.Pastel1
    palette = (np.array([scheme(v)[:3] for v in rng.random(len(seeds))]) * 255).astype(np.uint8)
    pixels = np.array(sea)
    pixels[land] = palette[nearest[land]]
    edges = (np.abs(np.diff(nearest, axis=0, append=nearest[-1:])) > 0) & land
    edges |= (np.abs(np.diff(nearest, axis=1, append=nearest[:, -1:])) > 0) & land
    coast = land != np.roll(land, 1, 0)
    pixels[edges | coast] = int(rng.choice([60, 120, 255]))
    return Image.fromarray(pixels)


def _streets(rng: Rng, draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    draw.rectangle((0, 0, width, height), fill=(243, 240, 233))
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        draw.ellipse((x, y, x + rng.uniform(60, 240), y + rng.uniform(60, 240)), fill=(200, 225, 190))
    bend = np.cumsum(rng.normal(0, 12, 40)) + height / 2
    draw.line([(i * width / 39, v) for i, v in enumerate(bend)], (170, 205, 235), int(rng.integers(10, 40)))
    turn = rng.uniform(0, 0.6)
    for direction in (turn, turn + np.pi / 2):
        for offset in np.arange(-1000, 1000, rng.uniform(35, 90)):
            along, across = (
                np.array([np.cos(direction), np.sin(direction)]),
                np.array([-np.sin(direction), np.cos(direction)]),
            )
            start = np.array([width / 2, height / 2]) + across * (offset + rng.normal(0, 6)) - along * 1000
            wide = int(rng.choice([3, 4, 9]))
            ends = [tuple(start), tuple(start + along * 2000)]
            draw.line(ends, (205, 200, 190), wide + 2)
            draw.line(ends, (255, 255, 255) if wide < 9 else (250, 215, 130), wide)


def diagram(rng: Rng) -> Image.Image:
    """Boxes, rounds and diamonds with words, joined by arrows: flows, trees, cycles, layers, overlapping circles."""
    width, height = (int(v) for v in rng.integers(450, 1000, 2))
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    font = _face(rng, int(rng.integers(11, 19)))
    pale = [tuple(int(v) for v in rng.integers(150, 256, 3)) for _ in range(3)] if rng.random() < 0.6 else [(255,) * 3]
    if rng.random() < 0.12:
        _circles(rng, draw, width, height, font)
        return image
    spots, half = _spots(rng, width, height)
    for i, (x, y, row) in enumerate(spots):
        for x1, y1, other in spots[i + 1 :]:
            if other == row + 1 and rng.random() < 0.7:
                _arrow(draw, (x, y + half[1]), (x1, y1 - half[1]), elbow=rng.random() < 0.3)
    shape = int(rng.integers(4))
    for x, y, _ in spots:
        box = (x - half[0], y - half[1], x + half[0], y + half[1])
        look: dict[str, Any] = {
            "outline": (40, 40, 40),
            "fill": pale[int(rng.integers(len(pale)))],
            "width": int(rng.integers(1, 4)),
        }
        kind = shape if rng.random() < 0.8 else int(rng.integers(4))
        if kind == 0:
            draw.rectangle(box, **look)
        elif kind == 1:
            draw.rounded_rectangle(box, 12, **look)
        elif kind == 2:
            draw.ellipse(box, **look)
        else:
            draw.polygon([(x, box[1]), (box[2], y), (x, box[3]), (box[0], y)], **look)
        text = "\n".join(rng.choice(WORDS, int(rng.integers(1, 3))))
        draw.multiline_text((x, y), text, (10, 10, 10), font, anchor="mm", align="center")
    return image


def _circles(rng: Rng, draw: ImageDraw.ImageDraw, width: int, height: int, font: Any) -> None:
    least = min(width, height)
    for i in range(3):
        at = np.array([width / 2, height / 2]) + least * 0.18 * np.array([np.cos(2.1 * i), np.sin(2.1 * i)])
        draw.ellipse((*(at - least * 0.27), *(at + least * 0.27)), outline=(50, 50, 50), width=2)
        draw.text((float(at[0]), float(at[1])), str(rng.choice(WORDS)), (20, 20, 20), font)


def _spots(rng: Rng, width: int, height: int) -> tuple[list[tuple[float, float, int]], tuple[float, float]]:
    """Where boxes stand, with the number of the row of each, and half of their sides."""
    rows, columns = int(rng.integers(2, 6)), int(rng.integers(1, 5))
    spots = []
    for row in range(rows):
        here = columns if rng.random() < 0.5 else int(rng.integers(1, columns + 1))
        spots += [((i + 0.5) * width / here, (row + 0.5) * height / rows, row) for i in range(here)]
    if rng.random() < 0.2:
        turn = np.linspace(0, 2 * np.pi, len(spots), endpoint=False)
        around = [(width * (0.5 + 0.36 * np.cos(t)), height * (0.5 + 0.36 * np.sin(t)), i) for i, t in enumerate(turn)]
        return around, (min(width, height) * 0.09, min(width, height) * 0.06)
    return spots, (min(width / columns * 0.36, 110), height / rows * 0.25)


def _arrow(draw: ImageDraw.ImageDraw, start: tuple[float, float], end: tuple[float, float], elbow: bool) -> None:
    middle = (start[1] + end[1]) / 2
    path = [start, (start[0], middle), (end[0], middle), end] if elbow else [start, end]
    draw.line(path, (50, 50, 50), 2)
    before = np.array(path[-2])
    along = (np.array(end) - before) / max(float(np.linalg.norm(np.array(end) - before)), 1e-6)
    side = np.array([-along[1], along[0]])
    draw.polygon([tuple(end), tuple(end - 9 * along + 4 * side), tuple(end - 9 * along - 4 * side)], fill=(50, 50, 50))


def table(rng: Rng) -> Image.Image:
    """Rows of words and numbers, with all rules, some or none, bands of colour, cells of several lines."""
    rows, columns = int(rng.integers(3, 26)), int(rng.integers(2, 9))
    size = int(rng.integers(11, 18))
    font, bold = _face(rng, size), _face(rng, size)
    lines = int(rng.choice([1, 1, 1, 2, 3]))
    line, first = size * (lines + rng.uniform(0.3, 1.4)), int(rng.integers(90, 340))
    cell = int(rng.integers(55, 150))
    width, height = first + cell * (columns - 1) + 30, int(line * rows) + 40
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    ruled, striped, grey = rng.random() < 0.4, rng.random() < 0.4, int(rng.integers(60, 200))
    worded, headed, unruled = rng.random() < 0.35, rng.random() < 0.5, rng.random() < 0.3
    band = tuple(int(v) for v in rng.integers(200, 256, 3))
    head = tuple(int(v) for v in rng.integers(20, 230, 3))
    for row in range(rows):
        y = 20 + row * line
        dark = row == 0 and headed
        if dark or (striped and row % 2):
            draw.rectangle((10, y, width - 10, y + line), fill=head if dark else band)
        if ruled or (row in (0, 1) and not unruled):
            draw.line((10, y, width - 10, y), (grey,) * 3, 1)
        ink = (255, 255, 255) if dark and sum(head) < 380 else (20, 20, 20)
        face = bold if row == 0 else font
        words = _wrapped(rng, first // (size // 2), lines)
        draw.multiline_text((16, y + 2), words, ink, face)
        for column in range(columns - 1):
            x = first + cell * (column + 1) - 4
            if worded:
                draw.multiline_text((x - cell + 8, y + 2), _wrapped(rng, cell // (size // 2), lines), ink, face)
                continue
            number = f"{rng.gamma(1, 900):,.{int(rng.integers(3))}f}"
            number = str(rng.choice([number, number, f"${number}", f"{rng.uniform(0, 100):.1f}%", "-"]))
            draw.text((x, y + 2), str(rng.choice(WORDS))[:9] if row == 0 else number[:9], ink, face, anchor="ra")
    if not unruled:
        draw.line((10, 20 + rows * line, width - 10, 20 + rows * line), (grey,) * 3, 1)
    if ruled and rng.random() < 0.6:
        for column in range(columns + 1):
            x = 10 if column == 0 else min(first + cell * (column - 1) + 8, width - 10)
            draw.line((x, 20, x, 20 + rows * line), (grey,) * 3, 1)
    return image


def _wrapped(rng: Rng, letters: int, lines: int) -> str:
    """Some words in up to so many lines of so many letters."""
    found = [" ".join(rng.choice(WORDS, int(rng.integers(1, 6))))[: max(letters - 1, 4)] for _ in range(lines)]
    return "\n".join(found[: int(rng.integers(1, lines + 1))]).capitalize()


def text(rng: Rng) -> Image.Image:
    """From a line to a page of text in up to three columns, with headings and bullets, on paper or on colour."""
    size = int(rng.integers(11, 26))
    width = int(rng.integers(250, 1000))
    height = int(size * 1.45 * rng.choice([1, 2, 3, 5, 8, 13, 25, 40])) + 40
    dark = rng.random() < 0.12
    paper = tuple(int(v) for v in (rng.integers(10, 110, 3) if dark else rng.integers(225, 256, 3)))
    image = Image.new("RGB", (width, height), (255, 255, 255) if rng.random() < 0.6 and not dark else paper)
    draw = ImageDraw.Draw(image)
    font, heading = _face(rng, size), _face(rng, int(size * rng.uniform(1.0, 1.8)))
    ink = (240, 240, 240) if dark else (25, 25, 25)
    columns = int(rng.integers(1, 4)) if width > 600 else 1
    wide, bullets = (width - 40) / columns, rng.random() < 0.25
    for column in range(columns):
        y = 15.0
        while y < height - 10 - size:
            face = heading if rng.random() < 0.1 else font
            if rng.random() < 0.08:
                y += size
                continue
            said = "\u2022 " if bullets and rng.random() < 0.5 else ""
            least = rng.uniform(0.2, 0.7) * wide if rng.random() < 0.2 else wide - 90
            while draw.textlength(said, face) < least:
                said += str(rng.choice(WORDS)) + " "
            draw.text((20 + column * wide, y), said.capitalize() if rng.random() < 0.3 else said, ink, face)
            y += face.size * 1.45
    return image


def captioned(image: Image.Image, rng: Rng) -> Image.Image:
    """A figure with a heading, a sentence below it, a note, as boxes around figures of a page have them."""
    size = max(11, image.width // int(rng.integers(28, 60)))
    sheet = Image.new("RGB", (image.width + 20, image.height + size * 12), image.getpixel((0, 0)))
    draw = ImageDraw.Draw(sheet)
    ink = (20, 20, 20) if sum(sheet.getpixel((0, 0))) > 380 else (240, 240, 240)  # type: ignore[arg-type]

    def lines(y: float, most: int, font: ImageFont.FreeTypeFont) -> float:
        for _ in range(int(rng.integers(0, most + 1))):
            said = ""
            while draw.textlength(said, font) < image.width * rng.uniform(0.4, 0.85):
                said += str(rng.choice(WORDS)) + " "
            draw.text((10, y), said.capitalize(), ink, font)
            y += font.size * 1.35
        return y

    y = lines(5, 2, _face(rng, int(size * rng.uniform(1, 1.6))))
    y = lines(y, 2, _face(rng, size))
    sheet.paste(image, (10, int(y) + 4))
    y = lines(y + image.height + 8, 3, _face(rng, max(9, int(size * 0.8))))
    return sheet.crop((0, 0, sheet.width, int(y) + 8))


def writing(fonts: Sequence[Path]) -> Callable[[Rng], Image.Image]:
    """Lines by hand, in one of these fonts, none quite level, on paper that is plain, ruled or squared."""

    def draw_one(rng: Rng) -> Image.Image:
        width, height = int(rng.integers(250, 900)), int(rng.choice([80, 120, 200, 400, 700, 900]))
        paper = tuple(int(v) for v in np.array([255, 253, 245]) - rng.integers(0, 25))
        image = Image.new("RGB", (width, height), paper)
        size = int(rng.integers(28, 60))
        draw = ImageDraw.Draw(image)
        if rng.random() < 0.4:
            for rule in range(size, height, int(size * 1.3)):
                draw.line((0, rule, width, rule), (190, 205, 225), 1)
        font = ImageFont.truetype(str(fonts[int(rng.integers(len(fonts)))]), size)
        ink = tuple(int(v) for v in [[25, 30, 90], [20, 20, 20], [40, 40, 60]][int(rng.integers(3))])
        y = 10.0
        while y < height - size * 1.3:
            x = rng.uniform(10, 40)
            while x < width * rng.uniform(0.7, 0.95):
                word = str(rng.choice(WORDS)) + " "
                at = y + rng.normal(0, size * 0.06)
                tile = Image.new("L", (int(draw.textlength(word, font)) + 20, int(size * 1.8)))
                ImageDraw.Draw(tile).text((6, size * 0.2), word, 255, font)
                tile = tile.rotate(rng.normal(0, 2.0), Image.Resampling.BICUBIC)
                image.paste(ink, (int(x), int(at)), tile)
                x += draw.textlength(word, font) * rng.uniform(0.95, 1.1)
            y += size * rng.uniform(1.15, 1.45)
        return image

    return draw_one


@cache
def kinds(fonts: tuple[Path, ...]) -> dict[str, Callable[[Rng], Image.Image]]:
    """By kind, what draws another figure of it."""
    return {
        "chart": chart, "map": map_, "diagram": diagram, "table": table, "equation": equation, "text": text,
        "handwriting": writing(fonts),
    }  # fmt: skip
