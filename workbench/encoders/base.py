"""What every encoder is: the protocol, what it says about itself, its row in the table, and a guard on what it returns.

Importing this module costs nothing: no torch, no model library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from workbench.encoders.tokens import PICTURES, VISUAL
from workbench.errors import InputError
from workbench.types import Geometry, Page, PageEmbedding, PageFailure, PageRef, QueryEmbedding


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """What made a vector: a collection keeps this and refuses vectors made by anything else.

    ``kind`` is ``words`` (a vector per word), ``patches`` (a vector per piece of the picture) or ``page`` (one vector a
    page); ``dim`` numbers per vector; ``revision`` names the version of the weights and ``weights_hash`` is their
    sha256; ``policy`` names the rule that turns a query into vectors, ``page_policy`` the one for pages: ``visual``, a
    vector for each piece that the page is made of, ``official``, those of a prompt around them too, or ``pictures``,
    what photographs look like beside the words (see `tokens`).
    """

    id: str
    name: str
    kind: str
    dim: int
    revision: str
    weights_hash: str
    licence: str
    policy: str
    page_policy: str = VISUAL

    @property
    def tells_figures(self) -> bool:
        """Whether it looks at a page's pictures and drawings for what they are."""
        return self.page_policy == PICTURES

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> EncoderInfo:
        """As it was written down, by this release or an earlier one; `TypeError` when something is missing."""
        return cls(**{known.name: record[known.name] for known in fields(cls) if known.name in record})


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """A row of the table: everything known about an encoder before its weights are touched.

    ``loader`` is ``module:function``, called as ``function(spec)``; ``get`` the command that brings the weights;
    ``options`` what the loader of that family needs to know (hub id, folder). ``parameters`` are billions and
    ``download`` bytes, both about and 0 when unknown; ``policies`` are the token policies for queries that it offers,
    ``page_policies`` those for pages, the default first, empty when it has but one; ``source`` says where what the row
    tells was read.
    """

    id: str
    name: str
    family: str
    kind: str
    dim: int
    licence: str
    summary: str
    loader: str
    get: str
    options: Mapping[str, Any] = field(default_factory=dict)
    parameters: float = 0.0
    download: int = 0
    policies: tuple[str, ...] = ()
    page_policies: tuple[str, ...] = ()
    source: str = ""


@runtime_checkable
class Encoder(Protocol):
    """Turns pages and queries into vectors of one space. Both methods may be called from several threads.

    Encoders that look at pictures also have ``saw(page) -> tuple[SeenPicture, ...]``, what the model got of a page,
    and ``with_policy(policy, pages)``; see `pictures.PictureEncoder`.
    """

    info: EncoderInfo

    def encode_pages(self, pages: Sequence[Page]) -> list[PageEmbedding | PageFailure]:
        """One outcome per page, in order: at least one ``(dim,) float32`` unit vector, or why there is none.

        What a page becomes does not depend on the pages it comes with (to 1e-5).
        """
        ...

    def encode_query(self, text: str) -> QueryEmbedding:
        """The query's vectors ``(m, dim) float32``, unit rows, m >= 1; `QueryError` when it has nothing to search."""
        ...


def under_policy(encoder: Encoder, policy: str = "", pages: str = "") -> Encoder:
    """The encoder with other token policies of queries and of pages (empty: as they are), sharing its model.

    `InputError` where it has but one.
    """
    if not (policy or pages):
        return encoder
    info = encoder.info
    if policy in ("", info.policy) and pages in ("", info.page_policy):
        return encoder
    change = getattr(encoder, "with_policy", None)
    if change is None:
        raise InputError(
            f"The encoder '{info.id}' has but one token policy, '{info.policy}', and '{info.page_policy}' for pages."
        )
    changed: Encoder = change(policy, pages)
    return changed


def guarded(
    ref: PageRef, vectors: NDArray[Any], geometry: Geometry, labels: tuple[str, ...] = (), dim: int = 0
) -> PageEmbedding | PageFailure:
    """Scale ``vectors (n, dim)`` to unit rows and wrap them; a `PageFailure` when they are not what they should be.

    That is: not one vector a place, not ``dim`` numbers each (0: any), or no directions at all (NaN, infinite, zero).
    """
    if len(vectors) != len(geometry):
        return PageFailure(ref, f"The model gave {len(vectors)} vectors for a grid of {len(geometry)} places.")
    if dim and vectors.shape[1] != dim:
        return PageFailure(ref, f"The model gave vectors of {vectors.shape[1]} numbers where {dim} were expected.")
    unit = unit_rows(vectors)
    if unit is None or not len(unit):
        broken = f"{len(unusable(vectors))} of {len(vectors)}" if len(vectors) else "no"
        return PageFailure(ref, f"The model gave {broken} vectors that are not usable numbers; the page is left out.")
    return PageEmbedding(unit, geometry, labels)


def unusable(vectors: NDArray[Any]) -> NDArray[np.intp]:
    """Rows that have no direction: a NaN, an infinity, or all zeros."""
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1)
    return np.flatnonzero(~(np.isfinite(norms) & (norms > 0)))


def unit_rows(vectors: NDArray[Any]) -> NDArray[np.float32] | None:
    """``(n, dim) float32`` rows of length 1, or None when a row has no direction."""
    wide = vectors.astype(np.float64)
    norms = np.linalg.norm(wide, axis=1, keepdims=True)
    if not (np.isfinite(norms) & (norms > 0)).all():
        return None
    return np.ascontiguousarray(wide / norms, np.float32)
