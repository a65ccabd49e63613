"""Brings encoders and indexes into a collection and out of it: the manifest names them last, and drops them first."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress

import pyarrow as pa

from workbench.encoders import EncoderInfo
from workbench.errors import InputError
from workbench.store.ann import indexed_here
from workbench.store.cache import VECTORS
from workbench.store.encoder_vectors import EncoderVectors
from workbench.store.files import room
from workbench.store.fitted import sweep_forms, write_fitted
from workbench.store.manifest import FULL, SpaceRecord
from workbench.store.new_index import Deriving, NewIndex
from workbench.store.tables import FOLDER, OWN_TABLES, create_index
from workbench.store.write_session import Stopped, WriteSession

log = logging.getLogger(__name__)


class IndexWriter:
    """The encoders and indexes of an open collection."""

    def __init__(self, session: WriteSession) -> None:
        self._session = session
        self._collection = session.collection
        self._catalog = session.catalog

    def add_space(self, info: EncoderInfo, indexes: Sequence[str]) -> EncoderVectors:
        """Make room for the vectors of one encoder more, with these pooled indexes as far as its kind has them.

        One that is there already is left as it is; `MismatchError` when it was another version of the encoder.
        """
        if info.id in self._collection.encoders:
            self._collection.space(info.id).check(info)
            return self._collection.space(info.id)
        record = SpaceRecord.of(info, indexes)
        with room(self._session.name):
            for index in record.indexes:
                create_index(self._catalog.database(), index, info)
            self._catalog.manifest.with_space(record).write(self._session.storage)
            self._session.tables.look([index.table for index in record.indexes])
        return self._collection.space(info.id)

    def add_index(
        self,
        encoder_id: str,
        name: str,
        progress: Callable[[int], None] | None = None,
        stopped: Stopped = lambda: False,
        by: Deriving | None = None,
    ) -> int | None:
        """Make an index from the stored full vectors; returns how many pages it holds.

        One that learns is fitted on pages taken evenly from all there are, and holds later ones in the same way.

        ``progress`` hears how many are done. ``stopped`` is asked after each batch: if so, what was made is dropped,
        and None returned. ``by`` makes the rows of pages, and an approximate index over them where there is to be one;
        this process without it. The full vectors are stored in half precision, so the pooled ones differ from those
        made at ingestion by its rounding, at most 1e-3. `InputError` when the encoder has the index already or its
        kind of vectors cannot have it.
        """
        space = self._collection.space(encoder_id)
        index = space.new_index(name)
        with room(self._session.name):
            create_index(self._catalog.database(), index, space.info, space.primary)
            self._session.tables.look([index.table])
            ids, done = sorted(space.stored_ids(FULL)), 0
            fitted = space.fit(index.name, ids)
            write_fitted(self._session.storage, index.table, fitted)
            new = NewIndex(self._session.name, space.encoder, index, fitted)
            halted = False
            with closing((by or self._rows)(new, ids)) as made:
                for rows in made:
                    done += self._session.tables.put(index.table, rows)
                    if progress is not None:
                        progress(done)
                    if halted := done < len(ids) and stopped():
                        break
            if halted:
                self.drop_unnamed()
                return None
            self._catalog.manifest.with_space(space.record.adding(index)).write(self._session.storage)
            # The cache of an object store is this machine's own.
            indexing = by.indexed if by is not None and not self._session.storage.remote else indexed_here
            self._collection.space(encoder_id).settle(index.name, indexing)
        return done

    def _rows(self, new: NewIndex, ids: Sequence[str]) -> Generator[pa.Table, None, None]:
        return new.rows(self._collection, ids, self._session.derive)

    def remove_space(self, encoder_id: str) -> None:
        """Take an encoder's vectors out; `InputError` for the first, which holds the collection together."""
        space = self._collection.space(encoder_id)
        if space.primary:
            raise InputError(
                f"Collection '{self._session.name}' was made with '{space.encoder}'; delete the collection instead."
            )
        space.close()
        with room(self._session.name):
            self._catalog.manifest.without(space.encoder).write(self._session.storage)
            self.drop_unnamed()

    def drop_unnamed(self) -> None:
        """Drop what the manifest does not name: tables and copies of encoders and indexes half made or taken out."""
        tables = {*OWN_TABLES, *self._catalog.manifest.tables}
        for name in (folder.removesuffix(".lance") for folder in self._session.storage.folders(FOLDER)):
            if name not in tables:
                log.info("removing table %s, which no encoder of the collection has", name)
                self._catalog.database().drop_table(name)
        for path in (self._session.path / VECTORS).glob("*"):
            if path.name.split(".")[0] not in tables:
                with suppress(OSError):  # Windows keeps a file that is mapped; the next writer takes it
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        sweep_forms(self._session.storage, tables)
