"""What made a collection, written beside it, so that it is never opened with anything else by mistake."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from workbench.encoders import EncoderInfo
from workbench.errors import MismatchError, NotFoundError, StoreError
from workbench.settings import CollectionSettings
from workbench.store.files import write_whole

SCHEMA_VERSION = 2
FILE = "manifest.json"
_CHECKED = ("id", "revision", "weights_hash", "dim", "policy")


@dataclass(frozen=True, slots=True)
class Manifest:
    """Settings and encoder of a collection, and the version of its layout on disk.

    ``id`` is new with every collection made, so that one deleted and made again under the same name is told apart.
    """

    settings: CollectionSettings
    encoder: Mapping[str, Any]
    schema_version: int = SCHEMA_VERSION
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self.encoder["dim"])

    def check(self, info: EncoderInfo) -> None:
        """`MismatchError` unless this encoder made the collection: same id, weights, dim and token policy."""
        for key in _CHECKED:
            found = getattr(info, key)
            if found != self.encoder[key]:
                raise MismatchError(
                    f"This collection was made with encoder {self.encoder['id']} ({key} {self.encoder[key]}), not with "
                    f"{info.id} ({key} {found}); make a new collection for it."
                )

    def write(self, folder: Path) -> None:
        """Write it whole or not at all."""
        record = {
            "schema_version": self.schema_version,
            "id": self.id,
            "settings": self.settings.as_dict(),
            "encoder": dict(self.encoder),
        }
        write_whole(folder / FILE, json.dumps(record, indent=1))

    @classmethod
    def of(cls, settings: CollectionSettings, info: EncoderInfo) -> Manifest:
        """The manifest of a new collection."""
        return cls(settings, asdict(info))

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read it; `NotFoundError` without one, `MismatchError` for another layout, `StoreError` for a torn one."""
        try:
            record = json.loads((folder / FILE).read_text(encoding="utf-8"))
            version = record["schema_version"]
            if version != SCHEMA_VERSION:
                raise MismatchError(
                    f"Collection '{folder.name}' has layout version {version}, this Pagelens reads version "
                    f"{SCHEMA_VERSION}; ingest its files again into a new collection."
                )
            encoder = {key: record["encoder"][key] for key in (*_CHECKED, *record["encoder"])}
            settings = CollectionSettings(**{**record["settings"], "indexes": tuple(record["settings"]["indexes"])})
            return cls(settings, encoder, version, record["id"])
        except FileNotFoundError:
            raise NotFoundError(f"There is no collection '{folder.name}' any more.") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"Collection '{folder.name}' has no readable manifest; delete the collection and ingest again."
            ) from error
