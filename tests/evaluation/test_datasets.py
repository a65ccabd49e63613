"""Reading a dataset folder: what survives, what is refused, and in which words."""

import json
from pathlib import Path

import pytest

from tests.evaluation.folder import QRELS, QUERIES, write
from workbench.errors import DatasetError
from workbench.evaluation import load_dataset
from workbench.evaluation.datasets import flat_tags
from workbench.resources import sample_data


def test_ids_of_zero_grades_and_tags_survive(tmp_path: Path) -> None:
    dataset = load_dataset(write(tmp_path / "small"))
    assert dataset.name == "small"
    assert [query.id for query in dataset.queries] == ["0", "b"]
    assert dataset.qrels["0"] == {"whales.pdf#page=1": 2, "whales.pdf#page=2": 1}
    assert dataset.queries[0].tags == {"evidence": ("Text", "Chart")}
    assert dataset.scope == "document"
    assert dataset.warnings == ()


def test_a_dataset_without_documents_of_questions_is_for_the_whole_corpus(tmp_path: Path) -> None:
    queries = [{key: value for key, value in query.items() if key != "document"} for query in QUERIES]
    assert load_dataset(write(tmp_path, queries)).scope == "corpus"


@pytest.mark.parametrize(
    ("tags", "flat"),
    [
        (None, {}),
        ("chart", {"tag": ("chart",)}),
        (["a", "b", "a"], {"tag": ("a", "b")}),
        ({"self_contained": False, "n": 0, "none": None}, {"self_contained": ("false",), "n": ("0",)}),
        ({"page": {"side": ["left", "right"]}}, {"page.side": ("left", "right")}),
    ],
)
def test_tags_of_any_shape_become_texts(tags: object, flat: dict[str, tuple[str, ...]]) -> None:
    assert flat_tags({"tags": tags}) == flat


def test_line_separators_inside_a_question_do_not_end_it(tmp_path: Path) -> None:
    text = "first\u2028second\x0bthird\x85fourth"
    dataset = load_dataset(write(tmp_path, [{"query_id": "0", "text": text}], QRELS[:1]))
    assert dataset.queries[0].text == text


def test_windows_files_are_read(tmp_path: Path) -> None:
    write(tmp_path)
    for name in ("queries.jsonl", "qrels.tsv"):
        path = tmp_path / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_dataset(tmp_path).qrels["b"] == {"bread.pdf#page=2": 1}


def test_folders_that_are_no_dataset_are_refused(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    with pytest.raises(DatasetError, match=r"documents and queries\.jsonl and qrels\.tsv missing"):
        load_dataset(tmp_path / "c")
    with pytest.raises(DatasetError, match="There is no dataset folder"):
        load_dataset(tmp_path / "d")


def test_questions_without_an_answer_and_missing_files_are_told(tmp_path: Path) -> None:
    qrels = (("0", "lost.pdf#page=1", "1"), ("b", "bread.pdf#page=2", "0"))
    dataset = load_dataset(write(tmp_path, qrels=qrels))
    assert [query.id for query in dataset.queries] == ["0"]
    assert dataset.warnings == (
        "1 questions have no relevant page and are left out",
        "documents/ lacks files that the questions are about: lost.pdf",
    )
    with pytest.raises(DatasetError, match="no question with a relevant page"):
        load_dataset(write(tmp_path, qrels=qrels[1:]))


def test_boxes_are_read_and_checked(tmp_path: Path) -> None:
    write(tmp_path)
    row = {"query_id": 0, "page": "whales.pdf#page=1", "box": [0.1, 0.2, 0.5, 0.6]}
    path = tmp_path / "boxes.jsonl"
    path.write_text(json.dumps(row) + "\n" + json.dumps({**row, "box": [0, 0, 1, 1]}), encoding="utf-8")
    assert load_dataset(tmp_path).boxes == {"0": {"whales.pdf#page=1": ((0.1, 0.2, 0.5, 0.6), (0.0, 0.0, 1.0, 1.0))}}


def test_the_sample_data_is_a_dataset() -> None:
    dataset = load_dataset(sample_data())
    assert len(dataset.queries) == 40
    assert dataset.warnings == ()
