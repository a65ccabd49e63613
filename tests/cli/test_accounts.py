"""Account files: made and changed by a command, hashes only, for the owner's eyes."""

import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from workbench.api.access import Accounts
from workbench.cli import app


def run(*arguments: str | Path, said: str = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["password", *map(str, arguments)], input=said)
    return result.exit_code, result.stdout, result.stderr


def test_a_password_is_kept_as_a_hash_and_replaced(tmp_path: Path) -> None:
    file = tmp_path / "in" / "accounts"
    code, out, err = run(file, "ada", said="correct horse\n")
    assert (code, out) == (0, "")
    assert "'ada' can log in" in err
    assert "horse" not in file.read_text(encoding="utf-8")
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    run(file, "bob", said="battery staple\n")
    run(file, "ada", said="another horse\r\n")
    accounts = Accounts.read(str(file))
    assert set(accounts.passwords) == {"ada", "bob"}
    assert accounts.admits("ada", "another horse")
    assert not accounts.admits("ada", "correct horse")
    assert accounts.admits("bob", "battery staple")
    assert os.listdir(file.parent) == ["accounts"]


def test_a_token_is_shown_once(tmp_path: Path) -> None:
    file = tmp_path / "accounts"
    file.write_text("# mine\n", encoding="utf-8")
    tokens = [run(file, "robot", "--token")[1].strip() for _ in range(2)]
    accounts = Accounts.read(str(file))
    assert [accounts.holder(token) for token in tokens] == ["robot", "robot"]
    assert file.read_text(encoding="utf-8").startswith("# mine\n")
    assert not any(token in file.read_text(encoding="utf-8") for token in tokens)


@pytest.mark.parametrize(
    ("name", "said", "why"), [("ada", "short\n", "at least 8"), ("a:b", "long enough\n", "cannot")]
)
def test_what_cannot_be_kept_changes_nothing(tmp_path: Path, name: str, said: str, why: str) -> None:
    code, _, err = run(tmp_path / "accounts", name, said=said)
    assert code == 1
    assert why in err
    assert not (tmp_path / "accounts").exists()
