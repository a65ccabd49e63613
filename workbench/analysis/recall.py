"""How much of the exact answer every quicker way to it still finds, measured over stored pages as queries.

A query is some of a page's own vectors, drawn by lot; the page itself is left out of all lists, since anything finds
it. The exact answer is MaxSim over all vectors of all pages. Three kinds of ways are held against what each stands in
for: an ``index`` (a pooled stage, against the exact answer), LanceDB's ``scan`` of an index's table (against our kernel
over the same vectors: both are exact, to the half precision that LanceDB sums in, so what is far from 1 is a fault) and
an ``ann`` index that LanceDB makes of them (against our kernel too). Of one vector a page that is the index that
searches of many pages ask, and its candidates are compared by the vectors themselves, as there; of many it is one that
searches never ask. Either is made for the measurement and dropped.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.errors import InputError
from workbench.store import Collection, EncoderVectors
from workbench.store.ann import CANDIDATES, LEAST, AnnTrial, ann_trial, make_ann
from workbench.store.files import room
from workbench.store.manifest import FULL
from workbench.timing import Stopwatch
from workbench.types import Float, ProgressCallback

QUERIES = 30
TOKENS = 16
"""Vectors of a query: as many as a short question has."""
K = 10
DEPTH_FACTOR = 10
"""How many times K the best of an index are looked at for what a later stage could still find."""
SCANS = 10
"""Queries that LanceDB's scan gets: over full vectors each takes a second or more, and a fault shows in a few."""
REFINE = 4
MAX_VECTORS = 400_000
"""Vectors of an index up to which an ann index of it is tried; training one of more takes minutes."""
MIN_VECTORS = 512
"""Below it there is nothing that an index could save."""

Search = Callable[[Float, int], Sequence[str]]
"""Hears how many measurements are done of how many; what it raises ends the work."""


@dataclass(frozen=True, slots=True)
class Recall:
    """One way against what it stands in for.

    ``kind`` is ``index``, ``scan`` or ``ann`` (see the module); ``recall`` the mean share of the best k that are among
    its best k, ``least`` that of the worst query, ``deep`` the mean share among its best 10 k, which is what a stage
    after an index can still put right (None for the other kinds); ``queries`` how many were asked; ``ms`` and
    ``against_ms`` the medians of a query's wall time by it and by what it is held against.
    """

    kind: str
    index: str
    way: str
    against: str
    recall: float
    least: float
    deep: float | None
    queries: int
    ms: float
    against_ms: float


@dataclass(frozen=True, slots=True)
class RecallReport:
    """What came of ``queries`` stored pages asked of a collection's ``pages`` by one encoder's vectors."""

    collection: str
    encoder: str
    pages: int
    queries: int
    k: int
    rows: tuple[Recall, ...]
    notes: tuple[str, ...] = ()


def measure(
    collection: Collection,
    scratch: Path,
    encoder: str = "",
    queries: int = QUERIES,
    seed: int = 0,
    progress: ProgressCallback = lambda done, total: None,
) -> RecallReport:
    """Measure every index of an encoder's vectors. ``scratch`` is a folder that is made, used and removed.

    `InputError` when there are too few pages to leave any out.
    """
    space = collection.space(encoder)
    pages = space.vectors(FULL).page_ids
    if len(pages) <= K + 1:
        raise InputError(f"'{collection.name}' has {len(pages)} pages; recall of the best {K} needs more than {K + 1}.")
    rng = np.random.default_rng(seed)
    chosen = [pages[int(i)] for i in rng.choice(len(pages), min(queries, len(pages)), replace=False)]
    asked = [(page, _some(found.vectors, rng)) for page, found in sorted(space.embeddings(chosen))]
    plain = [name for name in space.indexes if space.fitted(name).representation.plain]
    single = [name for name in space.indexes if _approximated(space, name)]
    tried = [
        name
        for name in plain
        if name not in single and MIN_VECTORS <= int(space.vectors(name).lengths.sum()) <= MAX_VECTORS
    ]
    total, rows = len(space.indexes) - 1 + len(plain) + len(tried) + len(single), list[Recall]()

    def add(found: Sequence[Recall]) -> None:
        rows.extend(found)
        progress(min(len(rows), total), total)

    progress(0, total)
    for name in space.indexes:
        if name != FULL:
            add([_held("index", name, name, _kernel(space, name), "exact MaxSim", _kernel(space, FULL), asked)])
    for name in plain:
        kernel = _kernel(space, name)
        add([_held("scan", name, "LanceDB scan", _scan(space, name), "our kernel", kernel, asked[:SCANS])])
    for name in tried:
        with ann_trial(space.mapped(name), scratch) as trial:
            add([_ann(trial, name, refine, _kernel(space, name), asked) for refine in (0, REFINE)])
    for name in single:
        add([_candidates(space, name, scratch, asked)])
    left = [name for name in plain if name not in tried and name not in single]
    notes = (f"No ann index was tried over {', '.join(left)}: too few or too many vectors.",) if left else ()
    return RecallReport(collection.name, space.encoder, len(pages), len(asked), K, tuple(rows), notes)


def _some(vectors: Float, rng: np.random.Generator) -> Float:
    rows = rng.choice(len(vectors), min(TOKENS, len(vectors)), replace=False)
    return np.ascontiguousarray(vectors[np.sort(rows)], np.float32)


def _kernel(space: EncoderVectors, index: str) -> Search:
    def search(query: Float, limit: int) -> Sequence[str]:
        held, fitted = space.vectors(index), space.fitted(index)
        scores = np.zeros(len(held.page_ids), np.float32)
        for block in held.blocks(np.arange(len(scores))):
            weights = np.ones(len(query), np.float32)
            scores[block.places] = fitted.score(query, weights, block.flat, block.starts, block.lengths)
        return [held.page_ids[i] for i in np.argsort(-scores, kind="stable")[:limit]]

    return search


def _scan(space: EncoderVectors, index: str) -> Search:
    def search(query: Float, limit: int) -> Sequence[str]:
        return [page for page, _ in space.lance_maxsim(index, query, limit, None)]

    return search


def _ann(trial: AnnTrial, index: str, refine: int, kernel: Search, asked: Sequence[tuple[str, Float]]) -> Recall:
    def search(query: Float, limit: int) -> Sequence[str]:
        return trial.search(query, limit, refine)

    way = f"IVF of {trial.partitions} cells" + (f", refined x{refine}" if refine else ", not refined")
    return _held("ann", index, way, search, "our kernel", kernel, asked)


def _approximated(space: EncoderVectors, index: str) -> bool:
    """Whether searches of many pages may ask an approximate index over this one."""
    stored = space.fitted(index).representation
    return stored.single and stored.encoding.lossless and len(space.vectors(index).page_ids) >= LEAST


def _candidates(space: EncoderVectors, index: str, scratch: Path, asked: Sequence[tuple[str, Float]]) -> Recall:
    """The approximate index as a search asks it: it names candidates, which are then compared."""
    held, fitted = space.mapped(index), space.fitted(index)
    with room(space.collection):
        scratch.mkdir(parents=True, exist_ok=True)
        try:
            ann = make_ann(scratch / "trial.ann.npz", "trial", held)

            def search(query: Float, limit: int) -> Sequence[str]:
                weights = np.ones(len(query), np.float32)
                vectors, sizes = fitted.query(query, weights)
                at = ann.search(np.asarray(sizes @ vectors, np.float32), limit * CANDIDATES, ann.probes())
                scores = fitted.score(query, weights, held.flat, held.starts[at], held.lengths[at])
                return [held.page_ids[at[i]] for i in np.argsort(-scores, kind="stable")[:limit]]

            way = f"IVF of {ann.cells} cells, {ann.probes()} looked in"
            return _held("ann", index, way, search, "every page", _kernel(space, index), asked)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _held(
    kind: str, index: str, way: str, search: Search, against: str, exact: Search, asked: Sequence[tuple[str, Float]]
) -> Recall:
    """A way to search held against another, query by query; the first query is asked twice, to warm both."""
    shares, deep, ms, against_ms = list[float](), list[float](), list[float](), list[float]()
    depth = K * DEPTH_FACTOR if kind == "index" else K
    for i, (page, query) in enumerate((asked[0], *asked)):
        watch = Stopwatch()
        found = [other for other in search(query, depth + 1) if other != page]
        mine = watch.lap()
        wanted = [other for other in exact(query, K + 1) if other != page][:K]
        theirs = watch.lap()
        if i == 0:
            continue
        shares.append(len(set(wanted).intersection(found[:K])) / len(wanted))
        deep.append(len(set(wanted).intersection(found[:depth])) / len(wanted))
        ms.append(mine)
        against_ms.append(theirs)
    return Recall(
        kind,
        index,
        way,
        against,
        float(np.mean(shares)),
        min(shares),
        float(np.mean(deep)) if depth > K else None,
        len(asked),
        float(np.median(ms)),
        float(np.median(against_ms)),
    )
