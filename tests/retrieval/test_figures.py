"""A kind of figure that a question names is a word of the pages that show one."""

import numpy as np
import pytest

from tests.store.make import collection, words_of
from tests.store.test_shows import WHALES, before, seen
from workbench.retrieval import Pipeline
from workbench.retrieval.figures import named
from workbench.retrieval.stages.bm25 import bm25
from workbench.store.writer import Writer
from workbench.types import Query, TextPart

PAGES = {1: ("map", "of whales"), 2: ("chart", "of whales"), 3: ("chart", "and dolphins"), 4: ("", "the word map")}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    made = collection(tmp_path_factory.mktemp("figures"))
    with Writer(made) as writer:
        started = writer.begin_document(WHALES)
        for number, (kind, text) in PAGES.items():
            page, *others = seen(number, (kind,) if kind else ())
            page = page.__class__(page.ref, page.size, None, words_of(text), page.content_hash, pictures=page.pictures)
            assert writer.add_pages(started, [(page, *others)]) == []
        writer.finish_document(started)
        writer.finish()
    return made


def scores(made, query, pipeline="bm25:9"):
    """By page number; those that are not ranked are left out."""
    snapshot = made.snapshot()
    (step,) = Pipeline.parse(pipeline).steps
    found = bm25(snapshot, query if isinstance(query, Query) else Query.of(query), step)
    return {snapshot.ref(row).page: float(found[row]) for row in np.flatnonzero(~np.isnan(found)).tolist()}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("map of the world", ["map"]),
        ("Which Map shows a pie chart?", ["map", "chart"]),
        ("maps and the map", ["map"]),
        ("Table 3 and chart 2", []),  # which go by their captions
        ("mapping the tablet", []),
        ("the photo", []),  # no page shows one
    ],
)
def test_which_kinds_a_text_names(made, text, kinds):
    assert [figure.kind for figure in named(made.snapshot(), text)] == kinds


def test_the_rarer_kind_is_worth_more(made):
    one, other = named(made.snapshot(), "map or chart")
    assert one.worth == pytest.approx(np.log(1 + 3.5 / 1.5))
    assert other.worth == pytest.approx(np.log(1 + 2.5 / 2.5))


def test_a_page_that_shows_a_map_has_the_word(made):
    found = scores(made, "map")
    assert set(found) == {1, 4}
    assert set(scores(made, "map", "bm25[figures=0]:9")) == {4}
    assert found[1] == pytest.approx(np.log(1 + 3.5 / 1.5))
    whales = scores(made, "whales")
    assert scores(made, "whales map")[1] > whales[1] and scores(made, "whales map")[2] == pytest.approx(whales[2])


def test_a_kind_that_is_not_wanted_takes_off(made):
    without = Query((TextPart("whales"), TextPart("map", -1.0)))
    assert scores(made, without)[1] < scores(made, without)[2]


def test_where_nothing_looked_for_figures_words_count_alone(made, tmp_path):
    import shutil

    copy = made.__class__(shutil.copytree(made.path, tmp_path / "copy"))
    assert set(scores(before(copy), "map")) == {4}
