"""Pages kept out of search without being deleted: no stage finds them, counts are right, and they come back whole."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.retrieval.arrays import Models
from tests.store.make import DIM, collection, item, library, put, record, unit
from workbench.analysis.diagnosis import diagnose
from workbench.errors import NotFoundError, StoreError
from workbench.retrieval import Encoded, Pipeline, search_stages
from workbench.store import Collection
from workbench.store.checks import problems
from workbench.store.writer import Writer
from workbench.types import PageRef, Query, QueryEmbedding
from workbench.types.filters import FieldTest

REPORT, NOTES = record("report", 5), record("notes", 4)
PIPELINES = (
    "full:9",
    "full[engine=lance]:9",
    "rows[engine=lance]:9 > full:9",
    "bm25:9",
    "global:9 > rows:9 > full:9",
    "rrf(bm25, rows):9 > full:9",
    "sum(bm25, conv):9",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = collection(tmp_path_factory.mktemp("home"))
    with Writer(made) as writer:
        for document in (REPORT, NOTES):
            put(writer, document)
        writer.finish()
    return made


@pytest.fixture
def clean(store):
    yield store
    for entry in store.quarantine().entries.values():
        store.release(entry.document, entry.page)


def encode(_encoder, query):
    import numpy as np

    vectors = unit(np.random.default_rng(5), 3)
    return Encoded(QueryEmbedding(str(query), vectors, ("a", "b", "c"), np.ones(3, np.float32), "test"))


def found(store, pipeline, where=None, query="page number about"):
    *_, result = search_stages(store, query, Pipeline.parse(pipeline), Models(encode), where)
    return result


def refs(result):
    return [str(hit.ref) for hit in result.hits]


PAGES = [PageRef(d.name, n) for d in (REPORT, NOTES) for n in range(1, d.pages + 1)]


@given(st.sets(st.sampled_from(PAGES), max_size=8), st.booleans())
@settings(max_examples=12)
def test_every_stage_leaves_them_out_and_orders_the_rest_as_before(store, away, filtered):
    where = FieldTest("document", "=", "report.pdf") if filtered else None
    before = {pipeline: found(store, pipeline, where) for pipeline in PIPELINES}
    for page in away:
        store.put_away(page.document, page.page, "for a test")
    try:
        names = {str(page) for page in away}
        for pipeline, whole in before.items():
            now = found(store, pipeline, where)
            if not pipeline.startswith(("rrf", "sum")):  # a fusion's order depends on who else is ranked
                assert refs(now) == [ref for ref in refs(whole) if ref not in names]
            assert set(refs(now)) == set(refs(whole)) - names
            assert [hit.rank for hit in now.hits] == list(range(1, len(now.hits) + 1))
            assert all(stage.candidates_out <= 9 - len(away) for stage in now.trace.stages if not stage.encoding)
        first = found(store, "full:9")
        scored = next(stage for stage in first.trace.stages if stage.name == "full")
        assert scored.candidates_in == scored.candidates_out == 9 - len(away)
        info = store.info()
        assert (info.pages, info.quarantined, store.page_count()) == (9, len(away), 9 - len(away))
        assert problems(store) == []
    finally:
        for page in away:
            store.release(page.document, page.page)
    for pipeline, whole in before.items():
        assert refs(found(store, pipeline, where)) == refs(whole)


def test_bm25_still_fills_its_places(clean):
    best = refs(found(clean, "bm25:3"))
    clean.put_away(*_parts(best[0]))
    after = refs(found(clean, "bm25:3"))
    assert len(after) == 3 and best[0] not in after  # the fourth best moved up: three were asked for


def test_why_says_so_and_since_when(clean):
    ref = PageRef("notes.pdf", 2)
    entry = clean.put_away("notes.pdf", 2, "made to be found.")
    verdict = diagnose(clean, Query.of("page"), ref, Pipeline.parse("full:9"), Models(encode))
    assert (verdict.verdict, verdict.stage) == ("quarantined", "quarantine")
    assert "made to be found" in verdict.reason and entry.since[:10] in verdict.reason
    # Before the filter: releasing it is what helps first.
    assert (
        diagnose(clean, Query.of("page"), ref, Pipeline.parse("full:9"), Models(encode), "page = 99").verdict
        == "quarantined"
    )
    assert clean.page(ref).ref == ref and clean.image_path(clean.page(ref).page_id, "page").is_file()
    clean.release("notes.pdf", 2)
    assert diagnose(clean, Query.of("page"), ref, Pipeline.parse("full:9"), Models(encode)).verdict == "found"


def test_a_whole_document_goes_and_comes_back(clean):
    clean.put_away("notes.pdf", 0, "an old draft")
    assert all(ref.startswith("report.pdf") for ref in refs(found(clean, "bm25:9")) + refs(found(clean, "full:9")))
    assert clean.info().quarantined == 4
    verdict = diagnose(clean, Query.of("page"), PageRef("notes.pdf", 1), Pipeline.parse("full:9"), Models(encode))
    assert verdict.verdict == "quarantined" and "All of 'notes.pdf'" in verdict.reason
    with pytest.raises(NotFoundError, match="as a whole"):
        clean.release("notes.pdf", 1)
    clean.release("notes.pdf", 0)
    assert clean.info().quarantined == 0


def test_another_handle_and_a_new_one_see_it_at_once(clean):
    other = Collection(clean.path)
    assert len(found(other, "full:9").hits) == 9
    clean.put_away("report.pdf", 3)
    assert len(found(other, "full:9").hits) == len(found(Collection(clean.path), "full:9").hits) == 8
    other.release("report.pdf", 3)
    assert len(found(clean, "full:9").hits) == 9


def test_it_survives_the_same_bytes_and_leaves_other_versions_alone(tmp_path):
    store = collection(tmp_path)
    with Writer(store) as writer:
        put(writer, REPORT)
        writer.finish()
    store.put_away("report.pdf", 2, "poison")
    with Writer(store) as writer:
        writer.delete_document("report.pdf")
        writer.finish()
    assert store.info().quarantined == 0 and store.quarantine().entries
    with Writer(store) as writer:
        put(writer, record("report", 5, name="renamed.pdf"))  # the same bytes by another name
        writer.finish()
    assert "renamed.pdf#page=2" not in refs(found(store, "full:9"))
    assert store.info().quarantined == 1
    store.release("renamed.pdf", 2)
    assert "renamed.pdf#page=2" in refs(found(store, "full:9"))
    store.put_away("renamed.pdf", 2)
    newer = record("report, second edition", 5, name="renamed.pdf", source="/files/renamed.pdf")
    with Writer(store) as writer:
        put(writer, newer)
        writer.finish()
    assert "renamed.pdf#page=2" in refs(found(store, "full:9"))
    store.release("renamed.pdf", 2)  # an entry of what is not there any more goes by the name it had
    assert not store.quarantine()


def test_nothing_is_put_away_twice_or_by_mistake(clean):
    for document, page in (("report.pdf", 9), ("nothing.pdf", 1), ("nothing.pdf", 0)):
        with pytest.raises(NotFoundError):
            clean.put_away(document, page)
        with pytest.raises(NotFoundError, match="not in the quarantine"):
            clean.release(document, page)
    clean.put_away("report.pdf", 1, "first")
    clean.put_away("report.pdf", 1, "second")
    assert [entry.reason for entry in clean.quarantine().entries.values()] == ["second"]


def test_a_page_kept_out_is_still_embedded_and_compacted(tmp_path):
    store = collection(tmp_path)
    with Writer(store) as writer:
        put(writer, REPORT)
        writer.finish()
    store.put_away("report.pdf", 4)
    with Writer(store) as writer:
        writer.upkeep.compact()
    with Writer(store) as writer:
        assert writer.indexes.add_index("", "rows[most=2]") == 5
    assert len(found(store, "full:9").hits) == 4
    store.release("report.pdf", 4)
    assert len(found(store, "rows[most=2]:9").hits) == 5
    expected = item(REPORT, 4)[1].vectors
    assert store.space().page_embedding(store.page(PageRef("report.pdf", 4)).page_id).vectors.shape[1] == DIM
    assert store.space().counts("full")[store.page(PageRef("report.pdf", 4)).page_id] == len(expected)


def test_a_damaged_list_opens_no_door(tmp_path):
    store = collection(tmp_path, "notes")
    (store.path / "quarantine.json").write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match=r"mend or delete .*quarantine\.json"):
        found(store, "full:9")
    (store.path / "quarantine.json").write_text(json.dumps({"a:1": {"document": "a"}}), encoding="utf-8")
    with pytest.raises(StoreError):
        library(tmp_path).open("notes").page_ids(None)


def _parts(ref):
    parsed = PageRef.parse(ref)
    return parsed.document, parsed.page
