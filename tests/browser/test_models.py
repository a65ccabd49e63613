"""Models in the page: what there is, loading one, adding it to a collection, and seeing the page as it did."""

import re

import pytest

from tests.browser.conftest import serving
from tests.browser.driving import add, caught, opened, search, show
from tests.encoders.hub import Hub, running
from tests.encoders.tiny import build, family

pytestmark = pytest.mark.browser
TINY = "colsmol-256m"


@pytest.fixture(scope="module")
def tiny(home):
    """A ColSmol of a few thousand random weights, where a person would put the real one."""
    return build(family("colidefics3"), home / "models" / TINY)


# The names of the stages in "How ranks moved" lie within the picture and do not touch.
NAMES_APART = """() => {
  const picture = document.querySelector('.pl-slopes').getBoundingClientRect();
  const drawn = [...document.querySelectorAll('.pl-slopes > .pl-slope-name')];
  const names = drawn.map((name) => name.getBoundingClientRect());
  const touch = (a, b) => a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom;
  return names.length > 1 && names.every((a, i) => a.left >= picture.left - 1 && a.right <= picture.right + 1
    && names.slice(i + 1).every((b) => !touch(a, b)));
}"""


def row(page, model):
    return page.locator(f'.pl-model-row[data-model="{model}"]')


def test_the_list_says_what_is_here_and_how_to_get_the_rest(browser, address, filled, tiny):
    page = opened(browser, address)
    page.click(".pl-model")
    page.wait_for_selector(".pl-model-row")
    assert str(tiny) in row(page, TINY).inner_text()
    page.locator(".pl-model-rest summary").click()
    missing = row(page, "colpali-v1.3").inner_text()
    assert "Weights not here" in missing
    assert "hf download vidore/colpali-v1.3" in missing
    assert re.search(r"[0-9.]+ B weights", missing) and "to fetch" in missing
    assert page.seen.problems == []
    page.close()


def test_nothing_moves_once_a_model_is_shown(browser, address, filled, tiny):
    page = opened(browser, address)
    held = []
    page.route("**/api/v1/models/advice", lambda route: held.append(route))
    with page.expect_response("**/api/v1/models"):
        page.click(".pl-model")
    page.get_by_text("Looking for models").wait_for()
    caught(page, held).continue_()
    page.wait_for_selector(".pl-model-row")
    assert page.locator(".pl-model-advice").is_visible() and page.seen.problems == []
    page.close()


def test_a_model_is_loaded_and_let_go(browser, address, filled, tiny):
    page = opened(browser, address)
    page.click(".pl-model")
    page.wait_for_selector(".pl-model-row")
    row(page, TINY).get_by_role("button", name="Load").click()
    page.wait_for_selector(f'.pl-model-row[data-model="{TINY}"][data-state=loaded]')
    assert "on cpu" in row(page, TINY).inner_text() or "on cuda" in row(page, TINY).inner_text()
    row(page, TINY).get_by_role("button", name="Unload").click()
    page.wait_for_selector(f'.pl-model-row[data-model="{TINY}"][data-state=here]')
    assert page.seen.problems == []
    page.close()


def test_an_encoder_is_added_searched_with_explained_and_taken_out(browser, address, filled, tiny):
    page = opened(browser, address)
    show(page, "Library")
    page.click(".pl-inspect summary")
    page.get_by_role("button", name="Add an encoder").click()
    page.wait_for_selector("dialog[open] .pl-model-row")
    assert page.locator('dialog[open] input[value="reader"]').count() == 0  # the collection has it
    assert page.locator('dialog[open] input[value="colpali-v1.3"]').is_disabled()
    page.locator(f'dialog[open] input[value="{TINY}"]').check(force=True)
    page.get_by_role("button", name="Embed all pages").click()
    page.wait_for_selector(f'[data-space="{TINY}"]')
    page.wait_for_function("!document.querySelector('#pl-tab-library-button').dataset.busy")
    pages = page.evaluate("pagelens.state.details.collection.pages")
    page.wait_for_function(
        f"document.querySelector('[data-space=\"{TINY}\"]').innerText.includes('{pages} of {pages} pages')"
    )

    search(page, "largest animal")
    page.click("#pl-how summary")
    page.get_by_role("radio", name="two-stage").check()
    page.wait_for_function("document.querySelector('#pl-pipeline').value.endsWith('full:10')")
    page.get_by_role("button", name=f"rows@{TINY}", exact=True).click()
    page.wait_for_function(
        f"[...document.querySelectorAll('.pl-fall-name')].some((n) => n.innerText === 'rows@{TINY}')"
    )
    page.wait_for_selector(".pl-status[data-complete=yes]")
    names = page.locator(".pl-fall-name").all_inner_texts()
    assert names == [f"encode@{TINY}", "encode@reader", f"rows@{TINY}", "full", "results"]
    assert page.evaluate(NAMES_APART)

    page.locator(".pl-hit").first.click()
    page.wait_for_selector("#pl-ledger tbody tr")
    assert page.locator("[name=pl-space]:checked").input_value() == "reader"  # which decided the ranks
    page.locator(f'[name=pl-space][value="{TINY}"]').check(force=True)
    page.wait_for_function(
        "document.querySelector('#pl-saw') && document.querySelector('#pl-saw').innerText.includes('colsmol')"
    )
    page.locator("#pl-saw summary").click()
    page.wait_for_selector(".pl-tiles img")
    labels = page.locator(".pl-tiles figcaption").all_inner_texts()
    assert labels[0].startswith("tile row 1, column 1") and len(labels) == 13  # 4 x 3 tiles and the whole page
    assert page.evaluate("[...document.querySelectorAll('.pl-tiles img')].every((i) => i.naturalWidth === 64)")

    show(page, "Library")
    page.get_by_role("button", name=f"Remove {TINY} from this collection").click()
    page.get_by_role("button", name="Remove it", exact=True).click()
    page.wait_for_function(f"!document.querySelector('[data-space=\"{TINY}\"]')")
    assert page.seen.problems == []
    page.close()


def test_an_index_is_added_from_the_stored_vectors(browser, address, files):
    page = opened(browser, address, "?view=library&c=indexed")
    add(page, *files)
    page.wait_for_function("!document.querySelector('#pl-tab-library-button').dataset.busy")
    page.click(".pl-inspect summary")
    page.locator('[data-space="reader"]').get_by_role("button", name="Add an index").click()
    page.fill("#pl-index-name", "columns")
    page.get_by_role("button", name="Add it", exact=True).click()
    page.wait_for_function(
        "[...document.querySelectorAll('[data-space=reader] tbody th')].some((cell) => cell.innerText === 'columns')"
    )
    search(page, "largest animal")
    page.click("#pl-how summary")
    page.fill("#pl-pipeline", "columns:2 > full:1")
    page.press("#pl-query", "Enter")
    page.wait_for_function("[...document.querySelectorAll('.pl-fall-name')].some((n) => n.innerText === 'columns')")
    page.wait_for_selector(".pl-status[data-complete=yes]")
    assert "whales.pdf" in page.locator(".pl-hit").first.inner_text()
    assert page.seen.problems == []
    page.close()


def test_the_reader_says_that_it_saw_words(browser, address, filled):
    page = opened(browser, address)
    search(page, "hot oven")
    page.locator(".pl-hit").first.click()
    page.wait_for_selector("#pl-ledger tbody tr")
    page.locator("#pl-saw summary").click()
    page.wait_for_function(
        "/reader reads: it saw the page's \\d+ words/.test(document.querySelector('#pl-saw').innerText)"
    )
    outlined = page.evaluate("document.querySelectorAll('.pl-marks .pl-word').length")
    assert outlined == 10  # seven words, and "Printed for testing" at the foot
    page.locator("#pl-saw summary").click()
    page.wait_for_function("!document.querySelector('.pl-marks .pl-word')")
    assert page.seen.problems == []
    page.close()


def test_a_model_is_got_where_an_encoder_is_chosen(browser, tmp_path):
    served = build(family("colidefics3"), tmp_path / "served")
    hub = Hub(slow=0.02)
    hub.serve("vidore/colSmol-256M", served, license="mit")
    with running(hub):
        env = {"HF_ENDPOINT": hub.address, "HF_HUB_CACHE": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "0"}
        with serving(tmp_path / "home", **env) as address:
            page = opened(browser, address, "?view=library")
            page.get_by_role("button", name="New collection").click()
            page.fill("#pl-new-name", "pictures")
            page.locator(".pl-model-rest summary").click()
            page.locator(f'dialog input[value="{TINY}"]').wait_for(state="attached")
            assert page.locator(f'dialog input[value="{TINY}"]').is_disabled()
            row(page, TINY).get_by_role("button", name="Get").click()
            page.get_by_text("licence: mit").wait_for()
            assert not any("/resolve/" in asked for asked in hub.asked)  # nothing before the licence is accepted
            page.get_by_role("button", name="Accept the licence and get it").click()
            page.wait_for_selector(f'dialog input[value="{TINY}"]:not([disabled])', state="attached")
            assert page.input_value("#pl-new-name") == "pictures"
            page.locator(f'dialog input[value="{TINY}"]').check(force=True)
            page.get_by_role("button", name="Create").click()
            page.wait_for_function("pagelens.state.details && pagelens.state.details.collection.name === 'pictures'")
            assert page.evaluate("pagelens.state.details.collection.encoder") == TINY
            assert page.seen.problems == []
            page.close()
