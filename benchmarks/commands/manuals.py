"""``pagelens bench manuals``: pipelines measured on real manuals, by their printed indexes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli import evaluating, output
from workbench.cli.benching import options
from workbench.cli.session import AsJson, workbench

if TYPE_CHECKING:
    from benchmarks.manuals import Manuals


def manuals(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Debian packages, or PDF files with a printed index."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The dataset's folder, with what was downloaded.")] = Path(
        "manuals"
    ),
    pipeline: options.Pipelines = None,
    scope: Annotated[
        str, typer.Option(metavar="corpus|document", help="Search all manuals, or each question's own.")
    ] = "document",
    most: Annotated[int, typer.Option(min=1, help="At most so many questions of a manual.")] = 200,
    encoder: Annotated[str | None, typer.Option(metavar="ID", help="What a new collection is made with.")] = None,
    search: Annotated[
        bool, typer.Option("--search/--only-make", help="Measure pipelines, or only make the dataset.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Measure pipelines on real manuals, whose printed indexes are the questions and labels.

    Without names: the manuals of some Debian packages, fetched with apt (nothing is installed). Index phrases of two or
    more words are asked; a measure is the mean over manuals of the mean over a manual's questions.
    """
    bench = workbench(context)
    from benchmarks import manuals as making
    from workbench import evaluation

    found = making.build(names or making.PACKAGES, out.expanduser(), most, output.say)
    for reason in found.refused:
        output.say(f"Left out: {reason}")
    report: dict[str, Any] = {"dataset": str(found.dataset.folder), "manuals": _manual_rows(found)}
    if search:
        name = evaluating.prepare(bench, found.dataset, encoder)
        pipelines = options.pipelines(pipeline)
        report |= {"collection": name, "scope": scope, "measures": {}}
        for kind, dataset in (("index", found.dataset), ("bookmark", found.bookmarks)):
            asked = pipelines if kind == "index" else pipelines[:1]  # bookmarks only show that nothing is broken
            if dataset is not None:
                output.say(f"Asking {output.count(len(dataset.queries), f'{kind} question')}")
                groups = {query.id: query.document for query in dataset.queries}
                folder = out.expanduser() / f"record-{kind}"
                evaluation.ready(folder)
                parts = evaluation.Parts(folder)  # one that was stopped goes on from them
                record = evaluation.evaluate(bench, dataset, name, asked, scope, progress=_tenths, parts=parts)
                for path in evaluation.write(record, folder):
                    output.say(f"Written: {path}")
                parts.clear()
                report["measures"][kind] = {
                    key: {
                        **making.macro({q: answer.measures for q, answer in run.answers.items()}, groups),
                        **_ms(record.latency(key)),
                    }
                    for key, run in record.pipelines.items()
                }
    if as_json:
        output.emit(report)
    else:
        _print_manuals(report)


def _tenths(done: int, total: int) -> None:
    """Say how far a long evaluation is, ten times."""
    if done * 10 // total > (done - 1) * 10 // total:
        output.say(f"{done:,} of {total:,} searches")


def _manual_rows(found: Manuals) -> list[dict[str, Any]]:
    asked = [query.document for query in found.dataset.queries]
    return [
        {
            "name": manual.pdf.name,
            "version": manual.pdf.version,
            "sha256": manual.pdf.sha256,
            "pages": len(manual.kept),
            "phrases": len(manual.phrases),
            "questions": asked.count(f"{manual.pdf.name}.pdf"),
            "words_on_page": manual.agreement[0],
        }
        for manual in found.manuals
    ]


def _ms(latency: Mapping[str, float]) -> dict[str, float]:
    return {"p50 ms": latency.get("p50", 0.0), "p95 ms": latency.get("p95", 0.0)}


def _print_manuals(report: Mapping[str, Any]) -> None:
    rows = report["manuals"]
    output.table(
        ("manual", "version", ">pages", ">phrases", ">asked", ">words on page", "sha256"),
        [
            (
                row["name"],
                row["version"],
                str(row["pages"]),
                str(row["phrases"]),
                str(row["questions"]),
                f"{row['words_on_page']:.0%}",
                row["sha256"][:12],
            )
            for row in rows
        ],
    )
    output.show(
        f"{report['dataset']}: {len(rows)} manuals without their contents and index pages. 'Words on page': labels "
        "whose page has all the phrase's words, told as a check and used to choose no question."
    )
    for kind, found in report.get("measures", {}).items():
        output.show()
        names = list(next(iter(found.values())))
        output.table(
            (f"{kind} questions, scope {report['scope']}", *(f">{name}" for name in names)),
            [
                (key, *(f"{v:.1f}" if n.endswith("ms") else f"{v:.3f}" for n, v in f.items()))
                for key, f in found.items()
            ],
        )
