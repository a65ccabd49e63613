"""What workers are told to do in tests: functions of a module, since a worker finds them by name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np


def number() -> int:
    """The process that does it."""
    return os.getpid()


def loaded() -> list[str]:
    """Modules that the worker has."""
    return sorted(sys.modules)


def hang(started: Path) -> None:
    """Never end; ``started`` says that it began."""
    started.write_text(str(os.getpid()))
    while True:
        time.sleep(60)


def spin() -> None:
    """Work for ever."""
    while True:
        pass


def hoard(mib: int) -> int:
    """Take memory in small parts, as a bomb in PDFium does, and use it."""
    return len([np.ones(1 << 20, np.uint8) for _ in range(mib)])


def hoard_in_a_program(mib: int) -> None:
    """Start another program that takes memory, and wait for it."""
    code = f"import time; held = bytearray({mib} << 20); held[::4096] = bytes(1) * len(held[::4096]); time.sleep(600)"
    subprocess.run([sys.executable, "-c", code], check=False)


def die(name: str) -> None:
    """End as a crash does."""
    os.kill(os.getpid(), getattr(signal, name))
    time.sleep(60)


def programs(started: Path) -> None:
    """Start a program that outlives nobody, and wait for it."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    started.write_text(f"{os.getpid()} {child.pid}")
    child.wait()


def files() -> list[str]:
    """What the worker has open, by what it is."""
    folder = Path("/proc/self/fd")
    return [os.readlink(folder / name) for name in os.listdir(folder) if (folder / name).is_symlink()]


def copied_while_written(path: Path, folder: Path) -> Path:
    """`copied`, while somebody writes to the file."""
    from workbench.documents import probing

    real = probing.shutil.copyfile

    def copy(source: Path, target: Path) -> None:
        real(source, target)
        source.write_bytes(source.read_bytes() + b"\n")

    probing.shutil.copyfile = copy
    try:
        return probing.copied(path, folder)
    finally:
        probing.shutil.copyfile = real
