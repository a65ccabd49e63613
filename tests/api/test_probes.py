"""What an orchestrator asks: whether a server lives, whether to send it searches, and its measures."""

from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.api.conftest import ADDRESS
from workbench.api.probes import Probes
from workbench.api.warmup import WarmupState
from workbench.errors import StoreError
from workbench.metrics import Metrics
from workbench.types import StageTrace, Trace


class Bench:
    """As much of a workbench as is asked."""

    def __init__(self):
        self.metrics, self.reached = Metrics(), True
        self.library = self.system = self

    def names(self):
        if not self.reached:
            raise StoreError("The object store did not answer.")
        return ["c"]

    def measures(self, ready):
        return self.metrics.text({"running": 1}, ready)


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def warmup():
    return SimpleNamespace(state=WarmupState("ready"))


@pytest.fixture
def probes(bench, warmup):
    return Probes(bench, warmup)


@pytest.fixture
def asked(probes):
    app = FastAPI()
    probes.add_routes(app)
    return TestClient(app)


def ready(asked):
    reply = asked.get("/readyz")
    return reply.status_code, reply.text.strip()


def test_a_server_is_ready_once_its_model_is_and_as_long_as_the_collections_can_be_reached(
    asked, bench, warmup, probes
):
    assert ready(asked) == (200, "ok")
    for state in ("cold", "warming"):
        warmup.state = WarmupState(state)
        assert ready(asked) == (503, "loading the model")
    warmup.state = WarmupState("failed", "no such model")  # a search says why
    assert ready(asked) == (200, "ok")
    bench.reached = False
    assert ready(asked) == (503, "the collections cannot be reached")
    assert asked.get("/healthz").text == "ok\n"
    bench.reached = True
    probes.stopping.set()
    assert ready(asked) == (503, "stopping")
    assert asked.get("/healthz").status_code == 200


def lines(asked):
    reply = asked.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    rows = (line.rpartition(" ") for line in reply.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in rows}


def test_searches_stages_and_jobs_are_counted(asked, bench):
    encode, rows = StageTrace("encode", 30.0, cold=True), StageTrace("rows[most=2]@reader", 4.0)
    trace = Trace((encode, rows, StageTrace("full", 6.0)))
    for _ in range(3):
        bench.metrics.searched(SimpleNamespace(trace=trace))
    found = lines(asked)
    assert found["pagelens_search_seconds_count"] == found["pagelens_cold_searches_total"] == 3
    assert found["pagelens_search_seconds_sum"] == pytest.approx(0.12)
    assert found['pagelens_search_seconds_bucket{le="0.02"}'] == 0
    assert found['pagelens_search_seconds_bucket{le="0.05"}'] == 3
    assert found['pagelens_stage_seconds_sum{stage="rows"}'] == pytest.approx(0.012)
    assert found['pagelens_jobs{state="running"}'] == 1 and found['pagelens_jobs{state="failed"}'] == 0
    assert found["pagelens_ready"] == 1
    bench.reached = False
    assert lines(asked)["pagelens_ready"] == 0


def test_probes_are_open_and_measures_are_not(closed_app):
    bare = TestClient(closed_app, base_url="http://10.0.0.7:7860", raise_server_exceptions=False)
    assert bare.get("/healthz").text == "ok\n"
    assert bare.get("/readyz").status_code in (200, 503)
    assert bare.get("/metrics").status_code == bare.post("/healthz").status_code == 403
    ours = TestClient(closed_app, base_url=ADDRESS, raise_server_exceptions=False)
    assert ours.get("/metrics").status_code == 401
