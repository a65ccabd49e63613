"""What layout tells of words: titles, headings, captions, rows, and what a page is called by; on text and OCR alike."""

import numpy as np
import pytest

from workbench.documents.structure import Role, _medians, identifier, structure

BODY = 0.02


def page(*rows):
    """Lines as ``(text, height, y)``; boxes as wide as the letters are many."""
    words, lines, boxes = [], [], []
    for number, (text, height, y) in enumerate(rows):
        x = 0.1
        for word in text.split():
            words.append(word)
            lines.append(number)
            boxes.append((x, y, x + 0.4 * height * len(word), y + height))
            x += 0.4 * height * (len(word) + 1)
    return words, np.asarray(lines, np.int32), np.asarray(boxes, np.float32).reshape(-1, 4)


def told(*rows):
    words, lines, boxes = page(*rows)
    found = structure(words, lines, boxes, (1000, 1000))
    by_role = {role: " ".join(w for w, r in zip(words, found.roles, strict=True) if r == role) for role in Role}
    return {role.name: text for role, text in by_role.items() if text}, found.names


PROSE = [(f"and so the prose of line {i} goes on and on to its end", BODY, 0.3 + 0.03 * i) for i in range(12)]


def test_large_lines_are_titles_and_headings():
    roles, _ = told(("Annual report", 0.04, 0.1), *PROSE, ("Working capital", 0.026, 0.75))
    assert roles["TITLE"] == "Annual report"
    assert roles["HEADING"] == "Working capital"
    assert roles["BODY"].startswith("and so the prose")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("3.2 Methods of counting", "section 3.2"),
        ("IV. Results", "section 4"),
        ("Chapter 2: Display", "chapter 2"),
        ("Item 7. Management's discussion", "item 7"),
        ("Appendix B", "appendix b"),
    ],
)
def test_numbered_headings_have_names(line, name):
    roles, names = told(*PROSE, (line, BODY, 0.75))
    assert roles["HEADING"] == line
    assert name in names


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Figure 5: Rain in Bergen", "figure 5"),
        ("Fig. 3a. Rain", "figure 3a"),
        ("TABLE II", "table 2"),
        ("Tabelle 4 Regen", "table 4"),
        ("Exhibit P-10", "exhibit p10"),
    ],
)
def test_captions_have_names(line, name):
    roles, names = told(*PROSE, (line, BODY, 0.75))
    assert roles["CAPTION"] == line
    assert name in names


@pytest.mark.parametrize(
    "line",
    ["Figure 5 shows that it rains", "table 2 is long", "3.2 percent of the people said so", "Figures are rounded"],
)
def test_a_sentence_is_no_caption_and_no_heading(line):
    roles, names = told(*PROSE, (line, BODY, 0.75))
    assert set(roles) == {"BODY"}
    assert names == ()


def test_the_label_of_a_row_of_numbers():
    roles, _ = told(*PROSE, ("Total current assets $ 1,234 $ 987", BODY, 0.75))
    assert roles["ROW"] == "Total current assets $"


def test_a_table_of_contents_is_not_its_sections():
    rows = [(f"{i}.1 Heading of it", BODY, 0.05 * i) for i in range(1, 15)]
    assert [name for name in told(*rows)[1] if name.startswith("section")] == []


def test_numbers_at_the_edges_may_be_page_numbers():
    _, names = told(("Report 2015", BODY, 0.02), *PROSE, ("- 12 -", BODY, 0.95))
    assert "label 2015" in names
    assert told(*PROSE, ("page 7", BODY, 0.95))[1] == ("label 7",)
    assert told(("Hello 12 there", BODY, 0.02), *PROSE)[1] == ()


def test_what_numbers_are_compared_by():
    assert [identifier(text) for text in ("II", "2.", "(3a)", "A-3", "IV", "C", "P-10", "3.2")] == [
        "2", "2", "3a", "a3", "4", "c", "p10", "3.2",
    ]  # fmt: skip


def test_a_page_without_words():
    found = structure([], np.zeros(0, np.int32), np.zeros((0, 4), np.float32), (10, 10))
    assert len(found.roles) == 0 and found.names == ()


def test_medians_of_lines_are_numpys():
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 9, 300)
    ends = np.cumsum(counts)
    values = rng.integers(0, 5, int(ends[-1])).astype(np.float32) / 7
    expected = [np.median(values[a:b]) for a, b in zip(ends - counts, ends, strict=True)]
    found = _medians(values, ends - counts, ends)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.asarray(expected))
