"""Which pages are committed, in memory: one small entry a page, read again whenever the pages table has changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from workbench.store.conditions import both
from workbench.store.schema import OK
from workbench.types import PageRef

COMMITTED = f"status = '{OK}'"


@dataclass(frozen=True)
class PageDirectory:
    """The committed pages at one version of the pages table, in order of document name and page number."""

    version: int
    refs: Mapping[str, PageRef]

    @classmethod
    def read(cls, table: Any, version: int, where: str | None = None) -> PageDirectory:
        """Read it from the pages table (three short columns), or the part of it that an SQL condition leaves."""
        rows = table.search().where(both(COMMITTED, where)).select(["document", "page", "page_id"]).to_arrow()
        columns = (rows[name].to_pylist() for name in ("document", "page", "page_id"))
        ordered = sorted(zip(*columns, strict=True))
        return cls(version, {page_id: PageRef(document, page) for document, page, page_id in ordered})

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The page ids, in order."""
        return tuple(self.refs)

    @cached_property
    def by_ref(self) -> Mapping[PageRef, str]:
        """The page id of each ref that one page has; while a new content replaces an old one, two have it."""
        twice = Counter(self.refs.values())
        return {ref: page_id for page_id, ref in self.refs.items() if twice[ref] == 1}

    @cached_property
    def by_file(self) -> Mapping[str, list[str]]:
        """The page ids of each file, by the part of its content hash that ids carry."""
        found: dict[str, list[str]] = {}
        for page_id in self.refs:
            found.setdefault(page_id.partition(":")[0], []).append(page_id)
        return found
