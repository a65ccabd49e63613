"""Finds the weights of a page model on this machine: a folder of one's own, or the hub's cache. It never fetches any.

A folder ``models/<encoder id>`` under PAGELENS_HOME comes first; then whatever `hf download` left in the hub's cache.
Models published as an adapter (LoRA) name a base model in ``adapter_config.json``; that one is looked for in a folder
``base`` inside the adapter's, then where the name points to, then in the hub's cache.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.encoders.base import EncoderSpec
from workbench.errors import EncoderError
from workbench.settings import Settings

POINTER = "pagelens.json"
"""A file in a folder of one's own that may say what the checkpoint is, or where; see `own`."""

_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".npz")
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


def find(spec: EncoderSpec, parts: bool = False) -> Checkpoint:
    """The checkpoint of a table row; `EncoderError` with the command that gets what is missing.

    ``parts``: the folders of sentence-transformers' modules (``1_Dense``) hold weights too.
    """
    folder, revision = place(spec)
    base = base_folder(folder, spec)
    own = list(weights(folder))
    own += part_weights(folder) if parts else ()
    if not own:
        command = f"hf download {spec.options.get('hub', 'REPOSITORY')} --local-dir {folder}"
        raise EncoderError(f"{folder} holds no weights (*.safetensors); run: {command}")
    return Checkpoint(folder, base, revision, weights_hash([*own, *(weights(base) if base else ())]))


def place(spec: EncoderSpec) -> tuple[Path, str]:
    """The folder of a row's checkpoint and its revision; `EncoderError` with the command that gets it."""
    own = own_folder(spec)
    if holds_model(own):
        return own, "local"
    if named := spec.options.get("folder"):
        folder = Path(str(named))
        if not folder.is_dir():
            raise EncoderError(
                f"The folder of the '{spec.id}' encoder, {folder}, is not there; correct {own / POINTER}."
            )
        return folder, "local"
    folder = cached(str(spec.options["hub"]), spec)
    return folder, folder.name


def own_folder(spec: EncoderSpec) -> Path:
    """Where a person may put a checkpoint by hand."""
    return Settings().home / "models" / spec.id


def holds_model(folder: Path) -> bool:
    """Whether a folder is a checkpoint's (finished or not), rather than absent or a mere pointer to one."""
    return folder.is_dir() and any(file.name != POINTER for file in folder.iterdir())


def cached(repository: str, spec: EncoderSpec) -> Path:
    """The hub cache's copy of a repository; `EncoderError` with the command that makes one."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repository, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise EncoderError(
            f"The weights of the '{spec.id}' encoder are not on this machine; run: hf download {repository}"
        ) from error


def _base_name(folder: Path) -> str:
    adapter = folder / "adapter_config.json"
    if not adapter.is_file():
        return ""
    name = read(adapter).get("base_model_name_or_path")
    if not name:
        raise EncoderError(f"{adapter} does not name its base model.")
    return str(name)


def read(file: Path) -> dict[str, Any]:
    """A JSON object from a file; `EncoderError` when it is not one."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise EncoderError(f"{file} cannot be read ({error}).") from error
    if not isinstance(found, dict):
        raise EncoderError(f"{file} does not hold a JSON object.")
    return found


def weights_hash(files: list[Path]) -> str:
    """The sha256 over the sha256 of each file, in the order given."""
    return hashlib.sha256("\n".join(_sha256(file) for file in files).encode()).hexdigest()


def base_folder(folder: Path, spec: EncoderSpec) -> Path | None:
    """Where an adapter's base model is, None when the folder's is no adapter; `EncoderError` when it is not here."""
    name = _base_name(folder)
    if not name:
        return None
    for candidate in (folder / "base", Path(name), folder / name):
        if candidate.is_dir():
            return candidate
    if re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        return cached(name, spec)
    raise EncoderError(
        f"The base model of the '{spec.id}' encoder, {name}, is not there; put it into {folder / 'base'}, "
        f"or correct base_model_name_or_path in {folder / 'adapter_config.json'}."
    )


def weights(folder: Path) -> Iterator[Path]:
    """The files of weights in a folder, by name."""
    yield from (file for file in sorted(folder.iterdir()) if file.suffix in _WEIGHTS)


def part_weights(folder: Path) -> Iterator[Path]:
    """The files of weights in the folders of sentence-transformers' modules, by name."""
    for part in sorted(folder.glob("[0-9]*_*/")):
        yield from weights(part)


def _sha256(file: Path) -> str:
    """A file's sha256; the hub's cache names large files by it, which saves reading gigabytes."""
    blob = file.resolve().name
    if _BLOB.fullmatch(blob):
        return blob
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
