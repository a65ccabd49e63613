"""A page as a picture that explains itself: heat, the parts that won, and below it the query words and the score."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from workbench import heatmap
from workbench.exports.found import Found, FoundPage
from workbench.exports.lettering import fitting, wrapped
from workbench.types import Box, Explanation, LedgerRow

REGIONS = 3
TOKENS = 32
"""Query words in the legend, those that add most; some encoders put dozens of empty tokens behind the query."""
INK, PALE, MARK, PAPER = "#1c1c1a", "#66655f", "#b5371a", "#ffffff"
MIN_LETTER = 12  # pixels of a letter


def annotated(found: Found, page: FoundPage) -> Image.Image:
    """The page's picture, RGB and of its own width, with a legend below; without heat where there is no explanation.

    `NotFoundError` when the page has no picture.
    """
    with Image.open(page.picture()) as opened:
        picture = opened.convert("RGB")
    explanation = page.explanation
    regions = explanation.regions[:REGIONS] if explanation is not None else ()
    if explanation is not None:
        picture = heatmap.draw(picture, explanation, found.look)
        outline(picture, [region.box for region in regions])
    legend = _Legend(picture.width)
    legend.line(_title(page), 1.25)
    legend.line(f"“{found.query}”", 1.0)
    if explanation is not None:
        legend.words(explanation)
        legend.ramp(f"Heat by {explanation.encoder}: {found.look}", found.look)
        for number, region in enumerate(regions, 1):
            legend.line(f"{number} · {region.share:.0%} of the score · {region.kind}", 0.9, PALE)
    else:
        legend.line("There are no vectors of this page to explain it by.", 0.9, PALE)
    strip = legend.drawn()
    whole = Image.new("RGB", (picture.width, picture.height + strip.height), PAPER)
    whole.paste(picture, (0, 0))
    whole.paste(strip, (0, picture.height))
    return whole


def to_png(found: Found, page: FoundPage) -> bytes:
    """The marked page as PNG; its text chunk ``pagelens`` holds the query, page and scores as JSON."""
    info = PngInfo()
    info.add_itxt("Title", _title(page))
    info.add_itxt("pagelens", json.dumps(_facts(found, page), ensure_ascii=False))
    out = io.BytesIO()
    annotated(found, page).save(out, "PNG", optimize=False, pnginfo=info)
    return out.getvalue()


def _facts(found: Found, page: FoundPage) -> dict[str, object]:
    explanation, hit = page.explanation, page.hit
    return {
        "query": found.query,
        "collection": page.own.collection,
        "pipeline": page.own.pipeline,
        "page": str(page.ref),
        "rank": page.rank,
        "score": hit.score if hit is not None else None,
        "score_kind": str(hit.score_kind) if hit is not None else None,
        "encoder": explanation.encoder if explanation is not None else None,
        "maxsim": explanation.score if explanation is not None else None,
        "regions": [
            {"box": r.box, "share": r.share, "kind": r.kind}
            for r in (explanation.regions[:REGIONS] if explanation else ())
        ],
    }


def _title(page: FoundPage) -> str:
    parts = [f"{page.ref.document}, page {page.ref.page}"]
    if page.across is not None:
        parts.append(page.own.collection)
    if page.hit is not None:
        parts.append(f"rank {page.rank}")
        parts.append(f"{page.hit.score:.3f} {page.hit.score_kind}" if page.hit.scored else "no score")
    elif page.explanation is not None:
        parts.append(f"MaxSim {page.explanation.score:.3f}")
    return " · ".join(parts)


def outline(picture: Image.Image, boxes: Sequence[Box]) -> None:
    """Numbered outlines with a light rim, so that they show on any ground; drawn into the picture."""
    width, height = picture.size
    draw = ImageDraw.Draw(picture)
    thick = max(2, round(max(picture.size) / 450))
    size = max(MIN_LETTER, round(max(picture.size) / 55))
    for number, box in reversed(list(enumerate(boxes, 1))):
        x0, y0, x1, y1 = (round(edge * side) for edge, side in zip(box, (width, height, width, height), strict=True))
        for around, colour in ((2 * thick, PAPER), (thick, MARK)):  # outside the part, whose letters stay whole
            draw.rectangle((x0 - around, y0 - around, x1 + around, y1 + around), outline=colour, width=thick)
        reach = round(size * 0.8)
        cx, cy = min(max(x0, reach), width - reach), min(max(y0, reach), height - reach)
        draw.ellipse((cx - reach, cy - reach, cx + reach, cy + reach), fill=MARK, outline=PAPER, width=thick)
        font, text = fitting(str(number), size)
        draw.text((cx, cy), text, PAPER, font, anchor="mm")


class _Legend:
    """Lines of a strip as wide as the picture, drawn at the end, when their height is known."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._size = max(MIN_LETTER, round(width / 62))
        self._pad = round(self._size * 1.2)
        self._strip = Image.new("RGB", (width, 40 * self._size + 2 * self._pad), PAPER)
        self._draw = ImageDraw.Draw(self._strip)
        self._y = self._pad

    @property
    def _room(self) -> int:
        return self._width - 2 * self._pad

    def line(self, text: str, scale: float, colour: str = INK) -> None:
        """A text, over two lines at most."""
        font, shown = fitting(" ".join(text.split()), round(self._size * scale))
        words = shown.split(" ")
        lines = wrapped([font.getlength(word) for word in words], self._room, font.getlength(" "))
        for number, line in enumerate(lines[:2]):
            more = "..." if number == 1 and len(lines) > 2 else ""
            self._draw.text((self._pad, self._y), " ".join(words[i] for i in line) + more, colour, font)
            self._y += round(self._size * scale * 1.35)

    def words(self, explanation: Explanation) -> None:
        """Every query word with what it adds to the score, over a bar as long as its part of the largest."""
        rows = _most(explanation.ledger)
        if not rows:
            return
        size = round(self._size * 0.9)
        most = max(max(row.contribution for row in rows), 1e-9)
        shown = [fitting(f"{row.label} {row.contribution:.2f}", size) for row in rows]
        widths = [font.getlength(text) for font, text in shown]
        self._y += size // 2
        left = len(explanation.ledger) - len(rows)
        for line in wrapped(widths, self._room, size):
            x = float(self._pad)
            for i in line:
                font, text = shown[i]
                self._draw.text((x, self._y), text, INK, font)
                bar = widths[i] * max(rows[i].contribution, 0.0) / most
                under = self._y + round(size * 1.35)
                self._draw.rectangle((x, under, x + bar, under + max(2, size // 6)), fill=MARK)
                x += widths[i] + size
            self._y += round(size * 2.0)
        if left:
            self.line(f"and {left} more query tokens", 0.8, PALE)

    def ramp(self, text: str, look: heatmap.Look) -> None:
        """The colours from the least heat to the most, on paper as on the page."""
        height, width = round(self._size * 0.8), min(self._room // 4, 16 * self._size)
        strength = np.linspace(0, 1, width, dtype=np.float32)[None].repeat(height, 0)
        paper = Image.new("RGB", (width, height), PAPER)
        self._strip.paste(heatmap.laid(paper, heatmap.coloured(strength, look), look.colour), (self._pad, self._y))
        font, shown = fitting(text, round(self._size * 0.9))
        words = shown.split(" ")
        room = self._room - width - self._size
        for line in wrapped([font.getlength(word) for word in words], room, font.getlength(" "))[:2]:
            self._draw.text(
                (self._pad + width + self._size, self._y - self._size // 6),
                " ".join(words[i] for i in line),
                PALE,
                font,
            )
            self._y += round(self._size * 1.3)

    def drawn(self) -> Image.Image:
        """The strip, as high as what it holds."""
        return self._strip.crop((0, 0, self._width, min(self._y + self._pad, self._strip.height)))


def _most(ledger: Sequence[LedgerRow]) -> list[LedgerRow]:
    """The `TOKENS` rows that add most, in the query's order."""
    kept = sorted(ledger, key=lambda row: -row.contribution)[:TOKENS]
    return sorted(kept, key=lambda row: row.token)
