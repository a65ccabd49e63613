"""Records kept by name, with notes beside them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.evaluation.records import record
from workbench.errors import InputError, NotFoundError
from workbench.evaluation.saved_runs import SavedRuns


def test_names_are_a_date_and_letters_and_no_two_claims_get_the_same(tmp_path):
    archive = SavedRuns(tmp_path)
    with ThreadPoolExecutor(4) as threads:
        names = list(threads.map(lambda _: archive.claim("2026-11-21"), range(28)))
    assert sorted(names, key=lambda name: (len(name), name)) == [
        *(f"2026-11-21{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"),
        "2026-11-21aa",
        "2026-11-21ab",
    ]
    assert archive.names() == []  # claimed, and nothing there yet
    with pytest.raises(NotFoundError, match="has not ended"):
        archive.load("2026-11-21a")


def test_the_newest_comes_first_and_a_damaged_one_spoils_no_list(tmp_path):
    archive = SavedRuns(tmp_path)
    made = record({"p": [(1, 1), (2, 3)]})
    for day in ("2026-01-02", "2026-11-21", "2026-11-21"):
        archive.save(made, archive.claim(day))
    assert [kept.name for kept in archive.all()] == ["2026-11-21b", "2026-11-21a", "2026-01-02a"]
    assert archive.all()[0].means == {"p": made.mean("p")["nDCG@5"]}
    (tmp_path / "2026-11-21b" / "summary.json").write_text("{", encoding="utf-8")
    assert len(archive.all()) == 3  # the summary follows from the record
    (tmp_path / "2026-11-21b" / "record.json").write_text("{", encoding="utf-8")
    assert [kept.name for kept in archive.all()] == ["2026-11-21a", "2026-01-02a"]
    with pytest.raises(InputError, match="not an evaluation record"):
        archive.load("2026-11-21b")


@pytest.mark.parametrize("name", ["..", "../2026-01-02a", "", "2026-01-02a/..", "/tmp"])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    archive = SavedRuns(tmp_path / "evaluations")
    archive.save(record({"p": [(1, 1)]}))
    for ask in (archive.folder, archive.load, archive.delete, archive.notes):
        with pytest.raises(NotFoundError, match="There is no evaluation"):
            ask(name)


def test_damaged_notes_are_said_and_not_overwritten(tmp_path):
    archive = SavedRuns(tmp_path)
    name = archive.save(record({"p": [(1, 1)]}))
    (tmp_path / name / "notes.json").write_text("[", encoding="utf-8")
    with pytest.raises(InputError, match=r"notes.json of evaluation"):
        archive.note(name, "q0", ["tag"], "")
    assert (tmp_path / name / "notes.json").read_text(encoding="utf-8") == "["
