"""The table of methods: against the store's own indexes, against an evaluation, and against what is known by hand."""

import json
import shutil

import numpy as np
import pytest

from benchmarks import methods as module
from benchmarks.manuals import build
from benchmarks.methods import KEEPS, fronts, methods, representations, scopes_of, sorted_out
from benchmarks.methods.catalogue import families
from benchmarks.methods.keeping import MeasuredRows
from benchmarks.methods.report import ALONE, EXACT, PIPELINE, PRESET, RERANKED, MethodRow, merge_or_prune
from benchmarks.methods.trial import Trial
from tests.benchmarks.books import write_book
from workbench import evaluation
from workbench.errors import InputError, PipelineError
from workbench.representations import ENCODINGS, METHODS, Representation
from workbench.retrieval import PRESETS, Pipeline
from workbench.service import Workbench
from workbench.settings import Settings

pytestmark = pytest.mark.slow

FORMS = ["ward[k=4]", "full[dtype=bits]"]
PIPELINES = ["text", "global:9 > ward[k=4]:5 > full:5"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """The book's index phrases as a dataset."""
    folder = tmp_path_factory.mktemp("methods")
    return build([str(write_book(folder / "metal.pdf"))], folder / "manuals", most_questions=6).dataset


@pytest.fixture(scope="module")
def report(workbench, dataset):
    return methods(workbench.settings, "metal", dataset, FORMS, PIPELINES, keeps=(5, 44))


def row_of(report, scope, pipeline):
    return next(row for row in report.of_scope(scope) if row.pipeline == pipeline)


@pytest.mark.parametrize("index", ["ward[k=4]", "full[dtype=bits]", "full[dims=16,dtype=int8]"])
def test_an_index_on_trial_is_the_one_that_would_be_stored(workbench, tmp_path, index):
    home = tmp_path / "home"
    shutil.copytree(workbench.settings.home, home)
    stored, pipeline = Workbench(Settings(home=home)), f"{index}:20 > full:10"
    stored.library.add_index("metal", index)
    there = stored.search("iron kettle", "metal", pipeline)
    trial = Trial(workbench.settings, "metal")
    with trial.holding(Pipeline.parse(pipeline)):
        found = trial.search("iron kettle", "metal", pipeline)
        sizes = trial.stored(Pipeline.parse(index))
    assert [(str(hit.ref), hit.score, hit.stages[0].score) for hit in found.hits] == [
        (str(hit.ref), hit.score, hit.stages[0].score) for hit in there.hits
    ]
    work = [[(s.name, s.vectors_compared, s.bytes_read) for s in r.trace.stages] for r in (found, there)]
    assert work[0] == work[1]
    held = next(one for one in stored.library.info("metal").indexes if one.name == str(Representation.parse(index)))
    assert sizes[0] == pytest.approx(held.vectors / held.pages)
    assert sizes[1] == pytest.approx(held.vectors * held.dim * np.dtype(held.dtype).itemsize / held.pages)
    with pytest.raises(PipelineError, match="has no"):
        trial.search("iron kettle", "metal", pipeline)  # it was let go again
    assert str(held.name) not in [one.name for one in workbench.library.info("metal").indexes]


def test_quality_is_what_an_evaluation_finds(report, workbench, dataset):
    names = ["exact", "text", "global:9 > full:9"]
    record = evaluation.evaluate(workbench, dataset, "metal", names, "document")
    for name in ("exact", "text"):
        row = next(row for row in report.of_scope("document") if row.method == name)
        assert row.ndcg == pytest.approx(record.values(name, "nDCG@5").mean(), abs=1e-6)
        assert row.recall == pytest.approx(record.values(name, "R@10").mean(), abs=1e-6)
    assert row_of(report, "document", PIPELINES[1]).candidates == pytest.approx(
        record.recall_at("global:9 > full:9", "global", 44), abs=1e-6
    )


def test_every_method_is_measured_alone_and_reranked_in_every_scope(report, dataset):
    assert list(report.questions) == ["corpus", "document"] == scopes_of(dataset)
    for scope in report.questions:
        kinds = [(row.method, row.kind, row.pipeline) for row in report.of_scope(scope)]
        assert kinds[:3] == [(EXACT, PRESET, "full:10"), ("text", PRESET, "lift(bm25):10"), (PIPELINES[1],) * 1
                             + (PIPELINE, PIPELINES[1])]  # fmt: skip
        for name in FORMS:
            assert [kind for kind in kinds if kind[0] == name] == [
                (name, ALONE, f"{name}:10"),
                (name, RERANKED, f"{name}:44 > full:10"),
                (name, RERANKED, f"{name}:5 > full:5"),
            ]


def test_work_and_bytes_are_counted(report, workbench):
    info = workbench.library.info("metal")
    full = next(index for index in info.indexes if index.name == "full")
    exact = report.exact("corpus")
    assert exact.compared == full.vectors
    alone = row_of(report, "corpus", "ward[k=4]:10")
    assert (alone.compared, alone.vectors) == (4 * info.pages, 4)
    assert alone.bytes == 4 * full.dim * 2
    all_of_it = row_of(report, "corpus", "ward[k=4]:44 > full:10")
    assert all_of_it.compared == alone.compared + full.vectors
    assert all_of_it.values == exact.values  # what is reranked whole is what exact search finds
    assert all_of_it.bytes == pytest.approx(alone.bytes + exact.bytes)
    few = row_of(report, "corpus", "ward[k=4]:5 > full:5")
    assert alone.compared < few.compared < all_of_it.compared
    assert len(few.stage_ms) == 2
    assert few.ms >= few.stage_ms[0] > 0
    text = row_of(report, "corpus", "lift(bm25):10")
    assert text.vectors == text.compared == 0
    assert text.bytes > 0  # the index of words


def test_all_representations_and_encodings_are_in_the_table():
    texts = representations()
    parsed = [Representation.parse(text) for text in texts]
    assert {form.method.name for form in parsed} == set(METHODS)
    assert {form.encoding.name for form in parsed if form.method.name == "full"} >= set(ENCODINGS) - {"fp16"}
    assert len(set(texts)) == len(texts)
    assert "full" not in texts
    assert all(name in texts for pair in families().values() for family in pair for name in family)
    assert len(KEEPS) == len(set(KEEPS))


@pytest.mark.parametrize("budget", families())
def test_families_keep_equal_numbers_of_vectors(budget, workbench):
    for n in (48, 160):
        most = [
            form.method.most(n, form.values)
            for family in families()[budget]
            for form in map(Representation.parse, family)
        ]
        assert max(most) - min(most) <= 1, (n, most)


def made_up(method, kind=ALONE, size=1.0, ms=1.0, values=(0.5,)):
    named = {str(i): float(value) for i, value in enumerate(values)}
    mean = float(np.mean(values))
    return MethodRow("corpus", method, kind, method, 1, size, 1, mean, 1, (ms,), ms, 1, named)


def test_fronts_by_hand():
    rows = [
        made_up("good and large", size=9, ms=9, values=(0.9,)),
        made_up("as good, smaller, slower", size=8, ms=10, values=(0.9,)),
        made_up("small", size=1, ms=5, values=(0.5,)),
        made_up("fast", size=5, ms=1, values=(0.4,)),
        made_up("nothing", size=6, ms=6, values=(0.3,)),
    ]
    assert fronts(rows) == [("ms",), ("bytes",), ("bytes", "ms"), ("ms",), ()]


def test_merging_is_said_to_win_only_where_it_does():
    rng = np.random.default_rng(3)
    base = rng.random(60) * 0.5
    merging, pruning = (["a", "b"], ["c", "d"])
    better = [made_up(name, values=base + 0.2 + rng.normal(0, 0.02, 60)) for name in merging]
    worse = [made_up(name, values=base + rng.normal(0, 0.02, 60)) for name in pruning]
    (found,) = merge_or_prune([*better, *worse], {4: (merging, pruning), 16: (["nowhere"], ["c"])})
    assert len(found.pairs) == 4
    assert found.whole.difference.mean == pytest.approx(0.2, abs=0.02)
    assert found.sentence().startswith("One vector in 4, corpus: on average merging beats pruning (nDCG@5 +0.")
    assert "Told better than c: 2 of 2 merging methods, than d: 2 of 2 merging methods." in found.sentence()
    (turned,) = merge_or_prune([*better, *worse], {4: (pruning, merging)})
    assert "merging loses to pruning" in turned.sentence()
    assert "a: 0 of 2 merging methods (2 worse)" in turned.sentence()
    same = [made_up(name, values=base + rng.normal(0, 0.1, 60)) for name in (*merging, *pruning)]
    (nothing,) = merge_or_prune(same, {4: (merging, pruning)})
    assert "merging and pruning are not told apart" in nothing.sentence()
    reranked = [made_up(name, kind=RERANKED) for name in (*merging, *pruning)]
    assert merge_or_prune(reranked, {4: (merging, pruning)}) == ()


def test_names_are_told_from_pipelines():
    forms, pipelines = sorted_out(["ward[k=4]", "binary", "hybrid", "rows > full", "bm25"])
    assert forms == ["ward[k=4]", "full[dtype=bits]"]
    assert pipelines == ["hybrid", "rows > full", "bm25"]
    assert "hybrid" in PRESETS


def test_a_dataset_without_documents_of_questions_has_one_scope(dataset):
    from dataclasses import replace

    bare = replace(dataset, queries=tuple(replace(query, document="") for query in dataset.queries))
    assert scopes_of(bare) == ["corpus"]


def test_the_command(workbench, dataset, tmp_path):
    from typer.testing import CliRunner

    from benchmarks.records import load
    from benchmarks.tables import TABLES
    from workbench.cli import app

    def run(*arguments):
        home = ["--home", str(workbench.settings.home), "bench", "methods", str(dataset.folder), "-c", "metal"]
        return CliRunner().invoke(app, [*home, *map(str, arguments)])

    files = [tmp_path / f"methods{suffix}" for suffix in (".json", ".md", ".csv")]
    saving = [word for path in files for word in ("--save", path)]
    ended = run("--only", "rows[most=2]", "--only", "text", "--keep", 5, "--scope", "corpus", *saving)
    assert ended.exit_code == 0, ended.output
    for part in ("exact = full:10", "text = lift(bm25):10", "rows[most=2]:5 > full:5", "candidate R@100", "front"):
        assert part in ended.stdout
    loaded, hashed = load(files[0])
    assert len(hashed) == 64
    assert [row.pipeline for row in loaded.rows] == [
        "full:10",
        "lift(bm25):10",
        "rows[most=2]:10",
        "rows[most=2]:5 > full:5",
    ]
    assert "values" not in json.loads(files[0].read_text())["report"]["rows"][0]
    table = TABLES["methods"](loaded)
    assert f"| {table.rows[2][5].text} |" in files[1].read_text()
    assert files[2].read_text().splitlines()[0].startswith("pipeline,vectors,bytes,candidates,nDCG@5")
    assert run("--save", tmp_path / "x.txt").exit_code == 2
    assert run("--only", "nothing").exit_code == 1
    assert run("--scope", "union").exit_code == 2
    with pytest.raises(InputError, match="not what a bench command saved"):
        load(files[1])


def test_what_was_measured_is_not_measured_again(tmp_path):
    measured = []

    def measure(name):
        measured.append(name)
        return [made_up(name), made_up(name, kind=RERANKED)]

    path = tmp_path / "made" / "methods.partial"
    first = MeasuredRows(path, "a dataset").rows(["ward", [50]], lambda: measure("ward"))
    with path.open("a") as file:
        file.write('["cut off')
    again = MeasuredRows(path, "a dataset")
    assert again.rows(["ward", [50]], lambda: measure("ward")) == first
    again.rows(["ward", [100]], lambda: measure("ward"))
    assert MeasuredRows(path, "a dataset").rows(["ward", [100]], lambda: measure("ward")) == first
    MeasuredRows(path, "another dataset").rows(["ward", [50]], lambda: measure("ward"))
    MeasuredRows(None, "a dataset").rows(["ward", [50]], lambda: measure("ward"))
    assert len(measured) == 4
    with pytest.raises(InputError, match="cannot be written"):
        MeasuredRows(tmp_path, "a dataset").rows("ward", lambda: measure("ward"))


def test_what_vectors_cannot_have_is_left_out_and_said(workbench, dataset, monkeypatch):
    monkeypatch.setattr(module, "representations", lambda: ["rows[most=2]", "full[dims=9999]"])
    monkeypatch.setattr(module, "PIPELINES", ("full[dims=9999]:20 > full:10", "rows:5 > full:5"))
    monkeypatch.setattr(module, "PRESETS", {"text": "bm25:10"})
    found = methods(workbench.settings, "metal", dataset, scopes=["corpus"], keeps=[5], more=["bm25:3"])
    assert [row.method for row in found.rows] == [EXACT, "text", "rows:5 > full:5", "bm25:3", *["rows[most=2]"] * 2]
    assert len(found.warnings) == 2
    assert all("cannot be reduced to 9999" in warning for warning in found.warnings)
    with pytest.raises(InputError, match="cannot be reduced"):
        methods(workbench.settings, "metal", dataset, ["full[dims=9999]"], [], scopes=["corpus"])


def test_feedback_needs_the_full_vectors_too(workbench):
    trial = Trial(workbench.settings, "metal")
    rows, full, both, fed = (
        trial.stored(Pipeline.parse(text))[1] for text in ("rows", "full", "rows:9 > full:5", "prf(rows):5")
    )
    assert fed == both == pytest.approx(rows + full)
