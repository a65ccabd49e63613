"""Settings of a process (environment variables ``PAGELENS_*``) and of a collection (what its pages were made with)."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, IPvAnyNetwork, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from workbench.types.documents import WORDS_NOW, WORDS_TEXT


class Settings(BaseSettings):
    """What one process needs to know; each field can be set as ``PAGELENS_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix="PAGELENS_", extra="ignore", hide_input_in_errors=True)

    home: Path = user_data_path("pagelens", appauthor=False)
    """Where collections live; never the working directory or the temp directory, since Gradio may serve both."""
    place: str = ""
    """Where collections live instead, in an object store: ``s3://bucket/folder``, ``gs://``, ``az://``. A home that is
    such a place means this; what else a home holds (jobs, saved searches) is then in a folder of this machine."""
    storage_options: dict[str, SecretStr] = Field(default_factory=dict, repr=False)
    """How to reach it, as JSON with the names LanceDB has (``aws_endpoint``, ``google_service_account``, ...); what the
    environment says by ``AWS_...`` and the like holds too."""
    cache: Path = user_cache_path("pagelens", appauthor=False)
    """Where copies of what an object store holds are kept."""
    cache_mb: int = Field(default=51_200, ge=64)
    """MiB that these copies may take; those unused for longest go first. Searches want their pages' vectors in it:
    260 kB a page of most page models."""
    fresh_seconds: float = Field(default=5, ge=0)
    """Seconds after which what others committed to an object store is seen: until then it is not asked."""
    single_writer: bool = False
    """Write even to an object store that cannot tell writers apart. Set it only where no other process ever writes."""
    prewarm: Annotated[tuple[str, ...], NoDecode] = ()
    """Collections, by commas, that a server makes ready before it says that it is: their vectors are brought to this
    machine, models loaded, approximate indexes read. ``*`` is every one."""
    threads: int = 0
    """Threads for models and kernels; 0 lets torch choose."""
    offline: bool = False
    """Never ask a model hub."""
    device: str = "auto"
    """Where page models run: cpu, cuda, cuda:1, mps; auto takes the best there is."""
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    """Numbers that page models compute in; auto is float32 on a processor and bfloat16 where a GPU has it."""
    attention: Literal["auto", "flash_attention_2", "sdpa", "eager"] = "auto"
    """How page models compute attention; auto takes the fastest that the device and the model have."""
    batch_size: int = Field(default=0, ge=0)
    """Pages that go through a page model at once; 0 fits them to the memory there is."""
    models_loaded: int = Field(default=2, ge=1)
    """Models that stay in memory; when another is needed, the one unused for longest goes."""
    search_device: str = "auto"
    """Where vectors are compared: cpu, cuda, cuda:1, mps; auto takes a graphics card where there is one. ``cpu-torch``
    runs the card's way on the processor, to test it."""
    search_memory_mb: int = Field(default=0, ge=0)
    """MiB of the card's memory that vectors may take; 0 takes half of what is free when the first search asks."""
    ann_pages: int = Field(default=200_000, ge=0)
    """Pages from which on a first stage of one vector a page asks an approximate index; 0: only where a stage says
    ``engine=ann``. Of 100,000, comparing all takes a processor as long, and loses none (docs/measured.md)."""
    copy_mb: int = Field(default=512, ge=0)
    """MiB of an encoder's full vectors up to which a collection on this machine has them twice, in its table and as the
    copy that searches map into memory. Of more, some 2,000 pages of most page models, a search reads the pages that it
    reranks out of the table, 0.1 ms each, and comparing all of them takes four times as long (docs/measured.md)."""
    semantic_cache: float = Field(default=0, ge=0, le=1)
    """Least cosine at which a query on screen counts as like an earlier one, whose best pages are then scored for it.
    At 1 only the same query's answer is used again; 0 searches anew every time."""
    readers: int = Field(default=0, ge=0, le=1024)
    """Processes that read files; 0 takes as many as there are cores, and as memory has room for at their limit."""
    processors: int = Field(default=0, ge=0, le=1024)
    """Processes that prepare pages for a page model on a GPU; 0 takes half as many as there are cores. A model on the
    processor needs none: what they did would be taken from it."""
    page_seconds: float = Field(default=60, gt=0)
    """Seconds that reading one page may take: OCR of a crowded newspaper page takes 45 on one core."""
    page_oversteps: int = Field(default=3, ge=1)
    """Pages of a document that may take too much before the rest is given up: one may be odd, three are a pattern."""
    reader_memory_mb: int = Field(default=3072, ge=512)
    """MiB that a process which reads files may hold: a picture of the most pixels allowed takes up to 2,400."""
    watch_folders: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders, by commas, below which people with an account may have folders of this machine followed; where no log-in
    is asked for, whoever sits at the machine may name any."""
    max_upload_mb: int = 500
    """Largest file the browser may send, in MiB."""

    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = ()
    """Addresses and networks of proxies in front of the page, by commas: whose ``X-Forwarded-For`` and ``-Proto`` are
    believed, and nobody else's, since whoever may say where a request comes from is never made to wait."""

    @property
    def place_options(self) -> dict[str, str]:
        """``storage_options`` in the clear, as clients of object stores take them."""
        return {name.lower(): value.get_secret_value() for name, value in self.storage_options.items()}

    @model_validator(mode="before")
    @classmethod
    def _home_elsewhere(cls, values: Any) -> Any:
        home = str(values.get("home", "")) if isinstance(values, dict) else ""
        if not home.startswith(PLACES):
            return values
        return {**values, "place": home, "home": user_data_path("pagelens", appauthor=False) / "places" / slug(home)}

    @field_validator("place")
    @classmethod
    def _known(cls, value: str) -> str:
        if value and not (value.startswith(PLACES) and value.partition("://")[2].strip("/")):
            raise ValueError(f"{value!r} is no place in an object store; write one as s3://bucket/folder")
        return value.rstrip("/")

    @field_validator("prewarm", "trusted_proxies", "watch_folders", mode="before")
    @classmethod
    def _by_commas(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


PLACES = ("s3://", "gs://", "az://")


def place_of(path: Path) -> str:
    """The place in an object store that a path means (``s3://bucket/folder`` as a path is ``s3:/bucket/folder``), or
    nothing for one of this machine."""
    scheme, _, rest = path.as_posix().partition(":/")
    return f"{scheme}://{rest.strip('/')}" if f"{scheme}://" in PLACES and rest.strip("/") else ""


def slug(place: str) -> str:
    """A place as the name of a folder."""
    digest = hashlib.sha256(place.rstrip("/").encode()).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', place).strip('-')[:60]}-{digest}"


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
    page_tokens: str = ""
    """Vectors of a page that are kept, where a model has the choice; empty for the model's own: ``visual``, or for
    `reader` ``pictures``, what photographs look like beside the words. ``official`` keeps the prompt's too."""
    words: str = ""
    """One of `types.documents.WORDS`; empty in collections made before there was the choice, where ``ocr`` says it."""
    languages: tuple[str, ...] = ()
    """Languages that OCR reads pages in, by tesseract's names; without any (``auto``) by what it sees of them."""

    @property
    def reads(self) -> str:
        """Which words of a page are read, and when."""
        return self.words or (WORDS_NOW if self.ocr else WORDS_TEXT)

    def as_dict(self) -> dict[str, Any]:
        """As JSON values, for the manifest."""
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> CollectionSettings:
        """What `as_dict` gave, of this release or an earlier one; what else is among the values is left out."""
        known = {one.name: values[one.name] for one in fields(cls) if one.name in values}
        known["indexes"] = tuple(known.get("indexes", POOLED_INDEXES))
        return cls(**{**known, "languages": tuple(known.get("languages", ()))})


def version() -> str:
    """The version of Pagelens: as installed, or, in a checkout that is not, as its ``pyproject.toml`` says."""
    try:
        return importlib.metadata.version("pagelens")
    except importlib.metadata.PackageNotFoundError:
        project = Path(__file__).resolve().parent.parent / "pyproject.toml"
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
