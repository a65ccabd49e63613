"""MTEB's result files: whose figures they say they are. What stands in them: tests/cli/test_eval.py."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.evaluation.records import record
from workbench.evaluation import mteb
from workbench.evaluation.record import Record

ENCODERS = {
    "reader": {"id": "reader", "dim": 384, "revision": "r1"},
    "colpali-v1.3": {"id": "colpali-v1.3", "dim": 128},
}


def measured(*pipelines: str) -> Record:
    """A record of these pipelines over a collection of two encoders, about a benchmark that MTEB knows."""
    made = record({text: [(1, 1), (2, 3)] for text in pipelines})
    made.settings["pipelines"] = {text: text for text in pipelines}  # type: ignore[index]
    collection = replace(made.collection, encoder="reader", encoders=ENCODERS)
    runs = {text: replace(run, text=text) for text, run in made.pipelines.items()}
    dataset = replace(made.dataset, name="Vidore2ESGReportsRetrieval")
    return replace(made, collection=collection, pipelines=runs, dataset=dataset)


def models(folder: Path) -> dict[str, dict[str, Any]]:
    """What each result file says of its model, by pipeline."""
    found = [json.loads(path.read_text()) for path in folder.rglob("model_meta.json")]
    return {meta["pipeline"]: meta for meta in found}


def test_each_pipeline_is_its_own_model_s(tmp_path: Path) -> None:
    own, other, both = "full:10", "full@colpali-v1.3:10", "rows:50 > full@colpali-v1.3:10"
    written = mteb.write(measured(own, other, both), tmp_path, tmp_path / "out")
    assert len(set(written)) == 3
    told = models(tmp_path / "out")
    assert {text: (meta["name"], meta["embed_dim"], meta["modalities"]) for text, meta in told.items()} == {
        own: ("pagelens/reader", 384, ["text"]),
        other: ("vidore/colpali-v1.3", 128, ["image", "text"]),
        both: ("pagelens/reader+colpali-v1.3--rows-50-full-colpali-v1.3-10", 128, ["image", "text"]),
    }
    assert told[both]["n_parameters"] == told[own]["n_parameters"] + told[other]["n_parameters"]


def test_long_pipelines_that_begin_alike_are_not_one(tmp_path: Path) -> None:
    begin = "rrf(rows, conv, tiles, global, rows[dtype=int8], conv[dtype=int8]):256 > full"
    written = mteb.write(measured(f"{begin}:10", f"{begin}:20"), tmp_path, tmp_path / "out")
    assert len(set(written)) == 2 and {meta for meta in models(tmp_path / "out")} == {f"{begin}:10", f"{begin}:20"}
