"""Indexes that are encoded, fitted or drawn by lot: added from stored vectors, kept with what they learnt, searched."""

import numpy as np
import pytest

from tests.retrieval.arrays import Models
from tests.store.make import DIM, INFO, collection, library, put, record
from workbench.errors import InputError, StoreError
from workbench.representations import FittedIndex, Representation
from workbench.settings import CollectionSettings
from workbench.store.checks import problems
from workbench.store.manifest import SpaceRecord
from workbench.store.writer import Writer

NAMES = (
    "binary",
    "codes",
    "ward[factor=2,dtype=int8]",
    "fde[repeats=2,bits=2]",
    "lemur[features=8,samples=64]",
    "full[dims=4]",
    "rows[most=2,dtype=residual,centroids=8]",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = collection(tmp_path_factory.mktemp("forms"))
    with Writer(made) as writer:
        put(writer, record("whales", 4))
        for name in NAMES:
            assert writer.indexes.add_index("", name) == 4
        put(writer, record("bread", 3))  # after the indexes were fitted
        writer.finish()
    return made


def full_pages(store):
    return {page: store.space().page_embedding(page) for page in store.page_ids(None)}


@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_stored_in_the_form_that_was_fitted(store, name):
    space, canonical = store.space(), str(Representation.parse(name))
    fitted, vectors, index = space.fitted(canonical), space.vectors(canonical), space.index(canonical)
    assert (vectors.flat.shape[1], vectors.flat.dtype.name) == (index.dim, index.dtype)
    assert len(vectors.page_ids) == 7
    pages = full_pages(store)
    for page, start, length in zip(vectors.page_ids, vectors.starts, vectors.lengths, strict=True):
        rows, expected = vectors.flat[start : start + length], fitted.derive(pages[page]).rows
        if page.startswith(record("whales", 4).content_hash[:32]):
            np.testing.assert_array_equal(rows, expected)
        else:  # made before full vectors were rounded to half precision, which now and then turns a bit
            assert rows.shape == expected.shape
            assert np.isclose(rows.astype(float), expected.astype(float), atol=2e-3).mean() > 0.9


@pytest.mark.parametrize("name", NAMES)
def test_another_process_scores_alike(store, name):
    from workbench.store import Collection

    query, weights = np.eye(DIM, dtype=np.float32)[:3], np.asarray([1, 2, 0.5], np.float32)
    scores = []
    for reader in (store, Collection(store.path)):
        space, canonical = reader.space(), str(Representation.parse(name))
        held = space.vectors(canonical)
        scores.append(space.fitted(canonical).score(query, weights, held.flat, held.starts, held.lengths))
    np.testing.assert_array_equal(*scores)
    assert np.ptp(scores[0]) > 0


def test_fitting_looks_at_the_stored_pages(store):
    representation = Representation.parse("full[dims=4]")
    first = [page for page in store.page_ids(None) if page.startswith(record("whales", 4).content_hash[:32])]
    expected = representation.fit([store.space().page_embedding(page) for page in sorted(first)])
    state = store.space().fitted("full[dims=4]").state
    np.testing.assert_array_equal(state["reduce.axes"], expected["reduce.axes"])


def test_sizes_are_those_of_the_rows(store):
    (space,) = store.info().spaces
    indexes = {index.name: index for index in space.indexes}
    assert indexes["full[dtype=codes]"].vectors == 7
    assert (indexes["full[dtype=codes]"].dim, indexes["full[dtype=codes]"].dtype) == (32, "uint8")
    assert indexes["full[dtype=bits]"].dim == -(-DIM // 8)
    assert problems(store) == []


def test_what_an_index_learnt_goes_with_it_and_its_loss_is_said(tmp_path):
    made = collection(tmp_path)
    with Writer(made) as writer:
        put(writer, record("whales", 2))
        writer.indexes.add_index("", "codes")
    (kept,) = (made.path / "forms").iterdir()
    (made.path / "forms" / "stray__words__0.npz").write_bytes(b"")
    with Writer(made):
        assert list((made.path / "forms").iterdir()) == [kept]
    kept.unlink()
    made.close()
    with pytest.raises(StoreError, match="What index 'full\\[dtype=codes\\]' was fitted to is lost"):
        made.space().fitted("full[dtype=codes]")


def test_refusals(tmp_path):
    for name in ("codes", "fde", "lemur", "full[dims=4]"):
        with pytest.raises(InputError, match="can only be added to a collection that is there"):
            library(tmp_path).create("new", CollectionSettings(indexes=("rows", name)), INFO)
    made = collection(tmp_path)
    with Writer(made) as writer:
        with pytest.raises(InputError, match="learns from pages, and 'notes' has none yet"):
            writer.indexes.add_index("", "codes")
        with pytest.raises(InputError, match="There is no index 'wart'"):
            writer.indexes.add_index("", "wart")
        put(writer, record("whales", 1))
        with pytest.raises(InputError, match=r"cannot be reduced to 999"):
            writer.indexes.add_index("", "full[dims=999]")
        writer.indexes.add_index("", "binary")
        with pytest.raises(InputError, match=r"has the index 'full\[dtype=bits\]' in 'notes' already"):
            writer.indexes.add_index("", "full[dtype=bits]")


def test_an_encoded_index_may_be_there_from_the_start():
    record_ = SpaceRecord.of(INFO, ("rows", "binary", "ward"))
    assert [index.name for index in record_.indexes] == ["rows", "full[dtype=bits]", "ward", "full"]
    assert [index.dtype for index in record_.indexes] == ["float16", "uint8", "float16", "float16"]
    assert not any(FittedIndex(r, r.blank(DIM)).learnt for r in map(Representation.parse, ("rows", "binary", "ward")))


@pytest.mark.parametrize("name", NAMES)
def test_a_pipeline_searches_it_and_reranks_to_the_exact_score(store, name):
    from workbench.retrieval import Encoded, search_stages
    from workbench.retrieval.pipeline import Pipeline
    from workbench.types import QueryEmbedding, ScoreKind

    query = np.eye(DIM, dtype=np.float32)[:3]
    embedding = QueryEmbedding("q", query, ("a", "b", "c"), np.ones(3, np.float32), "all")
    *_, result = search_stages(store, "q", Pipeline.parse(f"{name}:7 > full:7"), Models(lambda *_: Encoded(embedding)))
    *_, exact = search_stages(store, "q", Pipeline.parse("full:7"), Models(lambda *_: Encoded(embedding)))
    assert [(hit.ref, hit.score) for hit in result.hits] == [(hit.ref, hit.score) for hit in exact.hits]
    held = store.space().vectors(str(Representation.parse(name)))
    first = next(stage for stage in result.trace.stages if stage.candidates_in == 7)
    assert first.vectors_compared == held.lengths.sum()
    assert first.bytes_read == held.flat.nbytes
    assert all(hit.stages[0].score_kind is ScoreKind.APPROXIMATE for hit in result.hits)
    scores = (
        store.space()
        .fitted(str(Representation.parse(name)))
        .score(query, embedding.weights, held.flat, held.starts, held.lengths)
    )
    expected = {store.refs([page])[page]: score for page, score in zip(held.page_ids, scores, strict=True)}
    assert {hit.ref: hit.stages[0].score for hit in result.hits} == pytest.approx(expected, rel=1e-5)


def test_what_each_index_saw_of_a_page_adds_up_to_the_score_it_gave(store):
    from workbench.analysis.explanation import explain
    from workbench.types import PageRef, QueryEmbedding

    query = QueryEmbedding(
        "q", np.eye(DIM, dtype=np.float32)[:3], ("a", "b", "c"), np.asarray([1, 2, 0.5], np.float32), "all"
    )
    views = {
        view.index: view for view in explain(store, store.page(PageRef("whales.pdf", 2)), query, query.weights).pooled
    }
    assert set(views) == set(store.space().indexes) - {"full"}
    for index, view in views.items():
        held, fitted = store.space().vectors(index), store.space().fitted(index)
        row = held.page_ids.index(store.page(PageRef("whales.pdf", 2)).page_id)
        at = held.starts[row : row + 1], held.lengths[row : row + 1]
        assert view.score == pytest.approx(fitted.score(query.vectors, query.weights, held.flat, *at)[0], abs=5e-3)
        assert view.similarities.shape == (3, len(view.boxes)) == (3, len(view.groups))
