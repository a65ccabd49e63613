"""Examines a reranker on this machine: what it says of real pages, beside its own library, and in a search."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from workbench import encoders
from workbench.encoders import Loader
from workbench.encoders.inspection import residence
from workbench.encoders.rerankers import Reranker
from workbench.errors import NotFoundError
from workbench.modelcheck import (
    CLOSE,
    COARSE,
    DPI,
    PDF,
    PICTURE,
    QUERY,
    CheckResult,
    ModelReport,
    PageLook,
    examined,
    sample_pages,
)
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.types import Float, Page

STAGES = {"words": "cross", "pictures": "judge"}
"""What takes these of pages."""


def check(settings: Settings, model_id: str, progress: Callable[[str], None] = lambda text: None) -> ModelReport:
    """Examine a reranker; ``progress`` hears what is looked at next. `EncoderError` when it cannot be loaded."""
    return examined(settings, _loaded(settings, model_id), _Examination, progress)


@contextmanager
def _loaded(settings: Settings, model_id: str) -> Iterator[Reranker]:
    yield Loader.of(settings).reranker(model_id)[0]


class _Examination:
    """One reranker on the table, asked about the words of pages where it reads, and their pictures where it sees."""

    def __init__(self, settings: Settings, model: Reranker, folder: Path) -> None:
        self.settings, self.model, self.folder = settings, model, folder
        self.residence = residence(model)
        self.tolerance = CLOSE.get(self.residence.dtype, COARSE)
        self.pages = [page for page in sample_pages(folder) if len(page.words)]
        self.ways = [way for way, can in (("words", model.info.reads), ("pictures", model.info.sees)) if can]
        self.looks: list[PageLook] = []
        self.alone: dict[str, Float] = {}

    def steps(self) -> Iterator[tuple[str, Callable[[], CheckResult | None]]]:
        """As of `Examination`."""
        yield "pages", self._pages
        yield "batches", self._batches
        yield "scores", self._scores
        yield "collection", self._collection

    def report(self, load_seconds: float, findings: Sequence[CheckResult]) -> ModelReport:
        """As of `Examination`."""
        info, row = self.model.info, encoders.spec(self.model.info.id)
        return ModelReport(
            id=info.id,
            name=info.name,
            family=row.family,
            kind=row.kind,
            dim=0,
            revision=info.revision,
            weights_hash=info.weights_hash,
            policy="",
            residence=self.residence,
            load_seconds=load_seconds,
            seconds_per_page=float(np.median([look.seconds for look in self.looks])) if self.looks else None,
            overhead=None,
            pages=tuple(self.looks),
            findings=tuple(findings),
        )

    def _pages(self) -> CheckResult:
        """Real pages get a number each."""
        for way in self.ways:
            self._asked(way, self.pages[:1])  # not timed: the first call also sets libraries up
            found = []
            for page in self.pages:
                started = time.perf_counter()
                found.append(self._asked(way, [page])[0])
                seconds = time.perf_counter() - started
                self.looks.append(PageLook(f"{page.ref}, {way}", page.image().size, False, None, 0, seconds))
            self.alone[way] = np.array(found, np.float32)
        told = "; ".join(f"by {way} {', '.join(f'{s:.4f}' for s in scores)}" for way, scores in self.alone.items())
        return CheckResult("pages", all(np.isfinite(scores).all() for scores in self.alone.values()), told)

    def _batches(self) -> CheckResult:
        """Pages score together as alone."""
        far = max(float(np.abs(self._asked(way, self.pages) - self.alone[way]).max()) for way in self.ways)
        return CheckResult("batches", far <= self.tolerance, f"{len(self.pages)} pages together and alone: {far:.1e}")

    def _scores(self) -> CheckResult:
        """Scores are those that the model's own library gives, of the best passage where a page has several."""
        far, passages = 0.0, 0
        for way in self.ways:
            for page, ours in zip(self.pages, self.alone[way], strict=True):
                parts = self.model.passages(QUERY, _text(page)) if way == "words" else [page.image()]
                theirs = self.model.model.predict([(QUERY, part) for part in parts], show_progress_bar=False)
                far, passages = max(far, abs(float(np.max(theirs)) - float(ours))), passages + len(parts)
        told = f"{passages} passages and pictures, here and by the library's own call: {far:.1e}"
        return CheckResult("scores", far <= self.tolerance, told)

    def _collection(self) -> CheckResult:
        """In a search its stage orders pages by these scores, and says whose they are."""
        bench = Workbench(self.settings.model_copy(update={"home": self.folder / "home"}))
        files = [self.folder / PDF, self.folder / PICTURE]
        bench.ingest(files, "check", CollectionSettings(encoder="reader", dpi=DPI, ocr=False))
        wrong, told = [], []
        for way in self.ways:
            step = f"{STAGES[way]}[model={self.model.info.id}]"
            found = bench.search(QUERY, "check", f"rows:9 > {step}:9")
            if {str(hit.score_kind) for hit in found.hits if hit.scored} != {"model"}:
                wrong.append(f"{step} does not say that its scores are the model's")
            known = {str(page.ref): score for page, score in zip(self.pages, self.alone[way], strict=True)}
            if way == "words":  # the stored picture is not the one that was scored
                far = [abs(hit.score - known[str(hit.ref)]) for hit in found.hits if str(hit.ref) in known]
                if not far or max(far) > self.tolerance:
                    wrong.append(f"{step} scores otherwise than the model alone")
            told.append(f"{step} scored {sum(hit.scored for hit in found.hits)} of {len(found.hits)} pages")
        if not self.ways:
            raise NotFoundError("The model takes neither words nor pictures.")
        return CheckResult("collection", not wrong, "; ".join(wrong or told))

    def _asked(self, way: str, pages: list[Page]) -> Float:
        if way == "words":
            return self.model.texts(QUERY, [_text(page) for page in pages])
        return self.model.pictures(QUERY, [page.image() for page in pages])


def _text(page: Page) -> str:
    return " ".join(page.words.texts)
