"""An evaluation dataset in a folder: documents, questions, and which pages answer them.

``documents/`` holds PDFs and images; ``queries.jsonl`` has ``query_id``, ``text`` and optionally ``document`` (the file
the question was asked of) and ``tags``; ``qrels.tsv`` has the BEIR header and a row per judged page, whose corpus id is
a page ref (``qrels.trec`` will do as well); ``boxes.jsonl``, if there is one, says where on a page the answer stands.
Everything is checked before anything runs, and every row for itself: one that would make a measure wrong is left out,
counted and told (`oddities`); only where no question with a relevant page is left, a dataset is refused. What this
module does not do: read the documents.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.documents.sources import display_name
from workbench.errors import DatasetError
from workbench.evaluation.oddities import Oddities, Oddity, from_json
from workbench.evaluation.rows import identifier, label_rows, lines, name_finder, objects
from workbench.types import Box, PageRef

HEADER = ["query-id", "corpus-id", "score"]
SOURCE = "source.json"
SHOWN = 5
HAIR = 0.05
"""How far outside its page a box may reach and still be one: a twentieth of a side, which rounding, crop and bleed
boxes account for. A box in pixels or points reaches much farther."""


@dataclass(frozen=True, slots=True)
class Question:
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
    one whose pages it is about, for a dataset without documents of its own. ``oddities`` are rows that were left out or
    mended, which ``warnings`` tell of too.
    """

    name: str
    folder: Path
    queries: tuple[Question, ...]
    qrels: Mapping[str, Mapping[str, int]]
    boxes: Mapping[str, Mapping[str, tuple[Box, ...]]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    parts: tuple[Dataset, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    collection: str = ""
    oddities: tuple[Oddity, ...] = ()

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
        return _files(self.documents)


def load_dataset(folder: Path) -> Dataset:
    """Read and check a dataset; what is odd about a row is told in its warnings and costs no other row.

    `DatasetError` when it is no dataset, or nothing of it is left to ask.
    """
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
    odd = Oddities()
    files = _files(folder / "documents")
    find = name_finder(files)
    queries = read_queries(folder / "queries.jsonl", odd, find)
    known = {query.id for query in queries}
    qrels = read_labels(labels, known, odd, find)
    boxes = _boxes(folder / "boxes.jsonl", known, odd, find) if (folder / "boxes.jsonl").exists() else {}
    labelled = tuple(query for query in queries if any(grade > 0 for grade in qrels.get(query.id, {}).values()))
    if not labelled:
        rows = sum(map(len, qrels.values()))
        raise DatasetError(
            f"Dataset '{name}' has no question with a relevant page; {len(queries)} questions and {rows} labels of "
            f"theirs can be read{odd.summary()}."
        )
    warnings: list[str] = []
    if len(labelled) < len(queries):
        warnings.append(f"{len(queries) - len(labelled)} questions have no relevant page and are left out")
    source = _source(folder / SOURCE)
    warnings += source.notes
    named = {PageRef.parse(page).document for pages in qrels.values() for page in pages}
    named |= {query.document for query in labelled if query.document}
    if named - files.keys() and not source.collection:
        lost = sorted(named - files.keys())
        warnings.append(f"documents/ lacks files that the questions are about: {_shown(lost, ', ')}")
    oddities = (*source.oddities, *odd.all())
    return Dataset(
        name,
        folder,
        labelled,
        qrels,
        boxes,
        (*map(str, oddities), *warnings),
        aliases=_aliases(folder / "corpus.tsv"),
        collection=source.collection,
        oddities=oddities,
    )


def together(datasets: Sequence[Dataset]) -> Dataset:
    """Several datasets as one: ids of questions and names of documents begin with the dataset's, so none can mix.

    Every question has the tag ``dataset``. `DatasetError` when two have the same name.
    """
    names = [dataset.name for dataset in datasets]
    if len(datasets) == 1:
        return datasets[0]
    if len(set(names)) < len(names):
        raise DatasetError(f"Two of the datasets have the same name ({', '.join(names)}); rename a folder.")
    queries: list[Question] = []
    qrels: dict[str, Mapping[str, int]] = {}
    boxes: dict[str, Mapping[str, tuple[Box, ...]]] = {}
    for dataset in datasets:
        for asked in dataset.queries:
            document = f"{dataset.name}/{asked.document}" if asked.document else ""
            tags = {**asked.tags, "dataset": (dataset.name,)}
            queries.append(Question(f"{dataset.name}/{asked.id}", asked.text, document, tags))
        for query, grades in dataset.qrels.items():
            qrels[f"{dataset.name}/{query}"] = {f"{dataset.name}/{page}": grade for page, grade in grades.items()}
        for query, places in dataset.boxes.items():
            boxes[f"{dataset.name}/{query}"] = {f"{dataset.name}/{page}": found for page, found in places.items()}
    warnings = tuple(f"{dataset.name}: {warning}" for dataset in datasets for warning in dataset.warnings)
    return Dataset(
        " + ".join(names),
        datasets[0].folder,
        tuple(queries),
        qrels,
        boxes,
        warnings,
        tuple(datasets),
        oddities=tuple(oddity.of(dataset.name) for dataset in datasets for oddity in dataset.oddities),
    )


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


def _files(documents: Path) -> dict[str, Path]:
    """The files of a folder under the names that labels know them by."""
    found = (path for path in sorted(documents.rglob("*")) if path.is_file())
    return {display_name(path.relative_to(documents)): path for path in found}


def _aliases(path: Path) -> dict[str, str]:
    """Page refs by published id, from a file that the import of a dataset leaves."""
    if not path.exists():
        return {}
    rows = (line.split("\t") for _, line in list(lines(path, Oddities()))[1:])
    return {row[0]: row[1] for row in rows if len(row) == 2}


@dataclass(frozen=True, slots=True)
class _Source:
    """What was noted when a dataset was brought into this form, and the collection it is about."""

    notes: tuple[str, ...] = ()
    oddities: tuple[Oddity, ...] = ()
    collection: str = ""


def _source(path: Path) -> _Source:
    try:
        source = json.loads(path.read_text(encoding="utf-8"))
        notes = tuple(str(note) for note in source["notes"])
        return _Source(notes, from_json(source.get("oddities", ())), str(source.get("collection", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DatasetError):
        return _Source()


def _shown(items: list[str], between: str) -> str:
    return between.join(items[:SHOWN]) + (f"{between}and {len(items) - SHOWN} more" if len(items) > SHOWN else "")


def read_queries(path: Path, odd: Oddities, find: Callable[[str], str] = str) -> list[Question]:
    """The questions of a ``queries.jsonl``; ``find`` says which file is meant by a document's name."""
    found: dict[str, Question] = {}
    for where, row in objects(path, odd):
        query = Question(
            identifier(row, "query_id", "query-id", "_id"),
            identifier(row, "text"),
            find(identifier(row, "document")),
            flat_tags(row),
        )
        if not query.id or not query.text:
            odd.add("question_text" if query.id else "question_id", where)
        elif query.id in found:
            odd.add("question_repeated", f"{where}: {query.id}")
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


def read_labels(
    path: Path, known: Collection[str], odd: Oddities, find: Callable[[str], str] = str
) -> dict[str, dict[str, int]]:
    """The labels of a ``qrels.tsv`` or ``.trec`` on pages, by question and page ref; ``find`` as in `read_queries`."""
    qrels: dict[str, dict[str, int]] = {}
    question_of = name_finder(known)
    for where, given, text, grade in label_rows(path, odd):
        query, page = question_of(given), _page(text, find)
        if page is None:
            odd.add("label_page", f"{where}: {text[:80]!r}")
        elif query not in known:
            odd.add("label_question", f"{where}: {query}")
        elif page in qrels.setdefault(query, {}):
            odd.add("label_repeated", f"{where}: {query} {page}")
        else:
            qrels[query][page] = grade
    return qrels


def _boxes(
    path: Path, known: Collection[str], odd: Oddities, find: Callable[[str], str]
) -> dict[str, dict[str, tuple[Box, ...]]]:
    boxes: dict[str, dict[str, tuple[Box, ...]]] = {}
    question_of = name_finder(known)
    for where, row in objects(path, odd):
        query, page = question_of(identifier(row, "query_id")), _page(identifier(row, "page"), find)
        box = clipped(row.get("box"))
        if page is None or box is None:
            odd.add("box", f"{where}: {str(row.get('page') if page is None else row.get('box'))[:80]}")
        elif query not in known:
            odd.add("box_question", f"{where}: {query}")
        else:
            if list(box) != list(row["box"]):
                odd.add("box_clipped", where)
            pages = boxes.setdefault(query, {})
            pages[page] = (*pages.get(page, ()), box)
    return boxes


def clipped(box: Any, hair: float = HAIR) -> Box | None:
    """A box as fractions of its page, what lies a hair outside cut off; None for what is no such box."""
    try:
        x0, y0, x1, y1 = (float(value) for value in box)
    except (TypeError, ValueError):
        return None
    if not (-hair <= x0 < x1 <= 1 + hair and -hair <= y0 < y1 <= 1 + hair):
        return None
    x0, y0, x1, y1 = (min(max(value, 0.0), 1.0) for value in (x0, y0, x1, y1))
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _page(text: str, find: Callable[[str], str]) -> str | None:
    """A page ref in one form, of the file that is meant; None for a text that is none."""
    try:
        ref = PageRef.parse(text)
    except ValueError:
        return None
    return str(PageRef(find(ref.document), ref.page))
