"""What tests of ingesting share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.service import Workbench
from workbench.settings import Settings


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """A home of its own, whose processes end with the test."""
    work = Workbench(Settings(home=tmp_path / "home"))
    yield work
    work.close()
