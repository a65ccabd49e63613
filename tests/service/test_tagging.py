"""Tags and fields through every door: an ingest with a table, the command, the API's routes and its jobs."""

import json

import pytest

from tests.documents.make import write_pdf
from workbench.errors import InputError, NotFoundError
from workbench.ingestion import FileFields, read_fields
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.store import FieldsChange


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    (folder / "2024").mkdir(parents=True)
    (folder / "2023").mkdir()
    for name in ("a.pdf", "2024/report.pdf", "2023/report.pdf", "r\u00e9sum\u00e9.pdf"):
        write_pdf(folder / name, [f"What stands in {name}."])
    return folder


@pytest.fixture
def bench(tmp_path):
    return Workbench(Settings(home=tmp_path / "home"))


def borne(bench, collection="c"):
    return {one.name: (set(one.tags), dict(one.meta)) for one in bench.library.documents(collection)}


def test_an_ingest_tags_its_files_and_names_what_a_table_says_of_others(bench, files, tmp_path):
    table = tmp_path / "fields.csv"
    table.write_text(
        "\ufefffile;Tags;Year;Title;\r\na.pdf;x, y;2024;It's;\r\nre\u0301sume\u0301.pdf;;19.5;;\r\n"
        "report.pdf;both;;;\r\n2023/report.pdf;old;2023;;\r\nnowhere.pdf;q;;;\r\n;q;;;\r\na.pdf;z;2025;;;9\r\n",
        encoding="utf-8",
    )
    given = read_fields(table)
    assert given.notes == (
        "2 rows of 'fields.csv' were left out: line 7: it names no file; line 8: it has 6 cells and the heading 4.",
    )
    both = FileFields(FieldsChange.of(["all"]), given.named, given.notes)
    report = bench.ingestion.ingest([files], "c", fields=both)
    assert report.notes == (
        *given.notes,
        "Fields are given for files that are not among these: nowhere.pdf.",
        "Fields are given for names that several files have: report.pdf.",
    )
    assert borne(bench) == {
        "a.pdf": ({"all", "x", "y"}, {"year": "2024", "title": "It's"}),
        "r\u00e9sum\u00e9.pdf": ({"all"}, {"year": "19.5"}),
        "2023/report.pdf": ({"all", "old"}, {"year": "2023"}),
        "2024/report.pdf": ({"all"}, {}),
    }
    hits = bench.search("what stands", "c", "text", filter="meta.year >= 2023 and tag = 'all'").hits
    assert {hit.ref.document for hit in hits} == {"a.pdf", "2023/report.pdf"}
    again = bench.ingestion.ingest([files], "c", fields=FileFields(FieldsChange.of(["later"])))
    assert all(one.indexed == 0 and one.skipped == 1 for one in again.documents)
    assert all("later" in tags and "all" in tags for tags, _ in borne(bench).values())


@pytest.mark.parametrize(
    "data",
    [
        {"a.pdf": {"tags": ["x", "y"], "year": 2024, "draft": True}, "b.pdf": 7},
        [{"file": "a.pdf", "tags": "x;y", "year": "2024", "draft": True}, {"file": "b.pdf", "deep": {}}, 1],
    ],
)
def test_json_tables_are_read_too(tmp_path, data):
    path = tmp_path / "fields.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    found = read_fields(path)
    assert found.named == {"a.pdf": FieldsChange.of(["x", "y"], set={"year": 2024, "draft": True})}
    assert f"{len(data) - 1} rows of 'fields.json' were left out" in found.notes[0]
    assert FileFields.from_json(json.loads(json.dumps(found.as_json()))).named == found.named


@pytest.mark.parametrize(("name", "text", "says"), [
    ("f.json", "{", "is not JSON"),
    ("f.json", "7", "neither an object"),
    ("f.csv", "", "gives no file"),
    ("f.csv", "file,year\na.pdf,2024,x\n", "gives no file a tag or field .line 2: it has 3 cells"),
    ("none.csv", None, "cannot be read"),
])  # fmt: skip
def test_tables_that_are_none_are_refused_in_words(tmp_path, name, text, says):
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read_fields(tmp_path / name)


def test_several_documents_change_or_none(bench, files):
    bench.ingest([files], "c")
    changed = bench.library.change_fields("c", ["a.pdf", "2023/report.pdf"], FieldsChange.of(["x"], set={"year": 2024}))
    assert [(one.name, one.tags, dict(one.meta)) for one in changed] == [
        ("a.pdf", ("x",), {"year": "2024"}),
        ("2023/report.pdf", ("x",), {"year": "2024"}),
    ]
    with pytest.raises(NotFoundError, match=r"no document 'nowhere\.pdf'"):
        bench.library.change_fields("c", ["a.pdf", "nowhere.pdf"], FieldsChange.of(["y"]))
    assert borne(bench)["a.pdf"] == ({"x"}, {"year": "2024"})


def test_a_job_keeps_them_over_a_restart(bench, files):
    job = bench.ingestion.start(
        [files], "c", fields=FileFields(FieldsChange.of(["x"]), {"a.pdf": FieldsChange.of(["y"])})
    )
    assert bench.jobs.wait(job.id).state == "done"
    assert borne(bench)["a.pdf"][0] == {"x", "y"} and borne(bench)["2024/report.pdf"][0] == {"x"}
