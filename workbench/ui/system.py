"""What the tab System asks for; see `actions` for how actions are answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from workbench.types import PageRef
from workbench.types.system import TableInfo
from workbench.ui import payload
from workbench.ui.requests import ref, text

if TYPE_CHECKING:
    from workbench.service import Workbench

Json = dict[str, Any]


class SystemTab:
    """The tab's requests, answered by one workbench."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench

    def own(self) -> Sequence[Callable[[Json], Any]]:
        """The actions of this tab."""
        return (
            self.system_collection,
            self.system_machine,
            self.verify_collection,
            self.start_audit,
            self.start_recall,
            self.start_compact,
            self.quarantine,
            self.release,
        )

    def system_collection(self, request: Json) -> Json:
        """A collection's tables, quarantine and past searches, and what was last found and measured of it."""
        name, bench = text(request, "collection"), self.workbench
        return {
            "collection": payload.collection(bench.collection(name)),
            "tables": [table(info) for info in bench.tables(name)],
            "quarantine": self._quarantine(name),
            "audit": bench.kept_audit(name),
            "recall": bench.kept_recall(name),
            "latency": [asdict(one) for one in bench.latency(name)],
        }

    def system_machine(self, _: Json) -> Json:
        """Versions, the home folder, and what the doctor says of this machine."""
        checks = [asdict(check) for check in self.workbench.doctor()]
        return {**asdict(self.workbench.system()), "checks": checks}

    def verify_collection(self, request: Json) -> Json:
        """Whether what is on disk fits together: sentences on what does not."""
        return {"problems": self.workbench.verify(text(request, "collection"))}

    def start_audit(self, request: Json) -> Json:
        """Look for suspicious pages and copies, as a job."""
        return payload.job(self.workbench.start_audit(text(request, "collection"), text(request, "encoder")))

    def start_recall(self, request: Json) -> Json:
        """Measure recall against the exact answer, as a job."""
        return payload.job(self.workbench.start_recall(text(request, "collection"), text(request, "encoder")))

    def start_compact(self, request: Json) -> Json:
        """Rewrite the collection without its dead bytes, as a job."""
        return payload.job(self.workbench.start_compact(text(request, "collection")))

    def quarantine(self, request: Json) -> list[Json]:
        """Keep a page (or a whole document: page 0) out of search; what is in quarantine now."""
        self.workbench.quarantine(text(request, "collection"), _what(request), text(request, "reason"))
        return self._quarantine(text(request, "collection"))

    def release(self, request: Json) -> list[Json]:
        """Let it be found again; what is in quarantine now."""
        self.workbench.release(text(request, "collection"), _what(request))
        return self._quarantine(text(request, "collection"))

    def _quarantine(self, name: str) -> list[Json]:
        return [{"what": str(entry), **asdict(entry)} for entry in self.workbench.quarantined(name)]


def table(info: TableInfo) -> Json:
    """A table on disk, with the rows its indexes lack."""
    return {**asdict(info), "unindexed": info.unindexed}


def _what(request: Mapping[str, Any]) -> PageRef | str:
    return text(request, "document") if request.get("page") == 0 else ref(request)
