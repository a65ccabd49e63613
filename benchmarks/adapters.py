"""What Pagelens adds to a model's own time: the same pictures through an encoder and through the bare library.

Both ways are timed in turn, round by round, and the median of the rounds' ratios counts, so that a machine that slows
down for a while slows both down.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench import encoders, resources
from workbench.documents import ReadSettings, Source, read_pages
from workbench.encoders.inspection import direct, residence
from workbench.encoders.pictures import seen
from workbench.encoders.registry import spec
from workbench.errors import EncoderError, PagelensError
from workbench.settings import Settings
from workbench.timing import interleaved, median_ratio
from workbench.types import Page

BATCH = 4
MAX_OVERHEAD = 0.05
"""The share of a model's own time that Pagelens may add at most."""
SAMPLES = (("dotguide.pdf", 5), ("dotguide.pdf", 14), ("co2-mauna-loa.png", 1), ("dotguide.pdf", 20))
"""Three upright pages and a wide picture: a batch that has to be padded where a model's pages differ in length."""


@dataclass(frozen=True, slots=True)
class AdapterRow:
    """One model: medians in milliseconds for a batch, and the median of the rounds' ratios."""

    id: str
    family: str
    device: str
    ms: float
    direct_ms: float
    ratio: float

    @property
    def ok(self) -> bool:
        """Whether it keeps to `MAX_OVERHEAD`."""
        return self.ratio <= 1 + MAX_OVERHEAD


@dataclass(frozen=True, slots=True)
class AdapterReport:
    """The models that could be measured, in the order they were asked for, and why others could not."""

    rows: tuple[AdapterRow, ...]
    skipped: tuple[tuple[str, str], ...]
    rounds: int
    batch: int

    @property
    def ok(self) -> bool:
        """Whether every model that was measured keeps to `MAX_OVERHEAD`."""
        return all(row.ok for row in self.rows)


def adapters(
    settings: Settings,
    ids: Sequence[str],
    rounds: int,
    progress: Callable[[str], None] = lambda text: None,
) -> AdapterReport:
    """Measure models one after another, each alone in memory; `EncoderError` when none of them can be."""
    pages = sample_pages()
    rows, skipped = [], []
    for encoder_id in ids:
        progress(encoder_id)
        try:
            rows.append(measure(settings, encoder_id, pages, rounds))
        except PagelensError as error:
            skipped.append((encoder_id, str(error)))
    if not rows:
        nothing = "There is no page model here to measure; 'pagelens models list' has the commands to get one."
        raise EncoderError(" ".join(reason for _, reason in skipped) or nothing)
    return AdapterReport(tuple(rows), tuple(skipped), rounds, len(pages))


def measure(settings: Settings, encoder_id: str, pages: Sequence[Page], rounds: int) -> AdapterRow:
    """Time one model on one batch; `EncoderError` for one that has no library of its own beneath it."""
    how = {"offline": settings.offline, "threads": settings.threads, "keep": 1}
    with encoders.using(encoder_id, **how) as encoder:  # type: ignore[arg-type]
        bare = direct(encoder)
        if bare is None:
            raise EncoderError(f"The encoder '{encoder_id}' is not the adapter of another library.")
        pictures = [seen(page) for page in pages]
        ours, theirs = interleaved([lambda: encoder.encode_pages(pages), lambda: bare(pictures)], rounds)
        return AdapterRow(
            encoder_id,
            spec(encoder_id).family,
            residence(encoder).device,
            1000 * statistics.median(ours),
            1000 * statistics.median(theirs),
            median_ratio(ours, theirs),
        )


def sample_pages() -> list[Page]:
    """A batch of real pages, read and drawn: what files cost is not the adapter's."""
    documents = resources.sample_data() / "documents"
    found = []
    for name, number in SAMPLES[:BATCH]:
        for page in read_pages(Source(documents / name, name), ReadSettings(ocr=False), [number]):
            if not isinstance(page, Page):
                raise EncoderError(f"The sample page {page.ref} cannot be read: {page.reason}")
            found.append(page)
    return found
