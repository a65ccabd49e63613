"""Connections that have to get on with it: uvicorn's, with deadlines for what clients send, and only so many of them.

uvicorn waits for ever for a request's head and body, so that a client that sends half a header keeps its connection.
Here the head has `HEAD_SECONDS`; a body may take longer the more of it has come, by Apache's rule (``mod_reqtimeout``:
so many seconds and a least rate), so that no list of routes that take large files is needed. What this module does not
do: bound the time that an answer takes.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 20.0
"""Seconds for a request's head, from the connection or from the head's first bytes; Apache's least."""
BODY_SECONDS, MIN_RATE = 20.0, 500.0
"""Seconds for a body, and bytes a second that lengthen them; Apache's defaults."""
STALL_SECONDS = 60.0
"""Seconds without a byte of a body, however much has come: a train's tunnel."""
MAX_CONNECTIONS = 400
"""Connections at once: a browser holds six; a process may often open 1,024 files, and collections need some."""
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"
LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class PatientProtocol(H11Protocol):
    """HTTP/1.1 with deadlines for what the client sends; see the module."""

    _timer: asyncio.TimerHandle | None = None
    _part: str = ""  # what the client is sending: head, body, or nothing that is waited for
    _began = _last = 0.0
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a head, or turn the client away where there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.write(BUSY)
            transport.close()
            return
        self._watch("head")

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._watch("")
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and see what is to come."""
        if self.transport.is_closing():
            return
        self._last = self.loop.time()
        self._received += len(data)
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Until the next request begins, the time that a connection is kept for is uvicorn's."""
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]:
            self._watch("")
        else:
            self._look()

    def _look(self) -> None:
        state = self.conn.their_state
        part = "head" if state is h11.IDLE else "body" if state is h11.SEND_BODY else ""
        if part != self._part:
            self._watch(part)

    def _watch(self, part: str) -> None:
        """Begin to wait for a part of a request, or (empty) for none."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._part, self._received = part, 0
        if part:
            self._began = self._last = self.loop.time()
            self._timer = self.loop.call_at(self._deadline(), self._expired)

    def _deadline(self) -> float:
        if self._part == "head":
            return self._began + HEAD_SECONDS
        return min(self._began + BODY_SECONDS + self._received / MIN_RATE, self._last + STALL_SECONDS)

    def _expired(self) -> None:
        now = self.loop.time()
        if self._part == "body" and self.flow.read_paused:  # it is us who are slow
            self._began += now - self._last
            self._last = now
        if self._deadline() > now:
            self._timer = self.loop.call_at(self._deadline(), self._expired)
            return
        self._timer = None
        if not self.transport.is_closing():
            if self._part == "head":
                self.transport.write(LATE)
            self.transport.close()
