"""Photographs among pages of text, found by what they show."""

from pathlib import Path

import pytest

from tests.documents.make import write_pdf
from workbench.service import Workbench
from workbench.settings import Settings

DOCUMENTS = Path(__file__).parents[2] / "sample_data" / "documents"
WEATHER = [
    "A strong gale blows roof tiles off",
    "Snow falls on the hills in winter",
    "This table lists the tides of the sea",
    "Clouds bring rain from the west",
]
"""Pages one of which has a single word of the question, as any collection has."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("photographs")
    write_pdf(root / "weather.pdf", WEATHER)
    made = Workbench(Settings(home=root / "home"))
    made.ingest([root / "weather.pdf", DOCUMENTS / "rocket-launch.jpg", DOCUMENTS / "coffee-cup.png"], "both")
    yield made
    made.close()


@pytest.mark.parametrize("preset", ["fast", "balanced", "accurate", "hybrid"])
@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("a rocket lifting off", "rocket-launch.jpg"),
        ("a cup of coffee on a wooden table", "coffee-cup.png"),
        ("snow in winter", "weather.pdf"),
        ("tiles off the roof", "weather.pdf"),
    ],
)
def test_one_stray_word_does_not_outweigh_a_photograph_nor_a_photograph_words(bench, preset, query, document):
    assert bench.search(query, "both", preset).hits[0].ref.document == document


def test_few_words_can_be_told_to_count_in_full(bench):
    off = bench.search("a rocket lifting off", "both", "sum[few=0](bm25, global):10")
    assert off.hits[0].ref.document == "weather.pdf"
    assert [hit.words for hit in off.hits if hit.ref.document == "rocket-launch.jpg"] == [0]
    assert {hit.words for hit in bench.search("a rocket lifting off", "both", "full:10").hits} == {None}
