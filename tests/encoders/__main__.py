"""``python -m tests.encoders HOME`` writes a tiny checkpoint of every family where a person's own models go."""

import sys
from pathlib import Path

from tests.encoders import tiny
from workbench.encoders.families import FAMILIES


def write(home: Path) -> None:
    for name in FAMILIES:
        tiny.build(tiny.family(name), home / "models" / name)
    for kind, make in tiny.CLIPS.items():
        tiny.build(make, home / "models" / f"clip-{kind}")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
