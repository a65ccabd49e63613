"""Uploads go when they are done with, and nothing else does."""

from pathlib import Path

from workbench.ingestion import UPLOADS, drop_uploads


def test_only_what_lies_among_the_uploads_is_deleted(tmp_path: Path) -> None:
    home = tmp_path / "home"
    sent, kept, own = home / UPLOADS / "a" / "one.pdf", home / UPLOADS / "b" / "two.pdf", home / "jobs" / "j.json"
    for path in (sent, kept, own):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    others = [home / UPLOADS, home / UPLOADS / ".." / "jobs", home / UPLOADS / "b" / ".." / ".." / "jobs" / "j.json"]
    drop_uploads(home, [sent, tmp_path / "gone.pdf", *others])
    assert (sent.exists(), sent.parent.exists(), kept.exists(), own.exists()) == (False, False, True, True)
    drop_uploads(home, [kept.parent])
    assert not kept.exists() and (home / UPLOADS).is_dir() and own.exists()
