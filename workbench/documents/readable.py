"""Which kinds of files this machine can read, in the words of a person."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from PIL import features

from workbench.documents.office import libreoffice
from workbench.documents.sources import DRAWING_SUFFIXES, OFFICE_SUFFIXES, PDF_SUFFIXES, PICTURE_SUFFIXES

_NAMES = {"jpg": "JPEG", "jpeg": "JPEG", "jfif": "JPEG", "tif": "TIFF", "heif": "HEIC", "webp": "WebP"}


def readable() -> Mapping[str, frozenset[str]]:
    """Kinds of files by name, and the suffixes of each; office documents where LibreOffice is installed."""
    kinds = {"PDF": PDF_SUFFIXES}
    lacking = {"HEIC": find_spec("pi_heif") is None, "AVIF": not features.check("avif")}
    for suffix in sorted(PICTURE_SUFFIXES, key=_order):
        name = _name(suffix)
        if not lacking.get(name):
            kinds[name] = kinds.get(name, frozenset()) | {suffix}
    kinds["SVG"] = DRAWING_SUFFIXES
    if libreoffice():
        kinds["office documents"] = OFFICE_SUFFIXES
    return kinds


def _name(suffix: str) -> str:
    bare = suffix.removeprefix(".")
    return _NAMES.get(bare, bare.upper())


def _order(suffix: str) -> tuple[int, str]:
    """Kinds that people have most come first."""
    usual = ("PNG", "JPEG", "WebP", "TIFF")
    name = _name(suffix)
    return usual.index(name) if name in usual else len(usual), name
