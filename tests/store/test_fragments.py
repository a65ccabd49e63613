"""Rows that one process writes and another commits: hidden until then, whole after it, and swept where nobody does."""

import os
import time
from datetime import timedelta

import pytest

from tests.store.make import assert_whole, collection, item, put, record, resume
from workbench.store import Collection, Stager, Writer
from workbench.store.checks import problems
from workbench.types import PageFailure, PageRef

pytest.importorskip("lance", reason="the extra 'scale' is not installed")


def staged(store, document, numbers):
    """Pages ready in files, as by another process."""
    elsewhere = Stager(Collection(store.path))
    made, failures = elsewhere.stage(document, [item(document, number) for number in numbers])
    assert failures == []
    return elsewhere.written([made])


def files_of(store):
    return {path for path in store.path.glob("lance/*.lance/data/*.lance")}


def test_files_written_elsewhere_become_pages_by_one_commit_a_table(tmp_path):
    store = collection(tmp_path)
    whales, bread = record("whales", 5), record("bread", 3)
    with Writer(store) as writer:
        first, second = writer.begin_document(whales), writer.begin_document(bread)
        before = {name: store.catalog.version(name) for name in ("pages", *store.manifest.tables)}
        batches = [staged(store, first, [1, 2, 3]), staged(store, second, [1, 2, 3]), staged(store, first, [4, 5])]
        assert store.page_count() == 0 and store.space().held() == set()
        writer.commit(batches)
        assert store.page_count() == 8
        for name, version in before.items():
            assert store.catalog.version(name) == version + 1, name
        for one in (first, second):
            writer.finish_document(one)
        writer.finish()
    assert_whole(Collection(store.path), [whales, bread])


def test_they_stand_beside_pages_written_here_and_take_the_place_of_failures(tmp_path):
    store = collection(tmp_path)
    whales = record("whales", 6)
    with Writer(store) as writer:
        started = put(writer, whales, numbers=[1, 2], finish=False)
        writer.add_failures(started, [PageFailure(PageRef(started.name, 3), "Torn.")])
        writer.commit([staged(store, started, [3, 4])])
        put(writer, whales, numbers=[5, 6], finish=False)
        writer.finish_document(started)
        writer.finish()
    assert not store.records.failed_pages(started.name)
    assert_whole(store, [whales])
    with Writer(store) as writer:  # a page that lost its pictures is read again
        writer.commit([staged(store, started, [2, 5])])
        writer.finish()
    assert_whole(store, [whales])


def test_what_nobody_commits_is_no_page_and_goes_with_age(tmp_path):
    store = collection(tmp_path)
    whales = record("whales", 4)
    with Writer(store) as writer:
        started = put(writer, whales, numbers=[1], finish=False)
        before = files_of(store)
        staged(store, started, [2, 3])  # whoever wrote them is lost, and so is what they wrote
    left = files_of(store) - before
    assert len(left) == len(store.manifest.tables) + 1
    resume(store, [whales])
    assert_whole(store, [whales])
    old = time.time() - timedelta(days=8).total_seconds()
    for path in left:
        os.utime(path, (old, old))
    with Writer(store) as writer:
        writer.upkeep.compact()
    assert files_of(store) & left == set()
    assert problems(store) == []
    assert_whole(store, [whales])


def test_a_crash_between_the_tables_leaves_no_half_page(tmp_path, monkeypatch):
    from workbench.store.table_writer import TableWriter

    store = collection(tmp_path)
    whales = record("whales", 4)
    append = TableWriter.append
    for table in ("pages", *store.manifest.tables[1:]):
        with monkeypatch.context() as patch:

            def dying(self, name, written, table=table):
                if name == table:
                    raise KeyboardInterrupt
                return append(self, name, written)

            patch.setattr(TableWriter, "append", dying)
            with Writer(store) as writer, pytest.raises(KeyboardInterrupt):
                writer.commit([staged(store, writer.begin_document(whales), [1, 2])])
        assert Collection(store.path).page_count() == 0
    resume(store, [whales])
    assert_whole(store, [whales])
