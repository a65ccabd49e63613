"""What a cluster sends is taken once, in whichever order and however often it comes."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.documents.make import write_pdf
from tests.encoders import fakes
from workbench import encoders
from workbench.documents import DocumentProbe, Reading, ReadSettings, Source
from workbench.errors import InputError
from workbench.ingestion import cluster
from workbench.ingestion import workers as by_ray
from workbench.ingestion.batches import Batch, Part
from workbench.ingestion.cluster import _actors, _Todo
from workbench.ingestion.plan import Planned
from workbench.ingestion.stages import Begin, End
from workbench.ingestion.workers import Actors
from workbench.service import Workbench
from workbench.settings import CollectionSettings
from workbench.store import DocumentRecord, Staged
from workbench.types import PageFailure, PageNotice, PageRef


def begin(name: str, pages: int, content: str = "", changed: bool = False) -> Begin:
    source = Source(Path("/files") / name, name)
    content = content or f"{name:0<64}"
    record = DocumentRecord(name, (str(source.path),), content, pages, 1000)
    reading = Reading(source, DocumentProbe(content, pages, 1000), ReadSettings(), range(1, pages + 1))
    return Begin(Planned(source, reading.probed, None, record=record), reading, record, changed)


def batch(*parts: tuple[Begin, list[int]]) -> Batch:
    return Batch(tuple(Part(begin, tuple(PageNotice(n, "") for n in numbers)) for begin, numbers in parts), Staged({}))


def taken(todo: _Todo, *parts: tuple[Begin, list[int]]) -> list[str] | None:
    """Names of the files that a batch completes; None where it is left out."""
    made = todo.take(batch(*parts))
    return None if made is None else [part.record.name for part in made.parts if part.end is not None]


def test_a_file_ends_with_the_last_of_its_pages_in_whichever_order() -> None:
    a, b, todo = begin("a.pdf", 4), begin("b.pdf", 2), _Todo()
    todo.add(a)
    todo.add(b)
    assert taken(todo, (a, [3, 4]), (b, [2])) == []
    assert [(one.item.source.name, list(one.reading.numbers)) for one in todo if one.reading] == [
        ("a.pdf", [1, 2]),
        ("b.pdf", [1]),
    ]
    assert taken(todo, (b, [1]), (a, [1])) == ["b.pdf"]
    assert taken(todo, (a, [2])) == ["a.pdf"]
    assert not todo


def test_what_comes_twice_is_left_out_with_all_that_is_in_the_same_files() -> None:
    a, b, todo = begin("a.pdf", 4), begin("b.pdf", 2), _Todo()
    todo.add(a)
    todo.add(b)
    assert taken(todo, (a, [1, 2])) == []
    assert taken(todo, (a, [2, 3]), (b, [1])) is None
    assert taken(todo, (a, [3]), (a, [3])) is None
    assert taken(todo, (b, [1, 2]), (a, [3, 4])) == ["b.pdf", "a.pdf"]
    assert taken(todo, (a, [1])) is None


def test_a_file_that_changed_meanwhile_is_another() -> None:
    old, new, todo = begin("a.pdf", 3), begin("a.pdf", 2, "f" * 64, changed=True), _Todo()
    todo.add(old)
    assert taken(todo, (old, [1])) == []
    assert taken(todo, (new, [1])) == []
    assert taken(todo, (old, [2])) is None
    assert taken(todo, (new, [2])) == ["a.pdf"]
    assert not todo


def test_a_file_that_cannot_be_read_any_further_ends_there() -> None:
    a, todo = begin("a.pdf", 3), _Todo()
    todo.add(a)
    made = todo.take(Batch((Part(a, end=End("It is gone.")),), Staged({})))
    assert made is not None and made.parts[0].end == End("It is gone.") and not todo


def test_what_no_round_brings_is_told_page_by_page() -> None:
    a, todo = begin("a.pdf", 3), _Todo()
    todo.add(a)
    taken(todo, (a, [2]))
    (made,) = todo.lost(by_ray.lost(len(cluster.ROUNDS), []))
    (part,) = made.parts
    assert part.end == End() and part.ready == ()
    reason = by_ray.LOST.format(tries=len(cluster.ROUNDS))
    assert part.failed == tuple(PageFailure(PageRef("a.pdf", number), reason) for number in (1, 3))


class InThisProcess:
    """Things and what actors make of them, one after the other, as rows between one and the next."""

    def __init__(self, tables: Iterable[pa.Table]) -> None:
        self.tables = tables

    @classmethod
    def of(cls, things: Sequence[Any]) -> InThisProcess:
        return cls([pa.table({"thing": [pickle.dumps(thing)]}) for thing in things])

    def by(self, actor: by_ray.Actor) -> InThisProcess:
        return InThisProcess(pa.table(row) for table in self.tables for row in actor(table))

    def iter_batches(self, **_how: Any) -> Iterator[pa.Table]:
        yield from self.tables


@pytest.fixture
def fake_encoders() -> Iterator[None]:
    with fakes.registered():
        yield


@pytest.fixture
def no_ray(fake_encoders: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cluster whose actors are in this process."""
    pytest.importorskip("ray", reason="the extra 'scale' is not installed")
    pytest.importorskip("lance", reason="the extra 'scale' is not installed")
    made: list[Any] = []

    def run(_actors: Actors, data: InThisProcess, actor: Any, given: tuple[Any, ...], _most: int) -> InThisProcess:
        made.append(actor(*given))
        return data.by(made[-1])

    monkeypatch.setattr(cluster, "connected", lambda workers: nullcontext())
    monkeypatch.setattr(cluster, "resources", lambda: (1, 0))
    monkeypatch.setattr(cluster, "data_of", InThisProcess.of)
    monkeypatch.setattr(Actors, "run", run)
    yield
    for actor in made:  # whose models would go with their processes
        vars(actor).get("_models", ExitStack()).close()


def test_what_an_actor_left_undone_is_told_once(
    no_ray: None, bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, grid = "fake-words", "fake-grid"
    first, more = tmp_path / "first.pdf", tmp_path / "more.pdf"
    write_pdf(first, ["a page"])
    write_pdf(more, ["one page more", "and another"])
    bench.ingestion.ingest([first], "c", CollectionSettings(encoder=words), also=[grid])
    encoders.unload(grid)
    monkeypatch.delitem(encoders.ENCODERS, grid)
    report = bench.ingestion.ingest([more], "c", workers="ray")
    assert [document.indexed for document in report.documents] == [2]
    (note,) = report.notes
    assert note.startswith(f"The new pages have no vectors of '{grid}' yet: There is no model '{grid}'")
    assert note.endswith(f"pagelens collections embed c --encoder {grid}")


class Halves(by_ray.Actor):
    """Halves numbers; one that is negative is the person's fault, one that is odd is nobody's."""

    def work(self, things: Iterator[int]) -> Iterator[int]:
        for number in things:
            if number < 0:
                raise InputError(f"{number} is too little.")
            if number % 2:
                raise ValueError(f"{number} is odd")
            yield number // 2


class Rows:
    """A data set of actors one after the other, as Ray would give what they make of some numbers each."""

    def __init__(self, numbers: Sequence[Sequence[int]], actors: int, end: Exception | None = None) -> None:
        self.numbers, self.actors, self.end = numbers, [Halves() for _ in range(actors)], end

    def iter_batches(self, **_how: Any) -> Iterator[pa.Table]:
        for numbers in self.numbers:
            rows = pa.table({"thing": [pickle.dumps(number) for number in numbers]})
            for actor in self.actors:
                rows = pa.table({"thing": [made for row in actor(rows) for made in row["thing"]]})
            yield rows
        if self.end:
            raise self.end


def test_what_an_actor_did_not_foresee_costs_what_it_was_at_and_is_told() -> None:
    pytest.importorskip("ray", reason="the extra 'scale' is not installed")
    losses: list[str] = []
    assert list(by_ray.made(Rows([[4, 8, 5, 16], [20]], 1), losses)) == [2, 4, 10]
    assert losses == ["ValueError: 5 is odd"]
    told = by_ray.lost(3, losses)
    assert told.startswith(by_ray.LOST.format(tries=3)) and told.endswith("said: ValueError: 5 is odd")


def test_the_next_actor_does_its_part_of_what_another_failed_on() -> None:
    pytest.importorskip("ray", reason="the extra 'scale' is not installed")
    losses: list[str] = []
    assert list(by_ray.made(Rows([[4, 8, 5], [12, 6]], 2), losses)) == [1, 2, 3]
    assert losses == ["ValueError: 5 is odd", "ValueError: 3 is odd"]


def test_an_error_of_ours_concerns_all_whichever_actor_met_it() -> None:
    pytest.importorskip("ray", reason="the extra 'scale' is not installed")
    for actors in (1, 2):
        came = by_ray.made(Rows([[8], [-1], [16]], actors), losses := [])
        assert next(came) == 8 >> actors
        with pytest.raises(InputError, match="-1 is too little"):
            list(came)
        assert losses == []


def test_what_ray_says_of_a_loss_is_told_and_anything_else_is_raised() -> None:
    errors = pytest.importorskip("ray.exceptions", reason="the extra 'scale' is not installed")
    losses: list[str] = []
    lost = errors.RayError("It died.\nThe memory was short.")
    assert list(by_ray.made(Rows([[4]], 1, lost), losses)) == [2]
    assert losses == ["The memory was short."]
    with pytest.raises(ZeroDivisionError):
        list(by_ray.made(Rows([[4]], 1, ZeroDivisionError()), losses))


@pytest.mark.parametrize("workers", ["spark", "ray:head", "http://head:10001"])
def test_workers_that_are_none_are_refused(workers: str) -> None:
    with pytest.raises(InputError, match="ray://head:10001"):
        by_ray.check_workers(workers)


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_ray.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'pagelens\[scale\]'"):
        by_ray.check_workers("ray")


@pytest.mark.parametrize(
    ("resources", "reading", "encoding", "cards"),
    [
        ({"CPU": 2.0}, 2, 2, 0),
        ({}, 1, 1, 0),
        ({"CPU": 16.0, "GPU": 1.0}, 15, 1, 1),
        ({"CPU": 1.0, "GPU": 1.0}, 1, 1, 1),
    ],
)
def test_actors_fit_what_the_cluster_has(resources: dict[str, float], reading: int, encoding: int, cards: int) -> None:
    read, encode, _threads = _actors(*by_ray.counted(resources))
    assert (read.count, encode.count, encode.cards) == (reading, encoding, cards)
    assert read.count * read.processors + encode.count * encode.processors <= max(1, resources.get("CPU", 1))
