"""``pagelens collections``: what there is, what is in it, and its upkeep."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from workbench.cli import output
from workbench.cli.session import AsJson, clean, workbench

app = typer.Typer(help="List, inspect, check, compact and delete collections.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", parser=clean, help="Name of the collection.")]


@app.command("list")
def listing(context: typer.Context, as_json: AsJson = False) -> None:
    """List all collections."""
    found = workbench(context).collections()
    if as_json:
        output.emit({"collections": [asdict(info) for info in found]})
        return
    rows = [
        (c.name, c.encoder, f"{c.documents:,}", f"{c.pages:,}", f"{c.failed_pages:,}", output.size(c.bytes))
        for c in found
    ]
    if rows:
        output.table(("name", "encoder", ">documents", ">pages", ">failed", ">on disk"), rows)
    else:
        output.show("There are no collections yet; 'pagelens ingest FOLDER -c NAME' makes one.")


@app.command()
def show(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show one collection: what made it, its documents, and the size of its indexes."""
    bench = workbench(context)
    info, documents = bench.collection(name), bench.documents(name)
    if as_json:
        output.emit({**asdict(info), "list": [asdict(document) for document in documents]})
        return
    output.show(
        f"{info.name}: {output.count(info.pages, 'page')} of {output.count(info.documents, 'document')}, "
        f"{output.size(info.bytes)} on disk, made by {info.encoder}."
    )
    pages = max(info.pages, 1)
    output.show()
    output.table(
        ("index", ">vectors", ">a page", ">numbers", "dtype", ">on disk", ">a page"),
        [
            (
                i.name,
                f"{i.vectors:,}",
                f"{i.vectors / pages:.1f}",
                str(i.dim),
                i.dtype,
                output.size(i.bytes),
                output.size(i.bytes / pages),
            )
            for i in info.indexes
        ],
    )
    output.show()
    output.table(
        ("document", ">pages", ">indexed", ">failed", "words from", "added"),
        [(d.name, str(d.pages), str(d.indexed), str(len(d.failed)), d.words, d.added[:19]) for d in documents],
    )
    for document in documents:
        for page in document.failed:
            output.show(f"{document.name}#page={page.page}: {page.reason}")


@app.command()
def delete(
    context: typer.Context,
    name: Name,
    document: Annotated[
        str | None, typer.Option(metavar="NAME", parser=clean, help="Delete only this document of it.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; without a terminal nobody is asked.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a collection, or one document of it."""
    bench = workbench(context)
    info = bench.collection(name)
    what = f"collection '{name}' with {output.count(info.pages, 'page')}" if document is None else f"'{document}'"
    if not yes and sys.stdin.isatty() and not typer.confirm(f"Delete {output.plain(what)}?", err=True):
        raise typer.Exit(1)
    if document is None:
        bench.delete_collection(name)
        removed = info.pages
    else:
        removed = bench.delete_document(name, document)
    if as_json:
        output.emit({"collection": name, "document": document, "pages": removed})
    else:
        output.show(f"Deleted {what}." if document is None else f"Deleted {what}: {output.count(removed, 'page')}.")


@app.command()
def verify(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Look for pages without vectors or pictures and for vectors without pages; exit code 1 if there are any."""
    problems = workbench(context).verify(name)
    if as_json:
        output.emit({"collection": name, "ok": not problems, "problems": problems})
    else:
        for problem in problems or [f"'{name}' is as it should be."]:
            output.show(problem)
    if problems:
        raise typer.Exit(1)


@app.command()
def compact(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Rewrite a collection without what deletions and small commits left behind."""
    before, after = workbench(context).compact(name)
    if as_json:
        output.emit({"collection": name, "bytes_before": before, "bytes_after": after})
    else:
        output.show(f"'{name}': {output.size(before)} before, {output.size(after)} after.")
