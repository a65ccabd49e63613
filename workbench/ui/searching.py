"""What the Search and Page tabs ask for: explanations, where a page was lost, repairs, saved searches, copies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from workbench import copying
from workbench.errors import InputError
from workbench.permits import check_edit
from workbench.ui import payload
from workbench.ui.requests import query_of, ref, results, text

if TYPE_CHECKING:
    from workbench.service import Workbench

Json = dict[str, Any]


class Searching:
    """The requests of a person who searches, answered by one workbench."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench

    def own(self) -> Sequence[Callable[[Json], Any]]:
        """The actions of this module."""
        return (
            self.read_page,
            self.explain_page,
            self.saw_page,
            self.why,
            self.repair_preview,
            self.copies,
            self.saved_searches,
            self.save_search,
            self.forget_search,
        )

    def read_page(self, request: Json) -> Json:
        """A page and its text."""
        return payload.stored_page(self._workbench.page(ref(request), text(request, "collection")))

    def explain_page(self, request: Json) -> Json:
        """Why the page scores what it scores for the query."""
        explanation = self._workbench.explain(
            query_of(request),
            ref(request),
            text(request, "collection"),
            encoder=text(request, "encoder"),
            pipeline=text(request, "pipeline"),
        )
        return payload.explanation(explanation)

    def saw_page(self, request: Json) -> list[Json]:
        """The pictures a model really got of a page; none for a model that reads words."""
        name, encoder = text(request, "collection"), text(request, "encoder")
        return [payload.seen(picture) for picture in self._workbench.saw(ref(request), name, encoder)]

    def why(self, request: Json) -> Json:
        """What became of a page that was expected, and the smallest change that finds it."""
        return asdict(
            self._workbench.why(
                query_of(request),
                ref(request),
                text(request, "collection"),
                text(request, "pipeline"),
                results(request),
                text(request, "filter"),
            )
        )

    def repair_preview(self, request: Json) -> Json:
        """A kept picture before and after the chosen repairs; without a choice, what might mend it is proposed."""
        picture, steps = text(request, "picture"), request.get("repairs")
        if steps is not None and not (isinstance(steps, list) and all(isinstance(step, str) for step in steps)):
            raise InputError("'repairs' must be a list of texts.")
        preview = self._workbench.repair_preview(picture, steps)
        return {
            "proposed": [
                {"step": step, "reason": reason} for step, reason in zip(preview.steps, preview.reasons, strict=False)
            ],
            "before": picture_address(picture),
            "after": picture_address(picture, preview.steps),
        }

    def copies(self, request: Json) -> list[Json]:
        """The search as a command line, as Python and as a request."""
        found = copying.copies(
            query_of(request),
            text(request, "collection"),
            text(request, "pipeline"),
            text(request, "filter"),
            results(request),
            home=self._workbench.settings.home,
            address=text(request, "address"),
        )
        return [asdict(copy) for copy in found]

    def saved_searches(self, _: Json) -> list[Json]:
        """The searches kept by name."""
        return [asdict(saved) for saved in self._workbench.saved_searches()]

    def save_search(self, request: Json) -> Json:
        """Keep a search under a name."""
        check_edit()
        saved = self._workbench.save_search(
            text(request, "name"),
            query_of(request),
            text(request, "collection"),
            text(request, "pipeline"),
            text(request, "filter"),
            results(request),
        )
        return asdict(saved)

    def forget_search(self, request: Json) -> Json:
        """Delete a saved search."""
        check_edit()
        self._workbench.forget_search(text(request, "name"))
        return {}


def picture_address(picture: str, repairs: Sequence[str] = ()) -> str:
    """Where the browser gets a kept picture, relative to the page."""
    asking = "&".join(f"repairs={quote(step, safe='')}" for step in repairs)
    return f"api/v1/pictures/{quote(picture, safe='')}" + (f"?{asking}" if asking else "")
