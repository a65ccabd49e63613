"""Tags and fields of documents: changed in one commit, found at once in every process, and nothing is read again."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.make import assert_whole, collection, digest, put, record
from workbench.errors import InputError
from workbench.retrieval import parse_filter
from workbench.store.document_writer import DocumentWriter
from workbench.store.fields import FieldsChange
from workbench.store.writer import Writer
from workbench.types.filters import FieldTest

ASK = """
import sys
from pathlib import Path
from workbench.retrieval import parse_filter
from workbench.store import Collection
store = Collection(Path(sys.argv[1]))
for line in sys.stdin:
    print(len(store.page_ids(parse_filter(line))), flush=True)
"""


@pytest.fixture
def store(tmp_path):
    made = collection(tmp_path)
    with Writer(made) as writer:
        for name in ("whales", "bread", "rivers"):
            put(writer, record(name, 3))
        writer.finish()
    return made


def found(store, text):
    return sorted({ref.document for ref in store.refs(store.page_ids(parse_filter(text))).values()})


def those(store, *names):
    return [one for one in store.records.all() if one.name.removesuffix(".pdf") in names]


def test_a_change_is_one_commit_a_document_and_nothing_else_changes(store):
    before, words = store.version(), store.words.bm25("topic1 page", 99)
    change = FieldsChange.of(["finance", "it's"], set={"Year": 2024, "note": "two\nlines"})
    with Writer(store) as writer:
        writer.change_fields(those(store, "whales", "bread"), change)
        assert store.version() == before + 2
        assert writer.change_fields(those(store, "whales"), change)[0].tags == ("finance", "it's")
        assert store.version() == before + 2  # nothing to change
        writer.finish()
    assert found(store, "tag = 'it''s' and meta.year >= 2020 and meta.note = 'two lines'") == [
        "bread.pdf",
        "whales.pdf",
    ]
    assert store.words.bm25("topic1 page", 99) == words
    assert store.page_ids(parse_filter("tag = 'finance'"))
    assert_whole(store, [record(name, 3) for name in ("whales", "bread", "rivers")])
    with Writer(store) as writer:
        writer.change_fields(those(store, "bread"), FieldsChange.of(remove=["it's", "none"], clear=["note", "nothing"]))
        writer.change_fields(those(store, "whales"), FieldsChange.of(["finance"], ["finance", "it's"], {}, ["year"]))
        writer.upkeep.compact()
    borne = {one.name: (one.tags, dict(one.meta)) for one in store.documents()}
    assert borne == {
        "whales.pdf": (("finance",), {"note": "two lines"}),
        "bread.pdf": (("finance",), {"year": "2024"}),
        "rivers.pdf": ((), {}),
    }
    assert found(store, "meta.year = 2024") == ["bread.pdf"] and found(store, "tag != 'finance'") == ["rivers.pdf"]
    page = store.page(next(iter(store.refs(store.page_ids(FieldTest("document", "=", "bread.pdf"))).values())))
    assert (page.tags, dict(page.meta)) == (("finance",), {"year": "2024"})


def test_another_process_sees_it_at_once(store):
    with subprocess.Popen(
        [sys.executable, "-c", ASK, str(store.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:

        def ask(text):
            other.stdin.write(text + "\n")
            other.stdin.flush()
            return int(other.stdout.readline())

        assert ask("tag = 'x'") == 0
        with Writer(store) as writer:
            writer.change_fields(those(store, "whales"), FieldsChange.of(["x"]))
            assert ask("tag = 'x'") == 3
            writer.change_fields(those(store, "whales"), FieldsChange.of(remove=["x"]))
            assert ask("tag = 'x'") == 0
        other.stdin.close()


@pytest.mark.parametrize("change", [FieldsChange.of(["b"], set={"n": 2}), FieldsChange.of(remove=["a"], clear=["n"])])
def test_a_change_that_was_cut_short_is_completed_by_the_next_writer(store, monkeypatch, change):
    with Writer(store) as writer:
        writer.change_fields(those(store, "whales"), FieldsChange.of(["a"], set={"n": 1}))

    def killed(self, record):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt), Writer(store) as writer:
        patch.setattr(DocumentWriter, "stamp", killed)
        writer.change_fields(those(store, "whales", "bread"), change)
    assert found(store, "tag = 'a'") == ["whales.pdf"]
    version = store.version()
    with Writer(store):
        pass
    assert store.version() > version
    assert found(store, "tag = 'b' and meta.n = 2") == (["bread.pdf", "whales.pdf"] if change.add else [])
    assert found(store, "tag = 'a'") == (["whales.pdf"] if change.add else [])
    version = store.version()
    with Writer(store):
        pass
    assert store.version() == version  # and there is nothing left to complete


def test_pages_that_come_later_and_new_versions_bear_them_too(store):
    with Writer(store) as writer:
        partly = put(writer, record("stars", 4), numbers=[1, 2], finish=False)
        writer.change_fields([partly], FieldsChange.of(["sky"]))
    with Writer(store) as writer:
        put(writer, record("stars", 4), numbers=[3, 4])
        writer.finish()
    assert len(store.page_ids(parse_filter("tag = 'sky'"))) == 4
    with Writer(store) as writer:
        put(writer, record("suns", 2, name="stars.pdf"))
        writer.finish()
    assert digest("suns") in {one.content_hash for one in store.documents() if one.tags == ("sky",)}
    assert len(store.page_ids(parse_filter("tag = 'sky'"))) == 2


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"add": ["  "]}, "A tag has 1 to 100 characters"),
        ({"add": ["x" * 101]}, "has 101"),
        ({"set": {"a b": 1}}, "cannot be the name of a field"),
        ({"set": {"a=b": 1}}, "cannot be the name of a field"),
        ({"set": {"x" * 65: 1}}, "cannot be the name of a field"),
        ({"set": {"a": "x" * 501}}, "has 1 to 500 characters"),
        ({"set": {"a": ""}}, "to clear it, say so"),
    ],
)
def test_what_cannot_be_a_tag_or_field_is_refused_in_words(given, says):
    with pytest.raises(InputError, match=says):
        FieldsChange.of(**given)


def test_a_document_bears_so_much_and_no_more_and_nothing_changes_then(store):
    with Writer(store) as writer:
        writer.change_fields(those(store, "whales"), FieldsChange.of([f"t{i}" for i in range(99)]))
        with pytest.raises(InputError, match="would have 101 tags"):
            writer.change_fields(those(store, "bread", "whales"), FieldsChange.of(["x", "y"]))
    assert found(store, "tag = 'x'") == []


TEXT = st.text(min_size=1, max_size=20)


@given(st.lists(TEXT), st.dictionaries(TEXT, st.one_of(TEXT, st.integers(), st.booleans(), st.floats())))
def test_any_text_is_taken_on_one_line_or_refused(tags, fields):
    try:
        change = FieldsChange.of(tags, set=fields)
    except InputError:
        return
    texts = [*change.add, *change.set, *change.set.values()]
    assert not any("\n" in text or "\x00" in text for text in texts)
    assert "".join(texts).encode().decode() == "".join(texts)
    assert FieldsChange.from_json(change.as_json()) == change
    assert all(parse_filter(f"meta.{name} = 1") for name in change.set)
