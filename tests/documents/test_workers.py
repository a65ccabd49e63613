"""Files read in processes of their own: the same pages, in order, whatever a file does to the process that reads it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from tests.documents import tasks
from tests.documents.make import LINES, picture_pdf, raw_pdf, show, text_pdf, text_picture
from workbench.documents import (
    GivenUp,
    Limits,
    ReaderPool,
    Reading,
    ReadSettings,
    Source,
    probe,
    raster,
    read_pages,
    readers,
    workers,
)
from workbench.errors import ChangedError, DocumentError, OverstepError, PagelensError
from workbench.types import Page, PageFailure

INPUTS = Path(__file__).parent / "inputs"
LETTER = "/MediaBox [0 0 612 792]"
NO_OCR = ReadSettings(ocr=False)
NEVER = threading.Event()
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")


@pytest.fixture(scope="module")
def pool():
    made = ReaderPool(Limits(readers=2))
    yield made
    made.close()


@pytest.fixture
def strict():
    """A pool whose limits are met soon."""
    made = ReaderPool(Limits(readers=2, seconds=1, memory_mib=512, oversteps=3))
    yield made
    made.close()


@pytest.fixture
def small():
    """A pool whose workers may hold little."""
    made = ReaderPool(Limits(readers=1, seconds=600, memory_mib=512))
    yield made
    made.close()


def reading(path: Path, settings=NO_OCR, numbers=None) -> Reading:
    found = probe(path)
    return Reading(Source(path, path.name), found, settings, numbers or range(1, found.pages + 1))


def read(pool: ReaderPool, *readings: Reading, stop=NEVER) -> list[Page | PageFailure | GivenUp]:
    with closing(pool.pages(readings, stop)) as stream:
        return [page for one in readings for page in stream.pages(one)]


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def until(true, seconds=900.0) -> bool:
    """Wait for something that is not told; how long it may take says nothing about how long it should."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(true())


# ---- the same pages


def bombs_free(folder: Path) -> list[Path]:
    """Files of every kind that can be read, and one with a page that cannot."""
    text_picture(LINES).save(folder / "scan.png")
    frames = [Image.new("RGB", (60 + 10 * i, 40), (200, 20 * i, 0)) for i in range(3)]
    frames[0].save(folder / "frames.tiff", save_all=True, append_images=frames[1:])
    return [
        text_pdf(folder / "text.pdf", pages=5),
        picture_pdf(folder / "scan.pdf", text_picture(LINES), [(72, 700, "words")]),
        raw_pdf(folder / "broken.pdf", [(LETTER, show(f"page{n}")) for n in range(3)], damaged=[1]),
        folder / "scan.png",
        folder / "frames.tiff",
    ]


@pytest.mark.parametrize("settings", [ReadSettings(), ReadSettings(dpi=72, crop=True, ocr=False)])
def test_pages_are_those_read_in_this_process_in_order(tmp_path, pool, settings):
    paths = bombs_free(tmp_path)
    found = read(pool, *(reading(path, settings) for path in paths))
    expected = [page for path in paths for page in read_pages(Source(path, path.name), settings)]
    assert [page.ref for page in found] == [page.ref for page in expected]
    for one, other in zip(found, expected, strict=True):
        assert type(one) is type(other)
        if isinstance(one, PageFailure):
            assert one == other
            continue
        assert (one.size, one.crop, one.content_hash) == (other.size, other.crop, other.content_hash)
        assert one.words.texts == other.words.texts
        for name in ("boxes", "lines", "ocr"):
            assert np.array_equal(getattr(one.words, name), getattr(other.words, name))
        assert np.array_equal(np.asarray(one.image()), np.asarray(other.image()))


def test_only_pages_asked_for_in_the_order_asked_for(tmp_path, pool):
    path = text_pdf(tmp_path / "text.pdf", pages=9)
    found = read(pool, reading(path, numbers=[8, 2, 10, 5]))
    assert [page.ref.page for page in found] == [8, 2, 10, 5]
    assert found[2].reason == "There is no page 10; the document has 9."


def test_pages_of_one_document_go_to_all_workers(tmp_path):
    made = ReaderPool(Limits(readers=2))
    assert len(read(made, reading(text_pdf(tmp_path / "text.pdf", pages=12)))) == 12
    assert len(made.processes()) == 2
    made.close()


def test_probes_come_in_order_with_reasons(tmp_path, pool):
    paths = [text_pdf(tmp_path / f"{n}.pdf", pages=n) for n in (3, 1, 2)]
    (tmp_path / "x.pdf").write_text("no pdf")
    found = list(pool.probes([paths[0], tmp_path / "x.pdf", *paths[1:], tmp_path / "gone.pdf"]))
    assert [getattr(one, "pages", None) for one in found] == [3, None, 1, 2, None]
    assert "whatever its name says" in str(found[1]) and "cannot be opened" in str(found[4])
    assert found[0] == probe(paths[0])


def test_no_more_is_read_ahead_than_a_few_pages(tmp_path, pool, monkeypatch):
    asked = []
    real = pool.submit
    monkeypatch.setattr(pool, "submit", lambda *args, **more: asked.append(args) or real(*args, **more))
    path = text_pdf(tmp_path / "text.pdf", pages=60)
    one = reading(path)
    with closing(pool.pages([one], NEVER)) as stream:
        next(stream.pages(one))
        assert len(asked) <= 10


# ---- a worker of its own


def test_a_worker_is_small_and_knows_neither_models_nor_the_store(pool):
    modules = pool.call(tasks.loaded)
    assert not {"torch", "lancedb", "pyarrow", "gradio", "transformers", "scipy", "pydantic"} & set(modules)


def test_workers_start_when_needed_and_end_when_closed(tmp_path):
    made = ReaderPool(Limits(readers=2))
    assert made.processes() == []
    pid = made.call(tasks.number)
    assert made.processes() == [pid]
    made.close()
    assert until(lambda: gone(pid)) and made.processes() == []
    again = made.call(tasks.number)  # closing is not for ever
    assert again != pid
    made.close()
    assert until(lambda: gone(again))


def test_idle_workers_end(monkeypatch):
    from workbench.documents import workers

    monkeypatch.setattr(workers, "IDLE", 0.2)
    made = ReaderPool(Limits(readers=1))
    pid = made.call(tasks.number)
    assert until(lambda: gone(pid))
    assert made.call(tasks.number) != pid
    made.close()


@linux
def test_a_worker_inherits_neither_sockets_nor_files(tmp_path):
    with socket.socket() as server, (tmp_path / "lock").open("w") as lock:
        server.bind(("127.0.0.1", 0))
        server.listen()
        os.set_inheritable(server.fileno(), True)
        made = ReaderPool(Limits(readers=1))
        held = made.call(tasks.files)
        made.close()
        assert not [name for name in held if name.startswith("socket:") or "lock" in name], lock


SCRIPT = """
import sys, time
print("loaded", flush=True)  # once: workers must not import this file
from pathlib import Path
from tests.documents import tasks
from workbench.documents import Limits, ReaderPool
pool = ReaderPool(Limits(readers=2))
print(pool.call(tasks.number), flush=True)
if len(sys.argv) > 1:
    job = pool.submit(tasks.programs, Path(sys.argv[1]), subject="")
    job.result()
"""


def test_a_script_without_a_guard_and_the_end_of_its_process(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py"], env=environment, capture_output=True, text=True, check=True
    )
    loaded, pid = done.stdout.split()
    assert loaded == "loaded" and until(lambda: gone(int(pid)))


def test_workers_and_their_programs_end_when_their_parent_is_killed(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    started = tmp_path / "started"
    parent = subprocess.Popen(
        [sys.executable, tmp_path / "script.py", started], env=environment, stdout=subprocess.PIPE
    )
    try:
        assert until(lambda: started.exists() and started.read_text())
    finally:
        parent.kill()
        parent.communicate()
    for pid in map(int, started.read_text().split()):
        assert until(lambda pid=pid: gone(pid))


# ---- limits


def test_what_takes_too_long_is_ended_and_replaced(strict, tmp_path):
    pid = strict.call(tasks.number)
    with pytest.raises(OverstepError, match=r"^Page 3 took more than 1 s to read\.$"):
        strict.call(tasks.spin, subject="Page 3")
    assert until(lambda: gone(pid))
    assert strict.call(tasks.number) != pid


def test_what_hangs_without_working_is_ended_too(strict, tmp_path):
    with pytest.raises(OverstepError, match="took more than 1 s"):
        strict.call(tasks.hang, tmp_path / "started")
    assert until(lambda: gone(int((tmp_path / "started").read_text())))


def test_what_takes_too_much_memory_is_ended_and_this_process_does_not_grow(small):
    before = psutil.Process().memory_info().rss
    with pytest.raises(OverstepError, match=r"^The file needs more than 0\.5 GiB of memory to read\.$"):
        small.call(tasks.hoard, 100_000)
    assert psutil.Process().memory_info().rss - before < 50e6
    assert isinstance(small.call(tasks.number), int)


def test_the_watchdog_ends_what_the_system_does_not(monkeypatch):
    from workbench.documents import workers

    limits = Limits(readers=1, seconds=600, memory_mib=512)
    monkeypatch.setattr(workers, "_START", workers._START.replace("int(sys.argv[1])", "1 << 60"))
    made = ReaderPool(limits)
    with pytest.raises(OverstepError, match=r"needs more than 0\.5 GiB"):
        made.call(tasks.hoard, 100_000)
    with pytest.raises(OverstepError, match=r"needs more than 0\.5 GiB"):
        made.call(tasks.hoard_in_a_program, 700)
    made.close()


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGABRT"])
def test_a_worker_that_dies_costs_what_it_was_at(small, name):
    with pytest.raises(OverstepError, match=f"ended the process that read it \\({name}\\)|needs more than"):
        small.call(tasks.die, name)
    assert isinstance(small.call(tasks.number), int)


def test_a_worker_killed_between_tasks_costs_nothing(small):
    pid = small.call(tasks.number)
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: gone(pid))
    assert small.call(tasks.number) != pid


def slow_pages(monkeypatch, pool, slow):
    """Have the pool spin in place of reading these pages."""
    real = pool.submit

    def submit(function, *arguments, **more):
        if function.__name__ == "read_page" and arguments[2].page in slow:
            return real(tasks.spin, **more)
        return real(function, *arguments, **more)

    monkeypatch.setattr(pool, "submit", submit)


def test_a_page_that_oversteps_fails_and_the_document_goes_on(strict, tmp_path, monkeypatch):
    slow_pages(monkeypatch, strict, {2, 5})
    found = read(strict, reading(text_pdf(tmp_path / "a.pdf", pages=6)), reading(text_pdf(tmp_path / "b.pdf", pages=1)))
    assert [page.ref.page for page in found] == [1, 2, 3, 4, 5, 6, 1]
    assert [isinstance(page, Page) for page in found] == [True, False, True, True, False, True, True]
    assert found[1].reason == "Page 2 took more than 1 s to read."


def test_after_three_such_pages_the_rest_is_given_up_in_one_sentence(strict, tmp_path, monkeypatch):
    slow_pages(monkeypatch, strict, {2, 3, 4, 5, 6, 7, 8})
    long, short = reading(text_pdf(tmp_path / "a.pdf", pages=40)), reading(text_pdf(tmp_path / "b.pdf", pages=2))
    with closing(strict.pages([long, short], NEVER)) as stream:
        first, *failed, rest = stream.pages(long)
        assert isinstance(first, Page)
        assert [page.ref.page for page in failed] == [2, 3, 4]
        assert isinstance(rest, GivenUp) and list(rest.numbers) == list(range(5, 41))
        assert rest.reason.startswith("36 pages were not tried after 3 others took more time or memory than allowed")
        monkeypatch.undo()
        assert [isinstance(page, Page) for page in stream.pages(short)] == [True, True]


def test_a_stop_ends_a_worker_whatever_it_is_at(tmp_path, monkeypatch):
    made = ReaderPool(Limits(readers=1))
    real = made.submit
    started = tmp_path / "started"
    monkeypatch.setattr(made, "submit", lambda function, *arguments, **more: real(tasks.hang, started, **more))
    stop = threading.Event()
    one = reading(text_pdf(tmp_path / "a.pdf", pages=2))

    def ask() -> None:
        until(lambda: started.exists() and started.read_text())
        stop.set()

    threading.Thread(target=ask).start()
    assert read(made, one, stop=stop) == []
    assert until(lambda: gone(int(started.read_text())))
    made.close()


def test_closing_the_pool_fails_what_is_under_way_in_words(tmp_path):
    made = ReaderPool(Limits(readers=1))
    jobs = [made.submit(tasks.hang, tmp_path / "started", subject="") for _ in range(3)]
    assert until((tmp_path / "started").exists)
    made.close()
    for job in jobs:
        with pytest.raises(PagelensError, match="told to end"):
            job.result(60)


# ---- hostile files


def bounded(path: Path, seconds=20.0) -> list[Page | PageFailure | GivenUp]:
    """What becomes of a file within limits, while this process hardly grows."""
    made = ReaderPool(Limits(readers=1, seconds=seconds, memory_mib=1024))
    before = psutil.Process().memory_info().rss
    try:
        (found,) = made.probes([path])
        if isinstance(found, DocumentError):
            return [PageFailure(None, str(found))]
        return read(made, Reading(Source(path, path.name), found, ReadSettings(), range(1, min(found.pages, 3) + 1)))
    finally:
        made.close()
        assert psutil.Process().memory_info().rss - before < 100e6


def test_nested_forms_fail_within_the_limits():
    (page,) = bounded(INPUTS / "xobjbomb.pdf")
    assert isinstance(page, PageFailure)
    assert page.reason in (
        "Page 1 needs more than 1 GiB of memory to read.",
        "Page 1 took more than 20 s to read.",
    )


def test_a_stream_that_unpacks_to_gigabytes_fails_or_is_read_within_the_limits():
    (page,) = bounded(INPUTS / "flate2.pdf")
    assert isinstance(page, Page) or page.reason.startswith("Page 1 ")


def test_a_form_that_draws_itself_fails_within_the_limits(tmp_path):
    """Twice each time, in a form that is its own resource."""
    body = b"/F Do /F Do"
    form = "/Type /XObject /Subtype /Form /BBox [0 0 600 700] /Resources << /XObject << /F 4 0 R >> >>"
    path = raw_pdf(tmp_path / "x.pdf", [(f"/Resources << /XObject << /F 4 0 R >> >> {LETTER}", body)])
    data = path.read_bytes()
    path.write_bytes(data.replace(b"<< /Length %d >>" % len(body), f"<< {form} /Length {len(body)} >>".encode()))
    (page,) = bounded(path)
    assert isinstance(page, (Page, PageFailure))


@pytest.mark.parametrize("kids", ["2 0 R 2 0 R 2 0 R", "4 0 R " * 100_000])
def test_page_trees_that_lie_end_in_words(tmp_path, kids):
    path = raw_pdf(tmp_path / "x.pdf", [(LETTER, show("words"))], kids=kids)
    found = bounded(path)
    assert all(isinstance(page, Page) or page.reason.endswith(".") for page in found)


def test_a_file_that_claims_pages_it_has_not_is_given_up_in_one_sentence(tmp_path, pool, monkeypatch):
    """A number of pages is what a file says; the rest of one that lied is not tried page by page."""
    monkeypatch.setattr(workers, "UNREADABLE", 20)
    path = raw_pdf(tmp_path / "x.pdf", [(LETTER, show("words") + b"%" * 500_000)])
    path.write_bytes(path.read_bytes().replace(b"/Count 1 ", b"/Count 400000 "))
    page, *failures, rest = read(pool, reading(path))
    assert isinstance(page, Page) and page.words.texts == ("words",)
    assert len(failures) == 20 and all(isinstance(failure, PageFailure) for failure in failures)
    assert isinstance(rest, GivenUp) and list(rest.numbers) == list(range(22, 400_001))
    assert rest.reason.startswith("399,979 pages were not tried after 20 in a row could not be read;")


def test_single_pages_that_cannot_be_read_give_nothing_up(tmp_path, pool, monkeypatch):
    monkeypatch.setattr(workers, "UNREADABLE", 2)
    path = raw_pdf(tmp_path / "x.pdf", [(LETTER, show("words"))] * 9, damaged=[0, 2, 4, 6, 8])
    assert [isinstance(page, Page) for page in read(pool, reading(path))] == [False, True] * 4 + [False]


@pytest.mark.parametrize("levels", [1, 6])
def test_a_file_of_more_pages_than_bytes_is_refused(tmp_path, levels):
    """One that says so, and one whose page tree leads to the same page a million times."""
    kids = 10 if levels > 1 else 1
    nodes = [
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b"%d 0 R " % (n + 3) * kids, 10 ** (6 - n)) for n in range(levels)
    ]
    page = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 9 9] >>" % (levels + 1)
    out = b"%PDF-1.7\n"
    for number, body in enumerate([b"<< /Type /Catalog /Pages 2 0 R >>", *nodes, page], 1):
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    (tmp_path / "x.pdf").write_bytes(out + b"trailer\n<< /Root 1 0 R >>\n%%EOF\n")
    with pytest.raises(DocumentError, match="claims to have 1,000,000 pages, more than its"):
        probe(tmp_path / "x.pdf")


# ---- poppler


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for poppler is a shell script")
def test_poppler_that_hangs_is_waited_for_once_a_file(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "pdfinfo").write_text("#!/bin/sh\necho 'Pages:          9'\n")
    (folder / "pdftoppm").write_text(f"#!/bin/sh\n[ $1 = -v ] && exit\necho x >> {tmp_path}/calls\nexec sleep 600\n")
    for script in folder.iterdir():
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    monkeypatch.setattr(raster, "POPPLER_SECONDS", 0.5)
    monkeypatch.setenv(raster.CHOSEN, "poppler")
    path = text_pdf(tmp_path / "text.pdf", pages=9)
    pages = list(read_pages(Source(path, path.name), NO_OCR))
    assert all(isinstance(page, Page) and np.asarray(page.image()).min() < 50 for page in pages)
    assert (tmp_path / "calls").read_text().split() == ["x"]


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for poppler is a shell script")
def test_what_one_worker_learns_of_poppler_the_others_are_told(tmp_path, pool, monkeypatch):
    told = []
    real = pool.submit
    monkeypatch.setattr(pool, "submit", lambda *args, **more: told.append(args[-1]) or real(*args, **more))
    blank = raw_pdf(tmp_path / "blank.pdf", [("/MediaBox [0 0 300 200]", b"")] * 30)
    read(pool, reading(blank))
    assert told[0] is None and told[-1] is raster.has_poppler()


# ---- files that change


def replaced(path: Path, other: Path) -> None:
    copy = path.with_suffix(".new")
    shutil.copyfile(other, copy)
    os.replace(copy, path)


def overwritten(path: Path, other: Path) -> None:
    path.write_bytes(other.read_bytes())


def overwritten_in_secret(path: Path, other: Path) -> None:
    """As long as before, with the times it had."""
    stat = path.stat()
    data = other.read_bytes()
    path.write_bytes(data[: stat.st_size].ljust(stat.st_size))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


BY = [replaced, overwritten, *([] if os.name == "nt" else [overwritten_in_secret])]


@pytest.fixture
def changing(tmp_path):
    """A file, and the next version of it."""
    path = tmp_path / "doc.pdf"
    shutil.copyfile(INPUTS / "changing-before.pdf", path)
    return path, INPUTS / "changing-after.pdf"


@pytest.mark.parametrize("change", BY)
def test_a_page_is_not_read_of_another_version_than_was_probed(changing, pool, change):
    path, after = changing
    one = reading(path)
    change(path, after)
    with pytest.raises(ChangedError, match=r"doc\.pdf changed while it was read"):
        read(pool, one)


@pytest.mark.parametrize("change", BY)
def test_the_next_page_is_not_read_of_another_version(changing, pool, change):
    path, after = changing
    one = reading(path)
    with closing(pool.pages([one], NEVER)) as stream:
        pages = stream.pages(one)
        assert next(pages).words.text.startswith("alphaversion")
        change(path, after)
        with pytest.raises(ChangedError):
            for page in pages:  # those read ahead are whole
                assert page.words.text.startswith("alphaversion")


@pytest.mark.parametrize("change", BY)
def test_words_and_picture_of_a_page_are_of_one_version(changing, monkeypatch, change):
    from workbench.documents import reading as module

    path, after = changing
    real = module.draw
    monkeypatch.setattr(module, "draw", lambda *args, **more: change(path, after) or real(*args, **more))
    with pytest.raises(ChangedError):
        next(read_pages(Source(path, path.name), NO_OCR))


@pytest.mark.parametrize("change", BY)
def test_pages_and_hash_are_of_one_version(changing, monkeypatch, change):
    from workbench.documents import probing

    path, after = changing
    real, times = probing.content_hash, []

    def then(path):
        times.append(real(path))
        if len(times) == 1:
            change(path, after)
        return times[-1]

    monkeypatch.setattr(probing, "content_hash", then)
    assert probe(path).content_hash == real(path) == times[-1] and len(times) == 2


def test_what_never_rests_is_refused_in_words(changing, monkeypatch):
    from workbench.documents import probing

    path, after = changing
    real = probing.content_hash
    monkeypatch.setattr(probing, "content_hash", lambda path: (real(path), overwritten(path, after))[0])
    with pytest.raises(ChangedError, match="add it again when it is complete"):
        probe(path)


def test_a_snapshot_is_of_one_version_and_goes_with_its_context(changing, pool):
    path, _ = changing
    with pool.snapshot(path) as copy:
        assert copy.name == "doc.pdf" and copy.read_bytes() == path.read_bytes()
    assert not copy.exists() and not copy.parent.exists()


def test_the_pool_of_a_process_is_one():
    assert readers() is readers(Limits())


def test_readings_left_out_are_not_taken_for_others(tmp_path, pool):
    first, second, third = (reading(text_pdf(tmp_path / f"{name}.pdf", pages=3)) for name in "abc")
    with closing(pool.pages([first, second, third], NEVER)) as stream:
        assert str(next(stream.pages(first)).ref) == "a.pdf#page=1"
        assert [str(page.ref) for page in stream.pages(third)] == [f"c.pdf#page={n}" for n in (1, 2, 3)]
