"""What a page costs on this machine, as measured: seconds and bytes per page of each encoder, in ``rates.json``."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path

from workbench.atomic import write_whole

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Rate:
    """What was measured of an encoder here; None where it was not.

    ``seconds_per_page`` of a whole ingest (reading, encoding, writing); ``bytes_per_page`` it left on disk;
    ``encode_seconds_per_page`` in the model alone.
    """

    seconds_per_page: float | None = None
    bytes_per_page: float | None = None
    encode_seconds_per_page: float | None = None

    @property
    def expected_seconds(self) -> float | None:
        """Seconds a page is likely to take: of an ingest, or, before there was one, in the model."""
        return self.encode_seconds_per_page if self.seconds_per_page is None else self.seconds_per_page


class Rates:
    """The rates kept in one home folder. A file that cannot be read counts as no measurement."""

    def __init__(self, home: Path) -> None:
        self._path = home / "rates.json"

    def of(self, encoder_id: str) -> Rate:
        """What is known of an encoder."""
        found = self._read().get(encoder_id, {})
        return Rate(*(found.get(name) for name in Rate.__slots__))

    def learn(self, encoder_id: str, **measured: float) -> None:
        """Keep what was measured, in the place of what was measured before; the names are `Rate`'s."""
        with _lock:
            rates = self._read()
            rates[encoder_id] = {**rates.get(encoder_id, {}), **measured}
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, json.dumps(rates))

    def _read(self) -> dict[str, dict[str, float]]:
        try:
            rates = json.loads(self._path.read_text(encoding="utf-8"))
            return {name: dict(values) for name, values in rates.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}
