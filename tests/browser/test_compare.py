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


@pytest.mark.parametrize(("first", "second"), [("", "exact"), ("two-stage", "accurate"), ("exact", "accurate")])
def test_it_starts_with_two_pipelines_that_differ(browser, address, filled, first, second):
    page = opened(browser, address, f"?q=hot+oven&p={first}")
    page.keyboard.press("c")
    page.wait_for_selector(READY)
    assert page.input_value("#pl-compare-preset-a") == (first or "accurate")
    assert page.input_value("#pl-compare-preset-b") == second
    texts = [page.inner_text(f"[data-side={side}] .pl-versus-name code") for side in "ab"]
    assert "full" in texts[0]
    assert texts[0] != texts[1]
    assert [("bm25" in text) for text in texts].count(True) == 1  # one hears words, the other does not
    page.close()


def test_a_link_restores_both_pipelines_and_the_heat_of_a_pair_lies_on_its_words(browser, address, filled):
    page = compared(browser, address, "hot oven whales")
    link = page.evaluate("location.search")
    assert "p=exact" in link
    assert "b=bm25%3A12" in link
    page.close()
    page = opened(browser, address, link)
    page.wait_for_selector(READY)
    assert page.get_by_role("tab", name="Compare").get_attribute("aria-selected") == "true"
    assert page.input_value("#pl-compare-query") == "hot oven whales"
    assert page.input_value("#pl-compare-preset-a") == "exact"
    assert page.input_value("#pl-compare-b") == "bm25:12"
    drawn = "document.querySelectorAll('.pl-heats-canvas[data-drawn]').length === 2"
    page.wait_for_function(drawn)
    bread = "[...document.querySelectorAll('.pl-heats-page')].find((f) => f.innerText.includes('bread.pdf'))"
    # Rows of the canvas that have ink: the only heat is on the two lines of the page, near its top and its foot.
    inked = f"""(() => {{
      const canvas = {bread}.querySelector("canvas"), {{ width, height }} = canvas;
      const data = canvas.getContext("2d").getImageData(0, 0, width, height).data, rows = new Set();
      for (let p = 0; p < width * height; p++)
        if (data[4 * p + 3] > 60) rows.add(Math.floor((p / width / height) * 100));
      return [...rows];
    }})()"""
    rows = page.evaluate(inked)
    assert rows
    assert all(12 <= row <= 20 or 82 <= row <= 90 for row in rows), rows
    hottest = f"""(() => {{
      const canvas = {bread}.querySelector("canvas"), {{ width, height }} = canvas;
      const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
      let best = 0;
      for (let p = 0; p < width * height; p++) if (data[4 * p + 3] > data[4 * best + 3]) best = p;
      return [(best % width) / width, Math.floor(best / width) / height];
    }})()"""
    places = []
    for word in ("hot", "oven"):
        page.locator(".pl-heats-words label", has_text=word).click()
        page.wait_for_timeout(100)
        places.append(page.evaluate(hottest))
    assert all(0.12 < y < 0.21 for _, y in places)  # both on the upper line
    assert places[0][0] < places[1][0]  # one behind the other, as they stand there
    assert "on one scale for both pages" in page.inner_text(".pl-heats-note")
    assert page.seen.problems == []
    page.close()


def test_many_queries_show_where_two_pipelines_differ_most_and_open_one_by_one(browser, address, filled):
    page = opened(browser, address)
    show(page, "Compare")
    page.get_by_role("radio", name="Many queries").check(force=True)
    page.fill("#pl-many-lines", "\n".join(["songs", "hot oven", "the", *(f"whale {i}" for i in range(12))]))
    page.select_option("#pl-compare-preset-a", "exact")
    page.fill("#pl-compare-b", "bm25:12")
    page.press("#pl-compare-b", "Enter")
    page.wait_for_selector(READY)
    assert page.inner_text(".pl-compare .pl-status") == "15 queries"
    rows = page.locator("#pl-many-table tbody tr")
    assert rows.count() == 15
    rbo = [float(value) for value in page.locator("#pl-many-table tbody td:nth-child(2)").all_inner_texts()]
    assert rbo == sorted(rbo)
    facts = dict(zip(*(page.locator(f"#pl-many-facts {tag}").all_inner_texts() for tag in ("dt", "dd")), strict=True))
    assert float(facts["rank-biased overlap"]) == pytest.approx(sum(rbo) / 15, abs=1e-3)
    assert " ms" in facts["A takes"]
    query = page.locator(".pl-many-query").first.inner_text()
    page.locator(".pl-many-query").first.click()
    page.wait_for_function("document.querySelector('#pl-rbo')")
    assert page.input_value("#pl-compare-query") == query
    assert float(page.inner_text("#pl-rbo")) == pytest.approx(rbo[0], abs=1e-3)
    page.get_by_role("radio", name="Many queries").check(force=True)
    assert rows.count() == 15  # what was found is still there
    page.fill("#pl-many-lines", "")
    page.press("#pl-compare-b", "Enter")
    assert page.locator(".pl-compare .pl-empty-title").inner_text() == "Ask many, see where it matters"
    assert page.seen.problems == []
    page.close()
