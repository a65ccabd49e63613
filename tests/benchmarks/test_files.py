"""A folder of odd files through a command that falls as it is told to, and through the real one."""

import os
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from benchmarks.files import CommandLimits, try_files
from benchmarks.files import command as module
from benchmarks.files.command import CRASHED, DONE, HUNG, REFUSED, SWOLLEN, Ended
from benchmarks.files.gathering import batches, files_below, name_key
from benchmarks.files.report import FAILED, INDEXED, PAGE, PARTLY, SAME, UNSAID, pattern
from benchmarks.processes import PARENT, WORKER, ProcessPeak, ProcessTree
from benchmarks.tables import TABLES
from workbench.bench.watch import Memory
from workbench.errors import InputError

LIMITS = CommandLimits(300, 2**40)


@pytest.fixture
def folder(tmp_path):
    def made(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        return tmp_path

    return made


def product(*, bad=(), how=CRASHED, tells=True, together=()):
    """A command in place of the real one: it falls over files named in ``bad``, or over all of ``together`` at once."""
    calls = []

    def command(files, options, limits):
        names = sorted(path.name for path in files)
        calls.append(names)
        falls = [name for name in names if name in bad]
        if falls or (together and set(together) <= set(names)):
            finished = tuple(names[: names.index(falls[0])]) if falls and tells else ()
            return Ended(how, "ended by SIGSEGV", (), finished, (ProcessPeak(PARENT, 1, Memory(20, 10)),), 1.0)
        documents = tuple({"name": name, "pages": 1, "indexed": 1, "skipped": 0, "failed": []} for name in names)
        return Ended(DONE, "", documents, tuple(names), (ProcessPeak(PARENT, 2, Memory(30, 15)),), 1.0)

    return command, calls


def states(report):
    return {file.path: file.state for file in report.files}


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("how", [CRASHED, HUNG, SWOLLEN])
def test_the_file_at_fault_is_found_and_the_others_go_on(folder, how, tells):
    names = [f"{letter}.pdf" for letter in "abcdefghij"]
    command, calls = product(bad=("d.pdf", "i.pdf"), how=how, tells=tells)
    report = try_files(folder(*names), LIMITS, 40, command=command)
    assert states(report) == {name: how if name in ("d.pdf", "i.pdf") else INDEXED for name in names}
    assert not report.ok
    assert report.loose == ()
    assert len(calls) == len(report.runs) <= 15
    (group,) = report.groups()
    assert (group.what, group.count, group.examples) == (how, 2, ("d.pdf", "i.pdf"))


def test_a_batch_that_falls_with_no_file_to_blame_is_told(folder):
    command, _ = product(together=("a.pdf", "d.pdf"))
    report = try_files(folder("a.pdf", "b.pdf", "c.pdf", "d.pdf"), LIMITS, 40, command=command)
    assert set(states(report).values()) == {INDEXED}
    assert [run.files for run in report.loose] == [4]
    assert not report.ok
    assert report.groups()[0].examples == ("4 files from a.pdf",)


def test_what_is_refused_in_words_is_no_fault(folder):
    command, _ = product(bad=("b.pdf",), how=REFUSED)
    report = try_files(folder("a.pdf", "b.pdf"), LIMITS, 40, command=command)
    assert states(report) == {"a.pdf": INDEXED, "b.pdf": FAILED}
    assert report.ok


def test_every_outcome_has_its_state(folder):
    says = {
        "whole.pdf": (2, 2, 0, [], ""),
        "part.pdf": (2, 1, 0, [{"page": 2, "reason": "Page 2 of part.pdf took 61 s."}], ""),
        "none.pdf": (1, 0, 0, [{"page": 1, "reason": "Page 1 of none.pdf took 75 s."}], ""),
        "no.txt": (0, 0, 0, [], "no.txt is not a file Pagelens reads."),
        "twice.pdf": (2, 0, 2, [], "same content as whole.pdf"),
    }

    def command(files, options, limits):
        assert options == ("--no-ocr",)
        documents = tuple(
            {"name": name, "pages": p, "indexed": i, "skipped": s, "failed": failed, **({"reason": why} if why else {})}
            for name, (p, i, s, failed, why) in says.items()
        )
        return Ended(DONE, "", documents, (), (), 1.0)

    report = try_files(folder(*says, "forgotten.pdf"), LIMITS, 40, options=("--no-ocr",), command=command)
    assert states(report) == {
        "whole.pdf": INDEXED,
        "part.pdf": PARTLY,
        "none.pdf": FAILED,
        "no.txt": FAILED,
        "twice.pdf": SAME,
        "forgotten.pdf": UNSAID,
    }
    assert not report.ok  # of one file nothing was said
    pages = [group for group in report.groups() if group.what == PAGE]
    assert [(group.reason, group.count, group.examples) for group in pages] == [
        ("Page # of FILE took # s.", 2, ("none.pdf#page=1", "part.pdf#page=2"))
    ]
    all_ = TABLES["files"](report).rows[-1]
    assert [cell.text for cell in all_] == ["all", "6", "53 B", "1", "1", "2", "1", "1", "7", "3", "2"]


def test_files_of_one_name_go_into_different_batches(folder):
    names = ["1/scan.pdf", "2/scan.pdf", "2/SCAN.pdf", "3/e\u0301.pdf", "4/\u00e9.pdf", "5/other.pdf"]
    found = batches(files_below(folder(*names, ".hidden/a.pdf", ".b.pdf")), 2)
    assert sorted(path.name for batch in found for path in batch) == sorted(name.partition("/")[2] for name in names)
    assert all(len({name_key(path.name) for path in batch}) == len(batch) <= 2 for batch in found)


def test_links_and_empty_folders(folder, tmp_path):
    with pytest.raises(InputError, match="no files"):
        files_below(tmp_path)
    root = folder("a.pdf", "b.pdf")
    (root / "c.pdf").symlink_to(root / "a.pdf")
    assert [path.name for path in files_below(root)] == ["a.pdf", "b.pdf"]
    command, calls = product()
    assert [file.path for file in try_files(root, LIMITS, 40, most=1, command=command).files] == ["a.pdf"]
    assert calls == [["a.pdf"]]


def test_reasons_are_alike_but_for_names_and_numbers():
    assert pattern("a1.pdf: 3 pages of 1,204 'x y'", "a1.pdf") == pattern("b2.pdf: 12 pages of 7 'z'", "b2.pdf")


def test_what_an_exit_says():
    assert module._end(-signal.SIGSEGV, "", "")[:2] == (CRASHED, "ended by SIGSEGV")
    assert module._end(1, "", "There is no space.\n")[:2] == (REFUSED, "There is no space.")
    assert module._end(1, "", "Unexpected error (KeyError: 3).")[0] == CRASHED
    assert module._end(0, "", "")[0] == CRASHED
    assert module._end(1, '{"documents": []}', "x")[0] == DONE
    with pytest.raises(KeyboardInterrupt):
        module._end(130, "", "")


def started(code):
    return subprocess.Popen([sys.executable, "-c", code])


def test_a_command_that_does_not_move_is_ended_and_one_that_takes_too_much(tmp_path):
    (tmp_path / "said").write_text("")
    for code, limits, how in (
        ("import time; time.sleep(600)", CommandLimits(0.5, 2**40), HUNG),
        ("import time; kept = bytearray(b'x') * 2**28; time.sleep(600)", CommandLimits(600, 2**27), SWOLLEN),
    ):
        process = started(code)
        tree = ProcessTree(process.pid)
        judged = module._watch(process, tree, limits, tmp_path / "home", tmp_path / "said")
        tree.end()
        assert judged[0] == how
        assert process.wait() != 0


def test_each_process_of_a_tree_has_its_peak():
    code = (
        "import multiprocessing as m, time\n"
        "kept = bytearray(b'x') * 2**26\n"
        "if __name__ == '__main__':\n"
        "    child = m.get_context('spawn').Process(target=time.sleep, args=(600,))\n"
        "    child.start(); print('ready', flush=True); child.join()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    tree = ProcessTree(process.pid)
    try:
        assert process.stdout.readline().strip() == b"ready"
        while not {PARENT, WORKER} <= {peak.name for peak in tree.peaks}:
            tree.look()
        peaks = {peak.name: peak for peak in tree.peaks}
        assert peaks[PARENT].pid == process.pid != peaks[WORKER].pid
        assert peaks[PARENT].peak.own >= 2**26 * 0.9
        assert tree.look().resident >= peaks[PARENT].peak.resident
    finally:
        tree.end()
    process.stdout.close()
    process.wait()
    assert [peak for peak in tree.peaks if peak.pid == process.pid]
    with pytest.raises(ProcessLookupError):
        os.kill(peaks[WORKER].pid, 0)


def test_the_real_command(tmp_path):
    from benchmarks.files.command import ingest

    Image.new("RGB", (200, 100), "white").save(tmp_path / "white.png")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")
    (tmp_path / "a b.txt").write_text("words")
    before = time.monotonic()
    ended = ingest(sorted(tmp_path.iterdir()), ("--no-ocr",), LIMITS)
    assert ended.how == DONE
    assert {document["name"] for document in ended.documents} == {"white.png", "broken.pdf", "a b.txt"}
    assert ended.processes[0].name == PARENT
    assert ended.processes[0].peak.own > 2**24
    assert 0 < ended.seconds <= time.monotonic() - before
