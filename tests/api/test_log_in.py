"""With accounts, everything but the log-in itself is closed; without, nobody but this machine gets in."""

import re
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.api.conftest import ADDRESS, NAME, PASSWORD
from workbench.api.access import FREE, Access, Accounts, new_token, token_line
from workbench.errors import InputError
from workbench.service import Workbench
from workbench.ui.guard import LOG_IN
from workbench.ui.login import local
from workbench.ui.server import check_address, create_app, hosts

COOKIE = "pagelens_session_7860"
FORM = {"name": NAME, "password": PASSWORD}


def routes(routed: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every method and path of an application, those of what it mounts included."""
    for route in routed:
        path = prefix + getattr(route, "path", "")
        inner = getattr(route, "routes", None)
        if inner:
            yield from routes(inner, path)
        elif getattr(route, "original_router", None) is not None:  # an included router
            yield from routes(route.original_router.routes, path)
        else:
            for method in getattr(route, "methods", None) or ("GET", "POST"):
                yield method, re.sub(r"\{[^}]*\}", "x", path) or "/"


def test_every_route_is_closed(closed_app: FastAPI, closed: TestClient) -> None:
    found = set(routes(closed_app.routes))
    paths = {path for _, path in found}
    assert {"/pages/x/x/x.webp", "/workbench/x/x", "/api/v1/search", "/api/v1/openapi.json", "/mcp", "/config"} <= paths
    assert len([path for path in paths if path.startswith("/gradio_api/")]) > 10
    opened = {("GET", LOG_IN), ("HEAD", LOG_IN), ("POST", LOG_IN), ("POST", "/api/v1/session")}
    opened |= {(method, path) for method in ("GET", "HEAD") for path in ("/healthz", "/readyz")}
    assert {("GET", LOG_IN), ("POST", LOG_IN), ("POST", "/api/v1/session")} <= found
    for method, path in sorted(found - opened):
        reply = closed.request(method, path)
        assert reply.status_code == 401, (method, path, reply.status_code)
        assert "Pagelens" not in reply.text
        for headers in ({"authorization": "Bearer x"}, {"cookie": f"{COOKIE}=x"}, {"cookie": f"{COOKIE}="}):
            assert closed.request(method, path, headers=headers).status_code in (401, 429)


@pytest.mark.parametrize(
    "path",
    [
        "/", "/?q=whale&c=notes", "//login", "/login/", "/LOGIN", "/login/../config", "/%6cogin/x", "/api/v1/session/",
        "/api/v1/docs", "/nothing", "/gradio_api/file=/etc/passwd", "/theme.css", "/static/../config",
    ],
)  # fmt: skip
def test_no_spelling_of_an_address_gets_around(closed: TestClient, path: str) -> None:
    reply = closed.get(path, headers={"accept": "text/html"})
    if str(reply.request.url.path) != LOG_IN:  # a client may tidy the path itself
        assert reply.status_code == 303
        assert reply.headers["location"].startswith(f"{LOG_IN}?next=")
        assert closed.get(path).status_code == 401


def test_a_person_logs_in_and_out(closed: TestClient) -> None:
    sent = closed.get("/?q=blue%20whale&c=notes", headers={"accept": "text/html"})
    form = closed.get(sent.headers["location"])
    assert form.status_code == 200
    assert 'value="/?q=blue%20whale&amp;c=notes"' in form.text
    assert not re.search(r"<script|<link(?! rel=\"icon\" href=\"data:,\")|<img|src=|url\(", form.text)
    assert form.headers["cache-control"] == "no-store"
    wrong = closed.post(LOG_IN, data={**FORM, "password": "wrong horse", "next": "/?q=1"})
    assert wrong.status_code == 401
    assert 'role="alert"' in wrong.text
    assert not closed.cookies

    done = closed.post(LOG_IN, data={**FORM, "next": "/?q=blue%20whale&c=notes"})
    assert (done.status_code, done.headers["location"]) == (303, "/?q=blue%20whale&c=notes")
    cookie = done.headers["set-cookie"]
    assert re.search(rf"^{COOKIE}=[\w-]{{43}}; HttpOnly; Max-Age=\d+; Path=/; SameSite=strict$", cookie), cookie
    page = closed.get("/", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "/js/main.js" in page.text
    assert closed.get("/api/v1/collections").json()[0]["name"] == "notes"
    assert closed.get("/pages/notes/whales.pdf/1.webp").status_code == 200
    assert NAME in closed.get(LOG_IN).text
    token = closed.cookies[COOKIE]
    left = closed.post(LOG_IN, data={"leave": "yes"})
    assert left.headers["clear-site-data"] == '"cache"'
    assert not closed.cookies
    assert closed.get("/api/v1/collections", headers={"cookie": f"{COOKIE}={token}"}).status_code == 401


def test_over_https_the_cookie_is_for_https_only(closed_app: FastAPI) -> None:
    safe = TestClient(closed_app, base_url="https://127.0.0.1:7860", follow_redirects=False)
    assert "; Secure" in safe.post(LOG_IN, data=FORM).headers["set-cookie"]


def test_another_site_can_neither_log_in_nor_use_a_log_in(closed: TestClient) -> None:
    for origin in ("https://evil.example", "null", "http://127.0.0.1:7861", "http://[::1"):
        reply = closed.post(LOG_IN, data=FORM, headers={"origin": origin})
        assert reply.status_code == 403
        assert "set-cookie" not in reply.headers
    assert closed.post(LOG_IN, data=FORM, headers={"origin": ADDRESS}).status_code == 303
    assert closed.post("/api/v1/uploads", headers={"origin": "https://evil.example"}).status_code == 403
    assert closed.get("/api/v1/version", headers={"host": "evil.example"}).status_code == 403


def test_a_program_logs_in(closed: TestClient) -> None:
    assert closed.post("/api/v1/session", json={**FORM, "password": "wrong horse"}).status_code == 401
    answer = closed.post("/api/v1/session", json=FORM)
    headers = {"authorization": f"Bearer {answer.json()['token']}"}
    assert closed.get("/api/v1/version", headers=headers).status_code == 200
    assert closed.delete("/api/v1/session", headers=headers).status_code == 204
    refused = closed.get("/api/v1/version", headers=headers)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert list(refused.json()) == ["error"]


def test_a_token_of_the_account_file_opens_the_api(workbench: Workbench) -> None:
    token = new_token()
    access = Access(Accounts({}, {token_line(token).partition("$")[2]: "robot"}))
    app = create_app(workbench, access=access)
    client = TestClient(app, base_url=ADDRESS)
    assert client.get("/api/v1/version", headers={"authorization": f"bearer {token}"}).status_code == 200
    assert client.get("/api/v1/version", headers={"authorization": f"Basic {token}"}).status_code == 401


def test_guessing_is_made_to_wait(workbench: Workbench, accounts: Accounts) -> None:
    app = create_app(workbench, access=Access(accounts))
    client = TestClient(app, base_url=ADDRESS, client=("10.1.1.1", 1), follow_redirects=False)
    statuses = [client.post(LOG_IN, data={**FORM, "password": "wrong"}).status_code for _ in range(FREE + 1)]
    assert statuses == [401] * FREE + [429]
    waiting = client.post("/api/v1/session", json=FORM)
    assert waiting.status_code == 429
    assert int(waiting.headers["retry-after"]) > 0
    other = TestClient(app, base_url=ADDRESS, client=("10.1.1.2", 1), follow_redirects=False)
    assert other.post(LOG_IN, data=FORM).status_code == 303


def test_a_form_that_is_none(closed: TestClient) -> None:
    assert closed.post(LOG_IN, content=b"\xff\x00=&&&").status_code == 401
    assert closed.post(LOG_IN, content=b"name=" + b"x" * 20_000).status_code == 413


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/\n/evil", "", "x"]
)
def test_a_log_in_leads_nowhere_else(closed: TestClient, target: str) -> None:
    assert local(target) == "/"
    assert closed.post(LOG_IN, data={**FORM, "next": target}).headers["location"] == "/"


def test_a_name_in_the_form_is_only_text(closed: TestClient) -> None:
    shown = closed.get(LOG_IN, params={"next": '/"><script>alert(1)</script>'})
    assert "<script>" not in shown.text


def test_web_sockets_are_refused(closed_app: FastAPI) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/gradio_api/queue/join", "headers": [(b"host", b"127.0.0.1:7860")]}
    anyio.run(closed_app.build_middleware_stack(), scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.20", "documents.example.org"])
def test_beyond_this_machine_only_with_a_log_in(host: str) -> None:
    with pytest.raises(InputError, match=r"--auth NAME:PASSWORD.*pagelens password"):
        check_address(host)
    with pytest.raises(InputError, match="--auth"):
        check_address("127.0.0.1", False, [host])
    check_address(host, True, ["documents.example.org"])


def test_an_open_address_needs_names() -> None:
    with pytest.raises(InputError, match="--allow-host"):
        check_address("0.0.0.0", True)
    check_address("192.168.1.20", True)
    for host in ("127.0.0.1", "localhost", "::1"):
        check_address(host)


def test_the_names_it_answers_under(workbench: Workbench, accounts: Accounts) -> None:
    assert hosts("0.0.0.0", ["Documents.Example.org."]) == ("127.0.0.1", "localhost", "::1", "documents.example.org")
    assert hosts("192.168.1.20")[-1] == "192.168.1.20"
    app = create_app(workbench, "0.0.0.0", access=Access(accounts), allowed=["docs.example.org", "2001:DB8:0::1"])
    client = TestClient(app, base_url=ADDRESS)
    for host, status in (
        ("docs.example.org", 401),
        ("DOCS.example.org:8443", 401),
        ("[2001:db8::1]:7860", 401),
        ("localhost:7860", 401),
        ("example.org", 403),
        ("docs.example.org.evil.example", 403),
        ("evil.example@docs.example.org:", 401),
        ("0.0.0.0:7860", 403),
        ("[::1", 403),
    ):
        assert client.get("/api/v1/version", headers={"host": host}).status_code == status, host
