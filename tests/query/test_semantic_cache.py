"""The semantic cache: what it uses again, what it says of that, and when it may not."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import write_pdf
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.types import Query, SearchResult

PAGES = [
    "The blue whale is the largest animal.",
    "Humpback whales sing songs.",
    "Bake the loaf in a hot oven.",
    "Stars.",
]


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """A workbench of its own, which remembers what is nearly the same."""
    bench = Workbench(Settings(home=tmp_path / "home", semantic_cache=0.8))
    bench.ingest([write_pdf(tmp_path / "a.pdf", PAGES)], "c", CollectionSettings(dpi=36, ocr=False))
    return bench


def ask(bench: Workbench, query: str | Query, pipeline: str = "rows:3 > full:2", filter: str = "") -> SearchResult:
    *_, result = bench.searches.stages(query, "c", pipeline, filter=filter)
    return result


def stages(result: SearchResult) -> list[str]:
    return [stage.name for stage in result.trace.stages]


def test_the_same_query_has_the_same_answer_and_says_when_it_was_found(bench: Workbench) -> None:
    for pipeline in ("rows:3 > full:2", "bm25:2", "rrf(bm25, rows):2"):
        first, again = ask(bench, "largest whale", pipeline), ask(bench, "largest  whale", pipeline)
        assert "cache" not in stages(first)
        assert (stages(again), again.trace.stages[0].cache_hit) == (["cache"], True)
        assert again.notes[:-1] == first.notes
        assert "when the same was asked" in again.notes[-1]
        assert replace(again, trace=first.trace, notes=first.notes) == first
        anew = bench.search("largest whale", "c", pipeline)
        assert (anew.hits, stages(anew)) == (first.hits, stages(first))


def test_a_query_like_an_earlier_one_is_scored_itself_over_that_one_s_pages(bench: Workbench) -> None:
    ask(bench, "the largest whale")
    near = ask(bench, "largest whale")
    assert stages(near) == ["encode", "cache", "full", "results"]
    assert near.trace.stages[1].cache_hit
    (note,) = near.notes
    assert "best pages for 'the largest whale'" in note
    assert 0.8 <= float(note.rpartition(" ")[2].rstrip(".")) < 1
    anew = bench.search("largest whale", "c", "rows:3 > full:2")
    assert [(hit.ref, hit.score) for hit in near.hits] == [(hit.ref, pytest.approx(hit.score)) for hit in anew.hits]
    assert near.pipeline == anew.pipeline == "rows:3 > full:2"


def test_what_is_not_like_it_or_ends_in_other_scores_is_searched(bench: Workbench) -> None:
    for pipeline in ("rows:3 > full:2", "full:3 > rows:2", "rrf(bm25, rows):2"):
        ask(bench, "the largest whale", pipeline)
    assert "cache" not in stages(ask(bench, "hot oven"))
    for pipeline in ("full:3 > rows:2", "rrf(bm25, rows):2"):
        assert "cache" not in stages(ask(bench, "largest whale", pipeline))


def test_another_filter_pipeline_or_number_is_another_question(bench: Workbench) -> None:
    ask(bench, "largest whale")
    assert "cache" not in stages(ask(bench, "largest whale", filter="page <= 2"))
    assert "cache" not in stages(ask(bench, "largest whale", "rows:3 > full:1"))
    assert stages(ask(bench, "largest whale", filter="page <= 2")) == ["cache"]


def test_nothing_survives_a_change_of_the_collection(bench: Workbench, tmp_path: Path) -> None:
    ask(bench, "largest whale")
    write_pdf(tmp_path / "b.pdf", ["The largest whale of all is here."])
    bench.ingest([tmp_path / "b.pdf"], "c")
    found = ask(bench, "largest whale")
    assert "cache" not in stages(found)
    assert "b.pdf" in [hit.ref.document for hit in found.hits]
    bench.deletions.document("c", "b.pdf")
    assert "b.pdf" not in [hit.ref.document for hit in ask(bench, "largest whale").hits]


def test_at_one_only_the_same_is_used_again_and_by_default_nothing(bench: Workbench) -> None:
    exact = Workbench(bench.settings.model_copy(update={"semantic_cache": 1.0}))
    off = Workbench(bench.settings.model_copy(update={"semantic_cache": 0.0}))
    assert Settings().semantic_cache == 0
    for one in (exact, off):
        ask(one, "the largest whale")
        assert "cache" not in stages(ask(one, "largest whale"))
    assert stages(ask(exact, "largest whale")) == ["cache"]
    assert "cache" not in stages(ask(off, "largest whale"))
