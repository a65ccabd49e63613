"""Models as a person chooses them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model as a person chooses it: what it is, whether it can be used here, and where it stands now.

    ``parameters`` billions and ``download`` bytes, both about and 0 when unknown; ``folder`` where its weights are, or
    empty; ``reason`` why it is not ``available``, and ``command`` what cures that; ``state`` one of ``absent`` (no
    weights here), ``here``, ``loading``, ``loaded``, ``failed``; ``seconds_per_page`` as measured on this machine, None
    before that; ``device`` and ``attention`` where it is loaded and how it attends, or empty; ``source`` where what is
    said of it was read; ``hub`` the repository it can be fetched from, or empty; ``own_code`` the revision at which
    code that it brings may run, as a person allowed, or empty.
    """

    id: str
    name: str
    family: str
    kind: str
    dim: int
    parameters: float
    licence: str
    summary: str
    download: int
    folder: str
    available: bool
    reason: str
    command: str
    state: str
    seconds_per_page: float | None = None
    device: str = ""
    source: str = ""
    hub: str = ""
    attention: str = ""
    own_code: str = ""
