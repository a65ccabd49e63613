"""What is typed is found: codes, numbers and forms of words, capitals, words in order and in quotes, open ends."""

import itertools

import numpy as np
import pytest

from tests.store.test_postings import arrays, bm25
from workbench.documents.structure import Role
from workbench.store import lookup, terms
from workbench.store.concepts import ROWS
from workbench.store.page_ids import PageIds
from workbench.store.postings import PageText, Postings, Segment


def first(texts, query, pairs=0.0):
    """The positions of the best pages: all that share the highest score, none where nothing is found."""
    scores = bm25(arrays(dict(enumerate(texts))), query, pairs)
    return np.flatnonzero((scores == scores.max()) & (scores > 0)).tolist()


PARTS = [f"{a}-{b}-{c}" for a in ("AB", "CD", "EF") for b, c in itertools.permutations(("12", "34", "56", "78"), 2)]
SECTIONS = [f"{a}.{b}.{c}" for a in range(1, 5) for b in range(1, 4) for c in range(1, 4)]
DATES = [f"{day:02}/{month:02}/2015" for day in (3, 4, 5, 11) for month in (3, 4, 5, 11)]


@pytest.mark.parametrize(
    ("codes", "typed"),
    [
        (PARTS, str),
        (PARTS, str.lower),
        (PARTS, lambda code: code.replace("-", "")),
        (PARTS, lambda code: code.replace("-", "\N{EN DASH}")),
        (SECTIONS, str),
        (SECTIONS, "Section {}".format),
        (SECTIONS, "({}),".format),
        (DATES, str),
    ],
)
def test_a_code_finds_its_page_before_its_permutations(codes, typed):
    pages = [f"Section {code} tells of the valve and section part {i % 7}" for i, code in enumerate(codes)]
    for i, code in enumerate(codes):
        assert first(pages, typed(code)) == [i], code


FORMS = [
    ("1234", "a total of 1,234 euros"),
    ("1,234", "a total of 1234 euros"),
    ("1234567", "a total of 1,234,567 euros"),
    ("1234.50", "a total of 1.234,50 euros"),
    ("1234", "a total of 1'234 francs"),
    ("COVID19", "the COVID-19 pandemic"),
    ("COVID-19", "the COVID19 pandemic"),
    ("10K", "the yearly 10-K filing"),
    ("email", "send an e-mail now"),
    ("e-mail", "send an email now"),
    ("e-mails", "send an email now"),
    ("US", "in the U.S. market"),
    ("U.S.", "in the US market"),
    ("CO2", "tons of CO₂ a year"),
    ("CO₂", "tons of CO2 a year"),
    ("매출", "올해 매출액은 늘었다"),
    ("매출액", "올해 매출액은 늘었다"),
    ("酒", "日本酒の製造"),
    ("経済", "経済学入門"),
    ("ไทย", "ราคาน้ำมันในประเทศไทยสูงขึ้น"),
    ("Umsatz", "die Umsatzerlöse stiegen"),
    ("matur*", "maturing papers"),
    ("WHO", "as the WHO advises"),
    ("WHO guidelines", "as the WHO advises"),
    ("IT", "our IT department"),
    ("to be or not to be", "to be or not to be"),
]


@pytest.mark.parametrize(("query", "text"), FORMS)
def test_a_word_is_found_in_another_form(query, text):
    others = ["who said it of us, with a total of 1 or 234 and 10 to 19 of 50", "co k e mail u", "다른 말"]
    assert first([*others, text], query) == [3]


def test_capitals_say_nothing_in_a_line_of_capitals():
    pages = ["WHO IS IT FOR, SAID ALL OF US", "the WHO", "who is it for"]
    assert first(pages, "WHO") == [1]
    made = arrays(dict(enumerate(pages)))
    assert [each.label for each in lookup.sought(made, "WHO IS IT")] == ["who", "is", "it"]


def test_a_stop_word_counts_only_where_nothing_else_was_typed():
    made = arrays({0: "the whale and the sea", 1: "the end"})
    assert [each.label for each in lookup.sought(made, "the whale")] == ["whale"]
    assert [each.label for each in lookup.sought(made, "the")] == ["the"]


def test_quoted_words_stand_one_after_the_other():
    pages = ["capital that is working", "working capital", "the capital of working people", "working of the capital"]
    made = arrays(dict(enumerate(pages)))
    for text in ('"working capital"', "“working capital”", "what is “working capital” worth"):
        assert lookup.phrases(text) == ["working capital"]
        assert first(pages, text) == [1]
    assert lookup.phrase(made, "of the capital").pages.tolist() == [3]
    assert lookup.phrases('in list format, as ["3","2"]') == []


def test_words_in_order_win():
    pages = ["growth of revenue is a rate", "the rate of growth of revenue", "rate much revenue growth"]
    assert first(pages, "rate of growth", 0.3) == [1]
    made = arrays(dict(enumerate(pages)))
    pairs = lookup.sought(made, "rate of growth", 0.3)[2:]
    assert [(each.label, each.found.pages.tolist(), each.weight) for each in pairs] == [("rate growth", [1], 0.3)]


def test_places_are_those_of_the_words():
    words = ["The", "state-of-the-art", "pump", "AB-12-34", "pumps"]
    text = PageText(words, np.zeros(5, np.int32), np.arange(5, dtype=np.int32))
    found = Postings.of([Segment.of({"p": text})], PageIds.of(["p"]))
    assert found.on("pump").keys.tolist() == [5, 9]
    assert (found.on("pump").marks >> 24).tolist() == [2, 4]
    assert found.on("ab-12-34").keys.tolist() == found.on("ab1234").keys.tolist() == [6]
    assert terms.length(words) == 7  # state, art, pump, ab, 12, 34, pumps


def test_a_role_weighs():
    heading, body = np.ones(2, np.int32), np.zeros(2, np.int32)
    texts = {str(i): PageText(["gross", "margin"], body, roles) for i, roles in enumerate((body, heading))}
    made = Postings.of([Segment.of(texts)], PageIds.of(texts))
    found = made.on("margin")
    plain, weighed = made.scores(found), made.scores(found, np.array([1, 3], np.float32))
    assert plain[0] == plain[1] == weighed[0] < weighed[1]


def test_a_financial_term_counts_the_rows_that_it_is_made_of():
    def statement(*rows):
        words = [word for row in rows for word in row.split()]
        lines = np.repeat(np.arange(len(rows), dtype=np.int32), [len(row.split()) for row in rows])
        roles = np.asarray([0 if word[0].isdigit() else Role.ROW for word in words], np.int32)
        return PageText(words, lines, roles)

    texts = {
        "prose": PageText.of("Working capital is total current assets less total current liabilities, and capital."),
        "sheet": statement("Total current assets 9,100 8,200", "Total current liabilities 7,000 6,500"),
        "flow": statement("Purchases of property and equipment 800 700", "Dividends paid 200 100"),
    }
    made = Postings.of([Segment.of(texts)], PageIds.of(texts))
    rows = [each for each in lookup.sought(made, "What was the working capital?", concepts=1.0)[2:]]
    assert {each.label: each.found.pages.tolist() for each in rows} == {
        "total current assets": [1],
        "total current liabilities": [1],
    }
    assert [each.label for each in lookup.sought(made, "capital expenditures", concepts=1.0)] == [
        "capital", "purchases of property",
    ]  # fmt: skip
    assert all(terms.read(word).parts for row in ROWS.values() for label in row for word in label.split())
