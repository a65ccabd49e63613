"""``pagelens eval`` end to end on a small dataset of real PDFs."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import TOPICS, Run
from tests.documents.make import write_pdf
from workbench.evaluation import load, read_trec

QUESTIONS = (
    ("0", "Which animal is the largest?", "whales.pdf", {"about": ["animals", "size"], "self_contained": True}, 1),
    ("1", "songs under water", "whales.pdf", {"about": ["animals"], "self_contained": False}, 2),
    ("2", "how far away is a star", "stars.pdf", {"about": ["space"], "self_contained": True}, 2),
)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "small set"
    for name in ("whales.pdf", "stars.pdf"):
        write_pdf(folder / "documents" / name, TOPICS[name])
    rows = [{"query_id": i, "text": text, "document": name, "tags": tags} for i, text, name, tags, _ in QUESTIONS]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    labels = [f"{i}\t{name}#page={page}\t1" for i, _, name, _, page in QUESTIONS]
    text = "\n".join(("query-id\tcorpus-id\tscore", *labels))
    (folder / "qrels.tsv").write_text(text, encoding="utf-8")
    return folder


def test_a_dataset_is_indexed_once_and_measured(fresh: Run, dataset: Path, tmp_path: Path) -> None:
    arguments = ("eval", dataset, "-p", "exact", "-p", "rows:1 > full:1", "--out", tmp_path / "out", "--json")
    first = fresh(*arguments)
    assert first.code == 0, first.err
    assert "Indexing 4 pages into collection 'small set'." in first.err
    record = json.loads(first.out)
    assert (record["dataset"], record["scope"], record["pages"], record["queries"]) == ("small set", "document", 4, 3)
    assert list(record["pipelines"]) == ["exact", "rows:1 > full:1"]
    exact = record["pipelines"]["exact"]
    assert exact["metrics"] == dict.fromkeys(("nDCG@5", "nDCG@10", "R@1", "R@5", "R@10", "RR@10"), 1.0)
    assert {key: values["queries"] for key, values in exact["slices"].items()} == {
        "about=animals": 2,
        "about=size": 1,
        "about=space": 1,
        "self_contained=false": 1,
        "self_contained=true": 2,
        "text layer": 3,
    }
    assert 0 < exact["latency_ms"]["p50"] <= exact["latency_ms"]["p95"]
    assert exact["storage"]["full_bytes_per_page"] == pytest.approx(exact["storage"]["full_vectors_per_page"] * 768, 5)
    assert read_trec(tmp_path / "out" / "01-exact.trec")["2"][0] == "stars.pdf#page=2"
    full = load(tmp_path / "out")
    assert full.collection.settings["dpi"] == 144
    assert full.pipelines["exact"].answers["1"].relevant == {"whales.pdf#page=2": {"full": 1}}
    second = fresh(*arguments)
    assert "Indexing" not in second.err
    assert json.loads(second.out)["pipelines"]["exact"]["metrics"] == exact["metrics"]


def test_corpus_scope_asks_what_stands_alone(fresh: Run, dataset: Path) -> None:
    ended = fresh("eval", dataset, "--scope", "corpus", "--measure", "R@1")
    assert ended.code == 0
    assert ended.out.startswith("small set, scope corpus: 2 questions, 4 pages in 'small set'.\n")
    assert [line.split() for line in ended.out.splitlines()[2:4]] == [
        ["pipeline", "R@1", "95", "%", "p50", "ms", "p95", "ms", "encode", "ms", "bytes", "a", "page"],
        ["two-stage", "1.000", "1.000..1.000", *ended.out.splitlines()[3].split()[3:]],
    ]


def test_a_document_that_cannot_be_read_counts_as_a_miss(fresh: Run, dataset: Path) -> None:
    (dataset / "documents" / "stars.pdf").write_bytes(b"%PDF-1.7 cut")
    ended = fresh("eval", dataset, "-p", "exact", "--measure", "R@1", "--json")
    record = json.loads(ended.out)
    assert (ended.code, record["missing_pages"]) == (0, ["stars.pdf#page=2"])
    assert record["pipelines"]["exact"]["metrics"] == {"R@1": pytest.approx(2 / 3)}
    assert "stars.pdf is damaged" in ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("-p", "ful"), 1, "Unknown stage 'ful'"),
        (("--measure", "accuracy"), 1, "Unknown measure accuracy"),
        (("--scope", "page"), 2, "'page' is none of document, corpus, union"),
        (("-c", "none"), 1, "There is no collection 'none'"),
        (("--out", "{dataset}/qrels.tsv"), 1, "cannot be made"),
    ],
)
def test_bad_requests_are_refused_before_anything_is_indexed(
    fresh: Run, dataset: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    ended = fresh("eval", dataset, *(argument.format(dataset=dataset) for argument in arguments))
    assert (ended.code, ended.out) == (code, "")
    assert sentence in " ".join(ended.err.replace("│", " ").split())
    assert json.loads(fresh("collections", "list", "--json").out) == []


def test_what_is_no_dataset_is_refused(fresh: Run, dataset: Path, tmp_path: Path) -> None:
    assert "There is no dataset folder" in fresh("eval", tmp_path / "nowhere").err
    (dataset / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n9\twhales.pdf#page=1\t1\n")
    ended = fresh("eval", dataset)
    assert (ended.code, ended.out) == (1, "")
    assert "questions that are not there, left out (qrels.tsv line 2: 9)" in ended.err


def test_sweeps_are_compared_and_records_set_against_each_other(fresh: Run, dataset: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    ended = fresh("eval", dataset, "-p", "exact", "--sweep", "{rows,conv}:{1,2} > full:1", "--out", one, "--json")
    found = json.loads(ended.out)
    assert ended.code == 0, ended.err
    swept = [f"{stage}:{keep} > full:1" for stage in ("rows", "conv") for keep in (1, 2)]
    assert list(found["pipelines"]) == ["exact", *swept]
    assert found["comparison"]["winner"] is None
    assert not (one / "parts").exists()
    fresh("eval", dataset, "-p", "text", "--run", one / "01-exact.trec", "--out", two)
    told = fresh("eval", "compare", one, two, "--measure", "R@1", "--json")
    means = json.loads(told.out)["means"]
    assert list(means) == ["one: exact", *(f"one: {name}" for name in swept), "two: text", "two: 01-exact"]
    assert means["two: 01-exact"] == means["one: exact"]
    assert "No pipeline is shown to be better" in fresh("eval", "compare", one, two).out
    assert "The same was asked." in fresh("eval", "diff", one, one).out
    differing = fresh("eval", "diff", one / "record.json", two)
    assert "settings.pipelines.text" in differing.out
    assert json.loads(fresh("eval", "diff", one, two, "--json").out)["measure"] == "nDCG@5"


def test_check_looks_a_dataset_over_and_indexes_nothing(fresh: Run, dataset: Path) -> None:
    good = fresh("eval", dataset, "--check")
    assert (good.code, "It is as it should be." in good.out) == (0, True)
    with (dataset / "qrels.tsv").open("a", encoding="utf-8") as file:
        file.write("\n0\twhales.pdf#page=9\t1\n0\tgone.pdf#page=1\t1")
    bad = fresh("eval", dataset, "--check", "--json")
    found = json.loads(bad.out)
    assert bad.code == 1
    assert found["counts"] | {"pages": 4, "questions": 3, "labels": 5} == found["counts"]
    assert any("whales.pdf#page=9" in problem for problem in found["problems"])
    assert any("gone.pdf" in problem for problem in found["problems"])
    assert json.loads(fresh("collections", "list", "--json").out) == []


def test_two_datasets_are_asked_together_each_of_its_own_pages_or_of_all(fresh: Run, dataset: Path) -> None:
    other = dataset.with_name("other")
    shutil.copytree(dataset, other)
    write_pdf(other / "documents" / "stars.pdf", ["Stars and whales.", "How far away is a star that sings songs?"])
    both = {}
    for scope in ("corpus", "union"):
        ended = fresh("eval", dataset, other, "--scope", scope, "-p", "exact", "--measure", "R@1", "--json")
        assert ended.code == 0, ended.err
        both[scope] = json.loads(ended.out)
    assert both["corpus"]["queries"] == both["union"]["queries"] == 4
    slices = both["corpus"]["pipelines"]["exact"]["slices"]
    assert slices["dataset=other"]["queries"] == slices["dataset=small set"]["queries"] == 2
    wide, own = (both[scope]["pipelines"]["exact"]["metrics"]["R@1"] for scope in ("union", "corpus"))
    assert wide <= own


def test_a_saved_record_is_listed_and_goes_by_its_name(fresh: Run, dataset: Path, tmp_path: Path) -> None:
    assert fresh("eval", "list").out.startswith("None yet")
    for pipelines in (("-p", "exact"), ("-p", "exact", "-p", "text")):
        ended = fresh("eval", dataset, *pipelines, "--measure", "R@1", "--save", "--json")
        assert ended.code == 0, ended.err
        assert "Kept as 20" in ended.err
    second, first = json.loads(fresh("eval", "list", "--json").out)
    assert (first["dataset"], first["measure"], first["means"]) == ("small set", "R@1", {"exact": 1.0})
    assert list(second["means"]) == ["exact", "text"]
    compared = json.loads(fresh("eval", "compare", first["name"], second["name"], "--json").out)
    assert list(compared["means"]) == [
        f"{first['name']}: exact",
        *(f"{second['name']}: {p}" for p in ("exact", "text")),
    ]
    report = fresh("eval", "report", second["name"], "--out", tmp_path / "report.html")
    assert report.code == 0, report.err
    nothing = fresh("eval", "compare", "1999-01-01a")
    assert nothing.code == 1
    assert "'1999-01-01a' cannot be read" in nothing.err


def test_figures_as_mteb_s_result_file(fresh: Run, dataset: Path, tmp_path: Path) -> None:
    refused = fresh("eval", dataset, "--mteb", tmp_path / "mteb")
    assert (refused.code, "'small set' is no benchmark of MTEB" in refused.err) == (1, True), refused
    assert "Indexing" not in refused.err
    known = dataset.with_name("vidore_v3_hr")
    shutil.copytree(dataset, known)
    rows = [json.loads(line) for line in (known / "queries.jsonl").read_text().splitlines()]
    for row, language in zip(rows, ("english", "english", "french"), strict=True):
        row["tags"]["language"] = language
    (known / "queries.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (known / "source.json").write_text(json.dumps({"stamp": "ab" * 20, "notes": [], "oddities": []}))
    ended = fresh(
        "eval", known, "-p", "exact", "-p", "text", "--scope", "corpus", "--mteb", tmp_path / "mteb", "--json"
    )
    assert ended.code == 0, ended.err
    paths = sorted((tmp_path / "mteb").rglob("Vidore3HrRetrieval.json"))
    assert [path.parts[-3] for path in paths] == ["pagelens__reader", "pagelens__reader--text"]
    meta = json.loads((paths[0].parent / "model_meta.json").read_text())
    assert (meta["name"], meta["embed_dim"], meta["pipeline"]) == ("pagelens/reader", 384, "full:100")
    made, own = json.loads(paths[0].read_text()), json.loads(ended.out)["pipelines"]["exact"]
    assert (made["task_name"], made["dataset_revision"], list(made["scores"])) == (
        "Vidore3HrRetrieval",
        "ab" * 20,
        ["test"],
    )
    rows = {row["hf_subset"]: row for row in made["scores"]["test"]}
    assert {name: row["languages"] for name, row in rows.items()} == {"english": ["eng-Latn"], "french": ["fra-Latn"]}
    for name, row in rows.items():
        means = own["slices"][f"language={name}"]
        assert row["main_score"] == row["ndcg_at_10"] == pytest.approx(means["nDCG@10"], abs=1e-6)
        assert row["recall_at_100"] == pytest.approx(means["R@100"], abs=1e-6)
        assert row["hit_rate_at_5"] >= row["precision_at_5"] > 0
    elsewhere = tmp_path / "elsewhere.trec"
    ids = [str(json.loads(line)["query_id"]) for line in (known / "queries.jsonl").read_text().splitlines()]
    elsewhere.write_text("".join(f"{query} Q0 whales.pdf#page=1 1 1.0 other\n" for query in ids))
    only = fresh("eval", known, "--run", elsewhere, "--mteb", tmp_path / "none")
    assert (only.code, "rankings made elsewhere" in only.err) == (2, True), only
    assert not (tmp_path / "none").exists()
    both = fresh("eval", known, "--run", elsewhere, "-p", "text", "--mteb", tmp_path / "both", "--json")
    assert both.code == 0, both.err
    assert set(json.loads(both.out)["pipelines"]) == {"text", "elsewhere"}
    (path,) = (tmp_path / "both").rglob("Vidore3HrRetrieval.json")
    assert path.parts[-3] == "pagelens__reader--text"
    (tmp_path / "taken").write_text("no folder")
    refused = fresh("eval", known, "-p", "text", "--save", "--out", tmp_path / "left", "--mteb", tmp_path / "taken")
    assert refused.code == 1 and "Kept as" in refused.err, refused  # what was measured is not lost with it
    assert (tmp_path / "left" / "record.json").is_file()
