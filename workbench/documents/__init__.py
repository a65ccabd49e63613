"""Files in, pages out: PDFs and pictures become `Page` values with a lazy image and words with boxes.

`discover` finds the files, `probe` says cheaply what one holds, `read_pages` streams its pages. What this package does
not do: embed, store, or show anything.
"""

from __future__ import annotations

from workbench.documents.pdfium import repeat_pages
from workbench.documents.probing import DocumentProbe, probe
from workbench.documents.raster import rasterizer
from workbench.documents.reading import ReadSettings, read_pages
from workbench.documents.sources import Source, discover

__all__ = ["DocumentProbe", "ReadSettings", "Source", "discover", "probe", "rasterizer", "read_pages", "repeat_pages"]
