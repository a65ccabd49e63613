"""Manuals out of Debian packages: downloaded by name with apt, unpacked without being installed.

Nothing is installed and no right but that to write the folder is needed. What this module does not do: judge a PDF.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import InputError

TOOLS = ("apt-get", "dpkg-deb")
PATIENCE = 600
"""Seconds for one download."""


@dataclass(frozen=True, slots=True)
class Package:
    """A downloaded package: its file, and what makes a run repeatable."""

    name: str
    version: str
    sha256: str
    file: Path


@dataclass(frozen=True, slots=True)
class Pdf:
    """A PDF of a package (or given by hand, with an empty package): unpacked, with the hash of its bytes."""

    name: str
    path: Path
    sha256: str
    package: str = ""
    version: str = ""
    package_sha256: str = ""


def need_tools() -> None:
    """`InputError` where packages cannot be fetched."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise InputError(
            f"This machine has no {' and no '.join(missing)}, so Debian packages cannot be fetched; name PDF files "
            "with a printed index instead, as 'pagelens bench manuals my-manual.pdf'."
        )


def fetch(name: str, folder: Path) -> Package:
    """Download one package into ``folder``, unless it is there; `InputError` says why that failed."""
    folder.mkdir(parents=True, exist_ok=True)
    there = _downloaded(name, folder)
    if there is None:
        done = _run(["apt-get", "download", "--quiet", name], folder)
        there = _downloaded(name, folder)
        if done.returncode or there is None:
            lines = [line for line in done.stderr.splitlines() if line.startswith("E:")]
            reason = lines[0].removeprefix("E:").strip() if lines else "apt-get said nothing"
            raise InputError(f"Package '{name}' was not downloaded ({reason}); 'apt-get update' may help.")
    version = _run(["dpkg-deb", "--field", str(there), "Version"], folder).stdout.strip()
    return Package(name, version, _sha256(there.read_bytes()), there)


def unpack(package: Package, folder: Path) -> Iterator[Pdf]:
    """The PDFs of a package, also those packed with gzip, each content once; links are not followed."""
    folder.mkdir(parents=True, exist_ok=True)
    seen = set()
    with tempfile.TemporaryDirectory(prefix="pagelens-", ignore_cleanup_errors=True) as scratch:
        done = _run(["dpkg-deb", "--extract", str(package.file), scratch], folder)
        if done.returncode:
            raise InputError(f"Package '{package.name}' cannot be unpacked ({done.stderr.strip()[:200]}).")
        for path in sorted(Path(scratch).rglob("*")):
            if path.is_symlink() or not path.is_file() or not path.name.lower().endswith((".pdf", ".pdf.gz")):
                continue
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            digest = _sha256(data)
            if digest in seen:
                continue
            seen.add(digest)
            stem = path.name.removesuffix(".gz")[: -len(".pdf")]
            target = folder / f"{package.name}-{stem}.pdf"
            target.write_bytes(data)
            yield Pdf(target.stem, target, digest, package.name, package.version, package.sha256)


def given(path: Path) -> Pdf:
    """A PDF file named by hand."""
    try:
        return Pdf(path.stem, path, _sha256(path.read_bytes()))
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({(error.strerror or 'unknown reason').lower()}).") from None


def _downloaded(name: str, folder: Path) -> Path | None:
    return max(folder.glob(f"{name}_*.deb"), key=lambda path: path.stat().st_mtime, default=None)


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise InputError(f"'{' '.join(command)}' did not end within {PATIENCE // 60} minutes.") from None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
