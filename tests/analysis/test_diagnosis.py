"""Pages that a search loses: what the verdict says, and that the change it names finds the page."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from tests.documents.make import TOPICS, write_pdf
from workbench.documents.textlayer import DOUBTFUL
from workbench.errors import FilterError
from workbench.retrieval.filters import clauses
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.store import EncoderVectors
from workbench.types import PageRef

PAGES = [PageRef(name, number) for name, pages in TOPICS.items() for number in range(1, len(pages) + 1)]
PIPELINES = [
    "full:1",
    "rows:2 > full:1",
    "global:3 > rows:2 > full:1",
    "bm25:2",
    "bm25:3 > full:2",
    "rrf(bm25, rows):2 > full:1",
    "sum(bm25, conv):1",
    "rows[engine=lance]:2 > full:2",
    "conv:1",
    "full:5 > full:1",
    "bm25:3 > full[prune=gap]:2",
    "rows:5 > full[exit=1]:1",
    "prf(bm25, full):2",
    "xtr(full):2 > full:1",
]
FILTERS = [
    "",
    "document = 'bread.pdf'",
    "document = 'stars.pdf' and page >= 2",
    "page < 2 and (kind = 'pdf' or tag = 'x')",
    "not document = 'whales.pdf' or page > 1",
]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("misses")
    for name, pages in TOPICS.items():
        write_pdf(root / "files" / name, pages)
    workbench = Workbench(Settings(home=root / "home"))
    workbench.ingest([root / "files"], "notes")
    return workbench


@settings(max_examples=60)
@given(
    st.sampled_from(["whale songs", "hot oven", "how far is a star", "parallax", "cool"]),
    st.sampled_from(PAGES),
    st.sampled_from(PIPELINES),
    st.sampled_from(FILTERS),
)
def test_the_change_that_a_verdict_names_finds_the_page_and_is_asked_for_only_where_it_is_lost(
    bench, query, page, pipeline, filter
):
    found = page in {hit.ref for hit in bench.search(query, "notes", pipeline, filter=filter).hits}
    verdict = bench.searches.why(query, page, "notes", pipeline, filter=filter)
    assert (verdict.verdict == "found") == found
    if found:
        assert verdict.fix is None
        assert not verdict.unfixable
        return
    fix = verdict.fix
    assert fix is not None, verdict
    assert fix.changes
    mended = bench.search(query, "notes", fix.pipeline, filter=fix.filter)
    assert page in {hit.ref for hit in mended.hits}
    assert fix.k == len(mended.hits) or fix.k > len(mended.hits)
    # No change is asked for that is not needed: one result fewer, and a plain last stage no longer has the page.
    if fix.changes == (f"return {fix.k:,} pages",) and "(" not in pipeline:
        fewer = bench.search(query, "notes", fix.pipeline, fix.k - 1, fix.filter)
        assert page not in {hit.ref for hit in fewer.hits}


def test_the_clause_is_named_that_leaves_the_page_out_and_the_others_stay(bench):
    where = "document = 'bread.pdf' and page >= 2 and kind = 'pdf'"
    verdict = bench.searches.why("hot oven", PageRef("whales.pdf", 2), "notes", "full:7", filter=where)
    assert verdict.verdict == "filtered"
    assert verdict.clauses == ("document = 'bread.pdf'",)
    assert "by 'document = 'bread.pdf''" in verdict.reason
    assert verdict.fix.filter == "page >= 2 and kind = 'pdf'"
    assert verdict.fix.changes == ("leave out of the filter document = 'bread.pdf'",)


def test_filters_fall_into_the_clauses_that_all_have_to_hold():
    assert clauses("page > 3 and (tag = 'a' or tag = 'x and y') AND not kind = 'pdf'") == (
        "page > 3",
        "(tag = 'a' or tag = 'x and y')",
        "not kind = 'pdf'",
    )
    assert clauses("page > 3 and kind = 'pdf' or tag = 'a'") == ("page > 3 and kind = 'pdf' or tag = 'a'",)
    assert clauses(" ") == ()
    for bad in ("page >", "page > 3 and", "page > 3 kind = 'pdf'"):
        with pytest.raises(FilterError):
            clauses(bad)


def test_a_page_that_is_reranked_down_is_told_by_which_words(bench):
    verdict = bench.searches.why("whale songs", PageRef("bread.pdf", 2), "notes", "rows:7 > full:2")
    assert verdict.stage == "full"
    assert verdict.against in {str(hit.ref) for hit in bench.search("whale songs", "notes", "full:2").hits}
    told = bench.explanations.contrast(
        "whale songs", (PageRef("bread.pdf", 2), PageRef.parse(verdict.against)), ("notes", "notes")
    )
    by_token = {row.token: row.difference for row in told.rows}
    assert verdict.tokens
    for gap in verdict.tokens:
        assert gap.difference == pytest.approx(by_token[gap.token], abs=1e-4)
        assert gap.difference < 0
    assert verdict.tokens[0].difference == min(gap.difference for gap in verdict.tokens)
    assert f"'{verdict.tokens[0].label}'" in verdict.reason
    assert verdict.fix.changes == (f"return {verdict.needs} pages",)


def test_what_an_approximate_search_missed_gets_its_exact_rank(bench, monkeypatch):
    page = PageRef("whales.pdf", 2)
    lost = bench.library.info("notes") and bench.opened.get("notes").page(page).page_id
    whole = EncoderVectors.lance_maxsim

    def forgetful(self, index, query, limit, where):
        return [pair for pair in whole(self, index, query, limit, where) if pair[0] != lost]

    monkeypatch.setattr(EncoderVectors, "lance_maxsim", forgetful)
    verdict = bench.searches.why("whales sing songs", page, "notes", "full[engine=lance]:3")
    assert (verdict.verdict, verdict.exact_rank, verdict.needs) == ("lost", 1, None)
    assert "engine=lance" in verdict.reason
    assert "rank 1" in verdict.reason
    assert verdict.fix.pipeline == "full:3"
    assert verdict.fix.changes == ("search stage 'full' without approximation",)


def test_what_no_search_finds_has_no_change_and_says_why(bench):
    verdict = bench.searches.why("x", PageRef("nowhere.pdf", 3), "notes")
    assert (verdict.verdict, verdict.fix) == ("absent", None)
    assert "not there" in verdict.unfixable


@pytest.fixture(scope="module")
def manual(tmp_path_factory):
    """Forty pages of text, one without a word, and one whose text layer is hardly a language."""
    root = tmp_path_factory.mktemp("manual")
    (root / "files").mkdir()
    canvas = Canvas(str(root / "files" / "manual.pdf"), pagesize=A4)
    for number in range(1, 41):
        canvas.drawString(
            72, 700, f"Chapter {number} tells of valves, pumps and {'gauges' if number % 2 else 'pipes'}."
        )
        canvas.showPage()
    canvas.showPage()
    for line in range(12):
        canvas.drawString(72, 700 - 20 * line, "xkqzw bdfgt plmnb wrtzk qqpsd ghjkl vbnmc trwqs zxcvb mnbvk")
    canvas.showPage()
    canvas.save()
    workbench = Workbench(Settings(home=root / "home"))
    workbench.ingest([root / "files"], "manual")
    return workbench


@pytest.mark.parametrize("pipeline", ["full:10", "rows:256 > full:10", "bm25:10", "rows:20 > full:10"])
def test_a_page_that_was_not_read_is_the_cause_and_no_deeper_search_is_its_cure(manual, pipeline):
    told = manual.searches.why("a pump that leaks", PageRef("manual.pdf", 41), "manual", pipeline)
    assert (told.verdict, told.cause) == ("lost", "wordless")
    assert told.reason.startswith("No words were found on the page")
    assert told.fix is None
    assert "embed" in told.unfixable


def test_what_was_read_badly_is_said_with_the_way_to_read_it_again(manual):
    told = manual.searches.why("a pump that leaks", PageRef("manual.pdf", 42), "manual", "rows:256 > full:10")
    assert (told.verdict, told.cause) == ("lost", "misread")
    assert told.reason.startswith("What was read of the page is hardly words of a language.")
    assert "reread manual manual.pdf --pages 42 --ocr" in told.cure
    (document,) = manual.library.documents("manual")  # and it is said from the first, where documents are listed
    assert [(page.page, page.reason) for page in document.notices] == [(42, DOUBTFUL)]


def test_nobody_is_sent_through_most_of_the_pages(manual):
    asked = "pumps and gauges of chapter 7"
    ranked = [hit.ref for hit in manual.search(asked, "manual", "full:42").hits if hit.ref.page <= 40]
    near, far = ranked[12], ranked[-1]
    told = manual.searches.why(asked, near, "manual", "full:10")
    assert told.cause == "cut"
    assert told.fix is not None and told.fix.k <= 20
    told = manual.searches.why(asked, far, "manual", "full:10")
    assert told.cause == "outranked"
    assert told.fix is None
    assert f"{told.rank} of 42" in told.reason
    assert "would have kept it" not in told.reason
    assert told.tokens and f"'{told.tokens[0].label}'" in told.reason  # the words that it is behind by
