"""Pictures to search with, and what would mend them."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel


class KeptPicture(BaseModel):
    """A picture that was kept, by its hash: a part `{"kind": "picture", "picture": HASH}` of a query names it."""

    picture: str


class Repair(BaseModel):
    """A step that would mend a picture, and why it is proposed; a step that was asked for has no reason."""

    step: str
    reason: str

    @classmethod
    def all(cls, steps: Sequence[str], reasons: Sequence[str]) -> list[Repair]:
        """From steps and the reasons for them, or none."""
        return [cls(step=step, reason=reason) for step, reason in zip(steps, reasons or [""] * len(steps), strict=True)]


class Repaired(KeptPicture):
    """A kept picture and the steps that mend it, in order."""

    repairs: list[Repair]
