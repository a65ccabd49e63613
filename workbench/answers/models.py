"""Models as answers: what there is to say of each, and what getting one takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pydantic import Field

from workbench.answers import Answer
from workbench.encoders.advice import Advice
from workbench.types import ModelStatus


class OfferedRepository(Answer):
    """A repository of the hub: its name, commit, bytes in all, and terms."""

    name: str
    revision: str
    bytes: int
    licence: str
    terms: str = Field(description="The address of a licence of its own, or empty.")
    gated: bool = Field(description="Whether its owners ask that one agrees on its page first.")


class ModelOffer(Answer):
    """What getting a model takes: what is still to be fetched, where it goes, and the licence to accept."""

    model: str
    bytes: int = Field(description="Still to be fetched.")
    free: int = Field(description="Bytes free on the disk it goes to.")
    folder: str
    licence: str = Field(description="Of all repositories; accepted by sending it back.")
    repositories: list[OfferedRepository]


KINDS: Mapping[str, str] = {
    "words": "a vector a word",
    "patches": "a vector a patch",
    "page": "one vector a page",
    "score": "scores pages",
}
"""What a kind of model makes of a page."""
STATES: Mapping[str, str] = {
    "absent": "Weights not here",
    "here": "Ready to load",
    "loading": "Loading",
    "loaded": "Loaded",
    "failed": "Failed to load",
}


@dataclass(frozen=True, slots=True)
class ModelInWords(ModelStatus):
    """A model with what is said of it: what it is, where it stands, why it cannot be used, and what it takes loaded.

    ``why`` leaves out the command, which stands beside it.
    """

    facts: tuple[str, ...] = ()
    said: str = ""
    why: str = ""
    held: str = ""

    @classmethod
    def of(cls, model: ModelStatus) -> ModelInWords:
        """From a model as the service knows it."""
        timed = model.seconds_per_page and pace(model.seconds_per_page)
        facts = (
            KINDS.get(model.kind, model.kind),
            weights(model.parameters),
            f"{size(model.download)} to fetch" if model.download and not model.folder else "",
            model.licence,
            (f"{timed} here" if timed else "not timed here yet") if model.available else "",
            f"on {model.device}" if model.device else "",
        )
        # Two bytes a weight on a card, four elsewhere.
        taken = model.parameters * 1e9 * (2 if model.device.startswith("cuda") else 4)
        held = (
            f"on {model.device}" if model.device else "",
            f"about {size(taken)} of weights" if taken else "",
            timed or "",
            model.reason if model.state == "failed" else "",
        )
        command = model.command and not model.available
        return cls(
            **asdict(model),
            facts=tuple(filter(None, facts)),
            said=STATES.get(model.state, model.state),
            why=re.sub(r"; run: .*", ".", model.reason, flags=re.DOTALL) if command else model.reason,
            held=", ".join(filter(None, held)),
        )


@dataclass(frozen=True, slots=True)
class AdviceInWords(Advice):
    """The model that this machine should use first, and why; ``speed`` is what a page takes, as a sentence."""

    speed: str = ""

    @classmethod
    def of(cls, best: Advice) -> AdviceInWords:
        """From the advice."""
        return cls(
            **asdict(best),
            speed=f"{pace(best.seconds_per_page)}, {best.measured}." if best.seconds_per_page else "",
        )


def pace(seconds: float) -> str:
    """Seconds a page as a person says them."""
    return f"{seconds:.1f} s a page" if seconds >= 1 else f"{1 / seconds:.1f} pages a second"


def weights(billions: float) -> str:
    """Parameters of a model, in billions, as a person says them; empty for none."""
    if billions >= 1:
        return f"{billions:.1f} B weights".replace(".0 B", " B")
    return f"{billions * 1000:.0f} M weights" if billions else ""


def size(count: float) -> str:
    """Bytes with a unit, as ``1.2 GB``."""
    unit = 0
    while count >= 1000 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    return f"{count:.1f} {_UNITS[unit]}" if unit and count < 100 else f"{count:.0f} {_UNITS[unit]}"


_UNITS = ("B", "kB", "MB", "GB", "TB")
