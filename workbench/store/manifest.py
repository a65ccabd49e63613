"""What made a collection, written beside it, so that it is never opened with anything else by mistake.

The manifest also names the tables that belong to the collection: one that is made but not named yet, or named no more,
is litter, so that writing the manifest is what adds an encoder or an index, and what takes one away.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from workbench.encoders import EncoderInfo
from workbench.errors import InputError, MismatchError, NotFoundError, StoreError
from workbench.representations import FittedIndex, Representation
from workbench.settings import CollectionSettings
from workbench.store.storage import Storage

SCHEMA_VERSION = 3
ONE_ENCODER = 2
"""The layout before collections could hold several encoders; it is read, and written as the present one."""
FILE = "manifest.json"
FULL = "full"
_CHECKED = ("id", "revision", "weights_hash", "dim", "policy", "page_policy")
_OF_ONE_VECTOR = ("global", FULL)


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """One index of a space: the table that holds it, in rows of ``dim`` numbers of a numpy ``dtype``.

    Its name is the text form of a `Representation`, as ``rows`` or ``full[dtype=bits]``.
    """

    name: str
    dim: int
    dtype: str
    table: str

    @classmethod
    def of(cls, name: str, info: EncoderInfo) -> IndexRecord:
        """A new index, in a table of its own name.

        `InputError` for a name that is no index, or an index that pages of one vector cannot have.
        """
        form = _representation(name)
        name = str(form)
        if name not in index_names(info, (name,)):
            raise InputError(
                f"'{info.id}' gives one vector a page, which leaves nothing for '{name}' to pool; it has "
                f"{' and '.join(_OF_ONE_VECTOR)}."
            )
        try:
            width, dtype = form.layout(info.dim)
        except ValueError as error:
            raise InputError(f"{error}.") from None
        index, slug = (re.sub(r"[^A-Za-z0-9-]+", "_", text).strip("_")[:60] for text in (name, info.id))
        return cls(name, width, dtype, f"{index}__{slug}__{uuid.uuid4().hex[:8]}")

    @property
    def itemsize(self) -> int:
        """Bytes of a row."""
        return self.dim * np.dtype(self.dtype).itemsize


@dataclass(frozen=True, slots=True)
class SpaceRecord:
    """One encoder of a collection, as it was when it came, and the indexes of its vectors, `full` last."""

    encoder: EncoderInfo
    indexes: tuple[IndexRecord, ...]

    @classmethod
    def of(cls, info: EncoderInfo, wanted: Sequence[str]) -> SpaceRecord:
        """A new space with those of the wanted indexes that the encoder's kind of vectors can have.

        `InputError` for one that is fitted, or drawn by lot, since there is nothing yet to keep that with.
        """
        for form in map(_representation, index_names(info, wanted)):
            if form.needs_fit or FittedIndex(form, form.blank(info.dim)).learnt:
                raise InputError(
                    f"'{form}' can only be added to a collection that is there; "
                    f"ingest first, then run: pagelens collections index NAME '{form}'"
                )
        return cls(info, tuple(IndexRecord.of(name, info) for name in index_names(info, wanted)))

    def adding(self, index: IndexRecord) -> SpaceRecord:
        """The space with one index more."""
        *pooled, full = self.indexes
        return replace(self, indexes=(*pooled, index, full))

    def check(self, info: EncoderInfo) -> None:
        """`MismatchError` unless this encoder made the vectors: same id, weights, dim and token policies."""
        for key in _CHECKED:
            was, found = getattr(self.encoder, key), getattr(info, key)
            if found != was:
                raise MismatchError(
                    f"This collection was made with encoder {self.encoder.id} ({key} {was}), not with "
                    f"{info.id} ({key} {found}); make a new collection for it."
                )


def index_names(info: EncoderInfo, wanted: Sequence[str]) -> tuple[str, ...]:
    """The indexes of an encoder's vectors: those wanted, as far as pages of one vector can have them, and `full`."""
    forms = [_representation(name) for name in wanted]
    pooled = [
        str(form) for form in forms if str(form) != FULL and (info.kind != "page" or form.method.name in _OF_ONE_VECTOR)
    ]
    return (*dict.fromkeys(pooled), FULL)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Settings and encoders of a collection, and the version of its layout on disk.

    The first of ``spaces`` is the encoder the collection was made with. ``id`` is new with every collection made, so
    that one deleted and made again under the same name is told apart.
    """

    settings: CollectionSettings
    spaces: tuple[SpaceRecord, ...]
    schema_version: int = SCHEMA_VERSION
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def tables(self) -> list[str]:
        """The vectors tables that belong to the collection."""
        return [index.table for space in self.spaces for index in space.indexes]

    def with_space(self, space: SpaceRecord) -> Manifest:
        """The manifest with a space more, or with one in the place of that of the same encoder."""
        there = [space if old.encoder.id == space.encoder.id else old for old in self.spaces]
        return replace(self, spaces=tuple(there if space in there else (*there, space)))

    def without(self, encoder_id: str) -> Manifest:
        """The manifest without an encoder."""
        return replace(self, spaces=tuple(space for space in self.spaces if space.encoder.id != encoder_id))

    def write(self, storage: Storage, new: bool = False) -> None:
        """Write it whole or not at all; with ``new`` `FileExistsError` where there is one."""
        record = {
            "schema_version": SCHEMA_VERSION,
            "id": self.id,
            "settings": self.settings.as_dict(),
            "spaces": [asdict(space) for space in self.spaces],
        }
        storage.write(FILE, json.dumps(record, indent=1).encode(), new)

    @classmethod
    def of(cls, settings: CollectionSettings, info: EncoderInfo) -> Manifest:
        """The manifest of a new collection; `InputError` for an index that does not exist."""
        space = SpaceRecord.of(info, settings.indexes)
        pooled = tuple(index.name for index in space.indexes if index.name != FULL)
        return cls(replace(settings, indexes=pooled), (space,))

    @classmethod
    def read(cls, storage: Storage) -> Manifest:
        """Read it; `NotFoundError` without one, `MismatchError` for another layout, `StoreError` for a torn one."""
        try:
            record = json.loads(storage.read(FILE))
            version = record["schema_version"]
            if isinstance(version, int) and version > SCHEMA_VERSION:
                raise MismatchError(
                    f"Collection '{storage.name}' was made by a newer Pagelens (layout version {version}, this one "
                    f"reads {SCHEMA_VERSION}); use that one, or ingest its files again into a new collection."
                )
            if version not in (ONE_ENCODER, SCHEMA_VERSION):
                raise MismatchError(
                    f"Collection '{storage.name}' has layout version {version}, this Pagelens reads version "
                    f"{SCHEMA_VERSION}; ingest its files again into a new collection."
                )
            settings = CollectionSettings.of(record["settings"])
            spaces = (
                tuple(_space(space) for space in record["spaces"])
                if version == SCHEMA_VERSION
                else (_only_space(EncoderInfo.of(record["encoder"]), settings.indexes),)
            )
            if not spaces:
                raise ValueError("no encoder")
            return cls(settings, spaces, version, record["id"])
        except FileNotFoundError:
            raise NotFoundError(f"There is no collection '{storage.name}' any more.") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"Collection '{storage.name}' has no readable manifest; "
                f"to make it again from the tables, run: pagelens collections repair {storage.name}"
            ) from error


def _representation(name: str) -> Representation:
    try:
        return Representation.parse(name)
    except ValueError as error:
        raise InputError(f"There is no index '{name}': {error}.") from None


def _space(record: Mapping[str, Any]) -> SpaceRecord:
    # Collections made earlier wrote whole numbers as 4.0 in names.
    indexes = ({**index, "name": str(Representation.parse(index["name"]))} for index in record["indexes"])
    return SpaceRecord(EncoderInfo.of(record["encoder"]), tuple(IndexRecord(**index) for index in indexes))


def _only_space(info: EncoderInfo, pooled: Sequence[str]) -> SpaceRecord:
    """The space of a collection of layout `ONE_ENCODER`, whose tables were named by index and encoder alone."""
    slug = re.sub(r"[^A-Za-z0-9_-]", "_", info.id)
    dtypes = {FULL: "float16"}
    made = [IndexRecord(n, info.dim, dtypes.get(n, "float32"), f"{n}__{slug}") for n in (*pooled, FULL)]
    return SpaceRecord(info, tuple(made))
