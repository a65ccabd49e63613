"""``pagelens collections tag``, and the options by which an ingest tags its files; fields are a person's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli import output
from workbench.cli.session import AsJson, clean, workbench
from workbench.cli.upkeep import Name
from workbench.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from workbench.ingestion import FileFields
    from workbench.store import FieldsChange
    from workbench.types import DocumentInfo

Tag = Annotated[list[str] | None, typer.Option("--tag", metavar="TEXT", help="A tag to add; may be repeated.")]
Meta = Annotated[
    list[str] | None,
    typer.Option("--meta", metavar="NAME=VALUE", help="A field to set, as year=2024; may be repeated."),
]
Fields = Annotated[
    Path | None,
    typer.Option(
        "--fields",
        metavar="FILE",
        help="A CSV or JSON table with a row a file: its name under 'file', 'tags', and a column for every field.",
    ),
]


def change(tags: Sequence[str] | None, meta: Sequence[str] | None) -> FieldsChange:
    """The tags and fields of the options; `InputError` for one that cannot be."""
    from workbench.store.fields import FieldsChange, assignment

    return FieldsChange.of(tags or (), set=dict(assignment(text) for text in meta or ()))


def file_fields(tags: Sequence[str] | None, meta: Sequence[str] | None, table: Path | None) -> FileFields:
    """What an ingest gives its files by these options."""
    from dataclasses import replace

    from workbench.ingestion import FileFields, read_fields

    named = FileFields() if table is None else read_fields(table.expanduser())
    return replace(named, every=change(tags, meta))


def borne(document: DocumentInfo) -> str:
    """A document's tags and fields on a line."""
    return ", ".join([*document.tags, *(f"{name}={value}" for name, value in document.meta.items())])


def tag(
    context: typer.Context,
    name: Name,
    documents: Annotated[
        list[str] | None, typer.Argument(metavar="DOCUMENT...", parser=clean, help="Names of documents.")
    ] = None,
    tags: Tag = None,
    untag: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="A tag to take away; may be repeated.")
    ] = None,
    meta: Meta = None,
    clear: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A field to clear; may be repeated.")] = None,
    fields: Fields = None,
    everything: Annotated[bool, typer.Option("--all", help="Every document of the collection.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tag documents and set fields of your own, which filters find them by: tag = 'finance', meta.year >= 2020.

    Nothing is read again. Without any change, what the documents bear is listed.
    """
    from workbench.store.fields import FieldsChange

    bench = workbench(context)
    given = FieldsChange.of(remove=untag or (), clear=clear or ()).then(change(tags, meta))
    if given and not (documents or everything):
        raise InputError("Name the documents to change, or give --all.")
    notes = bench.ingestion.apply_fields(name, file_fields(None, None, fields)) if fields is not None else []
    if given:
        bench.library.change_fields(
            name, [one.name for one in bench.library.documents(name)] if everything else documents or (), given
        )
    found = {one.name: one for one in bench.library.documents(name)}
    if unknown := [one for one in documents or () if one not in found]:
        raise NotFoundError(f"There is no document '{unknown[0]}' in collection '{name}'.")
    shown = [found[one] for one in dict.fromkeys(documents or found)]
    if as_json:
        from workbench.answers.collections import Tagged

        output.emit(Tagged.of(name, shown, notes))
        return
    output.table(("document", "tags and fields"), [(one.name, borne(one)) for one in shown])
    for note in notes:
        output.say(note)
