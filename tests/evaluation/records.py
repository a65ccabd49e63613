"""Records made by hand: as many questions as a test wants, whose ranks and values it knows."""

from collections.abc import Mapping, Sequence

import numpy as np

from workbench.evaluation.record import (
    Answer,
    CollectionFacts,
    DatasetFacts,
    EvaluatedPipeline,
    FailedPage,
    JudgedQuestion,
    Measured,
    RankedPage,
    Record,
    StageText,
)

STAGES = (StageText("rows", "rows:20", 20), StageText("full", "full:10", 10))
MEASURES = ("nDCG@5", "R@1")


def record(
    ranks: Mapping[str, Sequence[tuple[int | None, int | None]]],
    text: str = "question {}",
    document: str = "a.pdf",
    encoder: str = "reader",
    missing: Sequence[int] = (),
    storage: Mapping[str, float] | None = None,
    seconds: float = 0.01,
) -> Record:
    """One relevant page a question; ``ranks[pipeline][question]`` is its rank in the two stages.

    nDCG@5 is the discount at its last rank, 0 below 5; R@1 whether that is 1. Questions in ``missing`` have a relevant
    page that is not in the collection.
    """
    count = len(next(iter(ranks.values())))
    pages = [f"{document}#page={i + 1}" for i in range(count)]
    runs = {name: _run(name, rows, pages, i, storage) for i, (name, rows) in enumerate(ranks.items())}
    questions = {
        f"q{i}": JudgedQuestion(
            text.replace("{}", str(i)), document, {"kind": ("odd" if i % 2 else "even",)}, {pages[i]: 1}
        )
        for i in range(count)
    }
    return Record(
        settings={"measures": list(MEASURES), "scope": "corpus"},
        dataset=DatasetFacts("made", "0" * 64, "corpus", count, count),
        collection=CollectionFacts("c", encoder, encoder, {}, {"dpi": 144}, 1, count),
        versions={"pagelens": "0"},
        questions=questions,
        slices={"kind=odd": tuple(q for i, q in enumerate(questions) if i % 2)},
        missing=tuple(pages[i] for i in missing),
        failed=tuple(FailedPage(pages[i], "It is damaged.") for i in missing),
        warnings=(),
        pipelines=runs,
        boxes=(),
        measured=Measured(
            "2026-01-02T03:04:05+00:00",
            {"system": "Test"},
            1.0,
            1000,
            {name: {q: {"rows": 1000 * seconds * (i + 1)} for q in questions} for i, name in enumerate(ranks)},
            dict.fromkeys(questions, 5.0),
        ),
    )


def _run(
    name: str,
    rows: Sequence[tuple[int | None, int | None]],
    pages: Sequence[str],
    place: int,
    storage: Mapping[str, float] | None,
) -> EvaluatedPipeline:
    answers = {}
    for i, (first, last) in enumerate(rows):
        value = 1 / float(np.log2(1 + last)) if last is not None and last <= 5 else 0.0
        top = (
            (RankedPage(pages[i], 1.0, {"rows": first or 1, "full": last}),) if last is not None and last <= 10 else ()
        )
        other = RankedPage(pages[(i + 1) % len(pages)], 0.5, {"rows": 2, "full": 2})
        answers[f"q{i}"] = Answer(
            {"nDCG@5": value, "R@1": float(last == 1)}, {pages[i]: {"rows": first, "full": last}}, (*top, other)
        )
    size = {"full_bytes_per_page": 1000.0 * place, "full_vectors_per_page": 1.0} if storage is None else storage
    return EvaluatedPipeline(name, "rows:20 > full:10", True, STAGES, size, answers)


def good_and_bad(questions: int = 40) -> Record:
    """``good`` is far better than ``bad``; ``alike`` differs from ``good`` on two questions, once each way."""
    good: list[tuple[int | None, int | None]] = [(1, 1 if i % 4 else 3) for i in range(questions)]
    alike = list(good)
    alike[0], alike[1] = (2, 1), (2, 3)
    bad: list[tuple[int | None, int | None]] = [(40, None) if i % 2 else (5, 5) for i in range(questions)]
    bad[2] = (7, 12)
    return record({"bad": bad, "good": good, "alike": alike})
