"""The tables of a collection as Arrow schemas, and values as rows of them and back.

``documents`` has a row per file, ``pages`` a row per page that was committed or failed, ``gaps`` a row per page and
encoder that failed on it though the page is there, and each index of each encoder has a table of vectors, which the
manifest names: vectors mostly in float16, full ones with their places. Page ids are the first 32 hex digits of
the file's sha256, a colon, and the page number.

A document is ``incoming`` while its pages are written and ``complete`` after. Its deletion begins with one commit that
takes its rows out of ``pages``; one without any is being deleted, whatever its state says. ``leaving`` is how an
earlier Pagelens marked one that it was about to delete.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL.Image import Image

from workbench.documents.langid import language
from workbench.types import POINT, SIGHT, SMALL, Box, Figure, Geometry, Page, PageEmbedding, PageRef, StoredPage, Words
from workbench.types.text import storable, wellformed

ID_DIGITS = 32

DOCUMENTS = pa.schema(
    [
        pa.field("content_hash", pa.string(), nullable=False),
        pa.field("name", pa.string()),
        pa.field("source", pa.string()),
        pa.field("pages", pa.int32()),
        pa.field("bytes", pa.int64()),
        pa.field("added", pa.string()),
        pa.field("state", pa.string()),
        pa.field("tags", pa.list_(pa.string())),
        pa.field("meta", pa.list_(pa.string())),
    ]
)

PAGES = pa.schema(
    [
        pa.field("page_id", pa.string(), nullable=False),
        pa.field("content_hash", pa.string()),
        pa.field("document", pa.string()),
        pa.field("page", pa.int32()),
        pa.field("document_pages", pa.int32()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("crop", pa.list_(pa.float32(), 4)),
        pa.field("text", pa.string()),
        pa.field("words", pa.list_(pa.string())),
        pa.field("boxes", pa.list_(pa.list_(pa.float32(), 4))),
        pa.field("lines", pa.list_(pa.int32())),
        pa.field("ocr", pa.list_(pa.bool_())),
        pa.field("words_source", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("picture_bytes", pa.int64()),
        pa.field("tags", pa.list_(pa.string())),
        pa.field("meta", pa.list_(pa.string())),
        pa.field("added", pa.string()),
        pa.field("status", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("pictures", pa.list_(pa.list_(pa.float32(), 4))),
        pa.field("shows", pa.list_(pa.string())),
        pa.field("figures", pa.list_(pa.list_(pa.float32(), 4))),
        pa.field("sights", pa.list_(pa.list_(pa.int8(), SIGHT))),
        pa.field("points", pa.list_(pa.list_(pa.uint8(), POINT))),
        pa.field("point_counts", pa.list_(pa.int32())),
        pa.field("smalls", pa.list_(pa.list_(pa.uint8(), SMALL))),
        pa.field("language", pa.string()),
        pa.field("year", pa.int32()),
        pa.field("quality", pa.int32()),
    ]
)
SEEN = ("figures", "sights", "points", "point_counts", "smalls")
"""Columns of `PAGES` that only comparing pictures reads; points take tens of kilobytes a figure."""
TOLD = tuple(name for name in PAGES.names if name not in SEEN)
"""The columns that say what a page is."""
LATE_COLUMNS = ("pictures", "shows", *SEEN, "language", "year", "quality")
"""Columns of `PAGES` that collections made earlier lack until they are next written to, and whose rows hold nothing."""
GAPS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("page_id", pa.string()),
        pa.field("encoder", pa.string()),
        pa.field("reason", pa.string()),
    ]
)
_BETWEEN = "\0"
"""Between the sources of a document in their one column: no path holds it."""
OK, FAILED = "ok", "failed"
LATER = "later"
"""The source of a page's words while its picture is still to be read."""
INCOMING, COMPLETE, LEAVING = "incoming", "complete", "leaving"


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A content of a collection and the ``sources`` it came from, which keep it there; ``bytes`` is the file's size.

    A source is the path of a file, or for an upload, which has no lasting path, its content. One that comes with
    another content leaves this document for that one, and a document that no source is left of is replaced. A file
    that is gone from the disk stays a source: deleting it there deletes nothing here.
    """

    name: str
    sources: tuple[str, ...]
    content_hash: str
    pages: int
    bytes: int
    added: str = ""
    state: str = INCOMING
    tags: tuple[str, ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """As a row of `DOCUMENTS`."""
        return {
            "content_hash": self.content_hash,
            "name": self.name,
            "source": _BETWEEN.join(self.sources),
            "pages": self.pages,
            "bytes": self.bytes,
            "added": self.added,
            "state": self.state,
            "tags": list(self.tags),
            "meta": meta_rows(self.meta),
        }

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> DocumentRecord:
        """From a row of `DOCUMENTS`."""
        return cls(
            row["name"],
            tuple(row["source"].split(_BETWEEN)),
            row["content_hash"],
            row["pages"],
            row["bytes"],
            row["added"],
            row["state"],
            tuple(row["tags"] or ()),
            meta_of(row["meta"]),
        )


def meta_rows(meta: Mapping[str, str]) -> list[str]:
    """Metadata as the list of ``key=value`` texts that filters test."""
    return [f"{key}={value}" for key, value in meta.items()]


def meta_of(rows: Sequence[str] | None) -> dict[str, str]:
    """The mapping that `meta_rows` wrote."""
    return dict(row.split("=", 1) for row in rows or ())


def document_name(name: str) -> str:
    """The name of a document as it is stored and looked for: `storable`, and composed Unicode (NFC)."""
    return unicodedata.normalize("NFC", storable(name))


def page_id(content_hash: str, page: int) -> str:
    """The id of a page."""
    return f"{file_part(content_hash)}:{page}"


def file_part(content_hash: str) -> str:
    """The part of a content hash that page ids begin with."""
    return content_hash[:ID_DIGITS]


def vectors_schema(dim: int, dtype: str, places: bool = False) -> pa.Schema:
    """Schema of a vectors table: ``dim`` numbers of a numpy ``dtype`` each, for `full` with places and labels."""
    fields = [
        pa.field("page_id", pa.string(), nullable=False),
        pa.field("count", pa.int32()),
        pa.field("vectors", pa.list_(pa.list_(pa.from_numpy_dtype(np.dtype(dtype)), dim))),
    ]
    if places:
        fields += [
            pa.field("boxes", pa.list_(pa.list_(pa.float32(), 4))),
            pa.field("cell", pa.list_(pa.int32())),
            pa.field("grid", pa.list_(pa.int32())),
            pa.field("labels", pa.list_(pa.string())),
        ]
    return pa.schema(fields)


def ragged(arrays: Sequence[NDArray[Any]], value: pa.DataType, width: int) -> pa.Array:
    """Arrays ``(n_i, width)`` as one Arrow list column of fixed-size lists."""
    flat = np.ascontiguousarray(np.concatenate(arrays) if arrays else np.zeros((0, width)), value.to_pandas_dtype())
    inner = pa.FixedSizeListArray.from_arrays(pa.array(flat.reshape(-1), value), width)
    return pa.ListArray.from_arrays(_offsets(arrays), inner)


def ragged_numbers(arrays: Sequence[NDArray[np.int32]]) -> pa.Array:
    """Arrays ``(n_i,)`` as one Arrow list column."""
    flat = np.concatenate(arrays) if arrays else np.zeros(0)
    return pa.ListArray.from_arrays(_offsets(arrays), pa.array(flat, pa.int32()))


def _offsets(arrays: Sequence[NDArray[Any]]) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum([len(array) for array in arrays])]), pa.int32())


def vectors_table(dim: int, dtype: str, ids: Sequence[str], arrays: Sequence[NDArray[Any]]) -> pa.Table:
    """Rows of a pooled vectors table; ``arrays`` one ``(n_i, dim)`` a page."""
    schema = vectors_schema(dim, dtype)
    number = schema.field("vectors").type.value_type.value_type
    counts = pa.array([len(array) for array in arrays], pa.int32())
    vectors = ragged(arrays, number, dim)
    return pa.table({"page_id": pa.array(ids, pa.string()), "count": counts, "vectors": vectors}, schema=schema)


def full_table(dim: int, dtype: str, ids: Sequence[str], embeddings: Sequence[PageEmbedding]) -> pa.Table:
    """Rows of a full vectors table, with each vector's place and label."""
    plain = vectors_table(dim, dtype, ids, [embedding.vectors for embedding in embeddings])
    places = [embedding.geometry for embedding in embeddings]
    return pa.table(
        {
            **{name: plain[name] for name in plain.column_names},
            "boxes": ragged([place.boxes for place in places], pa.float32(), 4),
            "cell": ragged_numbers([place.cell for place in places]),
            "grid": pa.array([list(place.grid or ()) for place in places], pa.list_(pa.int32())),
            "labels": pa.array(
                [[wellformed(label) for label in embedding.labels] for embedding in embeddings], pa.list_(pa.string())
            ),
        },
        schema=vectors_schema(dim, dtype, places=True),
    )


def gap_rows(gaps: Sequence[tuple[str, str, str]]) -> pa.Table:
    """Rows of `GAPS` from (page id, encoder id, reason)."""
    rows = [
        {"id": f"{page}@{encoder}", "page_id": page, "encoder": encoder, "reason": wellformed(reason)}
        for page, encoder, reason in gaps
    ]
    return pa.Table.from_pylist(rows, GAPS)


def embedding_of(row: Mapping[str, Any], dim: int) -> PageEmbedding:
    """A page's embedding from a row of a full vectors table; vectors come back as float32."""
    vectors = np.asarray(row["vectors"], np.float16).reshape(-1, dim).astype(np.float32)
    boxes = np.asarray(row["boxes"], np.float32).reshape(-1, 4)
    grid = tuple(row["grid"])
    geometry = Geometry(boxes, (grid[0], grid[1]) if grid else None, np.asarray(row["cell"], np.int32))
    return PageEmbedding(vectors, geometry, tuple(row["labels"]))


def page_row(
    page: Page, record: DocumentRecord, picture_bytes: int, figures: Sequence[Figure] | None = None
) -> dict[str, Any]:
    """A page that is committed; ``picture_bytes`` is what its pictures take on disk.

    ``figures`` are what was seen on it, None where nothing looked. Its reason is what of it could not be read, if
    anything.
    """
    return {
        **_common(page.ref, record),
        "picture_bytes": picture_bytes,
        "width": page.size[0],
        "height": page.size[1],
        "crop": list(page.crop),
        **words_columns(page.words),
        **({"words_source": LATER} if page.unread else {}),
        "status": OK,
        "reason": wellformed(page.notice),
        "pictures": [list(box) for box in page.pictures],
        "quality": page.quality,
        "year": page.year,
        **({} if figures is None else figure_columns(figures)),
    }


def figure_columns(figures: Sequence[Figure]) -> dict[str, Any]:
    """What was seen on a page, as columns of `PAGES`."""
    return {
        "shows": list(dict.fromkeys(figure.kind for figure in figures if figure.kind)),
        "figures": [list(figure.box) for figure in figures],
        "sights": [figure.sight for figure in figures],
        "points": [point for figure in figures for point in figure.points],
        "point_counts": [len(figure.points) for figure in figures],
        "smalls": [figure.small for figure in figures],
    }


def words_columns(words: Words) -> dict[str, Any]:
    """What a page's row says of its words, when all have been read."""
    return {
        "text": wellformed(words.text),
        "words": [wellformed(word) for word in words.texts],
        "boxes": words.boxes.tolist(),
        "lines": words.lines.tolist(),
        "ocr": words.ocr.tolist(),
        "words_source": words.source,
        "language": language(words.texts),
    }


def failed_row(ref: PageRef, reason: str, record: DocumentRecord) -> dict[str, Any]:
    """A page that could not be read, embedded or stored."""
    return {
        **_common(ref, record),
        "picture_bytes": 0,
        "width": 0,
        "height": 0,
        "crop": [0.0, 0.0, 1.0, 1.0],
        "text": "",
        "words": [],
        "boxes": [],
        "lines": [],
        "ocr": [],
        "words_source": "none",
        "status": FAILED,
        "reason": wellformed(reason),
    }


def _common(ref: PageRef, record: DocumentRecord) -> dict[str, Any]:
    return {
        "page_id": page_id(record.content_hash, ref.page),
        "content_hash": record.content_hash,
        "document": record.name,
        "page": ref.page,
        "document_pages": record.pages,
        "kind": "pdf" if record.name.lower().endswith(".pdf") else "image",
        "tags": list(record.tags),
        "meta": meta_rows(record.meta),
        "added": record.added,
        **dict.fromkeys(LATE_COLUMNS),
    }


def completed(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Rows with the columns of a schema; those of `LATE_COLUMNS` that they lack hold nothing."""
    for name in schema.names:
        if name in LATE_COLUMNS and name not in rows.column_names:
            rows = rows.append_column(schema.field(name), pa.nulls(len(rows), schema.field(name).type))
    return rows.select(schema.names).cast(schema)


def stored_page(row: Mapping[str, Any]) -> StoredPage:
    """A page as read back from its row."""
    words = Words(
        tuple(row["words"]),
        np.asarray(row["boxes"], np.float32).reshape(-1, 4),
        np.asarray(row["lines"], np.int32),
        np.asarray(row["ocr"], np.bool_),
    )
    x0, y0, x1, y1 = row["crop"]
    crop: Box = (x0, y0, x1, y1)
    return StoredPage(
        row["page_id"],
        PageRef(row["document"], row["page"]),
        row["document_pages"],
        (row["width"], row["height"]),
        crop,
        words,
        tuple(row["tags"] or ()),
        meta_of(row["meta"]),
        row["reason"] or "",
        None if (shows := row.get("shows")) is None else tuple(shows),
        row.get("language") or "",
        row.get("year") or 0,
        row.get("quality"),
    )


def rebuilt_page(row: Mapping[str, Any], picture: Callable[[], Image]) -> Page:
    """A page as an encoder takes it, from its row and its stored picture; nobody has looked for its drawings."""
    stored = stored_page(row)
    pictures: tuple[Box, ...] = tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in row.get("pictures") or ())
    return Page(
        stored.ref,
        stored.size,
        picture,
        stored.words,
        row["content_hash"],
        stored.crop,
        stored.notice,
        pictures=pictures,
    )
