"""Examines a model on this machine from end to end: what it makes of real pages, beside what its own library makes.

The same examination serves a checkpoint of billions of weights and the tiny ones of the tests. Everything it looks at
becomes a finding; one that fails says what differs, and keeps no other from being made.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from PIL import Image, ImageDraw

from workbench import resources
from workbench.documents import ReadSettings, Source, copy_pages, read_pages
from workbench.encoders import Encoder, Loader
from workbench.encoders.base import under_policy
from workbench.encoders.inspection import Official, OfficialPage, Residence, TextOfficial, direct, residence, unmixed
from workbench.encoders.pictures import seen
from workbench.encoders.registry import spec
from workbench.encoders.tokens import OFFICIAL
from workbench.errors import EncoderError
from workbench.maxsim import maxsim, maxsim_reference, similarities
from workbench.rates import Rates
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.timing import interleaved, median_ratio
from workbench.types import Box, Float, Page, PageEmbedding, PageFailure, Ragged, Words

QUERY = "How do I make the arrows run from left to right?"
PDF, PDF_PAGES = "dotguide.pdf", (5, 14)
PICTURE = "co2-mauna-loa.png"
"""An upright page, another that is looked at without its margins, and a wide picture."""
DPI = 144
REPEATS = 5
SLOW = 5.0
"""Seconds a page from which on a time is measured once: a model that slow needs no median."""
CLOSE = {"float32": 1e-4}
COARSE = 0.02
"""How far a cosine between two runs of the same model may be from 1: in float32, and in 16 bits."""
WHOLE = (0.0, 0.0, 1.0, 1.0)
MIN_MOVE = 0.05
"""A vector counts as moved when it moves by this share of the farthest move."""
REPLACEMENTS = 3
"""Words tried in place of one, those of as many pieces first: one of more or fewer shifts all behind it, and a model
that knows its words by their numbers then sees another text there."""

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing that was looked at; ``ok`` None where there is nothing to compare with, or it is told as it is."""

    name: str
    ok: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class PageLook:
    """What became of one page: the pixels the model was given, grid (rows, cols) or none, vectors, seconds."""

    name: str
    size: tuple[int, int]
    cropped: bool
    grid: tuple[int, int] | None
    vectors: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ModelReport:
    """A model examined. ``overhead`` is the share of time that Pagelens adds to the model's own calls, None unknown."""

    id: str
    name: str
    family: str
    kind: str
    dim: int
    revision: str
    weights_hash: str
    policy: str
    residence: Residence
    load_seconds: float
    seconds_per_page: float | None
    overhead: float | None
    pages: tuple[PageLook, ...]
    findings: tuple[CheckResult, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing differs from what it should be."""
        return all(finding.ok is not False for finding in self.findings)


class Examination(Protocol):
    """A model on the table: the steps of looking at it, and what they came to."""

    def steps(self) -> Iterator[tuple[str, Callable[[], CheckResult | None]]]:
        """What is looked at, in the order a person would ask; a finding of None where there is nothing to say."""

    def report(self, load_seconds: float, findings: Sequence[CheckResult]) -> ModelReport:
        """The model examined."""


def examined(
    settings: Settings,
    loading: AbstractContextManager[M],
    laid: Callable[[Settings, M, Path], Examination],
    progress: Callable[[str], None],
) -> ModelReport:
    """Load a model and examine it in a throw-away folder; ``laid`` puts it on the table.

    What a page takes in the model is kept among the rates of the home folder.
    """
    progress("loading")
    started = time.perf_counter()
    with loading as model, tempfile.TemporaryDirectory(prefix="pagelens-check-") as folder:
        load_seconds = time.perf_counter() - started
        examination = laid(settings, model, Path(folder))
        findings = []
        for name, step in examination.steps():
            progress(name)
            try:
                finding = step()
            except Exception as error:  # a finding that cannot be made is one; the others are still wanted
                finding = CheckResult(name, False, f"{type(error).__name__}: {error}")
            if finding is not None:
                findings.append(finding)
        report = examination.report(load_seconds, findings)
    if report.seconds_per_page is not None:
        Rates(settings.home).learn(report.id, encode_seconds_per_page=report.seconds_per_page)
    return report


def check(settings: Settings, encoder_id: str, progress: Callable[[str], None] = lambda text: None) -> ModelReport:
    """Examine an encoder; ``progress`` hears what is looked at next. `EncoderError` when it cannot be loaded."""
    return examined(settings, Loader.of(settings).using(encoder_id), _Examination, progress)


class _Examination:
    """One model on the table: the pages, what it made of them, and the findings so far."""

    def __init__(self, settings: Settings, encoder: Encoder, folder: Path) -> None:
        self.settings, self.encoder, self.folder = settings, encoder, folder
        self.residence = residence(encoder)
        self.tolerance = CLOSE.get(self.residence.dtype, COARSE)
        self.official = Official.of(encoder)
        self.official_pages: dict[str, OfficialPage] = {}
        self.overhead: float | None = None
        self.pages = sample_pages(folder)
        self.looks: list[PageLook] = []
        self.embeddings: dict[str, PageEmbedding] = {}

    def steps(self) -> Iterator[tuple[str, Callable[[], CheckResult | None]]]:
        """As of `Examination`."""
        yield "pages", self._pages
        if not self.embeddings:
            return  # without vectors there is nothing to look at
        yield "batches", self._batches
        yield "places", self._places
        yield "vectors", self._vectors
        yield "query", self._query
        yield "scores", self._scores
        yield "maps", self._maps
        yield "collection", self._collection
        yield "overhead", self._overhead

    def report(self, load_seconds: float, findings: Sequence[CheckResult]) -> ModelReport:
        """As of `Examination`."""
        info, row = self.encoder.info, spec(self.encoder.info.id)
        return ModelReport(
            id=info.id,
            name=info.name,
            family=row.family,
            kind=info.kind,
            dim=info.dim,
            revision=info.revision,
            weights_hash=info.weights_hash,
            policy=info.policy,
            residence=self.residence,
            load_seconds=load_seconds,
            seconds_per_page=self._seconds_per_page,
            overhead=self.overhead,
            pages=tuple(self.looks),
            findings=tuple(findings),
        )

    # -- what is looked at --------------------------------------------------------------------------------------------

    def _pages(self) -> CheckResult:
        """Real pages become unit vectors of the dimension stated, each with a place inside what the model saw."""
        self._encode([self.pages[0]])  # not timed: the first call also sets libraries up
        wrong = []
        for page in self.pages:
            started = time.perf_counter()
            (found,) = self._encode([page])
            seconds = time.perf_counter() - started
            name = _name(page)
            self.embeddings[name] = found
            grid, picture = found.geometry.grid, seen(page)
            cropped = page.crop != WHOLE
            self.looks.append(PageLook(name, picture.size, cropped, grid, len(found.vectors), seconds))
            if complaint := _misplaced(found, page.crop, self.encoder.info.dim):
                wrong.append(f"{name}: {complaint}")
        grids = ", ".join(_of_grid(look) for look in self.looks)
        return CheckResult("pages", not wrong, "; ".join(wrong) or grids)

    def _batches(self) -> CheckResult:
        """Pages of several sizes give the same vectors together as alone."""
        together = self._encode(self.pages)
        worst = min(_least_cosine(self.embeddings[_name(page)].vectors, found.vectors)
                    for page, found in zip(self.pages, together, strict=True))  # fmt: skip
        return self._alike("batches", worst, f"{len(self.pages)} pages of mixed sizes together and alone")

    def _places(self) -> CheckResult:
        """What changes on a page changes the vectors that lie there."""
        kind = self.encoder.info.kind
        if kind == "words":
            return self._places_of_words()
        if kind == "page":
            return self._whole_page()
        hits = total = 0
        missed = []
        with unmixed(self.encoder):
            for page in self.pages[1:]:
                plain = replace(page, image=partial(_blank, page))
                (before,) = self._encode([plain])
                for cell in _cells(before):
                    (after,) = self._encode([replace(page, image=partial(_marked, page, before.geometry.boxes[cell]))])
                    total += 1
                    if _moved(before, after) == [cell]:
                        hits += 1
                    else:
                        missed.append(f"{_name(page)} cell {int(before.geometry.cell[cell])}")
        detail = f"{hits} of {total} marks changed the vector of their place and no other, all layers silenced"
        return CheckResult("places", hits == total, detail + (f"; not: {', '.join(missed[:4])}" if missed else ""))

    def _places_of_words(self) -> CheckResult:
        page = max(self.pages, key=lambda page: len(page.words))
        (before,) = self._encode([page])
        texts, boxes = page.words.texts, [tuple(box) for box in page.words.boxes.round(5)]
        vectors = Counter(tuple(box) for box in before.geometry.boxes.round(5))
        read = [i for i, text in enumerate(texts) if boxes[i] in vectors and text.isalnum()]
        wanted = [read[i] for i in np.linspace(0, len(read) - 1, 7).astype(int)[1:-1]]

        def unlike(one: int, other: int) -> tuple[int, int]:
            return abs(vectors[boxes[one]] - vectors[boxes[other]]), abs(len(texts[one]) - len(texts[other]))

        def seen_there(word: int) -> bool:
            others = [i for i in read if texts[i].casefold() != texts[word].casefold()]
            for other in sorted(others, key=partial(unlike, word))[:REPLACEMENTS]:
                changed = replace(page.words, texts=(*texts[:word], texts[other], *texts[word + 1 :]))
                (after,) = self._encode([replace(page, words=changed)])
                if _farthest_moved(before, after) == boxes[word]:
                    return True
            return False

        hits = sum(map(seen_there, wanted))
        return CheckResult(
            "places",
            hits == len(wanted) > 0,
            f"{hits} of {len(wanted)} words replaced changed the vector of their box",
        )

    def _whole_page(self) -> CheckResult:
        page = self.pages[-1]
        plain = replace(page, image=partial(_blank, page))
        (before,) = self._encode([plain])
        deaf = []
        for name, box in {
            "top": (0.3, 0.0, 0.7, 0.2),
            "middle": (0.3, 0.4, 0.7, 0.6),
            "bottom": (0.3, 0.8, 0.7, 1.0),
        }.items():
            (after,) = self._encode([replace(page, image=partial(_marked, page, np.array(box, np.float32)))])
            if np.abs(before.vectors - after.vectors).max() < 1e-4:
                deaf.append(name)
        detail = (
            f"a mark at the {' and the '.join(deaf)} changes nothing" if deaf else "a mark anywhere changes the vector"
        )
        return CheckResult("places", not deaf, detail)

    def _vectors(self) -> CheckResult | None:
        """The page vectors are those that the model's own library gives."""
        if isinstance(self.official, TextOfficial):
            return self._vectors_of_words(self.official)
        if self.official is not None:
            for page in self.pages:
                self.official_pages[_name(page)] = self.official.page(seen(page))
            theirs = {name: page.vectors[page.shown] for name, page in self.official_pages.items()}
        elif self.encoder.info.kind == "page" and (bare := direct(self.encoder)) is not None:
            theirs = {_name(page): np.asarray(bare([seen(page)]), np.float32) for page in self.pages}
        else:
            return CheckResult("vectors", None, "no other library to compare page vectors with")
        worst = 1.0
        for name, vectors in theirs.items():
            if vectors.shape != self.embeddings[name].vectors.shape:
                return CheckResult("vectors", False, f"{name}: the library has {vectors.shape}, "
                               f"we have {self.embeddings[name].vectors.shape} vectors and numbers")  # fmt: skip
            worst = min(worst, _least_cosine(vectors, self.embeddings[name].vectors))
        told = "page vectors here and by the library's own calls"
        if self.official is not None and OFFICIAL in spec(self.encoder.info.id).page_policies:
            page = self.pages[0]  # one is enough: only which tokens are kept differs
            (whole,) = self._encode([page], under_policy(self.encoder, pages=OFFICIAL))
            worst = min(worst, _least_cosine(self.official_pages[_name(page)].vectors, whole.vectors))
            told += f", of {_name(page)} with its prompt too"
        return self._alike("vectors", worst, told)

    def _vectors_of_words(self, official: TextOfficial) -> CheckResult:
        """A text that the library reads at once gives the vectors it gives there, marks included."""
        page = max(self.pages, key=lambda page: len(page.words))
        few = page.words.texts[: max(1, official.longest // 8)]  # no page has words of more than eight pieces each
        words = Words(few, page.words.boxes[: len(few)], page.words.lines[: len(few)], page.words.ocr[: len(few)])
        ours = under_policy(self.encoder, pages=OFFICIAL)
        (found,) = self._encode([replace(page, words=words, crop=WHOLE)], ours)
        theirs = official.text(few)
        if theirs.shape != found.vectors.shape:
            return CheckResult("vectors", False, f"the library has {theirs.shape}, we have {found.vectors.shape}")
        told = f"vectors of {len(few)} words and the model's marks, here and by the library's own call"
        return self._alike("vectors", _least_cosine(theirs, found.vectors), told)

    def _query(self) -> CheckResult:
        """The query is the library's own: as many tokens, the same vectors."""
        mine = self.encoder.encode_query(QUERY)
        told = f"{len(mine.vectors)} vectors under policy {mine.policy}"
        if self.official is None:
            again = self.encoder.encode_query(QUERY)
            return self._alike("query", _least_cosine(mine.vectors, again.vectors), f"{told}, asked twice")
        theirs = self.official.query(QUERY)
        if theirs.shape != mine.vectors.shape:
            return CheckResult("query", False, f"{told}, but the library's query has {len(theirs)}")
        return self._alike("query", _least_cosine(theirs, mine.vectors), f"{told}, here and by the library's own call")

    def _scores(self) -> CheckResult:
        """Our scores are those of the library's own scorer for the same vectors, or of the definition, slowly."""
        query = self.encoder.encode_query(QUERY)
        far, whole = 0.0, []
        for name, found in self.embeddings.items():
            one = Ragged(found.vectors, np.array([0, len(found.vectors)], np.int64))
            ours = float(maxsim(query.vectors, one, query.weights)[0])
            if self.official is None:
                theirs = float(maxsim_reference(query.vectors, one, query.weights)[0])
            elif isinstance(self.official, TextOfficial):
                theirs = self.official.score(query.vectors, found.vectors)
            else:
                page, asked = self.official_pages[name], self.official.query(QUERY)
                theirs = self.official.score(asked, page.vectors[page.shown])
                whole.append(f"{self.official.score(asked, page.vectors) - theirs:+.3f}")
            far = max(far, abs(ours - theirs) / max(1.0, abs(theirs)))
        detail = f"farthest from {'the library' if self.official else 'the definition'} by {far:.1e} of the score"
        if whole and self.encoder.info.kind == "patches":
            detail += f"; counting the prompt's tokens too would add {', '.join(whole)}"
        return CheckResult("scores", far <= self.tolerance, detail)

    def _maps(self) -> CheckResult | None:
        """Our similarities, laid out by our boxes, are colpali-engine's similarity maps."""
        if self.encoder.info.kind != "patches":
            return None
        if self.official is None:
            return CheckResult("maps", None, "no other library to compare similarity maps with")
        asked, far, compared, unknown = self.official.query(QUERY), 0.0, 0, []
        for page in self.pages:
            name = _name(page)
            found, official = self.embeddings[name], self.official_pages[name]
            grid = self.official.grid(seen(page), len(found.vectors)) if len(official.tiles) == 1 else None
            if grid is None and len(official.tiles) == 1:
                unknown.append(name)
            try:
                theirs = self.official.maps(asked, official, grid or found.geometry.grid or (1, len(found.vectors)))
            except EncoderError as error:
                return CheckResult("maps", None, f"not compared: {error}")
            ours = _laid_out(similarities(asked, found.vectors), found, official.tiles)
            for one, other in zip(ours, theirs, strict=True):
                if one.shape != other.shape:
                    return CheckResult(
                        "maps", False, f"{name}: our map is {one.shape[1:]}, the library's {other.shape[1:]}"
                    )
                far, compared = max(far, float(np.abs(one - other).max())), compared + 1
        detail = f"{compared} maps, farthest from the library's by {far:.1e}"
        if unknown:
            detail += f"; it does not say the grid of {', '.join(unknown)}, ours was used"
        return CheckResult("maps", far <= self.tolerance, detail)

    def _collection(self) -> CheckResult:
        """A throw-away collection of the same pages finds them, by the scores that the vectors have, and explains."""
        bench = Workbench(self.settings.model_copy(update={"home": self.folder / "home"}))
        files = [self.folder / PDF, self.folder / PICTURE]
        made = CollectionSettings(encoder=self.encoder.info.id, dpi=DPI, ocr=False)
        report = bench.ingestion.ingest(files, "check", made)
        failed = [f"page {f.page} of {d.name}: {f.reason}" for d in report.documents for f in d.failed]
        if failed:
            return CheckResult("collection", False, "; ".join(failed))
        found = bench.searches.search(QUERY, "check", "exact", 10)
        query = self.encoder.encode_query(QUERY)
        wanted = {name: float((query.weights * similarities(query.vectors, page.vectors).max(axis=1)).sum())
                  for name, page in self.embeddings.items()}  # fmt: skip
        scores = {str(hit.ref): hit.score for hit in found.hits}
        uncropped = [_name(page) for page in self.pages if page.crop == WHOLE]
        far = max((abs(scores.get(name, np.inf) - wanted[name]) for name in uncropped), default=0.0)
        best = found.hits[0]
        explained = bench.explanations.explain(QUERY, best.ref, "check")
        total = sum(row.contribution for row in explained.ledger)
        staged = bench.searches.search(QUERY, "check", "two-stage", 10)
        wrong = []
        if len(found.hits) != sum(document.indexed for document in report.documents):
            wrong.append(f"{len(found.hits)} pages found of {sum(d.indexed for d in report.documents)}")
        if far > max(self.tolerance, 2e-3) * len(query.vectors):  # the store keeps vectors in 16 bits
            wrong.append(f"a score is {far:.1e} away from that of the page's vectors")
        if abs(total - best.score) > 2e-3 * len(query.vectors) or not np.isfinite(explained.similarities).all():
            wrong.append(f"the ledger adds up to {total:.4f}, the score is {best.score:.4f}")
        if [hit.ref for hit in staged.hits] != [hit.ref for hit in found.hits]:
            wrong.append("two stages rank all pages differently from one")
        detail = f"{len(found.hits)} pages indexed, found and explained; scores within {far:.1e} of the page's vectors"
        return CheckResult("collection", not wrong, "; ".join(wrong) or detail)

    def _overhead(self) -> CheckResult | None:
        """What Pagelens adds to the time of the model's own calls, over the same pictures."""
        bare = direct(self.encoder)
        if bare is None or (self.encoder.info.kind == "patches" and self.official is None):
            return None
        pages = [page for page in self.pages if page.crop == WHOLE]  # to crop is not to call the model
        pictures = [seen(page) for page in pages]
        repeats = 1 if (self._seconds_per_page or 0) > SLOW else REPEATS
        ours, theirs = interleaved([lambda: self._encode(pages), lambda: bare(pictures)], repeats)
        self.overhead = median_ratio(ours, theirs) - 1
        return CheckResult(
            "overhead", None, f"{self.overhead:+.1%} over the model's own calls, median of {repeats}, as measured"
        )

    # -- with what ----------------------------------------------------------------------------------------------------

    @property
    def _seconds_per_page(self) -> float | None:
        return float(np.median([look.seconds for look in self.looks])) if self.looks else None

    def _encode(self, pages: Sequence[Page], encoder: Encoder | None = None) -> list[PageEmbedding]:
        found = (encoder or self.encoder).encode_pages(pages)
        for page in found:
            if isinstance(page, PageFailure):
                raise EncoderError(f"{page.ref}: {page.reason}")
        return [page for page in found if isinstance(page, PageEmbedding)]

    def _alike(self, name: str, cosine: float, what: str) -> CheckResult:
        return CheckResult(name, cosine >= 1 - self.tolerance, f"{what}: least cosine {cosine:.6f}")


def sample_pages(folder: Path) -> list[Page]:
    """The pages to look at, their files in ``folder``. Reading files is not the model's."""
    documents = resources.sample_data() / "documents"
    copy_pages(documents / PDF, folder / PDF, PDF_PAGES)
    (folder / PICTURE).write_bytes((documents / PICTURE).read_bytes())
    plain, cropped = ReadSettings(DPI, ocr=False), ReadSettings(DPI, ocr=False, crop=True)
    wanted = [(PDF, plain, 1), (PDF, cropped, 2), (PICTURE, plain, 1)]
    found = []
    for name, how, number in wanted:
        for page in read_pages(Source(folder / name, name), how, [number]):
            if isinstance(page, PageFailure):
                raise EncoderError(f"The sample page {page.ref} cannot be read: {page.reason}")
            found.append(page)
    return found


def _name(page: Page) -> str:
    return str(page.ref)


def _of_grid(look: PageLook) -> str:
    grid = f"{look.grid[0]} x {look.grid[1]} grid, " if look.grid else ""
    return f"{look.name}{' cropped' if look.cropped else ''}: {grid}{look.vectors:,} vectors"


def _misplaced(found: PageEmbedding, crop: Box, dim: int) -> str:
    """What is wrong with an embedding's shape and places, or nothing."""
    boxes, cell = found.geometry.boxes, found.geometry.cell
    if found.vectors.shape != (len(boxes), dim):
        return f"{found.vectors.shape} vectors for {len(boxes)} places of {dim} numbers"
    if not np.allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-4):
        return "vectors that are not of length 1"
    if (boxes < -1e-4).any() or (boxes > 1 + 1e-4).any() or (boxes[:, 2:] < boxes[:, :2]).any():
        return "places outside the page"
    if found.geometry.grid is None:
        return ""
    rows, cols = found.geometry.grid
    if sorted(cell[cell >= 0].tolist()) != list(range(rows * cols)):
        return f"cells of a {rows} x {cols} grid that are missing or there twice"
    around = np.r_[boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)]
    return "" if np.allclose(around, crop, atol=1e-3) else f"places over {around.round(3).tolist()}, not {crop}"


def _least_cosine(one: Float, other: Float) -> float:
    """The smallest cosine between rows of the same place; -1 when the shapes differ."""
    if one.shape != other.shape:
        return -1.0
    a, b = np.asarray(one, np.float64), np.asarray(other, np.float64)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(((a * b).sum(axis=1) / np.maximum(lengths, 1e-12)).min())


def _farthest_moved(before: PageEmbedding, after: PageEmbedding) -> tuple[float, ...]:
    """The box whose vectors, on average, differ most between two readings of a page."""
    means = [_by_box(page) for page in (before, after)]
    return max(means[0].keys() & means[1].keys(), key=lambda box: float(np.linalg.norm(means[0][box] - means[1][box])))


def _by_box(page: PageEmbedding) -> dict[tuple[float, ...], Float]:
    """The mean vector of each place."""
    boxes, inverse = np.unique(page.geometry.boxes.round(5), axis=0, return_inverse=True)
    sums = np.zeros((len(boxes), page.vectors.shape[1]), np.float32)
    np.add.at(sums, inverse.ravel(), page.vectors)
    counts = np.bincount(inverse.ravel(), minlength=len(boxes))
    return {tuple(box): total / count for box, total, count in zip(boxes, sums, counts, strict=True)}


def _blank(page: Page) -> Image.Image:
    return Image.new("RGB", page.image().size, "white")


def _marked(page: Page, box: Float) -> Image.Image:
    """A white page with a black mark in the middle of a box, small enough to stay in it when resized."""
    image = _blank(page)
    width, height = image.size
    x0, y0, x1, y1 = (float(value) for value in box)
    middle, half = ((x0 + x1) / 2, (y0 + y1) / 2), ((x1 - x0) / 5, (y1 - y0) / 5)
    corners = ((middle[0] - half[0]) * width, (middle[1] - half[1]) * height,
               (middle[0] + half[0]) * width, (middle[1] + half[1]) * height)  # fmt: skip
    ImageDraw.Draw(image).rectangle(corners, fill="black")
    return image


def _cells(page: PageEmbedding) -> list[int]:
    """Vectors to mark: off every diagonal, so that swapped axes and mirrored rows are noticed."""
    rows, cols = page.geometry.grid or (1, 1)
    wanted = {(rows // 5, cols - 1), (rows // 3, cols // 4), (rows - 1, cols // 3)}
    return [int(np.flatnonzero(page.geometry.cell == row * cols + col)[0]) for row, col in sorted(wanted)]


def _moved(before: PageEmbedding, after: PageEmbedding) -> list[int]:
    """The placed vectors that a change of the picture moved."""
    far = np.linalg.norm(before.vectors - after.vectors, axis=1) * (before.geometry.cell >= 0)
    return [int(i) for i in np.flatnonzero(far > MIN_MOVE * far.max())] if far.max() > 0 else []


def _laid_out(matrix: Float, page: PageEmbedding, tiles: Sequence[int]) -> Iterator[Float]:
    """Similarities ``(m, n)`` as a map ``(m, rows, cols)`` a tile, by the boxes of the vectors and nothing else."""
    start = 0
    for length in tiles:
        boxes = page.geometry.boxes[start : start + length].round(5)
        order = np.lexsort((boxes[:, 0], boxes[:, 1]))
        rows = len(np.unique(boxes[:, 1]))
        yield np.asarray(matrix[:, start : start + length][:, order].reshape(len(matrix), rows, -1))
        start += length
