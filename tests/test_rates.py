from pathlib import Path

import pytest

from workbench.rates import Rate, Rates


def test_measures_are_kept_side_by_side_and_the_whole_ingest_counts(tmp_path: Path) -> None:
    rates = Rates(tmp_path / "home")
    assert rates.of("reader") == Rate()
    assert rates.of("reader").expected_seconds is None
    rates.learn("reader", encode_seconds_per_page=0.25)
    assert rates.of("reader").expected_seconds == 0.25
    rates.learn("reader", seconds_per_page=0.5, bytes_per_page=1e6)
    rates.learn("other", encode_seconds_per_page=2.0)
    found = Rates(tmp_path / "home")
    assert found.of("reader") == Rate(0.5, 1e6, 0.25)
    assert found.of("reader").expected_seconds == 0.5
    assert found.of("other") == Rate(encode_seconds_per_page=2.0)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"reader": 3}'])
def test_a_damaged_file_is_no_measurement(tmp_path: Path, text: str) -> None:
    (tmp_path / "rates.json").write_text(text)
    assert Rates(tmp_path).of("reader") == Rate()
    Rates(tmp_path).learn("reader", seconds_per_page=1.0)
    assert Rates(tmp_path).of("reader") == Rate(seconds_per_page=1.0)
