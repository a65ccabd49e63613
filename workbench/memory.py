"""Gives memory that was freed back to the operating system.

Long runs allocate and free pictures and tensors of every size from several threads; glibc keeps most of what they freed
in its arenas, hundreds of megabytes after a few hundred pages. Other C libraries return memory themselves.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Callable


@functools.cache
def _trim() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):  # another C library, such as musl
        return None
    return trim


def give_back() -> bool:
    """Return freed memory to the system, in some milliseconds; True when there was any to return."""
    trim = _trim()
    return bool(trim(0)) if trim is not None else False
