"""The pure parts of the page's script, each tested by a script of `units/` in the browser that runs them."""

import re
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
UNITS = Path(__file__).parent / "units"
NAMES = sorted(path.stem for path in UNITS.glob("*.js") if path.stem != "expect")
RUN = """async (name) => {
  const { tests } = await import(`./${name}.js`), wrong = [];
  for (const [what, test] of Object.entries(tests))
    try { await test(); } catch (error) { wrong.push(`${what}: ${error.message}`); }
  return [Object.keys(tests).length, wrong]; }"""


@pytest.fixture(scope="module")
def bench(browser, address):
    """An empty page beside the modules, with the names of the libraries that they import."""
    document = urllib.request.urlopen(address).read().decode()
    names = re.search(r'<script type="importmap">.*?</script>', document)
    main = re.search(r'src="(/workbench/[0-9a-f]+/js/)main\.js"', document)
    assert names and main
    page = browser.new_page()
    here = f"{address}{main[1]}units/"

    def serve(route):
        name = route.request.url.removeprefix(here)
        if name == "index.html":
            route.fulfill(content_type="text/html", body=f"<!doctype html><title>Units</title>{names[0]}")
        else:
            route.fulfill(content_type="text/javascript", body=(UNITS / name).read_text(encoding="utf-8"))

    page.route(f"{here}*", serve)
    page.goto(f"{here}index.html")
    yield page
    page.close()


@pytest.mark.parametrize("name", NAMES)
def test_units(bench, name):
    count, wrong = bench.evaluate(RUN, name)
    assert count > 0
    assert wrong == []
