"""The collections that are open: each once in a process, whoever asks for it."""

from __future__ import annotations

import threading

from workbench import permits
from workbench.encoders import EncoderInfo
from workbench.errors import NotFoundError
from workbench.settings import CollectionSettings, Settings
from workbench.store import Collection, Library
from workbench.store.library import check_name
from workbench.store.manifest import Manifest


class OpenCollections:
    """Collections by name, opened when they are first asked for. Safe to use from several threads.

    ``library`` is where they lie, which knows nothing of who may see which. What makes or removes several things that
    belong together holds ``lock`` meanwhile.
    """

    def __init__(self, settings: Settings) -> None:
        self.library = Library.of(settings)
        self.lock = threading.RLock()
        self._open: dict[str, Collection] = {}

    def names(self) -> list[str]:
        """Those that whoever asks may see."""
        return [name for name in self.library.names() if permits.sees(name)]

    def has(self, name: str) -> bool:
        """Whether there is a collection of that name, seen or not."""
        return name in self.library.names()

    def nameable(self, name: str) -> str:
        """A name for a collection that is there or is to be made, composed; `NotAllowedError` or `InputError` where
        whoever asks may not, or nobody can, give it to one."""
        permits.check_name(name)
        return name if self.has(name) else check_name(name)

    def get(self, name: str) -> Collection:
        """One of them; `NotFoundError` names those that there are, `StoreError` says what is wrong with it."""
        with self.lock:
            names = self.names()
            if name not in names:
                if permits.sees(name):
                    self._open.pop(name, None)
                if name in self.library.lost() and permits.sees(name):
                    self.library.open(name)  # says what is wrong with it
                there = f"there are: {', '.join(names)}" if names else "there are none yet; 'pagelens ingest' makes one"
                raise NotFoundError(f"There is no collection '{name}' ({there}).")
            if name not in self._open:
                self._open[name] = self.library.open(name)
            return self._open[name]

    def create(self, name: str, settings: CollectionSettings, encoder: EncoderInfo) -> Collection:
        """A new, empty one; see `Library.create`."""
        with self.lock:
            return self.hold(self.library.create(name, settings, encoder))

    def make(self, name: str, manifest: Manifest) -> Collection:
        """A new one by the manifest of another; see `Library.make`."""
        with self.lock:
            return self.hold(self.library.make(name, manifest))

    def hold(self, collection: Collection) -> Collection:
        """Let a collection stand for its name from now on."""
        self._open[collection.name] = collection
        return collection

    def close(self, name: str) -> None:
        """Open it anew when it is next asked for."""
        with self.lock:
            self._open.pop(name, None)
