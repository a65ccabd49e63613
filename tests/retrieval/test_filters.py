import operator
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.make import collection, put, record
from workbench.errors import FilterError
from workbench.retrieval.filters import MAX_NESTING, MAX_TESTS, clauses, document_filter, parse_filter
from workbench.store import Writer
from workbench.store.conditions import condition
from workbench.types.filters import AllOf


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("", None),
        ("  ", None),
        ("document = 'a.pdf'", "(document = 'a.pdf')"),
        ('document = "it\'s.pdf"', "(document = 'it''s.pdf')"),
        ("page >= 10", "(page >= 10)"),
        (
            "document = 'a.pdf' and page >= 10 and tag = 'finance'",
            "((document = 'a.pdf') AND (page >= 10) AND array_has(tags, 'finance'))",
        ),
        ("page < 3 or page > 9", "((page < 3) OR (page > 9))"),
        ("not tag = 'x'", "(NOT array_has(tags, 'x'))"),
        ("page in (1, 2)", "((page = 1) OR (page = 2))"),
        ("document contains 'report'", "contains(document, 'report')"),
        ("meta.year = '2023'", "array_has(meta, 'year=2023')"),
        ("meta.Year != '2023'", "(NOT array_has(meta, 'year=2023'))"),
        ("page >= -1", "(page >= -1)"),
        (
            "NOT (page = 1 OR page = 2) AND words = 'ocr'",
            "((NOT ((page = 1) OR (page = 2))) AND (words_source = 'ocr'))",
        ),
    ],
)
def test_filters_compile_to_quoted_sql(text, sql):
    found = parse_filter(text)
    assert (found and condition(found)) == sql


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("document", "expected one of"),
        ("document =", "expected a value"),
        ("document = a.pdf", "expected a value"),
        ("author = 'x'", "Unknown field 'author'"),
        ("page = 'ten'", "is a number"),
        ("page contains 1", "is a number"),
        ("tag > 'a'", "by =, != and in"),
        ("page = 1 page = 2", "expected 'and', 'or' or the end"),
        ("(page = 1", "expected ')'"),
        ("1 = 1", "expected a field"),
        ("page = 1; drop table pages", "expected 'and', 'or' or the end"),
        ("meta. = 1", "Unknown field"),
        ("(" * 200 + "page = 1" + ")" * 200, "nested too deeply"),
        ("not (" * 9 + "page = 1" + ")" * 9, "more than 8 brackets inside each other"),
        (" or ".join(["page = 1"] * 501), "more than 500 comparisons"),
        (f"page in ({', '.join(['1'] * 501)})", "more than 500 comparisons"),
        (" or ".join(["page = 1"] * 50_000), "599,996 characters; at most 20,000"),
        ("page = \N{ARABIC-INDIC DIGIT THREE}", "expected a value"),
    ],
)
def test_bad_filters_are_refused_in_words(text, says):
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert says in str(caught.value)


@given(st.text(max_size=40))
def test_a_document_name_can_only_ever_be_a_value(name):
    sql = condition(parse_filter(document_filter(name)))
    assert sql == "(document = '" + name.replace("'", "''") + "')"


@given(st.text(max_size=50))
def test_any_text_compiles_or_is_refused(text):
    try:
        parse_filter(text)
    except FilterError as error:
        assert str(error)


# -- the SQL, run ---------------------------------------------------------------------------------------------------

PAGES = [
    ("whales", "whales.pdf", 3, ("sea", "it's"), {"year": "2023", "by": "a=b"}),
    ("odd", "o'dd \\ %_\n\U0001f40b.png", 1, (), {}),
    ("bread", "bread/rye.pdf", 2, ("food",), {"year": "2024"}),
]
OPERATORS = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = collection(tmp_path_factory.mktemp("filters"))
    with Writer(made) as writer:
        for content, name, pages, tags, meta in PAGES:
            put(writer, record(content, pages, name, tags=tags, meta=meta, added=f"2026-0{pages}-01T10:00:00"))
        writer.finish()
    return made


def pages():
    """Every page as a filter sees it."""
    for _, name, count, tags, meta in PAGES:
        for number in range(1, count + 1):
            yield {
                "document": name,
                "page": number,
                "kind": "pdf" if name.endswith(".pdf") else "image",
                "words": "text",
                "tag": tags,
                "meta": [f"{key}={value}" for key, value in meta.items()],
            }


def quoted(value, mark):
    return mark + value.replace(mark, mark * 2) + mark


texts = st.one_of(
    st.sampled_from(
        ["whales.pdf", "o'dd \\ %_\n\U0001f40b.png", "rye", "sea", "it's", "2023", "a=b", "pdf", "text", "%"]
    ),
    st.text(max_size=6),
)
numbers = st.one_of(
    st.sampled_from(
        [
            "0",
            "1",
            "2",
            "3",
            "1.5",
            "2.0",
            "00003",
            "2147483647",
            "2147483648",
            "4000000000",
            "-1",
            "-1.5",
            "-4000000000",
        ]
    ),
    st.sampled_from(["9" * 400, "1." + "9" * 400, "2." + "0" * 400, "2147483647." + "9" * 40, "9" * 4000]),
)
"""As they stand in a filter."""


@st.composite
def comparisons(draw):
    """A test as text, and what it says of a page."""
    field = draw(st.sampled_from(["document", "page", "kind", "words", "tag", "meta.year", "meta.by"]))
    if field == "page":
        return draw(st.one_of(_listed(field, numbers, Fraction), _compared(field, numbers, Fraction)))
    written = st.tuples(texts, st.sampled_from("'\"")).map(lambda pair: quoted(*pair))
    if field in ("tag", "meta.year", "meta.by"):
        value, op = draw(written), draw(st.sampled_from(["=", "!="]))
        wanted = unquoted(value) if field == "tag" else f"{field[5:]}={unquoted(value)}"
        held = field.partition(".")[0]
        return f"{field} {op} {value}", lambda page: (wanted in page[held]) is (op == "=")
    contains = written.map(lambda value: (f"{field} contains {value}", lambda page: unquoted(value) in page[field]))
    return draw(st.one_of(_listed(field, written, unquoted), _compared(field, written, unquoted), contains))


def unquoted(text):
    return text[1:-1].replace(text[0] * 2, text[0])


def _compared(field, values, read):
    return st.tuples(values, st.sampled_from(list(OPERATORS))).map(
        lambda pair: (f"{field} {pair[1]} {pair[0]}", lambda page: OPERATORS[pair[1]](page[field], read(pair[0])))
    )


def _listed(field, values, read):
    return st.lists(values, min_size=1, max_size=3).map(
        lambda wanted: (f"{field} IN ({', '.join(wanted)})", lambda page: page[field] in [read(one) for one in wanted])
    )


def joined(inner):
    """Such expressions with not, and, or and brackets around them."""
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        inner.map(lambda one: (f"not ({one[0]})", lambda page: not one[1](page))),
        several.map(lambda all_: (f"({' and '.join(t for t, _ in all_)})", lambda page: all(e(page) for _, e in all_))),
        several.map(lambda any_: (f"({' or '.join(t for t, _ in any_)})", lambda page: any(e(page) for _, e in any_))),
    )


@settings(max_examples=150, deadline=None)
@given(st.recursive(comparisons(), joined, max_leaves=8))
def test_the_sql_finds_what_the_filter_says(store, filter):
    text, says = filter
    try:
        where = parse_filter(text)
    except FilterError as error:  # bounds, which the strategy may overstep
        assert "more than" in str(error) or "characters" in str(error)
        return
    found = store.refs(store.page_ids(where)).values()
    expected = {(page["document"], page["page"]) for page in pages() if says(page)}
    assert {(ref.document, ref.page) for ref in found} == expected
    both = AllOf(tuple(parse_filter(part) for part in clauses(text)))
    assert set(store.page_ids(both)) == set(store.page_ids(where))


@pytest.mark.parametrize("inner", ["page = 1 and tag = 'sea'", "page = 1 or tag != 'sea'", "not meta.by != 'a=b'"])
def test_the_deepest_filter_is_planned_at_once(store, inner):
    for deepest in (
        "not (" * MAX_NESTING + inner + ")" * MAX_NESTING,
        "not (page = 1 or " * MAX_NESTING + inner + ")" * MAX_NESTING,
        "not (page = 1 and not not not (" * (MAX_NESTING // 2) + inner + "))" * (MAX_NESTING // 2),
    ):
        assert len(store.page_ids(parse_filter(deepest))) <= 6


def test_the_longest_filter_runs(store):
    for word in (" or ", " and "):
        text = word.join(f"page != {number}" for number in range(100, 100 + MAX_TESTS))
        assert len(store.page_ids(parse_filter(text))) == 6
    assert len(store.page_ids(parse_filter(f"page in ({', '.join(['1'] * MAX_TESTS)})"))) == 3


@pytest.mark.parametrize("text", ["document = '\x00'", "document contains '\ud800'", 'tag = "\udcff"'])
def test_what_is_no_text_is_found_nowhere_and_fells_nothing(store, text):
    assert store.page_ids(parse_filter(text)) in ([], store.page_ids(None))


def test_a_name_that_is_no_text_is_found_under_its_stored_form(tmp_path):
    made = collection(tmp_path)
    with Writer(made) as writer:
        put(writer, record("bytes", 1, "caf\udce9.pdf"))
        writer.finish()
    assert len(made.page_ids(parse_filter(document_filter("caf\udce9.pdf")))) == 1
