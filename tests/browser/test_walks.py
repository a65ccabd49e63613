"""Walks across tabs, windows and devices: what one place does is seen in another, whoever looks at it and how."""

import itertools

import pytest

from tests.browser.driving import WAIT, Seen, search, show, write_pdf

pytestmark = pytest.mark.browser
READY = "document.documentElement?.dataset.pagelens === 'ready'"
DONE = ".pl-status[data-complete=yes]"
TABS = {
    "Library": ".pl-library",
    "Search": ".pl-search",
    "Compare": ".pl-compare",
    "Evaluate": ".pl-evaluate",
    "System": ".pl-system",
}


@pytest.fixture
def windows(browser, address, filled):
    """Opens windows of one browser at addresses; in the end none of them may have complained."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(WAIT)

    def at(query):
        page = context.new_page()
        page.seen = Seen(page, address)
        page.goto(f"{address}/{query}")
        page.wait_for_function(READY)
        return page

    yield at
    assert [page.seen.problems for page in context.pages] == [[]] * len(context.pages)
    context.close()


def planned(page, *paths):
    page.set_input_files("#pl-files", [str(path) for path in paths])
    page.wait_for_selector("#pl-start:not([disabled])")
    page.click("#pl-start")


def names(page):
    return page.locator(".pl-hit-open").evaluate_all("(all) => all.map((one) => one.querySelector('.pl-long').title)")


def test_two_windows_see_what_the_other_one_changes(windows, files):
    """Side by side, so that neither is ever turned to: files added, a document and the collection taken away."""
    first, second = windows("?c=documents&view=library"), windows("?c=documents&view=library")
    for page in (first, second):
        page.evaluate("pagelens.choose('side by side')")
    planned(first, *files)
    second.wait_for_selector('tr[data-document="bread.pdf"]')
    second.wait_for_selector(".pl-job[data-kind=ingest][data-state=done]")
    search(second, "bread in the oven")
    assert "bread.pdf" in names(second)

    second.click("#pl-how > summary")
    second.fill("#pl-pipeline", "columns:3 > full:3")
    second.wait_for_selector(".pl-lacking")
    second.get_by_role("button", name="Make it now").click()
    second.wait_for_selector(".pl-lacking", state="detached")  # once the job has made it
    first.wait_for_selector(".pl-job[data-kind=index][data-state=done]")
    show(first, "System")
    first.wait_for_selector("#pl-history li[data-kind=index] [data-step]")
    first.keyboard.press("j")
    first.keyboard.press("Enter")  # to the place where the newest job is shown, which is that one
    first.wait_for_function("pagelens.state.view === 'library' && pagelens.state.job")

    first.get_by_role("button", name="Delete bread.pdf").click()
    first.get_by_role("button", name="Delete it", exact=True).click()
    first.wait_for_selector('tr[data-document="bread.pdf"]', state="detached")
    second.fill("#pl-pipeline", "")
    second.press("#pl-query", "Enter")  # the same question, which was answered before
    second.wait_for_function(
        "pagelens.state.hits.length && pagelens.state.hits.every((h) => h.document !== 'bread.pdf')"
    )
    first.get_by_role("button", name="Delete collection").click()
    first.get_by_role("button", name="Delete it all").click()
    second.get_by_text("There is no collection “side by side” here.").wait_for()


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (390, 844)])
def test_tabs_have_one_left_edge_and_headings_in_order(visit, width, height):
    page = visit("?c=documents&q=whales&view=search", width=width, height=height)
    page.wait_for_selector(DONE)
    edge = page.locator(".pl-brand").bounding_box()["x"]
    for tab, of in TABS.items():
        show(page, tab)
        page.wait_for_selector(f"{of} :is(h2, h3)", state="attached")
        starts = page.locator(f"{of} > *").evaluate_all(
            "(all) => all.filter((one) => one.offsetWidth > 1).map((one) => one.getBoundingClientRect().left)"
        )
        assert min(starts) == pytest.approx(edge, abs=1), tab
        levels = page.locator("h1, h2, h3, h4").evaluate_all(
            "(all) => all.filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1]))"
        )
        steps = [(above, below) for above, below in itertools.pairwise(levels) if below > above + 1]
        assert levels[0] == 1 and steps == [], tab


def focused(page, what):
    """The attribute or text of what has the focus."""
    return page.evaluate(f"document.activeElement.{what}")


def test_keys_go_through_what_each_tab_lists_open_it_and_go_back(visit):
    page = visit("?c=documents&view=library")
    page.wait_for_selector("tr[data-document]")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert focused(page, "innerText") == "whales.pdf"
    page.keyboard.press("k")
    assert focused(page, "innerText") == "bread.pdf"
    page.keyboard.press("Enter")
    page.wait_for_function("pagelens.state.view === 'page' && pagelens.state.page?.read?.document === 'bread.pdf'")
    page.keyboard.press("Backspace")
    page.wait_for_function("pagelens.state.view === 'library'")

    page.keyboard.type("/hot oven")
    page.keyboard.press("Enter")
    page.wait_for_selector(".pl-passage mark")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.wait_for_selector("#pl-versus li")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = focused(page, "value")
    assert focused(page, "checked") is False
    page.keyboard.press("Enter")
    page.wait_for_function("(id) => pagelens.state.compare.one.chosen.a?.page_id === id", arg=second)
    page.keyboard.press("Backspace")
    page.wait_for_function("pagelens.state.view === 'search'")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#pl-ledger tbody tr")
    page.keyboard.press("Backspace")
    page.wait_for_selector(DONE)


def test_a_phone_steps_through_results_by_swipes(browser, address, filled):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(WAIT)
    page = context.new_page()
    page.goto(f"{address}/?c=documents&q=whales%20bread&p=two-stage&view=search")
    page.wait_for_selector(DONE)
    page.locator(".pl-hit-open").first.tap()
    page.wait_for_selector("#pl-ledger tbody tr")
    stage = page.locator(".pl-stage").bounding_box()
    touch = context.new_cdp_session(page)

    def swipe(start, end):
        y = stage["y"] + 60
        for step in range(7):
            kind = "touchMove" if step else "touchStart"
            points = [{"x": start + (end - start) * step / 6, "y": y}]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    for start, end, wanted in ((330, 60, 2), (330, 60, 3), (60, 330, 2)):
        swipe(start, end)
        page.wait_for_function(f"document.querySelector('.pl-standing b').innerText === 'Result {wanted} of 3'")
    context.close()


def test_a_server_that_is_not_reached_is_said_by_the_page_alone(browser, address, filled):
    context = browser.new_context()
    context.set_default_timeout(WAIT)
    page = context.new_page()
    page.goto(f"{address}/?c=documents&view=search")
    page.wait_for_function(READY)
    context.set_offline(True)
    page.fill("#pl-query", "hot oven")
    page.press("#pl-query", "Enter")
    page.get_by_text("The Pagelens server does not answer; is it still running?").first.wait_for()
    show(page, "Compare")
    page.get_by_text("That comparison did not run").wait_for()
    shown = page.locator(".toast-wrap, .toast-body").evaluate_all("(all) => all.some((one) => one.checkVisibility())")
    assert not shown  # Gradio's own
    context.set_offline(False)
    show(page, "Search")
    page.press("#pl-query", "Enter")
    page.wait_for_function("pagelens.state.hits[0]?.document === 'bread.pdf'")
    context.close()


def test_a_collection_that_is_not_told_anew_is_shown_as_it_was(visit):
    page = visit("?c=documents&view=library")
    page.wait_for_selector('tr[data-document="bread.pdf"]')
    page.route("**/api/v1/collections/documents", lambda route: route.fulfill(status=409, json={"error": "Not now."}))
    page.evaluate("dispatchEvent(new Event('focus'))")  # a person comes back from another window
    page.get_by_text("Not now. “documents” is shown as it was before.").first.wait_for()
    assert page.locator('tr[data-document="bread.pdf"]').is_visible()


def test_a_middling_name_is_cut_in_its_middle_where_there_is_little_room(visit, tmp_path):
    page = visit("?c=documents&view=library", width=390, height=844)
    page.evaluate("pagelens.choose('middling names')")
    planned(page, write_pdf(tmp_path / "observers-cards-scan.pdf", ["Strong gales take tiles off roofs"]))
    page.wait_for_selector(".pl-job[data-kind=ingest][data-state=done]")
    page.wait_for_selector("tr[data-document='observers-cards-scan.pdf']")
    search(page, "strong gales")
    page.get_by_role("radio", name="Grid").check()
    head, tail = page.locator(".pl-hit .pl-long > span").all()
    assert (head.inner_text() + tail.inner_text(), tail.inner_text()) == ("observers-cards-scan.pdf", "s-scan.pdf")
    assert head.evaluate("(node) => node.scrollWidth > node.clientWidth")  # this is what is cut
    assert tail.evaluate(
        "(node) => node.getBoundingClientRect().right <= node.closest('.pl-hit').getBoundingClientRect().right"
    )


def test_a_long_name_that_is_cut_is_seen_to_be_said_whole_and_copied_whole(visit, tmp_path):
    name = f"{'the_songs_of_whales_' * 6}part-7.pdf"
    page = visit("?c=documents&view=library", width=390, height=844)
    page.evaluate("pagelens.choose('longest names')")  # of this test alone
    planned(page, write_pdf(tmp_path / name, ["Humpback whales sing songs"]))
    page.wait_for_selector(".pl-job[data-kind=ingest][data-state=done]")
    page.wait_for_selector(f'tr[data-document="{name}"]')
    search(page, "whales sing")
    page.wait_for_function("pagelens.state.search.read")  # passages are there, and nothing moves any more
    page.get_by_role("radio", name="Grid").check()
    head = page.locator(".pl-hit .pl-long > span").first
    assert head.bounding_box()["width"] > 20  # there is room for a letter and the dots
    page.get_by_role("button", name="By document").click()
    heading = page.get_by_role("heading", name=name, exact=True)
    assert heading.bounding_box()["width"] <= 390
    page.evaluate("addEventListener('copy', (event) => (window.copied = event.clipboardData.getData('text/plain')))")
    heading.evaluate("(node) => getSelection().selectAllChildren(node)")
    page.keyboard.press("ControlOrMeta+c")
    page.wait_for_function("window.copied !== undefined")
    assert page.evaluate("window.copied").split() == [name]
