"""A query's words against the words of pages: BM25 with signed weights.

BM25 is a sum over words, so wanted and unwanted texts add up like everything else in a query: a page's score is the sum
over the parts that have words of ``weight * BM25(words, page)``. This is Rocchio's formula in the words' own space,
where it was first given (J. J. Rocchio, "Relevance feedback in information retrieval", 1971). Only pages with a wanted
word are ranked; what the unwanted texts take off may leave such a page below zero, but never names a new one. A kind of
figure that a page shows is a word of it (`figures`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from workbench.retrieval.figures import named
from workbench.retrieval.options import share
from workbench.retrieval.ordering import Candidates, Scored, none
from workbench.retrieval.run import PipelineRun
from workbench.retrieval.step import Stage, Step, register
from workbench.types import Float, Query, StoredPage, WordScore

if TYPE_CHECKING:
    from workbench.store import CorpusPart, Snapshot


def run(run: PipelineRun, step: Step, candidates: Candidates | None, k: int) -> Scored:
    """Every page with a wanted word, of all pages or of the candidates."""
    if not run.query.text:
        return Scored(none(), np.zeros(0, np.float32))
    name = str(step.bare)
    scores = run.shared.get(name)
    if scores is None:
        scores = run.shared[name] = bm25(run.snapshot, run.query, step, run.among)
    if candidates is None and run.query.plain and (meant := _meant(run, step, scores)):
        run.cost.notes += (f"No page has any of these words; did you mean: {meant}",)
    rows = run.pages if candidates is None else candidates.rows
    rows = rows[~np.isnan(scores[rows])]
    run.cost.scored += len(rows)
    return Scored(rows, scores[rows])


def _meant(run: PipelineRun, step: Step, scores: Float) -> str:
    """A query none of whose words stands anywhere in the spelling of words that do, empty for any other; a kind of
    figure that it names and some page shows is spelled as it should be."""
    figures = named(run.snapshot, run.query.text, step.number("figures"), run.among)
    kinds = {word for figure in figures for word in figure.label.split()}
    met = _by_words(run.snapshot, run.query.text, step, run.among) > 0 if kinds else ~np.isnan(scores)
    return "" if met.any() else run.snapshot.suggestion(run.query.text, run.among, kinds)


def bm25(snapshot: Snapshot, query: Query, step: Step, among: CorpusPart | None = None) -> Float:
    """The score of every page by a step's options, by row: ``(rows,) float32``; NaN for one without a wanted word.

    Words and figures weigh ``among`` the pages of several collections where these are searched together.
    """
    document = step.number("document")
    total = np.zeros(len(snapshot), np.float64)
    ranked = np.zeros(len(snapshot), np.bool_)
    for words, weight in query.weighted_words:
        scores = _by_words(snapshot, words, step, among)
        for figure in named(snapshot, words, step.number("figures"), among):
            scores[figure.rows] += np.float32(figure.worth)
        total += weight * scores.astype(np.float64)
        if document:
            total += weight * document * (snapshot.titled(words) * (scores > 0))
        ranked |= (scores > 0) & (weight > 0)
    return np.where(ranked, total, np.nan).astype(np.float32)


def word_scores(snapshot: Snapshot, page: StoredPage, query: Query, step: Step) -> tuple[WordScore, ...]:
    """What the page's words add to its `bm25`, and the figures that it shows, the most first; they sum to it, but for
    what the words that its document is called by lift."""
    told: dict[str, WordScore] = {}
    for words, weight in query.weighted_words:
        found = snapshot.word_scores(page, words, *_counts(step))
        for figure in named(snapshot, words, step.number("figures")):
            if figure.kind in (page.shows or ()):
                found.append(WordScore(f"{figure.label} (shown)", figure.worth, ()))
        for word in found:
            known = told.get(word.label, WordScore(word.label, 0.0, ()))
            boxes = tuple(dict.fromkeys(known.boxes + word.boxes))
            told[word.label] = WordScore(word.label, known.score + weight * word.score, boxes)
    return tuple(sorted(told.values(), key=lambda word: -word.score))


def _by_words(snapshot: Snapshot, words: str, step: Step, among: CorpusPart | None) -> Float:
    return snapshot.bm25(words, *_counts(step), among)


def _counts(step: Step) -> tuple[float, float, float]:
    return step.number("pairs"), step.number("structure"), step.number("concepts")


register(
    Stage(
        run=run,
        name="bm25",
        summary="words of the page text",
        cost="the words of the query on every page; no vector",
        reads=True,
        source="Okapi BM25 and BM25F, Robertson and Zaragoza 2009; words in order, Metzler and Croft 2005",
        options={
            "pairs": share("weight of neighbouring words that stand in the same order; 0: none", 0.4),
            "structure": share("times that a word of a title, heading, caption or row label counts", 2.0),
            "concepts": share("weight of rows of statements that a financial term is made of", 1.0),
            "figures": share("weight of a kind of figure that is asked for, as a word of pages that show one", 1.0),
            "document": replace(
                share("weight of words that the document is called by, which lift all its pages", 0.0),
                experimental=True,
            ),
        },
    )
)
