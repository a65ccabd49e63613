"""What of a PDF's page is drawn, for those that read it: annotations and form fields are, layers switched off are not.

PDFium draws both rightly but reads neither so: it knows no text of annotations, and all of every layer. So the page is
read from a second opening of the file, which is never drawn: there the annotations are made part of the page
(`FPDFPage_Flatten`), and objects that leave no mark when they are drawn alone are switched off. Most pages need neither
and are read as they are. What this module does not do: read.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from workbench.documents.pdfium import LOCK, PdfFile, PdfPage

_LAYERS = b"/OCProperties"  # in the catalog of every document that has layers
_MAX_SEARCHED = 1 << 29  # bytes of a file searched for it; what is larger is taken to have layers
_MAX_ANNOTATIONS = 2_000  # of a page; more are not looked at
_MAX_OBJECTS = 20_000
_MAX_DEPTH = 6
_MAX_GROUPS = 64  # of objects that a layer may hide, each of which is drawn once; more are believed to be drawn
_SIDE = 640  # px; the longer side at which a group is drawn to see whether it leaves a mark

_Path = tuple[int, ...]  # where an object is: its index on the page, then in each form object it lies in


class VisiblePages:
    """Pages of a PDF for reading. Call inside `PdfFile.page`, and `close` before the file is closed."""

    def __init__(self, file: PdfFile) -> None:
        self._file = file
        self._again: PdfFile | None = None
        self._layered: bool | None = None
        self._flat: set[int] = set()

    def close(self) -> None:
        """Let go of the second opening of the file."""
        if self._again is not None:
            self._again.close()
            self._again = None

    @contextmanager
    def of(self, page: PdfPage) -> Iterator[PdfPage]:
        """The page with all that is drawn on it and nothing else as its objects: itself, where that is so already."""
        if self._layered is None:
            self._layered = _has_layers(self._file)
        annotated = _has_annotations(page)
        if not annotated and not self._layered:
            yield page
            return
        if self._again is None:
            self._again = PdfFile(self._file.path)
        if annotated and page.number not in self._flat:
            with self._again.page(page.number) as flat:
                _flatten(flat)
            self._flat.add(page.number)
        hidden: list[_Path] = []
        if self._layered:
            with self._again.page(page.number) as drawn:
                hidden = _hidden(drawn)
        with self._again.page(page.number) as shown:
            objects = dict(_objects(shown)) if hidden else {}
            _switch([objects[path].handle for path in hidden if path in objects], on=False)
            yield shown


def _has_layers(file: PdfFile) -> bool:
    """Whether the document has layers, which its catalog says; PDFium gives that away only when it writes a copy."""
    import pypdfium2.raw as raw

    found, written, before = False, 0, b""

    def look(_: Any, start: Any, size: int) -> int:
        nonlocal found, written, before
        block = ctypes.string_at(start, size)
        written += size
        found = found or _LAYERS in before + block or written > _MAX_SEARCHED
        before = block[-len(_LAYERS) :]
        return 0 if found else 1  # nothing more is written after a 0

    writer = raw.FPDF_FILEWRITE(version=1)
    writer.WriteBlock = type(writer.WriteBlock)(look)
    copy = PdfFile(file.path)  # a copy holds all objects of a document in memory, so not of the one that stays open
    try:
        with LOCK:
            raw.FPDF_SaveAsCopy(copy.handle.raw, writer, raw.FPDF_NO_INCREMENTAL)
    finally:
        copy.close()
    return found


@dataclass(frozen=True, slots=True)
class _Annotation:
    index: int
    subtype: int
    flags: int


def _annotations(page: PdfPage) -> list[_Annotation]:
    import pypdfium2.raw as raw

    found = []
    for index in range(min(raw.FPDFPage_GetAnnotCount(page.handle.raw), _MAX_ANNOTATIONS)):
        with _annotation(page, index) as annotation:
            if annotation:
                subtype, flags = raw.FPDFAnnot_GetSubtype(annotation), raw.FPDFAnnot_GetFlags(annotation)
                found.append(_Annotation(index, subtype, flags))
    return found


@contextmanager
def _annotation(page: PdfPage, index: int) -> Iterator[Any]:
    import pypdfium2.raw as raw

    annotation = raw.FPDFPage_GetAnnot(page.handle.raw, index)
    try:
        yield annotation
    finally:
        if annotation:
            raw.FPDFPage_CloseAnnot(annotation)


def _has_annotations(page: PdfPage) -> bool:
    """Whether it has annotations that may bear words; nearly all links and no pop-ups do."""
    import pypdfium2.raw as raw

    silent = (raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP)
    return any(annotation.subtype not in silent for annotation in _annotations(page))


def _flatten(page: PdfPage) -> None:
    """Make the annotations that are drawn on a screen part of the page; it must be loaded again to see them."""
    import pypdfium2.raw as raw

    found = _annotations(page)
    blank = [thing.handle for _, thing in _objects(page)]
    _switch(blank, on=False)
    _leaves_mark(page, annotations=True)  # drawn once, since fields without an appearance get theirs by that
    shown = {one.index for one in found if not one.flags & (raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW)}
    cleared = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW | raw.FPDF_ANNOT_FLAG_INVISIBLE
    for one in found:  # flattening goes by other flags than drawing: by "invisible" and not by "no view"
        with _annotation(page, one.index) as annotation:
            hidden = 0 if one.index in shown else raw.FPDF_ANNOT_FLAG_HIDDEN
            raw.FPDFAnnot_SetFlags(annotation, (one.flags & ~cleared) | hidden)
    _switch(blank, on=True)
    raw.FPDFPage_Flatten(page.handle.raw, raw.FLAT_NORMALDISPLAY)


@dataclass(frozen=True, slots=True)
class _Object:
    """An object of a page that holds no others; ``within`` are the forms and layers that may hide it."""

    handle: Any
    kind: int
    within: tuple[int, ...]


def _objects(page: PdfPage) -> Iterator[tuple[_Path, _Object]]:
    """All objects of a page and of the form objects on it, those that hold others left out."""
    import pypdfium2.raw as raw

    budget = _MAX_OBJECTS

    def visit(count: int, get: Any, parent: Any, path: _Path, within: tuple[int, ...]) -> Iterator[tuple[_Path, Any]]:
        nonlocal budget
        for i in range(count):
            budget -= 1
            item = get(parent, i) if budget >= 0 else None
            if not item:
                return
            kind = raw.FPDFPageObj_GetType(item)
            inside = within + tuple(_layer_marks(item))
            if kind == raw.FPDF_PAGEOBJ_FORM:
                if len(path) < _MAX_DEPTH:
                    inside += (_address(item),)
                    inner = raw.FPDFFormObj_CountObjects(item)
                    yield from visit(inner, raw.FPDFFormObj_GetObject, item, (*path, i), inside)
            else:
                if kind == raw.FPDF_PAGEOBJ_IMAGE:  # a picture may belong to a layer by itself
                    inside += (_address(item),)
                yield (*path, i), _Object(item, kind, inside)

    handle = page.handle.raw
    yield from visit(raw.FPDFPage_CountObjects(handle), raw.FPDFPage_GetObject, handle, (), ())


def _layer_marks(item: Any) -> Iterator[int]:
    """The marks that put an object on a layer."""
    import pypdfium2.raw as raw

    name, length = (ctypes.c_ushort * 3)(), ctypes.c_ulong()
    for i in range(raw.FPDFPageObj_CountMarks(item)):
        mark = raw.FPDFPageObj_GetMark(item, i)
        if raw.FPDFPageObjMark_GetName(mark, name, ctypes.sizeof(name), length) and name[:2] == [0x4F, 0x43]:  # OC
            yield _address(mark)


def _address(handle: Any) -> int:
    return ctypes.cast(handle, ctypes.c_void_p).value or 0


def _hidden(page: PdfPage) -> list[_Path]:
    """Where the texts and pictures are that no layer in view shows. The page's objects are switched off by this."""
    import pypdfium2.raw as raw

    found = list(_objects(page))
    _switch([thing.handle for _, thing in found], on=False)
    groups: dict[tuple[int, ...], list[tuple[_Path, _Object]]] = {}
    for path, thing in found:
        if thing.within and thing.kind in (raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_IMAGE):
            groups.setdefault(thing.within, []).append((path, thing))
    hidden: list[_Path] = []
    for group in list(groups.values())[:_MAX_GROUPS]:
        handles = [thing.handle for _, thing in group]
        for _, thing in group:
            # The invisible text of OCR would leave no mark on a layer in view either.
            if thing.kind == raw.FPDF_PAGEOBJ_TEXT and _is_invisible(thing.handle):
                raw.FPDFTextObj_SetTextRenderMode(thing.handle, raw.FPDF_TEXTRENDERMODE_FILL)
        _switch(handles, on=True)
        if not _leaves_mark(page):
            hidden += [path for path, _ in group]
        _switch(handles, on=False)
    return hidden


def _is_invisible(text: Any) -> bool:
    import pypdfium2.raw as raw

    return bool(raw.FPDFTextObj_GetTextRenderMode(text) == raw.FPDF_TEXTRENDERMODE_INVISIBLE)


def _switch(objects: list[Any], on: bool) -> None:
    import pypdfium2.raw as raw

    for item in objects:
        raw.FPDFPageObj_SetIsActive(item, on)


def _leaves_mark(page: PdfPage, annotations: bool = False) -> bool:
    """Whether anything is drawn, of whatever colour."""
    import pypdfium2 as pdfium
    import pypdfium2.raw as raw

    points = page.points()
    width, height = (max(1, round(side * _SIDE / max(points))) for side in points)
    bitmap = pdfium.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGRA)
    try:
        bitmap.fill_rect((0, 0, 0, 0), 0, 0, width, height)
        flags = raw.FPDF_ANNOT if annotations else 0
        raw.FPDF_RenderPageBitmap(bitmap, page.handle, 0, 0, width, height, 0, flags)
        return bool(bitmap.to_numpy()[:, :, 3].any())
    finally:
        bitmap.close()
