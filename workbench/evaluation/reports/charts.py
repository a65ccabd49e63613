"""Charts as SVG, written by hand so that a report is one file without a script.

Every function takes plain values and gives one ``<svg>`` whose colours come from the report's style sheet. Marks carry
their values as ``data-`` attributes and as a ``<title>``; the caller puts a table with the same values beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from workbench.evaluation.reports.markup import el
from workbench.evaluation.reports.scales import Scale, cost_scale, quality_scale

WIDTH = 520
LEFT, RIGHT = 52, 14
LETTER = 6.3
"""About how wide a letter of a label is; labels are set where this says that they overlap nothing."""
MAX_LETTERS = 34

Format = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Point:
    """A system on a trade-off chart: its number in the tables, its cost, its quality with an interval if there is."""

    number: int
    label: str
    cost: float
    quality: float
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a stacked chart: (kind, what it is, how many), kinds being style classes."""

    label: str
    parts: Sequence[tuple[str, str, float]]


def front(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Which of some (cost, quality) no other one beats: at most its cost and at least its quality, one strictly."""
    return [
        not any(c <= cost and q >= quality and (c < cost or q > quality) for c, q in points) for cost, quality in points
    ]


def tradeoff(points: Sequence[Point], title: str, cost: str, quality: str, shown: Format) -> Markup:
    """Quality (up) against cost (right), the Pareto front joined by a stepped line."""
    height, top, bottom = 330, 16, 48
    x = cost_scale([point.cost for point in points], LEFT + 8, WIDTH - RIGHT)
    ends = [end for point in points for end in (point.interval or ())]
    y = quality_scale([*(point.quality for point in points), *ends], height - bottom, top)
    best = front([(point.cost, point.quality) for point in points])
    marks = []
    for point, on_front in zip(points, best, strict=True):
        at, up = x(point.cost), y(point.quality)
        text = f"{point.number} {point.label}: {quality} {point.quality:.3f}, {cost} {shown(point.cost)}"
        parts = []
        if point.interval:
            text += f", 95% interval {point.interval[0]:.3f} to {point.interval[1]:.3f}"
            low, high = y(point.interval[0]), y(point.interval[1])
            parts.append(el("line", class_="whisker", x1=_n(at), x2=_n(at), y1=_n(low), y2=_n(high)))
        parts += [
            el("title", text + (", on the Pareto front" if on_front else "")),
            el("circle", cx=_n(at), cy=_n(up), r=9),
            el("text", point.number, class_="number", x=_n(at), y=_n(up + 4)),
        ]
        marks.append(
            el(
                "g",
                *parts,
                class_="mark front" if on_front else "mark",
                data_cost=repr(point.cost),
                data_quality=repr(point.quality),
            )
        )
    return _svg(
        title,
        f"{sum(best)} of {len(points)} on the Pareto front. The table below has the values.",
        height,
        _axes(x, y, height - bottom, cost, quality, shown),
        _front_line([(x(p.cost), y(p.quality)) for p, on in zip(points, best, strict=True) if on]),
        _labels([(x(p.cost), y(p.quality), p.label) for p in points], (LEFT, top, WIDTH - 2, height - bottom)),
        marks,
    )


def stacked(bars: Sequence[Bar], title: str, description: str) -> Markup:
    """Horizontal bars of equal length, each cut into shares of its own sum, with the count on each part."""
    row, thick = 52, 22
    drawn = []
    for i, bar in enumerate(bars):
        y, at = i * row + 22, 0.0
        total = sum(count for _, _, count in bar.parts)
        parts: list[Markup] = [el("text", bar.label, class_="bar-label", x=0, y=y - 7)]
        for kind, what, count in bar.parts:
            width = count / total * WIDTH if total else 0.0
            if not width:
                continue
            parts.append(
                el(
                    "g",
                    el("title", f"{what}: {count:g} of {total:g}"),
                    el("rect", x=_n(at), y=y, width=_n(width), height=thick),
                    el("text", f"{count:g}", x=_n(at + width / 2), y=y + 15)
                    if width > LETTER * len(f"{count:g}") + 8
                    else None,
                    class_=f"part {kind}",
                    data_count=repr(count),
                )
            )
            at += width
        drawn.append(el("g", parts, class_="bar"))
    return _svg(title, description, len(bars) * row, drawn)


def differences(values: Sequence[float], title: str, description: str, quality: str, unit: str) -> Markup:
    """One bar per question or document, as ``unit`` says: the greatest gain first, the greatest loss last."""
    height, top, bottom = 190, 12, 26
    ordered = sorted(values, reverse=True)
    most = max([abs(value) for value in ordered] + [0.05])
    y = Scale(-most, most, height - bottom, top)
    step = (WIDTH - LEFT - RIGHT) / max(len(ordered), 1)
    bars = []
    for i, value in enumerate(ordered):
        ends = sorted((y(0), y(value)))
        bars.append(
            el(
                "rect",
                class_="gain" if value > 0 else "loss" if value < 0 else "tie",
                x=_n(LEFT + i * step),
                y=_n(ends[0]),
                width=_n(max(step * 0.86, 0.6)),
                height=_n(ends[1] - ends[0]),
                data_value=repr(value),
            )
        )
    lines = [
        el(
            "g",
            el(
                "line",
                class_="grid" if tick else "zero",
                x1=LEFT,
                x2=WIDTH - RIGHT,
                y1=_n(y(tick)),
                y2=_n(y(tick)),
            ),
            el("text", _signed(tick), class_="tick", x=LEFT - 7, y=_n(y(tick) + 4), text_anchor="end"),
        )
        for tick in y.ticks()
    ]
    count = el("text", unit, class_="axis", x=WIDTH - RIGHT, y=height - 7, text_anchor="end")
    name = el("text", f"difference in {quality}", class_="axis", x=LEFT, y=height - 7)
    return _svg(title, description, height, lines, bars, count, name)


def _svg(title: str, description: str, height: float, *inside: object) -> Markup:
    return el(
        "svg",
        el("title", title),
        el("desc", description),
        inside,  # type: ignore[arg-type]
        viewBox=f"0 0 {WIDTH} {_n(height)}",
        role="img",
        aria_label=f"{title}. {description}",
        class_="chart",
    )


def _axes(x: Scale, y: Scale, base: float, cost: str, quality: str, shown: Format) -> Markup:
    up = [
        el(
            "g",
            el("line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=_n(y(tick)), y2=_n(y(tick))),
            el("text", f"{tick:.2f}", class_="tick", x=LEFT - 7,
               y=_n(y(tick) + 4), text_anchor="end"),
        )
        for tick in y.ticks()
    ]  # fmt: skip
    along = [
        el(
            "g",
            el("line", class_="notch", x1=_n(x(tick)), x2=_n(x(tick)), y1=_n(base), y2=_n(base + 5)),
            el("text", shown(tick), class_="tick", x=_n(x(tick)), y=_n(base + 18), text_anchor="middle"),
        )
        for tick in _apart(x)
    ]
    start = LEFT if x.zero is None else x.start
    line = el("line", class_="zero", x1=_n(start), x2=WIDTH - RIGHT, y1=_n(base), y2=_n(base))
    kind = f"{cost}, logarithmic" if x.log else cost
    names = [
        el("text", kind, class_="axis", x=WIDTH - RIGHT, y=_n(base + 38), text_anchor="end"),
        el("text", f"\N{UPWARDS ARROW} {quality}", class_="axis", x=LEFT, y=_n(base + 38)),
    ]
    return el("g", up, line, along, names, class_="axes", aria_hidden="true")


def _apart(x: Scale) -> list[float]:
    """The ticks that stand far enough apart to be read."""
    kept: list[float] = []
    for tick in x.ticks():
        if not kept or x(tick) - x(kept[-1]) >= (30 if kept[-1] == 0 else 44):
            kept.append(tick)
    return kept


def _front_line(places: Sequence[tuple[float, float]]) -> Markup | None:
    """A staircase through the front: what quality is to be had for at most this cost."""
    ordered = sorted(set(places))
    if len(ordered) < 2:
        return None
    path = [f"M{_n(ordered[0][0])} {_n(ordered[0][1])}"]
    path += [f"H{_n(at)}V{_n(up)}" for at, up in ordered[1:]]
    return el("path", class_="front-line", d="".join(path), aria_hidden="true")


def _labels(points: Sequence[tuple[float, float, str]], inside: tuple[float, float, float, float]) -> Markup:
    """Names beside their marks where there is room; a name without room is left to the table, by its number."""
    taken = [(at - 11, up - 11, at + 11, up + 11) for at, up, _ in points]
    drawn = []
    for at, up, text in points:
        if len(text) > MAX_LETTERS:
            text = text[: MAX_LETTERS - 1] + "\N{HORIZONTAL ELLIPSIS}"
        width = len(text) * LETTER
        tries = (
            (at + 13, up + 4, "start", at + 12),
            (at - 13, up + 4, "end", at - 12 - width),
            (at, up - 15, "middle", at - width / 2),
            (at, up + 23, "middle", at - width / 2),
        )
        for left, base, anchor, start in tries:
            box = (start, base - 11, start + width + 2, base + 4)
            fits = box[0] >= inside[0] and box[1] >= inside[1] and box[2] <= inside[2] and box[3] <= inside[3]
            if fits and not any(_meet(box, other) for other in taken):
                taken.append(box)
                drawn.append(el("text", text, class_="label", x=_n(left), y=_n(base), text_anchor=anchor))
                break
    return el("g", drawn, class_="labels", aria_hidden="true")


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}") if value else "0"


def _n(value: float) -> str:
    """A coordinate to a hundredth of a pixel."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
