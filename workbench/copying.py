"""A search as text to run elsewhere: a command line, a piece of Python, and a request to the API.

Each text runs as it stands, whatever the query holds. What this module does not do: run anything.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
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
    across: Sequence[str] | None = None,
    home: Path | None = None,
    address: str = "",
    log_in: bool = False,
) -> tuple[Copy, ...]:
    """A search for the command line (POSIX shells, and Windows' cmd), Python and curl.

    ``across`` are collections to be searched together in place of ``collection``, none for all; an empty ``pipeline``
    is then each one's recommended preset. ``home`` is the folder of the collections, None where the process that runs
    the text finds it by itself; ``address`` is the server's, else the usual one; ``log_in`` whether it asks for one.
    """
    asked = _Search(Query.of(query), collection, pipeline, filter, k, across)
    words = asked.words(home)
    needed = f"Needs a token in {TOKEN}." if log_in else ""
    return (
        Copy("Command line", shlex.join(words)),
        Copy("Command line (Windows)", " ".join(map(_for_cmd, words)), "For cmd.exe."),
        Copy("Python", asked.python(home), "Where Pagelens is installed."),
        Copy("curl", asked.curl(address or ADDRESS, log_in), needed),
    )


def command(
    query: Query,
    collection: str,
    pipeline: str,
    filter: str = "",
    k: int | None = None,
    across: Sequence[str] | None = None,
) -> list[str]:
    """The words of a command line that searches, for a process that finds the collections by itself; see `copies`."""
    return _Search(query, collection, pipeline, filter, k, across).words(None)


@dataclass(frozen=True, slots=True)
class _Search:
    """What is searched for, how and where; see `copies`."""

    query: Query
    collection: str
    pipeline: str
    filter: str
    k: int | None
    across: Sequence[str] | None

    def words(self, home: Path | None) -> list[str]:
        """As a command line."""
        place = ["--home", str(home)] if home is not None else []
        text, options = _asked(self.query)
        named = [self.collection] if self.across is None else self.across
        rest = [word for name in named for word in ("-c", name)] or ["--all"]
        rest += ["-p", self.pipeline] if self.pipeline or len(named) == 1 else []  # '' is what is recommended
        rest += ["-k", str(self.k)] if self.k is not None else []
        rest += ["--filter", self.filter] if self.filter else []
        if text.startswith("-"):
            return ["pagelens", *place, "search", *options, *rest, "--", text]
        return ["pagelens", *place, "search", *([text] if text else []), *options, *rest]

    def python(self, home: Path | None) -> str:
        """As a program."""
        plain, alone = self.query.plain, self.across is None
        names = [*([] if plain else ["Query"]), *(["Settings"] if home is not None else []), "Workbench"]
        query = repr(self.query.text) if plain else f"Query.from_dict({self.query.as_dict()!r})"
        place = f"Settings(home={str(home)!r})" if home is not None else ""
        searched = "search" if alone else "across.search"
        where = repr(self.collection) if alone else repr(list(self.across or ()))
        how = f"{self.pipeline!r}, k={self.k!r}, filter={self.filter!r}"
        found = "hit.rank, hit.ref, hit.score" if alone else "hit.rank, hit.collection, hit.hit.ref, hit.score"
        return "\n".join(
            [
                f"from workbench import {', '.join(names)}",
                "",
                f"workbench = Workbench({place})",
                f"result = workbench.{searched}({query}, {where}, {how})",
                "for hit in result.hits:",
                f"    print({found})",
            ]
        )

    def curl(self, address: str, log_in: bool) -> str:
        """As a request."""
        alone = self.across is None
        body: dict[str, Any] = {"collection": self.collection} if alone else {"collections": list(self.across or ())}
        body |= {"query": self.query.text if self.query.plain else self.query.as_dict()}
        body |= {"pipeline": self.pipeline} if self.pipeline else {}
        body |= {"k": self.k} if self.k is not None else {}
        body |= {"filter": self.filter} if self.filter else {}
        route = "search" if alone else "search/across"
        words = ["curl", "-sS", f"{address}/api/v1/{route}", "-H", "Content-Type: application/json"]
        sent = f"{shlex.join(words)} --data-binary {shlex.quote(json.dumps(body))}"
        return f'{sent} -H "Authorization: Bearer ${TOKEN}"' if log_in else sent


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
