"""Accounts, sessions, and the brake on guessing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import awaited
from workbench.api import access as module
from workbench.api.access import (
    FREE,
    IDLE,
    LONGEST,
    MAX_WAIT,
    Access,
    Accounts,
    Brake,
    TooManyAttempts,
    hashed,
    neighbourhood,
    new_token,
    token_line,
)
from workbench.errors import InputError


def log_in(access: Access, name: str, password: str, address: str) -> str:
    return awaited(access.log_in(name, password, address))


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of little cost, for tests that need many."""
    monkeypatch.setattr(module, "LOG_N", 10)
    monkeypatch.setattr(module, "P", 1)


def test_the_hash_is_scrypt_of_rfc_7914() -> None:
    # The third test vector of RFC 7914, section 12: N = 16384, r = 8, p = 1, first 32 of its 64 bytes.
    digest = module._scrypt("pleaseletmein", b"SodiumChloride", 14, 8, 1)
    assert digest.hex() == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"


def test_an_account_admits_its_password_only() -> None:
    accounts = Accounts.read("ada:correct: horse")
    assert accounts.admits("ada", "correct: horse")
    assert not accounts.admits("ada", "correct: hors")
    assert not accounts.admits("eve", "correct: horse")
    assert "horse" not in repr(accounts)


@pytest.mark.usefixtures("cheap")
@given(st.text(min_size=8, max_size=30), st.text(min_size=8, max_size=30))
def test_any_text_is_a_password(one: str, other: str) -> None:
    accounts = Accounts({"ada": hashed(one)})
    assert accounts.admits("ada", one)
    same = module.unicodedata.normalize("NFC", one) == module.unicodedata.normalize("NFC", other)
    assert accounts.admits("ada", other) is same or "\ufffd" in one + other or _surrogates(one + other)


def _surrogates(text: str) -> bool:
    return text.encode("utf-8", "replace").decode() != text


def test_a_password_composed_differently_is_the_same() -> None:
    assert Accounts({"ada": hashed("caf\u00e9 au lait")}).admits("ada", "cafe\u0301 au lait")


def test_an_account_file(tmp_path: Path) -> None:
    token = new_token()
    file = tmp_path / "accounts"
    file.write_text(f"# who may come in\n\nada:{hashed('correct horse')}\nbob:{token_line(token)}\n", encoding="utf-8")
    accounts = Accounts.read(str(file))
    assert accounts.admits("ada", "correct horse")
    assert not accounts.admits("bob", token)
    assert accounts.holder(token) == "bob"
    assert accounts.holder(token[:-1]) == ""
    assert accounts.holder("") == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("ada:short", "at least 8 characters"),
        (":password of nobody", "cannot be an account's name"),
        ("a b:long enough", "cannot be an account's name"),
        ("accounts.txt", "There is no account file 'accounts.txt'"),
        (r"C:\accounts.txt", "There is no account file"),
    ],
)
def test_what_is_no_account_is_told(given: str, said: str) -> None:
    with pytest.raises(InputError, match=said.replace("\\", r"\\")):
        Accounts.read(given)


@pytest.mark.parametrize(
    "line",
    [
        "ada:plain password",
        "ada:scrypt$15$8$3$AAAA",
        "ada:scrypt$40$8$3$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 43 + "=",
        "ada:token$12",
        "ada",
    ],
)
def test_a_line_that_is_no_account_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "file").write_text(f"# accounts\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match="Line 2 of"):
        Accounts.read(str(tmp_path / "file"))
    (tmp_path / "file").write_text("# none\n", encoding="utf-8")
    with pytest.raises(InputError, match="holds no account"):
        Accounts.read(str(tmp_path / "file"))


@pytest.mark.usefixtures("cheap")
def test_a_session_ends_unused_at_last_and_when_left() -> None:
    clock = Clock()
    access = Access(Accounts({"ada": hashed("correct horse")}), clock)
    assert log_in(access, "ada", "wrong horse", "10.0.0.1") == ""
    token = log_in(access, "ada", "correct horse", "10.0.0.1")
    assert access.user(token) == "ada"
    assert access.user(token + "x") == ""
    clock.now += IDLE - 1
    assert access.user(token) == "ada"
    clock.now += IDLE - 1
    assert access.user(token) == "ada"
    clock.now += IDLE + 1
    assert access.user(token) == ""

    token = log_in(access, "ada", "correct horse", "10.0.0.1")
    for _ in range(int(LONGEST / (IDLE / 2)) - 1):
        clock.now += IDLE / 2
        assert access.user(token) == "ada"
    clock.now += IDLE / 2
    assert access.user(token) == ""

    token, other = (log_in(access, "ada", "correct horse", "10.0.0.1") for _ in range(2))
    access.log_out(token)
    assert (access.user(token), access.user(other)) == ("", "ada")


@pytest.mark.usefixtures("cheap")
def test_guessing_has_to_wait_and_others_do_not() -> None:
    clock = Clock()
    access = Access(Accounts({"ada": hashed("correct horse")}), clock)
    for guess in range(FREE):
        assert log_in(access, "ada", f"guess {guess}", "10.0.0.1") == ""
    with pytest.raises(TooManyAttempts, match="try again in 10 seconds"):
        log_in(access, "ada", "correct horse", "10.0.0.1")
    assert log_in(access, "ada", "correct horse", "10.0.0.2")
    clock.now += 10
    assert log_in(access, "ada", "another guess", "10.0.0.1") == ""
    with pytest.raises(TooManyAttempts, match="20 seconds"):
        log_in(access, "ada", "correct horse", "10.0.0.1")
    clock.now += 20
    token = log_in(access, "ada", "correct horse", "10.0.0.1")
    assert token
    assert log_in(access, "ada", "a typo again", "10.0.0.1") == ""
    for _ in range(FREE):
        access.wrong_token("10.0.0.3")
    with pytest.raises(TooManyAttempts):
        access.wrong_token("10.0.0.3")
    assert access.user(token) == "ada"


def test_the_brake_never_makes_one_wait_longer_than_the_most() -> None:
    clock = Clock()
    brake = Brake(clock)
    waits = []
    for _ in range(40):
        try:
            brake.attempt("x")
        except TooManyAttempts as error:
            waits.append(error.seconds)
            clock.now += error.seconds
            brake.attempt("x")
    assert waits == sorted(waits)
    assert waits[-1] == MAX_WAIT
    clock.now += 3 * MAX_WAIT
    for _ in range(FREE):
        brake.attempt("x")


def test_an_ipv6_neighbourhood_is_one_guesser() -> None:
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:1") != neighbourhood("2001:db8:0:1::1")
    assert neighbourhood("10.0.0.1") != neighbourhood("10.0.0.2")
    assert neighbourhood("testclient") == "testclient"
