"""Whether a model's weights are on this machine, and where: said without reading them, so that a list is quick."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.encoders import checkpoints
from workbench.encoders.base import EncoderSpec
from workbench.encoders.reader import weights_folder
from workbench.errors import EncoderError


@dataclass(frozen=True, slots=True)
class Location:
    """The folder of a model's weights, or None and the reason why they cannot be used."""

    folder: Path | None
    reason: str = ""


def location_of(spec: EncoderSpec) -> Location:
    """Where the weights of a row are. A folder counts only when all its parts are there, an adapter's base included."""
    try:
        return Location(_folder(spec))
    except EncoderError as error:
        return Location(None, str(error))


def _folder(spec: EncoderSpec) -> Path:
    if "package" in spec.options:
        return weights_folder(spec)
    if "architecture" in spec.options:
        from workbench.encoders.clip import weights_file  # open_clip alone knows where it keeps what a tag names

        return weights_file(spec).parent
    folder, _ = checkpoints.place(spec)
    for part in (folder, checkpoints.base_folder(folder, spec)):
        if part is not None:
            _complete(part, spec)
    return folder


def _complete(folder: Path, spec: EncoderSpec) -> None:
    """`EncoderError` when a folder has no weights, or a download of many files was cut off."""
    present = {file.name for file in checkpoints.weights(folder)}
    if not present and not any(checkpoints.part_weights(folder)):
        raise EncoderError(f"{folder} holds no weights; run: {spec.get}")
    for index in folder.glob("*.index.json"):
        wanted = set((checkpoints.read(index).get("weight_map") or {}).values())
        if missing := wanted - present:
            raise EncoderError(f"{folder} lacks {len(missing)} of {len(wanted)} files of weights; run: {spec.get}")
