"""The road of pages: order, bounds, failures, stops, and that its steps overlap. No time is measured but intervals."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.encoders import EncoderInfo
from workbench.encoders.pictures import PictureVectors, PreparingEncoder, whole
from workbench.encoders.prepared import PreparedPage
from workbench.errors import EncoderError
from workbench.ingestion import flow
from workbench.ingestion.flow import ahead
from workbench.ingestion.meter import PREPARING, STAGES, Meter
from workbench.ingestion.stages import BATCH, VECTORS, Begin, Encoded, End, embedded
from workbench.types import Drawn, Geometry, Page, PageEmbedding, PageFailure, PageRef, Words, bottleneck
from workbench.types.ingestion import JobStage

PIXELS = np.zeros((4, 4, 3), np.uint8)


def info(name: str, kind: str = "patches") -> EncoderInfo:
    return EncoderInfo(name, name, kind, 2, "r1", "hash", "none", "all")


def entries(numbers: Sequence[int], document: str = "a.pdf") -> Iterator[Any]:
    """A file's entries as reading gives them."""
    yield Begin(SimpleNamespace(), None, None)  # type: ignore[arg-type]
    for number in numbers:
        ref = PageRef(document, number)
        yield Encoded(Page(ref, (4, 4), Drawn(PIXELS), Words.empty(), "0" * 64))
    yield End()


class Plain:
    """An encoder that makes its own batches; pages in ``bad`` fail, and with them, at first, their batch."""

    def __init__(self, name: str, bad: frozenset[int] = frozenset()) -> None:
        self.info, self.bad = info(name, "page"), bad

    def encode_pages(self, pages: Sequence[Page]) -> list[PageEmbedding | PageFailure]:
        if any(page.ref.page in self.bad for page in pages):
            raise ValueError("a bad page")
        return [_embedding(page.ref.page) for page in pages]

    def encode_query(self, text: str) -> Any: ...


class Preparing(PreparingEncoder):
    """One whose processor and model are functions of the page's number, and take their time by chance."""

    def __init__(self, name: str, bad: frozenset[int] = frozenset(), most: int = 3, at: Any = None) -> None:
        self.info, self.bad, self.most = info(name), bad, most
        self.at = at or (lambda stage, page: None)
        self._batches = SimpleNamespace(run=self._run, fit=lambda tokens: min(most, len(tokens)))  # type: ignore[assignment]
        self.chance = random.Random(7)

    def prepare(self, page: Page) -> PreparedPage:
        self.at("prepare", page.ref.page)
        if page.ref.page in self.bad and page.ref.page % 2:
            raise ValueError("a picture no processor takes")
        return PreparedPage(page.ref, page.crop, {"number": np.array([[page.ref.page]])})

    def _run(self, pages: Sequence[PreparedPage], work: Any, fail: Any, tokens: Any) -> list[Any]:
        assert len(pages) <= self.most
        found: list[Any] = []
        for page in pages:  # what `Batches` does when a batch fails
            try:
                found += work([page])
            except ValueError as error:
                found.append(fail(page, error))
        return found

    def _launched(self, inputs: Any, crops: Any, placed: Any = None) -> Any:
        number = int(inputs[0]["number"][0, 0])
        self.at("embed", number)
        if number in self.bad:
            raise ValueError("a page no model takes")
        return lambda row: PictureVectors(_embedding(number).vectors, whole(crops[row]))

    def _inputs(self, picture: Any) -> Any: ...
    def _views(self, picture: Any, crop: Any) -> Any: ...
    def encode_query(self, text: str) -> Any: ...


def _embedding(number: int) -> PageEmbedding:
    angle = np.float32(number)
    vector = np.array([[np.cos(angle), np.sin(angle)]], np.float32)
    return PageEmbedding(vector, Geometry(np.array([[0, 0, 1, 1]], np.float32), None, np.array([-1], np.int32)))


def meter(stop: threading.Event | None = None) -> Meter:
    return Meter(lambda progress: None, stop or threading.Event(), [], PREPARING)


def test_there_is_a_stage_more_where_a_processor_works_beside_the_model() -> None:
    for encoder, stages in ((Plain("a"), STAGES), (Preparing("a"), PREPARING)):
        counted = Meter(lambda progress: None, threading.Event(), [])
        with closing(embedded(entries([1, 2]), [encoder], counted, None)) as found:
            assert len(list(found)) == 4
        assert [stage.name for stage in counted.stages()] == list(stages)


def serial(files: Sequence[Sequence[int]], encoders: Sequence[Any]) -> list[Any]:
    """What comes of pages one after another: (page, the encoders that have it), or (page, None) for a failure."""
    found: list[Any] = []
    for numbers in files:
        found.append("begin")
        for number in numbers:
            lost = number in encoders[0].bad
            found.append((number, None if lost else tuple(number not in one.bad for one in encoders)))
        found.append("end")
    return found


def shown(entry: Any, encoders: Sequence[Any]) -> Any:
    if isinstance(entry, (Begin, End)):
        return "begin" if isinstance(entry, Begin) else "end"
    if isinstance(entry, PageFailure):
        return entry.ref.page, None
    number = entry.page.ref.page
    assert list(entry.vectors) == [one.info.id for one in encoders]
    for outcome in entry.vectors.values():
        if isinstance(outcome, PageEmbedding):
            np.testing.assert_allclose(outcome.vectors, _embedding(number).vectors, atol=1e-6)
    return number, tuple(isinstance(one, PageEmbedding) for one in entry.vectors.values())


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.integers(1, 40), max_size=12, unique=True), max_size=5),
    st.lists(st.tuples(st.booleans(), st.frozensets(st.integers(1, 40), max_size=9)), min_size=1, max_size=3),
    st.integers(1, 5),
    st.booleans(),
)
def test_what_comes_out_is_what_one_page_after_another_gives(files, kinds, most, elsewhere):
    """Order, pages, failures and vectors of every encoder, whichever batches were made and wherever it was prepared."""
    encoders = [
        Preparing(f"e{i}", bad, most) if preparing else Plain(f"e{i}", bad) for i, (preparing, bad) in enumerate(kinds)
    ]
    for encoder in encoders:
        if isinstance(encoder, Preparing):
            encoder.accelerated = elsewhere
            encoder.preparer = encoder  # type: ignore[assignment]
    road = (entry for numbers in files for entry in entries(numbers))
    with Elsewhere(encoders) as pool, closing(embedded(road, encoders, meter(), pool)) as steps:
        assert [shown(entry, encoders) for entry in steps] == serial(files, encoders)


class Elsewhere:
    """Stands for processes that prepare pages: threads that do so, and fail as those would."""

    size = 3

    def __init__(self, encoders: Sequence[Any]) -> None:
        self._threads = ThreadPoolExecutor(self.size)

    def __enter__(self) -> Elsewhere:
        return self

    def __exit__(self, *error: object) -> None:
        self._threads.shutdown()

    def submit(self, function: Any, preparer: Preparing, image: Any, crop: Any, subject: str, urgent: bool) -> Any:
        number = int(subject.rpartition(" ")[2])

        def work() -> tuple[Any, float]:
            if number in preparer.bad and number % 2:
                raise EncoderError("a picture no processor takes")
            return {"number": np.array([[number]])}, 0.001

        return self._threads.submit(work)


def test_stages_overlap():
    """By the intervals in which each worked, recorded where the work is done."""
    spans: dict[str, list[tuple[float, float]]] = {"read": [], "prepare": [], "embed": [], "write": []}

    def work(stage: str, page: int = 0) -> None:
        began = time.monotonic()
        time.sleep(0.01)
        spans[stage].append((began, time.monotonic()))

    def reading() -> Iterator[Any]:
        for entry in entries(range(1, 41)):
            work("read")
            yield entry

    with closing(embedded(reading(), [Preparing("e", at=work)], meter(), None)) as steps:
        for _ in steps:
            work("write")
    assert [len(found) for found in spans.values()] == [42, 40, 40, 42]
    for one in spans:
        for other in spans:
            together = sum(a < d and c < b for a, b in spans[one] for c, d in spans[other])
            assert together >= (10 if one != other else 0), f"{one} and {other} never worked at once"


def test_reading_keeps_a_bounded_number_of_pages_ahead_of_writing():
    read, most = 0, 0

    def reading() -> Iterator[Any]:
        nonlocal read
        for entry in entries(range(1, 400)):
            read += 1
            yield entry

    with closing(embedded(reading(), [Preparing("e")], meter(), None)) as steps:
        for written, _ in enumerate(steps, 1):
            if written % 40 == 1:
                time.sleep(0.05)  # as long as all that may go ahead needs
            most = max(most, read - written)
    assert read == 401
    assert most <= 2 + 4 * BATCH + 5 * 3 + VECTORS + 8  # the bounds of the stages, and what each holds in its hand


def test_a_stop_leaves_a_model_that_is_at_work_alone_and_loses_nothing_it_has_done():
    stop, at_work, free = threading.Event(), threading.Event(), threading.Event()

    def at(stage: str, page: int) -> None:
        if stage == "embed" and page == 3:
            at_work.set()
            free.wait(900)

    found: list[Any] = []

    def run() -> None:
        with closing(embedded(entries(range(1, 20)), [Preparing("e", most=1, at=at)], meter(stop), None)) as steps:
            found.extend(steps)

    ingest = threading.Thread(target=run)
    ingest.start()
    assert at_work.wait(900)
    stop.set()
    ingest.join(900)
    ended_while_the_model_was_at_work = not ingest.is_alive() and not free.is_set()
    free.set()
    assert ended_while_the_model_was_at_work
    assert [entry.page.ref.page for entry in found if isinstance(entry, Encoded)] == [1, 2]


def test_what_concerns_all_pages_ends_the_run():
    class Broken(Plain):
        def encode_pages(self, pages: Sequence[Page]) -> Any:
            raise EncoderError("The model is out of order.")

    with pytest.raises(EncoderError, match="out of order"):
        list(embedded(entries(range(1, 4)), [Broken("e")], meter(), None))
    later = list(embedded(entries(range(1, 4)), [Plain("first"), Broken("e")], meter(), None))
    assert [isinstance(one.vectors["e"], PageFailure) for one in later if isinstance(one, Encoded)] == [True] * 3


def test_a_run_is_told_of_in_order_whichever_stage_tells():
    told = []

    def report(progress: Any) -> None:
        told.append(sum(stage.done for stage in progress.stages))
        time.sleep(0.001)

    counting = Meter(report, threading.Event(), [], PREPARING)
    with ThreadPoolExecutor(4) as threads:
        for stage in ("read", "prepare", "embed", "write") * 25:
            threads.submit(counting.add, stage, 1, 0.01)
    assert told == list(range(1, 101))


# ---- one step ahead of the next


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(1, 6), st.integers(1, 20))
def test_items_come_in_order_and_no_more_than_that_ahead(items, most, heaviest):
    made = 0

    def making() -> Iterator[int]:
        nonlocal made
        for item in items:
            made += 1
            yield item

    taken = []
    for item in ahead(making(), most, threading.Event(), "test", lambda weight: weight, heaviest):
        assert made - len(taken) <= most + 2  # those that wait, the one at hand, and one that waits for room
        taken.append(item)
    assert taken == items


def test_an_error_comes_after_the_items_before_it():
    def making() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    steps = ahead(making(), 4, threading.Event(), "test")
    assert next(steps) == 1
    with pytest.raises(ValueError, match="no more"):
        next(steps)


def test_closing_closes_what_comes_before_in_its_own_thread(monkeypatch):
    monkeypatch.setattr(flow, "LEAVING", 60)
    closed = []

    def making() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            closed.append(threading.current_thread().name)

    steps = ahead(making(), 2, threading.Event(), "test")
    assert next(steps) == 0
    steps.close()
    assert closed == ["pagelens-test"]


def test_the_bottleneck_is_the_stage_that_gets_through_least_with_all_its_workers():
    stages = (JobStage("read", 60, 60, 30.0, 16), JobStage("embed", 50, 60, 10.0), JobStage("write", 48, 60, 2.0))
    assert [round(stage.pages_per_second, 1) for stage in stages] == [32.0, 5.0, 24.0]
    assert bottleneck((*stages, JobStage("index", 60, 60, 99.0))) == "embed"
    assert bottleneck(stages[:1]) == "" == bottleneck(())
