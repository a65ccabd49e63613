"""``pagelens models``: the list, and the examination of a model."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.conftest import Run
from tests.encoders import tiny
from workbench import encoders, modelcheck
from workbench.encoders import ENCODERS, RERANKERS, preprocessing
from workbench.encoders.reader import Reader
from workbench.types import Geometry


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of a third of their usual size, timed once: the models are tiny too."""
    monkeypatch.setattr(modelcheck, "DPI", 48)
    monkeypatch.setattr(modelcheck, "REPEATS", 1)


def test_the_list_says_what_is_here_and_how_to_get_the_rest(fresh: Run, tmp_path: Path) -> None:
    listed = {model["id"]: model for model in json.loads(fresh("models", "list", "--json").out)}
    assert list(listed) == [*ENCODERS, *RERANKERS]
    reader, colpali = listed["reader"], listed["colpali-v1.3"]
    assert (reader["available"], reader["command"], reader["reason"]) == (True, "", "")
    assert (Path(reader["folder"]) / "model.safetensors").is_file()
    assert (colpali["available"], colpali["state"], colpali["folder"]) == (False, "absent", "")
    assert colpali["command"].startswith("hf download vidore/colpali-v1.3")
    assert colpali["source"].startswith("card of vidore/colpali-v1.3; mteb")
    assert "not on this machine" in colpali["reason"]
    tiny.build(tiny.family("colqwen2"), tmp_path / "home" / "models" / "my-qwen")
    mine = {model["id"]: model for model in json.loads(fresh("models", "list", "--json").out)}["my-qwen"]
    assert mine["source"] == f"the files in {tmp_path / 'home' / 'models' / 'my-qwen'}"
    table = fresh("models", "list").out.splitlines()
    assert table[0].split()[:3] == ["id", "vectors", "of"]
    (mine,) = (line for line in table if line.startswith("my-qwen "))
    assert str(tmp_path)[:20] in mine
    assert table[-1] == f"2 of {len(ENCODERS) + len(RERANKERS) + 1} models can be used here."


def test_a_download_that_was_cut_off_is_not_available(fresh: Run, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "models" / "colqwen2-v1.0-merged"
    tiny.build(tiny.family("colqwen2"), folder)
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    listed = {model["id"]: model for model in json.loads(fresh("models", "list", "--json").out)}
    assert "lacks 1 of 2 files" in listed[folder.name]["reason"]
    assert not listed[folder.name]["available"]


def test_the_reader_is_examined(fresh: Run) -> None:
    record = json.loads(fresh("models", "check", "reader", "--json").out)
    assert (record["id"], record["dim"], record["ok"]) == ("reader", 384, True)
    assert record["weights_hash"] == ENCODERS["reader"].options["sha256"]
    assert [(f["name"], f["ok"]) for f in record["findings"]] == [
        ("pages", True),
        ("batches", True),
        ("places", True),
        ("vectors", None),
        ("query", True),
        ("scores", True),
        ("collection", True),
    ]
    reader, *_ = json.loads(fresh("models", "list", "--json").out)
    assert (reader["state"], reader["seconds_per_page"]) == ("loaded", record["seconds_per_page"])


def test_what_cannot_be_loaded_is_a_sentence(fresh: Run) -> None:
    ended = fresh("models", "check", "colpali-v1.3")
    assert (ended.code, ended.out) == (1, "")
    assert "hf download" in ended.err
    ended = fresh("models", "check", "colpalli")
    assert (ended.code, ended.out) == (1, "")
    assert "no model 'colpalli'" in ended.err


def test_a_model_whose_places_are_wrong_is_told(fresh: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = preprocessing.Dynamic.geometry

    def swapped(self: Any, batch: Any, row: int, crop: Any) -> Geometry:
        found = right(self, batch, row, crop)
        rows, cols = found.grid or (1, 1)
        cell = np.arange(rows * cols).reshape(cols, rows).T.ravel()
        return replace(found, boxes=found.boxes[cell], cell=cell.astype(np.int32))

    monkeypatch.setattr(preprocessing.Dynamic, "geometry", swapped)
    tiny.build(tiny.family("colqwen2"), tmp_path / "home" / "models" / "swapped")
    try:
        ended = fresh("models", "check", "swapped")
    finally:
        encoders.unload("swapped")
    assert ended.code == 1
    lines = ended.out.splitlines()
    verdicts = {line.split()[0]: line.split()[1] for line in lines[lines.index("") + 1 :] if len(line.split()) > 2}
    assert (verdicts["places"], verdicts["maps"]) == ("DIFFERS", "DIFFERS")
    assert (verdicts["vectors"], verdicts["scores"], verdicts["batches"]) == ("ok", "ok", "ok")
    assert lines[-1] == "What differs: places, maps."


def test_words_whose_boxes_are_their_neighbours_are_told(fresh: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Reader.encode_pages

    def shifted(self: Any, pages: Any) -> Any:
        found = right(self, pages)
        return [
            replace(page, geometry=replace(page.geometry, boxes=np.roll(page.geometry.boxes, 1, axis=0)))
            for page in found
        ]

    monkeypatch.setattr(Reader, "encode_pages", shifted)
    report = json.loads(fresh("models", "check", "reader", "--json").out)
    assert {finding["name"]: finding["ok"] for finding in report["findings"]}["places"] is False
