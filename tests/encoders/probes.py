"""Checks of an encoder that hold for every family."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw

from tests.encoders.pages import page
from tests.encoders.precision import close
from workbench.types import Box, Page, PageEmbedding

_MIXING = re.compile(
    r"(layers|blocks|resblocks)\.\d+\..*(o_proj|out_proj|down_proj|fc2|attn\.proj|Wo|c_proj|conv_dw)\.(weight|bias)"
)


def embed(encoder: Any, *pages: Page) -> list[PageEmbedding]:
    found = encoder.encode_pages(pages)
    assert all(isinstance(item, PageEmbedding) for item in found), found
    return [item for item in found if isinstance(item, PageEmbedding)]


@contextlib.contextmanager
def without_mixing(model: Any) -> Iterator[None]:
    """Switch off every layer's output, so that each vector comes of its own piece of the picture alone."""
    switched = {name: weight.data.clone() for name, weight in model.named_parameters() if _MIXING.search(name)}
    assert switched
    parameters = dict(model.named_parameters())
    try:
        for name in switched:
            parameters[name].data.zero_()
        yield
    finally:
        for name, data in switched.items():
            parameters[name].data.copy_(data)


def an_impulse_lights_its_place(encoder: Any, model: Any, size: tuple[int, int], crop: Box) -> None:
    """Paint the middle of one cell after another; the vector of that cell, and of no other, must change."""
    plain = Image.new("RGB", size, "white")
    with without_mixing(model), torch.inference_mode():
        (before,) = embed(encoder, page(image=plain, crop=crop))
        geometry = before.geometry
        assert geometry.grid is not None
        rows, cols = geometry.grid
        cells = {0, cols - 1, (rows - 1) * cols, rows * cols - 1, (rows // 2) * cols + cols // 3}
        for cell in sorted(cells):
            (at,) = np.flatnonzero(geometry.cell == cell)
            x0, y0, x1, y1 = geometry.boxes[at]
            painted = plain.copy()
            centre, half = ((x0 + x1) / 2, (y0 + y1) / 2), ((x1 - x0) / 5, (y1 - y0) / 5)
            corners = [(centre[0] - half[0]) * size[0], (centre[1] - half[1]) * size[1]]
            corners += [(centre[0] + half[0]) * size[0], (centre[1] + half[1]) * size[1]]
            ImageDraw.Draw(painted).rectangle(tuple(corners), fill="black")
            (after,) = embed(encoder, page(image=painted, crop=crop))
            moved = np.linalg.norm(before.vectors - after.vectors, axis=1) > 1e-4
            assert np.flatnonzero(moved & (geometry.cell >= 0)).tolist() == [at], (cell, geometry.grid)
            lit = np.array(corners).reshape(2, 2) / size
            for other in np.flatnonzero(moved & (geometry.cell < 0)):  # the whole picture once more, smaller: it blurs
                box = geometry.boxes[other].reshape(2, 2)
                margin = (box[1] - box[0]) / 4
                assert (box[0] - margin <= lit[1]).all() and (box[1] + margin >= lit[0]).all()


def batches_change_nothing(encoder: Any, pages: Sequence[Page]) -> None:
    """Pages of mixed sizes give the same vectors together as alone."""
    before = encoder._batches.size
    try:
        encoder._batches.size = len(pages)
        together = embed(encoder, *pages)
        encoder._batches.size = 1
        alone = embed(encoder, *pages)
    finally:
        encoder._batches.size = before
    for one, other in zip(together, alone, strict=True):
        close(one.vectors, other.vectors)
        np.testing.assert_array_equal(one.geometry.boxes, other.geometry.boxes)


def views_show_their_boxes(encoder: Any, shown: Page) -> None:
    """Every picture that the model got looks like the part of the page that its box names, squeezed to its size."""
    whole = shown.image()
    views = encoder.saw(shown)
    assert views
    for view in views:
        x0, y0, x1, y1 = (value * side for value, side in zip(view.box, (*whole.size, *whole.size), strict=True))
        part = whole.resize(view.image.size, Image.Resampling.BICUBIC, box=(x0, y0, x1, y1))
        difference = np.abs(np.asarray(part, np.float32) - np.asarray(view.image, np.float32)).mean()
        assert view.image.mode == "RGB"
        assert difference < 4, (view.label, difference)
