"""What slow, many and lying clients can do: keep nobody else from being answered."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from tests.api.conftest import NAME, PASSWORD, served
from workbench.api.access import FREE, MAX_WAITING, Access, Accounts
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.ui import connections
from workbench.ui.server import create_app

HEAD = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
LONG = 60  # seconds after which a test gives up; nothing here waits for it


@pytest.fixture(scope="module")
def own_address(workbench: Workbench, accounts: Accounts) -> Iterator[str]:
    """A server of this module's, since who guesses here has to wait."""
    with served(create_app(workbench, access=Access(accounts))) as found:
        yield found


@pytest.fixture
def connect(own_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[socket.socket]]:
    """Connections to the server, which has no patience."""
    for name, value in (("HEAD_SECONDS", 0.5), ("BODY_SECONDS", 0.5), ("STALL_SECONDS", 2.0)):
        monkeypatch.setattr(connections, name, value)
    made: list[socket.socket] = []
    yield made
    for one in made:
        one.close()


def opened(address: str, kept: list[socket.socket]) -> socket.socket:
    found = urlsplit(address)
    made = socket.create_connection((found.hostname, found.port), timeout=LONG)
    kept.append(made)
    return made


def said(connection: socket.socket) -> bytes:
    """All that the server says until it closes."""
    got = b""
    try:
        while more := connection.recv(4096):
            got += more
    except ConnectionResetError:
        pass
    return got


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: b"])
def test_half_a_head_is_not_waited_for(own_address: str, connect: list[socket.socket], sent: bytes) -> None:
    connection = opened(own_address, connect)
    connection.sendall(sent)
    assert said(connection).startswith(b"HTTP/1.1 408 ")


def test_a_head_that_trickles_is_not_waited_for(own_address: str, connect: list[socket.socket]) -> None:
    connection = opened(own_address, connect)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    closed = threading.Event()

    def trickle() -> None:
        while not closed.wait(0.05):
            try:
                connection.sendall(b"X-A: b\r\n")
            except OSError:
                return

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        got = said(connection)  # comes to an end
    finally:
        closed.set()
        thread.join(LONG)
    assert not got or got.startswith(b"HTTP/1.1 408 ")  # what is sent after the end may cost its answer
    assert not thread.is_alive()


def test_a_body_that_trickles_is_not_waited_for(own_address: str, connect: list[socket.socket]) -> None:
    connection = opened(own_address, connect)
    connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\nname=")
    assert said(connection) == b""


def test_after_an_answer_half_a_head_is_not_waited_for_either(own_address: str, connect: list[socket.socket]) -> None:
    connection = opened(own_address, connect)
    connection.sendall(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert connection.recv(12) == b"HTTP/1.1 200"
    connection.sendall(b"GET /login HTTP/1.1\r\nHo")
    assert b"408 Request Timeout" in said(connection)


def test_a_slow_body_that_comes_is_taken(own_address: str, connect: list[socket.socket]) -> None:
    connection = opened(own_address, connect)
    body = b"leave=yes&x=" + b"y" * 4000
    head = HEAD + f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    pause = threading.Event()
    connection.sendall(head[:20])
    pause.wait(0.1)
    connection.sendall(head[20:])
    for start in range(0, len(body), 400):  # longer than the seconds for a body that does not come
        connection.sendall(body[start : start + 400])
        pause.wait(0.1)
    assert said(connection).startswith(b"HTTP/1.1 303 ")


def test_too_many_connections_are_turned_away(
    own_address: str, connect: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 600.0)
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 5)
    several = [opened(own_address, connect) for _ in range(30)]
    assert any(said(one).startswith(b"HTTP/1.1 503 ") for one in several[-1:])
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 400)
    assert httpx2.get(f"{own_address}/login", timeout=LONG).status_code == 200


# -- who says where a request comes from ------------------------------------------------------------------------------


def guesses(home: Path, accounts: Accounts, client: str, proxies: str = "", values: int = 25) -> list[int]:
    workbench = Workbench(Settings(home=home, trusted_proxies=proxies))
    app = create_app(workbench, access=Access(accounts))
    sender = TestClient(app, base_url="http://127.0.0.1:7860", client=(client, 1))
    wrong = {"name": NAME, "password": "wrong horse"}
    return [
        sender.post("/api/v1/session", json=wrong, headers={"x-forwarded-for": f"10.9.8.{n}"}).status_code
        for n in range(values)
    ]


def test_a_forged_address_does_not_get_around_the_brake(home: Path, accounts: Accounts) -> None:
    assert guesses(home, accounts, "127.0.0.1") == [401] * FREE + [429] * (25 - FREE)
    assert guesses(home, accounts, "127.0.0.1", "10.0.0.0/8,192.168.1.7") == [401] * FREE + [429] * (25 - FREE)


def test_a_named_proxy_is_believed(home: Path, accounts: Accounts) -> None:
    assert guesses(home, accounts, "192.168.1.7", "127.0.0.1, 192.168.1.0/24", FREE + 2) == [401] * (FREE + 2)


def test_the_server_itself_believes_nobody(own_address: str) -> None:
    wrong = {"name": NAME, "password": "wrong horse"}
    statuses = [
        httpx2.post(
            f"{own_address}/api/v1/session", json=wrong, headers={"x-forwarded-for": f"10.7.6.{n}"}, timeout=LONG
        ).status_code
        for n in range(FREE + 20)
    ]
    assert statuses.count(401) <= FREE
    assert statuses[-1] == 429


@pytest.mark.parametrize("named", ["everybody", "*", "10.0.0.0/99"])
def test_a_proxy_that_is_no_address_is_refused(named: str) -> None:
    with pytest.raises(ValidationError):
        Settings(trusted_proxies=named)


def test_proxies_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGELENS_TRUSTED_PROXIES", "10.0.0.1,fd00::/8")
    assert [str(network) for network in Settings().trusted_proxies] == ["10.0.0.1/32", "fd00::/8"]


# -- passwords --------------------------------------------------------------------------------------------------------


def test_log_ins_keep_nobody_waiting(home: Path, accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """60 log-ins at once from as many addresses, while hashing takes for ever: all else is answered."""
    go_on, judged = threading.Event(), list[str]()

    def admits(self: Accounts, name: str, password: str) -> bool:
        judged.append(name)
        assert go_on.wait(LONG)
        return True

    monkeypatch.setattr(Accounts, "admits", admits)
    app = create_app(
        Workbench(Settings(home=home, trusted_proxies="127.0.0.1")), access=Access(accounts), allowed=["127.0.0.1"]
    )
    with served(app) as address, ThreadPoolExecutor(60) as people:

        def log_in(n: int) -> int:
            headers = {"x-forwarded-for": f"10.0.{n}.1"}
            body = {"name": NAME, "password": PASSWORD}
            reply = httpx2.post(f"{address}/api/v1/session", json=body, headers=headers, timeout=LONG)
            assert reply.status_code == 201 or "at this moment; try again in 5 seconds" in reply.json()["error"]
            return reply.status_code

        coming = [people.submit(log_in, n) for n in range(60)]
        try:
            done = set()
            while len(done) < 60 - MAX_WAITING:  # all but those that wait are answered before any hash is done
                done, _ = wait(coming, LONG, FIRST_COMPLETED) if not done else wait(coming, 0.1)
            assert httpx2.get(f"{address}/login", timeout=LONG).status_code == 200
            assert len(judged) <= 1, "one hash at a time"
        finally:
            go_on.set()
        statuses = sorted(one.result(LONG) for one in coming)
    assert statuses.count(201) >= 1
    assert set(statuses) == {201, 429}
    assert len(judged) == statuses.count(201)
