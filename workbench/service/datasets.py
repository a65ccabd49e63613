"""Datasets on a shelf: questions with the pages that answer them, brought, made, or judged here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbench import evaluation, permits, resources
from workbench.errors import InputError, NotFoundError
from workbench.evaluation import Dataset, DatasetCheck
from workbench.evaluation.dataset_library import DatasetLibrary
from workbench.evaluation.judgements import Judgements
from workbench.evaluation.oddities import counts
from workbench.service.collections import Collections
from workbench.service.ingestion import Ingestion
from workbench.settings import Settings
from workbench.types import Gone, Job, Receipt


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """A dataset of the shelf; ``problem`` says why it cannot be used.

    ``collection`` is the one whose pages it is about, ``scope`` what it is evaluated in unless another is asked for,
    ``oddities`` the rows that were left out or mended, by kind; ``warnings`` say so in sentences.
    """

    name: str
    questions: int
    relevant_pages: int
    scope: str
    collection: str
    warnings: tuple[str, ...]
    removable: bool
    problem: str = ""
    oddities: Mapping[str, int] = field(default_factory=dict)


class Datasets:
    """The datasets that pipelines are measured on."""

    def __init__(self, settings: Settings, library: Collections, ingestion: Ingestion, judgements: Judgements) -> None:
        self._offline = settings.offline
        self._shelf = DatasetLibrary(settings.home / "datasets", resources.sample_data())
        self._library = library
        self._ingestion = ingestion
        self._judgements = judgements

    def all(self) -> list[DatasetInfo]:
        """Every dataset there is; one that cannot be used says why."""
        found = (self._info(name) for name in self._shelf.names())
        return [info for info in found if _seen(info.collection)]

    def names(self) -> list[str]:
        """The names alone, which is quick for who may see all of them."""
        return self._shelf.names() if permits.sees_all() else [info.name for info in self.all()]

    def get(self, name: str) -> Dataset:
        """One dataset, read and checked."""
        if not permits.sees_all() and name not in self.names():
            raise NotFoundError(f"There is no dataset '{name}'.")
        return self._shelf.load(name)

    def bring(self, path: str) -> DatasetInfo:
        """Put a folder on the shelf (in the folder form, BEIR's or ViDoRe's) or a benchmark by its name."""
        return self._info(self._shelf.bring(path, self._offline))

    def make(self, name: str, collection: str, questions: Path, labels: Path | None = None) -> DatasetInfo:
        """Make a dataset over a collection from files of questions and labels: JSON lines, CSV, tabs or TREC."""
        self._library.info(collection)
        return self._info(self._shelf.make(name, collection, questions, labels))

    def forget(self, gone: Gone) -> Receipt:
        """Datasets stay: they hold questions and names of pages, no text or picture of one."""
        return Receipt.of(gone)

    def rename_collection(self, collection: str, name: str) -> None:
        """Let the datasets about a collection be about it by its new name."""
        self._shelf.rename_collection(collection, name)

    def remove(self, name: str) -> None:
        """Take a dataset off the shelf; records that were made with it stay."""
        if not permits.sees_all():
            self.get(name)
        self._shelf.remove(name)

    def check(self, name: str) -> DatasetCheck:
        """Open every file of a dataset and hold its labels against the pages there are."""
        found = self.get(name)
        return evaluation.check(found, self._library.documents(found.collection) if found.collection else ())

    def ingest(self, name: str, collection: str) -> Job:
        """Queue the indexing of a dataset's own documents into a collection."""
        found = self.get(name)
        if not found.files():
            raise InputError(f"Dataset '{name}' has no documents of its own; it is about those of a collection.")
        return self._ingestion.start([part.documents for part in found.parts] or [found.documents], collection)

    def judged(self, collection: str, name: str) -> DatasetInfo:
        """Everything judged in a collection as a dataset of the shelf, in place of one made so before."""
        self._library.info(collection)
        judged = self._judgements.all(collection)
        if not any(grade > 0 for grades in judged.grades.values() for grade in grades.values()):
            raise InputError(f"No page of '{collection}' has been judged relevant yet.")
        if name in self._shelf.names() and self._shelf.load(name).collection != collection:
            raise InputError(f"There is another dataset '{name}'; give this one another name.")
        made = Dataset(name, self._judgements.folder(collection), judged.queries, judged.grades)
        self._shelf.write(name, made, collection)
        return self._info(name)

    def _info(self, name: str) -> DatasetInfo:
        removable = self._shelf.removable(name)
        try:
            found = self._shelf.load(name)
        except InputError as error:
            return DatasetInfo(name, 0, 0, "", "", (), removable, str(error))
        relevant = {page for grades in found.qrels.values() for page, grade in grades.items() if grade > 0}
        return DatasetInfo(
            name,
            len(found.queries),
            len(relevant),
            found.scope,
            found.collection,
            found.warnings,
            removable,
            oddities=counts(found.oddities),
        )


def _seen(collection: str) -> bool:
    """Whether a dataset about a collection (empty: about documents of its own) is there for whoever asks."""
    return not collection or permits.sees(collection)
