"""The tables of docs/measured.md that commands make, between ``<!-- table: ... -->`` and ``<!-- end of table -->``.

    python -m tests.measured                 make the tables over the sample data anew
    python -m tests.measured NAME RECORD     write table NAME from a record that its command left

What a marker says is ``NAME (TABLE): COMMAND``. TABLE is one that 'pagelens eval report --table' knows, with
``, by document`` where means are over documents, or one of `benchmarks.tables.TABLES`. Tables over the sample data
hold no times, and a test makes them anew; the others cannot be made everywhere and carry the hash of their record. What
a bench command measured is kept beside the tests (`tests/records`), so that its table is checked figure by figure.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.bootstrap import ROOT

MEASURED = ROOT / "docs" / "measured.md"
RECORDS = ROOT / "tests" / "records"
SAMPLE = "pagelens eval sample "
_FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")
_BLOCK = re.compile(
    r"<!-- table: (?P<name>[\w-]+) \((?P<table>[\w-]+)(?P<by>, by document)?\): (?P<command>[^\n]+?) -->\n"
    r"(?P<content>.*?)<!-- end of table -->",
    re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A table of the page: what it is made with, and what stands there."""

    name: str
    table: str
    by_document: bool
    command: str
    content: str

    @property
    def of_sample(self) -> bool:
        return self.command.startswith(SAMPLE)

    @property
    def of_bench(self) -> bool:
        """Whether a bench command measured it, and its record is kept."""
        return self.command.startswith(f"pagelens bench {self.table.partition('-')[0]} ")

    @property
    def kept(self) -> Path:
        """Where the record of a bench command is kept."""
        return RECORDS / f"{self.name}.json"

    @property
    def pipelines(self) -> list[str]:
        words = shlex.split(self.command)
        return [words[i + 1] for i, word in enumerate(words) if word in ("-p", "--pipeline")]


def blocks(text: str) -> list[Block]:
    """The tables of a text; ``ValueError`` when a marker is not of the form."""
    found = [
        Block(match["name"], match["table"], bool(match["by"]), match["command"], match["content"])
        for match in _BLOCK.finditer(text)
    ]
    if len(found) != text.count("<!-- table") or len(found) != text.count("<!-- end of table"):
        raise ValueError(
            "docs/measured.md has a table marker that is not '<!-- table: NAME (TABLE): COMMAND -->' with its end"
        )
    return found


def content(block: Block, folder: Path) -> str:
    """What a table should hold, by the record in a folder; ``ValueError`` when its command did not make that record."""
    if block.of_bench:
        return _bench_content(block, folder)
    from workbench.evaluation import load
    from workbench.evaluation.record import digest
    from workbench.evaluation.reports import written

    record = load(folder)
    if list(record.pipelines) != block.pipelines:
        raise ValueError(f"the record has pipelines {list(record.pipelines)}, table {block.name} {block.pipelines}")
    made = written([record], ".md", [block.table], by_document=block.by_document)
    hashed = digest(record.without_measurements().text())[:16]
    by = f"`{block.command}`" + ("" if block.of_sample else f", record `{hashed}`")
    return f"\n{made}\nMade by {by}.\n\n"


def _bench_content(block: Block, path: Path) -> str:
    """A table of what a bench command measured, by its record."""
    from benchmarks.records import kind_of, load
    from benchmarks.tables import TABLES
    from workbench.table.writers import to_markdown

    report, hashed = load(path)
    kind = block.table.partition("-")[0]
    if kind_of(report) != kind:
        raise ValueError(f"the record is of 'bench {kind_of(report)}', table {block.name} of 'bench {kind}'")
    there = pipelines_of(report)
    if block.pipelines and not set(block.pipelines) <= set(there):
        raise ValueError(f"the record has pipelines {there}, table {block.name} {block.pipelines}")
    return f"\n{to_markdown([TABLES[block.table](report)])}\nMade by `{block.command}`, record `{hashed[:16]}`.\n\n"


def pipelines_of(report: Any) -> list[str]:
    """The pipelines that a bench command measured."""
    if hasattr(report, "pipelines"):
        return list(report.pipelines)
    if hasattr(report, "pipeline"):
        return [report.pipeline]
    if hasattr(report, "points"):
        return list(dict.fromkeys(point.pipeline for point in report.points))
    if hasattr(report, "merging"):
        return [row.method for row in report.rows if row.kind in ("preset", "pipeline")]
    return [row.name.removeprefix("pagelens ") for row in report.rows if row.name.startswith("pagelens ")]


def run_sample(block: Block, home: Path, out: Path) -> Path:
    """Run the command of a table over the sample data; the folder of its record."""
    from workbench.cli import main

    code = main(["--home", str(home), *shlex.split(block.command)[1:], "--out", str(out)])
    if code:
        raise ValueError(f"'{block.command}' ended with exit code {code}")
    return out


def replaced(text: str, name: str, new: str) -> str:
    """The text with another content in one table."""

    def put(match: re.Match[str]) -> str:
        start = match.start("content") - match.start()
        return f"{match[0][:start]}{new}<!-- end of table -->" if match["name"] == name else match[0]

    return _BLOCK.sub(put, text)


def stale(text: str, made: dict[str, str]) -> list[str]:
    """Names of the tables that do not hold what their commands make."""
    return [block.name for block in blocks(text) if block.name in made and not alike(block.content, made[block.name])]


def alike(a: str, b: str) -> bool:
    """Whether two tables say the same but for figures a little apart.

    OCR reads a word in a thousand differently on another processor, which moves a question by a rank or a page by some
    vectors: a measure may differ by what one question in forty weighs, a count by one in fifty.
    """
    if _FIGURE.sub("#", a) != _FIGURE.sub("#", b):
        return False
    pairs = zip(_FIGURE.findall(a), _FIGURE.findall(b), strict=True)
    return all(abs(float(x.replace(",", "")) - float(y.replace(",", ""))) <= _slack(y) for x, y in pairs)


def _slack(figure: str) -> float:
    return 0.03 if "." in figure else 0.02 * float(figure.replace(",", ""))


def main(arguments: list[str]) -> int:
    known = {block.name: block for block in blocks(MEASURED.read_text(encoding="utf-8"))}
    if len(arguments) == 2 and arguments[0] in known:
        block, record = known[arguments[0]], Path(arguments[1])
        made = {block.name: content(block, record)}
        if block.of_bench and record.resolve() != block.kept.resolve():
            RECORDS.mkdir(exist_ok=True)
            shutil.copyfile(record, block.kept)
    elif not arguments:
        with tempfile.TemporaryDirectory() as folder:
            made = {
                block.name: content(block, run_sample(block, Path(folder) / "home", Path(folder) / block.name))
                for block in known.values()
                if block.of_sample
            }
    else:
        sys.stderr.write(f"{__doc__}\nThere are tables {', '.join(known)}.\n")
        return 2
    text = MEASURED.read_text(encoding="utf-8")  # again: making tables takes minutes, in which somebody may edit it
    for name, new in made.items():
        text = replaced(text, name, new)
    MEASURED.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
