"""Recall measured: exact ways find everything, an approximate one is told apart from them, nothing is left behind."""

import pytest

from tests.store.make import collection, put, record
from workbench.analysis import recall
from workbench.errors import InputError
from workbench.store import Writer
from workbench.store.manifest import FULL


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = collection(tmp_path_factory.mktemp("home"))
    with Writer(made) as writer:
        for name in ("one", "two", "three"):
            put(writer, record(name, 40), batch=40)
        writer.finish()
    return made


def test_what_is_exact_finds_all_and_what_is_not_says_what_it_misses(store, tmp_path):
    steps = []
    scratch = tmp_path / "scratch"
    found = recall.measure(store, scratch, queries=12, progress=lambda done, total: steps.append((done, total)))
    assert (found.pages, found.queries, found.encoder) == (120, 12, "tiny/one")
    by_kind = {kind: [row for row in found.rows if row.kind == kind] for kind in ("index", "scan", "ann")}
    assert {row.index for row in by_kind["index"]} == set(store.space().indexes) - {FULL}
    assert {row.index for row in by_kind["scan"]} == set(store.space().indexes)
    assert all(row.recall == row.least == 1 for row in by_kind["scan"])
    assert any(row.recall < 1 for row in by_kind["index"])  # pooling loses something on random vectors
    assert all(row.recall <= row.deep <= 1 and row.least <= row.recall for row in by_kind["index"])
    assert {row.index for row in by_kind["ann"]} >= {FULL}
    for row in by_kind["ann"]:
        other = next(o for o in by_kind["ann"] if o.index == row.index and "not" in o.way)
        assert row.recall >= other.recall - 1e-9 and row.ms > 0  # refining never loses
    assert steps[0][0] == 0 and steps[-1][0] == steps[-1][1]
    assert not scratch.exists()
    assert recall.measure(store, scratch, queries=12).rows[0].recall == found.rows[0].recall  # the same for a seed


def test_stopping_leaves_nothing_behind(store, tmp_path):
    class Stop(Exception):
        pass

    def progress(done, total):
        if done == total - 1:
            raise Stop

    with pytest.raises(Stop):
        recall.measure(store, tmp_path / "scratch", queries=5, progress=progress)
    assert not (tmp_path / "scratch").exists()


def test_pages_in_quarantine_are_neither_asked_nor_found(store, tmp_path):
    store.put_away("one.pdf", 0)
    try:
        found = recall.measure(store, tmp_path / "scratch", queries=5)
        assert found.pages == 80
        assert all(row.recall == 1 for row in found.rows if row.kind == "scan")
    finally:
        store.release("one.pdf", 0)


def test_a_few_pages_are_too_few(tmp_path):
    made = collection(tmp_path)
    with Writer(made) as writer:
        put(writer, record("small", 8))
    with pytest.raises(InputError, match="has 8 pages"):
        recall.measure(made, tmp_path / "scratch")
