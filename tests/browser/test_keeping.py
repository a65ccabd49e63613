"""What the page says before it replaces anything, and after it deleted something."""

import pytest

from tests.browser.driving import WAIT, opened, show, write_pdf

pytestmark = pytest.mark.browser

IDLE = "!document.querySelector('#pl-tab-library-button').dataset.busy"


def send(page, path):
    page.set_input_files("#pl-files", [str(path)])
    page.wait_for_selector("#pl-start:not([disabled])")


def begin(page, name):
    page.click("#pl-start")
    page.wait_for_selector(f"tr[data-document='{name}']")
    page.wait_for_function(IDLE)


def test_a_taken_name_is_asked_about_and_a_deletion_says_what_went(browser, address, tmp_path):
    page = opened(browser, address, "?view=library&c=kept")
    for number in (1, 2, 3):
        (tmp_path / str(number)).mkdir()
    send(page, write_pdf(tmp_path / "1" / "scan.pdf", ["the first scan"]))
    begin(page, "scan.pdf")
    send(page, write_pdf(tmp_path / "2" / "scan.pdf", ["the second scan", "with two pages"]))
    assert "scan (2).pdf" in page.inner_text(".pl-plan")
    assert "a different document has the name scan.pdf of" in page.inner_text(".pl-plan")
    replace = page.get_by_label("Replace scan.pdf")
    assert not replace.is_checked()
    replace.check()
    page.wait_for_function("document.querySelector('.pl-plan').innerText.includes('replaces scan.pdf of')")
    assert page.get_by_label("Replace scan.pdf").is_checked()
    page.get_by_label("Replace scan.pdf").uncheck()
    page.wait_for_function("document.querySelector('.pl-plan').innerText.includes('both are kept')")
    begin(page, "scan (2).pdf")
    send(page, write_pdf(tmp_path / "3" / "scan.pdf", ["the third scan"]))
    page.get_by_label("Replace scan.pdf").check()
    page.wait_for_function("document.querySelector('.pl-plan').innerText.includes('replaces scan.pdf of')")
    page.click("#pl-start")
    page.wait_for_function("document.querySelector('.pl-jobs').textContent.includes('Replaced scan.pdf of')")
    page.wait_for_function(IDLE)  # nothing is deleted while a job writes
    page.get_by_label("Delete scan (2).pdf").click()
    page.get_by_role("button", name="Delete it").click()
    toast = page.get_by_text("scan (2).pdf is deleted.")
    toast.wait_for(timeout=WAIT)
    assert "Removed: 2 pages with their words, vectors and pictures" in toast.inner_text()
    assert page.seen.problems == []
    page.close()


def test_files_of_a_folder_that_are_not_read_stand_in_the_plan(browser, address, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    write_pdf(folder / "read.pdf", ["a page to read"])
    for name in ("notes.txt", ".DS_Store", "Thumbs.db"):
        (folder / name).write_text("x")
    page = opened(browser, address)
    show(page, "Library")
    page.set_input_files("#pl-folder", str(folder))
    page.wait_for_selector("#pl-start:not([disabled])")
    plan = page.inner_text(".pl-plan")
    assert "folder/notes.txt" in plan
    assert "Not read: it is none of PDF" in plan
    assert "Thumbs.db" not in plan
    page.close()
