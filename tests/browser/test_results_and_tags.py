"""The number of results is the pipeline's own, and documents are tagged several at once, in headless Chromium."""

import pytest

from tests.browser.driving import add, caught, opened, search, show, wait_for_held, write_pdf

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lighthouses(browser, address, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lighthouses")
    files = [
        write_pdf(folder / f"coast-{place}.pdf", [f"Lighthouse {place} {i} stands by the sea." for i in range(7)])
        for place in ("north", "south")
    ]
    page = opened(browser, address)
    assert page.request.post(f"{address}/api/v1/collections", data={"name": "lighthouses"}).status == 201
    page.goto(f"{address}/?c=lighthouses")
    page.wait_for_function("document.documentElement?.dataset.pagelens === 'ready'")
    add(page, *files)
    page.wait_for_function("pagelens.state.details && pagelens.state.details.collection.pages === 14")
    page.close()
    return "?c=lighthouses"


WRITTEN = "(text) => document.querySelector('#pl-pipeline').value === text"


def write(page, pipeline):
    if not page.locator("#pl-pipeline").is_visible():
        page.locator("#pl-how > summary").first.click()
    page.fill("#pl-pipeline", pipeline)


def test_results_follow_the_pipeline_that_is_written(browser, address, lighthouses):
    page = opened(browser, address, lighthouses)
    page.locator("#pl-how > summary").first.click()
    page.get_by_role("radio", name="two-stage").check()
    search(page, "lighthouse")
    assert (page.locator(".pl-hit").count(), page.input_value("#pl-k")) == (10, "10")
    page.fill("#pl-k", "12")
    page.press("#pl-k", "Enter")
    page.wait_for_function("document.querySelectorAll('.pl-hit').length === 12")
    page.wait_for_function(WRITTEN, arg="rows:256 > full:12")  # the field says what runs
    assert page.get_by_role("radio", name="two-stage").is_checked()

    write(page, "full:10")
    page.wait_for_function("document.querySelector('#pl-k').title.includes('full:10')")
    assert page.input_value("#pl-k") == "10"  # the number follows what is written
    search(page, "lighthouse")
    page.wait_for_function("document.querySelectorAll('.pl-hit').length === 10")
    assert page.input_value("#pl-pipeline") == "full:10"
    assert "k=" not in page.url

    page.fill("#pl-k", "4")
    page.press("#pl-k", "Enter")
    page.wait_for_function("document.querySelectorAll('.pl-hit').length === 4")
    page.wait_for_function(WRITTEN, arg="full:4")  # and what is written follows the number
    write(page, "rows:300 > full:300")
    search(page, "lighthouse")
    page.wait_for_function("document.querySelectorAll('.pl-hit').length === 14")
    page.wait_for_function("document.querySelector('#pl-k').title.includes('The first 200 are shown')")
    assert page.input_value("#pl-k") == "200"
    assert page.seen.problems == []
    page.close()

    again = opened(browser, address, f"{lighthouses}&q=lighthouse&p=full:10&k=12")  # as links of before were
    again.wait_for_function("document.querySelectorAll('.pl-hit').length === 10")
    again.wait_for_function(WRITTEN, arg="full:10")
    again.wait_for_function("document.querySelector('#pl-k').value === '10'")
    again.close()


def test_several_documents_are_tagged_at_once_and_filters_offer_it(browser, address, lighthouses):
    page = opened(browser, address, lighthouses)
    show(page, "Library")
    page.wait_for_selector('tr[data-document="coast-north.pdf"]')
    assert page.is_disabled("#pl-tagging")
    page.check('[aria-label="Select all documents"]')
    page.click("#pl-tagging")
    page.fill("#pl-tag-add", "coast, it's")
    page.fill("#pl-field-name", "Year")
    page.fill("#pl-field-value", "2024")
    page.get_by_role("button", name="Change", exact=True).click()
    page.wait_for_selector(".pl-borne")
    borne = page.locator('tr[data-document="coast-south.pdf"] .pl-borne').inner_text().split("\n")
    assert borne == ["coast", "it's", "year = 2024"]
    page.uncheck('[aria-label="Select coast-south.pdf"]')
    page.click("#pl-tagging")
    page.fill("#pl-tag-remove", "it's")
    page.fill("#pl-field-name", "year")
    page.fill("#pl-field-value", "2019")
    page.get_by_role("button", name="Change", exact=True).click()
    page.wait_for_function(
        "document.querySelector('tr[data-document=\"coast-north.pdf\"]').innerText.includes('year = 2019')"
    )
    page.click("#pl-tagging")
    page.fill("#pl-field-name", "not a name")
    page.fill("#pl-field-value", "1")
    page.get_by_role("button", name="Change", exact=True).click()
    page.wait_for_selector(".pl-toast-error")
    assert "cannot be the name of a field" in page.inner_text(".pl-toast-error")

    show(page, "Search")
    page.locator("#pl-how > summary").first.click()
    page.select_option('[aria-label="Field"]', "tag")
    assert page.eval_on_selector_all("#pl-filter-values option", "all => all.map((o) => o.value)") == ["coast", "it's"]
    page.select_option('[aria-label="Field"]', "meta.year")
    assert page.eval_on_selector_all("#pl-filter-values option", "all => all.map((o) => o.value)") == ["2019", "2024"]
    page.select_option('[aria-label="Comparison"]', ">=")
    page.fill('[aria-label="Value"]', "2020")
    page.get_by_role("button", name="Add filter").click()
    page.wait_for_function("document.querySelector('#pl-filter').value === 'meta.year >= 2020'")
    search(page, "lighthouse")
    found = page.locator(".pl-hit").all_inner_texts()
    assert found and all("coast-south.pdf" in text for text in found)
    problems = [problem for problem in page.seen.problems if "400" not in problem and "422" not in problem]
    assert problems == []
    page.close()


def test_the_page_keeps_its_height_while_another_search_runs(visit):
    page = visit("?c=documents&q=whale", width=390, height=844)
    page.wait_for_selector(".pl-status[data-complete=yes]")
    page.wait_for_selector(".pl-expecting")
    before = page.locator(".pl-found-side").bounding_box()["height"]
    held = []
    page.route("**/search/stages", lambda route: held.append(route))
    page.fill("#pl-query", "bread in the oven")
    page.press("#pl-query", "Enter")
    page.wait_for_selector(".pl-hits.pl-stale")
    assert abs(page.locator(".pl-found-side").bounding_box()["height"] - before) < 1
    caught(page, held).continue_()
    page.wait_for_selector(".pl-found-side:not(.pl-stale) .pl-expecting")


def test_what_is_ticked_while_the_filter_changes_adds_to_the_filter_in_force(visit):
    page = visit("?c=documents&q=whale&f=page+%3C+9")
    page.click(".pl-facets summary")
    documents = page.locator(".pl-facet-field[data-field=document]")
    documents.get_by_text("whales.pdf").wait_for()
    held, slow = [], True  # the server takes its time
    page.route("**/api/v1/facets", lambda route: held.append(route) if slow else route.continue_())
    page.click(".pl-filter-chip")
    wait_for_held(page, held)
    documents.get_by_label("whales.pdf").check()
    slow = False
    for one in held:
        one.continue_()
    page.wait_for_function("pagelens.state.filter")
    assert page.evaluate("pagelens.state.filter") == "document = 'whales.pdf'"
    page.wait_for_selector(".pl-status[data-complete=yes]")
    assert documents.get_by_label("whales.pdf").is_checked()
