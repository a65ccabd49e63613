"""``pagelens pipelines``: what it lists is what a pipeline may say."""

import json

from tests.cli.conftest import Run
from workbench.bootstrap import ROOT
from workbench.retrieval import PRESETS, STAGES, Pipeline


def test_what_it_lists_can_be_written(run: Run) -> None:
    record = json.loads(run("pipelines", "--json").out)
    assert record["presets"] == PRESETS
    assert record["reasons"].keys() == PRESETS.keys()
    stages = {stage["name"]: stage for stage in record["stages"]}
    assert set(stages) == set(STAGES)
    for name, stage in stages.items():
        example = f"{name}({', '.join(STAGES[name].example)}):5"
        if STAGES[name].reranks:
            example = f"full:9 > {name}[model=some-model]:5"
        elif not STAGES[name].fusion:
            example = f"rrf({name}, full):5"
        assert Pipeline.parse(example).k == 5
        assert stage["cost"]
        assert set(stage["options"]) == set(STAGES[name].options)
    assert {name for name, stage in stages.items() if stage["experimental"]} == {"prf", "refine", "xtr"}
    marked = {key for key, option in stages["full"]["options"].items() if option.get("experimental")}
    assert marked == {"prune", "alpha", "exit"}
    for dtype in stages["full"]["options"]["dtype"]["choices"]:
        assert Pipeline.parse(f"full[dtype={dtype}]:5").k == 5
    costs = {name: stage["vectors_of_1030"] for name, stage in stages.items()}
    assert (costs["global"], costs["full"], costs["bm25"]) == (1, 1030, None)
    assert "hamming distance of centroid numbers" in record["left_out"]


def test_it_says_so_in_words(run: Run) -> None:
    said = run("pipelines").out
    assert "ward" in said and "every vector stage" in said and PRESETS["two-stage"] in said
    assert "Left out: hamming distance" in said
    record = json.loads(run("pipelines", "--json").out)
    options = [option for stage in record["stages"] for option in stage["options"].values()]
    marked = {told["summary"] for told in (*record["stages"], *options) if told.get("experimental")}
    assert said.count("experimental: ") == len(marked) == 7


def test_the_documentation_tells_every_preset() -> None:
    text = (ROOT / "docs" / "searching.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` | `{pipeline}` |" in text for name, pipeline in PRESETS.items())
