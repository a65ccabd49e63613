"""Makes `workbench/sight/likeness.npz`, by which pictures are compared, of what `figures` learns from. Run::

    python -m benchmarks.sight.likeness packages workbench/sight/likeness.npz

after `benchmarks.sight.figures`, whose packages and remembered features it takes.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np

from benchmarks.sight.figures import found, looked_at, made
from workbench.sight.likeness import histogram
from workbench.types import SIGHT

DIRECTIONS = 128
EVEN = 0.5
"""Power of the spread that a direction is divided by: 0 leaves the widest ones the say, 1 makes noise as loud."""


def main(packages: Path, file: Path) -> None:
    """Write the file and print its sha256."""
    features = np.concatenate([looked_at(part, make, packages)[2] for part, make in (("found", found), ("made", made))])
    mean = features.mean(axis=0)
    _, spread, directions = np.linalg.svd(features - mean, full_matrices=False)
    scale = (spread[:DIRECTIONS] / len(features) ** 0.5) ** EVEN
    colours = np.mean([histogram(image) for _, _, image in found(packages, np.random.default_rng(0))], axis=0)
    if DIRECTIONS + len(colours) != SIGHT:
        raise ValueError(f"{DIRECTIONS} directions and {len(colours)} colours are not {SIGHT} numbers")
    kept = (directions[:DIRECTIONS].T / scale).astype(np.float16)
    np.savez_compressed(file, mean=mean, directions=kept, colours=colours)
    sys.stdout.write(f"{hashlib.sha256(file.read_bytes()).hexdigest()}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
