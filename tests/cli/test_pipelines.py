"""``pagelens pipelines``: what it lists is what a pipeline may say."""

import json

from tests.cli.conftest import Run
from workbench.representations import METHODS
from workbench.representations.table import ENCODINGS
from workbench.retrieval import PRESETS, STAGES, Pipeline


def test_every_stage_and_option_it_lists_can_be_written(run: Run) -> None:
    record = json.loads(run("pipelines", "--json").out)
    assert record["presets"] == PRESETS
    assert {stage["name"] for stage in record["stages"]} == set(STAGES)
    for stage in record["stages"]:
        if STAGES[stage["name"]].fusion or stage["name"] == "fde":
            continue  # fde is stored whole and scanned here only, which its errors say
        for key, option in stage["options"].items():
            dtype = next((name for name, kind in ENCODINGS.items() if key in kind.options), None)
            if dtype is not None and stage["name"] not in METHODS:
                continue  # short for a dtype of its own
            own = dtype is None or key in METHODS[stage["name"]].options
            also = "" if own else f",dtype={dtype}"
            for value in option["choices"] or [option["default"]]:
                assert Pipeline.parse(f"{stage['name']}[{key}={value}{also}]:5").keep == 5
    costs = {stage["name"]: stage["vectors_of_1030"] for stage in record["stages"]}
    assert (costs["global"], costs["full"], costs["bm25"]) == (1, 1030, None)
    assert "hamming distance of centroid numbers" in record["left_out"]


def test_it_says_so_in_words(run: Run) -> None:
    said = run("pipelines").out
    assert "ward" in said and "every vector stage" in said and PRESETS["two-stage"] in said
    assert "Left out: hamming distance" in said
