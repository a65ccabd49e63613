"""Loads the default model behind the page, so that the page opens at once and the first search need not wait."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import PagelensError

if TYPE_CHECKING:
    from workbench.service import Workbench

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WarmupState:
    """``cold`` (not asked yet), ``warming``, ``ready``, or ``failed`` with the reason in ``detail``."""

    state: str
    detail: str = ""


class Warmup:
    """One background load of the models that the collections use; starting it twice is harmless."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self._lock = threading.Lock()
        self._state = WarmupState("cold")

    @property
    def state(self) -> WarmupState:
        """Where the load stands."""
        return self._state

    def start(self) -> None:
        """Begin loading, once."""
        with self._lock:
            if self._state.state != "cold":
                return
            self._state = WarmupState("warming")
        threading.Thread(target=self._run, name="pagelens-warmup", daemon=True).start()

    def _run(self) -> None:
        try:
            self._workbench.searches.warm_up()
            self._state = WarmupState("ready")
        except PagelensError as error:
            self._state = WarmupState("failed", str(error))
        except Exception as error:
            logger.exception("The model could not be loaded")
            self._state = WarmupState("failed", f"The model could not be loaded ({type(error).__name__}).")
