"""Queries as encoders embed them, remembered: one that was asked before is not encoded again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.retrieval.engine import Encode, Encoded
from workbench.types import QueryEmbedding

if TYPE_CHECKING:
    from workbench.encoders import Encoder, EncoderInfo
    from workbench.store import Collection, Space

KEPT = 512

Key = tuple[str, str, str, str, str]


class QueryCache:
    """The last embeddings by encoder, its weights, its token policy and the text. Safe to use from several threads.

    ``load`` gives the encoder that made a space's vectors, ``is_loaded`` says whether that is quick.
    """

    def __init__(self, load: Callable[[Space], Encoder], is_loaded: Callable[[str], bool]) -> None:
        self._load = load
        self._is_loaded = is_loaded
        self._known: OrderedDict[Key, QueryEmbedding] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, collection: Collection) -> Encode:
        """What encodes queries for a collection, by any of its encoders."""

        def encode(encoder: str, text: str) -> Encoded:
            space = collection.space(encoder)
            key = _key(space.info, text)
            with self._lock:
                known = self._known.get(key)
                if known is not None:
                    self._known.move_to_end(key)
                    return Encoded(known, cache_hit=True)
            cold = not self._is_loaded(space.encoder)
            embedding = self._load(space).encode_query(text)
            with self._lock:
                self._known[key] = embedding
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
            return Encoded(embedding, cold)

        return encode


def _key(info: EncoderInfo, text: str) -> Key:
    return info.id, info.revision, info.weights_hash, info.policy, text
