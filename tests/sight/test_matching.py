"""Points by which a picture is known again: what is kept of them, and what two pictures share."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from workbench.sight.matching import (
    ASKED,
    CONTRAST,
    KEPT,
    NONE,
    SIDE,
    Points,
    compared_at,
    fit,
    imprint,
    match,
    points,
    reduced,
)
from workbench.types import POINT

DOCUMENTS = Path(__file__).parents[2] / "sample_data" / "documents"


def opened(name):
    with Image.open(DOCUMENTS / name) as image:
        return image.convert("RGB")


def test_points_are_sift_s_own():
    image = opened("cat.png")
    found = points(image, KEPT)
    small = np.asarray(image.convert("L").resize(found.size, Image.Resampling.BICUBIC, reducing_gap=3.0))
    theirs, descriptors = cv2.SIFT_create(nfeatures=KEPT, contrastThreshold=CONTRAST).detectAndCompute(small, None)
    np.testing.assert_array_equal(found.descriptors, descriptors[:KEPT])
    np.testing.assert_allclose(found.pixels, [point.pt for point in theirs[:KEPT]], atol=0.01)
    np.testing.assert_allclose(np.linalg.norm(found.roots, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["cat.png", "co2-mauna-loa.png"])
def test_points_come_back_from_their_bytes(name):
    image = opened(name)
    found = points(image, KEPT)
    rows = found.rows()
    assert (rows.shape, rows.dtype) == ((len(found), POINT), np.uint8)
    again = Points.of(rows, image.size)
    asked = points(image.crop((0, 0, image.width // 2, image.height // 2)))
    whole, kept = match(asked, found), match(asked, again)
    assert len(whole) >= 6
    np.testing.assert_array_equal(whole.there, kept.there)
    np.testing.assert_array_equal(whole.here, kept.here)


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (4000, 2)])
def test_a_picture_of_any_form_has_points_or_none(size):
    noise = np.random.default_rng(0).integers(0, 255, (*size, 3)).astype(np.uint8)
    found = points(Image.fromarray(noise))
    assert len(found) <= ASKED
    assert max(found.size) <= 480
    again = Points.of(found.rows(), noise.shape[1::-1])
    assert len(again) == len(found)
    assert len(match(found, points(opened("cat.png")))) == 0


def test_a_flat_picture_has_none():
    assert len(points(Image.new("RGB", (300, 200), "white"))) == 0
    assert len(match(NONE, NONE)) == 0
    assert compared_at((0.0, 0.0)) == (1, 1)


def test_noise_has_no_more_points_than_are_kept():
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (900, 900, 3)).astype(np.uint8))
    assert len(points(noise, KEPT)) == len(imprint(noise).points) == KEPT


def test_a_part_fits_its_own_picture_and_not_another():
    cat, cup = opened("cat.png"), opened("coffee-cup.png")
    w, h = cat.size
    part = cat.crop((w // 5, h // 5, w // 5 + w // 2, h // 5 + h // 2)).resize((70, 47))
    assert fit(reduced(part), imprint(cat)) > 0.6
    assert fit(reduced(part), imprint(cup)) < 0.5
    assert fit(reduced(cat), imprint(cat)) > 0.85


def test_what_is_flat_fits_nothing():
    """Any white fits any other: that says nothing of a picture."""
    white = Image.new("RGB", (300, 200), "white")
    assert fit(reduced(white), imprint(white)) == 0
    assert fit(reduced(white), imprint(opened("co2-mauna-loa.png"))) == 0


@pytest.mark.parametrize("size", [(1, 1), (5000, 1), (1, 5000), (7, 3)])
def test_a_picture_of_any_form_is_laid_upon_any_other(size):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (*size, 3)).astype(np.uint8))
    assert imprint(noise).small.shape == (SIDE, SIDE, 3)
    for one, other in ((noise, opened("cat.png")), (opened("cat.png"), noise), (noise, noise)):
        assert 0 <= fit(reduced(one), imprint(other)) <= 1
