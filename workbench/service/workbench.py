"""The workbench: what Pagelens does, in parts that can be named, over one home folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.documents import Limits, readers
from workbench.evaluation.judgements import Judgements
from workbench.evaluation.query_log import QueryLog
from workbench.ingestion import Jobs, SentFiles
from workbench.latency import LatencyHistory
from workbench.metrics import Metrics
from workbench.query import PictureStore, SemanticCache
from workbench.rates import Rates
from workbench.service.across import SearchesAcross
from workbench.service.archives import Archives
from workbench.service.asked import AskedQueries
from workbench.service.collections import Collections
from workbench.service.comparing import PipelineComparisons
from workbench.service.datasets import Datasets
from workbench.service.deletions import Deletions
from workbench.service.evaluations import Evaluations
from workbench.service.explanations import Explanations
from workbench.service.exports import Exports
from workbench.service.facets import Facets
from workbench.service.ingestion import Ingestion
from workbench.service.judgements import PageJudgements
from workbench.service.keeper import Keeper
from workbench.service.maintenance import Maintenance
from workbench.service.models import Models
from workbench.service.open_collections import OpenCollections
from workbench.service.renaming import Renaming
from workbench.service.saved_searches import SavedSearches
from workbench.service.saved_views import SavedViews
from workbench.service.searches import Searches
from workbench.service.system import System
from workbench.service.watched_folders import WatchedFolders
from workbench.service.watching import Watching
from workbench.settings import CollectionSettings, Settings
from workbench.types import Explanation, IngestReport, PageRef, Query, SearchResult


class Workbench:
    """Everything Pagelens does, over one home folder. Safe to call from several threads.

    A program that fills a collection and asks it questions needs no more than the methods; all else is done by the
    part that it is about, each with its own docstring.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings = settings or Settings()
        home = settings.home
        self._readers = readers(Limits.of(settings))
        self._processors = readers(Limits.of_processors(settings))
        rates, latency, metrics = Rates(home), LatencyHistory(home), Metrics()
        graded, log = Judgements(home / "judgements"), QueryLog(home / "asked")
        answers = SemanticCache(settings.semantic_cache) if settings.semantic_cache else None

        self.opened = opened = OpenCollections(settings)
        self.jobs = jobs = Jobs(home / "jobs")
        self.pictures = pictures = PictureStore(home / "state" / "pictures", pool=self._readers)
        self.models = models = Models(settings, jobs, rates, pictures)

        self.library = Collections(settings, opened, models)
        self.ingestion = Ingestion(settings, opened, self.library, models, jobs, rates, self._readers, self._processors)
        self.searches = Searches(settings, opened, models, pictures, answers, latency, metrics)
        self.across = SearchesAcross(opened, self.searches)
        self.facets = Facets(opened)
        self.saved_searches = SavedSearches(home, opened)
        self.saved_views = SavedViews(home, opened)
        self.explanations = Explanations(opened, models, pictures, self.searches)
        self.exports = Exports(opened, self.searches, self.across, self.explanations)
        self.judgements = PageJudgements(opened, graded)
        self.asked = AskedQueries(opened, log, graded)
        self.datasets = Datasets(settings, self.library, self.ingestion, graded)
        self.comparisons = PipelineComparisons(self.searches, self.across, self.library, self.datasets)
        self.evaluations = Evaluations(
            home, opened, self.library, self.searches, self.explanations, self.datasets, jobs
        )
        self.maintenance = Maintenance(home, opened, models, jobs)
        self.archives = Archives(home, opened, self.library, jobs)
        folders = WatchedFolders(home)
        keepers: list[Keeper] = [SentFiles(home, jobs), folders, jobs, pictures, graded, log, latency, self.datasets]
        keepers += [self.saved_searches, self.saved_views, self.maintenance, self.archives]
        keepers += [answers] if answers else []
        self.deletions = Deletions(opened, jobs, keepers)
        self.watching = Watching(home, opened, self.library, self.ingestion, self.deletions, folders, jobs)
        self.renaming = Renaming(opened, jobs, keepers)
        self.system = System(settings, opened, jobs, latency, metrics)

    def ingest(
        self, paths: Sequence[Path], collection: str, settings: CollectionSettings | None = None
    ) -> IngestReport:
        """Index files and folders, and blocks until done; see `Ingestion.ingest`."""
        return self.ingestion.ingest(paths, collection, settings)

    def search(
        self, query: str | Query, collection: str, pipeline: str = "two-stage", k: int | None = None, filter: str = ""
    ) -> SearchResult:
        """Search to the end; see `Searches.search`."""
        return self.searches.search(query, collection, pipeline, k, filter)

    def explain(
        self, query: str | Query, ref: PageRef, collection: str, encoder: str = "", pipeline: str = ""
    ) -> Explanation:
        """Why a page scores what it scores; see `Explanations.explain`."""
        return self.explanations.explain(query, ref, collection, encoder, pipeline)

    def close(self, patience: float = 0) -> None:
        """End the processes that read files. They end with this process too; a later call starts new ones.

        With ``patience``, jobs stop after the batch they are at, for which so many seconds are waited.
        """
        self.watching.close()
        if patience:
            self.jobs.stop_all(patience)
        self._readers.close()
        self._processors.close()
