"""What an evaluation was made with: versions, machine, and the facts of a collection that decide its answers."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from typing import Any

from workbench.evaluation.record import CollectionFacts, digest
from workbench.settings import version
from workbench.types import CollectionInfo, DocumentInfo

MADE_WITH = (
    "ir-measures",
    "lancedb",
    "numpy",
    "torch",
    "transformers",
    "colpali-engine",
    "open_clip_torch",
    "pypdfium2",
    "rapidocr",
)


def versions() -> dict[str, str]:
    """Versions of Python, Pagelens and the libraries that figures depend on."""
    found = {"python": platform.python_version(), "pagelens": version()}
    for package in MADE_WITH:
        try:
            found[package] = installed(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def machine() -> dict[str, Any]:
    """The machine that times were measured on, without its name or its user's."""
    import psutil

    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": platform.processor() or platform.machine(),
        "processors": os.cpu_count() or 1,
        "memory_bytes": int(psutil.virtual_memory().total),
    }


def collection_facts(info: CollectionInfo, documents: Sequence[DocumentInfo]) -> CollectionFacts:
    """The facts, with a hash over what was indexed and how: not over the name, nor over when that was."""
    settings = {key: value for key, value in info.settings.items() if key != "encoder"}
    primary = info.settings.get("encoder")
    encoders = {info.encoder: dict(primary) if isinstance(primary, dict) else {"id": info.encoder}}
    for space in info.spaces:
        encoders.setdefault(space.encoder, {"id": space.encoder, "kind": space.kind, "dim": space.dim})
    held = sorted((d.content_hash, d.pages, d.indexed, sorted(page.page for page in d.failed)) for d in documents)
    every = [(space.encoder, index) for space in info.spaces for index in space.indexes]
    indexes = sorted((at, i.name, i.dim, i.dtype, i.pages, i.vectors) for at, i in every)
    made = digest((settings, encoders, held, indexes))
    return CollectionFacts(info.name, made, info.encoder, encoders, settings, info.documents, info.pages)


def dataset_hash(queries: Sequence[Any], qrels: Any, boxes: Any) -> str:
    """sha256 of the questions, labels and boxes, whatever the order of the lines they stood in."""
    rows = sorted((asdict(query) for query in queries), key=lambda row: str(row["id"]))
    return digest((rows, qrels, boxes))
