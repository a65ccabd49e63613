"""Where a search lost a page, why there, and the smallest change that finds it.

`diagnose` follows one page through a pipeline to the first step that did not hand it on and says what is behind it: how
the page was read, vectors that it lacks, the clause of the filter, the rank and the smallest K, an approximation, the
query words it loses by. It tries changes until a search really finds the page. What this module does not do: guess;
every change it names was searched. Nor does it name one that does not help: most pages of the collection as a result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workbench.analysis.explanation import pooled_view
from workbench.analysis.hindrance import SCRIPT, UNREAD, Hindrance, goes_by_words, hindrance
from workbench.errors import NotFoundError
from workbench.maxsim import similarities
from workbench.retrieval.engine import search_stages
from workbench.retrieval.filters import clauses, parse_filter
from workbench.retrieval.grammar import MAX_K
from workbench.retrieval.pipeline import Pipeline, is_worthwhile
from workbench.retrieval.queries import QueryModels
from workbench.retrieval.scanning import asks_ann
from workbench.retrieval.step import Step
from workbench.store import Collection
from workbench.store.legibility import WORDLESS
from workbench.store.manifest import FULL
from workbench.types import Fix, Float, Hit, MissReport, PageRef, Quarantined, Query, SearchResult, TokenGap

APPROXIMATING = frozenset({"engine", "probes", "prune", "alpha", "exit"})
"""Options that make a stage find its best pages faster, at the risk of missing some."""
TOKENS = 5
"""Query words that are named of those a page loses by."""
CAUSES: Mapping[str, str] = {
    "absent": "not in the collection",
    "failed": "not read",
    "quarantined": "in quarantine",
    "filtered": "left out by the filter",
    "unread": "not read yet",
    "wordless": "no words",
    "script": "a script that is not read",
    "misread": "read badly",
    "no-vectors": "no vectors",
    "approximate": "missed by approximation",
    "unmatched": "no word in common",
    "cut": "cut off",
    "outranked": "ranked low",
}
"""What is behind a miss, in a few words."""
_UNSEEN = frozenset({UNREAD, WORDLESS, SCRIPT})  # looking further down finds such a page by chance at best
_CHANGES = 12  # tried one after another, at most; a pipeline of a few stages needs one a stage


def diagnose(
    collection: Collection,
    query: Query,
    ref: PageRef,
    pipeline: Pipeline,
    models: QueryModels,
    filter: str = "",
) -> MissReport:
    """Follow one page through a search: found, or the first step that lost it, with the change that finds it.

    ``filter`` is the filter's text. A page that no search can find has no change, and ``unfixable`` says why.
    """
    try:
        page = collection.page(ref)
    except NotFoundError as error:
        failed = {failure.page: failure.reason for failure in collection.records.failed_pages(ref.document)}
        if ref.page not in failed:
            return _hopeless(ref, "absent", str(error), "No search finds a page that is not there.")
        reason = f"The page was not read: {failed[ref.page]}"
        return _hopeless(ref, "failed", reason, "No search finds a page that was not read; add its file again.")
    if entry := collection.quarantine().of(page.page_id):
        verdict = _hopeless(ref, "quarantined", _kept_out(entry), "No search finds a page in quarantine.")
        return replace(verdict, stage="quarantine")
    search = _Search(collection, query, models, page.page_id, str(ref), hindrance(page, collection))
    return _mended(search, pipeline, filter)


def _hopeless(ref: PageRef, verdict: str, reason: str, unfixable: str) -> MissReport:
    return MissReport(str(ref), verdict, reason=reason, unfixable=unfixable, cause=verdict)


def _kept_out(entry: Quarantined) -> str:
    what = "This page" if entry.page else f"All of '{entry.document}'"
    why = f": {entry.reason.rstrip('.')}." if entry.reason else "."
    return f"{what} is in quarantine since {entry.since[:10]}{why} Release it, and searches find it again."


@dataclass(frozen=True, slots=True)
class _Search:
    """Searches for one query that are watched for one page."""

    collection: Collection
    query: Query
    models: QueryModels
    page_id: str
    name: str
    hindrance: Hindrance | None

    def result(self, pipeline: Pipeline, filter: str) -> SearchResult:
        where = parse_filter(filter)
        *_, result = search_stages(self.collection, self.query, pipeline, self.models, where)
        return result

    def hit(self, pipeline: Pipeline, filter: str) -> Hit | None:
        return self.found_in(self.result(pipeline, filter))

    def found_in(self, result: SearchResult) -> Hit | None:
        return next((hit for hit in result.hits if hit.page_id == self.page_id), None)

    def passes(self, filter: str) -> bool:
        where = parse_filter(filter)
        return where is None or self.page_id in set(self.collection.page_ids(where))

    def follow(self, pipeline: Pipeline, filter: str) -> tuple[MissReport, int]:
        """What became of the page, without a change, and the place (from 0) of the step that lost it, else -1."""
        if not self.passes(filter):
            guilty = tuple(clause for clause in clauses(filter) if not self.passes(clause))
            which = " and ".join(f"'{clause}'" for clause in guilty)
            reason = f"The filter leaves this page out, by {which}."
            return MissReport(self.name, "filtered", "filter", reason=reason, clauses=guilty, cause="filtered"), -1
        before: Hit | None = None
        for depth in range(1, len(pipeline.steps) + 1):
            prefix = Pipeline(pipeline.steps[:depth])
            result = self.result(prefix.returning(prefix.k), filter)
            hit = self.found_in(result)
            if hit is None:
                return self._lost(prefix, filter, result, before, depth == len(pipeline.steps)), depth - 1
            before = hit
        step = pipeline.steps[-1]
        assert before is not None  # a pipeline has at least one step
        reason = f"Found at rank {before.rank} of {pipeline.k} by '{step.label}'{_unscored(before)}."
        return MissReport(self.name, "found", step.label, before.rank, pipeline.k, None, reason), -1

    def _lost(self, prefix: Pipeline, filter: str, kept: SearchResult, before: Hit | None, last: bool) -> MissReport:
        step, keep = prefix.steps[-1], prefix.k
        most = max(self.collection.page_count(), 1)
        plain = _plain(prefix, most)
        exact = None if plain == prefix else self.hit(plain.returning(most), filter)
        exact_rank = exact.rank if exact is not None and exact.scored else None
        hit = self.hit(prefix.returning(most), filter)
        if exact_rank is not None and exact_rank <= keep:
            rank = hit.rank if hit is not None and hit.scored else None
            how = ", ".join(f"{key}={value}" for key, value in step.options if key in APPROXIMATING)
            how = how or "its approximate index did not name it"
            reason = (
                f"Stage '{step.label}' missed the page by searching approximately ({how}): compared with every page it "
                f"is at rank {exact_rank}, within the {keep} that the stage keeps."
            )
            return self._report(step, rank, keep, None, reason, "approximate", exact_rank=exact_rank)
        if hit is None:
            reason = (
                f"Stage '{step.label}' never names this page, at any K: none of its words, nor of the kinds of figure "
                "that the stage counts as such, are in the query's."
            )
            return self._report(step, None, keep, None, reason, "unmatched", exact_rank=exact_rank)
        if not hit.scored:
            lacked = next((leaf.encoder for leaf in step.leaves() if leaf.stage.vectors), "")
            encoder = self.collection.space(lacked).encoder
            reason = f"The page has no vectors of '{encoder}', so that stage '{step.label}' cannot rank it."
            cure = f"Make them: pagelens collections embed {self.collection.name} --encoder {encoder}"
            return self._report(step, hit.rank, keep, None, reason, "no-vectors", exact_rank=exact_rank, cure=cure)
        needs = self._smallest(prefix, filter, hit.rank, most)
        gaps, against = ((), "") if self._misses(step) else self._gaps(step, kept)
        helps = is_worthwhile(needs, most, last)
        parts = [
            f"Stage '{step.label}' ranks the page {hit.rank}{'' if helps else f' of {most}'}, below the {keep} it keeps"
            + (f"; K = {needs} would have kept it." if helps else "."),
            f"The stage before had it at rank {before.rank}." if before is not None and before.rank < hit.rank else "",
            _inputs(step, hit),
            _words(gaps, against),
        ]
        reason, cause = " ".join(part for part in parts if part), "cut" if helps else "outranked"
        return self._report(
            step, hit.rank, keep, needs, reason, cause, exact_rank=exact_rank, tokens=gaps, against=against
        )

    def _report(
        self, step: Step, rank: int | None, keep: int, needs: int | None, reason: str, cause: str, **more: Any
    ) -> MissReport:
        """That a step lost the page; what is wrong with the page's words comes first, where the step goes by words."""
        report = MissReport(self.name, "lost", step.label, rank, keep, needs, reason, cause=cause, **more)
        found = self._misses(step)
        if found is None:
            return report
        return replace(report, reason=f"{found.sentence} {reason}", cause=found.cause, cure=found.cure)

    def _misses(self, step: Step) -> Hindrance | None:
        """What is wrong with the page's words, where a step goes by them."""
        return self.hindrance if goes_by_words(step, self.collection) else None

    def _smallest(self, prefix: Pipeline, filter: str, rank: int, most: int) -> int:
        """The least that the last step has to keep. Where depth changes the order, it is searched for."""
        low, high = prefix.k + 1, most
        if self.hit(prefix.returning(rank), filter) is not None:
            high = rank
        while prefix.steps[-1].depends_on_depth and low < high:
            middle = (low + high) // 2
            if self.hit(prefix.returning(middle), filter) is not None:
                high = middle
            else:
                low = middle + 1
        return high

    def _gaps(self, step: Step, kept: SearchResult) -> tuple[tuple[TokenGap, ...], str]:
        """The query words by which the page loses against the last that the stage kept, and which page that is."""
        if not step.stage.vectors or step.option("query") != "tokens" or step.weighs or not kept.hits:
            return (), ""
        rival = kept.hits[-1]
        if not rival.scored:
            return (), ""
        embedding = self.models.encode(self.collection.space(step.encoder).encoder, self.query).embedding
        try:
            mine, theirs = (self._by_token(step, page) for page in (self.page_id, rival.page_id))
        except NotFoundError:
            return (), ""
        order = np.argsort(mine - theirs, kind="stable")[:TOKENS]
        gaps = tuple(
            TokenGap(int(i), embedding.labels[i], float(mine[i]), float(theirs[i]), float(mine[i] - theirs[i]))
            for i in order
            if mine[i] < theirs[i]
        )
        return gaps, str(rival.ref)

    def _by_token(self, step: Step, page_id: str) -> Float:
        """What each query token adds to the page's score in a stage of vectors, ``(m,)``."""
        space = self.collection.space(step.encoder)
        query = self.models.encode(space.encoder, self.query).embedding
        embedding = space.page_embedding(page_id)
        if step.index == FULL:
            matrix = similarities(query.vectors, embedding.vectors)
        else:
            matrix = pooled_view(step.index, space.fitted(step.index), query, embedding).similarities
        return np.asarray(query.weights * matrix.max(axis=1), np.float32)


def _mended(search: _Search, pipeline: Pipeline, filter: str) -> MissReport:
    """The verdict with the change that finds the page: what it names is undone, and what then loses it, to the end."""
    first, at = search.follow(pipeline, filter)
    verdict, changes = first, list[str]()
    for _ in range(_CHANGES):
        if verdict.verdict == "found":
            fix = Fix(str(pipeline.returning(pipeline.k)), filter, pipeline.k, tuple(changes))
            return replace(first, fix=fix) if changes else first
        if verdict.verdict == "filtered":
            filter = " and ".join(clause for clause in clauses(filter) if clause not in verdict.clauses)
            changes.append(f"leave out of the filter {' and '.join(verdict.clauses)}")
        else:
            changed = _changed(pipeline, at, verdict, max(search.collection.page_count(), 1))
            if changed is None:
                break
            pipeline, said = changed
            changes.append(said)
        verdict, at = search.follow(pipeline, filter)
    if verdict is first or first.cure:
        return replace(first, unfixable=first.cure or "No change of the pipeline would help.")
    return replace(first, unfixable=f"No change of the pipeline helps: {verdict.reason}")


def _changed(pipeline: Pipeline, at: int, verdict: MissReport, pages: int) -> tuple[Pipeline, str] | None:
    """The pipeline with the step mended that lost the page, and the change in words; None where none is left to try."""
    step, last = pipeline.steps[at], at == len(pipeline.steps) - 1
    keep = verdict.keep or 1
    deeper = verdict.needs is not None and is_worthwhile(verdict.needs, pages, last) and verdict.cause not in _UNSEEN
    if verdict.exact_rank is not None and (verdict.exact_rank <= keep or verdict.needs is None):
        needed = max(keep, verdict.exact_rank)
        if not is_worthwhile(needed, pages, last):
            return None
        said = f"search stage '{step.label}' without approximation"
        said += f" and keep {needed:,} pages" if needed > keep else ""
        return _with(pipeline, at, replace(_plain_step(step, pages), k=needed)), said
    if deeper and verdict.needs is not None:
        if verdict.needs > MAX_K:
            return None
        what = "return" if last else f"keep in stage '{step.label}'"
        return _with(pipeline, at, replace(step, k=verdict.needs)), f"{what} {verdict.needs:,} pages"
    if not last:
        rest = (*pipeline.steps[:at], *pipeline.steps[at + 1 :])
        if at == 0:  # what goes by the order of a stage before it has none now
            rest = (_plain_step(rest[0], pages), *rest[1:])
        return Pipeline(rest), f"leave stage '{step.label}' out"
    if any(leaf.stage.vectors for leaf in step.leaves()):
        return None
    return _with(pipeline, at, Step(FULL, keep)), f"search by vectors ('{FULL}') instead of '{step.label}'"


def _with(pipeline: Pipeline, at: int, step: Step) -> Pipeline:
    return Pipeline((*pipeline.steps[:at], step, *pipeline.steps[at + 1 :]))


def _plain(pipeline: Pipeline, pages: int) -> Pipeline:
    """The pipeline with its last step searched in full."""
    return _with(pipeline, len(pipeline.steps) - 1, _plain_step(pipeline.steps[-1], pages))


def _plain_step(step: Step, pages: int) -> Step:
    kept = tuple((key, value) for key, value in step.options if key not in APPROXIMATING)
    plain = replace(step, options=kept, inputs=tuple(_plain_step(leg, pages) for leg in step.inputs))
    return replace(plain, options=(*kept, ("engine", "flat"))) if asks_ann(plain, pages) else plain


def _inputs(step: Step, hit: Hit) -> str:
    """Where the stages that a fusion takes have the page."""
    names = {leg.label for leg in step.inputs}
    said = [f"'{stage.name}' has it at rank {stage.rank}" for stage in hit.stages if stage.name in names]
    return f"Of the stages it fuses, {', '.join(said)}." if said else ""


def _words(gaps: Sequence[TokenGap], against: str) -> str:
    if not gaps:
        return ""
    most = ", ".join(f"'{gap.label}' ({gap.difference:+.3f})" for gap in gaps[:3])
    return f"Against the last page it keeps, {against}, it loses most by {most}."


def _unscored(hit: Hit) -> str:
    return "" if hit.scored else ", after all it can score, for it has no vectors of the page"
