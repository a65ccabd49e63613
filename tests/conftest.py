"""What all tests share: a home folder of their own, no network, and the browser where there is one."""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Set before any test imports the package: nothing may touch the collections of the person who runs the tests, ask a
# model hub, or report usage.
_HOME = tempfile.mkdtemp(prefix="pagelens-tests-")
os.environ["PAGELENS_HOME"] = _HOME
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("PAGELENS_DEVICE", "cpu")  # what a GPU makes is tested on request: tests/encoders/precision.py
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

# The same examples on every machine and in every run, so that a change is judged by what it changed. To search for new
# counterexamples: pytest --hypothesis-profile=search
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile("search", database=None, deadline=None, print_blob=True)
settings.load_profile("same")


def pytest_configure(config: pytest.Config) -> None:
    """Run what a path names, whatever its mark: only plain ``pytest`` leaves out what takes long."""
    if hasattr(config, "workerinput"):  # one of several processes of pytest-xdist, which reads the ini file anew
        config.option.markexpr = config.workerinput["marks"]
        return
    options = config.getini("addopts")
    quick = options[options.index("-m") + 1]
    if config.args_source is pytest.Config.ArgsSource.ARGS and config.option.markexpr == quick:
        config.option.markexpr = ""


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of pytest-xdist which marks are run; it cannot tell what was asked for on the command line."""
    node.workerinput["marks"] = node.config.option.markexpr


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is imported and collected stays to the end: no look for garbage need go through it, then or later."""
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    return result


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the browser tests out where there is no Chromium, unless PAGELENS_BROWSER_TESTS=1 asks for them."""
    from workbench.doctor import chromium

    wanted = os.environ.get("PAGELENS_BROWSER_TESTS", "")
    marked = [item for item in items if item.get_closest_marker("browser")]
    if not marked or (wanted != "0" and chromium()):
        return
    if wanted == "1":
        raise pytest.UsageError("PAGELENS_BROWSER_TESTS=1, but no Chromium was found; set PAGELENS_CHROMIUM to one")
    reason = "switched off by PAGELENS_BROWSER_TESTS=0" if wanted == "0" else "no Chromium; playwright install chromium"
    for item in marked:
        item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def _one_tree_of_commands() -> Iterator[None]:
    """typer makes its tree of commands for each call of a test's runner anew, which takes longer than most commands."""
    from typer import testing

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(testing, "_get_command", functools.cache(testing._get_command))
        yield


@pytest.fixture(scope="session", autouse=True)
def _readers_stay() -> Iterator[None]:
    """What read the files of one test reads those of the next, as long as the environment that processes have from this
    one is the same: they take longer to start than to read."""
    from workbench.documents import workers

    other = ("PYTEST_CURRENT_TEST", "PAGELENS_HOME")  # no task asks for these

    class Pool(workers.ReaderPool):
        inherited: tuple[object, ...] = ()

        def close(self) -> None:
            if not self._at_rest():
                super().close()

        def submit(self, *arguments: Any, **more: Any) -> workers.Job:
            now = os.getcwd(), {name: value for name, value in os.environ.items() if name not in other}
            if self.inherited != now and self._at_rest():
                super().close()
            self.inherited = now
            return super().submit(*arguments, **more)

        def _at_rest(self) -> bool:
            return not (self._urgent or self._waiting) and all(worker.idle for worker in self._workers)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "_pool", functools.cache(Pool))
        yield


@pytest.fixture(autouse=True)
def _no_loop_of_the_browser(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hide Playwright's event loop, which stays running in this thread, from tests that drive no browser."""
    if request.node.get_closest_marker("browser"):
        yield
        return
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)


def awaited(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives, run in a thread of its own: a browser's test may have left its loop running in this
    one."""
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(asyncio.run, coroutine).result()


def pytest_sessionfinish() -> None:
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium_path() -> Iterator[Path]:
    """The browser to drive; a test that wants it should be marked ``browser``."""
    from workbench.doctor import chromium

    path = chromium()
    if path is None:
        pytest.skip("no Chromium; playwright install chromium")
    yield path


@pytest.fixture(scope="session")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """One headless Chromium for the whole run: Playwright's synchronous interface can be entered only once."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(chromium_path), args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()
