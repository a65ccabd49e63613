"""``pagelens ingest``: files and folders into a collection, with progress, a clean stop, and an outcome per file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from typer.core import TyperCommand

from workbench import encoders
from workbench.cli import output, tagging
from workbench.cli.session import STOPPED, AsJson, Collection, Workers, existing, stop_on_interrupt, workbench
from workbench.errors import InputError, MismatchError
from workbench.settings import CollectionSettings
from workbench.types import bottleneck
from workbench.types.documents import WORDS_LATER, WORDS_NOW, WORDS_TEXT

if TYPE_CHECKING:
    from workbench.ingestion import FileFields
    from workbench.service import Workbench
    from workbench.types import DocumentOutcome, IngestReport, Progress


class IngestCommand(TyperCommand):
    """Lists the encoders there are below the help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help, with the list read from the code when it is asked for."""
        from workbench.encoders import ENCODERS

        self.epilog = "Encoders: " + ", ".join(ENCODERS)
        super().format_help(ctx, formatter)


def ingest(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="PDFs, images, folders of them; s3://...; an export.")
    ],
    collection: Collection,
    encoder: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="What turns pages into vectors; reader by default, several by repeating it."),
    ] = None,
    dpi: Annotated[int | None, typer.Option(help="Resolution pages are drawn at; 144 by default.")] = None,
    crop: Annotated[bool | None, typer.Option("--crop/--no-crop", help="Cut empty margins off.")] = None,
    furniture: Annotated[
        bool | None,
        typer.Option("--crop-furniture/--keep-furniture", help="With --crop: page numbers and running heads too."),
    ] = None,
    ocr: Annotated[
        bool | None, typer.Option("--ocr/--no-ocr", help="Read pages that have no text layer: --words now, or text.")
    ] = None,
    words: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="Words of a page: none; text: its text layer; later: OCR behind the vectors; now. By default now for "
            "encoders that read words, later for page models.",
        ),
    ] = None,
    languages: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LANGUAGES",
            help="Languages that OCR reads in, as ru+en; auto, the default, goes by what it sees of a page.",
        ),
    ] = None,
    page_tokens: Annotated[
        str | None,
        typer.Option(
            metavar="POLICY",
            help="Vectors kept of a page: visual; official: those of a page model's prompt too; pictures (reader): "
            "what photographs look like too.",
        ),
    ] = None,
    tags: tagging.Tag = None,
    meta: tagging.Meta = None,
    fields: tagging.Fields = None,
    replacing: Annotated[
        bool, typer.Option("--replace", help="A different file under a document's name replaces the document.")
    ] = False,
    workers: Workers = "",
    as_json: AsJson = False,
) -> None:
    """Index files and folders into a collection, which is made if there is none of that name.

    A file that cannot be read is named with its reason and loses nothing else: all other files go in, and the exit code
    is 1. What is already there is skipped, so the same command goes on where it was stopped. A collection that has
    several encoders gets the vectors of all for every page; the first is meant where a pipeline names none.
    Tags and fields are given to all files, those that are there already as well; filters find pages by them.

    A file that has changed replaces what it was before. A different file under the name of a document gets a number, as
    "report (2).pdf", unless --replace says that it takes the document's place. The report names what was replaced.
    """
    bench = workbench(context)
    given = tagging.file_fields(tags, meta, fields)
    first, *also = dict.fromkeys(encoder) if encoder else (None,)
    wanted: dict[str, Any] = {"encoder": first, "dpi": dpi, "crop": crop, "crop_furniture": furniture, "ocr": ocr}
    wanted["page_tokens"] = page_tokens
    wanted["languages"] = languages_of(languages) if languages is not None else None
    wanted["words"] = words
    if words is not None:
        wanted["ocr"] = words in (WORDS_LATER, WORDS_NOW)
    asked = {name: value for name, value in wanted.items() if value is not None}
    paths = existing(paths)
    made = settings_for(bench, collection, asked, [name for name in also if name], paths)
    report = run(bench, paths, collection, made, [name for name in also if name], given, replacing, workers)
    if as_json:
        output.emit(as_record(report))
    else:
        _print(report)
    for document in report.documents:
        for sentence in complaints(document):
            output.say(sentence)
    for note in report.notes:
        output.say(note)
    if report.stopped:
        output.say("Stopped. What is indexed is safe; the same command does the rest.")
        raise typer.Exit(STOPPED)
    if report.unread and read_words(bench, collection).stopped:
        raise typer.Exit(STOPPED)
    if any(map(nothing_went_in, report.documents)):
        raise typer.Exit(1)


def read_words(bench: Workbench, collection: str) -> IngestReport:
    """Read the words that were left for later, with a progress bar; Ctrl-C leaves the rest for the next time."""
    with stop_on_interrupt() as stop, progress_bar("with all their words") as progress:
        report = bench.ingestion.read_words(collection, progress, stop)
    done = sum(document.indexed for document in report.documents)
    output.say(f"The words of {output.count(done, 'page')} were read in {report.seconds:.1f} s.")
    if report.stopped:
        output.say(f"Stopped. What is read is safe; to go on, run: pagelens collections words {collection}")
    return report


def settings_for(
    bench: Workbench, collection: str, asked: dict[str, Any], also: Sequence[str] = (), paths: Sequence[Path] = ()
) -> CollectionSettings | None:
    """Settings for a new collection; for an existing one None, or `MismatchError` if other ones are asked for.

    One made of an export among ``paths`` counts as existing. ``also`` are further encoders; an existing collection must
    have all that are asked for, in any order.
    """
    from workbench.documents import ReadSettings

    if "ocr" in asked:  # the coarser word for the same
        asked.setdefault("words", WORDS_NOW if asked["ocr"] else WORDS_TEXT)

    made = replace(CollectionSettings(), **asked)
    ReadSettings.of(made)  # refuses what no page can be made with
    found = bench.ingestion.made_with(collection, paths)
    if found is None:
        return made
    what, have, settings, exported = found
    encoder = asked.pop("encoder", None)
    for name in filter(None, (encoder, *also)):
        if name not in have:
            first_in = "leave the option out and then" if exported else "to add it,"
            raise MismatchError(
                f"{what} was made with encoder {' and '.join(have)}, not {name}; {first_in} run: "
                f"pagelens collections embed {collection} --encoder {name}"
            )
    own = encoders.spec(have[0]).page_policies
    tokens = settings["page_tokens"] or (own[0] if own else "")
    there = {**settings, "words": CollectionSettings.of(settings).reads, "page_tokens": tokens}
    other = [
        f"{name} {_shown(there[name])}, not {_shown(value)}"
        for name, value in asked.items()
        if name != "ocr" and there[name] != value
    ]
    if other:
        cure = "its pages are taken in as they are" if exported else "or choose another name to make a new collection"
        raise MismatchError(f"{what} was made with {' and '.join(other)}; leave the option out, {cure}.")
    return None


def languages_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Languages as they were written on the command line; `InputError` for what is none."""
    from workbench.documents.languages import named

    return named(texts)


def _shown(value: Any) -> str:
    return str(value) if not isinstance(value, tuple) else "+".join(value) or "auto"


def run(
    bench: Workbench,
    paths: Sequence[Path],
    collection: str,
    settings: CollectionSettings | None,
    also: Sequence[str] = (),
    fields: FileFields | None = None,
    replacing: bool = False,
    workers: str = "",
) -> IngestReport:
    """Ingest with a progress bar on standard error, ending after the pages at hand on Ctrl-C."""
    with stop_on_interrupt() as stop, progress_bar() as progress:
        return bench.ingestion.ingest(paths, collection, settings, progress, stop, also, fields, replacing, workers)


def complete(
    bench: Workbench, paths: Sequence[Path], collection: str, settings: CollectionSettings | None, empty: str
) -> None:
    """Ingest what a collection lacks of ``paths``; `InputError` with the sentence ``empty`` when they hold no page."""
    plan = bench.ingestion.plan(paths, collection, settings)
    if not plan.pages_to_read and collection in bench.library.names():
        return
    if not plan.pages:
        raise InputError(empty)
    output.say(f"Indexing {output.count(plan.pages_to_read, 'page')} into collection '{collection}'.")
    report = run(bench, paths, collection, settings)
    for document in report.documents:
        for sentence in complaints(document):
            output.say(sentence)
    if report.stopped:
        output.say("Stopped. What is indexed is safe; the same command does the rest.")
        raise typer.Exit(STOPPED)
    if report.unread and read_words(bench, collection).stopped:
        raise typer.Exit(STOPPED)


@contextmanager
def progress_bar(done: str = "indexed") -> Iterator[Callable[[Progress], None]]:
    """A bar on a terminal; elsewhere one line whenever a file is done, which says what its pages are."""
    if not sys.stderr.isatty():
        told = 0

        def tell(progress: Progress) -> None:
            nonlocal told
            for document in progress.documents[told:]:
                if document.left_out:
                    continue
                output.say(f"{document.name}: {output.count(document.indexed, 'page')} {done}")
            told = len(progress.documents)

        yield tell
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("pages"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=output.errors(), transient=True) as bars:
        bar = bars.add_task("Looking at the files", total=None)

        def move(progress: Progress) -> None:
            rate = f" ({progress.pages_per_second:.1f}/s)" if progress.pages_done else ""
            name = output.plain(progress.current)[-40:]
            bars.update(bar, completed=progress.pages_done, total=progress.pages_total, description=name + rate)

        yield move


def as_record(report: IngestReport) -> dict[str, Any]:
    """The report as JSON values; a file that could not be read, or was known already, also has its ``reason``."""
    record: dict[str, Any] = {
        "collection": report.collection,
        "documents": [
            {
                "name": document.name,
                "pages": document.pages,
                "indexed": document.indexed,
                "skipped": document.skipped,
                "failed": [asdict(page) for page in document.failed],
                **({"reason": document.reason} if document.reason else {}),
                **({"replaced": document.replaced} if document.replaced else {}),
                **({"left_out": True} if document.left_out else {}),
                **({"notices": [asdict(page) for page in document.notices]} if document.notices else {}),
            }
            for document in report.documents
        ],
        "seconds": report.seconds,
    }
    record |= {"notes": list(report.notes)} if report.notes else {}
    record["stages"] = [
        {"name": stage.name, "done": stage.done, "pages_per_second": round(stage.pages_per_second, 2)}
        for stage in report.stages
    ]
    record["bottleneck"] = bottleneck(report.stages)
    return {**record, "stopped": True} if report.stopped else record


_NOTICES = 3  # of a file; the rest is counted here and named by `collections show`


def nothing_went_in(document: DocumentOutcome) -> bool:
    """Whether a file failed as a whole."""
    return (
        not document.left_out and document.indexed + document.skipped == 0 and bool(document.reason or document.failed)
    )


def complaints(document: DocumentOutcome) -> Iterator[str]:
    """What went wrong with a file, a sentence each."""
    if document.reason and (document.failed or nothing_went_in(document)):
        yield document.reason if document.name in document.reason else f"{document.name}: {document.reason}"
    for page in document.failed:
        yield f"{document.name}#page={page.page}: {page.reason}"


def told_of(document: DocumentOutcome) -> Iterator[str]:
    """What is to be said of a file besides its complaints."""
    if document.reason and not document.failed and not nothing_went_in(document):
        yield document.reason
    if document.replaced:
        yield f"replaced {document.replaced}"
    for page in document.notices[:_NOTICES]:
        yield f"page {page.page}: {page.reason}"
    if more := document.notices[_NOTICES:]:
        yield f"and {output.count(len(more), 'page')} more that could hardly be read"


def _print(report: IngestReport) -> None:
    rows = [
        (
            d.name,
            str(d.pages),
            str(d.indexed),
            str(d.skipped),
            str(len(d.failed)),
            "; ".join(told_of(d)),
        )
        for d in report.documents
    ]
    if rows:
        output.table(("document", ">pages", ">indexed", ">skipped", ">failed", ""), rows)
    indexed = sum(document.indexed for document in report.documents)
    output.show(f"{output.count(indexed, 'page')} indexed into '{report.collection}' in {report.seconds:.1f} s.")
    if slowest := bottleneck(report.stages):
        paced = (stage for stage in report.stages if stage.name != "index" and stage.done)
        rates = ", ".join(f"{stage.name} {stage.pages_per_second:,.1f}" for stage in paced)
        output.show(f"Each stage by itself, pages/s: {rates}; the others wait for '{slowest}'.")
