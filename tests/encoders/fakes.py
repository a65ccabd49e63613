"""Encoders a test can predict: a word's vector is drawn from the word and the encoder, and some words break them."""

import zlib
from contextlib import contextmanager

import numpy as np
import pytest

from workbench import encoders
from workbench.encoders import EncoderInfo, EncoderSpec
from workbench.errors import EncoderError
from workbench.types import Geometry, PageEmbedding, PageFailure, QueryEmbedding

DIMS = {"fake-words": 16, "fake.page-1": 12, "fake-grid": 8}
KINDS = {"fake-words": "words", "fake.page-1": "page", "fake-grid": "patches"}


class Fake:
    """``poison`` in a page's words makes it fail, ``bomb`` its whole batch, ``strike`` makes the model itself fail."""

    def __init__(self, encoder_id, revision="r1"):
        kind, dim = KINDS[encoder_id], DIMS[encoder_id]
        self.info = EncoderInfo(encoder_id, encoder_id, kind, dim, revision, "hash", "none", "all")
        self.seen = []
        self.queries = 0

    def encode_pages(self, pages):
        self.seen += [(page.ref.document, page.ref.page) for page in pages]
        texts = [page.words.texts for page in pages]
        if any("strike" in words for words in texts):
            raise EncoderError("The model is out of order.")
        if any("bomb" in words for words in texts):
            raise RuntimeError("boom")
        return [self._page(page) for page in pages]

    def encode_query(self, text):
        self.queries += 1
        vectors = self._vectors(text.split())
        return QueryEmbedding(text, vectors, tuple(text.split()), np.ones(len(vectors), np.float32), "all")

    def _page(self, page):
        words = page.words
        if "poison" in words.texts:
            return PageFailure(page.ref, "The page is poisoned.")
        if self.info.kind == "words":
            geometry = Geometry(words.boxes, None, np.full(len(words), -1, np.int32))
            return PageEmbedding(self._vectors(words.texts), geometry, words.texts)
        if self.info.kind == "page":
            whole = Geometry(np.array([page.crop], np.float32), None, np.array([-1], np.int32))
            return PageEmbedding(unit(self._vectors(words.texts).sum(axis=0, keepdims=True)), whole)
        # The mean colour of each quarter of the picture, told by its channels: what is looked at is the stored picture.
        pixels = np.asarray(page.image().convert("RGB").resize((2, 2)), np.float32).reshape(4, 3)
        wide = np.concatenate([pixels, np.ones((4, self.info.dim - 3), np.float32)], axis=1)
        xs, ys = np.array([0, 0.5, 0, 0.5]), np.array([0, 0, 0.5, 0.5])
        boxes = np.stack([xs, ys, xs + 0.5, ys + 0.5], axis=1).astype(np.float32)
        return PageEmbedding(unit(wide), Geometry(boxes, (2, 2), np.arange(4, dtype=np.int32)))

    def _vectors(self, words):
        made = [np.random.default_rng(zlib.crc32(f"{self.info.id} {word}".encode())) for word in words]
        return unit(np.stack([rng.standard_normal(self.info.dim) for rng in made]))


def unit(vectors):
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def spec(encoder_id):
    kind, dim = KINDS[encoder_id], DIMS[encoder_id]
    return EncoderSpec(encoder_id, encoder_id, "fake", kind, dim, "none", "", "tests.encoders.fakes:load", "")


def load(row):
    return Fake(row.id)


@contextmanager
def registered():
    """Let them be among the encoders that there are."""
    with pytest.MonkeyPatch.context() as patch:
        for encoder in KINDS:
            patch.setitem(encoders.ENCODERS, encoder, spec(encoder))
        yield
        for encoder in KINDS:
            encoders.unload(encoder)
