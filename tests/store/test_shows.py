"""Kinds of figure on pages: stored with them, filtered by, and lacking in collections that were made before."""

from dataclasses import replace

import numpy as np
import pytest

from tests.store.make import INFO, collection, item, put, record
from workbench.errors import InputError
from workbench.retrieval import parse_filter
from workbench.store import Collection, Library
from workbench.store.checks import problems
from workbench.store.exchange import Contents
from workbench.store.exporting import export
from workbench.store.importing import manifest_of, take_in
from workbench.store.schema import SEEN
from workbench.store.writer import Writer
from workbench.types import POINT, SIGHT, SMALL, Figure, PageRef, ReadWords

WHALES = record("whales", 4)
PLACE = (0.1, 0.2, 0.5, 0.75)
SHOWS = {1: ("chart", "map"), 2: (), 3: None, 4: ("table",)}
LATER = INFO.__class__("tiny/two", "Two", "words", INFO.dim, "r1", "abc", "none", "all")


def figures(kinds):
    """Figures of these kinds, each that look like nothing else."""
    if kinds is None:
        return None
    numbers = [sum(kind.encode()) for kind in kinds]
    return tuple(
        Figure(
            PLACE,
            kind,
            np.random.default_rng(n).integers(-50, 50, SIGHT).astype(np.int8),
            np.random.default_rng(n).integers(0, 255, (n % 7, POINT)).astype(np.uint8),
            np.full(SMALL, n % 256, np.uint8),
        )
        for n, kind in zip(numbers, kinds, strict=True)
    )


def seen(number, shows):
    page, embedding, pictures = item(WHALES, number)
    return replace(page, pictures=(PLACE,) if shows else ()), replace(embedding, figures=figures(shows)), pictures


@pytest.fixture
def store(tmp_path):
    made = collection(tmp_path)
    with Writer(made) as writer:
        started = writer.begin_document(WHALES)
        assert writer.add_pages(started, [seen(*one) for one in SHOWS.items()]) == []
        writer.finish_document(started)
        writer.finish()
    return made


def before(made, *columns):
    """The collection as an earlier Pagelens made it: without these columns."""
    made.catalog.table("pages").drop_columns(list(columns or ("pictures", "shows", *SEEN)))
    return Collection(made.path)


def pages(made, text):
    return [made.directory().refs[page].page for page in made.page_ids(parse_filter(text))]


def shows(made):
    return {number: made.page(PageRef("whales.pdf", number)).shows for number in SHOWS}


def test_what_was_seen_on_a_page_comes_back_with_it(store):
    assert shows(store) == SHOWS
    one, two = store.rebuilt(store.page_ids(None)[:2])
    np.testing.assert_allclose(one.pictures, [(0.1, 0.2, 0.5, 0.75)], atol=1e-6)
    assert two.pictures == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("shows = 'chart'", [1]),
        ("shows = 'chart' and shows = 'map'", [1]),
        ("shows in ('map', 'table')", [1, 4]),
        ("shows != 'chart'", [2, 3, 4]),
        ("not shows = 'chart'", [2, 3, 4]),
        ("not (shows = 'chart' or shows = 'table')", [2, 3]),
        ("shows = 'music'", []),
        ("page > 1 and not shows != 'table'", [4]),
    ],
)
def test_a_page_that_nobody_looked_at_shows_nothing(store, text, found):
    assert pages(store, text) == found


def test_pages_that_show_nothing_are_not_read_to_tell_which_show_what(store, monkeypatch):
    read, rows = [], store.catalog.rows
    monkeypatch.setattr(store.catalog, "rows", lambda *asked: read.extend(found := rows(*asked)) or found)
    one, *_, last = store.page_ids(None)
    assert store.catalog.pages_by("shows") == {"chart": [one], "map": [one], "table": [last]}
    assert len(read) == 2


def test_a_collection_made_before_opens_and_says_what_to_do(store):
    old = before(store)
    assert shows(old) == dict.fromkeys(SHOWS)
    assert [page.pictures for page in old.rebuilt(old.page_ids(None))] == [()] * 4
    assert pages(old, "page > 2") == [3, 4]
    assert problems(old) == []
    for text in ("shows = 'chart'", "page = 1 or not shows = 'chart'"):
        with pytest.raises(InputError, match=r"'notes': the encoder 'reader' does.*into a new collection"):
            old.page_ids(parse_filter(text))


@pytest.mark.parametrize("columns", [("sights",), ("shows", "figures"), ("pictures", "shows", "figures", "sights")])
def test_a_collection_made_before_is_written_to(store, columns):
    old = before(store, *columns)
    bread = record("bread", 2)
    with Writer(old) as writer:
        put(writer, bread)
        writer.finish()
    assert shows(old) == (SHOWS if columns == ("sights",) else dict.fromkeys(SHOWS))
    if columns == ("sights",):
        return
    with pytest.raises(InputError, match="Nothing has looked for figures"):
        old.page_ids(parse_filter("shows = 'chart'"))
    page, embedding, pictures = item(record("maps", 1), 1)
    with Writer(old) as writer:
        started = writer.begin_document(record("maps", 1))
        assert writer.add_pages(started, [(page, replace(embedding, figures=figures(("map",))), pictures)]) == []
        writer.finish_document(started)
        writer.finish()
    assert [str(old.directory().refs[page]) for page in old.page_ids(parse_filter("shows = 'map'"))] == [
        "maps.pdf#page=1"
    ]
    assert len(old.page_ids(parse_filter("shows != 'map'"))) == 6
    assert problems(old) == []


def test_pages_read_again_show_what_is_seen_then(store):
    ids = store.page_ids(None)
    _, embedding, _ = item(WHALES, 1)
    with Writer(store) as writer:
        read = {page: ReadWords(store.page(store.directory().refs[page]).words, "", 100) for page in ids[:3]}
        writer.set_words(read, {INFO.id: {ids[0]: replace(embedding, figures=()), ids[1]: embedding}})
        writer.finish()
    assert shows(store) == {**SHOWS, 1: ()}


def test_an_encoder_that_comes_later_tells_what_it_sees(store):
    ids = store.page_ids(None)
    made = [
        (page, replace(item(WHALES, i)[1], figures=figures(("logo",) if i > 2 else None)))
        for i, page in enumerate(ids, 1)
    ]
    with Writer(store) as writer:
        writer.indexes.add_space(LATER, ("rows",))
        assert writer.add_vectors(LATER.id, made) == {}
        writer.finish()
    assert shows(store) == {**SHOWS, 3: ("logo",), 4: ("logo",)}
    assert pages(store, "shows = 'logo'") == [3, 4]


@pytest.mark.parametrize("formats", [("parquet",), ("npz",)])
@pytest.mark.parametrize("known", [True, False])
def test_it_leaves_and_comes_back(store, tmp_path, formats, known):
    made = store if known else before(store)
    export(made, tmp_path / "out", formats=formats)
    again = Library(store.path.parent.parent).make("again", manifest_of(Contents.read(tmp_path / "out")))
    take_in(again, tmp_path / "out")
    again = Collection(again.path)
    if not known or formats == ("npz",):  # arrays cannot say that nobody looked at one of the pages
        assert shows(again) == dict.fromkeys(SHOWS)
    else:
        assert shows(again) == SHOWS
    first = again.rebuilt(again.page_ids(None)[:1])[0].pictures
    assert np.round(first, 6).tolist() == ([[0.1, 0.2, 0.5, 0.75]] if known else [])


def test_an_export_made_before_comes_in(store, tmp_path):
    import pyarrow.parquet as pq

    export(store, tmp_path / "out", formats=("parquet",))
    file = tmp_path / "out" / "pages.parquet"
    table = pq.read_table(file)
    pq.write_table(table.drop_columns(["pictures", "shows", "figures", "sights"]), file)
    again = Library(store.path.parent.parent).make("again", manifest_of(Contents.read(tmp_path / "out")))
    take_in(again, tmp_path / "out")
    assert shows(Collection(again.path)) == dict.fromkeys(SHOWS)


def test_pages_are_found_by_how_well_they_were_read(store):
    """`quality` comes back with a page, is filtered by, and is new with the words of a page that is read again."""
    bread = record("bread", 3)
    with Writer(store) as writer:
        started = writer.begin_document(bread)
        entries = [item(bread, number) for number in (1, 2, 3)]
        made = [
            (replace(page, quality=told), *rest) for (page, *rest), told in zip(entries, (97, 31, None), strict=True)
        ]
        assert writer.add_pages(started, made) == []
        writer.finish_document(started)
        writer.finish()
    refs = store.directory().refs
    assert [str(refs[page]) for page in store.page_ids(parse_filter("quality < 50"))] == ["bread.pdf#page=2"]
    assert [
        str(refs[page]) for page in store.page_ids(parse_filter("document = 'bread.pdf' and not quality < 50"))
    ] == [
        "bread.pdf#page=1",
        "bread.pdf#page=3",
    ]
    assert store.page(PageRef("bread.pdf", 3)).quality is None
    second = store.page_id(PageRef("bread.pdf", 2))
    with Writer(store) as writer:
        writer.set_words({second: ReadWords(store.page(PageRef("bread.pdf", 2)).words, "", 88)})
        writer.finish()
    assert store.page(PageRef("bread.pdf", 2)).quality == 88
    assert store.page_ids(parse_filter("quality < 50")) == []


def test_nothing_is_known_of_how_well_a_collection_made_before_was_read(store):
    old = before(store, "pictures", "shows", "quality")
    assert old.page(PageRef("whales.pdf", 1)).quality is None
    with pytest.raises(InputError, match=r"How well the pages of collection 'notes' were read is not known"):
        old.page_ids(parse_filter("quality < 50"))


def test_figures_are_found_by_how_they_look(store):
    sights = store.snapshot().sights
    ids = store.page_ids(None)
    assert sights.page_ids == (ids[0], ids[0], ids[3])
    np.testing.assert_allclose(sights.boxes, [PLACE] * 3, atol=1e-6)
    for number, kind in enumerate(("chart", "map", "table")):
        (figure,) = figures((kind,))
        likeness = sights.alike(figure.sight[None])
        assert likeness.argmax() == number
        assert likeness[number] == pytest.approx(1, abs=1e-3)
    assert len(before(store).snapshot().sights) == 0


def test_figures_are_known_again_by_what_was_kept(store):
    ids = store.page_ids(None)
    prints = store.snapshot().prints(ids)
    assert {page: len(kept) for page, kept in prints.items()} == {ids[0]: 2, ids[1]: 0, ids[3]: 1}
    for kept, figure in zip(prints[ids[0]], figures(SHOWS[1]), strict=True):
        np.testing.assert_array_equal(kept.points.rows(), figure.points)
        np.testing.assert_array_equal(kept.small.reshape(-1), figure.small)
        assert max(kept.points.size) == 320  # of a page of few pixels
    assert before(store, "points", "point_counts", "smalls").snapshot().prints(ids) == {}


@pytest.mark.parametrize("counts", ["make_array(1)", "make_array(900, -3)", "NULL"])
def test_what_was_kept_may_be_nonsense(store, counts):
    """Of an import by somebody else, say: then it is as if nothing was, or the points are others."""
    page = store.page_ids(None)[0]
    store.catalog.table("pages").update(where=f"page_id = '{page}'", values_sql={"point_counts": counts})
    found = Collection(store.path).snapshot().prints([page])
    assert page not in found or len(found[page]) == 2


@pytest.mark.parametrize(
    "boxes",
    [
        "make_array(make_array(0.1, 'NaN', 0.5, 0.9), make_array(-3e9, 0.0, 'inf', 0.5))",
        "make_array(make_array(0.0, 0.0, 1.0, 1.0))",
        "NULL",
    ],
)
def test_boxes_of_figures_may_be_nonsense(store, boxes):
    """A search by a picture goes on: what has a box is cut out of its page, and what has none is left out."""
    page, *_, last = store.page_ids(None)
    store.catalog.table("pages").update(where=f"page_id = '{page}'", values_sql={"figures": boxes})
    snapshot = Collection(store.path).snapshot()
    sights = snapshot.sights
    assert len(sights) == len(sights.boxes) == len(sights.page_ids) and last in sights.page_ids
    assert ((sights.boxes >= 0) & (sights.boxes <= 1)).all()
    for kept in snapshot.prints([page, last]).values():
        assert all(min(one.points.size) >= 1 for one in kept)
