"""Pages to look at twice: found by too many unrelated questions, or copies of one another.

A single picture can be made so that any question finds it ("One Pic is All it Takes", arXiv 2504.02132), and natural
pages can be hubs too: tables of contents, index pages, dense text. Each page is held against probe questions that have
nothing to do with it; the numbers are evidence for a person, not a verdict. A page made for one question only does not
show here. `audit` asks the probes of a collection; the rest is arithmetic on what came of them. Pages in quarantine are
left out. What this module does not do: remove anything, or change a ranking.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.errors import InputError
from workbench.maxsim import maxsim_of_ranges
from workbench.retrieval import QueryModels
from workbench.store import Collection, EncoderVectors
from workbench.store.manifest import FULL
from workbench.types import Float, PageRef, ProgressCallback, Query, QueryEmbedding, Words

PROBES = 200
MAX_VECTORS = 3_000_000
"""Page vectors up to which probes are compared with all of them; beyond, with one mean vector a page."""
_PAGES_READ = 300
SHOWN = 8
"""Probes named with a suspect."""
_ORDINARY = 25
"""Ordinary pages that a suspect's concentration is held against."""

Z_LIMIT = 6.0
SHARE_LIMIT = 0.10
FLOOR_LIMIT = 2.0
MIN_PAGES = 100
"""Below so many pages a count of top places says little, and the floor alone is held against its limit."""
NEAR_COSINE = 0.985
NEAR_WORDS = 0.8
_SHINGLE = 3
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class PageHubness:
    """One page against all probes.

    ``count`` probes with the page among their best k, ``z`` how far that lies above chance (in standard deviations of a
    binomial count), ``floor`` the 10th percentile over probes of the page's robust z-score among all pages: near or
    below 0 for a natural page, high for one that every question finds. ``suspicious`` when a limit is passed.
    """

    page_id: str
    count: int
    z: float
    floor: float
    suspicious: bool


@dataclass(frozen=True, slots=True)
class Concentration:
    """How few of a page's vectors win: ``share`` of all (probe, token) maxima won by its best eight ``vectors``."""

    share: float
    vectors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProbeHit:
    """A probe question that had a page among its best, and at which rank."""

    query: str
    rank: int


@dataclass(frozen=True, slots=True)
class Suspect:
    """A page to look at, and why.

    ``optimised`` when its vectors look made to be found: it stands far above the middle of the collection for nearly
    every question, which a table of contents or a page of dense text does not. ``found`` are probes that found it, the
    best rank first, at most `SHOWN`.
    """

    ref: PageRef
    hubness: PageHubness
    concentration: Concentration
    found: tuple[ProbeHit, ...] = ()

    @property
    def optimised(self) -> bool:
        """Whether its floor alone is beyond what pages of documents have."""
        return self.hubness.floor > FLOOR_LIMIT


@dataclass(frozen=True, slots=True)
class Audit:
    """What a collection's pages did with ``probes`` unrelated questions, of which each named its best ``k`` pages.

    ``index`` is what they were compared with; ``skewness`` that of the pages' counts; ``suspects`` the most suspicious
    first; ``copies`` pairs of pages that look and read alike, with their cosine. ``typical`` is the median
    `Concentration.share` of some ordinary pages, to hold a suspect's against.
    """

    collection: str
    encoder: str
    index: str
    pages: int
    probes: int
    k: int
    skewness: float
    suspects: tuple[Suspect, ...]
    copies: tuple[tuple[PageRef, PageRef, float], ...]
    typical: float = 0.0


def audit(
    collection: Collection,
    models: QueryModels,
    encoder: str = "",
    probes: int = PROBES,
    k: int = 10,
    seed: int = 0,
    progress: ProgressCallback = lambda done, total: None,
) -> Audit:
    """Hold every page of a collection against probe questions drawn from its own words.

    `InputError` when no page has words to draw them from.
    """
    space = collection.space(encoder)
    refs = collection.refs(collection.page_ids(None))
    drawn = random.Random(seed).sample(sorted(refs), min(_PAGES_READ, len(refs)))
    asked = probe_texts([collection.page(refs[page]).words for page in drawn], probes, seed)
    if not asked:
        raise InputError(f"Collection '{collection.name}' has no words to make probe questions of.")
    queries: list[QueryEmbedding] = []
    for done, text in enumerate(asked):
        progress(done, len(asked))
        queries.append(models.encode(space.encoder, Query.of(text)).embedding)
    index, ids, scores = _scored(space, queries)
    pages = hubness(ids, scores, k)
    finders = _finders(ids, scores, k)

    def won(page: str) -> Concentration:
        return concentration(queries, space.page_embedding(page).vectors)

    suspects = tuple(
        Suspect(
            refs[page.page_id],
            page,
            won(page.page_id),
            tuple(ProbeHit(asked[probe], rank) for rank, probe in finders.get(page.page_id, ())[:SHOWN]),
        )
        for page in pages
        if page.suspicious and page.page_id in refs
    )
    ordinary = [page.page_id for page in pages if not page.suspicious][:: max(1, len(pages) // _ORDINARY)][:_ORDINARY]
    typical = float(np.median([won(page).share for page in ordinary])) if ordinary else 0.0
    shape = skewness([page.count for page in pages])
    copies = tuple((refs[a], refs[b], cosine) for a, b, cosine in _copies(collection, space) if a in refs and b in refs)
    return Audit(collection.name, space.encoder, index, len(ids), len(asked), k, shape, suspects, copies, typical)


def _scored(space: EncoderVectors, queries: Sequence[QueryEmbedding]) -> tuple[str, Sequence[str], Float]:
    """Every query's score for every page: the index compared with, page ids, ``(queries, pages) float32``."""
    index = FULL if sum(space.counts(FULL).values()) <= MAX_VECTORS or "global" not in space.indexes else "global"
    held = space.mapped(index)
    rows = [maxsim_of_ranges(q.vectors, held.flat, held.starts, held.lengths, q.weights) for q in queries]
    return index, held.page_ids, np.stack(rows)


def _copies(collection: Collection, space: EncoderVectors) -> list[tuple[str, str, float]]:
    index = FULL if space.info.kind == "page" else "global"
    if index not in space.indexes:
        return []
    held = space.mapped(index)
    refs = collection.refs(held.page_ids)

    @functools.lru_cache(maxsize=1024)
    def text_of(page: str) -> str:
        return collection.page(refs[page]).words.text if page in refs else page

    first = np.asarray(held.flat[held.starts], np.float32)
    unit = first / np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-12)
    return near_copies(held.page_ids, unit, text_of)


def probe_texts(pages: Sequence[Words], count: int, seed: int = 0) -> list[str]:
    """``count`` probe questions: half are text lines of the pages, half random words of them. The same for a seed.

    Neither is a question anybody asked; hold them apart from evaluation questions.
    """
    lines = sorted({line for words in pages for line in _lines(words)})
    vocabulary = sorted({word.lower() for words in pages for text in words.texts for word in _WORD.findall(text)})
    if not vocabulary:
        return []
    generator = random.Random(seed)
    asked = generator.sample(lines, min(count // 2, len(lines)))
    while len(asked) < count:
        asked.append(" ".join(generator.choices(vocabulary, k=generator.randint(3, 7))))
    return asked


def hubness(page_ids: Sequence[str], scores: Float, k: int = 10) -> list[PageHubness]:
    """Every page against the probes, the most suspicious first.

    ``scores (probes, pages) float32``, a probe's score for each page. Ties at the k-th place go to the first page id.
    """
    probes, pages = scores.shape
    if not probes or not pages:
        return []
    k = min(k, pages)
    counts = np.bincount(_best(page_ids, scores, k).ravel(), minlength=pages)
    expected = probes * k / pages
    z = (counts - expected) / max(expected * (1 - k / pages), 1e-9) ** 0.5
    floors = np.percentile(_robust(scores), 10, axis=0)
    crowded = (z > Z_LIMIT) & (counts > SHARE_LIMIT * probes) if pages >= MIN_PAGES else np.zeros(pages, bool)
    suspicious = crowded | (floors > FLOOR_LIMIT)
    found = [
        PageHubness(page, int(counts[i]), float(z[i]), float(floors[i]), bool(suspicious[i]))
        for i, page in enumerate(page_ids)
    ]
    return sorted(found, key=lambda page: (not page.suspicious, -page.floor, -page.count, page.page_id))


def _best(page_ids: Sequence[str], scores: Float, k: int) -> NDArray[np.int64]:
    """Positions of each probe's best k pages, ``(probes, k)``, the best first."""
    order = np.argsort(np.asarray(page_ids, object))
    return np.asarray(order[np.argsort(-scores[:, order], axis=1, kind="stable")[:, :k]], np.int64)


def _finders(page_ids: Sequence[str], scores: Float, k: int) -> dict[str, list[tuple[int, int]]]:
    """By page: the probes that have it among their best k, as (rank from 1, probe), the best rank first."""
    found: dict[str, list[tuple[int, int]]] = {}
    for probe, pages in enumerate(_best(page_ids, scores, k)):
        for rank, page in enumerate(pages, 1):
            found.setdefault(page_ids[page], []).append((rank, probe))
    return {page: sorted(places) for page, places in found.items()}


def skewness(counts: Sequence[int]) -> float:
    """Skewness of the counts over the pages (Radovanovic et al. 2010): 0 without hubs, large with them."""
    values = np.asarray(counts, np.float64)
    spread = values.std()
    return float((((values - values.mean()) / spread) ** 3).mean()) if spread > 0 else 0.0


def concentration(probes: Sequence[QueryEmbedding], vectors: Float, best: int = 8) -> Concentration:
    """Which of a page's ``vectors (n, dim)`` win the tokens of unrelated probes: on a natural page, many."""
    wins = np.zeros(len(vectors), np.int64)
    for probe in probes:
        np.add.at(wins, (probe.vectors @ vectors.T).argmax(axis=1), 1)
    top = np.argsort(-wins, kind="stable")[:best]
    return Concentration(float(wins[top].sum() / max(wins.sum(), 1)), tuple(int(i) for i in top if wins[i]))


def near_copies(
    page_ids: Sequence[str], vectors: Float, text_of: Callable[[str], str], limit: int = 200
) -> list[tuple[str, str, float]]:
    """Pairs of pages that look and read alike: ``(page, page, cosine)``, the most alike first.

    ``vectors (pages, dim)`` has a unit row per page. A pair counts when the cosine is at least `NEAR_COSINE` and the
    texts share at least `NEAR_WORDS` of their runs of three words. Pages are compared in blocks, so that memory grows
    with the pages, not with their pairs.
    """
    pairs: list[tuple[float, int, int]] = []
    step = 1024
    for start in range(0, len(vectors), step):
        close = vectors[start : start + step] @ vectors.T
        rows, cols = np.nonzero(close >= NEAR_COSINE)
        pairs += [
            (float(close[row, col]), start + int(row), int(col))
            for row, col in zip(rows, cols, strict=True)
            if start + row < col
        ]
    found = []
    for cosine, a, b in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if jaccard(text_of(page_ids[a]), text_of(page_ids[b])) >= NEAR_WORDS:
            found.append((page_ids[a], page_ids[b], cosine))
            if len(found) == limit:
                break
    return found


def jaccard(a: str, b: str) -> float:
    """Runs of three words that two texts share, over all they have; 1 for two texts without words."""
    first, second = _shingles(a), _shingles(b)
    union = first | second
    return len(first & second) / len(union) if union else 1.0


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[i : i + _SHINGLE]) for i in range(max(1, len(words) - _SHINGLE + 1))} if words else set()


def _robust(scores: Float) -> NDArray[np.float64]:
    """Each probe's scores as distances from their median, in units of their spread (1.4826 MAD)."""
    wide = scores.astype(np.float64)
    median = np.median(wide, axis=1, keepdims=True)
    spread = 1.4826 * np.median(np.abs(wide - median), axis=1, keepdims=True)
    return np.asarray((wide - median) / np.maximum(spread, 1e-9), np.float64)


def _lines(words: Words) -> list[str]:
    """Text lines of four to twelve words, which read like something a person might ask."""
    if not len(words):
        return []
    cuts = np.flatnonzero(np.diff(words.lines)) + 1
    found = []
    for part in np.split(np.arange(len(words)), cuts):
        text = [words.texts[i] for i in part]
        if 4 <= len(text) <= 12 and sum(bool(_WORD.search(word)) for word in text) >= 3:
            found.append(" ".join(text))
    return found
