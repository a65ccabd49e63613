"""What fits together in a pipeline: refused before anything runs, in a sentence that names what would do."""

from __future__ import annotations

from workbench.errors import PipelineError
from workbench.retrieval.step import Step


def check_step(step: Step, start: int) -> None:
    """Refuse a stage whose options or inner stages do not fit; ``start`` is where it stands. `PipelineError`."""
    spec = step.spec
    if spec.fusion:
        _check_legs(step, start)
    if spec.vectors:
        _check_stored(step, start)
    if spec.fusion and "weights" in spec.options and len(step.weights()) != len(step.legs):
        raise PipelineError(f"'{step.name}' has {len(step.legs)} stages but {len(step.weights())} weights.", start)
    given = dict(step.options)
    if given.get("kind") == "average" and {"alpha", "beta"} & given.keys():
        raise PipelineError("'prf[kind=average]' takes the plain mean; leave alpha and beta out.", start)
    if step.name == "xtr":
        _check_fetched(step.legs[-1], start)


def check_order(steps: tuple[Step, ...]) -> None:
    """Stages that go by the order of the stage before need one, and cannot stand inside others. `PipelineError`."""
    for i, step in enumerate(steps):
        inside = next((leaf for leg in step.legs for leaf in leg.leaves() if leaf.cuts), None)
        if inside is not None or (step.cuts and i == 0):
            which = step if inside is None else inside
            raise PipelineError(
                f"'{which.label}' at character {which.at + 1}: exit, and prune by a score, go by the order of the "
                "stage before; write them in a later step, as in rows:256 > full[exit=4]:10, or use prune=safe.",
                which.at,
            )


def _check_legs(step: Step, start: int) -> None:
    spec, legs = step.spec, step.legs
    example = f"{spec.name}({', '.join(spec.example)})"
    if len(legs) < spec.least:
        few = "two stages or more" if spec.least > 1 else "a stage"
        raise PipelineError(f"'{spec.name}' needs {few}, as in {example}.", start)
    if len(legs) > spec.most:
        plural = "s" if spec.most > 1 else ""
        raise PipelineError(f"'{spec.name}' takes {spec.most} stage{plural} at most, not {len(legs)}.", start)
    last = legs[-1]
    if (spec.ends_in == "stage" and not last.spec.vectors) or (
        spec.ends_in == "some" and not any(leaf.spec.vectors for leaf in last.leaves())
    ):
        raise PipelineError(
            f"'{spec.name}' goes by vectors, which '{last.label}' does not compare itself; write {example}.", start
        )


def _check_stored(step: Step, start: int) -> None:
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
    elif prune == "safe" and not stored.plain:
        wrong = "prune=safe needs vectors as the encoder made them; use prune=gap, or leave dtype and dims out"
    elif prune == "safe" and step.count("exit"):
        wrong = "exit stops on a guess, which prune=safe never does; leave one of them out"
    elif prune not in ("relative", "gap") and "alpha" in dict(step.options):
        wrong = "alpha belongs to prune=relative or prune=gap; write one of them beside it"
    if wrong:
        raise PipelineError(f"{place}: {wrong}.", start)


def _check_fetched(target: Step, start: int) -> None:
    searching = [f"{key}={value}" for key, value in target.options if key in ("query", "engine", "prune")]
    if searching or not target.stored.plain:
        what = ", ".join(searching) or "dtype and dims"
        raise PipelineError(f"'xtr' fetches single vectors as the encoder made them; leave {what} out.", start)
