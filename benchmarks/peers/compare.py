"""Pagelens and other systems side by side: the same pages, the same query vectors, the same questions, one machine.

Every system is built, asked every question once without being counted, then timed over all questions so many times,
and dropped before the next one is built. Times are of searching alone: all queries were encoded before.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.corpus import Corpus, EncodedQuery, read_corpus, text_index_bytes
from benchmarks.peers.base import PeerSpec
from workbench.bench.latency import encoder_of, index_bytes, without_encoding
from workbench.bench.machine import Machine, measure_machine
from workbench.bench.times import Times
from workbench.evaluation import Dataset, Question, per_query
from workbench.retrieval import Pipeline
from workbench.service import Workbench
from workbench.timing import Stopwatch

MEASURES = ("nDCG@5", "R@10")
K = 10

_HERE = "benchmarks.peers"
PEERS: Mapping[str, PeerSpec] = {
    spec.name: spec
    for spec in (
        PeerSpec(
            "colpali-engine",
            "score_multi_vector over every page, float32 in memory",
            "colpali-engine",
            f"{_HERE}.brute:ColpaliEngine",
            exact=True,
        ),
        PeerSpec("lancedb", "multivector scan of a float32 table", "lancedb", f"{_HERE}.lance:Lance", exact=True),
        PeerSpec("lancedb-ivfpq", "multivector search with an IVF_PQ index", "lancedb", f"{_HERE}.lance:indexed"),
        PeerSpec("qdrant", "one stage, local mode", "qdrant-client", f"{_HERE}.qdrant:one_stage", exact=True),
        PeerSpec(
            "qdrant-two-stage",
            "Visual RAG Toolkit's form: rows prefetch 256, rerank; local mode",
            "qdrant-client",
            f"{_HERE}.qdrant:Qdrant",
        ),
        PeerSpec("faiss", "one mean vector a page, IndexFlatIP", "faiss-cpu", f"{_HERE}.single:Faiss"),
        PeerSpec("bm25s", "BM25 over the words, without vectors", "bm25s", f"{_HERE}.words:Bm25s"),
    )
}


@dataclass(frozen=True, slots=True)
class PeerRow:
    """One system. ``note`` says why there is nothing else; ``shared`` is the part of exact MaxSim's first 10 it finds.

    ``build_seconds`` is the time to take in the pages with their vectors made; None for Pagelens, which had them.
    """

    name: str
    what: str
    version: str = ""
    note: str = ""
    measures: Mapping[str, float] | None = None
    search: Times | None = None
    bytes: int = 0
    shared: float = 0.0
    build_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class PeerReport:
    """All systems over one dataset."""

    dataset: str
    collection: str
    encoder: str
    pages: int
    vectors: int
    questions: int
    repeats: int
    rows: tuple[PeerRow, ...]
    machine: Machine


def compare(
    workbench: Workbench,
    collection: str,
    dataset: Dataset,
    pipelines: Sequence[str],
    peers: Sequence[str],
    repeats: int = 3,
    progress: Callable[[str], None] = lambda what: None,
) -> PeerReport:
    """Ask every system every question of the dataset over the whole collection.

    A peer that is not installed, or that fails, has a row that says so. `NotFoundError` for a missing collection.
    """
    info = workbench.library.info(collection)
    encoder = encoder_of(workbench, info)
    questions = self_contained(dataset)
    asked = {query.id: EncodedQuery(query.text, encoder.encode_query(query.text)) for query in questions}
    qrels = {query.id: dataset.qrels[query.id] for query in questions}
    corpus = read_corpus(workbench, collection)
    exact, _, _ = _ours(workbench, collection, questions, "exact", 1)
    rows = []
    for name in pipelines:
        progress(f"Asking Pagelens: {name}")
        run, times, ran = _ours(workbench, collection, questions, name, repeats)
        pipeline = Pipeline.parse(ran)
        stored = index_bytes(info, pipeline)
        if any(not leaf.stage.vectors for leaf in pipeline.leaves()):
            stored += text_index_bytes(workbench, collection)
        rows.append(_row(f"pagelens {name}", str(pipeline), run, times, stored, exact, qrels))
    for name in peers:
        progress(f"Building and asking {name}")
        rows.append(_peer(PEERS[name], corpus, asked, exact, qrels, repeats))
    return PeerReport(
        dataset.name,
        collection,
        info.encoder,
        len(corpus),
        len(corpus.full.flat),
        len(questions),
        repeats,
        tuple(rows),
        measure_machine(),
    )


def self_contained(dataset: Dataset) -> list[Question]:
    """The questions that make sense over all pages, where the dataset says which."""
    tagged = any("self_contained" in query.tags for query in dataset.queries)
    return [query for query in dataset.queries if not tagged or query.tags.get("self_contained") == ("true",)]


def shared_with(exact: Mapping[str, Sequence[str]], run: Mapping[str, Sequence[str]]) -> float:
    """Mean share of the exact answer's pages that the other answer has too."""
    return float(np.mean([len({*exact[q]} & {*run[q]}) / max(len(exact[q]), 1) for q in exact])) if exact else 0.0


def _ours(
    workbench: Workbench, collection: str, questions: Sequence[Question], pipeline: str, repeats: int
) -> tuple[dict[str, list[str]], Times, str]:
    """What was found, how long it took, and the text of the pipeline that ran."""
    ran = pipeline
    run: dict[str, list[str]] = {}
    ms: list[float] = []
    for round_number in range(repeats + 1):
        for query in questions:
            result = workbench.searches.search(query.text, collection, pipeline, K)
            ran = result.pipeline
            run[query.id] = [str(hit.ref) for hit in result.hits]
            if round_number:
                ms.append(without_encoding(result.trace.stages))
    return run, Times.of(ms), ran


def _peer(
    spec: PeerSpec,
    corpus: Corpus,
    asked: Mapping[str, EncodedQuery],
    exact: Mapping[str, Sequence[str]],
    qrels: Mapping[str, Mapping[str, int]],
    repeats: int,
) -> PeerRow:
    version = spec.installed()
    if not version:
        return PeerRow(spec.name, spec.what, note=f"not installed: pip install {spec.package}")
    with tempfile.TemporaryDirectory(prefix="pagelens-peer-", ignore_cleanup_errors=True) as folder:
        watch = Stopwatch()
        try:
            peer = spec.build(corpus, Path(folder))
            seconds = watch.lap() / 1000.0
            try:
                run = {query: list(peer.search(one, K)) for query, one in asked.items()}
                ms: list[float] = []
                for one in [one for _ in range(repeats) for one in asked.values()]:
                    watch.lap()
                    peer.search(one, K)
                    ms.append(watch.lap())
                return _row(spec.name, spec.what, run, Times.of(ms), peer.bytes, exact, qrels, version, seconds)
            finally:
                peer.close()
        except Exception as error:  # whatever another library raises must not cost the other rows
            return PeerRow(spec.name, spec.what, version, f"failed: {type(error).__name__}: {str(error)[:200]}")


def _row(
    name: str,
    what: str,
    run: Mapping[str, Sequence[str]],
    times: Times,
    stored: int,
    exact: Mapping[str, Sequence[str]],
    qrels: Mapping[str, Mapping[str, int]],
    version: str = "",
    seconds: float | None = None,
) -> PeerRow:
    scores = per_query(qrels, run, MEASURES)
    means = {name: float(np.mean([row[name] for row in scores.values()])) for name in MEASURES}
    return PeerRow(name, what, version, "", means, times, stored, shared_with(exact, run), seconds)
