import pytest

from benchmarks import workload
from benchmarks.workload import _repeated
from workbench.documents import probe
from workbench.resources import sample_data


def test_a_long_file_is_made_of_the_short_one(tmp_path):
    source = sample_data() / "documents" / "observers-cards-scan.pdf"
    _repeated(source, tmp_path / "long.pdf", 8)
    assert probe(tmp_path / "long.pdf").pages == 8


def test_memory_is_watched_while_pages_go_in():
    report = workload.memory(pages=3)
    assert report.pages == 3
    assert 0 < report.loaded_bytes <= report.peak_bytes
    assert report.growth_bytes == report.peak_bytes - report.loaded_bytes


@pytest.mark.parametrize(("growth", "ok"), [(2**30, True), (2**30 + 1, False)])
def test_a_gibibyte_is_the_limit(growth, ok):
    assert workload.MemoryReport(1000, 1.0, 500, 500 + growth).ok is ok


@pytest.mark.parametrize(("median", "ok"), [(20.0, True), (20.1, False)])
def test_twenty_milliseconds_are_the_limit(median, ok):
    assert workload.OverheadReport((("exact", 1.0, 2.0, 3.0), ("hybrid", median, 30.0, 40.0)), 6, 182).ok is ok
