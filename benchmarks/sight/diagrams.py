"""Diagrams in colour, as papers, slides and textbooks have them: parts with words, and how they hang together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.sight.paper import Colour, Paper, Place, Rng, ink_on, phrase


def _box(p: Paper, place: Place, fill: Colour | None, words: int = 2, round_: bool = False) -> None:
    outline = p.ink if fill is None or p.chance(0.5) else None
    width = 3 if outline else 0
    radius = min(place[2] - place[0], place[3] - place[1]) * 0.25 if round_ else 0
    p.draw.rounded_rectangle(place, radius, fill, outline, width)
    middle = (place[0] + place[2]) / 2, (place[1] + place[3]) / 2
    said = phrase(p.rng, 1, words)
    scale = float(np.clip((place[2] - place[0]) * 0.85 / max(p.wide(said), 1), 0.35, 1.1))
    p.say(*middle, said, "mm", scale, p.chance(0.3), ink_on(fill or p.ground))


def _arrow(p: Paper, start: tuple[float, float], end: tuple[float, float], ink: Colour, width: float = 1.2) -> None:
    a, b = np.array(start), np.array(end)
    along = (b - a) / max(float(np.linalg.norm(b - a)), 1e-6)
    side, head = np.array([-along[1], along[0]]), 5 + 5 * width
    p.line([tuple(a), tuple(b - along * head * 0.8)], ink, width)
    p.draw.polygon(
        [tuple(b), tuple(b - along * head + side * head / 2), tuple(b - along * head - side * head / 2)], ink
    )


def _cells(p: Paper, place: Place, across: int, down: int, share: float) -> list[Place]:
    x0, y0, x1, y1 = place
    w, h = (x1 - x0) / across, (y1 - y0) / down
    edge = (1 - share) / 2
    spots = [(x0 + w * (i % across), y0 + h * (i // across)) for i in range(across * down)]
    return [(x + w * edge, y + h * edge, x + w * (1 - edge), y + h * (1 - edge)) for x, y in spots]


def flow(p: Paper, place: Place) -> None:
    """Boxes in rows, joined to the next, some of them in frames with a name."""
    across, down = int(p.rng.integers(2, 6)), int(p.rng.integers(1, 5))
    cells, round_ = _cells(p, place, across, down, p.rng.uniform(0.5, 0.75)), p.chance(0.5)
    if p.chance(0.4):
        for i in range(0, across * down, across):
            first, last = cells[i], cells[i + across - 1]
            frame = (first[0] - p.size, first[1] - p.size, last[2] + p.size, last[3] + p.size * 0.6)
            pale = tuple((a + 5 * b) // 6 for a, b in zip(p.colours[i % 8], p.ground, strict=True))
            p.draw.rounded_rectangle(frame, 12, pale, p.colours[i % 8], 2)
            p.say(frame[0] + 6, frame[1] + p.size * 0.5, phrase(p.rng, 1, 2), scale=0.7, strong=True)
    plain = p.chance(0.3)
    for i, cell in enumerate(cells):
        if i % across + 1 < across and p.chance(0.85):
            y = (cell[1] + cell[3]) / 2
            _arrow(p, (cell[2], y), (cells[i + 1][0], y), p.ink)
        if i + across < len(cells) and p.chance(0.5):
            x = (cell[0] + cell[2]) / 2
            _arrow(p, (x, cell[3]), (x, cells[i + across][1]), p.ink)
        _box(p, cell, None if plain else p.colours[(i // across if p.chance(0.7) else i) % 8], 3, round_)


def tree(p: Paper, place: Place) -> None:
    """A head and those below it, by straight lines, downwards or to the right."""
    levels = [1, int(p.rng.integers(2, 5)), int(p.rng.integers(4, 10)), int(p.rng.integers(6, 16))][
        : int(p.rng.integers(2, 5))
    ]
    x0, y0, x1, y1 = place
    right, before = p.chance(0.4), []  # type: ignore[var-annotated]
    for level, count in enumerate(levels):
        now = []
        for i in range(count):
            a, b = (level + 0.5) / len(levels), (i + 0.5) / count
            x, y = (x0 + (x1 - x0) * (a if right else b), y0 + (y1 - y0) * (b if right else a))
            half = (
                (x1 - x0) / (len(levels) if right else count) * 0.36,
                min((y1 - y0) / (count if right else len(levels)) * 0.3, p.size * 1.5),
            )
            if before:
                up = before[i * len(before) // count]
                if right:
                    middle = (up[0] + x) / 2
                    p.line([up, (middle, up[1]), (middle, y), (x, y)], p.ink, 0.8)
                else:
                    middle = (up[1] + y) / 2
                    p.line([up, (up[0], middle), (x, middle), (x, y)], p.ink, 0.8)
            now.append((x, y, half))
        for x, y, half in now:
            _box(p, (x - half[0], y - half[1], x + half[0], y + half[1]), p.colours[level], 2)
        before = [(x, y) for x, y, _ in now]


def cycle(p: Paper, place: Place) -> None:
    """Rounds or boxes in a circle, with arrows from each to the next, and something in the middle."""
    count = int(p.rng.integers(3, 9))
    x, y = (place[0] + place[2]) / 2, (place[1] + place[3]) / 2
    radius = np.array([place[2] - place[0], place[3] - place[1]]) * 0.36
    half = min(radius) * min(1.0, 4.0 / count) * 0.5
    turns = np.linspace(0, 2 * np.pi, count, endpoint=False) - np.pi / 2
    spots = [(x + radius[0] * np.cos(t), y + radius[1] * np.sin(t)) for t in turns]
    spokes = p.chance(0.35)
    for i, spot in enumerate(spots):
        other = (x, y) if spokes else spots[(i + 1) % count]
        a, b = np.array(spot), np.array(other)
        along = (b - a) / max(float(np.linalg.norm(b - a)), 1e-6)
        _arrow(
            p,
            tuple(a + along * half),
            tuple(b - along * half),
            p.colours[7] if p.chance(0.5) else p.ink,
            p.rng.uniform(1, 4),
        )
    for i, (u, v) in enumerate(spots + ([(x, y)] if spokes or p.chance(0.4) else [])):
        if i % 2 == 0 or p.chance(0.6):
            p.dot(u, v, half, p.colours[i % 8], p.ground)
            p.say(
                u,
                v,
                phrase(p.rng, 1, 1),
                "mm",
                float(np.clip(half / p.size / 2.5, 0.4, 1.1)),
                ink=ink_on(p.colours[i % 8]),
            )
        else:
            _box(p, (u - half, v - half * 0.6, u + half, v + half * 0.6), p.colours[i % 8], 1, True)


def chevrons(p: Paper, place: Place) -> None:
    """Steps as arrows in a row or as dates along a line, with some words below each."""
    x0, y0, x1, y1 = place
    count = int(p.rng.integers(3, 8))
    step, high, dated = (x1 - x0) / count, min((y1 - y0) * 0.35, p.size * 4), p.chance(0.4)
    middle = y0 + (y1 - y0) * (0.5 if dated else 0.25)
    if dated:
        p.line([(x0, middle), (x1, middle)], p.colours[0], 3)
    for i in range(count):
        x, fill = x0 + step * i, p.colours[i % 8]
        if dated:
            p.dot(x + step / 2, middle, p.size * 0.5, fill, p.ground)
            up = -1 if i % 2 else 1
            p.line([(x + step / 2, middle), (x + step / 2, middle + up * high * 0.5)], fill)
            p.say(x + step / 2, middle - up * p.size * 1.2, str(1990 + i * 3), "mm", 1, True, fill)
            top = middle + high * 0.5 if up > 0 else y0
            p.paragraph((x + 6, top, x + step - 6, min(top + high, y1)), 0.75, lines=4)
            continue
        tip = step * 0.18
        over, under, bend = middle - high / 2, middle + high / 2, x + step - tip
        p.draw.polygon(
            [(x, over), (bend, over), (x + step, middle), (bend, under), (x, under), (x + tip, middle)], fill
        )
        p.say(
            x + step * 0.55,
            middle,
            phrase(p.rng, 1, 1),
            "mm",
            float(np.clip(step / p.size / 6, 0.4, 1)),
            ink=ink_on(fill),
        )
        p.paragraph((x + 6, middle + high / 2 + 8, x + step - 10, y1), 0.75, lines=int(p.rng.integers(0, 7)))


def layers(p: Paper, place: Place) -> None:
    """What lies on each other: slabs, a pyramid, a funnel, blocks drawn as bodies."""
    x0, y0, x1, y1 = place
    count, form = int(p.rng.integers(3, 8)), int(p.rng.integers(4))
    step, middle = (y1 - y0) / (count + 0.5), (x0 + x1) / 2
    for i in range(count):
        y, fill = y0 + step * i, p.colours[i % 8]
        if form in (1, 2):
            wide = [(x1 - x0) / 2 * ((j if form == 1 else count - j) + 0.2) / count for j in (i, i + 1)]
            low = y + step * 0.94
            corners = [(middle - wide[0], y), (middle + wide[0], y), (middle + wide[1], low), (middle - wide[1], low)]
            p.draw.polygon(corners, fill)
        elif form == 3:
            left, wide_, high, deep = (
                x0 + (x1 - x0) * i / count,
                (x1 - x0) / count * 0.55,
                (y1 - y0) * p.rng.uniform(0.2, 0.8),
                step * 0.3,
            )
            shade: Colour = tuple(int(v * 0.7) for v in fill)  # type: ignore[assignment]
            right, top = left + wide_, y1 - high
            back, up = right + deep, top - deep
            p.draw.polygon([(right, top), (back, up), (back, y1 - deep), (right, y1)], shade)
            p.draw.polygon([(left, top), (left + deep, up), (back, up), (right, top)], shade, p.ink)
            p.draw.rectangle((left, y1 - high, left + wide_, y1), fill, p.ink)
            p.say(left + wide_ / 2, y1 - high / 2, phrase(p.rng, 1, 1), "mm", 0.6, ink=ink_on(fill))
            continue
        else:
            p.fill((x0, y, x1 - step, y + step * 0.85), fill)
        p.say(middle, y + step * 0.45, phrase(p.rng, 1, 3), "mm", 0.9, ink=ink_on(fill))


def network(p: Paper, place: Place) -> None:
    """Nodes with lines between all of one row and the next, or between neighbours; some with names."""
    x0, y0, x1, y1 = place
    if p.chance(0.5):
        rows = [int(v) for v in p.rng.integers(2, 8, int(p.rng.integers(2, 6)))]
        nodes = [
            (x0 + (x1 - x0) * (i + 0.5) / len(rows), y0 + (y1 - y0) * (j + 0.5) / count, i)
            for i, count in enumerate(rows)
            for j in range(count)
        ]
        joined = [(a, b) for a in nodes for b in nodes if b[2] == a[2] + 1]
    else:
        spots = p.rng.uniform(0.05, 0.95, (int(p.rng.integers(6, 30)), 2))
        nodes = [(x0 + (x1 - x0) * u, y0 + (y1 - y0) * v, i % 4) for i, (u, v) in enumerate(spots)]
        joined = [
            (a, b) for a in nodes for b in sorted(nodes, key=lambda n: (n[0] - a[0]) ** 2 + (n[1] - a[1]) ** 2)[1:3]
        ]
    radius, named = min(x1 - x0, y1 - y0) * p.rng.uniform(0.02, 0.06), p.chance(0.6)
    for a, b in joined:
        if p.chance(0.3):
            _arrow(p, a[:2], b[:2], (120, 120, 120), 0.8)
        else:
            p.line([a[:2], b[:2]], (120, 120, 120), 0.8)
    for x, y, row in nodes:
        p.dot(x, y, radius, p.colours[row % 8], p.ink if p.chance(0.5) else None)
        if named:
            p.say(x, y + radius + p.size * 0.5, phrase(p.rng, 1, 1), "mm", 0.7)


def circles(p: Paper, place: Place) -> None:
    """Two to four circles that share a part, in see-through colours, or one within another."""
    x, y, count = (place[0] + place[2]) / 2, (place[1] + place[3]) / 2, int(p.rng.integers(2, 5))
    least, nested = min(place[2] - place[0], place[3] - place[1]), p.chance(0.3)
    for i in range(count):
        turn = 2 * np.pi * i / count + 0.5
        u, v, r = (x + least * 0.18 * np.cos(turn), y + least * 0.18 * np.sin(turn), least * 0.28)
        if nested:
            r = least * 0.48 * (1 - i / (count + 0.5))
            u, v = x, y + least * 0.48 - r
        over = Image.new("RGB", p.image.size, p.colours[i])
        mask = Image.new("L", p.image.size, 0)
        ImageDraw.Draw(mask).ellipse((u - r, v - r, u + r, v + r), 140)
        p.image.paste(over, (0, 0), mask)
        at = (u, v - r * 0.85) if nested else (u + r * 0.5 * np.cos(turn), v + r * 0.5 * np.sin(turn))
        p.say(*at, phrase(p.rng, 1, 1), "mm", 0.9)


def machine(p: Paper, place: Place) -> None:
    """A thing of odd shapes, in outline or in colour, with lines from its parts to their names at the sides."""
    x0, y0, x1, y1 = place
    w, h = x1 - x0, y1 - y0
    for _ in range(int(p.rng.integers(3, 10))):
        x, y = x0 + w * p.rng.uniform(0.3, 0.7), y0 + h * p.rng.uniform(0.2, 0.8)
        turns = np.linspace(0, 6.28, int(p.rng.integers(4, 14)))
        far = p.rng.uniform(0.5, 1.3, (len(turns), 2))
        points = [
            (x + w * 0.13 * np.cos(t) * a, y + h * 0.18 * np.sin(t) * b) for t, (a, b) in zip(turns, far, strict=True)
        ]
        p.draw.polygon(points, p.colours[int(p.rng.integers(8))] if p.chance(0.6) else p.ground, p.ink, 3)
    for i in range(int(p.rng.integers(3, 10))):
        left = i % 2 == 0
        y = y0 + h * (i + 0.5) / 10
        p.line(
            [
                (x0 + w * (0.2 if left else 0.8), y),
                (x0 + w * p.rng.uniform(0.35, 0.65), y0 + h * p.rng.uniform(0.25, 0.75)),
            ],
            p.ink,
            0.7,
        )
        p.say(x0 + w * (0.19 if left else 0.81), y, phrase(p.rng, 1, 2), "rm" if left else "lm", 0.8)


DIAGRAMS: dict[str, Callable[[Paper, Place], None]] = {
    "flow": flow, "tree": tree, "cycle": cycle, "chevrons": chevrons, "layers": layers, "network": network,
    "circles": circles, "machine": machine,
}  # fmt: skip


def diagram(draw: Callable[[Paper, Place], None]) -> Callable[[Rng], Image.Image]:
    """What makes pictures of such a diagram, with a heading or without."""

    def one(rng: Rng) -> Image.Image:
        width = rng.uniform(300, 900)
        p = Paper.of(rng, width, width * float(rng.choice([0.35, 0.5, 0.7, 0.75, 1.0, 1.3])), 0.2)
        x0, y0, x1, y1 = p.whole
        if p.chance(0.35):
            y0 = p.paragraph((x0, y0, x1, y1), p.rng.uniform(1, 1.7), True, 1) + p.size
        draw(p, (x0, y0, x1, y1))
        return p.done()

    return one
