"""What whoever asks may do: edit or only look, and in which collections.

The permit of a request lasts for its context (`contextvars`), which threads that answer it inherit and jobs do not:
what they do was allowed when they were started. Without one, as on the command line, everything is allowed. What this
module does not do: know of accounts, or of who asks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from workbench.errors import NotAllowedError


@dataclass(frozen=True, slots=True)
class Permit:
    """``edit`` or only look; ``collections`` are those it is limited to, None for all that there are."""

    edit: bool = True
    collections: frozenset[str] | None = None

    def sees(self, collection: str) -> bool:
        """Whether a collection is there for it, or could be."""
        return self.collections is None or collection in self.collections


ALL = Permit()
"""Everything."""
_now: ContextVar[Permit] = ContextVar("permit", default=ALL)


@contextmanager
def permitted(permit: Permit) -> Iterator[None]:
    """Let what is done within be what the permit allows."""
    token = _now.set(permit)
    try:
        yield
    finally:
        _now.reset(token)


def sees(collection: str) -> bool:
    """Whether whoever asks may see a collection of that name."""
    return _now.get().sees(collection)


def sees_all() -> bool:
    """Whether whoever asks is limited to no collections."""
    return _now.get().collections is None


def may_edit() -> bool:
    """Whether whoever asks may change anything."""
    return _now.get().edit


def check_edit() -> None:
    """`NotAllowedError` where whoever asks may only look."""
    if not may_edit():
        raise NotAllowedError("Your account may look at everything here and change nothing; ask for the role 'edit'.")


def left(there: Collection[str]) -> list[str] | None:
    """Names that whoever asks may still give a collection, besides those that are ``there``; None for any."""
    named = _now.get().collections
    return None if named is None else sorted(named.difference(there))


def check_name(collection: str) -> None:
    """`NotAllowedError` where whoever asks may not make a collection of that name."""
    named = _now.get().collections
    if named is not None and collection not in named:
        there = ", ".join(sorted(named)) or "none"
        raise NotAllowedError(f"Your account is limited to some collections ({there}); '{collection}' is none of them.")
