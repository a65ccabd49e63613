"""The installation: versions, what the home folder holds, whether all is there, and what this process measured."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from workbench.folders import free_bytes
from workbench.ingestion import Jobs
from workbench.latency import LatencyHistory
from workbench.metrics import Metrics
from workbench.service.open_collections import OpenCollections
from workbench.settings import Settings, version
from workbench.store.files import tree_bytes
from workbench.types.system import FolderInfo, PipelineLatency, SystemInfo

if TYPE_CHECKING:
    from workbench.doctor import Check

_PACKAGES = ("lancedb", "torch", "numpy", "gradio", "pyarrow", "pillow")


class System:
    """What there is to know about the place that collections live in."""

    def __init__(
        self, settings: Settings, opened: OpenCollections, jobs: Jobs, latency: LatencyHistory, metrics: Metrics
    ) -> None:
        self._settings = settings
        self._opened = opened
        self._jobs = jobs
        self._latency = latency
        self._metrics = metrics

    def latency(self, collection: str) -> tuple[PipelineLatency, ...]:
        """How long the searches of a collection took, by pipeline and stage, over time."""
        self._opened.get(collection)
        return self._latency.of(collection)

    def measures(self, ready: bool) -> bytes:
        """What this process measured of itself, as Prometheus reads it; ``ready`` is whether it answers searches."""
        return self._metrics.text(self._jobs.states(), ready)

    def info(self) -> SystemInfo:
        """Versions, and what the home folder holds."""
        home = self._settings.home
        parts = sorted(path for path in home.iterdir() if path.is_dir()) if home.is_dir() else []
        folders = tuple(FolderInfo(path.name, tree_bytes(path)) for path in parts)
        return SystemInfo(tuple(_versions()), str(home), folders, free_bytes(home))

    def doctor(self) -> Sequence[Check]:
        """What is present, what is missing, and the cure."""
        from workbench import doctor

        return doctor.checks(self._settings)


def _versions() -> list[tuple[str, str]]:
    found = [("pagelens", version()), ("python", platform.python_version())]
    for name in _PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found.append((name, importlib.metadata.version(name)))
    return [*found, ("system", f"{platform.system()} {platform.release()} {platform.machine()}")]
