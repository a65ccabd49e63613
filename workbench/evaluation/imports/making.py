"""Writes a dataset in the folder form, whole or not at all: pages in PDFs, questions, labels and boxes beside them."""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.evaluation.datasets import HEADER, SOURCE, clipped
from workbench.evaluation.imports.pdf import Order, PdfPages
from workbench.evaluation.oddities import Oddities
from workbench.evaluation.rows import name_finder
from workbench.types import PageRef

PART = 256
"""Pages in a PDF where the dataset knows no documents."""
NOWHERE = "not in the corpus of this dataset"
"""Document of labels on pages that the dataset does not have; they count as misses."""
Pixels = tuple[float, float, float, float]


class Making:
    """A dataset on its way into a folder; ``notes`` and ``odd`` are what a person should know about it."""

    def __init__(self, folder: Path) -> None:
        self.notes: list[str] = []
        self.odd = Oddities()
        self._target = folder
        self._folder = folder.with_name(folder.name + ".partial")
        shutil.rmtree(self._folder, ignore_errors=True)
        (self._folder / "documents").mkdir(parents=True)
        self._documents: dict[str, PdfPages] = {}
        self._ids: dict[str, dict[Order, str]] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._places: set[str] = set()
        self._queries: dict[str, dict[str, Any]] = {}
        self._labels: list[tuple[str, str, int, Sequence[Pixels]]] = []
        self._lost = 0
        self._spread = False

    def picture(
        self, corpus_id: str, data: bytes | None, document: str = "", number: int | None = None, text: str = ""
    ) -> None:
        """Add a page of pixels; one that cannot be read is told, and labels on it will be misses.

        Of two pages with one id the first stays. A ``text`` becomes the page's text layer; where its lines stand on the
        picture nobody says, so they are spread over it.
        """
        corpus_id = one_line(corpus_id)
        if not self._is_new(corpus_id):
            return
        pages, order = self._place(corpus_id, document, number)
        try:
            self._sizes[corpus_id], lost = pages.picture(data or b"", order, text)
            self._lost += lost
            self._spread |= bool(text)
        except Exception as error:  # Pillow raises many kinds on damaged bytes
            self._ids[self._last].pop(order)
            self.odd.add("page_unread", f"{corpus_id}: {str(error) or type(error).__name__}")

    def text(self, corpus_id: str, title: str, text: str) -> None:
        """Add a page of plain text, which may be blank; of two pages with one id the first stays."""
        corpus_id = one_line(corpus_id)
        if not self._is_new(corpus_id):
            return
        if not (title.strip() or text.strip()):
            self.odd.add("page_blank", corpus_id)
        pages, order = self._place(corpus_id, "", None)
        self._lost += pages.text(title, text, order)

    def query(self, query_id: str, text: str, tags: Mapping[str, Any], document: str = "") -> None:
        """Add a question; one that has no id, no text, or an id that was there before is left out and told.

        ``document`` is the one that it asks about, as pages were given it.
        """
        query_id = one_line(query_id)
        if not query_id or not text.strip():
            self.odd.add("question_text" if query_id else "question_id", query_id)
            return
        if query_id in self._queries:
            self.odd.add("question_repeated", query_id)
            return
        self._queries[query_id] = {"query_id": query_id, "text": text.strip(), "tags": dict(tags)}
        if document:
            self._queries[query_id]["document"] = f"{_file_name(document)}.pdf"

    def label(self, query_id: str, corpus_id: str, grade: int, boxes: Sequence[Pixels] = ()) -> None:
        """Add a label; of two for one page the first counts, and the boxes of both.

        Boxes are x0, y0, x1, y1 in pixels of the picture.
        """
        self._labels.append((one_line(query_id), one_line(corpus_id), grade, boxes))

    def finish(self, origin: str, stamp: str) -> Path:
        """Write everything and put it in its place."""
        refs = self._refs()
        self._note()
        _lines(self._folder / "queries.jsonl", self._queries.values())
        labels: dict[tuple[str, str], int] = {}
        boxes = []
        question_of, page_of = name_finder(self._queries), name_finder(self._places)
        for given, place, grade, drawn in self._labels:
            query, corpus_id = question_of(given), page_of(place)
            if query not in self._queries:
                self.odd.add("label_question", query)
                continue
            if corpus_id not in self._places:
                self.odd.add("label_nowhere", f"{query} {corpus_id}")
            page = str(refs.get(corpus_id) or PageRef(f"{corpus_id} ({NOWHERE})", 1))
            if (query, page) in labels:
                self.odd.add("label_repeated", f"{query} {corpus_id}")
            labels.setdefault((query, page), grade)
            for box in drawn:
                whole = _fractions(box, self._sizes.get(corpus_id))
                inside = None if whole is None else clipped(whole, math.inf)  # pixels are meant, however far outside
                if inside is None:
                    self.odd.add("box", f"{query} {corpus_id}: {list(box)}")
                    continue
                if list(inside) != whole:
                    self.odd.add("box_clipped", f"{query} {corpus_id}")
                boxes.append({"query_id": query, "page": page, "box": inside})
        _table(self._folder / "qrels.tsv", HEADER, [(*key, grade) for key, grade in labels.items()])
        _table(self._folder / "corpus.tsv", ("corpus-id", "page"), [(key, str(ref)) for key, ref in refs.items()])
        if boxes:
            _lines(self._folder / "boxes.jsonl", boxes)
        odd = [asdict(oddity) for oddity in self.odd.all()]
        source = {"origin": origin, "stamp": stamp, "pages": len(refs), "notes": self.notes, "oddities": odd}
        (self._folder / SOURCE).write_text(json.dumps(source, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(self._target, ignore_errors=True)
        os.replace(self._folder, self._target)
        return self._target

    def _note(self) -> None:
        """What became of texts on their way into pages."""
        if self._spread:
            self.notes.append("the words of pages are the dataset's own text, and do not stand where they are printed")
        if self._lost:
            self.notes.append(f"{self._lost} characters have no Latin letter and are missing from the pages")

    def _is_new(self, corpus_id: str) -> bool:
        """Whether a page's id is one that was not there before; anything else is told."""
        if not corpus_id or corpus_id in self._places:
            self.odd.add("page_repeated" if corpus_id else "page_id", corpus_id)
            return False
        self._places.add(corpus_id)
        return True

    def _place(self, corpus_id: str, document: str, number: int | None) -> tuple[PdfPages, Order]:
        count = sum(map(len, self._ids.values()))
        name = _file_name(document) if document else f"pages-{count // PART + 1:04d}"
        if name not in self._documents:
            self._documents[name] = PdfPages(self._folder / "documents" / f"{name}.pdf")
            self._ids[name] = {}
        order = (count if number is None else number, count)
        self._ids[name][order] = corpus_id
        self._last = name
        return self._documents[name], order

    def _refs(self) -> dict[str, PageRef]:
        refs: dict[str, PageRef] = {}
        for name, pages in self._documents.items():
            path = self._folder / "documents" / f"{name}.pdf"
            if not len(pages):
                path.unlink()
                continue
            for place, order in enumerate(pages.close(), 1):
                refs[self._ids[name][order]] = PageRef(path.name, place)
        return refs


def one_line(identifier: str) -> str:
    """An id as it can stand in a table: blanks and line ends are one blank."""
    return " ".join(identifier.split())


def _file_name(document: str) -> str:
    """A document's name as a file's, on any system; folders of it stay apart from others by their name."""
    stem = document.removesuffix(".pdf")
    clean = "".join(c if c.isalnum() or c in " .-_()" else "_" for c in stem).strip(" .")
    return clean[:120] or "document"


def _fractions(box: Pixels, size: tuple[int, int] | None) -> list[float] | None:
    if size is None:
        return None
    width, height = size
    try:
        x0, y0, x1, y1 = box[0] / width, box[1] / height, box[2] / width, box[3] / height
    except TypeError:
        return None
    return [round(value, 5) for value in (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))]


def _lines(path: Path, rows: Any) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _table(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
