"""Datasets in other forms: small tables written in the published layouts, read back as folders that can be searched."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet
import pypdfium2 as pdfium
import pytest
from PIL import Image

from workbench.documents.pdfium import PdfFile
from workbench.documents.probing import probe
from workbench.documents.raster import Engine, draw
from workbench.errors import DatasetError
from workbench.evaluation import Dataset, load_dataset
from workbench.evaluation.imports import TASKS, bring
from workbench.evaluation.imports.pdf import PdfPages
from workbench.evaluation.oddities import counts


def picture(value: int, size: tuple[int, int] = (40, 60), form: str = "PNG", mode: str = "RGB") -> bytes:
    pixels = np.random.default_rng(value).integers(0, 255, (size[1], size[0], 3)).astype(np.uint8)
    if form == "JPEG":
        pixels[:] = value
    out = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(out, form)
    return out.getvalue()


def hub(value: int, **options: Any) -> dict[str, Any]:
    return {"bytes": picture(value, **options), "path": None}


def table(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(arrow.Table.from_pylist(list(rows)), path)


def brought(folder: Path, tmp_path: Path) -> Dataset:
    return load_dataset(bring(str(folder), tmp_path / "datasets"))


def corpus(dataset: Dataset) -> dict[str, str]:
    rows = (dataset.folder / "corpus.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return dict(row.split("\t") for row in rows)


def test_version_2_keeps_ids_of_zero_grades_and_languages(tmp_path: Path) -> None:
    folder = tmp_path / "reports_v2"
    pages = [{"corpus-id": i, "image": hub(i * 40)} for i in range(5)]
    table(folder / "corpus" / "test-00000-of-00002.parquet", pages[:3])
    table(folder / "corpus" / "test-00001-of-00002.parquet", pages[3:])
    queries = [{"query-id": 0, "query": "what?", "language": "english"}]
    queries += [{"query-id": 1, "query": "quoi ?", "language": "french"}]
    table(folder / "queries" / "test-00000-of-00001.parquet", queries)
    labels = [(0, 0, 2), (0, 4, 1), (1, 0, 2), (1, 99, 1), (7, 1, 1)]
    rows = [{"query-id": q, "corpus-id": c, "answer": "", "score": score} for q, c, score in labels]
    table(folder / "qrels" / "test-00000-of-00001.parquet", rows)
    dataset = brought(folder, tmp_path)
    place = corpus(dataset)
    assert list(place) == ["0", "1", "2", "3", "4"]
    assert dataset.qrels["0"] == {place["0"]: 2, place["4"]: 1}
    assert [query.tags for query in dataset.queries] == [{"language": ("english",)}, {"language": ("french",)}]
    assert len(dataset.qrels["1"]) == 2  # a label on a page that is not there stays, and is a miss
    assert counts(dataset.oddities) == {"label_nowhere": 1, "label_question": 1}
    assert probe(dataset.documents / "pages-0001.pdf").pages == 5
    assert dataset.scope == "corpus"


def test_version_3_has_documents_page_numbers_and_boxes_in_pixels(tmp_path: Path) -> None:
    folder = tmp_path / "v3"
    where = [("b", 1), ("a", 0), ("b", 0)]
    pages = [
        {"corpus_id": i, "image": hub(50 * i), "doc_id": doc, "markdown": "", "page_number_in_doc": number}
        for i, (doc, number) in enumerate(where)
    ]
    table(folder / "corpus" / "test-00000-of-00001.parquet", pages)
    queries = [{"query_id": 0, "query": "q", "language": "english", "query_types": ["numerical", "boolean"]}]
    table(folder / "queries" / "test-00000-of-00001.parquet", queries)
    boxes = [
        {"annotator": 0, "x1": 10, "x2": 20, "y1": 0, "y2": 30},
        {"annotator": 1, "x1": 5, "x2": 5, "y1": 0, "y2": 9},
    ]
    labels = [{"query_id": 0, "corpus_id": 0, "score": 1, "content_type": ["Table"], "bounding_boxes": boxes}]
    table(folder / "qrels" / "test-00000-of-00001.parquet", labels)
    table(folder / "documents_metadata" / "test-00000-of-00001.parquet", [{"file_name": "a", "doc_id": "a", "url": ""}])
    dataset = brought(folder, tmp_path)
    assert corpus(dataset) == {"2": "b.pdf#page=1", "0": "b.pdf#page=2", "1": "a.pdf#page=1"}
    assert dataset.qrels == {"0": {"b.pdf#page=2": 1}}
    assert dataset.boxes == {"0": {"b.pdf#page=2": ((0.25, 0.0, 0.5, 0.5),)}}
    assert dataset.queries[0].tags["query_types"] == ("numerical", "boolean")
    assert counts(dataset.oddities) == {"box": 1}


def test_version_1_takes_each_question_once_and_pages_without_one(tmp_path: Path) -> None:
    folder = tmp_path / "docvqa"
    rows = [
        {"query": "when?", "image": hub(0), "image_filename": "a.png"},
        {"query": None, "image": hub(50), "image_filename": "b.png"},
        {"query": "when?", "image": hub(100), "image_filename": "c.png"},
        {"query": "who?", "image": hub(0), "image_filename": "a.png"},
    ]
    table(folder / "data" / "test-00000-of-00001.parquet", rows)
    dataset = brought(folder, tmp_path)
    place = corpus(dataset)
    assert list(place) == ["a.png", "b.png", "c.png"]
    assert [(query.id, query.text) for query in dataset.queries] == [("0", "when?"), ("1", "who?")]
    assert dataset.qrels == {"0": {place["c.png"]: 1}, "1": {place["a.png"]: 1}}
    assert counts(dataset.oddities) == {"question_again": 1}


def test_mteb_keeps_the_same_ids_of_two_languages_apart(tmp_path: Path) -> None:
    folder = tmp_path / "mteb"
    for language, words in (("english", "what"), ("french", "quoi")):
        table(folder / f"{language}-corpus" / "test-00000-of-00001.parquet", [{"id": "c0", "image": hub(9)}])
        table(folder / f"{language}-queries" / "test-00000-of-00001.parquet", [{"id": "q0", "text": words}])
        table(
            folder / f"{language}-qrels" / "test-00000-of-00001.parquet",
            [{"query-id": "q0", "corpus-id": "c0", "score": 1}],
        )
    dataset = brought(folder, tmp_path)
    assert corpus(dataset) == {"c0": "pages-0001.pdf#page=1"}
    assert {query.id: query.tags["language"] for query in dataset.queries} == {
        "english/q0": ("english",),
        "french/q0": ("french",),
    }
    assert set(dataset.qrels) == {"english/q0", "french/q0"}


def test_version_3_1_has_the_text_of_pages_once_for_all_languages(tmp_path: Path) -> None:
    folder = tmp_path / "Vidore3HrOCRRetrieval"
    text = "# Staff (2024)\n\n| Age | Share |\n|---|---|\n| 20 | 7 % |\n" + "und so weiter " * 300
    for language in ("english", "german"):
        pages = [
            {"id": f"p{i}", "image": hub(i), "text": text if i else "", "modality": "image,text"} for i in range(2)
        ]
        table(folder / f"{language}-corpus" / "test-00000-of-00001.parquet", pages)
        table(folder / f"{language}-queries" / "test-00000-of-00001.parquet", [{"id": "q0", "text": "who?"}])
        labels = [{"query-id": "q0", "corpus-id": "p1", "score": 2}]
        table(folder / f"{language}-qrels" / "test-00000-of-00001.parquet", labels)
    dataset = brought(folder, tmp_path)
    assert corpus(dataset) == {"p0": "pages-0001.pdf#page=1", "p1": "pages-0001.pdf#page=2"}
    assert set(dataset.qrels) == {"english/q0", "german/q0"}
    with pdfium.PdfDocument(dataset.folder / "documents" / "pages-0001.pdf") as found:
        told = [page.get_textpage().get_text_range().split() for page in found]
    assert told == [[], text.split()]
    assert any("do not stand where they are printed" in warning for warning in dataset.warnings)


def test_mmdocir_asks_each_domain_by_itself(tmp_path: Path) -> None:
    folder = tmp_path / "MMDocIRT2ITRetrieval"
    for number, domain in enumerate(("laws", "news")):
        pages = [{"id": str(i), "image": hub(10 * number + i), "text": f"{domain} {i}"} for i in range(3)]
        table(folder / f"{domain}-corpus" / "train-00000-of-00001.parquet", pages)
        table(folder / f"{domain}-queries" / "train-00000-of-00001.parquet", [{"id": "0", "text": f"which {domain}?"}])
        labels = [{"query-id": "0", "corpus-id": str(number + 1), "score": 1}]
        table(folder / f"{domain}-qrels" / "train-00000-of-00001.parquet", labels)
    dataset = brought(folder, tmp_path)
    assert {query.id: (query.document, query.tags["subset"]) for query in dataset.queries} == {
        "laws/0": ("laws.pdf", ("laws",)),
        "news/0": ("news.pdf", ("news",)),
    }
    assert dataset.qrels == {"laws/0": {"laws.pdf#page=2": 1}, "news/0": {"news.pdf#page=3": 1}}
    assert (dataset.scope, len(corpus(dataset))) == ("document", 6)


def test_real_mm_rag_is_asked_in_its_most_rephrased_form(tmp_path: Path) -> None:
    folder = tmp_path / "REAL-MM-RAG_FinReport_BEIR"
    asked = {"query-id": 3, "query": "a", "rephrase_level_1": "b", "rephrase_level_2": "c", "rephrase_level_3": "d"}
    table(folder / "queries" / "test-00000-of-00001.parquet", [asked])
    pages = [{"corpus-id": i, "image": hub(i), "image_filename": f"{i}.png"} for i in range(2)]
    table(folder / "corpus" / "test-00000-of-00001.parquet", pages)
    table(
        folder / "qrels" / "test-00000-of-00001.parquet", [{"query-id": 3, "corpus-id": 1, "answer": "x", "score": 1}]
    )
    dataset = brought(folder, tmp_path)
    assert [(query.id, query.text) for query in dataset.queries] == [("3", "d")]
    assert dataset.qrels == {"3": {"pages-0001.pdf#page=2": 1}}


def test_beir_texts_become_pages_whose_words_can_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    (folder / "scan.png").write_bytes(picture(7))
    rows = [
        {"_id": 0, "title": "Whales (big)", "text": "A whale \\ sings. " * 30},
        {"_id": "1", "title": "", "text": "Caf\u00e9 \u6f22"},
        {"_id": "2", "image": "scan.png"},
        {"_id": "3", "image": "../secret.png"},
    ]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (folder / "queries.jsonl").write_text('{"_id": 0, "text": "songs"}\n', encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n0\t0\t1\n0\t2\t0\n", encoding="utf-8")
    dataset = brought(folder, tmp_path)
    place = corpus(dataset)
    assert list(place) == ["0", "1", "2"]
    assert dataset.qrels == {"0": {place["0"]: 1, place["2"]: 0}}
    with pdfium.PdfDocument(dataset.documents / "pages-0001.pdf") as file:
        words = "".join(file[0].get_textpage().get_text_range().split())
    assert words.startswith("Whales(big)Awhale\\sings.Awhale")
    assert any("1 characters have no Latin letter" in warning for warning in dataset.warnings)
    assert counts(dataset.oddities) == {"page_unread": 1}
    assert "1 pages that cannot be read, labels on them count as misses (3: " in dataset.warnings[0]


@pytest.mark.parametrize(
    ("form", "mode"), [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("JPEG", "RGB"), ("PNG", "L")]
)
def test_a_page_gives_back_the_pixels_of_its_picture(tmp_path: Path, form: str, mode: str) -> None:
    data = picture(200, (123, 77), form, mode)
    pages = PdfPages(tmp_path / "x.pdf")
    assert pages.picture(data, (0, 0)) == ((123, 77), 0)
    assert pages.close() == [(0, 0)]
    file = PdfFile(tmp_path / "x.pdf")
    engines: tuple[Engine | None, ...] = ("pypdfium2", None)
    for engine in engines:  # None: poppler, where it is installed
        drawn = np.asarray(draw(file, 1, (123, 77), engine), np.int16)
        there = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.int16)
        assert np.abs(drawn - there).max() <= (3 if form == "JPEG" else 0)
    file.close()


def test_a_dataset_is_brought_once_and_again_when_it_changes(tmp_path: Path) -> None:
    folder = tmp_path / "once"
    rows = [{"query": "q", "image": hub(0), "image_filename": "a"}]
    table(folder / "data" / "test-00000-of-00001.parquet", rows)
    told: list[str] = []
    first = bring(str(folder), tmp_path / "to", tell=told.append)
    assert bring(str(folder), tmp_path / "to", tell=told.append) == first
    assert len(told) == 1
    table(folder / "data" / "test-00000-of-00001.parquet", [*rows, {**rows[0], "query": "r"}])
    assert len(load_dataset(bring(str(folder), tmp_path / "to", tell=told.append)).queries) == 2
    assert not list((tmp_path / "to").glob("*.partial"))


def test_what_is_no_dataset_is_told_with_what_there_is(tmp_path: Path) -> None:
    table(tmp_path / "odd" / "x" / "test.parquet", [{"a": 1}])
    with pytest.raises(DatasetError, match="There are: x: a"):
        bring(str(tmp_path / "odd"), tmp_path / "to")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "test.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DatasetError, match="is not a table"):
        bring(str(tmp_path / "bad"), tmp_path / "to")
    with pytest.raises(DatasetError, match="There is no dataset folder 'nowhere'"):
        bring("nowhere", tmp_path / "to")
    with pytest.raises(DatasetError, match="the network is off"):
        bring("vidore/none_such", tmp_path / "to", offline=True)


def test_benchmarks_are_known_by_mtebs_names() -> None:
    assert TASKS["Vidore2ESGReportsRetrieval"].repository == "vidore/esg_reports_v2"
    assert {task.measure for name, task in TASKS.items() if name.startswith("Vidore3")} == {"nDCG@10"}
    assert TASKS["Vidore3HrRetrieval.v2"].repository == "mteb/Vidore3HrOCRRetrieval"
    assert TASKS["RealMMRAGFinReportRetrieval"].repository == "ibm-research/REAL-MM-RAG_FinReport_BEIR"
    assert len({task.repository for task in TASKS.values()}) == len(TASKS) == 35
