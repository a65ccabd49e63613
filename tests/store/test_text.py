"""Text search: what counts as a word, that a query is never syntax, and that scores do not depend on history."""

import time

import pytest

from tests.store.make import collection, digest, item, put, record
from workbench.store.writer import Writer


def fill(store, texts, name="doc", batch=3, finish=True):
    """One page a text; ids are the text's position from 1."""
    with Writer(store) as writer:
        started = writer.begin_document(record(name, len(texts)))
        for start in range(0, len(texts), batch):
            pages = [item(started, i + 1, texts[i]) for i in range(start, min(start + batch, len(texts)))]
            assert writer.add_pages(started, pages) == []
        writer.finish_document(started)
        if finish:
            writer.finish()


def found(store, query, limit=99, where=None):
    return [int(page.partition(":")[2]) for page, _ in store.words.bm25(query, limit, where)]


TEXTS = [
    "The blue whale is the largest animal",  # 1
    "Whales sing under the sea sea sea",  # 2
    "The war of 1914 and the son of the king who wore a hat",  # 3
    "Part number AB-1234 costs 4 euros",  # 4
    "Le café est naïf",  # 5
    "東京タワー の 高さ",  # 6
    "to be or not to be",  # 7
    "state-of-the-art snake_case_name 3.14",  # 8
    "Straße nach München",  # 9
]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = collection(tmp_path_factory.mktemp("text"))
    fill(made, TEXTS)
    return made


@pytest.mark.parametrize(
    ("query", "pages"),
    [
        ("whale", {1, 2}),
        ("WHALES", {1, 2}),
        ("sea", {2}),
        ("war", {3}),
        ("son", {3}),
        ("hat", {3}),
        ("4", {4}),
        ("1914", {3}),
        ("AB-1234", {4}),
        ("1234", {4}),
        ("cafe", {5}),
        ("naïf", {5}),
        ("東京", {6}),
        ("state", {8}),
        ("snake_case_name", {8}),
        ("straße", {9}),
        ("munchen", {9}),
        ("which of the whales is singing?", {1, 2}),
        ("unheard", set()),
    ],
)
def test_words_are_found(store, query, pages):
    assert set(found(store, query)) == pages


@pytest.mark.parametrize(
    "query",
    [
        "",
        "  \n\t",
        "?",
        "the of and",
        '+-!(){}[]^"~*?:\\/',
        "\x00",
        "\ud83d",
        "AND",
        "'; DROP TABLE pages; --",
        "x" * 10_000,
    ],
)
def test_queries_without_a_word_of_the_collection_find_nothing(store, query):
    assert store.words.bm25(query, 10) == []


@pytest.mark.parametrize(
    "form", ['"{}"', "{}~2", "+{} -animal", "text:{}", "({}", "{}*", "{} AND NOT animal", "{}^9", "\x00{}", "{}\ud83d"]
)
def test_a_query_is_words_and_never_syntax(store, form):
    assert {1, 2} <= set(found(store, form.format("whale")))


def test_a_very_long_query_is_answered(store):
    query = ("whale sea war " * 800)[:10_000]
    start = time.monotonic()
    assert set(found(store, query)) == {1, 2, 3}
    assert time.monotonic() - start < 20


def test_limits_and_conditions(store):
    assert store.words.bm25("whale", 0) == []
    assert len(store.words.bm25("whale", 1)) == 1
    assert found(store, "whale sea", 5, "page != 2") == [1]
    assert found(store, "whale", 5, "false") == []


def test_the_rarer_word_and_the_shorter_page_win(store):
    scores = dict(store.words.bm25("whale sea", 9))
    assert found(store, "whale sea")[0] == 2
    assert all(score > 0 for score in scores.values())
    assert list(scores.values()) == sorted(scores.values(), reverse=True)


def scores(store, queries=("whale", "sea whale", "king largest page")):
    return [sorted((page, round(score, 5)) for page, score in store.words.bm25(query, 99)) for query in queries]


def test_scores_do_not_depend_on_how_the_pages_came(tmp_path):
    one, many = collection(tmp_path, "one"), collection(tmp_path, "many")
    fill(one, TEXTS * 3, batch=99)
    with Writer(many) as writer:
        put(writer, record("gone", 9), text="a whale and a sea and many other words of the king " * 4)
        writer.finish()
    with Writer(many) as writer:
        started = writer.begin_document(record("doc", 27))
        for i, text in reversed(list(enumerate(TEXTS * 3, 1))):
            writer.add_pages(started, [item(started, i, text)])
            if i % 5 == 0:
                writer.finish()
        writer.finish_document(started)
        writer.finish()
        writer.delete_document("gone.pdf")
        writer.finish()
    assert scores(one) == scores(many)
    assert not any(page.startswith(digest("gone")[:32]) for page, _ in many.words.bm25("whale", 99))


def test_pages_are_found_before_an_ingest_ends(tmp_path):
    store = collection(tmp_path)
    with Writer(store) as writer:
        started = writer.begin_document(record("doc", 9))
        writer.add_pages(started, [item(started, 1, TEXTS[0])])
        assert found(store, "whale") == [1]
        writer.finish()
        writer.add_pages(started, [item(started, 2, TEXTS[1])])
        assert set(found(store, "whale")) == {1, 2}
