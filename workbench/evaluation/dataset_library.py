"""The datasets of a home folder: those brought in, those that lie elsewhere and are only remembered, and the sample.

``datasets/<name>/`` is a dataset in the folder form; ``datasets/<name>.path`` holds the path of one that stays where it
is.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from workbench.atomic import write_whole
from workbench.errors import DatasetError, InputError, NotFoundError
from workbench.evaluation.datasets import SOURCE, Dataset, load_dataset
from workbench.evaluation.imports.bringing import bring
from workbench.evaluation.imports.labelling import write_dataset
from workbench.evaluation.imports.lists import read
from workbench.store.library import check_name

ELSEWHERE = ".path"
SAMPLE = "sample"


class DatasetLibrary:
    """Datasets by name; ``sample`` is the folder of the sample data."""

    def __init__(self, folder: Path, sample: Path) -> None:
        self._folder = folder
        self._sample = sample

    def names(self) -> list[str]:
        """Every dataset's name, the sample last."""
        there = [*self._folder.iterdir()] if self._folder.is_dir() else []
        found = {path.name for path in there if (path / "queries.jsonl").is_file()}
        found |= {path.name.removesuffix(ELSEWHERE) for path in there if path.is_file() and path.suffix == ELSEWHERE}
        return [*sorted(found - {SAMPLE}), *([SAMPLE] if self._sample.is_dir() else [])]

    def folder(self, name: str) -> Path:
        """Where a dataset lies; `NotFoundError` names those that there are."""
        if name not in self.names():
            raise NotFoundError(f"There is no dataset '{name}' here (there are: {', '.join(self.names())}).")
        if name == SAMPLE:
            return self._sample
        pointer = self._folder / f"{name}{ELSEWHERE}"
        return Path(pointer.read_text(encoding="utf-8").strip()) if pointer.is_file() else self._folder / name

    def load(self, name: str) -> Dataset:
        """A dataset, read and checked as `load_dataset` does."""
        return load_dataset(self.folder(name))

    def removable(self, name: str) -> bool:
        """Whether it can be taken off the shelf, which the sample cannot."""
        return name in self.names() and name != SAMPLE

    def bring(self, path: str, offline: bool = False, tell: Callable[[str], None] = lambda sentence: None) -> str:
        """Put a dataset on the shelf, by path or by a benchmark's name as `imports.bring`; returns its name.

        A folder that is in the folder form already stays where it is. `DatasetError` when it cannot be used.
        """
        folder = bring(path, self._folder, offline, tell)
        load_dataset(folder)
        name = folder.resolve().name
        if folder.parent.resolve() != self._folder.resolve():
            self._free(name)
            (self._folder / f"{name}{ELSEWHERE}").write_text(str(folder.resolve()) + "\n", encoding="utf-8")
        return name

    def make(self, name: str, collection: str, questions: Path, labels: Path | None = None) -> str:
        """Make a dataset over a collection's pages from files that people have (`imports.lists`); returns its name."""
        name = self._free(check_name(name.strip()))
        found = read(questions, labels)
        queries = tuple(found.queries.values())
        made = Dataset(name, self._folder / name, queries, found.labels, oddities=found.odd.all())
        self.write(name, made, collection)
        return name

    def write(self, name: str, dataset: Dataset, collection: str) -> Path:
        """Write questions and labels over a collection's pages under a name, in place of such ones of that name."""
        folder = self._folder / name
        return write_dataset(folder, dataset.queries, dataset.qrels, collection, oddities=dataset.oddities)

    def rename_collection(self, collection: str, name: str) -> None:
        """Let the datasets here that are about a collection's pages be about it by its new name."""
        for dataset in self._folder.iterdir() if self._folder.is_dir() else ():
            with suppress(OSError, ValueError):  # it has none, or is not ours to read
                path = dataset / SOURCE
                source = json.loads(path.read_text(encoding="utf-8"))
                if source.get("collection") == collection:
                    write_whole(path, json.dumps({**source, "collection": name}, ensure_ascii=False, indent=1))

    def remove(self, name: str) -> None:
        """Take a dataset off the shelf: delete its folder, or forget where it lies."""
        if not self.removable(name):
            self.folder(name)
            raise InputError(f"The dataset '{name}' ships with Pagelens and stays.")
        shutil.rmtree(self._folder / name, ignore_errors=True)
        (self._folder / f"{name}{ELSEWHERE}").unlink(missing_ok=True)

    def _free(self, name: str) -> str:
        if name in self.names():
            raise DatasetError(f"There is a dataset '{name}' already; remove it first, or give this one another name.")
        self._folder.mkdir(parents=True, exist_ok=True)
        return name
