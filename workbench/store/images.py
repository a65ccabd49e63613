"""Pictures of pages on disk: one to look at and one for lists, encoded once when the page goes in.

The larger one is also what an encoder gets that comes to the collection later (`Collection.rebuilt`), so it keeps what
page models can use: a long side of up to 2,048 pixels, the most that any of their processors leaves of a page (ColSmol:
tiles of 512 from a page scaled to 2,048; ColPali takes 448 x 448, ColQwen at most 768 tokens of 28 x 28). An A4 page at
the default 144 dpi is 1,684 pixels long and keeps its size. WebP at this quality leaves pictures that, reduced as a
model would, differ from the original by noise of at most 1/50 of the range (34 dB; a test holds it to that).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from PIL import Image

from workbench.store.files import replace

SIDES = {"page": 2048, "thumb": 360}
"""Longest side in pixels of each size."""
QUALITY = 80
EFFORT = 2  # of WebP's 0..6: a fifth of the time of the default for a few per cent more bytes


def image_file(folder: Path, page_id: str, size: str) -> Path:
    """Where a page's picture is; ``size`` is ``page`` or ``thumb``."""
    if size not in SIDES:
        raise ValueError(f"a page's picture is {' or '.join(SIDES)}, not {size!r}")
    digest, _, number = page_id.partition(":")
    return folder / digest[:2] / f"{digest}-{number}.{size}.webp"


def save_images(folder: Path, page_id: str, image: Image.Image) -> int:
    """Write both sizes, each whole or not at all; returns their bytes."""
    picture = image.convert("RGB")
    written = 0
    for size, side in SIDES.items():
        scale = side / max(picture.size)
        if scale < 1:
            picture = picture.resize(
                (max(1, round(picture.width * scale)), max(1, round(picture.height * scale))),
                Image.Resampling.LANCZOS,
                reducing_gap=2.0,
            )
        path = image_file(folder, page_id, size)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        picture.save(partial, "WEBP", quality=QUALITY, method=EFFORT)
        replace(partial, path)
        written += path.stat().st_size
    return written


def save_thumb(folder: Path, page_id: str) -> None:
    """Make the small picture of a page anew from its large one; `OSError` where that cannot be read."""
    with Image.open(image_file(folder, page_id, "page")) as image:
        small = image.convert("RGB")
    small.thumbnail((SIDES["thumb"], SIDES["thumb"]), Image.Resampling.LANCZOS, reducing_gap=2.0)
    path = image_file(folder, page_id, "thumb")
    partial = path.with_suffix(".partial")
    small.save(partial, "WEBP", quality=QUALITY, method=EFFORT)
    replace(partial, path)


def copy_image(source: Path, path: Path) -> None:
    """Take over a picture that was made elsewhere, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    shutil.copyfile(source, partial)
    replace(partial, path)


def stored_images(folder: Path) -> set[str]:
    """Ids of the pages that have all their pictures, none of them empty."""
    return {page for page, sizes in image_pages(folder)[0].items() if sizes == set(SIDES)}


def image_pages(folder: Path) -> tuple[dict[str, set[str]], int]:
    """By page id: the sizes of its pictures that are not empty files; and how many half written files there are."""
    found: dict[str, set[str]] = {}
    halves = 0
    for path in folder.glob("*/*"):
        stem, _, size = path.name.removesuffix(".webp").partition(".")
        if path.suffix == ".webp" and size in SIDES:
            sizes = found.setdefault(stem.replace("-", ":"), set())
            if path.stat().st_size:
                sizes.add(size)
        else:
            halves += 1
    return found, halves


def broken_images(folder: Path, page_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """By page: the sizes of its pictures that are there and cannot be decoded; every one is, some tens a second."""

    def look(page_id: str) -> tuple[str, ...]:
        return tuple(size for size in SIDES if not _decodes(image_file(folder, page_id, size)))

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return {page: sizes for page, sizes in zip(page_ids, pool.map(look, page_ids), strict=True) if sizes}


def _decodes(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            image.load()
    except FileNotFoundError:
        return True  # another fault
    except Exception:  # Pillow has many words for it
        return False
    return True


def remove_images(folder: Path, page_ids: Iterable[str]) -> None:
    """Delete the pictures of these pages, if there are any."""
    for page_id in page_ids:
        for size in SIDES:
            _unlink(image_file(folder, page_id, size))


def sweep_images(folder: Path, keep: set[str]) -> int:
    """Delete pictures of pages not in ``keep`` and what a crash left half written; returns how many."""
    swept = 0
    for path in folder.glob("*/*"):
        if path.suffix == ".partial" or path.name.partition(".")[0].replace("-", ":") not in keep:
            swept += _unlink(path)
    return swept


def _unlink(path: Path) -> bool:
    with suppress(OSError):  # gone already, or on Windows being looked at; the next sweep takes it
        path.unlink()
        return True
    return False
