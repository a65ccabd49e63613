"""The System tab walked by a person: quarantine, audit, latency, recall, compaction, and what runs here."""

import re
import urllib.parse

import pytest

from tests.browser.driving import opened, search, show, write_pdf

pytestmark = pytest.mark.browser
TOPICS = ("whales", "bread", "glaciers", "engines", "violins", "deserts")


@pytest.fixture(scope="module")
def many(home, filled):
    """A collection of 19 pages in the server's home, one of them a copy of another, beside `documents`."""
    from workbench.service import Workbench
    from workbench.settings import Settings

    said = "About {0} part {1} and what there is to know of {0} number {1}"
    pages = [said.format(topic, n) for topic in TOPICS for n in (1, 2, 3)]
    bench = Workbench(Settings(home=home))
    bench.ingest([write_pdf(home / "natural.pdf", pages), write_pdf(home / "copy.pdf", pages[:1])], "topics")
    return "topics"


@pytest.fixture
def page(browser, address, many):
    made = opened(browser, address, f"?c={urllib.parse.quote(many)}")
    yield made
    assert made.seen.problems == []
    made.close()


def system(page):
    show(page, "System")
    page.wait_for_selector("#pl-disk dd")


def found(page):
    """The documents of the pages that a search found."""
    return {name.strip() for name in page.locator(".pl-hit .pl-long").all_inner_texts()}


def done(page, button, kind):
    """Start a job from the tab and wait until the list of jobs says that it has ended."""
    page.click(button)
    page.wait_for_selector(f"#pl-history li[data-kind={kind}]")
    page.wait_for_selector(f"#pl-history li[data-kind={kind}][data-state=done]")
    return page.locator(f"#pl-history li[data-kind={kind}]").first.inner_text()


def test_suspicious_pages_are_looked_for_put_away_and_released(page):
    system(page)
    assert "Nothing." in page.inner_text("#pl-audit")
    assert "pairs of copies" in done(page, "#pl-run-audit", "audit")
    page.wait_for_selector("#pl-copies tbody tr")
    row = page.locator("#pl-copies tbody tr").first
    assert row.locator("th").inner_text() == "copy.pdf#page=1"
    row.get_by_role("button", name="Quarantine copy.pdf#page=1").click()
    page.wait_for_selector("#pl-away li[data-what='copy.pdf#page=1']")
    assert "a copy of natural.pdf#page=1" in page.inner_text("#pl-away")
    page.wait_for_function("document.querySelector('#pl-disk dd').innerText.includes('1 in quarantine')")
    assert row.get_by_text("in quarantine").is_visible()

    search(page, "whales part 1")
    assert "natural.pdf" in found(page) and "copy.pdf" not in found(page)

    system(page)
    page.get_by_role("button", name="Release copy.pdf#page=1").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#pl-away", state="detached")
    search(page, "whales number 1 ")
    assert "copy.pdf" in found(page)

    system(page)  # and the evidence leads to the page itself
    page.locator("#pl-copies").get_by_role("button", name="natural.pdf#page=1", exact=True).click()
    page.wait_for_selector(".pl-view-title")
    assert page.inner_text(".pl-view-title") == "natural.pdf"


def test_a_whole_document_is_put_away_by_name(page):
    system(page)
    page.click("#pl-quarantine")
    page.select_option("#pl-quarantine-document", "copy.pdf")
    page.fill("#pl-quarantine-reason", "<img src=x onerror=alert(1)> an old draft")
    page.keyboard.press("Enter")
    page.wait_for_selector("#pl-away li[data-what='copy.pdf']")
    assert "<img src=x onerror=alert(1)> an old draft" in page.inner_text("#pl-away")
    assert page.locator("#pl-away img").count() == 0
    page.get_by_role("button", name="Release copy.pdf").click()
    page.wait_for_selector("#pl-away", state="detached")


def test_searches_leave_their_times(page):
    for words in ("bread", "glaciers part 2", "violins"):
        search(page, words)
    system(page)
    page.wait_for_selector("#pl-latency svg")
    first = page.locator("#pl-latency-stages tbody tr").first.locator("th, td").all_inner_texts()
    assert first[0] == "total" and int(first[1]) >= 3
    assert re.fullmatch(r"[\d.]+ m?s", first[2]) and re.fullmatch(r"[\d.]+ m?s", first[3])
    points = page.locator("#pl-latency svg circle.pl-line-p50").count()
    assert points == min(24, int(first[1]))
    boxes = [circle.bounding_box() for circle in page.locator("#pl-latency svg circle.pl-line-p50").all()]
    assert [box["x"] for box in boxes] == sorted(box["x"] for box in boxes)  # in order of time
    stage = page.locator("#pl-latency-stages tbody tr").last.locator("th").inner_text()
    page.locator(f"#pl-latency input[value='{stage}']").check(force=True)
    assert page.locator("#pl-latency svg").get_attribute("aria-label").startswith(f"{stage}: median")
    page.click("#pl-latency .pl-twin summary")
    assert page.locator("#pl-latency-points tbody tr").count() == page.locator("circle.pl-line-p95").count()
    assert "glaciers" not in page.inner_text("#pl-latency")


def test_recall_is_measured_on_one_click_and_says_against_what(page):
    system(page)
    assert "ways to search" in done(page, "#pl-run-recall", "recall")
    page.wait_for_selector("#pl-recall-scan tbody tr")
    shares = page.locator("#pl-recall-scan tbody tr td:nth-child(2)").all_inner_texts()
    assert shares and all(share == "1.000" for share in shares)  # both are exact
    assert 0 < float(page.locator("#pl-recall-index tbody tr td").first.inner_text()) <= 1
    assert "19 pages" in page.inner_text("#pl-recall-facts")


def test_compacting_says_what_it_saved_and_checking_finds_nothing_wrong(page):
    system(page)
    assert re.search(r"MB before, .* MB after", done(page, "#pl-compact", "compact"))
    page.click("#pl-disk .pl-twin summary")
    pages = page.locator("#pl-tables tbody tr", has_text="pages, with their words").locator("td").all_inner_texts()
    page.wait_for_function(
        "document.querySelector('#pl-tables tbody tr:nth-child(2) td:nth-child(5)').innerText === '1'"
    )
    assert pages[0] == "19" and pages[-1] == "0"
    page.click("#pl-verify")
    page.wait_for_selector("#pl-disk [role=status] p")
    assert "Everything fits together" in page.inner_text("#pl-disk [role=status]")


def test_what_runs_here_and_no_wider_than_a_phone(browser, address, many):
    page = opened(browser, address, f"?c={many}&__theme=dark", width=390, height=844)
    system(page)
    page.wait_for_selector("#pl-machine .pl-checks li")
    text = page.inner_text("#pl-machine")
    assert "lancedb" in text and "collections" in text and "Python" in text
    page.wait_for_selector("#pl-loaded li")  # they come with an answer of their own
    assert "Reader" in page.inner_text("#pl-loaded")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.click("#pl-all-models")
    page.wait_for_selector("dialog .pl-model-row")
    page.keyboard.press("Escape")
    assert page.seen.problems == []
    page.close()


def test_a_collection_too_small_says_so(browser, address, home, many):
    from workbench.service import Workbench
    from workbench.settings import Settings

    Workbench(Settings(home=home)).ingest([write_pdf(home / "few.pdf", ["One page", "Another page"])], "few")
    page = opened(browser, address, "?c=few")
    system(page)
    page.click("#pl-run-recall")
    page.wait_for_selector("#pl-history li[data-kind=recall][data-state=failed]")
    assert "needs more than 11" in page.locator("#pl-history li[data-kind=recall]").first.inner_text()
    page.close()
