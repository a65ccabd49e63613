"""Pictures that people search with, as they are kept."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.documents.make import text_pdf
from workbench.errors import DocumentError, InputError, NotFoundError
from workbench.query import PictureStore


def png(name: str) -> bytes:
    """A picture of noise; names make others of the same size."""
    pixels = np.random.default_rng(list(name.encode())).integers(0, 256, (48, 64, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels, "RGB").save(stream, "PNG")
    return stream.getvalue()


def bomb(side: int) -> bytes:
    """A PNG that says it is this large, without the pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The picture is empty"),
        (b"no picture", "is not an image"),
        (png("x")[:600], "damaged or cut short"),
        (bomb(60_000), "more than 120 million pixels"),
    ],
)
def test_what_cannot_be_read_is_refused_and_leaves_nothing(tmp_path: Path, data: bytes, sentence: str) -> None:
    with pytest.raises(DocumentError, match=sentence):
        PictureStore(tmp_path / "kept").keep(data)
    assert not list(tmp_path.rglob("*.webp"))


def test_the_first_page_of_a_pdf_is_a_picture(tmp_path: Path) -> None:
    pictures = PictureStore(tmp_path / "kept")
    kept = pictures.keep(text_pdf(tmp_path / "a.pdf", 2))
    assert pictures.image(kept).size == (1224, 1584)
    assert "quick" in pictures.words(kept).texts


def test_what_was_not_used_for_longest_goes(tmp_path: Path) -> None:
    pictures = PictureStore(tmp_path / "kept", most=1)
    assert pictures.path(pictures.keep(png("a"))).is_file(), "the last one stays, whatever its size"
    pictures = PictureStore(tmp_path / "kept", most=int(3.5 * pictures.path(pictures.keep(png("a"))).stat().st_size))
    names = [pictures.keep(png(colour)) for colour in "abc"]
    for age, name in enumerate(names):
        os.utime(tmp_path / "kept" / f"{name}.webp", (1000 + age, 1000 + age))
    pictures.path(names[0])  # used again
    pictures.keep(png("d"))
    with pytest.raises(NotFoundError, match="choose its file again"):
        pictures.path(names[1])
    assert pictures.path(names[0]).is_file()


def test_repairs_are_made_once_and_refused_before_they_are(tmp_path: Path) -> None:
    pictures = PictureStore(tmp_path)
    kept = pictures.keep(png("a"))
    turned = pictures.path(kept, ["rotate:90"])
    assert pictures.image(kept, ["rotate:90"]).size == (48, 64)
    made = turned.stat().st_ino
    assert pictures.path(kept, ["rotate:90"]).stat().st_ino == made
    before = set(tmp_path.iterdir())
    with pytest.raises(InputError, match="'explode' is no repair"):
        pictures.path(kept, ["rotate:90", "explode"])
    assert set(tmp_path.iterdir()) == before
