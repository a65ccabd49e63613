"""Keepers: whoever keeps something of collections beside their pages, and hears of it when they go or are renamed."""

from __future__ import annotations

from typing import Protocol

from workbench.types import Gone, Receipt


class Keeper(Protocol):
    """One of those. They are asked in an order: who keeps the files that jobs were sent, before who keeps the jobs."""

    def forget(self, gone: Gone) -> Receipt:
        """Remove what is kept of a document or collection that leaves; what that was."""

    def rename_collection(self, collection: str, name: str) -> None:
        """Let what is kept of a collection be of its new name."""
