"""What a cluster sends is taken once, in whichever order and however often it comes."""

from pathlib import Path

import pytest

from workbench.documents import DocumentProbe, Reading, ReadSettings, Source
from workbench.errors import InputError
from workbench.ingestion import cluster
from workbench.ingestion import workers as by_ray
from workbench.ingestion.batches import Batch, Part
from workbench.ingestion.cluster import _actors, _Todo
from workbench.ingestion.plan import Planned
from workbench.ingestion.stages import Begin, End
from workbench.store import DocumentRecord, Staged
from workbench.types import PageFailure, PageRef


def begin(name: str, pages: int, content: str = "", changed: bool = False) -> Begin:
    source = Source(Path("/files") / name, name)
    content = content or f"{name:0<64}"
    record = DocumentRecord(name, (str(source.path),), content, pages, 1000)
    reading = Reading(source, DocumentProbe(content, pages, 1000), ReadSettings(), range(1, pages + 1))
    return Begin(Planned(source, reading.probed, None, record=record), reading, record, changed)


def batch(*parts: tuple[Begin, list[int]]) -> Batch:
    return Batch(tuple(Part(begin, tuple((n, "") for n in numbers)) for begin, numbers in parts), Staged({}))


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
    (made,) = todo.lost()
    (part,) = made.parts
    assert part.end == End() and part.ready == ()
    reason = by_ray.LOST.format(tries=len(cluster.ROUNDS))
    assert part.failed == tuple(PageFailure(PageRef("a.pdf", number), reason) for number in (1, 3))


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
    read, encode, _threads = _actors(resources)
    assert (read.count, encode.count, encode.cards) == (reading, encoding, cards)
    assert read.count * read.processors + encode.count * encode.processors <= max(1, resources.get("CPU", 1))
