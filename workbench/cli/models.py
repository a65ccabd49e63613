"""``pagelens models``: which models there are, which can be used here, and whether one does what it should."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
from rich.progress import Progress as Bars

from workbench.cli import output
from workbench.cli.session import AsJson, settings, workbench
from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.modelcheck import ModelReport
    from workbench.types import ModelStatus

app = typer.Typer(help="The models there are, and whether one works here.", no_args_is_help=True)

KINDS = {"words": "words", "patches": "patches", "page": "whole page", "score": "none: it scores"}
MARKS = {True: "ok", False: "DIFFERS", None: "-"}


@app.command("list")
def list_models(context: typer.Context, as_json: AsJson = False) -> None:
    """List the models: what each is, and where its weights are or the command that gets them.

    Seconds a page are those measured on this machine, by an ingest or by 'pagelens models check'.
    """
    found = workbench(context).models.all()
    if as_json:
        output.emit(found)
        return
    output.table(
        ("id", "vectors of", ">numbers", ">weights", ">download", ">s/page here", "licence", "weights in, or got by"),
        [_row(model) for model in found],
    )
    for model in found:
        if model.own_code:
            output.warn(f"{model.id} may run code of its own, at revision {model.own_code}.")
    here = sum(model.available for model in found)
    output.show(f"{here} of {output.count(len(found), 'model')} can be used here.")
    best = workbench(context).models.advice()
    pace = f" {best.seconds_per_page:.2g} s a page, {best.measured}." if best.seconds_per_page is not None else ""
    how = "" if best.available else f" Get it: pagelens models get {best.model}"
    output.say(f"For this machine: {best.model}. {best.why}{pace}{how}")


def _row(model: ModelStatus) -> tuple[str, ...]:
    return (
        model.id,
        KINDS[model.kind],
        str(model.dim) if model.dim else "",
        f"{model.parameters:.2g} B" if model.parameters else "",
        output.size(model.download) if model.download else "",
        "" if model.seconds_per_page is None else f"{model.seconds_per_page:.2g}",
        model.licence,
        model.folder if model.available else model.command,
    )


@app.command("get")
def get_model(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="ID", help="Id of the model, as 'models list' says it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Accept the licence that is shown.")] = False,
) -> None:
    """Fetch a model from the hub: its licence is shown and accepted first, then only what is missing is fetched.

    HF_ENDPOINT, HF_HOME, tokens ('hf auth login') and proxies are honoured. Broken off, the same command goes on.
    """
    bench = workbench(context)
    wanted = bench.models.offer(model)
    for one in wanted.repositories:
        gated = "; its owners ask that you agree on its page first" if one.gated else ""
        licence = one.licence + (f" ({one.terms})" if one.terms else "") if one.licence else "its card names none"
        output.say(f"{one.name} at {one.revision[:12]}, {output.size(one.bytes)}: licence {licence}{gated}.")
    if wanted.whole:
        output.show(f"'{model}' is on this machine already.")
        return
    output.say(f"{output.size(wanted.bytes)} to fetch into {wanted.folder}, where {output.size(wanted.free)} are free.")
    if not yes and not (sys.stdin.isatty() and typer.confirm("Do you accept the licence?", err=True)):
        raise InputError(f"Nothing was fetched; to accept the licence: pagelens models get {model} --yes")
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bars(*columns, console=output.errors(), transient=True) as bars:
        bar = bars.add_task("", total=wanted.bytes)
        bench.models.get(
            model,
            wanted.licence,
            lambda done, total, file: bars.update(
                bar, completed=done, total=total, description=output.plain(file)[-50:]
            ),
        )
    output.show(f"'{model}' is on this machine. See that it works here: pagelens models check {model}")


@app.command()
def allow(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="ID", help="Id of the model, as 'models list' says it.")],
    revision: Annotated[
        str,
        typer.Option(metavar="SHA", help="The revision whose code you have read; without it, what there is to read."),
    ] = "",
) -> None:
    """Let the code that a model brings along run on this machine, as you, at one revision.

    Pagelens runs no such code otherwise. What is allowed is remembered, and shown in red where models are listed; at
    another revision the code is refused again. To take it back: pagelens models disallow ID
    """
    from workbench import encoders

    folder = encoders.code_folder(encoders.spec(model))
    if folder is not None:
        for file in encoders.code_files(folder):
            output.say(f"{file}: {output.count(len(file.read_text('utf-8', 'replace').splitlines()), 'line')}")
    if not revision:
        if folder is None:
            raise InputError(
                f"'{model}' is not on this machine; name the revision whose code you have read on the hub."
            )
        raise InputError(
            f"Nothing is allowed yet. Read these files; if you trust them, run: pagelens models allow {model} "
            f"--revision {encoders.revision_of(folder)}"
        )
    workbench(context).models.allow(model, revision)
    output.warn(f"Code of '{model}' at revision {revision} runs on this machine from now on, with all that you may do.")


@app.command()
def disallow(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="ID", help="Id of the model, as 'models list' says it.")],
) -> None:
    """Let the code that a model brings along run no longer."""
    done = workbench(context).models.disallow(model)
    output.show(f"Code of '{model}' {'is refused again' if done else 'was not allowed'}.")


@app.command()
def check(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="ID", help="Id of the model, as 'models list' says it.")],
    as_json: AsJson = False,
) -> None:
    """Examine a model from end to end on real pages; exit code 1 if anything differs from what it should be.

    It is loaded, encodes upright, wide and cropped pages, alone and together, is compared with its own library's
    vectors, scores and similarity maps, and its pages are indexed, searched and explained in a throw-away collection.
    A reranker scores the same pages, beside its own library, and in a search.
    """
    context.with_resource(output.only_ours())
    from workbench import encoders, modelcheck, rerankcheck

    examine = rerankcheck.check if encoders.spec(model).kind == encoders.SCORES else modelcheck.check
    report = examine(settings(context), model, lambda step: output.say(f"{model}: {step} ..."))
    if as_json:
        output.emit({**asdict(report), "ok": report.ok})
    else:
        _print(report)
    if not report.ok:
        raise typer.Exit(1)


def _print(report: ModelReport) -> None:
    lives = report.residence
    weights = f"{lives.parameters / 1e9:.3g} billion weights, {output.size(lives.bytes)}, " if lives.bytes else ""
    output.show(f"{report.name} ({report.id}): family {report.family}, revision {report.revision}.")
    attention = f", attention {lives.attention}" if lives.attention else ""
    output.show(f"Loaded in {report.load_seconds:.1f} s: {weights}{lives.dtype} on {lives.device}{attention}.")
    if report.pages:
        output.show()
        output.table(
            ("page", ">pixels seen", ">grid", ">vectors", ">seconds"),
            [
                (
                    page.name + (", cropped" if page.cropped else ""),
                    f"{page.size[0]} x {page.size[1]}",
                    f"{page.grid[0]} x {page.grid[1]}" if page.grid else "",
                    f"{page.vectors:,}",
                    f"{page.seconds:.3g}",
                )
                for page in report.pages
            ],
        )
    output.show()
    output.table(("looked at", "", "found"), [(f.name, MARKS[f.ok], f.detail) for f in report.findings])
    output.show()
    if report.seconds_per_page is not None:
        output.show(f"{report.seconds_per_page:.3g} seconds a page on this machine, kept for estimates.")
    wrong = [finding.name for finding in report.findings if finding.ok is False]
    output.show(f"What differs: {', '.join(wrong)}." if wrong else "All good.")
