"""What getting a model takes, as an answer."""

from __future__ import annotations

from pydantic import BaseModel, Field

from workbench.encoders import Offer


class OfferedRepository(BaseModel):
    """A repository of the hub: its name, commit, bytes in all, and terms."""

    name: str
    revision: str
    bytes: int
    licence: str
    terms: str = Field(description="The address of a licence of its own, or empty.")
    gated: bool = Field(description="Whether its owners ask that one agrees on its page first.")


class ModelOffer(BaseModel):
    """What getting a model takes: what is still to be fetched, where it goes, and the licence to accept."""

    model: str
    bytes: int = Field(description="Still to be fetched.")
    free: int = Field(description="Bytes free on the disk it goes to.")
    folder: str
    licence: str = Field(description="Of all repositories; accepted by sending it back.")
    repositories: list[OfferedRepository]

    @classmethod
    def of(cls, offer: Offer) -> ModelOffer:
        """The answer for an offer."""
        parts = [
            OfferedRepository(
                name=one.name,
                revision=one.revision,
                bytes=one.bytes,
                licence=one.licence,
                terms=one.terms,
                gated=one.gated,
            )
            for one in offer.repositories
        ]
        return cls(
            model=offer.model,
            bytes=offer.bytes,
            free=offer.free,
            folder=offer.folder,
            licence=offer.licence,
            repositories=parts,
        )
