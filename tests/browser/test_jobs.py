"""A job in the page: it outlives a reload, stops when told, and goes on where it stopped."""

import re

import pytest

from tests.browser.driving import WAIT, opened, search, show, write_pdf

pytestmark = pytest.mark.browser
IDLE = "!document.querySelector('#pl-tab-library-button').dataset.busy"
PAGES = 90


def done_of(page) -> tuple[int, int]:
    """Pages done and in all, as the newest card says."""
    found = re.search(r"(\d+) of (\d+) pages", page.locator(".pl-job").first.inner_text())
    return (int(found[1]), int(found[2])) if found else (0, 0)


def test_a_job_outlives_a_reload_stops_and_goes_on(browser, address, tmp_path):
    long = write_pdf(tmp_path / "long.pdf", [f"Sheet {n} about lighthouses number {n}" for n in range(1, PAGES + 1)])
    page = opened(browser, address, "?view=library&c=worked")
    page.set_input_files("#pl-files", str(long))
    page.wait_for_selector("#pl-start:not([disabled])")
    page.click("#pl-start")
    page.wait_for_selector(".pl-job[data-state=running]")
    page.reload()
    page.wait_for_function("document.documentElement?.dataset.pagelens === 'ready'")
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


def test_a_bad_file_says_what_is_wrong_and_the_good_one_goes_in(browser, address, tmp_path):
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing else")
    good = write_pdf(tmp_path / "glaciers.pdf", ["Glaciers move slowly downhill"])
    page = opened(browser, address, "?view=library&c=worked")
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


# Lists of jobs that are answered by hand: the second look is answered after the third, with what was true before it.
OUT_OF_TURN = """async (job) => {
  const { watch } = await import(new URL('core/jobs.js', document.querySelector('script[src$="/main.js"]').src));
  const running = { ...job, id: 'out-of-turn', state: 'running', active: true };
  const done = { ...running, state: 'done', active: false };
  const real = window.fetch, looks = [];
  window.fetch = (address, ...more) => !address.endsWith('/jobs') ? real(address, ...more)
    : new Promise((answer) => looks.push((jobs) => answer(new Response(JSON.stringify(jobs)))));
  const first = watch();
  looks[0]([running]);
  await first;
  const older = watch(), newer = watch();
  looks[2]([done]);
  await newer;
  looks[1]([running]);
  await older;
  const states = [window.pagelens.state.jobs[0].state], last = watch();
  looks[3]([done]);
  await last;
  window.fetch = real;
  return [...states, document.querySelectorAll('.pl-toast').length]; }"""


def test_a_job_ends_once_whatever_the_order_of_answers(visit):
    page = visit("?view=search&c=documents")
    job = page.evaluate("pagelens.state.jobs.find((job) => job.kind === 'ingest' && job.state === 'done')")
    assert page.evaluate(OUT_OF_TURN, job) == ["done", 1]


def test_a_server_that_is_gone_when_a_job_ends_is_said_and_no_error_of_the_page(visit):
    page = visit("?view=search&c=documents")
    job = page.evaluate("pagelens.state.jobs.find((job) => job.kind === 'ingest' && job.state === 'done')")
    page.route("**/api/v1/overview", lambda route: route.fulfill(status=422, json={"error": "Nobody is at home."}))
    page.evaluate(OUT_OF_TURN, job)
    page.wait_for_selector(".pl-toast-error:has-text('Nobody is at home.')")
    said = page.locator(".pl-toast-error").all_inner_texts()
    assert [text.strip() for text in said] == ["Nobody is at home."]
    assert page.seen.problems == []  # the refusal is no fault of the page
