"""One collection dealt out to several, and the lists across them beside its own."""

import pytest

from benchmarks.across import across
from tests.documents.make import write_pdf
from workbench.errors import InputError
from workbench.service import Workbench
from workbench.settings import Settings

TOPICS = ["whales sing songs", "bread bakes in ovens", "stars shine at night", "trains stop at stations"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("across")
    for place, topic in enumerate(TOPICS):
        write_pdf(root / "files" / f"{place}.pdf", [f"About {topic}.", f"More of how {topic}.", "An index."])
    made = Workbench(Settings(home=root / "home"))
    made.ingest([root / "files"], "all")
    yield made
    made.close()


def test_every_question_is_asked_of_one_collection_and_across_several(bench):
    labels = {topic: {f"{place}.pdf#page=1": 1, f"{place}.pdf#page=2": 1} for place, topic in enumerate(TOPICS)}
    report = across(bench, "all", {**labels, "nothing": {"gone.pdf#page=1": 1}}, [2, 4], ["exact", "text"], 2)
    assert (report.documents, report.pages, report.questions) == (4, 12, 4)
    assert [(p.pipeline, p.collections, p.merge) for p in report.points] == [
        ("exact", 1, ""), ("exact", 2, "score"), ("exact", 4, "score"),
        ("text", 1, ""), ("text", 2, "score"), ("text", 4, "score"),
    ]  # fmt: skip
    alone, *several = report.points[:3]
    assert alone.ndcg > 0.9  # each topic's own pages come first
    for point in several:
        assert point.ndcg == pytest.approx(alone.ndcg)  # exact scores compare, so that the list is that of one
        assert point.turns < point.ndcg  # a page of every collection comes before the second of the right one
        assert point.search.count == 8 and point.search.p50 > 0
    assert bench.library.names() == ["all"]


def test_what_cannot_be_dealt_is_said(bench):
    with pytest.raises(InputError, match="has 4 documents, and 1 questions"):
        across(bench, "all", {"whales": {"0.pdf#page=1": 1}}, [5], ["exact"])
    with pytest.raises(InputError, match="0 questions have a label in it"):
        across(bench, "all", {"whales": {}}, [2], ["exact"])
