"""The language of pages and the year of their files: stored with them, filtered by, lacking in older collections."""

from dataclasses import replace

import pytest

from tests.store.make import collection, item, put, record
from workbench.errors import InputError
from workbench.retrieval import parse_filter
from workbench.store import Collection, Library
from workbench.store.checks import problems
from workbench.store.exchange import Contents
from workbench.store.exporting import export
from workbench.store.importing import manifest_of, take_in
from workbench.store.mending import mend
from workbench.store.writer import Writer
from workbench.types import PageRef, ReadWords

WHALES = record("whales", 4)
SAID = {
    1: ("The whale is the largest of all animals that have ever been on the earth, and it sings.", 1999),
    2: ("Der Wal ist das größte aller Tiere, die es auf der Erde gibt, und er singt in der Nacht.", 2024),
    3: ("12 34 56", 2024),
    4: ("56", 0),
}
LANGUAGES = {1: "en", 2: "de", 3: "", 4: ""}
YEARS = {number: year for number, (_, year) in SAID.items()}


@pytest.fixture
def store(tmp_path):
    made = collection(tmp_path)
    with Writer(made) as writer:
        started = writer.begin_document(WHALES)
        pages = [item(started, number, text) for number, (text, _) in SAID.items()]
        pages = [(replace(page, year=YEARS[page.ref.page]), *rest) for page, *rest in pages]
        assert writer.add_pages(started, pages) == []
        writer.finish_document(started)
        writer.finish()
    return made


def before(made):
    """The collection as an earlier Pagelens made it."""
    made.catalog.table("pages").drop_columns(["language", "year"])
    return Collection(made.path)


def pages(made, text):
    return [made.directory().refs[page].page for page in made.page_ids(parse_filter(text))]


def known(made):
    stored = {number: made.page(PageRef("whales.pdf", number)) for number in SAID}
    return {number: (page.language, page.year) for number, page in stored.items()}


def numbers(made, field):
    snapshot = made.snapshot()
    return {value: snapshot.numbers[rows].tolist() for value, rows in snapshot.by(field).items()}


def test_they_come_back_with_the_page(store):
    assert known(store) == {number: (LANGUAGES[number], YEARS[number]) for number in SAID}
    assert numbers(store, "language") == {"en": [1], "de": [2]}
    assert numbers(store, "year") == {"1999": [1], "2024": [2, 3]}
    assert numbers(store, "words") == {"text": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("language = 'de'", [2]),
        ("language in ('de', 'en')", [1, 2]),
        ("language != 'de'", [1, 3, 4]),
        ("not language = 'de'", [1, 3, 4]),
        ("language = ''", [3, 4]),
        ("year = 2024", [2, 3]),
        ("year < 2024", [1]),
        ("year <= 2024", [1, 2, 3]),
        ("year < -5 or year > 1999.5", [2, 3]),
        ("year != 2024", [1, 4]),
        ("not year < 2024", [2, 3, 4]),
        ("year = 2024.5", []),
        ("year in (1999, 2024) and language = 'en'", [1]),
    ],
)
def test_filters_find_them_and_what_is_not_known_is_no_year(store, text, found):
    assert pages(store, text) == found


def test_a_collection_made_before_works_says_what_to_do_and_repair_does_it(store):
    old = before(store)
    assert pages(old, "page > 2") == [3, 4]
    assert problems(old) == []
    assert numbers(old, "language") == numbers(old, "year") == {}
    with pytest.raises(InputError, match=r"the language of the pages .* run: pagelens collections repair notes"):
        old.page_ids(parse_filter("language = 'de'"))
    with pytest.raises(InputError, match=r"the years of the files .* ingest the files into a new collection"):
        old.page_ids(parse_filter("page = 1 or year = 2024"))
    with Writer(old) as writer:
        put(writer, record("bread", 2))
        writer.finish()
    assert mend(old) == ["The language of 4 pages was looked for by their words."]
    assert mend(old) == []
    assert {number: language for number, (language, _) in known(old).items()} == LANGUAGES
    assert pages(old, "language = 'de'") == [2]
    assert problems(old) == []


def test_an_empty_collection_is_filtered_by_them(tmp_path):
    assert pages(collection(tmp_path), "language = 'de' and year > 2000 and shows = 'chart'") == []


def test_words_read_later_tell_their_language(store):
    ids = store.page_ids(None)
    words = item(WHALES, 3, SAID[2][0])[0].words
    with Writer(store) as writer:
        writer.set_words({ids[2]: ReadWords(words, "", 88)})
        writer.finish()
    assert known(store)[3] == ("de", 2024)


@pytest.mark.parametrize("form", ["parquet", "npz"])
def test_they_leave_and_come_back(store, tmp_path, form):
    export(store, tmp_path / "out", formats=(form,))
    again = Library(store.path.parent.parent).make("again", manifest_of(Contents.read(tmp_path / "out")))
    take_in(again, tmp_path / "out")
    assert known(Collection(again.path)) == known(store)
