"""Many pipelines from one text: every choice in braces, in every combination.

``rows:{50,100,256} > full:10`` is three pipelines, ``{rows,conv}:{100,256} > full:10`` four, and
``rows@{reader,clip-vit-b-32}:256 > full:10`` one per encoder. A combination whose later stage would keep more than
the one before is left out.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from workbench.errors import PipelineError
from workbench.retrieval import Pipeline

MAX_PIPELINES = 1_000
_KEEP = re.compile(r":\s*\d+")
_CHOICE = re.compile(r"\{([^{}]*)\}")


def expand(text: str) -> list[str]:
    """The pipelines a text stands for, in order, the last choice changing fastest; `PipelineError` when there are none.

    >>> expand("{rows,conv}:{10,20} > full:10")
    ['rows:10 > full:10', 'rows:20 > full:10', 'conv:10 > full:10', 'conv:20 > full:10']
    """
    parts = _CHOICE.split(text)
    choices = [[choice.strip() for choice in part.split(",")] for part in parts[1::2]]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MAX_PIPELINES:
        raise PipelineError(
            f"The sweep {text!r} stands for {count:,} pipelines; at most {MAX_PIPELINES:,} are run together."
        )
    found: list[str] = []
    refused: PipelineError | None = None
    for chosen in itertools.product(*choices):
        whole = "".join(itertools.chain(*zip(parts[::2], (*chosen, ""), strict=True)))
        try:
            Pipeline.parse(whole)
        except PipelineError as error:
            Pipeline.parse(_KEEP.sub("", whole))  # what is wrong but for its numbers is a mistake, not a combination
            refused = error
        else:
            found.append(" ".join(whole.split()))
    if not found and refused is not None:
        raise refused
    return list(dict.fromkeys(found))


def expanded(texts: Sequence[str]) -> list[str]:
    """The pipelines that several sweeps stand for, each once."""
    return list(dict.fromkeys(pipeline for text in texts for pipeline in expand(text)))
