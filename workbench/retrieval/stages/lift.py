"""A stage whose list is led by the pages that the question refers to: "page 12", "the last slide", "Figure 3".

A page that is meant gains ``by`` standard deviations of the scores of the stage inside, so that it comes first unless
others fit the words far better: people count pages in two ways, and captions are missed. A question that refers to
nothing is answered as by the stage alone.
"""

from __future__ import annotations

import numpy as np

from workbench.retrieval.ordering import Candidates, Scored
from workbench.retrieval.references import meant, references
from workbench.retrieval.registry import Stage, register, share
from workbench.retrieval.run import PipelineRun
from workbench.retrieval.step import Step
from workbench.types import Lifted, TextPart


def run(run: PipelineRun, step: Step, candidates: Candidates | None, k: int) -> Scored:
    """The scores of the stage inside, those of meant pages raised."""
    found = run.every(step.inputs[0], candidates)
    there = np.zeros(len(run.snapshot), np.bool_)
    lifted = []
    for part in run.query.parts:
        if isinstance(part, TextPart) and part.weight > 0:
            for reference in references(part.text):
                if reference.text not in part.literal:
                    rows = meant(run.snapshot, reference)
                    there[rows] = True
                    lifted.append(Lifted(reference.text, reference.means, int(np.isin(found.rows, rows).sum())))
    run.lifted = tuple(lifted)
    spread = np.float32(found.scores.std()) if len(found.scores) else np.float32(0)
    gain = np.float32(step.number("by")) * spread * there[found.rows]
    return Scored(found.rows, np.asarray(found.scores + gain, np.float32), found.unscored)


register(
    Stage(
        name="lift",
        summary="what a stage says, led by the pages that the question refers to (page 12, the cover, Figure 3)",
        run=run,
        cost="the stage it takes",
        options={"by": share("standard deviations that a page gains", 2.0)},
        least=1,
        most=1,
        example=("rows",),
    )
)
