"""What is present on this machine, what is missing, and the command that cures it: one line each.

Looks, and changes nothing: no model is loaded, torch is not imported, and the network is never touched, but for the
object store that the collections are in.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench import bootstrap
from workbench.documents import Limits, has_poppler, languages, rasterizer, tesseract
from workbench.encoders import ENCODERS
from workbench.errors import PagelensError
from workbench.folders import free_bytes, standing
from workbench.settings import Settings

NAMED = ("gradio", "torch", "open_clip_torch", "colpali-engine", "lancedb", "pdf2image", "pillow")
"""The packages that get a line of their own; the others share one."""

MIN_DISK = 2 * 2**30
"""Bytes that should be free where collections live: a thousand pages take a few hundred MiB, with room to work."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: ``ok`` is None for something optional that is absent or was not looked at.

    ``cure`` is the command (or the setting) that helps, empty where nothing needs helping.
    """

    name: str
    ok: bool | None
    detail: str
    cure: str = ""


def checks(settings: Settings) -> list[Check]:
    """All findings, in the order a person would want to repair them."""
    parts: tuple[Callable[[], Iterator[Check]], ...] = (
        _python,
        _packages,
        _device,
        _torchvision,
        _reader,
        _ocr,
        _scripts,
        _raster,
        lambda: _files(settings),
        lambda: _home(settings),
        lambda: place(settings),
        lambda: _hub(settings),
        _browser,
    )
    return [check for part in parts for check in part()]


def _python() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    fits = bootstrap.OLDEST <= sys.version_info[:2] <= bootstrap.NEWEST
    yield Check("Python", fits, f"{version} at {sys.executable}", "" if fits else "python3.13 app.py")


def _packages() -> Iterator[Check]:
    others = []
    for requirement in bootstrap.requirements():
        if requirement.name in NAMED:
            yield _package(requirement)
        else:
            others.append(requirement)
    wrong = [requirement for requirement in others if not requirement.met()]
    if wrong:
        said = ", ".join(f"{r.name} {r.installed() or 'missing'}" for r in wrong)
        yield Check("other packages", False, said, "pip install " + " ".join(f'"{r}"' for r in wrong))
    else:
        yield Check("other packages", True, f"all {len(others)} present")


def _package(requirement: bootstrap.Requirement) -> Check:
    version = requirement.installed()
    if version is None:
        return Check(requirement.name, False, "missing", f'pip install "{requirement}"')
    if not requirement.admits(version):
        return Check(requirement.name, False, f"{version}, but {requirement} is needed", f'pip install "{requirement}"')
    return Check(requirement.name, True, version)


def _device() -> Iterator[Check]:
    torch = sys.modules.get("torch")
    cuda = _built_for("torch")
    if cuda is None:
        return  # the missing package has its own line
    if torch is not None and torch.cuda.is_available():
        yield Check("compute", True, f"GPU, {torch.cuda.get_device_name()} (CUDA {cuda})")
    elif cuda and _nvidia():
        yield Check("compute", True, f"NVIDIA GPU, torch is built for CUDA {cuda}")
    elif _nvidia():
        cure = "install the CUDA build of torch (see its own site for the command)"
        yield Check("compute", None, "CPU, although an NVIDIA GPU is here: this torch is a CPU build", cure)
    elif sys.platform == "darwin" and os.uname().machine == "arm64":
        yield Check("compute", True, "Apple GPU (MPS)")
    else:
        yield Check("compute", True, f"CPU, {os.cpu_count()} cores; the reader needs no GPU")
    if cuda and _nvidia():
        flash = importlib.util.find_spec("flash_attn") is not None
        how = "flash_attention_2" if flash else "torch's own; flash-attn is not installed"
        yield Check("attention", True, how)


def _nvidia() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def _built_for(package: str) -> str | None:
    """The CUDA version a package was built for, empty for a CPU build, None when it is not installed.

    Read from its ``version.py`` as text: importing torch takes seconds.
    """
    folder = _folder(package)
    if folder is None:
        return None
    try:
        text = (folder / "version.py").read_text(encoding="utf-8")
    except OSError:
        return ""
    if match := re.search(r"^cuda\b.*=\s*['\"]([0-9.]+)['\"]", text, re.MULTILINE):
        return match[1]
    match = re.search(r"\+cu([0-9]+)([0-9])['\"]", text)
    return f"{match[1]}.{match[2]}" if match else ""


def _torchvision() -> Iterator[Check]:
    torch, vision = _built_for("torch"), _built_for("torchvision")
    if torch is None or vision is None:
        return
    if vision and not torch:
        detail = f"built for CUDA {vision} beside a CPU torch; Pagelens declares the operators it misses"
        yield Check("torchvision", True, detail)
    else:
        yield Check("torchvision", True, "fits torch")


def _folder(package: str) -> Path | None:
    """Where a top-level package lies, found without importing it."""
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def _reader() -> Iterator[Check]:
    spec = ENCODERS["reader"]
    again = f"{spec.get} --force-reinstall --no-deps"
    folder = _folder(str(spec.options["package"]))
    if folder is None:
        yield Check("reader weights", False, "missing", spec.get)
        return
    weights = folder / "model" / "model.safetensors"
    try:
        with weights.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        yield Check("reader weights", False, f"{weights} cannot be read", again)
        return
    if found == spec.options["sha256"]:
        size = weights.stat().st_size / 1e6
        yield Check("reader weights", True, f"all-MiniLM-L6-v2, {size:.0f} MB, sha256 {found[:12]}… as it should be")
    else:
        yield Check("reader weights", False, f"changed or damaged (sha256 {found[:12]}…)", again)


def _ocr() -> Iterator[Check]:
    folder = _folder("rapidocr")
    if folder is None:
        yield Check("OCR", False, "rapidocr is missing: scans and pictures cannot be read", "pip install rapidocr")
        return
    models = {kind: next(iter(sorted((folder / "models").glob(f"*_{kind}_*.onnx"))), None) for kind in ("det", "rec")}
    missing = [kind for kind, file in models.items() if file is None]
    if missing:
        cure = "pip install --force-reinstall --no-deps rapidocr"
        yield Check("OCR", False, f"the models of rapidocr are missing ({', '.join(missing)})", cure)
    else:
        yield Check("OCR", True, "models " + ", ".join(file.stem for file in models.values() if file))


def _scripts() -> Iterator[Check]:
    there = tesseract.installed()
    read = [language.name for language in languages.known() if language.code in there]
    lacking = [
        name for name in ("Cyrillic", "Arabic", "Devanagari", "Thai", "Korean") if not tesseract.languages_of(name)
    ]
    if not read:
        said = "scans in Cyrillic, Arabic, Devanagari, Thai, Korean and others are not read; tesseract would read them"
    else:
        more = f"; not {', '.join(lacking)}" if lacking else ""
        said = f"tesseract reads scans in {', '.join(read)}{more}"
    yield Check("other scripts", True, said, tesseract.command("") if lacking else "")


_POPPLER = {"darwin": "brew install poppler", "win32": "conda install -c conda-forge poppler"}
_CHROMIUM = "playwright install chromium"


def _raster() -> Iterator[Check]:
    if rasterizer() == "pdf2image":
        yield Check("PDF pages", True, f"drawn by poppler ({shutil.which('pdftoppm')}) through pdf2image")
    elif has_poppler():
        more = f"what it leaves blank by poppler ({shutil.which('pdftoppm')}) through pdf2image"
        yield Check("PDF pages", True, f"drawn by pypdfium2; {more}")
    else:
        cure = _POPPLER.get(sys.platform, "sudo apt-get install poppler-utils")
        yield Check("PDF pages", True, "drawn by pypdfium2; poppler, for what it leaves blank, is missing", cure)


def _files(settings: Settings) -> Iterator[Check]:
    limits = Limits.of(settings)
    count = f"{limits.processes} process{'es' if limits.processes > 1 else ''}"
    most = f"a page may take {limits.seconds:g} s and {limits.memory_mib / 1024:.3g} GiB of memory"
    yield Check("reading files", True, f"by {count}; {most}")


def _home(settings: Settings) -> Iterator[Check]:
    home = settings.home.expanduser()
    place = standing(home)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        yield Check("home folder", False, f"{home} cannot be written to", "set PAGELENS_HOME to a folder of yours")
        return
    free = free_bytes(home)
    if free < MIN_DISK:
        detail = f"{home}, only {free / 2**30:.1f} GiB free"
        yield Check("home folder", False, detail, "make room, or set PAGELENS_HOME to another disk")
    else:
        yield Check("home folder", True, f"{home}, {free / 2**30:.0f} GiB free")


def place(settings: Settings) -> Iterator[Check]:
    """Of collections in an object store: whether it answers, can tell writers apart, and has room for its cache here.

    A few requests, and an object that is written and deleted. Nothing where collections are in a folder.
    """
    if not settings.place:
        return
    from workbench.store import Library
    from workbench.store.files import tree_bytes
    from workbench.store.object_storage import ConditionalWrites, ObjectStorage

    try:
        storage = ObjectStorage.of(settings)
        names = Library(storage).names()
        writes = storage.conditional_writes()
    except PagelensError as error:
        yield Check("object store", False, f"{settings.place}: {error}", "set PAGELENS_STORAGE_OPTIONS")
        return
    yield Check("object store", True, f"{settings.place} answers; collections: {', '.join(names) or 'none yet'}")
    if writes is ConditionalWrites.KEPT:
        yield Check("several writers", True, f"it {writes.value}: any number of machines may write")
    elif writes is ConditionalWrites.IGNORED and settings.single_writer:
        yield Check("several writers", None, f"it {writes.value}; PAGELENS_SINGLE_WRITER says that only one ever does")
    else:
        cure = "set PAGELENS_SINGLE_WRITER=1 if only one process ever writes"
        refused = f"it {writes.value}: nothing is written, since two writers would lose each other's pages"
        yield Check("several writers", False, refused, cure if writes is ConditionalWrites.IGNORED else "")
    cache = storage.cache
    free, most = free_bytes(cache), settings.cache_mb << 20
    held = tree_bytes(cache)
    detail = f"{cache}, {held / 2**30:.1f} of at most {most / 2**30:.0f} GiB used, {free / 2**30:.0f} GiB free"
    cure = "set PAGELENS_CACHE_MB lower, or PAGELENS_CACHE to a folder on another disk"
    yield Check("cache", True if held + free >= most else None, detail, "" if held + free >= most else cure)


def _hub(settings: Settings) -> Iterator[Check]:
    if settings.offline:
        yield Check("model hub", None, "not asked (offline mode); the reader needs none")
    else:
        yield Check("model hub", None, "not checked, since nothing leaves this machine unasked; the reader needs none")


def _browser() -> Iterator[Check]:
    browser = chromium()
    if browser:
        yield Check("Chromium", True, f"{browser}, for the browser tests")
    else:
        yield Check("Chromium", None, "not found; only the browser tests want it", _CHROMIUM)


def chromium() -> Path | None:
    """A Chromium or Chrome on this machine for the browser tests, or None.

    ``PAGELENS_CHROMIUM`` names one; else the usual names on the path, the usual folders of macOS and Windows, and the
    browsers that ``playwright install chromium`` keeps. One without windows is preferred: it draws a page in half the
    processor's time.
    """
    if named := os.environ.get("PAGELENS_CHROMIUM"):
        return Path(named) if Path(named).is_file() else None
    return next((place for place in _browsers() if place.is_file()), None)


def _browsers() -> Iterator[Path]:
    """Where browsers may be, the best first."""
    kept = _kept_by_playwright()
    yield from _on_path("chromium-headless-shell", "chrome-headless-shell")
    for name in ("chrome-headless-shell", "chrome-headless-shell.exe", "headless_shell", "headless_shell.exe"):
        yield from sorted(kept.glob(f"chromium_headless_shell-*/**/{name}"), reverse=True)
    yield from _on_path("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
    if sys.platform == "darwin":
        for name in ("Google Chrome", "Chromium", "Microsoft Edge"):
            yield Path(f"/Applications/{name}.app/Contents/MacOS/{name}")
    elif sys.platform == "win32":
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
            if base := os.environ.get(variable):
                yield Path(base) / "Google" / "Chrome" / "Application" / "chrome.exe"
                yield Path(base) / "Microsoft" / "Edge" / "Application" / "msedge.exe"
    for name in ("chrome", "chrome.exe", "Chromium", "Google Chrome for Testing"):
        yield from sorted(kept.glob(f"chromium-*/**/{name}"), reverse=True)


def _on_path(*names: str) -> Iterator[Path]:
    yield from map(Path, filter(None, map(shutil.which, names)))


def _kept_by_playwright() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ms-playwright"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "ms-playwright"
    return Path.home() / ".cache" / "ms-playwright"
