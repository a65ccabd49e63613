"""Tables as reports, papers and company filings have them; see `charts` for how they are used."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from benchmarks.sight.paper import Colour, Paper, Rng, ink_on, number, phrase


def _pale(p: Paper) -> Colour:
    return tuple(235 + int(v) for v in p.rng.integers(-25, 20, 3))  # type: ignore[return-value]


def statement(rng: Rng) -> Image.Image:
    """Lines of a balance sheet: names to the left, some deeper, two to five columns of numbers far to the right."""
    rows, columns = int(rng.choice([2, 4, 8, 15, 25, 45])), int(rng.choice([2, 2, 3, 3, 5]))
    size = float(rng.choice([8, 9, 10, 11, 13]))
    step, width = size * rng.uniform(1.25, 1.9), rng.uniform(450, 950)
    p = Paper.of(rng, width, step * (rows + 4) + 20, 0.05)
    p.size, step = size * 2, step * 2
    x0, x1 = 10.0, p.image.width - 10.0
    cell = min((x1 - x0) * rng.uniform(0.09, 0.17), (x1 - x0) * 0.6 / columns)
    band = _pale(p) if p.chance(0.45) else None
    shaded = _pale(p) if band is None and p.chance(0.35) else None
    ends = [x1 - cell * (columns - 1 - column) for column in range(columns)]
    y = 10.0
    if p.chance(0.5):
        p.say(x0, y + p.size, phrase(rng, 2, 4), scale=1.2, strong=True)
        p.say(x0, y + p.size * 2.2, f"(in millions, except {phrase(rng, 1, 2)})", scale=0.8)
    y += step * 2.2
    for column, right in enumerate(ends):
        p.say(right, y, str(2021 - column), "rm", strong=True)
    p.line([(x0, y + step / 2), (x1, y + step / 2)], p.ink, 0.8)
    if shaded:
        p.fill(
            (x1 - cell * columns + p.size, y + step / 2, x1 - cell * (columns - 1) + p.size * 0.3, y + step * rows),
            shaded,
        )
    currency, boxed = p.chance(0.6), p.chance(0.3)
    for row in range(rows):
        y += step
        if band and row % 2:
            p.fill((x0, y - step / 2, x1, y + step / 2), band)
        total, heading = p.chance(0.2), p.chance(0.12)
        indent = p.size * (0 if total or heading else int(rng.integers(0, 3)))
        name = phrase(rng, 1, 6)
        p.say(x0 + indent, y, name + (":" if heading else ""), strong=total or heading)
        if heading:
            continue
        for right in ends:
            p.say(right, y, f"{rng.gamma(1, 2000):,.0f}" if p.chance(0.8) else number(rng), "rm", strong=total)
        if currency and (total or row == 0):
            _beside(p, ends, cell, y)
        if total:
            _sum(p, ends, cell, y, step, boxed)
    return p.done()


def _beside(p: Paper, ends: list[float], cell: float, y: float) -> None:
    """A currency before each number."""
    for right in ends:
        p.say(right - cell * 0.75, y, "$")


def _sum(p: Paper, ends: list[float], cell: float, y: float, step: float, boxed: bool) -> None:
    """Rules above, and below, the numbers of a sum."""
    for right in ends:
        p.line([(right - cell * 0.8, y - step / 2), (right, y - step / 2)], p.ink, 0.6)
        if boxed:
            p.line([(right - cell * 0.8, y + step / 2), (right, y + step / 2)], p.ink, 1.6)


def _pairs(p: Paper, left: float, cell: float, columns: int, y: float, step: float) -> None:
    """Names over two columns each."""
    for start in range(0, columns - 1, 2):
        a, b = left + cell * start, left + cell * (start + 2) - p.size
        p.say((a + b) / 2, y, phrase(p.rng, 1, 1), "mm", strong=True)
        p.line([(a, y + step / 2), (b, y + step / 2)], p.ink, 0.6)


def booktabs(rng: Rng) -> Image.Image:
    """A paper's table: rules above, below and under a head of two lines, small numbers, the best of them bold."""
    rows, columns = int(rng.integers(3, 18)), int(rng.integers(3, 11))
    size = float(rng.choice([8, 9, 10, 12]))
    cell, first = size * rng.uniform(3.4, 6), size * rng.uniform(6, 14)
    p = Paper.of(rng, first + cell * columns + 20, size * 1.6 * (rows + 6), 0.02)
    p.size = size * 2
    step, x0 = p.size * rng.uniform(1.25, 1.6), 12.0
    x1 = p.image.width - 12.0
    y = 12.0
    captions = int(rng.integers(0, 4))
    above = p.chance(0.5)
    if captions and above:
        y = p.paragraph((x0, y, x1, p.image.height), lines=captions) + p.size * 0.6
    p.line([(x0, y), (x1, y)], p.ink, 1.4)
    left, y = first * 2, y + step * 0.7
    if p.chance(0.5):
        _pairs(p, left, cell * 2, columns, y, step)
        y += step
    for column in range(columns):
        p.say(left + cell * 2 * (column + 0.5), y, phrase(rng, 1, 1)[:7], "mm", 0.95, p.chance(0.4))
    p.line([(x0, y + step / 2), (x1, y + step / 2)], p.ink, 0.8)
    digits, grid, more = int(rng.integers(1, 3)), p.chance(0.25), p.chance(0.25)
    top = y
    for _ in range(rows):
        y += step
        p.say(x0, y, phrase(rng, 1, 2)[: int(first / size * 1.6)])
        if grid or p.chance(0.12):
            p.line([(x0, y + step / 2), (x1, y + step / 2)], p.ink, 0.5)
        for column in range(columns):
            value = f"{rng.uniform(0, 100):.{digits}f}" + (f" \u00b1{rng.uniform(0, 3):.1f}" if more else "")
            p.say(left + cell * 2 * (column + 0.5), y, value, "mm", 0.7 if more else 0.95, p.chance(0.12),
                  p.colours[0] if p.chance(0.05) else None)  # fmt: skip
    if grid:
        for column in range(0, columns + 1, int(rng.choice([1, 2, 3]))):
            p.line([(left + cell * 2 * column, top), (left + cell * 2 * column, y + step / 2)], p.ink, 0.5)
    p.line([(x0, y + step / 2), (x1, y + step / 2)], p.ink, 1.4)
    if captions and not above:
        y = p.paragraph((x0, y + step, x1, p.image.height), lines=captions)
    return p.done().crop((0, 0, p.image.width // 2, min(int(y + step) // 2 + 4, p.image.height // 2)))


def cells(rng: Rng) -> Image.Image:
    """A grid of cells with words of several lines, numbers, ticks; a head in colour; large, as slides have them."""
    rows, columns = int(rng.integers(2, 12)), int(rng.integers(2, 7))
    wide, high = rng.uniform(60, 220), float(rng.choice([22, 30, 45, 70]))
    p = Paper.of(rng, wide * columns + 16, high * rows + 16, 0.15)
    p.size = 2 * min(high * 0.5, rng.uniform(9, 20))
    head, ruled, banded, side = p.colours[0], p.chance(0.7), p.chance(0.4), p.chance(0.3)
    kinds = [str(kind) for kind in rng.choice(["words", "number", "tick", "phrase"], columns, p=[0.35, 0.35, 0.1, 0.2])]
    kinds[0] = str(rng.choice(["words", "phrase", "phrase"]))
    black = p.chance(0.2)
    rule = tuple((a + b) // 2 for a, b in zip(p.ground, p.ink, strict=True)) if p.chance(0.5) else p.ground
    for row in range(rows):
        for column in range(columns):
            place = (
                16 + column * wide * 2,
                16 + row * high * 2,
                16 + (column + 1) * wide * 2,
                16 + (row + 1) * high * 2,
            )
            fill = p.ground
            if row == 0 and p.chance(0.97):
                fill = (15, 15, 15) if black else head
            elif (banded and row % 2) or (side and column == 0):
                fill = tuple((a + 4 * b) // 5 for a, b in zip(head, p.ground, strict=True))  # type: ignore[assignment]
            p.fill(place, fill, rule if ruled else None)  # type: ignore[arg-type]
            ink, x, y = ink_on(fill), place[0] + p.size * 0.5, (place[1] + place[3]) / 2
            if row == 0:
                p.say(x, y, phrase(rng, 1, 2), strong=True, ink=ink)
            elif kinds[column] == "number":
                p.say(place[2] - p.size * 0.5, y, number(rng), "rm", ink=ink)
            elif kinds[column] == "tick":
                p.say((place[0] + place[2]) / 2, y, str(rng.choice(["X", "Yes", "No", "\u2022", ""])), "mm", ink=ink)
            elif kinds[column] == "phrase":
                p.say(x, y, phrase(rng, 1, 2), ink=ink)
            else:
                p.paragraph((x, place[1] + p.size * 0.2, place[2] - p.size * 0.3, place[3]), 0.85, ink=ink)
    return p.done()


def listing(rng: Rng) -> Image.Image:
    """Rows of two to four columns without a rule: schedules, price lists, a contents page with dots to its numbers."""
    rows, columns = int(rng.integers(5, 30)), int(rng.integers(2, 5))
    size = float(rng.choice([9, 11, 14]))
    p = Paper.of(rng, rng.uniform(260, 700), size * 1.7 * rows + 30, 0.15)
    p.size = size * 2
    x0, y0, x1, _ = p.whole
    kinds = [str(kind) for kind in rng.choice(["number", "phrase", "date"], columns)]
    dotted = p.chance(0.25)
    for row in range(rows):
        y = y0 + p.size * (1 + row * 1.65)
        for column in range(columns):
            x = x0 + (x1 - x0) * column / columns
            if column == 0:
                name = phrase(rng, 1, 3)
                p.say(x, y, name, strong=row == 0)
            elif row == 0 and not dotted:
                p.say(x, y, phrase(rng, 1, 1), strong=True)
            elif kinds[column] == "number":
                p.say(x + (x1 - x0) * 0.6 / columns, y, number(rng), "rm")
            else:
                date = f"{int(rng.integers(1, 29)):02}.{int(rng.integers(1, 13)):02}.{int(rng.integers(1990, 2025))}"
                p.say(x, y, phrase(rng, 1, 2) if kinds[column] == "phrase" else date)
    return p.done()


def shaded(rng: Rng) -> Image.Image:
    """Numbers in cells of colours by what they are, or of a few for groups, with names at two sides."""
    rows, columns = int(rng.integers(3, 14)), int(rng.integers(3, 9))
    wide, high = rng.uniform(40, 110), rng.uniform(18, 40)
    p = Paper.of(rng, wide * (columns + 2), high * (rows + 2), 0.1)
    p.size = high * rng.uniform(0.7, 1.1)
    heat, base = p.chance(0.5), p.colours[0]
    for row in range(rows + 1):
        y = high * 2 * (row + 0.5)
        p.say(p.size, y + high, phrase(rng, 1, 2) if row else "", strong=p.chance(0.3))
        for column in range(columns):
            x = wide * 2 * (column + 1.7)
            share = rng.random()
            fill = tuple(int(255 - (255 - v) * share) for v in base) if heat else p.colours[(row // 3) % 8]
            if row and (heat or p.chance(0.4)):
                p.fill((x, y, x + wide * 2, y + high * 2), fill, p.ground)  # type: ignore[arg-type]
                p.say(x + wide, y + high, f"{share * 100:.1f}", "mm", ink=ink_on(fill))  # type: ignore[arg-type]
            else:
                p.say(x + wide, y + high, number(rng) if row else phrase(rng, 1, 1)[:8], "mm", strong=not row)
    return p.done()


def among(rng: Rng) -> Image.Image:
    """Any of the others with lines of text above and below, as it stands on a page."""
    table = (statement, booktabs, cells, listing, shaded)[int(rng.integers(5))](rng)
    p = Paper.of(rng, table.width + 20, table.height * rng.uniform(1.2, 1.9) + 60, 0.0)
    p.size = 2 * rng.uniform(9, 15)
    x0, y0, x1, y1 = p.whole
    left = y1 - y0 - table.height * 2
    top = p.paragraph((x0, y0, x1, y0 + left * rng.uniform(0, 1)), justified=p.chance(0.5)) + p.size / 2
    p.image.paste(table.resize((int(x1 - x0), table.height * 2)), (int(x0), int(top)))
    p.paragraph((x0, top + table.height * 2 + p.size / 2, x1, y1), justified=p.chance(0.5))
    return p.done()


TABLES: dict[str, Callable[[Rng], Image.Image]] = {
    "statement": statement, "booktabs": booktabs, "cells": cells, "listing": listing,
    "shaded": shaded, "among": among,
}  # fmt: skip
