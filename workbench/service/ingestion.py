"""Work that takes long: reading files, adding encoders and indexes; at once or as a job in the background."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from workbench import encoders, permits, resources
from workbench.documents import ReaderPool, ReadSettings, Source, Way, discover
from workbench.documents.sources import NAMED, READABLE, SUFFIXES
from workbench.errors import InputError, MismatchError, NotFoundError
from workbench.ingestion import (
    UPLOADS,
    FileFields,
    Here,
    Jobs,
    drop_uploads,
    embed,
    ingest,
    plan_sources,
    read_again,
    read_words,
)
from workbench.ingestion.cluster import Cluster
from workbench.ingestion.meter import Meter
from workbench.ingestion.models import encoders_of, without_photographs
from workbench.ingestion.run import Crew
from workbench.ingestion.workers import check_workers
from workbench.rates import Rates
from workbench.representations import Representation
from workbench.service.collections import Collections, with_words
from workbench.service.models import Models
from workbench.service.open_collections import OpenCollections
from workbench.service.sample import SAMPLE
from workbench.settings import CollectionSettings, Settings, place_of
from workbench.store import Collection, RemoteFiles, Writer
from workbench.store.exchange import Contents, is_export
from workbench.store.importing import documents_of, manifest_of, take_in
from workbench.store.legibility import PARTLY
from workbench.types import DocumentOutcome, IngestPlan, IngestReport, Job, PageRef, PlannedFile, Progress
from workbench.types.documents import WORDS_NOW, WORDS_TEXT

FIRST_SECONDS, FIRST_BYTES = 1.0, 1_500_000.0
"""What a plan takes a page for before this machine has been measured: a careful guess for the reader on two cores."""


class Ingestion:
    """Ingesting files, embedding stored pages, and the jobs that do either.

    ``readers`` are the processes that read files, ``processors`` those that prepare pictures for models.
    """

    def __init__(
        self,
        settings: Settings,
        opened: OpenCollections,
        library: Collections,
        models: Models,
        jobs: Jobs,
        rates: Rates,
        readers: ReaderPool,
        processors: ReaderPool,
    ) -> None:
        self._settings = settings
        self._home = settings.home
        self._opened = opened
        self._library = library
        self._models = models
        self._jobs = jobs
        self._rates = rates
        self._readers = readers
        self._processors = processors
        jobs.does("ingest", self._run_ingest)
        jobs.does("words", self._run_words)
        jobs.does("reread", self._run_read_again)
        jobs.does("embed", self._run_embed)
        jobs.does("index", self._run_index)

    def plan(
        self,
        paths: Sequence[Path],
        collection: str,
        settings: CollectionSettings | None = None,
        replacing: bool | Sequence[str] = False,
        without: Sequence[str] = (),
    ) -> IngestPlan:
        """What ingesting these files and folders would do, with its likely cost; nothing is changed.

        ``replacing`` and ``without`` as in `ingest`.
        """
        exports = [path for path in paths if is_export(path)]
        permits.check_name(collection)
        found, refused = discover([path for path in paths if path not in exports], self._home)
        sources = [source for source in found if source.name not in without]
        store = self._opened.get(collection) if self._opened.has(collection) else None
        made_by = store.encoders if store else ((settings or CollectionSettings()).encoder,)
        files = [PlannedFile(one.name, one.pages, one.reason, "", "refused", one.name) for one in refused]
        pages = reading = 0
        for path in exports:
            for record in documents_of(path, Contents.read(path)):
                files.append(PlannedFile(record.name, record.pages, f"from the export {path.name}"))
                pages += record.pages
        planned = plan_sources(store, sources, self._readers, home=self._home, replacing=replacing)
        items = {item.source.path: item for item in planned}
        for source in found:
            item = items.get(source.path)
            if item is None:
                files.append(PlannedFile(source.name, 0, "left out", "", "dropped", source.name))
                continue
            count = item.probe.pages if item.probe else 0
            files.append(PlannedFile(item.source.name, count, item.sentence, item.namesake, item.state, source.name))
            pages += count
            reading += item.pages_to_read
        rate = self._rates.of("+".join(made_by))
        seconds, size = rate.expected_seconds or FIRST_SECONDS, rate.bytes_per_page or FIRST_BYTES
        words = (store.settings if store else with_words(settings or CollectionSettings())).reads
        return IngestPlan(tuple(files), pages, reading, reading * seconds, int(reading * size), words)

    def ingest(
        self,
        paths: Sequence[Path],
        collection: str,
        settings: CollectionSettings | None = None,
        progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
        also: Sequence[str] = (),
        fields: FileFields | None = None,
        replacing: bool | Sequence[str] = False,
        workers: str = "",
        without: Sequence[str] = (),
        below: Path | None = None,
    ) -> IngestReport:
        """Index files and folders; blocks until done. Files below a folder ``below`` are named by their path from it.

        A path may be a place in an object store, as ``s3://bucket/folder``: its files are fetched to the cache first.
        If there is no such collection it is created, with ``settings`` and ``also``; see `Collections.create`. A folder
        that `Collections.export` wrote is taken in as it is, into a collection made like the one it came from. The
        files get the tags and fields of ``fields``, those that are there already as well; the report's notes name what
        it says of other files. A file whose bytes changed replaces what it was before; a different file that comes
        under the name of a document gets a number, unless ``replacing`` says that it replaces the document: True for
        all, or the documents' names. ``without`` are files that are left out, by their `PlannedFile.source`. With
        ``workers``, ``ray`` or the address of a Ray cluster (``ray://head:10001``), the files are read and embedded
        there, which has to find them by the same paths; nothing else is different.
        """
        if workers:
            check_workers(workers)
        exports = [path for path in paths if is_export(path)]
        if exports:
            reports = [self._import(path, collection, progress, stop, fields, replacing) for path in exports]
            rest = [path for path in paths if path not in exports]
            stopped = any(report.stopped for report in reports)
            if rest and not stopped:
                more = (also, fields, replacing, workers, without, below)
                reports.append(self.ingest(rest, collection, settings, progress, stop, *more))
            return _joined(collection, reports)
        paths, remote, unlike = self._brought(paths, stop or threading.Event())
        sources, refused = discover(paths, self._home, below)
        refused += [_nothing_at(files.place) for files in remote if not files.here()]
        sources = [source for source in sources if source.name not in without]
        if not sources and not refused:
            raise InputError(f"There is nothing to read in what was given; give a {READABLE} file.")
        if not self._opened.has(collection):
            if not sources:
                return IngestReport(collection, tuple(refused), 0.0)
            self._library.create(collection, settings, also)
        store = self._opened.get(collection)
        before = store.info().bytes
        changes, unknown = fields.among(sources) if fields else ({}, [])
        notes = [*(fields.notes if fields else ()), *unknown, *unlike]
        meter = Meter(progress or (lambda progress: None), stop or threading.Event(), list(refused))
        meter.expect({source.name: DocumentOutcome(source.name, 0, 0, 0) for source in sources})
        home, pool = self._home, self._readers
        with Writer(store) as writer, ExitStack() as models:
            planned = list(plan_sources(store, sources, pool, meter.stop, home, replacing))
            wanted = any(item.pages_to_read for item in planned)
            crew: Crew = Here([], pool)
            notes.extend(without_photographs(store) if wanted else [])
            if wanted and workers:
                crew = Cluster(workers, self._settings, home, remote)
            elif wanted:
                loaded = models.enter_context(encoders_of(store, notes, self._models.loader))
                crew = Here(loaded, pool, self._processors, home)
            report = ingest(store, writer, planned, crew, meter, changes)
        unread = len(store.unread())
        if unread:
            notes.append(_unread(unread, collection))
        notes += _gone(store, paths)
        self._learn_rate(store, report, before)
        return replace(report, notes=(*notes, *report.notes), unread=unread)

    def _brought(self, paths: Sequence[Path], stop: threading.Event) -> tuple[list[Path], list[RemoteFiles], list[str]]:
        """The paths, with folders of this machine in the stead of places in an object store; those; sentences on what
        lies there and is not read."""
        found, remote, unlike = list[Path](), list[RemoteFiles](), list[str]()
        for path in paths:
            if place := place_of(path):
                files = RemoteFiles.of(place, self._settings)
                others = files.bring(lambda name: name.suffix.lower() in SUFFIXES, stop)
                which = f"1 file of {place} is" if others == 1 else f"{others:,} files of {place} are"
                unlike += [f"{which} of no kind that is read."] if others else []
                remote.append(files)
                if files.here():
                    found.append(files.folder)
            else:
                found.append(path)
        return found, remote, unlike

    def _import(
        self,
        folder: Path,
        collection: str,
        progress: Callable[[Progress], None] | None,
        stop: threading.Event | None,
        fields: FileFields | None,
        replacing: bool | Sequence[str],
    ) -> IngestReport:
        """Take an export in; see `importing.take_in`."""
        meter = Meter(progress or (lambda progress: None), stop or threading.Event(), [])
        contents = Contents.read(folder)
        meter.total = contents.pages
        if not self._opened.has(collection):
            self._opened.make(collection, manifest_of(contents))
        reached = meter.counted("write")
        documents, stopped = take_in(
            self._opened.get(collection), folder, lambda pages, _total: reached(pages), meter.stop
        )
        notes = self._change_named(collection, [document.name for document in documents], fields) if fields else []
        if replacing:
            notes.append(f"The export {folder.name} replaced no document: what is new in it is kept beside them.")
        outcomes = tuple(DocumentOutcome(d.name, d.pages, d.indexed, d.skipped) for d in documents)
        return IngestReport(collection, outcomes, round(time.monotonic() - meter.started, 3), stopped, tuple(notes))

    def read_words(
        self,
        collection: str,
        progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> IngestReport:
        """Read the words that an ingest left for later, in the stored pictures; blocks until done.

        The report counts pages with all their words as indexed; the same call goes on where it was stopped.
        """
        return read_words(self._opened.get(collection), self._readers, progress, stop)

    def start_words(self, collection: str) -> Job | None:
        """Queue `read_words` in the background and return at once; None where there is nothing to read."""
        if not self._opened.get(collection).unread():
            return None
        there = self._jobs.active(collection, "words")
        return there[0] if there else self._jobs.start(collection, {"collection": collection}, "words")

    def read_again(
        self,
        collection: str,
        document: str,
        way: Way,
        pages: Sequence[int] = (),
        progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> IngestReport:
        """Read stored pages of a document another way (all without ``pages``); blocks until done.

        Their words change, and the vectors of the encoders that read words; no file is needed. The report counts pages
        with their new words as indexed, and what could not be read that way, and stays as it was, as failed.
        """
        store = self._opened.get(collection)
        way.check()
        wanted = _pages_of(store, document, pages)
        with ExitStack() as models:
            reading = []
            for space in store.spaces():
                if encoders.spec(space.encoder).kind == "words":
                    reading.append(models.enter_context(self._models.using(space.encoder, space.info.page_policy)))
                    space.check(reading[-1].info)
            return read_again(store, wanted, self._readers, way, reading, progress, stop)

    def another_way(
        self, collection: str, document: str, languages: tuple[str, ...] = ()
    ) -> tuple[Way, tuple[int, ...]]:
        """How to read a document again of which something could hardly be read, and which pages; all where none.

        Of one that was read in part these are the pages that were not; else it is all of them. `NotFoundError` for a
        document that is not there, or is being deleted.
        """
        store = self._opened.get(collection)
        (name, *_) = {record.name for record in store.records.named(document)}
        told = next((one for one in store.documents() if one.name == name), None)
        if told is None:
            raise NotFoundError(f"There is no document '{document}' in collection '{collection}' any more.")
        pages = tuple(notice.page for notice in told.notices) if told.verdict == PARTLY else ()
        return Way.another(told.words, languages), pages

    def start_read_again(self, collection: str, document: str, way: Way, pages: Sequence[int] = ()) -> Job:
        """Queue `read_again` in the background and return at once; what it would refuse is refused here."""
        way.check()
        _pages_of(self._opened.get(collection), document, pages)
        request = {"collection": collection, "document": document, "pages": list(pages), "way": asdict(way)}
        return self._jobs.start(collection, request, "reread")

    def settings_for(
        self, collection: str, asked: Mapping[str, Any], also: Sequence[str] = (), paths: Sequence[Path] = ()
    ) -> CollectionSettings | None:
        """Settings for a new collection, by the names of their fields; None for one that is there, or is to be made of
        an export among ``paths``: `MismatchError` where other ones are asked for than it was made with.

        ``also`` are further encoders; a collection that is there must have all that are asked for, in any order.
        """
        asked = dict(asked)
        if "ocr" in asked:  # the coarser word for the same
            asked.setdefault("words", WORDS_NOW if asked["ocr"] else WORDS_TEXT)
        made = replace(CollectionSettings(), **asked)
        ReadSettings.of(made)  # refuses what no page can be made with
        found = self._made_with(collection, paths)
        if found is None:
            return made
        what, have, settings, exported = found
        encoder = asked.pop("encoder", None)
        for name in filter(None, (encoder, *also)):
            if name not in have:
                first_in = "leave the option out and then" if exported else "to add it,"
                raise MismatchError(
                    f"{what} was made with encoder {' and '.join(have)}, not {name}; {first_in} run: "
                    f"pagelens collections embed {collection} --encoder {name}"
                )
        own = encoders.spec(have[0]).page_policies
        tokens = settings["page_tokens"] or (own[0] if own else "")
        there = {**settings, "words": CollectionSettings.of(settings).reads, "page_tokens": tokens}
        other = [
            f"{name} {_shown(there[name])}, not {_shown(value)}"
            for name, value in asked.items()
            if name != "ocr" and there[name] != value
        ]
        if other:
            cure = (
                "its pages are taken in as they are" if exported else "or choose another name to make a new collection"
            )
            raise MismatchError(f"{what} was made with {' and '.join(other)}; leave the option out, {cure}.")
        return None

    def _made_with(
        self, collection: str, paths: Sequence[Path]
    ) -> tuple[str, list[str], Mapping[str, Any], bool] | None:
        """What made the pages of a collection or, where there is none yet, of an export among ``paths``.

        Which of them (in words), the encoders, the settings, and whether it is an export; None when there is neither.
        """
        if self._opened.has(collection):
            stored = self._library.info(collection)
            return f"Collection '{collection}'", [space.encoder for space in stored.spaces], stored.settings, False
        for path in filter(is_export, paths):
            contents = Contents.read(path)
            made_by = [space.encoder.id for space in contents.spaces]
            return f"The export {path.name}", made_by, contents.settings.as_dict(), True
        return None

    def apply_fields(self, collection: str, fields: FileFields) -> list[str]:
        """Give documents that are there the tags and fields of a table; sentences on what it says of others."""
        return self._change_named(
            collection, [document.name for document in self._library.documents(collection)], fields
        )

    def _change_named(self, collection: str, names: Sequence[str], fields: FileFields) -> list[str]:
        changes, notes = fields.among([Source(Path(name), name) for name in names])
        for name in names:
            if change := changes.get(Path(name)):
                self._library.change_fields(collection, [name], change)
        return [*fields.notes, *notes]

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
        store = self._opened.get(collection)
        there = [space.info.page_policy for space in store.spaces() if space.encoder == encoder_id]
        pages = there[0] if there else encoders.page_policy(encoder_id, store.settings.page_tokens)
        if encoders.spec(encoder_id).kind == "words" and store.unread():  # it would see none of them
            read = self.read_words(collection, progress, stop)
            if read.stopped:
                return read
        with self._models.using(encoder_id, pages) as encoder:
            return embed(store, encoder, progress, stop, self._processors)

    def start(
        self,
        paths: Sequence[Path],
        collection: str,
        settings: CollectionSettings | None = None,
        fields: FileFields | None = None,
        replacing: bool | Sequence[str] = False,
        without: Sequence[str] = (),
    ) -> Job:
        """Queue an `ingest` in the background and return at once; `InputError` for a name no collection can have."""
        collection = self._opened.nameable(collection)
        request: dict[str, Any] = {"paths": [str(path) for path in paths], "collection": collection}
        request["replacing"] = replacing if isinstance(replacing, bool) else list(replacing)
        if settings is not None:
            request["settings"] = settings.as_dict()
        if fields:
            request["fields"] = fields.as_json()
        if without:
            request["without"] = list(without)
        local = [path for path in paths if path.exists() and not is_export(path)]
        found, refused = discover(local, self._home)
        files = [DocumentOutcome(source.name, 0, 0, 0) for source in found if source.name not in without]
        return self._jobs.start(collection, request, files=[*files, *refused])

    def start_embed(self, collection: str, encoder_id: str) -> Job:
        """Queue `embed` in the background and return at once; the job can be stopped and resumed as an ingest can."""
        self._opened.get(collection)
        encoders.spec(encoder_id)
        request = {"collection": collection, "encoder": encoder_id}
        return self._jobs.start(collection, request, "embed", encoder_id)

    def start_index(self, collection: str, index: str, encoder: str = "") -> Job:
        """Queue `Collections.add_index` in the background and return at once; what it would refuse is refused here."""
        space = self._opened.get(collection).space(encoder)
        space.new_index(index)
        request = {"collection": collection, "encoder": space.encoder, "index": index}
        return self._jobs.start(collection, request, "index", space.encoder)

    def start_sample(self) -> Job | None:
        """Index the sample documents if no page of them is there yet; the job, or None when there is nothing to do."""
        if self._opened.has(SAMPLE) and self._opened.get(SAMPLE).info().pages:
            return None
        active = self._jobs.active(SAMPLE, "ingest")
        return active[0] if active else self.start([resources.sample_data() / "documents"], SAMPLE)

    def _run_ingest(
        self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: threading.Event
    ) -> IngestReport:
        made = CollectionSettings.of(request["settings"]) if request.get("settings") else None
        given = [Path(path) for path in request["paths"]]
        paths = [path for path in given if path.exists() or not path.is_relative_to(self._uploads)]
        if given and not paths:  # deleted meanwhile
            raise NotFoundError("The files of this upload are no longer there; drop them again.")
        fields = FileFields.from_json(request["fields"]) if "fields" in request else None
        replacing, without = request.get("replacing", False), request.get("without", ())
        ended = self.ingest(paths, request["collection"], made, report, stop, (), fields, replacing, "", without)
        if not ended.stopped:
            drop_uploads(self._home, paths)
            if self._opened.has(request["collection"]):
                self.start_words(request["collection"])
        return ended

    def _run_words(
        self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: threading.Event
    ) -> IngestReport:
        return self.read_words(request["collection"], report, stop)

    def _run_read_again(
        self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: threading.Event
    ) -> IngestReport:
        way = Way(**{**request["way"], "languages": tuple(request["way"]["languages"])})
        return self.read_again(request["collection"], request["document"], way, request["pages"], report, stop)

    def _run_embed(
        self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: threading.Event
    ) -> IngestReport:
        return self.embed(request["collection"], request["encoder"], report, stop)

    def _run_index(
        self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: threading.Event
    ) -> IngestReport:
        meter = Meter(report, stop, [])
        meter.total, reached = self._opened.get(request["collection"]).page_count(), meter.counted("index")
        made = self._library.add_index(request["collection"], request["index"], request["encoder"], reached, stop)
        there = str(Representation.parse(request["index"])) in {index.name for index in made.indexes}
        return IngestReport(request["collection"], (), round(time.monotonic() - meter.started, 3), stopped=not there)

    @property
    def _uploads(self) -> Path:
        return self._home / UPLOADS

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


def _pages_of(store: Collection, document: str, pages: Sequence[int]) -> list[str]:
    """Ids of pages of a document, of all without ``pages``; `NotFoundError` for one that is not there."""
    if pages:
        return [store.page_id(PageRef(document, page)) for page in dict.fromkeys(pages)]
    (name, *_) = {record.name for record in store.records.named(document)}
    directory = store.directory()
    rows = directory.of_document(name)
    return [*directory.ids[rows.start : rows.stop]]


def _shown(value: Any) -> str:
    """A setting in words."""
    return str(value) if not isinstance(value, tuple) else "+".join(value) or "auto"


def _nothing_at(place: str) -> DocumentOutcome:
    """What is said of a place in an object store that has nothing to read."""
    return DocumentOutcome(place, 0, 0, 0, reason=f"There is no {READABLE} file at {place}; check the place.")


def _gone(store: Collection, paths: Sequence[Path]) -> list[str]:
    """What is said of documents whose files are gone from folders that were given; only `Watching` deletes any."""
    folders = [folder for path in paths if os.path.isdir(folder := os.path.realpath(path.expanduser()))]
    names = [
        record.name
        for record in store.records.listed()
        if all(
            any(Path(source).is_relative_to(folder) for folder in folders) and not os.path.lexists(source)
            for source in record.sources
        )
    ]
    if not names:
        return []
    some = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED:,} more" if len(names) > NAMED else "")
    what = "The file of 1 document is" if len(names) == 1 else f"The files of {len(names):,} documents are"
    cure = f"pagelens collections delete {store.name} --document NAME"
    return [f"{what} gone from what was given, and nothing was deleted here: {some}. To delete one, run: {cure}"]


def _unread(pages: int, collection: str) -> str:
    """What is said of pages whose pictures are still to be read."""
    which = "1 page is found by its vectors already; the words in its picture"
    if pages > 1:
        which = f"{pages:,} pages are found by their vectors already; the words in their pictures"
    return f"{which} are still to be read: pagelens collections words {collection}"


def _joined(collection: str, reports: Sequence[IngestReport]) -> IngestReport:
    """Several reports on one collection as one."""
    return IngestReport(
        collection,
        tuple(document for report in reports for document in report.documents),
        round(sum(report.seconds for report in reports), 3),
        any(report.stopped for report in reports),
        tuple(note for report in reports for note in report.notes),
        reports[-1].stages,
        reports[-1].unread,
    )
