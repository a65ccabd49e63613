"""The words of pages as arrays beside the vectors: BM25 of every page without asking the text index.

LanceDB keeps the truth; this copy can be thrown away at any time. What is looked up are `terms`, words being found by
LanceDB's own tokenizer with the text index's settings; where each stands on its page is kept, and what it is part of (a
`Role`), so that words in order, quoted ones and headings can be told. Scores are by LanceDB's formula, Okapi BM25
(Robertson and Zaragoza 2009) with ``k1`` 1.2, ``b`` .75 and ``idf = ln(1 + (N - df + .5) / (df + .5))``, over the pages
that have words. So those of plain words are the scores of a text index that was just built, to the rounding of float32.
Where the index lags behind (pages not yet indexed, pages deleted from it) its statistics do too; these are always those
of the committed pages.

On disk it is a few segments, each written once: every term in order of its bytes, the pages it is on and where there. A
segment joins the one before when it has half its size, so that each page is rewritten a few times at most, and a
directory of them is replaced as a whole. A checksum tells a damaged one, which is made again.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import threading
import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from workbench.atomic import write_whole
from workbench.store import terms, textindex
from workbench.store.page_ids import PageIds
from workbench.store.soundness import Soundness
from workbench.types import Float, Int

log = logging.getLogger(__name__)

K1 = 1.2
B = 0.75
BATCH = 256
"""Pages whose text is read at a time from a table on this machine."""
INLINE = 256
"""Pages whose words a search waits for, about half a second; more are read in the background."""
PART = 4096
"""Pages whose words are counted at a time, which bounds memory."""
NAME = "@"
"""What the names of a page begin with, as no word does."""
LAYOUT = 2
"""Raised whenever a segment's file is written otherwise."""
PLACE = (1 << 24) - 1
"""The bits of a mark that are a position on the page; those above are its role."""


@dataclass(frozen=True, slots=True)
class PageText:
    """A page's words, the text line each stands in, and what each is part of: ``lines``, ``roles (words,) int32``.

    ``names`` are what the page can be referred to by, as ``figure 5``.
    """

    words: Sequence[str]
    lines: Int
    roles: Int
    names: Sequence[str] = ()

    @classmethod
    def of(cls, text: str) -> PageText:
        """A text without roles."""
        lines = [line.split() for line in text.splitlines()]
        numbers = np.repeat(np.arange(len(lines), dtype=np.int32), [len(line) for line in lines])
        return cls([word for line in lines for word in line], numbers, np.zeros(len(numbers), np.int32))


Texts = Callable[[Sequence[str]], Iterable[tuple[str, PageText]]]
"""Reads the text of pages: pairs of page id and text, in any order."""
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """Where a term stands: on ``pages (n,)``, ascending, ``counts (n,)`` times; ``marks`` are all its places, page by
    page, each a position with its role above it (`PLACE`)."""

    pages: Int
    counts: Int
    marks: Int

    @cached_property
    def keys(self) -> Numbers:
        """Page and position of every place in one number, ascending."""
        return np.asarray(np.repeat(self.pages.astype(np.int64) << 24, self.counts) | (self.marks & PLACE))

    @classmethod
    def at(cls, keys: Numbers) -> Found:
        """Places given as `keys`, without roles."""
        pages, counts = np.unique(keys >> 24, return_counts=True)
        return cls(pages.astype(np.int32), counts.astype(np.int32), (keys & PLACE).astype(np.int32))

    @classmethod
    def joined(cls, several: Sequence[Found]) -> Found:
        """Any of several terms: a place at which two of them begin counts once."""
        if len(several) < 2:
            return several[0] if several else NOWHERE
        keys = np.concatenate([np.zeros(0, np.int64), *(found.keys for found in several)])
        marks = np.concatenate([np.zeros(0, np.int32), *(found.marks for found in several)])
        keys, first = np.unique(keys, return_index=True)
        return replace(cls.at(keys), marks=marks[first])


NOWHERE = Found(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int32))


@dataclass(frozen=True)
class Segment:
    """Some pages' terms, in order of their bytes: term i is ``letters[starts[i] : starts[i + 1]]``.

    It is on ``pages[ends[i - 1] : ends[i]]`` (positions in ``page_ids``, ascending), so often as ``counts`` says there,
    at the ``marks`` that begin at ``firsts[i]``. ``lengths (pages,)`` is how many words a page has.
    """

    page_ids: PageIds
    lengths: Int
    starts: Numbers
    letters: NDArray[np.uint8]
    ends: Numbers
    firsts: Numbers
    pages: Int
    counts: Int
    marks: Int
    file: int = 0
    """The number of its file, 0 where it has none; what that holds has the checksum ``crc32``."""
    crc32: int = 0

    @classmethod
    def of(cls, texts: Mapping[str, PageText]) -> Segment:
        """The terms of pages, by page id."""
        numbers: dict[str, int] = {}
        found: list[int] = []
        marks: list[NDArray[np.int64]] = []
        sizes, lengths = [], []
        for text in texts.values():
            here = [*terms.of_page(text.words, text.lines)]
            found += [numbers.setdefault(term, len(numbers)) for term, _, _ in here]
            found += [numbers.setdefault(NAME + name, len(numbers)) for name in text.names]
            at = np.asarray([(place, word) for _, place, word in here], np.int64).reshape(-1, 2)
            marks.append(np.minimum(at[:, 0], PLACE) | text.roles.astype(np.int64)[at[:, 1]] << 24)
            marks.append(np.full(len(text.names), PLACE, np.int64))
            sizes.append(len(here) + len(text.names))
            lengths.append(terms.length(text.words))
        words = sorted((word.encode("utf-8", "replace"), number) for word, number in numbers.items())
        order = np.empty(len(words), np.int64)
        order[[number for _, number in words]] = np.arange(len(words))
        pages = np.repeat(np.arange(len(sizes)), sizes)
        where = np.concatenate([np.zeros(0, np.int64), *marks])
        told = [word for word, _ in words]
        return cls._of(
            PageIds.of(texts), np.asarray(lengths, np.int32), told, order[np.asarray(found, np.int64)], pages, where
        )

    @classmethod
    def joined(cls, segments: Sequence[Segment], alive: Sequence[NDArray[np.bool_]]) -> Segment:
        """The pages of several that are ``alive`` in one."""
        columns, first = [], 0
        words = sorted({word for segment in segments for word in segment.words()})
        place_of = {word: i for i, word in enumerate(words)}
        for segment, kept in zip(segments, alive, strict=True):
            place = np.cumsum(kept) - 1 + first
            new = np.fromiter((place_of[word] for word in segment.words()), np.int64, len(segment.ends))
            term = np.repeat(np.repeat(new, np.diff(segment.ends, prepend=0)), segment.counts)
            page = np.repeat(segment.pages, segment.counts)
            there = kept[page]
            columns.append((term[there], place[page[there]], segment.marks[there].astype(np.int64)))
            first += int(kept.sum())
        numbers, pages, marks = (np.concatenate(column) for column in zip(*columns, strict=True))
        lengths = np.concatenate([s.lengths[kept] for s, kept in zip(segments, alive, strict=True)])
        ids = PageIds.joined([s.page_ids.take(kept) for s, kept in zip(segments, alive, strict=True)])
        return cls._of(ids, lengths, words, numbers, pages, marks)

    @classmethod
    def _of(
        cls, ids: PageIds, lengths: Int, words: Sequence[bytes], numbers: Numbers, pages: Numbers, marks: Numbers
    ) -> Segment:
        """From every place of every term: its number among the sorted ``words``, its page, its mark."""
        order = np.lexsort((marks & PLACE, pages, numbers))
        numbers, pages, marks = numbers[order], pages[order], marks[order]
        new = np.ones(len(numbers), np.bool_)
        new[1:] = (np.diff(numbers) != 0) | (np.diff(pages) != 0)
        begin = np.flatnonzero(new)
        counts = np.diff(begin, append=len(numbers))
        used, first = np.unique(numbers[begin], return_index=True)
        told = [words[i] for i in used.tolist()]
        starts = np.cumsum([0, *map(len, told)], dtype=np.int64)
        ends = np.append(first[1:], len(begin))[: len(used)].astype(np.int64)
        return cls(
            ids,
            lengths,
            starts,
            np.frombuffer(b"".join(told), np.uint8),
            ends,
            begin[first].astype(np.int64),
            pages[begin].astype(np.int32),
            counts.astype(np.int32),
            marks.astype(np.int32),
        )

    def words(self) -> Iterator[bytes]:
        """Its terms in order."""
        letters, starts = self.letters.tobytes(), self.starts.tolist()
        return (letters[a:b] for a, b in itertools.pairwise(starts))

    def on(self, term: str) -> Found:
        """Where a term stands, pages by position."""
        wanted = term.encode("utf-8", "replace")
        i = self._place(wanted)
        return self._found(i) if i < len(self.ends) and self._word(i) == wanted else NOWHERE

    def beginning(self, prefix: str, most: int) -> list[str]:
        """Terms that begin with some letters, in order, at most so many."""
        wanted, found = prefix.encode("utf-8", "replace"), list[str]()
        for i in range(self._place(wanted), len(self.ends)):
            word = self._word(i)
            if not word.startswith(wanted) or len(found) == most:
                break
            found.append(word.decode("utf-8", "replace"))
        return found

    def _place(self, word: bytes) -> int:
        return bisect_left(range(len(self.ends)), word, key=self._word)

    def _word(self, i: int) -> bytes:
        return self.letters[self.starts[i] : self.starts[i + 1]].tobytes()

    def _found(self, i: int) -> Found:
        there = slice(int(self.ends[i - 1]) if i else 0, int(self.ends[i]))
        counts, first = self.counts[there], int(self.firsts[i])
        return Found(self.pages[there], counts, self.marks[first : first + int(counts.sum())])

    @property
    def size(self) -> int:
        """Places of terms."""
        return len(self.marks)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Its words, pairs of word and page, places, pages, and the bytes of a page's id."""
        return len(self.ends), len(self.pages), self.size, len(self.page_ids), self.page_ids.raw.itemsize

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """Its arrays as they lie on disk, the widest first."""
        numbers = self.starts, self.ends, self.firsts, self.lengths, self.pages, self.counts, self.marks
        return *numbers, self.letters, self.page_ids.raw


class Postings:
    """The words of pages, of which those that are not ``alive (pages,) bool`` are gone."""

    def __init__(self, segments: Sequence[Segment], alive: NDArray[np.bool_]) -> None:
        self.segments = tuple(segments)
        self.alive = alive
        self._whole = bool(alive.all())
        self._firsts = [0, *itertools.accumulate(len(segment.page_ids) for segment in segments)][: len(segments)]

    @classmethod
    def of(cls, segments: Sequence[Segment], committed: PageIds) -> Postings:
        """Those of the committed pages."""
        return cls(segments, _among(PageIds.joined([segment.page_ids for segment in segments]), committed))

    @classmethod
    def together(cls, several: Sequence[Postings]) -> Postings:
        """As if all pages were of one collection, those of each after those of the one before; nothing is read."""
        segments = [segment for each in several for segment in each.segments]
        return cls(segments, np.concatenate([each.alive for each in several]))

    def __len__(self) -> int:
        return len(self.alive)

    @cached_property
    def page_ids(self) -> PageIds:
        """The pages by position."""
        return PageIds.joined([segment.page_ids for segment in self.segments])

    @cached_property
    def lengths(self) -> Int:
        """How many words each page has: ``(pages,) int32``."""
        return np.concatenate([np.zeros(0, np.int32), *(segment.lengths for segment in self.segments)])

    @cached_property
    def _statistics(self) -> tuple[int, np.float32]:
        """How many pages have words, and how many these have on the mean."""
        told = self.lengths[self.alive & (self.lengths > 0)]
        return len(told), np.float32(told.mean() if len(told) else 1)

    def rarity(self, found: Found) -> float:
        """The ``idf`` of what stands there."""
        df = np.float32(len(found.pages))
        odds = (np.float32(self._statistics[0]) - df + np.float32(0.5)) / (df + np.float32(0.5))
        return float(np.log(np.float32(1) + max(odds, np.float32(0))))

    def scores(self, found: Found, roles: Float | None = None) -> Float:
        """BM25 of the pages it stands on: ``(n,) float32``; a place counts ``roles[role]`` times (BM25F)."""
        if roles is None or not len(found.pages):
            frequency = found.counts.astype(np.float32)
        else:
            firsts = np.cumsum(found.counts) - found.counts
            frequency = np.add.reduceat(roles[found.marks >> 24], firsts)
        lengths = self.lengths[found.pages].astype(np.float32)
        norms = np.asarray(K1 * (1 - B + B * lengths / self._statistics[1]), np.float32)
        return np.asarray(self.rarity(found) * (frequency * np.float32(K1 + 1) / (frequency + norms)), np.float32)

    def on(self, term: str) -> Found:
        """Where a term stands, on pages that are alive, by position."""
        parts = []
        for segment, first in zip(self.segments, self._firsts, strict=True):
            found = segment.on(term)
            if len(found.pages):
                parts.append(replace(found, pages=found.pages + np.int32(first)) if first else found)
        if not parts:
            return NOWHERE
        whole = (
            parts[0]
            if len(parts) == 1
            else Found(
                *(
                    np.concatenate(each)
                    for each in zip(*((part.pages, part.counts, part.marks) for part in parts), strict=True)
                )
            )
        )
        if self._whole:
            return whole
        alive = self.alive[whole.pages]
        return Found(whole.pages[alive], whole.counts[alive], whole.marks[np.repeat(alive, whole.counts)])

    def beginning(self, prefix: str, most: int) -> list[str]:
        """Terms that begin with some letters, in order, at most so many."""
        found = sorted({term for segment in self.segments for term in segment.beginning(prefix, most)})
        return found[:most]


class PostingsFile:
    """The copy on disk. `current` brings it up to date; reading threads and processes may overlap."""

    def __init__(self, folder: Path, batch: int = BATCH) -> None:
        self._folder = folder
        self._batch = batch
        self._open: tuple[str, Postings] | None = None
        self._lock = threading.Lock()
        self._background: tuple[str, threading.Thread] | None = None

    def current(self, stamp: str, committed: Sequence[str], texts: Texts, wait: bool = True) -> Postings | None:
        """The words at this state of the collection (``stamp`` names it), reading only pages that it lacks.

        Without ``wait`` None where that would take long, or somebody else is at it; it is then done in the background.
        """
        known = self._open
        if known is not None and known[0] == stamp:
            return known[1]
        with ExitStack() as held:
            if not self._lock.acquire(blocking=wait):
                return None
            held.callback(self._lock.release)
            self._folder.mkdir(exist_ok=True)  # its parent is the collection, which may be gone
            try:
                held.enter_context(FileLock(self._folder / "words.lock", timeout=-1 if wait else 0))
            except Timeout:
                return None
            return self._synced(stamp, committed, texts, wait)

    def forget(self, page_ids: Iterable[str]) -> None:
        """Have these pages read again, if they were: their text has changed."""
        gone = PageIds.of(page_ids)
        with self._lock, FileLock(self._folder / "words.lock") if self._folder.is_dir() else nullcontext():
            _, segments = self._read()
            held = PageIds.joined([segment.page_ids for segment in segments])
            if (forgotten := _among(held, gone)).any():
                self._written("", _merged(segments, held.take(~forgotten), tidy=True))
                self._open = None

    def close(self) -> None:
        """Let go of the mapped files."""
        self._open = None

    def _synced(self, stamp: str, committed: Sequence[str], texts: Texts, wait: bool) -> Postings | None:
        seen, segments = self._read()
        wanted = PageIds.of(committed)
        if seen != stamp:
            held = PageIds.joined([segment.page_ids for segment in segments])
            missing = wanted.take(~_among(wanted, held))
            if len(missing) > INLINE and not wait:
                self._start(stamp, committed, texts)
                return None
            for first in range(0, len(missing), PART):
                part = [*missing[first : first + PART]]
                batches = (texts(part[i : i + self._batch]) for i in range(0, len(part), self._batch))
                segments.append(Segment.of(dict(itertools.chain.from_iterable(batches))))
            segments = self._written(stamp, _merged(segments, wanted, tidy=wait))
        postings = Postings.of(segments, wanted)
        self._open = stamp, postings
        return postings

    def _start(self, stamp: str, committed: Sequence[str], texts: Texts) -> None:
        """Do it in the background, once for each state of the collection."""
        if self._background is not None and (self._background[0] == stamp or self._background[1].is_alive()):
            return

        def work() -> None:
            try:
                self.current(stamp, committed, texts)
            except Exception as error:  # the collection may be gone; the text index answers meanwhile
                log.warning("the words of %s could not be read into arrays (%s)", self._folder.parent.name, error)

        thread = threading.Thread(target=work, name="postings", daemon=True)
        self._background = stamp, thread
        thread.start()

    @property
    def _directory(self) -> Path:
        return self._folder / "words.json"

    def _data(self, number: int) -> Path:
        return self._folder / f"{number}.bin"

    def _files(self) -> Iterator[tuple[int, Path]]:
        """The segments' files there are, by number."""
        for path in self._folder.glob("*.bin"):
            if path.stem.isdigit():
                yield int(path.stem), path

    def _read(self) -> tuple[str, list[Segment]]:
        """The stamp and segments on disk; none where they are damaged or of another tokenizer."""
        try:
            head = json.loads(self._directory.read_text(encoding="utf-8"))
            if head["tokenizer"] != _fingerprint():
                return "", []
            there = () if self._open is None else self._open[1].segments
            known = {(segment.file, segment.crc32): segment for segment in there}
            return str(head["stamp"]), [
                known.get((row["file"], row["crc32"])) or self._mapped(**row) for row in head["segments"]
            ]
        except FileNotFoundError:
            return "", []
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("the words %s are damaged (%s) and will be read again", self._directory, error)
            return "", []

    def _soundness(self, number: int) -> Soundness:
        return Soundness(self._data(number), self._folder / f"{number}.sound.json")

    def _mapped(self, file: int, crc32: int, words: int, size: int, marks: int, pages: int, width: int) -> Segment:
        path, soundness = self._data(file), self._soundness(file)
        before = soundness.identity()
        data = np.asarray(np.memmap(path, np.uint8, "r")) if path.stat().st_size else np.zeros(0, np.uint8)
        told = (8 * (words + 1), 8 * words, 8 * words, 4 * pages, 4 * size, 4 * size, 4 * marks)
        letters_end = len(data) - pages * width
        if letters_end < sum(told):
            raise ValueError(f"{path.name} is cut short")
        sizes = words, size, marks, pages, width
        if not soundness.known(_mark(crc32, *sizes)):
            if _sum(data.data, *sizes) != crc32:
                raise ValueError(f"{path.name} is not what was written")
            soundness.read(_mark(crc32, *sizes), before)
        *numbers, letters, ids = np.split(data, [*np.cumsum(told), letters_end])
        starts, ends, firsts = (array.view(np.int64) for array in numbers[:3])
        lengths, where, counts, places = (array.view(np.int32) for array in numbers[3:])
        page_ids = PageIds(ids.view(f"S{width}"))
        return Segment(page_ids, lengths, starts, letters, ends, firsts, where, counts, places, file=file, crc32=crc32)

    def _written(self, stamp: str, segments: Sequence[Segment]) -> list[Segment]:
        """The segments, those that are new on disk; where there is no room they stay in memory for this process."""
        number = max((number for number, _ in self._files()), default=0)
        written: list[Segment] = []
        try:
            for segment in segments:
                if not segment.file:
                    number += 1
                    data = b"".join(np.ascontiguousarray(array).tobytes() for array in segment.arrays())
                    try:
                        with self._data(number).open("wb") as out:
                            out.write(data)
                            out.flush()
                            os.fsync(out.fileno())
                    except OSError:
                        self._data(number).unlink(missing_ok=True)
                        raise
                    segment = replace(segment, file=number, crc32=_sum(data, *segment.sizes))
                    soundness = self._soundness(number)
                    soundness.date_back()
                    soundness.written(_mark(segment.crc32, *segment.sizes), soundness.identity())
                written.append(segment)
            names = ("file", "crc32", "words", "size", "marks", "pages", "width")
            rows = [dict(zip(names, (segment.file, segment.crc32, *segment.sizes), strict=True)) for segment in written]
            head = {"stamp": stamp, "tokenizer": _fingerprint(), "segments": rows}
            write_whole(self._directory, json.dumps(head))
        except OSError as error:
            log.warning("the words of %s cannot be kept (%s); they stay in memory", self._folder.parent.name, error)
            return list(segments)
        used = {segment.file for segment in written}
        for number, path in self._files():
            if number not in used:
                with suppress(OSError):  # Windows keeps a file that is mapped; the next write takes it
                    path.unlink()
                    self._soundness(number).forget()
        return written


def _merged(segments: Sequence[Segment], committed: PageIds, tidy: bool) -> list[Segment]:
    """Segments each of which has more than twice the pairs of the next; ``tidy``: and none a page that is gone."""
    merged: list[tuple[Segment, NDArray[np.bool_]]] = []
    for segment in segments:
        alive = _among(segment.page_ids, committed)
        if (tidy and not alive.all()) or 2 * alive.sum() < len(alive):
            segment = Segment.joined([segment], [alive])
            alive = alive[alive]
        while merged and 2 * segment.size >= merged[-1][0].size:
            before, there = merged.pop()
            segment = Segment.joined([before, segment], [there, alive])
            alive = np.ones(len(segment.page_ids), np.bool_)
        merged.append((segment, alive))
    return [segment for segment, _ in merged if len(segment.page_ids)]


def _among(page_ids: PageIds, others: PageIds) -> NDArray[np.bool_]:
    """Which of some pages are among others."""
    return np.asarray(others.places(page_ids) >= 0)


def _sum(data: bytes | memoryview, *sizes: int) -> int:
    """The checksum of a segment's file, and of what says where in it each array ends."""
    return zlib.crc32(data, zlib.crc32(repr(sizes).encode()))


def _mark(crc32: int, *sizes: int) -> int:
    """What the file of a segment is found sound as; its directory, which says both, has no checksum of its own."""
    return zlib.crc32(repr((crc32, *sizes)).encode())


def _fingerprint() -> str:
    """What changes when the same pages may have other terms, or be written otherwise."""
    return f"{textindex.fingerprint()}-{terms.REVISION}-{LAYOUT}"
