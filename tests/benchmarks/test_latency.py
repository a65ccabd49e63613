import pytest

from tests.benchmarks.books import TOPICS
from workbench.bench import latency
from workbench.bench.machine import Machine
from workbench.errors import InputError, PipelineError

pytestmark = pytest.mark.slow

MACHINE = Machine(bandwidth=10e9, gemm=100e9, threads=1, processors=2, name="made up")


@pytest.fixture(scope="module")
def report(workbench):
    return latency(
        workbench, "metal", TOPICS[:3], ["exact", "balanced", "text"], 2, (1, 2), cold=False, machine=MACHINE
    )


def test_every_search_is_counted(report):
    assert set(report.pipelines) == {"exact", "balanced", "text"}
    assert report.encode["reader"].count == 6
    for found in report.pipelines.values():
        assert found.search.count == 6
        assert 0 < found.search.p50 <= found.search.p99
        assert 0 <= found.outside.p50 <= found.search.p50
        assert [(load.threads, load.searches, load.ms.count) for load in found.throughput] == [(1, 6, 6), (2, 6, 6)]
        assert all(load.per_second > 0 for load in found.throughput)


def test_work_is_what_the_index_holds(report, workbench):
    full = next(index for index in workbench.library.info("metal").indexes if index.name == "full")
    (stage,) = report.pipelines["exact"].stages
    assert stage.vectors_compared == full.vectors
    assert stage.bytes_read == full.vectors * full.dim * 2
    assert stage.operations == pytest.approx(2 * report.query_vectors["reader"] * full.vectors * full.dim)
    assert stage.floor_ms == pytest.approx(MACHINE.floor_ms(stage.bytes_read, stage.operations))
    assert report.pipelines["exact"].index_bytes == stage.bytes_read


def test_text_search_compares_no_vectors(report):
    (stage,) = report.pipelines["text"].stages
    assert (stage.vectors_compared, stage.operations) == (0, 0)
    assert [stage.name for stage in report.pipelines["balanced"].stages] == ["lift", "lift#2"]


def test_a_cold_search_has_a_process_of_its_own(workbench):
    found = latency(workbench, "metal", TOPICS[:1], ["exact"], 1, (1,), cold=True, machine=MACHINE)
    cold, warm = found.pipelines["exact"].cold, found.pipelines["exact"].search
    assert cold.encode_ms > found.encode["reader"].p50  # it had the model to load
    assert cold.search_ms > 0
    assert cold.memory.resident > 0
    assert warm.count == 1


def test_what_cannot_be_measured_is_refused(workbench):
    with pytest.raises(InputError, match="at least one"):
        latency(workbench, "metal", [], ["exact"], machine=MACHINE)
    with pytest.raises(PipelineError):
        latency(workbench, "metal", ["x"], ["nonsense:3"], machine=MACHINE)
