"""The models in memory: one copy of each per process, whoever asks and from whichever thread.

A few stay loaded; when another is wanted, the one that was not used for longest makes room, unless it is at work. What
this module does not do: load anything itself, which each family's loader does.
"""

from __future__ import annotations

import gc
import importlib
import logging
import os
import sys
import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from workbench import memory
from workbench.encoders import own
from workbench.encoders.base import Encoder, EncoderSpec, under_policy
from workbench.encoders.families import SCORES
from workbench.encoders.table import ENCODERS, MODELS, RERANKERS
from workbench.errors import EncoderError, NoEncoderError, PagelensError

if TYPE_CHECKING:
    from workbench.encoders.rerankers import Reranker

log = logging.getLogger(__name__)

Model: TypeAlias = "Encoder | Reranker"
MAX_LOADED = 2
"""Models that stay loaded unless settings say otherwise."""


class Registry:
    """Loads models by id and keeps the last few. Safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._loaded: OrderedDict[str, Model] = OrderedDict()  # the one used last comes last
        self._users: Counter[str] = Counter()
        self._loading: set[str] = set()
        self._failed: dict[str, str] = {}

    def load(
        self,
        encoder_id: str,
        offline: bool = False,
        threads: int = 0,
        keep: int = MAX_LOADED,
        policy: str = "",
        pages: str = "",
    ) -> Encoder:
        """The encoder of that id, loaded at the first call and kept until others crowd it out.

        Weights are only ever read from this machine; ``offline`` also tells the model libraries so, which then ask no
        hub for anything. ``threads`` is what torch may use in this process (0: its own choice). ``keep`` is how many
        models stay loaded, this one included. ``policy`` names the rule that turns a query into vectors, ``pages``
        that for pages (empty: the model's own); models are shared between policies. `EncoderError` says in one sentence
        what is missing and the command that gets it, or that the model is no encoder.
        """
        row = spec(encoder_id)
        if row.kind == SCORES:
            raise EncoderError(
                f"'{encoder_id}' is a reranker, which makes no vectors; use it in a pipeline, as in "
                f"rows:50 > cross[model={encoder_id}]:10"
            )
        encoder: Encoder = self._held(row, offline, threads, keep)  # type: ignore[assignment]
        return under_policy(encoder, policy, pages)

    def reranker(self, model_id: str, offline: bool = False, threads: int = 0, keep: int = MAX_LOADED) -> Reranker:
        """The reranker of that id, as `load` gives encoders. `NoEncoderError` when it is none."""
        row = _found(model_id)
        if row is None or row.kind != SCORES:
            there = ", ".join(known.id for known in specs().values() if known.kind == SCORES)
            raise NoEncoderError(f"There is no reranker '{model_id[:100]}'; there are: {there}.")
        found: Reranker = self._held(row, offline, threads, keep)  # type: ignore[assignment]
        return found

    def _held(self, row: EncoderSpec, offline: bool, threads: int, keep: int) -> Model:
        """The model of a row, loaded where it is not yet."""
        with self._lock:
            turn = self._turns[row.id]
        with turn:  # a second caller waits for the first rather than loading twice; other models load meanwhile
            model = self._used(row.id)
            if model is None:
                if offline:
                    os.environ["HF_HUB_OFFLINE"] = "1"  # read by huggingface_hub at its import
                if threads:
                    import torch

                    torch.set_num_threads(threads)
                model = self._load(row, keep)
            return model

    @contextmanager
    def using(
        self,
        encoder_id: str,
        offline: bool = False,
        threads: int = 0,
        keep: int = MAX_LOADED,
        policy: str = "",
        pages: str = "",
    ) -> Iterator[Encoder]:
        """`load` for a longer piece of work: the model stays until the block ends, however many others are wanted."""
        with self._lock:
            self._users[encoder_id] += 1
        try:
            yield self.load(encoder_id, offline, threads, keep, policy, pages)
        finally:
            with self._lock:
                self._users[encoder_id] -= 1

    def start(self, model_id: str, offline: bool = False, threads: int = 0, keep: int = MAX_LOADED) -> None:
        """Load in the background; `state` tells how it goes. `EncoderError` at once for an id that does not exist."""
        row = spec(model_id)
        with self._lock:
            if model_id in self._loaded or model_id in self._loading:
                return
            self._loading.add(model_id)

        def run() -> None:
            try:
                self._held(row, offline, threads, keep)
            except PagelensError:
                pass  # its state says so
            except Exception:
                log.exception("loading %s", model_id)

        threading.Thread(target=run, name=f"pagelens-load-{model_id}", daemon=True).start()

    def loaded(self, model_id: str) -> Model | None:
        """The model if it is in memory. To look at it is no use of it: that is not what keeps it there."""
        return self._loaded.get(model_id)

    def _used(self, model_id: str) -> Model | None:
        with self._lock:
            model = self._loaded.get(model_id)
            if model is not None:
                self._loaded.move_to_end(model_id)
            return model

    def is_loaded(self, model_id: str) -> bool:
        """Whether `load` would return at once."""
        return model_id in self._loaded

    def state(self, model_id: str) -> tuple[str, str]:
        """``loaded``, ``loading``, ``failed`` with the reason, or two empty texts for one that nobody asked for."""
        with self._lock:
            if model_id in self._loaded:
                return "loaded", ""
            if model_id in self._loading:
                return "loading", ""
            reason = self._failed.get(model_id, "")
            return ("failed", reason) if reason else ("", "")

    def unload(self, model_id: str) -> bool:
        """Free a model's memory; False when it was not loaded, `EncoderError` while work in progress needs it."""
        with self._lock:
            self._failed.pop(model_id, None)
            if self._users[model_id] > 0:
                raise EncoderError(f"The model '{model_id}' is at work; stop what uses it, or wait until it is done.")
            found = self._loaded.pop(model_id, None) is not None
        if found:
            free()
        return found

    def _load(self, row: EncoderSpec, keep: int) -> Model:
        with self._lock:
            self._loading.add(row.id)
            self._failed.pop(row.id, None)
        try:
            self._make_room(keep)
            model = self._tried(row)
            with self._lock:
                self._loaded[row.id] = model
            return model
        except Exception as error:
            with self._lock:
                self._failed[row.id] = str(error) or type(error).__name__
            raise
        finally:
            with self._lock:
                self._loading.discard(row.id)

    def _tried(self, row: EncoderSpec) -> Model:
        """The loaded model; should memory run out, once more with every idle model gone."""
        try:
            return _call(row)
        except Exception as error:
            if not _short_of_memory(error) or not self._drop_idle(0):
                raise
            log.info("memory ran out loading %s; the idle models are gone, trying again", row.id)
        return _call(row)  # outside the handler, whose traceback would hold on to what was half loaded

    def _make_room(self, keep: int) -> None:
        self._drop_idle(max(keep, 1) - 1)

    def _drop_idle(self, most: int) -> int:
        """Let go of models not at work, the longest unused first, until ``most`` are loaded; how many went."""
        with self._lock:
            idle = [name for name in self._loaded if self._users[name] <= 0]
            going = idle[: max(len(self._loaded) - most, 0)]
            for name in going:
                log.info("unloading %s to make room", name)
                del self._loaded[name]
        if going:
            free()
        return len(going)


def specs() -> dict[str, EncoderSpec]:
    """Every model there is, encoders and rerankers: the table's, then a person's own."""
    return {**ENCODERS, **RERANKERS, **own.specs()}


def spec(model_id: str) -> EncoderSpec:
    """The row of a model, from the table or of one's own; `NoEncoderError` names those that exist."""
    if row := _found(model_id):
        return row
    raise NoEncoderError(f"There is no model '{model_id[:100]}'; there are: {', '.join(specs())}.")


def _found(model_id: str) -> EncoderSpec | None:
    return MODELS.get(model_id) or (own.spec(model_id) if own.exists(model_id) else None)


def page_policy(encoder_id: str, wanted: str) -> str:
    """The token policy for pages that is wanted of several encoders, if this one has it; else empty, for its own."""
    return wanted if wanted in spec(encoder_id).page_policies else ""


def free() -> None:
    """Give memory that nothing refers to any more back to the system, and a GPU's back to its driver."""
    gc.collect()  # models hold cycles, so that letting go of them frees nothing yet
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch is not None and torch.backends.mps.is_available():
        torch.mps.empty_cache()
    memory.give_back()


def _call(row: EncoderSpec) -> Model:
    module, function = row.loader.split(":")
    try:
        loader = getattr(importlib.import_module(module), function)
        model: Model = loader(row)
    except ImportError as error:
        raise EncoderError(
            f"The model '{row.id}' needs a library that cannot be imported ({error}); run: pagelens doctor"
        ) from error
    return model


def _short_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or what it was raised from, says that memory ran out."""
    while error is not None:
        text = str(error).lower()
        if isinstance(error, MemoryError) or "out of memory" in text or "allocate memory" in text:
            return True
        error = error.__cause__
    return False


_registry = Registry()
load = _registry.load
reranker = _registry.reranker
using = _registry.using
start = _registry.start
is_loaded = _registry.is_loaded
loaded = _registry.loaded
state = _registry.state
unload = _registry.unload
