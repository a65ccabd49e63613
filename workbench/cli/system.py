"""``pagelens serve``, ``mcp`` and ``doctor``: the page, tools for assistants, and the machine it runs on."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
import webbrowser
from contextlib import suppress
from typing import Annotated

import typer

from workbench.cli import output
from workbench.cli.session import AsJson, at_home, settings, workbench
from workbench.errors import InputError


def serve(
    context: typer.Context,
    host: Annotated[
        str, typer.Option(help="Address to listen on; one that other machines reach needs --auth.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 7860,
    auth: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|NAME:PASSWORD",
            envvar="PAGELENS_AUTH",
            show_envvar=True,
            show_default=False,
            help="Ask for a log-in; 'pagelens password' writes such a file.",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="A name this server is reached under; may be repeated.", show_default=False),
    ] = None,
    mcp: Annotated[bool, typer.Option("--mcp", help="Offer read-only tools for assistants under /mcp.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="Have the sample collection indexed if it is not yet.")] = False,
    show: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open", help="Open the browser; by default on a desktop's terminal.", show_default=False
        ),
    ] = None,
) -> None:
    """Open the workbench in the browser; Ctrl-C ends it."""
    _check_port(host, port)
    service = workbench(context)
    from workbench import ui
    from workbench.api.access import Access, Accounts
    from workbench.doctor import place as doctor_of_place

    names = allow_host or ()
    ui.check_address(host, auth is not None, names)
    access = Access(Accounts.read(auth)) if auth is not None else None
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    for check in doctor_of_place(service.settings):
        if check.ok is False:
            output.say(f"{check.name}: {check.detail}" + (f" | {check.cure}" if check.cure else ""))
    if demo:
        service.ingestion.start_sample()
    if _has_desktop() if show is None else show:
        threading.Thread(target=_open, args=(host, port, address), daemon=True).start()
    output.say(f"Pagelens is opening at {address} (Ctrl-C ends it).")
    with suppress(KeyboardInterrupt):
        ui.serve(service, host, port, access, names, mcp)
    output.say("Pagelens has stopped.")


def mcp(context: typer.Context) -> None:
    """Offer read-only tools to an assistant that starts this command, over standard input and output (MCP)."""
    from workbench.api.tools import server
    from workbench.service import Workbench

    with suppress(KeyboardInterrupt):  # the transport keeps what libraries print from standard output
        server(Workbench(settings(context))).run("stdio")


def _check_port(host: str, port: int) -> None:
    """Refuse a taken port in words, before anything is loaded."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise InputError(f"'{host}' is no address of this machine; use --host 127.0.0.1.") from None
    with socket.socket(family, kind, protocol) as probe:
        if os.name == "posix":  # as servers do; on Windows this option would let two servers share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(
                f"Port {port} of {host} cannot be used ({reason.lower()}); choose another, as --port {port + 1}."
            ) from None


def _has_desktop() -> bool:
    screen = sys.platform in ("win32", "darwin") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    return screen and sys.stderr.isatty()


def _open(host: str, port: int, address: str) -> None:
    """Open the browser once the server answers, or give up after a minute."""
    for _ in range(300):
        try:
            with socket.create_connection((host, port), timeout=1):
                break
        except OSError:
            time.sleep(0.2)
    else:
        return
    webbrowser.open(address)


def doctor(
    context: typer.Context,
    as_json: AsJson = False,
    home: Annotated[
        str | None, typer.Option(metavar="PATH", help="Look at this home instead.", show_default=False)
    ] = None,
) -> None:
    """Say what is present, what is missing, and its cure; exit code 1 if something that is needed is missing."""
    if home is not None:
        at_home(context, home)
    context.with_resource(output.only_ours())
    from workbench import doctor as looking

    found = looking.checks(settings(context))
    well = all(check.ok is not False for check in found)
    if as_json:
        from workbench.answers.upkeep import Checks

        output.emit(Checks(ok=well, checks=found))
    else:
        wide = max(len(check.name) for check in found)
        for check in found:
            mark = {True: "ok", False: "MISSING", None: "-"}[check.ok]
            output.show(f"{mark:8}{check.name:{wide}}  {check.detail}" + (f" | {check.cure}" if check.cure else ""))
    if not well:
        raise typer.Exit(1)
