from __future__ import annotations

import subprocess
import sys
import threading
import time
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
        assert all((spec.name, spec.family, spec.licence, spec.summary, spec.get)), key
        assert spec.kind in ("words", "patches", "page"), key
        module, function = spec.loader.split(":")
        assert module.startswith("workbench.encoders.") and function


def test_an_unknown_encoder_names_those_that_exist() -> None:
    with pytest.raises(EncoderError, match=r"no encoder 'colpalli'.*reader"):
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
