"""Runs in TREC form, ``query Q0 page rank score name``, separated by spaces.

Page refs may hold spaces; they are written percent-encoded (RFC 3986) and decoded when read.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote

from workbench.errors import DatasetError

SAFE = "#=/:()[]{}<>,;!*'+$&@~"


def write_trec(path: Path, rows: Iterable[tuple[str, str, int, float]], name: str) -> None:
    """Write ``(query, page ref, rank, score)`` rows as one run; blanks in the run's name become underscores."""
    label = "".join(character if not character.isspace() else "_" for character in name) or "run"
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for query, page, rank, score in rows:
            file.write(f"{quote(query, safe=SAFE)} Q0 {quote(page, safe=SAFE)} {rank} {score:.6f} {label}\n")


def read_trec(path: Path) -> dict[str, list[str]]:
    """Read a run: for each query its pages in order of rank; `DatasetError` names the line that is not one."""
    rows: dict[str, list[tuple[int, str]]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        parts = line.split()
        if not parts:
            continue
        try:
            query, _, page, rank, score, _ = parts
            float(score)
            rows.setdefault(unquote(query), []).append((int(rank), unquote(page)))
        except ValueError:
            raise DatasetError(f"{path.name} line {number} is not a TREC run line: {line[:80]!r}") from None
    return {query: [page for _, page in sorted(found)] for query, found in rows.items()}
