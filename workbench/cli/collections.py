"""``pagelens collections``: what there is, what is in it, further encoders and indexes, and its upkeep."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli import ingesting, output, tagging, upkeep
from workbench.cli.session import AsJson, Workers, clean, stop_on_interrupt, workbench
from workbench.cli.upkeep import Name
from workbench.errors import InputError, StoreError

if TYPE_CHECKING:
    from workbench.service import Workbench
    from workbench.types import CollectionInfo, DocumentInfo

MOST_PAGES = 1_000_000
"""What a page may be numbered: no document of more is read."""
_PAGES = re.compile("(?P<first>[0-9]{1,7})(?:-(?P<last>[0-9]{1,7}))?")

app = typer.Typer(help="List, inspect, check, compact and delete collections.", no_args_is_help=True)

for command in (
    tagging.tag,
    upkeep.verify,
    upkeep.repair,
    upkeep.audit,
    upkeep.quarantine,
    upkeep.recall,
    upkeep.compact,
    upkeep.export,
):
    app.command()(command)


@app.command("list")
def listing(context: typer.Context, as_json: AsJson = False) -> None:
    """List all collections."""
    found = workbench(context).library.all()
    if as_json:
        output.emit(found)
        return
    rows = [
        (
            c.name,
            ", ".join(space.encoder for space in c.spaces),
            f"{c.documents:,}",
            f"{c.pages:,}",
            f"{c.failed_pages:,}",
            output.size(c.bytes),
        )
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
    info, documents = bench.library.info(name), bench.library.documents(name)
    away = bench.maintenance.quarantined(name)
    if as_json:
        from workbench.answers.collections import Collection, PutAway
        from workbench.service.sample import examples

        quarantine = [PutAway.of(entry) for entry in away]
        output.emit(Collection(info=info, examples=examples(name), documents=documents, quarantine=quarantine))
        return
    later = info.spaces[1:]
    others = f", with vectors of {', '.join(space.encoder for space in later)} too" if later else ""
    output.show(
        f"{info.name}: {output.count(info.pages, 'page')} of {output.count(info.documents, 'document')}, "
        f"{output.size(info.bytes)} on disk, made by {info.encoder}{others}."
    )
    if read_in := info.settings.get("languages"):
        output.show(f"Scans are read in {'+'.join(read_in)}.")
    for space in later:
        if space.missing:
            cure = f"pagelens collections embed {name} --encoder {space.encoder}"
            output.show(f"{space.encoder}: {output.count(space.missing, 'page')} still to be embedded; run: {cure}")
    output.show()
    output.table(
        ("encoder", "index", ">pages", ">vectors", ">a page", ">numbers", "dtype", ">on disk", ">a page"),
        [
            (
                space.encoder,
                i.name,
                f"{i.pages:,}",
                f"{i.vectors:,}",
                f"{i.vectors / max(i.pages, 1):.1f}",
                str(i.dim),
                i.dtype,
                output.size(i.bytes),
                output.size(i.bytes / max(i.pages, 1)),
            )
            for space in info.spaces
            for i in space.indexes
        ],
    )
    output.show()
    output.table(
        ("document", ">pages", ">indexed", ">failed", "words from", "added", "tags and fields"),
        [
            (d.name, str(d.pages), str(d.indexed), str(len(d.failed)), d.words, output.local(d.added), tagging.borne(d))
            for d in documents
        ],
    )
    for document in documents:
        for sentence in _troubles(name, document):
            output.show(sentence)
    upkeep.show_quarantine(away)


def _troubles(name: str, document: DocumentInfo) -> Iterator[str]:
    """What of a document is not in or was hardly read, a sentence each, and what may cure that."""
    for page in document.failed:
        yield f"{document.name}#page={page.page}: {page.reason}"
    if document.verdict not in ("good", "wordless"):
        yield f"{document.name}: {document.reading}"
    for notice in document.notices:
        read = "" if notice.quality is None else f", {notice.quality} % read"
        yield f"{document.name}#page={notice.page} is in{read}, but: {notice.reason}"
    if document.notices:
        again = f"{shlex.quote(name)} {shlex.quote(document.name)} --another-way"
        yield f"To read them again another way, run: pagelens collections reread {again}"
    for gap in document.gaps:
        yield f"{document.name}#page={gap.page} has no vectors of {gap.encoder}: {gap.reason}"


@app.command()
def embed(
    context: typer.Context,
    name: Name,
    encoder: Annotated[str, typer.Option(metavar="ID", help="The encoder to add; see 'pagelens models list'.")],
    as_json: AsJson = False,
) -> None:
    """Add an encoder's vectors to a collection, from its stored pages; no file is read again.

    Pages that have them already are skipped, so the same command goes on where it was stopped. Pages ingested later get
    the vectors of every encoder of the collection.
    """
    bench = workbench(context)
    with stop_on_interrupt() as stop, ingesting.progress_bar("embedded") as progress:
        report = bench.ingestion.embed(name, encoder, progress, stop)
    done = sum(document.indexed for document in report.documents)
    if as_json:
        from workbench.answers.jobs import Ingested

        output.emit(Ingested.of(report, encoder))
    else:
        output.show(f"{output.count(done, 'page')} of '{name}' embedded by {encoder} in {report.seconds:.1f} s.")
    ingesting.finish(report, "What is embedded is safe; the same command does the rest.")
    if not done and any(document.failed for document in report.documents):
        raise typer.Exit(1)


@app.command()
def words(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Read the words that an ingest left for later, in the stored pictures of the pages; no file is read again.

    The pages are found by their vectors meanwhile. The same command, and the next ingest, goes on where it was stopped.
    """
    bench = workbench(context)
    report = ingesting.read_words(bench, name)
    if as_json:
        from workbench.answers.jobs import Ingested

        output.emit(Ingested.of(report))
    ingesting.finish(report, ingesting.words_left(name))


@app.command()
def reread(
    context: typer.Context,
    name: Name,
    document: Annotated[str, typer.Argument(parser=clean, help="The document, by its name in the collection.")],
    pages: Annotated[str, typer.Option(metavar="PAGES", help="Only these, as 3 or 1-4,9.")] = "",
    languages: Annotated[
        list[str] | None, typer.Option(metavar="LANGUAGES", help="Languages to read in, as ru+en, or auto.")
    ] = None,
    engine: Annotated[str, typer.Option(metavar="OCR", help="Which OCR reads: auto, built-in or tesseract.")] = "auto",
    ocr: Annotated[
        bool, typer.Option("--ocr", help="Believe no text layer: what is seen in the picture alone counts.")
    ] = False,
    another: Annotated[
        bool,
        typer.Option(
            "--another-way",
            help="What was hardly read (all where nothing was), by what is to be tried next: OCR, or another OCR.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read the stored pages of a document another way: in other languages, by another OCR, or by OCR alone.

    No file is needed. Words and the vectors made of them change at once; a page of which nothing is read that way stays
    as it was, and is named.
    """
    from workbench.documents import Way
    from workbench.documents.languages import AUTO

    bench, way = workbench(context), Way(ingesting.languages_of(languages or ()), engine, layer=not ocr)
    wanted = numbers(pages)
    if another:
        if wanted or engine != AUTO or ocr:
            raise InputError("--another-way decides pages, OCR and text layer by itself; leave out the other options.")
        way, wanted = bench.ingestion.another_way(name, document, way.languages)
    with stop_on_interrupt() as stop, ingesting.progress_bar("read again") as progress:
        report = bench.ingestion.read_again(name, document, way, wanted, progress, stop)
    done = sum(outcome.indexed for outcome in report.documents)
    if as_json:
        from workbench.answers.jobs import Ingested

        output.emit(Ingested.of(report))
    else:
        output.show(f"{output.count(done, 'page')} of '{document}' read again in {report.seconds:.1f} s.")
        for outcome in report.documents:
            for sentence in ingesting.told_of(outcome):
                output.show(sentence)
    ingesting.finish(report, "What is read is safe; the same command reads all of them again.")
    if not done:
        raise typer.Exit(1)


def numbers(text: str) -> tuple[int, ...]:
    """Page numbers written as ``1-4,9``; none for an empty text."""
    found: list[int] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _PAGES.fullmatch(part)
        first, last = (int(match["first"]), int(match["last"] or match["first"])) if match else (0, 0)
        if not 1 <= first <= last <= MOST_PAGES:
            raise typer.BadParameter(f"'{part}' is no page; write pages as 3 or 1-4,9")
        found += range(first, last + 1)
    return tuple(dict.fromkeys(found))


@app.command()
def index(
    context: typer.Context,
    name: Name,
    index: Annotated[
        str, typer.Argument(metavar="INDEX", help="How to store pages, as gauss, binary or ward[factor=4,dtype=int8].")
    ],
    encoder: Annotated[
        str, typer.Option(metavar="ID", help="Whose vectors; those of the first encoder if not said.")
    ] = "",
    workers: Workers = "",
    as_json: AsJson = False,
) -> None:
    """Add an index to a collection, made of the stored full vectors; nothing is encoded again."""
    made = workbench(context).library.add_index(name, index, encoder, workers=workers)
    info = made.indexes[-2]  # full is always the last
    if as_json:
        from workbench.answers.upkeep import AddedIndex

        output.emit(AddedIndex.of(name, made.encoder, info))
    else:
        output.show(
            f"'{name}' has {info.name} of {made.encoder} now: {info.vectors:,} vectors, {output.size(info.bytes)}."
        )


@app.command()
def rename(
    context: typer.Context,
    name: Name,
    to: Annotated[str, typer.Argument(metavar="NEW", parser=clean, help="Its new name.")],
    as_json: AsJson = False,
) -> None:
    """Give a collection another name, and with it its judgements, saved searches, datasets, times and followed folders.

    Saved evaluations keep the name that they were made under.
    """
    info = workbench(context).renaming.collection(name, to)
    if as_json:
        output.emit(info)
    else:
        output.show(f"'{name}' is now '{info.name}': {output.count(info.pages, 'page')}.")


@app.command()
def delete(
    context: typer.Context,
    name: Name,
    document: Annotated[
        str | None, typer.Option(metavar="NAME", parser=clean, help="Delete only this document of it.")
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(metavar="ID", help="Delete only the vectors of this encoder of it.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; without a terminal nobody is asked.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a collection, or one document of it, or the vectors of one of its encoders but the first."""
    if document is not None and encoder is not None:
        raise typer.BadParameter("give --document or --encoder, not both")
    bench = workbench(context)
    info = _known(bench, name) if document is None and encoder is None else bench.library.info(name)
    pages = f" with {output.count(info.pages, 'page')}" if info is not None else ", which cannot be opened"
    what = f"collection '{name}'{pages}" if document is None else f"'{document}'"
    what = f"the vectors of {encoder} in '{name}'" if encoder is not None else what
    if not yes and sys.stdin.isatty() and not typer.confirm(f"Delete {output.plain(what)}?", err=True):
        raise typer.Exit(1)
    if encoder is not None:
        removed = sum(space.pages for space in bench.library.info(name).spaces if space.encoder == encoder)
        bench.library.remove_encoder(name, encoder)
        if as_json:
            from workbench.answers.upkeep import RemovedVectors

            output.emit(RemovedVectors(collection=name, encoder=encoder, pages=removed))
        else:
            output.show(f"Deleted {what}.")
        return
    receipt = bench.deletions.collection(name) if document is None else bench.deletions.document(name, document)
    if as_json:
        from workbench.answers.collections import Removed

        output.emit(Removed.of(receipt))
        return
    output.show(f"Deleted {what}. {receipt.sentence}")
    for search in receipt.searches:
        output.show(f"The saved search '{search}' pointed at it and is deleted too.")
    for note in receipt.notes:
        output.say(note)


def _known(bench: Workbench, name: str) -> CollectionInfo | None:
    """What there is of a collection; None when it is there and cannot be opened, which is no reason to keep it."""
    try:
        return bench.library.info(name)
    except StoreError:
        return None
