"""``pagelens pipelines``: every stage a pipeline can name, its options, what it costs and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.cli import output
from workbench.cli.session import AsJson

if TYPE_CHECKING:
    from workbench.answers.pipelines import PipelineStage, StageOption


def pipelines(
    as_json: AsJson = False,
) -> None:
    """List the stages a pipeline can name, with options, cost and source, and the presets."""
    from workbench.answers.pipelines import PAGE_VECTORS, PipelineParts
    from workbench.representations.table import ENCODINGS

    parts = PipelineParts.all()
    if as_json:
        output.emit(parts)
        return
    rows = [
        (
            stage.name,
            _summary(stage),
            "" if stage.vectors_of_1030 is None else f"{stage.vectors_of_1030:,}",
            stage.cost,
            stage.source,
        )
        for stage in parts.stages
    ]
    output.table(("stage", "what it is", f">vectors of {PAGE_VECTORS:,}", "what it looks at", "source"), rows)
    output.show()
    written = {option.summary: name for name, encoding in ENCODINGS.items() for option in encoding.options.values()}
    output.table(("option", "what it does", "values, the default first", "of stages"), _options(parts.stages, written))
    output.show()
    output.show("Experimental: no measurement of ours favours it so far; it is there to be measured on your pages.")
    output.show()
    output.table(
        ("preset", "pipeline", "when"), [(name, text, parts.reasons[name]) for name, text in parts.presets.items()]
    )
    for name, why in parts.left_out.items():
        output.show()
        output.show(f"Left out: {name}. {why}")


def _summary(told: PipelineStage | StageOption) -> str:
    """What a stage or option is, and whether measurements speak for it."""
    return f"experimental: {told.summary}" if told.experimental else told.summary


def _options(stages: Sequence[PipelineStage], written: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """A row per option and meaning, with the stages that take it; ``written`` gives the dtype that an option is of."""
    takers: dict[tuple[str, str, str], list[str]] = {}
    for stage in stages:
        for key, told in stage.options.items():
            values = ", ".join(dict.fromkeys([told.default, *told.choices]))
            takers.setdefault((key, _summary(told), values), []).append(stage.name)
    vector = sum("query" in stage.options for stage in stages)

    def taken(summary: str, names: list[str]) -> str:
        if summary in written:
            return f"vector stages with dtype={written[summary]}"
        return "every vector stage" if len(names) == vector else ", ".join(names)

    return [(key, summary, values, taken(summary, names)) for (key, summary, values), names in takers.items()]
