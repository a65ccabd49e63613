"""Fetches a model's files from the hub into the hub's own cache, when a person asks for it and never otherwise.

`offer` asks the hub what there is to fetch (files, bytes, licence) and fetches none of the weights; `fetch` brings what
is missing, through huggingface_hub, which honours HF_ENDPOINT, HF_HOME, tokens and proxies. A download that breaks off
or is stopped is taken up where it ended, now or by the next call. What this module does not do: ask the person.
"""

from __future__ import annotations

import errno
import fnmatch
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from workbench.encoders.base import EncoderSpec
from workbench.errors import EncoderError, InputError, brief
from workbench.folders import free_bytes

log = logging.getLogger(__name__)

LEFT_OUT = (
    *("*.onnx", "*.onnx_data", "onnx/*", "openvino/*", "*.msgpack", "*.h5", "*.ot", "*.gguf", "*.mlpackage/*"),
    *("*.png", "*.jpg", "*.jpeg", "*.gif", "*.webp", "*.mp4", "*.pdf", "*.zip"),
    *("training_args.bin", "optimizer.pt", "scheduler.pt", "runs/*", "checkpoint-*", ".gitattributes"),
)
"""Files of a repository that no loader of Pagelens reads: other formats of the same weights, pictures, training."""
OTHER_WEIGHTS = ("*.bin", "*.pt", "*.pth", "*.ckpt")
"""Weights in pickles, which are left out where safetensors stand beside them."""
ROOM = 256 * 2**20
"""Bytes of disk that stay free after a download, for what else the machine writes meanwhile."""
TRIES = 6
"""Breaks in a row without a byte gained after which a download is given up."""
PARTS = ".pagelens"
"""Folder within a repository's in the hub's cache where parts of files wait to be gone on with: huggingface_hub throws
the part that it has away when a download ends early."""
WAIT = 1.0
"""Seconds before the first new try; they double with each break that brought nothing."""


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository of an offer at a commit: its files with their bytes, those ``missing`` here, and its terms.

    ``licence`` as its card says it (empty when it says none), ``terms`` the address of a licence of its own;
    ``gated``: its owners ask that one agrees on its page first; ``begun``: bytes that are here of the missing files.
    """

    name: str
    revision: str
    files: tuple[tuple[str, int], ...]
    missing: tuple[str, ...]
    licence: str
    terms: str
    gated: bool
    begun: int = 0

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(size for _, size in self.files)

    @property
    def bytes_missing(self) -> int:
        """Of the files that are not here, without what is here of them."""
        return sum(size for name, size in self.files if name in self.missing) - self.begun


@dataclass(frozen=True, slots=True)
class Offer:
    """What it takes to get a model: its repositories (an adapter's base is one more) and the disk they go to.

    ``licence`` is what a person accepts: every repository's, in one sentence.
    """

    model: str
    repositories: tuple[Repository, ...]
    folder: str
    free: int

    @property
    def bytes(self) -> int:
        """Still to be fetched."""
        return sum(repository.bytes_missing for repository in self.repositories)

    @property
    def whole(self) -> bool:
        """Whether all of it is here."""
        return not any(repository.missing for repository in self.repositories)

    @property
    def licence(self) -> str:
        """The terms of every repository, in one line."""
        return "; ".join(
            f"{one.name}: {one.licence or 'its card names no licence'}" + (f" ({one.terms})" if one.terms else "")
            for one in self.repositories
        )


def offer(spec: EncoderSpec, offline: bool = False) -> Offer:
    """Ask the hub what getting a model means. `EncoderError` says in a sentence why it cannot be had."""
    from huggingface_hub import constants

    hub = str(spec.options.get("hub", ""))
    if not hub:
        raise InputError(f"'{spec.id}' comes from no hub; get it by: {spec.get}")
    if offline or constants.HF_HUB_OFFLINE:
        raise EncoderError(f"Pagelens is offline, so that '{spec.id}' cannot be fetched; unset PAGELENS_OFFLINE first.")
    folder = Path(constants.HF_HUB_CACHE)
    with _told(spec, hub):
        first, base = _repository(hub)
    found = [first]
    if base and base != hub:
        with _told(spec, base):
            found.append(_repository(base)[0])
    return Offer(spec.id, tuple(found), str(folder), free_bytes(folder))


def fetch(
    spec: EncoderSpec,
    wanted: Offer,
    progress: Callable[[int, int, str], None] = lambda done, total, file: None,
) -> None:
    """Bring what an offer lacks; ``progress`` hears bytes done, of how many, and the file.

    What it raises ends the download, and so do `EncoderError`s: no room, no permission, no connection. What was fetched
    stays, and the next call goes on from there.
    """
    if wanted.bytes + ROOM > wanted.free:
        raise EncoderError(
            f"'{spec.id}' needs {_size(wanted.bytes)} of disk in {wanted.folder}, where {_size(wanted.free)} are free; "
            "make room, or set HF_HOME to another disk."
        )
    counter = _Counter(wanted.bytes, progress)
    for repository in wanted.repositories:
        for name, size in repository.files:
            if name in repository.missing:
                with _told(spec, repository.name):
                    _file(repository, name, size, counter)
                counter.complete(size)
        _current(repository)
        shutil.rmtree(_folder(repository.name) / PARTS / repository.revision, ignore_errors=True)


def _folder(repository: str) -> Path:
    """Where the hub's cache keeps a repository."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    return Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repository, repo_type="model")


def _part(repository: str, revision: str, name: str) -> Path:
    """Where a file's first bytes wait for the others."""
    return _folder(repository) / PARTS / revision / name


def _here(part: Path, size: int) -> int:
    """Bytes of a file of ``size`` that an earlier download brought; 0 when they cannot be its first ones."""
    here = part.stat().st_size if part.is_file() else 0
    return here if here <= size else 0


def _current(repository: Repository) -> None:
    """Make a commit that is here whole the one that loaders find; until then they find the one before."""
    from huggingface_hub import constants

    ref = _folder(repository.name) / "refs" / constants.DEFAULT_REVISION
    ref.parent.mkdir(parents=True, exist_ok=True)
    ref.write_text(repository.revision, encoding="utf-8")


class _Counter:
    """Bytes fetched so far: whole files, and what of the file at work is here beyond what was here before."""

    def __init__(self, total: int, tell: Callable[[int, int, str], None]) -> None:
        self.total, self.tell, self.whole, self.part, self.before, self.name = total, tell, 0, 0, 0, ""
        self.stopped: BaseException | None = None

    def begin(self, name: str, before: int) -> None:
        """Another file is at work, ``before`` bytes of which are here already."""
        self.name, self.part, self.before = name, 0, before

    def now(self, here: int) -> None:
        """So many bytes of the file at work are here."""
        self.part = max(here - self.before, 0)
        try:
            self.tell(min(self.whole + self.part, self.total), self.total, self.name)
        except BaseException as stop:
            self.stopped = stop
            raise

    def complete(self, size: int) -> None:
        """The file at work, of so many bytes, is here."""
        self.whole += size - self.before
        self.begin(self.name, 0)
        self.now(0)


def _file(repository: Repository, name: str, size: int, counter: _Counter) -> None:
    """One file; a connection that breaks is taken up again as long as each try brings something."""
    counter.begin(f"{repository.name}/{name}", _here(_part(repository.name, repository.revision, name), size))
    most = fruitless = 0
    while True:
        try:
            _bring(repository, name, counter)
            return
        except Exception as error:
            if counter.stopped is not None:
                raise counter.stopped from None
            if not _broke(error):
                raise
            fruitless = 0 if counter.part > most else fruitless + 1
            most = max(most, counter.part)
            if fruitless >= TRIES:
                raise
            log.info("%s broke off (%s); going on", counter.name, brief(error))
            time.sleep(WAIT * 2 ** max(fruitless - 1, 0))


def _bring(repository: Repository, name: str, counter: _Counter) -> None:
    """What is missing of a file, then the file into the hub's cache as huggingface_hub itself would have put it."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # documented, all the same

    url = hf_hub_url(repository.name, name, revision=repository.revision)
    about = get_hf_file_metadata(url)
    blob = _folder(repository.name) / "blobs" / str(about.etag)
    part = _part(repository.name, repository.revision, name)
    part.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(part.with_name(f"{part.name}.lock")):
        if about.etag and not blob.exists():
            with part.open("ab") as file:
                if about.size is not None and file.tell() > about.size:
                    file.truncate(0)
                at = file.seek(0, os.SEEK_END)
                http_get(
                    url,
                    file,
                    resume_size=at,
                    headers=build_hf_headers(),
                    expected_size=about.size,
                    tqdm_class=_bar(counter),
                )
            blob.parent.mkdir(exist_ok=True)
            part.replace(blob)
        hf_hub_download(repository.name, name, revision=repository.revision, tqdm_class=_bar(counter))


def _bar(counter: _Counter) -> Any:
    """A progress bar that shows nothing and counts for us; huggingface_hub feeds it."""
    from tqdm.auto import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **named: Any) -> None:
            named["disable"] = True
            self.here = int(named.get("initial") or 0)
            super().__init__(*arguments, **{key: value for key, value in named.items() if key != "name"})
            counter.now(self.here)

        def update(self, n: float | None = 1) -> bool | None:
            self.here += int(n or 0)
            counter.now(self.here)
            return None

    return Bar


def _repository(name: str) -> tuple[Repository, str]:
    """A repository as the hub describes it now, and the base model that it is an adapter of, or empty."""
    from huggingface_hub import HfApi, hf_hub_download, try_to_load_from_cache

    info = HfApi().model_info(name, files_metadata=True)
    revision = str(info.sha)
    sizes = {item.rfilename: int(item.size or 0) for item in info.siblings or ()}
    files = tuple((file, sizes[file]) for file in sorted(_wanted(list(sizes))))
    base = ""
    if "adapter_config.json" in sizes:  # it says what else is needed; some hundred bytes
        from workbench.encoders.checkpoints import read

        said = hf_hub_download(name, "adapter_config.json", revision=revision)
        base = str(read(Path(said)).get("base_model_name_or_path") or "")
    missing = tuple(
        file for file, _ in files if not isinstance(try_to_load_from_cache(name, file, revision=revision), str)
    )
    begun = sum(_here(_part(name, revision, file), sizes[file]) for file in missing)
    card: Any = info.card_data or {}
    licence = str(card.get("license_name") if card.get("license") == "other" else card.get("license") or "")
    terms = str(card.get("license_link") or "")
    return Repository(name, revision, files, missing, licence, terms, bool(info.gated), begun), base


def _wanted(files: list[str]) -> Iterator[str]:
    """The files of a repository that loading a model needs."""
    tensors = any(file.endswith(".safetensors") for file in files)
    for file in files:
        if any(fnmatch.fnmatch(file, pattern) for pattern in LEFT_OUT):
            continue
        if tensors and any(fnmatch.fnmatch(file, pattern) for pattern in OTHER_WEIGHTS):
            continue
        yield file


@contextmanager
def _told(spec: EncoderSpec, repository: str) -> Iterator[None]:
    """What goes wrong with a hub as a sentence for the person."""
    try:
        yield
    except EncoderError:
        raise
    except Exception as error:
        if sentence := _refused(repository, error) or _failed(spec, repository, error):
            raise EncoderError(sentence) from error
        raise


def _refused(repository: str, error: Exception) -> str:
    """The sentence on a hub that says no, or empty."""
    from huggingface_hub import constants, errors

    page, login = f"{constants.ENDPOINT}/{repository}", "'hf auth login' (or set HF_TOKEN)"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, errors.GatedRepoError):
        return (
            f"The owners of {repository} give it only to those who ask: open {page}, agree there, then log in here "
            f"with {login} and get it again."
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return (
            f"The hub at {constants.ENDPOINT} has no model {repository}, or shows it only to some; if it is private, "
            f"log in with {login}."
        )
    if isinstance(error, errors.EntryNotFoundError | errors.RevisionNotFoundError | errors.HFValidationError):
        return f"A file of {repository} is not on the hub ({brief(error)}); try it again later."
    if status in (401, 403):
        return f"The hub refuses {repository} to you ({status}); log in with {login}; may you have it? See {page}"
    return ""


def _failed(spec: EncoderSpec, repository: str, error: Exception) -> str:
    """The sentence on a download that went wrong on the way, or empty."""
    from huggingface_hub import constants, errors

    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: '{spec.id}' is not here whole. Make room and get it again; it goes on from there."
    if isinstance(error, errors.HfHubHTTPError):
        return f"The hub at {constants.ENDPOINT} failed for {repository} ({brief(error)})."
    return _unreachable(repository, error) if isinstance(error, OSError) or _broke(error) else ""


def _unreachable(repository: str, error: Exception) -> str:
    from huggingface_hub import constants

    return (
        f"The hub at {constants.ENDPOINT} cannot be reached for {repository} ({brief(error)}); see to the connection "
        "or a proxy (HTTPS_PROXY, HF_ENDPOINT) and get it again: it goes on from where it stopped."
    )


def _broke(error: BaseException) -> bool:
    """Whether an error says that a connection broke, here or in what it was raised from: a new try may do better."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, ConnectionError | TimeoutError):
            return True
        if any(base.__name__ == "TransportError" for base in type(at).__mro__):  # httpx's, whichever release of it
            return True
        if isinstance(at, OSError) and "consistency check" in str(at).lower():  # fewer bytes came than were told
            return True
        at = at.__cause__ or at.__context__
    return False


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(count / 1e6, 0.1):.1f} MB"
