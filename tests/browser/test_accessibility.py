"""Every tab judged by axe-core against WCAG 2.2 A and AA, in four forms; 200 % zoom; and what a page may weigh."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.driving import opened, search, show

pytestmark = pytest.mark.browser
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
TABS = ["Library", "Search", "Page", "Compare", "Evaluate", "System"]
FORMS = [(1440, 900, "light"), (1440, 900, "dark"), (390, 844, "light"), (390, 844, "dark")]


def tabs(page):
    """The names of all tabs."""
    return page.locator("#pl-tabs [role=tab]").all_inner_texts()


def told(violations):
    """Each violation in a line, with what it is about."""
    return [f"{v['id']}: {[node['target'] for node in v['nodes']][:4]} {v['nodes'][0]['any'][:1]}" for v in violations]


def judge(page, where):
    problems = told(Axe().run(page, options=RULES).response["violations"])
    assert not problems, f"{where}: {problems}"


@pytest.mark.parametrize(("width", "height", "theme"), FORMS)
def test_every_tab_meets_wcag_aa(browser, address, filled, width, height, theme):
    page = opened(browser, address, f"?__theme={theme}&c=documents", width=width, height=height)
    search(page, "whales sing in the oven")
    assert tabs(page) == TABS
    page.click("#pl-how > summary")
    page.click("text=− Not")
    page.fill("[aria-label='But not this text']", "songs")
    page.keyboard.press("Enter")
    page.wait_for_selector(".pl-query-part")
    page.wait_for_selector(".pl-status[data-complete=yes]")
    page.wait_for_selector(".pl-hits:not(.pl-stale)")
    page.wait_for_timeout(300)  # what was stale fades in again
    judge(page, "Search")
    for name in ("Export", "Copy as", "Saved searches", "?"):
        if name == "?":
            page.keyboard.press("?")
        else:
            page.get_by_role("button", name=name).first.click()
        page.wait_for_selector("dialog[open]")
        judge(page, name)
        page.keyboard.press("Escape")
    page.click(".pl-hit >> nth=0")
    page.wait_for_selector("#pl-ledger tbody tr")
    judge(page, "Page")
    for tab in set(TABS) - {"Search", "Page"}:
        show(page, tab)
        page.wait_for_timeout(400)
        judge(page, tab)
    assert page.seen.problems == []
    page.close()


def test_at_twice_the_size_nothing_is_cut_off(browser, address, filled):
    """200 % of zoom on a 1280 x 900 screen is a page of 640 x 450 CSS pixels: it may scroll down, not sideways."""
    page = opened(browser, address, "?c=documents", width=640, height=450)
    search(page, "whales")
    page.click(".pl-hit >> nth=0")
    page.wait_for_selector("#pl-ledger tbody tr")
    for tab in TABS:
        show(page, tab)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= 640, tab
    assert page.seen.problems == []
    page.close()


def test_opening_a_page_sends_little_besides_its_picture(browser, address, filled):
    page = opened(browser, address, "?c=documents")
    search(page, "whales sing in the oven")
    sizes = []
    page.on("response", lambda r: sizes.append((r.url, r)))
    page.click(".pl-hit >> nth=0")
    page.wait_for_selector("#pl-ledger tbody tr")
    bodies = {url: len(response.body()) for url, response in sizes if not re.search(r"/pages/.*\.webp", url)}
    assert bodies
    assert sum(bodies.values()) <= 300_000, bodies
    assert page.seen.problems == []
    page.close()
