"""What the routes work on, as their application holds it, and how a route asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from workbench.api.access import Access
from workbench.api.uploads import Uploads
from workbench.api.warmup import Warmup
from workbench.service import Workbench


@dataclass(frozen=True, slots=True)
class State:
    """One workbench, where uploads are staged, the load of the default model, and the accounts, if there are any."""

    workbench: Workbench
    uploads: Uploads
    access: Access | None
    warmup: Warmup


LOOKS: dict[str, Any] = {"x-looks": True}
"""Marks a route of another method than GET that changes nothing anybody else sees (`openapi_extra`)."""


def _state(request: Request) -> State:
    state: State = request.app.state.pagelens
    return state


def _workbench(request: Request) -> Workbench:
    return _state(request).workbench


def _uploads(request: Request) -> Uploads:
    return _state(request).uploads


def _warmup(request: Request) -> Warmup:
    return _state(request).warmup


def _access(request: Request) -> Access | None:
    return _state(request).access


Bench = Annotated[Workbench, Depends(_workbench)]
Staged = Annotated[Uploads, Depends(_uploads)]
Warming = Annotated[Warmup, Depends(_warmup)]
Doors = Annotated[Access | None, Depends(_access)]
