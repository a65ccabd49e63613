"""The library walked by a person who adds, renames and deletes while something is at work, and comes back by links."""

import re

import pytest

from tests.browser.conftest import serving
from tests.browser.driving import WAIT, opened, show, write_pdf
from tests.documents.make import shaken, text_picture

pytestmark = pytest.mark.browser
IDLE = "!document.querySelector('#pl-tab-library-button').dataset.busy"
LONG = 90


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A document that takes some time to add."""
    path = tmp_path_factory.mktemp("long") / "lighthouses.pdf"
    return write_pdf(path, [f"Sheet {n} about lighthouses number {n}" for n in range(1, LONG + 1)])


def planned(page, *paths):
    show(page, "Library")
    page.set_input_files("#pl-files", [str(path) for path in paths])
    page.wait_for_selector("#pl-start:not([disabled])")


def fate(page, name):
    return page.locator(f'[data-planned="{name}"] .pl-badge').inner_text()


def test_the_drop_zone_names_what_the_server_reads(visit):
    page = visit("?view=library")
    readable = page.evaluate("pagelens.state.overview.readable")
    said = page.inner_text(".pl-drop")
    assert all(kind["name"] in said for kind in readable)
    assert page.get_attribute("#pl-files", "accept").split(",") == [s for kind in readable for s in kind["suffixes"]]


def test_files_dropped_anywhere_are_planned_in_the_library(visit, files):
    page = visit("?view=search&c=dropped")
    page.evaluate(
        """() => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(["no picture"], "odd.png"));
            const over = new DragEvent("dragover", { dataTransfer, bubbles: true, cancelable: true });
            const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
            window.taken = [over, drop].map((event) => !document.querySelector("footer, body").dispatchEvent(event));
        }"""
    )
    assert page.evaluate("taken") == [True, True]  # else the window would show the file itself
    page.wait_for_selector('[data-planned="odd.png"]')
    assert page.evaluate("pagelens.state.view") == "library"


# Drops files as the web view of Linux does in a window of our own, which knows them where the page is told of none.
WITHHELD = """([at, files]) => {
  const parts = files.map(([, , text]) => [btoa(text.slice(0, 5)), btoa(text.slice(5)), ""]);
  window.pywebview = { api: {
    dropped: async () => files.map(([name, type]) => [name, type]),
    read: async (file, from) => parts[file][from === 0 ? 0 : from === 5 ? 1 : 2] } };
  const dataTransfer = new DataTransfer();
  dataTransfer.setData("text/uri-list", "file:///x");
  const told = { dataTransfer, bubbles: true, cancelable: true };
  return ["dragover", "drop"].map((kind) => !document.querySelector(at).dispatchEvent(new DragEvent(kind, told))); }"""


def test_files_that_only_the_window_knows_are_planned_as_any(visit):
    page = visit("?view=search&c=dropped")
    given = [["bill.pdf", "application/pdf", "no document"], ["folder/deep/one.png", "image/png", "no picture"]]
    for at in ("footer, body", ".pl-drop"):
        assert page.evaluate(WITHHELD, [at, given]) == [True, True]
        for name in ("bill.pdf", "folder/deep/one.png"):
            page.wait_for_selector(f'[data-planned="{name}"]')
        page.get_by_role("button", name="Cancel").click()
        page.wait_for_selector("[data-planned]", state="detached")
    show(page, "Search")
    assert page.evaluate(WITHHELD, ["#pl-query", given[:1]]) == [True, True]
    page.get_by_text("Only pictures can be searched with; add documents in the library.").first.wait_for()


def test_a_link_dropped_on_a_window_of_our_own_is_text_for_a_field_and_nothing_elsewhere(visit):
    page = visit("?view=search&c=dropped")
    page.wait_for_selector("#pl-query")
    told = page.evaluate(
        """() => {
            window.pywebview = { api: { dropped: async () => (window.asked = true, []) } };
            const drag = (at, more) => {
                const dataTransfer = new DataTransfer();
                dataTransfer.setData("text/uri-list", "https://a.b/c.pdf");
                for (const type of more) dataTransfer.setData(type, "c");
                const told = { dataTransfer, bubbles: true, cancelable: true };
                const send = (kind) => !document.querySelector(at).dispatchEvent(new DragEvent(kind, told));
                return ["dragover", "drop"].map(send);
            };
            return ["#pl-query", "footer, body"].map((at) => [[], ["text/html"]].map((more) => drag(at, more)));
        }"""
    )
    assert told == [[[False, False]] * 2, [[True, True]] * 2]  # else the window would go there, with no way back
    assert page.evaluate("[pagelens.state.view, window.asked]") == ["search", None]


def test_a_plan_says_what_becomes_of_each_file_and_leaves_out_what_a_person_does(visit, files, tmp_path):
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing else")
    one, two = (write_pdf(tmp_path / f"{name}.pdf", [f"About {name}"]) for name in ("tides", "dunes"))
    page = visit("?view=library&c=plans")
    planned(page, tmp_path / "broken.pdf", one, two)
    assert [fate(page, f"{name}.pdf") for name in ("broken", "tides", "dunes")] == ["Not readable", "New", "New"]
    assert "2 pages to read" in page.inner_text(".pl-plan-facts")
    page.get_by_role("checkbox", name="Add dunes.pdf").uncheck()
    page.wait_for_selector(".pl-plan-dropped")
    assert "1 page to read" in page.inner_text(".pl-plan-facts")
    assert "3 files, 1 not readable, 1 left out" in page.inner_text(".pl-plan summary")
    page.click("#pl-start")
    page.wait_for_selector('tr[data-document="tides.pdf"]')
    page.wait_for_function(IDLE)
    assert page.locator("tr[data-document]").count() == 1
    states = page.locator(".pl-job [data-file]").evaluate_all("rows => rows.map((r) => [r.dataset.file, r.innerText])")
    assert [name for name, _ in states] == ["broken.pdf", "tides.pdf"]
    assert "Not read" in states[0][1] and "Done" in states[1][1]

    write_pdf(tmp_path / "tides.pdf", ["About quite other tides"])
    planned(page, tmp_path / "tides.pdf")
    page.get_by_role("checkbox", name="Replace tides.pdf").check()
    page.wait_for_function("document.querySelector('[data-planned] .pl-badge').innerText === 'Replaces'")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector(".pl-plan", state="detached")

    line = page.locator('tr[data-document="tides.pdf"] [aria-expanded]')
    assert line.inner_text() == "text layer"
    line.click()
    page.get_by_role("button", name="Read it again, another way").click()  # another way, from the stored pictures
    page.wait_for_selector(".pl-job[data-kind=reread][data-state=done]")
    page.wait_for_function("document.querySelector('tr[data-document] [aria-expanded]').innerText === 'OCR'")


def test_two_files_left_out_at_once_are_both_left_out(visit, files, tmp_path):
    page = visit("?view=library&c=hurried")
    planned(page, *(write_pdf(tmp_path / f"{name}.pdf", [f"About {name}"]) for name in ("fens", "moors", "heaths")))
    asked = []
    page.route("**/api/v1/plan", lambda route: asked.append(route))  # the server takes its time
    page.get_by_role("checkbox", name="Add fens.pdf").uncheck()
    page.get_by_role("checkbox", name="Add moors.pdf").uncheck()
    while len(asked) < 2:
        page.wait_for_timeout(50)
    with page.expect_response("**/api/v1/plan"):
        asked[1].continue_()
    with page.expect_response("**/api/v1/plan"):
        asked[0].continue_()  # the older answer comes last
    page.wait_for_selector(".pl-plan-dropped >> nth=1")
    assert [fate(page, f"{name}.pdf") for name in ("fens", "moors", "heaths")] == ["Left out", "Left out", "New"]
    assert "1 page to read" in page.inner_text(".pl-plan-facts")


def test_the_first_files_of_a_collection_are_never_called_none(visit, address, long):
    """From the first moment on, on every tab, and after a reload that comes before the collection is there."""
    page = visit("?view=library&c=firsts")
    page.wait_for_selector(".pl-gone")  # as nothing is on its way yet
    page = visit("?view=library&c=documents")
    page.evaluate("pagelens.choose('firsts')")
    planned(page, long)
    page.click("#pl-start")
    page.wait_for_selector(f".pl-job [data-file='{long.name}']")
    for view in ("", "&view=search", "&view=library"):
        page.goto(f"{address}/?c=firsts{view}")
        page.wait_for_function("document.documentElement?.dataset.pagelens === 'ready'")
        said = page.inner_text("body")
        assert "is empty" not in said and "There is no collection" not in said
        there = page.evaluate("pagelens.state.details?.collection?.pages ?? 0")  # a quick machine has some by now
        assert "Adding" in said or "being added" in said or there
        if "library" in view:
            assert "adding to firsts" in said.lower()  # its card, at work or done
    page.wait_for_selector(f"[data-file='{long.name}'][data-state=reading]")
    assert f"{LONG}" in page.inner_text(f"[data-file='{long.name}']")
    job = page.locator(".pl-job").get_attribute("data-job")

    show(page, "System")
    page.locator(f"#pl-history li[data-job='{job}']").get_by_role("button", name="Adding files", exact=True).click()
    page.wait_for_function("(id) => location.search.includes('job=' + id)", arg=job)
    page.evaluate("pagelens.choose('documents')")
    page.wait_for_selector(f"[data-job='{job}']", state="detached")  # its card belongs to its collection
    page.go_back()
    page.wait_for_selector(f".pl-job[data-job='{job}']")

    page.get_by_role("button", name="Delete collection").click()
    assert "deleted when that has ended" in page.inner_text("dialog")
    page.get_by_role("button", name="Delete it all").click()
    page.wait_for_selector(".pl-job[data-kind=delete][data-state=waiting]")
    page.locator(".pl-job[data-kind=ingest]").get_by_role("button", name="Stop").click()
    page.wait_for_function("pagelens.state.collection !== 'firsts'", timeout=2 * WAIT)
    assert "firsts" not in page.inner_text(".pl-side")


def test_a_document_has_an_address_and_says_how_well_it_was_read(visit, address):
    page = visit("?view=library&c=documents")
    page.locator('tr[data-document="bread.pdf"] [aria-expanded]').click()
    page.wait_for_selector("#pl-document-more")
    assert "doc=bread.pdf" in page.url
    assert page.inner_text("#pl-document-more").strip().startswith("Read well.")
    page.reload()
    page.wait_for_selector("#pl-document-more")
    page.go_back()
    page.wait_for_selector("#pl-document-more", state="detached")
    page.goto(address + "/?view=library&c=documents&doc=gone.pdf&job=000000000000")
    page.wait_for_function("document.documentElement?.dataset.pagelens === 'ready'")
    said = page.inner_text("#pl-library")
    assert "There is no document “gone.pdf” in this collection" in said and "is not here any more" in said


def test_a_collection_is_made_before_the_models_to_choose_from_are_known(visit):
    page, held = visit("?view=library"), []
    page.route("**/api/v1/models", lambda route: held.append(route))
    page.get_by_role("button", name="New collection").click()
    page.fill("#pl-new-name", "in a hurry")
    page.keyboard.press("Enter")
    page.wait_for_function("pagelens.state.collection === 'in a hurry'")
    for route in held:
        route.continue_()
    assert page.evaluate("pagelens.state.details.collection.spaces.map((one) => one.encoder)") == ["reader"]
    page.evaluate("pagelens.api.remove('/collections/in a hurry')")


def test_a_collection_is_renamed_and_its_links_are_told(visit, address, tmp_path):
    page = visit("?view=library&c=documents")
    page.evaluate("pagelens.choose('old name')")
    planned(page, write_pdf(tmp_path / "tides.pdf", ["About tides"]))
    page.click("#pl-start")
    page.wait_for_selector('tr[data-document="tides.pdf"]')
    page.wait_for_function(IDLE)
    page.get_by_role("button", name="Rename").click()
    page.fill("#pl-new-name", "documents")
    page.keyboard.press("Enter")
    page.get_by_text("There is a collection 'documents' already").wait_for()
    page.get_by_role("button", name="Rename").click()
    page.fill("#pl-new-name", "new name")
    page.keyboard.press("Enter")
    page.wait_for_function("pagelens.state.collection === 'new name'")
    page.wait_for_selector('tr[data-document="tides.pdf"]')
    page.wait_for_url(re.compile(r"c=new(\+|%20)name"))
    page.goto(address + "/?c=old%20name")
    page.get_by_text("There is no collection “old name” here.").wait_for()
    assert "new name" in page.locator(".pl-gone button").all_inner_texts()
    page.locator(".pl-gone button", has_text="new name").click()
    page.wait_for_selector(".pl-gone", state="detached")
    assert page.evaluate("pagelens.state.collection") == "new name"


def test_a_page_that_was_hardly_read_is_named_with_its_quality_and_read_again_in_one_click(visit, files, tmp_path):
    page = visit("?view=library&c=harbours")
    print_of = text_picture(["The harbour dues of Zanzibar", "fell to their lowest since 1911"])
    print_of.save(tmp_path / "clear.pdf")
    shaken(print_of).save(tmp_path / "poor.pdf")
    planned(page, tmp_path / "clear.pdf", tmp_path / "poor.pdf")
    page.click("#pl-start")
    page.wait_for_selector('tr[data-document="poor.pdf"] .pl-badge')
    page.wait_for_function(IDLE)
    row = page.locator('tr[data-document="poor.pdf"]')
    assert "hardly read" in row.inner_text()
    clear = page.locator('tr[data-document="clear.pdf"]')
    assert "hardly" not in clear.inner_text() and "Read again" not in clear.inner_text()

    told = page.locator('.pl-job[data-kind=ingest] [data-file="poor.pdf"]')
    assert re.search(r"Page 1\s+\d+ % read\s+Little of the scan's text", told.inner_text())
    assert "2 files, 1 with pages hardly read" in page.inner_text(".pl-job[data-kind=ingest] summary")
    assert told.get_by_role("button", name=re.compile("Read it again, another way: poor.pdf")).is_enabled()

    row.get_by_role("button", name="1 page hardly read").click()
    assert re.search(r"Page 1\s+\d+ % read\s+Little of the scan's text", page.inner_text("#pl-document-more"))
    page.locator("#pl-document-more").get_by_role("button", name="Page 1").click()
    page.wait_for_selector("#pl-hardly-read")
    assert "Little of the scan's text" in page.inner_text("#pl-hardly-read")
    assert re.search(r"OCR, \d+ % read|none, \d+ % read", page.inner_text(".pl-panel"))
    with page.expect_response(lambda answer: "/page?" in answer.url):  # what is open is read anew when that has ended
        page.get_by_role("button", name="Read 1 page again, another way").click()
    show(page, "Library")
    page.wait_for_selector(".pl-job[data-kind=reread][data-state=done]")
    page.get_by_role("button", name="clear.pdf", exact=True).first.click()
    page.wait_for_selector("#pl-hardly-read", state="detached")  # that of the page before, until this one has come
    page.wait_for_function("document.querySelector('.pl-panel')?.innerText.includes('OCR, ')")


def test_who_has_nothing_at_hand_tries_the_sample(browser, tmp_path):
    with serving(tmp_path / "home") as url:
        page = opened(browser, url)
        page.click("#pl-to-sample")
        page.wait_for_function("pagelens.state.collection === 'sample'")
        page.wait_for_function("pagelens.state.details?.collection.pages > 0", timeout=4 * WAIT)
        assert page.locator("#pl-to-sample").count() == 0
        page.locator(".pl-job[data-kind=ingest]").get_by_role("button", name=re.compile("Stop")).click()
        page.wait_for_selector(".pl-job[data-kind=ingest][data-state=stopped]", timeout=4 * WAIT)
        show(page, "Search")
        page.wait_for_selector(".pl-examples button")
        assert page.seen.problems == []
        page.close()
