import pytest

from tests.benchmarks.books import write_book


@pytest.fixture(scope="session")
def workbench(tmp_path_factory):
    """A service with one collection, ``metal``: a book of 44 pages, indexed by the reader."""
    from workbench.service import Workbench
    from workbench.settings import Settings

    folder = tmp_path_factory.mktemp("bench")
    (folder / "documents").mkdir()
    write_book(folder / "documents" / "metal.pdf")
    made = Workbench(Settings(home=folder / "home"))
    made.ingest([folder / "documents"], "metal")
    return made
