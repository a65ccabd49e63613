"""The HTML report: nothing in it acts or asks, marks stand where their values say, pictures are bounded."""

import base64
import hashlib
import io
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.evaluation.records import good_and_bad, record
from workbench.errors import NotFoundError
from workbench.evaluation.reports import Pictures, written
from workbench.evaluation.reports.charts import Bar, Point, differences, front, stacked, tradeoff
from workbench.evaluation.reports.markup import el
from workbench.evaluation.reports.scales import cost_scale, quality_scale
from workbench.types import Explanation, Geometry, PageRef, QueryEmbedding

ONE = good_and_bad()
HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>${x}\x00\x1b[31m&amp;"


class Tags(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str, class_: str = "") -> list[dict[str, str | None]]:
        return [a for name, a in self.found if name == tag and (not class_ or class_ in str(a.get("class")).split(" "))]


class Shelf:
    """Stands in for the service: every page has a picture and an explanation."""

    def __init__(self, folder: Path, lost: frozenset[int] = frozenset()) -> None:
        self.folder = folder
        self.lost = lost
        self.asked: list[str] = []

    def page_image(self, collection: str, ref: PageRef, size: str = "page") -> Path:
        assert size == "thumb"
        if ref.page in self.lost:
            raise NotFoundError("It is gone.")
        path = self.folder / f"{ref.page}.webp"
        Image.new("RGB", (60, 90), (ref.page % 256, 250, 250)).save(path, "WEBP")
        return path

    def explain(self, query: str, ref: PageRef, collection: str) -> Explanation:
        self.asked.append(f"{query} {ref}")
        boxes = np.asarray([[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]], np.float32)
        matrix = np.asarray([[0.2, 0.9]], np.float32)
        asked = QueryEmbedding(query, np.ones((1, 2), np.float32), ("w",), np.ones(1, np.float32), "all")
        place = Geometry(boxes, None, np.full(2, -1, np.int32))
        return Explanation(ref, asked, "reader", 1.0, place, matrix, (), (), (), (), np.ones(1, np.float32))


def hostile() -> str:
    made = record(
        {HOSTILE: [(1, 1), (30, None), (1, 7)], "two": [(1, 1), (2, 2), (1, None)]},
        text=f"{{}} {HOSTILE}",
        document=HOSTILE,
    )
    made = replace(made, warnings=(HOSTILE,), slices={HOSTILE: ("q0",)}, dataset=replace(made.dataset, name=HOSTILE))
    return written([made], ".html")


def test_nothing_of_a_document_becomes_markup() -> None:
    text = hostile()
    page = Tags(text)
    assert {tag for tag, _ in page.found}.isdisjoint(
        {"script", "iframe", "object", "embed", "form", "link", "base", "img"}
    )
    for _, attributes in page.found:
        assert not any(name.startswith("on") or name in ("style", "srcdoc", "src") for name in attributes)
    assert "<img" not in text and "<script" not in text
    assert "\x00" not in text and "\x1b" not in text
    assert any("<img src=x onerror=alert(1)>\"'><script>alert(2)</script>${x}" in words for words in page.words)


def test_a_page_asks_for_nothing() -> None:
    for text in (hostile(), written([ONE], ".html")):
        page = Tags(text)
        for tag, attributes in page.found:
            for name in ("href", "src", "action", "xlink:href", "data", "poster"):
                value = attributes.get(name)
                assert value is None or value.startswith(("#", "data:image/webp;base64,")), (tag, value)
        style = text[text.index("<style>") + 7 : text.index("</style>")]
        assert "url(" not in style and "@import" not in style
        (policy,) = [a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert (
            policy
            == f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        )


def test_links_and_names_lead_somewhere_and_charts_have_names_and_tables() -> None:
    page = Tags(written([ONE, replace(ONE, dataset=replace(ONE.dataset, scope="document"))], ".html"))
    ids = [a["id"] for _, a in page.found if "id" in a]
    assert len(ids) == len(set(ids))
    linked = [a["href"] for a in page.all("a")] + [
        f"#{a['aria-labelledby']}" for _, a in page.found if "aria-labelledby" in a
    ]
    assert linked and {str(link)[1:] for link in linked} <= set(ids)
    charts = page.all("svg", "chart")
    assert len(charts) == 2 * (2 + 1 + 2)
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert len(page.all("table")) >= len(charts)


def test_both_colour_schemes_and_paper_are_styled() -> None:
    text = written([ONE], ".html")
    dark = text.index("@media screen and (prefers-color-scheme: dark)")
    assert "--pl-bg: #141413" in text[dark : dark + 400]
    assert "--pl-bg: #f6f6f4" in text[:dark]
    assert "@media print" in text


def test_marks_stand_where_their_values_are() -> None:
    points = [Point(1, "a", 10.0, 0.5, (0.4, 0.6)), Point(2, "b", 20.0, 0.7), Point(3, "c", 30.0, 0.6)]
    page = Tags(tradeoff(points, "t", "ms", "nDCG@5", str))
    marks = page.all("g", "mark")
    circles = page.all("circle")
    x = cost_scale([10.0, 20.0, 30.0], 60, 506)
    y = quality_scale([0.5, 0.7, 0.6, 0.4, 0.6], 282, 16)
    for point, mark, circle in zip(points, marks, circles, strict=True):
        assert (float(str(mark["data-cost"])), float(str(mark["data-quality"]))) == (point.cost, point.quality)
        assert float(str(circle["cx"])) == pytest.approx(x(point.cost), abs=0.01)
        assert float(str(circle["cy"])) == pytest.approx(y(point.quality), abs=0.01)
    assert ["front" in str(mark["class"]) for mark in marks] == [True, True, False]
    (whisker,) = page.all("line", "whisker")
    assert float(str(whisker["y1"])) - float(str(whisker["y2"])) == pytest.approx(y(0.4) - y(0.6), abs=0.02)


def test_bars_are_as_long_as_their_counts() -> None:
    page = Tags(stacked([Bar("one", [("found", "found", 6), ("lost-0", "lost", 2), ("absent", "gone", 0)])], "t", "d"))
    assert [float(str(a["width"])) for a in page.all("rect")] == [390.0, 130.0]
    assert [float(str(a["x"])) for a in page.all("rect")] == [0.0, 390.0]


def test_differences_rise_and_fall_from_one_line_in_order() -> None:
    values = [0.5, -1.0, 0.0, 0.25]
    page = Tags(differences(values, "t", "d", "nDCG@5", "4 questions"))
    bars = page.all("rect")
    assert [float(str(bar["data-value"])) for bar in bars] == sorted(values, reverse=True)
    heights = [float(str(bar["height"])) for bar in bars]
    assert heights == pytest.approx([76 * abs(v) for v in sorted(values, reverse=True)], abs=0.02)
    tops = [float(str(bar["y"])) for bar in bars]
    assert tops[0] + heights[0] == pytest.approx(tops[3])  # gains end where losses begin


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1))
def test_the_front_is_what_nothing_beats(points: list[tuple[int, int]]) -> None:
    found = front(points)
    assert any(found)
    for (cost, quality), on in zip(points, found, strict=True):
        beaten = [p for p in points if p != (cost, quality) and p[0] <= cost and p[1] >= quality]
        assert on == (not beaten)


@given(st.lists(st.floats(0, 1e9, allow_nan=False), min_size=1), st.lists(st.floats(-1, 1), min_size=1))
def test_scales_keep_order_and_stay_inside(costs: list[float], qualities: list[float]) -> None:
    for scale, values in ((cost_scale(costs, 60, 500), costs), (quality_scale(qualities, 60, 500), qualities)):
        places = [scale(value) for value in sorted(values)]
        assert places == sorted(places)
        assert all(60 - 1e-6 <= place <= 500 + 1e-6 for place in places)
        assert all(60 - 1e-6 <= scale(tick) <= 500 + 1e-6 for tick in scale.ticks())


def test_zero_has_its_own_place_on_a_logarithmic_axis() -> None:
    scale = cost_scale([0.0, 10.0, 100_000.0], 0, 400)
    assert (scale(0.0), scale.ticks()[0]) == (0, 0.0)
    assert scale(10.0) > 30
    assert scale(1000.0) - scale(10.0) == pytest.approx(scale(100_000.0) - scale(1000.0))


def test_failures_come_first_and_say_which_stage_lost_the_page() -> None:
    text = written([ONE], ".html")
    assert text.index('id="failures"') < text.index('id="differences"')
    first = text[text.index('<article class="case">') :]
    first = first[: first.index("</article>")]
    said = " ".join("".join(Tags(first).words).split())
    assert "bad: lost at rows:20, rank 40, 20 are kept" in said
    assert "There are no pictures here" in text


def test_pictures_are_kept_once_with_heat_and_within_bounds(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    pictures = Pictures(shelf, {"c"})
    page = Tags(written([ONE], ".html", pictures=pictures, cases=4))
    images = {str(a["id"]): str(a["href"]) for a in page.all("image")}
    used = {str(a["href"])[1:] for a in page.all("use")}
    assert used == set(images)
    assert len(set(shelf.asked)) == len(shelf.asked)
    assert all(a["aria-label"] for a in page.all("svg", "page"))
    assert page.all("input", "heat-switch")
    few = Pictures(shelf, {"c"}, most=3)
    assert len(Tags(written([ONE], ".html", pictures=few)).all("image")) == 3
    assert few.left_out
    small = Pictures(shelf, {"c"}, most_bytes=1500)
    written([ONE], ".html", pictures=small)
    assert 0 < small.size <= 1500
    stranger = Pictures(shelf, {"another"})
    assert not Tags(written([ONE], ".html", pictures=stranger)).all("image")


def test_a_page_that_is_gone_leaves_the_rest(tmp_path: Path) -> None:
    pictures = Pictures(Shelf(tmp_path, frozenset(range(1, 5))), {"c"})
    text = written([ONE], ".html", pictures=pictures)
    assert "no picture" in text
    assert Tags(text).all("image")


def test_the_heat_lies_where_the_vectors_do(tmp_path: Path) -> None:
    pictures = Pictures(Shelf(tmp_path), {"c"})
    pictures.picture("c", "a.pdf#page=1", "query")
    data = [base64.b64decode(str(a["href"]).partition(",")[2]) for a in Tags(pictures.store()).all("image")]
    with Image.open(io.BytesIO(data[1])) as heat:
        alpha = np.asarray(heat.convert("RGBA"))[..., 3]
    assert alpha.shape == (90, 60)
    assert alpha[45:, 30:].min() > 100  # the box of the vector that answers best
    assert alpha[:45].max() == 0 and alpha[:, :30].max() == 0


def test_markup_refuses_what_could_act() -> None:
    assert el("a", "<b>", href='"x') == '<a href="&#34;x">&lt;b&gt;</a>'
    for name, attributes in (("script", {}), ("p", {"onclick": "x"}), ("p", {"style": "x"}), ("p", {"onLoad": "x"})):
        with pytest.raises(ValueError, match="is not for a report"):
            el(name, **attributes)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_it_under_its_own_policy(tmp_path: Path, browser: Any, scheme: str) -> None:
    path = tmp_path / "report.html"
    path.write_text(written([ONE], ".html", pictures=Pictures(Shelf(tmp_path), {"c"})), encoding="utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    heat = page.locator(".heat").first
    assert heat.is_visible()
    page.get_by_label("Heat on the pages").uncheck()
    assert not heat.is_visible()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(20, 20, 19)" if scheme == "dark" else "rgb(246, 246, 244)")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.close()
    assert said == []  # a breach of the policy would be told here
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
