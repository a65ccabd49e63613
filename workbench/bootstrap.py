"""Sets up the environment that Pagelens runs in: ``.venv`` in the checkout, filled by pip from ``constraints.txt``.

Runs under any bare Python of a fitting version, so it imports the standard library only. What it does not do: touch a
Python that is not ours. When the running Python already has everything, that one is used as it is.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
OLDEST, NEWEST = (3, 11), (3, 14)

_REQUIREMENT = re.compile(r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^]]*\])?\s*(?P<clauses>[^;]*)")
_BELOW = re.compile(r";.*python_version\s*<\s*['\"](?P<major>\d+)\.(?P<minor>\d+)")
_CLAUSE = re.compile(r"\s*(?P<operator>>=|<=|==|!=|~=|<|>)\s*(?P<version>[0-9][^,\s]*)")
_DOWNLOAD = re.compile(
    r"Downloading (?:\S*/)?(?P<name>[^\s-]+)-(?P<version>[^\s-]+)\S*\.(?:whl|zip|gz) \((?P<size>[^)]+)\)"
)
_ERROR = re.compile(r"(?:ERROR: |\s*\w+(?:Error|Exception): )")
_NO_NETWORK = (
    *("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ReadTimeoutError", "ProxyError", "SSLError"),
    *("Temporary failure in name resolution", "Network is unreachable", "getaddrinfo failed"),
)


class SetupError(Exception):
    """The environment cannot be made; the message is the one sentence a person reads."""


@dataclass(frozen=True)
class Requirement:
    """One declared dependency: ``gradio>=6.25,<7`` has the clauses ``((">=", "6.25"), ("<", "7"))``."""

    name: str
    clauses: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """Read ``gradio>=6.25,<7``; extras and environment markers are left out. ``ValueError`` for anything else."""
        match = _REQUIREMENT.match(text)
        if match is None:
            raise ValueError(f"{text!r} is not a requirement")
        clauses = tuple((c["operator"], c["version"]) for c in _CLAUSE.finditer(match["clauses"].strip("() ")))
        return cls(match["name"], clauses)

    def __str__(self) -> str:
        return self.name + ",".join(operator + version for operator, version in self.clauses)

    def installed(self) -> str | None:
        """The installed version, or None."""
        try:
            return importlib.metadata.version(self.name)
        except importlib.metadata.PackageNotFoundError:
            return None

    def admits(self, version: str) -> bool:
        """Whether ``version`` meets every clause; compared by its leading numbers, so ``2.13.0+cpu`` is 2.13.0."""
        return all(_compare(version, operator, wanted) for operator, wanted in self.clauses)

    def met(self) -> bool:
        """Whether the running Python has a fitting version."""
        version = self.installed()
        return version is not None and self.admits(version)


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    parts = [int(part) for part in match[0].split(".")] if match else [0]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def _compare(version: str, operator: str, wanted: str) -> bool:
    have, want = _numbers(version), _numbers(wanted)
    match operator:
        case ">=":
            return have >= want
        case "<=":
            return have <= want
        case ">":
            return have > want
        case "<":
            return have < want
        case "==":
            return have == want
        case "!=":
            return have != want
        case _:  # ~=: at least this, and the same release line
            line = tuple(int(part) for part in wanted.split(".")[:-1])
            return have >= want and (*have, *(0 for _ in line))[: len(line)] == line


def requirements(extra: str = "") -> list[Requirement]:
    """What Pagelens depends on, or what ``extra`` (``test``) adds.

    Read from pyproject.toml in a checkout, else from the metadata of the installed package.
    """
    project = ROOT / "pyproject.toml"
    if project.is_file():
        import tomllib

        table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        return [
            Requirement.parse(text)
            for text in (table["optional-dependencies"][extra] if extra else table["dependencies"])
            if _for_this_python(text)
        ]
    texts = importlib.metadata.requires("pagelens") or []
    marker = re.compile(r";.*extra\s*==\s*['\"](?P<extra>[^'\"]+)['\"]")
    named = [(text, match["extra"] if (match := marker.search(text)) else "") for text in texts]
    return [Requirement.parse(text) for text, name in named if name == extra and _for_this_python(text)]


def _for_this_python(text: str) -> bool:
    """Whether the marker of a requirement, as far as it names a Python below which it holds, lets it hold here."""
    below = _BELOW.search(text)
    return below is None or sys.version_info[:2] < (int(below["major"]), int(below["minor"]))


def python_of(environment: Path) -> Path:
    """The interpreter of a virtual environment: ``Scripts/python.exe`` on Windows, ``bin/python`` elsewhere."""
    return environment / "Scripts" / "python.exe" if os.name == "nt" else environment / "bin" / "python"


def fingerprint() -> str:
    """A hash of all that decides what is installed: pyproject.toml, constraints.txt and where the checkout lies."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _stamp() -> tuple[str, tuple[str, ...]]:
    """The fingerprint and the extras of the last complete install into ``.venv``."""
    try:
        stamp = json.loads((ENVIRONMENT / "pagelens.json").read_text(encoding="utf-8"))
        return str(stamp["fingerprint"]), tuple(stamp["extras"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", ()


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def _check_python() -> None:
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        have = ".".join(map(str, sys.version_info[:3]))
        raise SetupError(
            f"Pagelens needs Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]} and this is Python {have} "
            f"({sys.executable}); start it with one of those, for instance python3.{NEWEST[1] - 1}."
        )


def _create() -> list[str]:
    """Make ``.venv`` where it is missing or broken; the pip command that installs into it."""
    python = python_of(ENVIRONMENT)
    if python.is_file() and subprocess.run([python, "-c", ""], capture_output=True).returncode == 0:
        inner = subprocess.run([python, "-m", "pip", "--version"], capture_output=True)
        return (
            [str(python), "-m", "pip"]
            if inner.returncode == 0
            else [sys.executable, "-m", "pip", "--python", str(python)]
        )
    # Debian's own Python comes without ensurepip unless python3-venv is installed; a pip outside can fill the
    # environment just as well (pip >= 22.3 takes --python).
    bundled = importlib.util.find_spec("ensurepip") is not None and importlib.util.find_spec("venv") is not None
    if not bundled and importlib.util.find_spec("pip") is None:
        raise SetupError(
            f"The Python at {sys.executable} can make no virtual environment: install its venv module "
            "(on Debian and Ubuntu: sudo apt-get install python3-venv) and run the same command again."
        )
    _say(f"Making a virtual environment in {ENVIRONMENT} ...")
    command = [sys.executable, "-m", "venv", "--clear", *([] if bundled else ["--without-pip"]), str(ENVIRONMENT)]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode != 0:
        last = (made.stdout + made.stderr).strip().splitlines()[-1:] or ["no reason given"]
        raise SetupError(f"The virtual environment in {ENVIRONMENT} could not be made ({last[0]}).")
    return [str(python), "-m", "pip"] if bundled else [sys.executable, "-m", "pip", "--python", str(python)]


def _narrate(lines: Iterator[str]) -> Iterator[str]:
    """pip's output as a few plain sentences."""
    count = 0
    for line in lines:
        if match := _DOWNLOAD.search(line):
            count += 1
            size = match["size"]
            # Every small package would be noise; the big ones are what one waits for.
            if "GB" in size or ("MB" in size and float(size.split()[0]) >= 20):
                yield f"  downloading {match['name'].replace('_', '-')} {match['version']} ({size})"
        elif line.startswith("Installing collected packages"):
            total = line.count(",") + 1
            yield f"  installing {total} packages ({count} downloaded); this is the longest step ..."


def _reason(output: Sequence[str], log: Path) -> str:
    """The one sentence for a failed pip run."""
    text = "\n".join(output)
    again = "run the same command again: what is already downloaded is kept"
    if "No space left on device" in text or "Errno 28" in text:
        free = shutil.disk_usage(ROOT).free / 2**30
        return (
            f"The disk is full ({free:.1f} GiB free at {ROOT}; about 4 are needed, 10 with the CUDA build of torch): "
            f"make room and {again}."
        )
    if any(sign in text for sign in _NO_NETWORK):
        return (
            "The packages could not be downloaded because the package index cannot be reached: check the network "
            f"(a proxy: set HTTPS_PROXY; a mirror: PIP_INDEX_URL; a folder of wheels: PIP_FIND_LINKS) and {again}."
        )
    errors = [line.strip().removeprefix("ERROR: ") for line in output if _ERROR.match(line)] or ["pip gave no reason"]
    return f"The packages could not be installed ({errors[-1].rstrip('.')}); the whole story is in {log}."


def _install(pip: list[str], extras: Sequence[str]) -> None:
    log = ENVIRONMENT / "setup.log"
    target = str(ROOT) + (f"[{','.join(extras)}]" if extras else "")
    arguments = ["install", "--disable-pip-version-check", "--progress-bar", "off", "-c", str(ROOT / "constraints.txt")]
    _say("Installing the packages Pagelens needs (once; some minutes and a few GB, torch being most of it) ...")
    output: list[str] = []
    # UTF-8 both ways, whatever the locale: package names and paths may hold any letter.
    environment = {**os.environ, "PYTHONUTF8": "1", "PIP_NO_INPUT": "1", "PIP_NO_COLOR": "1"}
    with (
        log.open("w", encoding="utf-8") as record,
        subprocess.Popen(
            [*pip, *arguments, "-e", target],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=environment,
            cwd=ROOT,
        ) as process,
    ):
        assert process.stdout is not None

        def lines() -> Iterator[str]:
            for line in process.stdout or ():
                record.write(line)
                output.append(line.rstrip("\n"))
                yield output[-1]

        for sentence in _narrate(lines()):
            _say(sentence)
        failed = process.wait() != 0
    if failed:
        raise SetupError(_reason(output, log))


def prepare(extras: Sequence[str] = ()) -> Path:
    """Make ``.venv`` fit to run Pagelens with ``extras``; its interpreter. Quick when nothing changed since last time.

    ``SetupError`` when it cannot be made.
    """
    _check_python()
    done, have = _stamp()
    now = fingerprint()
    python = python_of(ENVIRONMENT)
    if done == now and set(extras) <= set(have) and python.is_file():
        return python
    pip = _create()
    wanted = sorted({*extras, *have})
    (ENVIRONMENT / "pagelens.json").unlink(missing_ok=True)
    _install(pip, wanted)
    stamp = json.dumps({"fingerprint": now, "extras": wanted})
    (ENVIRONMENT / "pagelens.json").write_text(stamp, encoding="utf-8")
    _say("The environment is ready.")
    return python


def _fits(extras: Sequence[str]) -> bool:
    """Whether the running Python already has all that is needed."""
    return all(requirement.met() for extra in ("", *extras) for requirement in requirements(extra))


def ensure(command: Sequence[str], extras: Sequence[str] = ()) -> None:
    """Return in a Python that has all that is needed; else set ``.venv`` up and run ``command`` there instead.

    ``command`` is what follows ``python`` on the command line (``["app.py", "--demo"]``). In the second case this
    call never returns: the process ends with the command's exit code, or with 1 and one sentence on standard error.
    """
    try:
        _check_python()
        inside = Path(sys.prefix).resolve() == ENVIRONMENT.resolve()
        if not inside and _fits(extras):
            return
        python = prepare(extras)
    except SetupError as error:
        _say(str(error))
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        _say("Stopped; run the same command again to go on.")
        raise SystemExit(130) from None
    if inside:
        return
    line = [str(python), *command]
    if os.name == "nt":  # execv on Windows starts a second process and gives the console back at once
        raise SystemExit(subprocess.call(line))
    os.execv(line[0], line)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{prepare(sys.argv[1:])}\n")
    except SetupError as error:
        _say(str(error))
        raise SystemExit(1) from None
