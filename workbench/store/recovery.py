"""A manifest worked out again from the tables, for a collection that lost its own.

Every table says of itself which index of which encoder it holds, and the pages table what the pages were made with.
Tables of an earlier Pagelens do not: their names say which index and encoder (letters and digits only), their columns
how wide the vectors are. What nothing on disk says has to be given, or is taken as it usually is and said.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.encoders import EncoderInfo
from workbench.errors import InputError, StoreError
from workbench.representations import Representation
from workbench.settings import CollectionSettings
from workbench.store.files import intact
from workbench.store.manifest import FILE, FULL, IndexRecord, Manifest, SpaceRecord
from workbench.store.storage import Storage
from workbench.store.tables import FOLDER, OWN_TABLES, columns, connect, said

log = logging.getLogger(__name__)

DAMAGED = f"{FILE}.damaged"
_WHOLE_PAGE = [0.0, 0.0, 1.0, 1.0]


@dataclass(frozen=True, slots=True)
class Given:
    """What a person can say where the tables do not: encoders that may have made them, and the resolution."""

    encoders: Sequence[str] = ()
    dpi: int | None = None


@dataclass(frozen=True, slots=True)
class _Table:
    """A vectors table that was recognised, and the pages it holds."""

    index: IndexRecord
    encoder: EncoderInfo
    primary: bool
    pages: frozenset[str]


def recover(storage: Storage, info_of: Callable[[str], EncoderInfo], given: Given) -> tuple[Manifest, list[str]]:
    """The manifest of the collection in a folder, and sentences on what could not be known for certain.

    ``info_of`` gives an encoder as it is installed, asked only of tables that do not say what made them. `StoreError`
    when the pages or the first encoder's full vectors cannot be read, `InputError` when an encoder has to be named.
    """
    name, notes = storage.name, list[str]()
    db = connect(storage)
    with intact(name):
        pages = db.open_table("pages")
        rows = columns(pages, "status = 'ok'", ["page_id", "crop", "words_source"])
    found: list[_Table] = []
    for stem in (folder.removesuffix(".lance") for folder in storage.folders(FOLDER)):
        if stem not in OWN_TABLES:
            table = _recognised(db, name, stem, info_of, given, notes)
            found += [table] if table is not None else []
    # A folder lists its files in any order: the indexes come in that of the settings, and others after them by name.
    place = {name: i for i, name in enumerate(CollectionSettings.of(said(pages).get("settings", {})).indexes)}
    found.sort(key=lambda table: (place.get(table.index.name, len(place)), table.index.name))
    spaces = _spaces(found, set(rows["page_id"]), notes)
    if not spaces:
        raise StoreError(
            f"No full vectors of collection '{name}' can be read, so that it cannot be repaired; ingest its files "
            "again into a new collection."
        )
    return Manifest(_settings(pages, rows, spaces, given, notes), spaces), notes


def _recognised(
    db: Any, collection: str, name: str, info_of: Callable[[str], EncoderInfo], given: Given, notes: list[str]
) -> _Table | None:
    try:
        with intact(collection):
            table = db.open_table(name)
            held = frozenset(columns(table, None, ["page_id"])["page_id"])
        about = said(table)
        if about:
            return _Table(IndexRecord(**about["index"]), EncoderInfo.of(about["encoder"]), about["primary"], held)
        kind = table.schema.field("vectors").type.value_type
        width, dtype = kind.list_size, str(kind.value_type.to_pandas_dtype()().dtype.str)
    except (StoreError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("table %s cannot be read: %s", name, error)
        if name.startswith(f"{FULL}__"):
            raise StoreError(
                f"The table '{name}' of collection '{collection}' cannot be read, so that its manifest cannot be made "
                "again without losing it; put a saved copy of that table in its place first."
            ) from None
        notes.append(f"The table '{name}' cannot be read and is left out; its index can be added again.")
        return None
    index = _index_name(name.split("__")[0])
    if index is None:
        notes.append(f"What index the table '{name}' holds cannot be told, so it is left out; add it again.")
        return None
    encoder = _encoder(collection, name.split("__")[1], given)
    info = info_of(encoder)
    note = f"Nothing on disk says which version of '{encoder}' made the vectors; it is taken to be the one installed."
    notes += [note] if note not in notes else []
    return _Table(IndexRecord(index, width, dtype, name), info, False, held)


def _encoder(collection: str, slug: str, given: Given) -> str:
    from workbench.encoders import specs

    known = [*given.encoders, *specs()]
    for encoder in known:
        if slug in (re.sub(r"[^A-Za-z0-9-]+", "_", encoder).strip("_")[:60], re.sub(r"[^A-Za-z0-9_-]", "_", encoder)):
            return encoder
    raise InputError(
        f"Which encoder made the tables '...__{slug}' of collection '{collection}' cannot be told; "
        "name it with --encoder ID."
    )


def _index_name(slug: str) -> str | None:
    """The index whose table is named so: ``ward_factor_4_dtype_int8`` is ``ward[factor=4,dtype=int8]``."""
    method, *rest = slug.split("_")
    pairs = zip(rest[::2], rest[1::2], strict=False)
    text = f"{method}[{','.join(f'{key}={value}' for key, value in pairs)}]" if rest else method
    try:
        name = str(Representation.parse(text))
    except ValueError:
        return None
    return name if re.sub(r"[^A-Za-z0-9-]+", "_", name).strip("_")[:60] == slug else None


def _spaces(found: Sequence[_Table], committed: set[str], notes: list[str]) -> tuple[SpaceRecord, ...]:
    """The tables by encoder, the one with the collection's pages first; tables half made are left out."""
    by_encoder: dict[str, list[_Table]] = {}
    for table in found:
        by_encoder.setdefault(table.encoder.id, []).append(table)
    made: list[tuple[bool, int, SpaceRecord]] = []
    for encoder, tables in by_encoder.items():
        full = next((table for table in tables if table.index.name == FULL), None)
        if full is None:
            notes.append(f"The full vectors of '{encoder}' are lost, and with them its indexes; embed the pages again.")
            continue
        pooled: dict[str, IndexRecord] = {}
        for table in tables:
            if table.index.name != FULL and (table.pages >= full.pages or not table.pages):
                pooled.setdefault(table.index.name, table.index)
            elif table.index.name != FULL:
                notes.append(f"'{table.index.name}' of '{encoder}' lacks pages and is left out; add it again.")
        record = SpaceRecord(full.encoder, (*pooled.values(), full.index))
        made.append((full.primary, len(full.pages & committed), record))
    made.sort(key=lambda item: item[:2], reverse=True)
    return tuple(record for _, _, record in made)


def _settings(
    pages: Any, rows: Mapping[str, Sequence[Any]], spaces: Sequence[SpaceRecord], given: Given, notes: list[str]
) -> CollectionSettings:
    about = said(pages).get("settings")
    if about:
        return CollectionSettings.of(about)
    usual = CollectionSettings()
    pooled = tuple(index.name for index in spaces[0].indexes if index.name != FULL)
    if given.dpi is None:
        notes.append(f"At what resolution the pages were drawn is not known; {usual.dpi} dpi is assumed (--dpi).")
    return replace(
        usual,
        encoder=spaces[0].encoder.id,
        dpi=given.dpi or usual.dpi,
        crop=any(list(crop) != _WHOLE_PAGE for crop in rows["crop"]),
        indexes=pooled,
    )
