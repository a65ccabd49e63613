"""The values of the service as plain JSON for the browser.

Similarities travel as bytes: ``value = low + byte / 255 * (high - low)``, base64; boxes as 16-bit fractions of the
page. A page of 800 words and 20 query tokens is about 30 kB that way.
"""

from __future__ import annotations

import base64
import io
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import heatmap
from workbench.types import (
    CollectionInfo,
    DocumentInfo,
    Explanation,
    Float,
    Hit,
    SearchResult,
    SeenPicture,
    StoredPage,
)

SEEN_QUALITY = 75
MAX_CELLS = 150_000
"""Most token x vector similarities sent for one page; beyond it, the tokens that matter least stay behind."""


def _base64(array: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def quantised(values: Float) -> dict[str, Any]:
    """A float array as ``{shape, low, high, data}``, one byte a value; the error is at most ``(high - low) / 510``."""
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    span = high - low or 1.0
    data = np.rint((values - low) / span * 255.0).astype(np.uint8)
    return {"shape": list(values.shape), "low": low, "high": low + span, "data": _base64(data)}


def packed_boxes(boxes: Float, placed: NDArray[np.bool_] | None = None) -> str:
    """Boxes ``(n, 4)`` as little-endian uint16, 65535 being the far edge of the page.

    Of vectors that are not ``placed (n,)`` the left edge lies right of the right one.
    """
    packed = np.rint(np.clip(boxes, 0.0, 1.0) * 65535.0).astype("<u2")
    if placed is not None:
        packed[~placed] = (65535, 0, 0, 0)
    return _base64(packed)


def heat_looks() -> dict[str, Any]:
    """How heat can be shown: colour maps as 256 RGB bytes each, the range that all pages share, and the usual look."""
    return {
        "colours": {
            name: {"multiply": colour.multiply, "ramp": _base64(heatmap.palette(name))}
            for name, colour in heatmap.COLOURS.items()
        },
        "shared": dict(heatmap.SHARED),
        "least_span": heatmap.MIN_SPAN,
        "joins": dict(heatmap.JOINS),
        "usual": {key: value for key, value in asdict(heatmap.Look()).items() if key != "tokens"},
    }


def hit(value: Hit) -> dict[str, Any]:
    """One result; ``page_id`` also versions the address of its picture."""
    return {
        "page_id": value.page_id,
        "document": value.ref.document,
        "page": value.ref.page,
        "ref": str(value.ref),
        "rank": value.rank,
        "score": value.score,
        "kind": str(value.score_kind),
        "scored": value.scored,
        "stages": [
            {"name": s.name, "rank": s.rank, "score": s.score, "kind": str(s.score_kind), "scored": s.scored}
            for s in value.stages
        ],
    }


def search_result(value: SearchResult) -> dict[str, Any]:
    """A search result with its trace."""
    return {
        "query": value.query_text,
        "collection": value.collection,
        "encoder": value.encoder,
        "pipeline": value.pipeline,
        "complete": value.complete,
        "hits": [hit(h) for h in value.hits],
        "notes": list(value.notes),
        "verdict": None if value.verdict is None else asdict(value.verdict),
        "total_ms": value.trace.total_ms,
        "stages": [asdict(stage) for stage in value.trace.stages],
    }


def collection(value: CollectionInfo) -> dict[str, Any]:
    """A collection with its indexes and the settings that made it."""
    return {**asdict(value), "settings": {key: _plain(item) for key, item in value.settings.items()}}


def document(value: DocumentInfo) -> dict[str, Any]:
    """A document of a collection."""
    return asdict(value)


def seen(value: SeenPicture) -> dict[str, Any]:
    """A picture as a model got it, as a WebP in a data address, with the part of the page it shows."""
    stream = io.BytesIO()
    value.image.save(stream, "WEBP", quality=SEEN_QUALITY)
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    width, height = value.image.size
    return {
        "label": value.label,
        "box": list(value.box),
        "width": width,
        "height": height,
        "picture": f"data:image/webp;base64,{data}",
    }


def stored_page(value: StoredPage) -> dict[str, Any]:
    """A page without its vectors: size, text, and where the text came from."""
    return {
        "page_id": value.page_id,
        "document": value.ref.document,
        "page": value.ref.page,
        "ref": str(value.ref),
        "pages": value.document_pages,
        "width": value.size[0],
        "height": value.size[1],
        "text": value.words.text,
        "source": value.words.source,
        "words": len(value.words),
        "tags": list(value.tags),
    }


def explanation(value: Explanation) -> dict[str, Any]:
    """Heat, ledger, regions and pooled views of one page. Tokens beyond `MAX_CELLS` are left out, least share first.

    ``heat`` is that of all tokens; of some, `heatmap.combined` of their ``similarities`` and ``heat_weights``.
    """
    tokens = value.similarities.shape[0]
    keep = _tokens_to_keep(value)
    at = {int(token): i for i, token in enumerate(keep)}
    return {
        "ref": str(value.ref),
        "query": value.query.text,
        "encoder": value.encoder,
        "policy": value.query.policy,
        "score": value.score,
        "tokens_left_out": tokens - len(keep),
        "grid": list(value.geometry.grid) if value.geometry.grid else None,
        "boxes": packed_boxes(value.geometry.boxes, value.geometry.placed),
        "labels": list(value.labels),
        "similarities": quantised(value.similarities[keep]),
        "weights": [float(value.query.weights[token]) for token in keep],
        "heat": quantised(heatmap.values(value)),
        "heat_weights": [float(value.heat_weights[token]) for token in keep],
        "positions": keep,
        "tokens": [value.query.labels[token] for token in keep],
        "ledger": [{**asdict(row), "token": at[row.token]} for row in value.ledger if row.token in at],
        "regions": [asdict(region) for region in value.regions],
        "pooled": [
            {
                "index": view.index,
                "boxes": packed_boxes(view.boxes),
                "similarities": quantised(view.similarities[keep]),
                "heat": quantised(heatmap.combined(view.similarities, value.heat_weights)),
                "score": view.score,
            }
            for view in value.pooled
        ],
    }


def _tokens_to_keep(value: Explanation) -> list[int]:
    tokens, vectors = value.similarities.shape
    most = max(1, MAX_CELLS // max(vectors, 1))
    if tokens <= most:
        return list(range(tokens))
    share = {row.token: abs(row.contribution) for row in value.ledger}
    return sorted(sorted(range(tokens), key=lambda token: -share.get(token, 0.0))[:most])


def _plain(value: Any) -> Any:
    """JSON's own types as they are, everything else as text."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
