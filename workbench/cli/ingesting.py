"""``pagelens ingest``: files and folders into a collection, with progress, a clean stop, and an outcome per file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from typer.core import TyperCommand

from workbench.cli import output, tagging
from workbench.cli.session import STOPPED, AsJson, Collection, Workers, existing, stop_on_interrupt, workbench
from workbench.errors import InputError
from workbench.types import bottleneck
from workbench.types.documents import WORDS_LATER, WORDS_NOW

if TYPE_CHECKING:
    from workbench.ingestion import FileFields
    from workbench.service import Workbench
    from workbench.settings import CollectionSettings
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
    made = bench.ingestion.settings_for(collection, asked, [name for name in also if name], paths)
    report = run(bench, paths, collection, made, [name for name in also if name], given, replacing, workers)
    if as_json:
        from workbench.answers.jobs import Ingested

        output.emit(Ingested.of(report))
    else:
        _print(report)
    finish(report, INDEXED)
    if report.unread:
        finish(read_words(bench, collection), words_left(collection))
    if any(map(nothing_went_in, report.documents)):
        raise typer.Exit(1)


INDEXED = "What is indexed is safe; the same command does the rest."


def finish(report: IngestReport, left: str) -> None:
    """Say what went wrong with files, and what was left undone; end the command if it was stopped, with what is
    ``left`` then."""
    for document in report.documents:
        for sentence in complaints(document):
            output.say(sentence)
    for note in report.notes:
        output.say(note)
    if report.stopped:
        output.say(f"Stopped. {left}")
        raise typer.Exit(STOPPED)


def words_left(collection: str) -> str:
    """What is left where reading words was stopped."""
    return f"What is read is safe; to go on, run: pagelens collections words {collection}"


def read_words(bench: Workbench, collection: str) -> IngestReport:
    """Read the words that were left for later, with a progress bar; Ctrl-C leaves the rest for the next time."""
    with stop_on_interrupt() as stop, progress_bar("with all their words") as progress:
        report = bench.ingestion.read_words(collection, progress, stop)
    done = sum(document.indexed for document in report.documents)
    output.say(f"The words of {output.count(done, 'page')} were read in {report.seconds:.1f} s.")
    return report


def languages_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Languages as they were written on the command line; `InputError` for what is none."""
    from workbench.documents.languages import named

    return named(texts)


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
    finish(report, INDEXED)
    if report.unread:
        finish(read_words(bench, collection), words_left(collection))


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
