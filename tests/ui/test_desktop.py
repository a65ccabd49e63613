"""A window for each home: what it shows, who shares it, what closing asks; and the places in the menus of systems."""

from __future__ import annotations

import base64
import json
import os
import plistlib
import re
import shlex
import signal
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from tests.documents.make import write_pdf
from workbench import __version__
from workbench.cli import app, main
from workbench.documents import readable
from workbench.documents.sources import SUFFIXES
from workbench.errors import InputError
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.ui import desktop, launchers


class Watched:
    """A window that is open until told to close."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.open, self.close = threading.Event(), threading.Event()
        self.busy: Callable[[], bool] = lambda: False

    def run(self, address: str, busy: Callable[[], bool]) -> None:
        self.shown.append(address)
        self.busy = busy
        self.open.set()
        assert self.close.wait(900)

    def show(self, address: str) -> None:
        self.shown.append(address)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # a server goes elsewhere
    return tmp_path / "home"


@pytest.fixture
def window(home: Path) -> Iterator[Watched]:
    """One that shows the home."""
    made = Watched()
    thread = threading.Thread(target=desktop.open_desktop, args=(Workbench(Settings(home=home)), made))
    thread.start()
    assert made.open.wait(900)
    yield made
    made.close.set()
    thread.join(900)
    assert not thread.is_alive()


def post(home: Path, **body: Any) -> int:
    running = json.loads((home / "state" / "desktop.json").read_text())
    request = urllib.request.Request(
        f"http://127.0.0.1:{running['port']}/desktop", json.dumps(body).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=900) as answer:
        return int(answer.status)


def test_a_second_start_shows_the_window_that_is_open(home: Path, window: Watched) -> None:
    (address,) = window.shown
    with urllib.request.urlopen(address, timeout=900) as page:
        assert b"Pagelens" in page.read()
    other = Watched()
    assert desktop.open_desktop(Workbench(Settings(home=home)), other) is False
    assert window.shown == [address, address] and other.shown == []


def test_files_that_a_start_names_are_added_where_it_is_open(home: Path, window: Watched, tmp_path: Path) -> None:
    file = write_pdf(tmp_path / "whales.pdf", ["The blue whale is large."])
    assert window.busy() is False
    assert not desktop.open_desktop(Workbench(Settings(home=home)), Watched(), [file], "sea life")
    address, library = window.shown
    assert library == f"{address}/?view=library&c=sea+life"
    there = Workbench(Settings(home=home))
    ended = time.monotonic() + 900
    while window.busy() and time.monotonic() < ended:
        time.sleep(0.05)
    assert [document.name for document in there.library.documents("sea life")] == ["whales.pdf"]
    with pytest.raises(InputError, match="cannot be a collection's name"):
        desktop.open_desktop(there, Watched(), [file], "a/b")


def test_a_file_that_the_first_start_names_from_where_it_stands_is_added(home: Path, tmp_path: Path) -> None:
    write_pdf(tmp_path / "whales.pdf", ["The blue whale is large."])
    made, window = Workbench(Settings(home=home)), Watched()
    started = threading.Thread(target=desktop.open_desktop, args=(made, window, [Path("whales.pdf")]))
    started.start()
    assert window.open.wait(900)
    for job in made.jobs.active():
        made.jobs.wait(job.id)
    names = [document.name for document in made.library.documents("documents")]
    window.close.set()
    started.join(900)
    assert names == ["whales.pdf"]


def test_the_page_is_served_while_a_window_comes_to_the_front(
    home: Path, window: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    (address,), asked, seen = window.shown, threading.Event(), threading.Event()

    def show(_address: str) -> None:
        asked.set()
        assert seen.wait(900)

    monkeypatch.setattr(window, "show", show)
    second = threading.Thread(target=desktop.open_desktop, args=(Workbench(Settings(home=home)), Watched()))
    second.start()
    assert asked.wait(900)
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=900) as answer:
            assert answer.status == 200
    finally:
        seen.set()
        second.join(900)


def test_only_who_may_read_the_home_may_ask(home: Path, window: Watched) -> None:
    file = home / "state" / "desktop.json"
    assert os.name != "posix" or stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(home, token="guessed", files=["/etc/passwd"], collection="documents")
    assert refused.value.code == 403
    assert len(window.shown) == 1


def test_the_next_window_has_the_address_of_the_last_and_a_home_is_free_when_its_window_is_closed(home: Path) -> None:
    shown = []
    for _ in range(2):
        made = Watched()
        made.close.set()
        assert desktop.open_desktop(Workbench(Settings(home=home)), made) is True
        shown += made.shown
    assert shown[0] == shown[1]
    with FileLock(home / "state" / "desktop.lock").acquire(timeout=0):
        pass


def test_one_that_does_not_answer_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop, "STARTING", 0.5)
    (home / "state").mkdir(parents=True)
    with FileLock(home / "state" / "desktop.lock"), pytest.raises(InputError, match="does not answer"):
        desktop.open_desktop(Workbench(Settings(home=home)), Watched())


class Event:
    """One of pywebview's."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[], None]] = []

    def __iadd__(self, listener: Callable[[], None]) -> Event:
        self.listeners.append(listener)
        return self


@pytest.mark.parametrize("busy", [True, False])
def test_closing_asks_while_something_is_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy: bool) -> None:
    """By what pywebview reads when a window is being closed: `confirm_close`, after the listeners of `closing`."""
    asked: list[bool] = []

    made = SimpleNamespace(events=SimpleNamespace(closing=Event(), before_show=Event()), confirm_close=None)

    def start(**options: Any) -> None:
        assert options["private_mode"] is False and options["storage_path"] == str(tmp_path)
        for listener in made.events.closing.listeners:
            listener()
        asked.append(made.confirm_close)

    def create_window(title: str, address: str, **size: Any) -> Any:
        assert (title, address) == ("Pagelens", "http://127.0.0.1:1") and size["min_size"][0] <= 390
        return made

    settings = {"ALLOW_DOWNLOADS": False}
    stand_in = SimpleNamespace(create_window=create_window, start=start, settings=settings)
    monkeypatch.setitem(sys.modules, "webview", stand_in)
    desktop.OwnWindow(tmp_path).run("http://127.0.0.1:1", lambda: busy)
    assert asked == [busy] and settings["ALLOW_DOWNLOADS"]


class View:
    """A web view of GTK's within its window: what is dragged over it is told to who is connected."""

    def __init__(self) -> None:
        self.heard: dict[str, Callable[..., None]] = {}

    def get_children(self) -> list[SimpleNamespace]:
        inner = SimpleNamespace(load_uri=None, connect=self.heard.__setitem__)
        return [SimpleNamespace(get_children=lambda: [inner])]

    def drag(self, *addresses: str) -> None:
        data = SimpleNamespace(get_uris=lambda: list(addresses))
        self.heard["drag-data-received"](None, None, 1, 1, data, 0, 0)


@pytest.mark.skipif(os.name != "posix", reason="GTK's names of files")
def test_the_page_reads_what_is_dropped_on_its_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it happens where the web view is WebKitGTK's, which gives a page no files."""
    whole = bytes(range(256)) * 3
    bill = tmp_path / "Rechnung März 100%.pdf"
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    for name in (bill.name, "folder/b.png", "folder/deep/a.pdf", "folder/notes.xyz"):
        (tmp_path / name).write_bytes(whole)
    view, given = View(), []
    made = SimpleNamespace(events=SimpleNamespace(closing=Event(), before_show=Event()), native=view)

    def start(**_: Any) -> None:
        (watch,) = made.events.before_show.listeners
        watch()
        view.drag(bill.as_uri(), (tmp_path / "folder").as_uri(), (tmp_path / "gone.pdf").as_uri(), "https://a.b/c.pdf")
        view.drag()  # as a text
        given.append(dropped.dropped())
        assert [dropped.read(0, at) for at in (0, 512, 768)] == [
            base64.b64encode(part).decode() for part in (whole[:512], whole[512:], b"")
        ]
        view.drag("https://a.b/c.pdf")
        given.append(dropped.dropped())

    def create_window(*_: str, js_api: desktop.Dropped, **__: Any) -> Any:
        nonlocal dropped
        dropped = js_api
        return made

    dropped: Any = None
    monkeypatch.setattr(desktop, "_PART", 512)
    stand_in = SimpleNamespace(create_window=create_window, start=start, settings={})
    monkeypatch.setitem(sys.modules, "webview", stand_in)
    desktop.OwnWindow(tmp_path).run("http://127.0.0.1:1", lambda: False)
    pdf = "application/pdf"
    assert given == [[(bill.name, pdf), ("folder/b.png", "image/png"), ("folder/deep/a.pdf", pdf)], []]
    # What is public is for the page, and must not open a path that it names.
    assert {name for name in dir(desktop.Dropped) if not name.startswith("_")} == {"dropped", "read"}


@pytest.mark.skipif(os.name != "posix", reason="GTK's names of files")
def test_a_dropped_name_may_be_no_text(tmp_path: Path) -> None:
    named = os.fsdecode(os.fsencode(tmp_path) + b"/\xe4nderung.pdf")
    try:
        Path(named).write_bytes(b"whole")
    except OSError:
        pytest.skip("names are text here")
    dropped = desktop.Dropped()
    dropped._take([Path(named).as_uri()])
    assert dropped.dropped() == [("\ufffdnderung.pdf", "application/pdf")]
    assert base64.b64decode(dropped.read(0, 0)) == b"whole"


@pytest.mark.skipif(os.name != "posix", reason="GTK's names of files")
def test_nothing_is_left_of_what_was_dropped_before(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").touch()
    dropped = desktop.Dropped()
    for address in ("file:///" + "a" * 300, "file:///a%00b"):
        dropped._take([(tmp_path / "a.pdf").as_uri()])
        assert len(dropped.dropped()) == 1
        dropped._take([address])
        assert dropped.dropped() == []


@pytest.mark.skipif(os.name != "posix", reason="GTK's names of files")
def test_a_dropped_folder_is_looked_through_when_the_page_asks(tmp_path: Path) -> None:
    dropped = desktop.Dropped()
    dropped._take([tmp_path.as_uri()])
    (tmp_path / "late.pdf").touch()
    assert dropped.dropped() == [(f"{tmp_path.name}/late.pdf", "application/pdf")]


def test_a_file_that_cannot_be_added_where_it_is_open_is_told(home: Path, window: Watched, tmp_path: Path) -> None:
    whales = write_pdf(tmp_path / "whales.pdf", ["The blue whale is large."])
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")
    command = ["--home", str(home), "desktop", "--browser"]
    good = CliRunner().invoke(app, [*command, str(whales)])
    assert (good.exit_code, "Not added" in good.output) == (0, False)
    bad = CliRunner().invoke(
        app, [*command, *(str(tmp_path / name) for name in ("whales.pdf", "notes.txt", "broken.pdf"))]
    )
    told = [line for line in bad.output.splitlines() if line.startswith("Not added: ")]
    assert bad.exit_code == 1 and len(window.shown) == 3
    assert sorted(line.split()[2].rstrip(":") for line in told) == ["broken.pdf", "notes.txt"]
    assert any("is not a file Pagelens reads" in line for line in told)


@pytest.mark.skipif(os.name != "posix", reason="a script stands for the browser")
def test_the_command_opens_the_browser_and_a_second_one_again(tmp_path: Path) -> None:
    home, seen = tmp_path / "home", tmp_path / "seen"
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" >> {shlex.quote(str(seen))}\n')
    script.chmod(0o755)
    command = [sys.executable, "-m", "workbench", "--home", str(home), "desktop", "--browser"]
    environment = {**os.environ, "BROWSER": f"{script} %s"}

    def lines(count: int) -> list[str]:
        ended = time.monotonic() + 900
        while time.monotonic() < ended:
            found = seen.read_text().splitlines() if seen.exists() else []
            if len(found) >= count:
                return found
            time.sleep(0.1)
        raise AssertionError("the browser was not opened")

    def heard() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell that runs the tests in the background has it ignored

    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=heard) as first:
        try:
            (address,) = lines(1)
            second = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
            assert (second.returncode, "open already" in second.stderr) == (0, True)
            assert lines(2) == [address, address]
        finally:
            first.send_signal(signal.SIGINT)
        assert first.wait(900) == 0


def test_linux_has_it_in_the_menu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    arguments = ["/opt/my python/bin/python3", "-m", "workbench", "--home", '/data/50%/"q" $x', "desktop"]
    where = launchers.install(arguments, tmp_path / "state", "linux")
    assert where == tmp_path / "share" / "applications" / "pagelens.desktop"
    entry = dict(line.split("=", 1) for line in where.read_text(encoding="utf-8").splitlines() if "=" in line)
    assert entry["Exec"] == (
        '"/opt/my python/bin/python3" "-m" "workbench" "--home" "/data/50%%/\\\\"q\\\\" \\\\$x" "desktop" %F'
    )
    assert Path(entry["Icon"]).read_text(encoding="utf-8").startswith("<svg")
    assert set(entry["MimeType"].rstrip(";").split(";")) == {
        launchers.media_type(suffix) for suffixes in readable().values() for suffix in suffixes
    }
    assert launchers.uninstall("linux") == where and not where.exists()
    assert launchers.uninstall("linux") is None


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_file_managers_know_every_kind_that_is_read(suffix: str) -> None:
    assert re.fullmatch(r"(image|application)/[a-z0-9.+-]+", launchers.media_type(suffix))


@pytest.mark.skipif(sys.platform != "linux", reason="of this system's menu")
@pytest.mark.parametrize("way", ["option", "environment"])
@pytest.mark.parametrize("named", ["s3://bucket/pages", "pages"])
def test_the_menu_opens_the_home_that_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.delenv("PAGELENS_HOME", raising=False)
    given = ["--home", named] if way == "option" else []
    if way == "environment":
        monkeypatch.setenv("PAGELENS_HOME", named)
    ended = CliRunner().invoke(app, [*given, "desktop", "--install"])
    assert ended.exit_code == 0, ended.output
    entry = (tmp_path / "share" / "applications" / "pagelens.desktop").read_text(encoding="utf-8")
    there = named if "://" in named else str(tmp_path / named)
    assert f'"--home" "{there}" "desktop"' in entry


def test_a_menu_without_a_console_starts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pythonw does on Windows, where standard output and error are None."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    assert main(["--home", str(tmp_path), "desktop", "--uninstall"]) == 0
    sys.stdout.close()


def test_macos_has_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    arguments = ["/opt/my python/bin/python3", "-m", "workbench", "desktop"]
    where = launchers.install(arguments, tmp_path / "state", "darwin")
    about = plistlib.loads((where / "Contents" / "Info.plist").read_bytes())
    script = where / "Contents" / "MacOS" / about["CFBundleExecutable"]
    assert os.access(script, os.X_OK)
    assert shlex.split(script.read_text().splitlines()[1]) == ["exec", *arguments, "$@"]
    assert about["CFBundleVersion"] == about["CFBundleShortVersionString"] == __version__
    assert about["CFBundleIdentifier"] and about["CFBundlePackageType"] == "APPL"
    assert "CFBundleDocumentTypes" not in about  # a script is not told which document was opened
    assert (where / "Contents" / "Resources" / about["CFBundleIconFile"]).read_bytes()[:4] == b"icns"
    assert launchers.install(arguments, tmp_path / "state", "darwin") == where  # again
    assert launchers.uninstall("darwin") == where and not where.exists()


def test_windows_is_asked_for_a_shortcut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPDATA", str(tmp_path))
    ran: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: ran.append(command))
    arguments = ["C:\\it's\\pythonw.exe", "-m", "workbench", "--home", "C:\\my pages", "desktop"]
    where = launchers.install(arguments, tmp_path / "state", "win32")
    ((*_, script),) = ran
    assert f"CreateShortcut('{where}')" in script
    assert "TargetPath = 'C:\\it''s\\pythonw.exe'" in script
    assert "Arguments = '-m workbench --home \"C:\\my pages\" desktop'" in script
    assert (tmp_path / "state" / "pagelens.ico").read_bytes()[:4] == b"\0\0\1\0"
