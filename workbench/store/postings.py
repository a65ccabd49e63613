"""The words of pages as arrays beside the vectors: BM25 of every page without asking the text index.

LanceDB keeps the truth; this copy can be thrown away at any time. Words are found by LanceDB's own tokenizer with the
text index's settings, and scored by its formula, Okapi BM25 (Robertson and Zaragoza 2009) with ``k1`` 1.2, ``b`` .75
and ``idf = ln(1 + (N - df + .5) / (df + .5))``, over the pages that have words. So scores are those of a text index
that was just built, to the rounding of float32. Where the index lags behind (pages not yet indexed, pages deleted from
it) its statistics do too; these are always those of the committed pages.

On disk it is a few segments, each written once: for every term, named by 64 bits of its hash, the pages it is on and
how often. A segment joins the one before when it has half its size, so that each page is rewritten a few times at most,
and a directory of them is replaced as a whole. A checksum tells a damaged one, which is made again.
"""

from __future__ import annotations

import itertools
import json
import logging
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from workbench.store import textindex
from workbench.store.files import write_whole
from workbench.types import Float, Int

log = logging.getLogger(__name__)

K1 = 1.2
B = 0.75
BATCH = 256
"""Pages whose text is read at a time from a table on this machine."""
INLINE = 256
"""Pages whose words a search waits for, about a quarter of a second; more are read in the background."""
PART = 4096
"""Pages whose words are counted at a time, which bounds memory."""

Texts = Callable[[Sequence[str]], Iterable[tuple[str, str]]]
"""Reads the text of pages: pairs of page id and text, in any order."""
UInt64 = NDArray[np.uint64]


@dataclass(frozen=True)
class Segment:
    """Some pages' words: term ``terms[i]`` is on ``pages[ends[i - 1] : ends[i]]``, so often as ``counts`` says there.

    ``terms (T,)`` ascend; ``pages`` are positions in ``page_ids``, ascending for each term; ``lengths (pages,)`` is how
    many words a page has.
    """

    page_ids: Sequence[str]
    lengths: Int
    terms: UInt64
    ends: NDArray[np.int64]
    pages: Int
    counts: Int
    file: int = 0
    """The number of its file, 0 where it has none; what that holds has the checksum ``crc32``."""
    crc32: int = 0

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Segment:
        """The words of pages, by page id."""
        numbers: dict[str, int] = {}
        found: list[int] = []
        counts: list[int] = []
        sizes, lengths = [], []
        for text in texts.values():
            words = Counter(textindex.tokens(text))
            found += [numbers.setdefault(word, len(numbers)) for word in words]
            counts += words.values()
            sizes.append(len(words))
            lengths.append(words.total())
        keys = np.fromiter(map(_key, numbers), np.uint64, len(numbers))[np.asarray(found, np.int64)]
        pages = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        return cls._of(tuple(texts), np.asarray(lengths, np.int32), keys, pages, np.asarray(counts, np.int32))

    @classmethod
    def joined(cls, segments: Sequence[Segment], alive: Sequence[NDArray[np.bool_]]) -> Segment:
        """The pages of several that are ``alive`` in one."""
        ids: list[str] = []
        columns, first = [], 0
        for segment, kept in zip(segments, alive, strict=True):
            ids += itertools.compress(segment.page_ids, kept)
            there = kept[segment.pages]
            place = np.cumsum(kept) - 1 + first
            keys = np.repeat(segment.terms, np.diff(segment.ends, prepend=0))
            columns.append((keys[there], place[segment.pages[there]], segment.counts[there]))
            first += int(kept.sum())
        keys, pages, counts = (np.concatenate(column) for column in zip(*columns, strict=True))
        lengths = np.concatenate([s.lengths[kept] for s, kept in zip(segments, alive, strict=True)])
        return cls._of(tuple(ids), lengths, keys, pages.astype(np.int32), counts)

    @classmethod
    def _of(cls, ids: Sequence[str], lengths: Int, keys: UInt64, pages: Int, counts: Int) -> Segment:
        order = np.lexsort((pages, keys))
        terms, first = np.unique(keys[order], return_index=True)
        ends = np.append(first[1:], len(order))[: len(terms)].astype(np.int64)
        return cls(ids, lengths, terms, ends, pages[order], counts[order])

    def on(self, key: np.uint64) -> tuple[Int, Int]:
        """The pages that a term is on, by position, and how often."""
        i = int(np.searchsorted(self.terms, key))
        if i == len(self.terms) or self.terms[i] != key:
            return self.pages[:0], self.counts[:0]
        there = slice(int(self.ends[i - 1]) if i else 0, int(self.ends[i]))
        return self.pages[there], self.counts[there]

    @property
    def size(self) -> int:
        """Pairs of term and page."""
        return len(self.pages)

    def bytes(self) -> bytes:
        """Its numbers one after the other, the widest first."""
        arrays = (self.terms, self.ends, self.lengths, self.pages, self.counts)
        return b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)


class Postings:
    """The words of the committed pages: ``page_ids``, of which those that are not ``alive (pages,) bool`` are gone."""

    def __init__(self, segments: Sequence[Segment], committed: set[str]) -> None:
        self.segments = tuple(segments)
        self.page_ids: tuple[str, ...] = tuple(page for segment in segments for page in segment.page_ids)
        self.alive = _among(self.page_ids, committed)
        self._whole = bool(self.alive.all())
        self._firsts = [0, *itertools.accumulate(len(segment.page_ids) for segment in segments)][: len(segments)]

    @cached_property
    def _statistics(self) -> tuple[int, Float]:
        """How many pages have words, and the part of the formula that is a page's own."""
        lengths = np.concatenate([np.zeros(0, np.int32), *(segment.lengths for segment in self.segments)])
        told = lengths[self.alive & (lengths > 0)]
        mean = np.float32(told.mean() if len(told) else 1)
        return len(told), np.asarray(K1 * (1 - B + B * lengths.astype(np.float32) / mean), np.float32)

    def bm25(self, text: str) -> Float:
        """The score of every page, by its position: ``(pages,) float32``; 0 where none of the words is."""
        total = np.zeros(len(self.page_ids), np.float32)
        pages_with_words, norms = self._statistics
        for word, times in Counter(textindex.tokens(text)).items():
            pages, counts = self._on(word)
            df = np.float32(len(pages))
            odds = (np.float32(pages_with_words) - df + np.float32(0.5)) / (df + np.float32(0.5))
            rarity = np.log(np.float32(1) + odds)
            frequency = counts.astype(np.float32)
            total[pages] += times * rarity * (frequency * np.float32(K1 + 1) / (frequency + norms[pages]))
        return total

    def frequency(self, text: str) -> int:
        """On how many pages a word stands, all of its parts where it is several (``AB-1234``)."""
        words = set(textindex.tokens(text))
        if not words:
            return 0
        first, *others = (self._on(word)[0] for word in words)
        for other in others:
            first = np.intersect1d(first, other, assume_unique=True)
        return len(first)

    def _on(self, word: str) -> tuple[Int, Int]:
        """The pages that are alive and have a word, by position, and how often."""
        key = _key(word)
        pages, counts = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
        for segment, first in zip(self.segments, self._firsts, strict=True):
            at, times = segment.on(key)
            if len(at):
                pages.append(at + np.int32(first) if first else at)
                counts.append(times)
        at, times = (found[1] if len(found) == 2 else np.concatenate(found) for found in (pages, counts))
        if self._whole:
            return at, times
        alive = self.alive[at]
        return at[alive], times[alive]


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
        gone = set(page_ids)
        with self._lock, FileLock(self._folder / "words.lock") if self._folder.is_dir() else nullcontext():
            _, segments = self._read()
            held = {page for segment in segments for page in segment.page_ids}
            if not held.isdisjoint(gone):
                self._written("", _merged(segments, held - gone, tidy=True))
                self._open = None

    def close(self) -> None:
        """Let go of the mapped files."""
        self._open = None

    def _synced(self, stamp: str, committed: Sequence[str], texts: Texts, wait: bool) -> Postings | None:
        seen, segments = self._read()
        wanted = set(committed)
        if seen != stamp:
            held = {page for segment in segments for page in segment.page_ids}
            missing = [page for page in committed if page not in held]
            if len(missing) > INLINE and not wait:
                self._start(stamp, committed, texts)
                return None
            for first in range(0, len(missing), PART):
                part = missing[first : first + PART]
                batches = (texts(part[i : i + self._batch]) for i in range(0, len(part), self._batch))
                segments.append(Segment.of(dict(itertools.chain.from_iterable(batches))))
            segments = self._written(stamp, _merged(segments, wanted, tidy=wait))
        postings = Postings(segments, wanted)
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
            if head["tokenizer"] != textindex.fingerprint():
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

    def _mapped(self, file: int, crc32: int, terms: int, size: int, page_ids: Sequence[str]) -> Segment:
        path = self._data(file)
        data = np.asarray(np.memmap(path, np.uint8, "r")) if path.stat().st_size else np.zeros(0, np.uint8)
        if len(data) != terms * 16 + len(page_ids) * 4 + size * 8 or _sum(data.data, page_ids) != crc32:
            raise ValueError(f"{path.name} is not what was written")
        keys, ends, lengths, pages, counts = np.split(
            data, np.cumsum([terms * 8, terms * 8, len(page_ids) * 4, size * 4])
        )
        return Segment(
            tuple(page_ids),
            lengths.view(np.int32),
            keys.view(np.uint64),
            ends.view(np.int64),
            pages.view(np.int32),
            counts.view(np.int32),
            file,
            crc32,
        )

    def _written(self, stamp: str, segments: Sequence[Segment]) -> list[Segment]:
        """The segments, those that are new on disk; where there is no room they stay in memory for this process."""
        number = max((number for number, _ in self._files()), default=0)
        written: list[Segment] = []
        try:
            for segment in segments:
                if not segment.file:
                    number += 1
                    data = segment.bytes()
                    try:
                        self._data(number).write_bytes(data)
                    except OSError:
                        self._data(number).unlink(missing_ok=True)
                        raise
                    segment = replace(segment, file=number, crc32=_sum(data, segment.page_ids))
                written.append(segment)
            rows = [
                {
                    "file": segment.file,
                    "crc32": segment.crc32,
                    "terms": len(segment.terms),
                    "size": segment.size,
                    "page_ids": segment.page_ids,
                }
                for segment in written
            ]
            head = {"stamp": stamp, "tokenizer": textindex.fingerprint(), "segments": rows}
            write_whole(self._directory, json.dumps(head))
        except OSError as error:
            log.warning("the words of %s cannot be kept (%s); they stay in memory", self._folder.parent.name, error)
            return list(segments)
        used = {segment.file for segment in written}
        for number, path in self._files():
            if number not in used:
                with suppress(OSError):  # Windows keeps a file that is mapped; the next write takes it
                    path.unlink()
        return written


def _merged(segments: Sequence[Segment], committed: set[str], tidy: bool) -> list[Segment]:
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


def _among(page_ids: Sequence[str], committed: set[str]) -> NDArray[np.bool_]:
    return np.fromiter((page in committed for page in page_ids), np.bool_, len(page_ids))


def _sum(data: bytes | memoryview, page_ids: Sequence[str]) -> int:
    """The checksum of a segment's numbers and of whose they are."""
    return zlib.crc32(data, zlib.crc32("\n".join(page_ids).encode()))


def _key(word: str) -> np.uint64:
    """What a term goes by: of a million terms, two share one with a chance of 3e-8."""
    return np.uint64(int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little"))
