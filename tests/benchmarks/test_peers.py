"""Other systems over made-up pages: those that promise exact MaxSim must find what the definition says."""

import numpy as np
import pytest

from benchmarks.corpus import Corpus, EncodedQuery, read_corpus, text_index_bytes
from benchmarks.peers import PEERS, PeerSpec, compare
from benchmarks.peers.compare import self_contained, shared_with
from tests.benchmarks.books import TOPICS
from workbench.evaluation import Dataset, Question
from workbench.maxsim import maxsim_reference
from workbench.pooling import NO_DIRECTION
from workbench.types import QueryEmbedding, Ragged

pytestmark = pytest.mark.slow

PAGES, DIM = 40, 16
RNG = np.random.default_rng(7)
SUBJECTS = ["kettle", "bridge", "anchor", "lantern", "wire", "harbour", "garden", "engine"]


def unit(n):
    vectors = RNG.standard_normal((n, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def ragged(lengths):
    return Ragged(unit(int(np.sum(lengths))), np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))


@pytest.fixture(scope="module")
def corpus():
    refs = tuple(f"book.pdf#page={number + 1}" for number in range(PAGES))
    texts = tuple(f"page about the {SUBJECTS[i % 8]} number{i}" for i in range(PAGES))
    return Corpus(refs, ragged(RNG.integers(3, 30, PAGES)), ragged(np.full(PAGES, 4)), unit(PAGES), texts)


def question(text="kettle", m=6, weights=None):
    weights = np.ones(m, np.float32) if weights is None else np.asarray(weights, np.float32)
    return EncodedQuery(text, QueryEmbedding(text, unit(m), ("token",) * m, weights, "all"))


def by_definition(corpus, asked, k=10):
    scores = maxsim_reference(asked.embedding.vectors, corpus.full, asked.embedding.weights)
    return [corpus.refs[i] for i in np.argsort(-scores, kind="stable")[:k]]


@pytest.mark.parametrize("name", [name for name, spec in PEERS.items() if spec.exact])
def test_exact_peers_order_pages_as_the_definition_does(name, corpus, tmp_path):
    peer = PEERS[name].build(corpus, tmp_path)
    try:
        for weights in (None, [2.0, 0.5, 1.0, 1.0, 3.0, 0.25]):
            asked = question(weights=weights)
            assert list(peer.search(asked, 10)) == by_definition(corpus, asked)
        assert peer.bytes >= corpus.full.flat.nbytes
    finally:
        peer.close()


def test_a_prefetch_of_everything_is_exact(corpus, tmp_path):
    peer = PEERS["qdrant-two-stage"].build(corpus, tmp_path)  # 256 is more than there are pages
    asked = question()
    assert list(peer.search(asked, 10)) == by_definition(corpus, asked)
    assert peer.bytes == corpus.full.flat.nbytes + corpus.rows.flat.nbytes
    peer.close()


def test_one_vector_a_page_is_ranked_by_its_product_with_the_mean(corpus, tmp_path):
    peer, asked = PEERS["faiss"].build(corpus, tmp_path), question()
    best = np.argsort(-(corpus.single @ asked.mean), kind="stable")[:10]
    assert list(peer.search(asked, 10)) == [corpus.refs[i] for i in best]
    assert np.linalg.norm(asked.mean) == pytest.approx(1, abs=NO_DIRECTION * 10)


def test_words_find_the_pages_that_have_them(corpus, tmp_path):
    peer = PEERS["bm25s"].build(corpus, tmp_path)
    there = {f"book.pdf#page={i + 1}" for i in range(PAGES) if SUBJECTS[i % 8] == "anchor"}
    assert set(peer.search(question("anchor"), 10)) == there
    assert list(peer.search(question("number7"), 10)) == ["book.pdf#page=8"]
    assert list(peer.search(question("zeppelin"), 10)) == []
    assert peer.bytes > 0


def test_every_peer_gives_no_more_than_it_was_asked_for(corpus, tmp_path):
    for name, spec in PEERS.items():
        if name == "lancedb-ivfpq":  # its training wants more vectors than there are here
            continue
        (tmp_path / name).mkdir()
        peer = spec.build(corpus, tmp_path / name)
        found = list(peer.search(question(), 3))
        assert len(found) == len(set(found)) <= 3, name
        peer.close()


def test_what_is_shared_with_the_exact_answer():
    assert shared_with({"a": ["1", "2"], "b": ["3"]}, {"a": ["2", "9"], "b": ["3"]}) == 0.75
    assert shared_with({"a": ["1"]}, {"a": []}) == 0.0


def test_only_questions_that_stand_alone_are_asked_of_all_pages():
    tagged = [
        Question("a", "x", tags={"self_contained": ("true",)}),
        Question("b", "y", tags={"self_contained": ("false",)}),
    ]
    plain = [Question("a", "x"), Question("b", "y")]
    assert [q.id for q in self_contained(Dataset("d", None, tuple(tagged), {}))] == ["a"]
    assert [q.id for q in self_contained(Dataset("d", None, tuple(plain), {}))] == ["a", "b"]


# -- over a real collection -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def indexed(workbench):
    queries = tuple(Question(f"q{i}", topic) for i, topic in enumerate(TOPICS[:6]))
    qrels = {query.id: {f"metal.pdf#page={4 + i}": 1} for i, query in enumerate(queries)}
    return workbench, Dataset("metal", workbench.settings.home, queries, qrels)


def test_a_corpus_is_what_the_collection_holds(indexed):
    workbench, _ = indexed
    corpus = read_corpus(workbench, "metal")
    info = workbench.library.info("metal")
    assert len(corpus) == info.pages == len(corpus.full) == len(corpus.rows) == len(corpus.single) == len(corpus.texts)
    assert {index.name: index.vectors for index in info.indexes}["full"] == len(corpus.full.flat)
    assert "copper wire" in corpus.texts[corpus.refs.index("metal.pdf#page=4")]
    assert text_index_bytes(workbench, "metal") > 0


def test_systems_stand_side_by_side(indexed, monkeypatch):
    workbench, dataset = indexed

    monkeypatch.setitem(PEERS, "absent", PeerSpec("absent", "never there", "no-such-package", "nowhere:nothing"))
    monkeypatch.setitem(PEERS, "broken", PeerSpec("broken", "cannot be built", "numpy", "numpy:no_such_thing"))
    report = compare(workbench, "metal", dataset, ["exact", "text"], ["colpali-engine", "absent", "broken"], repeats=2)
    rows = {row.name: row for row in report.rows}
    assert list(rows) == ["pagelens exact", "pagelens text", "colpali-engine", "absent", "broken"]
    exact, peer = rows["pagelens exact"], rows["colpali-engine"]
    assert exact.shared == 1.0
    assert peer.shared > 0.9  # equal scores may fall differently at the tenth place
    assert peer.measures == exact.measures
    assert (peer.search.count, exact.search.count) == (12, 12)
    assert peer.bytes == 2 * exact.bytes  # float32 against float16
    assert rows["pagelens text"].bytes > 0
    assert rows["absent"].note == "not installed: pip install no-such-package"
    assert rows["broken"].note.startswith("failed: AttributeError")
    assert rows["broken"].measures is None
