import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import FilterError
from workbench.retrieval.filters import compile_filter, document_filter


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
    assert compile_filter(text) == sql


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
    ],
)
def test_bad_filters_are_refused_in_words(text, says):
    with pytest.raises(FilterError) as caught:
        compile_filter(text)
    assert says in str(caught.value)


@given(st.text(max_size=40))
def test_a_document_name_can_only_ever_be_a_value(name):
    sql = compile_filter(document_filter(name))
    assert sql == "(document = '" + name.replace("'", "''") + "')"


@given(st.text(max_size=50))
def test_any_text_compiles_or_is_refused(text):
    try:
        compile_filter(text)
    except FilterError as error:
        assert str(error)
