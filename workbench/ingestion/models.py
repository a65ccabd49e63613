"""The encoders of a collection, loaded for a run over files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from workbench import encoders
from workbench.encoders import Encoder, Loader
from workbench.encoders.tokens import PICTURES
from workbench.errors import EncoderError, MismatchError
from workbench.store import Collection


@contextmanager
def encoders_of(collection: Collection, notes: list[str], loader: Loader) -> Iterator[list[Encoder]]:
    """The encoders, the first one first, loaded for as long as this is open.

    A later one that cannot be had is left out, with a sentence in ``notes``; for the first one it is an
    `EncoderError`, or a `MismatchError` when it is not the one that made the collection.
    """
    with ExitStack() as models:
        loaded = []
        for i, space in enumerate(collection.spaces()):
            try:
                policy = space.info.page_policy
                encoder = models.enter_context(loader.using(space.encoder, policy))
                space.check(encoder.info)
                loaded.append(encoder)
            except (EncoderError, MismatchError) as error:
                if i == 0:
                    raise
                cure = f"pagelens collections embed {collection.name} --encoder {space.encoder}"
                notes.append(f"The new pages have no vectors of '{space.encoder}' yet: {error} Then run: {cure}")
        yield loaded


def without_photographs(collection: Collection) -> list[str]:
    """A sentence where new pages will be read as the collection's first ones were, before `reader` saw photographs."""
    wanted, info = collection.settings.page_tokens, collection.space().info
    own = encoders.spec(info.id).page_policies[:1]
    # What was asked for by name is no surprise; a collection of an earlier Pagelens has the name without being asked.
    if own != (PICTURES,) or info.page_policy == PICTURES or not wanted:
        return []
    return [
        f"'{collection.name}' keeps words alone of its pages, no photographs. To search those too, ingest its files "
        "into a new collection."
    ]
