import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.manuals import build, macro, packages, read_manual
from benchmarks.manuals.backindex import Entry, entries, has_leader, is_entry, numbers, phrases, words
from benchmarks.manuals.columns import Line, lines_of
from benchmarks.manuals.labels import to_file
from benchmarks.manuals.numbering import Numbering, agreement, numbering, shown
from benchmarks.manuals.packages import given as pdf_of
from tests.benchmarks.books import BODY, TOPICS, topics_of, write_book
from workbench.documents import Bookmark, ReadSettings, Source, probe, read_outline, read_pages
from workbench.errors import InputError
from workbench.types import Words


def lines(text):
    """Lines as an index has them: two spaces of indentation are one step to the right."""
    return [Line(row.strip(), (len(row) - len(row.lstrip())) * 0.01, 0.02) for row in text.strip("\n").split("\n")]


def page_words(*rows):
    """A page's words, given as rows of (y, words)."""
    texts, boxes, number = [], [], []
    for i, (y, row) in enumerate(rows):
        for j, word in enumerate(row.split()):
            texts.append(word)
            boxes.append((0.1 * j, y, 0.1 * j + 0.08, y + 0.02))
            number.append(i)
    n = len(texts)
    return Words(
        tuple(texts), np.asarray(boxes, np.float32).reshape(n, 4), np.asarray(number, np.int32), np.zeros(n, bool)
    )


# -- the index --------------------------------------------------------------------------------------------------------


def test_entries_by_comma_leader_and_gap():
    found = entries(lines("black stripes, 138\nbug reports . . . . . . . 177\nbounding box\t90\nbroken axis......118"))
    assert found == [
        Entry("black stripes", (138,)),
        Entry("bug reports", (177,)),
        Entry("bounding box", (90,)),
        Entry("broken axis", (118,)),
    ]


def test_what_stands_further_in_belongs_to_the_line_above():
    text = """
command, 13
  graph block, 24
  loop
    nested, 30
American Geophysical Union,
  recommended font size . . . . 120
curves, 5
"""
    assert [(e.phrase, e.pages) for e in entries(lines(text))] == [
        ("command", (13,)),
        ("command graph block", (24,)),
        ("command loop nested", (30,)),
        ("American Geophysical Union, recommended font size", (120,)),
        ("curves", (5,)),
    ]


def test_page_numbers_that_go_on_belong_to_the_entry_above():
    assert entries(lines("data files, 6, 24,\n  70,\n  74-75")) == [Entry("data files", (6, 24, 70, 74, 75))]
    assert entries(lines("data files, 6, 24\n  70")) == [Entry("data files", (6, 24))]  # the number of the page


def test_references_and_letters_are_no_entries():
    assert entries(lines("A\nabsolute value (see magnitude), 3\nanchor, see bridge\nB")) == []


@pytest.mark.parametrize(
    ("text", "pages"),
    [("5", (5,)), ("5, 7-9", (5, 7, 8, 9)), ("12–14; 14", (12, 13, 14)), ("120-12", (120,)), ("3-300", (3,))],
)
def test_numbers_and_ranges(text, pages):
    assert numbers(text) == pages


@given(st.lists(st.integers(1, 999), min_size=1, max_size=8, unique=True))
def test_any_list_of_pages_is_read_back(pages):
    (entry,) = entries([Line(f"some phrase, {', '.join(map(str, pages))}", 0.0, 0.02)])
    assert entry == Entry("some phrase", tuple(pages))


@pytest.mark.parametrize(
    "code",
    ["read.csv file", "graph_vertices colour", "cos() of angle", "--debug option", "str2type of it", "toggleSeol key"],
)
def test_code_is_no_phrase(code):
    assert words(code) == []


def test_phrases_have_two_words_and_are_merged():
    found = phrases(
        [Entry("copper wire", (3,)), Entry("Copper wire", (1,)), Entry("wire", (2,)), Entry("iron iron", (4,))], 10
    )
    assert found == {"copper wire": (1, 3)}
    assert phrases([Entry("copper wire", tuple(range(11)))], 10) == {}


def test_leaders_tell_contents_from_prose():
    assert has_leader("2.1 Getting started . . . . . . . . 12")
    assert has_leader("Preface ..... iv")
    assert not has_leader("A sentence about the year 2004")
    assert is_entry("kettle, iron, 4")
    assert not is_entry("A sentence about kettles.")


# -- page numbers -----------------------------------------------------------------------------------------------------


def test_numbers_at_the_ends_of_the_outer_lines_are_seen():
    assert shown(page_words((0.05, "Chapter 7 : Wires 33"), (0.5, "see page 99"), (0.95, "12 of everything"))) == {
        33,
        12,
    }
    assert shown(Words.empty()) == set()


def test_the_offset_is_what_most_pages_agree_on():
    pages = [page_words((0.5, "front")), page_words((0.5, "matter"))]
    pages += [page_words((0.5, "text"), (0.95, f"{number}")) for number in range(1, 9)]
    assert numbering(pages, [""] * 10) == Numbering(2, 0.8, "printed numbers")


def test_what_is_printed_counts_more_than_labels():
    pages = [page_words((0.5, "text"), (0.95, f"{number}")) for number in range(1, 9)]
    labels = [str(number + 3) for number in range(8)]
    assert numbering(pages, labels) == Numbering(0, 1.0, "printed numbers")
    assert numbering([page_words((0.5, "text"))] * 8, labels) == Numbering(-2, 1.0, "page labels")


def test_no_offset_without_agreement():
    pages = [page_words((0.5, "text"), (0.95, f"{number * 7 % 10}")) for number in range(10)]
    assert numbering(pages, [""] * 10) is None


def test_agreement_counts_labels_whose_page_has_the_words():
    texts = {1: "copper wire", 2: "iron kettle", 3: "nothing"}
    found = agreement({"copper wire": (1,), "iron kettle": (2,)}, texts, {
        "copper wire": ["copper", "wire"], "iron kettle": ["iron", "kettle"]
    })  # fmt: skip
    assert (found[0], found[1], found[-1]) == (1.0, 0.0, 0.0)


def test_phrases_that_lead_out_of_the_corpus_are_left_out():
    assert to_file({"a b": (1, 2), "c d": (3,)}, 4, [5, 6]) == ({"a b": (5, 6)}, 1)


# -- books ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return write_book(tmp_path_factory.mktemp("book") / "metal.pdf")


def test_columns_are_read_one_after_the_other(book):
    (page,) = read_pages(Source(book, "metal.pdf"), ReadSettings(ocr=False), [3 + BODY + 1])
    texts = [line.text for line in lines_of(page)]
    assert texts == ["Index", *(f"{t}, {n}" for n, t in enumerate(TOPICS, 1)), str(BODY + 1)] or texts == [
        "Index",
        *(f"{t}, {n}" for n, t in enumerate(TOPICS[:15], 1)),
        str(BODY + 1),
        *(f"{t}, {n}" for n, t in enumerate(TOPICS[15:], 16)),
    ]


def test_a_book_becomes_questions(book):
    manual = read_manual(pdf_of(book))
    assert manual.numbering == Numbering(3, 41 / 44, "printed numbers")
    assert (manual.contents, manual.index) == ((2,), (44,))
    assert manual.kept == (1, 3, *range(4, 44))
    assert dict(manual.phrases) == {topic: (page,) for topic, (_, page) in topics_of(3).items()}
    assert manual.agreement[0] == 1.0
    assert manual.bookmarks["About the copper wire"] == (4,)
    assert len(manual.bookmarks) == BODY - 10 + 1  # ten pages share one title, and so lead to ten pages


def test_an_index_that_is_wrong_everywhere_is_refused(tmp_path):
    with pytest.raises(InputError, match="neighbouring page fits better"):
        read_manual(pdf_of(write_book(tmp_path / "wrong.pdf", wrong_by=1)))


def test_a_book_that_shows_no_numbers_is_refused(tmp_path):
    with pytest.raises(InputError, match="neither shows nor labels"):
        read_manual(pdf_of(write_book(tmp_path / "bare.pdf", numbered=False)))


def test_a_short_index_is_refused(tmp_path):
    with pytest.raises(InputError, match="3 phrases"):
        read_manual(
            pdf_of(write_book(tmp_path / "short.pdf", entries=["copper wire, 1", "iron bridge, 2", "tin kettle, 3"]))
        )


def test_a_file_without_an_index_or_too_long_is_refused(book):
    from workbench.resources import sample_data

    with pytest.raises(InputError, match="no printed index"):
        read_manual(pdf_of(sample_data() / "documents" / "dotguide.pdf"))
    with pytest.raises(InputError, match="more than 10"):
        read_manual(pdf_of(book), most_pages=10)


def test_bookmarks_and_labels_are_read(book):
    marks, labels = read_outline(book)
    assert marks[:2] == (Bookmark("Contents", 2), Bookmark("1. About the copper wire", 4))
    assert labels == ("",) * 44


# -- the dataset ------------------------------------------------------------------------------------------------------


def test_the_dataset_is_made_again_the_same(book, tmp_path):
    made = build([str(book)], tmp_path, most_questions=10)
    assert len(made.dataset.queries) == 10
    assert {query.document for query in made.dataset.queries} == {"metal.pdf"}
    assert probe(tmp_path / "documents" / "metal.pdf").pages == 42
    place = {topic: number + 2 for topic, (number, _) in topics_of(3).items()}  # one page of contents is gone
    for query in made.dataset.queries:
        assert list(made.dataset.qrels[query.id]) == [f"metal.pdf#page={place[query.text]}"]
    assert made.bookmarks is not None
    assert len(made.bookmarks.queries) == 10
    for query in made.bookmarks.queries:
        if query.text != "About the nothing in particular":
            page = place[query.text.removeprefix("About the ")]
            assert made.bookmarks.qrels[query.id] == {f"metal.pdf#page={page}": 1}
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    again = build([str(book)], tmp_path, most_questions=10)
    assert again.dataset == made.dataset
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == files


def test_the_page_asked_for_is_the_page_with_the_topic(book, tmp_path):
    made = build([str(book)], tmp_path)
    words_of = {
        str(page.ref): page.words.text
        for page in read_pages(Source(tmp_path / "documents" / "metal.pdf", "metal.pdf"), ReadSettings(ocr=False))
    }
    for query in made.dataset.queries:
        (page,) = made.dataset.qrels[query.id]
        assert query.text in words_of[page]


def test_the_manifest_says_what_was_used_and_what_not(book, tmp_path):
    made = build([str(book), str(tmp_path / "none.pdf")], tmp_path / "set")
    assert made.refused == (f"'{tmp_path / 'none.pdf'}' cannot be read (no such file or directory).",)
    (row,) = json.loads((tmp_path / "set" / "manifest.json").read_text(encoding="utf-8"))["manuals"]
    assert (row["name"], row["index_pages"], row["numbering"]["offset"]) == ("metal", [44], 3)
    assert row["sha256"] == probe(book).content_hash


def test_nothing_usable_is_an_error(tmp_path):
    with pytest.raises(InputError, match="No manual can be used"):
        build([str(tmp_path / "none.pdf")], tmp_path / "set")


def test_a_machine_without_apt_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(packages.shutil, "which", lambda tool: None)
    with pytest.raises(InputError, match="no apt-get and no dpkg-deb"):
        build(["gri-pdf-doc"], tmp_path)


def test_every_manual_counts_the_same():
    per_query = {"a1": {"R@1": 1.0}, "a2": {"R@1": 0.0}, "a3": {"R@1": 0.5}, "b1": {"R@1": 1.0}}
    assert macro(per_query, {"a1": "a", "a2": "a", "a3": "a", "b1": "b"}) == {"R@1": 0.75}
