"""Asking a real collection with parts of pages, pictures, marks and several texts, through the service."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from workbench import heatmap
from workbench.errors import InputError, NotFoundError, QueryError
from workbench.service import Workbench
from workbench.service.searches import read_query
from workbench.types import PageRef, Query, SearchResult

WHALE, SONG, OVEN = PageRef("whales.pdf", 1), PageRef("whales.pdf", 2), PageRef("bread & [b]butter.pdf", 2)
ALL = (0.0, 0.0, 1.0, 1.0)


def found(result: SearchResult) -> list[PageRef]:
    return [hit.ref for hit in result.hits]


@pytest.fixture(scope="module")
def photo(bench: Workbench) -> str:
    """A kept picture of a sentence that a page has too."""
    image = Image.new("RGB", (900, 200), "white")
    ImageDraw.Draw(image).text((40, 80), "Bake the loaf in a hot oven", "black", ImageFont.load_default(48))
    file = bench.settings.home / "photo.png"
    image.save(file)
    return bench.pictures.keep(file)


@pytest.mark.parametrize("pipeline", ["exact", "rows:6 > full:6", "bm25", "rrf(bm25, rows):6 > full:3", "hybrid"])
@pytest.mark.parametrize("ref", [WHALE, OVEN])
def test_a_region_finds_its_own_page_first(bench: Workbench, pipeline: str, ref: PageRef) -> None:
    result = bench.search(Query.empty().region(ref, (0, 0.05, 0.6, 0.3)), "notes", pipeline)
    assert found(result)[0] == ref
    assert result.query_text == f"part of {ref}"
    assert result.notes == ()


def test_a_region_is_explained_by_the_words_in_it(bench: Workbench) -> None:
    query = Query.empty().region(WHALE, ALL)
    told = bench.explain(query, WHALE, "notes")
    words = bench.library.page(WHALE, "notes").words.texts
    assert told.query.labels == tuple(word for word in words if any(map(str.isalnum, word)))
    assert [row.text for row in told.ledger] == list(told.query.labels)
    assert told.score == pytest.approx(len(words), abs=1e-2)
    left = bench.explain(Query.empty().region(WHALE, (0, 0, 0.25, 1)), WHALE, "notes").query.labels
    assert left == told.query.labels[: len(left)]
    assert 0 < len(left) < len(words)
    assert bench.searches.why(query, WHALE, "notes").verdict == "found"


def test_a_region_without_words_says_so(bench: Workbench) -> None:
    empty = Query.empty().region(WHALE, (0, 0.8, 0.1, 0.9))
    with pytest.raises(QueryError, match="sees no word in that part"):
        bench.search(empty, "notes", "exact")
    result = bench.search(empty, "notes", "bm25")
    assert (result.hits, len(result.notes)) == ((), 1)
    assert "has no words" in result.notes[0]
    with_text = bench.search(Query.of("hot oven").region(WHALE, (0, 0.8, 0.1, 0.9)), "notes", "exact")
    assert found(with_text)[0] == OVEN
    assert "sees no word" in with_text.notes[0]


def test_a_picture_finds_the_page_it_shows(bench: Workbench, photo: str) -> None:
    query = Query.empty().picture(photo)
    for pipeline in ("exact", "bm25"):
        result = bench.search(query, "notes", pipeline)
        assert found(result)[0] == OVEN
        assert result.query_text == f"picture {photo[:8]}"
    told = bench.explain(query, OVEN, "notes")
    assert "oven" in told.query.labels
    assert bench.searches.why(query, OVEN, "notes").verdict == "found"
    again = bench.search(query, "notes", "exact")
    assert [stage.cache_hit for stage in again.trace.stages if stage.encoding] == [True]


def test_a_repaired_picture_is_another_picture(bench: Workbench, photo: str) -> None:
    turned = bench.pictures.keep(bench.pictures.path(photo, ["rotate:180"]))
    upside_down = Query.empty().picture(turned)
    mended = Query.empty().picture(turned, ["rotate:180"])
    preview = bench.pictures.preview(turned)
    assert preview.steps[0] == "rotate:180"
    assert preview.after == bench.pictures.path(turned, preview.steps) != preview.before
    assert found(bench.search(mended, "notes", "exact"))[0] == OVEN
    labels = [bench.explain(query, OVEN, "notes").query.labels for query in (upside_down, mended)]
    assert all("oven" in words for words in labels), "OCR turns a picture by itself"


def test_several_texts_add_up_and_one_can_be_taken_off(bench: Workbench) -> None:
    for pipeline in ("exact", "bm25"):
        both = bench.search(Query.of("whale").also("oven"), "notes", pipeline)
        assert {WHALE, OVEN} <= set(found(both)[:3])
        whales = found(bench.search("whale animal song water", "notes", pipeline))
        assert set(whales[:2]) == {WHALE, SONG}
        away = found(
            bench.search(Query.of("whale animal song water").but_not("songs under water", 2), "notes", pipeline)
        )
        assert away[0] == WHALE
        assert away.index(SONG) > whales.index(SONG) or whales[0] == WHALE
        same = bench.search(Query.of("whale").also("whale"), "notes", pipeline)
        assert found(same) == found(bench.search("whale", "notes", pipeline))


def test_bm25_is_a_signed_sum_over_the_wanted_pages(bench: Workbench) -> None:
    def scores(query: str | Query) -> dict[PageRef, float]:
        return {hit.ref: hit.score for hit in bench.search(query, "notes", "bm25").hits}

    whale, song = scores("whale animal"), scores("song water loaf")
    together = scores(Query.of("whale animal").but_not("song water loaf", 0.5))
    assert set(together) == set(whale), "an unwanted word names no page"
    assert together == pytest.approx({ref: score - 0.5 * song.get(ref, 0) for ref, score in whale.items()})
    added = scores(Query.of("whale animal").also("song water loaf"))
    assert added == pytest.approx({ref: whale.get(ref, 0) + song.get(ref, 0) for ref in {**whale, **song}})


def test_marked_pages_draw_others_near_and_push_them_away(bench: Workbench) -> None:
    def ranks(query: str | Query) -> dict[PageRef, int]:
        return {hit.ref: hit.rank for hit in bench.search(query, "notes", "exact").hits}

    more = ranks(Query.empty().marking(good=[WHALE]))
    assert more[WHALE] == 1
    told = bench.explain(Query.of("long").marking(good=[WHALE], bad=[SONG]), SONG, "notes")
    assert told.query.weights[0] == 1
    assert told.query.weights[told.query.weights > 0][1:].sum() == pytest.approx(0.75)
    assert told.query.weights[told.query.weights < 0].sum() == pytest.approx(-0.15)
    assert sum(row.contribution for row in told.ledger) == pytest.approx(told.score, abs=1e-4)
    scores = [bench.explain(Query.of("long").marking(bad=bad), SONG, "notes").score for bad in ([], [SONG])]
    assert scores[1] == pytest.approx(scores[0] - 0.15, abs=1e-2), "its own page is pushed away most"


def test_an_unwanted_text_takes_off_where_it_is_met(bench: Workbench) -> None:
    told = bench.explain(Query.of("whales").but_not("water"), SONG, "notes")
    wanted, unwanted = told.ledger
    assert (wanted.share, unwanted.weight, unwanted.text) == (1, -0.5, "water.")
    assert unwanted.contribution == pytest.approx(-0.5 * unwanted.similarity)
    assert wanted.contribution + unwanted.contribution == pytest.approx(told.score)
    hot = np.argsort(heatmap.values(told, [1]))[-1], np.argsort(heatmap.values(told))[-1]
    assert [told.labels[vector] for vector in hot] == ["water.", "whales"]
    share = told.regions[0].share
    assert 0 < share < bench.explain("whales", SONG, "notes").regions[0].share
    only = "document = 'whales.pdf' and page = 2"
    (quoted,) = bench.explanations.evidence(Query.of("whales").but_not("water"), "notes", "exact", filter=only)
    assert quoted.won == pytest.approx(share * wanted.contribution, abs=1e-4)


def test_a_text_is_searched_as_before(bench: Workbench) -> None:
    text, query = (bench.search(asked, "notes", "exact") for asked in ("hot oven", Query.of(" hot  oven ")))
    assert (text.query_text, text.query, text.hits) == ("hot oven", Query.of("hot oven"), query.hits)
    embedding = bench.explain("hot oven", OVEN, "notes").query
    np.testing.assert_array_equal(embedding.weights, np.ones(2))
    assert embedding.text == "hot oven"


@pytest.mark.parametrize(
    ("query", "error", "sentence"),
    [
        (Query.empty(), QueryError, "empty"),
        (Query.of("whale").also(" "), QueryError, "empty"),
        (Query.empty().but_not("whale"), QueryError, "only what is not wanted"),
        (Query((Query.of("x").parts[0],) * 65), QueryError, "at most 64"),
        (Query.empty().region(PageRef("whales.pdf", 9), ALL), NotFoundError, "no indexed page 9"),
        (Query.empty().picture("0" * 64), NotFoundError, "not kept any more"),
        (Query.empty().picture("../../secret"), InputError, "does not name a picture"),
    ],
)
def test_bad_queries_are_refused_in_a_sentence(
    bench: Workbench, query: Query, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        bench.search(query, "notes", "exact")


def test_queries_come_as_json(bench: Workbench, photo: str) -> None:
    query = Query.of("whale").picture(photo).marking([WHALE])
    assert read_query(query.as_dict()) == query
    with pytest.raises(QueryError, match="list of 'parts'"):
        read_query({})


def test_a_picture_is_kept_once_without_what_is_no_pixel(bench: Workbench, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (4000, 40), "red").save(tmp_path / "a.jpg", exif=exif)
    first, second = bench.pictures.keep(tmp_path / "a.jpg"), bench.pictures.keep((tmp_path / "a.jpg").read_bytes())
    assert first == second
    kept = bench.pictures.path(first)
    assert b"taken at home" in (tmp_path / "a.jpg").read_bytes()
    assert b"taken at home" not in kept.read_bytes()
    with Image.open(kept) as image:
        assert image.size == (2400, 24)
