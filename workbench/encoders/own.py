"""Models of one's own: a fine-tune, a merge, any checkpoint of a family that Pagelens knows.

A folder ``models/<id>`` under PAGELENS_HOME makes an encoder of that id. It holds the checkpoint itself, or only a file
``pagelens.json`` that says where one is::

    {"hub": "me/my-colqwen2"}                                    a repository in the hub's cache
    {"folder": "/data/my-colqwen2"}                              a folder elsewhere
    {"architecture": "ViT-B-16", "pretrained": "laion2b_s34b_b88k"}    an open_clip model by its tag
    {"architecture": "ViT-B-16", "pretrained": "/data/epoch_5.pt"}     or by a file

Which family reads it is found in the checkpoint's own files: what ``config_sentence_transformers.json`` says it is, the
class that an adapter says it was trained on, or that ``architectures`` in ``config.json`` (its base model's, for an
adapter) names, or ``open_clip_config.json``. Where they do not say, ``"family"`` does. The file may also give ``name``,
``licence``, ``summary`` and ``parameters`` (billions).
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.encoders import checkpoints
from workbench.encoders.base import EncoderSpec
from workbench.encoders.checkpoints import POINTER
from workbench.encoders.families import BY_CLASS, FAMILIES, OTHERS, RERANKER, Family
from workbench.errors import EncoderError, InputError
from workbench.settings import Settings

log = logging.getLogger(__name__)

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")  # a folder's name, which may have 255 bytes
_ID_RULE = "An encoder's id is made of 1 to 100 small letters, digits, '.', '_' and '-'."
_SOURCES = ("hub", "folder", "architecture")
_KEYS = {*_SOURCES, "pretrained", "family", "name", "licence", "summary", "parameters"}


def specs() -> dict[str, EncoderSpec]:
    """The rows of all models of one's own that can be read; those that cannot are logged."""
    from workbench.encoders.table import MODELS

    models = Settings().home / "models"
    found: dict[str, EncoderSpec] = {}
    for folder in sorted(models.iterdir()) if models.is_dir() else ():
        if folder.is_dir() and folder.name not in MODELS:
            try:
                found[folder.name] = spec(folder.name)
            except EncoderError as error:
                log.warning("%s", error)
    return found


def exists(encoder_id: str) -> bool:
    """Whether a folder of that id is there, readable or not."""
    return bool(_ID.fullmatch(encoder_id)) and (Settings().home / "models" / encoder_id).is_dir()


def spec(encoder_id: str) -> EncoderSpec:
    """The row of one's own model; `EncoderError` says what is wrong with its folder."""
    folder = Settings().home / "models" / encoder_id
    if not _ID.fullmatch(encoder_id):
        raise EncoderError(
            f"{folder}: an encoder's id is made of at most 100 small letters, digits, '.', '_' and '-'; rename it."
        )
    said = checkpoints.read(folder / POINTER) if (folder / POINTER).is_file() else {}
    if unknown := sorted(set(said) - _KEYS):
        raise EncoderError(f"{folder / POINTER} says {', '.join(unknown)}; it may say {', '.join(sorted(_KEYS))}.")
    options = {key: said[key] for key in (*_SOURCES, "pretrained") if key in said}
    if not checkpoints.holds_model(folder) and len({*options} & {*_SOURCES}) != 1:
        raise EncoderError(f"{folder / POINTER} must say one of {', '.join(_SOURCES)}.")
    row = EncoderSpec(
        id=encoder_id,
        name=str(said.get("name", encoder_id)),
        family="",
        kind="",
        dim=0,
        licence=str(said.get("licence", "not stated")),
        summary=str(said.get("summary", "A model of your own.")),
        loader="",
        get=_command(options, folder),
        options=options,
        parameters=float(said.get("parameters", 0)),
        source=f"the files in {folder}",
    )
    return _of_family(row, str(said.get("family") or _family(row)))


def adopt(encoder_id: str, **said: Any) -> EncoderSpec:
    """Make a model known under an id, by the file that points to it; the keys are those of ``pagelens.json``.

    `InputError` when the id is taken or no id, `EncoderError` when there is no such checkpoint or nobody can read it;
    nothing is left behind then.
    """
    from workbench.encoders.table import MODELS

    folder = Settings().home / "models" / encoder_id
    if not _ID.fullmatch(encoder_id):
        raise InputError(_ID_RULE)
    if encoder_id in MODELS or folder.exists():
        raise InputError(f"There is a model '{encoder_id}' already; choose another id.")
    folder.mkdir(parents=True)
    try:
        (folder / POINTER).write_text(json.dumps(said, indent=2), encoding="utf-8")
        return spec(encoder_id)
    except BaseException:
        (folder / POINTER).unlink(missing_ok=True)
        folder.rmdir()
        raise


def _command(options: dict[str, Any], folder: Path) -> str:
    if "hub" in options:
        return f"hf download {options['hub']}"
    if "architecture" in options:
        arguments = f"{options['architecture']!r}, pretrained={str(options.get('pretrained', ''))!r}"
        return f'python -c "import open_clip; open_clip.create_model({arguments})"'
    return f"hf download REPOSITORY --local-dir {folder}"


def _family(row: EncoderSpec) -> str:
    """What the checkpoint's own files say of its family."""
    if "architecture" in row.options:
        return "open-clip"
    folder, _ = checkpoints.place(row)
    if (folder / "open_clip_config.json").is_file():
        return "open-clip"
    if said := _sentence_transformers(folder):
        return said
    config, adapter = folder / "config.json", folder / "adapter_config.json"
    adapted = checkpoints.read(adapter).get("auto_mapping") if adapter.is_file() else None
    if adapted and adapted.get("base_model_class") in BY_CLASS:
        return BY_CLASS[adapted["base_model_class"]].id
    if not config.is_file() and (base := checkpoints.base_folder(folder, row)):
        config = base / "config.json"
    if not config.is_file():
        raise EncoderError(f"{folder} holds no config.json; is it a model's folder?")
    classes = [str(name) for name in checkpoints.read(config).get("architectures") or ()]
    if found := next(filter(None, map(_by_class, classes)), ""):
        return found
    raise EncoderError(
        f"{config} names {', '.join(classes) or 'no class'}, which no family of Pagelens reads; if one does all the "
        f'same, say so in {checkpoints.own_folder(row) / POINTER}: "family": one of {", ".join((*FAMILIES, *OTHERS))}.'
    )


def _by_class(name: str) -> str:
    """The family of a class that ``architectures`` names, or empty."""
    if name in BY_CLASS:
        return BY_CLASS[name].id
    if name == "HF_ColBERT":  # as the authors of ColBERT publish theirs
        return "multi-vector-text"
    if name.endswith("ForSequenceClassification"):
        return RERANKER
    return "multi-vector" if name.endswith("ForRetrieval") else ""  # transformers' own


def _sentence_transformers(folder: Path) -> str:
    """The family of a checkpoint that says that sentence-transformers (or PyLate) saved it, else empty."""
    said = folder / "config_sentence_transformers.json"
    kind = checkpoints.read(said).get("model_type") if said.is_file() else ""
    if kind == "CrossEncoder":
        return RERANKER
    if kind not in ("MultiVectorEncoder", "ColBERT"):
        return ""
    return "multi-vector" if _sees(folder) else "multi-vector-text"


def _sees(folder: Path) -> bool:
    """Whether a checkpoint has a processor of pictures."""
    return any((folder / name).is_file() for name in ("preprocessor_config.json", "processor_config.json"))


def _of_family(row: EncoderSpec, family_id: str) -> EncoderSpec:
    family = FAMILIES.get(family_id) or OTHERS.get(family_id)
    if family is None:
        known = ", ".join((*FAMILIES, *OTHERS))
        raise EncoderError(f"There is no model family '{family_id}' ('{row.id}'); there are: {known}.")
    return replace(
        row,
        family=family_id,
        kind=family.kind,
        dim=family.dim if isinstance(family, Family) else 0,
        loader=family.loader,
        policies=family.policies,
        page_policies=family.page_policies,
    )
