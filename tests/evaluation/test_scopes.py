"""What a question searches: its document, its dataset or everything; and documents found again whatever their names."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evaluation.folder import QUERIES, write
from tests.evaluation.test_evaluate import SCORES, TWO, Scores
from workbench.documents.probing import content_hash
from workbench.errors import DatasetError
from workbench.evaluation import evaluate, load_dataset
from workbench.evaluation.datasets import Dataset, Question, only, together
from workbench.evaluation.locating import LocatedPages, locate
from workbench.evaluation.scopes import in_scope, restriction
from workbench.retrieval import parse_filter
from workbench.types import DocumentInfo


def held(*documents: tuple[str, str]) -> Sequence[DocumentInfo]:
    return [DocumentInfo(name, 2, 2, (), identity, 1, "today") for name, identity in documents]


def files(folder: Path, **contents: str) -> Dataset:
    write(folder)
    for name, content in contents.items():
        (folder / "documents" / f"{name}.pdf").write_text(content, encoding="utf-8")
    return load_dataset(folder)


def test_documents_are_found_by_what_is_in_them(tmp_path: Path) -> None:
    dataset = files(tmp_path / "d", whales="w", bread="b")
    hashes = {name: content_hash(path) for name, path in dataset.files().items()}
    places = locate(dataset, held(("other/whales.pdf", hashes["whales.pdf"]), ("bread.pdf", "changed"), ("x.pdf", "x")))
    assert places.page("whales.pdf#page=2") == "other/whales.pdf#page=2"
    assert places.page("bread.pdf#page=1") == "bread.pdf#page=1"
    assert (places.others, places.differing) == (("x.pdf",), ("bread.pdf",))
    assert places.page("gone.pdf#page=3") == "gone.pdf#page=3"


def test_two_labels_on_pages_that_are_one_in_the_collection_are_one() -> None:
    class Copies(Scores):
        def documents(self, name: str) -> list[DocumentInfo]:
            return list(held(("a.pdf", "same"), ("b.pdf", "b")))

    labels = {"1": {"a.pdf#page=2": 1, "copy.pdf#page=2": 2}}
    asked = Dataset("small", Path(), TWO.queries[:1], labels)
    # A file that is not there is found by its name, so the copy stays a page of its own and is a miss.
    record = evaluate(Copies(SCORES), asked, "c", ["exact"], "document", ["R@5"])
    assert (record.missing, record.mean("exact")["R@5"]) == (("copy.pdf#page=2",), 0.5)


def test_scopes_restrict_to_the_document_the_dataset_or_nothing(tmp_path: Path) -> None:
    dataset = files(tmp_path / "d", whales="w", bread="b")
    query = dataset.queries[0]
    alone = LocatedPages({"whales.pdf": "whales.pdf", "bread.pdf": "it's bread.pdf"}, (), ())
    beside = replace(alone, others=("x.pdf",))
    assert restriction(dataset, beside, "document")(query) == "document = 'whales.pdf'"
    assert restriction(dataset, beside, "union")(query) == ""
    assert restriction(dataset, alone, "corpus")(query) == ""
    assert restriction(dataset, beside, "corpus")(query) == "document in ('it''s bread.pdf', 'whales.pdf')"
    assert parse_filter(restriction(dataset, beside, "corpus")(query))


def test_questions_of_two_datasets_never_mix(tmp_path: Path) -> None:
    one, two = files(tmp_path / "one", whales="1"), files(tmp_path / "two", whales="2")
    both = together([one, two])
    assert both.name == "one + two"
    assert [query.id for query in both.queries] == ["one/0", "one/b", "two/0", "two/b"]
    assert both.qrels["two/b"] == {"two/bread.pdf#page=2": 1}
    assert both.queries[2].tags["dataset"] == ("two",)
    assert both.queries[2].document == "two/whales.pdf"
    assert sorted(both.files()) == ["one/bread.pdf", "one/whales.pdf", "two/bread.pdf", "two/whales.pdf"]
    hashes = {name: content_hash(path) for name, path in both.files().items()}
    places = locate(both, held(("one/whales.pdf", hashes["one/whales.pdf"]), ("w2.pdf", hashes["two/whales.pdf"])))
    assert restriction(both, places, "corpus")(both.queries[2]) == "document in ('two/bread.pdf', 'w2.pdf')"
    assert together([one]) is one
    with pytest.raises(DatasetError, match="same name"):
        together([one, one])


def test_only_a_dataset_that_says_so_keeps_questions_back(tmp_path: Path) -> None:
    tagged = [{**query, "tags": {"self_contained": query["query_id"] == "b"}} for query in QUERIES]
    both = together([load_dataset(write(tmp_path / "says", tagged)), load_dataset(write(tmp_path / "silent"))])
    assert [query.id for query in in_scope(both, "union")] == ["says/b", "silent/0", "silent/b"]


def test_languages_are_chosen_by_their_tag() -> None:
    queries = (Question("1", "a", tags={"language": ("english",)}), Question("2", "b", tags={"language": ("french",)}))
    dataset = Dataset("d", Path(), queries, {"1": {}, "2": {}})
    assert [query.id for query in only(dataset, ["french", "german"]).queries] == ["2"]
    with pytest.raises(DatasetError, match="no question in german; it has english, french"):
        only(dataset, ["german"])


PAGES = [f"{name}.pdf#page={n}" for name in "ab" for n in range(1, 5)]


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(8)), st.sets(st.sampled_from(PAGES[:4]), min_size=1))
def test_a_union_never_helps(order: list[int], relevant: set[str]) -> None:
    searcher = Scores({"q": dict(zip(PAGES, map(float, order), strict=True))})
    asked = Dataset("d", Path(), (Question("1", "q", "a.pdf"),), {"1": dict.fromkeys(relevant, 1)})
    wide, own = (evaluate(searcher, asked, "c", ["exact"], scope).mean("exact") for scope in ("union", "document"))
    assert all(wide[name] <= own[name] for name in wide)
