"""Every stage that a pipeline can name, as data: what it does, its options, what it costs and where it comes from.

The text form, the engine, ``pagelens pipelines`` and the tests all read this one table. Stages that compare vectors
come from the table of representations; the others are written here. What this module does not do: run anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from workbench.representations import COMMON, ENCODINGS, METHODS, SHORT, Option
from workbench.retrieval.fusion import RRF_K

ANY = 99
"""Most stages that a fusion takes."""


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """An option of a stage: what it does, its default, and the values it takes.

    Those are ``choices``, or with ``number`` a number from ``low`` to ``high`` (``whole``: without a fraction), or with
    ``numbers`` several of those joined by a slash. An option of an index is checked by its representation.
    """

    summary: str
    default: str
    choices: tuple[str, ...] = ()
    number: bool = False
    numbers: bool = False
    whole: bool = False
    low: float = 0
    high: float = 1_000_000

    def wrong(self, value: str) -> str:
        """Why a value does not fit, after "is "; empty where it does."""
        if self.choices:
            return "" if value in self.choices else f"one of {', '.join(self.choices)}"
        if not self.number and not self.numbers:
            return ""
        kind = "whole number" if self.whole else "number"
        joined = ", or such numbers joined by /" if self.numbers else ""
        parts = value.split("/") if self.numbers else [value]
        if not all(re.fullmatch(r"[0-9]+" if self.whole else r"[0-9]+(\.[0-9]+)?", part) for part in parts):
            return f"a {kind}{joined}"
        fits = all(self.low <= float(part) <= self.high for part in parts)
        return "" if fits else f"a {kind} from {self.low:g} to {self.high:,.10g}{joined}"


@dataclass(frozen=True, slots=True)
class StageSpec:
    """A stage: ``vectors`` is false where it compares none itself; it takes ``least`` to ``most`` stages in brackets.

    ``example`` are such stages; the last of them has to be a vector ``stage``, or to have one inside it (``some``), as
    ``ends_in`` says. ``cost`` says what it looks at, beyond the stages it takes, and ``source`` where it was published.
    """

    name: str
    summary: str
    options: Mapping[str, OptionSpec] = field(default_factory=dict)
    vectors: bool = True
    least: int = 0
    most: int = 0
    example: tuple[str, ...] = ("bm25", "rows")
    ends_in: Literal["", "stage", "some"] = ""
    cost: str = ""
    source: str = ""

    @property
    def fusion(self) -> bool:
        """Whether it takes stages."""
        return self.most > 0


SEARCHING: Mapping[str, OptionSpec] = {
    "query": OptionSpec("score every query token, or only their mean", "tokens", ("tokens", "mean")),
    "weights": OptionSpec(
        "weigh query tokens by how rare their words are in the collection (idf), or leave stop words out (stop)",
        "none",
        ("none", "idf", "stop"),
    ),
    "top": OptionSpec("compare only so many query tokens, the rarest; 0: all", "0", number=True, whole=True),
    "engine": OptionSpec("scan the memory-mapped copy, or let LanceDB scan its table", "flat", ("flat", "lance")),
    "prune": OptionSpec(
        "leave candidates out that a bound rules out (safe: the same list; of use where a page's vectors lie close "
        "together), or by the score of the stage before (relative, gap)",
        "none",
        ("none", "safe", "relative", "gap"),
    ),
    "alpha": OptionSpec("of prune=relative or gap: the larger, the fewer are left out", "0.05", number=True, high=100),
    "exit": OptionSpec(
        "stop after so many candidates in a row that did not make it among those kept; 0: never",
        "0",
        number=True,
        whole=True,
    ),
}
"""Options of a vector stage that say how its index is searched; all others say which index it is."""

_WEIGHTS = OptionSpec("one weight per list, as 1/2", "1", numbers=True)


def _count(summary: str, default: int, low: int = 1, high: int = 1_000_000) -> OptionSpec:
    return OptionSpec(summary, str(default), number=True, whole=True, low=low, high=high)


def _share(summary: str, default: float) -> OptionSpec:
    return OptionSpec(summary, f"{default:g}", number=True, high=100)


def _vector_stages() -> Iterator[StageSpec]:
    """A stage for every way to store pages, with its options and those of every encoding."""
    encodings = {key: option for encoding in ENCODINGS.values() for key, option in encoding.options.items()}
    for name, summary in {**{name: method.summary for name, method in METHODS.items()}, **SHORT}.items():
        own = METHODS[name].options if name in METHODS else {}
        options = {key: _spec(option) for key, option in {**encodings, **COMMON, **own}.items()}
        if clash := SEARCHING.keys() & options.keys():
            raise AssertionError(f"'{name}' has options of the same name as those of searching: {sorted(clash)}")
        source = METHODS[name].source if name in METHODS else ""
        yield StageSpec(
            name, summary, {**SEARCHING, **options}, cost="every vector of every page it gets", source=source
        )


def _spec(option: Option) -> OptionSpec:
    return OptionSpec(option.summary, str(option.default), option.choices)


STAGES: Mapping[str, StageSpec] = {
    spec.name: spec
    for spec in (
        *_vector_stages(),
        StageSpec(
            "bm25",
            "words of the page text",
            vectors=False,
            cost="the text index; no vector",
            source="Okapi BM25, Robertson and Zaragoza 2009",
        ),
        StageSpec(
            "rrf",
            "reciprocal rank fusion: the sum of 1 / (k + rank)",
            {"k": OptionSpec("the constant k", str(RRF_K), number=True), "weights": _WEIGHTS},
            vectors=False,
            least=2,
            most=ANY,
            cost="the stages it fuses",
            source="Cormack et al. 2009",
        ),
        StageSpec(
            "sum",
            "weighted sum of scores, normalised or, for global and MaxSim scores of one model, as they are",
            {"norm": OptionSpec("z-score, min-max, or none", "z", ("z", "minmax", "none")), "weights": _WEIGHTS},
            vectors=False,
            least=2,
            most=ANY,
            cost="the stages it fuses, over every page they get",
            source="ColBERTer, arXiv 2203.13088 (norm=none)",
        ),
        StageSpec(
            "prf",
            "feedback: a vector stage asked again by the query and the best pages that the first stage in it found",
            {
                "depth": _count("best pages that are taken for good ones", 3, 0, 100),
                "kind": OptionSpec(
                    "alpha query + beta mean of pages, or the plain mean of all", "rocchio", ("rocchio", "average")
                ),
                "alpha": _share("weight of the query", 0.9),
                "beta": _share("weight of the pages", 0.1),
                "among": OptionSpec("search all pages again, or only those found", "all", ("all", "found")),
            },
            vectors=False,
            least=1,
            most=2,
            example=("rrf(bm25, rows)", "rows"),
            ends_in="stage",
            cost="the second search, by at most 16 more vectors for each page taken; reads those pages whole",
            source="vector PRF, arXiv 2108.13454; Rocchio 1971; before or after fusion, arXiv 2205.00235",
        ),
        StageSpec(
            "refine",
            "the best pages of a stage scored again by how they resemble each other",
            {
                "depth": _count("pages that are refined; those after keep their order", 400, high=4_000),
                "neighbours": _count("nearest pages that each is averaged with", 9),
                "beta": _share("weight of a neighbour, times its similarity", 0.15),
                "expand": OptionSpec(
                    "what the query becomes: the mean or (as published, for vectors without negative numbers) the "
                    "greatest of the best pages, or nothing else",
                    "mean",
                    ("mean", "max", "none"),
                ),
                "mix": OptionSpec("share of the expanded query's score", "0.5", number=True, high=1),
            },
            vectors=False,
            least=1,
            most=1,
            example=("global",),
            ends_in="some",
            cost="one mean vector of each page refined, and all pairs of them",
            source="SuperGlobal, arXiv 2308.06954",
        ),
        StageSpec(
            "xtr",
            "token retrieval: each query token's best vectors of an index; similarities that none fetched are imputed",
            {
                "tokens": _count("vectors that each query token fetches", 1000),
                "probes": _count("cells of similar vectors that each query token looks in; 0: everywhere", 8, 0),
            },
            vectors=False,
            least=1,
            most=1,
            example=("full",),
            ends_in="stage",
            cost="the centres of the cells, and the vectors in the cells looked in, once for all tokens",
            source="XTR, arXiv 2304.01982; inverted file as PLAID, arXiv 2205.09707",
        ),
    )
}
ALIASES: Mapping[str, str] = {"exact": "full"}
