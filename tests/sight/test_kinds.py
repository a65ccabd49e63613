from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFont

from benchmarks.sight import charts, pages, paper, tables
from tests.sight.test_classifier import DOCUMENTS
from workbench import sight
from workbench.errors import EncoderError
from workbench.sight import kinds as module
from workbench.sight.efficientnet import FEATURES
from workbench.sight.kinds import NONE, Kinds, kinds


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sunspots.png", "chart"),
        ("co2-mauna-loa.png", "chart"),
        ("cat.png", "photograph"),
        ("coffee-cup.png", "photograph"),
        ("rocket-launch.jpg", "photograph"),
    ],
)
def test_a_picture_is_of_a_kind(name: str, kind: str) -> None:
    with Image.open(DOCUMENTS / name) as picture:
        (seen,) = sight.load().look([picture])
    assert seen.kind == kind


@pytest.mark.parametrize(
    ("style", "kind"),
    [(style, "chart") for style in ("lying bars", "parted bars", "facing bars", "columns", "parted columns", "lines")]
    + [("statement", "table"), ("cells", "table"), ("page", "")],
)
def test_figures_as_reports_have_them_are_told(style: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # In Pillow's own font, which nothing was learned from.
    monkeypatch.setattr(paper, "font", lambda _, size: ImageFont.load_default(max(size, 6)))
    monkeypatch.setattr(paper, "FONTS", {"pillow": [""]})
    draw = charts.chart(charts.CHARTS[style]) if style in charts.CHARTS else None
    draw = draw or tables.TABLES.get(style) or pages.page(lambda _: photograph)
    with Image.open(DOCUMENTS / "cat.png") as cat:
        photograph = cat.convert("RGB")
    rng = np.random.default_rng(2026)
    told = [seen.kind for seen in sight.load().look([draw(rng) for _ in range(10)])]
    assert sum(kind == (one if one != sight.TEXT else "") for one in told) >= 7, told


def test_a_picture_that_is_like_no_kind_has_none() -> None:
    even = Kinds(("chart", "map"), np.zeros((2, FEATURES), np.float32), np.zeros(2, np.float32))
    likely = even.likelihoods(np.ones((3, FEATURES), np.float32))
    np.testing.assert_allclose(likely, np.full((3, 2), 0.5))
    assert even.kind(np.array([0.34, 0.33], np.float32)) == ""
    assert even.kind(np.array([0.3, 0.7], np.float32)) == "map"
    mixed = Kinds(("map", NONE), np.zeros((2, FEATURES), np.float32), np.zeros(2, np.float32))
    assert mixed.kind(np.array([0.1, 0.9], np.float32)) == ""


def test_only_what_is_surely_another_kind_is_no_photograph() -> None:
    two = Kinds(("chart", "photograph"), np.zeros((2, FEATURES), np.float32), np.zeros(2, np.float32))
    assert two.may_be_photograph(np.array([0.2, 0.8], np.float32))
    assert two.may_be_photograph(np.array([0.45, 0.4], np.float32))
    assert not two.may_be_photograph(np.array([0.55, 0.45], np.float32))


def test_likelihoods_of_large_logits_are_finite() -> None:
    large = Kinds(("chart", "map"), np.eye(2, FEATURES, dtype=np.float32) * 500, np.zeros(2, np.float32))
    np.testing.assert_allclose(large.likelihoods(np.eye(2, FEATURES, dtype=np.float32)), np.eye(2), atol=1e-6)


def test_changed_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kinds().weight.shape == (len(kinds().names), FEATURES)
    monkeypatch.setattr(module, "SHA256", "0" * 64)
    with pytest.raises(EncoderError, match=r"kinds\.npz.*not the file it should be.*install Pagelens again"):
        kinds.__wrapped__()
