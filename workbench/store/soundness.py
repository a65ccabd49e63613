"""Files that were found sound, so that they need not be read to their end again until they change.

What changes when a file is written, replaced or copied are its size, times and number. Whoever wrote it says so as well
(`date_back`), so that not even its first reader reads it for that.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.atomic import write_whole

READ_ALWAYS = 64 << 20
"""Bytes up to which a file is read whole whenever it is opened: some hundredths of a second."""
SETTLED = 2.0
"""Seconds a file has to have been left alone before its times tell it from one changed since: file systems count
them in steps."""


@dataclass(frozen=True, slots=True)
class Soundness:
    """Whether a ``file`` was found sound, in the file ``record`` beside it."""

    file: Path
    record: Path

    def identity(self) -> list[int]:
        """What tells the file from a changed one: size, times of content and entry, number."""
        stat = self.file.stat()
        return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]

    def known(self, mark: int) -> bool:
        """Whether this very file was found to be what ``mark`` stands for. Small ones always are read."""
        identity = self.identity()
        if identity[0] <= READ_ALWAYS:
            return False
        try:
            return bool(json.loads(self.record.read_text(encoding="utf-8")) == [mark, *identity])
        except (OSError, ValueError):
            return False

    def read(self, mark: int, before: Sequence[int]) -> None:
        """Note that the file was read and is sound, which had the identity ``before``.

        Not while a change could have left its times as they are.
        """
        if time.time_ns() - max(before[1:3]) > SETTLED * 1e9:
            self._note(mark, before)

    def written(self, mark: int, identity: Sequence[int]) -> None:
        """Note that the file is as it was written, or read, when it had this ``identity``.

        Who wrote it gave it a time before that (`date_back`), so that whatever wrote to it since shows.
        """
        if time.time_ns() - identity[1] > SETTLED * 1e9:
            self._note(mark, identity)

    def date_back(self) -> None:
        """Give the file a time before now, so that whatever writes to it, within a step of the clock, gives another."""
        before = time.time_ns() - int(2e9 * SETTLED)
        with suppress(OSError):
            os.utime(self.file, ns=(before, before))

    def forget(self) -> None:
        """Have it read again."""
        self.record.unlink(missing_ok=True)

    def _note(self, mark: int, identity: Sequence[int]) -> None:
        if identity[0] <= READ_ALWAYS or [*identity] != self.identity():
            return
        with suppress(OSError):  # a folder that is read only, or a full disk: it is read again next time
            write_whole(self.record, json.dumps([mark, *identity]))
