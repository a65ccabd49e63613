"""Each part of a query as rows of an encoder: texts encoded, pages and their parts read from the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import QueryError
from workbench.query.sampling import inside, placed, rows
from workbench.retrieval.queries import EncodedPart
from workbench.types import MarkPart, PageFailure, PageRef, Part, PicturePart, RegionPart, TextPart

if TYPE_CHECKING:
    from workbench.encoders import Encoder, Loader
    from workbench.query.picture_store import PictureStore
    from workbench.store import Collection, EncoderVectors


class Embedder:
    """Makes the rows of query parts."""

    def __init__(self, loader: Loader, pictures: PictureStore) -> None:
        self._loader = loader
        self._pictures = pictures

    def encoder_of(self, space: EncoderVectors) -> Encoder:
        """The encoder that made a collection's vectors; `MismatchError` when it is another by now."""
        encoder = self._loader.encoder(space.encoder, space.info.page_policy)
        space.check(encoder.info)
        return encoder

    def is_loaded(self, encoder: str) -> bool:
        """Whether an encoder answers without being loaded first."""
        return self._loader.is_loaded(encoder)

    def embed(self, collection: Collection, space: EncoderVectors, part: Part) -> EncodedPart:
        """The part's rows; only a text or a picture needs the encoder itself."""
        match part:
            case TextPart():
                return EncodedPart(self.encoder_of(space).encode_query(part.text))
            case RegionPart():
                return region(collection, space, part)
            case MarkPart():
                return whole_page(collection, space, part.ref, str(part))
            case PicturePart():
                return self._picture(space, part)

    def _picture(self, space: EncoderVectors, part: PicturePart) -> EncodedPart:
        """The picture embedded as a page. `QueryError` when the encoder fails on it."""
        reads = space.info.kind == "words"
        page = self._pictures.page(part.picture, part.repairs, reads)
        (found,) = self.encoder_of(space).encode_pages([page])
        if reads and not (isinstance(found, PageFailure) or any(found.labels)):
            return EncodedPart(
                None, f"'{space.encoder}' finds no words in the picture, and nothing that it knows by sight."
            )
        if isinstance(found, PageFailure):
            raise QueryError(found.reason.replace("this page", "this picture"))
        return EncodedPart(rows(found, placed(found.geometry), str(part), "picture"))


def region(collection: Collection, space: EncoderVectors, part: RegionPart) -> EncodedPart:
    """The stored vectors that lie in a box of a page; `NotFoundError` when the page or its vectors are not there."""
    if space.info.kind == "page":
        found = whole_page(collection, space, part.ref, str(part))
        return EncodedPart(
            found.embedding, f"'{space.encoder}' has one vector a page, so the region stands for all of its page."
        )
    embedding = space.page_embedding(collection.page(part.ref).page_id)
    numbers = inside(embedding.geometry, part.box)
    if not len(numbers):
        what = "no word" if space.info.kind == "words" else "nothing"
        return EncodedPart(
            None, f"'{space.encoder}' sees {what} in that {part}; draw a larger box around what is meant."
        )
    return EncodedPart(rows(embedding, numbers, str(part), "region"))


def whole_page(collection: Collection, space: EncoderVectors, ref: PageRef, text: str) -> EncodedPart:
    """A stored page as a query."""
    embedding = space.page_embedding(collection.page(ref).page_id)
    return EncodedPart(rows(embedding, placed(embedding.geometry), text, "page"))
