"""Texts, slides and mixed pages: what stands around figures, and what is no figure of any one kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PIL import Image

from benchmarks.sight.paper import MONO, Colour, Paper, Place, Rng, colour, ink_on, phrase

Make = Callable[[Rng], Image.Image]


def column(rng: Rng) -> Image.Image:
    """One to three columns of a paper or a book, set even on both sides, with headings between."""
    across = int(rng.choice([1, 1, 2, 2, 3]))
    width = rng.uniform(220, 420) * across
    p = Paper.of(rng, width, width * rng.uniform(0.12, 1.5) / across**0.5, 0.06)
    p.size = 2 * rng.uniform(8, 22)
    x0, y0, x1, y1 = p.whole
    _columns(p, (x0, y0, x1, y1), across, p.chance(0.75))
    return p.done()


def _columns(p: Paper, place: Place, across: int, justified: bool) -> None:
    x0, y0, x1, y1 = place
    gap = p.size
    for i in range(across):
        left = x0 + (x1 - x0 + gap) * i / across
        right, y = left + (x1 - x0 + gap) / across - gap, y0
        while y < y1 - p.size * 2:
            if p.chance(0.25):
                y = p.paragraph((left, y + p.size * 0.4, right, y1), p.rng.uniform(1, 1.3), True, 1)
            y = p.paragraph((left, y, right, y1), lines=int(p.rng.integers(2, 16)), justified=justified)
            y += p.size * p.rng.uniform(0, 0.8)


def code(rng: Rng) -> Image.Image:
    """A program or a log: lines of unlike lengths, deeper and less deep, some words of them in colours."""
    rows = int(rng.integers(4, 45))
    p = Paper.of(rng, rng.uniform(300, 800), rows * 15 + 20, 0.3)
    p.size, depth = 2 * rng.uniform(8, 13), 0
    p.plain = p.strong = str(rng.choice(MONO)) if MONO and p.chance(0.8) else p.plain
    lit = [p.ink, p.ink, *(p.colours[:3] if p.chance(0.7) else [p.ink])]
    for row in range(rows):
        depth = max(0, min(5, depth + int(rng.integers(-1, 2))))
        x, y = 14 + depth * p.size * 2, 14 + row * 30.0
        if p.chance(0.1):
            continue
        for _ in range(int(rng.integers(1, 9))):
            word = phrase(rng, 1, 1).lower() + str(rng.choice(["", "", "(", ")", " =", ":", ",", "()", ";", "."]))
            p.say(x, y, word, "lt", ink=lit[int(rng.integers(len(lit)))])
            x += p.wide(word + " ")
    return p.done()


def headline(rng: Rng) -> Image.Image:
    """A line or two of large letters, cut close, as a heading that is drawn is."""
    p = Paper.of(rng, rng.uniform(200, 800), rng.uniform(60, 160), 0.25)
    p.size = p.image.height * rng.uniform(0.2, 0.5)
    y = p.paragraph((8, 4, p.image.width - 8, p.image.height), strong=p.chance(0.7), lines=int(rng.integers(1, 3)))
    return p.done().crop((0, 0, p.image.width // 2, max(24, int(y / 2 + 4))))


def bullets(rng: Rng) -> Image.Image:
    """A slide of points, or a title alone."""
    p, (x0, y0, x1, y1) = _slide(rng)
    if p.chance(0.2):
        p.paragraph((x0 + (x1 - x0) * 0.1, (y0 + y1) / 2, x1, y1), 2.2, True, 2)
        return p.done()
    y = y0
    while y < y1 - p.size * 2 and p.chance(0.9):
        deeper = p.size * 1.5 * p.chance(0.35)
        p.dot(x0 + deeper + p.size * 0.4, y + p.size * 0.6, p.size * 0.18, p.ink)
        y = p.paragraph((x0 + deeper + p.size * 1.3, y, x1, y1), 0.9 if deeper else 1.1, lines=int(rng.integers(1, 4)))
        y += p.size * rng.uniform(0.2, 1.2)
    return p.done()


def _slide(rng: Rng) -> tuple[Paper, Place]:
    """A slide with its title, bars and footer, and the place that is left."""
    width = rng.uniform(480, 900)
    p = Paper.of(rng, width, width * float(rng.choice([0.5625, 0.75, 0.75, 1.3])), 0.3)
    p.size = 2 * width * rng.uniform(0.016, 0.03)
    w, h = p.image.size
    top, bottom = h * rng.uniform(0.08, 0.2), h * rng.uniform(0.88, 0.97)
    if p.chance(0.45):
        p.fill((0, 0, w, top), p.colours[0])
    elif p.chance(0.3):
        p.fill((0, 0, w * 0.02, h), p.colours[0])
    if p.chance(0.85):
        band = p.image.getpixel((w // 2, int(top / 2)))
        p.say(w * 0.05, top / 2, phrase(rng, 2, 6), scale=rng.uniform(1.2, 1.9), strong=True, ink=ink_on(band))  # type: ignore[arg-type]
    if p.chance(0.4):
        p.line([(w * 0.04, top), (w * 0.96, top)], p.colours[1], 1.5)
    if p.chance(0.6):
        p.say(w * 0.95, (bottom + h) / 2, str(rng.integers(1, 90)), "rm", 0.7)
        p.say(w * 0.05, (bottom + h) / 2, phrase(rng, 1, 4), scale=0.6)
    return p, (w * 0.05, top + p.size, w * 0.95, bottom - p.size * 0.5)


def slide(image: Image.Image, rng: Rng) -> Image.Image:
    """A slide that shows a figure, with or without points beside it."""
    p, (x0, y0, x1, y1) = _slide(rng)
    if p.chance(0.25):
        cut = x0 + (x1 - x0) * rng.uniform(0.25, 0.4)
        p.paragraph((x0, y0, cut - p.size, y1), lines=int(rng.integers(2, 14)))
        x0 = cut
    _put(p, image, (x0, y0, x1, y1))
    return p.done()


def _put(p: Paper, image: Image.Image, place: Place, cover: bool = False) -> None:
    """The picture into the place's middle, or over all of it."""
    x0, y0, x1, y1 = place
    scales = (x1 - x0) / image.width, (y1 - y0) / image.height
    scale = max(scales) if cover else min(scales)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    part = image.resize(size)
    if cover:
        part = part.crop((0, 0, min(size[0], int(x1 - x0)), min(size[1], int(y1 - y0))))
    at = (int((x0 + x1 - part.width) / 2), int((y0 + y1 - part.height) / 2))
    p.image.paste(part, at)


def page(figure: Make) -> Make:
    """A whole page of columns of text, a figure somewhere among them, or none; a side or a head in colour."""

    def one(rng: Rng) -> Image.Image:
        width = rng.uniform(420, 760)
        p = Paper.of(rng, width, width * rng.uniform(1.2, 1.45), 0.12)
        p.size = 2 * width / rng.uniform(55, 95)
        w, h = p.image.size
        edge = w * rng.uniform(0.06, 0.16)
        x0, y0, x1, y1 = edge, edge * 1.1, w - edge, h - edge * 1.1
        if p.chance(0.3):
            p.fill((0, 0, edge * 0.7, h) if p.chance(0.5) else (0, 0, w, edge), p.colours[0])
        if p.chance(0.5):
            y0 = p.paragraph((x0, y0, x1, y1), rng.uniform(1.6, 3), True, int(rng.integers(1, 3))) + p.size
        across, justified = int(rng.choice([1, 2, 2, 3])), p.chance(0.5)
        high = (y1 - y0) * rng.uniform(0.15, 0.42)
        top = p.chance(0.5)
        place = (x0, y0, x1, y0 + high) if top else (x0, y1 - high, x1, y1)
        for _ in range(int(rng.integers(1, 3))):
            _put(p, figure(rng), place, p.chance(0.3))
            place = (place[0] + (x1 - x0) * 0.5, *place[1:])
        text = (x0, y0 + high + p.size, x1, y1) if top else (x0, y0, x1, y1 - high - p.size)
        _columns(p, text, across, justified)
        return p.done()

    return one


def collage(figure: Make) -> Make:
    """Pictures, texts on colour and large numbers side by side, as in leaflets, posters and magazines."""

    def one(rng: Rng) -> Image.Image:
        p = Paper.of(rng, rng.uniform(300, 800), rng.uniform(250, 900), 0.5)
        across, down = int(rng.integers(1, 5)), int(rng.integers(2, 5))
        x0, y0, x1, y1 = p.whole
        if p.chance(0.6):
            y0 = p.paragraph((x0, y0, x1, y1), rng.uniform(1.5, 3), True, int(rng.integers(1, 3))) + p.size
        gap = p.size * rng.uniform(0, 1)
        for i in range(across * down):
            w, h = (x1 - x0) / across, (y1 - y0) / down
            left, top = x0 + w * (i % across), y0 + h * (i // across)
            place = (left + gap, top + gap, left + w - gap, top + h - gap)
            if place[2] - place[0] < 20 or place[3] - place[1] < 20:
                continue
            what, fill = rng.random(), p.ground
            if p.chance(0.4):
                fill = p.colours[int(rng.integers(8))] if p.chance(0.5) else colour(rng, 0.7, 1)
                p.fill(place, fill)
            ink: Colour = ink_on(fill)
            if what < 0.35:
                _put(p, figure(rng), place, True)
            elif what < 0.75:
                inner = (place[0] + p.size / 2, place[1] + p.size / 2, place[2] - p.size / 2, place[3])
                y = p.paragraph(inner, 1.1, True, 1, ink=ink)
                p.paragraph((inner[0], y, *inner[2:]), 0.8, ink=ink)
            elif what < 0.85:
                p.say(
                    (place[0] + place[2]) / 2,
                    (place[1] + place[3]) / 2,
                    f"{rng.integers(1, 99)}%",
                    "mm",
                    2.5,
                    True,
                    ink,
                )
            elif what < 0.95:
                _icon(p, place, p.colours[int(rng.integers(8))])
        return p.done()

    return one


def _icon(p: Paper, place: Place, fill: Colour) -> None:
    """Some simple shapes on each other."""
    x, y = (place[0] + place[2]) / 2, (place[1] + place[3]) / 2
    r = min(place[2] - place[0], place[3] - place[1]) * 0.35
    if p.chance(0.6):
        p.dot(x, y, r, fill)
        fill = ink_on(fill)
    for _ in range(int(p.rng.integers(1, 4))):
        dx, dy = p.rng.uniform(-r / 3, r / 3, 2)
        if p.chance(0.5):
            p.fill((x + dx - r * 0.3, y + dy - r * 0.2, x + dx + r * 0.3, y + dy + r * 0.3), fill, p.ground)
        else:
            p.dot(x + dx, y + dy, r * 0.25, fill, p.ground)


def ornament(rng: Rng) -> Image.Image:
    """Bands, blends, rules, frames and patterns with few words or none."""
    p = Paper.of(rng, rng.uniform(60, 700), rng.uniform(40, 500), 0.6)
    w, h = p.image.size
    if p.chance(0.5):
        a, b = colour(rng), colour(rng, 0.5)
        for y in range(0, h, 2):
            p.fill((0, y, w, y + 2), tuple(int(u + (v - u) * y / h) for u, v in zip(a, b, strict=True)))  # type: ignore[arg-type]
    for _ in range(int(rng.integers(0, 6))):
        x0, y0 = rng.uniform(0, w), rng.uniform(0, h)
        fill = p.colours[int(rng.integers(8))]
        if p.chance(0.4):
            p.fill((x0, y0, x0 + rng.uniform(0, w), y0 + rng.uniform(0, h)), fill)
        elif p.chance(0.5):
            p.dot(x0, y0, rng.uniform(0, h / 2), fill)
        else:
            p.line([(x0, y0), (rng.uniform(0, w), rng.uniform(0, h))], fill, rng.uniform(1, 12))
    if p.chance(0.3):
        p.fill((4, 4, w - 4, h - 4), None, p.colours[0], 3)
    if p.chance(0.4):
        p.say(w / 2, h / 2, phrase(rng, 1, 4), "mm", rng.uniform(1, 3), True, p.colours[1])
    return p.done()


def any_of(makers: Sequence[Make]) -> Make:
    """What makes a picture by one of these."""
    return lambda rng: makers[int(rng.integers(len(makers)))](rng)
