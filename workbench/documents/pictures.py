"""Image files: frames, EXIF rotation, transparency, and limits that keep a bomb from going off."""

from __future__ import annotations

import functools
import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from workbench.documents.raster import bounded_size
from workbench.documents.sources import DRAWING_SUFFIXES, display_name
from workbench.documents.svg import draw_svg
from workbench.errors import DocumentError
from workbench.types.days import year_in

MAX_PICTURE_PIXELS = 120_000_000  # px; a 108-megapixel phone photograph passes, a decompression bomb does not
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF")
_ORIENTATION, _TIFF_WIDTH, _TIFF_HEIGHT = 0x0112, 0x0100, 0x0101
_PHOTOMETRIC, _SUBFILE, _OLD_SUBFILE = 0x0106, 0x00FE, 0x00FF
_EXIF, _TAKEN, _CHANGED = 0x8769, 0x9003, 0x0132
_REDUCED, _MASK, _OLD_REDUCED = 1, 4, 2
_WHOLE_RANGES = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)  # 8 bits, and what cameras and scanners keep in 16
_NO_DATA = 1e30  # from which on a grey stands for none
_STRAY = 20.0  # times the range of all but one grey in five hundred; further ones are flaws
_QUARTER_TURNS = (5, 6, 7, 8)


class PictureFile:
    """An image file as a document. Only TIFF has more than one page; of an animation the first frame is the page.

    Frames of a TIFF that are smaller versions of others, or masks for them, are no pages. ``year`` is when it says that
    it was taken or made, 0 where it does not.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _opened(path) as image:
            _check_size(image, display_name(path.name))
            with _reading(path):
                self._frames = _pages(image)
                self.year = _year(image)
            self.pages = len(self._frames)

    def close(self) -> None:
        """Nothing is held open between calls."""

    def size(self, number: int) -> tuple[int, int]:
        """Pixels (width, height) of the page as `draw` gives it, from the header alone."""
        with self._frame(number) as image, _reading(self.path):
            width, height = image.size
            if image.format == "TIFF":  # newer Pillows have turned its size already
                width, height = image.tag_v2[_TIFF_WIDTH], image.tag_v2[_TIFF_HEIGHT]  # type: ignore[attr-defined]
            if image.getexif().get(_ORIENTATION, 1) in _QUARTER_TURNS:
                width, height = height, width
            return bounded_size(width, height)

    def draw(self, number: int) -> Image.Image:
        """The page upright, RGB, transparency on white; reduced where it exceeds the limits of a page."""
        size = self.size(number)
        with self._frame(number) as image, _reading(self.path):
            image.draft("RGB", (max(size), max(size)))
            inverted = image.format == "TIFF" and image.tag_v2.get(_PHOTOMETRIC) == 0  # type: ignore[attr-defined]
            flat = _flatten(ImageOps.exif_transpose(image), inverted)
        return flat if flat.size == size else flat.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)

    @contextmanager
    def _frame(self, number: int) -> Iterator[Image.Image]:
        with _opened(self.path) as image:
            with _reading(self.path):
                if frame := self._frames[number - 1]:
                    image.seek(frame)
            _check_size(image, display_name(self.path.name))
            yield image


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    _prepare_pillow()
    name = display_name(path.name)
    try:
        if path.stat().st_size == 0:
            raise DocumentError(f"{name} is empty; save or download it again.")
        with path.open("rb"):
            pass
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise DocumentError(f"{name} cannot be opened ({reason}).") from error
    try:
        given = io.BytesIO(draw_svg(path)) if path.suffix.lower() in DRAWING_SUFFIXES else path
        with _reading(path):
            image = Image.open(given, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise DocumentError(_too_large(name)) from error
    except DocumentError as error:
        if isinstance(error.__cause__, UnidentifiedImageError):
            raise DocumentError(f"{name} is not an image Pagelens can read, whatever its name says.") from error
        raise
    with image:
        yield image


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Whatever Pillow raises on damaged bytes, as one sentence."""
    try:
        yield
    except (OSError, SyntaxError, ValueError, EOFError, KeyError, TypeError, ZeroDivisionError, struct.error) as error:
        name = display_name(path.name)
        raise DocumentError(
            f"{name} is damaged or cut short and cannot be shown; save or download it again."
        ) from error


def _check_size(image: Image.Image, name: str) -> None:
    if image.width * image.height > MAX_PICTURE_PIXELS:
        raise DocumentError(_too_large(name))


def _too_large(name: str) -> str:
    limit = MAX_PICTURE_PIXELS // 1_000_000
    return (
        f"{name} has more than {limit} million pixels, which is more than a page needs; scale it down and add it again."
    )


def _pages(image: Image.Image) -> tuple[int, ...]:
    """The frames of a file that are pages, from 0."""
    if image.format != "TIFF":
        return (0,)
    frames = range(int(getattr(image, "n_frames", 1)))
    full = []
    for frame in frames if len(frames) > 1 else ():
        image.seek(frame)
        tags = image.tag_v2  # type: ignore[attr-defined]
        if not int(tags.get(_SUBFILE, 0)) & (_REDUCED | _MASK) and tags.get(_OLD_SUBFILE) != _OLD_REDUCED:
            full.append(frame)
    return tuple(full) or (0,)


def _year(image: Image.Image) -> int:
    try:
        exif = image.getexif()
        return year_in(str(exif.get_ifd(_EXIF).get(_TAKEN) or exif.get(_CHANGED) or ""))
    except Exception:  # whatever Pillow raises on damaged tags: the picture may be whole
        return 0


def _flatten(image: Image.Image, inverted: bool = False) -> Image.Image:
    """RGB, with transparent parts on white and wide greys brought to 8 bits; ``inverted`` if 0 is white in those."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        levels = _levels(np.asarray(image.convert("F"), np.float32), whole=image.mode != "F")
        return Image.fromarray(255 - levels if inverted else levels).convert("RGB")
    if image.mode == "LAB":
        from PIL import ImageCms

        lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.applyTransform(image, ImageCms.buildTransform(lab, rgb, "LAB", "RGB")) or image.convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGB", rgba.size, (255, 255, 255))
        white.paste(rgba, mask=rgba.getchannel("A"))
        return white
    return image.convert("RGB")


def _levels(grey: NDArray[np.float32], whole: bool) -> NDArray[np.uint8]:
    """Greys of any range as 0 to 255, by the smallest range in use that holds them; signed ones fill it.

    Of fractions a few far from all others are flaws, and what no measure reaches stands for no measure.
    """
    finite = grey[np.abs(grey) < _NO_DATA]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if not whole and finite.size:
        least, most = np.percentile(finite, (0.1, 99.9)).tolist()
        if high - low > _STRAY * (most - least) > 0:
            low, high = least, most
    ranges = _WHOLE_RANGES if whole else (1.0, *_WHOLE_RANGES)
    if low >= 0:
        low, high = 0.0, next((top for top in ranges if high <= top), high)
    scale = 255.0 / ((high - low) or 1.0)
    within = np.clip(np.nan_to_num(grey, nan=low, posinf=high, neginf=low), low, high)
    return np.asarray((within - low) * scale, np.uint8)


@functools.cache
def _prepare_pillow() -> None:
    """Sizes are checked here before anything is decoded; Pillow's warning would only repeat it on standard error.

    HEIC it reads with a package of its own, without which such a file is one that cannot be read.
    """
    with suppress(ImportError):
        import pi_heif

        pi_heif.register_heif_opener()
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
