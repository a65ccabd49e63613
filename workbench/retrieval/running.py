"""The steps of one search: each scores every page or the candidates it was given, and records what that took.

Stages that compare vectors are `scanning`'s; here are those that take other stages, and what all of them share: the
query, the pages that the filter leaves, what each stage said of each page, and the work done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from workbench.representations.base import unit
from workbench.retrieval import feedback, fusion, lexical, tokens
from workbench.retrieval.grammar import DEFAULT_PREFETCH
from workbench.retrieval.ordering import Scored, best
from workbench.retrieval.scanning import Scan, Work, mean_of
from workbench.retrieval.step import Step
from workbench.retrieval.xtr import token_retrieval
from workbench.timing import Stopwatch
from workbench.types import Candidates, Float, Query, QueryEmbedding, ScoreKind, StageScore

if TYPE_CHECKING:
    from workbench.store import Collection, Space

FULL = "full"
GLOBAL = "global"


@dataclass(slots=True)
class Search:
    """The state of one search. ``tables`` holds what each stage said, by its name and page; ``work`` since the last
    step began."""

    collection: Collection
    query: Query
    spaces: Mapping[str, Space]
    embeddings: Mapping[str, QueryEmbedding]
    where: str | None
    allowed: Sequence[str] | None
    tables: dict[str, dict[str, StageScore]] = field(default_factory=dict)
    work: Work = field(default_factory=Work)

    def run(self, step: Step, given: Candidates | None) -> Candidates:
        """Score, record and cut: the candidates this step hands on."""
        keep = step.keep or DEFAULT_PREFETCH
        if not step.legs:
            kind = ScoreKind.EXACT if step.exact else ScoreKind.APPROXIMATE
            return self._record(step.label, self._best(self._leaf(step, given, keep), keep, kind))
        stages = {"rrf": self._rrf, "sum": self._sum, "prf": self._prf, "refine": self._refine, "xtr": self._xtr}
        return self._record(step.name, self._best(stages[step.name](step, given, keep), keep, ScoreKind.APPROXIMATE))

    # -- stages that score pages themselves ---------------------------------------------------------------------------

    def _leaf(self, step: Step, given: Candidates | None, keep: int, query: QueryEmbedding | None = None) -> Scored:
        """A stage without others; ``query`` in place of what its encoder made of the query."""
        if not step.spec.vectors:
            return self._bm25(given.ids if given is not None else None, keep)
        query = self.prepared(step) if query is None else query
        scan = Scan(self.spaces[step.encoder], step, query, self.work)
        if step.option("engine") == "lance" and given is None and (query.weights >= 0).all():
            pairs = scan.lance(keep, self.where)
            return Scored.of(pairs, self._rest([page for page, _ in pairs]) if len(pairs) < keep else ())
        if given is None and self.allowed is not None:
            given = Candidates(tuple(self.allowed), np.zeros(0, np.float32), ScoreKind.APPROXIMATE)
        if given is not None:
            return scan.among(given, keep)
        found = scan.everything(keep)
        held = len(scan.index.page_ids)
        unscored = self._rest(scan.index.page_ids) if held < keep and held < self.collection.page_count() else ()
        return replace(found, unscored=unscored)

    def prepared(self, step: Step) -> QueryEmbedding:
        """The query with the weights that a vector stage gives its tokens; noted where they differ."""
        embedding = self.embeddings[step.encoder]
        found = weighted(step, embedding, self.query, self.collection)
        if tokens.changed(embedding.weights, found.weights):
            self.work.weights += tuple(zip(found.labels, found.weights.tolist(), strict=True))
        return found

    def _bm25(self, ids: Sequence[str] | None, keep: int) -> Scored:
        limit = keep if ids is None else max(self.collection.page_count(), 1)
        pairs = lexical.bm25(self.collection, self.query, limit, self.where)
        if ids is not None:
            wanted = set(ids)
            pairs = [(page, score) for page, score in pairs if page in wanted]
        self.work.scored += len(pairs)
        return Scored.of(pairs)

    # -- stages that fuse others --------------------------------------------------------------------------------------

    def _rrf(self, step: Step, given: Candidates | None, keep: int) -> Scored:
        """By rank over the legs; a page without vectors gets nothing from that leg."""
        legs = [self.run(replace(leg, keep=leg.keep or keep), given) for leg in step.legs]
        scored = [leg.ids[: len(leg) - leg.unscored] for leg in legs]
        totals = {page: 0.0 for leg in legs for page in leg.ids}
        totals |= fusion.rrf(scored, step.weights(), step.number("k"))
        return Scored(list(totals), np.fromiter(totals.values(), np.float32, len(totals)))

    def _sum(self, step: Step, given: Candidates | None, _keep: int) -> Scored:
        """By score over the legs.

        A page that a text leg does not name scores 0 in it; one that a leg has no vectors of counts as the worst of
        those it has.
        """
        ids = list(given.ids if given is not None else self._all())
        position = {page: i for i, page in enumerate(ids)}
        columns = []
        for leg in step.legs:
            ranked = self.run(replace(leg, keep=max(len(ids), 1)), given)
            column = np.zeros(len(ids), np.float32)
            for rank, (page, score) in enumerate(zip(ranked.ids, ranked.scores, strict=True), 1):
                if page in position:
                    column[position[page]] = score if rank <= len(ranked) - ranked.unscored else np.nan
            columns.append(column)
        norm = cast(fusion.Norm, step.option("norm"))
        return Scored(ids, fusion.weighted_sum(columns, step.weights(), norm))

    # -- stages that go by what another found -------------------------------------------------------------------------

    def _prf(self, step: Step, given: Candidates | None, keep: int) -> Scored:
        """The last stage asked again, by the query and the best pages of the first."""
        source, target = step.legs[0], step.legs[-1]
        depth = step.count("depth")
        found = self.run(replace(source, keep=max(source.keep or keep, depth)), given)
        space = self.spaces[target.encoder]
        held = space.vectors(FULL)
        good = [page for page in found.ids[: len(found) - found.unscored] if page in held.row_of][:depth]
        pages = [self._vectors(space, FULL, page) for page in good]
        alpha, beta = (
            feedback.averaged(len(pages)) if step.option("kind") == "average" else _numbers(step, "alpha", "beta")
        )
        single = space.info.kind == "page" or target.stored.method.name == GLOBAL
        query = feedback.moved(self.prepared(target), pages, alpha, beta, single)
        return self._leaf(target, found if step.option("among") == "found" else given, keep, query)

    def _refine(self, step: Step, given: Candidates | None, keep: int) -> Scored:
        """The best pages of a stage by how they resemble each other; the others follow in their order."""
        (source,) = step.legs
        depth = step.count("depth")
        found = self.run(replace(source, keep=max(source.keep or keep, depth)), given)
        leaf = next((leaf for leaf in source.leaves() if leaf.spec.vectors), source)
        space = self.spaces[leaf.encoder]
        index = GLOBAL if GLOBAL in space.indexes else FULL
        held = space.vectors(index)
        top = [page for page in found.ids[: len(found) - found.unscored] if page in held.row_of][:depth]
        after = [page for page in found.ids if page not in set(top)]
        if not top:
            return Scored((), np.zeros(0, np.float32), after)
        means = unit(np.stack([self._vectors(space, index, page).mean(axis=0) for page in top]))
        query = self.prepared(leaf)
        expand = cast(Literal["none", "mean", "max"], step.option("expand"))
        beta, mix = _numbers(step, "beta", "mix")
        asked = mean_of(query.vectors, query.weights)[0]
        scores = feedback.refined(asked, means, step.count("neighbours"), beta, expand, mix)
        return Scored(top, scores, after)

    def _xtr(self, step: Step, given: Candidates | None, _keep: int) -> Scored:
        """Pages by the best vectors that each query vector fetches from an index, and what is imputed for the rest."""
        (target,) = step.legs
        query = self.prepared(target)
        asked = query.weights != 0
        space = self.spaces[target.encoder]
        held = space.vectors(target.index)
        cells, fresh = space.cells(target.index)
        numbers = cells.near(query.vectors[asked], step.count("probes"))
        wanted = given.ids if given is not None else self.allowed
        if wanted is not None:
            there = np.zeros(len(cells.page_ids), np.bool_)
            there[[held.row_of[page] for page in wanted if page in held.row_of]] = True
            numbers = numbers[there[cells.owners[numbers]]]
        kernel = Stopwatch()
        rows, owners = cells.rows[numbers], cells.owners[numbers]
        k = step.count("tokens")
        found = token_retrieval(query.vectors[asked], query.weights[asked], held.flat, rows, owners, k)
        self.work.kernel_ms += kernel.lap()
        self.work.compared(len(cells.centres), cells.centres)
        self.work.compared(len(rows), held.flat)
        self.work.scored += len(found.pages)
        self.work.cold |= fresh
        imputed = 1 - float(found.fetched.mean()) if found.fetched.size else 0.0
        self.work.notes += (
            f"xtr looked at {len(rows):,} of {len(cells.codes):,} vectors; {imputed:.0%} of the similarities behind "
            "these scores are imputed, so they are estimates.",
        )
        return Scored([cells.page_ids[page] for page in found.pages.tolist()], found.scores)

    # -- what they share ----------------------------------------------------------------------------------------------

    def _vectors(self, space: Space, index: str, page: str) -> Float:
        """A page's vectors in an index: ``(n, d) float32``."""
        held = space.vectors(index)
        row = held.row_of[page]
        start, length = int(held.starts[row]), int(held.lengths[row])
        self.work.compared(length, held.flat)
        return np.asarray(held.flat[start : start + length], np.float32)

    def _all(self) -> Sequence[str]:
        """Every page that the filter leaves."""
        return self.allowed if self.allowed is not None else self.collection.page_ids(None)

    def _rest(self, pages: Sequence[str]) -> Sequence[str]:
        """Every other page that the filter leaves, in order of page ref."""
        there = set(pages)
        return [page for page in self._all() if page not in there]

    def _record(self, name: str, found: Candidates) -> Candidates:
        unique, n = name, 2
        while unique in self.tables:
            unique, n = f"{name}#{n}", n + 1
        scored = len(found) - found.unscored
        self.tables[unique] = {
            page: StageScore(unique, rank, float(score), found.kind, rank <= scored)
            for rank, (page, score) in enumerate(zip(found.ids, found.scores, strict=True), 1)
        }
        return found

    def _best(self, found: Scored, keep: int, kind: ScoreKind) -> Candidates:
        if lost := len(found.scores) - int(np.isfinite(found.scores).sum()):
            self.work.notes += ("Stored vectors are damaged: " + ("1 page has" if lost == 1 else f"{lost:,} pages have") + " no score.",)
            found = found.finite()
        order = best(found.ids, found.scores, keep, self.collection.refs)
        after = tuple(found.unscored[: keep - len(order)])
        scores = np.concatenate([found.scores[order], np.zeros(len(after), np.float32)])
        return Candidates((*(found.ids[i] for i in order), *after), scores, kind, len(after))


def weighted(step: Step, embedding: QueryEmbedding, query: Query, collection: Collection) -> QueryEmbedding:
    """A query's embedding with the weights that a vector stage gives its tokens; see `tokens.prepared`."""
    text = " ".join(words for words, _ in query.spoken)
    return tokens.prepared(step, embedding, text, collection.frequencies, collection.page_count())


def _numbers(step: Step, first: str, second: str) -> tuple[float, float]:
    return step.number(first), step.number(second)
