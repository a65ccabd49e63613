"""Every way to store pages as a stage: MaxSim of the query against an index, over all pages or the candidates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workbench.errors import PipelineError
from workbench.representations import COMMON, ENCODINGS, METHODS, SHORT, Option
from workbench.retrieval.options import SEARCHING, OptionSpec
from workbench.retrieval.ordering import Candidates, Scored
from workbench.retrieval.run import PipelineRun
from workbench.retrieval.scanning import scan
from workbench.retrieval.step import Stage, Step, register


def run(run: PipelineRun, step: Step, candidates: Candidates | None, k: int) -> Scored:
    """See the module."""
    return scan(run, step, candidates, k, run.prepared(step))


def check(step: Step, start: int) -> None:
    """Refuse options that contradict each other, or that the index cannot have."""
    place = f"'{step.label}' at character {start + 1}"
    try:
        stored = step.stored
    except ValueError as error:
        raise PipelineError(f"{place}: {error}.", start) from None
    prune, lance = step.option("prune"), step.option("engine") == "lance"
    wrong = ""
    if lance and not stored.plain:
        wrong = "LanceDB can only scan vectors as the encoder made them; leave engine=lance out"
    elif lance and (prune != "none" or step.cuts):
        wrong = "LanceDB scores every candidate; leave engine=lance out, or the pruning"
    elif step.option("engine") == "ann" and not (stored.single and stored.encoding.lossless):
        wrong = "an approximate index is of one vector a page, as global, lemur or fde; leave engine=ann out"
    elif step.count("probes") and step.option("engine") not in ("auto", "ann"):
        wrong = "probes belongs to engine=ann; leave it out"
    elif prune == "safe" and not stored.plain:
        wrong = "prune=safe needs vectors as the encoder made them; use prune=gap, or leave dtype and dims out"
    elif prune in ("safe", "bandit") and step.count("exit"):
        wrong = f"exit and prune={prune} stop for different reasons; leave one of them out"
    elif prune not in ("relative", "gap") and "alpha" in dict(step.options):
        wrong = "alpha belongs to prune=relative or prune=gap; write one of them beside it"
    if wrong:
        raise PipelineError(f"{place}: {wrong}.", start)


def _stages() -> Iterator[Stage]:
    """A stage for every way to store pages, with its options and those of every encoding."""
    encodings = {key: option for encoding in ENCODINGS.values() for key, option in encoding.options.items()}
    for name, summary in {**{name: method.summary for name, method in METHODS.items()}, **SHORT}.items():
        method = METHODS.get(name)
        yield Stage(
            name=name,
            run=run,
            summary=summary,
            check_own=check,
            cost="every vector of every page it gets",
            source=method.source if method is not None else "",
            options=_options({**encodings, **COMMON, **(method.options if method is not None else {})}, name),
            vectors=True,
        )


def _options(stored: Mapping[str, Option], name: str) -> Mapping[str, OptionSpec]:
    if clash := SEARCHING.keys() & stored.keys():
        raise AssertionError(f"'{name}' has options of the same name as those of searching: {sorted(clash)}")
    specs = {key: OptionSpec(option.summary, str(option.default), option.choices) for key, option in stored.items()}
    return {**SEARCHING, **specs}


for _stage in _stages():
    register(_stage)
