"""Pictures of pages and their heat for a report that is one file: small, each stored once, and bounded in all.

The heat is drawn from the stored vectors, where they lie, as an own picture above the page's, so that a reader can take
it away. What this module does not do: decide which pages are worth showing.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from markupsafe import Markup
from PIL import Image

from workbench import heatmap
from workbench.errors import PagelensError
from workbench.evaluation.reports.markup import el
from workbench.evaluation.searcher import Searcher
from workbench.types import Box, Explanation, Float, PageRef

MAX_PICTURES = 120
MAX_BYTES = 8_000_000
"""Pictures, heat included, and base64 bytes that one report holds at most."""
LEVELS = 24
"""Steps of strength that heat is stored in: fewer make smaller files."""

Size = tuple[int, int]
Picture = tuple[bytes, Size]
"""A WebP file and its width and height."""
Kept = tuple[str, Size]
"""A picture by the name it is stored under."""


class Pages(Protocol):
    """What pictures are made from."""

    def page_image(self, collection: str, ref: PageRef, size: str = "page") -> Path:
        """The file of a page's picture, ``page`` or ``thumb``."""

    def explain(self, query: str, ref: PageRef, collection: str) -> Explanation:
        """Why a page scores what it scores."""


@dataclass(frozen=True, slots=True)
class StoredPages:
    """The pages that the workbench has."""

    searcher: Searcher

    def page_image(self, collection: str, ref: PageRef, size: str = "page") -> Path:
        """As `Collections.page_image`."""
        return self.searcher.library.page_image(collection, ref, size)

    def explain(self, query: str, ref: PageRef, collection: str) -> Explanation:
        """As `Explanations.explain`."""
        return self.searcher.explanations.explain(query, ref, collection)


class Pictures:
    """Pictures collected for one report; each page and each heat is kept once, whoever shows it.

    ``collections`` names those whose pages may be shown; without ``pages`` there are none, and every `picture` is None.
    ``side`` is the longest side of a picture in pixels, that of lists of pages unless said.
    """

    def __init__(
        self,
        pages: Pages | None,
        collections: Collection[str] = (),
        most: int = MAX_PICTURES,
        most_bytes: int = MAX_BYTES,
        side: int | None = None,
        look: heatmap.Look = heatmap.USUAL,
    ) -> None:
        self.left_out = 0
        self._pages = pages
        self._collections = collections
        self._most = most
        self._most_bytes = most_bytes
        self._side = side
        self._look = look
        self._heat_class = "heat ink" if heatmap.COLOURS[look.colour].multiply else "heat"
        self._size = 0
        self._known: dict[tuple[str, ...], Kept | None] = {}
        self._data: dict[str, tuple[str, Size]] = {}

    def __len__(self) -> int:
        return len(self._data)

    @property
    def size(self) -> int:
        """Bytes they take in the file."""
        return self._size

    def picture(
        self, collection: str, page: str, query: str = "", label: str = "", marks: Sequence[Box] = ()
    ) -> Markup | None:
        """A page, with the heat of ``query`` where it can be had; None where there is no picture or no room for it.

        ``marks`` are boxes to outline and number, fractions of the page.
        """
        if self._pages is None or collection not in self._collections:
            return None
        under = self._once(("page", collection, page), lambda: self._thumbnail(collection, page))
        if under is None:
            return None
        name, size = under
        over = self._once(("heat", collection, page, query), lambda: self._heat(collection, page, query, size))
        width, height = size
        return el(
            "svg",
            el("use", href=f"#{name}"),
            el("use", href=f"#{over[0]}", class_=self._heat_class) if over and query else None,
            [_outline(box, size, str(number)) for number, box in enumerate(marks, 1)],
            viewBox=f"0 0 {width} {height}",
            role="img",
            aria_label=label or page,
            class_="page",
        )

    def store(self) -> Markup:
        """The pictures themselves, unseen, for the ``picture`` marks to refer to."""
        images = [
            el("image", id=name, href=uri, width=size[0], height=size[1], preserveAspectRatio="none")
            for name, (uri, size) in self._data.items()
        ]
        return el("svg", el("defs", images), class_="store", width=0, height=0, aria_hidden="true")

    def _once(self, key: tuple[str, ...], make: Callable[[], Picture | None]) -> Kept | None:
        if key not in self._known:
            self._known[key] = self._keep(make)
        return self._known[key]

    def _keep(self, make: Callable[[], Picture | None]) -> Kept | None:
        if len(self._data) >= self._most or self._size >= self._most_bytes:
            self.left_out += 1
            return None
        try:
            made = make()
        except (PagelensError, ValueError, OSError):
            return None  # a page that is not there any more, or a reference that names none: the text stands alone
        if made is None:
            return None
        data, size = made
        uri = f"data:image/webp;base64,{base64.b64encode(data).decode('ascii')}"
        if self._size + len(uri) > self._most_bytes:
            self.left_out += 1
            return None
        self._size += len(uri)
        name = f"i{len(self._data)}"
        self._data[name] = (uri, size)
        return name, size

    def _thumbnail(self, collection: str, page: str) -> Picture:
        assert self._pages is not None
        size = "thumb" if self._side is None else "page"
        data = self._pages.page_image(collection, PageRef.parse(page), size).read_bytes()
        with Image.open(io.BytesIO(data)) as image:
            if image.format == "WEBP" and (self._side is None or max(image.size) <= self._side):
                return data, image.size
            picture = image.convert("RGB")
            if self._side is not None:
                picture.thumbnail((self._side, self._side), Image.Resampling.LANCZOS)
            out = io.BytesIO()
            picture.save(out, "WEBP", quality=70)
            return out.getvalue(), picture.size

    def _heat(self, collection: str, page: str, query: str, size: Size) -> Picture | None:
        assert self._pages is not None
        if not query:
            return None
        explanation = self._pages.explain(query, PageRef.parse(page), collection)
        strength = heatmap.strength(explanation, size, self._look)
        if not strength.any():
            return None
        return layer(strength, self._look), size


def _outline(box: Box, size: Size, number: str) -> Markup:
    """A numbered outline, as thick and as large as reads well at the picture's size."""
    (x0, y0, x1, y1), (width, height) = box, size
    unit = max(size) / 400
    x, y = x0 * width, y0 * height
    return el(
        "g",
        el("rect", x=round(x, 2), y=round(y, 2), width=round((x1 - x0) * width, 2), height=round((y1 - y0) * height, 2),
           stroke_width=round(1.6 * unit, 2)),
        el("circle", cx=round(x, 2), cy=round(y, 2), r=round(7 * unit, 2)),
        el("text", number, x=round(x, 2), y=round(y + 3.4 * unit, 2), font_size=round(10 * unit, 2)),
        class_="outline",
    )  # fmt: skip


def layer(strength: Float, look: heatmap.Look) -> bytes:
    """Heat ``(height, width) float32`` from 0 to 1 as a see-through WebP: exact edges, `LEVELS` steps of strength."""
    picture = Image.fromarray(heatmap.coloured(np.rint(strength * LEVELS) / LEVELS, look), "RGBA")
    out = io.BytesIO()
    picture.save(out, "WEBP", lossless=True, quality=60, method=4)
    return out.getvalue()
