"""A picture is dropped into the search: the page that shows it comes first, and says by which points."""

import os

import pytest
from PIL import Image

from tests.browser.conftest import serving
from tests.browser.driving import opened, show
from tests.browser.test_accessibility import judge
from tests.service.test_alike import DOCUMENTS, sheets
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings

pytestmark = pytest.mark.browser
FORMS = [(1440, 900, "light"), (1440, 900, "dark"), (390, 844, "light"), (390, 844, "dark")]


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """Where a collection of pictures is served, and a file with a part of one of them."""
    root = tmp_path_factory.mktemp("album")
    made = Workbench(Settings(home=root / "home"))
    files = [DOCUMENTS / name for name in ("cat.png", "coffee-cup.png", "galaxies.jpg")]
    made.ingest([*files, sheets(root / "sheet.pdf")], "album", CollectionSettings(words="text"))
    made.close()
    with Image.open(DOCUMENTS / "rocket-launch.jpg") as image:
        w, h = image.size
        image.convert("RGB").crop((w // 4, h // 5, w // 4 + w // 2, h // 5 + h // 2)).save(
            root / "part.jpg", quality=50
        )
    with serving(root / "home") as url:
        yield url, root / "part.jpg"


@pytest.mark.parametrize(("width", "height", "theme"), FORMS)
def test_the_page_with_the_picture_comes_first_and_shows_the_points(browser, album, width, height, theme):
    address, part = album
    page = opened(browser, address, f"?__theme={theme}&c=album", width=width, height=height)
    show(page, "Search")
    page.set_input_files("#pl-picture", part)
    page.wait_for_selector(".pl-query-part[data-kind=picture]")
    page.wait_for_selector(".pl-status[data-complete=yes]")
    page.wait_for_function("pagelens.state.hits.length > 0 && !document.querySelector('.pl-hits.pl-stale')")
    assert page.evaluate("pagelens.state.hits[0].document") == "sheet.pdf"
    assert page.evaluate("pagelens.state.hits[0].page") == 2
    page.locator(".pl-hit-open").first.click()
    page.wait_for_selector(".pl-points svg line")
    assert "points of the picture that was asked with" in page.inner_text(".pl-points figcaption")
    dots = page.locator(".pl-dot")
    assert dots.count() >= page.locator(".pl-points line").count() >= 6
    frame = page.locator(".pl-paper-image").bounding_box()
    for at in dots.evaluate_all(
        "(all) => all.map((one) => [one.getBoundingClientRect().x, one.getBoundingClientRect().y])"
    ):
        assert 0.19 < (at[0] - frame["x"]) / frame["width"] < 0.71
        assert 0.29 < (at[1] - frame["y"]) / frame["height"] < 0.61
    page.get_by_role("button", name="Show where on the page").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".pl-mark-box")
    judge(page, "Page with points")
    if folder := os.environ.get("PAGELENS_SHOTS"):
        page.screenshot(path=f"{folder}/points-{width}-{theme}.png", full_page=True)
    assert page.seen.problems == []
    page.close()


def test_a_page_without_the_picture_says_so(browser, album):
    address, part = album
    page = opened(browser, address, "?c=album")
    show(page, "Search")
    page.set_input_files("#pl-picture", part)
    page.wait_for_function("pagelens.state.hits.length > 1 && !document.querySelector('.pl-hits.pl-stale')")
    page.wait_for_selector(".pl-status[data-complete=yes]")
    page.locator(".pl-hit-open").nth(1).click()
    page.wait_for_function(
        "document.querySelector('.pl-panel')?.innerText.includes('does not show what was asked with')"
    )
    assert page.locator(".pl-dot").count() == 0
    assert page.seen.problems == []
    page.close()
