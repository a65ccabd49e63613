"""A collection held in plain arrays, from first principles: what the engine asks of the store."""

from types import SimpleNamespace

import numpy as np

from workbench.pooling import pool
from workbench.representations import METHODS, SHORT, FittedIndex, Representation
from workbench.retrieval import Encoded, search_stages
from workbench.retrieval.pipeline import Pipeline
from workbench.store.directory import PageDirectory
from workbench.store.inverted_lists import build
from workbench.store.page_ids import PageIds
from workbench.store.snapshot import Snapshot
from workbench.store.vector_cache import FlatVectors
from workbench.types import Geometry, PageEmbedding, PageRef, QueryEmbedding

DIM = 8
INDEXES = ("global", "rows", "conv", "tiles", "full")
OTHERS = tuple(str(Representation.of_stage(name, {})) for name in (*METHODS, *SHORT) if name not in INDEXES)


def unit(rng, n):
    vectors = rng.normal(size=(n, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Arrays:
    """A collection in memory: what the engine asks of the store, from first principles."""

    name, encoder, indexes, kind, primary = "arrays", "random", (*INDEXES, *OTHERS), "words", True
    rounds = 0

    def __init__(self, pages, lexical, others=()):
        self.pages = pages  # page id -> (ref, PageEmbedding)
        self.lexical = lexical  # page id -> BM25 score
        self.others = dict(others)  # encoder id -> Arrays
        self.info = SimpleNamespace(kind=self.kind)
        self.words = self
        self._vectors = {}
        self._fitted = {}

    @property
    def encoders(self):
        return (self.encoder, *self.others)

    def space(self, encoder=""):
        return self if encoder in ("", self.encoder) else self.others[encoder]

    def snapshot(self):
        ordered = sorted((ref.document, ref.page, page) for page, (ref, _) in self.pages.items())
        return Snapshot(self, self, PageDirectory.of(1, {page: self.pages[page][0] for _, _, page in ordered}))

    def postings(self):
        """None, so that `bm25` is asked."""

    def vectors(self, index):
        if index not in self._vectors:
            self._vectors[index] = self._made(index)
        return self._vectors[index]

    def _made(self, index):
        ids = list(self.pages)
        parts = [self.pages[i][1] for i in ids]
        if index == "full":
            arrays = [part.vectors for part in parts]
        elif index in INDEXES:
            arrays = [pool(part, index).vectors for part in parts]
        else:
            arrays = [self.fitted(index).derive(part).rows for part in parts]
        lengths = np.array([len(a) for a in arrays], np.int64)
        width, dtype = Representation.parse(index).layout(DIM)
        flat = np.concatenate(arrays) if arrays else np.zeros((0, width), dtype)
        return FlatVectors(flat, PageIds.of(ids), np.cumsum(lengths) - lengths, lengths)

    mapped = vectors

    def inverted_lists(self, index):
        held = self.vectors(index)
        return build(held.flat, held.page_ids, held.starts, held.lengths), False

    def frequency(self, word):
        return len(word) % 5

    def fitted(self, index):
        if index not in self._fitted:
            representation = Representation.parse(index)
            nowhere = Geometry(np.zeros((1, 4), np.float32), None, np.full(1, -1, np.int32))
            blank = PageEmbedding(np.eye(1, DIM, dtype=np.float32), nowhere)
            state = representation.fit([page for _, page in self.pages.values()] or [blank])
            self._fitted[index] = FittedIndex(representation, state)
        return self._fitted[index]

    def bm25(self, query, limit):
        return sorted(self.lexical.items(), key=lambda item: -item[1])[:limit]

    def texts(self, ids):
        return {page: self.picture(page) for page in ids}

    def picture(self, page):
        return str(self.lexical.get(page, 0))

    def page_ids(self, where):
        return [i for i, (ref, _) in self.pages.items() if where is None or ref.document == where]

    def matching(self, where):
        return self.page_ids(where)

    def page_count(self):
        return len(self.pages)

    def refs(self, ids):
        return {i: self.pages[i][0] for i in ids if i in self.pages}


def collection(seed, pages, shuffle=None):
    rng = np.random.default_rng(seed)
    made = {}
    for n in range(pages):
        count = int(rng.integers(1, 30))
        boxes = np.sort(rng.uniform(size=(count, 2, 2)), axis=1).reshape(count, 4).astype(np.float32)
        geometry = Geometry(boxes, None, np.full(count, -1, np.int32))
        made[f"p{n}"] = (PageRef(f"d{n % 3}.pdf", n + 1), PageEmbedding(unit(rng, count), geometry))
    lexical = {f"p{n}": float(rng.uniform(1, 9)) for n in range(pages) if rng.uniform() < 0.6}
    order = list(made)
    if shuffle is not None:
        np.random.default_rng(shuffle).shuffle(order)
    return Arrays({page: made[page] for page in order}, lexical)


def encoder(seed, tokens=4):
    rng = np.random.default_rng(seed + 1)
    weights = rng.uniform(0.2, 1.0, tokens).astype(np.float32)
    embedding = QueryEmbedding("q", unit(rng, tokens), tuple("abcd"[:tokens]), weights, "test")
    return lambda encoder_id, text: Encoded(embedding)


class Reranker:
    """Scores a page by the number that is its text, whatever the query."""

    info, device = SimpleNamespace(id="numbers", reads=True, sees=True), SimpleNamespace(name="cpu")

    def texts(self, query, texts):
        return np.array([float(text) for text in texts], np.float32)

    pictures = texts


def rerankers(model):
    return Reranker(), False


class Models:
    """What embeds queries, and what gives rerankers."""

    def __init__(self, encode, reranker=rerankers):
        self.encode, self.reranker = encode, reranker


def run(arrays, pipeline, seed, where=None, text="q", encode=None, rerankers=rerankers):
    made = Pipeline.parse(pipeline)
    *_, last = search_stages(arrays, text, made, Models(encode or encoder(seed), rerankers), where)
    return last


def order(result):
    return [hit.page_id for hit in result.hits]
