"""Memory that was freed: given back to the operating system, or kept for what comes next.

Long runs allocate and free pictures and tensors of every size from several threads; glibc keeps most of what they freed
in its arenas, hundreds of megabytes after a few hundred pages. Other C libraries return memory themselves.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Callable

_LARGEST = 64 << 20
"""Bytes of the largest piece that `keep` keeps: the tiles of a page as ColSmol's processor makes them take 41 MB."""
_KEPT = 256 << 20
"""Bytes that it keeps in all."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h


@functools.cache
def _glibc(name: str) -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        found: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError):  # another C library, such as musl
        return None
    return found


def give_back() -> bool:
    """Return freed memory to the system, in some milliseconds; True when there was any to return."""
    trim = _glibc("malloc_trim")
    return bool(trim(0)) if trim is not None else False


def keep() -> bool:
    """Have what this process frees wait for what it allocates next, until `give_back`; True where that can be had.

    Otherwise pieces of megabytes come from the system each time, which clears every page of them: a fifth of the time
    of ColSmol's processor, and more the more processes ask at once.
    """
    option = _glibc("mallopt")
    return option is not None and bool(option(_M_MMAP_THRESHOLD, _LARGEST) and option(_M_TRIM_THRESHOLD, _KEPT))
