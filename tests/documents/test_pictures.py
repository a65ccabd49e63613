"""Image files of unusual kinds look as they should, and their pages are counted."""

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from tests.documents.make import text_picture
from workbench.documents.pictures import PictureFile

INK = np.asarray(text_picture(["Quarterly turnover"], (500, 120)).convert("L"))


def drawn(path):
    file = PictureFile(path)
    return np.asarray(file.draw(1).convert("L")).astype(int)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("unit float", INK.astype(np.float32) / 255),
        ("wide float", INK.astype(np.float32)),
        ("signed float", INK.astype(np.float32) / 127.5 - 1),
        ("sixteen bits", INK.astype(np.uint16) * 257),
        ("twelve bits in sixteen", (INK.astype(np.uint16) * 257) >> 4),
        ("ten bits in sixteen", (INK.astype(np.uint16) * 257) >> 6),
        ("eight bits in thirty-two", INK.astype(np.int32)),
        ("signed", INK.astype(np.int32) * 257 - 32768),
    ],
)
def test_wide_greys_look_as_they_should(tmp_path, name, values):
    Image.fromarray(values).save(tmp_path / "grey.tif")
    assert np.abs(drawn(tmp_path / "grey.tif") - INK).max() <= 3


def test_a_float_picture_with_holes_is_drawn(tmp_path):
    values = INK.astype(np.float32) / 255
    values[:5] = np.nan
    values[-5:] = np.inf
    Image.fromarray(values).save(tmp_path / "grey.tif")
    assert np.abs(drawn(tmp_path / "grey.tif") - INK)[5:].max() <= 3


@pytest.mark.parametrize("stray", [1e9, -1e6, 3.4e38, -3.4e38])
def test_a_stray_value_or_one_for_no_data_does_not_darken_a_float_picture(tmp_path, stray):
    values = INK.astype(np.float32) / 255
    values[0, :2] = stray
    Image.fromarray(values).save(tmp_path / "grey.tif")
    assert np.abs(drawn(tmp_path / "grey.tif") - INK)[1:].max() <= 3


@pytest.mark.parametrize("mode", ["CMYK", "LAB", "P", "1"])
def test_other_colours_look_as_they_should(tmp_path, mode):
    image = Image.fromarray(INK).convert("RGB")
    if mode == "LAB":
        from PIL import ImageCms

        image = ImageCms.applyTransform(
            image, ImageCms.buildTransform(*map(ImageCms.createProfile, ("sRGB", "LAB")), "RGB", "LAB")
        )
    else:
        image = image.convert(mode)
    image.save(tmp_path / "other.tif")
    assert np.abs(drawn(tmp_path / "other.tif") - INK).mean() < 6


def test_a_wide_grey_whose_zero_is_white_is_no_negative(tmp_path):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[262] = 0
    Image.fromarray(65535 - INK.astype(np.uint16) * 257).save(tmp_path / "grey.tif", tiffinfo=tags)
    with Image.open(tmp_path / "grey.tif") as image:
        if image.tag_v2[262] != 0:
            pytest.skip("this Pillow writes its own kind")
    assert np.abs(drawn(tmp_path / "grey.tif") - INK).max() <= 3


@pytest.mark.parametrize(("tag", "value"), [(254, 1), (254, 4), (254, 5), (255, 2)])
def test_thumbnails_and_masks_are_no_pages(tmp_path, tag, value):
    page, small = Image.fromarray(INK), Image.fromarray(INK).resize((125, 30))
    with TiffImagePlugin.AppendingTiffWriter(tmp_path / "frames.tif", True) as out:
        for frame, tags in ((small, {tag: value}), (page, {}), (small, {tag: value}), (page.rotate(180), {254: 2})):
            info = TiffImagePlugin.ImageFileDirectory_v2()
            for key, number in tags.items():
                info.tagtype[key] = 4
                info[key] = number
            frame.save(out, "TIFF", tiffinfo=info)
            out.newFrame()
    file = PictureFile(tmp_path / "frames.tif")
    assert file.pages == 2 and file.size(1) == file.size(2) == (500, 120)
    assert (np.asarray(file.draw(1).convert("L")) == INK).all()
    assert (np.asarray(file.draw(2).convert("L")) == INK[::-1, ::-1]).all()
