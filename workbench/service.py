"""The one door to Pagelens: what the screen, the command line and the API can ask for, and nothing else.

`Workbench` holds the few things that live longer than a call (open collections, the query cache, jobs) and turns texts
(collection names, pipelines, filters, page references) into values. What this module does not do: retrieval, reading or
storing, which are its parts' work.
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypedDict

from workbench import encoders, resources
from workbench.audit import PROBES, Audit, audit
from workbench.comparison import Comparison, Contrast, compare, contrast
from workbench.documents import ReadSettings, discover
from workbench.encoders import Encoder, EncoderSpec
from workbench.errors import EncoderError, InputError, MismatchError, NotFoundError, PagelensError, QueryError
from workbench.explanation import explain, why
from workbench.ingestion import UPLOADS, Jobs, embed, ingest, plan_sources
from workbench.ingestion.meter import Meter
from workbench.rates import Rates
from workbench.regions import evidence
from workbench.representations import METHODS
from workbench.retrieval import (
    FIELDS,
    PRESETS,
    Pipeline,
    QueryCache,
    compile_filter,
    search_stages,
)
from workbench.settings import CollectionSettings, Settings
from workbench.store import Collection, Library, Space
from workbench.types import (
    CollectionInfo,
    DocumentInfo,
    Evidence,
    Explanation,
    IngestPlan,
    IngestReport,
    Job,
    ModelStatus,
    Page,
    PageRef,
    Progress,
    SearchResult,
    SeenPicture,
    SpaceInfo,
    StoredPage,
    WhyVerdict,
)

if TYPE_CHECKING:
    from workbench.doctor import Check

log = logging.getLogger(__name__)

MAX_QUERY = 2_000
SAMPLE = "sample"


class _Loading(TypedDict):
    offline: bool
    threads: int
    keep: int


class Workbench:
    """Everything Pagelens does, over one home folder. Safe to call from several threads."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._library = Library(self.settings.home)
        self._open: dict[str, Collection] = {}
        self._queries = QueryCache(self._encoder_of, encoders.is_loaded)
        self._lock = threading.RLock()
        self._jobs = Jobs(self.settings.home / "jobs", self._run_job)
        self._rates = Rates(self.settings.home)

    # -- collections --------------------------------------------------------------------------------------------------

    def collections(self) -> list[CollectionInfo]:
        """All collections that can be opened, by name; one that cannot is logged, and says why when asked for."""
        found = []
        for name in self._library.names():
            try:
                found.append(self._collection(name).info())
            except PagelensError as error:
                log.warning("collection '%s' cannot be opened: %s", name, error)
        return found

    def collection_names(self) -> list[str]:
        """The names alone, which is quick."""
        return self._library.names()

    def collection(self, name: str) -> CollectionInfo:
        """One collection; `NotFoundError` names those that exist."""
        return self._collection(name).info()

    def documents(self, name: str) -> list[DocumentInfo]:
        """The documents of a collection, by name."""
        return self._collection(name).documents()

    def create_collection(
        self, name: str, settings: CollectionSettings | None = None, also: Sequence[str] = ()
    ) -> CollectionInfo:
        """Create an empty collection; ``also`` are ids of further encoders whose vectors its pages get.

        `StoreError` when the name is taken, `InputError` for settings that no page can be made with.
        """
        wanted = settings or CollectionSettings()
        ReadSettings(wanted.dpi, wanted.crop, wanted.crop_furniture, wanted.ocr)  # refuses what no page is made with
        first, *later = (self._encoder(encoder).info for encoder in (wanted.encoder, *also))
        with self._lock:
            store = self._open[name] = self._library.create(name, wanted, first)
        if later:
            with store.writer() as writer:
                for info in later:
                    writer.add_space(info, wanted.indexes)
        return store.info()

    def delete_collection(self, name: str) -> None:
        """Delete a collection and everything in it."""
        with self._lock:
            self._library.delete(name)
            self._open.pop(name, None)
        self._jobs.forget(name)

    def delete_document(self, collection: str, document: str) -> int:
        """Delete one document; returns the pages removed, none of which can be found any more."""
        store = self._collection(collection)
        with store.writer() as writer:
            removed = writer.delete_document(document)
            writer.finish()
        return int(removed)

    # -- ingestion ----------------------------------------------------------------------------------------------------

    def plan(self, paths: Sequence[Path], collection: str, settings: CollectionSettings | None = None) -> IngestPlan:
        """What ingesting these files and folders would do, with its likely cost; nothing is changed."""
        sources, refused = discover(paths)
        store = self._collection(collection) if collection in self._library.names() else None
        made_by = store.encoders if store else ((settings or CollectionSettings()).encoder,)
        files = [(outcome.name, outcome.pages, outcome.reason) for outcome in refused]
        pages = reading = 0
        for item in plan_sources(store, sources):
            count = item.probe.pages if item.probe else 0
            files.append((item.source.name, count, item.note))
            pages += count
            reading += item.pages_to_read
        rate = self._rates.of("+".join(made_by))
        seconds, size = rate.expected_seconds or FIRST_SECONDS, rate.bytes_per_page or FIRST_BYTES
        return IngestPlan(tuple(files), pages, reading, reading * seconds, int(reading * size))

    def keep_uploads(self, files: Sequence[tuple[Path, str]]) -> list[Path]:
        """Copy files the browser sent, each under the name (with folders) it was given, to where a job finds them.

        Returns the folder to ingest. Names are made relative and stripped of anything that could leave the folder.
        """
        folder = self.settings.home / UPLOADS / uuid.uuid4().hex[:12]
        for path, name in files:
            parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", ".")]
            target = folder.joinpath(*parts) if parts else folder / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        return [folder]

    def ingest(
        self,
        paths: Sequence[Path],
        collection: str,
        settings: CollectionSettings | None = None,
        progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
        also: Sequence[str] = (),
    ) -> IngestReport:
        """Index files and folders; blocks until done.

        If there is no such collection it is created, with ``settings`` and ``also``; see `create_collection`.
        """
        sources, refused = discover(paths)
        if not sources and not refused:
            raise InputError("There is no PDF or image in what was given; Pagelens reads PDF, PNG, JPEG, WebP, TIFF, "
                             "BMP and GIF.")  # fmt: skip
        if collection not in self._library.names():
            if not sources:
                return IngestReport(collection, tuple(refused), 0.0)
            self.create_collection(collection, settings, also)
        store = self._collection(collection)
        before = store.info().bytes
        notes: list[str] = []
        with ExitStack() as models:

            def load() -> list[Encoder]:
                first = models.enter_context(encoders.using(store.encoder, **self._loading))
                store.space().check(first.info)
                return [first, *self._later_encoders(store, models, notes)]

            report = ingest(store, load, sources, refused, progress, stop, self.settings.home)
        self._learn_rate(store, report, before)
        return replace(report, notes=tuple(notes))

    def embed(
        self,
        collection: str,
        encoder_id: str,
        progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> IngestReport:
        """Add an encoder's vectors to every page that lacks them, from the stored pictures and words.

        The files are not read again; what is there already is skipped, so that the same call goes on where it was
        stopped. The report counts embedded pages as indexed. Blocks until done.
        """
        store = self._collection(collection)
        with encoders.using(encoder_id, **self._loading) as encoder:
            return embed(store, encoder, progress, stop)

    def start_embed(self, collection: str, encoder_id: str) -> Job:
        """Queue `embed` in the background and return at once; the job can be stopped and resumed as an ingest can."""
        self._collection(collection)
        encoders.spec(encoder_id)
        request = {"collection": collection, "encoder": encoder_id}
        return self._jobs.start(collection, request, "embed", encoder_id)

    def add_encoder(self, collection: str, encoder_id: str) -> SpaceInfo:
        """Make an encoder one of a collection's, so that pages ingested from now on get its vectors too.

        Pages that are there already wait for `embed`. `MismatchError` when it is there in another version.
        """
        store = self._collection(collection)
        info = self._encoder(encoder_id).info
        with store.writer() as writer:
            writer.add_space(info, store.settings.indexes)
        return self._space(store, encoder_id)

    def remove_encoder(self, collection: str, encoder_id: str) -> None:
        """Take an encoder's vectors out of a collection; `InputError` for its first one."""
        store = self._collection(collection)
        with store.writer() as writer:
            writer.remove_space(encoder_id)

    def add_index(
        self, collection: str, index: str, encoder: str = "", progress: Callable[[int], None] | None = None
    ) -> SpaceInfo:
        """Add a pooled index to an encoder of a collection (its first without a name), from the stored full vectors.

        Nothing is encoded again; ``progress`` hears how many pages are done. `InputError` when it is there already or
        the encoder's kind of vectors cannot have it.
        """
        store = self._collection(collection)
        with store.writer() as writer:
            writer.add_index(encoder, index, progress)
        return self._space(store, encoder)

    def start_index(self, collection: str, index: str, encoder: str = "") -> Job:
        """Queue `add_index` in the background and return at once."""
        space = self._collection(collection).space(encoder)
        request = {"collection": collection, "encoder": space.encoder, "index": index}
        return self._jobs.start(collection, request, "index", space.encoder)

    def _add_index(self, request: Mapping[str, Any], report: Callable[[Progress], None]) -> IngestReport:
        meter = Meter(report, threading.Event(), [])
        meter.total, done = self._collection(request["collection"]).page_count(), 0
        meter.begin("index")

        def count(pages: int) -> None:
            nonlocal done
            meter.end("index", pages - done)
            meter.begin("index")
            done = pages

        self.add_index(request["collection"], request["index"], request["encoder"], count)
        return IngestReport(request["collection"], (), round(time.monotonic() - meter.started, 3))

    def start_ingest(self, paths: Sequence[Path], collection: str, settings: CollectionSettings | None = None) -> Job:
        """Queue an ingest in the background and return at once."""
        request: dict[str, Any] = {"paths": [str(path) for path in paths], "collection": collection}
        if settings is not None:
            request["settings"] = settings.as_dict()
        return self._jobs.start(collection, request)

    def jobs(self) -> list[Job]:
        """Background ingests, newest first."""
        return self._jobs.all()

    def job(self, job_id: str) -> Job:
        """One background ingest as it is now."""
        return self._jobs.get(job_id)

    def stop_job(self, job_id: str) -> Job:
        """Stop after the batch at hand; what is committed stays."""
        return self._jobs.stop(job_id)

    def resume_job(self, job_id: str) -> Job:
        """Go on with a stopped, failed or interrupted ingest."""
        return self._jobs.resume(job_id)

    def wait_for(self, job_id: str, seconds: float = 3600.0) -> Job:
        """Block until a job ends."""
        return self._jobs.wait(job_id, seconds)

    def _run_job(
        self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: threading.Event
    ) -> IngestReport:
        if "index" in request:
            return self._add_index(request, report)
        if "encoder" in request:
            return self.embed(request["collection"], request["encoder"], report, stop)
        settings = request.get("settings")
        made = CollectionSettings(**{**settings, "indexes": tuple(settings["indexes"])}) if settings else None
        paths = [Path(path) for path in request["paths"]]
        ended = self.ingest(paths, request["collection"], made, report, stop)
        if not ended.stopped:
            for path in paths:
                if path.is_relative_to(self.settings.home / UPLOADS):
                    shutil.rmtree(path, ignore_errors=True)
        return ended

    # -- search -------------------------------------------------------------------------------------------------------

    def search(
        self, query: str, collection: str, pipeline: str = "two-stage", k: int | None = None, filter: str = ""
    ) -> SearchResult:
        """Search to the end. ``k`` replaces the number of results the pipeline states."""
        *_, result = self.search_stages(query, collection, pipeline, k, filter)
        return result

    def search_stages(
        self, query: str, collection: str, pipeline: str = "two-stage", k: int | None = None, filter: str = ""
    ) -> Iterator[SearchResult]:
        """Search, yielding after each stage; everything that can be refused is refused before the first one."""
        text = _query(query)
        where = compile_filter(filter)
        store = self._collection(collection)
        return search_stages(store, text, _pipeline(pipeline, k, store), self._queries.of(store), where)

    def explain(self, query: str, ref: PageRef, collection: str, encoder: str = "", pipeline: str = "") -> Explanation:
        """Why a page scores what it scores by an encoder.

        That is the encoder named, or the one whose stage decides in a pipeline, or the collection's first.
        """
        store = self._collection(collection)
        text = _query(query)
        chosen = encoder or (_pipeline(pipeline, None, store).decider() if pipeline else "")
        space = store.space(chosen)
        return explain(store, ref, self._queries.of(store)(space.encoder, text).embedding, space.encoder)

    def compare(
        self,
        query: str,
        collection: str,
        pipeline_a: str,
        pipeline_b: str,
        k: int | None = None,
        filter: str = "",
    ) -> Comparison:
        """Search by two pipelines, one after the other; what either refuses is refused before the first one runs."""
        runs = [self.search_stages(query, collection, pipeline, k, filter) for pipeline in (pipeline_a, pipeline_b)]
        a, b = ([*stages][-1] for stages in runs)
        return compare(a, b)

    def contrast(
        self, query: str, ref_a: PageRef, ref_b: PageRef, collection: str, encoder: str = "", pipeline: str = ""
    ) -> Contrast:
        """Why one page scores more than another, by an encoder chosen as in `explain`."""
        a, b = (self.explain(query, ref, collection, encoder, pipeline) for ref in (ref_a, ref_b))
        return contrast(a, b)

    def evidence(
        self,
        query: str,
        collection: str,
        pipeline: str = "two-stage",
        k: int = 5,
        filter: str = "",
        tokens: int = 1000,
    ) -> tuple[Evidence, ...]:
        """The parts of the ``k`` best pages that won most of their scores, to quote within so many ``tokens``."""
        found = []
        for hit in self.search(query, collection, pipeline, k, filter).hits:
            told = self.explain(query, hit.ref, collection, pipeline=pipeline)
            found += [Evidence(hit.ref, region, told.score * region.share) for region in told.regions]
        return evidence(found, tokens)

    def why(
        self,
        query: str,
        ref: PageRef,
        collection: str,
        pipeline: str = "two-stage",
        k: int | None = None,
        filter: str = "",
    ) -> WhyVerdict:
        """Whether a search finds a page and, if not, which stage lost it and what would have kept it."""
        store = self._collection(collection)
        parsed = _pipeline(pipeline, k, store)
        return why(store, _query(query), ref, parsed, self._queries.of(store), compile_filter(filter))

    def page(self, ref: PageRef, collection: str) -> StoredPage:
        """A page's size, words and neighbours; `NotFoundError` when it is not there."""
        return self._collection(collection).page(ref)

    def saw(self, ref: PageRef, collection: str, encoder: str = "") -> tuple[SeenPicture, ...]:
        """The pictures an encoder of the collection (its first without a name) really got of a page, in its order.

        Made anew from the stored picture, as `embed` gets it; none for an encoder that reads words.
        """
        store = self._collection(collection)
        found = self._encoder_of(store.space(encoder))
        looks: Callable[[Page], tuple[SeenPicture, ...]] | None = getattr(found, "saw", None)
        return looks(store.rebuilt([store.page(ref).page_id])[0]) if looks is not None else ()

    def page_image(self, collection: str, ref: PageRef, size: str = "page") -> Path:
        """The stored picture of a page, ``page`` or ``thumb`` (WebP)."""
        store = self._collection(collection)
        return store.image_path(store.page(ref).page_id, size)

    def sample_queries(self, collection: str) -> list[str]:
        """Example questions for the collection of sample data; none for others, since they would find nothing."""
        if collection != SAMPLE:
            return []
        path = resources.sample_data() / "queries.jsonl"
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [row["text"] for row in rows if row.get("example")]

    def warm_up(self, collection: str | None = None) -> None:
        """Load the model (of a collection, or the default one), so that the first query does not wait for it."""
        if collection not in self._library.names():
            self._encoder(CollectionSettings().encoder).encode_query("warm up")
            return
        space = self._collection(str(collection)).space()
        self._encoder_of(space).encode_query("warm up")
        for index in space.indexes:
            space.vectors(index)

    def start_sample(self) -> Job | None:
        """Index the sample documents if they are not there yet; the job, or None when there is nothing to do."""
        if SAMPLE in self._library.names() and self._collection(SAMPLE).documents():
            return None
        active = [job for job in self.jobs() if job.collection == SAMPLE and job.active]
        return active[0] if active else self.start_ingest([resources.sample_data() / "documents"], SAMPLE)

    # -- what there is to choose from ---------------------------------------------------------------------------------

    def pipelines(self) -> Mapping[str, str]:
        """Preset names and their text forms."""
        return PRESETS

    def index_kinds(self) -> Mapping[str, str]:
        """Names of the indexes an encoder's vectors can have, and what each is."""
        return {name: method.summary for name, method in METHODS.items()}

    def filter_fields(self) -> Mapping[str, str]:
        """Fields a filter can test, and what they hold."""
        return {name: spec.summary for name, spec in FIELDS.items()}

    def encoders(self) -> Sequence[EncoderSpec]:
        """Every encoder there is, whether its weights are here or not."""
        return list(encoders.ENCODERS.values())

    def models(self) -> list[ModelStatus]:
        """Every model: what it is, whether it can be used here, where it stands, and what a page takes."""
        return encoders.statuses(self._rates)

    def start_model(self, encoder_id: str) -> ModelStatus:
        """Load a model in the background; `models` tells how it goes. `EncoderError` for one that does not exist."""
        encoders.start(encoder_id, **self._loading)
        return encoders.status(encoders.spec(encoder_id), self._rates)

    def unload_model(self, encoder_id: str) -> ModelStatus:
        """Free a model's memory, or forget that loading failed; `EncoderError` while a job is at work with it."""
        encoders.unload(encoder_id)
        return encoders.status(encoders.spec(encoder_id), self._rates)

    def doctor(self) -> Sequence[Check]:
        """What is present, what is missing, and the cure."""
        from workbench import doctor

        return doctor.checks(self.settings)

    def verify(self, collection: str) -> list[str]:
        """Inconsistencies of a collection on disk, in words; an empty list is good news."""
        return self._collection(collection).verify()

    def audit(self, collection: str, encoder: str = "", probes: int = PROBES) -> Audit:
        """Pages that unrelated questions find, and pages that are copies of others; blocks for some seconds."""
        store = self._collection(collection)
        return audit(store, self._queries.of(store), encoder, probes)

    def compact(self, collection: str) -> tuple[int, int]:
        """Rewrite a collection without its dead bytes: (bytes before, bytes after)."""
        store = self._collection(collection)
        before = store.info().bytes
        with store.writer() as writer:
            writer.compact()
        return before, store.info().bytes

    # -- inside -------------------------------------------------------------------------------------------------------

    def _collection(self, name: str) -> Collection:
        with self._lock:
            names = self._library.names()
            if name not in names:
                self._open.pop(name, None)
                there = f"there are: {', '.join(names)}" if names else "there are none yet; 'pagelens ingest' makes one"
                raise NotFoundError(f"There is no collection '{name}' ({there}).")
            if name not in self._open:
                self._open[name] = self._library.open(name)
            return self._open[name]

    @property
    def _loading(self) -> _Loading:
        """How this process loads models."""
        return {
            "offline": self.settings.offline,
            "threads": self.settings.threads,
            "keep": self.settings.models_loaded,
        }

    def _encoder(self, encoder_id: str) -> Encoder:
        return encoders.load(encoder_id, **self._loading)

    def _encoder_of(self, space: Space) -> Encoder:
        encoder = self._encoder(space.encoder)
        space.check(encoder.info)
        return encoder

    def _later_encoders(self, store: Collection, models: ExitStack, notes: list[str]) -> Iterator[Encoder]:
        """The collection's encoders but the first, loaded; what cannot be gets a sentence in ``notes``."""
        for space in store.spaces()[1:]:
            try:
                encoder = models.enter_context(encoders.using(space.encoder, **self._loading))
                space.check(encoder.info)
                yield encoder
            except (EncoderError, MismatchError) as error:
                cure = f"pagelens collections embed {store.name} --encoder {space.encoder}"
                notes.append(f"The new pages have no vectors of '{space.encoder}' yet: {error} Then run: {cure}")

    def _space(self, store: Collection, encoder_id: str) -> SpaceInfo:
        wanted = store.space(encoder_id).encoder
        return next(space for space in store.info().spaces if space.encoder == wanted)

    def _learn_rate(self, store: Collection, report: IngestReport, bytes_before: int) -> None:
        """Remember what a page cost on this machine, for the next plan."""
        pages = sum(document.indexed for document in report.documents)
        if pages < 5 or report.seconds <= 0:
            return
        self._rates.learn(
            "+".join(store.encoders),
            seconds_per_page=report.seconds / pages,
            bytes_per_page=max(store.info().bytes - bytes_before, 0) / pages,
        )


FIRST_SECONDS, FIRST_BYTES = 1.0, 1_500_000.0
"""What a plan takes a page for before this machine has been measured: a careful guess for the reader on two cores."""


def _pipeline(text: str, k: int | None, store: Collection) -> Pipeline:
    """The pipeline as it will run: a preset fitted to the indexes the collection has, with ``k`` results."""
    parsed = Pipeline.parse(text)
    if text.strip() in PRESETS:
        parsed = parsed.fitted(store.space().indexes)
    return parsed if k is None else parsed.returning(k)


def _query(text: str) -> str:
    """The query as it will be encoded; `QueryError` when it is empty or too long to mean anything."""
    clean = " ".join(text.split())
    if not clean:
        raise QueryError("The query is empty; type what you are looking for.")
    if len(clean) > MAX_QUERY:
        raise QueryError(
            f"The query has {len(clean):,} characters; at most {MAX_QUERY:,} are searched. Shorten it to the question."
        )
    return clean
