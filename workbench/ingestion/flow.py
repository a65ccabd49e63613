"""Stages that overlap: each makes its items in a thread of its own, a bounded number ahead of who takes them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")

DRAINING = 1.0
"""Seconds after a stop in which what is under way may still arrive: pages that a model is at are worth having."""
LEAVING = 0.3
"""Seconds that a stage which is no longer wanted is waited for: a model may be at a batch that takes longer, whose
result nobody gets."""
_TICK = 0.1


def ahead(
    items: Iterator[Item],
    most: int,
    stop: threading.Event,
    name: str,
    weight: Callable[[Item], int] = lambda item: 0,
    heaviest: int = 1,
) -> Generator[Item, None, None]:
    """The same items in the same order, made in a thread of its own, and what they raise.

    No more than ``most`` wait to be taken, or so many that their weights come to ``heaviest``, whichever is less. When
    a stop is asked for, what is still made within `DRAINING` is given, so ``items`` should begin nothing then. Closing
    it, or its end, closes ``items`` in their thread.
    """
    stage = _Stage(items, most, weight, heaviest)
    thread = threading.Thread(target=stage.work, name=f"pagelens-{name}", daemon=True)
    thread.start()
    try:
        while (taken := stage.take(stop)) is not None:
            yield taken.pop()
    finally:
        stage.leave()
        thread.join(LEAVING)


class _Stage(Generic[Item]):
    """Items that wait between the thread that makes them and the one that takes them."""

    def __init__(self, items: Iterator[Item], most: int, weight: Callable[[Item], int], heaviest: int) -> None:
        self._items, self._most, self._weight, self._heaviest = items, most, weight, heaviest
        self._waiting: deque[Item] = deque()
        self._ended = self._left = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    def work(self) -> None:
        """Make items until there are none, or nobody wants them."""
        try:
            for item in self._items:
                with self._changed:
                    self._changed.wait_for(self._room)
                    if self._left:
                        break
                    self._waiting.append(item)
                    self._changed.notify_all()
                del item  # which may be a large one, and the next may take long
        except BaseException as error:
            self._error = error
        finally:
            with suppress(Exception):
                close(self._items)
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def take(self, stop: threading.Event) -> list[Item] | None:
        """The next item, in a list that alone holds it; None when no more will come."""
        stopped = 0.0
        with self._changed:
            while not self._changed.wait_for(lambda: self._waiting or self._ended, _TICK):
                if stop.is_set():
                    stopped = stopped or time.monotonic()
                    if time.monotonic() - stopped > DRAINING:
                        return None
            if not self._waiting:
                if self._error is not None:
                    raise self._error
                return None
            self._changed.notify_all()
            return [self._waiting.popleft()]

    def leave(self) -> None:
        """Nobody wants more."""
        with self._changed:
            self._left = True
            self._waiting.clear()
            self._changed.notify_all()

    def _room(self) -> bool:
        full = len(self._waiting) >= self._most or sum(map(self._weight, self._waiting)) >= self._heaviest
        return self._left or not full


def close(items: Iterator[Any]) -> None:
    """Close what can be closed, as generators can."""
    ending = getattr(items, "close", None)
    if ending is not None:
        ending()
