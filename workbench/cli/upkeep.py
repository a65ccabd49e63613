"""``pagelens collections verify``, ``audit``, ``quarantine``, ``recall``, ``compact``: looking after what is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli import output
from workbench.cli.session import AsJson, clean, workbench

if TYPE_CHECKING:
    from workbench.types import PageRef, Quarantined

Name = Annotated[str, typer.Argument(metavar="NAME", parser=clean, help="Name of the collection.")]


def verify(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Look for whatever is damaged or missing, and say what cures it; exit code 1 if there is anything.

    Tables, copies of vectors and every picture are read whole, which takes some seconds for a thousand pages: tables
    that cannot be read, vectors without pages and pages without vectors, pictures that are missing, empty, broken or of
    no page, deletions that were cut off, a lost manifest.
    """
    problems = workbench(context).maintenance.verify(name)
    if as_json:
        from workbench.answers.upkeep import Verified

        output.emit(Verified.of(name, problems))
    else:
        for problem in problems or [f"'{name}' is as it should be."]:
            output.show(problem)
    if problems:
        raise typer.Exit(1)


def repair(
    context: typer.Context,
    name: Name,
    encoder: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Without a manifest: the encoder that made the vectors, if it is not found."),
    ] = None,
    dpi: Annotated[int | None, typer.Option(help="Without a manifest: the resolution pages were drawn at.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make anew what can be of a damaged collection: manifest, indexes, copies, small pictures, the text index.

    A deletion that was cut off is finished. Pages whose picture or full vectors are lost come back when their files are
    ingested again. Exit code 1 if anything is left to do.
    """
    bench = workbench(context)
    done = bench.maintenance.repair(name, encoder or (), dpi)
    left = bench.maintenance.verify(name)
    if as_json:
        from workbench.answers.upkeep import Verified

        output.emit(Verified.of(name, left, done))
    else:
        for sentence in [*done, *left] or [f"'{name}' is as it should be; nothing was done."]:
            output.show(sentence)
    if left:
        raise typer.Exit(1)


def audit(
    context: typer.Context,
    name: Name,
    encoder: Annotated[str, typer.Option(metavar="ID", help="By this encoder's vectors; the first without it.")] = "",
    probes: Annotated[int, typer.Option(min=10, max=5000, help="Unrelated questions to ask.")] = 200,
    as_json: AsJson = False,
) -> None:
    """List pages that unrelated questions find again and again, and pages that are copies of one another.

    Evidence for a person to weigh: tables of contents and indexes are natural hubs, and a copy may be wanted.
    """
    bench = workbench(context)
    with output.counted("Asking", "questions") as progress:
        found = bench.maintenance.audit(name, encoder, probes, progress)
    away = bench.maintenance.quarantined(name)
    if as_json:
        from workbench.answers.collections import PutAway
        from workbench.answers.upkeep import Audited, AuditedWithQuarantine

        told = dict(Audited.of(found))
        output.emit(AuditedWithQuarantine(**told, quarantine=[PutAway.of(entry) for entry in away]))
        return
    output.show(
        f"{found.probes} unrelated questions to {output.count(found.pages, 'page')} of '{name}' by '{found.index}' of "
        f"{found.encoder}, the best {found.k} of each; skewness of the pages' counts {found.skewness:.2f}."
    )
    output.show()
    if found.suspects:
        rows = [
            (
                str(s.ref),
                f"{s.hubness.count}",
                f"{s.hubness.z:.1f}",
                f"{s.hubness.floor:.2f}",
                f"{s.concentration.share:.0%}",
                "vectors look optimised" if s.optimised else "",
            )
            for s in found.suspects
        ]
        output.table(("suspicious page", ">found by", ">z", ">floor", ">won by 8 vectors", ""), rows)
        output.show(f"On an ordinary page, the best 8 vectors win {found.typical:.0%}.")
        for suspect in found.suspects:
            if suspect.optimised:
                asked = "; ".join(finding.query for finding in suspect.found)
                output.show(f"{suspect.ref} was found by: {asked}")
        output.show(f"To keep a page out of search: pagelens collections quarantine {name} PAGE --reason TEXT")
    else:
        output.show("No page is found by unrelated questions more than chance explains.")
    output.show()
    if found.copies:
        output.table(
            ("page", "looks and reads like", ">cosine"), [(str(a), str(b), f"{c:.3f}") for a, b, c in found.copies]
        )
    else:
        output.show("No two pages look and read alike.")
    show_quarantine(away)


def quarantine(
    context: typer.Context,
    name: Name,
    what: Annotated[
        str, typer.Argument(metavar="REF", parser=clean, help="A page (report.pdf#page=3), or a document by its name.")
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", parser=clean, help="Why, for whoever asks later.")] = "",
    release: Annotated[bool, typer.Option("--release", help="Let it be found again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep a page or a document out of every search without deleting it, or release it.

    The mark is on the content: it stays when the same file is ingested again, and other versions of it are free.
    """
    bench, ref = workbench(context), _page_or_document(what)
    if release:
        bench.maintenance.release(name, ref)
    entry = None if release else bench.maintenance.quarantine(name, ref, reason)
    if as_json:
        from workbench.answers.collections import PutAway
        from workbench.answers.upkeep import QuarantineChange

        put = PutAway.of(entry) if entry else None
        output.emit(QuarantineChange(collection=name, page=what, quarantined=put))
    else:
        output.show(f"'{what}' is found again." if release else f"'{what}' is kept out of search; nothing is deleted.")


def _page_or_document(text: str) -> PageRef | str:
    from workbench.types import PageRef

    try:
        return PageRef.parse(text)
    except ValueError:
        return text


def recall(
    context: typer.Context,
    name: Name,
    encoder: Annotated[str, typer.Option(metavar="ID", help="By this encoder's vectors; the first without it.")] = "",
    queries: Annotated[int, typer.Option(min=5, max=1000, help="Stored pages to ask with.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Measure how much of the exact answer each index finds, and LanceDB's scan and an approximate index of it.

    Stored vectors are the queries; the approximate indexes are made for the measurement and dropped.
    """
    bench = workbench(context)
    with output.counted("Asking", "searches") as progress:
        found = bench.maintenance.recall(name, encoder, queries, progress)
    if as_json:
        output.emit(found)
        return
    output.show(
        f"{found.queries} stored pages asked of {output.count(found.pages, 'page')} of '{name}' by {found.encoder}: "
        f"the share of the best {found.k} that is found."
    )
    output.show()
    rows = [
        (
            row.kind,
            row.index,
            row.way,
            row.against,
            f"{row.recall:.3f}",
            f"{row.least:.2f}",
            "" if row.deep is None else f"{row.deep:.3f}",
            f"{row.ms:.1f}",
            f"{row.against_ms:.1f}",
        )
        for row in found.rows
    ]
    heads = ("", "index", "by", "held against", f">recall@{found.k}", ">least", f">in {found.k * 10}", ">ms", ">ms")
    output.table(heads, rows)
    for note in found.notes:
        output.show(note)


def compact(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Rewrite a collection without what deletions and small commits left behind."""
    before, after = workbench(context).maintenance.compact(name)
    if as_json:
        from workbench.answers.upkeep import Compacted

        output.emit(Compacted(collection=name, bytes_before=before, bytes_after=after))
    else:
        output.show(f"'{name}': {output.size(before)} before, {output.size(after)} after.")


def export(
    context: typer.Context,
    name: Name,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that is not there yet.")],
    form: Annotated[
        list[str] | None,
        typer.Option("--format", metavar="FORMAT", help="parquet (the default) or npz; both by repeating it."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export in that folder.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a collection as files for other programs: pages with their words, vectors, places and pictures.

    FOLDER gets documents, pages and gaps; vectors/ENCODER/INDEX for every index of every encoder, where "full" has the
    model's own vectors with the place of each; pictures; and pagelens-export.json, which says what is what. A page is a
    row of page_id, count and vectors (count x dim numbers). As Parquet each table is a file; as npz it is several, with
    lists as NAME and NAME_offsets: page i has the vectors from offset i up to offset i + 1. Reading them takes pyarrow
    or numpy alone. 'pagelens ingest FOLDER -c OTHER' makes the same collection of it again, without a model.
    """
    bench = workbench(context)
    with output.counted("Writing", "pages") as progress:
        made = bench.library.export(name, folder.expanduser(), form or ("parquet",), overwrite, progress)
    if as_json:
        from workbench.answers.upkeep import ExportedFiles

        output.emit(ExportedFiles(collection=name, folder=str(made.folder), pages=made.pages, bytes=made.bytes))
    else:
        output.show(f"{output.count(made.pages, 'page')} of '{name}' in {made.folder}, {output.size(made.bytes)}.")


def show_quarantine(away: Sequence[Quarantined]) -> None:
    """Print what is kept out of search, if anything is."""
    if away:
        output.show()
        rows = [(str(entry), entry.since[:10], entry.reason) for entry in away]
        output.table(("in quarantine", "since", "reason"), rows)
