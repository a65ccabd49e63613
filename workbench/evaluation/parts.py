"""What an evaluation has measured so far, a file per pipeline, so that one that was stopped goes on where it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from workbench.atomic import write_whole
from workbench.evaluation.record import EvaluatedPipeline

FOLDER = "parts"


@dataclass(frozen=True, slots=True)
class Part:
    """One pipeline, measured: the run, its times as in `Measured`, and what was refused."""

    run: EvaluatedPipeline
    stage_ms: Mapping[str, Mapping[str, float]]
    encode_ms: Mapping[str, float]
    refused: Mapping[str, str]


class Parts:
    """Parts by the key of everything that decides them; without a folder nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = None if folder is None else folder / FOLDER

    def get(self, key: str) -> Part | None:
        """A part measured before, or None; a damaged one is measured again."""
        if self._folder is None:
            return None
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(Part).validate_json((self._folder / f"{key}.json").read_bytes())
        except (OSError, ValidationError):
            return None

    def put(self, key: str, part: Part) -> None:
        """Keep a part, whole or not at all."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._folder / f"{key}.json", json.dumps(asdict(part)))

    def clear(self) -> None:
        """Forget them all: the record has everything."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
