"""Office documents as PDFs, by LibreOffice where it is installed: texts, slides and tables.

It is another program reading hostile files: it has a profile of its own, which runs no macros and reaches no network,
and a limit of time. A file is converted once; what came out is kept among the temporary files for its pages.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from filelock import FileLock

from workbench.documents.sources import display_name
from workbench.errors import DocumentError

SECONDS = 50.0  # of a conversion, within the limit of a page; LibreOffice takes 3 to start and some for long files
KEPT_BYTES = 1 << 30  # of converted files, after which the oldest go
_PROGRAMS = ("soffice", "libreoffice", "/Applications/LibreOffice.app/Contents/MacOS/soffice")
_WINDOWS = r"LibreOffice\program\soffice.com"
_SETTINGS = {
    "Office.Common/Security/Scripting": {
        "DisableMacrosExecution": "true",
        "MacroSecurityLevel": "3",
        "BlockUntrustedRefererLinks": "true",
    },
    "Inet/Settings": {
        "ooInetProxyType": "2",
        "ooInetHTTPProxyName": "127.0.0.1",
        "ooInetHTTPProxyPort": "9",
        "ooInetHTTPSProxyName": "127.0.0.1",
        "ooInetHTTPSProxyPort": "9",
        "ooInetNoProxy": "",
    },
}
"""Of LibreOffice: no macros, and a proxy that is not there, so that pictures a document links to are not fetched."""


def libreoffice() -> str | None:
    """The program's path, if it is installed."""
    for program in _PROGRAMS:
        if found := shutil.which(program):
            return found
    for folder in (os.environ.get("PROGRAMFILES", ""), os.environ.get("PROGRAMFILES(X86)", "")):
        if folder and (path := Path(folder, _WINDOWS)).exists():
            return str(path)
    return None


def as_pdf(path: Path) -> Path:
    """The document as a PDF file, made now or before; ``DocumentError`` where it cannot be made."""
    name = display_name(path.name)
    program = libreoffice()
    if program is None:
        raise DocumentError(f"{name} is an office document, which LibreOffice can turn into pages: {install()}.")
    folder = _folder()
    with path.open("rb") as file:
        made = folder / hashlib.file_digest(file, "sha256").hexdigest() / f"{path.name[-80:]}.pdf"
    with FileLock(folder / f"{made.parent.name}.lock"):
        if not made.exists():
            _convert(program, path, made)
            _make_room(folder, made.parent)
        made.touch()
    return made


def install() -> str:
    """What to do to have LibreOffice on this system."""
    if sys.platform == "darwin":
        return "install it (brew install --cask libreoffice), or save the document as PDF"
    if sys.platform == "win32":
        return "install it (winget install TheDocumentFoundation.LibreOffice), or save the document as PDF"
    return (
        "install it (apt install libreoffice-writer libreoffice-calc libreoffice-impress), or save the document as PDF"
    )


def _convert(program: str, path: Path, made: Path) -> None:
    name = display_name(path.name)
    with tempfile.TemporaryDirectory(prefix="pagelens-office-") as place:
        given = Path(place, f"document{path.suffix.lower()}")
        shutil.copyfile(path, given)
        user = Path(place, "profile", "user")
        user.mkdir(parents=True)
        (user / "registrymodifications.xcu").write_text(_profile(), "utf-8")
        command = [
            program,
            f"-env:UserInstallation={user.parent.as_uri()}",
            "--headless",
            "--norestore",
            "--nolockcheck",
        ]
        try:
            subprocess.run(
                [*command, "--convert-to", "pdf", "--outdir", place, str(given)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise DocumentError(
                f"LibreOffice took more than {SECONDS:.0f} s for {name}; save it as PDF and add that."
            ) from error
        except OSError as error:
            raise DocumentError(f"LibreOffice could not be started for {name}; save it as PDF and add that.") from error
        pdf = given.with_suffix(".pdf")
        if not pdf.exists():
            raise DocumentError(f"{name} cannot be read by LibreOffice; is it damaged or encrypted? Save it as PDF.")
        made.parent.mkdir(exist_ok=True)
        partly = made.with_suffix(".part")
        shutil.copyfile(pdf, partly)
        partly.replace(made)


def _profile() -> str:
    """The settings as LibreOffice keeps them."""
    items = "".join(
        f'<item oor:path="/org.openoffice.{place}"><prop oor:name="{name}"><value>{value}</value></prop></item>'
        for place, values in _SETTINGS.items()
        for name, value in values.items()
    )
    return f'<oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>'


def _folder() -> Path:
    """Where converted files are kept, for nobody but this user."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir(), f"pagelens-converted-{user}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and (folder.is_symlink() or folder.stat().st_uid != user):
        raise DocumentError(f"The folder {folder} is another user's; remove it, or set TMPDIR to a folder of your own.")
    return folder


def _make_room(folder: Path, keep: Path) -> None:
    """Remove the conversions that were used longest ago, but for the newest, until they are no more than allowed."""
    kept = sorted(folder.glob("*/*.pdf"), key=lambda file: file.stat().st_mtime, reverse=True)
    held = 0
    for file in kept:
        held += file.stat().st_size
        if held > KEPT_BYTES and file.parent != keep:
            shutil.rmtree(file.parent, ignore_errors=True)
            (folder / f"{file.parent.name}.lock").unlink(missing_ok=True)
