"""The history of search times: what is kept, what is told of it, and what it never holds."""

import json
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.latency import POINTS, LatencyHistory
from workbench.types import Gone, Query, SearchResult, StageTrace, Trace


def result(stages, pipeline="rows:256 > full:10", collection="c"):
    asked = "a secret question"
    return SearchResult(asked, collection, "reader", pipeline, (), Trace(tuple(stages)), query=Query.of(asked))


def searched(ms, **first):
    return result([StageTrace("encode", 1.0, **first), StageTrace("full", float(ms))])


def stage(told, name):
    return next(stage for stage in told.stages if stage.name == name)


@given(st.lists(st.floats(0.01, 5_000), min_size=1, max_size=60))
@settings(max_examples=20)
def test_percentiles_are_numpys_and_points_hold_every_search_once(tmp_path_factory, times):
    history = LatencyHistory(tmp_path_factory.mktemp("home"))
    for ms in times:
        history.add(searched(ms))
    (told,) = history.of("c")
    full, total = stage(told, "full"), stage(told, "total")
    rounded = np.round(times, 3)
    assert (full.p50, full.p95) == pytest.approx(tuple(np.percentile(rounded, (50, 95))), abs=1e-6)
    assert total.p50 == pytest.approx(np.percentile(rounded, 50) + 1, abs=1e-6)
    assert sum(point.count for point in full.points) == told.searches == len(times)
    assert len(full.points) == min(POINTS, len(times))
    assert max(p.count for p in full.points) - min(p.count for p in full.points) <= 1


def test_cold_searches_are_counted_and_in_no_percentile(tmp_path):
    history = LatencyHistory(tmp_path)
    history.add(result([StageTrace("encode", 9_000.0, cold=True), StageTrace("full", 800.0)]))
    history.add(searched(10))
    history.add(result([StageTrace("encode", 0.01, cache_hit=True), StageTrace("full", 12.0)]))
    (told,) = history.of("c")
    assert (told.searches, told.cold, told.cached) == (3, 1, 1)
    assert stage(told, "full").count == 2 and stage(told, "full").p50 == 11
    assert stage(told, "encode").count == 1  # one from the cache says nothing of how long encoding takes
    only_cold = LatencyHistory(tmp_path / "other")
    only_cold.add(result([StageTrace("encode", 9_000.0, cold=True)]))
    assert [(one.searches, one.stages) for one in only_cold.of("c")] == [(1, ())]


def test_no_word_of_a_question_is_kept(tmp_path):
    LatencyHistory(tmp_path).add(searched(3))
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"full" in kept and b"secret" not in kept and b"question" not in kept


def test_it_is_bounded_and_keeps_the_newest(tmp_path):
    history = LatencyHistory(tmp_path, most_bytes=2_000)
    for n in range(300):
        history.add(searched(n))
    size = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert size < 2 * 2_200
    (told,) = history.of("c")
    assert 10 < told.searches < 100 and stage(told, "full").points[-1].p95 > 290


def test_pipelines_and_collections_are_apart_and_damage_costs_a_line(tmp_path):
    history = LatencyHistory(tmp_path)
    history.add(searched(1))
    history.add(result([StageTrace("bm25", 2.0)], "bm25:10"))
    history.add(result([StageTrace("bm25", 2.0)], "bm25:10", "c.older"))
    path = tmp_path / "state" / "latency" / "c.jsonl"
    path.write_text(path.read_text(encoding="utf-8") + '[1, "cut sho\n{}\n', encoding="utf-8")
    assert {told.pipeline: told.searches for told in history.of("c")} == {"rows:256 > full:10": 1, "bm25:10": 1}
    history.forget(Gone("c"))
    assert history.of("c") == () and history.of("nothing") == ()


def test_threads_may_add_at_once(tmp_path):
    history = LatencyHistory(tmp_path)
    threads = [threading.Thread(target=lambda: [history.add(searched(5)) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = (tmp_path / "state" / "latency" / "c.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 200 and all(json.loads(line) for line in lines)


def test_a_search_survives_a_disk_that_takes_nothing(tmp_path):
    (tmp_path / "state").write_text("a file where a folder should be", encoding="utf-8")
    history = LatencyHistory(tmp_path)
    history.add(searched(5))
    assert history.of("c") == ()
