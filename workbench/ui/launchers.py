"""A place in the system's menu for `pagelens desktop`: a file of Linux's, a bundle of macOS's, a shortcut of Windows'.

Each is a person's own, below their home: nothing needs rights that they lack.
"""

from __future__ import annotations

import mimetypes
import os
import plistlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

from workbench import __version__, resources
from workbench.documents import readable
from workbench.errors import PagelensError

NAME = "Pagelens"
_SUMMARY = "Search documents by what their pages show"
_OPEN_XML, _OPEN_DOCUMENT = "application/vnd.openxmlformats-officedocument", "application/vnd.oasis.opendocument"
_TYPES = {
    ".docx": f"{_OPEN_XML}.wordprocessingml.document",
    ".jfif": "image/jpeg",
    ".odp": f"{_OPEN_DOCUMENT}.presentation",
    ".ods": f"{_OPEN_DOCUMENT}.spreadsheet",
    ".odt": f"{_OPEN_DOCUMENT}.text",
    ".ppsx": f"{_OPEN_XML}.presentationml.slideshow",
    ".pptx": f"{_OPEN_XML}.presentationml.presentation",
    ".xlsx": f"{_OPEN_XML}.spreadsheetml.sheet",
}
"""Media types that Python does not know by itself."""


def command(home: str = "") -> list[str]:
    """What the launcher runs: this very Python, for this home, a folder or ``s3://...``, if one was named."""
    python = Path(sys.executable)
    quiet = python.with_name("pythonw.exe")  # without a console
    named = ["--home", home] if home else []
    return [str(quiet if quiet.exists() else python), "-m", "workbench", *named, "desktop"]


def place(system: str = sys.platform, variables: Mapping[str, str] = os.environ) -> Path:
    """Where the launcher of a system lies."""
    own = Path.home()
    if system == "win32":
        return Path(variables.get("APPDATA", own)) / "Microsoft" / "Windows" / "Start Menu" / "Programs" / f"{NAME}.lnk"
    if system == "darwin":
        return own / "Applications" / f"{NAME}.app"
    return Path(variables.get("XDG_DATA_HOME") or own / ".local" / "share") / "applications" / "pagelens.desktop"


def install(arguments: Sequence[str], state: Path, system: str = sys.platform) -> Path:
    """Put a launcher that runs ``arguments`` in the menu, in the place of an older one, and return where it is.

    ``state`` is a folder for its picture. `PagelensError` when the system refuses.
    """
    where = place(system)
    try:
        where.parent.mkdir(parents=True, exist_ok=True)
        if system == "win32":
            _shortcut(where, arguments, _icon(state, "ico"))
        elif system == "darwin":
            _bundle(where, arguments)
        else:
            where.write_text(_entry(arguments, _icon(state, "svg")), encoding="utf-8")
    except (OSError, subprocess.SubprocessError) as error:
        raise PagelensError(f"The launcher could not be written to {where} ({error}).") from error
    return where


def uninstall(system: str = sys.platform) -> Path | None:
    """Take the launcher out of the menu; returns where it was, None where there was none."""
    where = place(system)
    if not where.exists():
        return None
    if where.is_dir():
        shutil.rmtree(where)
    else:
        where.unlink()
    return where


def media_type(suffix: str) -> str:
    """What file managers call the files whose names end so; empty where nobody knows."""
    known = mimetypes.MimeTypes(())  # without what happens to be installed
    return _TYPES.get(suffix) or known.guess_type(f"file{suffix}", strict=False)[0] or ""


def _entry(arguments: Sequence[str], icon: Path) -> str:
    """A desktop entry (freedesktop.org, version 1.5); an argument is quoted, and so is what quoting means."""
    opened = dict.fromkeys(media_type(suffix) for suffixes in readable().values() for suffix in sorted(suffixes))
    quoted = []
    for argument in arguments:
        for special in '\\"`$':
            argument = argument.replace(special, "\\" + special)
        quoted.append(f'"{argument}"'.replace("\\", "\\\\").replace("%", "%%"))  # a value has escapes of its own
    return "\n".join(
        [
            "[Desktop Entry]",
            "Type=Application",
            f"Name={NAME}",
            f"Comment={_SUMMARY}",
            f"Exec={' '.join(quoted)} %F",
            f"Icon={icon}",
            "Terminal=false",
            "Categories=Office;",
            f"MimeType={';'.join(opened)};",
            "",
        ]
    )


def _bundle(where: Path, arguments: Sequence[str]) -> None:
    contents = where / "Contents"
    for folder in ("MacOS", "Resources"):
        (contents / folder).mkdir(parents=True, exist_ok=True)
    script = contents / "MacOS" / "pagelens"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(arguments)} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    _icon(contents / "Resources", "icns")
    about = {
        "CFBundleName": NAME,
        "CFBundleIdentifier": "org.pagelens.desktop",
        "CFBundleExecutable": "pagelens",
        "CFBundleIconFile": "pagelens.icns",
        "CFBundlePackageType": "APPL",
        "CFBundleVersion": __version__,
        "CFBundleShortVersionString": __version__,
        "NSHighResolutionCapable": True,
    }  # no kinds of documents: macOS would tell a script of none that is opened with it
    (contents / "Info.plist").write_bytes(plistlib.dumps(about))


def _shortcut(where: Path, arguments: Sequence[str], icon: Path) -> None:
    """By the system's own object for shortcuts, which PowerShell reaches; texts go as texts, quotes doubled."""

    def text(value: str) -> str:
        return "'" + value.replace("'", "''") + "'"

    program, *rest = arguments
    script = (
        f"$s = (New-Object -ComObject WScript.Shell).CreateShortcut({text(str(where))}); "
        f"$s.TargetPath = {text(program)}; $s.Arguments = {text(subprocess.list2cmdline(rest))}; "
        f"$s.IconLocation = {text(str(icon))}; $s.Description = {text(_SUMMARY)}; $s.Save()"
    )
    subprocess.run(["powershell", "-NoProfile", "-NonInteractive", "-Command", script], check=True, capture_output=True)


def _icon(folder: Path, kind: str) -> Path:
    """Our picture as the system wants it: ``svg``, ``ico`` or ``icns``."""
    import resvg_py
    from PIL import Image

    drawing = resources.asset("icons/favicon.svg")
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"pagelens.{kind}"
    if kind == "svg":
        shutil.copyfile(drawing, made)
        return made
    drawn = resvg_py.svg_to_bytes(svg_string=drawing.read_text(encoding="utf-8"), width=1024, height=1024)
    with Image.open(BytesIO(bytes(drawn))) as picture:
        picture.convert("RGBA").save(made)
    return made
