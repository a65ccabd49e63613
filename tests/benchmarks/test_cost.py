import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.bench.cost import cost, costs, operations, stages_of
from workbench.bench.latency import index_bytes, without_encoding
from workbench.bench.machine import Machine, measure_machine
from workbench.bench.times import Times
from workbench.retrieval import Pipeline
from workbench.types import CollectionInfo, IndexInfo, StageTrace

MACHINE = Machine(bandwidth=10e9, gemm=100e9, threads=1, processors=2, name="made up")
DIMS = {("", "global"): 384, ("", "rows"): 384, ("", "full"): 384, ("clip", "rows"): 512}


def stage(name, **values):
    return StageTrace(name, values.pop("ms", 1.0), **values)


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=300))
def test_percentiles_are_those_of_numpy_and_in_order(ms):
    times = Times.of(ms)
    assert times.count == len(ms)
    assert times.p50 == pytest.approx(np.median(ms))
    assert min(ms) <= times.p50 <= times.p95 <= times.p99 <= max(ms)


def test_percentiles_of_one_to_a_hundred():
    times = Times.of(list(range(1, 101)))
    assert (times.p50, times.p95, times.p99) == pytest.approx((50.5, 95.05, 99.01))


def test_nothing_measured_is_no_time():
    assert Times.of([]) == Times(0, 0.0, 0.0, 0.0)


def test_operations_are_two_for_every_number_of_every_pair():
    trace = stage("full", vectors_compared=1000)
    (step,) = Pipeline.parse("full:10").steps
    assert operations(trace, step, {"": 20}, DIMS) == 2 * 20 * 1000 * 384


def test_a_mean_query_is_one_vector():
    trace = stage("global", vectors_compared=1000)
    (step,) = Pipeline.parse("global[query=mean]:10").steps
    assert operations(trace, step, {"": 20}, DIMS) == 2 * 1000 * 384


def test_a_stage_counts_what_its_own_encoder_made():
    trace = stage("rows@clip", vectors_compared=10)
    (step,) = Pipeline.parse("rows@clip:10").steps
    assert operations(trace, step, {"": 20, "clip": 1}, DIMS) == 2 * 1 * 10 * 512


def test_text_search_multiplies_nothing_and_a_fusion_only_in_its_vector_lists():
    fused, text = Pipeline.parse("rrf(bm25, rows):10").steps[0], Pipeline.parse("bm25:10").steps[0]
    assert operations(stage("bm25"), text, {"": 20}, DIMS) == 0
    assert operations(stage("rrf", vectors_compared=32), fused, {"": 20}, DIMS) == 2 * 20 * 32 * 384


def test_the_floor_is_the_slower_of_reading_and_multiplying():
    assert MACHINE.floor_ms(10e9, 1) == pytest.approx(1000)
    assert MACHINE.floor_ms(1, 100e9) == pytest.approx(1000)


def test_shares_set_all_work_against_all_kernel_time():
    (step,) = Pipeline.parse("full:10").steps
    read = 1000 * 384 * 2
    traces = [
        stage("full", ms=3, kernel_ms=1, vectors_compared=1000, bytes_read=read),
        stage("full", ms=5, kernel_ms=3, vectors_compared=1000, bytes_read=read),
    ]
    found = cost(traces, step, [{"": 10}, {"": 30}], DIMS, MACHINE)
    assert (found.times.p50, found.kernel_ms, found.vectors_compared, found.bytes_read) == (4, 2, 1000, read)
    assert found.operations == 2 * 20 * 1000 * 384  # a query has 20 vectors on average
    assert found.bandwidth_share == pytest.approx(2 * read / 0.004 / 10e9)
    assert found.gemm_share == pytest.approx(2 * 2 * 20 * 1000 * 384 / 0.004 / 100e9)
    assert found.floor_ms == pytest.approx(max(read / 10e9, found.operations / 100e9) * 1000)


def test_every_step_gets_its_own_traces():
    pipeline = Pipeline.parse("rows:5 > full:2")
    trace = [
        stage("encode", ms=50),
        stage("filter"),
        stage("rows", vectors_compared=7, bytes_read=10, kernel_ms=1),
        stage("full", vectors_compared=9, bytes_read=20, kernel_ms=1),
        stage("results"),
    ]
    found = costs([trace, trace], pipeline, [{"": 3}] * 2, DIMS, MACHINE)
    assert [(s.name, s.vectors_compared, s.bytes_read) for s in found] == [("rows", 7, 10), ("full", 9, 20)]
    assert [s.name for s in stages_of(trace)] == ["rows", "full"]
    assert without_encoding(trace) == 4


def test_bytes_are_those_of_the_indexes_a_pipeline_names():
    indexes = (IndexInfo("rows", 2, 10, 384, "float32", 0), IndexInfo("full", 2, 100, 384, "float16", 0))
    info = CollectionInfo("c", "reader", 1, 2, 0, 0, indexes)
    assert index_bytes(info, Pipeline.parse("rows:5 > full:2")) == 10 * 384 * 4 + 100 * 384 * 2
    assert index_bytes(info, Pipeline.parse("rrf(bm25, rows):2")) == 10 * 384 * 4
    assert index_bytes(info, Pipeline.parse("bm25")) == 0


def test_a_machine_reads_and_multiplies():
    found = measure_machine(read_bytes=1 << 20, side=64, tries=2)
    assert found.bandwidth > 1e6
    assert found.gemm > 1e6
    assert found.threads >= 1
