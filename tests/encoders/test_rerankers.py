"""Rerankers: the library's own scores of a query and a page, whole pages by their best passage."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.encoders import tiny
from workbench import encoders
from workbench.encoders.device import Batches
from workbench.encoders.rerankers import Reranker
from workbench.errors import EncoderError, NoEncoderError

QUERY = "what is a red giant"
TEXTS = ["A red giant is a star.", "", "Parallax measures distance.", "A red giant is a star."]


def reranker(name: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Reranker:
    monkeypatch.setenv("PAGELENS_HOME", str(home))
    monkeypatch.setenv("PAGELENS_DEVICE", "cpu")
    tiny.build(tiny.RERANKERS[name], home / "models" / name)
    return encoders.reranker(name)


@pytest.fixture(autouse=True)
def unloaded() -> None:
    for name in tiny.RERANKERS:
        encoders.unload(name)


@pytest.mark.parametrize("name", ["cross-encoder", "classifier"])
def test_scores_are_the_library_s_own(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = reranker(name, tmp_path, monkeypatch)
    from sentence_transformers import CrossEncoder

    scores = model.texts(QUERY, TEXTS)
    theirs = CrossEncoder(str(tmp_path / "models" / name), device="cpu", local_files_only=True)
    wanted = theirs.predict([(QUERY, TEXTS[0]), (QUERY, TEXTS[2])])
    assert scores.dtype == np.float32
    assert scores[[0, 2]] == pytest.approx(wanted, abs=1e-6)
    assert scores[0] == scores[3] != scores[2]
    assert np.isnan(scores[1])  # without words nothing is said
    assert (model.info.reads, model.info.sees) == (True, False)


def test_a_long_page_counts_as_its_best_passage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = reranker("cross-encoder", tmp_path, monkeypatch)
    long = " ".join(f"word{i} stands here" for i in range(25))
    passages = model.passages(QUERY, long)
    tokens = model.model.tokenizer
    assert len(passages) > 3
    assert all(len(tokens(QUERY, passage)["input_ids"]) <= 64 for passage in passages)
    assert long.startswith(passages[0]) and long.endswith(passages[-1])
    for one, other in pairwise(passages):  # each begins within the one before
        assert long.index(other, long.index(one) + 1) < long.index(one) + len(one)
    alone = model.model.predict([(QUERY, passage) for passage in passages])
    assert model.texts(QUERY, [long])[0] == pytest.approx(alone.max(), abs=1e-6)
    assert len(model.passages(QUERY, long * 100)) == 16
    assert model.passages("why " * 500, "a few words")  # a query that fills the model by itself


def test_a_model_that_sees_scores_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = reranker("visual-reranker", tmp_path, monkeypatch)
    assert (model.info.reads, model.info.sees) == (True, True)
    plain, marked = Image.new("RGB", (80, 120), "white"), Image.new("RGB", (80, 120), "white")
    ImageDraw.Draw(marked).rectangle((10, 10, 60, 100), fill="black")
    scores = model.pictures(QUERY, [plain, marked])
    assert scores == pytest.approx(model.model.predict([(QUERY, plain), (QUERY, marked)]), abs=1e-5)
    assert scores[0] != scores[1]


def test_one_that_fails_on_a_page_fails_on_that_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = reranker("cross-encoder", tmp_path, monkeypatch)
    right = model.model.predict

    def failing(pairs, **named):  # type: ignore[no-untyped-def]
        if any("Parallax" in text for _, text in pairs):
            raise RuntimeError("no")
        return right(pairs, **named)

    monkeypatch.setattr(model.model, "predict", failing)
    scores = model.texts(QUERY, TEXTS)
    assert list(np.isnan(scores)) == [False, True, True, False]


@pytest.mark.parametrize("failed", [0, 1])
def test_a_page_of_which_a_passage_failed_has_no_score(
    failed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = reranker("cross-encoder", tmp_path, monkeypatch)
    long = " ".join(TEXTS) * 60
    assert len(model.passages(QUERY, long)) > 1
    right = model.model.predict
    monkeypatch.setattr(model, "_batches", Batches(8))

    def without_one(pairs, **named):  # type: ignore[no-untyped-def]
        found = np.array(right(pairs, **named))
        found[failed] = np.nan
        return found

    monkeypatch.setattr(model.model, "predict", without_one)
    assert np.isnan(model.texts(QUERY, [long]))[0]


def test_what_is_no_reranker_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reranker("cross-encoder", tmp_path, monkeypatch)
    with pytest.raises(NoEncoderError, match=r"no reranker 'reader'; there are: .*cross-encoder"):
        encoders.reranker("reader")
    with pytest.raises(EncoderError, match=r"is a reranker.*cross\[model=cross-encoder\]"):
        encoders.load("cross-encoder")


def test_a_model_of_several_classes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import BertConfig, BertForSequenceClassification

    monkeypatch.setenv("PAGELENS_HOME", str(tmp_path))
    folder, tokenizer = tmp_path / "models" / "nli", tiny._text_tokenizer()
    config = BertConfig(**tiny.LAYERS, vocab_size=len(tokenizer), num_labels=3)
    tiny._save(BertForSequenceClassification(config), tokenizer, folder)
    with pytest.raises(EncoderError, match="3 classes"):
        encoders.reranker("nli")


def test_one_without_its_head_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors.torch import load_file, save_file

    monkeypatch.setenv("PAGELENS_HOME", str(tmp_path))
    folder = tiny.build(tiny.classifier, tmp_path / "models" / "headless")
    weights = load_file(folder / "model.safetensors")
    del weights["classifier.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(EncoderError, match=r"incomplete.*classifier\.weight"):
        encoders.reranker("headless")
