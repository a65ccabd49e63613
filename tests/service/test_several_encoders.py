"""Several encoders through the service: real PDFs, the reader first, and encoders a test can predict beside it."""

import importlib
import json

import pytest

from tests.documents.make import TOPICS, write_pdf
from tests.encoders import fakes
from workbench import encoders
from workbench.errors import EncoderError, InputError, MismatchError, NotFoundError, PipelineError
from workbench.retrieval import PRESETS
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.store import Writer
from workbench.types import PageRef, ScoreKind

WORDS, PAGE, GRID = "fake-words", "fake.page-1", "fake-grid"


pytestmark = pytest.mark.usefixtures("fake_encoders")


@pytest.fixture(scope="module")
def bench(tmp_path_factory, fake_encoders):
    root = tmp_path_factory.mktemp("several")
    for name in ("whales.pdf", "stars.pdf"):
        write_pdf(root / "files" / name, TOPICS[name])
    work = Workbench(Settings(home=root / "home"))
    work.files = root / "files"
    work.report = work.ingestion.ingest([work.files], "both", CollectionSettings(encoder=WORDS), also=[PAGE])
    return work


def fresh(bench, home, **settings):
    work = Workbench(Settings(home=home))
    work.ingest([bench.files], "c", CollectionSettings(encoder=WORDS, **settings))
    return work


def test_files_go_in_with_the_vectors_of_all_encoders(bench):
    assert sum(document.indexed for document in bench.report.documents) == 4
    info = bench.library.info("both")
    assert [(s.encoder, s.primary, s.pages, s.missing) for s in info.spaces] == [
        (WORDS, True, 4, 0),
        (PAGE, False, 4, 0),
    ]
    assert (info.encoder, [i.name for i in info.spaces[1].indexes]) == (WORDS, ["global", "full"])


def test_one_encoder_prefetches_and_another_decides(bench):
    result = bench.search("distance by parallax.", "both", f"global@{PAGE}:3 > full:2")
    assert str(result.hits[0].ref) == "stars.pdf#page=2"
    assert [stage.name for stage in result.hits[0].stages] == [f"global@{PAGE}", "full"]
    assert [stage.score_kind for stage in result.hits[0].stages] == [ScoreKind.APPROXIMATE, ScoreKind.EXACT]
    names = [stage.name for stage in result.trace.stages]
    assert names == [f"encode@{PAGE}", f"encode@{WORDS}", f"global@{PAGE}", "full", "results"]
    again = bench.search("distance by parallax.", "both", f"rrf(bm25, full@{PAGE}):4 > full")
    assert [stage.cache_hit for stage in again.trace.stages[:2]] == [True, True]
    assert again.encoder == WORDS


def test_lancedb_agrees_for_every_encoder(bench):
    flat = bench.search("long songs", "both", f"full@{PAGE}:4")
    lance = bench.search("long songs", "both", f"full@{PAGE}[engine=lance]:4")
    assert [hit.page_id for hit in flat.hits] == [hit.page_id for hit in lance.hits]
    assert [hit.score for hit in flat.hits] == pytest.approx([hit.score for hit in lance.hits], abs=5e-3)


@pytest.mark.parametrize(
    ("pipeline", "says"),
    [
        (f"rows@{PAGE}:3 > full:2", "gives one vector a page, so it has no 'rows' index; it has global, full and bm25"),
        ("full@nobody:2", f"no vectors of encoder 'nobody'; it has those of {WORDS}, {PAGE}"),
        ("gauss:3", "has no 'gauss' index; it has global, rows, conv, tiles, full and bm25"),
    ],
)
def test_what_a_pipeline_asks_in_vain_is_one_sentence(bench, pipeline, says):
    with pytest.raises(PipelineError) as caught:
        bench.search("whale", "both", pipeline)
    assert says in str(caught.value)
    assert caught.value.position == 0


def test_an_explanation_is_by_the_encoder_that_decides(bench):
    ref = PageRef("whales.pdf", 1)
    assert bench.explain("blue whale", ref, "both").encoder == WORDS
    assert bench.explain("blue whale", ref, "both", pipeline=f"rows:4 > full@{PAGE}:2").encoder == PAGE
    single = bench.explain("blue whale", ref, "both", encoder=PAGE, pipeline="two-stage")
    assert single.similarities.shape == (2, 1)
    score = next(hit.score for hit in bench.search("blue whale", "both", f"full@{PAGE}:4").hits if hit.ref == ref)
    assert single.score == pytest.approx(score, abs=1e-5)
    verdict = bench.searches.why("blue whale", ref, "both", f"global@{PAGE}:1 > full:1")
    assert verdict.stage in (f"global@{PAGE}", "full")
    with pytest.raises(NotFoundError, match="no vectors of encoder 'nobody'"):
        bench.explain("blue whale", ref, "both", encoder="nobody")


def test_presets_fit_a_collection_of_one_vector_a_page(bench, tmp_path):
    work = Workbench(Settings(home=tmp_path))
    work.ingest([bench.files], "c", CollectionSettings(encoder=PAGE))
    exact = [hit.page_id for hit in work.search("blue whale", "c", "exact", k=4).hits]
    assert len(exact) == 4
    for preset in PRESETS:
        assert work.search("blue whale", "c", preset, k=2).hits, preset
    for preset in ("two-stage", "three-stage"):
        assert [hit.page_id for hit in work.search("blue whale", "c", preset, k=4).hits] == exact


def test_an_encoder_is_added_in_the_background_stopped_and_resumed(bench, tmp_path, monkeypatch):
    work = fresh(bench, tmp_path)
    embedding, stages, flow = (
        importlib.import_module(f"workbench.ingestion.{name}") for name in ("embed", "stages", "flow")
    )
    monkeypatch.setattr(flow, "DRAINING", 60)  # a busy machine is no reason to lose what is under way
    for module in (embedding, stages):
        monkeypatch.setattr(module, "BATCH", 1)
    plain = stages.outcomes

    def stopping(encoder, pages):
        for job in work.jobs.all():
            if job.active:
                work.jobs.stop(job.id)
        return plain(encoder, pages)

    with monkeypatch.context() as patch:
        patch.setattr(stages, "outcomes", stopping)
        job = work.jobs.wait(work.ingestion.start_embed("c", PAGE).id, 120)
    assert (job.state, job.kind, job.encoder, job.progress.pages_done) == ("stopped", "embed", PAGE, 1)
    _, space = work.library.info("c").spaces
    assert (space.pages, space.missing, space.complete) == (1, 3, False)
    result = work.search("blue whale", "c", f"rows:4 > full@{PAGE}:4")
    assert [hit.scored for hit in result.hits] == [True, False, False, False]
    assert result.notes == (f"'{PAGE}' has vectors of 1 of 4 pages; the others come last in its stages.",)
    lacking = result.hits[-1].ref
    with pytest.raises(NotFoundError, match=r"still to be embedded; run: pagelens collections embed c --encoder fake"):
        work.explain("blue whale", lacking, "c", encoder=PAGE)
    found = work.searches.why("blue whale", lacking, "c", f"rows:4 > full@{PAGE}:4")
    assert (found.verdict, found.rank) == ("found", 4)
    lost = work.searches.why("blue whale", lacking, "c", f"rows:4 > full@{PAGE}:2")
    assert (lost.verdict, lost.rank, lost.needs) == ("lost", 4, None)  # more results are no cure for what it lacks
    assert (lost.cause, lost.fix) == ("no-vectors", None)
    assert f"has no vectors of '{PAGE}'" in lost.reason
    assert lost.cure == f"Make them: pagelens collections embed c --encoder {PAGE}"
    assert "after all it can score, for it has no vectors of the page" in found.reason
    again = Workbench(Settings(home=tmp_path))  # as after a restart
    (known,) = [job for job in again.jobs.all() if job.kind == "embed"]
    done = again.jobs.wait(again.jobs.resume(known.id).id, 120)
    assert (done.state, done.progress.pages_done) == ("done", 3)
    assert again.library.info("c").spaces[1].complete
    assert again.search("blue whale", "c", f"full@{PAGE}:4").notes == ()
    for call, error in [
        (lambda: work.ingestion.start_embed("c", "nobody"), EncoderError),
        (lambda: work.ingestion.start_embed("nowhere", PAGE), NotFoundError),
    ]:
        with pytest.raises(error):
            call()


def add_encoder(work, encoder):
    """Make an encoder one of the collection's, without vectors of what is there."""
    store = work.opened.get("c")
    with Writer(store) as writer:
        writer.indexes.add_space(encoders.load(encoder).info, store.settings.indexes)


def test_what_a_later_encoder_cannot_take_is_recorded_and_shown(bench, tmp_path):
    work = fresh(bench, tmp_path / "home")
    add_encoder(work, PAGE)
    assert work.library.info("c").spaces[1].missing == 4
    with pytest.raises(
        PipelineError, match=r"'fake\.page-1' has no page's vectors yet; run: pagelens collections embed c"
    ):
        work.search("whale", "c", f"full@{PAGE}")
    encoder = encoders.load(PAGE)
    write_pdf(tmp_path / "bad.pdf", ["all is well", "a bomb here", "fine again"])
    write_pdf(tmp_path / "off.pdf", ["a strike here"])
    primary = encoders.load(WORDS)  # takes what breaks the other
    primary.encode_pages = lambda pages: [primary._page(page) for page in pages]
    try:
        report = work.ingest([tmp_path / "bad.pdf", tmp_path / "off.pdf"], "c")
    finally:
        del primary.encode_pages
    assert [(d.name, d.indexed, d.failed) for d in report.documents] == [("bad.pdf", 3, ()), ("off.pdf", 1, ())]
    gaps = {d.name: [(gap.page, gap.encoder, gap.reason) for gap in d.gaps] for d in work.library.documents("c")}
    assert gaps["bad.pdf"] == [(2, PAGE, "The encoder failed on this page: boom")]
    assert gaps["off.pdf"] == [(1, PAGE, "The model is out of order.")]
    _, space = work.library.info("c").spaces
    assert (space.pages, space.failed, space.missing) == (2, 2, 4)
    assert ("bad.pdf", 3) in encoder.seen
    assert work.search("bomb", "c", "bm25").hits


def test_an_encoder_that_is_not_here_costs_an_ingest_nothing(bench, tmp_path, monkeypatch):
    work = fresh(bench, tmp_path / "home")
    add_encoder(work, GRID)
    encoders.unload(GRID)
    monkeypatch.delitem(encoders.ENCODERS, GRID)
    write_pdf(tmp_path / "more.pdf", ["one page more"])
    report = work.ingest([tmp_path / "more.pdf"], "c")
    assert [document.indexed for document in report.documents] == [1]
    (note,) = report.notes
    assert note.startswith(f"The new pages have no vectors of '{GRID}' yet: There is no model '{GRID}'")
    assert note.endswith(f"pagelens collections embed c --encoder {GRID}")


def test_indexes_and_encoders_come_and_go(bench, tmp_path):
    work = fresh(bench, tmp_path, indexes=("rows",))
    assert [i.name for i in work.library.add_index("c", "gauss").indexes] == ["rows", "gauss", "full"]
    assert work.search("blue whale", "c", "gauss:4 > full:2").hits
    work.ingestion.embed("c", GRID)
    assert [i.name for i in work.library.add_index("c", "tiles", GRID).indexes] == ["rows", "tiles", "full"]
    assert work.maintenance.verify("c") == []
    before, after = work.maintenance.compact("c")
    assert after <= before
    work.library.remove_encoder("c", GRID)
    assert [space.encoder for space in work.library.info("c").spaces] == [WORDS]
    with pytest.raises(InputError, match="was made with 'fake-words'; delete the collection instead"):
        work.library.remove_encoder("c", WORDS)


def test_another_version_of_an_encoder_is_refused(bench, tmp_path):
    work = fresh(bench, tmp_path)
    work.ingestion.embed("c", PAGE)
    loaded = encoders.load(PAGE)
    was, loaded.info = loaded.info, fakes.Fake(PAGE, "r2").info
    try:
        for call in (lambda: work.ingestion.embed("c", PAGE), lambda: work.search("a new query", "c", f"full@{PAGE}")):
            with pytest.raises(MismatchError, match="revision r1"):
                call()
    finally:
        loaded.info = was


@pytest.mark.parametrize("dpi", [0, -5, 10_000])
def test_a_resolution_that_no_page_can_be_drawn_at_makes_no_collection(tmp_path, dpi):
    work = Workbench(Settings(home=tmp_path))
    with pytest.raises(InputError, match="out of range"):
        work.library.create("c", CollectionSettings(encoder=WORDS, dpi=dpi))
    with pytest.raises(InputError, match="no index 'rowz'"):
        work.library.create("c", CollectionSettings(encoder=WORDS, indexes=("rowz",)))
    assert work.library.names() == []


def test_a_job_written_by_an_older_version_is_still_read(bench, tmp_path):
    work = fresh(bench, tmp_path)
    job = work.jobs.wait(work.ingestion.start([bench.files], "c").id, 120)
    path = tmp_path / "jobs" / f"{job.id}.json"
    record = json.loads(path.read_text())
    del record["job"]["kind"], record["job"]["encoder"]
    path.write_text(json.dumps(record))
    assert [(j.kind, j.encoder) for j in Workbench(Settings(home=tmp_path)).jobs.all()] == [("ingest", "")]
