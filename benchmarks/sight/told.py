"""Whether the kinds of figure that `reader` tells are those that people named, on pages nothing was learned from.

They are those of MMDocIR's development questions (see `docs/measured.md`), where each question says what kind its
evidence is of and in which boxes it stands. Questions of one kind only are looked at. With 0 or 1 after the folder,
every other document: choices were made on those of 0. Run::

    python -m benchmarks.sight.told FOLDER [0|1]
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

from workbench import sight
from workbench.documents.reading import ReadSettings, read_pages
from workbench.documents.sources import Source
from workbench.types import Box, Page

KINDS = {"Chart": "charts", "Table": "tables", "Figure": "other figures", "Pure-text (Plain-text)": "text"}
"""What the questions call kinds of evidence, and what the table does. A figure may be a map, a photograph, a logo."""
COLUMNS = ("chart", "table", "diagram", "map", "screenshot", "photograph", "logo", "equation", "handwriting", "music",
           "text", "")  # fmt: skip
SMALLEST = 0.03
"""Of the page; what `find_drawings` leaves out is left out here."""


def boxes(folder: Path) -> dict[tuple[str, int], list[tuple[str, Box]]]:
    """By document and page: each box of evidence with its kind."""
    kinds: dict[str, str] = {}
    for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        named = question["tags"]["evidence"]
        if len(named) == 1 and named[0] in KINDS:
            kinds[question["query_id"]] = KINDS[named[0]]
    found: dict[tuple[str, int], list[tuple[str, Box]]] = defaultdict(list)
    for line in (folder / "boxes.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        x0, y0, x1, y1 = row["box"]
        document, _, page = row["page"].rpartition("#page=")
        if row["query_id"] in kinds and (x1 - x0) * (y1 - y0) >= SMALLEST:
            found[document, int(page)].append((kinds[row["query_id"]], (x0, y0, x1, y1)))
    return found


def main(folder: Path, half: str = "") -> None:
    """Print two tables: of the boxes themselves, and of pages as an ingest looks at them."""
    evidence = boxes(folder)
    numbers: dict[str, list[int]] = defaultdict(list)
    for document, number in sorted(evidence):
        numbers[document].append(number)
    of_boxes: dict[str, Counter[str]] = defaultdict(Counter)
    of_pages: dict[str, Counter[str]] = defaultdict(Counter)
    documents = sorted(numbers)[int(half) :: 2] if half else sorted(numbers)
    for document in documents:
        source = Source(folder / "documents" / document, document)
        for page in read_pages(source, ReadSettings(ocr=False, drawings=True), numbers[document]):
            if not isinstance(page, Page):
                continue
            named = evidence[document, page.ref.page]
            for (kind, _), told in zip(named, _kinds(page, [box for _, box in named]), strict=True):
                of_boxes[kind][told] += 1
            found = _kinds(page, [*page.pictures, *page.drawings])
            for kind in {kind for kind, _ in named}:
                of_pages[kind].update(set(found) - {"", sight.TEXT} or {""})
                of_pages[kind]["pages"] += 1
    _table("boxes", of_boxes, {kind: sum(told.values()) for kind, told in of_boxes.items()})
    _table("pages", of_pages, {kind: told["pages"] for kind, told in of_pages.items()})


def _kinds(page: Page, places: list[Box]) -> list[str]:
    """What each part of a page is told to be, empty where none is sure."""
    if not places:
        return []
    image = page.image()
    w, h = image.size
    parts = [image.crop((round(x0 * w), round(y0 * h), round(x1 * w), round(y1 * h))) for x0, y0, x1, y1 in places]
    return [seen.kind for seen in sight.load().look(parts)]


def _table(unit: str, told: dict[str, Counter[str]], totals: dict[str, int]) -> None:
    columns = [column for column in COLUMNS if any(row[column] for row in told.values())]
    write = sys.stdout.write
    write(f"| people say | {unit} | {' | '.join(column or 'none is sure' for column in columns)} |\n")
    write(f"| --- | ---: |{' ---: |' * len(columns)}\n")
    for kind in KINDS.values():
        shares = [f"{told[kind][column] / max(totals.get(kind, 0), 1):.2f}" for column in columns]
        write(f"| {kind} | {totals.get(kind, 0)} | {' | '.join(shares)} |\n")
    write("\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
