"""Every form of an export, read back by what reads such files, and what document text must never become in one."""

import base64
import csv
import io
import json
import re

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from tests.exports.conftest import EVIL
from workbench.errors import InputError, NotFoundError
from workbench.evaluation import read_run
from workbench.exports import FORMATS, Found, FoundPage, export_format
from workbench.exports.pdf import to_pdf
from workbench.heatmap import COLOURS, Look, draw, strength
from workbench.types import PageRef

QUERY = "how smooth is the dough"


@pytest.fixture(scope="module")
def result(shelf):
    return shelf.search(QUERY, "notes", "rows:4 > full:3")


def exported(shelf, kind, query=QUERY, **more):
    return shelf.exports.write(query, "notes", "rows:4 > full:3", form=kind, **more)


def test_a_spreadsheet_gets_every_hit_and_no_formula(shelf, result):
    made = exported(shelf, "csv")
    assert made.media_type.startswith("text/csv")
    assert made.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(made.content.decode("utf-8-sig"))))
    assert [int(row["rank"]) for row in rows] == [1, 2, 3]
    assert rows[0]["document"] == f"'{EVIL}"  # begins with = and would run
    assert [float(row["score"]) for row in rows] == pytest.approx([hit.score for hit in result.hits])
    assert [int(row["rows rank"]) for row in rows] == [hit.stages[0].rank for hit in result.hits]
    assert "Knead the dough" in rows[0]["text"]
    assert 0 < float(rows[0]["share"]) <= 1
    assert not any(cell.startswith(tuple("=+@")) for row in rows for cell in row.values())


def test_json_is_the_search_with_its_reasons(shelf, result):
    record = json.loads(exported(shelf, "json", filter="page >= 1").content)
    assert [hit["page"] for hit in record["hits"]] == [str(hit.ref) for hit in result.hits]
    told = record["hits"][0]["explanation"]
    assert sum(row["contribution"] for row in told["ledger"]) == pytest.approx(told["score"])
    assert told["score"] == pytest.approx(record["hits"][0]["score"], abs=1e-3)
    assert told["regions"][0]["text"].startswith("Knead")
    assert record["filter"] == "page >= 1"


def test_a_run_reads_back_with_the_query_as_its_id(shelf, result, tmp_path):
    path = tmp_path / "x.trec"
    path.write_bytes(exported(shelf, "trec").content)
    assert [page for page, _ in read_run(path)[QUERY]] == [str(hit.ref) for hit in result.hits]


def test_the_report_shows_document_text_as_text_and_loads_nothing(shelf):
    html = exported(shelf, "html", query="dough </title><script>alert(2)</script>").content.decode()
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;b&gt;butter" in html
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)[1]
    assert "default-src &#39;none&#39;" in policy
    assert "script-src" not in policy
    assert not re.findall(r'(?:src|href)="(?!#|data:image/)', html)
    assert html.count("data:image/webp") == 6  # three pages and the heat of each
    assert 'class="outline"' in html


def test_a_marked_page_has_heat_where_the_words_are_and_a_legend_below(shelf):
    page = PageRef(EVIL, 1)
    made = exported(shelf, "png", page=page)
    assert made.name == "cmd-bread-b-butter-b-pdf-p1.png"
    with Image.open(io.BytesIO(made.content)) as picture, Image.open(shelf.library.page_image("notes", page)) as plain:
        facts = json.loads(picture.text["pagelens"])
        marked, before = np.asarray(picture.convert("RGB"), int), np.asarray(plain.convert("RGB"), int)
    height, width = before.shape[:2]
    assert marked.shape[1] == width
    assert marked.shape[0] > height + 50
    (x0, y0, x1, y1) = facts["regions"][0]["box"]
    changed = np.abs(marked[:height] - before).sum(axis=2) > 30
    rows = slice(int(y0 * height), int(y1 * height))
    assert changed[rows, int(x0 * width) : int(x1 * width)].mean() > 0.2  # heat on the words
    assert changed[height // 3 : int(height * 0.8)].mean() == 0  # nothing where there are none
    assert (np.abs(marked[height:] - 255).sum(axis=2) > 60).any(axis=1).sum() > 60  # lines of the legend
    assert facts["query"] == QUERY
    assert facts["rank"] == 1


@pytest.mark.parametrize("look", [Look(), Look((1,), "max", "shared", "viridis", 0.5)])
def test_marked_pages_and_reports_draw_the_one_heat(shelf, look):
    page = PageRef(EVIL, 1)
    told = shelf.explain(QUERY, page, "notes")
    with Image.open(shelf.library.page_image("notes", page)) as opened:
        plain = opened.convert("RGB")
    drawn, before = (np.asarray(picture, int) for picture in (draw(plain, told, look), plain))
    with Image.open(io.BytesIO(exported(shelf, "png", page=page, look=look).content)) as opened:
        marked = np.asarray(opened.convert("RGB"), int)[: len(before)]
    outlines = (marked != np.asarray(draw(plain, told, look))).any(axis=2)
    hot = np.abs(drawn - before).sum(axis=2) > 30
    assert hot.any()
    assert outlines.mean() < 0.05 and outlines[hot].mean() < 0.2  # only their lines and numbers differ
    html = exported(shelf, "html", page=page, look=look).content.decode()
    layer = re.search(r'id="i1" href="data:image/webp;base64,([^"]+)"', html)[1]
    with Image.open(io.BytesIO(base64.b64decode(layer))) as opened:
        stored = np.asarray(opened.convert("RGBA"), int)
    there = strength(told, (stored.shape[1], stored.shape[0]), look)
    assert np.abs(stored[..., 3] / 255 - there * look.opacity).max() < 0.03  # strength is stored in steps
    assert ('class="heat ink"' in html) == COLOURS[look.colour].multiply


def test_a_pdf_has_the_pages_in_order_at_the_size_of_paper(shelf):
    document = pypdfium2.PdfDocument(exported(shelf, "pdf").content)
    assert len(document) == 3
    width, height = document[0].get_size()
    assert width == pytest.approx(595, abs=1)  # A4
    assert height > 842  # and the legend below it
    first = np.asarray(document[0].render(scale=1).to_pil().convert("RGB"), int)
    assert (np.abs(first - [181, 55, 26]).sum(axis=2) < 60).sum() > 100  # an outline


def test_a_pdf_of_too_many_pages_is_refused_before_one_is_drawn(shelf, result):
    page = FoundPage(PageRef(EVIL, 1), None, result, None, lambda: pytest.fail("a page was drawn"))
    with pytest.raises(InputError, match="holds 100 at most"):
        to_pdf(Found(result, (page,) * 101))


def test_a_page_that_the_search_does_not_find_can_be_exported_and_one_that_is_not_there_cannot(shelf):
    made = shelf.exports.write("whale songs", "notes", "bm25:1", form="png", page=PageRef(EVIL, 2))
    with Image.open(io.BytesIO(made.content)) as picture:
        facts = json.loads(picture.text["pagelens"])
    assert facts["rank"] is None
    assert facts["maxsim"] > 0
    with pytest.raises(NotFoundError):
        exported(shelf, "png", page=PageRef("nowhere.pdf", 1))


def test_nothing_found_is_an_empty_table_and_no_picture(shelf):
    empty = "xyzzyx"
    assert len(shelf.exports.write(empty, "notes", "bm25:3", form="csv").content.decode().splitlines()) == 1
    assert "No page was found" in shelf.exports.write(empty, "notes", "bm25:3", form="html").content.decode()
    for kind in ("png", "pdf"):
        with pytest.raises(InputError):
            shelf.exports.write(empty, "notes", "bm25:3", form=kind)


def test_forms_go_by_name_or_suffix():
    assert export_format(".PNG") is FORMATS["png"]
    with pytest.raises(InputError, match="csv, json, trec, html, png, pdf"):
        export_format("docx")
