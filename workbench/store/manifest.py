"""What made a collection, written beside it, so that it is never opened with anything else by mistake."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbench.encoders import EncoderInfo
from workbench.errors import MismatchError, StoreError
from workbench.settings import CollectionSettings

SCHEMA_VERSION = 1
FILE = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Settings and encoder of a collection, and the version of its layout on disk."""

    settings: CollectionSettings
    encoder: Mapping[str, Any]
    schema_version: int = SCHEMA_VERSION

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self.encoder["dim"])

    def check(self, info: EncoderInfo) -> None:
        """`MismatchError` unless this encoder made the collection: same id, weights, dim and token policy."""
        for key in ("id", "revision", "weights_hash", "dim", "policy"):
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
            "settings": self.settings.as_dict(),
            "encoder": dict(self.encoder),
        }
        partial = folder / (FILE + ".partial")
        partial.write_text(json.dumps(record, indent=1), encoding="utf-8")
        os.replace(partial, folder / FILE)

    @classmethod
    def of(cls, settings: CollectionSettings, info: EncoderInfo) -> Manifest:
        """The manifest of a new collection."""
        return cls(settings, asdict(info))

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read it; `MismatchError` for another layout, `StoreError` when it cannot be read."""
        try:
            record = json.loads((folder / FILE).read_text(encoding="utf-8"))
            version = record["schema_version"]
            settings = CollectionSettings(**{**record["settings"], "indexes": tuple(record["settings"]["indexes"])})
            encoder = record["encoder"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"Collection '{folder.name}' has no readable manifest; delete the collection and ingest again."
            ) from error
        if version != SCHEMA_VERSION:
            raise MismatchError(
                f"Collection '{folder.name}' has layout version {version}, this Pagelens reads version "
                f"{SCHEMA_VERSION}; ingest its files again into a new collection."
            )
        return cls(settings, encoder, version)
