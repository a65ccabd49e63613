"""Searching several collections at once: chosen, asked, opened where it was found, and gone back from."""

import pytest

from tests.browser.conftest import serving
from tests.browser.driving import opened, search, show, wait_for_held, write_pdf
from tests.browser.test_accessibility import FORMS, judge
from workbench.service import Workbench
from workbench.settings import Settings

pytestmark = pytest.mark.browser
WHALE, BREAD = ["The blue whale is the largest animal"], ["Bake the bread in a hot oven", "Let the bread cool"]


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """Where two collections are served that have a document in common, and an empty one."""
    root = tmp_path_factory.mktemp("several")
    made = Workbench(Settings(home=root / "home"))
    whales, bread = write_pdf(root / "whales.pdf", WHALE), write_pdf(root / "bread.pdf", BREAD)
    made.ingest([whales], "animals")
    made.ingest([whales, bread], "kitchen")
    made.library.create("shelf")
    made.close()
    with serving(root / "home") as url:
        yield url


def collections(page):
    return page.locator("#pl-results .pl-hit-where").all_inner_texts()


def done(page):
    page.wait_for_function(
        "pagelens.state.search && pagelens.state.search.read && pagelens.state.search.result.answers"
    )


def test_all_collections_are_searched_and_a_result_opens_in_its_own(browser, several):
    page = opened(browser, several, "?c=animals&view=search")
    search(page, "bread in a hot oven")
    assert page.locator("#pl-results .pl-hit").count() == 1 and collections(page) == []
    page.click(".pl-search-in summary")
    page.check("#pl-search-all")
    done(page)
    assert "in=*" in page.url
    assert collections(page)[0] == "kitchen" and sorted(set(collections(page))) == ["animals +1", "kitchen"]
    assert page.locator("#pl-results .pl-hit").count() == 3
    told = {name: page.inner_text(f".pl-answer[data-collection={name}]") for name in ("animals", "kitchen", "shelf")}
    assert " ms" in told["animals"] and "3 pages" in told["kitchen"] and "It has no pages yet." in told["shelf"]
    assert page.inner_text(".pl-merge").startswith("In order of score: ")
    assert page.locator(".pl-hit .pl-passage mark").first.inner_text()  # passages come along, of every collection
    images = page.locator("#pl-results img").evaluate_all("(all) => all.map((one) => new URL(one.src).pathname)")
    assert images[0].startswith("/pages/kitchen/bread.pdf/1")

    before = page.evaluate("history.length")
    page.locator(".pl-hit-open").first.click()
    page.wait_for_selector("#pl-ledger tbody tr")
    assert page.evaluate("history.length") == before + 1
    assert (page.inner_text(".pl-view-title"), page.input_value("#pl-collection")) == ("bread.pdf", "kitchen")
    assert "Result 1 of 3" in page.inner_text(".pl-standing")
    page.keyboard.press("j")
    page.wait_for_function("document.querySelector('.pl-standing')?.innerText.includes('Result 2 of 3')")
    page.keyboard.press("j")
    page.wait_for_function("document.querySelector('.pl-standing')?.innerText.includes('Result 3 of 3')")
    assert {page.input_value("#pl-collection")} <= {"animals", "kitchen"}
    for _ in range(3):
        page.go_back()
        page.wait_for_timeout(300)
    page.wait_for_selector("#pl-results .pl-hit-where")
    assert page.input_value("#pl-collection") == "animals" and "in=*" in page.url
    page.reload()
    done(page)
    assert collections(page)[0] == "kitchen"
    assert page.seen.problems == []
    page.close()


def test_some_collections_are_chosen_one_by_one_and_the_one_at_hand_is_the_usual_search(browser, several):
    page = opened(browser, several, "?c=animals&q=whale&in=animals&in=kitchen&view=search")
    done(page)
    assert {one["collection"] for one in page.evaluate("pagelens.state.search.result.answers")} == {
        "animals",
        "kitchen",
    }
    page.click(".pl-search-in summary")
    assert not page.is_checked("#pl-search-all")
    page.uncheck("input[name=pl-search-in][value=kitchen]")
    page.wait_for_function("!pagelens.state.search.result?.answers && pagelens.state.search.read")
    assert "in=" not in page.url and collections(page) == []
    page.go_back()
    done(page)
    assert "in=animals&in=kitchen" in page.url
    page.goto(several + "/?c=animals&q=whale&in=animals&in=gone&view=search")
    done(page)
    assert "There is no collection 'gone'" in page.inner_text(".pl-answer[data-collection=gone]")
    assert page.locator("#pl-results .pl-hit").count() == 1
    assert page.seen.problems == []
    page.close()


def test_several_documents_of_all_collections_are_chosen_by_facets_and_stay_for_the_next_question(browser, several):
    page = opened(browser, several, "?c=animals&q=the&in=*&view=search")
    done(page)
    page.click(".pl-facets summary")
    field = page.locator(".pl-facet-field[data-field=document]")
    field.get_by_text("bread.pdf").wait_for()
    assert [text.split() for text in field.locator("label").all_inner_texts()] == [
        ["bread.pdf", "2"],
        ["whales.pdf", "2"],
    ]
    held, slow = [], True  # the server takes its time
    page.route("**/api/v1/facets", lambda route: held.append(route) if slow else route.continue_())
    field.get_by_label("bread.pdf").check()
    wait_for_held(page, held)
    page.wait_for_function("pagelens.state.filter && pagelens.state.search.read")
    page.wait_for_function("pagelens.state.hits.every((hit) => hit.document === 'bread.pdf')")
    assert page.locator(".pl-filter-chip").inner_text().strip() == "document = 'bread.pdf'"
    field.get_by_label("whales.pdf").check()
    assert field.get_by_label("bread.pdf").is_checked()
    slow = False
    for one in held:
        one.continue_()
    page.wait_for_function("pagelens.state.filter.includes(' in (') && pagelens.state.search.read")
    search(page, "oven")
    assert page.evaluate("pagelens.state.filter") == "document in ('bread.pdf', 'whales.pdf')"
    field.get_by_label("bread.pdf").uncheck()
    page.wait_for_function("""pagelens.state.filter === "document = 'whales.pdf'" """)
    assert page.seen.problems == []
    page.close()


def test_ticks_that_back_leaves_behind_are_not_made_afterwards(browser, several):
    page = opened(browser, several, "?c=animals&q=the&in=*&view=search")
    done(page)
    page.click(".pl-facets summary")
    field = page.locator(".pl-facet-field[data-field=document]")
    field.get_by_text("bread.pdf").wait_for()
    held = []
    page.route("**/api/v1/facets", lambda route: held.append(route))
    field.get_by_label("bread.pdf").check()
    wait_for_held(page, held)
    field.get_by_label("whales.pdf").check()  # waits for the answer to the first
    page.go_back()
    page.wait_for_function("!pagelens.state.filter")
    wait_for_held(page, held, 2)
    assert page.locator(".pl-facets input:checked").count() == 0
    with page.expect_response("**/api/v1/facets"):
        for one in held:
            one.continue_()
    page.wait_for_function("pagelens.state.search.read && !pagelens.state.search.running")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert (page.evaluate("pagelens.state.filter"), page.locator(".pl-facets input:checked").count()) == ("", 0)
    assert page.seen.problems == []
    page.close()


def test_facets_that_cannot_be_counted_say_so_and_are_tried_again(browser, several):
    page = opened(browser, several, "?c=kitchen&q=the&view=search")
    refusal = {"status": 422, "json": {"error": "The disk cannot be read."}}
    page.route("**/api/v1/facets", lambda route: route.fulfill(**refusal))
    page.wait_for_function("pagelens.state.search.read")
    page.click(".pl-facets summary")
    said = page.locator(".pl-facets [role=alert]")
    assert "The disk cannot be read." in said.inner_text()
    page.unroute("**/api/v1/facets")
    said.get_by_role("button", name="Try again").click()
    page.locator(".pl-facet-field").first.wait_for()
    assert said.count() == 0 and page.seen.problems == []
    page.close()


def test_what_is_of_the_question_before_is_not_asked_about(browser, several):
    page = opened(browser, several, "?c=kitchen&q=bread&view=search")
    page.wait_for_function("pagelens.state.search.read")
    asking = page.get_by_role("button", name="Where is it?")
    reached = "(button) => (button.focus(), document.activeElement === button)"
    assert asking.evaluate(reached)
    held = []
    page.route("**/api/v1/search/stages", lambda route: held.append(route))
    page.fill("#pl-query", "whale")
    page.press("#pl-query", "Enter")
    wait_for_held(page, held)
    page.locator(".pl-found-side.pl-stale").wait_for()
    assert not asking.evaluate(reached)
    held.pop().continue_()
    page.wait_for_function("pagelens.state.search.read")
    assert asking.evaluate(reached) and page.seen.problems == []
    page.close()


def test_a_search_of_several_is_kept_copied_and_taken_away(browser, several):
    page = opened(browser, several, "?c=animals&q=whale&in=animals&in=kitchen&view=search")
    done(page)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("Name of the search").fill("whales everywhere")
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.wait_for_selector("dialog[open]", state="detached")
    page.get_by_role("button", name="Copy as").click()
    page.get_by_text("-c animals -c kitchen").first.wait_for()
    assert "/api/v1/search/across" in page.inner_text("dialog[open]")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as started:
        page.click(".pl-export[data-form=csv]")
    header, first, *_ = started.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert header.startswith("rank,collection,document,page,score")
    assert first.startswith("1,animals,whales.pdf,1,")  # the same page in both, so it is of the one named first
    page.keyboard.press("Escape")
    page.goto(several + "/?c=shelf&view=search")
    page.wait_for_selector("html[data-pagelens=ready]")
    page.get_by_role("button", name="Saved searches").click()
    row = page.locator(".pl-saved-open", has_text="whales everywhere")
    assert "animals, kitchen" in row.inner_text()
    row.click()
    done(page)
    assert "in=animals&in=kitchen" in page.url and page.input_value("#pl-query") == "whale"
    assert page.locator("#pl-results .pl-hit").count() == 3
    assert page.seen.problems == []
    page.close()


@pytest.mark.parametrize(("width", "height", "theme"), FORMS)
def test_what_searches_several_meets_wcag_aa(browser, several, width, height, theme):
    where = f"?__theme={theme}&c=animals&q=whale&in=*&view=search"
    page = opened(browser, several, where, width=width, height=height)
    done(page)
    page.click(".pl-search-in summary")
    page.click(".pl-facets summary")
    page.locator(".pl-facet-field[data-field=document]").get_by_text("bread.pdf").wait_for()
    judge(page, "Search in, facets and results")
    page.locator(".pl-facet-field[data-field=document]").get_by_text("whales.pdf").click()
    page.wait_for_selector(".pl-filter-chip")
    done(page)
    page.get_by_role("button", name="By document").click()
    judge(page, "By document, narrowed down")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.seen.problems == []
    page.close()


def test_two_pipelines_are_compared_over_several_collections_and_a_page_opens_in_its_own(browser, several):
    page = opened(browser, several, "?c=animals&q=bread+in+a+hot+oven&in=*&view=compare&p=exact&b=bm25:12")
    page.wait_for_selector(".pl-compare .pl-status[data-complete=yes]")
    assert page.inner_text(".pl-compare .pl-search-in b >> nth=0") == "all collections"
    a, b = page.locator("[data-side=a] li"), page.locator("[data-side=b] li")
    assert (a.count(), b.count()) == (3, 2)  # every page by exact search, those with the words by bm25
    assert page.inner_text("#pl-overlap") == "2 of 3"
    assert "kitchen" in a.first.inner_text() and "only in A" in a.last.inner_text()
    said = page.inner_text(".pl-compare .pl-status")
    assert "A: In order of score: exact MaxSim of reader" in said and "shelf: It has no pages yet." in said
    page.wait_for_function("document.querySelectorAll('.pl-heats-canvas[data-drawn]').length === 2")
    page.click(".pl-compare .pl-twin summary")
    cells = page.locator("#pl-moves tbody tr").first.locator("th, td").all_inner_texts()
    assert cells == ["bread.pdf#page=1", "kitchen", "1", "1", "same rank"]

    a.last.locator("input").check(force=True)  # the whale, which is of another collection than the bread of B
    page.wait_for_selector(".pl-contrast-page[title='Open whales.pdf#page=1']")
    assert "animals" in page.inner_text(".pl-heats-page[data-of=a]")
    page.locator(".pl-contrast-page").nth(1).click()
    page.wait_for_selector("#pl-ledger tbody tr")
    assert (page.inner_text(".pl-view-title"), page.input_value("#pl-collection")) == ("bread.pdf", "kitchen")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/compare" in request.url else None)
    page.go_back()
    page.wait_for_function("pagelens.state.view === 'compare' && pagelens.state.collection === 'animals'")
    assert a.count() == 3 and asked == []  # what was found is still there

    page.get_by_role("radio", name="Many queries").check(force=True)
    assert "in one collection, animals" in page.inner_text("#pl-compare-in")
    page.fill("#pl-many-lines", "whale\nbread")
    page.press("#pl-compare-b", "Enter")
    page.locator("#pl-many-table tbody tr button").first.click()  # by itself, where it was compared
    page.wait_for_function("pagelens.state.compare.one && !pagelens.state.compare.one.running")
    assert page.evaluate("new Set(pagelens.state.compare.one.found.a.hits.map((hit) => hit.collection)).size") == 1
    assert page.locator("#pl-compare-in").count() == 0
    assert page.seen.problems == []
    page.close()


def test_compare_chooses_its_collections_and_asks_each_by_what_is_best_for_it(browser, several):
    page = opened(browser, several, "?c=animals&q=bread&view=compare")
    ready = page.locator(".pl-compare .pl-status[data-complete=yes]")
    ready.wait_for()
    assert page.input_value("#pl-compare-preset-a") == "accurate"
    page.click(".pl-compare .pl-search-in summary")
    page.check("#pl-compare-all")
    page.wait_for_function("pagelens.state.compare.one.found?.a.answers && !pagelens.state.compare.one.running")
    assert (page.input_value("#pl-compare-preset-a"), page.input_value("#pl-compare-a")) == ("best for each", "")
    by = page.evaluate(
        "Object.fromEntries(pagelens.state.compare.one.found.a.answers.map((a) => [a.collection, a.pipeline]))"
    )
    assert by["animals"] and by["kitchen"] and not by["shelf"]  # which is empty
    page.select_option("#pl-compare-preset-a", "exact")
    page.select_option("#pl-compare-preset-b", "best for each")
    page.wait_for_function('!pagelens.state.compare.one.running && pagelens.state.compare.one.key.includes(\'"b":""\')')
    assert "in=*" in page.url and "each=b" in page.url and "p=exact" in page.url
    page.reload()
    ready.wait_for()
    chosen = [page.input_value(f"#pl-compare-preset-{side}") for side in "ab"]
    assert chosen == ["exact", "best for each"] and page.is_checked("#pl-compare-all")
    page.get_by_role("radio", name="Many queries").check()
    page.reload()  # which shows one query, by the same pipelines
    ready.wait_for()
    assert [page.input_value(f"#pl-compare-preset-{side}") for side in "ab"] == chosen
    show(page, "Search")
    done(page)  # which asks the same collections
    page.go_back()
    page.go_back()
    page.go_back()
    page.wait_for_function("pagelens.state.view === 'compare' && !pagelens.state.across.length")
    assert page.seen.problems == []
    page.close()


def test_a_comparison_under_way_ends_whatever_is_turned_to_meanwhile(browser, several):
    page = opened(browser, several, "?c=animals&q=whale&in=*&view=search")
    done(page)
    held = []
    page.route("**/api/v1/compare**", lambda route: held.append(route))
    show(page, "Compare")
    wait_for_held(page, held)
    page.select_option("#pl-collection", "kitchen")
    page.wait_for_function("pagelens.state.details.collection.name === 'kitchen'")
    held.pop().continue_()
    page.wait_for_selector(".pl-compare .pl-status[data-complete=yes]")
    assert page.locator("[data-side=a] li").count() == 3

    page.fill("#pl-compare-query", "bread")
    page.press("#pl-compare-query", "Enter")
    wait_for_held(page, held)
    for mode in ("Many queries", "One query"):
        page.get_by_role("radio", name=mode).check(force=True)
    assert page.locator(".pl-compare .pl-status").get_attribute("data-complete") == "yes"  # of the question before
    held.pop().continue_()
    assert page.seen.problems == []
    page.close()
