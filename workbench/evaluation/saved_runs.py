"""The records that are kept in the home folder, under short names, with what people noted about their questions.

``evaluations/<name>/`` holds ``record.json``, ``notes.json`` beside it, and, while an evaluation runs or is stopped,
the ``parts`` of it. Names are a date and a letter, as ``2026-11-21a``.
"""

from __future__ import annotations

import itertools
import json
import shutil
import string
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from workbench.atomic import write_whole
from workbench.errors import InputError, NotFoundError, PagelensError
from workbench.evaluation.record import FILE, Record, load

SUMMARY = "summary.json"
NOTES = "notes.json"
LONGEST = 2_000
"""Characters of a note at most."""


@dataclass(frozen=True, slots=True)
class SavedRun:
    """A kept record in brief; ``means`` by pipeline, of the first measure."""

    name: str
    date: str
    dataset: str
    scope: str
    questions: int
    collection: str
    encoder: str
    measure: str
    means: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Note:
    """What a person noted about a question of a record."""

    tags: tuple[str, ...] = ()
    text: str = ""


class SavedRuns:
    """The kept records of one home folder. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._loaded = lru_cache(maxsize=4)(self._load)

    def claim(self, day: str = "") -> str:
        """A new name with an empty folder, so that nobody else takes it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for letters in _letters():
            name = f"{day or date.today().isoformat()}{letters}"
            try:
                (self._folder / name).mkdir()
            except FileExistsError:
                continue
            return name
        raise AssertionError("there are endless letters")

    def folder(self, name: str) -> Path:
        """The folder of a record, kept or on its way; `NotFoundError` when there is none of that name."""
        if name not in self._names():
            there = ", ".join(self.names()) or "none yet"
            raise NotFoundError(f"There is no evaluation '{name}' here (there are: {there}).")
        return self._folder / name

    def names(self) -> list[str]:
        """Names of the kept records, newest first."""
        return [name for name in self._names() if (self._folder / name / FILE).is_file()]

    def all(self) -> list[SavedRun]:
        """The kept records in brief, newest first; one that cannot be read is left out."""
        return [kept for name in self.names() if (kept := self._summary(name)) is not None]

    def load(self, name: str) -> Record:
        """A kept record; `InputError` when its file is damaged."""
        file = self.folder(name) / FILE
        if not file.is_file():
            raise NotFoundError(f"The evaluation '{name}' has not ended, so there is no record of it yet.")
        return self._loaded(name, self.stamp(name))

    def stamp(self, name: str) -> int:
        """Changes when a record does, or when another takes its name."""
        try:
            return (self.folder(name) / FILE).stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def save(self, record: Record, name: str = "") -> str:
        """Keep a record, under a name claimed before or a new one, which is returned."""
        name = name or self.claim()
        folder = self.folder(name)
        record.write(folder)
        _write(folder / SUMMARY, asdict(_brief(name, record)))
        return name

    def delete(self, name: str) -> None:
        """Delete a record with its notes, or what there is of one that was stopped."""
        shutil.rmtree(self.folder(name))

    def notes(self, name: str) -> dict[str, Note]:
        """What was noted, by question."""
        try:
            rows = json.loads((self.folder(name) / NOTES).read_text(encoding="utf-8"))
            return {question: Note(tuple(row["tags"]), row["text"]) for question, row in rows.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise InputError(f"The {NOTES} of evaluation '{name}' cannot be read; mend it or delete it.") from None

    def note(self, name: str, question: str, tags: Sequence[str], text: str) -> Note:
        """Note something about a question, in place of what was noted before; nothing at all takes the note away."""
        if question not in self.load(name).questions:
            raise NotFoundError(f"Evaluation '{name}' has no question '{question}'.")
        clean = tuple(dict.fromkeys(tag for raw in tags if (tag := " ".join(raw.split())[:60])))
        made = Note(clean, text.strip()[:LONGEST])
        with self._lock:
            rows = {key: asdict(row) for key, row in self.notes(name).items()}
            rows.pop(question, None)
            if made != Note():
                rows[question] = asdict(made)
            _write(self.folder(name) / NOTES, rows)
        return made

    def _names(self) -> list[str]:
        """Every folder's name, newest first: by date, then by the number of letters, then by letters."""
        found = (path.name for path in self._folder.glob("[0-9]*") if path.is_dir()) if self._folder.exists() else ()
        return sorted(found, key=lambda name: (name[:10], len(name), name), reverse=True)

    def _load(self, name: str, changed: int) -> Record:
        return load(self._folder / name)

    def _summary(self, name: str) -> SavedRun | None:
        folder = self._folder / name
        try:
            if (folder / SUMMARY).stat().st_mtime_ns >= (folder / FILE).stat().st_mtime_ns:
                return SavedRun(**{**json.loads((folder / SUMMARY).read_text(encoding="utf-8")), "name": name})
        except (OSError, ValueError, TypeError):
            pass  # no summary, or one that an older version wrote
        try:
            return _brief(name, self.load(name))
        except PagelensError:
            return None


def _brief(name: str, record: Record) -> SavedRun:
    measure = record.measures[0]
    return SavedRun(
        name,
        record.measured.date,
        record.dataset.name,
        record.dataset.scope,
        record.dataset.questions,
        record.collection.name,
        record.collection.encoder,
        measure,
        {pipeline: record.mean(pipeline)[measure] for pipeline in record.pipelines},
    )


def _letters() -> Iterator[str]:
    """a to z, aa to zz, and so on."""
    for length in itertools.count(1):
        yield from map("".join, itertools.product(string.ascii_lowercase, repeat=length))


def _write(path: Path, value: object) -> None:
    write_whole(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")
