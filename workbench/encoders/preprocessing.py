"""What a processor made of a page's picture, read from the batch it returned: where each vector lies, what was seen.

``square``  the picture is stretched to a fixed square, a vector a patch (PaliGemma, Gemma 3).
``dynamic`` it is resized to about its own shape, on a grid that ``image_grid_thw`` gives (Qwen).
``tiles``   it is resized and cut into square tiles, each a small grid, and shown once more as a whole (Idefics 3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.encoders import places
from workbench.encoders.pictures import denormalised
from workbench.types import Box, Geometry, SeenPicture

_MARKER = re.compile(r"<row_(\d+)_col_(\d+)>")


@dataclass(frozen=True, slots=True)
class PreparedBatch:
    """A processor, what it returned for some pictures, and the id of the token that stands for a piece of picture.

    ``scored`` are the tokens that the model's own rule compares, ``(pictures, tokens) bool``, where it has one.
    """

    processor: Any
    inputs: Any
    image_token: int
    scored: Any = None

    def shown(self, row: int) -> NDArray[np.bool_]:
        """Which tokens of a row stand for a piece of its picture, ``(tokens,) bool``."""
        return np.asarray(self.ids(row) == self.image_token)

    def ids(self, row: int) -> NDArray[np.int64]:
        """A row's tokens, padding included, ``(tokens,)``."""
        return np.asarray(self.inputs["input_ids"][row].numpy(), np.int64)

    def real(self, row: int) -> NDArray[np.bool_]:
        """Which tokens of a row are compared: no padding, and none that the model leaves out, ``(tokens,) bool``."""
        compared = self.inputs["attention_mask"] if self.scored is None else self.scored
        return np.asarray(compared[row].bool().numpy())

    def image(self, pixels: Any) -> Image.Image:
        """The picture of normalised ``pixels (3, height, width)``."""
        made = self.processor.image_processor
        return denormalised(pixels.float().cpu().numpy(), made.image_mean, made.image_std)

    def grid(self, row: int) -> tuple[int, int, int]:
        """Of a dynamic picture: rows and columns of patches, and how many patches a side make one token."""
        _, rows, cols = (int(value) for value in self.inputs["image_grid_thw"][row])
        return rows, cols, int(self.processor.image_processor.merge_size)


class Preprocessor(Protocol):
    """How a family treats a picture."""

    def geometry(self, batch: PreparedBatch, row: int, crop: Box) -> Geometry:
        """The places of a row's image tokens, in order; ``ValueError`` when the batch is not cut like this."""
        ...

    def views(self, batch: PreparedBatch, row: int, crop: Box) -> tuple[SeenPicture, ...]:
        """The pictures that the model gets of a row."""
        ...

    def tokens(self, processor: Any, width: int, height: int) -> int:
        """How many tokens stand for a picture of so many pixels, before it is processed; without the prompt's."""
        ...


class Square:
    """One picture of a fixed size."""

    def geometry(self, batch: PreparedBatch, row: int, crop: Box) -> Geometry:
        """A square grid over all of the picture."""
        count = int(batch.shown(row).sum())
        side = round(count**0.5)
        if side * side != count or len(batch.inputs["pixel_values"]) != len(batch.inputs["input_ids"]):
            raise ValueError(f"{count} visual tokens do not form one square")
        return places.grid(side, side, crop)

    def views(self, batch: PreparedBatch, row: int, crop: Box) -> tuple[SeenPicture, ...]:
        """The stretched picture."""
        return (SeenPicture(batch.image(batch.inputs["pixel_values"][row]), crop, "whole page"),)

    def tokens(self, processor: Any, width: int, height: int) -> int:
        """As many for every picture."""
        return int(processor.image_seq_length)


class Dynamic:
    """One picture whose size keeps about the page's shape."""

    def geometry(self, batch: PreparedBatch, row: int, crop: Box) -> Geometry:
        """The grid of merged patches."""
        rows, cols, merge = batch.grid(row)
        return places.grid(rows // merge, cols // merge, crop)

    def views(self, batch: PreparedBatch, row: int, crop: Box) -> tuple[SeenPicture, ...]:
        """The resized picture, put together again from its patches.

        They come as ``(patches, channels * frames * size * size)``, block by block of merge x merge patches.
        """
        rows, cols, merge = batch.grid(row)
        made = batch.processor.image_processor
        size, frames = int(made.patch_size), int(made.temporal_patch_size)
        pixels = batch.inputs["pixel_values"]
        if pixels.ndim == 3:  # padded to the longest of the batch
            pixels = pixels[row, : rows * cols]
        else:  # one after another
            before = int(batch.inputs["image_grid_thw"][:row].prod(dim=1).sum())
            pixels = pixels[before : before + rows * cols]
        blocks = pixels.reshape(rows // merge, cols // merge, merge, merge, 3, frames, size, size)[..., 0, :, :]
        flat = blocks.permute(4, 0, 2, 5, 1, 3, 6).reshape(3, rows * size, cols * size)
        return (SeenPicture(batch.image(flat), crop, "whole page"),)

    def tokens(self, processor: Any, width: int, height: int) -> int:
        """One for each block of patches."""
        made = processor.image_processor
        return int(made.get_number_of_image_patches(height, width, {})) // int(made.merge_size) ** 2


class Tiles:
    """Square tiles in reading order, each introduced by ``<row_i_col_j>``; another tag introduces the whole picture."""

    def geometry(self, batch: PreparedBatch, row: int, crop: Box) -> Geometry:
        """The tiles' grids put together; the whole picture's vectors have boxes but no cells."""
        tiles = self._tiles(batch, row)
        side = round((int(batch.shown(row).sum()) / len(tiles)) ** 0.5)
        return places.tiled(tiles, side, crop)

    def views(self, batch: PreparedBatch, row: int, crop: Box) -> tuple[SeenPicture, ...]:
        """Every tile, and the whole picture."""
        tiles = self._tiles(batch, row)
        located = [tile for tile in tiles if tile is not None]
        rows, cols = (1 + max((tile[axis] for tile in located), default=0) for axis in (0, 1))
        boxes = places.cells(rows, cols, crop)
        found: list[SeenPicture] = []
        for tile, pixels in zip(tiles, batch.inputs["pixel_values"][row], strict=False):  # padded with empty tiles
            image = batch.image(pixels)
            if tile is None:
                found.append(SeenPicture(image, crop, "whole page"))
            else:
                x0, y0, x1, y1 = (float(value) for value in boxes[tile[0] * cols + tile[1]])
                found.append(SeenPicture(image, (x0, y0, x1, y1), f"tile row {tile[0] + 1}, column {tile[1] + 1}"))
        return tuple(found)

    def tokens(self, processor: Any, width: int, height: int) -> int:
        """As many for every tile; a picture that is not cut is one."""
        tiles, _, _ = processor.image_processor.get_number_of_image_patches(height, width, {})
        return int(max(tiles, 1) * processor.image_seq_len)

    def _tiles(self, batch: PreparedBatch, row: int) -> list[tuple[int, int] | None]:
        """(row, col) of each tile in the order of the vectors, None for the whole picture."""
        ids = batch.inputs["input_ids"][row]
        where = np.flatnonzero(batch.shown(row))
        breaks = np.flatnonzero(np.diff(where) > 1) + 1
        if not len(where):
            raise ValueError("the batch shows no picture")
        markers = _markers(batch.processor.tokenizer)
        tiles = [markers.get(int(ids[start - 1])) for start in where[[0, *breaks]]]
        located = {tile for tile in tiles if tile is not None}
        rows, cols = (1 + max((tile[axis] for tile in located), default=-1) for axis in (0, 1))
        if len(located) != rows * cols or len(tiles) - len(located) > 1:
            raise ValueError(f"{len(tiles)} tiles do not form a grid")
        return tiles


_known: WeakKeyDictionary[Any, dict[int, tuple[int, int]]] = WeakKeyDictionary()


def _markers(tokenizer: Any) -> dict[int, tuple[int, int]]:
    """The token ids of a vocabulary that introduce a tile, with the tile's (row, col) from 0."""
    if tokenizer not in _known:
        found = {number: _MARKER.fullmatch(token) for token, number in tokenizer.get_vocab().items()}
        _known[tokenizer] = {number: (int(m[1]) - 1, int(m[2]) - 1) for number, m in found.items() if m}
    return _known[tokenizer]


PREPROCESSORS: dict[str, Preprocessor] = {"square": Square(), "dynamic": Dynamic(), "tiles": Tiles()}


def cut_of(processor: Any) -> str:
    """How a processor treats a picture, by what its image processor is made for; a key of `PREPROCESSORS`."""
    made = processor.image_processor
    if getattr(made, "do_image_splitting", None) is not None or getattr(made, "max_image_size", None) is not None:
        return "tiles"
    return "dynamic" if getattr(made, "merge_size", None) is not None else "square"
