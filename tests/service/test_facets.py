"""Facets: what collections can be narrowed down to, counted as filters count."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.documents.make import TOPICS, write_pdf
from workbench.errors import FilterError, InputError, NotFoundError
from workbench.permits import Permit, permitted
from workbench.retrieval import parse_filter
from workbench.retrieval.filters import choosing, chosen
from workbench.retrieval.filters import read as clauses_of
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.store import FieldsChange
from workbench.types.filters import AllOf


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """Two collections with tags and years; the second has a document of the first, too."""
    root = tmp_path_factory.mktemp("facets")
    files = {name: write_pdf(root / name, pages) for name, pages in TOPICS.items()}
    made = Workbench(Settings(home=root / "home"))
    made.ingest([files["whales.pdf"], files["bread.pdf"]], "one")
    made.ingest([files["stars.pdf"], files["whales.pdf"]], "two")
    made.library.change_fields("one", ["whales.pdf"], FieldsChange.of(["sea"], (), {"Year": 2020}))
    made.library.change_fields("one", ["bread.pdf"], FieldsChange.of(["food", "it's"], (), {"Year": 2024}))
    made.library.change_fields("two", ["stars.pdf"], FieldsChange.of(["sky"], (), {"Year": 2024}))
    yield made
    made.close()


def counted(bench, collections=(), filter=""):
    return {
        facet.field: {one.value: one.pages for one in facet.values} for facet in bench.facets.of(collections, filter)
    }


def test_pages_are_counted_over_all_collections(bench):
    found = counted(bench)
    assert found["document"] == {"whales.pdf": 4, "bread.pdf": 3, "stars.pdf": 2}
    assert found["tag"] == {"food": 3, "it's": 3, "sea": 2, "sky": 2}
    assert found["meta.year"] == {"2024": 5, "2020": 2}
    assert not found.keys() & {"kind", "words", "year", "shows"}  # all pages are alike in that
    assert counted(bench, ["two", "gone"])["document"] == {"stars.pdf": 2, "whales.pdf": 2}
    with pytest.raises(NotFoundError, match="no collection 'gone'"):
        bench.facets.of(["gone"])
    with permitted(Permit(collections=frozenset({"one"}))):
        assert set(counted(bench)["document"]) == {"whales.pdf", "bread.pdf"}


def test_every_count_is_what_its_filter_finds_and_the_field_itself_stays_open(bench):
    filter = "meta.year = 2024 and page <= 2"
    facets = {facet.field: facet for facet in bench.facets.of((), filter)}
    assert [(one.value, one.pages, one.chosen) for one in facets["meta.year"].values] == [
        ("2024", 4, True),
        ("2020", 2, False),
    ]
    assert {one.value: one.pages for one in facets["document"].values} == {"bread.pdf": 2, "stars.pdf": 2}
    for facet in facets.values():
        for one in facet.values:
            alone = choosing(filter, facet.field, [one.value])
            found = bench.across.search("a", (), "exact", 100, alone)
            assert sum(len(answer.result.hits) for answer in found.answers if answer.result) == one.pages


def test_values_are_taken_in_and_out(bench):
    (documents,) = (facet for facet in bench.facets.of(("one",)) if facet.field == "document")
    first = documents.values[0].filter
    (documents,) = (facet for facet in bench.facets.of(("one",), first) if facet.field == "document")
    both = documents.values[1].filter
    assert both == "document in ('bread.pdf', 'whales.pdf')"
    (documents,) = (facet for facet in bench.facets.of(("one",), both) if facet.field == "document")
    assert all(one.chosen for one in documents.values)
    assert documents.values[1].filter == "document = 'bread.pdf'"
    gone = next(facet for facet in bench.facets.of(("one",), "tag = 'never'") if facet.field == "tag")
    assert [(one.value, one.pages, one.filter) for one in gone.values if one.chosen] == [("never", 0, "")]
    with pytest.raises(FilterError, match="Unknown field"):
        bench.facets.of((), "pages > 3")


clause = st.sampled_from(
    [
        "page > 3",
        "document = 'a'",
        "document in ('b', 'c')",
        "(page = 1 or tag = 'x')",
        "not document = 'd'",
        "tag = 'e'",
    ]
)
texts = st.lists(clause, max_size=4).map(" and ".join) | st.just("page = 1 or document = 'z'")


@settings(max_examples=200, deadline=None)
@given(texts, st.lists(st.text("ab' ,", min_size=1), unique=True, max_size=3))
def test_choosing_changes_one_field_and_nothing_else(text, values):
    made = choosing(text, "document", values)
    assert chosen(made, "document") == tuple(values)
    rest = choosing(made, "document", ())
    assert parse_filter(rest) == parse_filter(choosing(text, "document", ()))
    if rest and values:
        assert isinstance(parse_filter(made), AllOf)


def test_a_test_added_to_an_or_is_of_all_of_it():
    found = " and ".join(text for text, _ in clauses_of("page = 1 or page = 2", "tag", "=", "x"))
    assert found == "(page = 1 or page = 2) and tag = 'x'"


def test_pages_are_counted_by_what_each_shows_its_language_and_year(bench):
    with_figures, before = (bench.opened.get(name).catalog.table("pages") for name in ("one", "two"))
    with_figures.update(where="document = 'bread.pdf'", values_sql={"shows": "['chart', 'map']", "year": "2024"})
    with_figures.update(where="page = 1", values={"language": "de"})
    before.drop_columns(["shows", "language", "year"])
    for name in ("one", "two"):
        bench.opened.close(name)
    found = counted(bench)
    assert found["shows"] == {"chart": 3, "map": 3}
    assert found["language"] == {"de": 2, "en": 2}  # the other page of either file
    assert found["year"] == {"2024": 3, "2000": 2}
    asked = counted(bench, (), "shows = 'chart' and language = 'de'")
    assert asked == {"shows": {"chart": 1, "map": 1}, "language": {"de": 1, "en": 1}}  # one page is left
    years = next(facet for facet in bench.facets.of((), "year = 2024") if facet.field == "year")
    assert [(one.value, one.chosen, one.filter) for one in years.values] == [
        ("2024", True, ""),
        ("2000", False, "year in (2024, 2000)"),
    ]
    with pytest.raises(InputError, match="Nothing has looked for figures on the pages of collection 'two'"):
        bench.facets.of(["two"], "shows = 'chart'")
