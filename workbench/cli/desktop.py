"""``pagelens desktop``: the page in a window of its own, and in the system's menu."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli import output
from workbench.cli.session import settings, workbench


def desktop(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", exists=True, help="Files or folders to add.", show_default=False),
    ] = None,
    collection: Annotated[
        str, typer.Option("--collection", "-c", metavar="NAME", help="The collection they go to.")
    ] = "documents",
    browser: Annotated[bool, typer.Option("--browser", help="Use the browser even if pywebview is installed.")] = False,
    install: Annotated[
        bool, typer.Option("--install", help="Put Pagelens in the menu of this system, and open nothing.")
    ] = False,
    uninstall: Annotated[bool, typer.Option("--uninstall", help="Take it out of the menu again.")] = False,
) -> None:
    """Open the workbench in a window of its own; a second start shows the window that is open.

    The window needs pywebview: pip install 'pagelens[desktop]'. Without it the default browser opens.
    """
    from workbench.settings import Settings
    from workbench.ui import launchers

    if install or uninstall:
        where = settings(context)
        if uninstall:
            gone = launchers.uninstall()
            output.say(f"Taken out of the menu: {gone}" if gone else "Pagelens is not in the menu.")
        else:
            # Whatever names the home, an option or the environment of this shell, no menu knows it.
            usual = where.home == Settings.model_fields["home"].default
            named = where.place or ("" if usual else str(where.home.absolute()))
            output.say(f"In the menu: {launchers.install(launchers.command(named), where.home / 'state' / 'icons')}")
        return
    from workbench.ui.desktop import BrowserWindow, OwnWindow, Window, open_desktop, own_window_is_there

    service = workbench(context)
    own = own_window_is_there() and not browser
    window: Window = OwnWindow(service.settings.home / "state" / "webview") if own else BrowserWindow()
    if not own:
        output.say("Pagelens opens in the browser (Ctrl-C ends it).")
    if open_desktop(service, window, files or [], collection):
        return
    output.say("Pagelens was open already.")
    given = [file for file in files or [] if file.is_file()]  # what folders hold is told in the window
    refused = [file for file in service.ingestion.plan(given, collection).files if file.state == "refused"]
    for file in refused:
        output.say(f"Not added: {file.note if file.name in file.note else f'{file.name}: {file.note}'}")
    if refused:
        raise typer.Exit(1)
