"""One way to store pages: a method that chooses vectors, perhaps fewer numbers of each, and an encoding.

Its text form is a name with options, as a pipeline writes it: ``ward[factor=4,dtype=int8]``, ``full[dtype=bits]``,
``kmeans[k=16]``. It is worked out from a page's full vectors alone, so that adding one to a collection never reads a
page again. What this module does not do: keep anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.maxsim import maxsim_of_ranges
from workbench.representations.base import Cost, Derived, Encoding, Method, Option, Rows, State, Value, Values
from workbench.representations.scalars import pca_fit, reduce, reduce_unit, truncate_fit
from workbench.representations.table import COMMON, ENCODINGS, METHODS, SHORT
from workbench.types import Float, Geometry, PageEmbedding

SAMPLE = 1 << 16
"""Most vectors that anything is fitted on."""
MANY = 1 << 20
"""More vectors than a page has."""
BLOCK_NUMBERS = 1 << 20
"""Numbers that are decoded at once: 4 MiB, which stay in the cache until they are scored."""

_FORM = re.compile(r"\s*(?P<name>[A-Za-z][\w-]*)\s*(?:\[(?P<options>[^\[\]]*)\])?\s*")


@dataclass(frozen=True, slots=True)
class Representation:
    """A method, an encoding, and the options that were given; equal where they mean the same."""

    method: Method
    encoding: Encoding
    given: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Representation:
        """Read the text form; `ValueError` in one sentence names what would do."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError(f"'{text}' is not a representation; write one as ward[factor=4,dtype=int8]")
        return cls.of_stage(match["name"], _pairs(match["options"] or ""))

    @classmethod
    def of_stage(cls, name: str, options: Mapping[str, str]) -> Representation:
        """A representation from its name, which may be one of `SHORT`, and the text of options; as `parse`."""
        short = _FORM.fullmatch(SHORT.get(name, name))
        if short is None:
            raise ValueError(f"there is no representation '{name}'")
        return cls.of(short["name"], {**_pairs(short["options"] or ""), **options})

    @classmethod
    def of(cls, name: str, options: Mapping[str, str] | None = None) -> Representation:
        """A representation from a method's name and the text of options; `ValueError` as `parse`."""
        if name not in METHODS:
            raise ValueError(f"there is no representation '{name}'; there are {', '.join([*METHODS, *SHORT])}")
        pairs = dict(options or {})
        method = METHODS[name]
        encoding = ENCODINGS[str(COMMON["dtype"].read("dtype", pairs.get("dtype", str(COMMON["dtype"].default))))]
        known = options_of(method, encoding)
        unknown = next((key for key in pairs if key not in known), None)
        if unknown is not None:
            raise ValueError(f"'{name}' has no option '{unknown}'; its options: {', '.join(known)}")
        if not method.unit and (not encoding.lossless or pairs.get("dims", "0") != "0"):
            raise ValueError(f"the lengths of '{name}' vectors mean something; store them whole, as fp16 or fp32")
        values = {key: known[key].read(key, text) for key, text in pairs.items()}
        kept = {key: value for key, value in values.items() if value != known[key].default}
        return cls(method, encoding, tuple(sorted(kept.items())))

    def __str__(self) -> str:
        options = ",".join(f"{key}={_written(value)}" for key, value in self.given)
        return f"{self.method.name}[{options}]" if options else self.method.name

    @property
    def values(self) -> Values:
        """Every option's value, given or default."""
        known = options_of(self.method, self.encoding)
        return {key: option.default for key, option in known.items()} | dict(self.given)

    @property
    def needs_fit(self) -> bool:
        """Whether fitting has to see real pages; if not, any one page will do."""
        return self.method.learns or self._encoding_learns

    @property
    def single(self) -> bool:
        """Whether every page is one vector, whatever it holds."""
        return self.method.most(MANY, self.values) == 1

    @property
    def plain(self) -> bool:
        """Whether stored vectors and queries are of the encoder's own space, so that any MaxSim will do."""
        return self.method.unit and self.encoding.lossless and not self.dims

    @property
    def exact(self) -> bool:
        """Whether its score is the model's own MaxSim, to the rounding of its floats."""
        return self.method.name == "full" and self.plain

    @property
    def dims(self) -> int:
        """Numbers kept of each vector; 0: all."""
        return int(self.values["dims"])

    def cost(self, vectors: int, dim: int) -> Cost:
        """The most a page of so many vectors of ``dim`` numbers comes to."""
        k = self.method.most(vectors, self.values)
        stored = self.encoding.size(k, self._stored_dim(dim), self.values)
        return Cost(min(k, int(self.values["centroids"])) if self.encoding.regroup else k, stored)

    def layout(self, dim: int) -> tuple[int, str]:
        """Numbers in a stored row of vectors of ``dim`` numbers, and their numpy dtype.

        `ValueError` where vectors have fewer numbers than are to be kept.
        """
        if self.dims > dim:
            raise ValueError(f"vectors of {dim} numbers cannot be reduced to {self.dims}")
        dtype = self.encoding.stored
        return self.encoding.size(1, self._stored_dim(dim), self.values) // np.dtype(dtype).itemsize, dtype

    def blank(self, dim: int) -> State:
        """The state for vectors of ``dim`` numbers of a representation that does not need to see pages to be fitted."""
        if self.needs_fit:
            raise ValueError(f"'{self}' learns from pages; it needs some to be fitted on")
        nowhere = Geometry(np.zeros((1, 4), np.float32), None, np.full(1, -1, np.int32))
        return self.fit([PageEmbedding(np.eye(1, dim, dtype=np.float32), nowhere)])

    def fit(self, pages: Sequence[PageEmbedding]) -> State:
        """Learn from a sample of pages what deriving and scoring need; the same pages in order give the same state.

        `ValueError` without a page. At most `SAMPLE` vectors are looked at, evenly from all pages.
        """
        if not pages:
            raise ValueError(f"'{self}' needs at least one page to be fitted on")
        dim = pages[0].vectors.shape[1]
        self.layout(dim)
        share = max(1, SAMPLE // len(pages))
        seen = [_evenly(page.vectors, share) for page in pages] if self.method.learns else [pages[0].vectors]
        method = self.method.fit(np.asarray(np.concatenate(seen), np.float32), self.values)
        state = _named("method", method)
        state["dim"] = np.asarray(dim, np.int64)
        looking = pages if self._encoding_learns else pages[:1]
        share = max(1, SAMPLE // len(looking))
        sample = np.concatenate([_evenly(self._chosen(page, method), share) for page in looking])
        if self.dims:
            reduced = (pca_fit if self.values["reduce"] == "pca" else truncate_fit)(sample, self.values)
            state |= _named("reduce", reduced)
            sample = reduce_unit(sample, reduced, self.dims)
        return state | _named("encoding", self.encoding.fit(sample, self.values))

    def derive(self, page: PageEmbedding, state: State) -> Derived:
        """A page as stored. `ValueError` for a page without vectors, or of another dimension than was fitted."""
        if not len(page.vectors):
            raise ValueError("a page without vectors cannot be stored")
        self._check(page.vectors.shape[1], state)
        chosen = self.method.derive(page, _of("method", state), self.values)
        vectors = chosen.vectors
        if self.dims:
            vectors = reduce_unit(vectors, _of("reduce", state), self.dims)
        encoding, values = _of("encoding", state), self._encoding_values(state)
        groups = chosen.groups
        if self.encoding.regroup:
            inner = self.encoding.regroup(vectors, encoding, values)
            groups = tuple(np.unique(np.concatenate([groups[i] for i in members])) for members in inner)
        return Derived(self.encoding.encode(vectors, encoding, values), groups, chosen.note)

    def decode(self, rows: Rows, state: State) -> Float:
        """The vectors that a page's rows stand for, one to a group: ``(k, d') float32``; `query` is their match."""
        return self.encoding.decode(rows, _of("encoding", state), self._encoding_values(state))

    def query(self, vectors: Float, weights: Float, state: State) -> tuple[Float, Float]:
        """A query ``(m, d)`` with weights ``(m,)`` as it is compared with decoded vectors."""
        self._check(vectors.shape[1], state)
        query, weights = self.method.query(vectors, weights, _of("method", state), self.values)
        # Not scaled to length 1: what a query vector loses here is what it could never have matched.
        query = reduce(query, _of("reduce", state), self.dims) if self.dims else query
        return self.encoding.query(query, _of("encoding", state), self._encoding_values(state)), weights

    def asked(self, vectors: Float, weights: Float, state: State) -> tuple[Float, Float]:
        """A query as pages are scored for it: `query`, or, where a page is one lossless vector, a single vector."""
        query, weights = self.query(vectors, np.asarray(weights, np.float32), state)
        if self.encoding.lossless and self.single:  # without a maximum the sum can come first
            return np.asarray(weights[None] @ query, np.float32), np.ones(1, np.float32)
        return query, weights

    def score(
        self,
        vectors: Float,
        weights: Float,
        flat: Rows,
        starts: ArrayLike,
        lengths: ArrayLike,
        state: State,
        most: int = 0,
    ) -> Float:
        """The score of every page for a query: ``(pages,) float32``; page i is ``flat[starts[i]:][:lengths[i]]``.

        ``vectors (m, d) float32`` and ``weights (m,)`` are the query's own. Rows are decoded a block at a time, so
        memory does not grow with the number of pages. ``most`` as in `maxsim_of_ranges`.
        """
        query, weights = self.asked(vectors, weights, state)
        at, count = np.asarray(starts, np.int64), np.asarray(lengths, np.int64)
        if self.encoding.lossless:
            return maxsim_of_ranges(query, flat, at, count, weights, most)
        inner, values = _of("encoding", state), self._encoding_values(state)
        if self.encoding.score:
            return self.encoding.score(query, weights, flat, at, count, inner, values)
        scores = np.zeros(len(at), np.float32)
        order = np.argsort(at, kind="stable")
        for block in _blocks(count[order], BLOCK_NUMBERS // int(values["dim"])):
            pages = order[block]
            ends = np.cumsum(count[pages])
            decoded = self.encoding.decode(_gathered(flat, at[pages], count[pages]), inner, values)
            scores[pages] = maxsim_of_ranges(query, decoded, ends - count[pages], count[pages], weights)
        return scores

    @property
    def _encoding_learns(self) -> bool:
        return self.encoding.needs_fit or (bool(self.dims) and self.values["reduce"] == "pca")

    def _chosen(self, page: PageEmbedding, method: State) -> Float:
        return self.method.derive(page, method, self.values).vectors

    def _stored_dim(self, dim: int) -> int:
        return self.dims or self.method.dim(dim, self.values)

    def _encoding_values(self, state: State) -> Values:
        return {**self.values, "dim": self._stored_dim(int(state["dim"]))}

    def _check(self, dim: int, state: State) -> None:
        if dim != int(state["dim"]):
            raise ValueError(f"'{self}' was fitted on vectors of {int(state['dim'])} numbers, not of {dim}")


@dataclass(frozen=True, slots=True)
class FittedIndex:
    """A representation with what it was fitted to: all that storing and scoring pages take."""

    representation: Representation
    state: State

    def derive(self, page: PageEmbedding) -> Derived:
        """A page as stored; see `Representation.derive`."""
        return self.representation.derive(page, self.state)

    def decode(self, rows: Rows) -> Float:
        """The vectors that a page's rows stand for; see `Representation.decode`."""
        return self.representation.decode(rows, self.state)

    def query(self, vectors: Float, weights: Float) -> tuple[Float, Float]:
        """A query as it is compared with decoded vectors; see `Representation.query`."""
        return self.representation.query(vectors, weights, self.state)

    def asked(self, vectors: Float, weights: Float) -> tuple[Float, Float]:
        """A query as pages are scored for it; see `Representation.asked`."""
        return self.representation.asked(vectors, weights, self.state)

    def score(
        self, vectors: Float, weights: Float, flat: Rows, starts: ArrayLike, lengths: ArrayLike, most: int = 0
    ) -> Float:
        """The score of every page for a query; see `Representation.score`."""
        return self.representation.score(vectors, weights, flat, starts, lengths, self.state, most)

    @property
    def learnt(self) -> bool:
        """Whether the state holds more than the dimension of vectors, and so has to be kept with what it made."""
        return set(self.state) != {"dim"}


def options_of(method: Method, encoding: Encoding) -> dict[str, Option]:
    """All options of a method stored in an encoding."""
    return {**method.options, **COMMON, **encoding.options}


def _written(value: Value) -> str:
    """A value as a person writes it: a number that is whole without a point, whatever its type."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not (key and equals and value):
            raise ValueError(f"'{part}' is not an option; write one as factor=4")
        pairs[key] = value
    return pairs


def _named(part: str, state: State) -> dict[str, NDArray[np.generic]]:
    return {f"{part}.{key}": array for key, array in state.items()}


def _of(part: str, state: State) -> State:
    return {key.partition(".")[2]: array for key, array in state.items() if key.startswith(f"{part}.")}


def _evenly(vectors: Float, most: int) -> Float:
    return vectors if len(vectors) <= most else vectors[np.arange(most) * len(vectors) // most]


def _gathered(flat: Rows, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> Rows:
    """The rows of pages one after the other; not copied where they lie so."""
    if (starts[1:] == (starts + lengths)[:-1]).all():
        return flat[starts[0] : starts[-1] + lengths[-1]]
    return np.concatenate([flat[a : a + n] for a, n in zip(starts, lengths, strict=True)])


def _blocks(lengths: NDArray[np.int64], most: int) -> list[slice]:
    """Consecutive pages of at most so many rows together; a page that alone has more is a block of its own."""
    blocks, first, rows = [], 0, 0
    for i, length in enumerate(lengths.tolist()):
        if rows and rows + length > most:
            blocks.append(slice(first, i))
            first, rows = i, 0
        rows += length
    return [*blocks, slice(first, len(lengths))] if len(lengths) else []
