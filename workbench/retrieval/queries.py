"""Queries as encoders embed them: every part becomes weighted rows of one embedding, and parts are remembered.

Composition is a weighted sum of the parts' mean scores, ``sum_p a_p * MaxSim(p, page) / n_p``: one MaxSim whose rows of
part p weigh ``a_p / n_p`` each. So image + text (the training-free form of composed retrieval, as SQUARE, arXiv
2509.26330, fuses embeddings), texts that are wanted and not, and Rocchio's marked pages are all scored by one kernel
and explained by one ledger. All rows are scaled alike so that those of the first wanted part keep the weights they have
alone, which changes no order.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from workbench.errors import QueryError
from workbench.types import Part, PicturePart, Query, QueryEmbedding, TextPart

if TYPE_CHECKING:
    from workbench.encoders import EncoderInfo, Loader
    from workbench.encoders.rerankers import Reranker
    from workbench.store import Collection, EncoderVectors

CACHE_SIZE = 512

Key = tuple[str, str, str, str, Part]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A query's embedding as the caller got it, and whether that took loading the model (cold) or came from a cache.

    ``notes`` are sentences on what of the query the encoder could not take.
    """

    embedding: QueryEmbedding
    cold: bool = False
    cache_hit: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EncodedPart:
    """What an encoder makes of a part of a query (None: nothing); ``note`` says what it could not take of it."""

    embedding: QueryEmbedding | None
    note: str = ""


class PartEmbedder(Protocol):
    """Embeds parts of queries as the encoder of a collection's space does; see `query.Embedder`."""

    def embed(self, collection: Collection, space: EncoderVectors, part: Part) -> EncodedPart:
        """The part's rows."""

    def is_loaded(self, encoder: str) -> bool:
        """Whether an encoder answers without being loaded first."""


class QueryCache:
    """The last embeddings by encoder, its weights, its token policy and the part. Safe to use from several threads.

    Only what an encoder has to compute is kept; what is read from a collection is read again, since it may have
    changed.
    """

    def __init__(self, embedder: PartEmbedder) -> None:
        self._embedder = embedder
        self._known: OrderedDict[Key, EncodedPart] = OrderedDict()
        self._lock = threading.Lock()

    def encode(self, collection: Collection, encoder: str, query: Query) -> Encoded:
        """The embedding of a query by one of a collection's encoders."""
        space = collection.space(encoder)
        computed = [isinstance(part, TextPart | PicturePart) for part in query.parts]
        known = [self._remembered(space, part) for part in query.parts]
        missing = [found is None for found in known]
        cold = any(a and b for a, b in zip(computed, missing, strict=True)) and not self._embedder.is_loaded(
            space.encoder
        )
        rows = [
            self._rows(collection, space, part) if found is None else found
            for part, found in zip(query.parts, known, strict=True)
        ]
        notes = tuple(row.note for row in rows if row.note)
        weighted = [(part.weight, row.embedding) for part, row in zip(query.parts, rows, strict=True)]
        return Encoded(composed(query, weighted, notes), cold, any(computed) and not any(missing), notes)

    def _remembered(self, space: EncoderVectors, part: Part) -> EncodedPart | None:
        key = _key(space.info, part)
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
            return known

    def _rows(self, collection: Collection, space: EncoderVectors, part: Part) -> EncodedPart:
        rows = self._embedder.embed(collection, space, part)
        if isinstance(part, TextPart | PicturePart):
            with self._lock:
                self._known[_key(space.info, part)] = rows
                while len(self._known) > CACHE_SIZE:
                    self._known.popitem(last=False)
        return rows


@dataclass(frozen=True, slots=True)
class QueryModels:
    """The models that searches of a collection use: its encoders, whose embeddings are remembered, and rerankers."""

    collection: Collection
    queries: QueryCache
    loader: Loader

    def encode(self, encoder: str, query: Query) -> Encoded:
        """The embedding of a query by one of the collection's encoders."""
        return self.queries.encode(self.collection, encoder, query)

    def reranker(self, model_id: str) -> tuple[Reranker, bool]:
        """A reranker by its id, and whether it had to be loaded; `NoEncoderError` where there is none."""
        return self.loader.reranker(model_id)


def composed(
    query: Query, parts: Sequence[tuple[float, QueryEmbedding | None]], notes: Sequence[str] = ()
) -> QueryEmbedding:
    """One embedding of weighted parts; see the module. `QueryError` (the ``notes``) when nothing wanted is left."""
    there = [(weight, part) for weight, part in parts if part is not None]
    wanted = [(weight, part) for weight, part in there if weight > 0]
    if not wanted:
        raise QueryError(" ".join(notes) or "The query says only what is not wanted; say what to look for as well.")
    if len(there) == 1 and wanted[0][0] == 1:
        return replace(wanted[0][1], text=str(query)) if not query.plain else wanted[0][1]
    whole = float(wanted[0][1].weights.sum())
    return QueryEmbedding(
        str(query),
        np.concatenate([part.vectors for _, part in there]),
        tuple(label for _, part in there for label in part.labels),
        np.concatenate([part.weights * (weight * whole / float(part.weights.sum())) for weight, part in there]).astype(
            np.float32
        ),
        wanted[0][1].policy,
    )


def _key(info: EncoderInfo, part: Part) -> Key:
    return info.id, info.revision, info.weights_hash, info.policy, replace(part, weight=1.0)
