"""The command as a whole: help, version, streams, exit codes of failures, doctor, bench, serve."""

import errno
import json
import logging
import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Place, Run, runner
from tests.conftest import awaited
from workbench.bootstrap import ROOT
from workbench.cli import main
from workbench.encoders import ENCODERS
from workbench.errors import StoreError
from workbench.retrieval import PRESETS, STAGES
from workbench.service.collections import Collections
from workbench.service.ingestion import Ingestion

pytestmark = pytest.mark.slow


def child(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workbench", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, encoding="utf-8", env={**os.environ, **environment}, timeout=900
    )


def test_the_module_is_the_command(place: Place) -> None:
    done = child("search", "largest animal", "-c", "notes", "--json", PAGELENS_HOME=str(place.home))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["hits"][0]["page"] == "whales.pdf#page=1"
    assert done.stderr == ""
    assert child("search").returncode == 2
    lost = child("search", "x", "-c", "nets", PAGELENS_HOME=str(place.home))
    assert (lost.returncode, lost.stdout) == (1, "")
    assert lost.stderr == "There is no collection 'nets' (there are: notes).\n"


def test_main_returns_the_exit_code(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(place.home), "collections", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "notes"
    assert main(["--home", str(place.home), "collections", "show", "nets"]) == 1
    assert main(["collections", "sho"]) == 2


@pytest.mark.parametrize(
    "command",
    [
        "",
        "serve",
        "mcp",
        "password",
        "ingest",
        "search",
        "explain",
        "why",
        "eval",
        "collections",
        "models",
        "doctor",
        "bench speed",
    ],
)
def test_every_command_has_help(run: Run, command: str) -> None:
    ended = run(*command.split(), "--help")
    assert ended.code == 0
    assert "Usage:" in ended.out
    assert ended.err == ""


def test_help_lists_what_the_code_has(run: Run) -> None:
    for command in ("search", "why", "eval"):
        words = run(command, "--help").out.replace(",", " ").replace(".", " ").split()
        assert {*PRESETS, *STAGES} <= set(words)
    assert {*ENCODERS} <= set(" ".join(run("ingest", "--help").out.split()).replace(",", " ").split())


def test_what_libraries_print_does_not_reach_standard_output(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = Collections.all

    def noisy(self: Collections) -> Any:
        print("hello from a library")  # noqa: T201
        logging.getLogger("workbench.x").warning("first line\nsecond line")
        return listing(self)

    monkeypatch.setattr(Collections, "all", noisy)
    ended = run("collections", "list", "--json")
    assert json.loads(ended.out)[0]["name"] == "notes"
    assert ended.err == "hello from a library\nfirst line\n"


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (StoreError("The collection was made by another version."), 1, "The collection was made by another version."),
        (KeyboardInterrupt(), 130, "Stopped."),
        (OSError(errno.ENOSPC, "No space left on device", "x.lance"), 1, "No space left on the disk (x.lance);"),
        (PermissionError(errno.EACCES, "Permission denied", "home"), 1, "Permission denied: home"),
        (ZeroDivisionError("by zero"), 1, "Unexpected error (ZeroDivisionError: by zero)."),
    ],
)
def test_every_failure_is_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, said: str
) -> None:
    def fail(self: Collections) -> None:
        raise error

    monkeypatch.setattr(Collections, "all", fail)
    ended = run("collections", "list", "--json")
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith(said)
    assert len(ended.err.splitlines()) == 1


def test_verbose_shows_where(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Collections, "all", lambda self: 1 / 0)
    ended = run("--verbose", "collections", "list")
    assert "ZeroDivisionError" in ended.err
    assert "Traceback" in ended.err


def test_an_environment_that_cannot_be_used_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGELENS_THREADS", "many")
    ended = run("collections", "list")
    assert ended.code == 1
    assert "PAGELENS_" in ended.err
    assert "threads" in ended.err


def test_a_home_that_is_a_file_is_told(tmp_path: Path, place: Place) -> None:
    (tmp_path / "file").write_text("x")
    ended = runner(tmp_path / "file")("ingest", place.files, "-c", "c")
    assert (ended.code, ended.out) == (1, "")
    assert str(tmp_path / "file") in ended.err.replace("\n", "")


def test_version(run: Run) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert run("--version").out == f"pagelens {project['version']}\n"


def test_doctor_fails_when_something_needed_is_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench import doctor

    found = json.loads(run("doctor", "--json").out)
    assert {check["name"] for check in found["checks"]} >= {"Python", "torch", "reader weights", "home folder"}
    assert len(run("doctor").out.splitlines()) == len(found["checks"])
    missing = doctor.Check("torch", False, "missing", 'pip install "torch>=2.6"')
    monkeypatch.setattr(doctor, "checks", lambda settings: [missing, doctor.Check("hub", None, "not asked")])
    ended = run("doctor")
    assert ended.code == 1
    assert ended.out == 'MISSING torch  missing | pip install "torch>=2.6"\n-       hub    not asked\n'
    assert run("doctor", "--json").code == 1


def test_bench_prints_ratios(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench import bench

    rows = (bench.SpeedRow("bare product", "x", 2.0, 1.0, None), bench.SpeedRow("rerank", "y", 5.0, 2.5, 1.3))
    asked = []

    def speed(settings: object, rounds: int) -> bench.SpeedReport:
        asked.append(rounds)
        return bench.SpeedReport(rows, rounds, "machine", 2)

    monkeypatch.setattr(bench, "speed", speed)
    record = json.loads(run("bench", "speed", "--rounds", "4", "--json").out)
    assert [(row["name"], row["ratio"], row["ok"]) for row in record["rows"]] == [
        ("bare product", 1.0, None),
        ("rerank", 2.5, False),
    ]
    assert asked == [4]
    assert run("bench", "speed").out.splitlines()[2].split() == ["rerank", "5.00", "2.50", "1.3", "NO", "y"]


def test_serve_hands_over_to_the_page(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench import ui

    calls: list[object] = []
    monkeypatch.setattr(Ingestion, "start_sample", lambda self: calls.append("sample"))
    monkeypatch.setattr(ui, "serve", lambda workbench, host, port, *more: calls.append((host, port, *more)))
    port = free_port()
    ended = run("serve", "--port", str(port), "--no-open")
    assert ended.code == 0
    assert f"http://127.0.0.1:{port}" in ended.err
    assert calls == [("127.0.0.1", port, None, (), False)]
    run("serve", "--port", str(port), "--demo", "--mcp", "--no-open")
    assert calls[1:] == ["sample", ("127.0.0.1", port, None, (), True)]

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ui, "serve", interrupted)
    ended = run("serve", "--port", str(port), "--no-open")
    assert ended.code == 0
    assert ended.err.endswith("Pagelens has stopped.\n")


def test_serve_reaches_out_with_a_log_in(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench import ui

    calls: list[Any] = []
    monkeypatch.setattr(ui, "serve", lambda workbench, *more: calls.append(more))
    port = str(free_port())
    names = ("--allow-host", "a.example.org", "--allow-host", "b.example.org")
    ended = run("serve", "--host", "0.0.0.0", *names, "--auth", "ada:correct horse", "--port", port, "--no-open")
    assert ended.code == 0, ended.err
    ((host, _, access, allowed, mcp),) = calls
    assert (host, list(allowed), mcp) == ("0.0.0.0", ["a.example.org", "b.example.org"], False)
    assert awaited(access.log_in("ada", "correct horse", "10.0.0.1"))
    assert "horse" not in ended.err
    ended = run("serve", "--auth", "ada:short", "--port", port, "--no-open")
    assert (ended.code, ended.err) == (1, "A password has at least 8 characters.\n")
    assert "--allow-host" in run("serve", "--host", "0.0.0.0", "--auth", "a:12345678", "--port", port).err


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_serve_refuses_a_taken_port_and_other_machines(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run("serve", "--port", str(port), "--no-open")
    assert ended.code == 1
    assert f"Port {port} of 127.0.0.1 cannot be used" in ended.err
    ended = run("serve", "--host", "0.0.0.0", "--port", str(free_port()), "--no-open")
    assert ended.code == 1
    assert "does not serve on 0.0.0.0" in ended.err
    assert "is no address" in run("serve", "--host", "not a host", "--no-open").err
