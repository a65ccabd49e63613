"""One odd row never costs a dataset the others, whatever form it has: it is left out or mended, counted and told."""

import json
from collections.abc import Callable
from pathlib import Path
from unicodedata import normalize

import pytest

from tests.documents.make import write_pdf
from tests.evaluation.folder import QRELS, write
from tests.evaluation.test_imports import hub, table
from workbench.errors import DatasetError
from workbench.evaluation import Dataset, bring, load_dataset
from workbench.evaluation.dataset_library import DatasetLibrary
from workbench.evaluation.locating import locate
from workbench.evaluation.oddities import KINDS, counts
from workbench.evaluation.rows import name_finder
from workbench.types import DocumentInfo

QUESTIONS: list[tuple[object, object]] = [
    ("q1", "apples"),
    ("q2", "copper"),
    ("q2", "another text"),
    ("q3", "   "),
    ("q\u00e9", "rivers"),
    ("5", "tides"),
]
LABELS: list[tuple[str, str, str]] = [
    ("q1", "p1", "1.0"),
    ("q2", "p2", "2"),
    ("q2", "p2", "1"),
    ("q9", "p1", "1"),
    ("q1", "p2", "-1"),
    ("q1", "p3", "0.5"),
    ("q1", "p3", "NaN"),
    ("q1", "p3", "1e400"),
    (normalize("NFD", "q\u00e9"), "p1", "1"),
    ("5.0", "p1", "1"),
]
ODD = {"question_repeated": 1, "question_text": 1, "label_question": 1, "label_repeated": 1, "grade_negative": 1}


def folder_form(folder: Path, page: Callable[[str], str]) -> Dataset:
    queries = [{"query_id": query, "text": text} for query, text in QUESTIONS]
    return load_dataset(write(folder / "small", queries, [(q, page(p), g) for q, p, g in LABELS]))


def beir(folder: Path, page: Callable[[str], str]) -> Dataset:
    made = folder / "beir"
    (made / "qrels").mkdir(parents=True)
    pages = [{"_id": name, "text": name} for name in ("p1", "p2", "p3")]
    (made / "corpus.jsonl").write_text("\n".join(map(json.dumps, pages)), encoding="utf-8")
    rows = [{"_id": query, "text": text} for query, text in QUESTIONS]
    (made / "queries.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    lines = ["query-id\tcorpus-id\tscore", *("\t".join(label) for label in LABELS)]
    (made / "qrels" / "test.tsv").write_text("\n".join(lines), encoding="utf-8")
    return load_dataset(bring(str(made), folder / "to"))


def lists(folder: Path, page: Callable[[str], str]) -> Dataset:
    folder.mkdir(exist_ok=True)
    asked = "\n".join(json.dumps({"query_id": query, "text": text}) for query, text in QUESTIONS)
    (folder / "asked.jsonl").write_text(asked, encoding="utf-8")
    rows = "".join(f"{q}\t{page(p)}\t{g}\n" for q, p, g in LABELS)
    (folder / "labels.tsv").write_text(rows, encoding="utf-8")
    shelf = DatasetLibrary(folder / "shelf", folder / "none")
    return shelf.load(shelf.make("lists", "documents", folder / "asked.jsonl", folder / "labels.tsv"))


def vidore(folder: Path, page: Callable[[str], str]) -> Dataset:
    made = folder / "vidore"
    table(made / "corpus" / "test.parquet", [{"corpus-id": name, "image": hub(9)} for name in ("p1", "p2", "p3")])
    rows = [{"query-id": query, "query": text} for query, text in QUESTIONS]
    table(made / "queries" / "test.parquet", rows)
    labels = [{"query-id": q, "corpus-id": p, "score": float(g)} for q, p, g in LABELS]
    table(made / "qrels" / "test.parquet", labels)
    return load_dataset(bring(str(made), folder / "to"))


@pytest.mark.parametrize("form", [folder_form, beir, lists, vidore])
def test_every_form_forgives_the_same_and_counts_the_same(tmp_path: Path, form: Callable[..., Dataset]) -> None:
    given = {"p1": "whales.pdf#page=1", "p2": "bread.pdf#page=2", "p3": "whales.pdf#page=3"}
    dataset = form(tmp_path, given.__getitem__)
    path = dataset.folder / "corpus.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
    place = {**given, **dict(line.split("\t") for line in lines)}
    assert {query.id: query.text for query in dataset.queries} == {
        "q1": "apples",
        "q2": "copper",
        "q\u00e9": "rivers",
        "5": "tides",
    }
    assert dataset.qrels == {
        "q1": {place["p1"]: 1, place["p2"]: 0},
        "q2": {place["p2"]: 2},
        "q\u00e9": {place["p1"]: 1},
        "5": {place["p1"]: 1},
    }
    assert counts(dataset.oddities) == {**ODD, "grade": 3}
    told = "; ".join(dataset.warnings)
    assert "1 labels that come again, the first counts (" in told and "q2" in told
    assert all(f"{count} {KINDS[kind]}" in told for kind, count in counts(dataset.oddities).items())


def test_a_repeated_corpus_id_is_told_and_the_first_page_keeps_its_label(tmp_path: Path) -> None:
    made = tmp_path / "dup"
    (made / "qrels").mkdir(parents=True)
    rows = [{"_id": 1, "text": "apples grow"}, {"_id": "4", "title": None}, {"_id": 1, "text": "again"}, {"text": "x"}]
    (made / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)) + '\n{"_id": 7, "te', encoding="utf-8")
    (made / "queries.jsonl").write_bytes(b'\xef\xbb\xbf{"_id": "q1", "text": "apples"}\r\n')
    (made / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\r\nq1\t1\t1\r\n", encoding="utf-8")
    dataset = load_dataset(bring(str(made), tmp_path / "to"))
    assert counts(dataset.oddities) == {"page_blank": 1, "page_repeated": 1, "page_id": 1, "row": 1}
    assert dataset.qrels == {"q1": {"pages-0001.pdf#page=1": 1}}
    assert (dataset.folder / "corpus.tsv").read_text(encoding="utf-8").count("\n1\t") == 1


@pytest.mark.parametrize("file_form", ["NFC", "NFD"])
@pytest.mark.parametrize("label_form", ["NFC", "NFD"])
def test_names_in_another_unicode_form_match(tmp_path: Path, file_form: str, label_form: str) -> None:
    name = "r\u00e9sum\u00e9.pdf"
    query = {"query_id": 1, "text": "x", "document": normalize(label_form, name)}
    write(tmp_path, [query], [("1", f"{normalize(label_form, name)}#page=1", "1")])
    write_pdf(tmp_path / "documents" / normalize(file_form, name), ["x"])
    dataset = load_dataset(tmp_path)
    (there,) = dataset.files().keys() - {"whales.pdf", "bread.pdf"}
    assert dataset.qrels == {"1": {f"{there}#page=1": 1}}
    assert dataset.queries[0].document == there
    assert dataset.warnings == ()
    # and where the collection's documents are meant, which have yet another
    elsewhere = Dataset("d", tmp_path / "none", dataset.queries, dataset.qrels)
    for form in ("NFC", "NFD"):
        held = [DocumentInfo(normalize(form, name), 1, 1, (), "hash", 1, "now")]
        assert locate(elsewhere, held).page(f"{there}#page=1") == f"{held[0].name}#page=1"


def test_names_that_differ_only_in_form_are_told_apart_and_none_is_guessed() -> None:
    composed, decomposed = (normalize(form, "caf\u00e9.pdf") for form in ("NFC", "NFD"))
    both = name_finder([composed, decomposed, "a.pdf"])
    assert (both(composed), both(decomposed), both("b.pdf")) == (composed, decomposed, "b.pdf")
    assert name_finder([decomposed])(composed) == decomposed
    angstroms = "\u212b.pdf", "\u00c5.pdf", "A\u030a.pdf"
    assert name_finder(angstroms[:2])(angstroms[2]) == angstroms[2]  # two could be meant


WHALES = {"0": {"whales.pdf#page=1": 2}, "b": {"bread.pdf#page=2": 1}}


@pytest.mark.parametrize(
    "text",
    [
        "query-id\tcorpus-id\tscore\n0\twhales.pdf#page=1\t2\nb\tbread.pdf#page=2\t1\n",
        "\ufeffquery-id\tcorpus-id\tscore\r\n\r\n0\twhales.pdf#page=1\t2\t\t\r\nb\tbread.pdf#page=2\t1.0\r\n\r\n",
        "0\twhales.pdf#page=1\t2\nb\tbread.pdf#page=2\t1",  # no header
        "corpus-id\tquery-id\tscore\nwhales.pdf#page=1\t0\t2\nbread.pdf#page=2\tb\t1",  # another order
        "0 0 whales.pdf#page=1 2\nb 0 bread.pdf#page=2 1\n",  # TREC
        "0 Q0 whales.pdf#page=1 2\nb Q0 bread.pdf#page=2 1\n",
        "0\t0\twhales.pdf#page=1\t2\nb\t0\tbread.pdf#page=2\t1\n",  # TREC, with tabs
        "0 whales.pdf#page=1 2\nb bread.pdf#page=2 1\n",  # three columns
    ],
)
@pytest.mark.parametrize("name", ["qrels.tsv", "qrels.trec"])
def test_labels_are_read_as_people_write_them(tmp_path: Path, text: str, name: str) -> None:
    write(tmp_path)
    (tmp_path / "qrels.tsv").unlink()
    (tmp_path / name).write_bytes(text.encode())
    dataset = load_dataset(tmp_path)
    assert dataset.qrels == WHALES
    assert dataset.oddities == ()


def test_labels_in_utf_16_and_with_blanks_in_their_names(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "documents" / "b c.pdf").touch()
    (tmp_path / "qrels.tsv").write_bytes("0\tb c.pdf#page=1\t1\n".encode("utf-16"))
    assert load_dataset(tmp_path).qrels == {"0": {"b c.pdf#page=1": 1}}
    for line in ("0 0 b%20c.pdf#page=1 1", "0 b c.pdf#page=1 1", "0 0 b c.pdf#page=1 1"):
        (tmp_path / "qrels.tsv").write_text(line, encoding="utf-8")
        assert load_dataset(tmp_path).qrels == {"0": {"b c.pdf#page=1": 1}}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (b"x\twhales.pdf#page=1\t1", "label_question"),
        (b"0\twhales.pdf#page=1\t1", "label_repeated"),
        (b"0\twhales.pdf\t1", "label_page"),
        (b"0\twhales.pdf#page=0\t1", "label_page"),
        (b"0\twhales.pdf#page=-1\t1", "label_page"),
        (b"0\twhales.pdf#page=3\thigh", "grade"),
        (b"0\twhales.pdf#page=3\tinf", "grade"),
        (b"0\twhales.pdf#page=3\t1_0", "grade"),
        (b"0\twhales.pdf#page=3\t1e300", "grade"),
        (b"0\twhales.pdf#page=3", "row"),
        (b"\xff\xfe\t\xff\t1", "row"),
        (b"0\ta\tb\tc\td", "row"),
    ],
)
def test_an_odd_label_is_left_out_with_its_line(tmp_path: Path, row: bytes, kind: str) -> None:
    good = load_dataset(write(tmp_path)).qrels
    with (tmp_path / "qrels.tsv").open("ab") as file:
        file.write(row + b"\n0\tbread.pdf#page=1\t1")
    dataset = load_dataset(tmp_path)
    assert dataset.qrels == {**good, "0": {**good["0"], "bread.pdf#page=1": 1}}
    (oddity,) = dataset.oddities
    assert (oddity.kind, oddity.count) == (kind, 1) and oddity.places[0].startswith("qrels.tsv line 5")
    assert dataset.warnings == (str(oddity),)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b'{"query_id": "b", "text": "again"}', "question_repeated"),
        (b'{"query_id": "c"}', "question_text"),
        (b'{"query_id": "c", "text": " "}', "question_text"),
        (b'{"query_id": "c", "text": ["x"]}', "question_text"),
        (b'{"query_id": "c", "text": NaN}', "question_text"),
        (b'{"query_id": true, "text": "c"}', "question_id"),
        (b'{"query_id": ' + b"9" * 400 + b', "text": {}}', "question_text"),
        (b'{"text": "c"}', "question_id"),
        (b"[1]", "row"),
        (b'{"query_id": "c", "te', "row"),
        (b"[" * 5000, "row"),
        (b'{"query_id": "c", "text": "\xff"}', "row"),
    ],
)
def test_an_odd_question_is_left_out_with_its_line(tmp_path: Path, line: bytes, kind: str) -> None:
    good = load_dataset(write(tmp_path)).queries
    with (tmp_path / "queries.jsonl").open("ab") as file:
        file.write(line)
    dataset = load_dataset(tmp_path)
    assert dataset.queries == good
    (oddity,) = dataset.oddities
    assert (oddity.kind, oddity.count) == (kind, 1) and oddity.places[0].startswith("queries.jsonl line 3")


def test_boxes_a_hair_outside_are_clipped_and_others_left_out(tmp_path: Path) -> None:
    write(tmp_path)
    row = {"query_id": 0, "page": "whales.pdf#page=1"}
    boxes = [[0.1, 0.2, 0.5, 0.6], [-0.001, 0.2, 0.5, 1.02], [0.1, 0.2, 1.0000001, 0.6]]
    wrong = [[0.5, 0.2, 0.1, 0.6], [1, 2], None, "1234", [10, 20, 200, 300], [1.01, 0.2, 1.02, 0.6], [0, 0, "nan", 1]]
    rows = [{**row, "box": box} for box in (*boxes, *wrong)]
    rows += [{**row, "page": "x", "box": boxes[0]}, {**row, "query_id": "?", "box": boxes[0]}]
    (tmp_path / "boxes.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    dataset = load_dataset(tmp_path)
    clipped = ((0.1, 0.2, 0.5, 0.6), (0.0, 0.2, 0.5, 1.0), (0.1, 0.2, 1.0, 0.6))
    assert dataset.boxes == {"0": {"whales.pdf#page=1": clipped}}
    assert counts(dataset.oddities) == {"box_clipped": 2, "box": 8, "box_question": 1}


def test_many_odd_rows_are_one_sentence_with_their_number(tmp_path: Path) -> None:
    rows = [("x", f"whales.pdf#page={n}", "1") for n in range(1, 9)]
    dataset = load_dataset(write(tmp_path, qrels=(*QRELS, *rows)))
    assert dataset.warnings == (
        "8 labels on questions that are not there, left out (qrels.tsv line 5: x, qrels.tsv line 6: x, "
        "qrels.tsv line 7: x, ...)",
    )
    with pytest.raises(DatasetError, match=r"2 questions and 0 labels of theirs can be read: 8 labels on questions"):
        load_dataset(write(tmp_path, qrels=rows))


def test_a_file_of_another_encoding_is_refused_only_when_nothing_is_left(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "queries.jsonl").write_bytes(b'{"query_id": "0", "text": "\xff"}')
    with pytest.raises(DatasetError, match=r"no question with a relevant page.*line 1 is not UTF-8"):
        load_dataset(tmp_path)


def test_lists_name_what_they_left_out_when_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "asked.csv").write_text("id,text\nq1,\n", encoding="utf-8")
    shelf = DatasetLibrary(tmp_path / "shelf", tmp_path / "none")
    with pytest.raises(DatasetError, match=r"holds no question.*1 questions without a text"):
        shelf.make("l", "documents", tmp_path / "asked.csv")
    (tmp_path / "asked.csv").write_text("id,text,page\nq1,what,a.pdf\nq2,who,\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"No label says.*1 labels whose page is no page reference"):
        shelf.make("l", "documents", tmp_path / "asked.csv")


def test_half_a_character_in_a_question_is_none(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "queries.jsonl").write_text('{"query_id": "0", "text": "a \\ud800 whale"}\n', encoding="utf-8")
    assert load_dataset(tmp_path).queries[0].text == "a \N{REPLACEMENT CHARACTER} whale"
