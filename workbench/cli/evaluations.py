"""``pagelens eval``: a dataset's folder runs an evaluation; other words are commands over the records it leaves."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from workbench.cli import evaluating, pointing, presets, reporting, saved_evaluations, searching

RUN = "run"


class EvaluationGroup(TyperGroup):
    """Commands of which `RUN` is meant where none is named: ``eval FOLDER`` is ``eval run FOLDER``."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Put the command in front that was left out."""
        if args and args[0] not in self.commands:
            args = [RUN, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=EvaluationGroup,
    no_args_is_help=True,
    help="Measure pipelines on a dataset ('eval FOLDER' or 'eval run FOLDER'), and report on what was measured.",
)
app.command(RUN, cls=searching.PipelineCommand)(evaluating.evaluate)
app.command("list")(saved_evaluations.listed)
app.command()(evaluating.compare)
app.command()(evaluating.diff)
app.command()(reporting.report)
app.command()(pointing.boxes)
app.command(cls=searching.PipelineCommand)(presets.preset)
