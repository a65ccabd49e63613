"""A checkpoint of every family where a user would put it, through the command line, from ingest to models check.

The checkpoints are tiny and have random weights; everything else is what a person's own go through.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import runner
from tests.documents.make import write_pdf
from tests.encoders import tiny
from workbench import encoders, modelcheck
from workbench.encoders.families import FAMILIES
from workbench.errors import MismatchError
from workbench.store import Library

PAGES = ["A red giant is a star near its end.", "Astronomers measure distance by parallax."]
CLIPS = {f"clip-{kind}": kind for kind in ("vit", "siglip", "siglip2", "mobileclip2", "pe-core")}
SEEING = {"multi-vector", *(name for name in tiny.SENTENCE if name.endswith("-hf"))}
CUTS = {family.id: family for family in FAMILIES.values()}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of one PDF of two pages."""
    root = tmp_path_factory.mktemp("families")
    write_pdf(root / "set" / "documents" / "stars.pdf", PAGES, blocks=True)
    (root / "set" / "queries.jsonl").write_text('{"query_id": "0", "text": "how far away is a star"}\n')
    (root / "set" / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n0\tstars.pdf#page=2\t1\n")
    return root


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of a third of their usual size, timed once: the models are tiny too."""
    monkeypatch.setattr(modelcheck, "DPI", 48)
    monkeypatch.setattr(modelcheck, "REPEATS", 1)


@pytest.fixture
def home(root: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A home folder with the tiny checkpoint of a family, in the folder of its id."""
    name = request.param
    home = root / "home" / name
    made = tiny.CLIPS[CLIPS[name]] if name in CLIPS else tiny.SENTENCE.get(name) or tiny.family(name)
    tiny.build(made, home / "models" / name)
    yield home
    encoders.unload(name)
    shutil.rmtree(home)


@pytest.mark.parametrize("home", [*FAMILIES, *CLIPS, *tiny.SENTENCE], indirect=True)
def test_a_checkpoint_goes_all_the_way(home: Path, root: Path) -> None:
    run, name = runner(home), home.name
    ended = run("ingest", root / "set" / "documents", "-c", "c", "--encoder", name, "--dpi", "36", "--no-ocr", "--json")
    assert ended.code == 0, ended.err
    (document,) = json.loads(ended.out)["documents"]
    assert (document["indexed"], document["failed"]) == (2, [])
    found = json.loads(run("search", "how far away is a star", "-c", "c", "-p", "exact", "--json").out)
    assert found["encoder"] == name
    assert {hit["page"] for hit in found["hits"]} == {"stars.pdf#page=1", "stars.pdf#page=2"}
    assert {hit["score_kind"] for hit in found["hits"]} == {"exact"}
    best = found["hits"][0]
    told = json.loads(run("explain", "how far away is a star", best["page"], "-c", "c", "--json").out)
    assert sum(row["contribution"] for row in told["ledger"]) == pytest.approx(best["score"], abs=2e-2)
    assert bool(told["places"]["grid"]) == (name in SEEING or (name in CUTS and CUTS[name].kind == "patches"))
    for page in ("stars.pdf#page=1", "stars.pdf#page=2"):  # each is first for a part of itself
        part = json.loads(run("search", "--region", f"{page}@0,0,1,.5", "-c", "c", "-p", "exact", "--json").out)
        assert part["hits"][0]["page"] == page
    picture = root / "set" / "documents" / "stars.pdf"  # its first page is the picture
    seen = json.loads(run("search", "--image", picture, "-c", "c", "-p", "exact", "--json").out)
    assert seen["hits"][0]["page"] == "stars.pdf#page=1"
    told = json.loads(run("explain", best["page"], "--region", f"{best['page']}@0,0,1,.5", "-c", "c", "--json").out)
    assert sum(row["contribution"] for row in told["ledger"]) == pytest.approx(len(told["tokens"]), abs=2e-2)
    measured = run("eval", root / "set", "-c", "c", "-p", "exact", "--measure", "R@1", "--measure", "R@5", "--json")
    assert measured.code == 0, measured.err
    means = json.loads(measured.out)["pipelines"]["exact"]["metrics"]
    assert means == {"R@1": float(best["page"] == "stars.pdf#page=2"), "R@5": 1.0}
    ended = run("models", "check", name, "--json")
    report = json.loads(ended.out)
    assert ended.code == 0, [finding for finding in report["findings"] if finding["ok"] is False]
    verdicts = {finding["name"]: finding["ok"] for finding in report["findings"]}
    compared = {"pages", "batches", "places", "vectors", "query", "scores", "collection"}
    compared |= {"maps"} if report["kind"] == "patches" else set()
    assert {name for name, ok in verdicts.items() if ok} == compared
    if report["kind"] != "words":  # over pictures alone
        assert verdicts["overhead"] is None and report["overhead"] is not None


@pytest.mark.parametrize("name", tiny.RERANKERS)
def test_a_reranker_goes_all_the_way(name: str, root: Path) -> None:
    home = root / "home" / name
    tiny.build(tiny.RERANKERS[name], home / "models" / name)
    run, query = runner(home), "how far away is a star"
    refused = run("ingest", root / "set" / "documents", "-c", "c", "--encoder", name)
    assert (refused.code, f"cross[model={name}]" in refused.err) == (1, True), refused
    assert run("ingest", root / "set" / "documents", "-c", "c", "--dpi", "36", "--no-ocr").code == 0
    listed = {model["id"]: model for model in json.loads(run("models", "list", "--json").out)}
    assert (listed[name]["kind"], listed[name]["available"]) == ("score", True)
    for stage in ("cross", "judge") if name == "visual-reranker" else ("cross",):
        pipeline = f"rows:9 > {stage}[model={name}]:2"
        found = json.loads(run("search", query, "-c", "c", "-p", pipeline, "--json").out)
        assert [hit["score_kind"] for hit in found["hits"]] == ["model", "model"]
        assert {said["name"] for hit in found["hits"] for said in hit["stages"]} == {"rows", stage}
        best = found["hits"][0]
        told = json.loads(run("explain", query, best["page"], "-c", "c", "-p", pipeline, "--json").out)
        assert name in told["reranked"] and "the model's own" in told["reranked"]
        assert json.loads(run("explain", query, best["page"], "-c", "c", "--json").out)["reranked"] == ""
        verdict = json.loads(run("why", query, found["hits"][1]["page"], "-c", "c", "-p", pipeline, "--json").out)
        assert verdict["verdict"] == "found"
    if name != "visual-reranker":
        blind = run("search", query, "-c", "c", "-p", f"rows:9 > judge[model={name}]:2")
        assert (blind.code, "takes no pictures of pages" in blind.err) == (1, True), blind
    ended = run("models", "check", name, "--json")
    report = json.loads(ended.out)
    assert ended.code == 0, report["findings"]
    assert [(f["name"], f["ok"]) for f in report["findings"]] == [
        ("pages", True),
        ("batches", True),
        ("scores", True),
        ("collection", True),
    ]
    listed = {model["id"]: model for model in json.loads(run("models", "list", "--json").out)}
    assert listed[name]["seconds_per_page"] == report["seconds_per_page"] > 0  # kept for estimates, as it says
    encoders.unload(name)
    nobody = run("search", query, "-c", "c", "-p", "rows:9 > cross[model=nobody]:2")
    assert (nobody.code, "There is no reranker 'nobody'" in nobody.err) == (1, True), nobody


def test_a_checkpoint_in_the_hub_s_cache_is_found(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    cache, commit = root / "hub", "0123456789abcdef0123456789abcdef01234567"
    repository = cache / "models--vidore--colqwen2-v1.0-merged"
    tiny.build(tiny.family("colqwen2"), repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    run = runner(root / "home")
    listed = {model["id"]: model for model in json.loads(run("models", "list", "--json").out)}
    assert listed["colqwen2-v1.0-merged"]["folder"].endswith(commit)
    report = json.loads(run("models", "check", "colqwen2-v1.0-merged", "--json").out)
    encoders.unload("colqwen2-v1.0-merged")
    assert (report["ok"], report["revision"]) == (True, commit)


@pytest.mark.parametrize("home", ["colidefics3", "colpali"], indirect=True)
def test_official_page_tokens_go_all_the_way_and_never_mix(home: Path, root: Path) -> None:
    run, name = runner(home), home.name
    folder, query = root / "set" / "documents", "how far away is a star"
    made = ("ingest", folder, "--encoder", name, "--dpi", "36", "--no-ocr")
    assert run(*made, "-c", "whole", "--page-tokens", "official").code == 0
    assert run(*made, "-c", "plain").code == 0
    counts = {}
    for collection in ("whole", "plain"):
        (hit, *_) = json.loads(run("search", query, "-c", collection, "-p", "exact", "--json").out)["hits"]
        told = json.loads(run("explain", query, hit["page"], "-c", collection, "--json").out)
        assert told["score"] == pytest.approx(hit["score"], rel=1e-3)
        assert sum(row["share"] for row in told["ledger"]) == pytest.approx(1, abs=1e-3)
        (space,) = json.loads(run("collections", "show", collection, "--json").out)["info"]["spaces"]
        counts[collection] = {index["name"]: index["vectors"] for index in space["indexes"]}
    full = {collection: made.pop("full") for collection, made in counts.items()}
    assert full["whole"] > full["plain"]
    assert counts["whole"] == counts["plain"]  # what is pooled is what shows the page
    space = Library(home).open("plain").space()
    with pytest.raises(MismatchError, match=r"page_policy visual\), not with .* \(page_policy official\)"):
        space.check(replace(space.info, page_policy="official"))
    other = run(*made, "-c", "plain", "--page-tokens", "official")
    assert (other.code, "page_tokens visual, not official" in other.err) == (1, True), other
    assert run("ingest", folder, "-c", "whole").code == 0  # the collection's own policy, without a word
    nobody = run(*made, "-c", "third", "--page-tokens", "all")
    assert "has no token policy for pages 'all'; it has: visual, official" in nobody.err
