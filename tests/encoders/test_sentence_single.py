"""Single-vector models of sentence-transformers: its own vectors, pages that are seen whole, all commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.cli.conftest import runner
from tests.documents.make import write_pdf
from tests.encoders import tiny
from tests.encoders.pages import CROP, page, picture
from workbench import encoders, modelcheck
from workbench.types import PageEmbedding


@pytest.fixture(params=list(tiny.SINGLES))
def name(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PAGELENS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PAGELENS_DEVICE", "cpu")
    tiny.build(tiny.SINGLES[request.param], tmp_path / "home" / "models" / request.param)
    encoders.unload(request.param)
    return str(request.param)


def test_vectors_are_the_library_s_own(name: str, tmp_path: Path) -> None:
    encoder = encoders.load(name)
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(str(tmp_path / "home" / "models" / name), device="cpu", local_files_only=True)
    square = picture((64, 64))  # nothing of it is cut off, so that both see all
    (found,) = encoder.encode_pages([page(image=square)])
    assert isinstance(found, PageEmbedding)
    wanted = theirs.encode([square], normalize_embeddings=True)
    np.testing.assert_allclose(found.vectors, wanted, atol=1e-5)
    asked = theirs.encode_query(["a bar chart"], normalize_embeddings=True)
    np.testing.assert_allclose(encoder.encode_query("a bar chart").vectors, asked, atol=1e-5)
    (cut,) = encoder.encode_pages([page(image=picture((200, 300)), crop=CROP)])
    assert isinstance(cut, PageEmbedding)
    np.testing.assert_allclose(cut.geometry.boxes, [CROP])


def test_the_top_of_an_upright_page_is_seen(name: str) -> None:
    plain = Image.new("RGB", (60, 180), "white")
    headed = plain.copy()
    ImageDraw.Draw(headed).rectangle((0, 0, 60, 30), fill="black")
    one, other = encoders.load(name).encode_pages([page(image=plain), page(image=headed, number=2)])
    assert isinstance(one, PageEmbedding) and isinstance(other, PageEmbedding)
    assert np.abs(one.vectors - other.vectors).max() > 1e-4


def test_it_goes_through_every_command(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelcheck, "DPI", 48)
    monkeypatch.setattr(modelcheck, "REPEATS", 1)
    write_pdf(tmp_path / "docs" / "stars.pdf", ["A red giant is a star.", "Parallax."], blocks=True)
    run = runner(tmp_path / "home")
    ended = run("ingest", tmp_path / "docs", "-c", "c", "--encoder", name, "--dpi", "36", "--no-ocr")
    assert ended.code == 0, ended.err
    found = json.loads(run("search", "a star", "-c", "c", "-p", "exact", "--json").out)
    assert {hit["score_kind"] for hit in found["hits"]} == {"exact"}
    report = json.loads(run("models", "check", name, "--json").out)
    assert [finding for finding in report["findings"] if finding["ok"] is False] == []
    assert (report["family"], report["kind"]) == ("sentence-single", "page")
