"""``pagelens pipelines``: every stage a pipeline can name, its options, what it costs and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.cli import output
from workbench.cli.session import AsJson

PAGE_VECTORS = 1_030
"""Vectors of the page that costs are told for: ColPali's."""


def pipelines(
    as_json: AsJson = False,
) -> None:
    """List the stages a pipeline can name, with options, cost and source, and the presets."""
    from workbench.representations import METHODS
    from workbench.representations.table import ENCODINGS, LEFT_OUT
    from workbench.retrieval import PRESET_REASONS, PRESETS, STAGES
    from workbench.retrieval.registry import OptionSpec

    def most(name: str) -> int | None:
        method = METHODS.get(name)
        if method is None:
            return None
        return method.most(PAGE_VECTORS, {key: option.default for key, option in method.options.items()})

    def option(spec: OptionSpec) -> dict[str, Any]:
        told = {"summary": spec.summary, "default": spec.default, "choices": list(spec.choices)}
        return {**told, "experimental": True} if spec.experimental else told

    stages: list[dict[str, Any]] = [
        {
            "name": name,
            "summary": spec.summary,
            "source": spec.source,
            "cost": spec.cost,
            "vectors_of_1030": most(name),
            "experimental": spec.experimental,
            "options": {key: option(value) for key, value in spec.options.items()},
        }
        for name, spec in STAGES.items()
    ]
    if as_json:
        reasons = dict(PRESET_REASONS)
        output.emit({"presets": dict(PRESETS), "reasons": reasons, "stages": stages, "left_out": dict(LEFT_OUT)})
        return
    rows = [
        (
            stage["name"],
            _summary(stage),
            "" if stage["vectors_of_1030"] is None else f"{stage['vectors_of_1030']:,}",
            stage["cost"],
            stage["source"],
        )
        for stage in stages
    ]
    output.table(("stage", "what it is", f">vectors of {PAGE_VECTORS:,}", "what it looks at", "source"), rows)
    output.show()
    written = {option.summary: name for name, encoding in ENCODINGS.items() for option in encoding.options.values()}
    output.table(("option", "what it does", "values, the default first", "of stages"), _options(stages, written))
    output.show()
    output.show("Experimental: no measurement of ours favours it so far; it is there to be measured on your pages.")
    output.show()
    output.table(("preset", "pipeline", "when"), [(name, text, PRESET_REASONS[name]) for name, text in PRESETS.items()])
    for name, why in LEFT_OUT.items():
        output.show()
        output.show(f"Left out: {name}. {why}")


def _summary(told: Mapping[str, Any]) -> str:
    """What a stage or option is, and whether measurements speak for it."""
    return f"experimental: {told['summary']}" if told.get("experimental") else str(told["summary"])


def _options(stages: list[dict[str, Any]], written: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """A row per option and meaning, with the stages that take it; ``written`` gives the dtype that an option is of."""
    takers: dict[tuple[str, str, str], list[str]] = {}
    for stage in stages:
        options: Mapping[str, Mapping[str, Any]] = stage["options"]
        for key, told in options.items():
            values = ", ".join(dict.fromkeys([told["default"], *told["choices"]]))
            takers.setdefault((key, _summary(told), values), []).append(stage["name"])
    vector = sum("query" in stage["options"] for stage in stages)

    def taken(summary: str, names: list[str]) -> str:
        if summary in written:
            return f"vector stages with dtype={written[summary]}"
        return "every vector stage" if len(names) == vector else ", ".join(names)

    return [(key, summary, values, taken(summary, names)) for (key, summary, values), names in takers.items()]
