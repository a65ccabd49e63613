"""``pagelens bench speed``: the kernels of this machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from workbench.cli import output
from workbench.cli.session import AsJson, settings


def speed(
    context: typer.Context,
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="How often every task is timed.")] = 15,
    as_json: AsJson = False,
) -> None:
    """Time the kernels as ratios to a bare matrix product in the same run."""
    context.with_resource(output.only_ours())
    from workbench import bench as measuring

    report = measuring.speed(settings(context), rounds)
    if as_json:
        output.emit({**asdict(report), "rows": [{**asdict(row), "ok": row.ok} for row in report.rows]})
        return
    verdict = {True: "yes", False: "NO", None: ""}
    output.table(
        ("task", ">ms", ">ratio", ">at most", "met", "what"),
        [
            (
                row.name,
                f"{row.ms:.2f}",
                f"{row.ratio:.2f}",
                "" if row.most is None else f"{row.most:.1f}",
                verdict[row.ok],
                row.what,
            )
            for row in report.rows
        ],
    )
    output.show(f"Medians of {report.rounds} rounds, {report.threads} threads, {report.machine}.")
