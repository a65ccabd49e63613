"""A batch of pages through an encoder, such that one bad page never takes the others with it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from workbench.encoders import Encoder
from workbench.errors import EncoderError, PagelensError
from workbench.types import Page, PageEmbedding, PageFailure

log = logging.getLogger(__name__)


def outcomes(encoder: Encoder, pages: Sequence[Page]) -> list[PageEmbedding | PageFailure]:
    """One outcome a page, in order. What fails as a batch is tried page by page; `EncoderError` concerns them all."""
    if not pages:
        return []
    try:
        return encoder.encode_pages(pages)
    except EncoderError:
        raise
    except Exception:
        log.exception("a batch of %d pages failed; trying page by page", len(pages))
        return [_alone(encoder, page) for page in pages]


def outcomes_of_later(encoder: Encoder, pages: Sequence[Page]) -> list[PageEmbedding | PageFailure]:
    """The same by an encoder whose failure, even a total one, costs no page its place in the collection."""
    try:
        return outcomes(encoder, pages)
    except EncoderError as error:
        log.warning("%s failed on %d pages: %s", encoder.info.id, len(pages), error)
        return [PageFailure(page.ref, str(error)) for page in pages]


def _alone(encoder: Encoder, page: Page) -> PageEmbedding | PageFailure:
    try:
        return encoder.encode_pages([page])[0]
    except EncoderError:
        raise
    except PagelensError as error:
        return PageFailure(page.ref, str(error))
    except Exception as error:  # a page the model cannot take is that page's outcome
        log.exception("%s failed in the encoder", page.ref)
        return PageFailure(page.ref, f"The encoder failed on this page: {error}")
