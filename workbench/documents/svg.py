"""SVG drawings as pictures, by resvg, which runs no scripts and asks no network. Nor does it look at other files here.

What this module does not do: read their text, which is drawn and read as that of any other picture.
"""

from __future__ import annotations

import functools
import gzip
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbench.documents.raster import bounded_size
from workbench.documents.sources import display_name
from workbench.errors import DocumentError

MAX_BYTES = 32_000_000  # of the text of a drawing; the largest maps have a few
_SIDE = 2000  # px; the longer side at which a drawing is made a picture: its letters can be read then
_HEAD = 4096  # characters; where the size of a drawing is looked for
_SIZE = re.compile(r"<svg\b[^>]*", re.IGNORECASE)
_VIEW = re.compile(r"""\bviewBox\s*=\s*["']\s*[-+.\d\w]+[\s,]+[-+.\d\w]+[\s,]+([.\d]+)[\s,]+([.\d]+)""")
_SIDES = [
    re.compile(rf"""(?<![-\w]){side}\s*=\s*["']\s*([.\d]+)(px|pt|mm|cm|in)?\s*["']""") for side in ("width", "height")
]
# Whatever is not within the drawing itself: a path of this machine, an address, or an entity that may stand for one.
_REFERENCE = re.compile(
    r"""(\b(?:xlink:)?href\s*=\s*)(?:"(?!\s*(?:#|data:))[^"]*"|'(?!\s*(?:#|data:))[^']*')""", re.IGNORECASE
)


def draw_svg(path: Path) -> bytes:
    """The drawing on white as a PNG, its longer side `_SIDE` pixels; ``DocumentError`` if it is none."""
    name = display_name(path.name)
    try:
        import resvg_py
    except ImportError as error:
        raise DocumentError(f"{name} needs the package resvg_py to be drawn; run: pip install resvg_py") from error
    text = _REFERENCE.sub(r'\1""', _text(path, name))
    width, height = _size(text)
    pixels = bounded_size(width, height, _SIDE / max(width, height))
    longer = {"width": pixels[0]} if width >= height else {"height": pixels[1]}
    try:
        options: dict[str, Any] = {**longer, **_fonts()}
        return bytes(resvg_py.svg_to_bytes(svg_string=text, background="white", **options))
    except Exception as error:
        raise DocumentError(f"{name} is no SVG drawing that can be shown; save it again, or as a PNG.") from error


@functools.cache
def _fonts() -> dict[str, str]:
    """Installed fonts for those that a drawing names and are not here: resvg would leave its words out."""
    if shutil.which("fc-match") is None:
        return {}  # macOS and Windows have those that it expects
    found = {}
    for kind, generic in (("sans_serif", "sans-serif"), ("serif", "serif"), ("monospace", "monospace")):
        with suppress(OSError, subprocess.SubprocessError):
            said = subprocess.run(
                ["fc-match", "--format=%{family[0]}", generic], capture_output=True, timeout=5, check=True
            )
            found[f"{kind}_family"] = said.stdout.decode("utf-8", "replace").strip()
    return {"font_family": found["sans_serif_family"], **found} if "sans_serif_family" in found else found


def _text(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if data[:2] == b"\x1f\x8b":
            with gzip.open(path) as packed:
                data = packed.read(MAX_BYTES + 1)
    except (OSError, EOFError) as error:
        raise DocumentError(f"{name} cannot be opened ({type(error).__name__}).") from error
    if len(data) > MAX_BYTES:
        raise DocumentError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB, which is more than a drawing needs.")
    try:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"{name} is not an SVG drawing, whatever its name says.") from error


def _size(text: str) -> tuple[float, float]:
    """Width and height of a drawing in any unit, 1 to 1 where it says none, and never further apart than 1 to 100."""
    root = _SIZE.search(text, 0, _HEAD * 16)
    head = root[0][:_HEAD] if root else ""
    sides = [found for side in _SIDES if (found := side.search(head))]
    if view := _VIEW.search(head):
        said = (view[1], view[2])
    elif len(sides) == 2 and sides[0][2] == sides[1][2]:
        said = (sides[0][1], sides[1][1])
    else:
        return 1.0, 1.0
    try:
        width, height = float(said[0]), float(said[1])
    except ValueError:
        return 1.0, 1.0
    if not (width > 0 and height > 0):
        return 1.0, 1.0
    return max(width, height / 100), max(height, width / 100)
