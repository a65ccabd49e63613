"""Charts as reports, slides and spreadsheets have them: coloured shapes with words and numbers, most without axes.

Each function of `CHARTS` draws one into a place of a sheet; `chart` makes a picture of it, with a heading, a legend,
notes and panels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.sight.paper import Colour, Paper, Place, Rng, ink_on, phrase

Values = NDArray[np.float64]
Draw = Callable[[Paper, Place], None]


def _label(p: Paper, value: float, unit: str) -> str:
    return f"${value:,.0f}" if unit == "$" else f"{value:,.1f}" if unit == "." else f"{value:,.0f}{unit}"


def _unit(p: Paper) -> str:
    return str(p.rng.choice(["", "", "%", "%", "$", "."]))


def _values(p: Paper, *shape: int) -> Values:
    return np.asarray(p.rng.gamma(p.rng.uniform(1, 6), 1.0, shape) * p.rng.uniform(2, 25) + 1)


def _grid(p: Paper, place: Place, lying: bool) -> None:
    """Some pale rules with numbers at their ends, and an axis; or only an axis; or neither."""
    x0, y0, x1, y1 = place
    pale = tuple((3 * a + b) // 4 for a, b in zip(p.ground, p.ink, strict=True))
    if p.chance(0.45):
        count, step = int(p.rng.integers(3, 8)), int(p.rng.choice([1, 5, 10, 20, 25, 50, 100, 1000]))
        for i in range(count + 1):
            x, y = x0 + (x1 - x0) * i / count, y1 - (y1 - y0) * i / count
            p.line([(x, y0), (x, y1)] if lying else [(x0, y), (x1, y)], pale, 0.7)  # type: ignore[arg-type]
            said = f"{i * step:,}"
            p.say(*((x, y1 + p.size * 0.8) if lying else (x0 - p.size * 0.3, y)), said, "mm" if lying else "rm", 0.8)
    if p.chance(0.5):
        p.line([(x0, y0), (x0, y1)] if lying else [(x0, y1), (x1, y1)], p.ink, p.rng.uniform(0.5, 2))


def lying_bars(p: Paper, place: Place) -> None:
    """Bars from the left, each with its words before it and its number in or behind it; in groups with gaps."""
    x0, y0, x1, y1 = place
    rows, unit = int(p.rng.choice([2, 3, 4, 5, 6, 8, 12, 18])), _unit(p)
    values = _values(p, rows)
    if p.chance(0.5):
        values = -np.sort(-values)
    left = x0 + (x1 - x0) * p.rng.uniform(0.15, 0.4)
    right = x1 - p.size * 3
    _grid(p, (left, y0, right, y1), lying=True)
    gaps = np.cumsum(p.rng.random(rows) < (0.3 if rows > 5 else 0.0)) * 0.8
    step = (y1 - y0) / (rows + gaps[-1])
    thick, inside, many, track = p.rng.uniform(0.45, 0.95), p.chance(0.5), p.chance(0.2), p.chance(0.15)
    scale = float(np.clip(step * 0.55 / p.size, 0.5, 1.1))
    for i, value in enumerate(values):
        y = y0 + (i + gaps[i] + 0.5) * step
        end = left + (right - left) * value / values.max()
        fill = p.colours[i % 8 if many else 0]
        if track:
            p.fill((left, y - step * thick / 2, right, y + step * thick / 2), (225, 225, 225))
        p.fill((left, y - step * thick / 2, end, y + step * thick / 2), fill)
        p.say(left - p.size * 0.4, y, phrase(p.rng, 1, 3), "rm", scale)
        if inside and end - left > p.size * 2.5:
            p.say(end - p.size * 0.4, y, _label(p, value, unit), "rm", scale, ink=ink_on(fill))
        else:
            p.say(end + p.size * 0.3, y, _label(p, value, unit), "lm", scale, strong=p.chance(0.5))


def parted_bars(p: Paper, place: Place) -> None:
    """Bars that are parted, with a number in each part and what the parts are above them."""
    x0, y0, x1, y1 = place
    rows, parts = int(p.rng.choice([1, 2, 3, 4, 6, 9, 14])), int(p.rng.integers(2, 6))
    shares = p.rng.dirichlet(np.full(parts, 2.5), rows)
    left = x0 + (x1 - x0) * p.rng.uniform(0.12, 0.45)
    step = (y1 - y0) / (rows + 0.6)
    thick, white, whole = p.rng.uniform(0.5, 0.9), p.chance(0.5), p.chance(0.8)
    scale = float(np.clip(step * 0.55 / p.size, 0.5, 1.1))
    heads = p.chance(0.7)
    for i, row in enumerate(shares):
        y, x = y0 + (i + 1.1) * step, left
        p.say(left - p.size * 0.4, y, phrase(p.rng, 1, 4), "rm", scale)
        for j, share in enumerate(row):
            end = x + (x1 - left) * share * (1 if whole else p.rng.uniform(0.4, 1))
            fill = p.colours[j]
            p.fill((x, y - step * thick / 2, end, y + step * thick / 2), fill, p.ground if white else None)
            if end - x > p.size * 1.3:
                p.say((x + end) / 2, y, f"{share * 100:.0f}{'%' if i == 0 else ''}", "mm", scale, ink=ink_on(fill))
            if i == 0 and heads:
                p.say((x + end) / 2, y0 + step * 0.3, phrase(p.rng, 1, 1), "mm", scale, True, ink=fill)
            x = end


def facing_bars(p: Paper, place: Place) -> None:
    """Bars to both sides of a line in the middle."""
    x0, y0, x1, y1 = place
    rows = int(p.rng.choice([2, 3, 4, 6, 10, 16, 22]))
    label = x0 + (x1 - x0) * p.rng.uniform(0.15, 0.35)
    middle = (label + x1) / 2
    step, reach = (y1 - y0) / (rows + 1.2), (x1 - label) / 2
    values = p.rng.uniform(0.08, 0.95, (rows, 2))
    thick, scale = p.rng.uniform(0.5, 0.9), float(np.clip(step * 0.55 / p.size, 0.5, 1.2))
    gaps = np.cumsum(p.rng.random(rows) < 0.3) * 0.6
    step *= rows / (rows + gaps[-1])
    for side, name in ((-1, phrase(p.rng, 1, 3)), (1, phrase(p.rng, 1, 3))):
        p.say(middle + side * reach * 0.5, y0 + p.size, name, "mm", 1.0, True, p.colours[(side + 1) // 2])
    top = y0 + p.size * 2
    for i, pair in enumerate(values):
        y = top + (i + gaps[i] + 0.5) * step
        p.say(label - p.size * 0.4, y, phrase(p.rng, 1, 3), "rm", scale)
        for side, value in zip((-1, 1), pair, strict=True):
            end = middle + side * reach * value
            fill = p.colours[(side + 1) // 2]
            p.fill((middle, y - step * thick / 2, end, y + step * thick / 2), fill)
            inner = (middle + end) / 2 if value > 0.2 else end + side * p.size
            p.say(inner, y, f"{value * 100:.0f}", "mm", scale, ink=ink_on(fill) if value > 0.2 else None)
    if p.chance(0.6):
        p.line([(middle, y0), (middle, y1)], p.ink, 0.8)


def columns(p: Paper, place: Place) -> None:
    """Columns side by side, alone or in groups, flat or as bodies, with numbers above them and names below."""
    x0, y0, x1, y1 = place
    groups, each, unit = int(p.rng.choice([2, 3, 4, 5, 6, 8, 12])), int(p.rng.choice([1, 1, 1, 2, 3])), _unit(p)
    values = _values(p, groups, each)
    if p.chance(0.3):
        values = np.sort(values, axis=0)
    base = y1 - p.size * 1.8
    top = y0 + p.size * 2
    _grid(p, (x0, top, x1, base), lying=False)
    step, fat, deep = (x1 - x0) / groups, p.rng.uniform(0.4, 0.95), p.chance(0.2)
    many, marked, years = each == 1 and p.chance(0.3), p.chance(0.75), p.chance(0.4)
    for i, group in enumerate(values):
        thick = step * fat / each
        start = x0 + step * (i + (1 - fat) / 2)
        scale = float(np.clip(thick / p.size / 2.2, 0.55, 1.2))
        for j, value in enumerate(group):
            fill = p.colours[i % 8 if many else j]
            x, high = start + j * thick, base - (base - top) * value / values.max()
            p.fill((x, high, x + thick * 0.94, base), fill)
            if deep:
                off = thick * 0.25
                shade: Colour = tuple(int(v * 0.7) for v in fill)  # type: ignore[assignment]
                right = x + thick * 0.94
                p.draw.polygon(
                    [(right, high), (right + off, high - off), (right + off, base - off), (right, base)], shade
                )
                p.draw.polygon(
                    [(x, high), (x + off, high - off), (right + off, high - off), (right, high)], fill, p.ground
                )
            if marked:
                p.say(x + thick / 2, high - p.size * 0.6, _label(p, value, unit), "mm", scale, p.chance(0.5),
                      fill if p.chance(0.3) else None)  # fmt: skip
        name = str(2000 + i) if years else phrase(p.rng, 1, 1)
        p.say(x0 + step * (i + 0.5), base + p.size, name, "mm", float(np.clip(step / p.wide(name + "  "), 0.5, 1)))


def parted_columns(p: Paper, place: Place) -> None:
    """Columns of parts on each other, some of them joined by lines or with names between them."""
    x0, y0, x1, y1 = place
    count, parts = int(p.rng.choice([1, 2, 2, 3, 4, 6, 10])), int(p.rng.integers(2, 6))
    shares = p.rng.dirichlet(np.full(parts, 3.0), count)
    heights = np.ones(count) if p.chance(0.6) else p.rng.uniform(0.4, 1, count)
    base, top = y1 - p.size * 1.6, y0 + p.size * 1.6
    step, fat = (x1 - x0) / count, p.rng.uniform(0.35, 0.85)
    ends: list[list[float]] = []
    for i, row in enumerate(shares):
        y, x = base, x0 + step * (i + (1 - fat) / 2)
        ends.append([])
        for j, share in enumerate(row):
            up = y - (base - top) * share * heights[i]
            p.fill((x, up, x + step * fat, y), p.colours[j])
            if y - up > p.size * 1.1 and step * fat > p.size * 1.5:
                p.say(x + step * fat / 2, (y + up) / 2, f"{share * 100:.0f}%", "mm", ink=ink_on(p.colours[j]))
            y = up
            ends[-1].append(y)
        p.say(x + step * fat / 2, base + p.size * 0.9, str(2010 + i), "mm", strong=p.chance(0.5))
    if count <= 3 and fat < 0.65:
        for i in range(count - 1):
            a, b = x0 + step * (i + (1 + fat) / 2), x0 + step * (i + 1 + (1 - fat) / 2)
            for j in range(parts):
                p.line([(a, ends[i][j]), (b, ends[i + 1][j])], p.colours[j], 0.8)
                before = [base, *ends[i]][j]
                p.say((a + b) / 2, (ends[i][j] + before) / 2, phrase(p.rng, 1, 1), "mm", 0.8)
    if p.chance(0.6):
        p.line([(x0, base), (x1, base)], p.ink, 1.5)


def lines(p: Paper, place: Place) -> None:
    """One to five lines over years, most with marks, numbers at points, and their names beside them."""
    x0, y0, x1, y1 = place
    many, points = int(p.rng.choice([1, 2, 2, 3, 5])), int(p.rng.choice([2, 3, 5, 8, 13, 40]))
    base = y1 - p.size * 1.8
    _grid(p, (x0 + p.size * 2, y0, x1, base), lying=False)
    left, right = x0 + p.size * p.rng.uniform(2, 3), x1 - p.size * p.rng.uniform(1, 5)
    xs = np.linspace(left, right, points)
    marked, numbered, width = p.chance(0.6) and points < 20, p.chance(0.7) and points < 20, p.rng.uniform(1, 3.5)
    hollow, filled = p.chance(0.5), p.chance(0.1)
    for j in range(many):
        level = p.rng.uniform(0.15, 0.85) + np.cumsum(p.rng.normal(0, 0.35 / np.sqrt(points), points))
        ys = base - (base - y0 - p.size * 2) * np.clip(level, 0.03, 0.97)
        colour = p.colours[j]
        if filled:
            p.draw.polygon([(xs[0], base), *zip(xs, ys, strict=True), (xs[-1], base)], colour)
        p.line(list(zip(xs, ys, strict=True)), colour, width)
        for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
            if marked:
                p.dot(x, y, width * 3.2, p.ground if hollow else colour, colour)
            if numbered and (points < 6 or p.chance(0.6)):
                p.say(x, y - p.size * p.rng.choice([1, 1, -1]), f"{level[i] * 100:.0f}", "mm", 0.9, True, colour)
        if p.chance(0.7):
            at = int(p.rng.integers(points))
            p.say(float(xs[at]), float(ys[at]) + p.size * 1.6, phrase(p.rng, 1, 2), "mm", 0.9, True, colour)
    for i in range(0, points, max(1, points // int(p.rng.integers(3, 9)))):
        p.say(float(xs[i]), base + p.size, str(1990 + i), "mm", 0.9)
    if p.chance(0.6):
        p.line([(x0 + p.size * 2, base), (x1, base)], p.ink, 0.8)


def dots(p: Paper, place: Place) -> None:
    """Rows of marks on a line each, joined or not, with numbers beside them: changes, ranges, ratings."""
    x0, y0, x1, y1 = place
    rows, marks = int(p.rng.choice([2, 3, 4, 6, 9, 14])), int(p.rng.integers(1, 5))
    left = x0 + (x1 - x0) * p.rng.uniform(0.12, 0.35)
    step, ruled, joined = (y1 - y0) / (rows + 1), p.chance(0.6), p.chance(0.5)
    radius = min(step * 0.3, p.size * p.rng.uniform(0.3, 1.0))
    for i in range(rows):
        y = y0 + step * (i + 1.2)
        at = left + (x1 - left - p.size) * np.sort(p.rng.uniform(0.05, 0.95, marks))
        p.say(left - p.size, y, phrase(p.rng, 1, 2), "rm", float(np.clip(step / p.size * 0.5, 0.5, 1)))
        if ruled:
            p.line([(left, y), (x1, y)], (190, 190, 190), 0.6)
        if joined and marks > 1:
            p.line([(at[0], y), (at[-1], y)], p.colours[4], 2.5)
        for j, x in enumerate(at):
            p.dot(x, y, radius, p.colours[j], p.ground)
            said = f"{(x - left) / (x1 - left) * 100:.0f}{'%' if i == 0 else ''}"
            p.say(x, y + radius + p.size * 0.6, said, "mm", 0.8, ink=p.colours[j] if p.chance(0.7) else None)
            if i == 0:
                p.say(x, y - step * 0.5, phrase(p.rng, 1, 1), "mm", 0.8, True, p.colours[j])
    p.line([(left, y1), (x1, y1)], p.ink, 0.6)


def rounds(p: Paper, place: Place) -> None:
    """One to six pies or rings, with a number in the middle, in or around the parts; whole or half."""
    x0, y0, x1, y1 = place
    count = int(p.rng.choice([1, 1, 2, 3, 4, 6]))
    across = count if (x1 - x0) > (y1 - y0) * 1.4 or count < 3 else -(-count // 2)
    down = -(-count // across)
    ring, parts, flat = p.chance(0.55), int(p.rng.choice([2, 2, 3, 4, 5, 7])), p.chance(0.12)
    sweep = 180.0 if p.chance(0.1) else 360.0
    for i in range(count):
        cell = ((x1 - x0) / across, (y1 - y0) / down)
        x, y = x0 + cell[0] * (i % across + 0.5), y0 + cell[1] * (i // across + 0.5)
        radius = min(cell[0] * 0.33, cell[1] * 0.36)
        shares, start = p.rng.dirichlet(np.full(parts, 1.5)), 180.0 if sweep == 180.0 else p.rng.choice([-90.0, 30.0])
        box = (x - radius, y - radius * (0.55 if flat else 1), x + radius, y + radius * (0.55 if flat else 1))
        if flat:
            low = (box[0], box[1] + radius * 0.2, box[2], box[3] + radius * 0.2)
            p.draw.ellipse(low, tuple(int(v * 0.6) for v in p.colours[0]))
        for j, share in enumerate(shares):
            end = start + sweep * share
            fill = p.colours[j] if parts > 2 or j == 0 else (205, 205, 205)
            p.draw.pieslice(box, start, end, fill, p.ground, 3)
            middle = np.deg2rad((start + end) / 2)
            far = radius * (1.18 if p.chance(0.6) else 0.65)
            if share > 0.05 and not (ring and count > 2):
                at = x + far * np.cos(middle), y + far * np.sin(middle)
                said = f"{share * 100:.0f}%" if p.chance(0.7) else phrase(p.rng, 1, 2)
                p.say(*at, said, "mm", 0.9, ink=ink_on(fill) if far < radius else None)
            start = end
        if ring:
            inner = radius * p.rng.uniform(0.45, 0.75)
            p.draw.ellipse((x - inner, y - inner, x + inner, y + inner), p.ground)
            p.say(
                x,
                y,
                f"{shares[0] * 100:.0f}%",
                "mm",
                inner / p.size * 0.6,
                True,
                p.colours[0] if p.chance(0.5) else None,
            )
        if count > 1 or p.chance(0.3):
            p.say(x, y + cell[1] * 0.44, phrase(p.rng, 1, 3), "mm")


def counted(p: Paper, place: Place) -> None:
    """Rows of small figures (people, squares, rounds), as many of them in colour as the number beside them says."""
    x0, y0, x1, y1 = place
    groups = int(p.rng.integers(1, 5))
    shape, across, down = int(p.rng.integers(3)), int(p.rng.choice([5, 10])), int(p.rng.choice([1, 2, 5, 10]))
    wide = (x1 - x0) / groups
    cell = min(wide * 0.85 / across, (y1 - y0) * 0.6 / down)
    pale = tuple((2 * a + b) // 3 for a, b in zip(p.ground, p.ink, strict=True))
    for group in range(groups):
        share, left = p.rng.random(), x0 + wide * group + (wide - cell * across) / 2
        for i in range(across * down):
            x, y = left + cell * (i % across), y0 + p.size * 3 + cell * (i // across)
            fill = p.colours[group if groups < 4 else 0] if i < share * across * down else pale
            if shape == 0:
                p.dot(x + cell / 2, y + cell * 0.25, cell * 0.14, fill)  # type: ignore[arg-type]
                p.fill((x + cell * 0.32, y + cell * 0.42, x + cell * 0.68, y + cell * 0.92), fill)  # type: ignore[arg-type]
            elif shape == 1:
                p.fill((x + cell * 0.08, y + cell * 0.08, x + cell * 0.92, y + cell * 0.92), fill)  # type: ignore[arg-type]
            else:
                p.dot(x + cell / 2, y + cell / 2, cell * 0.4, fill)  # type: ignore[arg-type]
        middle = x0 + wide * (group + 0.5)
        p.say(middle, y0 + p.size, phrase(p.rng, 1, 2), "mm")
        p.say(
            middle, y0 + p.size * 4 + cell * down, f"{share * 100:.0f}%", "mm", p.rng.uniform(1, 2), True, p.colours[0]
        )


def tiles(p: Paper, place: Place) -> None:
    """A place parted into areas by size, each with a name and a number."""

    def part(box: Place, shares: list[float], first: int) -> None:
        x0, y0, x1, y1 = box
        if len(shares) == 1:
            fill = p.colours[first % 8]
            p.fill(box, fill, p.ground)
            p.say(x0 + p.size * 0.6, y0 + p.size, phrase(p.rng, 1, 1), "lm", ink=ink_on(fill))
            if y1 - y0 > p.size * 3:
                p.say(x0 + p.size * 0.6, y0 + p.size * 2.2, f"{shares[0] * 100:.0f}%", "lm", 1, True, ink_on(fill))
            return
        half = len(shares) // 2
        share = sum(shares[:half]) / sum(shares)
        if x1 - x0 > y1 - y0:
            cut = x0 + (x1 - x0) * share
            part((x0, y0, cut, y1), shares[:half], first)
            part((cut, y0, x1, y1), shares[half:], first + half)
        else:
            cut = y0 + (y1 - y0) * share
            part((x0, y0, x1, cut), shares[:half], first)
            part((x0, cut, x1, y1), shares[half:], first + half)

    part(place, sorted(p.rng.dirichlet(np.full(int(p.rng.integers(4, 16)), 1.2)).tolist(), reverse=True), 0)


def steps(p: Paper, place: Place) -> None:
    """A sum built up by columns that begin where the last ends."""
    x0, y0, x1, y1 = place
    count = int(p.rng.integers(4, 10))
    changes = p.rng.normal(0.05, 0.15, count)
    changes[0] = p.rng.uniform(0.3, 0.6)
    ends = np.clip(np.cumsum(changes), 0.05, 1)
    base, top, step = y1 - p.size * 2, y0 + p.size * 2, (x1 - x0) / count
    _grid(p, (x0, top, x1, base), lying=False)
    for i, end in enumerate(ends):
        start = 0.0 if i in (0, count - 1) else ends[i - 1]
        a, b = (base - (base - top) * v for v in (start, end))
        fill = p.colours[0] if i in (0, count - 1) else p.colours[1 if end >= start else 2]
        p.fill((x0 + step * (i + 0.15), a, x0 + step * (i + 0.85), b), fill)
        p.say(x0 + step * (i + 0.5), min(a, b) - p.size * 0.7, f"{(end - start) * 100:+.0f}", "mm", 0.8)
        p.say(
            x0 + step * (i + 0.5),
            base + p.size * 0.8,
            phrase(p.rng, 1, 1),
            "mm",
            float(np.clip(step / p.size / 6, 0.5, 0.9)),
        )


CHARTS: dict[str, Draw] = {
    "lying bars": lying_bars, "parted bars": parted_bars, "facing bars": facing_bars, "columns": columns,
    "parted columns": parted_columns, "lines": lines, "dots": dots, "rounds": rounds, "counted": counted,
    "tiles": tiles, "steps": steps,
}  # fmt: skip


def chart(draw: Draw) -> Callable[[Rng], Image.Image]:
    """What makes pictures of such a chart: one or several on a sheet, with a heading, a legend, a note, or none."""

    def one(rng: Rng) -> Image.Image:
        width = rng.uniform(260, 900)
        p = Paper.of(rng, width, width * float(rng.choice([0.3, 0.45, 0.6, 0.6, 0.75, 1.0, 1.4])))
        x0, y0, x1, y1 = p.whole
        if p.chance(0.5):
            y0 = p.paragraph((x0, y0, x1, y1), p.rng.uniform(1, 1.7), True, int(rng.integers(1, 3))) + p.size * 0.5
        if p.chance(0.3):
            y0 = p.paragraph((x0, y0, x1, y1), 0.9, lines=int(rng.integers(1, 3))) + p.size * 0.5
        if p.chance(0.35):
            x = x0
            for fill in p.colours[: int(rng.integers(2, 5))]:
                p.fill((x, y0, x + p.size * 0.8, y0 + p.size * 0.8), fill)
                name = phrase(rng, 1, 2)
                p.say(x + p.size * 1.1, y0 + p.size * 0.4, name, "lm", 0.9)
                x += p.wide(name) + p.size * 2.2
            y0 += p.size * 1.8
        if p.chance(0.35):
            y1 -= p.size * 3
            p.paragraph((x0, y1 + p.size * 0.3, x1, y1 + p.size * 3), 0.75, ink=(130, 130, 130))
        wide = (x1 - x0) > 1.2 * (y1 - y0)
        across, down = ((1, 1), (1, 1), (1, 1), (2, 1), (3, 1) if wide else (2, 2), (2, 2))[int(rng.integers(6))]
        gap, kept = p.size * 1.2, p.size
        p.size *= 1 if across * down == 1 else 0.8
        for i in range(across * down):
            left, top = x0 + (x1 - x0) * (i % across) / across, y0 + (y1 - y0) * (i // across) / down
            place = (
                left + gap / 2,
                top + gap / 2,
                left + (x1 - x0) / across - gap / 2,
                top + (y1 - y0) / down - gap / 2,
            )
            if across * down > 1 and p.chance(0.7):
                p.say(place[0], place[1], phrase(rng, 1, 4), "lm", strong=True)
                place = (place[0], place[1] + p.size, *place[2:])
            draw(p, place)
        p.size = kept
        return p.done()

    return one
