"""The page as a person uses it, in headless Chromium on a real server: add, search, open, read the heat, delete."""

import os
import re

import pytest

from tests.browser.driving import add, opened, search, show, write_pdf

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=window.hacked=1>${window.hacked=2}.pdf"
LISTED = "[...document.querySelectorAll('tr[data-document]')].some((row) => row.dataset.document === name)"


def test_the_plan_says_what_adding_costs_before_it_starts(filled):
    assert re.search(r"3\s+pages to read", filled)
    assert "on disk" in filled


def test_a_search_shows_pages_their_ranks_and_what_each_stage_cost(browser, address, filled):
    page = opened(browser, address, "?q=animal&p=two-stage")
    search(page, "largest animal")
    first = page.locator(".pl-hit").first
    assert "whales.pdf" in first.inner_text()
    assert "exact" not in first.inner_text()  # ranks and scores stand behind a switch
    page.click("#pl-ranks")
    assert "exact" in first.inner_text()
    page.wait_for_function("document.querySelector('.pl-hit img').naturalWidth > 0")
    stages = page.locator(".pl-fall-name").all_inner_texts()
    assert stages == ["encode", "rows", "full", "results"]
    cost = page.inner_text(".pl-cost")
    assert "3 → 3 pages" in cost
    page.click("text=What these stages are")
    assert "every vector of the page" in page.inner_text(".pl-stages")
    assert page.seen.problems == []
    page.close()


def colour_at(page, x, y):
    """RGBA of the heat canvas at a point of the page, given as fractions."""
    return page.evaluate(
        """([x, y]) => { const c = document.querySelector('#pl-heat');
        return [...c.getContext('2d').getImageData(Math.round(x * c.width), Math.round(y * c.height), 1, 1).data] }""",
        [x, y],
    )


def test_the_heat_lies_on_the_word_that_was_asked_for(browser, address, filled):
    page = opened(browser, address)
    search(page, "animal")
    page.locator(".pl-hit").first.click()
    page.wait_for_selector("#pl-ledger tbody tr")
    page.wait_for_function(
        """() => { const c = document.querySelector('#pl-heat'); if (!c || !c.width) return false;
        return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0) }"""
    )
    box = page.evaluate(
        """async () => { const ref = pagelens.state.open;
        const why = await pagelens.api.layers({collection: pagelens.state.collection, query: 'animal',
        page: `${ref.document}#page=${ref.page}`}); return why.ledger[0].box }"""
    )
    assert box[1] < 0.2 < box[0]  # "animal" is printed to the right of the top line
    on_word = colour_at(page, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    far_away = colour_at(page, 0.5, 0.5)
    assert on_word[3] > 120
    assert far_away[3] == 0
    assert on_word[3] > colour_at(page, 0.2, 0.855)[3]  # "Printed for testing", at the foot of the page
    row = page.locator("#pl-ledger tbody tr").first.inner_text()
    assert "animal" in row
    assert page.seen.problems == []
    page.close()


def test_a_link_restores_collection_query_and_page(browser, address, filled):
    page = opened(browser, address)
    search(page, "hot oven")
    page.locator(".pl-hit").first.click()
    page.wait_for_selector("#pl-ledger tbody tr")
    page.wait_for_function("location.search.includes('ref=')")
    link = page.evaluate("location.search")
    page.close()
    again = opened(browser, address, link)
    again.wait_for_selector("#pl-ledger tbody tr")
    assert again.evaluate("[pagelens.state.query, pagelens.state.open.document]") == ["hot oven", "bread.pdf"]
    assert again.seen.problems == []
    again.close()


def test_a_link_restores_the_word_whose_heat_is_shown(browser, address, filled):
    page = opened(browser, address, "?c=documents&q=hot%20oven&ref=bread.pdf%23page%3D1")
    page.click("[data-token='1'] >> nth=0")
    page.wait_for_function("location.search.includes('t=1')")
    again = opened(browser, address, page.url.split("/", 3)[3])
    again.wait_for_selector("#pl-ledger tbody tr")
    assert again.locator(".pl-tokens [aria-pressed=true]").all_inner_texts() == ["oven"]
    assert page.seen.problems == again.seen.problems == []
    page.close()
    again.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone(browser, address, filled, theme):
    page = opened(browser, address, f"?__theme={theme}", width=390, height=844)
    assert page.evaluate("document.body.classList.contains('dark')") is (theme == "dark")
    for tab in ("Library", "Search", "Page"):
        show(page, tab)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), tab
    search(page, "songs")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.seen.problems == []
    page.close()


def test_a_hostile_name_is_only_text_and_a_deleted_document_is_gone(browser, address, filled, tmp_path):
    name = HOSTILE if os.name != "nt" else "${window.hacked=2}.pdf"
    page = opened(browser, address)
    add(page, write_pdf(tmp_path / name, ["Zebras gallop over the savanna"]))
    page.wait_for_function(f"(name) => {LISTED}", arg=name)
    page.wait_for_function("!document.querySelector('#pl-tab-library-button').dataset.busy")
    search(page, "zebras savanna")
    assert name in page.locator(".pl-hit").first.text_content()
    page.locator(".pl-hit").first.click()
    page.wait_for_selector("#pl-ledger tbody tr")
    assert page.evaluate("window.hacked") is None
    show(page, "Library")
    page.get_by_role("button", name=f"Delete {name}").click()
    page.get_by_role("button", name="Delete it", exact=True).click()
    page.wait_for_function(f"(name) => !{LISTED}", arg=name)
    search(page, "zebras savanna")
    assert all(name not in text for text in page.locator(".pl-hit").all_text_contents())
    assert page.evaluate("window.hacked") is None
    assert page.seen.problems == []
    page.close()


def test_errors_are_said_in_words(browser, address, filled):
    page = opened(browser, address, "?q=whale&p=rowz:3")
    page.wait_for_selector("[role=alert]")
    assert "Did you mean 'rows'" in page.inner_text("[role=alert]")
    assert page.seen.problems == []
    page.close()


@pytest.mark.parametrize(("width", "beside"), [(1440, True), (390, False)])
def test_the_collections_stand_beside_what_is_in_them_or_above_it(browser, address, filled, width, beside):
    page = opened(browser, address, width=width, height=900)
    show(page, "Library")
    page.wait_for_selector("tr[data-document]")
    side, main = page.locator(".pl-side").bounding_box(), page.locator(".pl-lib-main").bounding_box()
    assert side["width"] >= 200
    if beside:
        assert side["x"] + side["width"] <= main["x"]
    else:
        assert side["y"] + side["height"] <= main["y"]
    page.close()


def test_an_address_opens_a_page_at_a_part_of_it(browser, address, filled):
    page = opened(browser, address, "?c=documents&ref=whales.pdf%23page%3D1&box=0.1,0.13,0.65,0.19")
    box, paper = (page.wait_for_selector(where).bounding_box() for where in (".pl-cited", ".pl-view img"))
    assert abs(box["x"] - paper["x"] - 0.1 * paper["width"]) < 4
    assert abs(box["width"] - 0.55 * paper["width"]) < 8
    page.reload()
    page.wait_for_selector(".pl-cited")
    page.goto(address + "/?c=documents&ref=whales.pdf%23page%3D1&box=0.5,0,0.1,2")
    page.wait_for_selector(".pl-view img")
    assert page.locator(".pl-cited").count() == 0
    assert page.seen.problems == []
    page.close()


@pytest.mark.parametrize("width", [981, 1120, 1440])
def test_the_picture_and_the_panel_share_the_window(browser, address, filled, width):
    page = opened(browser, address, "?c=documents&ref=whales.pdf%23page%3D1&q=humpback", width=width, height=700)
    page.wait_for_selector("#pl-ledger tbody tr")
    boxes = [page.locator(where).bounding_box() for where in (".pl-view-tools", ".pl-stage", ".pl-panel")]
    tools, stage, panel = boxes
    assert max(box["x"] + box["width"] for box in (tools, stage)) <= panel["x"] + 1
    assert panel["x"] + panel["width"] <= width
    inside = page.eval_on_selector_all(
        ".pl-view-tools > *", "all => Math.max(...all.map((one) => one.getBoundingClientRect().right))"
    )
    assert inside <= panel["x"]
