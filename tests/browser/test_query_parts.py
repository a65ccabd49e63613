"""Asking with more than words: pictures, parts of pages, marks, what is not wanted; filters, saved searches, copies."""

import json
import re

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.browser.driving import search, show

pytestmark = pytest.mark.browser
DONE = ".pl-status[data-complete=yes]"


def until(page, condition):
    """Wait until something holds of what the page shows, said of parts of its state: `hits`, `parts`, `query`."""
    page.wait_for_function(f"(({{ hits, parts, query, filter }}) => {condition})(pagelens.state)")


def found(page):
    """The documents and pages of the results, best first."""
    page.wait_for_function("!document.querySelector('.pl-hits.pl-stale') && !document.querySelector('.pl-spinner')")
    page.wait_for_selector(DONE)
    return page.evaluate("pagelens.state.hits.map((hit) => [hit.document, hit.page])")


def paper(page):
    """Where the picture of the open page lies, once it is there."""
    page.wait_for_function("document.querySelector('.pl-paper-image')?.naturalWidth > 0")
    return page.locator(".pl-paper-image").bounding_box()


def chips(page):
    return page.locator(".pl-query-part").all_inner_texts()


def test_a_text_that_is_not_wanted_takes_its_pages_down(visit):
    page = visit()
    search(page, "whale")
    assert found(page)[0][0] == "whales.pdf"
    page.click("text=− Not")
    page.fill("[aria-label='But not this text']", "blue whale largest animal")
    page.keyboard.press("Enter")
    page.wait_for_selector(".pl-query-part.pl-unwanted")
    until(page, "hits.length && hits[0].page === 2")
    assert found(page)[0] == ["whales.pdf", 2]
    restored = visit(page.url.split("/", 3)[3])  # a permalink holds the parts as well
    assert found(restored)[0] == ["whales.pdf", 2]
    assert "blue whale largest animal" in chips(restored)[0]
    restored.click("[aria-label^='not blue whale']")  # turned into its opposite
    until(restored, "hits[0].page === 1")
    restored.click("[aria-label='Take out blue whale largest animal']")
    until(restored, "!parts.length")


def test_a_picture_of_words_finds_the_page_that_has_them(visit, tmp_path):
    image = Image.new("RGB", (900, 200), "white")
    ImageDraw.Draw(image).text((40, 60), "bread in the hot oven", fill="black", font=ImageFont.load_default(60))
    image.save(tmp_path / "asked.png")
    page = visit()
    show(page, "Search")
    page.set_input_files("#pl-picture", tmp_path / "asked.png")
    page.wait_for_selector(".pl-query-part[data-kind=picture]")
    until(page, "hits.length")
    assert found(page)[0] == ["bread.pdf", 1]
    assert re.search(r"picture", chips(page)[0])
    page.click("text=repair…")
    page.wait_for_selector(".pl-repair-steps input")
    page.locator(".pl-repair-steps label", has_text="rotate:180").locator("input").check()
    page.wait_for_function("document.querySelectorAll('.pl-repair-picture')[1].src.includes('rotate')")
    page.wait_for_function("document.querySelectorAll('.pl-repair-picture')[1].naturalWidth > 0")
    page.click("text=Use this picture")
    until(page, "parts[0].repairs.length === 1")
    assert "rotate:180" in chips(page)[0]


def test_a_part_of_a_page_is_a_query(visit):
    page = visit("?c=documents&ref=bread.pdf%23page%3D1")
    page.click("[aria-label='Pick a part to search with']")
    sheet = paper(page)
    page.mouse.move(sheet["x"] + 0.05 * sheet["width"], sheet["y"] + 0.12 * sheet["height"])
    page.mouse.down()
    page.mouse.move(sheet["x"] + 0.95 * sheet["width"], sheet["y"] + 0.25 * sheet["height"], steps=4)
    page.mouse.up()
    box = page.locator(".pl-pick").bounding_box()
    assert box["width"] == pytest.approx(0.9 * sheet["width"], abs=3)
    assert box["y"] == pytest.approx(sheet["y"] + 0.12 * sheet["height"], abs=3)
    page.click("text=Search for this part")
    page.wait_for_selector(".pl-query-part[data-kind=region]")
    until(page, "hits.length")
    assert found(page)[0] == ["bread.pdf", 1]
    part = page.evaluate("pagelens.state.parts[0]")
    assert part["box"] == pytest.approx([0.05, 0.12, 0.95, 0.25], abs=0.01)


def test_a_part_is_picked_with_the_keyboard_alone(visit):
    page = visit("?c=documents&ref=whales.pdf%23page%3D1")
    paper(page)
    page.keyboard.press("r")
    page.keyboard.press("ArrowUp")  # the first puts a rectangle in the middle
    first = page.locator(".pl-pick").bounding_box()
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    moved = page.locator(".pl-pick").bounding_box()
    assert moved["y"] < first["y"]
    assert moved["width"] > first["width"]
    page.keyboard.press("Escape")
    page.wait_for_selector(".pl-pick", state="detached")


# Presses keys as soon as the page's picture has its place, one in each turn of the browser, before it paints;
# `scales` is how large the page is before the first and after each.
AT_ONCE = """(keys) => void new MutationObserver((_, seen) => {
  if (!document.querySelector('.pl-paper')) return;
  seen.disconnect();
  const turn = new MessageChannel();
  const scale = () => parseInt(document.querySelector('.pl-percent').textContent);
  window.scales = [];
  turn.port1.onmessage = () => {
    if (!scales.length) scales.push(scale());
    const key = keys.shift();
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    scales.push(scale());
    if (keys.length) turn.port2.postMessage(0);
  };
  turn.port2.postMessage(0);
}).observe(document, { childList: true, subtree: true })"""


def test_keys_work_as_soon_as_a_page_is_shown(visit):
    page = visit()
    page.evaluate(AT_ONCE, ["+", "0", "r", "ArrowUp", "ArrowUp"])
    search(page, "whale")
    page.locator(".pl-hit-open").first.click()
    page.wait_for_selector(".pl-pick")
    fitted, nearer, again = page.evaluate("scales.slice(0, 3)")
    assert nearer > fitted == again


def test_marked_pages_refine_a_search_when_the_person_says_so(visit):
    page = visit()
    search(page, "animal bread")
    before = found(page)
    page.locator(".pl-hit", has_text="bread.pdf").locator("[data-mark=good]").click()
    page.wait_for_selector(".pl-refine:not([hidden])")
    assert found(page) == before  # nothing moves under the pointer
    page.click("text=Refine the search")
    page.wait_for_selector(".pl-query-part[data-kind=mark]")
    until(page, "hits[0].document === 'bread.pdf'")
    assert page.locator("[data-mark=good][aria-pressed=true]").count() == 1


def test_filters_are_chips(visit):
    page = visit()
    search(page, "whales sing in the oven")
    page.click("#pl-how > summary")
    page.select_option("[aria-label=Field]", "document")
    page.fill("[aria-label=Value]", "whales.pdf")
    page.click("text=Add filter")
    until(page, "hits.length === 2")
    page.select_option("[aria-label=Field]", "page")
    page.select_option("[aria-label=Comparison]", ">=")
    page.fill("[aria-label=Value]", "2")
    page.press("[aria-label=Value]", "Enter")
    until(page, "hits.length === 1")
    page.wait_for_selector(".pl-filter-chip >> nth=1")
    assert page.locator(".pl-filter-chip").all_inner_texts() == ["document = 'whales.pdf'", "page >= 2"]
    assert page.input_value("#pl-filter") == "document = 'whales.pdf' and page >= 2"
    page.locator(".pl-filter-chip").first.click()
    until(page, "filter === 'page >= 2'")


def test_a_search_is_saved_restored_and_forgotten(visit):
    page = visit()
    search(page, "humpback songs")
    page.click(".pl-keeping >> text=Save")
    page.fill("[aria-label='Name of the search']", "songs <b>")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Saved;")
    search(page, "bread")
    page.click("text=Saved searches")
    page.wait_for_selector(".pl-saved-open")
    assert page.locator(".pl-saved-open b").all_inner_texts() == ["songs <b>"]  # a name is only text
    page.click("text=songs <b>")
    until(page, "query === 'humpback songs'")
    until(page, "hits.length && hits[0].page === 2")
    assert page.input_value("#pl-query") == "humpback songs"
    page.click("text=Saved searches")
    page.click("[aria-label='Delete the saved search songs <b>']")
    page.wait_for_selector("text=No search is saved yet.")
    assert page.locator(".pl-saved-open").count() == 0
    assert page.evaluate("pagelens.api.get('/searches')") == []


def test_a_search_is_copied_and_exported(visit, tmp_path):
    page = visit()
    search(page, 'it\'s a "hot" oven')
    page.click("text=Copy as")
    page.wait_for_selector(".pl-copy >> nth=2")
    texts = page.locator(".pl-copy").all_inner_texts()
    assert any(re.match(r"pagelens .*\bsearch ", text) for text in texts), texts
    assert any("Workbench" in text for text in texts)
    assert any(text.startswith("curl") for text in texts)
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    page.click(".pl-keeping >> text=Export")
    with page.expect_download() as wait:
        page.click("[data-form=json]")
    wait.value.save_as(tmp_path / "found.json")
    data = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert "bread.pdf" in json.dumps(data)


def test_an_expected_page_is_followed_and_the_smallest_change_finds_it(visit):
    page = visit()
    search(page, "whales")
    page.click("#pl-how > summary")
    page.fill("#pl-filter", "document = 'whales.pdf'")
    page.press("#pl-filter", "Enter")
    until(page, "hits.length === 2")
    page.select_option("#pl-expected-document", "bread.pdf")
    page.click("text=Where is it?")
    page.wait_for_selector(".pl-why-filtered")
    assert "document = 'whales.pdf'" in page.inner_text(".pl-expected-said")
    page.click("#pl-apply-fix")
    until(page, "hits.some((hit) => hit.document === 'bread.pdf')")
    assert page.evaluate("pagelens.state.filter") == ""
