"""What the System tab shows for programs runs as it stands there."""

import json
import shutil
import subprocess

import pytest

from tests.browser.driving import opened, show

pytestmark = pytest.mark.browser


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("sh"), reason="no curl in a POSIX shell here")
def test_the_request_that_is_shown_runs(browser, address, filled):
    page = opened(browser, address, "?c=documents")
    show(page, "System")
    curl = page.locator("#pl-programs section", has=page.get_by_role("heading", name="curl")).locator("code")
    curl.wait_for()
    assert address in curl.inner_text()
    assert "pagelens" in page.locator("#pl-programs code").first.inner_text()
    done = subprocess.run(["sh", "-c", curl.inner_text()], capture_output=True, check=True)
    found = json.loads(done.stdout)
    assert found["collection"] == "documents"
    assert len(found["hits"]) >= 3
    with page.expect_popup() as popup:
        page.get_by_role("link", name="the HTTP API").click()
    popup.value.wait_for_selector("h1:has-text('Pagelens HTTP API')")
    assert page.seen.problems == []
    popup.value.close()
    page.close()
