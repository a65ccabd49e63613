"""What an orchestrator asks a server: whether it lives, whether to send it searches, and what it measures of itself.

``/healthz`` and ``/readyz`` answer everybody, under any name of the server, since probes come by its bare address; they
tell nothing but that. ``/metrics`` stands behind the log-in, as everything else does.
"""

from __future__ import annotations

import threading

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response

from workbench.api.warmup import Warmup
from workbench.errors import PagelensError
from workbench.metrics import CONTENT_TYPE
from workbench.service import Workbench

HEALTH, READY, METRICS = "/healthz", "/readyz", "/metrics"


class Probes:
    """The probes of one server; ``stopping`` is set once it is to end, and is sent no more searches."""

    def __init__(self, workbench: Workbench, warmup: Warmup) -> None:
        self._workbench = workbench
        self._warmup = warmup
        self.stopping = threading.Event()

    def add_routes(self, app: FastAPI) -> None:
        """Answer them."""

        @app.get(HEALTH)
        def healthy() -> PlainTextResponse:
            return PlainTextResponse("ok\n")

        @app.get(READY)
        def ready() -> PlainTextResponse:
            why = self.why_not_ready()
            return PlainTextResponse(f"{why or 'ok'}\n", 503 if why else 200)

        @app.get(METRICS)
        def metrics() -> Response:
            return Response(self._workbench.system.measures(not self.why_not_ready()), media_type=CONTENT_TYPE)

    def why_not_ready(self) -> str:
        """Why no search should be sent here now; empty when one should."""
        if self.stopping.is_set():
            return "stopping"
        if self._warmup.state.state in ("cold", "warming"):
            return "loading the model"
        try:
            self._workbench.library.names()
        except PagelensError:
            return "the collections cannot be reached"
        return ""
