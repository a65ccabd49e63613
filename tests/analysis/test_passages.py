"""The passage of a result: which lines it is, which of its words are marked, and that its heat is `heatmap`'s."""

import numpy as np
import pytest

from tests.documents.make import write_pdf
from workbench import heatmap
from workbench.analysis.explanation import scored
from workbench.analysis.passages import best_lines, passage
from workbench.retrieval.filters import read as read_filter
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.store.textindex import tokens
from workbench.types import Geometry, Page, PageEmbedding, PageRef, QueryEmbedding, Words

REF = PageRef("a.pdf", 1)
LINES = ["annual report", "net interest income", "rose to nine", "in the year", "page footer"]
TOP = [0.05, 0.20, 0.23, 0.26, 0.95]  # the three in the middle stand below each other


def page(lines=LINES, tops=TOP, height=0.02):
    texts, boxes, numbers = [], [], []
    for number, (line, top) in enumerate(zip(lines, tops, strict=True)):
        for at, word in enumerate(line.split()):
            texts.append(word)
            boxes.append((0.1 + 0.2 * at, top, 0.25 + 0.2 * at, top + height))
            numbers.append(number)
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    words = Words(tuple(texts), boxes, np.asarray(numbers, np.int32), np.zeros(len(texts), np.bool_))
    return Page(REF, (100, 140), lambda: pytest.fail("a picture was opened"), words, "hash")


def told(words, query, weights=None):
    """Every word a vector of its own; a query word is like its equal, and a little like all others."""
    known = sorted({*words.texts, *query})
    vectors = np.eye(len(known), dtype=np.float32) + 0.1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    at = {word: i for i, word in enumerate(known)}
    geometry = Geometry(words.boxes, None, np.full(len(words), -1, np.int32))
    embedding = PageEmbedding(vectors[[at[word] for word in words.texts]], geometry, words.texts)
    worth = np.ones(len(query), np.float32) if weights is None else np.asarray(weights, np.float32)
    asked = QueryEmbedding(" ".join(query), vectors[[at[word] for word in query]], tuple(query), worth, "all")
    return scored(REF, embedding, asked, np.ones(len(query), np.float32), "e")


def test_the_lines_that_hold_most_of_the_query_are_the_passage():
    one = page()
    found = told(one.words, ["interest", "income", "year"])
    chosen, share = best_lines(one.words, found)
    assert [one.words.texts[i] for i in chosen] == [
        "net",
        "interest",
        "income",
        "rose",
        "to",
        "nine",
        "in",
        "the",
        "year",
    ]
    assert share == pytest.approx(1)


def test_one_line_is_enough_where_the_next_adds_nothing():
    one = page()
    chosen, _ = best_lines(one.words, told(one.words, ["interest"]))
    assert [one.words.texts[i] for i in chosen] == ["net", "interest", "income"]


def test_lines_far_from_each_other_are_no_passage():
    one = page()
    chosen, share = best_lines(one.words, told(one.words, ["annual", "footer"]))
    assert [one.words.texts[i] for i in chosen] in (["annual", "report"], ["page", "footer"])
    assert share < 0.9


def test_marks_are_the_words_that_answer_and_neighbours_are_one():
    one = page()
    found = told(one.words, ["interest", "incomes", "nine"])
    shown = passage(one, found, set(tokens("interest incomes nine")))
    assert [shown.text[a:b] for a, b in shown.marks] == ["interest income", "nine"]  # by its stem, though not as spelt
    assert [label for label, _ in shown.words][:2] == ["interest", "nine"]


def test_the_heat_is_that_of_the_open_page():
    one = page()
    found = told(one.words, ["interest", "year"])
    shown = passage(one, found, set())
    values = heatmap.values(found)
    strength = heatmap.scaled(values, *heatmap.bounds(found, heatmap.USUAL))
    assert sorted(shown.heat.tolist()) == pytest.approx(sorted(strength[strength > 0].tolist()))
    assert shown.heat.tolist() == sorted(shown.heat.tolist(), reverse=True)
    hottest = one.words.texts.index("interest"), one.words.texts.index("year")
    assert {tuple(box) for box in shown.places[:2].tolist()} == {tuple(one.words.boxes[i].tolist()) for i in hottest}


def test_a_page_without_words_has_heat_and_no_passage():
    one = page([], [])
    geometry = Geometry(np.asarray([[0, 0, 0.5, 1], [0.5, 0, 1, 1]], np.float32), (1, 2), np.arange(2, dtype=np.int32))
    embedding = PageEmbedding(np.asarray([[1, 0], [0, 1]], np.float32), geometry)
    asked = QueryEmbedding("q", np.asarray([[1, 0]], np.float32), ("q",), np.ones(1, np.float32), "all")
    shown = passage(one, scored(REF, embedding, asked, np.ones(1, np.float32), "e"), {"q"})
    assert (shown.text, shown.marks, shown.share) == ("", (), 0.0)
    assert shown.places.tolist() == [[0, 0, 0.5, 1]] and shown.heat.tolist() == [1.0]


def test_an_unwanted_word_is_no_reason():
    one = page()
    found = told(one.words, ["interest", "footer"], [1, -0.5])
    assert [label for label, _ in passage(one, found, set()).words] == ["interest"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("passages")
    write_pdf(root / "a.pdf", ["The blue whale is the largest animal", "Bread is baked in a hot oven"])
    made = Workbench(Settings(home=root / "home"))
    made.ingest([root / "a.pdf"], "c")
    return made


def test_passages_are_those_of_the_pages_found_in_their_order(bench):
    found = bench.search("largest animal", "c", "two-stage")
    shown = list(bench.explanations.passages("largest animal", found.hits, "c", found.pipeline))
    assert [one.ref for one in shown] == [hit.ref for hit in found.hits]
    assert "largest animal" in shown[0].text
    assert [shown[0].text[a:b] for a, b in shown[0].marks] == ["largest animal"]


def test_an_empty_pipeline_is_the_recommended_one(bench):
    reading = bench.searches.read_pipeline("", "c", 7)
    assert (reading.preset, reading.k, reading.lacking) == ("accurate", 7, ())
    assert bench.search("animal", "c", "", 7).pipeline == reading.pipeline


def test_a_reading_says_what_each_stage_keeps_and_what_is_lacking(bench):
    reading = bench.searches.read_pipeline("columns:20 > full[weights=idf]:5", "c")
    assert reading.steps == (("columns", 20), ("full[weights=idf]", 5))
    assert reading.lacking == (("columns", "reader"),)
    assert reading.preset == ""


def test_a_filter_is_read_and_written_by_its_own_grammar(bench):
    text = "page >= 2 and document = 'it''s.pdf' and (tag = 'a' or tag = 'b')"
    clauses = read_filter(text)
    assert [document for _, document in clauses] == ["", "it's.pdf", ""]
    assert " and ".join(clause for clause, _ in clauses) == text
    assert read_filter("", "document", "=", "it's.pdf")[0] == ("document = 'it''s.pdf'", "it's.pdf")
    assert read_filter("", "page", "in", "1, 2")[0][0] == "page in (1, 2)"
    assert read_filter("", "meta.year", ">=", "2020")[0][0] == "meta.year >= 2020"
    assert read_filter("", "meta.year", "contains", "20")[0][0] == "meta.year contains '20'"
