"""Collections by name: what may be a name, making, deleting, and others who do the same at once."""

import threading

import pytest

from tests.store.make import INFO, collection, put, record
from workbench.errors import CollectionBusyError, InputError, NotFoundError, StoreError
from workbench.settings import CollectionSettings
from workbench.store import Library
from workbench.store.checks import problems
from workbench.store.writer import Writer


@pytest.mark.parametrize("name", ["a", "notes", "Annual reports 2023", "a-b_c.d", "Übersicht", "図書", "x" * 64])
def test_names_that_are_folders_everywhere(tmp_path, name):
    library = Library(tmp_path)
    library.create(name, CollectionSettings(), INFO)
    assert library.names() == [name]
    assert library.open(name).name == name


UNFIT = "| |.|..|../x|a/b|a\\b|/etc|a | a|a.|.a|-a|a\n|CON|nul.txt|com1 .x|a..b|a:b|a*b|a?b|<a>|a\x00b"


@pytest.mark.parametrize("name", [*UNFIT.split("|"), "x" * 65, "𝒳" * 60])
def test_names_that_are_not(tmp_path, name):
    library = Library(tmp_path)
    for call in (lambda: library.create(name, CollectionSettings(), INFO), lambda: library.open(name)):
        with pytest.raises(InputError, match="cannot be a collection's name"):
            call()
    with pytest.raises(InputError):
        library.delete(name)
    assert not any(path.name not in ("collections", ".lock") for path in tmp_path.rglob("*"))


def test_a_taken_name_and_a_missing_one(tmp_path):
    library = Library(tmp_path)
    assert library.names() == []
    with pytest.raises(NotFoundError, match="no collection 'notes'"):
        library.open("notes")
    with pytest.raises(NotFoundError):
        library.delete("notes")
    library.create("notes", CollectionSettings(), INFO)
    with pytest.raises(StoreError, match="a collection 'notes' already"):
        library.create("notes", CollectionSettings(), INFO)


def test_a_creation_that_was_cut_off_is_no_collection(tmp_path):
    store = collection(tmp_path)
    (store.path / "manifest.json").unlink()
    library = Library(tmp_path)
    assert library.names() == []
    assert library.create("notes", CollectionSettings(), INFO).page_ids(None) == []


def test_deleting_leaves_nothing_behind(tmp_path):
    store = collection(tmp_path)
    with Writer(store) as writer:
        put(writer, record("whales", 2))
        writer.finish()
    mapped = store.space().vectors("full").flat
    Library(tmp_path).delete("notes")
    assert sorted(path.name for path in (tmp_path / "collections").iterdir()) in ([], [".lock"])
    assert mapped.shape[1] == 8  # who still maps the copy is not harmed
    assert float(abs(mapped.astype("float32")).max()) <= 1.001
    for call in (
        lambda: store.page_ids(None),
        lambda: store.space().vectors("full"),
        lambda: Writer(store).__enter__(),
    ):
        with pytest.raises(NotFoundError, match="no collection 'notes' any more"):
            call()


def test_an_open_handle_follows_a_collection_made_again(tmp_path):
    store = collection(tmp_path)
    with Writer(store) as writer:
        put(writer, record("whales", 2))
        writer.finish()
    assert len(store.space().vectors("full").page_ids) == 2
    Library(tmp_path).delete("notes")
    again = collection(tmp_path, indexes=("rows",))
    with Writer(again) as writer:
        put(writer, record("bread", 3))
        writer.finish()
    assert store.space().indexes == ("rows", "full")
    assert len(store.page_ids(None)) == 3
    assert set(store.space().vectors("full").page_ids) == set(store.page_ids(None))


def test_a_collection_is_not_deleted_under_its_writer(tmp_path):
    store = collection(tmp_path)
    with Writer(store), pytest.raises(CollectionBusyError, match="stop it or wait"):
        Library(tmp_path).delete("notes")
    assert Library(tmp_path).names() == ["notes"]
    Library(tmp_path).delete("notes")


def test_of_many_who_make_one_collection_one_succeeds(tmp_path):
    made, refused = [], []
    start = threading.Barrier(4)

    def make():
        start.wait()
        try:
            made.append(Library(tmp_path).create("notes", CollectionSettings(), INFO))
        except StoreError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(refused) == 3
    assert problems(made[0]) == []
