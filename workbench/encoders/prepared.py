"""Pictures as a model's own processor makes them, one page at a time: done anywhere, put together where the model is.

A `Preparer` goes to other processes, so that a GPU does not wait for resizing and tiling; what it makes of a picture
are plain arrays, one row of each of the processor's own inputs. `collated` pads rows to a batch as the processor pads
several pictures: texts on the tokenizer's side, pictures at their end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.errors import EncoderError, brief
from workbench.types import Box, PageRef

Inputs = Mapping[str, NDArray[Any]]
"""What a processor made of one picture, by its names; numbers that numpy lacks (bfloat16) as ``uint16`` of their bits.
"""
Preparer = Callable[[Image.Image], Inputs]
"""Makes a model's inputs of a picture; can be pickled, and is quick to call again in the same process."""

PIXELS = "pixels"
"""The one input of a picture that goes to the device as it is, ``(height, width, 3) uint8``: to be processed there,
together with the others of its batch."""
_TEXT = ("input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids")
"""Inputs with a number a token, which are padded on the tokenizer's side."""


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """A page ready for a model: what its ``crop`` left, as ``inputs``."""

    ref: PageRef
    crop: Box
    inputs: Inputs

    @property
    def tokens(self) -> int:
        """How many tokens the model reads, 0 where it reads none."""
        ids = self.inputs.get("input_ids")
        return 0 if ids is None else int(ids.shape[-1])

    @property
    def bytes(self) -> int:
        """What it takes in memory."""
        return sum(value.nbytes for value in self.inputs.values())


@dataclass(frozen=True, slots=True)
class ProcessorPreparer:
    """A processor of colpali-engine, by class name and folder; floats become ``dtype``, as torch names it."""

    processor: str
    folder: str
    dtype: str

    def __call__(self, picture: Image.Image) -> Inputs:
        """One row of each of the processor's inputs."""
        return rows(_processor(self.processor, self.folder).process_images([picture]), self.dtype)


@lru_cache(maxsize=2)
def _processor(name: str, folder: str) -> Any:
    """The processor of a checkpoint, in a process that has no model."""
    import torch

    from workbench.encoders.torchvision_cure import cure

    cure()
    torch.set_num_threads(1)  # there are as many processes as there are cores to use
    import colpali_engine.models as models

    from workbench.encoders.foreign import REFUSED, never_asked

    never_asked()
    return getattr(models, name).from_pretrained(folder, local_files_only=True, **REFUSED)


def prepare(preparer: Preparer, image: Callable[[], Image.Image], crop: Box) -> tuple[Inputs, float]:
    """What a preparer makes of the part of a page's picture that the crop leaves, and the seconds that took.

    Called in another process; `EncoderError` with what the library said when it cannot be done.
    """
    started = time.perf_counter()
    try:
        return preparer(cropped(image(), crop)), time.perf_counter() - started
    except MemoryError:
        raise
    except Exception as error:
        raise EncoderError(brief(error)) from None


def cropped(image: Image.Image, crop: Box) -> Image.Image:
    """The part of a picture that a crop leaves, RGB."""
    box = cut(crop, *image.size)
    shown = image if box == (0, 0, *image.size) else image.crop(box)
    return shown if shown.mode == "RGB" else shown.convert("RGB")  # which would copy a picture that is RGB already


def cut(crop: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """A crop's left, top, right and bottom in pixels of a picture."""
    x0, y0, x1, y1 = crop
    return round(x0 * width), round(y0 * height), round(x1 * width), round(y1 * height)


def rows(inputs: Mapping[str, Any], dtype: str) -> Inputs:
    """Tensors as arrays, floats rounded to ``dtype``, masks of pixels a byte each.

    Such a mask of ColSmol's tiles takes 27 MB a page else, more than the tiles; see `stream.wide`.
    """
    import torch

    wanted = getattr(torch, dtype)
    found: dict[str, NDArray[Any]] = {}
    for name, value in inputs.items():
        if name == "labels":
            continue
        if value.is_floating_point():
            value = value.to(wanted)
            value = value.view(torch.uint16) if wanted is torch.bfloat16 else value
        elif value.dtype is torch.int64 and value.ndim > 2 and bool(((value == 0) | (value == 1)).all()):
            value = value.to(torch.int8)
        found[name] = np.ascontiguousarray(value.numpy())
    return found


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture on a device, ``(3, height, width) uint8``, in the place of the one of PIL that colpali-engine's
    processors expect: they have it converted to RGB, and what comes of that goes on to an image processor."""

    pixels: Any

    def convert(self, mode: str) -> Any:
        """The pixels, which are RGB."""
        return self.pixels


def collated(pages: Sequence[Inputs], dtype: str, padding: int, left: bool, pinned: bool = False) -> dict[str, Any]:
    """The tensors of several pages together, as the processor makes them of several pictures.

    Token ids are padded with ``padding``, on the ``left`` or the right; floats come in ``dtype``. With ``pinned`` they
    lie where a GPU copies from, in memory that torch keeps for the next batch: fresh memory for hundreds of MB costs
    more than filling it.
    """
    import torch

    found: dict[str, Any] = {}
    for name in pages[0]:
        parts = [page[name] for page in pages]
        narrow = parts[0].dtype == np.uint16
        kind = getattr(torch, dtype) if narrow else getattr(torch, parts[0].dtype.name)
        made = torch.empty(_shape(parts), dtype=kind, pin_memory=pinned)
        _fill((made.view(torch.uint16) if narrow else made).numpy(), name, parts, padding, left)
        found[name] = made
    return found


def _shape(parts: Sequence[NDArray[Any]]) -> tuple[int, ...]:
    first = parts[0]
    if _follow(parts):
        return (sum(map(len, parts)), *first.shape[1:])
    return (len(parts), max(part.shape[1] for part in parts), *first.shape[2:])


def _follow(parts: Sequence[NDArray[Any]]) -> bool:
    """Whether rows of pictures follow one another, whatever their lengths, rather than being padded to one."""
    return any(len(part) != 1 for part in parts) or all(part.shape == parts[0].shape for part in parts)


def _fill(made: NDArray[Any], name: str, parts: Sequence[NDArray[Any]], padding: int, left: bool) -> None:
    if _follow(parts):
        np.concatenate(parts, out=made)
        return
    made[...] = padding if name == "input_ids" else 0
    for row, part in enumerate(parts):
        length = part.shape[1]
        made[row, slice(made.shape[1] - length, None) if left and name in _TEXT else slice(0, length)] = part[0]
