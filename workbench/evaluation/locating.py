"""Which document of a collection is which file of a dataset: by what is in the file, then by its name.

A collection gives a document another name where two would share one, takes the same content in once, and may hold other
documents besides. Labels are followed through all that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.documents.probing import content_hash
from workbench.errors import DocumentError
from workbench.evaluation.datasets import Dataset
from workbench.evaluation.rows import name_finder
from workbench.types import DocumentInfo, PageRef


@dataclass(frozen=True, slots=True)
class LocatedPages:
    """``names`` from the dataset's document names to the collection's; ``others`` are documents of none of its files.

    ``differing`` are files whose content is not what is indexed under their name.
    """

    names: Mapping[str, str]
    others: tuple[str, ...]
    differing: tuple[str, ...]

    def document(self, name: str) -> str:
        """A document's name in the collection; its own where the collection does not have it."""
        return self.names.get(name, name)

    def page(self, page: str) -> str:
        """A page's reference in the collection."""
        ref = PageRef.parse(page)
        return str(PageRef(self.document(ref.document), ref.page))


def locate(dataset: Dataset, held: Sequence[DocumentInfo]) -> LocatedPages:
    """Find the dataset's documents in a collection; files that are missing or unreadable are found by name alone."""
    by_hash = {document.content_hash: document.name for document in held}
    known = {document.name for document in held}
    find = name_finder(known)
    files = dataset.files()
    named = {PageRef.parse(page).document for pages in dataset.qrels.values() for page in pages}
    names: dict[str, str] = {}
    differing: list[str] = []
    for name in sorted({*files, *named, *(query.document for query in dataset.queries if query.document)}):
        try:
            found = by_hash.get(content_hash(files[name]))
        except (KeyError, DocumentError):
            found = None
        if found is None and find(name) in known:
            found = find(name)
            if name in files:
                differing.append(name)
        if found is not None:
            names[name] = found
    taken = set(names.values())
    return LocatedPages(names, tuple(sorted(known - taken)), tuple(differing))
