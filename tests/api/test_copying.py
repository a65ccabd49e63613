"""What is copied runs as printed: in a shell, as Python, and by curl, and finds what the search found."""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.api.conftest import NAME, PASSWORD
from workbench import copying
from workbench.cli import app
from workbench.copying import copies
from workbench.service import Workbench
from workbench.types import PageRef, Query, TextPart

WHALE, SONG = PageRef("whales.pdf", 1), PageRef("whales.pdf", 2)
QUERIES = [
    "largest animal",
    'it\'s the "blue" whale\n\n & $HOME `id` $(id) 100% !x ^ \\ <b> | ; #',
    "-c dough --json",
    "Brötchen 麵包 \U0001f40b",
    "'whale",
    Query.of("animal").also("sea & 'land'").but_not("$HOME songs"),
    Query.empty()
    .region(SONG, (0.1, 0.05, 0.9, 1 / 3))
    .marking(good=[WHALE], bad=[PageRef("bread/rye & wheat.pdf", 1)]),
    Query((TextPart("animal", 0.7), TextPart('it\'s "dough"', -0.1))),
]
FILTER = "document != 'it''s \"none\" $HOME.pdf' and page >= 1"
posix = pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a `pagelens` that only says what the shell gave it, since starting the real one takes seconds."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "pagelens"
    program.write_text(f"#!{sys.executable} -SE\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n", encoding="utf-8")
    program.chmod(0o755)
    return folder


def shell(text: str, folder: Path = Path(sys.executable).parent, **more: str) -> str:
    """What a shell prints that runs the text, with programs from the folder first."""
    variables = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PYTHONUTF8": "1", **more}
    done = subprocess.run(["sh", "-c", text], env=variables, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def ran(command: str) -> str:
    """What the command prints as JSON."""
    result = CliRunner().invoke(app, json.loads(command))
    assert result.exit_code == 0, result.stderr
    return result.stdout


def as_json(command: str) -> str:
    return command.replace(" search ", " search --json ", 1)


def listed(text: str) -> list[tuple[int, str, float]]:
    return [(hit["rank"], hit["page"], round(hit["score"], 3)) for hit in json.loads(text)["hits"]]


def printed(text: str) -> list[tuple[int, str, float]]:
    rows = [re.fullmatch(r"(\d+) (.*) (-?[\d.]+)", line) for line in text.splitlines()]
    return [(int(row[1]), row[2], round(float(row[3]), 3)) for row in rows if row]


@posix
@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_each_text_finds_what_the_search_found(
    workbench: Workbench, home: Path, address: str, echo: Path, query: str | Query
) -> None:
    pipeline = "rows:3 > full:3"
    result = workbench.search(query, "notes", pipeline, 3, FILTER)
    wanted = [(hit.rank, str(hit.ref), round(hit.score, 3)) for hit in result.hits]
    assert wanted
    command, _, python, curl = copies(query, "notes", pipeline, FILTER, 3, home=home, address=address)
    assert [copy.name for copy in (command, python, curl)] == ["Command line", "Python", "curl"]

    assert listed(ran(shell(as_json(command.text), echo))) == wanted
    if shutil.which("curl"):
        assert listed(shell(curl.text)) == wanted
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(python.text, "copied", "exec"), {"__name__": "__main__"})
    assert printed(out.getvalue()) == wanted


@posix
@pytest.mark.parametrize(("across", "pipeline"), [([], ""), (["notes", "empty"], "full:3"), (["notes"], "")])
def test_each_text_of_a_search_across_finds_what_it_found(
    workbench: Workbench, home: Path, address: str, echo: Path, across: list[str], pipeline: str
) -> None:
    workbench.library.create("empty")
    result = workbench.across.search("largest animal", across, pipeline, 3, FILTER)
    wanted = [(hit.rank, str(hit.hit.ref), round(hit.score, 3)) for hit in result.hits]
    assert wanted
    made = copies("largest animal", "", pipeline, FILTER, 3, across=across, home=home, address=address)
    command, _, python, curl = made
    assert listed(ran(shell(as_json(command.text), echo))) == wanted
    if shutil.which("curl"):
        assert listed(shell(curl.text)) == wanted
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(python.text, "copied", "exec"), {"__name__": "__main__"})
    assert printed(out.getvalue()) == [(rank, f"notes {page}", score) for rank, page, score in wanted]


@posix
def test_the_real_programs_run_it(workbench: Workbench, home: Path) -> None:
    query = QUERIES[1]
    command, _, python, _ = copies(query, "notes", "bm25:3", FILTER, 3, home=home)
    hits = workbench.search(query, "notes", "bm25:3", 3, FILTER).hits
    wanted = [(hit.rank, str(hit.ref), round(hit.score, 3)) for hit in hits]
    assert wanted
    if (Path(sys.executable).parent / "pagelens").exists():
        assert listed(shell(as_json(command.text))) == wanted
    done = subprocess.run([sys.executable, "-X", "utf8", "-c", python.text], capture_output=True, encoding="utf-8")
    assert printed(done.stdout) == wanted, done.stderr


@posix
@pytest.mark.skipif(not shutil.which("curl"), reason="no curl here")
def test_curl_with_a_log_in(closed_address: str) -> None:
    *_, curl = copies("largest animal", "notes", "full", "", 2, address=closed_address, log_in=True)
    assert "PAGELENS_TOKEN" in curl.note
    assert json.loads(shell(curl.text, PAGELENS_TOKEN="none"))["error"].startswith("This needs a log-in")
    form = json.dumps({"name": NAME, "password": PASSWORD})
    sent = f"curl -sS {closed_address}/api/v1/session -H 'Content-Type: application/json' --data-binary '{form}'"
    token = json.loads(shell(sent))["token"]
    assert listed(shell(curl.text, PAGELENS_TOKEN=token))[0][1] == str(WHALE)


def test_plain_things_are_plainly_said() -> None:
    command, windows, python, curl = copies("net interest income", "reports", "two-stage", "", 10)
    said = "pagelens search {0}net interest income{0} -c reports -p two-stage -k 10"
    assert command.text == said.format("'")
    assert windows.text == said.format('"')
    assert "Settings" not in python.text
    assert "http://127.0.0.1:7860/api/v1/search" in curl.text
    asked = Query.of("sales").also("europe").but_not("forecast").marking(good=[WHALE])
    assert copies(asked, "reports")[0].text == (
        "pagelens search sales --and europe --not forecast --more 'whales.pdf#page=1' -c reports -p two-stage"
    )


def read_by_cmd(text: str) -> str:
    """What cmd.exe hands to a program: carets taken off outside of quotes, where nothing special may stand bare."""
    out, i, quoted = [], 0, False
    while i < len(text):
        char = text[i]
        if char == "^" and not quoted:
            i += 1
            char = text[i]
        elif char == '"':
            quoted = not quoted
        else:
            assert quoted or char not in "()%!<>&|", text
            assert char not in "%!\n", text
        out.append(char)
        i += 1
    assert not quoted
    return "".join(out)


def read_by_program(text: str) -> list[str]:
    """The words of a command line by the rules of the Microsoft C runtime."""
    words, word, quoted, started, i = [], "", False, False, 0
    while i < len(text):
        slashes = len(text[i:]) - len(text[i:].lstrip("\\"))
        i += slashes
        if i < len(text) and text[i] == '"':
            word += "\\" * (slashes // 2)
            if slashes % 2:
                word += '"'
            else:
                quoted, started = not quoted, True
            i += 1
        elif slashes:
            word, started = word + "\\" * slashes, True
        elif i < len(text) and text[i] in " \t" and not quoted:
            if started:
                words.append(word)
            word, started, i = "", False, i + 1
        elif i < len(text):
            word, started, i = word + text[i], True, i + 1
    return [*words, word] if started else words


@given(st.lists(st.text(st.characters(blacklist_categories=("Cs", "Cc"))), min_size=1))
def test_windows_reads_every_word_as_it_was(words: list[str]) -> None:
    text = " ".join(map(copying._for_cmd, words))
    assert read_by_program(read_by_cmd(text)) == words


@pytest.mark.skipif(os.name != "nt", reason="cmd.exe")
@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_cmd_runs_it(workbench: Workbench, home: Path, query: str | Query) -> None:
    result = workbench.search(query, "notes", "full", 3, FILTER)
    text = as_json(copies(query, "notes", "full", FILTER, 3, home=home)[1].text)
    done = subprocess.run(f"cmd /d /s /c {text}", capture_output=True, encoding="utf-8", check=True)
    assert [page for _, page, _ in listed(done.stdout)] == [str(hit.ref) for hit in result.hits]
