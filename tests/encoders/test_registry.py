from __future__ import annotations

import functools
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest

from workbench import encoders
from workbench.encoders import ENCODERS, EncoderSpec
from workbench.errors import EncoderError


def test_the_table_and_its_package_import_without_torch() -> None:
    code = "import sys, workbench.encoders as e; assert e.ENCODERS; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_ids_are_the_keys_and_every_row_is_complete() -> None:
    assert "reader" in ENCODERS
    for key, spec in ENCODERS.items():
        assert spec.id == key
        assert all((spec.name, spec.family, spec.licence, spec.summary, spec.get, spec.source)), key
        assert spec.kind in ("words", "patches", "page"), key
        module, function = spec.loader.split(":")
        assert module.startswith("workbench.encoders.") and function


def test_what_an_adapter_needs_is_fetched_with_it_and_numbers_are_those_of_mteb() -> None:
    light = ENCODERS["colmodernvbert"]
    assert light.get == "hf download ModernVBERT/colmodernvbert && hf download ModernVBERT/colmodernvbert-base"
    dims = {"colmodernvbert": 128, "colqwen2-v1.0": 128, "tomoro-colqwen3-8b": 320, "colqwen3.5-4.5b-v3": 128}
    assert {key: ENCODERS[key].dim for key in dims} == dims
    for key in dims:
        assert "mteb" in ENCODERS[key].source and f"card of {ENCODERS[key].options['hub']}" in ENCODERS[key].source


def test_an_unknown_encoder_names_those_that_exist() -> None:
    with pytest.raises(EncoderError, match=r"no model 'colpalli'.*reader"):
        encoders.load("colpalli")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[EncoderSpec]:
    """An encoder 'slow' that records each load and takes a moment."""
    calls: list[EncoderSpec] = []

    def load(spec: EncoderSpec) -> SimpleNamespace:
        calls.append(spec)
        time.sleep(0.05)
        return SimpleNamespace(info=spec.id)

    monkeypatch.setitem(sys.modules, "workbench.encoders.slow", SimpleNamespace(load=load))
    monkeypatch.setitem(ENCODERS, "slow", replace(ENCODERS["reader"], id="slow", loader="workbench.encoders.slow:load"))
    return calls


def test_threads_share_one_load_and_unload_forgets_it(counted: list[EncoderSpec]) -> None:
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(encoders.load("slow"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(encoder) for encoder in found}) == 1
    assert len(counted) == 1
    assert encoders.is_loaded("slow")
    assert encoders.unload("slow")
    assert not encoders.is_loaded("slow")
    assert not encoders.unload("slow")
    encoders.load("slow")
    assert len(counted) == 2
    encoders.unload("slow")


def test_a_load_that_failed_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = iter([EncoderError("not yet"), None])

    def load(spec: EncoderSpec) -> SimpleNamespace:
        if error := next(outcomes):
            raise error
        return SimpleNamespace(info=spec.id)

    monkeypatch.setitem(sys.modules, "workbench.encoders.late", SimpleNamespace(load=load))
    monkeypatch.setitem(ENCODERS, "late", replace(ENCODERS["reader"], id="late", loader="workbench.encoders.late:load"))
    with pytest.raises(EncoderError, match="not yet"):
        encoders.load("late")
    assert not encoders.is_loaded("late")
    assert encoders.load("late").info == "late"
    encoders.unload("late")


def test_a_library_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENCODERS, "gone", replace(ENCODERS["reader"], id="gone", loader="workbench.encoders.gone:load"))
    with pytest.raises(EncoderError, match="'gone' needs a library"):
        encoders.load("gone")


class Weights:
    """Stands for a model: can be watched going, and is held by a cycle as torch modules are."""

    def __init__(self, name: str) -> None:
        self.info, self.me = name, self


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Callable[[], Weights]]]:
    """Encoders a, b and c, and how each is loaded; a test may replace that."""
    ways: dict[str, Callable[[], Weights]] = {}
    module = SimpleNamespace(load=lambda spec: ways[spec.id]())
    monkeypatch.setitem(sys.modules, "workbench.encoders.made", module)
    for name in "abc":
        ways[name] = functools.partial(Weights, name)
        monkeypatch.setitem(ENCODERS, name, replace(ENCODERS["reader"], id=name, loader="workbench.encoders.made:load"))
    yield ways
    for name in "abc":
        encoders.unload(name)


@pytest.mark.usefixtures("made")
def test_the_model_unused_for_longest_makes_room_and_its_memory_is_freed() -> None:
    a, b = (weakref.ref(encoders.load(name)) for name in "ab")
    encoders.load("a")
    encoders.load("c")
    assert [encoders.is_loaded(name) for name in "abc"] == [True, False, True]
    assert b() is None
    assert a() is not None
    assert encoders.unload("a")
    assert a() is None
    encoders.load("b", keep=1)
    assert [encoders.is_loaded(name) for name in "abc"] == [False, True, False]


@pytest.mark.usefixtures("made")
def test_a_model_at_work_stays() -> None:
    with encoders.using("a") as encoder:
        encoders.load("b")
        encoders.load("c")
        assert [encoders.is_loaded(name) for name in "abc"] == [True, False, True]
        assert encoders.load("a") is encoder
        with pytest.raises(EncoderError, match="'a' is at work"):
            encoders.unload("a")
    assert encoders.unload("a")


def test_when_memory_runs_out_idle_models_go_and_the_load_is_tried_again(
    made: dict[str, Callable[[], Weights]],
) -> None:
    first = weakref.ref(encoders.load("a"))

    def tight() -> Weights:
        if first() is not None:
            raise EncoderError("cannot be loaded") from RuntimeError("CUDA out of memory. Tried to allocate")
        return Weights("b")

    made["b"] = tight
    assert encoders.load("b").info == "b"
    assert not encoders.is_loaded("a")
    with encoders.using("a"):
        first = weakref.ref(encoders.load("a"))
        encoders.unload("b")
        with pytest.raises(EncoderError, match="cannot be loaded"):
            encoders.load("b")
        assert first() is not None


def test_loading_in_the_background_tells_its_state(made: dict[str, Callable[[], Weights]]) -> None:
    may_end, begun = threading.Event(), threading.Event()

    def slow() -> Weights:
        begun.set()
        may_end.wait(900)
        return Weights("a")

    made["a"] = slow
    assert encoders.state("a") == ("", "")
    encoders.start("a")
    assert encoders.state("a") == ("loading", "")
    encoders.start("a")
    assert begun.wait(900)
    may_end.set()
    encoders.load("a")
    assert encoders.state("a") == ("loaded", "")

    def broken() -> Weights:
        raise EncoderError("The weights are cut off.")

    made["b"] = broken
    encoders.start("b")
    while encoders.state("b")[0] == "loading":
        time.sleep(0.01)
    assert encoders.state("b") == ("failed", "The weights are cut off.")
    made["b"] = functools.partial(Weights, "b")
    encoders.load("b")
    assert encoders.state("b") == ("loaded", "")
    with pytest.raises(EncoderError, match="no model 'nobody'"):
        encoders.start("nobody")
