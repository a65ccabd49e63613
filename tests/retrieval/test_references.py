"""What questions refer to: pages by number and place, captions, sections; and nothing where they only sound like it."""

import numpy as np
import pytest

from tests.retrieval.arrays import Models
from tests.store.make import collection, record, words_of
from workbench.retrieval import Pipeline, search_stages
from workbench.retrieval.references import meant, references
from workbench.store.writer import Writer
from workbench.types import Page, PageEmbedding, PageRef, Query, QueryEmbedding, TextPart

TOLD = [
    ("What is the FAX No on page fourteen?", [("page fourteen", ("page 14",))]),
    ("compare pages 3 and 4", [("pages 3 and 4", ("page 3", "page 4"))]),
    ("pages 3-5, and slide 7", [("pages 3-5", ("page 3", "page 4", "page 5")), ("slide 7", ("page 7",))]),
    ("the figure on page 2 and the bars on p. 4", [("page 2", ("page 2",)), ("p. 4", ("page 4",))]),
    ("Table 1.1 of page no. 12", [("Table 1.1", ("table 1.1",)), ("page no. 12", ("page 12",))]),
    ("who is on the second page?", [("the second page", ("sheet 2",))]),
    ("the 3rd slide", [("the 3rd slide", ("sheet 3",))]),
    ("the last slide", [("the last slide", ("sheet -1",))]),
    ("the second to last page", [("the second to last page", ("sheet -2",))]),
    ("what court is noted on the cover page?", [("the cover page", ("sheet 1",))]),
    ("who is on the cover of the report", [("the cover", ("sheet 1",))]),
    ("datasets of table II", [("table II", ("table 2",))]),
    ("Fig. 3a shows", [("Fig. 3a", ("figure 3a",))]),
    ("mentions of Exhibit P-10", [("Exhibit P-10", ("exhibit p10",))]),
    ("see section 3.2 and Chapter IV", [("section 3.2", ("section 3.2",)), ("Chapter IV", ("chapter 4",))]),
    ("the case under unit-8", [("unit-8", ("unit 8",))]),
    ("a table a day", []),
    ("the figure I saw", []),
    ("how many pages has it", []),
    ("does the insurance cover hail", []),
    ("the number of the page", []),
    ("parts of the second half", []),
]


@pytest.mark.parametrize(("text", "told"), TOLD)
def test_what_a_text_refers_to(text, told):
    found = references(text)
    assert [(each.text, each.means) for each in found] == told
    assert all(text[each.start : each.end] == each.text for each in found)


PAGES = [
    "The cover of a report",
    "Contents of it all 1",
    "Figure 1. Rain in Bergen over the years and more words 2",
    "We saw the rain as Figure 2 tells and so it is 3",
    "3.2 Methods of counting the drops of rain in words 4",
    "The end of the report is near 5",
]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = collection(tmp_path_factory.mktemp("references"))
    for name in ("a", "b"):
        with Writer(made) as writer:
            document = writer.begin_document(record(name, len(PAGES)))
            pages = []
            for number, text in enumerate(PAGES, 1):
                words, row = words_of(text), np.eye(1, 8, dtype=np.float32)
                page = Page(PageRef(f"{name}.pdf", number), (600, 800), None, words, document.content_hash)
                pages.append((page, row))
            assert writer.add_pages(document, [made_item(page, row) for page, row in pages]) == []
            writer.finish_document(document)
            writer.finish()
    return made


def made_item(page, vectors):
    from PIL import Image

    from workbench.documents.webp import encoded
    from workbench.types import Geometry

    nowhere = Geometry(np.zeros((1, 4), np.float32), None, np.full(1, -1, np.int32))
    return page, PageEmbedding(vectors, nowhere), encoded(Image.new("RGB", (60, 80)))


def pages_of(store, text):
    snapshot = store.snapshot()
    (reference,) = references(text)
    return [str(snapshot.ref(row)) for row in meant(snapshot, reference)]


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("page 1", [1, 2]),  # the first, and the one that has 1 printed on it
        ("page 4", [4, 5]),
        ("the last page", [6]),
        ("the cover page", [1]),
        ("Figure 1", [3]),
        ("Figure 2", [4]),  # it has no caption, so the page that speaks of it
        ("section 3.2", [5]),
        ("Table 7", []),
    ],
)
def test_which_pages_are_meant(store, text, pages):
    assert pages_of(store, text) == [f"{name}.pdf#page={number}" for name in ("a", "b") for number in pages]


def test_meant_pages_are_lifted_and_the_trace_says_so(store):
    def encode(encoder, query):
        from workbench.retrieval import Encoded

        return Encoded(QueryEmbedding("q", np.eye(1, 8, dtype=np.float32), ("q",), np.ones(1, np.float32), "test"))

    def found(query):
        *_, last = search_stages(store, query, Pipeline.parse("lift(bm25):9"), Models(encode))
        return last

    result = found("rain on page 5")
    assert {hit.ref.page for hit in result.hits[:4]} == {5, 6}  # 5 stands on the sixth
    assert [(each.text, each.means, each.pages) for each in result.lifted] == [("page 5", ("page 5",), 4)]
    assert result.trace.stages[0].lifted == result.lifted
    literal = found(Query((TextPart("rain on page 5", literal=("page 5",)),)))
    assert literal.lifted == ()
    assert [hit.ref for hit in literal.hits] == [hit.ref for hit in found("rain on the 5").hits]
    assert found("rain").lifted == ()
    assert {hit.ref.page for hit in found("what is on the last slide").hits[:2]} == {6}  # though no word is on it
