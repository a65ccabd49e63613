"""An ingest timed by many: the command that a person would type, on so many processors, and what it got through."""

import pytest

from benchmarks import crews
from tests.documents.make import write_pdf
from workbench.documents.workers import cores
from workbench.errors import InputError

pytestmark = pytest.mark.slow


def test_one_process_is_timed_by_its_own_report(tmp_path, monkeypatch):
    monkeypatch.setattr(crews, "WAYS", {"one process": ()})  # Ray's are tested in tests/ingestion/test_crews.py
    pdf = write_pdf(tmp_path / "tides.pdf", ["The moon pulls the tides.", "Spring tides and neap tides"])
    (timed,) = crews.timed([pdf], 1)
    assert (timed.way, timed.processors, timed.pages) == ("one process", 1, 2)
    assert timed.rate == 2 / timed.seconds


def test_what_cannot_be_timed_is_said(tmp_path):
    with pytest.raises(InputError, match="cannot be set apart here"):
        list(crews.timed([tmp_path], cores() + 1))
    with pytest.raises(InputError, match="one process failed"):
        list(crews.timed([tmp_path / "none.pdf"], 1))
