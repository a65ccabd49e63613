"""A picture finds itself: cut, scaled and pressed, on a page as in a file of its own, and says by which points."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from workbench.encoders.reader import LOOKS_LIKE
from workbench.errors import QueryError
from workbench.retrieval.queries import QueryModels
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.sight.classifier import Classifier
from workbench.sight.matching import KEPT, match, points
from workbench.store import Collection
from workbench.types import PageRef, Query

DOCUMENTS = Path(__file__).parents[2] / "sample_data" / "documents"
PICTURES = ("astronaut.png", "cat.png", "coffee-cup.png", "galaxies.jpg", "rocket-launch.jpg")
ROCKET, SHEET = PageRef("rocket-launch.jpg", 1), PageRef("sheet.pdf", 2)
SIZE = (612, 792)
PLACE = (0.2, 0.3, 0.7, 0.6)
"""Where the rocket stands on the second page of the sheets."""


def opened(name):
    with Image.open(DOCUMENTS / name) as image:
        return image.convert("RGB")


def sheets(path):
    """A PDF of three pages: with the cat, with the rocket, with words alone."""
    canvas = Canvas(str(path), pagesize=SIZE, invariant=1)
    x0, y0, x1, y1 = (edge * side for edge, side in zip(PLACE, (*SIZE, *SIZE), strict=True))
    for name in ("cat.png", "rocket-launch.jpg", ""):
        canvas.drawString(72, 60, "A sheet of the album, with a picture or none, and these words under it")
        if name:
            canvas.drawImage(ImageReader(opened(name)), x0, SIZE[1] - y1, x1 - x0, y1 - y0)
        canvas.showPage()
    canvas.save()
    return path


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alike")
    made = Workbench(Settings(home=folder / "home"))
    files = [*(DOCUMENTS / name for name in PICTURES), sheets(folder / "sheet.pdf")]
    made.ingest(files, "pictures", CollectionSettings(words="text"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def asked(bench):
    """A quarter of the rocket, at two thirds of its size, pressed hard."""
    image = opened("rocket-launch.jpg")
    w, h = image.size
    part = image.crop((w // 4, h // 5, w // 4 + w // 2, h // 5 + h // 2)).resize((w // 3, h // 3))
    held = io.BytesIO()
    part.save(held, "JPEG", quality=45)
    return Query.empty().picture(bench.pictures.keep(held.getvalue()))


@pytest.mark.parametrize("pipeline", ["", "two-stage", "accurate", "alike"])
def test_a_part_of_a_picture_finds_it_first(bench, asked, pipeline):
    result = bench.search(asked, "pictures", pipeline, 3)
    assert {hit.ref for hit in result.hits[:2]} == {ROCKET, SHEET}
    assert all(hit.score > 2 for hit in result.hits[:2])  # dozens of points, a fit, likeness
    assert all(hit.score < 1 for hit in result.hits[2:] if pipeline == "alike")
    assert [stage.name for stage in result.trace.stages][-2] == "alike"
    assert result.pipeline.endswith("alike:3")
    assert len(result.hits) == 3


def test_a_region_of_a_page_finds_the_other_places_of_its_picture(bench):
    found = bench.search(Query.empty().region(SHEET, (0.3, 0.35, 0.6, 0.55)), "pictures", "", 3)
    assert {hit.ref for hit in found.hits[:2]} == {ROCKET, SHEET}
    blank = Query.of("rocket").region(PageRef("sheet.pdf", 3), (0.1, 0.1, 0.2, 0.2))
    assert "alike" not in bench.search(blank, "pictures", "full:3").pipeline  # nothing is to be seen there


def test_a_logo_finds_its_other_places(bench, tmp_path, monkeypatch):
    """It takes a hundredth of the page, is looked at once, and gives a page no names."""
    logo, other, looked = opened("cat.png").resize((128, 128)), opened("galaxies.jpg").resize((128, 128)), []
    look = Classifier.look
    monkeypatch.setattr(Classifier, "look", lambda self, shown: looked.extend(shown) or look(self, shown))
    canvas = Canvas(str(tmp_path / "report.pdf"), pagesize=SIZE, invariant=1)
    for number, image in enumerate((logo, other, logo, None, logo), 1):
        canvas.drawString(72, 60, f"The figures of the quarter, on sheet {number} of the report")
        if image:
            canvas.drawImage(ImageReader(image), 72, 650, 70, 70)
        canvas.showPage()
    canvas.save()
    bench.ingest([tmp_path / "report.pdf"], "logos", CollectionSettings(words="text"))
    assert len(looked) == 2
    box = (72 / SIZE[0], (SIZE[1] - 720) / SIZE[1], 142 / SIZE[0], (SIZE[1] - 650) / SIZE[1])
    for pipeline in ("accurate", "alike"):
        hits = bench.search(Query.empty().region(PageRef("report.pdf", 3), box), "logos", pipeline, 3).hits
        assert sorted(hit.ref.page for hit in hits) == [1, 3, 5]
    store = bench.opened.get("logos")
    (space,) = store.spaces()
    labels = [label for _, page in space.embeddings(store.page_ids(None)) for label in page.labels]
    assert "quarter," in labels
    assert not any(label.startswith(LOOKS_LIKE) for label in labels)


def test_a_text_asks_as_before(bench):
    result = bench.search("a rocket", "pictures", "full:3")
    assert result.pipeline == "full:3"
    assert "alike" not in [stage.name for stage in result.trace.stages]
    noted = bench.search("a rocket", "pictures", "full:3 > alike:3")
    assert [hit.ref for hit in noted.hits] == [hit.ref for hit in result.hits]
    assert any("goes by pictures" in note for note in noted.notes)


def test_where_the_encoder_sees_nothing_sight_alone_answers(bench, asked, monkeypatch):
    def blind(*_):
        raise QueryError("It sees nothing in the picture.")

    monkeypatch.setattr(QueryModels, "encode", blind)
    result = bench.search(asked, "pictures", "full:3", 3)
    assert result.pipeline == "alike:3"
    assert [stage.name for stage in result.trace.stages] == ["encode", "alike", "results"]
    assert {hit.ref for hit in result.hits[:2]} == {ROCKET, SHEET}
    with pytest.raises(QueryError, match="sees nothing"):
        bench.search("a rocket", "pictures", "full:3", 3)
    with pytest.raises(QueryError, match="sees nothing"):
        bench.search(Query.of("a rocket"), "pictures", "full:3 > alike:3", 3)


def test_the_trace_has_the_time_that_a_picture_takes_to_encode(bench):
    held = io.BytesIO()
    opened("astronaut.png").crop((0, 0, 200, 200)).save(held, "PNG")
    result = bench.search(Query.empty().picture(bench.pictures.keep(held.getvalue())), "pictures", "full:3", 3)
    assert next((stage.name, stage.cache_hit) for stage in result.trace.stages) == ("encode", False)


def test_a_filter_holds_for_pictures(bench, asked):
    result = bench.search(asked, "pictures", "", 3, "document = 'cat.png'")
    assert {hit.ref.document for hit in result.hits} == {"cat.png"}


def test_points_stand_where_the_picture_does(bench, asked):
    (alone,) = bench.explanations.points(asked, ROCKET, "pictures")
    assert alone.part == 0
    assert len(alone.asked) == len(alone.found) >= 6
    np.testing.assert_allclose(alone.found, np.array([0.25, 0.2]) + alone.asked / 2, atol=0.02)
    (placed,) = bench.explanations.points(asked, SHEET, "pictures")
    x0, y0, x1, y1 = PLACE
    there = np.array([x0, y0]) + (np.array([0.25, 0.2]) + placed.asked / 2) * [x1 - x0, y1 - y0]
    np.testing.assert_allclose(placed.found, there, atol=0.02)
    assert bench.explanations.points(asked, PageRef("cat.png", 1), "pictures") == ()
    assert bench.explanations.points("a rocket", ROCKET, "pictures") == ()


def test_what_is_kept_of_figures_is_what_their_pictures_have(bench):
    """The plain reference: SIFT of the figure as it stands on the stored page."""
    store = bench.opened.get("pictures")
    snapshot = store.snapshot()
    sights, kept = snapshot.sights, snapshot.prints(snapshot.sights.page_ids)
    assert set(kept) == set(sights.page_ids)
    for page, figures in kept.items():
        picture = store.picture(page)
        for number, figure in zip(sights.of(page), figures, strict=True):
            edges = np.rint(np.multiply(sights.box(number), (*picture.size, *picture.size))).astype(int)
            fresh = points(picture.crop(edges.tolist()), KEPT)
            assert len(match(fresh, figure.points)) > 0.3 * len(fresh) > 6  # a place may have two points
            np.testing.assert_allclose(figure.points.size, fresh.size, atol=1)


def test_a_collection_without_points_finds_them_in_its_pictures(bench, asked, monkeypatch):
    bench.ingest([DOCUMENTS / name for name in PICTURES], "earlier", CollectionSettings(words="text"))
    before = bench.search(asked, "earlier", "alike:3")
    (kept,) = bench.explanations.points(asked, ROCKET, "earlier")
    with monkeypatch.context() as patch:  # no picture is looked at where points were kept
        patch.setattr(Collection, "picture", lambda *_: pytest.fail("a page was decoded"))
        assert [hit.ref for hit in bench.search(asked, "earlier", "alike:3").hits] == [hit.ref for hit in before.hits]
    bench.opened.get("earlier").catalog.table("pages").drop_columns(["points", "point_counts", "smalls"])
    after = bench.search(asked, "earlier", "alike:3")
    assert [hit.ref for hit in after.hits] == [hit.ref for hit in before.hits]
    assert before.hits[0].ref == ROCKET
    assert after.hits[0].score == pytest.approx(before.hits[0].score, abs=0.2)
    (found,) = bench.explanations.points(asked, ROCKET, "earlier")
    for there in (kept, found):
        np.testing.assert_allclose(there.found, np.array([0.25, 0.2]) + there.asked / 2, atol=0.02)


def test_why_knows_what_was_found_by_sight(bench, asked):
    report = bench.searches.why(asked, SHEET, "pictures", "full:2")
    assert (report.verdict, report.stage) == ("found", "alike")


def test_a_collection_that_nothing_has_looked_at_is_searched_as_before(bench, asked):
    bench.ingest([DOCUMENTS / "rocket-launch.jpg"], "before", CollectionSettings(words="text"))
    table = bench.opened.get("before").catalog.table("pages")
    table.drop_columns(["figures", "sights"])
    found = bench.search(asked, "before", "full:3")
    assert found.pipeline == "full:3"
    assert bench.explanations.points(asked, ROCKET, "before") == ()
