"""Questions that repeat the pages that answer them, and what is said of a set of them."""

import pytest

from workbench.evaluation.datasets import Question
from workbench.evaluation.wording import copied, repeats, warning

PAGE = "The valve is opened by turning the red wheel to the left.\nNever open it under pressure."


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What happens by turning the RED wheel, to the left?", True),
        ("turning the red wheel", False),  # four words are a phrase
        ("How do I open the valve?", False),
        ("to the left never open it", True),  # lines end anywhere
        ("the red turning wheel the to left", False),
        ("", False),
    ],
)
def test_five_words_in_a_row_are_a_copy(question, said):
    assert repeats(question, PAGE) is said


def test_only_pages_that_answer_count():
    asked = "by turning the red wheel"
    questions = [Question("a", asked), Question("b", asked), Question("c", "x")]
    answers = {"a": ["p#page=1"], "b": ["q#page=1"], "c": []}
    assert copied(questions, answers, {"p#page=1": PAGE, "q#page=1": "Nothing of it."}) == ["a"]


def test_a_set_is_warned_of_when_a_fifth_is_copied():
    assert warning(1, 10) == ""
    assert warning(2, 10).startswith("2 of 10 questions repeat 5 words or more of the page that answers them")
