from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.encoders import ENCODERS
from workbench.encoders.checkpoints import find
from workbench.errors import EncoderError

SPEC = replace(ENCODERS["colqwen2-v1.0"], id="cached")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = b"weights"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub cache with one downloaded model, as `hf download` leaves it; the home is empty."""
    import huggingface_hub.constants

    monkeypatch.setenv("PAGELENS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    repository = tmp_path / "hub" / "models--vidore--colqwen2-v1.0"
    blob = repository / "blobs" / hashlib.sha256(WEIGHTS).hexdigest()
    snapshot = repository / "snapshots" / COMMIT
    for folder in (blob.parent, snapshot, repository / "refs"):
        folder.mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    (snapshot / "config.json").write_text("{}")
    blob.write_bytes(WEIGHTS)
    try:
        (snapshot / "model.safetensors").symlink_to(blob)
    except OSError:  # Windows without the right to make links: the hub copies there
        shutil.copyfile(blob, snapshot / "model.safetensors")
    return snapshot


def test_the_hub_s_cache_is_found_with_its_commit(cache: Path) -> None:
    found = find(SPEC)
    assert found.folder == cache
    assert found.base is None
    assert found.revision == COMMIT


def test_a_folder_of_one_s_own_comes_first_and_same_weights_hash_the_same(cache: Path, tmp_path: Path) -> None:
    cached = find(SPEC)
    own = tmp_path / "home" / "models" / "cached"
    own.mkdir(parents=True)
    (own / "model.safetensors").write_bytes(WEIGHTS)
    found = find(SPEC)
    assert (found.folder, found.revision) == (own, "local")
    assert found.weights_hash == cached.weights_hash
    (own / "model.safetensors").write_bytes(b"other weights")
    assert find(SPEC).weights_hash != cached.weights_hash


def test_an_adapter_without_the_name_of_its_base_is_an_error(cache: Path) -> None:
    (cache / "adapter_config.json").write_text("{}")
    with pytest.raises(EncoderError, match="does not name its base model"):
        find(SPEC)
