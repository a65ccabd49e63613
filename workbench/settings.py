"""Settings of a process (environment variables ``PAGELENS_*``) and of a collection (what its pages were made with)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from platformdirs import user_data_path
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What one process needs to know; each field can be set as ``PAGELENS_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix="PAGELENS_", extra="ignore")

    home: Path = user_data_path("pagelens", appauthor=False)
    """Where collections live; never the working directory or the temp directory, since Gradio may serve both."""
    threads: int = 0
    """Threads for models and kernels; 0 lets torch choose."""
    offline: bool = False
    """Never ask a model hub."""
    max_upload_mb: int = 500
    """Largest file the browser may send, in MiB."""

    @property
    def collections(self) -> Path:
        return self.home / "collections"


POOLED_INDEXES = ("global", "rows", "conv", "tiles")


@dataclass(frozen=True, slots=True)
class CollectionSettings:
    """What every page of a collection is made with; fixed when the collection is created."""

    encoder: str = "reader"
    dpi: int = 144
    crop: bool = False
    crop_furniture: bool = False
    """Also crop page numbers and running heads (only with ``crop``)."""
    ocr: bool = True
    indexes: tuple[str, ...] = field(default=POOLED_INDEXES)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
