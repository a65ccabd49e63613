"""Collections in an object store (``s3://``, ``gs://``, ``az://``), with a folder on this machine as their cache.

Who reads believes what the store said for `Storage.fresh_for` seconds. Who writes holds a lease: an object that names
its holder and is written again while it lives, each time on the condition that it is as it was left. So it needs a
store that keeps such conditions, which `conditional_writes` tries; one that ignores them would let two writers lose
each other's pages, and is refused.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any

from filelock import Timeout

from workbench.errors import CollectionBusyError, InputError, StoreError
from workbench.settings import Settings, slug
from workbench.store.cache import Cache
from workbench.store.storage import FolderLock, Storage, StoredFile, WriteLock

log = logging.getLogger(__name__)

LEASE = "lease.json"
LEASE_SECONDS = 30.0
"""How long a lease that is not renewed keeps others out: a machine that died blocks its collection so long."""
_RENEWALS = 3  # attempts to renew it within that time
_CLIENT_OPTIONS = {"allow_http", "allow_invalid_certificates", "connect_timeout", "timeout", "proxy_url", "user_agent"}
"""Options that obstore takes for the connection and not for the store; LanceDB takes both alike, and with a prefix."""
_PREFIXES = {"s3": "aws_", "gs": "google_", "az": "azure_"}
_RETRIES = {"max_retries": 3}
_TRIES = 20  # of an update that others are quicker with


class ConditionalWrites(Enum):
    """What a store does with a write on a condition that does not hold."""

    KEPT = "refuses a write whose condition does not hold"
    IGNORED = "writes although the condition does not hold"
    UNKNOWN = "knows no conditions"


class ObjectStorage(Storage):
    """A place in an object store."""

    remote = True

    def __init__(
        self, uri: str, options: Mapping[str, str], cache: Cache, fresh_for: float = 5, single_writer: bool = False
    ) -> None:
        self._connect(uri, options, cache, fresh_for, single_writer, client_of(uri, options), "")

    @classmethod
    def of(cls, settings: Settings) -> ObjectStorage:
        """The place that the settings name."""
        cache = Cache(settings.cache.expanduser() / slug(settings.place), settings.cache_mb << 20)
        return cls(settings.place, settings.place_options, cache, settings.fresh_seconds, settings.single_writer)

    def _connect(
        self,
        uri: str,
        options: Mapping[str, str],
        cache: Cache,
        fresh_for: float,
        single_writer: bool,
        client: Any,
        prefix: str,
    ) -> None:
        self.uri, self.name = uri, uri.rpartition("/")[2]
        self.options, self.fresh_for, self._single_writer = options, fresh_for, single_writer
        self.cache = cache.folder / prefix
        self._cache, self._client, self._prefix = cache, client, prefix
        self._signatures: dict[str, tuple[float, Hashable | None]] = {}

    def below(self, name: str) -> ObjectStorage:
        """See `Storage`."""
        made = ObjectStorage.__new__(ObjectStorage)
        made._connect(
            f"{self.uri}/{name}",
            self.options,
            self._cache,
            self.fresh_for,
            self._single_writer,
            self._client,
            f"{self._prefix}{name}/",
        )
        return made

    def read(self, path: str) -> bytes:
        """See `Storage`."""
        with said(self.uri):
            return bytes(self._client.get(self._prefix + path).bytes())

    def write(self, path: str, data: bytes, new: bool = False) -> None:
        """See `Storage`."""
        from obstore.exceptions import AlreadyExistsError

        try:
            with said(self.uri):
                self._client.put(self._prefix + path, data, mode="create" if new else "overwrite")
        except AlreadyExistsError:
            raise FileExistsError(path) from None
        self._signatures.pop(path, None)

    def update(self, path: str, change: Callable[[bytes | None], bytes | None]) -> None:
        """See `Storage`."""
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        for attempt in range(_TRIES):
            held, tag = self._tagged(path)
            made = change(held)
            with suppress(AlreadyExistsError, PreconditionError), said(self.uri):
                if made is not None:
                    self._client.put(self._prefix + path, made, mode={"e_tag": tag} if tag else "create")
                elif tag:
                    self.remove(path)
                self._signatures.pop(path, None)
                return
            time.sleep(0.05 * (attempt + 1))
        raise StoreError(f"Others kept changing {path} of '{self.name}'; try again.")

    def _tagged(self, path: str) -> tuple[bytes | None, str]:
        with said(self.uri):
            try:
                found = self._client.get(self._prefix + path)
            except FileNotFoundError:
                return None, ""
            return bytes(found.bytes()), str(found.meta["e_tag"])

    def remove(self, path: str) -> bool:
        """See `Storage`."""
        try:
            with said(self.uri):
                self._client.delete(self._prefix + path)
        except FileNotFoundError:
            return False
        self._signatures.pop(path, None)
        self._cache.drop(self.cache / path)
        return True

    def rename(self, path: str, to: str) -> None:
        """See `Storage`."""
        with said(self.uri):
            self._client.rename(self._prefix + path, self._prefix + to)
        self._signatures.clear()

    def signature(self, path: str) -> Hashable | None:
        """See `Storage`."""
        now, known = time.monotonic(), self._signatures.get(path)
        if known is None or now - known[0] >= self.fresh_for:
            found: Hashable | None
            try:
                with said(self.uri):
                    head = self._client.head(self._prefix + path)
                found = head["e_tag"], str(head["last_modified"]), head["size"]
            except FileNotFoundError:
                found = None
            known = self._signatures[path] = now, found
        return known[1]

    def local(self, path: str) -> Path:
        """See `Storage`."""
        file = self.cache / path
        if not self._cache.holds(file):
            self._cache.put(file, self.read(path))
        return file

    def files(self, folder: str = "", but: str = "") -> Iterator[StoredFile]:
        """See `Storage`."""
        within = (self._prefix + folder).rstrip("/")
        with said(self.uri):
            for batch in self._client.list(within) if not but else self._listed(within, f"{within}/{but}".lstrip("/")):
                for item in batch:
                    yield StoredFile(item["path"].removeprefix(self._prefix), item["size"])

    def _listed(self, within: str, but: str) -> Iterator[Any]:
        """What is listed folder by folder, since one that is left out is not to be asked for."""
        found = self._client.list_with_delimiter(within)
        yield found["objects"]
        for prefix in found["common_prefixes"]:
            if prefix.rstrip("/") != but:
                yield from self._client.list(prefix)

    def folders(self, folder: str = "") -> list[str]:
        """See `Storage`."""
        with said(self.uri):
            found = self._client.list_with_delimiter((self._prefix + folder).rstrip("/"))["common_prefixes"]
        return sorted(str(prefix).rstrip("/").rpartition("/")[2] for prefix in found)

    def free_bytes(self) -> float:
        """See `Storage`."""
        return float("inf")

    def discard(self) -> None:
        """See `Storage`."""
        paths = [self._prefix + item.path for item in self.files()]
        for start in range(0, len(paths), 1000):
            with said(self.uri):
                self._client.delete(paths[start : start + 1000])
        self._signatures.clear()
        self._cache.drop_tree(self.cache)

    def write_lock(self) -> WriteLock:
        """See `Storage`. `StoreError` where the store cannot tell writers apart."""
        found = self.conditional_writes()
        if found is ConditionalWrites.KEPT:
            return Lease(self)
        if found is ConditionalWrites.IGNORED and self._single_writer:
            self.cache.mkdir(parents=True, exist_ok=True)
            return FolderLock(self.cache)
        cure = (
            "; if no other process ever writes to it, set PAGELENS_SINGLE_WRITER=1"
            if found is ConditionalWrites.IGNORED
            else ""
        )
        raise StoreError(
            f"The object store of '{self.name}' {found.value}, so that two writers would lose each other's pages: "
            f"Pagelens only reads from it{cure}."
        )

    def conditional_writes(self) -> ConditionalWrites:
        """Try writes on conditions that do not hold, on an object made for it; once in the life of a process."""
        if self._cache.conditional is None:
            self._cache.conditional = _tried(self._client)
        return ConditionalWrites(self._cache.conditional)

    def refresh(self) -> None:
        """See `Storage`."""
        self._signatures.clear()

    def used(self, path: Path) -> None:
        """See `Storage`."""
        self._cache.note(path)


class Lease:
    """The right to write to a collection from any machine; see `storage.WriteLock`.

    Whose lease was not renewed in time, because the machine slept or the network failed, has lost it: `check`.
    """

    def __init__(self, storage: ObjectStorage) -> None:
        self._storage = storage
        self._path = storage._prefix + LEASE
        self._client = storage._client
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._tag = ""
        self._until = 0.0
        self._ended = threading.Event()
        self._renewing: threading.Thread | None = None

    def acquire(self) -> None:
        """See `WriteLock`."""
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with said(self._storage.uri):
            held, tag = self._storage._tagged(LEASE)
            if held is not None and json.loads(held)["holder"] and self._age() < LEASE_SECONDS:
                raise Timeout(json.loads(held)["holder"])
            try:
                self._put({"e_tag": tag} if tag else "create")
            except (AlreadyExistsError, PreconditionError):
                raise Timeout("another machine") from None
        self._ended.clear()
        self._renewing = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._renewing.start()

    def release(self) -> None:
        """See `WriteLock`."""
        if self._renewing is None:
            return
        self._ended.set()
        self._renewing.join()
        self._renewing = None
        with suppress(Exception):  # it runs out by itself, and may be another's already
            self._put({"e_tag": self._tag}, holder="")
        self._until = 0.0

    def check(self) -> None:
        """See `WriteLock`."""
        if time.monotonic() >= self._until:
            raise CollectionBusyError(
                f"The right to write to collection '{self._storage.name}' was lost, since its object store could not "
                "be reached in time; what was committed is safe. Ingest again to do the rest."
            )

    def _put(self, mode: Any, holder: str | None = None) -> None:
        asked = time.monotonic()  # before it: the store counts from when it wrote
        body = json.dumps({"holder": self._holder if holder is None else holder}).encode()
        self._tag = str(self._client.put(self._path, body, mode=mode)["e_tag"])
        self._until = asked + LEASE_SECONDS

    def renew(self) -> None:
        """Write it again, each time otherwise; it is lost if another has written it meanwhile."""
        from obstore.exceptions import PreconditionError

        try:
            self._put({"e_tag": self._tag}, f"{self._holder}:{uuid.uuid4().hex[:8]}")
        except PreconditionError:
            self._until = 0.0
        except Exception as error:  # tried again while it lasts
            log.warning("the lease of '%s' could not be renewed (%s)", self._storage.name, type(error).__name__)

    def _keep(self) -> None:
        while not self._ended.wait(LEASE_SECONDS / _RENEWALS):
            self.renew()

    def _age(self) -> float:
        """Seconds since the lease was written, by the clock of the store, since those of machines differ."""
        probe = f"{self._path}.{uuid.uuid4().hex[:8]}"
        self._client.put(probe, b"")
        now = self._client.head(probe)["last_modified"]
        self._client.delete(probe)
        return float((now - self._client.head(self._path)["last_modified"]).total_seconds())


def client_of(uri: str, given: Mapping[str, str]) -> Any:
    """What speaks to a place in an object store; `InputError` without the package for it."""
    try:
        from obstore.store import from_url

        connect: Any = from_url
    except ImportError:
        raise InputError(
            f"{uri.partition('://')[0]}:// needs one package more; run: pip install 'pagelens[cloud]'"
        ) from None
    options, connection = _parted(uri, given)
    with said(uri):
        return connect(uri, config=options, client_options=connection, retry_config=_RETRIES)


def _parted(uri: str, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Any]]:
    """Options of the store, and those of the connection, which also the environment has, as ``AWS_ALLOW_HTTP``."""
    prefix = _PREFIXES.get(uri.partition("://")[0], "")
    options, connection = dict[str, str](), dict[str, Any]()
    for name in _CLIENT_OPTIONS:
        if value := os.environ.get(f"{prefix}{name}".upper()):
            connection[name] = value
    for key, value in given.items():
        name = key.lower().removeprefix(prefix)
        if name in _CLIENT_OPTIONS:
            connection[name] = value
        else:
            options[key] = value
    for name in connection.keys() & {"allow_http", "allow_invalid_certificates"}:
        connection[name] = str(connection[name]).lower() in ("1", "true", "yes")
    return options, connection


def _tried(client: Any) -> str:
    from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

    probe = f"probe-{uuid.uuid4().hex}"
    try:
        try:
            tag = client.put(probe, b"1", mode="create")["e_tag"]
            client.put(probe, b"2", mode="create")
            return ConditionalWrites.IGNORED.value
        except AlreadyExistsError:
            pass
        client.put(probe, b"3", mode={"e_tag": tag})
        try:
            client.put(probe, b"4", mode={"e_tag": tag})
            return ConditionalWrites.IGNORED.value
        except PreconditionError:
            return ConditionalWrites.KEPT.value
    except (BaseError, NotImplementedError) as error:
        client.put(probe, b"0")  # raises where it is no matter of conditions
        log.info("conditional writes: %s", type(error).__name__)
        return ConditionalWrites.UNKNOWN.value
    finally:
        with suppress(Exception):
            client.delete(probe)


class said:
    """Turns what an object store cannot do into one sentence, without what its errors say of requests and keys."""

    def __init__(self, uri: str) -> None:
        self._place = "/".join(uri.split("/")[:3])

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        module = type(error).__module__
        if error is None or not module.startswith("obstore") or isinstance(error, FileNotFoundError):
            return
        name = type(error).__name__
        if name in ("AlreadyExistsError", "PreconditionError"):  # an answer
            return
        log.info("%s: %s", self._place, str(error)[:300])
        cure = {
            "PermissionDeniedError": "its keys may not do this; check the storage options",
            "UnauthenticatedError": "it does not know the keys; check the storage options",
        }.get(name, "see whether it is there and can be reached, and check the storage options")
        raise StoreError(f"The object store {self._place} did not answer as it should: {cure}.") from None
