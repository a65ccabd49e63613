"""Pages that the encoders have passed, made ready to be committed: some at a time, none of two documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

from workbench.documents import GivenUp
from workbench.ingestion.meter import Meter
from workbench.ingestion.stages import BATCH, Begin, Encoded, End, Entry
from workbench.store import DocumentRecord, Staged, Stager
from workbench.types import PageFailure, PageNotice, PageRef

SECONDS = 1.0
"""A commit costs as much for one page as for many: pages that come faster than one commit in so many seconds wait for
the next, though no more than `PAGES`."""
PAGES = 64
FAILURES = 1000
"""Failed pages after which a batch ends too: they weigh nothing, but each batch is a commit."""

Announce = Callable[[Sequence[Begin]], Sequence[Begin | None]]
"""Is told of files before anything of them is made ready, and gives each with the document that its pages will be of,
or None where it is done with."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What came of some pages of a file: those that are ready, with what of each could not be read, if anything; those
    that failed; those that nobody tried. ``end`` says that no more of the file comes."""

    begin: Begin
    ready: tuple[PageNotice, ...] = ()
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
        return [*(page.page for page in self.ready), *(failure.ref.page for failure in self.failed), *given_up]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pages for one commit. ``spent`` is what was worked on them elsewhere: pages and seconds of each stage; ``notes``
    say in sentences what was left undone there, as vectors of a later encoder."""

    parts: tuple[Part, ...]
    staged: Staged
    spent: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def batches(
    entries: Iterable[Entry], begin: Announce, stager: Stager, encoders: Sequence[str], meter: Meter
) -> Iterator[Sequence[Batch]]:
    """The pages of entries ready to be committed: batches that go into one commit.

    ``begin`` is told of each file before its pages. ``encoders`` are the ids of those that the pages have passed, the
    first one first.
    """
    making = _Making(stager, encoders, meter)
    for entry in entries:
        if isinstance(entry, Begin):
            making.stage()
            if entry.changed and making.ready:  # what came of it before is to be there before it begins again
                yield making.taken()
            (making.opened,) = begin([entry])
        else:
            making.add(entry)
        if making.due:
            yield making.taken()
    making.stage()
    if making.ready:
        yield making.taken()


class _Making:
    """Entries of the file that is ``opened``, on their way to be batches, and those that are ``ready``."""

    def __init__(self, stager: Stager, encoders: Sequence[str], meter: Meter) -> None:
        self._stager, self._encoders, self._meter = stager, encoders, meter
        self.opened: Begin | None = None
        self.ready: list[Batch] = []
        self._held: list[Encoded | PageFailure | GivenUp] = []
        self._last = monotonic()

    @property
    def due(self) -> bool:
        """Whether what is ready should be committed now."""
        pages = sum(len(part.ready) for batch in self.ready for part in batch.parts)
        return bool(self.ready) and (pages >= PAGES or self._late)

    def add(self, entry: Encoded | PageFailure | GivenUp | End) -> None:
        """One more entry of the file."""
        if self.opened is None:
            return
        if isinstance(entry, End):
            self.stage(entry)
            self.opened = None
            return
        self._held.append(entry)
        pages = sum(isinstance(one, Encoded) for one in self._held)
        if pages == PAGES or len(self._held) == FAILURES or (pages >= BATCH and self._late):
            self.stage()

    def stage(self, end: End | None = None) -> None:
        """Make a batch of what is held, if there is anything to tell."""
        if self.opened is None or not (self._held or end):
            return
        since = monotonic()
        part, staged = _ready(self.opened, self._held, self._stager, self._encoders)
        self.ready.append(Batch((replace(part, end=end),), staged))
        self._held = []
        self._meter.add("write", 0, monotonic() - since)

    def taken(self) -> list[Batch]:
        """What is ready, which is another's from here on."""
        taken, self.ready, self._last = self.ready, [], monotonic()
        return taken

    @property
    def _late(self) -> bool:
        return monotonic() - self._last > SECONDS


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
    ready = tuple(PageNotice(page.ref.page, page.notice, page.quality) for page, _ in good if page.ref.page not in lost)
    return replace(part, ready=ready, failed=(*failed, *unfit), given_up=given_up), staged
