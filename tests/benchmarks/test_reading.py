"""How fast files are read: the measurement measures."""

from benchmarks.reading import reading
from workbench.documents import Limits


def test_every_kind_is_read_by_every_number_of_workers():
    report = reading((2,), text_pages=3, scanned_pages=1, rounds=1)
    assert [(row.kind, row.workers) for row in report.rows] == [("text", 1), ("text", 2), ("ocr", 1), ("ocr", 2)]
    for row in report.rows:
        assert row.pages_per_second > 0 and row.processor_seconds > 0 and row.peak_bytes > 10e6
        assert row.workers > 1 or row.ratio == 1
    assert report.threads == Limits().threads and report.own_peak_bytes > 10e6
