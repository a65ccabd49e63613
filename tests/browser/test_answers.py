"""Answers on the results: passage, heat and reason come with the search, and the first result is in sight."""

import pytest

from tests.browser.driving import add, opened, search, wait_for_held, write_pdf

pytestmark = pytest.mark.browser
HEAT = """() => [...document.querySelectorAll('.pl-thumb-heat')].map((c) =>
  c.width && c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0))"""


def test_a_result_says_what_answers_and_why(browser, address, filled):
    page = opened(browser, address, "?c=documents&view=search")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    search(page, "largest animal")
    page.wait_for_selector(".pl-passage mark")
    first = page.locator(".pl-hit").first
    assert "The blue whale is the largest animal" in first.locator(".pl-passage").inner_text()
    assert first.locator("mark").all_inner_texts() == ["largest animal"]
    assert "largest" in first.locator(".pl-why").inner_text() and "%" in first.locator(".pl-why").inner_text()
    page.wait_for_function(f"({HEAT})().every(Boolean)")
    assert not [url for url in asked if "explain" in url]  # no request a card
    assert [url for url in asked if "/search" in url] == [f"{address}/api/v1/search/stages"]
    assert page.locator("#pl-results h3").count() == page.locator(".pl-hit").count() == 3
    assert page.seen.problems == []
    page.close()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_first_result_is_in_sight(browser, address, filled, width, height):
    page = opened(browser, address, "?c=documents&view=search", width=width, height=height)
    search(page, "largest animal")
    page.wait_for_selector(".pl-passage mark")
    box = page.locator(".pl-hit").first.bounding_box()
    assert page.evaluate("scrollY") == 0
    assert box["y"] + box["height"] <= height
    page.close()


def test_a_long_name_stays_within_a_small_page(visit, tmp_path):
    name = f"a-report-whose-name-{'goes-on-and-' * 6}ends.pdf"
    page = visit("?view=library&c=long names", width=390, height=844)
    add(page, write_pdf(tmp_path / name, ["The blue whale is the largest animal of all and sings songs under the sea"]))
    search(page, "largest animal")
    page.wait_for_selector(".pl-passage mark")
    edges = page.locator(".pl-hit-title, .pl-hit-page, .pl-passage").evaluate_all(
        "parts => parts.map((part) => part.getBoundingClientRect().right)"
    )
    assert max(edges) <= 390


def test_layouts_and_groups_are_remembered(browser, address, filled):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/?c=documents&q=whales&view=search")
    page.wait_for_selector(".pl-as-list .pl-hit")
    page.get_by_role("radio", name="Grid").check()
    page.get_by_role("button", name="By document").click()
    page.wait_for_selector(".pl-as-grid .pl-group")
    groups = page.locator(".pl-group-name").all_inner_texts()
    assert [name.split("\n")[0] for name in groups] == ["whales.pdf", "bread.pdf"]
    page.reload()
    page.wait_for_selector(".pl-as-grid .pl-group .pl-hit")
    page.locator(".pl-hit").first.hover()
    page.locator(".pl-neighbour").first.click()
    page.wait_for_selector(".pl-view-title")
    assert page.evaluate("pagelens.state.open.document") == "whales.pdf"
    context.close()


def test_one_good_default_and_a_row_that_opens(browser, address, filled):
    page = opened(browser, address, "?c=documents&view=search")
    page.wait_for_selector("#pl-how .pl-more-now b:text-is('accurate')")
    assert "the best measured" in page.inner_text("#pl-how .pl-more-now")
    assert not page.locator("#pl-pipeline").is_visible()
    page.click("#pl-how > summary")
    page.get_by_role("radio", name="exact").check()
    page.wait_for_function("document.querySelector('#pl-pipeline').value === 'full:10'")
    page.fill("#pl-pipeline", "columns:2 > full:1")
    page.wait_for_selector(".pl-lacking")  # before anything has failed
    assert "columns is not made yet for reader" in page.inner_text(".pl-lacking")
    page.fill("#pl-pipeline", "rowz:2")
    page.wait_for_selector("#pl-how .pl-error")
    assert "Did you mean 'rows'" in page.inner_text("#pl-how .pl-error")
    page.close()


def test_an_older_reading_of_the_pipeline_never_takes_the_place_of_what_is_written(visit):
    page = visit("?c=documents&view=search")
    page.wait_for_selector("#pl-how .pl-more-now b:text-is('accurate')")
    page.click("#pl-how > summary")
    held = []
    page.route("**/api/v1/pipelines/read", lambda route: held.append(route))  # the server takes its time
    page.get_by_role("radio", name="exact").check()
    page.fill("#pl-pipeline", "columns:2 > full:1")
    page.locator("#pl-pipeline").blur()
    assert page.input_value("#pl-pipeline") == "columns:2 > full:1"
    wait_for_held(page, held, 2)
    for route in reversed(held):  # the older answer comes last
        with page.expect_response("**/api/v1/pipelines/read"):
            route.continue_()
    page.wait_for_selector(".pl-lacking")
    assert page.input_value("#pl-pipeline") == "columns:2 > full:1"


# Lets the stages of a search through and holds its passages, until a newer question ends it.
HELD = """() => {
  const real = window.fetch;
  window.held = true;
  window.fetch = async (address, asked) => {
    const answer = await real(address, asked);
    if (!window.held || !String(address).includes('/search/stages')) return answer;
    const stages = (await answer.text()).split('\\n').filter((line) => line && !JSON.parse(line).passages);
    return new Response(new ReadableStream({
      start(stream) {
        stream.enqueue(new TextEncoder().encode(stages.join('\\n') + '\\n'));
        asked.signal.addEventListener('abort', () => stream.error(new DOMException('ended', 'AbortError')));
      } }));
  }; }"""


def test_an_answer_whose_passages_were_not_waited_for_is_asked_for_again(visit):
    page = visit("?c=documents&view=search")
    page.evaluate(HELD)
    search(page, "largest animal")
    assert page.locator(".pl-passage mark").count() == 0
    page.evaluate("window.held = false")
    search(page, "hot oven")
    page.wait_for_selector(".pl-passage mark")
    page.go_back()
    page.wait_for_function("document.querySelector('#pl-query').value === 'largest animal'")
    page.wait_for_function("document.querySelector('.pl-passage mark')?.innerText === 'largest animal'")


LAYERS = "**/api/v1/explain/layers"


def found(visit):
    page = visit("?c=documents&q=hot+oven&view=search")
    page.wait_for_function("pagelens.state.search && pagelens.state.search.read && pagelens.state.steps")
    return page, page.locator("#pl-results .pl-hit-open").first


def test_a_page_and_its_heat_are_asked_for_at_once(visit):
    page, first = found(visit)
    held, asked = [], []
    page.route("**/collections/documents/page?*", lambda route: held.append(route))
    page.on("request", lambda request: asked.append(request.url) if "explain/layers" in request.url else None)
    first.evaluate("(link) => link.click()")
    wait_for_held(page, held)
    wait_for_held(page, asked)  # while nothing is known of the page yet
    page.wait_for_function("performance.getEntriesByType('resource').some(({ name }) => name.includes('size=page'))")
    held.pop().continue_()
    page.wait_for_selector("#pl-ledger tbody tr")
    assert len(asked) == 1


def test_the_page_of_a_result_that_one_rests_on_is_asked_for_ahead_and_once(visit):
    page, first = found(visit)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "explain/layers" in request.url else None)
    with page.expect_response(LAYERS):
        first.hover()
    first.click()
    page.wait_for_selector("#pl-ledger tbody tr")
    assert len(asked) == 1
    page.mouse.move(2, 2)  # or it would rest on the result again
    page.go_back()
    with page.expect_response(LAYERS):
        page.locator("#pl-results .pl-hit-open").nth(1).focus()  # as by the key j
    assert len(asked) == 2


def test_what_is_asked_ahead_is_given_up_when_one_leaves(visit):
    page, first = found(visit)
    held = []
    page.route(LAYERS, lambda route: held.append(route))
    first.hover()
    wait_for_held(page, held)
    with page.expect_event("requestfailed", lambda request: "explain/layers" in request.url):
        page.mouse.move(2, 2)
    page.unroute(LAYERS)
    first.click()
    page.wait_for_selector("#pl-ledger tbody tr")


# Says when the page has read a refusal, and done what follows of it at once.
HEARD = """() => {
  const { json } = Response.prototype;
  Response.prototype.json = function () {
    const said = json.call(this);
    if (!this.ok) said.then(() => setTimeout(() => (window.heard = true)));
    return said;
  }; }"""


@pytest.mark.parametrize("lost", ["**/collections/documents/page?*", LAYERS])
def test_what_was_asked_ahead_and_failed_is_asked_again_by_a_click(visit, lost):
    page, first = found(visit)
    page.evaluate(HEARD)
    page.route(lost, lambda route: route.fulfill(status=409, json={"error": "Not now."}))
    first.hover()
    page.wait_for_function("window.heard")
    page.unroute(lost)
    first.click()
    page.wait_for_selector("#pl-ledger tbody tr")
