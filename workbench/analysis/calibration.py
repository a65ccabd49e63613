"""When a verdict "probably no relevant page" may be given: fitted on searches, kept beside the collection.

Every question is searched twice: as it is, and with its answer taken out, which leaves a search with nothing to find.
With labels the answer is every document that has a relevant page, and only searches whose best page is relevant count
as answered; without, the document of the best page is taken for it. Those taken-out searches are near misses, so the
verdict errs towards "nothing". What this module does not do: judge a search (`retrieval.verdict`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from workbench.analysis.audit import probe_texts
from workbench.errors import DatasetError, InputError
from workbench.evaluation.datasets import read_labels, read_queries
from workbench.evaluation.oddities import Oddities
from workbench.evaluation.rows import lines
from workbench.retrieval.pipeline import Pipeline
from workbench.retrieval.verdict import MIN_SEARCHES, Calibration, Signals
from workbench.store import Collection
from workbench.types import SearchResult, Verdict

RECORD = "verdicts"
DRAWN = 100
"""Lines of its own pages that stand in for questions where none are given."""


@dataclass(frozen=True, slots=True)
class CalibrationQuestion:
    """A question, and where known the relevant pages, as ``report.pdf#page=12``."""

    text: str
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchedQuestion:
    """A question with what it found, and what it found `without_answer` (None: nothing was found in the first place).

    ``weight`` is what the tokens of the query weigh together.
    """

    question: CalibrationQuestion
    found: SearchResult
    rest: SearchResult | None
    weight: float


def questions_of(path: Path) -> list[CalibrationQuestion]:
    """Questions in a file: a line each, or JSON lines with ``text`` as a dataset's ``queries.jsonl`` has them.

    Relevant pages come from ``qrels.tsv`` beside it, where it has the ``query_id``; an odd row of either is left out.
    `InputError` when no question is left.
    """
    odd = Oddities()
    try:
        if path.suffix != ".jsonl":
            return [CalibrationQuestion(line.strip()) for _, line in lines(path, odd)]
        queries = read_queries(path, odd)
        labels = path.with_name("qrels.tsv")
        known = {query.id for query in queries}
        grades = read_labels(labels, known, odd) if labels.is_file() else {}
    except DatasetError as error:
        raise InputError(f"No questions can be read from '{path}': {error}") from None
    if not queries:
        raise InputError(f"No questions can be read from '{path}'{odd.summary()}. Write one a line.")
    relevant = {query: tuple(page for page, grade in pages.items() if grade > 0) for query, pages in grades.items()}
    return [CalibrationQuestion(query.text, relevant.get(query.id, ())) for query in queries]


def calibrate(
    store: Collection, pipeline: Pipeline, searched: Iterable[SearchedQuestion], kind: str = "questions"
) -> Calibration:
    """Fit and keep the calibration of a pipeline over a collection; `InputError` says what there is too little of.

    ``kind`` is what the questions are called. None is asked for where the pipeline is refused.
    """
    refused(pipeline)
    answered: list[Signals] = []
    unanswered: list[Signals] = []
    asked = labelled = 0
    for one in searched:
        asked, labelled = asked + 1, labelled + bool(one.question.pages)
        if one.rest is not None:
            if not one.question.pages or str(one.found.hits[0].ref) in one.question.pages:
                answered += _signals(one.found, one.weight)
            unanswered += _signals(one.rest, one.weight)
    how = f"{labelled} of them labelled" if 0 < labelled < asked else "labelled" if labelled else "unlabelled"
    basis = f"Calibrated on {date.today()} with {asked} {kind} ({how}) over {store.page_count():,} pages"
    if min(len(answered), len(unanswered)) < MIN_SEARCHES:
        raise InputError(
            f"A verdict needs {MIN_SEARCHES} searches with an answer and {MIN_SEARCHES} "
            f"with nothing to find; these questions gave "
            f"{len(answered)} and {len(unanswered)}. Give more questions, or more documents to search."
        )
    found = Calibration.fit(answered, unanswered, basis)
    if found is None:
        raise InputError(
            "Searches with an answer and searches with nothing to find score too much alike here, so that a verdict "
            "would be a guess; none was kept. Try the pipeline 'exact', or questions with labels."
        )
    _keep(store, _key(store, pipeline), found)
    return found


def refused(pipeline: Pipeline) -> None:
    """`InputError` for a pipeline whose scores cannot be held against those of another query."""
    last = pipeline.steps[-1]
    if not last.exact or last.option("engine") == "lance":
        raise InputError(
            f"A verdict goes by exact scores, and '{last}' gives none that can be compared between queries; end the "
            "pipeline in full, as in rows:256 > full:10."
        )


def judged(store: Collection, pipeline: Pipeline, result: SearchResult, query_weight: float) -> Verdict | None:
    """The verdict on a finished search over the whole collection; None where nothing was calibrated for it."""
    record = _record(store, pipeline)
    signals = _signals(result, query_weight)
    return _of(record).judge(signals[0]) if record is not None and signals else None


def can_judge(store: Collection, pipeline: Pipeline) -> bool:
    """Whether a pipeline was calibrated over this collection as it is; quick to tell where nothing was."""
    return _record(store, pipeline) is not None


def _record(store: Collection, pipeline: Pipeline) -> Mapping[str, Any] | None:
    held = store.catalog.record(RECORD)
    record = held.get(_key(store, pipeline)) if held and pipeline.steps[-1].exact else None
    return record if isinstance(record, dict) else None


def drawn(store: Collection, count: int = DRAWN) -> list[CalibrationQuestion]:
    """Text lines of a collection's own pages, evenly from its documents' pages; none where pages have no words."""
    refs = list(store.refs(store.page_ids(None)).values())
    chosen = [refs[i * len(refs) // count] for i in range(count)] if len(refs) > count else refs
    return [
        CalibrationQuestion(text) for text in probe_texts([store.page(ref).words for ref in chosen], 2 * count)[:count]
    ]


def without_answer(question: CalibrationQuestion, found: SearchResult) -> str:
    """The filter, as text, that leaves out the documents with a relevant page, or that of the best page found."""
    answers = {page.partition("#")[0] for page in question.pages} or {found.hits[0].ref.document}
    quoted = [document.replace("'", "''") for document in sorted(answers)]
    return " and ".join(f"document != '{name}'" for name in quoted)


def _signals(result: SearchResult, weight: float) -> list[Signals]:
    """The signals of a search; none where nothing was scored."""
    signals = Signals.of([hit.score for hit in result.hits if hit.scored], weight)
    return [] if signals is None else [signals]


def _key(store: Collection, pipeline: Pipeline) -> str:
    """What a calibration holds for: the stages, the encoders with their weights, and the pages; not the results' K."""
    made = hashlib.sha256()
    made.update(str(pipeline.returning(1)).encode())
    for space in store.spaces():
        info = space.info
        made.update(f"\n{info.id} {info.revision} {info.weights_hash} {info.policy} {info.page_policy}".encode())
    made.update("\n".join(store.page_ids(None)).encode())
    return made.hexdigest()


def _keep(store: Collection, key: str, found: Calibration) -> None:
    store.catalog.write_record(RECORD, {**store.catalog.record(RECORD), key: asdict(found)})


def _of(record: Mapping[str, Any]) -> Calibration:
    return Calibration(**{**record, "answered": tuple(record["answered"]), "unanswered": tuple(record["unanswered"])})
