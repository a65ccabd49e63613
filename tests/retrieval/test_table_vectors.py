"""A collection too large to have its full vectors twice gives the same lists, in every stage that reads them."""

import numpy as np
import pytest

from tests.retrieval.arrays import Models
from tests.store.make import DIM, collection, put, record
from workbench.retrieval import Encoded, search_stages
from workbench.retrieval.pipeline import Pipeline
from workbench.store import Collection, Writer
from workbench.store.table_vectors import TableVectors
from workbench.types import QueryEmbedding

PAGES = 150
EMBEDDING = QueryEmbedding("q", np.eye(DIM, dtype=np.float32)[:3], ("a", "b", "c"), np.ones(3, np.float32), "all")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = collection(tmp_path_factory.mktemp("table"), indexes=("global", "rows"))
    with Writer(made) as writer:
        put(writer, record("whales", PAGES), batch=50)
        writer.finish()
    return made


def search(store, pipeline):
    *_, result = search_stages(store, "q", Pipeline.parse(pipeline), Models(lambda *_: Encoded(EMBEDDING)))
    return result


def told(result):
    stages = [(s.name, s.vectors_compared, s.bytes_read, s.scored) for s in result.trace.stages]
    return [(hit.ref, hit.score, hit.stages) for hit in result.hits], stages, result.notes


@pytest.mark.parametrize(
    "pipeline",
    [
        "full:7",
        "rows:60 > full:10",
        "rows:60 > full[prune=safe]:10",
        "global:50 > prf(full):10",
        "xtr(full):10",
        "full[engine=lance]:5",
        "full[query=mean]:5",
        "refine(full):10",
    ],
)
def test_every_stage_gives_the_same_list(store, monkeypatch, pipeline):
    before = told(search(store, pipeline))
    monkeypatch.setenv("PAGELENS_COPY_MB", "0")
    again = Collection(store.path)
    again.space().drop_needless()
    assert isinstance(again.space().vectors("full"), TableVectors)
    assert told(search(again, pipeline)) == before
    again.close()
