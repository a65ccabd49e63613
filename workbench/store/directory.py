"""Which pages are committed, as arrays: a few numbers a page, read again whenever the pages table has changed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from workbench.store.conditions import both
from workbench.store.page_ids import PageIds
from workbench.store.schema import OK
from workbench.types import Int, Int64, PageRef

COMMITTED = f"status = '{OK}'"


@dataclass(frozen=True)
class PageDirectory:
    """The committed pages at one version of the pages table, in order of document name and page number.

    Page i has the id ``ids[i]`` and is number ``numbers[i]`` of the document ``names[documents[i]]``; names are in
    order. While a new content replaces an old one, two pages are the same number of a document.
    """

    version: int
    ids: PageIds
    names: tuple[str, ...]
    documents: Int
    numbers: Int

    @classmethod
    def read(cls, table: Any, version: int, where: str | None = None) -> PageDirectory:
        """Read it from the pages table (three short columns), or the part of it that an SQL condition leaves."""
        rows = table.search().where(both(COMMITTED, where)).select(["document", "page", "page_id"]).to_arrow()
        return cls._of(version, rows)

    @classmethod
    def of(cls, version: int, refs: Mapping[str, PageRef]) -> PageDirectory:
        """The directory of pages given by their ids."""
        rows = {
            "document": pa.array([ref.document for ref in refs.values()], pa.string()),
            "page": pa.array([ref.page for ref in refs.values()], pa.int32()),
            "page_id": pa.array(list(refs), pa.string()),
        }
        return cls._of(version, pa.table(rows))

    @classmethod
    def _of(cls, version: int, rows: pa.Table) -> PageDirectory:
        keys = [(name, "ascending") for name in ("document", "page", "page_id")]
        rows = rows.take(pc.sort_indices(rows, sort_keys=keys)).combine_chunks()
        documents = rows["document"].combine_chunks().dictionary_encode()  # in order of appearance, which is by name
        return cls(
            version,
            PageIds.of_bytes(rows["page_id"].cast(pa.binary()).to_pylist()),
            tuple(documents.dictionary.to_pylist()),
            np.asarray(documents.indices.to_numpy(), np.int32),
            np.asarray(rows["page"].to_numpy(), np.int32),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def ref(self, row: int) -> PageRef:
        """The ref of page number ``row``."""
        return PageRef(self.names[self.documents[row]], int(self.numbers[row]))

    @cached_property
    def refs(self) -> Mapping[str, PageRef]:
        """The pages' refs by their ids, each made when it is asked for."""
        return _Refs(self)

    def only(self, rows: NDArray[Any]) -> PageDirectory:
        """Some of its pages, by their numbers, ascending, or where a mask is true."""
        return PageDirectory(self.version, self.ids.take(rows), self.names, self.documents[rows], self.numbers[rows])

    def of_document(self, name: str) -> range:
        """The numbers of the pages of a document."""
        document = bisect_left(self.names, name)
        if document == len(self.names) or self.names[document] != name:
            return range(0)
        first, last = (int(np.searchsorted(self.documents, np.int32(document), side)) for side in ("left", "right"))
        return range(first, last)

    def of_file(self, part: str) -> Int64:
        """The numbers of the pages of a file, by the part of its content hash that ids carry, ascending."""
        return self.ids.beginning(f"{part}:")

    def id_of(self, ref: PageRef) -> str:
        """The id of the page with a ref; empty where there is none, or two have it."""
        rows = self.of_document(ref.document)
        numbers = self.numbers[rows.start : rows.stop]
        found = np.flatnonzero(numbers == ref.page)
        return self.ids[rows.start + int(found[0])] if len(found) == 1 else ""


class _Refs(Mapping[str, PageRef]):
    """The refs of a directory's pages, in its order."""

    def __init__(self, directory: PageDirectory) -> None:
        self._directory = directory

    def __len__(self) -> int:
        return len(self._directory)

    def __iter__(self) -> Iterator[str]:
        return iter(self._directory.ids)

    def __contains__(self, page: object) -> bool:
        return page in self._directory.ids

    def __getitem__(self, page: str) -> PageRef:
        row = self._directory.ids.place(page)
        if row < 0:
            raise KeyError(page)
        return self._directory.ref(row)
