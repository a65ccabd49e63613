"""The page without a mouse, what a pooled stage saw, and the scale of the heat."""

import pytest

from tests.browser.driving import opened, search

pytestmark = pytest.mark.browser
TAB = "() => pagelens.state.view === '%s'"


def heat(page):
    """The heat canvas as one number that changes when anything on it does, and how many of its pixels show."""
    return page.evaluate(
        """async () => {
        await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
        const c = document.querySelector('#pl-heat');
        const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        let sum = 0, shown = 0;
        for (let i = 0; i < data.length; i += 4) {
          sum = (sum * 31 + data[i] + 7 * data[i + 1] + 13 * data[i + 2] + 17 * data[i + 3]) % 1000000007;
          shown += data[i + 3] > 0;
        }
        return [sum, shown]; }"""
    )


def read(page):
    page.wait_for_selector("#pl-ledger tbody tr")
    page.wait_for_function(
        """() => { const c = document.querySelector('#pl-heat'); if (!c || !c.width) return false;
        return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0) }"""
    )


def test_everything_can_be_done_with_the_keyboard(browser, address, filled):
    page = opened(browser, address)
    page.keyboard.press("/")
    page.wait_for_function("document.activeElement.id === 'pl-query'")
    page.keyboard.press("Control+A")
    page.keyboard.type("whales animal")
    page.keyboard.press("Enter")
    page.wait_for_selector(".pl-status[data-complete=yes]")
    page.wait_for_selector(".pl-hit")
    page.keyboard.press("Escape")  # leaves the query
    page.keyboard.press("j")
    page.wait_for_function("!!document.activeElement.closest('.pl-hit')")
    first = page.evaluate("document.activeElement.closest('.pl-hit').dataset.page")
    page.keyboard.press("j")
    second = page.evaluate("document.activeElement.closest('.pl-hit').dataset.page")
    page.keyboard.press("k")
    assert first != second
    assert page.evaluate("document.activeElement.closest('.pl-hit').dataset.page") == first
    page.keyboard.press("Enter")
    page.wait_for_function(TAB % "page")
    read(page)
    assert page.evaluate("pagelens.state.open.document") == "whales.pdf"
    opened_page = page.evaluate("pagelens.state.open.page")
    page.keyboard.press("]" if opened_page == 1 else "[")
    page.wait_for_function(f"document.querySelector('.pl-pager input').value === '{3 - opened_page}'")
    read(page)
    everything = heat(page)
    page.keyboard.press("2")
    page.wait_for_function(
        "document.querySelectorAll('.pl-chip[aria-pressed=true], .pl-token[aria-pressed=true]').length >= 1"
    )
    one = heat(page)
    assert one != everything and one[1] > 0
    page.keyboard.press("h")
    page.wait_for_selector("#pl-heat", state="hidden")
    page.keyboard.press("h")
    page.wait_for_selector("#pl-heat", state="visible")
    page.keyboard.press("a")
    assert heat(page) == everything
    page.keyboard.press("?")
    assert "Next, previous: result" in page.inner_text("dialog[open]")
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert page.seen.problems == []
    page.close()


def test_what_a_first_stage_saw_is_drawn_in_its_cells(browser, address, filled):
    page = opened(browser, address)
    search(page, "largest animal")
    page.locator(".pl-hit").first.click()
    read(page)
    plain = heat(page)
    page.locator("[name=pl-pooled][value=global]").check()
    page.wait_for_selector(".pl-cell")
    assert page.locator(".pl-cell").count() == 1  # one vector for the whole page
    coarse = heat(page)
    assert coarse[1] > 5 * plain[1]  # and it colours all of it that words cover
    page.locator("[name=pl-pooled][value=rows]").check()
    page.wait_for_function("document.querySelectorAll('.pl-cell').length === 2")  # a line at the top, one at the foot
    assert "approximate" in page.inner_text(".pl-panel")
    page.locator("[name=pl-pooled][value='']").check()
    page.wait_for_function("document.querySelectorAll('.pl-cell').length === 0")
    assert heat(page) == plain
    assert page.seen.problems == []
    page.close()


def test_a_slider_or_a_scale_redraws_without_asking_the_server(browser, address, filled):
    page = opened(browser, address)
    search(page, "largest animal")
    page.locator(".pl-hit").first.click()
    read(page)
    before = heat(page)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/api/v1/" in request.url else None)
    page.evaluate(
        """() => { const slider = document.querySelector('.pl-panel input[type=range]');
        slider.value = slider.max * 0.3; slider.dispatchEvent(new Event('input', {bubbles: true})) }"""
    )
    faint = heat(page)
    assert faint[0] != before[0] and faint[1] == pytest.approx(before[1], rel=0.5)
    page.locator("[name=pl-mode][value=shared]").check()
    assert heat(page) != faint
    assert asked == []
    assert page.seen.problems == []
    page.close()


def test_a_bad_filter_is_said_in_words(browser, address, filled):
    page = opened(browser, address, "?q=whale&f=pgae%20%3D%203")
    page.wait_for_selector("[role=alert]")
    said = page.inner_text("[role=alert]")
    assert "pgae" in said and "page" in said
    assert page.seen.problems == []
    page.close()


def test_a_page_is_judged_by_a_key_before_its_grades_are_known(browser, address, filled):
    page = opened(browser, address, "?c=documents&q=judged+early")
    held = []
    page.route("**/api/v1/judgements?*", lambda route: held.append(route))  # what was judged so far is slow to come
    page.locator(".pl-hit-open").first.click()
    page.wait_for_selector("#pl-ledger tbody tr")
    page.keyboard.press("g")
    page.wait_for_selector("#pl-viewer .pl-judge input[value='1']:checked", state="attached")
    assert held
    for late in held:
        late.fulfill(json={})  # and older than what was judged since
    page.wait_for_timeout(100)
    assert page.locator("#pl-viewer .pl-judge input[value='1']").is_checked()
    page.unroute("**/api/v1/judgements?*")
    page.locator("#pl-viewer .pl-judge input[value='']").check(force=True)
    page.wait_for_selector(".pl-toast >> nth=1")
    assert page.seen.problems == []
    page.close()
