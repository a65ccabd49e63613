"""Code that a checkpoint brings along: run only where a person allowed it for that model at that revision, by name.

transformers runs Python files beside the weights when told to trust them (``auto_map``), and asks on the terminal when
it was told nothing. Pagelens tells it no wherever it calls it; where other libraries call it, there is no time to ask.
Weights are read as numbers only (safetensors, or pickles restricted to tensors), which torch does unasked.

What is allowed stands in ``models/allowed.json`` under PAGELENS_HOME: a revision a model. That is the hub's commit, or,
of a folder of one's own, the sha256 of its Python files; when either changes, the code is another and is refused again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
from pathlib import Path
from typing import Any

from workbench.encoders import checkpoints
from workbench.encoders.base import EncoderSpec
from workbench.encoders.pictures import brief
from workbench.errors import EncoderError, InputError
from workbench.settings import Settings

log = logging.getLogger(__name__)

REFUSED: dict[str, Any] = {"trust_remote_code": False}
"""What every call that reads a checkpoint is given, unless its code is allowed."""
ALLOWED: dict[str, Any] = {"trust_remote_code": True}
_REVISION = re.compile(r"[0-9a-f]{40}")
_lock = threading.Lock()


def never_asked() -> None:
    """Let transformers refuse a checkpoint's own code at once where it was told nothing, rather than ask for it."""
    from transformers import dynamic_module_utils

    dynamic_module_utils.TIME_OUT_REMOTE_CODE = 0


def trust(spec: EncoderSpec, folder: Path, base: Path | None = None) -> dict[str, Any]:
    """What a call that reads a checkpoint is told of its code: yes only at the revision that is allowed.

    `EncoderError` when a model that is allowed names code of somewhere else, which nobody has read.
    """
    known = allowed(spec.id)
    if not known or known != revision_of(folder):
        return REFUSED
    if elsewhere := str(base) if base is not None and code_files(base) else _elsewhere(folder):
        raise EncoderError(
            f"The '{spec.id}' model in {folder} wants code of {elsewhere} to run, which is not part of what you "
            "allowed; it is not run."
        )
    return ALLOWED


def allowed(model_id: str) -> str:
    """The revision of a model whose own code may run, or empty."""
    return _read().get(model_id, "")


def allow(spec: EncoderSpec, revision: str, offline: bool = False) -> Path | None:
    """Let a model's own code run at a revision, from now on; the folder whose code that is, None while it is not here.

    `InputError` for what is no revision, or not the one that is here; offline, also when the model is not here.
    """
    if not _REVISION.fullmatch(revision):
        raise InputError(f"A revision is 40 digits of 0-9 and a-f, not '{revision[:60]}'.")
    folder = code_folder(spec)
    if folder is None and offline:
        raise InputError(f"'{spec.id}' is not on this machine, and Pagelens is offline: its code cannot be read.")
    if folder is not None and revision_of(folder) != revision:
        raise InputError(f"'{spec.id}' is here at revision {revision_of(folder)}, not {revision}; read its code first.")
    _write({**_read(), spec.id: revision})
    return folder


def disallow(model_id: str) -> bool:
    """Let a model's own code run no longer; False when it was not allowed. What is loaded stays loaded."""
    known = _read()
    found = known.pop(model_id, None) is not None
    if found:
        _write(known)
    return found


def code_folder(spec: EncoderSpec) -> Path | None:
    """Where a model's own code would be, None when the model is not on this machine."""
    try:
        return checkpoints.place(spec)[0]
    except (EncoderError, KeyError):
        return None


def code_files(folder: Path) -> list[Path]:
    """The Python files of a checkpoint, by name."""
    return sorted(folder.rglob("*.py"))


def revision_of(folder: Path) -> str:
    """What is allowed of a checkpoint: the hub's commit, or, of another folder, the sha256 of its code, 40 digits."""
    if _REVISION.fullmatch(folder.name) and folder.parent.name == "snapshots":
        return folder.name
    found = hashlib.sha256()
    for file in code_files(folder):
        content = file.read_bytes()
        found.update(f"{file.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
    return found.hexdigest()[:40]


def unloadable(spec: EncoderSpec, folder: Path, error: Exception, allowable: bool = False) -> EncoderError:
    """The sentence on a checkpoint that a library could not load; ``allowable``: its code can be allowed."""
    log.debug("loading %s", folder, exc_info=error)
    if "custom code" not in str(error) and "trust_remote_code" not in str(error):
        return EncoderError(f"The '{spec.id}' model in {folder} cannot be loaded ({brief(error)}).")
    if not allowable:
        return EncoderError(
            f"The '{spec.id}' model in {folder} can only be loaded by running code of its own, which Pagelens never "
            "does; look for the same model in a form that needs none."
        )
    other = f"; you have allowed revision {known}" if (known := allowed(spec.id)) else ""
    return EncoderError(
        f"The '{spec.id}' model can only be loaded by running code of its own, which Pagelens does not do unless you "
        f"allow it{other}. Read the Python files in {folder}; if you trust them, run: "
        f"pagelens models allow {spec.id} --revision {revision_of(folder)}"
    )


def _elsewhere(folder: Path) -> str:
    """The first repository besides itself that a checkpoint's files name code of (``owner/name--module``), or empty."""
    for file in sorted(folder.rglob("*.json")):
        small = file.stat().st_size < 1 << 20  # vocabularies are larger, and name no code
        if small and (found := re.search(r'"([\w.-]+/[\w.-]+)--[\w.]+"', file.read_text("utf-8"))):
            return found[1]
    return ""


def _file() -> Path:
    return Settings().home / "models" / "allowed.json"


def _read() -> dict[str, str]:
    try:
        return {str(name): str(revision) for name, revision in json.loads(_file().read_text("utf-8")).items()}
    except (OSError, ValueError, AttributeError):
        return {}  # nothing is allowed


def _write(known: dict[str, str]) -> None:
    with _lock:
        _file().parent.mkdir(parents=True, exist_ok=True)
        partial = _file().with_suffix(".partial")
        partial.write_text(json.dumps(known, indent=2), encoding="utf-8")
        partial.replace(_file())
