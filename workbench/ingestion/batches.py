"""Pages that the encoders have passed, made ready to be committed: some at a time, none of two documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

from workbench.documents import GivenUp
from workbench.ingestion.meter import Meter
from workbench.ingestion.stages import BATCH, Begin, Encoded, End, Entry
from workbench.store import DocumentRecord, Staged, Stager
from workbench.types import PageFailure, PageRef

FAILURES = 1000
"""Failed pages after which a batch ends too: they weigh nothing, but each batch is a commit."""

Announce = Callable[[Sequence[Begin]], Sequence[Begin | None]]
"""Is told of files before anything of them is made ready, and gives each with the document that its pages will be of,
or None where it is done with."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What came of some pages of a file: numbers of those that are ready, with what of each could not be read; those
    that failed; those that nobody tried. ``end`` says that no more of the file comes."""

    begin: Begin
    ready: tuple[tuple[int, str], ...] = ()
    failed: tuple[PageFailure, ...] = ()
    given_up: GivenUp | None = None
    end: End | None = None

    @property
    def record(self) -> DocumentRecord:
        """The document that they are of."""
        if self.begin.record is None:
            raise TypeError(f"nothing is read of {self.begin.item.source.name}")
        return self.begin.record

    @property
    def numbers(self) -> list[int]:
        """The pages it tells of."""
        given_up = self.given_up.numbers if self.given_up else ()
        return [*(number for number, _ in self.ready), *(failure.ref.page for failure in self.failed), *given_up]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pages for one commit. ``spent`` is what was worked on them elsewhere: pages and seconds of each stage; ``notes``
    say in sentences what was left undone there, as vectors of a later encoder."""

    parts: tuple[Part, ...]
    staged: Staged
    spent: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def batches(
    entries: Iterable[Entry],
    begin: Announce,
    stager: Stager,
    encoders: Sequence[str],
    meter: Meter,
) -> Iterator[Batch]:
    """The pages of entries, at most `BATCH` at a time, ready to be committed.

    ``begin`` is told of each file before its pages. ``encoders`` are the ids of those that the pages have passed, the
    first one first.
    """

    def batch(end: End | None = None) -> Batch:
        since = monotonic()
        part, staged = _ready(opened, held, stager, encoders) if opened else (None, Staged({}))
        meter.add("write", 0, monotonic() - since)
        return Batch((replace(part, end=end),) if part else (), staged)

    opened: Begin | None = None
    held: list[Encoded | PageFailure | GivenUp] = []
    for entry in entries:
        if isinstance(entry, Begin):
            if held:
                yield batch()
                held = []
            (opened,) = begin([entry])
        elif isinstance(entry, End):
            if opened is not None:
                yield batch(entry)
            opened, held = None, []
        elif opened is not None:
            held.append(entry)
            if sum(isinstance(one, Encoded) for one in held) == BATCH or len(held) == FAILURES:
                yield batch()
                held = []
    if held:
        yield batch()


def _ready(
    begin: Begin, entries: Sequence[Encoded | PageFailure | GivenUp], stager: Stager, encoders: Sequence[str]
) -> tuple[Part, Staged]:
    """Pages of one file made ready; they go by the name that the document has in the collection."""
    part = Part(begin)
    name = part.record.name
    good = [(replace(e.page, ref=PageRef(name, e.page.ref.page)), e) for e in entries if isinstance(e, Encoded)]
    failed = [PageFailure(PageRef(name, e.ref.page), e.reason) for e in entries if isinstance(e, PageFailure)]
    given_up = next((e for e in entries if isinstance(e, GivenUp)), None)
    staged, unfit = Staged({}), list[PageFailure]()
    if good:
        first, *later = encoders
        pages = [(page, one.vectors[first], one.pictures) for page, one in good]
        others = {encoder: [one.vectors[encoder] for _, one in good] for encoder in later}
        staged, unfit = stager.stage(part.record, pages, others)  # type: ignore[arg-type]
    lost = {failure.ref.page for failure in unfit}
    ready = tuple((page.ref.page, page.notice) for page, _ in good if page.ref.page not in lost)
    return replace(part, ready=ready, failed=(*failed, *unfit), given_up=given_up), staged
