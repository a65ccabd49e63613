"""Pictures of pages on disk: one to look at and one for lists, encoded once when the page goes in."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PIL import Image

SIDES = {"page": 1600, "thumb": 360}
"""Longest side in pixels of each size."""
QUALITY = 80
EFFORT = 2  # of WebP's 0..6: a fifth of the time of the default for a few per cent more bytes


def image_file(folder: Path, page_id: str, size: str) -> Path:
    """Where a page's picture is; ``size`` is ``page`` or ``thumb``."""
    digest, number = page_id.split(":")
    return folder / digest[:2] / f"{digest}-{number}.{size}.webp"


def save_images(folder: Path, page_id: str, image: Image.Image) -> None:
    """Write both sizes, each whole or not at all."""
    picture = image.convert("RGB")
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
        partial.replace(path)


def remove_images(folder: Path, page_ids: Iterable[str]) -> None:
    """Delete the pictures of these pages, if there are any."""
    for page_id in page_ids:
        for size in SIDES:
            image_file(folder, page_id, size).unlink(missing_ok=True)


def sweep_images(folder: Path, keep: set[str]) -> int:
    """Delete pictures of pages not in ``keep`` and what a crash left half written; returns how many."""
    swept = 0
    for path in folder.glob("*/*") if folder.exists() else ():
        digest, _, number = path.name.split(".")[0].rpartition("-")
        if path.suffix == ".partial" or f"{digest}:{number}" not in keep:
            path.unlink(missing_ok=True)
            swept += 1
    return swept
