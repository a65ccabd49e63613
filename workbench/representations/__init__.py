"""Ways to store a page's vectors in less room, worked out from the full ones, and how each is scored."""

from workbench.representations.base import Cost, Derived, Encoding, Method, Option, State
from workbench.representations.representation import FittedIndex, Representation, options_of
from workbench.representations.table import COMMON, ENCODINGS, LEFT_OUT, METHODS, SHORT

__all__ = [
    "COMMON",
    "ENCODINGS",
    "LEFT_OUT",
    "METHODS",
    "SHORT",
    "Cost",
    "Derived",
    "Encoding",
    "FittedIndex",
    "Method",
    "Option",
    "Representation",
    "State",
    "options_of",
]
