"""What the page can ask for: each action takes one JSON object and answers ``{ok, data}`` or ``{ok, error}``.

They are Gradio server functions, so the browser calls them like functions and gets the answer back. An error in words
(`PagelensError`) is passed on; anything else is logged, and the person is told so without a traceback.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from workbench.api.uploads import Uploads
from workbench.api.warmup import Warmup
from workbench.errors import InputError, NotFoundError, PagelensError
from workbench.retrieval import FIELDS, META_SUMMARY, document_filter
from workbench.settings import CollectionSettings
from workbench.types import PageRef, SearchResult
from workbench.types.queries import BAD, GOOD, NOT
from workbench.ui import payload
from workbench.ui.comparing import Comparing
from workbench.ui.requests import query_of, results, text, texts, whole
from workbench.ui.searching import Searching

if TYPE_CHECKING:
    from workbench.service import Workbench

logger = logging.getLogger(__name__)
Json = dict[str, Any]
UNEXPECTED = "Something went wrong that Pagelens did not foresee; the server's log has the details."


class Tab(Protocol):
    """A tab that has its actions in a module of its own."""

    def own(self) -> Sequence[Callable[[Json], Any]]:
        """Its actions, each under the name the script calls it by."""
        ...


class Actions:
    """The page's requests, answered by one workbench."""

    def __init__(self, workbench: Workbench, uploads: Uploads, warmup: Warmup) -> None:
        self.workbench = workbench
        self.uploads = uploads
        self.warmup = warmup
        self.tabs: tuple[Tab, ...] = (Searching(workbench), Comparing(workbench))

    def functions(self) -> list[Callable[[Json], Json]]:
        """All actions, those of the tabs with modules of their own included, so that no exception meets the browser."""
        return [_answering(action) for action in (*self.own(), *(one for tab in self.tabs for one in tab.own()))]

    def own(self) -> Sequence[Callable[[Json], Any]]:
        """The actions of this module."""
        return (
            self.overview,
            self.collection_details,
            self.create_collection,
            self.delete_collection,
            self.delete_document,
            self.plan_ingest,
            self.start_ingest,
            self.stop_job,
            self.resume_job,
            self.discard_upload,
            self.model_state,
            self.models,
            self.start_model,
            self.unload_model,
            self.start_embed,
            self.start_index,
            self.remove_encoder,
        )

    def search(self, request: Mapping[str, Any]) -> Iterator[SearchResult]:
        """Results stage by stage; the last is complete."""
        k = results(request)
        pipeline = text(request, "pipeline") or "two-stage"
        yield from self.workbench.search_stages(
            query_of(request), text(request, "collection"), pipeline=pipeline, k=k, filter=text(request, "filter")
        )

    def overview(self, _: Json) -> Json:
        """Everything the page needs before a collection is chosen."""
        return {
            "collections": [payload.collection(info) for info in self.workbench.collections()],
            "pipelines": dict(self.workbench.pipelines()),
            "about": dict(self.workbench.preset_reasons()),
            "weights": {"not": NOT, "good": GOOD, "bad": BAD},
            "indexes": [{"name": name, "summary": text} for name, text in self.workbench.index_kinds().items()],
            "fields": [
                {"name": name, "summary": field.summary, "number": field.number} for name, field in FIELDS.items()
            ],
            "heat": payload.heat_looks(),
            "meta": META_SUMMARY,
            "model": self.model_state({}),
            "max_upload_mb": self.workbench.settings.max_upload_mb,
        }

    def model_state(self, _: Json) -> Json:
        """Whether the model is loaded yet."""
        state = self.warmup.state
        return {"state": state.state, "detail": state.detail}

    def models(self, _: Json) -> list[Json]:
        """Every model there is, whether it can be used here, and where it stands."""
        return [payload.model(status) for status in self.workbench.models()]

    def start_model(self, request: Json) -> Json:
        """Load a model in the background."""
        return payload.model(self.workbench.start_model(text(request, "model")))

    def unload_model(self, request: Json) -> Json:
        """Free a model's memory."""
        return payload.model(self.workbench.unload_model(text(request, "model")))

    def start_embed(self, request: Json) -> Json:
        """Add an encoder's vectors to the pages that lack them, as a job."""
        return payload.job(self.workbench.start_embed(text(request, "collection"), text(request, "encoder")))

    def start_index(self, request: Json) -> Json:
        """Compute an index from the stored vectors, as a job."""
        name, index = text(request, "collection"), text(request, "index").strip()
        return payload.job(self.workbench.start_index(name, index, text(request, "encoder")))

    def remove_encoder(self, request: Json) -> Json:
        """Take an encoder's vectors out of a collection."""
        self.workbench.remove_encoder(text(request, "collection"), text(request, "encoder"))
        return {}

    def collection_details(self, request: Json) -> Json:
        """A collection, its documents, and queries to try on it."""
        name = text(request, "collection")
        return {
            "collection": payload.collection(self.workbench.collection(name)),
            "documents": [payload.document(info) for info in self.workbench.documents(name)],
            "samples": list(self.workbench.sample_queries(name)),
        }

    def create_collection(self, request: Json) -> Json:
        """Make a collection; its settings stay what they are."""
        settings = CollectionSettings(
            encoder=text(request, "encoder") or "reader",
            dpi=whole(request, "dpi", 144, 36, 600),
            crop=bool(request.get("crop")),
            crop_furniture=bool(request.get("crop")) and bool(request.get("crop_furniture")),
            ocr=bool(request.get("ocr", True)),
        )
        name = text(request, "name").strip()
        if not name:
            raise InputError("Give the collection a name.")
        self.workbench.create_collection(name, settings)
        return self.overview({})

    def delete_collection(self, request: Json) -> Json:
        """Delete a collection and everything in it; answers what was removed, and what there is now."""
        receipt = self.workbench.delete_collection(text(request, "collection"))
        return {"overview": self.overview({}), "receipt": payload.receipt(receipt)}

    def delete_document(self, request: Json) -> Json:
        """Delete one document, then search for its own words: what was removed, and pages still ``found`` (0)."""
        name, document = text(request, "collection"), text(request, "document")
        words = self._some_words(name, document)
        receipt = self.workbench.delete_document(name, document)
        left = self.workbench.search(words, name, "bm25:10", filter=document_filter(document)).hits if words else ()
        listed = sum(info.name == document for info in self.workbench.documents(name))
        return {**payload.receipt(receipt), "found": len(left) + listed}

    def _some_words(self, name: str, document: str) -> str:
        """A few words of the document's first page, to look for afterwards; empty when it has none."""
        try:
            texts = self.workbench.page(PageRef(document, 1), name).words.texts
        except NotFoundError:
            return ""
        return " ".join([text for text in texts if len(text) > 3 and text.isalnum()][:8])

    def plan_ingest(self, request: Json) -> Json:
        """What adding an upload would cost."""
        name = text(request, "collection")
        paths = self.uploads.paths(text(request, "batch"))
        return payload.plan(self.workbench.plan(paths, name, replacing=texts(request, "replace")))

    def start_ingest(self, request: Json) -> Json:
        """Start adding an upload; the job outlives this request and the page."""
        paths = self.uploads.paths(text(request, "batch"))
        replacing = texts(request, "replace")
        return payload.job(self.workbench.start_ingest(paths, text(request, "collection"), replacing=replacing))

    def discard_upload(self, request: Json) -> Json:
        """Throw an upload away that was not started."""
        self.uploads.discard(text(request, "batch"))
        return {}

    def stop_job(self, request: Json) -> Json:
        """Ask a job to stop; what is committed stays."""
        self.workbench.stop_job(text(request, "job"))
        return {}

    def resume_job(self, request: Json) -> Json:
        """Go on with a stopped job; pages already there are not read again."""
        return payload.job(self.workbench.resume_job(text(request, "job")))


def _answering(action: Callable[[Json], Any]) -> Callable[[Json], Json]:
    @functools.wraps(action)
    def answer(request: Any = None) -> Json:
        try:
            return {"ok": True, "data": action(request if isinstance(request, dict) else {})}
        except PagelensError as error:
            return {"ok": False, "error": str(error), "missing": isinstance(error, NotFoundError)}
        except Exception:
            logger.exception("The action %s failed", action.__name__)
            return {"ok": False, "error": UNEXPECTED}

    # Gradio marks and names server functions by attribute and reads the parameters of what is wrapped.
    del answer.__wrapped__
    return answer
