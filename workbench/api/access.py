"""Who may come in: accounts with hashed passwords and tokens, sessions, and a brake on guessing.

Passwords are kept as scrypt hashes (RFC 7914) and compared in constant time; tokens and sessions are 256 random bits,
of which only the SHA-256 is kept, in memory for sessions. What this module does not do: know of requests or pages.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import os
import re
import secrets
import threading
import time
import unicodedata
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

from workbench.errors import InputError
from workbench.permits import ALL, Permit

LOG_N, R, P = 15, 8, 3
"""Cost of a password's hash: N = 2^15, r = 8, p = 3, a choice of OWASP's Password Storage Cheat Sheet (32 MiB)."""
SHORTEST = 8
IDLE, LONGEST = 12 * 3600.0, 7 * 86400.0
"""Seconds after which an unused session ends, and any session."""
FREE, FIRST_WAIT, MAX_WAIT = 5, 10.0, 900.0
"""Failures before there is a wait, seconds of the first wait (each further failure doubles it), and the longest."""
MAY, VIEW, EDIT = "may", "view", "edit"
"""What begins a line that says what an account may do, and the roles there are."""
_NAME = re.compile(r"[^\s:$#]{1,64}")
MAX_WAITING = 8
"""Log-ins that may wait for their turn: hashes are computed one at a time, in a thread of their own, so that a flood of
them takes neither the memory (32 MiB each) nor the threads and processors that answer everything else."""


class TooManyAttempts(InputError):
    """Too many wrong passwords or tokens, or too many at once; ``seconds`` says how long to wait."""

    def __init__(self, seconds: float, why: str = "Too many wrong attempts") -> None:
        self.seconds = max(1, round(seconds))
        super().__init__(f"{why}; try again in {self.seconds} seconds.")


def hashed(password: str, salt: bytes | None = None) -> str:
    """A password as a line of an account file holds it; `InputError` when it is too short to be one."""
    if len(password) < SHORTEST:
        raise InputError(f"A password has at least {SHORTEST} characters.")
    salt = salt or os.urandom(16)
    return f"scrypt${LOG_N}${R}${P}${_text(salt)}${_text(_scrypt(password, salt, LOG_N, R, P))}"


def token_line(token: str) -> str:
    """A token as a line of an account file holds it: it is random, so a plain hash is enough."""
    return f"token${_digest(token)}"


def new_token() -> str:
    """256 random bits, in letters that need no quoting."""
    return secrets.token_urlsafe(32)


def permit_line(permit: Permit) -> str:
    """What an account may do, as a line of an account file holds it: ``may$view$reports,notes``, or all collections."""
    names = ",".join(quote(name, safe="") for name in sorted(permit.collections or ()))
    return f"{MAY}${EDIT if permit.edit else VIEW}${'*' if permit.collections is None else names}"


@dataclass(frozen=True, slots=True)
class Accounts:
    """Names with the hashes of their passwords, hashes of tokens with their names, what a name may do if not all."""

    passwords: Mapping[str, str] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=dict)
    permits: Mapping[str, Permit] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Accounts:
        """``user:password``, or the path of an account file; `InputError` says what is wrong and how to make one."""
        path = Path(text).expanduser()
        if path.is_file():
            return cls._of_file(path)
        name, colon, password = text.partition(":")
        if not colon or (len(name) == 1 and password[:1] in ("\\", "/")):
            raise InputError(
                f"There is no account file '{text}'; make one with: pagelens password '{text}' NAME (or give "
                "--auth NAME:PASSWORD)."
            )
        return cls({checked_name(name): hashed(password)})

    @classmethod
    def _of_file(cls, path: Path) -> Accounts:
        passwords: dict[str, str] = {}
        tokens: dict[str, str] = {}
        permits: dict[str, Permit] = {}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            name, _, secret = line.strip().partition(":")
            kind, _, rest = secret.partition("$")
            if _NAME.fullmatch(name) and kind == "token" and re.fullmatch(r"[0-9a-f]{64}", rest):
                tokens[rest] = name
            elif _NAME.fullmatch(name) and kind == "scrypt" and _parameters(secret):
                passwords[name] = secret
            elif _NAME.fullmatch(name) and kind == MAY and (permit := _permit(rest)) is not None:
                permits[name] = permit
            else:
                raise InputError(
                    f"Line {number} of '{path}' is no account; 'pagelens password {path} NAME' writes such lines."
                )
        if not passwords and not tokens:
            raise InputError(f"'{path}' holds no account; 'pagelens password {path} NAME' adds one.")
        return cls(passwords, tokens, permits)

    def admits(self, name: str, password: str) -> bool:
        """Whether the password is that of the name; an unknown name takes as long as a known one."""
        kept = self.passwords.get(name, _NOBODY)
        log_n, r, p, salt, wanted = _parameters(kept) or (LOG_N, R, P, b"", b"")
        got = _scrypt(password, salt, log_n, r, p)
        return hmac.compare_digest(got, wanted) and name in self.passwords

    def holder(self, token: str) -> str:
        """The name a token stands for, or empty."""
        wanted, found = _digest(token), ""
        for digest, name in self.tokens.items():
            if hmac.compare_digest(digest, wanted):
                found = name
        return found


def checked_name(name: str) -> str:
    """A name that an account file can hold; `InputError` for others."""
    if not _NAME.fullmatch(name):
        raise InputError(f"'{name}' cannot be an account's name: 1 to 64 characters without spaces, ':', '$' and '#'.")
    return name


@dataclass(slots=True)
class _Session:
    name: str
    until: float
    last: float


class Access:
    """Accounts, the sessions that are open, and the failures of late. Safe to call from several threads.

    Passwords are judged one after the other; see `MAX_WAITING`.
    """

    def __init__(self, accounts: Accounts, clock: Callable[[], float] = time.monotonic) -> None:
        self._accounts = accounts
        self._clock = clock
        self._sessions: dict[str, _Session] = {}
        self._brake = Brake(clock)
        self._lock = threading.Lock()
        self._hashing = ThreadPoolExecutor(1, "pagelens-passwords")
        self._waiting = 0

    async def log_in(self, name: str, password: str, address: str) -> str:
        """The token of a new session; empty for a wrong name or password.

        `TooManyAttempts` after many of those, and while many others log in; neither costs a hash.
        """
        with self._lock:
            if self._waiting >= MAX_WAITING:
                raise TooManyAttempts(5, "Too many are logging in at this moment")
            self._brake.attempt(neighbourhood(address))
            self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            right = await loop.run_in_executor(self._hashing, self._accounts.admits, name, password)
        finally:
            with self._lock:
                self._waiting -= 1
        if not right:
            return ""
        self._brake.forgive(neighbourhood(address))
        token, now = new_token(), self._clock()
        with self._lock:
            self._sessions = {key: s for key, s in self._sessions.items() if min(s.until, s.last + IDLE) > now}
            self._sessions[_digest(token)] = _Session(name, now + LONGEST, now)
        return token

    def log_out(self, token: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(_digest(token), None)

    def user(self, token: str) -> str:
        """Who holds a session or an account's token, or empty. A session found here is in use, and lasts longer."""
        now = self._clock()
        with self._lock:
            session = self._sessions.get(_digest(token))
            if session is not None and min(session.until, session.last + IDLE) > now:
                session.last = now
                return session.name
        return self._accounts.holder(token)

    def permit(self, name: str) -> Permit:
        """What the holder of a session or token may do: everything if the account file does not say less."""
        # Nobody, as one whose session has just ended, may do nothing.
        return self._accounts.permits.get(name, ALL) if name else Permit(False, frozenset())

    def wrong_token(self, address: str) -> None:
        """Note a token that nobody holds; `TooManyAttempts` after many. A right one is never made to wait."""
        self._brake.attempt(f"{neighbourhood(address)} tokens")


class Brake:
    """Counts attempts by key; after `FREE` of them, each has to wait twice as long as the one before."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def attempt(self, key: str) -> None:
        """Count an attempt before it is judged, so that many at once do not slip through; `TooManyAttempts` to wait."""
        now = self._clock()
        with self._lock:
            if len(self._seen) > 10_000:
                self._seen = {key: seen for key, seen in self._seen.items() if seen[1] + 2 * MAX_WAIT > now}
            count, last = self._seen.get(key, (0, now))
            if now > last + 2 * MAX_WAIT:
                count = 0
            wait = FIRST_WAIT * 2.0 ** min(count - FREE, 20) if count >= FREE else 0.0
            left = last + min(MAX_WAIT, wait) - now
            if wait and left > 0:
                raise TooManyAttempts(left)
            self._seen[key] = (count + 1, now)

    def forgive(self, key: str) -> None:
        """Forget what a right answer followed."""
        with self._lock:
            self._seen.pop(key, None)


def neighbourhood(address: str) -> str:
    """The network that failures count for: an IPv4 address, or the /64 of an IPv6 one, which one person commands."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return address


def _permit(text: str) -> Permit | None:
    role, _, names = text.partition("$")
    if role not in (VIEW, EDIT):
        return None
    named = None if names == "*" else frozenset(unquote(name) for name in names.split(",") if name)
    return Permit(role == EDIT, named)


def _parameters(secret: str) -> tuple[int, int, int, bytes, bytes] | None:
    parts = secret.split("$")
    try:
        kind, log_n, r, p, salt, digest = parts
        found = int(log_n), int(r), int(p), base64.b64decode(salt), base64.b64decode(digest)
    except ValueError:
        return None
    sound = kind == "scrypt" and 10 <= found[0] <= 20 and 1 <= found[1] <= 32 and 1 <= found[2] <= 16
    return found if sound and len(found[3]) >= 8 and len(found[4]) == 32 else None


def _scrypt(password: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    # The same letters typed on two systems may be composed differently: NFC, as RFC 8265 prepares passwords.
    text = unicodedata.normalize("NFC", password).encode("utf-8", "replace")
    memory = 128 * r * (2**log_n + p + 4)
    return hashlib.scrypt(text, salt=salt, n=2**log_n, r=r, p=p, maxmem=memory + 2**20, dklen=32)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


_NOBODY = f"scrypt${LOG_N}${R}${P}${_text(bytes(16))}${_text(bytes(32))}"
