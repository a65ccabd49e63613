"""Pictures of pages: two sizes, whatever the shape and mode of the original."""

import numpy as np
import pytest
from PIL import Image

from workbench import resources
from workbench.documents.webp import encoded
from workbench.store.images import image_file, remove_images, save_images, stored_images, sweep_images
from workbench.store.storage import Folder

PAGE = "ab" * 16 + ":7"


@pytest.mark.parametrize(
    ("size", "page", "thumb"),
    [
        ((1240, 1754), (1240, 1754), (254, 360)),
        ((4000, 1000), (2048, 512), (360, 90)),
        ((100, 50), (100, 50), (100, 50)),
        ((1, 1), (1, 1), (1, 1)),
        ((20000, 2), (2048, 1), (360, 1)),
    ],
)
def test_the_long_side_is_bounded_and_the_shape_kept(tmp_path, size, page, thumb):
    written = save_images(Folder(tmp_path), PAGE, encoded(Image.new("RGB", size, "teal")))
    for name, wanted in (("page", page), ("thumb", thumb)):
        with Image.open(image_file(tmp_path / "images", PAGE, name)) as picture:
            assert max(abs(a - b) for a, b in zip(picture.size, wanted, strict=True)) <= 1
            assert picture.format == "WEBP"
    assert written == sum(path.stat().st_size for path in tmp_path.rglob("*.webp"))


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "RGBA", "CMYK", "I;16"])
def test_every_mode_is_stored(tmp_path, mode):
    save_images(Folder(tmp_path), PAGE, encoded(Image.new(mode, (40, 30))))
    with Image.open(image_file(tmp_path / "images", PAGE, "thumb")) as picture:
        assert picture.size == (40, 30)


def test_colours_survive(tmp_path):
    picture = Image.new("RGB", (400, 400), "white")
    picture.paste((200, 30, 30), (0, 0, 200, 400))
    save_images(Folder(tmp_path), PAGE, encoded(picture))
    with Image.open(image_file(tmp_path / "images", PAGE, "thumb")) as small:
        rgb = small.convert("RGB")
        assert all(abs(a - b) < 12 for a, b in zip(rgb.getpixel((40, 180)), (200, 30, 30), strict=True))
        assert all(abs(a - b) < 12 for a, b in zip(rgb.getpixel((320, 180)), (255, 255, 255), strict=True))


def test_what_is_stored_removed_and_swept(tmp_path):
    others = ["cd" * 16 + ":1", "ab" * 16 + ":12"]
    for page in (PAGE, *others):
        save_images(Folder(tmp_path), page, encoded(Image.new("RGB", (9, 9))))
    assert stored_images(Folder(tmp_path)) == {PAGE, *others}
    image_file(tmp_path / "images", PAGE, "thumb").unlink()
    assert stored_images(Folder(tmp_path)) == set(others)
    assert sweep_images(Folder(tmp_path), set(others)) == 1
    assert sweep_images(Folder(tmp_path), set(others)) == 0
    remove_images(Folder(tmp_path), [others[0], PAGE])
    assert stored_images(Folder(tmp_path)) == {others[1]}


@pytest.mark.parametrize("name", ["coffee-cup.png", "el-nino-sea-temperature.png"])
def test_a_page_model_gets_nearly_the_same_picture_later(tmp_path, name):
    original = Image.open(next(resources.sample_data().rglob(name))).convert("RGB")
    save_images(Folder(tmp_path), PAGE, encoded(original))
    with Image.open(image_file(tmp_path / "images", PAGE, "page")) as stored:
        assert stored.size == original.size
        one, other = (np.asarray(picture.convert("RGB").resize((448, 448)), float) for picture in (original, stored))
    assert 20 * np.log10(255 / np.sqrt(((one - other) ** 2).mean())) > 34
