"""Manuals as a dataset folder (`documents/`, ``queries.jsonl``, ``qrels.tsv``) that anyone can make again.

The documents are the manuals without their contents and index pages, which would answer every question. Beside them
stands ``manifest.json``: what was fetched, with versions and hashes, how page numbers were understood, and what was
left out. The bookmarks' questions are a dataset of their own (``bookmarks.jsonl``, ``bookmarks.tsv``) over the same
documents: a heading stands on its page word for word, so that they show at most that nothing is broken.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.manuals.labels import Manual, read_manual
from benchmarks.manuals.packages import Pdf, fetch, given, need_tools, unpack
from workbench.documents import copy_pages
from workbench.errors import InputError
from workbench.evaluation import Dataset, Question, load_dataset
from workbench.types import PageRef

PACKAGES = (
    "asymptote-doc",
    "autoconf-doc",
    "gle-graphics-manual",
    "gri-pdf-doc",
    "python3-pyx-doc",
    "r-doc-pdf",
    "sdcc-doc",
    "xmds2-doc",
)
"""Debian packages whose manuals have a printed index with many phrases. Their licences are their own; we copy none."""
MAX_QUESTIONS = 200
MANIFEST, BOOKMARKS = "manifest.json", "bookmarks"


@dataclass(frozen=True, slots=True)
class Manuals:
    """What was made: the dataset, that of the bookmarks, the manuals in it, and why others are not."""

    dataset: Dataset
    bookmarks: Dataset | None
    manuals: tuple[Manual, ...]
    refused: tuple[str, ...]


def build(
    names: Sequence[str],
    folder: Path,
    most_questions: int = MAX_QUESTIONS,
    tell: Callable[[str], None] = lambda text: None,
) -> Manuals:
    """Make the dataset from Debian packages by name, and PDF files by path; what cannot be used is told and left out.

    ``most_questions`` of a manual, and as many of its bookmarks, are taken, chosen by a hash of their texts.
    `InputError` when nothing is left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manuals: list[Manual] = []
    refused: list[str] = []
    for pdf in _pdfs(names, folder, refused, tell):
        tell(f"Reading {pdf.name}")
        try:
            manuals.append(read_manual(pdf))
        except InputError as error:
            refused.append(str(error))
    if not manuals:
        raise InputError(f"No manual can be used. {' '.join(refused)}")
    _write_documents(folder, manuals)
    _write_questions(folder, "queries.jsonl", "qrels.tsv", manuals, lambda m: _some(m.phrases, most_questions), "index")
    marks = _write_questions(
        folder,
        f"{BOOKMARKS}.jsonl",
        f"{BOOKMARKS}.tsv",
        manuals,
        lambda m: _some(m.bookmarks, most_questions),
        "bookmark",
    )
    manifest = {"manuals": [_record(manual) for manual in manuals], "left_out": refused}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    dataset = load_dataset(folder)
    return Manuals(dataset, _of(dataset, marks), tuple(manuals), tuple(refused))


def macro(per_query: Mapping[str, Mapping[str, float]], groups: Mapping[str, str]) -> dict[str, float]:
    """Means per group (the manual of each question), averaged over groups, so that no long index outweighs the rest."""
    found: dict[str, list[Mapping[str, float]]] = {}
    for query, values in per_query.items():
        found.setdefault(groups[query], []).append(values)
    names = list(next(iter(per_query.values()), {}))
    return {
        name: sum(sum(row[name] for row in rows) / len(rows) for rows in found.values()) / len(found) for name in names
    }


def _pdfs(names: Sequence[str], folder: Path, refused: list[str], tell: Callable[[str], None]) -> Iterable[Pdf]:
    packages = [name for name in names if not name.lower().endswith(".pdf")]
    if packages:
        need_tools()
    for name in names:
        try:
            if name not in packages:
                yield given(Path(name).expanduser())
                continue
            tell(f"Fetching {name}")
            yield from unpack(fetch(name, folder / "packages"), folder / "pdf")
        except InputError as error:
            refused.append(str(error))


def _write_documents(folder: Path, manuals: Sequence[Manual]) -> None:
    """The manuals without the pages left out; one that was made from the same file and pages before stays as it is."""
    documents = folder / "documents"
    documents.mkdir(exist_ok=True)
    before = _before(folder)
    for path in documents.iterdir():
        if path.name not in {_file(manual) for manual in manuals}:
            path.unlink()
    for manual in manuals:
        target = documents / _file(manual)
        if not target.exists() or before.get(manual.pdf.name) != (manual.pdf.sha256, list(manual.kept)):
            copy_pages(manual.pdf.path, target, manual.kept)


def _before(folder: Path) -> dict[str, tuple[str, list[int]]]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return {row["name"]: (row["sha256"], row["pages_kept"]) for row in manifest["manuals"]}
    except (OSError, ValueError, KeyError):
        return {}


def _write_questions(
    folder: Path,
    queries: str,
    qrels: str,
    manuals: Sequence[Manual],
    questions: Callable[[Manual], Mapping[str, Sequence[int]]],
    kind: str,
) -> list[tuple[Question, dict[str, int]]]:
    made = []
    for manual in manuals:
        position = {page: i for i, page in enumerate(manual.kept, 1)}
        for number, (text, pages) in enumerate(questions(manual).items(), 1):
            query = Question(
                f"{manual.pdf.name}-{kind}-{number:04d}",
                text,
                _file(manual),
                {"manual": (manual.pdf.name,), "kind": (kind,)},
            )
            made.append((query, {str(PageRef(_file(manual), position[page])): 1 for page in pages}))
    rows = [
        {"query_id": q.id, "text": q.text, "document": q.document, "tags": {k: v[0] for k, v in q.tags.items()}}
        for q, _ in made
    ]
    (folder / queries).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    lines = ["query-id\tcorpus-id\tscore", *(f"{q.id}\t{page}\t1" for q, pages in made for page in pages)]
    (folder / qrels).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return made


def _of(dataset: Dataset, made: Sequence[tuple[Question, dict[str, int]]]) -> Dataset | None:
    """The same documents with other questions; None when there are none."""
    if not made:
        return None
    return replace(
        dataset,
        name=f"{dataset.name} {BOOKMARKS}",
        queries=tuple(query for query, _ in made),
        qrels={query.id: pages for query, pages in made},
    )


def _some(phrases: Mapping[str, Sequence[int]], most: int) -> dict[str, Sequence[int]]:
    """At most so many phrases, the same ones always, in alphabetical order."""
    chosen = sorted(phrases, key=lambda phrase: hashlib.sha256(phrase.encode()).digest())[:most]
    return {phrase: phrases[phrase] for phrase in sorted(chosen, key=str.casefold)}


def _file(manual: Manual) -> str:
    return f"{manual.pdf.name}.pdf"


def _record(manual: Manual) -> dict[str, Any]:
    pdf = manual.pdf
    return {
        "name": pdf.name,
        "package": pdf.package,
        "version": pdf.version,
        "package_sha256": pdf.package_sha256,
        "sha256": pdf.sha256,
        "pages": manual.pages,
        "pages_kept": list(manual.kept),
        "contents_pages": list(manual.contents),
        "index_pages": list(manual.index),
        "numbering": asdict(manual.numbering),
        "labels_whose_words_are_on_the_page": {str(shift): share for shift, share in manual.agreement.items()},
        "phrases": len(manual.phrases),
        "bookmarks": len(manual.bookmarks),
        "entries_left_out": dict(manual.dropped),
    }
