"""``pagelens eval boxes`` over a small dataset whose evidence is where the words are."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import TOPICS, Run
from tests.documents.make import write_pdf

LINE = (0.1, 0.12, 0.9, 0.2)  # where the only line of every page stands


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "boxed"
    write_pdf(folder / "documents" / "whales.pdf", TOPICS["whales.pdf"])
    rows = [{"query_id": "1", "text": "songs under water"}, {"query_id": "2", "text": "Which animal is the largest?"}]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    labels = "query-id\tcorpus-id\tscore\n1\twhales.pdf#page=2\t1\n2\twhales.pdf#page=1\t1\n"
    (folder / "qrels.tsv").write_text(labels, encoding="utf-8")
    boxes = [
        {"query_id": "1", "page": "whales.pdf#page=2", "box": LINE},
        {"query_id": "2", "page": "whales.pdf#page=1", "box": (0.1, 0.8, 0.9, 0.9)},  # where nothing stands
    ]
    (folder / "boxes.jsonl").write_text("\n".join(map(json.dumps, boxes)), encoding="utf-8")
    return folder


def test_regions_are_judged_against_chance(fresh: Run, dataset: Path) -> None:
    ended = fresh("eval", "boxes", dataset, "--way", "winner/plain/sum", "--way", "max/plain/area", "--json")
    assert ended.code == 0, ended.err
    record = json.loads(ended.out)
    assert (record["questions"], record["pages"], record["encoder"]) == (2, 2, "reader")
    first, second = record["ways"]
    assert (first["way"], second["way"]) == ("winner/plain/sum", "max/plain/area")
    assert first["values"]["point"]["mean"] == 0.5  # one of two is where the evidence is
    assert first["controls"]["centre"]["point"] == 0
    assert 0 < first["controls"]["random"]["point"] < 0.5
    told = fresh("eval", "boxes", dataset)
    assert "winner/plain/sum" in told.out
    assert "The hottest place lies in evidence, max/plain: 0.500" in told.out


def test_what_cannot_be_judged_is_refused(fresh: Run, dataset: Path) -> None:
    assert "is no way to choose" in fresh("eval", "boxes", dataset, "--way", "hot").err
    (dataset / "boxes.jsonl").unlink()
    assert "has no boxes" in fresh("eval", "boxes", dataset).err
