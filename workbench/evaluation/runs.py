"""Runs in TREC form, ``query Q0 page rank score name``, separated by spaces.

Page refs may hold spaces, so ids are written percent-encoded (RFC 3986) and decoded when read. Tools of the TREC family
order by score, not by rank, and hold scores as 32-bit floats; where the engine ranked pages whose scores it called
equal, the written score goes down by the least a 32-bit float can, so that they see our order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np

from workbench.errors import DatasetError

SAFE = "#=/:()[]{}<>,;!*'+$&@~"


def write_trec(path: Path, run: Mapping[str, Sequence[tuple[str, float]]], name: str) -> None:
    """Write ``(page ref, score)`` per query, best first, as one run; blanks in its name become underscores."""
    label = "".join(character if not character.isspace() else "_" for character in name) or "run"
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for query, pages in run.items():
            last = np.float32(np.inf)
            for rank, (page, score) in enumerate(pages, 1):
                last = min(np.float32(score), np.nextafter(last, np.float32(-np.inf)))
                file.write(f"{encoded(query)} Q0 {encoded(page)} {rank} {last:.9g} {label}\n")


def encoded(text: str) -> str:
    """An id as it stands in a run."""
    return quote(text, safe=SAFE)


def read_trec(path: Path) -> dict[str, list[str]]:
    """Read a run: for each query its pages in order of rank; `DatasetError` names the line that is not one."""
    rows: dict[str, dict[str, int]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        parts = line.split()
        if not parts:
            continue
        try:
            query, _, page, rank, score, _ = parts
            float(score)
            place = int(rank)
        except ValueError:
            raise DatasetError(f"{path.name} line {number} is not a TREC run line: {line[:80]!r}") from None
        pages = rows.setdefault(unquote(query), {})
        if unquote(page) in pages:
            raise DatasetError(f"{path.name} line {number} ranks {unquote(page)} a second time for {unquote(query)}.")
        pages[unquote(page)] = place
    return {query: sorted(pages, key=lambda page: pages[page]) for query, pages in rows.items()}
