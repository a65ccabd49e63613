"""Finds the weights of a page model on this machine: a folder of one's own, or the hub's cache. It never fetches any.

A folder ``models/<encoder id>`` under PAGELENS_HOME comes first; then whatever `hf download` left in the hub's cache.
Models published as an adapter (LoRA) name a base model in ``adapter_config.json``; that one is looked for the same way.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.encoders.base import EncoderSpec
from workbench.errors import EncoderError
from workbench.settings import Settings

_WEIGHTS = (".safetensors", ".bin", ".pt")
_BLOB = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model's files: its folder, the base model's folder if it is an adapter, and what they are.

    ``revision`` is the hub's commit, or ``local``; ``weights_hash`` the sha256 over the sha256 of every weights file.
    """

    folder: Path
    base: Path | None
    revision: str
    weights_hash: str


def find(spec: EncoderSpec) -> Checkpoint:
    """The checkpoint of a table row; `EncoderError` with the command that gets what is missing."""
    own = own_folder(spec)
    folder = own if own.is_dir() else _cached(str(spec.options["hub"]), spec)
    base = _base(folder, spec)
    files = [file for place in (folder, base) if place for file in _weights(place)]
    if not any(file.parent == folder for file in files):
        raise EncoderError(f"{folder} holds no weights (*.safetensors); run: {spec.get} --local-dir {own}")
    digest = hashlib.sha256("\n".join(_sha256(file) for file in files).encode())
    return Checkpoint(folder, base, "local" if folder == own else folder.name, digest.hexdigest())


def own_folder(spec: EncoderSpec) -> Path:
    """Where a person may put a checkpoint by hand."""
    return Settings().home / "models" / spec.id


def _base(folder: Path, spec: EncoderSpec) -> Path | None:
    adapter = folder / "adapter_config.json"
    if not adapter.is_file():
        return None
    try:
        name = str(json.loads(adapter.read_text(encoding="utf-8"))["base_model_name_or_path"])
    except (ValueError, KeyError, OSError) as error:
        raise EncoderError(f"{adapter} does not name its base model ({error}).") from error
    return Path(name) if Path(name).is_dir() else _cached(name, spec)


def _cached(repository: str, spec: EncoderSpec) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repository, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise EncoderError(
            f"The weights of the '{spec.id}' encoder are not on this machine; run: hf download {repository}"
        ) from error


def _weights(folder: Path) -> Iterator[Path]:
    yield from (file for file in sorted(folder.iterdir()) if file.suffix in _WEIGHTS)


def _sha256(file: Path) -> str:
    """A file's sha256; the hub's cache names large files by it, which saves reading gigabytes."""
    blob = file.resolve().name
    if _BLOB.fullmatch(blob):
        return blob
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
