"""What a stored form of a page is made of: a method that chooses vectors, and an encoding that writes them down.

Both are records of functions, so that the table of them is data. A method's options and state and those of an encoding
are kept apart by `representation`, which puts the two together. What this module does not do: compute anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float, PageEmbedding

Value = int | float | str
Values = Mapping[str, Value]
State = Mapping[str, NDArray[Any]]
"""What fitting learned, by name: arrays, to be stored with the index, because no seed promises the same numbers."""
Rows = NDArray[Any]
"""A page as stored: ``(rows, width)`` of the encoding's dtype."""
Groups = tuple[NDArray[np.int64], ...]

NO_DIRECTION = 1e-6
"""Length under which a mean of unit vectors is rounding noise rather than a direction."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option's meaning, default and limits; the default's type is the type of its values."""

    summary: str
    default: Value
    low: float = 0
    high: float = 1_000_000
    choices: tuple[str, ...] = ()
    odd: bool = False

    def read(self, name: str, text: str) -> Value:
        """The value that a text stands for; `ValueError` in one sentence when it does not fit."""
        if self.choices:
            if text not in self.choices:
                raise ValueError(f"{name} is one of {', '.join(self.choices)}, not '{text}'")
            return text
        kind = type(self.default)
        try:
            number = kind(text)
        except ValueError:
            raise ValueError(f"{name} is a {'whole ' if kind is int else ''}number, not '{text}'") from None
        if isinstance(number, str) or not self.low <= number <= self.high:  # a NaN is in no range
            raise ValueError(f"{name} is a number from {self.low:g} to {self.high:,.10g}, not {text}")
        if self.odd and int(number) % 2 == 0:
            raise ValueError(f"{name} is odd, which {text} is not")
        return number


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a method made of a page: ``vectors (k, d) float32``, and the page vectors behind each of them.

    ``note`` says what the options left open, such as which salience was used.
    """

    vectors: Float
    groups: Groups
    note: str = ""


@dataclass(frozen=True, slots=True)
class Derived:
    """A page as stored: rows of the encoding, and for each vector they decode to the page vectors behind it."""

    rows: Rows
    groups: Groups
    note: str = ""

    @property
    def bytes(self) -> int:
        """What the page takes, its place in an index aside."""
        return int(self.rows.nbytes)


@dataclass(frozen=True, slots=True)
class Cost:
    """Most vectors a page is scored by, and most bytes it takes."""

    vectors: int
    bytes: int


def _nothing(_sample: Float, _values: Values) -> State:
    return {}


def _as_it_is(query: Float, weights: Float, _state: State, _values: Values) -> tuple[Float, Float]:
    return query, weights


def _plain(query: Float, _state: State, _values: Values) -> Float:
    return query


@dataclass(frozen=True, slots=True)
class Method:
    """Chooses a page's vectors.

    ``derive(embedding, state, values)``; ``most(n, values)`` the most vectors it makes of n; ``fit(sample (N, d),
    values)`` makes its state, for which it has to see vectors of many pages where it ``learns``; ``query(vectors
    (m, d), weights (m,), state, values)`` turns a query into what is compared with the stored vectors; ``dim(d,
    values)`` the numbers in one of them. ``unit`` is false where the stored vectors' lengths mean something.
    """

    name: str
    summary: str
    source: str
    derive: Callable[[PageEmbedding, State, Values], Chosen]
    most: Callable[[int, Values], int]
    options: Mapping[str, Option] = field(default_factory=dict)
    fit: Callable[[Float, Values], State] = _nothing
    query: Callable[[Float, Float, State, Values], tuple[Float, Float]] = _as_it_is
    dim: Callable[[int, Values], int] = lambda d, _values: d
    unit: bool = True
    learns: bool = False


@dataclass(frozen=True, slots=True)
class Encoding:
    """Writes unit vectors down.

    ``encode(vectors (k, d), state, values)`` makes rows and ``decode(rows, state, values)`` vectors ``(k, d) float32``
    that are compared with what ``query(vectors, state, values)`` makes of a query's; ``size(k, d, values)`` bytes of k
    vectors. ``needs_fit`` says that ``fit`` has to see real vectors. ``stored`` is the numpy dtype of rows.
    ``regroup`` is set where rows decode to other vectors than went in: it gives the numbers of those behind each.
    ``score`` is set where decoding is not the way to a score: it takes the arguments of `maxsim_of_ranges`, the state
    and the values.
    """

    name: str
    summary: str
    source: str
    encode: Callable[[Float, State, Values], Rows]
    decode: Callable[[Rows, State, Values], Float]
    size: Callable[[int, int, Values], int]
    stored: str = "uint8"
    options: Mapping[str, Option] = field(default_factory=dict)
    fit: Callable[[Float, Values], State] = _nothing
    query: Callable[[Float, State, Values], Float] = _plain
    needs_fit: bool = False
    lossless: bool = False
    regroup: Callable[[Float, State, Values], Groups] | None = None
    score: Callable[[Float, Float, Rows, NDArray[np.int64], NDArray[np.int64], State, Values], Float] | None = None


def unit(vectors: NDArray[Any], instead: NDArray[Any] | None = None) -> Float:
    """Rows scaled to length 1, float32; a row without direction is replaced by that of ``instead``, or left zero."""
    wide = np.asarray(vectors, np.float64)
    norms = np.linalg.norm(wide, axis=-1, keepdims=True)
    lost = norms[..., 0] < NO_DIRECTION
    scaled = wide / np.where(norms < NO_DIRECTION, 1.0, norms)
    if lost.any() and instead is not None:
        scaled[lost] = unit(np.asarray(instead)[lost])
    return np.ascontiguousarray(scaled, np.float32)


def group_by(labels: NDArray[Any]) -> Groups:
    """The members of each label, in ascending order of label; a label below 0 is in no group."""
    return tuple(np.flatnonzero(labels == label).astype(np.int64) for label in np.unique(labels[labels >= 0]))


def means(vectors: Float, groups: Groups, weights: Float | None = None) -> Float:
    """The unit mean of each group of ``vectors (n, d)``, weighted by ``weights (n,)``: ``(k, d) float32``.

    The first member stands in for a mean without direction.
    """
    wide = np.asarray(vectors, np.float64)
    shares = np.ones(len(wide)) if weights is None else np.asarray(weights, np.float64)
    sums = np.stack([shares[group] @ wide[group] / len(group) for group in groups])
    return unit(sums, np.stack([wide[group[0]] for group in groups]))


def number(values: Values, name: str) -> int:
    """A whole number among the values."""
    return int(values[name])


def budget(n: int, values: Values) -> int:
    """How many vectors to keep of n: ``k`` where it is set, or else one in ``factor``; at least 1, at most n."""
    k, factor = number(values, "k"), float(values.get("factor", 1))
    return max(1, min(n, k if k else int(n / factor)))


def budget_options(factor: float, k: int = 0) -> dict[str, Option]:
    """The options that `budget` reads, with a method's defaults."""
    return {
        "factor": Option("one vector is kept in so many", factor, low=1),
        "k": Option("vectors kept of every page; 0: as many as factor says", k),
    }
