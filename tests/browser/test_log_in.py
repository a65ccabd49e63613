"""A person logs in, searches, and logs out; the API's description can be read in the browser."""

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from tests.browser.conftest import serving
from tests.browser.driving import WAIT, Seen

pytestmark = pytest.mark.browser


@pytest.fixture
def closed(home, filled, tmp_path):
    """The address of a server over the same collections that asks for a log-in; made as a person would."""
    env = {**os.environ, "PAGELENS_HOME": str(home)}
    command = [sys.executable, "-m", "workbench"]
    accounts = str(tmp_path / "accounts")
    subprocess.run([*command, "password", accounts, "ada"], input=b"correct horse\n", env=env, check=True)
    with serving(home, "--auth", accounts) as url:
        yield url


def test_in_and_out(browser, closed):
    visitor = browser.new_context()
    visitor.set_default_timeout(WAIT)
    page = visitor.new_page()
    page.seen = Seen(page, closed)
    page.goto(f"{closed}/?q=whale")
    assert page.url.startswith(f"{closed}/login?next=")
    assert page.evaluate("document.activeElement.name") == "name"
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong horse")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert page.inner_text("[role=alert]") == "The name or the password is wrong."
    assert [problem for problem in page.seen.problems if "401" not in problem] == []
    page.seen.problems.clear()  # the browser tells of every 401

    page.fill("[name=name]", "ada")
    page.fill("[name=password]", "correct horse")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_function("document.documentElement?.dataset.pagelens === 'ready'")
    assert re.match(rf"{closed}/\?(.*&)?q=whale", page.url)  # the permalink came through
    page.wait_for_selector(".pl-status[data-complete=yes]")
    page.wait_for_selector(".pl-hit")
    page.wait_for_function("[...document.querySelectorAll('.pl-hit img')].some((image) => image.naturalWidth > 0)")
    assert page.evaluate("document.cookie") == ""
    assert page.seen.problems == []

    described = visitor.new_page()
    described.seen = Seen(described, closed)
    described.goto(f"{closed}/api/v1/docs")
    described.get_by_role("link", name="SearchRequest").first.click()
    assert described.url.endswith("#searchrequest")
    assert described.locator("h3#searchrequest").is_visible()
    assert described.seen.problems == []

    page.goto(f"{closed}/login")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_selector("[name=password]")
    page.goto(closed)
    assert re.search(r"/login\?next=%2F$", page.url)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{closed}/api/v1/collections")
    visitor.close()
