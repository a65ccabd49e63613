"""Asking with more than words: pictures to search with, what would mend them, and queries as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import QueryError
from workbench.query import RepairPreview
from workbench.service.core import Core
from workbench.types import Query


class QueryParts(Core):
    """What a `Query` is made of, beside texts."""

    def keep_picture(self, file: Path | bytes) -> str:
        """Keep a picture (or the first page of a PDF) to search with; returns its hash, for `Query.picture`.

        Only its pixels are kept, at most 2,400 on its longer side. `DocumentError` when it cannot be read. Pictures
        not used for longest go when all of them take more than 256 MiB.
        """
        return self._pictures.keep(file)

    def query_picture(self, picture: str, repairs: Sequence[str] = ()) -> Path:
        """The file (WebP) of a kept picture, as ``repairs`` leave it; `NotFoundError` when it is not kept any more."""
        return self._pictures.path(picture, repairs)

    def repair_preview(self, picture: str, repairs: Sequence[str] | None = None) -> RepairPreview:
        """What might be wrong with a kept picture, the repairs that would mend it, and the picture after them.

        With ``repairs`` given, the picture after those. Nothing is applied to a query: put the accepted steps into
        `Query.picture`. Takes some seconds, since the direction of the text is found by reading it.
        """
        return self._pictures.preview(picture, repairs)

    def query(self, data: Mapping[str, Any]) -> Query:
        """A query from the JSON form of `Query.as_dict`; `QueryError` says what is wrong with it."""
        try:
            return Query.from_dict(data)
        except ValueError as error:
            raise QueryError(str(error)) from None
