"""Published figures measured again: the preset's own code over small datasets in ViDoRe v2's published layout."""

import io
import json
from pathlib import Path

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from PIL import Image, ImageDraw

from tests.cli.conftest import Run
from tests.encoders import tiny
from workbench import encoders
from workbench.encoders import ENCODERS
from workbench.evaluation import per_query, read_trec
from workbench.evaluation.imports import TASKS
from workbench.evaluation.presets import PRESETS
from workbench.retrieval import Pipeline

VIDORE_V2 = PRESETS["vidore-v2"]
PAGES, MODEL = 4, "colpali-v1.3"


def picture(text: str) -> bytes:
    image = Image.new("RGB", (120, 160), "white")
    ImageDraw.Draw(image).text((8, 20 + 12 * (len(text) % 9)), text, fill="black")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three datasets whose questions and pages have the same numbers, from 0, and two grades."""
    root = tmp_path_factory.mktemp("vidore")
    for name in VIDORE_V2.datasets:
        pages = [
            {"corpus-id": i, "image": {"bytes": picture(f"{name} {i}" * (i + 1)), "path": None}} for i in range(PAGES)
        ]
        queries = [{"query-id": i, "query": f"{name} number {i}", "language": "english"} for i in range(2)]
        labels = [
            {"query-id": 0, "corpus-id": 0, "answer": "", "score": 2},
            {"query-id": 0, "corpus-id": 3, "answer": "", "score": 1},
            {"query-id": 1, "corpus-id": 1, "answer": "", "score": 1},
        ]
        for kind, rows in (("corpus", pages), ("queries", queries), ("qrels", labels)):
            (root / name / kind).mkdir(parents=True)
            parquet.write_table(arrow.Table.from_pylist(rows), root / name / kind / "test-00000-of-00001.parquet")
    return root


def test_both_figures_stand_side_by_side(fresh: Run, folder: Path, tmp_path: Path) -> None:
    tiny.build(tiny.family("colpali"), tmp_path / "home" / "models" / MODEL)
    command = ("eval", "preset", "vidore-v2", "--encoder", MODEL, "--from", folder)
    ended = fresh(*command, "--out", tmp_path / "out", "--json")
    assert ended.code == 0, ended.err
    record = json.loads(ended.out)
    assert (record["scope"], record["pages"], record["missing"]) == ("union", 3 * PAGES, [])
    figures = {(row["pipeline"], row["dataset"], row["measure"]): row for row in record["figures"]}
    first = figures["full:100", "esg_reports_v2", "nDCG(gains={2:3})@5"]
    assert (first["published"], first["questions"]) == (0.551, 2)
    assert first["difference"] == pytest.approx(first["measured"] - 0.551)
    assert figures["conv:256 > full:100", "economics_reports_v2", "R@100"]["published"] == 0.834
    assert len(figures) == 2 * 3 * len(VIDORE_V2.measures)
    # every relevant page is among the 12 of the collection, and the union is searched, not the question's dataset
    assert figures["full:100", "biomedical_lectures_v2", "R@100"]["measured"] == 1.0
    run = read_trec(next((tmp_path / "out").glob("01-*.trec")))
    assert {len(pages) for pages in run.values()} == {3 * PAGES}
    qrels = json.loads((tmp_path / "out" / "record.json").read_text(encoding="utf-8"))["questions"]
    grades = {name: question["grades"] for name, question in qrels.items() if name.startswith("esg_reports_v2/")}
    again = per_query(grades, {name: run[name] for name in grades}, ["nDCG(gains={2:3})@5"])
    mean = sum(row["nDCG(gains={2:3})@5"] for row in again.values()) / len(again)
    assert first["measured"] == pytest.approx(mean, abs=1e-4)
    second = fresh(*command, "-p", "exact")
    assert "Indexing" not in second.err
    assert second.out.splitlines()[0] == f"{VIDORE_V2.name}: ColPali v1.3, 12 pages."
    assert second.out.splitlines()[1].split()[:5] == ["pipeline", "dataset", "questions", "measure", "published"]
    encoders.unload(MODEL)


def test_without_the_hub_one_sentence_says_what_to_do(fresh: Run, tmp_path: Path) -> None:
    ended = fresh("--offline", "eval", "preset", "vidore-v2", "--encoder", "colqwen2.5-v0.2")
    assert (ended.code, ended.out) == (1, "")
    assert "run: hf download vidore/colqwen2.5-v0.2" in ended.err
    tiny.build(tiny.family("colqwen2.5"), tmp_path / "home" / "models" / "colqwen2.5-v0.2")
    ended = fresh("--offline", "eval", "preset", "vidore-v2", "--encoder", "colqwen2.5-v0.2")
    assert (ended.code, ended.out) == (1, "")
    assert "Dataset 'vidore/esg_reports_v2' cannot be fetched" in ended.err
    assert "hf download --repo-type dataset vidore/esg_reports_v2" in ended.err.replace("\n", " ")
    assert "There is no preset 'vidore'" in fresh("eval", "preset", "vidore", "--encoder", "reader").err


def test_the_tables_are_whole() -> None:
    for preset in PRESETS.values():
        assert set(preset.tasks) <= set(TASKS)
        for row in preset.published:
            assert row.encoder in ENCODERS
            assert set(row.figures) == set(preset.datasets)
            assert {len(values) for values in row.figures.values()} == {len(preset.measures)}
            assert all(0 < value < 1 for values in row.figures.values() for value in values)
            Pipeline.parse(row.pipeline)
        assert preset.pipelines("reader") == ("exact",)
