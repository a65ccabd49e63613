"""What every encoder of pictures does alike: show it the page, batch after batch, and wrap what it answers."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.encoders.base import EncoderInfo, EncoderSpec, guarded
from workbench.encoders.checkpoints import Checkpoint
from workbench.encoders.device import Batches
from workbench.encoders.policies import Policies
from workbench.encoders.prepared import Inputs, PreparedPage, Preparer, cropped, cut
from workbench.errors import brief
from workbench.types import Box, Drawn, Float, Geometry, Page, PageEmbedding, PageFailure, PageRef, SeenPicture

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PictureVectors:
    """Of one picture: ``vectors (n, dim)`` of any length, their places, and the text under each where it has one."""

    vectors: NDArray[Any]
    geometry: Geometry
    labels: tuple[str, ...] = ()


class PictureEncoder(Policies, ABC):
    """An encoder that looks at a page's picture. Subclasses say how vectors come of pictures."""

    def __init__(self, spec: EncoderSpec, checkpoint: Checkpoint, dim: int, policy: str, batches: Batches) -> None:
        self.info = EncoderInfo(
            id=spec.id,
            name=spec.name,
            kind=spec.kind,
            dim=dim,
            revision=checkpoint.revision,
            weights_hash=checkpoint.weights_hash,
            licence=spec.licence,
            policy=policy,
        )
        self._policies, self._page_policies = spec.policies, spec.page_policies
        self._batches = batches

    def encode_pages(self, pages: Sequence[Page]) -> list[PageEmbedding | PageFailure]:
        """One outcome a page, in order; see `Encoder.encode_pages`. Pages go through the model several at a time."""
        return self._batches.run(pages, self._embed, self._failure)

    def saw(self, page: Page) -> tuple[SeenPicture, ...]:
        """The pictures that the model really gets of this page, resized or cut into tiles, in the model's order."""
        return self._views(seen(page), page.crop)

    @abstractmethod
    def _vectors(self, pictures: Sequence[Image.Image], crops: Sequence[Box]) -> list[PictureVectors]:
        """What the model makes of each picture, which is what the crop leaves of its page."""

    @abstractmethod
    def _views(self, picture: Image.Image, crop: Box) -> tuple[SeenPicture, ...]:
        """What the processor makes of a picture."""

    def _embed(self, pages: Sequence[Page]) -> list[PageEmbedding | PageFailure]:
        found = self._vectors([seen(page) for page in pages], [page.crop for page in pages])
        return [
            guarded(page.ref, one.vectors, one.geometry, one.labels, self.info.dim)
            for page, one in zip(pages, found, strict=True)
        ]

    def failed(self, ref: PageRef, error: Exception) -> PageFailure:
        """A page that the model or its processor cannot do."""
        log.warning("%s failed in %s", ref, self.info.id, exc_info=error)
        return PageFailure(ref, f"The '{self.info.id}' model failed on this page ({brief(error)}).")

    def _failure(self, page: Page | PreparedPage, error: Exception) -> PageFailure:
        return self.failed(page.ref, error)


class PreparingEncoder(PictureEncoder):
    """One whose processor can work elsewhere, ahead of the model: `prepare` there, `encode_prepared` here.

    ``preparer`` is what another process needs for it. Both ways, and `encode_pages`, come to the same vectors.
    """

    preparer: Preparer
    accelerated = False
    """Whether the model runs on a device of its own while the processor works on this one, so that it is what there is
    to wait for."""

    def prepare(self, page: Page) -> PreparedPage:
        """A page as the model takes it, by this process; raises whatever the processor does."""
        return PreparedPage(page.ref, page.crop, self._inputs(seen(page)))

    def tokens(self, page: PreparedPage) -> int:
        """How many tokens the model reads of a page, 0 where it reads none."""
        return page.tokens

    def fit(self, pages: Sequence[PreparedPage]) -> int:
        """How many of the first of these pages go through the model at once."""
        return self._batches.fit([self.tokens(page) for page in pages])

    def place(self, pages: Sequence[PreparedPage]) -> Any:
        """These pages as one batch on the device, for `encode_prepared`: another thread can have the next one there by
        the time the model is free. None where that gains nothing, or cannot be done."""
        return None

    def encode_prepared(
        self, pages: Sequence[PreparedPage], placed: Any = None
    ) -> Callable[[], list[PageEmbedding | PageFailure]]:
        """Have the model begin with these pages; what is returned waits for it: one outcome a page, in order.

        The next batch may be begun before that is called, so that a GPU need not wait for what is left to do with its
        answer. ``placed`` is what `place` made of them.
        """
        ahead = [placed]  # taken once: should memory run out, nothing else holds on to it

        def begin(some: Sequence[PreparedPage]) -> list[Callable[[], PageEmbedding | PageFailure] | PageFailure]:
            return self._begin(some, ahead.pop() if ahead and len(some) == len(pages) else None)

        begun = self._batches.run(pages, begin, self._failure, self.tokens)

        def finish() -> list[PageEmbedding | PageFailure]:
            return [one if isinstance(one, PageFailure) else one() for one in begun]

        return finish

    @abstractmethod
    def _inputs(self, picture: Image.Image) -> Inputs:
        """What the processor makes of a picture, in this process."""

    @abstractmethod
    def _launched(
        self, inputs: Sequence[Inputs], crops: Sequence[Box], placed: Any = None
    ) -> Callable[[int], PictureVectors]:
        """Start the model on prepared pictures, which may be on its device already; what is returned waits for it and
        gives a picture's vectors."""

    def _vectors(self, pictures: Sequence[Image.Image], crops: Sequence[Box]) -> list[PictureVectors]:
        found = self._launched([self._inputs(picture) for picture in pictures], crops)
        return [found(row) for row in range(len(pictures))]

    def _begin(
        self, pages: Sequence[PreparedPage], placed: Any
    ) -> list[Callable[[], PageEmbedding | PageFailure] | PageFailure]:
        found = self._launched([page.inputs for page in pages], [page.crop for page in pages], placed)
        return [partial(self._end, found, row, page) for row, page in enumerate(pages)]

    def _end(self, found: Callable[[int], PictureVectors], row: int, page: PreparedPage) -> PageEmbedding | PageFailure:
        try:
            one = found(row)
        except Exception as error:  # one bad page never fails a document
            return self._failure(page, error)
        return guarded(page.ref, one.vectors, one.geometry, one.labels, self.info.dim)


def pixels(page: Page) -> NDArray[np.uint8]:
    """The part of the page's picture that the crop leaves, ``(height, width, 3)``; of a page that was just drawn as it
    lies in memory, since pictures of PIL cost a copy each way."""
    if not isinstance(page.image, Drawn):
        return np.asarray(seen(page))
    drawn = page.image.pixels
    left, top, right, bottom = cut(page.crop, drawn.shape[1], drawn.shape[0])
    return np.ascontiguousarray(drawn[top:bottom, left:right])


def seen(page: Page) -> Image.Image:
    """The part of the page's picture that the crop leaves, RGB."""
    return cropped(page.image(), page.crop)


def whole(crop: Box) -> Geometry:
    """The place of a single vector that stands for all that the model saw."""
    return Geometry(np.array([crop], np.float32), None, np.array([-1], np.int32))


def denormalised(pixels: Float, mean: Sequence[float], std: Sequence[float]) -> Image.Image:
    """The picture of ``pixels (3, height, width)`` that were normalised by ``mean`` and ``std`` of 0..1."""
    values = pixels * np.array(std, np.float32)[:, None, None] + np.array(mean, np.float32)[:, None, None]
    return Image.fromarray(np.clip(np.rint(values * 255), 0, 255).astype(np.uint8).transpose(1, 2, 0), "RGB")
