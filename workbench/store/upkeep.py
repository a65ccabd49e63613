"""Keeps an open collection tidy: compacting, taking what was deleted off the disk, renewing the text index."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable
from functools import partial

from workbench.errors import DiskFullError
from workbench.store import textindex
from workbench.store.cache import VECTORS
from workbench.store.files import is_disk_full, room
from workbench.store.table_writer import KEEP_VERSIONS, NOW
from workbench.store.tables import OWN_TABLES
from workbench.store.write_session import WriteSession
from workbench.table import bytes_text

log = logging.getLogger(__name__)

ERASE_AT_ONCE = 2 << 30
"""Bytes of a table of vectors that a deletion rewrites at once, which takes seconds; of 100,000 pages, minutes."""


class Upkeep:
    """The upkeep of a collection by its writer. Nothing committed depends on it."""

    def __init__(self, session: WriteSession) -> None:
        self._session = session
        self._catalog = session.catalog
        self._tables = session.tables

    def finish(self, here: bool = True) -> None:
        """Tidy what was written and bring the text index and the memory-mapped copies up to date.

        Unless it is to be searched ``here``, what would have all vectors come here is left to who searches, and to
        `compact`. All pages are found without it, only more slowly. What a full disk has no room for is left as it is.
        """
        with room(self._session.name):
            pages = self._catalog.table_bytes("pages")
            self._if_room("tidy the pages", lambda: self._tables.tidy("pages", KEEP_VERSIONS), pages)
            if self._tables.text_stale:
                self._if_room("renew the text index", self.index_text, pages)
            if here:
                for encoder in self._session.encoders():
                    self._if_room(f"tidy the vectors of {encoder.space.encoder}", encoder.finish)
                self._session.collection.words.postings(wait=True)

    def compact(self) -> None:
        """Rewrite the tables without their dead rows and old versions, and the copies without their dead part.

        On a full disk too: the copies go first, the small tables before the large ones, and a table that there is no
        room to rewrite stays as it is.
        """
        tables = (*OWN_TABLES, *self._catalog.manifest.tables)
        with room(self._session.name):
            self._session.drop_copies()
            for name in sorted(tables, key=self._catalog.table_bytes):
                self._if_room(f"rewrite table {name}", partial(self._tables.tidy, name, NOW))
            self._tables.text_stale = True
            self.finish()
            self._if_room("drop the old text index", lambda: self._tables.tidy("pages", NOW))

    def erase(self) -> tuple[str, ...]:
        """Take what was deleted off the disk as well: rewrite the tables and copies, drop their earlier versions.

        Returns sentences on what cannot go yet. What a table held is in its files until they are rewritten, and in the
        versions that readers may still be at; a reader in another process that is at one has to ask again. Tables
        of vectors (which hold the words of each) of more than `ERASE_AT_ONCE` wait for `compact`.
        """
        name, vectors = self._session.name, self._catalog.manifest.tables
        large = {table: size for table in vectors if (size := self._catalog.table_bytes(table)) > ERASE_AT_ONCE}
        try:
            with room(name):
                tables = [table for table in (*OWN_TABLES, *vectors) if table not in large]
                for table in tables:
                    self._tables.touch(table)
                self.index_text()  # rows in the index and rows that are not are not merged
                for table in tables:
                    self._tables.purge(table)
                for space in self._session.collection.spaces():
                    space.drop_copies(but=large)
                self.finish()
        except DiskFullError:
            cure = f"free some space, then run: pagelens collections compact {name}"
            return (f"The disk is too full to rewrite the files that held it: {cure}",)
        if large:
            return (
                "Its vectors, and its words beside them, are out of every search, but the files that held them "
                f"({bytes_text(sum(large.values()))}) are rewritten only by: pagelens collections compact {name}",
            )
        copies = [path.name.split(".")[0] for path in (self._session.path / VECTORS).glob("*.bin")]
        if len(copies) > len(set(copies)):  # Windows keeps a file that is mapped
            return ("Another process still has copies of its vectors open; the next writer deletes them.",)
        return ()

    def index_text(self) -> None:
        """Make the text index anew."""
        textindex.build(self._catalog.table("pages"))
        self._tables.text_stale = False

    def _if_room(self, what: str, work: Callable[[], object], needs: int = 0) -> None:
        """Do what can as well be left undone, unless the disk is full, or has no room for so many bytes more.

        Where LanceDB runs out of room half way, what it wrote stays for a week; so that is better not begun.
        """
        try:
            if self._session.storage.free_bytes() < needs:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            work()
        except Exception as error:
            if not (isinstance(error, DiskFullError) or is_disk_full(error)):
                raise
            log.warning("the disk is full: no room to %s of collection '%s'", what, self._session.name)
