"""Searches and views of several collections that are kept by name: seen, renamed and forgotten with what they name."""

import shutil

import pytest

from tests.documents.make import write_pdf
from workbench.errors import NotFoundError, PipelineError
from workbench.permits import Permit, permitted
from workbench.service import Workbench
from workbench.settings import Settings

ADDRESS = "?c=a&in=a&in=b&q=whale+%26+bread&f=page+%3E+1"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Three collections, searches of one and of several, and views."""
    tmp_path = tmp_path_factory.mktemp("saved")
    made = Workbench(Settings(home=tmp_path / "home"))
    for name in "abc":
        made.ingest([write_pdf(tmp_path / name / f"{name}.pdf", [f"The whale of {name}."])], name)
    save = made.saved_searches.save
    save("one", "whale", "a", "full:2")
    save("two", "whale", "", "", across=["a", "b", "a"])
    save("every", "whale", "", "full:2", across=[])
    save("named", "whale", "", "full:2", "document = 'b.pdf'", across=["a", "b"])
    made.saved_views.save("view", "a", ADDRESS)
    made.saved_views.save("everywhere", "c", "?c=c&in=*&q=whale")
    made.close()
    return tmp_path / "home"


@pytest.fixture
def bench(home, tmp_path):
    made = Workbench(Settings(home=shutil.copytree(home, tmp_path / "home")))
    yield made
    made.close()


def searches(bench):
    return {saved.name: (saved.collection, saved.across) for saved in bench.saved_searches.all()}


def test_they_are_kept_over_a_restart(bench, tmp_path):
    wanted = {"one": ("a", None), "two": ("", ["a", "b"]), "every": ("", []), "named": ("", ["a", "b"])}
    assert searches(bench) == wanted
    assert searches(Workbench(Settings(home=tmp_path / "home"))) == wanted


def test_a_search_or_view_of_what_is_not_there_is_refused(bench):
    with pytest.raises(NotFoundError, match="no collection 'x'"):
        bench.saved_searches.save("bad", "whale", "", "", across=["a", "x"])
    with pytest.raises(NotFoundError, match="no collection 'x'"):
        bench.saved_views.save("bad", "a", "?c=a&in=a&in=x")
    with pytest.raises(PipelineError):
        bench.saved_searches.save("bad", "whale", "", "ful:2", across=["a"])


def test_who_may_not_see_one_of_the_collections_sees_nothing_kept_of_it(bench):
    with permitted(Permit(collections=frozenset({"a", "c"}))):
        assert searches(bench).keys() == {"one", "every"}
        assert [view.name for view in bench.saved_views.all()] == ["everywhere"]
        with pytest.raises(NotFoundError):
            bench.saved_searches.remove("two")
    assert searches(bench).keys() == {"one", "two", "every", "named"}


def test_a_collection_that_is_renamed_is_renamed_in_them(bench):
    bench.renaming.collection("b", "new one")
    assert searches(bench)["two"] == ("", ["a", "new one"])
    (view,) = (view for view in bench.saved_views.all() if view.name == "view")
    assert (view.collection, view.address) == ("a", "?c=a&in=a&in=new+one&q=whale+%26+bread&f=page+%3E+1")


def test_a_collection_that_leaves_is_forgotten_and_what_asks_others_too_stays(bench):
    bench.deletions.collection("b")
    assert searches(bench) == {"one": ("a", None), "two": ("", ["a"]), "every": ("", []), "named": ("", ["a"])}
    assert {view.name: view.address for view in bench.saved_views.all()}["view"] == (
        "?c=a&in=a&q=whale+%26+bread&f=page+%3E+1"
    )
    bench.deletions.collection("a")
    assert searches(bench).keys() == {"every"}
    assert [view.name for view in bench.saved_views.all()] == ["everywhere"]


def test_a_document_that_leaves_takes_what_names_it(bench):
    bench.deletions.document("b", "b.pdf")
    assert searches(bench).keys() == {"one", "two", "every"}
