"""What a search across collections found, in every form: pages name theirs, ranks are those of the merged list."""

import csv
import io
import json
import re

import pypdfium2
import pytest

from tests.documents.make import write_pdf
from workbench.errors import NotFoundError, QueryError
from workbench.evaluation import read_run
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.types import PageRef

QUERY = "how smooth is the dough"
PAGES = {
    "bread": ["Knead the dough until it is smooth and rest.", "Bake the loaf in a hot oven."],
    "sea": ["The blue whale is the largest animal alive.", "The smooth dolphin sings."],
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("across")
    made = Workbench(Settings(home=root / "home"))
    for name, pages in PAGES.items():
        write_pdf(root / name / "same.pdf", [*pages, f"About {name}."], size=14)
        made.ingest([root / name], name)
    yield made
    made.close()


@pytest.fixture(scope="module")
def found(bench):
    return bench.across.search(QUERY, ["bread", "sea"], "full:4")


def exported(bench, form, across=("bread", "sea"), **more):
    return bench.exports.write(QUERY, "", "full:4", form=form, across=across, **more)


def named(found):
    return [(hit.collection, str(hit.hit.ref)) for hit in found.hits]


def test_a_spreadsheet_says_where_each_page_is_and_what_it_is_there(bench, found):
    rows = list(csv.DictReader(io.StringIO(exported(bench, "csv").content.decode("utf-8-sig"))))
    assert [(row["collection"], f"{row['document']}#page={row['page']}") for row in rows] == named(found)
    assert [int(row["rank"]) for row in rows] == [1, 2, 3, 4]
    assert [int(row["own rank"]) for row in rows] == [hit.hit.rank for hit in found.hits]
    assert [float(row["score"]) for row in rows] == pytest.approx([hit.score for hit in found.hits], abs=1e-4)
    assert "Knead the dough" in rows[0]["text"]


def test_json_is_the_search_with_the_reasons_of_each_collection(bench, found):
    record = json.loads(exported(bench, "json", across=(), filter="page <= 3").content)
    assert [(hit["collection"], hit["page"]) for hit in record["hits"]] == named(found)
    assert [answer["collection"] for answer in record["answers"]] == ["bread", "sea"]
    for hit in record["hits"]:
        assert hit["explanation"]["score"] == pytest.approx(hit["own_score"], abs=1e-3)
    assert record["filter"] == "page <= 3" and record["merge"] == "score"


def test_a_run_names_pages_by_collection(bench, found, tmp_path):
    path = tmp_path / "x.trec"
    path.write_bytes(exported(bench, "trec").content)
    assert [page for page, _ in read_run(path)[QUERY]] == ["/".join(one) for one in named(found)]


def test_the_report_shows_pages_of_one_name_apart_and_what_each_collection_said(bench, found):
    html = exported(bench, "html").content.decode()
    assert html.count("data:image/webp") == 8  # four pages, two of one name, and the heat of each
    assert re.findall(r"of (bread|sea) · rank (\d)", html) == [(hit.collection, str(hit.rank)) for hit in found.hits]
    assert "What each collection said" in html and found.statement in html
    assert "-c bread -c sea -p full:4" in html


def test_pictures_are_of_the_best_pages(bench):
    assert len(pypdfium2.PdfDocument(exported(bench, "pdf").content)) == 4
    assert exported(bench, "png").name == "same-pdf-p1.png"


def test_what_cannot_be_exported_is_refused(bench):
    with pytest.raises(NotFoundError, match="no collection 'gone'"):
        exported(bench, "csv", across=["gone"])
    with pytest.raises(QueryError, match="A page is of one collection"):
        exported(bench, "png", page=PageRef("same.pdf", 1))
