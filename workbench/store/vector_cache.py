"""A memory-mapped copy of one vectors table, for scans and reranks at the speed of memory.

LanceDB keeps the truth; this copy can be thrown away at any time. It is one flat file to which pages are appended, and
a directory (page ids, where each starts, how long it is), arrays in a file that is replaced as a whole. Pages that are
gone leave the directory at once and the file when more than half of it is dead. A file is never cut short or written
over where a directory has ever pointed: what cannot be trusted, and what is compacted, goes into a file with a new
number, so that a reader with the old one mapped keeps what it maps (and Windows, which refuses to delete a mapped file,
is asked again next time).

Nothing on disk is believed unseen. The directory carries a checksum of the whole file, and of every page one of its
vectors, its id and the index it belongs to, so that noise, zeros, pages of each other's names and files of each other's
indexes are all noticed when the copy is opened; pages that do not fit are read from the table again. That reads the
file once, at some gigabytes a second, and not at all where who wrote it, or who read it before, found it sound, until
its size, times or number change. Where a full or locked disk leaves no room for the copy, the vectors are held in
memory instead.

A copy may be ``screened``: beside it lies a second file with the vectors rounded to a byte a number, row by row, and in
the directory what bounds they give (`screening`). It may end sooner than the copy: the vectors of a few pages are
rounded where the copy is brought up to date, those of more a step at a time (`round_on`), since nobody is to wait for
that. Where rounding is of no use it is left as it is, for other machines on the same folder.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from filelock import FileLock
from numpy.typing import DTypeLike, NDArray

from workbench import screening
from workbench.atomic import written_whole
from workbench.errors import DiskFullError
from workbench.screening import Screen
from workbench.store.files import UNREADABLE, is_disk_full
from workbench.store.page_ids import PageIds
from workbench.store.rounded_file import RoundedFile
from workbench.store.soundness import Soundness
from workbench.types import Int64, Ragged

log = logging.getLogger(__name__)

STEP = 2048
"""Pages whose vectors are rounded in one go, half a second or so, in which nobody else can change the copy."""
IN_MEMORY = 0.5
"""Share of the free memory that vectors may take when the disk has no room for them."""

Fetch = Callable[[Sequence[str]], Iterator[tuple[list[str], Ragged]]]
"""Reads pages from the table: page ids and their vectors, in any order, in batches that memory easily holds."""


@dataclass(frozen=True)
class Block:
    """The vectors of some pages in an array: the page asked for at ``places[i]`` is ``starts[i]``, ``lengths[i]``."""

    places: Int64
    flat: NDArray[Any]
    starts: Int64
    lengths: Int64


@dataclass(frozen=True)
class FlatVectors:
    """One index, ready to be scanned: page i is rows ``starts[i] : starts[i] + lengths[i]`` of ``flat (N, dim)``.

    ``sums (pages,) uint32`` are the pages' checksums, empty where the vectors were made for the moment. ``in_memory``
    when the copy could not be written. ``screen`` are the same pages rounded, where they are kept so.
    """

    flat: NDArray[Any]
    page_ids: PageIds
    starts: Int64
    lengths: Int64
    sums: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    in_memory: bool = False
    screen: Screen | None = None

    @property
    def row_bytes(self) -> int:
        """Bytes of a vector."""
        return int(self.flat.shape[1] * self.flat.dtype.itemsize)

    def blocks(self, at: Int64) -> Iterator[Block]:
        """The vectors of the pages at these positions: all in one, where they lie."""
        yield Block(np.arange(len(at)), self.flat, self.starts[at], self.lengths[at])

    def only(self, at: Int64) -> FlatVectors:
        """Some of its pages, by position, over the same vectors."""
        sums = self.sums[at] if len(self.sums) else self.sums
        screen = None if self.screen is None else self.screen.only(at)
        page_ids, starts, lengths = self.page_ids.take(at), self.starts[at], self.lengths[at]
        return FlatVectors(self.flat, page_ids, starts, lengths, sums, self.in_memory, screen)


@dataclass(frozen=True, slots=True)
class _Copy:
    """What is on disk: the state of the collection it copies, its file's number, rows and checksum, the vectors mapped.

    ``damaged`` pages are left out; a copy that lacks some is of no state. ``identity`` is that of the file when it was
    found to be so. ``rounds`` are the rounded vectors of its first pages and ``codes`` their checksum, also where they
    are of no use, when nobody has read them.
    """

    stamp: str
    generation: int
    rows: int
    crc: int
    vectors: FlatVectors
    identity: Sequence[int] = ()
    damaged: int = 0
    codes: int = 0
    rounds: Screen | None = None

    @property
    def unrounded(self) -> int:
        """How many pages at its end have no rounded vectors."""
        return len(self.vectors.page_ids) - (0 if self.rounds is None else len(self.rounds.bounds))

    def only(self, at: Int64) -> _Copy:
        """Some of its pages, by position, ascending."""
        rounds = None if self.rounds is None else self.rounds.only(at[at < len(self.rounds.bounds)])
        return replace(self, vectors=self.vectors.only(at), rounds=rounds)

    def beside(self, held: FlatVectors) -> int:
        """The checksum of its file and of which pages lie where in it."""
        return _crc(self.crc, held.page_ids.raw, held.starts, held.lengths)


class _Pages:
    """Pages as they are gathered: their ids, where each starts, how long it is, and its checksum."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.starts: list[int] = []
        self.lengths: list[int] = []
        self.sums: list[int] = []

    def add(self, page: str, start: int, length: int, total: int) -> None:
        """One more page."""
        self.ids.append(page)
        self.starts.append(start)
        self.lengths.append(length)
        self.sums.append(total)

    def after(self, held: FlatVectors, flat: NDArray[Any], in_memory: bool = False) -> FlatVectors:
        """These pages after those of a copy, all of them in ``flat``."""
        return FlatVectors(
            flat,
            PageIds.joined([held.page_ids, PageIds.of(self.ids)]),
            np.concatenate([held.starts, np.asarray(self.starts, np.int64)]),
            np.concatenate([held.lengths, np.asarray(self.lengths, np.int64)]),
            np.concatenate([held.sums, np.asarray(self.sums, np.uint32)]),
            in_memory,
        )


class VectorCache:
    """The copy of one table on disk. `current` brings it up to date; reading threads and processes may overlap."""

    def __init__(self, folder: Path, name: str, dim: int, dtype: DTypeLike, screened: bool = False) -> None:
        self._screened = screened
        self._folder = folder
        self._name = name
        self._dim = dim
        self._dtype = np.dtype(dtype)
        self._open: _Copy | None = None
        self._refused = False
        self._lock = threading.Lock()

    def current(self, stamp: str, page_ids: Callable[[], Sequence[str]], fetch: Fetch) -> FlatVectors:
        """The copy at this state of the collection (``stamp`` names it), fetching only what is missing.

        `DiskFullError` when there is room for it neither on disk nor in memory.
        """
        copy = self._open
        if copy is None or copy.stamp != stamp:
            with self._lock:
                copy = self._open if self._open is not None and self._open.stamp == stamp else self._load(self._open)
                if copy is None or copy.stamp != stamp or (self._lacks(copy) and copy.unrounded <= STEP):
                    copy = self._renewed(copy, stamp, page_ids, fetch)
                self._open = copy
        return copy.vectors

    @property
    def lags(self) -> bool:
        """Whether vectors of the copy last given out are still to be rounded (`round_on`)."""
        copy = self._open
        return copy is not None and self._lacks(copy)

    def round_on(self) -> bool:
        """Round the vectors of `STEP` more pages of the copy last given out; whether there are more to round.

        Searches go on without until all are. Where they cannot be written, that is said, and not tried again.
        """
        with self._lock:
            known = self._open
            if known is None or not self._lacks(known):
                return False
            try:
                if not self.directory.exists():  # nor is a folder made that is gone
                    self._open = None
                    return False
                with self._exclusive():
                    copy = self._load(known)
                    if copy is None or copy.damaged:
                        self._open = None
                        return False
                    if (copy.stamp, copy.generation) == (known.stamp, known.generation):
                        copy = replace(copy, vectors=known.vectors)
                    if self._lacks(copy):
                        copy = self._stepped(copy)
                        self._write(copy.stamp, copy)
            except OSError as error:
                self._refuse(error)
                return False
            self._open = self._shown(copy)
            return self._lacks(copy)

    @property
    def in_memory(self) -> bool:
        """Whether the vectors last given out are held in memory, because the copy could not be written."""
        copy = self._open
        return copy is not None and copy.vectors.in_memory

    def damage(self) -> str:
        """Read the whole copy against its checksums: what is wrong with it, in words; empty when nothing is."""
        if not self.directory.exists():
            return ""
        with self._lock:
            found = self._load(None, trusting=False)
        if found is None:
            return "cannot be read"
        if not found.damaged and found.codes and found.rounds is None:
            return "is sound, but not its rounded vectors"
        return f"is damaged in {found.damaged:,} of its pages" if found.damaged else ""

    def drop(self) -> None:
        """Delete the copy, so that the next `current` makes a new one; who has it mapped keeps what is mapped."""
        with self._lock, self._exclusive():
            self.directory.unlink(missing_ok=True)
            self._earlier.unlink(missing_ok=True)
            self._soundness(-1).forget()
            self._rounded(-1).soundness.forget()
            self._open = None
            self._sweep(-1)

    def forget(self, page_ids: Sequence[str]) -> None:
        """Have the vectors of these pages read from the table again: they are others now."""
        with self._lock, self._exclusive():
            found = self._load(self._open)
            self._open = None
            if found is None:
                return
            kept = PageIds.of(page_ids).places(found.vectors.page_ids) < 0
            if not kept.all():
                self._write("", found.only(np.flatnonzero(kept)))

    def close(self) -> None:
        """Let go of the mapped file."""
        self._open = None

    @property
    def directory(self) -> Path:
        """The file that says which pages the copy has."""
        return self._folder / f"{self._name}.npz"

    @property
    def _earlier(self) -> Path:
        """The directory of an earlier Pagelens."""
        return self._folder / f"{self._name}.json"

    @property
    def takes_room(self) -> bool:
        """Whether there are vectors on disk, be it of an earlier Pagelens."""
        return next(self._files(), None) is not None

    def _data(self, generation: int) -> Path:
        return self._folder / f"{self._name}.{generation}.bin"

    @property
    def _rounds(self) -> bool:
        """Whether its vectors are rounded here."""
        return self._screened and self._dim >= screening.DIM and screening.is_fast()

    def _lacks(self, copy: _Copy) -> bool:
        """Whether vectors of a copy are to be rounded that are not."""
        lacking = copy.rounds is None or copy.unrounded > 0
        return self._rounds and not self._refused and copy.generation >= 0 and lacking

    def _shown(self, copy: _Copy) -> _Copy:
        """The copy as searches get it: with its rounded vectors, where they are of use and no page lacks them."""
        whole = self._rounds and copy.rounds is not None and not copy.unrounded
        return replace(copy, vectors=replace(copy.vectors, screen=copy.rounds)) if whole else copy

    def _refuse(self, error: Exception) -> None:
        """Round no more: it cannot be written."""
        log.warning("rounded vectors of %s cannot be written (%s); all vectors are compared", self.directory, error)
        self._refused = True

    def _exclusive(self) -> FileLock:
        self._folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self._folder / f"{self._name}.lock")

    def _load(self, known: _Copy | None = None, trusting: bool = True) -> _Copy | None:
        """The directory and what it describes as far as it can be trusted; None when there is nothing.

        Pages that lie where ``known``, an earlier state, had them are not read again.
        """
        try:
            held = self.directory.read_bytes()
            head = self._read(held)
            if (str(head["dtype"]), int(head["dim"])) != (self._dtype.str, self._dim):
                return None
            rows, generation = int(head["rows"]), int(head["generation"])
            path, before = self._data(generation), self._soundness(generation).identity()
            if path.stat().st_size < rows * self._dim * self._dtype.itemsize:
                raise ValueError(f"{path.name} is cut short")
            columns = PageIds(head["page_ids"]), head["starts"], head["lengths"], head["sums"]
            vectors = FlatVectors(self._map(path, rows), *columns)
            copy = _Copy(str(head["stamp"]), generation, rows, int(head["crc"]), vectors, before)
            if self._screened and "codes" in head:
                total, rounded = int(head["codes"]), self._rounded(generation)
                mark = zlib.crc32(held) if self._rounds or not trusting else None
                rounds = rounded.read(int(head.get("coded", rows)), total, head["bounds"], mark, trusting)
                copy = replace(copy, rounds=rounds, codes=total)
            if trusting and self._soundness(generation).known(zlib.crc32(held)):
                return self._shown(copy)
            found = self._shown(self._checked(copy, known, zlib.crc32(held), int(head["whole"])))
            if found.damaged and trusting and (known is None or known.damaged != found.damaged):  # told only once
                log.warning("%d pages of the vector copy %s are damaged and are read again", found.damaged, path)
            return found
        except FileNotFoundError:
            return None
        except (*UNREADABLE, KeyError, TypeError, AttributeError) as error:
            log.warning("the vector copy %s is damaged (%s) and will be made again", self.directory, error)
            return None

    def _read(self, held: bytes) -> Mapping[str, Any]:
        """The directory's arrays; a zip file carries checksums, so that what can be read is what was written."""
        with np.load(io.BytesIO(held), allow_pickle=False) as file:
            head = {name: file[name] for name in file.files}
        pages = len(head["page_ids"])
        if str(head["name"]) != self._name or any(len(head[name]) != pages for name in ("starts", "lengths", "sums")):
            raise ValueError("the directory is not as it was written")
        return head

    def _map(self, path: Path, rows: int) -> NDArray[Any]:
        if rows == 0:
            return np.zeros((0, self._dim), self._dtype)
        return np.memmap(path, self._dtype, "r", shape=(rows, self._dim))

    def _checked(self, copy: _Copy, known: _Copy | None, mark: int, whole: int) -> _Copy:
        """The copy without the pages whose vectors do not fit their checksums."""
        flat = copy.vectors.flat
        same = known is not None and (known.generation, known.identity) == (copy.generation, copy.identity)
        if known is not None and same and known.rows <= copy.rows:
            copy = replace(copy, crc=_crc(known.crc, flat[known.rows :]))
        else:
            copy = replace(copy, crc=_crc(0, flat))
        if copy.beside(copy.vectors) == whole:
            self._soundness(copy.generation).read(mark, copy.identity)
            return copy
        vectors = copy.vectors
        columns = zip(vectors.page_ids, vectors.starts.tolist(), vectors.lengths.tolist(), vectors.sums, strict=True)
        good = [
            i
            for i, (page, start, length, total) in enumerate(columns)
            if length > 0 <= start <= copy.rows - length and self._sum(page, flat[start : start + length]) == total
        ]
        damaged = len(vectors.page_ids) - len(good)
        return replace(copy.only(np.asarray(good, np.int64)), stamp="", damaged=damaged)

    def _sum(self, page: str, vectors: NDArray[Any]) -> int:
        return zlib.crc32(vectors.data, zlib.crc32(f"{self._name}\n{page}\n".encode()))

    def _soundness(self, generation: int) -> Soundness:
        return Soundness(self._data(generation), self._folder / f"{self._name}.sound.json")

    def _rounded(self, generation: int) -> RoundedFile:
        file = self._folder / f"{self._name}.{generation}.codes"
        return RoundedFile(file, self._folder / f"{self._name}.codes.json", self._dim)

    def _renewed(self, found: _Copy | None, stamp: str, page_ids: Callable[[], Sequence[str]], fetch: Fetch) -> _Copy:
        """The copy brought up to date; where the disk has no room for that, what it would be, in memory."""
        try:
            return self._synced(found, stamp, page_ids, fetch)
        except Exception as error:
            if not (is_disk_full(error) or _read_only(error)):
                raise
            wanted = PageIds.of(page_ids())
            kept = self._kept(found, wanted)
            if len(kept.vectors.page_ids) == len(wanted):  # pages only left, or are not rounded yet
                log.warning("the vector copy %s cannot be written; it has all vectors, and is read", self.directory)
                self._refused = True
                return replace(kept, stamp=stamp)
            log.warning("the vector copy %s cannot be written; its vectors are held in memory", self.directory)
            return self._in_memory(stamp, kept.vectors, wanted, fetch)

    def _synced(self, found: _Copy | None, stamp: str, page_ids: Callable[[], Sequence[str]], fetch: Fetch) -> _Copy:
        with self._exclusive():
            found = self._load(found)
            if found is not None and found.stamp == stamp and not self._lacks(found):
                return found  # another process was quicker
            wanted = PageIds.of(page_ids())
            kept = self._kept(found, wanted)
            if int(kept.vectors.lengths.sum()) * 2 < kept.rows or kept.generation < 0:
                kept = _Copy("", self._unused(), 0, 0, self._nothing)
            missing = wanted.take(kept.vectors.page_ids.places(wanted) < 0)
            renewed, added = self._append(kept, [*missing], fetch)
            vectors = added.after(kept.vectors, self._map(self._data(renewed.generation), renewed.rows))
            renewed = replace(renewed, stamp=stamp, vectors=vectors)
            if self._lacks(renewed) and renewed.unrounded <= STEP:
                try:
                    renewed = self._stepped(renewed)
                except OSError as error:
                    self._refuse(error)
            self._write(stamp, renewed)
            self._sweep(renewed.generation)
            return self._shown(renewed)

    def _stepped(self, copy: _Copy) -> _Copy:
        """The copy with the vectors of `STEP` more pages rounded; `OSError` where the disk has no room."""
        held = copy.vectors
        end = len(held.page_ids) - max(copy.unrounded - STEP, 0)
        rows = int(held.starts[end]) if end < len(held.page_ids) else len(held.flat)
        file = self._rounded(copy.generation)
        rounds, total = file.extended(copy.rounds, copy.codes, held.flat[:rows], held.starts[:end], held.lengths[:end])
        return replace(copy, rounds=rounds, codes=total)

    def _in_memory(self, stamp: str, kept: FlatVectors, wanted: PageIds, fetch: Fetch) -> _Copy:
        """The wanted pages from what the file has and the table, in an array that is nowhere on disk."""
        most, taken, rows = int(psutil.virtual_memory().available * IN_MEMORY), 0, 0
        parts: list[NDArray[Any]] = []
        held = _Pages()

        def take(page: str, vectors: NDArray[Any]) -> None:
            nonlocal rows, taken
            parts.append(np.array(vectors, self._dtype, order="C"))
            held.add(page, rows, len(vectors), self._sum(page, parts[-1]))
            rows, taken = rows + len(vectors), taken + parts[-1].nbytes
            if taken * 2 > most:  # the parts and the whole are there at once for a moment
                raise DiskFullError(
                    "The disk is full, and memory has no room for the vectors that are to be searched; free some space."
                )

        for page, start, length in zip(kept.page_ids, kept.starts.tolist(), kept.lengths.tolist(), strict=True):
            take(page, kept.flat[start : start + length])
        for ids, vectors in fetch([*wanted.take(kept.page_ids.places(wanted) < 0)]):
            for i, page in enumerate(ids):
                take(page, vectors[i])
        flat = np.concatenate(parts) if parts else np.zeros((0, self._dim), self._dtype)
        return _Copy(stamp, -1, rows, 0, held.after(self._nothing, flat, in_memory=True))

    @property
    def _nothing(self) -> FlatVectors:
        none = np.zeros(0, np.int64)
        return FlatVectors(np.zeros((0, self._dim), self._dtype), PageIds.of(()), none, none)

    def _kept(self, found: _Copy | None, wanted: PageIds) -> _Copy:
        """The copy of those that are wanted; of no file where there is none."""
        if found is None:
            return _Copy("", -1, 0, 0, self._nothing)
        return found.only(np.flatnonzero(wanted.places(found.vectors.page_ids) >= 0))

    def _unused(self) -> int:
        """A number that no file has: a reader may still map any of those there are."""
        numbers = [path.name[len(self._name) + 1 : -len(".bin")] for path in self._files()]
        return 1 + max((int(number) for number in numbers if number.isdigit()), default=0)

    def _append(self, copy: _Copy, missing: Sequence[str], fetch: Fetch) -> tuple[_Copy, _Pages]:
        """Write pages after the rows the directory knows, over what a crash may have left there: what the file is then,
        and the pages that were written."""
        path, added = self._data(copy.generation), _Pages()
        path.touch()
        if not missing and copy.rows:
            return copy, added
        end, rows, crc = copy.rows * self._dim * self._dtype.itemsize, copy.rows, copy.crc
        with path.open("r+b") as file:
            file.seek(end)
            try:
                for ids, vectors in fetch(missing):
                    flat = np.ascontiguousarray(vectors.flat, self._dtype)
                    file.write(flat.data)
                    for i, page in enumerate(ids):
                        first, last = int(vectors.offsets[i]), int(vectors.offsets[i + 1])
                        added.add(page, rows + first, last - first, self._sum(page, flat[first:last]))
                    rows, crc = rows + len(flat), _crc(crc, flat)
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                with suppress(OSError):  # what no directory names would take room until the next time
                    file.truncate(end)
                raise
        soundness = self._soundness(copy.generation)
        soundness.date_back()
        return replace(copy, rows=rows, crc=crc, identity=soundness.identity()), added

    def _write(self, stamp: str, copy: _Copy) -> None:
        """Put a directory of a copy's pages in the place of the one there is."""
        held, rounds, screen = copy.vectors, copy.rounds, dict[str, Any]()
        if rounds is not None:
            screen = {"codes": copy.codes, "coded": len(rounds.codes), "bounds": rounds.bounds}
        with io.BytesIO() as file:
            np.savez(
                file,
                allow_pickle=False,
                stamp=stamp,
                name=self._name,
                generation=copy.generation,
                rows=copy.rows,
                dim=self._dim,
                dtype=self._dtype.str,
                crc=copy.crc,
                whole=copy.beside(held),
                page_ids=held.page_ids.raw,
                starts=held.starts,
                lengths=held.lengths,
                sums=held.sums,
                **screen,
            )
            written = file.getvalue()
        with written_whole(self.directory) as partial, partial.open("wb") as out:
            out.write(written)
            out.flush()
            os.fsync(out.fileno())
        self._earlier.unlink(missing_ok=True)
        self._soundness(copy.generation).written(zlib.crc32(written), copy.identity)
        if rounds is not None and self._rounds:
            soundness = self._rounded(copy.generation).soundness
            soundness.written(zlib.crc32(written), soundness.identity())

    def _files(self) -> Iterator[Path]:
        return self._folder.glob(f"{self._name}.*.bin")

    def _sweep(self, generation: int) -> None:
        for path in (*self._files(), *self._folder.glob(f"{self._name}.*.codes")):
            if path not in (self._data(generation), self._rounded(generation).file):
                with suppress(OSError):  # Windows keeps a file that is mapped; the next sweep takes it
                    path.unlink()


def _crc(crc: int, *arrays: NDArray[Any]) -> int:
    """The checksum of arrays after what has the checksum ``crc``."""
    for array in arrays:
        crc = zlib.crc32(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"", crc)
    return crc


def _read_only(error: BaseException) -> bool:
    return isinstance(error, PermissionError) or (isinstance(error, OSError) and error.errno == errno.EROFS)
