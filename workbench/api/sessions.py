"""Routes of log-in: a session for a name and password, and its end."""

from __future__ import annotations

from fastapi import APIRouter, Request

from workbench.api.access import IDLE
from workbench.api.answers import Session
from workbench.api.requests import LogInRequest
from workbench.api.state import LOOKS, Doors
from workbench.errors import InputError


class WrongLogInError(InputError):
    """The name or the password is wrong; which of them is not told."""


router = APIRouter(tags=["About"])


@router.post("/session", status_code=201, openapi_extra=LOOKS)
async def log_in(access: Doors, body: LogInRequest, request: Request) -> Session:
    """Open a session, whose token is sent with every other request. Many wrong attempts have to wait (429)."""
    if access is None:
        raise InputError("This server asks for no log-in; leave the token away.")
    token = await access.log_in(body.name, body.password, request.client.host if request.client else "")
    if not token:
        raise WrongLogInError("The name or the password is wrong.")
    return Session(token=token, idle_seconds=IDLE)


@router.delete("/session", status_code=204, openapi_extra=LOOKS)
def log_out(access: Doors, request: Request) -> None:
    """End the session whose token is sent."""
    if access is not None:
        access.log_out(request.headers.get("authorization", "").partition(" ")[2])
