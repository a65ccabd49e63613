"""What is said of a model as a person chooses it."""

from dataclasses import replace

import pytest

from workbench.answers.models import AdviceInWords, ModelInWords, pace, size, weights
from workbench.encoders import Advice
from workbench.types import ModelStatus

MODEL = ModelStatus(
    id="x",
    name="X",
    family="colpali",
    kind="patches",
    dim=128,
    parameters=0.25,
    licence="MIT",
    summary="",
    download=500_000_000,
    folder="",
    available=False,
    reason="No weights; run: hf download x",
    command="hf download x",
    state="absent",
)


def test_a_model_says_what_it_is_and_its_command_stands_apart():
    found = ModelInWords.of(MODEL)
    assert found.facts == ("a vector a patch", "250 M weights", "500 MB to fetch", "MIT")
    assert (found.said, found.why, found.held) == ("Weights not here", "No weights.", "about 1.0 GB of weights")
    assert (found.id, found.reason) == ("x", MODEL.reason)


def test_a_loaded_model_says_where_it_is_and_what_it_takes():
    loaded = replace(
        MODEL, available=True, folder="/x", device="cuda:0", state="loaded", seconds_per_page=0.2, reason=""
    )
    found = ModelInWords.of(loaded)
    assert found.facts[-2:] == ("5.0 pages a second here", "on cuda:0")
    assert found.held == "on cuda:0, about 500 MB of weights, 5.0 pages a second"
    failed = ModelInWords.of(
        replace(loaded, device="", state="failed", reason="Out of memory; run: less", seconds_per_page=None)
    )
    assert failed.held == "about 1.0 GB of weights, Out of memory; run: less"
    assert failed.why == "Out of memory; run: less"  # what can be used keeps what was said of its failure


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2e8, "200 MB"), (3e15, "3000 TB")]
)
def test_bytes_have_a_unit(count, text):
    assert size(count) == text


def test_weights_and_paces_are_said_as_people_say_them():
    assert [weights(2), weights(7.62), weights(0.256), weights(0)] == [
        "2 B weights",
        "7.6 B weights",
        "256 M weights",
        "",
    ]
    assert [pace(2.44), pace(0.2)] == ["2.4 s a page", "5.0 pages a second"]


def test_advice_says_how_quick_it_is_where_somebody_measured():
    told = AdviceInWords.of(Advice("reader", "It reads.", 0.5, "measured here", True))
    assert (told.why, told.speed) == ("It reads.", "2.0 pages a second, measured here.")
    assert AdviceInWords.of(Advice("reader", "It reads.", None, "", True)).speed == ""
