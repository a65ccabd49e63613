"""What a collection holds, counted once for each state of its tables: opening it would otherwise count that anew.

Of 100,000 pages in five indexes counting takes a processor two seconds. The counts lie in a file of their own, with
the versions that they are of and a checksum, and can be thrown away at any time.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbench.atomic import write_whole
from workbench.types import IndexInfo, SpaceInfo

FILE = "counts.json"


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts at the ``state`` that some versions of tables are; ``spaces`` are without bytes, which are not counted.

    ``data`` are the files that the tables consisted of then, with their bytes; ``vector_bytes`` are those of the
    vectors of each document's file, by the part of its hash that page ids carry.
    """

    state: Mapping[str, int]
    data: Mapping[str, int]
    documents: int
    pages: int
    failed: int
    unread: int
    picture_bytes: int
    spaces: tuple[SpaceInfo, ...]
    vector_bytes: Mapping[str, int]

    @classmethod
    def read(cls, folder: Path) -> Counts | None:
        """Those in a collection's folder; None where there are none, or damaged ones."""
        try:
            file = json.loads((folder / FILE).read_text(encoding="utf-8"))
            held = file["counts"]
            if file["sum"] != _sum(held):
                return None
            return cls(**{**held, "spaces": tuple(map(_space, held["spaces"]))})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def fits(self, state: Mapping[str, int], files: Mapping[str, int] | None) -> bool:
        """Whether they are of this state, and the tables' files, bytes by path, are there and as long as they were.

        One that is gone or cut short is so noticed by who only lists collections: counting anew meets it. With None
        for the files nobody looks at them, which takes an object store seconds.
        """
        return self.state == state and (files is None or self.data.items() <= files.items())

    def write(self, folder: Path) -> None:
        """Keep them in a collection's folder, where it can be written to."""
        held = asdict(self)
        with suppress(OSError):
            write_whole(folder / FILE, json.dumps({"sum": _sum(held), "counts": held}))


def _sum(held: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(held).encode())


def _space(held: Mapping[str, Any]) -> SpaceInfo:
    return SpaceInfo(**{**held, "indexes": tuple(IndexInfo(**index) for index in held["indexes"])})
