"""What a person does in the page, as functions: open it, add files, search; and what a page must never do."""

import re
import socket

from tests.documents import make

WAIT = 90_000
REFUSED = re.compile(r"^Failed to load resource: .* status of 4(00|04|09|22) ")


def write_pdf(path, pages):
    return make.write_pdf(path, pages, size=18, footer="Printed for testing")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Seen:
    """What a page must not do: complain in the console, or ask another machine for anything."""

    def __init__(self, page, address):
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(f"error {error}"))
        page.on("console", lambda m: self.said(m.text) if m.type == "error" else None)
        page.on("request", lambda r: self.outside(r.url, address))

    def said(self, text):
        # The browser notes every refusal of the API there; the page says it in words.
        if not REFUSED.search(text):
            self.problems.append(f"console {text}")

    def outside(self, url, address):
        if not url.startswith((address, "data:", "blob:")):
            self.problems.append(f"request {url}")


def opened(browser, address, query="", headers=None, **size):
    page = browser.new_page(viewport={"width": 1440, "height": 900, **size}, extra_http_headers=headers)
    page.set_default_timeout(WAIT)
    page.seen = Seen(page, address)
    page.goto(address + "/" + query)
    page.wait_for_function("document.documentElement?.dataset.pagelens === 'ready'")
    return page


def show(page, tab):
    page.get_by_role("tab", name=re.compile(tab, re.I)).first.click()


def add(page, *paths):
    show(page, "Library")
    page.set_input_files("#pl-files", [str(path) for path in paths])
    page.wait_for_selector("#pl-start:not([disabled])")
    plan = page.inner_text(".pl-plan")
    page.click("#pl-start")
    for path in paths:
        page.wait_for_selector(f'tr[data-document="{path.name}"]') if "<" not in path.name else None
    return plan


def wait_for_held(page, held, requests=1):
    """Wait until a route holds back so many requests in a list."""
    while len(held) < requests:
        page.wait_for_timeout(50)


def caught(page, held):
    """The request that a route holds back in a list, once the page has made it."""
    wait_for_held(page, held)
    return held.pop()


def search(page, query):
    show(page, "Search")
    page.fill("#pl-query", query)
    page.press("#pl-query", "Enter")
    page.wait_for_selector(".pl-status[data-complete=yes]")
    page.wait_for_function("document.querySelectorAll('.pl-hit').length > 0 || !pagelens.state.hits.length")
