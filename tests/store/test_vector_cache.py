"""The memory-mapped copy: in step with the table, cheap when it is, and never trusted when it should not be."""

import errno
import os
import shutil
import threading

import numpy as np
import pytest

from tests.store.make import collection, digest, put, record, resume
from workbench import screening
from workbench.screening import rounded
from workbench.store import Collection, encoder_vectors, rounded_file, soundness, vector_cache
from workbench.store.vector_cache import VectorCache
from workbench.store.writer import Writer
from workbench.types import Ragged

DIM = 4


class Table:
    """Stands for a vectors table: pages with as many vectors as their number says, delivered out of order."""

    def __init__(self, pages):
        self.pages = {f"p{n}": np.full((n % 5 + 1, DIM), n, np.float32) for n in range(pages)}
        self.fetched = []

    def fetch(self, ids):
        self.fetched += ids
        there = [page for page in reversed(ids) if page in self.pages]
        for half in (there[::2], there[1::2]):
            arrays = [self.pages[page] for page in half]
            if arrays:
                yield half, Ragged(np.concatenate(arrays), np.cumsum([0, *map(len, arrays)]).astype(np.int64))

    def current(self, flat, stamp):
        self.fetched = []
        return flat.current(stamp, lambda: list(self.pages), self.fetch)


@pytest.fixture(params=[False, True], ids=["plain", "rounded"], autouse=True)
def _rounding(request, monkeypatch):
    monkeypatch.setattr(screening, "is_fast", lambda: request.param)


def make(folder, dim=DIM, dtype=np.float32):
    return VectorCache(folder, "rows__e", dim, dtype, screened=True)


def assert_equal(copy, table):
    assert (copy.screen is not None) == screening.is_fast()
    if copy.screen is not None:
        assert len(copy.screen.bounds) == len(copy.page_ids)
        for start, length, bounds in zip(copy.starts, copy.lengths, copy.screen.bounds, strict=True):
            codes, expected = rounded(copy.flat[start : start + length], np.array([length]))
            np.testing.assert_array_equal(copy.screen.codes[start : start + length], codes)
            np.testing.assert_array_equal(bounds, expected[0])
    assert set(copy.page_ids) == set(table.pages)
    for page, vectors in table.pages.items():
        i = copy.page_ids.index(page)
        np.testing.assert_array_equal(copy.flat[copy.starts[i] : copy.starts[i] + copy.lengths[i]], vectors)


def files(folder):
    return sorted(path.name for path in folder.glob("*.bin"))


def test_only_what_is_missing_is_fetched(tmp_path):
    table, flat = Table(101), make(tmp_path)
    first = table.current(flat, "1")
    assert_equal(first, table)
    assert len(table.fetched) == 101
    assert table.current(flat, "1") is first
    table.pages["new"] = np.ones((2, DIM), np.float32)
    assert_equal(table.current(flat, "2"), table)
    assert table.fetched == ["new"]
    assert_equal(table.current(make(tmp_path), "2"), table)  # another process
    assert table.fetched == []
    assert_equal(table.current(make(tmp_path), "3"), table)
    assert table.fetched == []


def test_pages_that_are_gone_leave_at_once_and_the_file_when_it_is_half_dead(tmp_path):
    table, flat = Table(20), make(tmp_path)
    old = table.current(flat, "1")
    values = np.array(old.flat)
    for n in range(8):
        del table.pages[f"p{n}"]
    assert_equal(table.current(flat, "2"), table)
    assert table.fetched == []
    before = files(tmp_path)
    for n in range(8, 14):
        del table.pages[f"p{n}"]
    assert_equal(table.current(flat, "3"), table)
    assert len(table.fetched) == 6
    assert files(tmp_path) != before
    assert len(files(tmp_path)) == 1 or os.name == "nt"
    np.testing.assert_array_equal(old.flat, values)  # whoever still scans the old copy is not disturbed


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: [path.unlink() for path in folder.glob("*.npz")],
        lambda folder: [path.write_bytes(path.read_bytes()[:-9]) for path in folder.glob("*.npz")],
        lambda folder: [path.write_text("[]") for path in folder.glob("*.npz")],
        lambda folder: change(folder, lengths=[1, 2]),
        lambda folder: change(folder, starts=[10**6] * 20),
        lambda folder: change(folder, dim=DIM + 1),
        lambda folder: change(folder, dtype="<f2"),
    ],
)
def test_a_damaged_directory_is_made_again_beside_the_old_file(tmp_path, harm):
    table = Table(20)
    mapped = table.current(make(tmp_path), "1")
    values = np.array(mapped.flat)
    harm(tmp_path)
    assert_equal(table.current(make(tmp_path), "1"), table)
    assert len(table.fetched) == 20
    np.testing.assert_array_equal(mapped.flat, values)


def change(folder, **fields):
    (path,) = folder.glob("*.npz")
    with np.load(path) as held:
        changed = {**held, **fields}
    np.savez(path, **changed)


@pytest.mark.parametrize("later", [25, 20], ids=["appended", "nothing new"])
def test_what_was_damaged_since_it_was_read_is_not_noted_as_sound_by_who_writes(tmp_path, monkeypatch, later):
    monkeypatch.setattr(soundness, "READ_ALWAYS", 0)
    monkeypatch.setattr(soundness, "SETTLED", 0)
    table, flat = Table(20), make(tmp_path)
    table.current(flat, "1")
    (path,) = files(tmp_path)
    held = bytearray((tmp_path / path).read_bytes())
    held[5] ^= 64
    (tmp_path / path).write_bytes(held)
    table.pages = Table(later).pages
    table.current(flat, "2")
    assert_equal(table.current(make(tmp_path), "2"), table)


def test_no_bit_of_a_directory_that_turns_ends_a_search(tmp_path):
    Table(3).current(make(tmp_path), "1")
    (path,) = tmp_path.glob("*.npz")
    held = path.read_bytes()
    first = held.index(b"PK\x01\x02")  # an entry of the zip file's own directory
    for at in range(first, first + 46):
        for bit in range(8):
            path.write_bytes(held[:at] + bytes([held[at] ^ 1 << bit]) + held[at + 1 :])
            found = make(tmp_path)._load()
            assert found is None or len(found.vectors.page_ids) == 3


def test_nothing_is_left_of_a_copy_of_an_earlier_pagelens_that_is_dropped(tmp_path):
    Table(2).current(make(tmp_path), "1")
    (path,) = tmp_path.glob("*.npz")
    path.rename(path.with_suffix(".json"))
    make(tmp_path).drop()
    assert [left.name for left in tmp_path.iterdir() if left.suffix != ".lock"] == []


def test_a_copy_of_an_earlier_pagelens_is_made_again_and_is_no_damage(tmp_path):
    table = Table(20)
    table.current(make(tmp_path), "1")
    (path,) = tmp_path.glob("*.npz")
    path.rename(path.with_suffix(".json"))
    assert make(tmp_path).damage() == ""
    assert make(tmp_path).takes_room
    assert_equal(table.current(make(tmp_path), "1"), table)
    assert len(table.fetched) == 20
    assert not path.with_suffix(".json").exists()
    assert len(files(tmp_path)) == 1 or os.name == "nt"
    assert_equal(table.current(make(tmp_path), "1"), table)
    assert table.fetched == []


def test_a_cut_or_lost_file_is_made_again(tmp_path):
    table = Table(20)
    table.current(make(tmp_path), "1")
    (path,) = tmp_path.glob("*.bin")
    path.write_bytes(path.read_bytes()[:-1])
    assert_equal(table.current(make(tmp_path), "1"), table)
    for path in tmp_path.glob("*.bin"):
        path.unlink()
    assert_equal(table.current(make(tmp_path), "1"), table)
    for path in tmp_path.iterdir():
        path.unlink()
    assert_equal(table.current(make(tmp_path), "1"), table)


def test_what_a_crash_appended_is_written_over(tmp_path):
    table = Table(5)
    table.current(make(tmp_path), "1")
    for path in (*tmp_path.glob("*.bin"), *tmp_path.glob("*.codes")):
        path.write_bytes(path.read_bytes() + b"\xff" * 1001)
    table.pages["new"] = np.ones((2, DIM), np.float32)
    copy = table.current(make(tmp_path), "2")
    assert table.fetched == ["new"]
    assert_equal(copy, table)


def test_a_page_the_table_lacks_is_left_out_and_asked_for_again(tmp_path):
    table, flat = Table(3), make(tmp_path)
    copy = flat.current("1", lambda: [*table.pages, "lost"], table.fetch)
    assert "lost" not in copy.page_ids
    table.pages["lost"] = np.ones((1, DIM), np.float32)
    assert_equal(table.current(flat, "2"), table)


def test_an_empty_table_is_an_empty_array(tmp_path):
    copy = Table(0).current(make(tmp_path), "1")
    assert copy.flat.shape == (0, DIM)
    assert copy.starts.dtype == copy.lengths.dtype == np.int64


def test_many_readers_make_it_once(tmp_path):
    table, copies = Table(200), []
    shared = make(tmp_path)
    asked = []

    def fetch(ids):
        asked.extend(ids)
        yield from table.fetch(ids)

    def read(flat):
        copies.append(flat.current("1", lambda: list(table.pages), fetch))

    threads = [threading.Thread(target=read, args=(flat,)) for flat in (shared, shared, make(tmp_path), make(tmp_path))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 200
    for copy in copies:
        assert_equal(copy, table)


def test_readers_see_whole_pages_while_a_writer_writes(tmp_path):
    store = collection(tmp_path)
    reader = Collection(store.path)
    done, errors, sizes = threading.Event(), [], []

    def read():
        try:
            while not done.is_set():
                copy = reader.space().vectors("full")
                sizes.append(len(copy.page_ids))
                norms = np.linalg.norm(copy.flat.astype(np.float32), axis=1)
                assert len(norms) >= copy.lengths.sum()
                for start, length in zip(copy.starts, copy.lengths, strict=True):
                    assert abs(norms[start : start + length] - 1).max() < 1e-2
                assert set(reader.refs(copy.page_ids)) <= set(copy.page_ids)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    with Writer(store) as writer:
        for i in range(4):
            put(writer, record(f"doc{i}", 6), batch=2)
        writer.delete_document("doc1.pdf")
        writer.finish()
    done.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert max(sizes) > 0
    assert set(reader.space().vectors("full").page_ids) == set(store.page_ids(None))
    assert not any(page.startswith(digest("doc1")[:32]) for page in reader.space().vectors("full").page_ids)


def test_a_warm_copy_reads_no_vectors(tmp_path, monkeypatch):
    store = collection(tmp_path)
    resume(store, [record("whales", 4)])
    for index in store.space().indexes:  # some have no copy before they are searched
        store.space().vectors(index)

    def refuse(*_args, **_more):
        raise AssertionError("the table was read")

    for name in ("search", "to_arrow", "take_offsets", "take_row_ids"):
        monkeypatch.setattr(type(store.space().vector_table("full")), name, refuse)
    again = Collection(store.path)
    for index in store.space().indexes:
        assert len(again.space().vectors(index).page_ids) == 4


@pytest.mark.parametrize("harm", ["lost", "cut", "changed"])
def test_rounded_vectors_that_are_not_as_written_are_made_again_out_of_the_copy(tmp_path, monkeypatch, harm):
    monkeypatch.setattr(screening, "is_fast", lambda: True)
    table = Table(20)
    before = table.current(make(tmp_path), "1").screen
    (path,) = tmp_path.glob("*.codes")
    held = path.read_bytes()
    path.unlink()
    if harm != "lost":
        path.write_bytes(held[:-1] if harm == "cut" else bytes([held[0] ^ 1]) + held[1:])
    assert "rounded" in make(tmp_path).damage()
    assert_equal(table.current(make(tmp_path), "1"), table)
    assert table.fetched == []
    assert path.read_bytes() == held == before.codes.tobytes()
    assert make(tmp_path).damage() == ""


def test_who_has_no_use_for_rounded_vectors_leaves_them_as_they_are(tmp_path, monkeypatch):
    table, rounds = Table(20), list[int]()
    monkeypatch.setattr(rounded_file, "rounded", lambda *given: rounds.append(1) or rounded(*given))
    for turn, fast in enumerate((False, True, False, False, True, False, True)):
        monkeypatch.setattr(screening, "is_fast", lambda fast=fast: fast)
        table.pages.pop(f"p{turn}", None)
        table.pages[f"new{turn}"] = np.full((3, DIM), turn, np.float32)
        rounds.clear()
        assert_equal(table.current(make(tmp_path), f"{turn}"), table)
        assert len(rounds) == fast
        assert make(tmp_path).damage() == ""
    make(tmp_path).drop()
    assert [left.name for left in tmp_path.iterdir() if left.suffix != ".lock"] == []


def test_many_pages_are_rounded_behind_and_searched_without_meanwhile(tmp_path, monkeypatch):
    monkeypatch.setattr(screening, "is_fast", lambda: True)
    monkeypatch.setattr(vector_cache, "STEP", 4)
    table, flat = Table(20), make(tmp_path)
    first = table.current(flat, "1")
    assert first.screen is None and flat.lags
    assert flat.round_on() and table.current(flat, "1") is first
    table.pages.pop("p1")
    for n in range(5):
        table.pages[f"new{n}"] = np.full((2, DIM), n, np.float32)
    other = make(tmp_path)  # brings the copy up to date meanwhile
    assert table.current(other, "2").screen is None
    while flat.round_on():
        assert table.current(other, "2").screen is None
    assert not flat.lags
    for cache in (flat, make(tmp_path)):
        assert_equal(table.current(cache, "2"), table)
        assert table.fetched == []
    assert not other.round_on() and not other.lags
    assert_equal(table.current(other, "2"), table)


def test_what_cannot_be_rounded_is_said_once_and_not_tried_again(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(screening, "is_fast", lambda: True)
    monkeypatch.setattr(vector_cache, "STEP", 4)
    tries = []
    monkeypatch.setattr(rounded_file, "rounded", lambda *_: tries.append(1) or throw(OSError(errno.ENOSPC, "full")))
    table, flat = Table(20), make(tmp_path)
    for stamp in "123":
        table.pages[stamp] = np.ones((1, DIM), np.float32)
        assert table.current(flat, stamp).screen is None
        assert not flat.round_on() and not flat.lags
    assert len(tries) == len([said for said in caplog.messages if "rounded" in said]) == 1


def test_nothing_is_made_where_a_collection_was(tmp_path, monkeypatch):
    monkeypatch.setattr(screening, "is_fast", lambda: True)
    monkeypatch.setattr(vector_cache, "STEP", 4)
    flat = make(tmp_path / "flat")
    Table(20).current(flat, "1")
    shutil.rmtree(tmp_path / "flat")
    assert not flat.round_on()
    assert [*tmp_path.iterdir()] == []


def test_a_search_goes_on_while_vectors_are_rounded_and_finds_them_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr(screening, "is_fast", lambda: True)
    monkeypatch.setattr(vector_cache, "STEP", 2)
    monkeypatch.setattr(encoder_vectors, "BETWEEN", 0)
    store = collection(tmp_path)
    resume(store, [record("whales", 9)])  # whoever writes waits for it
    assert Collection(store.path).space().vectors("rows").screen is not None
    (codes,) = (store.path / "flat").glob("rows*.codes")
    codes.unlink()
    go, steps = threading.Event(), VectorCache.round_on
    monkeypatch.setattr(VectorCache, "round_on", lambda self: go.wait() and steps(self))
    again = Collection(store.path)
    index = again.snapshot().index(again.space(), "rows")
    assert index.vectors.screen is None
    go.set()
    again.space().settle("rows")
    assert again.snapshot().index(again.space(), "rows").vectors.screen is not None


def test_where_the_disk_is_full_vectors_are_not_rounded(tmp_path, monkeypatch):
    monkeypatch.setattr(screening, "is_fast", lambda: True)
    monkeypatch.setattr(rounded_file, "rounded", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    table, flat = Table(20), make(tmp_path)
    found = table.current(flat, "1")
    assert found.screen is None and set(found.page_ids) == set(table.pages)
    monkeypatch.undo()
    monkeypatch.setattr(screening, "is_fast", lambda: True)
    assert_equal(table.current(make(tmp_path), "1"), table)
    assert table.fetched == []


@pytest.mark.parametrize("pages", [0, 10], ids=["new", "appended"])
def test_rounded_vectors_that_do_not_fit_leave_the_disk_the_room_they_took(tmp_path, monkeypatch, pages):
    monkeypatch.setattr(screening, "is_fast", lambda: True)
    monkeypatch.setattr(rounded_file, "AT_ONCE", 4)
    table, flat = Table(pages), make(tmp_path)
    table.current(flat, "1")
    (path,) = tmp_path.glob("*.codes")
    before, rounds = path.read_bytes(), iter([rounded_file.rounded])
    full = OSError(errno.ENOSPC, "full")
    monkeypatch.setattr(rounded_file, "rounded", lambda *given: next(rounds, lambda *_: throw(full))(*given))
    table.pages = Table(30).pages
    found = table.current(flat, "2")
    assert found.screen is None and set(found.page_ids) == set(table.pages)
    assert path.read_bytes() == before


def throw(error):
    raise error


def test_a_copy_that_cannot_be_rounded_where_it_lies_is_read_as_it_is(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(screening, "is_fast", lambda: False)
    table = Table(20)
    table.current(make(tmp_path), "1")
    monkeypatch.setattr(screening, "is_fast", lambda: True)
    monkeypatch.setattr(VectorCache, "_exclusive", lambda self: throw(OSError(errno.EROFS, "read-only")))
    found = table.current(make(tmp_path), "1")
    assert found.screen is None and set(found.page_ids) == set(table.pages)
    assert table.fetched == [] and not found.in_memory
    assert any("read" in message for message in caplog.messages)
    assert not any("memory" in message for message in caplog.messages)
