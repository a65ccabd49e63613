"""Getting models from a hub that behaves, breaks off, is slow, refuses, or lacks them; nothing is fetched unasked."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.cli.conftest import runner
from tests.encoders.hub import SHA, Hub, running
from workbench.encoders import fetching
from workbench.encoders.base import EncoderSpec
from workbench.encoders.fetching import fetch, offer
from workbench.encoders.locations import location_of
from workbench.errors import EncoderError, InputError

NAME = "someone/their-model"
WEIGHTS = bytes(range(256)) * 400
CHUNK = 1 << 14
"""Bytes that are taken from the connection at once; of a real download it is 10 MB."""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    from huggingface_hub import constants

    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"architectures": ["HF_ColBERT"]}))
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    for left in ("model.onnx", "pytorch_model.bin", "figure.png"):
        (folder / left).write_bytes(b"not for us")
    monkeypatch.setenv("PAGELENS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", CHUNK)
    monkeypatch.setattr(fetching, "WAIT", 0.0)
    with running(Hub()) as made:
        made.serve(NAME, folder, license="apache-2.0")
        monkeypatch.setattr(constants, "ENDPOINT", made.address)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", made.address + "/{repo_id}/resolve/{revision}/{filename}"
        )
        yield made


@pytest.fixture
def row() -> EncoderSpec:
    return EncoderSpec(
        "theirs", "", "multi-vector-text", "words", 0, "?", "", "", f"hf download {NAME}", options={"hub": NAME}
    )


def test_an_offer_says_what_and_fetches_nothing(hub: Hub, row: EncoderSpec, tmp_path: Path) -> None:
    found = offer(row)
    (only,) = found.repositories
    assert {name for name, _ in only.files} == {"config.json", "model.safetensors"}
    assert (only.revision, only.licence, only.gated) == (SHA, "apache-2.0", False)
    assert found.licence == f"{NAME}: apache-2.0"
    assert found.bytes == only.bytes == 102_400 + len('{"architectures": ["HF_ColBERT"]}')
    assert not (tmp_path / "cache").exists()
    assert not any("resolve" in asked for asked in hub.asked)


def test_a_model_is_fetched_with_progress_in_bytes(hub: Hub, row: EncoderSpec) -> None:
    wanted, heard = offer(row), list[tuple[int, int, str]]()
    fetch(row, wanted, lambda *said: heard.append(said))
    assert location_of(row).folder is not None
    done = [done for done, _, _ in heard]
    assert done == sorted(done) and done[-1] == wanted.bytes
    assert {total for _, total, _ in heard} == {wanted.bytes}
    again = offer(row)
    assert (again.bytes, wanted.whole, again.whole) == (0, False, True)


def test_a_broken_connection_is_taken_up_where_it_broke(hub: Hub, row: EncoderSpec) -> None:
    hub.breaks, hub.breaks_after = 2, 40_000
    fetch(row, offer(row))
    place = location_of(row).folder
    assert place is not None
    assert (place / "model.safetensors").read_bytes() == WEIGHTS
    assert hub.breaks == 0
    assert hub.starts == [0, 0, 2 * CHUNK, 4 * CHUNK]  # the configuration; then each time what is whole is kept


def _stop_after(most: int) -> Callable[[int, int, str], None]:
    def stop(done: int, _total: int, _file: str) -> None:
        if done > most:
            raise KeyboardInterrupt

    return stop


def test_a_slow_hub_is_waited_for_and_a_stop_is_heard(hub: Hub, row: EncoderSpec, tmp_path: Path) -> None:
    hub.slow = 0.02
    wanted = offer(row)
    with pytest.raises(KeyboardInterrupt):
        fetch(row, wanted, _stop_after(20_000))
    assert location_of(row).folder is None
    hub.slow, hub.starts = 0.0, []
    rest, heard = offer(row), list[tuple[int, int, str]]()
    assert rest.bytes == 102_400 - CHUNK  # what was fetched is kept, and counted
    fetch(row, rest, lambda *said: heard.append(said))
    assert hub.starts == [CHUNK]
    place = location_of(row).folder
    assert place is not None
    assert (place / "model.safetensors").read_bytes() == WEIGHTS
    done = [done for done, _, _ in heard]
    assert done == sorted(done) and done[-1] == rest.bytes
    assert {total for _, total, _ in heard} == {rest.bytes}
    assert not list((tmp_path / "cache").rglob(fetching.PARTS + "/*"))


def test_a_disk_that_holds_the_rest_is_large_enough(
    hub: Hub, row: EncoderSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        fetch(row, offer(row), _stop_after(50_000))
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: SimpleNamespace(free=fetching.ROOM + 102_400 - CHUNK))
    fetch(row, offer(row))
    assert location_of(row).folder is not None


def test_a_part_that_is_too_long_is_begun_anew(hub: Hub, row: EncoderSpec) -> None:
    part = fetching._part(NAME, SHA, "model.safetensors")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"0" * 200_000)
    fetch(row, offer(row))
    place = location_of(row).folder
    assert place is not None
    assert (place / "model.safetensors").read_bytes() == WEIGHTS


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, "GatedRepo", "agree there, then log in here"),
        (403, "GatedRepo", "agree there, then log in here"),
        (401, "RepoNotFound", "has no model"),
        (404, "RepoNotFound", "has no model"),
        (403, "", "refuses"),
        (500, "", "failed for"),
    ],
)
def test_a_hub_that_refuses_is_a_sentence(hub: Hub, row: EncoderSpec, status: int, error: str, said: str) -> None:
    hub.status[NAME] = (status, error)
    with pytest.raises(EncoderError, match=said):
        offer(row)


def test_a_token_opens_what_is_gated(hub: Hub, row: EncoderSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.token = "hf_secret"
    hub.gated[NAME] = "manual"
    with pytest.raises(EncoderError, match="agree there"):
        offer(row)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    wanted = offer(row)
    assert wanted.repositories[0].gated
    fetch(row, wanted)
    assert location_of(row).folder is not None


def test_a_hub_that_is_not_there_is_a_sentence(hub: Hub, row: EncoderSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(EncoderError, match="cannot be reached"):
        offer(row)


def test_offline_asks_no_hub(hub: Hub, row: EncoderSpec) -> None:
    with pytest.raises(EncoderError, match="offline"):
        offer(row, offline=True)
    assert hub.asked == []


def test_what_comes_from_no_hub_is_refused() -> None:
    with pytest.raises(InputError, match="comes from no hub"):
        offer(EncoderSpec("mine", "", "", "", 0, "", "", "", "copy it", options={"folder": "/data"}))


def test_a_full_disk_is_said_before_and_during(hub: Hub, row: EncoderSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: SimpleNamespace(free=fetching.ROOM + 1000))
    with pytest.raises(EncoderError, match=r"needs 0\.1 MB of disk"):
        fetch(row, offer(row))
    assert not any("resolve" in asked for asked in hub.asked)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: SimpleNamespace(free=10**12))

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.file_download.http_get", full)
    with pytest.raises(EncoderError, match="disk is full"):
        fetch(row, offer(row))


def test_an_adapter_s_base_is_part_of_the_offer(hub: Hub, row: EncoderSpec, tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "model.safetensors").write_bytes(b"1" * 5000)
    hub.serve("someone/base", base, license="other", license_name="gemma", license_link="https://example.org/terms")
    (hub.folders[NAME] / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "someone/base"}))
    found = offer(row)
    assert [one.name for one in found.repositories] == [NAME, "someone/base"]
    assert "someone/base: gemma (https://example.org/terms)" in found.licence
    fetch(row, found)
    assert location_of(row).folder is not None


def test_the_command_shows_the_licence_and_asks_first(hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "models" / "theirs"
    folder.mkdir(parents=True)
    (folder / "pagelens.json").write_text(json.dumps({"hub": NAME, "family": "multi-vector-text"}))
    run = runner(tmp_path / "home")
    asked = run("models", "get", "theirs")
    assert (asked.code, "licence apache-2.0" in asked.err, "--yes" in asked.err) == (1, True, True), asked
    assert not any("resolve" in asked for asked in hub.asked)
    got = run("models", "get", "theirs", "--yes")
    assert (got.code, "is on this machine" in got.out) == (0, True), got
    assert "already" in run("models", "get", "theirs").out
    listed = {model["id"]: model for model in json.loads(run("models", "list", "--json").out)}
    assert listed["theirs"]["available"]
    nobody = run("models", "get", "colpalli")
    assert (nobody.code, "no model 'colpalli'" in nobody.err) == (1, True)
