"""Puts right what a writer that was killed left behind: halves of files, of pages, of deletions and of renamings."""

from __future__ import annotations

import logging
import shutil
from collections import Counter

from workbench.errors import StoreError
from workbench.store.conditions import both, quoted, within
from workbench.store.document_writer import DocumentWriter
from workbench.store.images import sweep_images
from workbench.store.index_writer import IndexWriter
from workbench.store.schema import GAPS, INCOMING, LATE_COLUMNS, LEAVING, PAGES, file_part
from workbench.store.table_writer import IDS_AT_ONCE
from workbench.store.tables import FOLDER, create_table
from workbench.store.write_session import WriteSession

log = logging.getLogger(__name__)


def reconcile(session: WriteSession, documents: DocumentWriter, indexes: IndexWriter) -> None:
    """Bring a collection that was just opened for writing into a state without holes, doubles and litter."""
    for path in session.path.glob(f"{FOLDER}/*.lance/data/.tmp*"):  # an object store keeps no halves
        log.info("removing %s, left by a process that was killed", path.name)
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    _make_gaps(session)
    _add_columns(session)
    indexes.drop_unnamed()
    session.tables.look(["pages", *session.catalog.manifest.tables])
    _finish_changes(session, documents)
    documents.stamp_all()
    committed = set(session.catalog.directory().ids)
    for encoder in session.encoders():
        encoder.reconcile(committed)
    _drop_old_gaps(session, committed)
    sweep_images(session.storage, committed)


def _make_gaps(session: WriteSession) -> None:
    """Have a table of gaps: an older layout has none, and a damaged one is but notes, made anew by embedding."""
    catalog = session.catalog
    if catalog.has_table("gaps"):
        try:
            catalog.gaps()
            return
        except StoreError as error:
            log.warning("%s It is made anew.", error)
        catalog.database().drop_table("gaps")
        session.collection.close()
    create_table(catalog.database(), "gaps", GAPS, "id")


def _add_columns(session: WriteSession) -> None:
    """Have the columns of pages that an earlier Pagelens did not know; no row of a page is written for it."""
    table = session.catalog.table("pages")
    lacking = [PAGES.field(name) for name in LATE_COLUMNS if name not in table.schema.names]
    if lacking:
        table.add_columns(lacking)
        session.collection.close()


def _finish_changes(session: WriteSession, documents: DocumentWriter) -> None:
    """Complete documents all of whose pages went in, and renamings and removals that had begun.

    A document of no page any more is one that was being removed.
    """
    written = Counter(page.partition(":")[0] for page in session.tables.stored["pages"])
    directory = session.catalog.directory()
    gone = []
    for record in session.records.all():
        part = file_part(record.content_hash)
        if record.state == LEAVING or not written[part]:
            gone.append(record)
            continue
        rows = directory.of_file(part)
        if len(rows) and directory.ref(int(rows[-1])).document != record.name:
            documents.rename(record)
        if record.state == INCOMING and written[part] == record.pages:
            documents.finish(record)
    documents.remove(gone)


def _drop_old_gaps(session: WriteSession, committed: set[str]) -> None:
    """Forget gaps of pages and encoders that are gone, and those that were filled meanwhile."""
    for encoder, pages in session.catalog.gaps().items():
        known = encoder in session.catalog.encoders
        held = session.collection.space(encoder).held() if known else set(pages)
        old = [page for page in pages if page in held or page not in committed]
        for start in range(0, len(old), IDS_AT_ONCE):
            part = within("page_id", old[start : start + IDS_AT_ONCE])
            session.catalog.table("gaps").delete(both(part, f"encoder = {quoted(encoder)}"))
