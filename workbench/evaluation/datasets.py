"""An evaluation dataset in a folder: documents, questions, and which pages answer them.

``documents/`` holds PDFs and images; ``queries.jsonl`` has ``query_id``, ``text`` and optionally ``document`` (the file
the question was asked of) and ``tags``; ``qrels.tsv`` has the BEIR header and a row per judged page, whose corpus id is
a page ref (``qrels.trec`` will do as well); ``boxes.jsonl``, if there is one, says where on a page the answer stands.
Everything is checked before anything runs: what would make a measure wrong is an error, what a person should look at is
a warning. What this module does not do: read the documents.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.documents.sources import display_name
from workbench.errors import DatasetError
from workbench.evaluation.runs import read_qrels
from workbench.types import Box, PageRef

HEADER = ["query-id", "corpus-id", "score"]
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Query:
    """A question. ``tags`` are flat: each key's values as texts."""

    id: str
    text: str
    document: str = ""
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Questions with their labels; ``qrels[query][page ref]`` is the grade, ``boxes[query][page ref]`` the places.

    ``warnings`` are worth a person's look. ``parts`` are the datasets that this one was put together from. ``aliases``
    are page refs by the id that the published dataset gives a page, where it has ids of its own. ``collection`` is the
    one whose pages it is about, for a dataset without documents of its own.
    """

    name: str
    folder: Path
    queries: tuple[Query, ...]
    qrels: Mapping[str, Mapping[str, int]]
    boxes: Mapping[str, Mapping[str, tuple[Box, ...]]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    parts: tuple[Dataset, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    collection: str = ""

    @property
    def documents(self) -> Path:
        """The folder with the files."""
        return self.folder / "documents"

    @property
    def scope(self) -> str:
        """The scope to evaluate in unless another is asked for: the document, where questions name theirs."""
        return "document" if any(query.document for query in self.queries) else "corpus"

    def files(self) -> dict[str, Path]:
        """The dataset's files under the names that its labels know them by."""
        if self.parts:
            return {f"{part.name}/{name}": path for part in self.parts for name, path in part.files().items()}
        found = (path for path in sorted(self.documents.rglob("*")) if path.is_file())
        return {display_name(path.relative_to(self.documents)): path for path in found}


def load_dataset(folder: Path) -> Dataset:
    """Read and check a dataset folder; `DatasetError` lists everything that is wrong with it."""
    if not folder.is_dir():
        raise DatasetError(f"There is no dataset folder '{folder}'.")
    trec = folder / "qrels.trec"
    labels = trec if trec.exists() and not (folder / "qrels.tsv").exists() else folder / "qrels.tsv"
    missing = [name for name in ("documents", "queries.jsonl", labels.name) if not (folder / name).exists()]
    if missing:
        raise DatasetError(
            f"'{folder}' is not a dataset: {' and '.join(missing)} missing; it needs documents/, queries.jsonl and "
            "qrels.tsv."
        )
    name = folder.resolve().name
    problems: list[str] = []
    queries = _queries(folder / "queries.jsonl", problems)
    known = {query.id for query in queries}
    qrels = _qrels(labels, known, problems)
    boxes = _boxes(folder / "boxes.jsonl", known, problems) if (folder / "boxes.jsonl").exists() else {}
    if problems:
        raise DatasetError(f"Dataset '{name}' cannot be used: {_shown(problems, '; ')}.")
    labelled = tuple(query for query in queries if any(grade > 0 for grade in qrels.get(query.id, {}).values()))
    if not labelled:
        raise DatasetError(f"Dataset '{name}' has no question with a relevant page.")
    warnings: list[str] = []
    if len(labelled) < len(queries):
        warnings.append(f"{len(queries) - len(labelled)} questions have no relevant page and are left out")
    files = {display_name(path.relative_to(folder / "documents")) for path in (folder / "documents").rglob("*")}
    notes, collection = _source(folder / "source.json")
    warnings += notes
    named = {PageRef.parse(page).document for pages in qrels.values() for page in pages}
    named |= {query.document for query in labelled if query.document}
    if named - files and not collection:
        warnings.append(f"documents/ lacks files that the questions are about: {_shown(sorted(named - files), ', ')}")
    aliases = _aliases(folder / "corpus.tsv")
    return Dataset(name, folder, labelled, qrels, boxes, tuple(warnings), aliases=aliases, collection=collection)


def together(datasets: Sequence[Dataset]) -> Dataset:
    """Several datasets as one: ids of questions and names of documents begin with the dataset's, so none can mix.

    Every question has the tag ``dataset``. `DatasetError` when two have the same name.
    """
    names = [dataset.name for dataset in datasets]
    if len(datasets) == 1:
        return datasets[0]
    if len(set(names)) < len(names):
        raise DatasetError(f"Two of the datasets have the same name ({', '.join(names)}); rename a folder.")
    queries: list[Query] = []
    qrels: dict[str, Mapping[str, int]] = {}
    boxes: dict[str, Mapping[str, tuple[Box, ...]]] = {}
    for dataset in datasets:
        for query in dataset.queries:
            document = f"{dataset.name}/{query.document}" if query.document else ""
            tags = {**query.tags, "dataset": (dataset.name,)}
            queries.append(Query(f"{dataset.name}/{query.id}", query.text, document, tags))
        for identifier, grades in dataset.qrels.items():
            qrels[f"{dataset.name}/{identifier}"] = {f"{dataset.name}/{page}": grade for page, grade in grades.items()}
        for identifier, places in dataset.boxes.items():
            boxes[f"{dataset.name}/{identifier}"] = {f"{dataset.name}/{page}": found for page, found in places.items()}
    warnings = tuple(f"{dataset.name}: {warning}" for dataset in datasets for warning in dataset.warnings)
    return Dataset(" + ".join(names), datasets[0].folder, tuple(queries), qrels, boxes, warnings, tuple(datasets))


def only(dataset: Dataset, languages: Sequence[str]) -> Dataset:
    """The dataset with the questions in some languages (tag ``language``); `DatasetError` when there are none."""
    kept = tuple(query for query in dataset.queries if set(query.tags.get("language", ())) & set(languages))
    if not kept:
        there = sorted({language for query in dataset.queries for language in query.tags.get("language", ())})
        have = ", ".join(there) or "no language tags"
        raise DatasetError(f"Dataset '{dataset.name}' has no question in {' or '.join(languages)}; it has {have}.")
    ids = {query.id for query in kept}
    qrels = {query: pages for query, pages in dataset.qrels.items() if query in ids}
    boxes = {query: pages for query, pages in dataset.boxes.items() if query in ids}
    return replace(dataset, queries=kept, qrels=qrels, boxes=boxes)


def _aliases(path: Path) -> dict[str, str]:
    """Page refs by published id, from a file that the import of a dataset leaves."""
    if not path.exists():
        return {}
    rows = (line.split("\t") for line in _text_of(path).split("\n")[1:] if line)
    return {row[0]: row[1] for row in rows if len(row) == 2}


def _source(path: Path) -> tuple[list[str], str]:
    """What was noted when a dataset was brought into this form, and the collection it is about."""
    try:
        source = json.loads(path.read_text(encoding="utf-8"))
        return [str(note) for note in source["notes"]], str(source.get("collection", ""))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [], ""


def _shown(items: list[str], between: str) -> str:
    return between.join(items[:SHOWN]) + (f"{between}and {len(items) - SHOWN} more" if len(items) > SHOWN else "")


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"'{path.name}' is not UTF-8 text (byte {error.start}); save it as UTF-8.") from None


def _rows(path: Path, problems: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a file of JSON lines, each with where it stands. A line ends at a newline and nowhere else."""
    for number, line in enumerate(_text_of(path).split("\n"), 1):
        where = f"{path.name} line {number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            problems.append(f"{where} is not JSON ({error})")
            continue
        if isinstance(row, dict):
            yield where, row
        else:
            problems.append(f"{where} is not a JSON object")


def _id(row: Mapping[str, Any], key: str) -> str:
    """An id as text; 0 is an id, nothing is not."""
    value = row.get(key)
    return "" if value is None else str(value)


def _queries(path: Path, problems: list[str]) -> list[Query]:
    found: dict[str, Query] = {}
    for where, row in _rows(path, problems):
        query = Query(
            _id(row, "query_id"), str(row.get("text") or "").strip(), str(row.get("document") or ""), flat_tags(row)
        )
        if not query.id or not query.text:
            problems.append(f"{where} lacks its {'text' if query.id else 'query_id'}")
        elif query.id in found:
            problems.append(f"{where} repeats query id {query.id}")
        else:
            found[query.id] = query
    return list(found.values())


def flat_tags(row: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Tags of a query row as texts: a list keeps its members, an object is opened (``key.inner``), nothing is no tag.

    >>> flat_tags({"tags": {"evidence": ["Chart", "Table"], "self_contained": True, "page": {"side": "left"}}})
    {'evidence': ('Chart', 'Table'), 'self_contained': ('true',), 'page.side': ('left',)}
    """
    tags = row.get("tags")
    if not isinstance(tags, dict):
        values = _texts(tags)
        return {"tag": values} if values else {}
    found: dict[str, tuple[str, ...]] = {}
    for key, value in tags.items():
        if isinstance(value, dict):
            found |= {f"{key}.{inner}": texts for inner, texts in flat_tags({"tags": value}).items()}
        elif texts := _texts(value):
            found[str(key)] = texts
    return found


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(dict.fromkeys(text for item in value for text in _texts(item)))
    if value is None or value == "":
        return ()
    return (str(value).lower() if isinstance(value, bool) else str(value),)


def _qrels(path: Path, known: set[str], problems: list[str]) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    lines = [line.rstrip("\r") for line in _text_of(path).split("\n")]
    if path.suffix == ".trec":
        trec = read_qrels(path)
        rows = [HEADER, *([q, page, str(grade)] for q, pages in trec.items() for page, grade in pages.items())]
    else:
        rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    if rows[:1] != [HEADER]:
        problems.append(f"{path.name} begins with {lines[0][:80]!r}, not with {' '.join(HEADER)} separated by tabs")
        return qrels
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        where = f"{path.name} line {number}"
        try:
            query, page, grade = row
            page, level = str(PageRef.parse(page)), int(grade)
        except ValueError as error:
            problems.append(f"{where}: {error}" if len(row) == 3 else f"{where} has {len(row)} fields, not 3")
            continue
        if query not in known:
            problems.append(f"{where} names the unknown query {query}")
        elif page in qrels.setdefault(query, {}):
            problems.append(f"{where} repeats {query} {page}")
        else:
            qrels[query][page] = level
    return qrels


def _boxes(path: Path, known: set[str], problems: list[str]) -> dict[str, dict[str, tuple[Box, ...]]]:
    boxes: dict[str, dict[str, tuple[Box, ...]]] = {}
    for where, row in _rows(path, problems):
        query = _id(row, "query_id")
        try:
            page = str(PageRef.parse(_id(row, "page")))
            x0, y0, x1, y1 = (float(value) for value in row["box"])
        except (KeyError, TypeError, ValueError) as error:
            problems.append(f"{where} is not a box ({error})")
            continue
        if query not in known:
            problems.append(f"{where} names the unknown query {query}")
        elif not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
            problems.append(f"{where}: a box is x0, y0, x1, y1 as fractions of the page, not {row['box']}")
        else:
            pages = boxes.setdefault(query, {})
            pages[page] = (*pages.get(page, ()), (x0, y0, x1, y1))
    return boxes
