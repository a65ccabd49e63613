"""Searches that are kept where that is on."""

from workbench.evaluation import query_log
from workbench.evaluation.query_log import QueryLog
from workbench.types import Gone


def test_nothing_is_kept_until_it_is_switched_on(tmp_path):
    log = QueryLog(tmp_path / "asked")
    log.add("c", "whales")
    assert log.all("c") == []
    assert not (tmp_path / "asked").exists()
    log.turn("c", on=True)
    for query in ("whales", "bread", "  Whales "):
        log.add("c", query)
    assert [(one.query, one.times) for one in log.all("c")] == [("Whales", 2), ("bread", 1)]
    assert QueryLog(tmp_path / "asked").all("c") == log.all("c")
    log.turn("c", on=False)
    log.add("c", "later")
    assert len(log.all("c")) == 2
    log.rename_collection("c", "d")
    assert log.all("c") == []
    assert len(log.all("d")) == 2
    log.rename_collection("d", "c")
    log.forget(Gone("c"))
    assert log.all("c") == []
    assert list((tmp_path / "asked").iterdir()) == []


def test_a_line_that_a_crash_cut_off_is_left_out_and_the_oldest_go(tmp_path, monkeypatch):
    monkeypatch.setattr(query_log, "MAX_KEPT", 4)
    log = QueryLog(tmp_path)
    log.turn("c", on=True)
    log.add("c", "first")
    with (tmp_path / "c.jsonl").open("a") as file:
        file.write('{"query": "cut o\n')
    for number in range(4):
        log.add("c", f"query {number}")
    assert [one.query for one in log.all("c")] == ["query 3", "query 2"]
