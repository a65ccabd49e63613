"""What a peer is: another way to search the same pages, which the bench can build, ask and weigh."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol

from benchmarks.corpus import Corpus, EncodedQuery


class Peer(Protocol):
    """A system that holds the pages. ``bytes`` is what it keeps of them, in memory or on disk."""

    bytes: int

    def search(self, asked: EncodedQuery, k: int) -> Sequence[str]:
        """The refs of the k best pages, best first."""
        ...

    def close(self) -> None:
        """Let go of memory and files."""
        ...


@dataclass(frozen=True, slots=True)
class PeerSpec:
    """A row of the table of peers.

    ``package`` must be installed for it; ``loader`` is ``module:function``, called as ``function(corpus, folder)`` with
    an empty folder; ``exact`` says whether it must agree with exact MaxSim.
    """

    name: str
    what: str
    package: str
    loader: str
    exact: bool = False

    def installed(self) -> str:
        """The installed version of its package, or ""."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return ""

    def build(self, corpus: Corpus, folder: Path) -> Peer:
        """The peer with all pages in it."""
        module, _, function = self.loader.partition(":")
        made: Peer = getattr(importlib.import_module(module), function)(corpus, folder)
        return made
