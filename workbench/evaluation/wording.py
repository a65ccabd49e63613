"""Whether questions are worded like the pages that answer them, as those are that were written from the pages.

People who look for something have not read its page. A question that repeats it is found by its words, so that a set of
such questions favours searches by words, and says little of what people will find.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from workbench.evaluation.datasets import Question

RUN = 5
"""Words in a row that a question shares with a page by copying them, and hardly by chance."""
MANY = 0.2
"""Share of copied questions from which on a set is said to be written from its pages."""
_WORD = re.compile(r"\w+")


def repeats(question: str, text: str) -> bool:
    """Whether a question repeats `RUN` words in a row of a text, whatever their case and what stands between them."""
    asked, read = _WORD.findall(question.casefold()), _WORD.findall(text.casefold())
    runs = {tuple(asked[at : at + RUN]) for at in range(len(asked) - RUN + 1)}
    return bool(runs) and any(tuple(read[at : at + RUN]) in runs for at in range(len(read) - RUN + 1))


def copied(questions: Sequence[Question], answers: Mapping[str, Sequence[str]], texts: Mapping[str, str]) -> list[str]:
    """Ids of questions that repeat a page that answers them; ``answers`` names those pages, ``texts`` what they say."""
    return [
        question.id
        for question in questions
        if any(repeats(question.text, texts.get(page, "")) for page in answers.get(question.id, ()))
    ]


def warning(found: int, questions: int) -> str:
    """What is to be said of a set of which so many questions are copied; empty where it is nothing."""
    if found < MANY * questions:
        return ""
    return (
        f"{found} of {questions} questions repeat {RUN} words or more of the page that answers them, as if they were "
        "written from it: searches by words find those more easily than what people ask"
    )
