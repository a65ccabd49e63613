"""Getting about: each view has an address, Back and forward go through them, nothing that is typed early is lost."""

import base64
import io
import re

import pytest
from PIL import Image

from tests.browser.driving import WAIT, Seen, opened, search, show, wait_for_held

pytestmark = pytest.mark.browser
DONE = ".pl-status[data-complete=yes]"


def tab(page):
    return page.locator("#pl-tabs [role=tab][aria-selected=true]").inner_text()


def on(page, name):
    page.wait_for_function(
        "(name) => document.querySelector('#pl-tabs [role=tab][aria-selected=true]')?.innerText === name", arg=name
    )


def test_back_goes_through_all_places_and_forward_again(browser, address, filled):
    page = opened(browser, address, "?c=documents&view=search")
    search(page, "largest animal")
    search(page, "hot oven")
    page.locator(".pl-hit-open").first.click()
    page.wait_for_selector("#pl-ledger tbody tr")
    show(page, "Library")
    on(page, "Library")
    for name in ("Evaluate", "System"):
        show(page, name)
        on(page, name)
    for name in ("Evaluate", "Library", "Page"):
        page.go_back()
        on(page, name)
    assert page.inner_text(".pl-view-title") == "bread.pdf"
    page.go_back()
    on(page, "Search")
    assert page.input_value("#pl-query") == "hot oven"
    page.go_back()
    page.wait_for_function("document.querySelector('#pl-query').value === 'largest animal'")
    page.wait_for_function("pagelens.state.hits[0]?.document === 'whales.pdf'")
    page.go_forward()
    page.wait_for_function("document.querySelector('#pl-query').value === 'hot oven'")
    page.go_forward()
    on(page, "Page")
    assert page.seen.problems == []
    page.close()


@pytest.mark.parametrize("view", ["library", "compare", "evaluate", "system"])
def test_a_reload_stays_where_it_was(browser, address, filled, view):
    page = opened(browser, address, f"?c=documents&view={view}")
    on(page, view.capitalize())
    page.reload()
    on(page, view.capitalize())
    assert f"view={view}" in page.url
    assert page.seen.problems == []
    page.close()


def test_a_dialog_has_an_address_and_back_closes_it(browser, address, filled):
    page = opened(browser, address, "?c=documents&view=search")
    search(page, "whales")
    page.click(".pl-keeping >> text=Export")
    page.wait_for_selector("dialog[open]")
    assert "dialog=export" in page.url
    page.go_back()
    page.wait_for_selector("dialog", state="detached")
    assert tab(page) == "Search" and page.locator(".pl-hit").count() > 0
    page.click(".pl-keeping >> text=Export")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert "dialog" not in page.url
    search(page, "bread")
    page.go_back()
    page.wait_for_function("document.querySelector('#pl-query').value === 'whales'")
    page.go_back()  # not through the dialog again
    page.wait_for_function("document.querySelector('#pl-query').value === ''")
    page.close()


# A dialog that opens another, as one that adds an encoder does to get a model.
NESTED = """async () => {
  const { dialog } = await import(new URL('core/dialogs.js', document.querySelector('script[src$="/main.js"]').src));
  for (const title of ['Outer', 'Inner']) dialog({ title, body: '' }); }"""


def test_a_dialog_within_a_dialog_goes_by_its_own_title(visit):
    page = visit("?c=documents&view=search")
    page.evaluate(NESTED)
    page.get_by_role("dialog", name="Inner", exact=True).wait_for()
    titles = page.locator("dialog h2").evaluate_all("(all) => all.map((title) => title.id)")
    assert len({*titles}) == 2
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Outer", exact=True).wait_for()
    assert page.locator("dialog h2").all_inner_texts() == ["Outer"]


def test_how_far_it_was_scrolled_comes_back(browser, address, filled):
    page = opened(browser, address, "?c=documents&q=whales&view=search", height=420)
    page.wait_for_selector(DONE)
    page.wait_for_selector(".pl-hit >> nth=2")
    page.evaluate("scrollTo(0, 150)")
    page.wait_for_function("history.state.y === 150")
    page.evaluate("document.querySelectorAll('.pl-hit-open')[2].click()")
    on(page, "Page")
    page.go_back()
    on(page, "Search")
    page.wait_for_function("scrollY === 150")
    page.reload()
    page.wait_for_function("scrollY === 150")
    assert page.seen.problems == []
    page.close()


def test_a_link_to_what_is_gone_says_so_and_searches_nothing_else(browser, address, filled):
    page = browser.new_page()
    page.set_default_timeout(WAIT)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/v1/search" in request.url else None)
    page.goto(f"{address}/?c=nowhere&q=whales")
    page.wait_for_selector(".pl-gone")
    assert "There is no collection “nowhere” here" in page.inner_text(".pl-gone")
    page.wait_for_selector("text=Nothing was searched")
    assert "c=nowhere" in page.url and asked == []
    page.click(".pl-gone .pl-chip:text-is('documents')")
    page.wait_for_selector(DONE)
    assert page.locator(".pl-gone").count() == 0 and "c=documents" in page.url
    page.goto(f"{address}/?c=documents&ref=gone.pdf%23page%3D3")
    page.wait_for_selector("text=That page cannot be shown")
    assert "There is no document 'gone.pdf'" in page.inner_text(".pl-viewer")
    page.close()


def test_two_tabs_of_the_browser_keep_their_own_state(browser, address, filled):
    context = browser.new_context()
    first, second = context.new_page(), context.new_page()
    for page, query in ((first, "whales"), (second, "bread")):
        page.goto(f"{address}/?c=documents&q={query}&view=search")
        page.wait_for_selector(DONE)
    assert [page.input_value("#pl-query") for page in (first, second)] == ["whales", "bread"]
    first.reload()
    first.wait_for_selector(DONE)
    assert first.input_value("#pl-query") == "whales"
    context.close()


def test_an_answer_that_comes_late_does_not_undo_a_newer_one(visit):
    """What there was is told after what there is, as by a server with much to do: the newer answer holds."""
    page = visit("?c=documents&view=library")
    late = []

    def hold(route):
        if late:
            return route.fallback()
        late.append((route, route.fetch()))  # answered by now, and not told

    page.route("**/api/v1/overview", hold)
    page.evaluate("dispatchEvent(new Event('focus'))")
    wait_for_held(page, late)
    page.get_by_role("button", name="New collection").click()
    page.fill("#pl-new-name", "just made")
    page.get_by_role("button", name="Create").click()
    page.wait_for_function("pagelens.state.details?.collection.name === 'just made'")
    [(route, answer)] = late
    with page.expect_event("requestfinished", lambda request: request.url.endswith("/overview")):
        route.fulfill(response=answer)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert page.evaluate("pagelens.state.overview.collections.some((one) => one.name === 'just made')")
    assert page.evaluate("pagelens.state.details.collection.name") == "just made"
    page.evaluate("pagelens.api.remove('/collections/just made')")


@pytest.fixture
def unready(browser, address, filled):
    """A page that is not ready, since the server takes its time with the overview, and what it was asked for."""
    page, held = browser.new_page(), []
    page.set_default_timeout(WAIT)
    seen = Seen(page, address)
    page.route("**/api/v1/overview", lambda route: held.append(route))
    page.goto(f"{address}/?c=documents&view=search")
    yield page, held
    assert seen.problems == []
    page.close()


def test_what_is_typed_before_the_page_is_ready_is_kept(unready):
    page, held = unready
    page.click("#pl-query")
    page.keyboard.type("largest an")
    assert "pagelens" not in page.evaluate("Object.keys(document.documentElement?.dataset)")
    page.wait_for_timeout(200)
    for route in held:
        route.continue_()
    page.keyboard.type("imal")
    page.keyboard.press("Enter")
    page.wait_for_function("document.documentElement?.dataset.pagelens === 'ready'")
    page.wait_for_selector(DONE)
    assert page.input_value("#pl-query") == "largest animal"
    assert page.evaluate("pagelens.state.hits[0].document") == "whales.pdf"


@pytest.fixture
def slowly(browser, address, filled):
    """A page whose scripts come when they are let through, and what lets those through that were asked for so far."""
    page = browser.new_page()
    page.set_default_timeout(WAIT)
    seen, held = Seen(page, address), []
    page.route(re.compile(r"\.m?js$"), lambda route: held.append(route))
    page.goto(f"{address}/?c=documents&view=search", wait_until="commit")
    page.wait_for_function(
        "Boolean(document.querySelector('#pl-first form')?.onsubmit)"
    )  # styles are there, so it is painted

    def let_through():
        for route in held[:]:
            held.remove(route)
            route.continue_()
        page.wait_for_timeout(20)

    yield page, let_through
    assert seen.problems == []
    page.close()


def test_what_is_typed_before_any_script_has_run_is_kept(slowly):
    page, let_through = slowly
    page.click("#pl-first input")
    page.keyboard.type("lgest")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    page.keyboard.type("ar")  # within what is there: where it was typed is kept, too
    page.keyboard.press("End")
    typed = "largest"
    while page.query_selector("#pl-first"):
        page.keyboard.type(" a")
        typed += " a"
        let_through()
    page.keyboard.type("nimal")
    assert page.input_value("#pl-query") == typed + "nimal"
    while page.evaluate("document.documentElement.dataset.pagelens") != "ready":
        let_through()
    assert page.input_value("#pl-query") == typed + "nimal"
    page.keyboard.press("Enter")
    page.wait_for_selector(DONE)
    assert page.evaluate("pagelens.state.query") == typed + "nimal"


def test_what_is_asked_before_any_script_has_run_is_answered(slowly):
    page, let_through = slowly
    page.fill("#pl-first input", "hot oven")
    page.press("#pl-first input", "Enter")
    while not page.query_selector(DONE):
        let_through()
    assert page.evaluate("pagelens.state.hits[0].document") == "bread.pdf"
    page.wait_for_selector("#pl-first", state="detached")


@pytest.mark.parametrize("tab", ["Library", "Evaluate"])
def test_a_tab_that_is_pressed_before_any_script_has_run_is_turned_to(slowly, tab):
    page, let_through = slowly
    page.fill("#pl-first input", "hot oven")
    page.click(f"#pl-first a:text-is('{tab}')")
    assert page.locator("#pl-first form").is_hidden()
    while page.query_selector("#pl-first") or not page.query_selector("html[data-pagelens=ready]"):
        let_through()
    assert page.get_by_role("tab", name=tab).get_attribute("aria-selected") == "true"
    assert f"view={tab.lower()}" in page.url
    page.go_back()
    page.wait_for_function("pagelens.state.view === 'search'")
    assert page.input_value("#pl-query") == "hot oven"


@pytest.mark.parametrize("late", [False, True], ids=["before any script", "before the page is ready"])
def test_back_from_a_tab_that_was_pressed_before_any_script_has_run_is_heeded(slowly, late):
    page, let_through = slowly
    held = []
    page.route("**/api/v1/overview", lambda route: held.append(route))
    before = page.evaluate("history.length")
    for tab in ("Search", "Library", "Library"):  # where one is already, there is nowhere to go back to
        page.click(f"#pl-first a:text-is('{tab}')")
    assert page.evaluate("history.length") == before + 1
    while late and (page.query_selector("#pl-first") or not held):
        let_through()
    page.evaluate("history.back()")
    page.wait_for_function("location.search.includes('view=search')")
    if not late:
        assert page.locator("#pl-first form").is_visible()
    while not held:
        let_through()
    held.pop().continue_()
    while page.query_selector("#pl-first") or not page.query_selector("html[data-pagelens=ready]"):
        let_through()
    assert page.evaluate("pagelens.state.view") == "search"
    assert page.get_by_role("tab", name="Search").get_attribute("aria-selected") == "true"
    assert page.locator("#pl-query").is_visible() and "view=library" not in page.url


def test_a_tab_that_is_pressed_before_the_page_is_ready_stays(unready):
    page, held = unready
    page.wait_for_selector("#pl-first", state="detached")
    show(page, "Evaluate")
    wait_for_held(page, held)
    held.pop().continue_()
    page.wait_for_function("document.documentElement.dataset.pagelens === 'ready'")
    assert page.evaluate("pagelens.state.view") == "evaluate" and "view=evaluate" in page.url


@pytest.mark.parametrize("failing", ["js/main.js", "js/core/store.js"])
def test_that_a_script_did_not_come_is_said(browser, address, filled, failing):
    page = browser.new_page()
    page.set_default_timeout(WAIT)
    page.route(f"**/{failing}", lambda route: route.abort())
    page.goto(f"{address}/?c=documents&view=search")
    page.get_by_role("alert").get_by_text("reload it").wait_for()
    page.unroute(f"**/{failing}")
    page.reload()
    page.wait_for_function("document.documentElement.dataset.pagelens === 'ready'")
    page.wait_for_selector("#pl-first", state="detached")
    page.close()


DROP = """(encoded) => {
  const dataTransfer = new DataTransfer(), bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
  dataTransfer.items.add(new File([bytes], "a.png", { type: "image/png" }));
  document.querySelector("#pl-first form").dispatchEvent(
    new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}"""


def picture():
    made = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(made, "PNG")
    return made.getvalue()


def test_a_picture_dropped_before_any_script_has_run_is_asked_by(slowly):
    page, let_through = slowly
    page.evaluate(DROP, base64.b64encode(picture()).decode())
    while not page.evaluate("Boolean(window.pagelens.state?.search?.error)"):
        let_through()
    assert "finds no words in the picture" in page.inner_text(".pl-found")
    assert page.evaluate("pagelens.state.parts.map((part) => part.kind)") == ["picture"]


def test_a_picture_chosen_before_the_page_is_ready_is_asked_by(unready):
    page, held = unready
    page.set_input_files("#pl-picture", {"name": "a.png", "mimeType": "image/png", "buffer": picture()})
    page.wait_for_function("pagelens.state.parts.length === 1")
    for route in held:
        route.continue_()
    page.get_by_text("finds no words in the picture").wait_for()
    assert page.evaluate("pagelens.state.parts.map((part) => part.kind)") == ["picture"]


def test_a_question_asked_before_the_page_is_ready_is_answered(unready):
    page, held = unready
    page.fill("#pl-query", "hot oven")
    page.press("#pl-query", "Enter")
    page.wait_for_timeout(200)
    for route in held:
        route.continue_()
    page.wait_for_selector(DONE)
    assert page.evaluate("pagelens.state.hits[0].document") == "bread.pdf"


def test_the_slash_eats_no_letter_from_any_tab(browser, address, filled):
    page = opened(browser, address, "?c=documents&view=library")
    on(page, "Library")
    page.locator("body").click(position={"x": 5, "y": 5})
    page.keyboard.type("/hot oven")  # as fast as keys can be pressed
    page.keyboard.press("Enter")
    page.wait_for_selector(DONE)
    assert page.input_value("#pl-query") == "hot oven"
    page.keyboard.press("Escape")
    page.keyboard.type("/animal")
    assert page.input_value("#pl-query") == "animal"  # in place of what stood there
    page.close()


def test_a_page_tells_the_ranks_of_stages_and_not_of_the_lists_within_them(visit):
    page = visit("?c=documents&q=whales%20bread&p=accurate&view=search")
    page.wait_for_selector(DONE)
    page.locator(".pl-hit-open").first.click()
    page.wait_for_selector("#pl-ledger tbody tr")
    standing = page.locator(".pl-standing > span")
    assert re.match(r"Result 1 of 3\s*lift \d → lift#2 1$", standing.inner_text())
    assert "full 1 → " in standing.locator("[title]").get_attribute("title")


def test_results_are_stepped_through_without_going_back(browser, address, filled):
    page = opened(browser, address, "?c=documents&q=whales%20bread&p=two-stage&view=search")
    page.wait_for_selector(DONE)
    page.locator(".pl-hit-open").first.click()
    page.wait_for_selector("#pl-ledger tbody tr")
    assert re.match(r"Result 1 of 3\s*rows \d → full 1", page.inner_text(".pl-standing > span"))
    for wanted in (2, 3):
        page.keyboard.press("j")
        page.wait_for_function(f"document.querySelector('.pl-standing b').innerText === 'Result {wanted} of 3'")
    assert page.get_by_role("button", name="Next result").is_disabled()
    page.keyboard.press("k")
    page.wait_for_function("document.querySelector('.pl-standing b').innerText === 'Result 2 of 3'")
    page.wait_for_selector(".pl-judge input[value='1']")
    page.keyboard.press("g")
    page.wait_for_selector(".pl-judge input[value='1']:checked")
    page.keyboard.press("Backspace")
    page.wait_for_function("document.querySelector('.pl-standing b').innerText === 'Result 3 of 3'")
    page.keyboard.press("k")
    page.wait_for_selector(".pl-judge input[value='1']:checked")
    page.locator("#pl-viewer .pl-judge input[value='']").check(force=True)  # other tests find it not judged
    page.wait_for_selector(".pl-toast >> nth=1")
    assert page.seen.problems == []
    page.close()


def test_nothing_of_the_page_is_ever_parsed_as_html():
    from workbench.resources import asset, assets

    for name in assets("js", ".js"):
        script = asset(name).read_text(encoding="utf-8")
        for way in ("innerHTML =", "outerHTML", "insertAdjacentHTML", "dangerouslySet", "document.write"):
            assert way not in script, f"{name} uses {way}"


COUNTED = """{
  const frame = requestAnimationFrame;
  window.frames = 0;
  window.requestAnimationFrame = (act) => frame((at) => ((frames += 1), act(at)));
}"""
STILL = "(window.still = window.seen === frames ? (window.still || 0) + 1 : 0, window.seen = frames, still > 2)"


def test_a_page_at_rest_asks_for_no_frames(browser, address, filled):
    """Gradio's loading sign counts its seconds on in every frame, were it not kept from that."""
    page = browser.new_page()
    page.set_default_timeout(WAIT)
    page.add_init_script(COUNTED)
    page.goto(f"{address}/?c=documents&view=search")
    page.wait_for_function("document.documentElement?.dataset.pagelens === 'ready' && frames > 0")
    page.wait_for_function(STILL, polling=500)
    page.close()


NAMES = """(tabs) => tabs.filter((tab) => tab.offsetParent).map((tab) => {
  const name = document.createRange();
  name.selectNodeContents(tab);
  const { x, y, width } = name.getBoundingClientRect();
  return [tab.textContent.trim(), ...[x, y, width].map(Math.round)];
})"""


@pytest.mark.parametrize("width", [1440, 700, 390])
def test_tabs_stay_where_they_stood_before_any_script_had_run(slowly, width):
    page, let_through = slowly
    page.set_viewport_size({"width": width, "height": 844})
    before = page.locator("#pl-first nav a").evaluate_all(NAMES)
    while page.query_selector("#pl-first") or not page.query_selector("html[data-pagelens=ready]"):
        let_through()
    assert page.locator("#pl-tabs [role=tablist] [role=tab]").evaluate_all(NAMES) == before
