"""Runs and labels in TREC form: ``query Q0 page rank score name`` and ``query 0 page grade``, separated by spaces.

Page refs may hold spaces, so ids are written percent-encoded (RFC 3986) and decoded when read. Tools of the TREC family
order by score, not by rank, and hold scores as 32-bit floats; where the engine ranked pages whose scores it called
equal, the written score goes down by the least a 32-bit float can, so that they see our order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np

from workbench.errors import DatasetError

SAFE = "#=/:()[]{}<>,;!*'+$&@~"


def write_trec(path: Path, run: Mapping[str, Sequence[tuple[str, float]]], name: str) -> None:
    """Write ``(page ref, score)`` per query, best first, as one run; blanks in its name become underscores."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(trec_lines(run, name))


def trec_lines(run: Mapping[str, Sequence[tuple[str, float]]], name: str) -> Iterator[str]:
    """The lines of a run, each with its end."""
    label = "".join(character if not character.isspace() else "_" for character in name) or "run"
    for query, pages in run.items():
        last = np.float32(np.inf)
        for rank, (page, score) in enumerate(pages, 1):
            last = min(np.float32(score), np.nextafter(last, np.float32(-np.inf)))
            yield f"{encoded(query)} Q0 {encoded(page)} {rank} {last:.9g} {label}\n"


def encoded(text: str) -> str:
    """An id as it stands in a run."""
    return quote(text, safe=SAFE)


def read_trec(path: Path) -> dict[str, list[str]]:
    """Read a run: for each query its pages in order of rank; `DatasetError` names the line that is not one."""
    return {query: [page for page, _ in pages] for query, pages in read_run(path).items()}


def read_run(path: Path) -> dict[str, list[tuple[str, float]]]:
    """Read a run with its scores: for each query ``(page, score)`` in order of rank."""
    rows: dict[str, dict[str, tuple[int, float]]] = {}
    for number, parts in _fields(path):
        try:
            query, _, page, rank, score, _ = parts
            place, value = int(rank), float(score)
        except ValueError:
            line = " ".join(parts)
            raise DatasetError(f"{path.name} line {number} is not a TREC run line: {line[:80]!r}") from None
        pages = rows.setdefault(unquote(query), {})
        if unquote(page) in pages:
            raise DatasetError(f"{path.name} line {number} ranks {unquote(page)} a second time for {unquote(query)}.")
        pages[unquote(page)] = (place, value)
    return {
        query: [(page, pages[page][1]) for page in sorted(pages, key=lambda page: pages[page][0])]
        for query, pages in rows.items()
    }


def write_qrels(path: Path, qrels: Mapping[str, Mapping[str, int]]) -> None:
    """Write labels as `qrels_text` has them."""
    path.write_text(qrels_text(qrels), encoding="utf-8", newline="\n")


def qrels_text(qrels: Mapping[str, Mapping[str, int]]) -> str:
    """Labels in TREC form, ``query 0 page grade``, with ids as in runs."""
    return "".join(
        f"{encoded(query)} 0 {encoded(page)} {grade}\n"
        for query, pages in qrels.items()
        for page, grade in pages.items()
    )


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Read labels in TREC form; `DatasetError` names the line that is none."""
    qrels: dict[str, dict[str, int]] = {}
    for number, parts in _fields(path):
        try:
            query, _, page, grade = parts
            qrels.setdefault(unquote(query), {})[unquote(page)] = int(grade)
        except ValueError:
            raise DatasetError(f"{path.name} line {number} is not a TREC label: {' '.join(parts)[:80]!r}") from None
    return qrels


def _fields(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The fields of every line that has any; `DatasetError` for a file that is no text."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"'{path}' cannot be read ({error}).") from None
    for number, line in enumerate(text.split("\n"), 1):
        if parts := line.split():
            yield number, parts
