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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from workbench.atomic import write_whole
from workbench.encoders import checkpoints
from workbench.encoders.base import EncoderSpec
from workbench.errors import EncoderError, InputError, brief
from workbench.settings import Settings

log = logging.getLogger(__name__)

REFUSED: dict[str, Any] = {"trust_remote_code": False}
"""What every call that reads a checkpoint is given, unless its code is allowed."""
ALLOWED: dict[str, Any] = {"trust_remote_code": True}
_CLASSES = frozenset({"auto_map", "custom_pipelines", "type"})
"""Where transformers and, by ``type`` in modules.json, sentence-transformers look for classes of a checkpoint's own."""
_REVISION = re.compile(r"[0-9a-f]{40}")


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
    if elsewhere := str(base) if base is not None and code_files(base) else _elsewhere(spec, folder):
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
    with _changed() as known:
        known[spec.id] = revision
    return folder


def disallow(model_id: str) -> bool:
    """Let a model's own code run no longer; False when it was not allowed. What is loaded stays loaded."""
    with _changed() as known:
        return known.pop(model_id, None) is not None


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


def _elsewhere(spec: EncoderSpec, folder: Path) -> str:
    """The first repository besides itself that a checkpoint's files name code of (``owner/name--module.Class``), or
    empty. `EncoderError` for a file that is no JSON, of which nobody can say."""
    for file in sorted(folder.rglob("*.json")):
        try:
            references = list(_references(json.loads(file.read_bytes())))
        except (ValueError, RecursionError):
            raise EncoderError(
                f"{file.name} of the '{spec.id}' model in {folder} is no JSON; its code is not run."
            ) from None
        for reference in references:
            elsewhere, mark, _ = reference.partition("--")
            if mark:
                return elsewhere
    return ""


def _references(said: Any, named: bool = False) -> Iterator[str]:
    """The classes that a configuration names: all texts below a key of `_CLASSES`, or all of what is so ``named``."""
    if isinstance(said, dict):
        for key, value in said.items():
            yield from _references(value, named or key in _CLASSES)
    elif isinstance(said, list):
        for value in said:
            yield from _references(value, named)
    elif named and isinstance(said, str):
        yield said


def _file() -> Path:
    return Settings().home / "models" / "allowed.json"


def _read() -> dict[str, str]:
    try:
        return {str(name): str(revision) for name, revision in json.loads(_file().read_text("utf-8")).items()}
    except (OSError, ValueError, AttributeError):
        return {}  # nothing is allowed


@contextmanager
def _changed() -> Iterator[dict[str, str]]:
    """What is allowed, to be changed; nobody else changes it meanwhile, in any process."""
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):
        known = _read()
        before = dict(known)
        yield known
        if known != before:
            write_whole(file, json.dumps(known, indent=2))
