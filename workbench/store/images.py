"""Pictures of pages on disk: one to look at and one for lists, encoded once when the page goes in.

The larger one is also what an encoder gets that comes to the collection later (`Collection.rebuilt`), so it keeps what
page models can use: a long side of up to 2,048 pixels, the most that any of their processors leaves of a page (ColSmol:
tiles of 512 from a page scaled to 2,048; ColPali takes 448 x 448, ColQwen at most 768 tokens of 28 x 28). An A4 page at
the default 144 dpi is 1,684 pixels long and keeps its size. WebP at this quality leaves pictures that, reduced as a
model would, differ from the original by noise of at most 1/50 of the range (34 dB; a test holds it to that).
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from workbench.atomic import written_whole
from workbench.documents.workers import cores
from workbench.store.storage import Storage

SIDES = {"page": 2048, "thumb": 360}
"""Longest side in pixels of each size."""
Pictures = Mapping[str, bytes]
"""A page's pictures as WebP, by size."""
FOLDER = "images"
QUALITY = 80
EFFORT = 2  # of WebP's 0..6: a fifth of the time of the default for a few per cent more bytes


def image_file(folder: Path, page_id: str, size: str) -> Path:
    """Where a page's picture is in a folder of pictures; ``size`` is ``page`` or ``thumb``."""
    return folder / _below(page_id, size)


def image_name(page_id: str, size: str) -> str:
    """Where a page's picture is in a collection's storage."""
    return f"{FOLDER}/{_below(page_id, size)}"


def _below(page_id: str, size: str) -> str:
    if size not in SIDES:
        raise ValueError(f"a page's picture is {' or '.join(SIDES)}, not {size!r}")
    digest, _, number = page_id.partition(":")
    return f"{digest[:2]}/{digest}-{number}.{size}.webp"


def encoded(image: Image.Image) -> Pictures:
    """Both sizes of a page's picture."""
    picture = image.convert("RGB")
    found = {}
    for size, side in SIDES.items():
        scale = side / max(picture.size)
        if scale < 1:
            picture = picture.resize(
                (max(1, round(picture.width * scale)), max(1, round(picture.height * scale))),
                Image.Resampling.LANCZOS,
                reducing_gap=2.0,
            )
        found[size] = _webp(picture)
    return found


def save_images(storage: Storage, page_id: str, pictures: Pictures) -> int:
    """Write a page's pictures, each whole or not at all; returns their bytes."""
    for size, data in pictures.items():
        storage.write(image_name(page_id, size), data)
    return sum(map(len, pictures.values()))


def save_thumb(storage: Storage, page_id: str) -> None:
    """Make the small picture of a page anew from its large one; `OSError` where that cannot be read."""
    with Image.open(storage.local(image_name(page_id, "page"))) as image:
        small = image.convert("RGB")
    small.thumbnail((SIDES["thumb"], SIDES["thumb"]), Image.Resampling.LANCZOS, reducing_gap=2.0)
    storage.write(image_name(page_id, "thumb"), _webp(small))


def _webp(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "WEBP", quality=QUALITY, method=EFFORT)
    return data.getvalue()


def copy_image(source: Path, path: Path) -> None:
    """Copy a picture out of a collection, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as partial:
        shutil.copyfile(source, partial)


def stored_images(storage: Storage) -> set[str]:
    """Ids of the pages that have all their pictures, none of them empty."""
    return {page for page, sizes in image_pages(storage)[0].items() if sizes == set(SIDES)}


def image_pages(storage: Storage) -> tuple[dict[str, set[str]], int]:
    """By page id: the sizes of its pictures that are not empty files; and how many half written files there are."""
    found: dict[str, set[str]] = {}
    halves = 0
    for path, count in storage.files(FOLDER):
        name = path.rpartition("/")[2]
        stem, _, size = name.removesuffix(".webp").partition(".")
        if name.endswith(".webp") and size in SIDES:
            sizes = found.setdefault(stem.replace("-", ":"), set())
            if count:
                sizes.add(size)
        else:
            halves += 1
    return found, halves


def broken_images(storage: Storage, page_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """By page: the sizes of its pictures that are there and cannot be decoded; every one is, some tens a second."""

    def look(page_id: str) -> tuple[str, ...]:
        return tuple(size for size in SIDES if not _decodes(storage, image_name(page_id, size)))

    with ThreadPoolExecutor(cores()) as pool:
        return {page: sizes for page, sizes in zip(page_ids, pool.map(look, page_ids), strict=True) if sizes}


def _decodes(storage: Storage, name: str) -> bool:
    try:
        with Image.open(storage.local(name)) as image:
            image.load()
    except FileNotFoundError:
        return True  # another fault
    except Exception:  # Pillow has many words for it
        return False
    return True


def remove_images(storage: Storage, page_ids: Iterable[str]) -> None:
    """Delete the pictures of these pages, if there are any."""
    for page_id in page_ids:
        for size in SIDES:
            storage.remove(image_name(page_id, size))


def sweep_images(storage: Storage, keep: set[str]) -> int:
    """Delete pictures of pages not in ``keep`` and what a crash left half written; returns how many."""
    swept = 0
    for path, _ in list(storage.files(FOLDER)):
        name = path.rpartition("/")[2]
        if name.endswith(".partial") or name.partition(".")[0].replace("-", ":") not in keep:
            swept += storage.remove(path)
    return swept
