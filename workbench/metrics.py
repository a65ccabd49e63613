"""What a server measures of itself, in the text that Prometheus reads: searches, their stages, jobs, the process.

Counted since the process began, and never what was asked, or in which collection.
"""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge, Histogram, Info, ProcessCollector, generate_latest
from prometheus_client import Counter as Total

from workbench.settings import version
from workbench.types import SearchResult

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
JOB_STATES = ("waiting", "running", "stopping", "done", "stopped", "failed", "interrupted")
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """The measures of one server. Safe to use from several threads."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        Info("pagelens", "What answers here.", registry=registry).info({"version": version()})
        self._searches = Histogram("pagelens_search_seconds", "Searches.", buckets=_SECONDS, registry=registry)
        self._stages = Histogram(
            "pagelens_stage_seconds", "Stages of searches.", ["stage"], buckets=_SECONDS, registry=registry
        )
        self._cold = Total("pagelens_cold_searches", "Searches that had to load a model first.", registry=registry)
        self._jobs = Gauge("pagelens_jobs", "Jobs by state.", ["state"], registry=registry)
        self._ready = Gauge("pagelens_ready", "1 when searches can be answered.", registry=registry)
        ProcessCollector(registry=registry)

    def searched(self, result: SearchResult) -> None:
        """Count a finished search. Stages go by their names without options, which people write."""
        stages = result.trace.stages
        self._searches.observe(sum(stage.ms for stage in stages) / 1e3)
        if any(stage.cold for stage in stages):
            self._cold.inc()
        for stage in stages:
            name = stage.name.partition("[")[0].partition("@")[0].partition("#")[0]
            self._stages.labels(name).observe(stage.ms / 1e3)

    def text(self, jobs: Mapping[str, int], ready: bool) -> bytes:
        """Everything as Prometheus reads it; ``jobs`` are counts by state."""
        for state in JOB_STATES:
            self._jobs.labels(state).set(jobs.get(state, 0))
        self._ready.set(ready)
        return bytes(generate_latest(self._registry))
