"""Every method and encoding there is, as data, and what is left out on purpose."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.representations.anchors import ANCHORS
from workbench.representations.base import Encoding, Method, Option
from workbench.representations.codebook import CODEBOOK
from workbench.representations.fde import FDE
from workbench.representations.lemur import LEMUR
from workbench.representations.pruning import PRUNING
from workbench.representations.scalars import NUMBERS
from workbench.representations.static import STATIC
from workbench.representations.trees import TREES

METHODS: Mapping[str, Method] = {method.name: method for method in (*STATIC, *TREES, *ANCHORS, *PRUNING, FDE, LEMUR)}
ENCODINGS: Mapping[str, Encoding] = {encoding.name: encoding for encoding in (*NUMBERS, *CODEBOOK)}

COMMON: Mapping[str, Option] = {
    "dtype": Option("how the vectors are written down", "fp16", choices=tuple(ENCODINGS)),
    "dims": Option("numbers kept of each vector; 0: all", 0),
    "reduce": Option(
        "keep the first numbers (models trained for it), or principal directions fitted on the pages",
        "pca",
        choices=("pca", "first"),
    ),
}
"""Options that every method has besides its own and its encoding's."""

SHORT: Mapping[str, str] = {"binary": "full[dtype=bits]", "codes": "full[dtype=codes]"}
"""Names for representations that are often meant."""

LEFT_OUT: Mapping[str, str] = {
    "hamming distance of centroid numbers": (
        "HPC-ColPali (arXiv 2506.21601) writes a vector down as its centroid's number and compares numbers bit by bit. "
        "K-means numbers its centroids in no order, so the bits two numbers share say nothing of how near the "
        "centroids are: over a random codebook of 256, minus the Hamming distance and the cosine correlate by -0.01. "
        "Use dtype=codes, which looks the true similarities up in a table, or dtype=bits, whose bits are of the vector."
    ),
}
