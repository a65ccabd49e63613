"""Two pipelines side by side: the lists, the moves between them, and one page's score minus another's."""

import pytest

from tests.browser.driving import opened, show

pytestmark = pytest.mark.browser
READY = ".pl-compare .pl-status[data-complete=yes]"


def compared(browser, address, query, **size):
    """The tab Compare with exact search as A and words only as B."""
    page = opened(browser, address, **size)
    show(page, "Compare")
    page.fill("#pl-compare-query", query)
    page.select_option("#pl-compare-preset-a", "exact")
    page.fill("#pl-compare-b", "bm25:12")
    page.press("#pl-compare-query", "Enter")
    page.wait_for_selector(READY)
    return page


def test_two_lists_with_the_moves_between_them(browser, address, filled):
    page = compared(browser, address, "bread in a hot oven")
    a, b = page.locator("[data-side=a] li"), page.locator("[data-side=b] li")
    assert a.count() == 3  # exact search ranks every page
    assert b.count() == 1  # the other pages have none of the words
    assert page.inner_text("#pl-overlap") == "1 of 3"
    assert 0 < float(page.inner_text("#pl-rbo")) <= 1
    assert "bread.pdf" in a.first.inner_text()
    assert "same rank" in a.first.inner_text()
    assert "only in A" in a.nth(1).inner_text()
    assert page.locator(".pl-versus-moves path").count() == 1
    line = page.locator(".pl-versus-moves path").bounding_box()
    row = a.first.locator("label").bounding_box()
    assert row["y"] < line["y"] < row["y"] + row["height"]  # it leaves the row of its page
    assert " ms" in page.inner_text("[data-side=a] .pl-versus-head")
    assert " read" in page.inner_text("[data-side=b] .pl-versus-head")
    page.wait_for_function("[...document.querySelectorAll('#pl-versus img')].every((i) => i.naturalWidth > 0)")
    page.click(".pl-compare .pl-twin summary")
    cells = page.locator("#pl-moves tbody tr").first.locator("th, td").all_inner_texts()
    assert cells == ["bread.pdf#page=1", "1", "1", "same rank"]
    assert page.seen.problems == []
    page.close()


def test_a_page_of_each_list_is_taken_apart_word_by_word(browser, address, filled):
    page = compared(browser, address, "hot oven whales")
    page.wait_for_selector("#pl-contrast-table tbody tr")
    page.locator("[data-side=a] input").first.focus()
    while page.locator("[data-side=a] input:checked").get_attribute("aria-label").find("bread.pdf") < 0:
        page.keyboard.press("ArrowDown")  # lists are radio groups: arrows choose
    page.locator("[data-side=b] li", has_text="whales.pdf").first.locator("input").check(force=True)
    page.wait_for_function(
        "(([a, b]) => a && b && a.innerText.includes('bread.pdf') && b.innerText.includes('whales.pdf'))"
        "([...document.querySelectorAll('.pl-contrast-page')])"
    )
    rows = page.locator("#pl-contrast-table tbody tr").evaluate_all(
        "(rows) => rows.map((row) => [row.cells[0].innerText, Number(row.cells[3].innerText.replace('−', '-'))])"
    )
    by_word = dict(rows)
    assert by_word["oven"] > 0 > by_word["whales"]
    assert [value for _, value in rows] == sorted(by_word.values(), reverse=True)
    total = float(page.locator("#pl-contrast-table tfoot td").nth(2).inner_text().replace("−", "-"))
    assert total == pytest.approx(sum(by_word.values()), abs=0.01 * len(rows))
    assert "met at" in page.inner_text("#pl-contrast-table thead")
    page.locator(".pl-contrast-page").first.click()
    page.wait_for_selector("#pl-ledger tbody tr")
    assert page.inner_text(".pl-view-title") == "bread.pdf"
    assert page.seen.problems == []
    page.close()


def test_a_bad_pipeline_is_told_in_words_and_the_page_stays_narrow(browser, address, filled):
    page = compared(browser, address, "songs", width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    sides = [page.locator(f"[data-side={side}]").bounding_box() for side in "ab"]
    assert sides[0]["x"] + sides[0]["width"] < sides[1]["x"]  # still side by side
    assert page.locator("#pl-compare-preset-a").input_value() == "exact"
    page.fill("#pl-compare-b", "ful:2")
    assert page.locator("#pl-compare-preset-b").input_value() == ""  # a pipeline of one's own
    page.press("#pl-compare-b", "Enter")
    page.wait_for_selector(".pl-compare .pl-error")
    assert "Unknown stage 'ful'" in page.inner_text(".pl-compare .pl-error")
    assert page.locator("#pl-versus").is_hidden()
    assert page.seen.problems == []
    page.close()


def test_the_query_of_the_search_tab_is_the_query_here(browser, address, filled):
    page = opened(browser, address, "?q=hot+oven")
    page.keyboard.press("c")
    page.wait_for_selector(READY)
    assert page.input_value("#pl-compare-query") == "hot oven"
    assert page.locator("[data-side=a] li").count() > 0
    page.close()
