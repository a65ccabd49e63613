"""A small collection of real words, read by the reader, and the workbench that holds it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import TOPICS
from tests.documents.make import write_pdf
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A workbench whose collection ``notes`` tests only read."""
    root = tmp_path_factory.mktemp("asking")
    files: list[Path] = [write_pdf(root / "files" / name, pages) for name, pages in TOPICS.items()]
    bench = Workbench(Settings(home=root / "home"))
    bench.ingest(files, "notes", CollectionSettings(dpi=72, ocr=False))
    yield bench
