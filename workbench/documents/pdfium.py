"""PDF files through pypdfium2, behind one lock.

PDFium is not thread-safe, not even across documents, so every call into it happens while `LOCK` is held, closing
included (which is why nothing here is left to the garbage collector). What this module does not do: decide how large a
page is drawn, or read its words.
"""

from __future__ import annotations

import ctypes
import itertools
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.documents.sources import display_name
from workbench.errors import DocumentError
from workbench.types import Float
from workbench.types.days import year_in

LOCK = threading.RLock()

_HEADER_WITHIN = 1024  # bytes; where readers look for %PDF-, junk before it being common
_HEADER = b"%PDF-1.7\n"  # for a file that lost its own
_CATALOG = re.compile(rb"/Type\s*/Catalog\b")
_OBJECT = re.compile(rb"(?<!\d)(\d{1,10})\s(\d{1,5})\sobj\s*<<")
_ENDS = re.compile(rb">>\s*(?:stream|endobj)\b")  # what follows is not the object's own entries
_CATALOG_WITHIN = 4096  # bytes from where an object begins to where it says that it is a catalog
_CATALOGS = 20  # that are looked at; an updated file has one for each update
_MAX_IN_MEMORY = 1 << 28  # bytes of a file without a header where it should be; others are read from the disk
_MAX_OBJECTS = 20_000  # of a page; more are not looked at
_MAX_DEPTH = 6  # of forms in one another
_LEVELS = tuple(ctypes.c_uint() for _ in range(4))  # for answers of PDFium, one at a time, as it works
_EDGES = tuple(ctypes.c_float() for _ in range(4))
_POINTS = np.eye(2, 3)  # the map from a page's space to itself
_DEVICE = 1 << 24  # device units a side when asking PDFium where a point falls: exact to 6e-8 of the page


class PdfFile:
    """An open PDF. ``poppler`` is whether poppler copes with it too: None until it was tried (see `raster`).

    ``year`` is when it says that it was made, 0 where it does not.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.poppler: bool | None = None
        self._document: Any = _open(path)
        with LOCK:
            self.pages = len(self._document)
            self.year = year_in(self._document.get_metadata_value("CreationDate"))

    @property
    def handle(self) -> Any:
        """The document; to be used with the lock held."""
        return self._document

    def close(self) -> None:
        """Let go of the file."""
        with LOCK:
            if self._document is not None:
                self._document.close()
                self._document = None

    @contextmanager
    def page(self, number: int) -> Iterator[PdfPage]:
        """The page with this 1-based number, with the lock held; ``DocumentError`` when it does not load."""
        with LOCK:
            handle = _load_page(self._document, number)
            try:
                yield PdfPage(handle, number)
            finally:
                handle.close()


@dataclass(frozen=True, slots=True)
class PdfPage:
    """A loaded page; valid only inside `PdfFile.page`."""

    handle: Any
    number: int
    _objects: list[PageObject] = field(default_factory=list, init=False, repr=False, compare=False)

    def points(self) -> tuple[float, float]:
        """Width and height in points (1/72 inch) as shown: crop box and rotation applied."""
        width, height = self.handle.get_size()
        if not (np.isfinite(width) and np.isfinite(height) and width > 0 and height > 0):
            raise DocumentError(f"Page {self.number} has no size; the file is damaged, save it again.")
        return float(width), float(height)

    def render(self, size: tuple[int, int]) -> Image.Image:
        """The page drawn on white at exactly ``size`` (width, height) pixels, RGB."""
        import pypdfium2 as pdfium
        import pypdfium2.raw as raw

        width, height = size
        bitmap = pdfium.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGRx, rev_byteorder=True)
        try:
            bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
            flags = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER
            raw.FPDF_RenderPageBitmap(bitmap, self.handle, 0, 0, width, height, 0, flags)
            if self.handle.formenv:
                raw.FPDF_FFLDraw(self.handle.formenv, bitmap, self.handle, 0, 0, width, height, 0, flags)
            return Image.frombytes("RGB", size, bitmap.buffer, "raw", "RGBX", bitmap.stride, 1)
        finally:
            bitmap.close()

    def to_fractions(self) -> NDArray[np.float64]:
        """The affine map ``(2, 3)`` from PDF page space (points, origin bottom left) to fractions of the page as shown.

        PDFium is asked where three corners fall, so that rotation and crop box are exactly those of the drawing.
        """
        import pypdfium2.raw as raw

        rect = raw.FS_RECTF()
        if not raw.FPDF_GetPageBoundingBox(self.handle, rect) or rect.right <= rect.left or rect.top <= rect.bottom:
            rect.left, rect.bottom, (rect.right, rect.top) = 0.0, 0.0, self.points()
        corners = [(rect.left, rect.bottom), (rect.right, rect.bottom), (rect.left, rect.top)]
        shown = []
        for x, y in corners:
            device_x, device_y = ctypes.c_int(), ctypes.c_int()
            raw.FPDF_PageToDevice(self.handle, 0, 0, _DEVICE, _DEVICE, 0, x, y, device_x, device_y)
            shown.append((device_x.value / _DEVICE, device_y.value / _DEVICE))
        source = np.array([(x, y, 1.0) for x, y in corners])
        return np.linalg.solve(source, np.array(shown)).T

    def objects(self) -> Sequence[PageObject]:
        """The objects of the page and of the form objects on it, without those that only hold others; found once."""
        if not self._objects:
            self._objects.extend(self._walk())
        return self._objects

    def _walk(self) -> Iterator[PageObject]:
        import pypdfium2.raw as raw

        budget = _MAX_OBJECTS

        def visit(
            count: int, get: Any, parent: Any, path: tuple[int, ...], forms: tuple[Any, ...]
        ) -> Iterator[PageObject]:
            nonlocal budget
            for i in range(count):
                budget -= 1
                item = get(parent, i) if budget >= 0 else None
                if not item:
                    return
                kind = raw.FPDFPageObj_GetType(item)
                if kind != raw.FPDF_PAGEOBJ_FORM:
                    yield PageObject(item, kind, (*path, i), forms)
                elif len(forms) < _MAX_DEPTH:
                    inner = raw.FPDFFormObj_CountObjects(item)
                    yield from visit(inner, raw.FPDFFormObj_GetObject, item, (*path, i), (*forms, item))

        yield from visit(raw.FPDFPage_CountObjects(self.handle), raw.FPDFPage_GetObject, self.handle, (), ())


@dataclass(frozen=True, slots=True)
class PageObject:
    """A text, picture, path or shading; ``path`` is its index in each of the ``forms`` it lies in, outermost first."""

    handle: Any
    kind: int
    path: tuple[int, ...]
    forms: tuple[Any, ...]

    @property
    def is_active(self) -> bool:
        """Whether it takes part in the page; see `visible`."""
        import pypdfium2.raw as raw

        active = ctypes.c_int(1)
        return not raw.FPDFPageObj_GetIsActive(self.handle, active) or bool(active.value)

    @property
    def is_invisible(self) -> bool:
        """Whether it is text that is there to be found and not to be seen, as over scans."""
        import pypdfium2.raw as raw

        return self.kind == raw.FPDF_PAGEOBJ_TEXT and bool(
            raw.FPDFTextObj_GetTextRenderMode(self.handle) == raw.FPDF_TEXTRENDERMODE_INVISIBLE
        )

    def box(self, page: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """The box around it ``(4,)``, in what the affine map ``(2, 3)`` makes of the page's space; None if unknown."""
        import pypdfium2.raw as raw

        edges = [ctypes.c_float() for _ in range(4)]
        matrix = _within(page, self.forms)
        if matrix is None or not raw.FPDFPageObj_GetBounds(self.handle, *edges):
            return None
        left, bottom, right, top = (edge.value for edge in edges)
        corners = np.array([[left, bottom, 1], [right, bottom, 1], [left, top, 1], [right, top, 1]]) @ matrix.T
        return np.concatenate([corners.min(axis=0), corners.max(axis=0)])

    def fill(self) -> tuple[tuple[int, int, int], int] | None:
        """The colour it is filled with and its opacity, 0 to 255 each; None where that is not one colour."""
        import pypdfium2.raw as raw

        return self._colour(raw.FPDFPageObj_GetFillColor)

    def stroke(self) -> tuple[tuple[int, int, int], int] | None:
        """The colour of its lines, as `fill`."""
        import pypdfium2.raw as raw

        return self._colour(raw.FPDFPageObj_GetStrokeColor)

    def _colour(self, of: Any) -> tuple[tuple[int, int, int], int] | None:
        red, green, blue, opacity = _LEVELS
        return ((red.value, green.value, blue.value), opacity.value) if of(self.handle, *_LEVELS) else None

    def bounds(self) -> tuple[float, float, float, float] | None:
        """The box around it in points, origin bottom left: left, bottom, right and top edge; None if unknown."""
        import pypdfium2.raw as raw

        if self.forms:
            box = self.box(_POINTS)
            return None if box is None else (*box.tolist(),)
        found = raw.FPDFPageObj_GetBounds(self.handle, *_EDGES)
        return (_EDGES[0].value, _EDGES[1].value, _EDGES[2].value, _EDGES[3].value) if found else None

    @property
    def is_filled(self) -> bool:
        """Whether it fills a place of the page, as pictures do and paths that are more than lines."""
        import pypdfium2.raw as raw

        mode, stroke = ctypes.c_int(), ctypes.c_int()
        return self.kind != raw.FPDF_PAGEOBJ_PATH or bool(
            raw.FPDFPath_GetDrawMode(self.handle, mode, stroke) and mode.value != raw.FPDF_FILLMODE_NONE
        )

    @property
    def segments(self) -> int:
        """How many segments a path has."""
        import pypdfium2.raw as raw

        return int(raw.FPDFPath_CountSegments(self.handle))

    def upright_lines(self, page: NDArray[np.float64], most: int) -> list[tuple[float, float, float]]:
        """The upright lines of a path, x, top and bottom, in what the map makes of the page's space; see `box`.

        Its first ``most`` segments are looked at, which it has to have.
        """
        import pypdfium2.raw as raw

        matrix = _within(page, (*self.forms, self.handle))
        if matrix is None:
            return []
        x, y = ctypes.c_float(), ctypes.c_float()
        points, drawn = [], []
        for i in range(most):
            segment = raw.FPDFPath_GetPathSegment(self.handle, i)
            raw.FPDFPathSegment_GetPoint(segment, x, y)
            points.append((x.value, y.value, 1.0))
            drawn.append(raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_LINETO)
        if not any(drawn):
            return []
        ends = np.array(points) @ matrix.T
        upright = np.flatnonzero(np.array(drawn[1:], bool) & (np.abs(np.diff(ends[:, 0])) < 1e-4))
        x0, ys = ends[upright, 0], np.stack([ends[upright, 1], ends[upright + 1, 1]])
        return list(zip(x0.tolist(), ys.min(axis=0).tolist(), ys.max(axis=0).tolist(), strict=True))


def _within(page: NDArray[np.float64], things: Sequence[Any]) -> NDArray[np.float64] | None:
    """An affine map ``(2, 3)`` of a page's space as one of that within these objects, the outermost first."""
    import pypdfium2.raw as raw

    for thing in things:
        own = raw.FS_MATRIX()
        if not raw.FPDFPageObj_GetMatrix(thing, own):
            return None
        page = page @ np.array([[own.a, own.c, own.e], [own.b, own.d, own.f], [0, 0, 1]])
    return page


def copy_pages(source: Path, target: Path, numbers: Sequence[int]) -> None:
    """Write a PDF of these pages (1-based) of ``source``, in this order; a page may be named more than once."""
    import pypdfium2 as pdfium

    with LOCK:
        document, made = _open(source), pdfium.PdfDocument.new()
        try:
            made.import_pages(document, [number - 1 for number in numbers])
            made.save(target)
        finally:
            made.close()
            document.close()


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of a PDF's outline: its title and the 1-based page it leads to."""

    title: str
    page: int


def read_outline(path: Path) -> tuple[tuple[Bookmark, ...], tuple[str, ...]]:
    """A PDF's bookmarks in order, without those that lead to no page, and each page's label ("" where it has none)."""
    with LOCK:
        document = _open(path)
        try:
            found = []
            for mark in document.get_toc():
                place = mark.get_dest()
                page = None if place is None else place.get_index()
                if page is not None and page >= 0:
                    found.append(Bookmark(" ".join(mark.get_title().split()), page + 1))
            return tuple(found), tuple(document.get_page_label(i) for i in range(len(document)))
        finally:
            document.close()


def map_boxes(matrix: NDArray[np.float64], boxes: NDArray[Any]) -> Float:
    """Boxes ``(n, 4)`` under an affine map ``(2, 3)`` that turns by multiples of 90 degrees: ``(n, 4)`` float32."""
    corners = np.stack([boxes[:, [0, 1]], boxes[:, [2, 3]]], axis=1).astype(np.float64)
    moved = corners @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1).astype(np.float32)


def _open(path: Path) -> Any:
    import pypdfium2 as pdfium
    import pypdfium2.raw as raw

    name = display_name(path.name)
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_WITHIN)
    except OSError as error:
        raise DocumentError(f"{name} cannot be opened ({(error.strerror or 'unknown reason').lower()}).") from error
    if not head:
        raise DocumentError(f"{name} is empty; save or download it again.")
    own = None if b"%PDF-" in head else _with_header(path)
    if own == b"":
        raise DocumentError(f"{name} is not a PDF, whatever its name says.")
    with LOCK:
        # Opened through the raw call, since only a missing handle tells an unreadable file from one without pages:
        # PDFium does not reset its last error.
        if own is None:
            errors = "strict" if sys.platform == "win32" else "surrogateescape"
            handle = raw.FPDF_LoadDocument(str(path.resolve()).encode("utf-8", errors) + b"\0", None)
        else:
            handle = raw.FPDF_LoadMemDocument64(own, len(own), None)
        encrypted = (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        if not handle and raw.FPDF_GetLastError() not in encrypted and (ended := _with_trailer(path)):
            own = ended
            handle = raw.FPDF_LoadMemDocument64(own, len(own), None)
        if not handle:
            if raw.FPDF_GetLastError() in encrypted:
                raise DocumentError(f"{name} is encrypted; save a copy without a password and add that.")
            raise DocumentError(
                f"{name} is damaged or cut short and cannot be read as a PDF; save or download it again."
            )
        document = pdfium.PdfDocument(handle)
        document._data_holder.append(own)  # PDFium reads it as long as the document is open
        if len(document) < 1:
            document.close()
            raise DocumentError(f"{name} has no pages.")
        # A form that cannot be set up is no reason to lose the pages: its fields are just not drawn.
        with suppress(pdfium.PdfiumError):
            document.init_forms()
        return document


def _with_header(path: Path) -> bytes:
    """A PDF whose header stands further on than readers look for it, or is lost, as one that begins with it.

    Empty if it is none. Such files are what came with the rest of a mail or a download before them.
    """
    if path.stat().st_size > _MAX_IN_MEMORY:
        return b""
    data = path.read_bytes()
    start = data.find(b"%PDF-")
    if start >= 0:
        return data[start:]
    return _HEADER + data if b" obj" in data and (b"trailer" in data or b"/XRef" in data) else b""


def _with_trailer(path: Path) -> bytes:
    """A PDF cut short before its trailer, which names the catalog, with one that does; empty if that is not lacking.

    PDFium finds all objects of such a file, but not which of them is the first.
    """
    if path.stat().st_size > _MAX_IN_MEMORY:
        return b""
    data = path.read_bytes()
    found = None if b"trailer" in data else _catalog(data)
    if found is None:
        return b""
    start = data.find(b"%PDF-")
    body = data[start:] if start >= 0 else _HEADER + data
    return body + b"\ntrailer\n<< /Root %s %s R >>\nstartxref\n0\n%%%%EOF\n" % found.groups()


def _catalog(data: bytes) -> re.Match[bytes] | None:
    """The number and generation of the first object that says it is a catalog, whatever stands in it before that."""
    for said in itertools.islice(_CATALOG.finditer(data), _CATALOGS):
        begins = list(_OBJECT.finditer(data, max(0, said.start() - _CATALOG_WITHIN), said.start()))
        if begins and not _ENDS.search(data, begins[-1].end(), said.start()):
            return begins[-1]
    return None


def _load_page(document: Any, number: int) -> Any:
    import pypdfium2 as pdfium

    try:
        page = document[number - 1]
        width, height = page.get_size()
        if width > 0 and height > 0:
            return page
        # A crop box that shows nothing of the page is one that no viewer heeds.
        page.set_cropbox(*page.get_mediabox())
        page.close()
        return document[number - 1]
    except (pdfium.PdfiumError, IndexError) as error:
        raise DocumentError(f"Page {number} is damaged and cannot be read.") from error
