"""A job in the page: it outlives a reload, stops when told, and goes on where it stopped."""

import re

import pytest

from tests.browser.driving import WAIT, opened, search, show, write_pdf

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
IDLE = "!document.querySelector('#pl-tab-library-button').dataset.busy"
PAGES = 90


def done_of(page) -> tuple[int, int]:
    """Pages done and in all, as the newest card says."""
    found = re.search(r"(\d+) of (\d+) pages", page.locator(".pl-job").first.inner_text())
    return (int(found[1]), int(found[2])) if found else (0, 0)


def test_a_job_outlives_a_reload_stops_and_goes_on(browser, address, filled, tmp_path):
    long = write_pdf(tmp_path / "long.pdf", [f"Sheet {n} about lighthouses number {n}" for n in range(1, PAGES + 1)])
    page = opened(browser, address)
    show(page, "Library")
    page.set_input_files("#pl-files", str(long))
    page.wait_for_selector("#pl-start:not([disabled])")
    page.click("#pl-start")
    page.wait_for_selector(".pl-job[data-state=running]")
    page.reload()
    page.wait_for_function("document.documentElement.dataset.pagelens === 'ready'")
    show(page, "Library")
    page.wait_for_selector(".pl-job[data-state=running]")
    page.wait_for_function("() => /[1-9]\\d* of 90 pages/.test(document.querySelector('.pl-job').innerText)")
    page.locator(".pl-job").first.get_by_role("button", name="Stop").click()
    page.wait_for_selector(".pl-job[data-state=stopped]")
    done, pages = done_of(page)
    assert 0 < done < pages == PAGES
    search(page, "lighthouses")  # what is committed is found
    assert page.locator(".pl-hit").count() > 0
    show(page, "Library")
    page.locator(".pl-job[data-state=stopped]").get_by_role("button", name="Resume").click()
    page.wait_for_selector(".pl-job[data-state=done]", timeout=2 * WAIT)
    page.wait_for_function(IDLE)
    page.wait_for_function(
        "(all) => document.querySelector('tr[data-document=\"long.pdf\"] td.pl-num').innerText === all", arg=str(PAGES)
    )
    assert page.seen.problems == []
    page.close()


def test_a_bad_file_says_what_is_wrong_and_the_good_one_goes_in(browser, address, filled, tmp_path):
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing else")
    good = write_pdf(tmp_path / "glaciers.pdf", ["Glaciers move slowly downhill"])
    page = opened(browser, address)
    show(page, "Library")
    page.set_input_files("#pl-files", [str(tmp_path / "broken.pdf"), str(good)])
    page.wait_for_selector("#pl-start:not([disabled])")
    assert "broken.pdf" in page.inner_text(".pl-plan")
    page.click("#pl-start")
    page.wait_for_selector('tr[data-document="glaciers.pdf"]')
    page.wait_for_function(IDLE)
    notes = page.locator(".pl-job").first.inner_text()
    assert "broken.pdf" in notes and "1 with a problem" in notes
    assert page.seen.problems == []
    page.close()


def test_the_same_file_again_is_not_added_twice(browser, address, filled, files):
    page = opened(browser, address)
    show(page, "Library")
    before = page.locator("tr[data-document]").count()
    page.set_input_files("#pl-files", str(files[1]))
    page.wait_for_selector(".pl-plan")
    page.wait_for_function("/already/i.test(document.querySelector('.pl-plan').innerText)")
    assert page.locator("tr[data-document]").count() == before
    assert page.seen.problems == []
    page.close()
