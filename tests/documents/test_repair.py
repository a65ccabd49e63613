"""Repairs of pictures: each undoes its fault, and none is proposed for a clean page."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from workbench.documents import ocr
from workbench.documents.repair import proposed, repaired
from workbench.errors import InputError

TEXT = "The quick brown fox jumps over the lazy dog while forty wizards make toxic brew"


@pytest.fixture(scope="module")
def clean() -> Image.Image:
    """A page of text that fills its sheet."""
    image = Image.new("RGB", (700, 310), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(26)
    for line in range(4):
        pen.text((40, 40 + 60 * line), TEXT[line : line + 44], "black", font)
    return image


def steps(image: Image.Image) -> list[str]:
    return [item.step for item in proposed(image)]


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """No text is found, which takes no time."""
    monkeypatch.setattr(ocr, "read_words", lambda image: [])


def test_nothing_is_proposed_for_a_clean_page(clean: Image.Image) -> None:
    assert steps(clean) == []
    assert steps(Image.new("RGB", (300, 400), "white")) == []


@pytest.mark.parametrize(("turned", "back"), [(90, 270), (180, 180), (270, 90)])
def test_a_turned_page_is_turned_back(clean: Image.Image, turned: int, back: int) -> None:
    wrong = repaired(clean, [f"rotate:{turned}"])
    assert steps(wrong) == [f"rotate:{back}"]
    np.testing.assert_array_equal(np.asarray(repaired(wrong, [f"rotate:{back}"])), np.asarray(clean))


def test_rotation_is_clockwise_and_four_quarters_are_none(clean: Image.Image) -> None:
    image = Image.new("RGB", (3, 2), "white")
    image.putpixel((0, 0), (255, 0, 0))
    assert repaired(image, ["rotate:90"]).getpixel((1, 0)) == (255, 0, 0), "what was left is at the top"
    np.testing.assert_array_equal(np.asarray(repaired(clean, ["rotate:90"] * 4)), np.asarray(clean))


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("degrees", [-4, 2.5])
def test_a_skewed_page_is_straightened(clean: Image.Image, degrees: float) -> None:
    found = proposed(repaired(clean, [f"deskew:{degrees}"]))
    name, _, angle = found[0].step.partition(":")
    assert name == "deskew"
    assert float(angle) == pytest.approx(-degrees, abs=0.3)


@pytest.mark.usefixtures("unread")
def test_a_page_in_a_corner_of_a_large_sheet_is_cropped_to(clean: Image.Image) -> None:
    sheet = Image.new("RGB", (1800, 2200), "white")
    sheet.paste(clean, (900, 1100))
    (step,) = steps(sheet)
    name, _, box = step.partition(":")
    assert name == "crop"
    x0, y0, x1, y1 = map(float, box.split(","))
    assert (900 / 1800 <= x0 < x1 <= 1600 / 1800) and (1100 / 2200 <= y0 < y1 <= 1410 / 2200)
    assert repaired(sheet, [step]).size == pytest.approx(((x1 - x0) * 1800, (y1 - y0) * 2200), abs=1.5)


@pytest.mark.usefixtures("unread")
def test_a_pale_page_gets_its_contrast_back(clean: Image.Image) -> None:
    pale = Image.fromarray((np.asarray(clean) * 0.3 + 120).astype(np.uint8), "RGB")
    (step,) = steps(pale)
    assert step.startswith("contrast:")
    levels = np.asarray(repaired(pale, [step]))
    assert (levels.min(), levels.max()) == (0, 255)


@pytest.mark.usefixtures("unread")
def test_grain_is_smoothed(clean: Image.Image) -> None:
    noise = np.random.default_rng(0).normal(0, 20, (310, 700, 1))
    grainy = Image.fromarray(np.clip(np.asarray(clean) * 0.8 + 20 + noise, 0, 255).astype(np.uint8), "RGB")
    assert "denoise" in steps(grainy)
    rough = [np.abs(np.diff(np.asarray(repaired(grainy, todo), float), axis=1)).mean() for todo in ([], ["denoise"])]
    assert rough[1] < 0.7 * rough[0]


@pytest.mark.usefixtures("unread")
def test_soft_edges_are_sharpened(clean: Image.Image) -> None:
    soft = clean.filter(ImageFilter.GaussianBlur(3))
    assert steps(soft)[-1] == "sharpen"
    edges = [np.abs(np.diff(np.asarray(repaired(soft, todo), float), axis=1)).max() for todo in ([], ["sharpen"])]
    assert edges[1] > 1.2 * edges[0]


@pytest.mark.parametrize("step", ["deskew:0", "crop:0,0,1,1", "contrast:0,255"])
def test_a_step_that_changes_nothing_keeps_every_pixel(clean: Image.Image, step: str) -> None:
    np.testing.assert_array_equal(np.asarray(repaired(clean, [step])), np.asarray(clean))


@pytest.mark.parametrize(
    "step",
    ["", "mend", "rotate", "rotate:45", "rotate:nan", "deskew:20", "deskew:nan", "crop:0,0,0,1", "crop:0,0,1",
     "crop:0,0,2,1", "contrast:200,100", "contrast:0,x", "denoise:3"],
)  # fmt: skip
def test_what_is_no_step_is_refused(clean: Image.Image, step: str) -> None:
    with pytest.raises(InputError, match="is no repair; they are"):
        repaired(clean, [step])


def test_repairs_are_few(clean: Image.Image) -> None:
    with pytest.raises(InputError, match="in 8 steps at most, not 14"):
        repaired(clean, ["deskew:15"] * 14)
    assert repaired(clean, ["rotate:90"] * 8).size == clean.size


def test_repairs_do_not_grow_a_picture_without_end() -> None:
    with pytest.raises(InputError, match=r"would have \d+ million pixels; repairs stop at 32 million"):
        repaired(Image.new("RGB", (2400, 2400)), ["deskew:15"] * 8)
    assert repaired(Image.new("RGB", (2400, 2400)), ["deskew:15"] * 3).size < (5657, 5657)
