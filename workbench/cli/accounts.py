"""``pagelens password``: who may come in, as lines of a file for ``serve --auth``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from workbench.cli import output


def password(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The account file; made if there is none.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose password it is.")],
    role: Annotated[
        str,
        typer.Option(metavar="ROLE", help="'edit': may do everything; 'view': may change nothing."),
    ] = "",
    collection: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Limit the account to this collection; may be repeated.", show_default=False),
    ] = None,
    token: Annotated[
        bool, typer.Option("--token", help="Add a token for programs instead, which is shown once.")
    ] = False,
) -> None:
    """Add an account to a file for 'pagelens serve --auth FILE', or give it another password; only hashes are kept."""
    from workbench.api.access import EDIT, MAY, VIEW, checked_name, hashed, new_token, permit_line, token_line
    from workbench.permits import Permit

    name, file = checked_name(name), file.expanduser()
    if role not in ("", VIEW, EDIT):
        raise typer.BadParameter(f"there is no role '{role}'; there are {VIEW} and {EDIT}")
    if role or collection:
        limited = frozenset(collection) if collection else None
        _write(file, f"{name}:{permit_line(Permit(role != VIEW, limited))}", f"{name}:{MAY}$")
    if token:
        made = new_token()
        _write(file, f"{name}:{token_line(made)}", "")
        output.show(made)
        output.say(f"This token of '{name}' is not shown again; send it as 'Authorization: Bearer TOKEN'.")
        return
    given = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True) if _asks() else _line()
    _write(file, f"{name}:{hashed(given)}", f"{name}:scrypt$")
    output.say(f"'{name}' can log in with this password where the server is started with --auth '{file}'.")


def _asks() -> bool:
    return sys.stdin.isatty()


def _line() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _write(file: Path, line: str, instead: str) -> None:
    """Add a line, in place of those that begin with ``instead``; only the owner may read the file."""
    before = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    kept = [text for text in before if not instead or not text.startswith(instead)]
    file.parent.mkdir(parents=True, exist_ok=True)
    made = file.with_name(f"{file.name}.new")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        stream.write("\n".join([*kept, line]) + "\n")
    made.replace(file)
