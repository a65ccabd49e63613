"""Files in, pages out: PDFs and pictures become `Page` values with an image and words with boxes.

`discover` finds the files, `probe` says cheaply what one holds, `read_pages` streams its pages; `readers` does both in
processes of their own, for files that come from anywhere. What this package does
not do: embed, store, or show anything.
"""

from __future__ import annotations

from workbench.documents.pdfium import Bookmark, copy_pages, read_outline
from workbench.documents.probing import DocumentProbe, probe
from workbench.documents.raster import has_poppler, rasterizer
from workbench.documents.readable import readable
from workbench.documents.reading import ReadSettings, Way, read_pages, undrawn
from workbench.documents.sources import Source, discover
from workbench.documents.workers import GivenUp, Limits, PageStream, ReaderPool, Reading, readers

__all__ = [
    "Bookmark",
    "DocumentProbe",
    "GivenUp",
    "Limits",
    "PageStream",
    "ReadSettings",
    "ReaderPool",
    "Reading",
    "Source",
    "Way",
    "copy_pages",
    "discover",
    "has_poppler",
    "probe",
    "rasterizer",
    "read_outline",
    "read_pages",
    "readable",
    "readers",
    "undrawn",
]
