"""A search as text to run elsewhere: a command line, a piece of Python, and a request to the API.

Each text runs as it stands, whatever the query holds. What this module does not do: run anything.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.types import MarkPart, Query, RegionPart, TextPart

ADDRESS = "http://127.0.0.1:7860"
TOKEN = "PAGELENS_TOKEN"
_PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
_CMD = re.compile(r'[()%!^"<>&|]')


@dataclass(frozen=True, slots=True)
class Copy:
    """A text to copy: what it is, the text, and what it needs, in one sentence or empty."""

    name: str
    text: str
    note: str = ""


def copies(
    query: str | Query,
    collection: str,
    pipeline: str = "two-stage",
    filter: str = "",
    k: int | None = None,
    *,
    home: Path | None = None,
    address: str = "",
    log_in: bool = False,
) -> tuple[Copy, ...]:
    """A search for the command line (POSIX shells, and Windows' cmd), Python and curl.

    ``home`` is the folder of the collections, None where the process that runs the text finds it by itself;
    ``address`` is the server's, else the usual one; ``log_in`` whether it asks for one.
    """
    query_value = Query.of(query)
    words = command(query_value, collection, pipeline, filter, k, home)
    needed = f"Needs a token in {TOKEN}." if log_in else ""
    return (
        Copy("Command line", shlex.join(words)),
        Copy("Command line (Windows)", " ".join(map(_for_cmd, words)), "For cmd.exe."),
        Copy("Python", _python(query_value, collection, pipeline, filter, k, home), "Where Pagelens is installed."),
        Copy("curl", _curl(query_value, collection, pipeline, filter, k, address or ADDRESS, log_in), needed),
    )


def command(
    query: Query, collection: str, pipeline: str, filter: str = "", k: int | None = None, home: Path | None = None
) -> list[str]:
    """The words of a command line that searches; ``home`` as in `copies`."""
    place = ["--home", str(home)] if home is not None else []
    text, options = _asked(query)
    rest = ["-c", collection, "-p", pipeline]
    rest += ["-k", str(k)] if k is not None else []
    rest += ["--filter", filter] if filter else []
    if text.startswith("-"):
        return ["pagelens", *place, "search", *options, *rest, "--", text]
    return ["pagelens", *place, "search", *([text] if text else []), *options, *rest]


def _asked(query: Query) -> tuple[str, list[str]]:
    """A query as the argument and options that make it; one they cannot make goes in its JSON form."""
    if query.plain:
        return _one_line(query.text), []
    text, options, made = "", [], Query.empty()
    for part in query.parts:
        match part:
            case TextPart(words) if not made.parts and part.weight == 1:
                text, made = _one_line(words), made.also(words)
            case TextPart(words):
                wanted = part.weight > 0
                options += ["--and" if wanted else "--not", _one_line(words)]
                made = made.also(words) if wanted else made.but_not(words)
            case RegionPart(ref, box):
                options += ["--region", f"{ref}@{','.join(map(repr, box))}"]
                made = made.region(ref, box)
    good = [part.ref for part in query.parts if isinstance(part, MarkPart) and part.weight > 0]
    bad = [part.ref for part in query.parts if isinstance(part, MarkPart) and part.weight < 0]
    for name, refs in (("--more", good), ("--less", bad)):
        options += [word for ref in refs for word in (name, str(ref))]
    if made.marking(good, bad) == query:
        return text, options
    return "", ["--parts", json.dumps(query.as_dict())]


def _one_line(text: str) -> str:
    """The text with single spaces, as the service reads it anyway: no line break can be typed into cmd."""
    return " ".join(text.split())


def _for_cmd(word: str) -> str:
    """A word for cmd.exe: quoted as programs of Windows read it, and kept from cmd itself by carets where need be.

    After "Everyone quotes command line arguments the wrong way" (D. Colascione, 2011).
    """
    if _PLAIN.fullmatch(word) and "%" not in word:
        return word
    quoted = re.sub(r'(\\*)"', r'\1\1\\"', word)  # backslashes before a quote count twice, and so do those at the end
    quoted = '"' + re.sub(r"(\\+)$", r"\1\1", quoted) + '"'
    return _CMD.sub(r"^\g<0>", quoted) if _CMD.search(word) else quoted


def _python(query: Query, collection: str, pipeline: str, filter: str, k: int | None, home: Path | None) -> str:
    plain = query.plain
    names = [*([] if plain else ["Query"]), *(["Settings"] if home is not None else []), "Workbench"]
    query_value = repr(query.text) if plain else f"Query.from_dict({query.as_dict()!r})"
    place = f"Settings(home={str(home)!r})" if home is not None else ""
    return "\n".join(
        [
            f"from workbench import {', '.join(names)}",
            "",
            f"workbench = Workbench({place})",
            f"result = workbench.search({query_value}, {collection!r}, {pipeline!r}, k={k!r}, filter={filter!r})",
            "for hit in result.hits:",
            "    print(hit.rank, hit.ref, hit.score)",
        ]
    )


def _curl(query: Query, collection: str, pipeline: str, filter: str, k: int | None, address: str, log_in: bool) -> str:
    body: dict[str, Any] = {
        "collection": collection,
        "query": query.text if query.plain else query.as_dict(),
        "pipeline": pipeline,
    }
    body |= {"k": k} if k is not None else {}
    body |= {"filter": filter} if filter else {}
    words = ["curl", "-sS", f"{address}/api/v1/search", "-H", "Content-Type: application/json"]
    sent = f"{shlex.join(words)} --data-binary {shlex.quote(json.dumps(body))}"
    return f'{sent} -H "Authorization: Bearer ${TOKEN}"' if log_in else sent
