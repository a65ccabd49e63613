"""Pictures of every tab over the sample collection, in four forms, and those of the README.

    python -m tests.screenshots FOLDER            every tab at 1440 and 390 pixels, light and dark, as PNG
    python -m tests.screenshots FOLDER --readme   also make assets/screenshots anew

It serves a home folder of its own under FOLDER, indexes the sample documents and measures two pipelines there if that
was not done before, and ends with an error if a console complains, a request leaves the machine, or a page is wider
than its window.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from tests.browser.driving import Seen, free_port
from tests.conftest import CHROMIUM_FLAGS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
FORMS = [(1440, 900, "light"), (1440, 900, "dark"), (390, 844, "light"), (390, 844, "dark")]
QUESTION = "How many knots is a strong gale, and what does it do to roofs?"
SHAPES = "overview of all node shapes such as egg, hexagon and trapezium"
ARROWS = "How do I make the arrows run from left to right instead of top to bottom?"
DISEASE = "did more soldiers die of disease or of wounds?"
PHONE = "Which year had the most sunspots"
SETTLED = 700  # ms for pictures to arrive and colours to fade


def run(home: Path, *words: str) -> None:
    """A command of Pagelens over the home folder."""
    subprocess.run([sys.executable, "-m", "workbench", "--home", str(home), *words], cwd=ROOT, check=True)


@contextmanager
def served(home: Path) -> Iterator[str]:
    """The address of a server over the home folder."""
    port = free_port()
    command = [sys.executable, "-m", "workbench", "--home", str(home), "serve", "--port", str(port), "--no-open"]
    server = subprocess.Popen(command, cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(address, timeout=2).close()
                break
            except OSError:
                time.sleep(0.3)
        yield address
    finally:
        server.terminate()
        server.wait(30)


def opened(browser: Browser, address: str, width: int, height: int, theme: str, query: str) -> Page:
    """The page with a search done."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(90_000)
    page.seen = Seen(page, address)  # type: ignore[attr-defined]
    page.goto(f"{address}/?c=sample&__theme={theme}")
    page.wait_for_function("document.documentElement?.dataset.pagelens === 'ready'")
    asked(page, query)
    return page


def asked(page: Page, query: str) -> None:
    """Search, and wait until the list is there."""
    to(page, "search")
    page.fill("#pl-query", query)
    page.press("#pl-query", "Enter")
    page.wait_for_function("(query) => pagelens.state.query === query && pagelens.state.hits.length", arg=query)
    page.wait_for_selector(".pl-status[data-complete=yes]")
    page.wait_for_selector(".pl-hits:not(.pl-stale)")


def to(page: Page, tab: str) -> None:
    """Show a tab and let it settle."""
    page.evaluate("(tab) => pagelens.showTab(tab)", tab)
    page.wait_for_timeout(SETTLED)


def filled(page: Page) -> None:
    """Put something into the tabs that are empty until asked."""
    page.click(".pl-hit >> nth=0")
    page.wait_for_selector("#pl-ledger tbody tr")
    to(page, "compare")
    page.fill("#pl-compare-query", ARROWS)
    page.fill("#pl-compare-b", "hybrid")
    page.press("#pl-compare-query", "Enter")
    page.wait_for_selector(".pl-compare .pl-status[data-complete=yes]")
    page.wait_for_selector("#pl-contrast-table tbody tr")


def every_tab(browser: Browser, address: str, folder: Path) -> list[str]:
    """Pictures of all tabs in all forms; returns what was wrong."""
    wrong: list[str] = []
    for width, height, theme in FORMS:
        page = opened(browser, address, width, height, theme, SHAPES)
        filled(page)
        names = [name.lower() for name in page.locator("#pl-tabs [role=tab]").all_inner_texts()]
        for name in names:
            to(page, name)
            if name == "evaluate":
                page.wait_for_selector(".pl-evaluate")
                page.wait_for_timeout(SETTLED)
            page.screenshot(path=folder / f"{name}-{width}-{theme}.png", full_page=name not in ("page",))
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.append(f"{name} at {width} ({theme}) is wider than its window")
        wrong += [f"{width} {theme}: {problem}" for problem in page.seen.problems]  # type: ignore[attr-defined]
        page.close()
    return wrong


def readme(browser: Browser, address: str) -> None:
    """The README's pictures, as WebP."""
    page = opened(browser, address, 1440, 900, "light", SHAPES)
    asked(page, SHAPES)  # the second time, so that the times are those of a warm process
    page.evaluate("document.activeElement.blur()")
    keep(page, "search")
    asked(page, QUESTION)
    filled(page)
    keep(page, "compare")
    to(page, "page")
    keep(page, "page")
    for name in ("library", "evaluate", "system"):
        to(page, name)
        keep(page, name)
    page.close()
    phone = opened(browser, address, 390, 844, "dark", PHONE)
    asked(phone, PHONE)
    phone.evaluate("document.activeElement.blur()")
    keep(phone, "phone")
    phone.close()


class Film:
    """What a window shows, a picture after every step and how long it stays."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._pictures: list[Image.Image] = []
        self._lengths: list[int] = []

    def shoot(self, ms: int) -> None:
        """Take a picture that stays so many milliseconds."""
        with Image.open(io.BytesIO(self._page.screenshot())) as taken:
            self._pictures.append(taken.convert("RGB"))
        self._lengths.append(ms)

    def write(self, path: Path) -> None:
        """All of it as one moving WebP."""
        first, *rest = self._pictures
        first.save(path, save_all=True, append_images=rest, duration=self._lengths, loop=0, quality=72, method=6)


def recording(browser: Browser, address: str) -> None:
    """A search as a person makes it: typed, read, opened, explained word by word, gone on with."""
    page = browser.new_page(viewport={"width": 1120, "height": 700})
    page.set_default_timeout(90_000)
    page.goto(f"{address}/?c=sample&view=search")
    page.wait_for_function("document.documentElement?.dataset.pagelens === 'ready'")
    page.wait_for_timeout(SETTLED)
    film = Film(page)
    film.shoot(1200)
    for start in range(0, len(DISEASE), 5):
        page.locator("#pl-query").press_sequentially(DISEASE[start : start + 5])
        film.shoot(160)
    page.press("#pl-query", "Enter")
    page.wait_for_selector(".pl-status[data-complete=yes]")
    page.wait_for_timeout(2 * SETTLED)
    film.shoot(2600)
    page.click(".pl-hit-open >> nth=0")
    page.wait_for_selector("#pl-ledger tbody tr")
    page.wait_for_timeout(2 * SETTLED)
    film.shoot(2400)
    for word in page.locator("#pl-ledger tbody tr").all()[:3]:
        word.hover()
        page.wait_for_timeout(SETTLED)
        film.shoot(1300)
    page.keyboard.press("j")
    page.wait_for_timeout(3 * SETTLED)
    film.shoot(2200)
    page.go_back()
    page.wait_for_timeout(2 * SETTLED)
    film.shoot(1600)
    film.write(ROOT / "assets" / "screenshots" / "recording.webp")
    page.close()


def keep(page: Page, name: str) -> None:
    """What the window shows, in assets/screenshots."""
    page.wait_for_timeout(2 * SETTLED)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.save(ROOT / "assets" / "screenshots" / f"{name}.webp", quality=82, method=6)


def main() -> int:
    """Make them all; 1 when something was wrong."""
    from playwright.sync_api import sync_playwright

    from workbench.doctor import chromium

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--readme", action="store_true", help="also make the README's pictures anew")
    wanted = parser.parse_args()
    folder: Path = wanted.folder.resolve()
    home = folder / "home"
    if not (home / "collections" / "sample").exists():
        run(home, "ingest", str(ROOT / "sample_data" / "documents"), "--collection", "sample")
        run(home, "eval", "sample", "--collection", "sample", "-p", "two-stage", "-p", "hybrid", "--save")
    found = chromium()
    if found is None:
        raise SystemExit("No Chromium was found; run: playwright install chromium")
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    with served(home) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(found), args=CHROMIUM_FLAGS)
        wrong = every_tab(browser, address, folder)
        if wanted.readme:
            readme(browser, address)
            recording(browser, address)
        browser.close()
    sys.stdout.write("\n".join([*wrong, f"{len(list(folder.glob('*.png')))} pictures in {folder}"]) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
