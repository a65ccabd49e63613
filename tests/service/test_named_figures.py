"""Kinds of figure that a question names, through the service: explained, weighed, spelled and missed as words are."""

from dataclasses import replace

import numpy as np
import pytest

from tests.store.make import DIM, INFO, item, record
from tests.store.test_shows import PLACE, figures
from workbench.analysis.hindrance import hindrance
from workbench.retrieval import Pipeline
from workbench.service import Workbench
from workbench.service.explanations import _words
from workbench.settings import CollectionSettings, Settings
from workbench.store import Library
from workbench.store.writer import Writer
from workbench.types import PageRef, Query, TextPart

FEW = [("whales and ships of the sea", "map"), ("", "map"), *[("whales in the sea", "")] * 4, ("by its charm", "chart")]
MANY = [("a sea of charts and whales", "map")] * 5 + [("ships", "")]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """Two collections of a document each, and one of both."""
    made = Workbench(Settings(home=tmp_path_factory.mktemp("named") / "home"))
    for name, documents in {"few": {"few": FEW}, "many": {"many": MANY}, "both": {"few": FEW, "many": MANY}}.items():
        with Writer(Library.of(made.settings).create(name, CollectionSettings(encoder=INFO.id), INFO)) as writer:
            for document, pages in documents.items():
                started = writer.begin_document(record(document, len(pages)))
                assert writer.add_pages(started, [seen(started, n, *page) for n, page in enumerate(pages, 1)]) == []
                writer.finish_document(started)
            writer.finish()
    yield made
    made.close()


def seen(document, number, text, kind):
    page, embedding, picture = item(document, number, text, None if text else np.eye(3, DIM, dtype=np.float32))
    kinds = (kind,) if kind else ()
    return replace(page, pictures=(PLACE,) * len(kinds)), replace(embedding, figures=figures(kinds)), picture


def scores(hits):
    return {str(hit.ref): hit.score for hit in hits}


@pytest.mark.parametrize(
    "parts",
    [
        [("map of whales", 1)],
        [("map of whales", 1), ("map of ships", 1)],
        [("sea", 1), ("map", 0.5)],
        [("whales ships", 1), ("map of ships", -0.5)],
    ],
)
@pytest.mark.parametrize("pipeline", ["bm25:9", "bm25[figures=0.5]:9", "bm25[figures=0]:9"])
def test_what_explains_a_score_adds_up_to_it(bench, parts, pipeline):
    query = Query(tuple(TextPart(*part) for part in parts))
    ref = PageRef("few.pdf", 1)
    store = bench.opened.get("few")
    told = _words(store, store.page(ref), query, Pipeline.parse(pipeline))
    assert len({word.label for word in told}) == len(told)
    assert sum(word.score for word in told) == pytest.approx(
        scores(bench.search(query, "few", pipeline).hits)[str(ref)]
    )


def test_several_collections_weigh_a_kind_as_one_of_all_their_pages_does(bench):
    found = bench.across.search("map of the whales", ["few", "many"], "bm25:20")
    alone = scores(bench.search("map of the whales", "both", "bm25:20").hits)
    assert scores(hit.hit for hit in found.hits) == pytest.approx(alone) and alone


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("map of whlaes", "map of whales"),
        ("chart of whlaes", "chart of whales"),
        ("whlaes", "whales"),
        ("charn", "charm"),
        ("Chart?", ""),  # as near to it, but some page shows one
        ("map of whales", ""),
    ],
)
def test_words_that_are_misspelled_beside_a_kind_are_told(bench, query, meant):
    said = [note.partition("did you mean: ")[2] for note in bench.search(query, "few", "bm25:9").notes]
    assert said == ([meant] if meant else [])


def test_a_page_without_words_says_which_kinds_are_met_on_it(bench):
    store = bench.opened.get("few")
    told = hindrance(store.page(PageRef("few.pdf", 2)), store)
    assert told.sentence.endswith("can be met on it but the kinds of figure that it shows (map).")
    assert "few.pdf#page=2" in scores(bench.search("map", "few", "bm25:9").hits)
