"""What of a PDF's page is seen, for those that read it: annotations and form fields are, layers switched off are not.

PDFium draws both rightly but reads neither so: it knows no text of annotations, and all of every layer. So the page is
read from a second opening of the file, which is never drawn: there the annotations are made part of the page
(`FPDFPage_Flatten`), and objects that leave no mark when they are drawn alone are switched off. Most pages need neither
and are read as they are. Text that nobody sees is left out of all (`unseen`). What this module does not do: read.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from workbench.documents.pdfium import LOCK, PageObject, PdfFile, PdfPage
from workbench.documents.unseen import leave_out_unseen, switch

_LAYERS = b"/OCProperties"  # in the catalog of every document that has layers
_MAX_SEARCHED = 1 << 29  # bytes of a file searched for it; what is larger is taken to have layers
_MAX_ANNOTATIONS = 2_000  # of a page; more are not looked at
_MAX_GROUPS = 64  # of objects that a layer may hide, each of which is drawn once; more are believed to be drawn
_SIDE = 640  # px; the longer side at which a group is drawn to see whether it leaves a mark


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
        """The page with all that is seen on it and nothing else as its objects: itself, where that is so already."""
        if self._layered is None:
            self._layered = _has_layers(self._file)
        annotated = _has_annotations(page)
        if not annotated and not self._layered:
            leave_out_unseen(page)
            yield page
            return
        if self._again is None:
            self._again = PdfFile(self._file.path)
        if annotated and page.number not in self._flat:
            with self._again.page(page.number) as flat:
                _flatten(flat)
            self._flat.add(page.number)
        hidden: set[tuple[int, ...]] = set()
        if self._layered:
            with self._again.page(page.number) as drawn:
                hidden = _hidden(drawn)
        with self._again.page(page.number) as shown:
            if hidden:
                switch([thing for thing in shown.objects() if thing.path in hidden], on=False)
            leave_out_unseen(shown)
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
    blank = list(page.objects())
    switch(blank, on=False)
    _leaves_mark(page, annotations=True)  # drawn once, since fields without an appearance get theirs by that
    shown = {one.index for one in found if not one.flags & (raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW)}
    cleared = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW | raw.FPDF_ANNOT_FLAG_INVISIBLE
    for one in found:  # flattening goes by other flags than drawing: by "invisible" and not by "no view"
        with _annotation(page, one.index) as annotation:
            hidden = 0 if one.index in shown else raw.FPDF_ANNOT_FLAG_HIDDEN
            raw.FPDFAnnot_SetFlags(annotation, (one.flags & ~cleared) | hidden)
    switch(blank, on=True)
    raw.FPDFPage_Flatten(page.handle.raw, raw.FLAT_NORMALDISPLAY)


def _hiders(thing: PageObject) -> tuple[int, ...]:
    """The forms and layers that may hide an object."""
    import pypdfium2.raw as raw

    found = []
    for item in (*thing.forms, thing.handle):
        if item is not thing.handle or thing.kind == raw.FPDF_PAGEOBJ_IMAGE:  # which may be on a layer by themselves
            found.append(_address(item))
        found += _layer_marks(item)
    return tuple(found)


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


def _hidden(page: PdfPage) -> set[tuple[int, ...]]:
    """Where the texts and pictures are that no layer in view shows. The page's objects are switched off by this."""
    import pypdfium2.raw as raw

    found = list(page.objects())
    switch(found, on=False)
    groups: dict[tuple[int, ...], list[PageObject]] = {}
    for thing in found:
        if thing.kind in (raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_IMAGE) and (hiders := _hiders(thing)):
            groups.setdefault(hiders, []).append(thing)
    hidden: set[tuple[int, ...]] = set()
    for group in list(groups.values())[:_MAX_GROUPS]:
        for thing in group:
            if thing.is_invisible:  # text of OCR, which would leave no mark on a layer in view either
                raw.FPDFTextObj_SetTextRenderMode(thing.handle, raw.FPDF_TEXTRENDERMODE_FILL)
        switch(group, on=True)
        if not _leaves_mark(page):
            hidden.update(thing.path for thing in group)
        switch(group, on=False)
    return hidden


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
