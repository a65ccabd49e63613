"""Freed memory goes back to the system where the C library has a call for it."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from workbench.memory import give_back


def test_it_may_be_called_anywhere():
    give_back()
    assert give_back() in (True, False)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems return memory themselves")
def test_freed_memory_leaves_the_process():
    if not hasattr(__import__("ctypes").CDLL(None), "malloc_trim"):
        pytest.skip("the C library is not glibc")
    process = psutil.Process()
    blocks = [bytes(60_000) + b"x" for _ in range(4_000)]  # below the size that is mapped, and freed, on its own
    held = process.memory_info().rss
    keep = blocks[-1]  # the block at the end of the heap stays, so that freeing alone cannot shrink it
    del blocks
    give_back()
    assert process.memory_info().rss < held - 100_000_000
    assert keep[-1:] == b"x"


_FAULTS = """
import resource, sys
from workbench import memory
if sys.argv[1] == "keep":
    assert memory.keep()
pieces = [bytes(40 << 20) for _ in range(2)]
for _ in range(20):
    pieces = [b"x" * (40 << 20), *pieces[:1]]
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no such call")
def test_what_is_kept_is_not_asked_of_the_system_again():
    if not hasattr(__import__("ctypes").CDLL(None), "mallopt"):
        pytest.skip("the C library is not glibc")

    def faults(how: str) -> int:
        command = [sys.executable, "-c", _FAULTS, how]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert faults("keep") < faults("ask") / 2
