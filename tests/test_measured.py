"""The tables of docs/measured.md hold what their commands make; those over the sample data are made anew here."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.records import write
from tests.benchmarks.test_records import scale
from tests.evaluation.records import good_and_bad
from tests.measured import MEASURED, RECORDS, Block, alike, blocks, content, replaced, run_sample, stale

pytestmark = pytest.mark.docs
TEXT = MEASURED.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The tables over the sample data, made by their commands from the documents."""
    folder = tmp_path_factory.mktemp("readme")
    return {
        block.name: content(block, run_sample(block, folder / "home", folder / block.name))
        for block in blocks(TEXT)
        if block.of_sample
    }


@pytest.mark.timeout(3600)  # reading the sample data takes as long as the machine is slow
def test_tables_over_the_sample_data_are_what_their_commands_make(made: dict[str, str]) -> None:
    assert made
    assert stale(TEXT, made) == [], (
        "docs/measured.md is out of date; 'python -m tests.measured' makes these tables anew"
    )


@pytest.mark.timeout(3600)
def test_one_changed_figure_is_noticed(made: dict[str, str]) -> None:
    for name, table in made.items():
        figure = re.findall(r"\d\.\d{3}", table)[-1]
        wrong = f"{figure[:2]}{(int(figure[2]) + 5) % 10}{figure[3:]}"
        changed = table[::-1].replace(figure[::-1], wrong[::-1], 1)[::-1]
        assert stale(replaced(TEXT, name, changed), made) == [name]
        assert stale(replaced(TEXT, name, table.replace("`exact`", "`exakt`", 1)), made) == [name]
        assert stale(replaced(TEXT, name, table), made) == []


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("| x | 0.820 | 217,209 |", "| x | 0.820 | 217,209 |", True),
        ("| x | 0.820 | 217,209 |", "| x | 0.811 | 217,950 |", True),
        ("| x | 0.820 | 217,209 |", "| x | 0.780 | 217,209 |", False),
        ("| x | 0.820 | 217,209 |", "| x | 0.820 | 230,000 |", False),
        ("| x | 0.820 | 217,209 |", "| y | 0.820 | 217,209 |", False),
    ],
)
def test_figures_may_be_a_little_apart_and_words_may_not(a: str, b: str, same: bool) -> None:
    assert alike(a, b) is same


def test_other_tables_carry_their_command_and_the_hash_of_their_record() -> None:
    names = [block.name for block in blocks(TEXT)]
    assert len(names) == len(set(names))
    for block in blocks(TEXT):
        assert block.command.startswith("pagelens ")
        assert f"Made by `{block.command}`" in block.content
        if block.of_sample:
            assert block.table == "plain", "a table with times cannot be the same twice"
        else:
            assert re.search(r"record `[0-9a-f]{16}`\.\n\n$", block.content)


def test_tables_of_the_bench_hold_what_their_records_do() -> None:
    measured = [block for block in blocks(TEXT) if block.of_bench]
    assert {block.kept for block in measured} == set(RECORDS.glob("*.json")), "a record without a table, or the reverse"
    made = {block.name: content(block, block.kept) for block in measured}
    assert {block.name for block in measured if block.content != made[block.name]} == set(), (
        "docs/measured.md is out of date; 'python -m tests.measured NAME tests/records/NAME.json' makes a table anew"
    )


def test_a_table_of_the_bench_is_written_from_its_record(tmp_path: Path) -> None:
    report = scale()
    write(report, tmp_path / "scale.json")
    (block,) = blocks("<!-- table: x (scale): pagelens bench scale sample -p exact -->\n<!-- end of table -->")
    assert block.of_bench
    text = content(block, tmp_path / "scale.json")
    assert "| 1,000 | 10,000 | 1000.0 KiB | 100.0 | 1.0 | 1000 B |" in text
    assert re.search(r"Made by `pagelens bench scale sample -p exact`, record `[0-9a-f]{16}`\.\n\n$", text)
    with pytest.raises(ValueError, match="the record has pipelines"):
        content(Block("x", "scale", False, "pagelens bench scale sample -p fused", ""), tmp_path / "scale.json")
    with pytest.raises(ValueError, match="the record is of 'bench scale'"):
        content(Block("x", "peers", False, "pagelens bench peers sample", ""), tmp_path / "scale.json")
    write(replace(report, points=report.points[:2]), tmp_path / "scale.json")
    assert content(block, tmp_path / "scale.json") != text


def test_a_table_is_written_from_a_record(tmp_path: Path) -> None:
    record = good_and_bad()
    record.write(tmp_path)
    (block,) = blocks("<!-- table: x (brief): pagelens eval FOLDER -p bad -p good -p alike -->\n<!-- end of table -->")
    text = content(block, tmp_path)
    for name in record.pipelines:
        assert f"| `{name}` | {record.values(name, 'nDCG@5').mean():.3f}" in text
    assert re.search(r"Made by `pagelens eval FOLDER -p bad -p good -p alike`, record `[0-9a-f]{16}`\.", text)
    with pytest.raises(ValueError, match="the record has pipelines"):
        content(Block("x", "plain", False, "pagelens eval FOLDER -p bad", ""), tmp_path)


def test_a_marker_of_another_form_is_an_error() -> None:
    with pytest.raises(ValueError, match="table marker"):
        blocks("<!-- table: x -->\n<!-- end of table -->")
    with pytest.raises(ValueError, match="table marker"):
        blocks("<!-- table: x (plain): pagelens eval sample -p exact -->\n")
