"""Vectors held on a graphics card, and MaxSim of pages there: exact search at the speed of the card's memory.

What a search maps from disk is copied, in the background and within a budget, in segments: each holds the rows
``[first, first + SEGMENT)`` and `OVERLAP` more, so that a page lies whole in the segment it begins in. Files of vectors
only grow or get a new name (see `store.vector_cache`), so that after a commit only the last segment is copied again.
The smallest arrays go first: a collection larger than the card has its pooled vectors there. Pages that are not there,
yet or for good, are the caller's to score on the processor.

An array that does not fit as it is, but does in eight bits a number (a scale for each vector), is held so. What is
scored there then says which pages can be among the best: what was rounded off bounds by how much a score is wrong, and
all pages that could be among so many best are left to the processor, so that lists are the same.

On CUDA the product and its maximum are one kernel of `late-interaction-kernels` where it is installed (the extra
``gpu``); elsewhere, on Apple's cards and where it is not, they are torch's, a block of pages at a time. Either sums in
float32. `Settings.search_device` says where; ``cpu-torch`` runs all of it on the processor, which is how it is tested.
"""

from __future__ import annotations

import atexit
import functools
import importlib.util
import logging
import mmap
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
from numpy.typing import NDArray

from workbench.settings import Settings
from workbench.types import Float

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

Rows = NDArray[np.int64]

SEGMENT_NUMBERS = 1 << 30
"""Numbers of a segment: a kernel counts them in int32, and beyond 2^31 was seen to read out of bounds."""
OVERLAP = 1 << 13
"""Rows that a segment has beyond its own; a page of more vectors is scored on the processor."""
COPIED_AT_ONCE = 64 << 20
"""Bytes of one copy to the card."""
BLOCK_NUMBERS = 1 << 25
"""Similarities that torch computes at once: 128 MiB."""
SHARE_OF_FREE = 0.5
"""Of the card's free memory that vectors may take, where no budget is set."""
HALF = 1e-3
"""Of the length of a vector: more than a product with a query loses where that is rounded to half precision."""
TINY = 2.0**-14
"""The least number that half precision has in full: no scale is below it."""
SPARSE = 4
"""Pages are gathered where they are less than one in so many of the rows they span, else the span is scored whole."""
ON_PROCESSOR = "cpu-torch"
"""The name under which the processor plays the card."""


@dataclass(slots=True)
class _Segment:
    """Rows ``first`` to ``first + len(vectors)`` of an array, on the device.

    In eight bits row i is ``vectors[i] * scales[i, 0]``, to an error of length ``scales[i, 1]`` at most.
    """

    first: int
    vectors: torch.Tensor
    scales: torch.Tensor | None = None


@dataclass
class _Holding:
    """What is there of one array: ``flat`` as last asked for, ``segments`` in order, and the bytes it may take."""

    flat: weakref.ref[NDArray[Any]]
    total: int
    dim: int
    stored_bytes: int
    """Of a row as it is stored."""
    small: bool = False
    """Whether it is held in eight bits."""
    share: int = 0
    segments: list[_Segment] = field(default_factory=list)
    asked: bool = False
    """Whether somebody has to look whether it is in step."""

    @property
    def row_bytes(self) -> int:
        """Of a row as it is held."""
        return self.dim + 4 if self.small else self.stored_bytes

    @property
    def bytes(self) -> int:
        """Of the whole array as it is held."""
        return self.total * self.row_bytes

    @property
    def rows(self) -> int:
        """Rows from the first that are there."""
        return self.segments[-1].first + len(self.segments[-1].vectors) if self.segments else 0


@dataclass(frozen=True, slots=True)
class Held:
    """How much of an array is on the device: ``device`` its name, ``bytes`` of ``of``, ``small`` in eight bits."""

    device: str
    bytes: int
    of: int
    small: bool = False

    def __str__(self) -> str:
        there = f"{self.bytes / 1e6:,.1f} MB{' in eight bits' if self.small else ''}"
        if self.bytes >= self.of:
            return f"{self.device}: {there}, warm"
        return f"{self.device}: {there} of {self.of / 1e6:,.1f} MB, the rest on the processor"


class Accelerator:
    """A device with vectors on it. Safe to use from several threads; copying is done by one of its own.

    ``device`` as torch names it, ``budget`` bytes for vectors. ``segment`` numbers and ``overlap`` rows are for tests.
    """

    def __init__(
        self, device: str, budget: int, segment: int = SEGMENT_NUMBERS, overlap: int = OVERLAP, name: str = ""
    ) -> None:
        self.device, self.budget, self.name = device, budget, name or device
        self.fused = True
        """Whether to use the one kernel for all where there is one; a benchmark compares."""
        self._segment, self._overlap = segment, overlap
        self._holdings: dict[object, _Holding] = {}
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._copier: threading.Thread | None = None
        self._idle = threading.Event()
        self._idle.set()
        self._ending = False

    @property
    def kernel(self) -> bool:
        """Whether product and maximum are one kernel here, for vectors in half precision."""
        return self.fused and self.device.startswith("cuda") and _fused() is not None

    # -- what is there ------------------------------------------------------------------------------------------------

    def held(self, flat: NDArray[Any]) -> Held | None:
        """How much of an array is there; None of one that was never asked for."""
        with self._lock:
            holding = self._holdings.get(_key(flat))
            if holding is None:
                return None
            there = min(holding.rows, len(flat)) * holding.row_bytes
            return Held(self.name, there, len(flat) * holding.row_bytes, holding.small)

    def hold(self, flat: NDArray[Any], wait: bool = False) -> None:
        """Have an array copied, or what was added to it; with ``wait`` only return when that is done."""
        with self._lock:
            self._ask(flat)
        if wait:
            self._idle.wait()

    def close(self) -> None:
        """End the copying, after the block at hand; what is there stays."""
        with self._work:
            self._ending = True
            self._work.notify()
        if self._copier is not None:
            self._copier.join()

    def _ask(self, flat: NDArray[Any]) -> _Holding:
        key, dim = _key(flat), flat.shape[1]
        holding = self._holdings.get(key)
        if holding is not None and holding.flat() is flat:
            return holding
        if holding is None:
            holding = self._holdings[key] = _Holding(weakref.ref(flat), 0, dim, dim * flat.dtype.itemsize)
        holding.flat, holding.total = weakref.ref(flat), max(len(flat), holding.total)
        self._plan()
        self._idle.clear()
        holding.asked = True
        self._work.notify()
        if self._copier is None:
            self._copier = threading.Thread(target=self._copy_on, name="vectors to card", daemon=True)
            self._copier.start()
            atexit.register(self.close)  # a copy that runs while the process ends would break it off
        return holding

    def _plan(self) -> None:
        """Share the budget out, smallest first and what nobody maps last, and drop what has no share.

        What fits in eight bits alone is to be so.
        """
        left = self.budget
        for key in [key for key, each in self._holdings.items() if each.flat() is None]:
            if not isinstance(key, str) or not Path(key).exists():
                del self._holdings[key]
        held = self._holdings.values()
        for holding in sorted(held, key=lambda each: (each.flat() is None, each.total * each.stored_bytes)):
            small = holding.total * (holding.dim + 4) <= left < holding.total * holding.stored_bytes
            if small is not holding.small:
                holding.small, holding.asked = small, True
                holding.segments.clear()
            holding.share = min(left, holding.bytes)
            left -= holding.share
            while holding.rows > holding.share // holding.row_bytes:
                holding.segments.pop()

    def _step(self, dim: int) -> int:
        return max(1, self._segment // dim - self._overlap)

    # -- copying ------------------------------------------------------------------------------------------------------

    def _copy_on(self) -> None:
        while True:
            with self._work:
                while not (todo := [each for each in self._holdings.values() if each.asked]) and not self._ending:
                    self._idle.set()
                    self._work.wait()
                if self._ending:
                    self._idle.set()
                    return
                next_one = min(todo, key=lambda each: each.bytes)
                next_one.asked = False
            try:
                self._bring(next_one)
            except Exception as error:  # out of the card's memory: what is there stays, the processor does the rest
                if self._ending:
                    return
                log.warning("vectors could not be copied to %s: %s", self.name, str(error).splitlines()[0])

    def _bring(self, holding: _Holding) -> None:
        """Copy the segments that lack, or have grown, as far as the share goes."""
        flat = holding.flat()
        if flat is None:
            return
        with self._lock:
            share, small, row_bytes = holding.share, holding.small, holding.row_bytes
        step = self._step(holding.dim)
        room = share // row_bytes  # what is in two segments is a thousandth, and not counted
        for first in range(0, len(flat), step):
            rows = min(step + self._overlap, len(flat) - first)
            number = first // step
            with self._lock:
                if holding.asked:
                    return  # there is a newer state to bring
                known = holding.segments[number] if number < len(holding.segments) else None
            if known is not None and len(known.vectors) >= rows:
                continue
            rows = min(rows, room - first)
            if rows <= (len(known.vectors) if known is not None else 0):
                return
            made = self._copied(first, flat[first : first + rows], small)
            with self._lock:
                if holding.small is not small:
                    return  # it is asked for anew
                holding.segments[number:] = [made]
            if first + rows >= len(flat):
                return

    def _copied(self, first: int, rows: NDArray[Any], small: bool) -> _Segment:
        import torch

        kind = torch.int8 if small else getattr(torch, rows.dtype.name)
        made = torch.empty(rows.shape, dtype=kind, device=self.device)
        scales = torch.empty((len(rows), 2), dtype=torch.float16, device=self.device) if small else None
        block = max(1, COPIED_AT_ONCE // (rows.shape[1] * rows.dtype.itemsize))
        for start in range(0, len(rows), block):
            if self._ending:
                raise RuntimeError("the process ends")
            # A copy of its own: mapped memory is read-only, and reading it from disk is what takes the time.
            there = torch.from_numpy(np.array(rows[start : start + block])).to(self.device)
            if scales is not None:
                there, scales[start : start + block] = _in_eight_bits(there)
            made[start : start + block].copy_(there)
        if self.device.startswith("cuda"):
            torch.cuda.synchronize(self.device)
        return _Segment(first, made, scales)

    # -- scoring ------------------------------------------------------------------------------------------------------

    def score(
        self, query: Float, flat: NDArray[Any], starts: Rows, lengths: Rows, weights: Float | None, most: int = 0
    ) -> tuple[Float, NDArray[np.bool_]] | None:
        """MaxSim of the pages ``flat[starts[i]:][:lengths[i]]`` that are there, and which are: ``(pages,)`` each.

        ``query (m, d)``, ``weights (m,)`` of either sign. None where none of the array is there, which asks for it.
        Where it is there in eight bits, those that can be among the ``most`` best count as not there, and the others
        have a score below these; None without ``most``.
        """
        with self._lock:
            holding = self._ask(flat)
            segments = list(holding.segments)
        screened = any(segment.scales is not None for segment in segments)
        if not segments or (screened and not 0 < most < len(starts)):
            return None
        wrong = np.zeros(len(starts), np.float32)
        scores, there = np.zeros(len(starts), np.float32), np.zeros(len(starts), np.bool_)
        order = None if bool((starts[1:] >= starts[:-1]).all()) else np.argsort(starts, kind="stable")
        first, sizes = (starts, lengths) if order is None else (starts[order], lengths[order])
        cuts = np.append(np.searchsorted(first, [segment.first for segment in segments]), len(first))
        begun: list[tuple[Rows, torch.Tensor, Rows]] = []
        try:
            ask = _Asked.of(query, weights, segments[0].vectors, self.kernel)
            for segment, a, b in zip(segments, cuts, cuts[1:], strict=False):
                inside = a + np.flatnonzero(first[a:b] + sizes[a:b] <= segment.first + len(segment.vectors))
                if len(inside):
                    begun.append((inside, *ask.begin(segment, first[inside] - segment.first, sizes[inside])))
            for inside, totals, at in begun:  # waited for once all are begun
                pages, said = inside if order is None else order[inside], totals.cpu().numpy()[at]
                scores[pages], there[pages] = said[:, 0], True
                wrong[pages] = ask.size * (said[:, 1] if said.shape[1] > 1 else HALF)
        except RuntimeError as error:  # torch's out of memory is one
            log.warning("%s could not compare vectors (%s)", self.name, str(error).splitlines()[0])
            return None
        if screened and there.any():
            low = np.fmax(scores - wrong, -np.inf)[there]  # a score that is no number is above none
            least = np.partition(low, -most)[-most] if len(low) > most else -np.inf
            there &= scores + wrong < least
        return scores, there

    def read(self, flat: NDArray[Any]) -> float:
        """Read every byte that is there of an array once, and add them up: the least that a search can take."""
        import torch

        with self._lock:
            holding = self._ask(flat)
            segments = list(holding.segments)
        # As float32, which torch adds up as fast as memory gives them; what the sum is does not matter.
        return float(torch.stack([segment.vectors.view(torch.float32).sum() for segment in segments]).sum())


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query on the device: wanted vectors and unwanted ones, each times the size of its weight.

    A maximum times a weight above 0 is the maximum of the vector times the weight, so that no kernel needs to know
    weights; what is unwanted is taken off by a second one.
    """

    parts: tuple[tuple[int, torch.Tensor], ...]
    fused: Callable[..., torch.Tensor] | None
    size: float
    """The lengths of its vectors together: by so much a score is wrong at most for each unit that page vectors are."""

    @classmethod
    def of(cls, query: Float, weights: Float | None, like: torch.Tensor, fused: bool) -> _Asked:
        import torch

        sizes = np.ones(len(query), np.float32) if weights is None else np.asarray(weights, np.float32)
        parts = []
        for sign in (1, -1):
            rows = np.ascontiguousarray(query[sizes * sign > 0] * np.abs(sizes[sizes * sign > 0])[:, None], np.float32)
            if len(rows):
                parts.append((sign, torch.from_numpy(rows).to(like.device)))
        size = float(np.linalg.norm(query * sizes[:, None], axis=1).sum())
        return cls(tuple(parts), _fused() if fused and like.dtype == torch.float16 else None, size)

    def begin(self, segment: _Segment, starts: Rows, lengths: Rows) -> tuple[torch.Tensor, Rows]:
        """What `_by_torch` says, on the device, and where in it each page is: ``(pages,)``. ``starts`` ascend."""
        import torch

        vectors, ends = segment.vectors, starts + lengths
        index: slice | torch.Tensor
        between = starts[1:] - ends[:-1]
        if bool((between >= 0).all()) and int(lengths.sum()) * SPARSE >= int(ends[-1] - starts[0]):
            # What lies between pages is scored like a page, and not looked at.
            index = slice(int(starts[0]), int(ends[-1]))
            at = np.arange(len(starts)) + np.append(0, np.cumsum(between > 0))
            sizes = np.empty(int(at[-1]) + 1, np.int64)
            sizes[at], sizes[at[1:][between > 0] - 1] = lengths, between[between > 0]
        else:
            rows = np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
            index = torch.from_numpy(np.arange(len(rows)) + rows).to(vectors.device)
            at, sizes = np.arange(len(starts)), lengths
        piece, scales = vectors[index], None if segment.scales is None else segment.scales[index]
        total = torch.zeros((len(sizes), 1 if scales is None else 2), dtype=torch.float32, device=vectors.device)
        for sign, query in self.parts:
            if self.fused is None or scales is not None:
                made = _by_torch(query, piece, sizes, scales)
            else:
                made = self.fused(query, piece, sizes)[:, None]
            total[:, 0] += sign * made[:, 0]
            total[:, 1:] = made[:, 1:]
        return total, at


def _in_eight_bits(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows as ``int8``, and ``(n, 2) float16``: what to multiply each with, and how wrong a product with it can be then
    for each unit of length of the other vector. Where that is no number, nothing can be said of the row."""
    import torch

    rows = rows.float()
    scales = (rows.abs().amax(dim=1, keepdim=True) / 127).half().clamp(min=TINY)
    small = (rows / scales).round().clamp(-127, 127)
    lost = (rows - small * scales).norm(dim=1, keepdim=True) + HALF * rows.norm(dim=1, keepdim=True)
    return small.char(), torch.cat([scales, (lost * (1 + HALF)).half()], dim=1)


def _by_torch(
    query: torch.Tensor, vectors: torch.Tensor, sizes: Rows, scales: torch.Tensor | None = None
) -> torch.Tensor:
    """Sum over query vectors of the greatest product with each of consecutive pages: ``(pages, 1) float32``.

    In eight bits ``(pages, 2)``: also how wrong a product with a page's vectors can be at most.
    """
    import torch

    out = torch.empty((len(sizes), 1 if scales is None else 2), dtype=torch.float32, device=vectors.device)
    for block, first, last in _blocks(sizes, max(1, BLOCK_NUMBERS // len(query))):
        product = _product(vectors[first:last], query)
        if scales is not None:
            product = torch.cat([product * scales[first:last, :1], scales[first:last, 1:]], dim=1)
        pages, longest = block.stop - block.start, int(sizes[block].max())
        if longest * pages == last - first:
            best = product.view(pages, longest, -1).amax(dim=1)
        else:
            owner = torch.from_numpy(np.repeat(np.arange(pages), sizes[block])).to(vectors.device)
            best = torch.full((pages, product.shape[1]), -torch.inf, device=vectors.device)
            best.scatter_reduce_(0, owner[:, None].expand_as(product), product, "amax")
        out[block, 0] = best[:, : len(query)].sum(dim=1)
        out[block, 1:] = best[:, len(query) :]
    return out


def _product(vectors: torch.Tensor, query: torch.Tensor) -> torch.Tensor:
    """Dot products ``(rows, m)``, summed in float32 and not rounded to half precision."""
    import torch

    if vectors.is_cuda and vectors.dtype in (torch.float16, torch.int8):
        return torch.mm(vectors.half(), query.half().T, out_dtype=torch.float32)
    return vectors.float() @ query.T


def _blocks(sizes: Rows, rows: int) -> Iterator[tuple[slice, int, int]]:
    """Consecutive pages of at most so many rows together, with their first and last row; a longer page is alone."""
    ends = np.cumsum(sizes)
    page = 0
    while page < len(sizes):
        before = int(ends[page] - sizes[page])
        after = max(int(np.searchsorted(ends, before + rows, side="right")), page + 1)
        yield slice(page, after), before, int(ends[after - 1])
        page = after


@functools.cache
def _fused() -> Callable[..., torch.Tensor] | None:
    """The one kernel for product and maximum, where it is installed and its compiler runs here."""
    if importlib.util.find_spec("late_interaction_kernels") is None or importlib.util.find_spec("triton") is None:
        return None
    import torch
    from late_interaction_kernels.varlen import maxsim_varlen

    def fused(query: torch.Tensor, vectors: torch.Tensor, sizes: Rows) -> torch.Tensor:
        ends = torch.from_numpy(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)).to(vectors.device)
        whole = torch.tensor([0, len(query)], dtype=torch.int32, device=vectors.device)
        scores: torch.Tensor = maxsim_varlen(query.half(), vectors, whole, ends, len(query), int(sizes.max()))[0]
        return scores

    return fused


def _key(flat: NDArray[Any]) -> object:
    """What names an array for as long as it only grows: its file, or itself."""
    return str(flat.filename) if isinstance(flat, np.memmap) and is_whole_file(flat) else id(flat)


def is_whole_file(flat: NDArray[Any]) -> bool:
    """Whether an array maps a file from its beginning; a part of one has the file's name too, and other rows."""
    return isinstance(flat, np.memmap) and isinstance(flat.base, mmap.mmap) and not flat.offset


@functools.cache
def accelerator() -> Accelerator | None:
    """The device that settings name, or None for the processor: `Settings.search_device`, `search_memory_mb`.

    A device that is not there is said once in the log, and the processor searches.
    """
    settings = Settings()
    wanted = settings.search_device
    if wanted == "cpu":
        return None
    import torch

    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else ""
        if not wanted:
            return None
    device = "cpu" if wanted == ON_PROCESSOR else wanted
    try:
        torch.zeros(1, dtype=torch.float16, device=device)
        budget = settings.search_memory_mb << 20 or int(_free(device) * SHARE_OF_FREE)
    except (RuntimeError, AssertionError) as error:  # torch raises either for a device it lacks
        said = str(error).splitlines()[0][:120]
        log.warning("PAGELENS_SEARCH_DEVICE=%s cannot be used here (%s); the processor searches", wanted, said)
        return None
    return Accelerator(device, budget, name=wanted)


def _free(device: str) -> int:
    import torch

    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)  # Apple's cards have the processor's memory
