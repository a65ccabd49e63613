"""Which kinds of files this machine can read, in the words of a person."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from PIL import features

from workbench.documents.office import libreoffice
from workbench.documents.sources import KINDS, OFFICE


def readable() -> Mapping[str, frozenset[str]]:
    """Kinds of files by name, and the suffixes of each; office documents where LibreOffice is installed."""
    there = {
        "HEIC": find_spec("pi_heif") is not None,
        "AVIF": bool(features.check("avif")),
        OFFICE: libreoffice() is not None,
    }
    return {name: suffixes for name, suffixes in KINDS.items() if there.get(name, True)}
