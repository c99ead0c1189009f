"""Sessions of people: a signed, HttpOnly cookie that ends by itself when nobody is there.

`install(app, settings)` once at start; then `require_user(request)`, `csrf_token(request)` and
`check_csrf(request, token)` in the pages. Everything is signed with a key kept in the data
directory, so the command line can make a link for a service that already runs; API processes with
data directories of their own are given one in common (NMS_SENTINEL_SESSION_KEY). What each role
may do is in `roles`; how staff sign in is in `sign_in`.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from starlette.responses import Response

from service.errors import NotAllowed, SettingsFault
from service.settings import PREFIX, Settings, unwritable

COOKIE = "nms_sentinel_session"
LINK_SECONDS = 24 * 3600
SESSION_SECONDS = 12 * 3600
IDLE_SECONDS = 30 * 60
GLASS_SECONDS = 3600
# a bedside link outlives the card that carries it by little
CHECK_SECONDS = 4 * 3600
_RENEW_SECONDS = 60
CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"
_KEY_FILE = "session.key"
KEY_BYTES = 32


class Forbidden(NotAllowed):
    """Known, but not allowed to do this (403)."""

    status = 403
    issue = "forbidden"


class Memory(Protocol):
    """What must count once, or for all processes, over `seconds`."""

    def once(self, kind: str, key: str, seconds: float) -> bool: ...

    def known(self, kind: str, key: str) -> bool: ...


class OwnMemory:
    """In this process alone: for tests and for one process. `now` in seconds."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._ends: dict[tuple[str, str], float] = {}

    def once(self, kind: str, key: str, seconds: float) -> bool:
        now = self._now()
        self._ends = {held: end for held, end in self._ends.items() if end > now}
        if (kind, key) in self._ends:
            return False
        self._ends[kind, key] = now + seconds
        return True

    def known(self, kind: str, key: str) -> bool:
        return self._ends.get((kind, key), 0.0) > self._now()


@dataclass(frozen=True, slots=True)
class User:
    """Who is signed in. `role`: a word of `roles.Role`. `wards`: those cared for, () for all.

    `tenants`: those that may be seen, () for the one of the service. `session`: names the
    sign-in, "" outside one.
    """

    name: str
    role: str
    wards: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    session: str = field(default="", compare=False)


class Sessions:
    """Signed links, cookies, CSRF tokens, bedside links. `now`: seconds since the epoch."""

    def __init__(
        self,
        key: bytes,
        *,
        secure: bool,
        now: Callable[[], float] = time.time,
        memory: Memory | None = None,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self.secure = secure
        self._key = key
        self._now = now
        self._memory = memory or OwnMemory(now)
        self._idle = idle

    def link_token(self, user: User) -> str:
        """A token that signs `user` in once, within a day."""
        held = {"n": user.name, "r": user.role, "j": secrets.token_urlsafe(12)}
        return self.seal("link", held, LINK_SECONDS)

    def redeem(self, token: str) -> str:
        """Exchange a link token for a cookie value. NotAllowed when used, expired or forged."""
        held = self.open("link", token)
        if not self._memory.once("link", held["j"], LINK_SECONDS):
            raise NotAllowed("This sign-in link was used already.", code="sign-in-used")
        return self.begin(User(name=held["n"], role=held["r"]))

    def begin(self, user: User) -> str:
        """The cookie of a new session."""
        held = {"n": user.name, "r": user.role, "w": user.wards, "t": user.tenants}
        fresh = {**held, "j": secrets.token_urlsafe(12), "a": self._now()}
        return self.seal("session", fresh, SESSION_SECONDS)

    def user(self, cookie: str | None) -> User:
        """The user of a cookie. NotAllowed: none, not ours, expired, idle or signed out."""
        held = self._session(cookie)
        return User(
            name=held["n"],
            role=held["r"],
            wards=tuple(held.get("w", ())),
            tenants=tuple(held.get("t", ())),
            session=held["j"],
        )

    def renewed(self, cookie: str) -> str | None:
        """The cookie after something its user did; None when that needs no new one yet."""
        held = self._session(cookie)
        if self._now() - held.get("a", 0.0) < _RENEW_SECONDS:
            return None
        return self.seal("session", {**held, "a": self._now()}, held["e"] - self._now())

    def end(self, cookie: str) -> None:
        """Sign out: the cookie counts no more, whoever has a copy."""
        held = self._session(cookie)
        self._memory.once("signed-out", held["j"], SESSION_SECONDS)

    def csrf(self, cookie: str | None) -> str:
        """The CSRF token that belongs to a session."""
        return self.mark("csrf", str(self._session(cookie)["j"]).encode())

    def seal(self, purpose: str, held: dict[str, Any], seconds: float) -> str:
        """A signed token for one purpose that ends by itself."""
        text = json.dumps({**held, "e": round(self._now() + seconds)}, separators=(",", ":"))
        body = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        return f"{body}.{self.mark(purpose, body.encode())}"

    def open(self, purpose: str, token: str) -> dict[str, Any]:
        """What was sealed. NotAllowed when it is not ours or has ended."""
        body, _, mark = token.partition(".")
        if not hmac.compare_digest(mark.encode(), self.mark(purpose, body.encode()).encode()):
            raise NotAllowed("Please sign in.", code="sign-in-required")
        held: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        if held["e"] <= self._now():
            raise NotAllowed("This has expired.", code="sign-in-expired")
        return held

    def mark(self, purpose: str, body: bytes) -> str:
        return hmac.digest(self._key, purpose.encode() + b"\0" + body, "sha256").hex()

    def key_mark(self) -> str:
        """What tells this key from another, and nothing that it signs."""
        return self.mark("which-key", b"")[:32]

    def _session(self, cookie: str | None) -> dict[str, Any]:
        held = self.open("session", cookie or "")
        # the link of this machine is for trying out: it lasts as long as its cookie
        if held["r"] != "local" and self._now() - held.get("a", 0.0) > self._idle:
            raise NotAllowed("You were away: please sign in again.", code="sign-in-idle")
        if self._memory.known("signed-out", held["j"]):
            raise NotAllowed("Please sign in.", code="signed-out")
        return held


def sessions_of(
    settings: Settings, memory: Memory | None = None, idle: float = IDLE_SECONDS
) -> Sessions:
    """Sessions signed with the key that was given, or that of the data directory (made on first
    use, mode 0600). SettingsFault when there is none."""
    secure = str(settings.base_url).startswith("https:")
    given = settings.session_key
    key = _key(Path(settings.data_dir)) if given is None else _given_key(given)
    return Sessions(key, secure=secure, memory=memory, idle=idle)


def _given_key(path: Path) -> bytes:
    """A key made elsewhere: the 32 bytes of another `session.key`, or a text of 32 characters or
    more, whatever its length."""
    try:
        held = path.read_bytes()
    except OSError as fault:
        said = f"{PREFIX}SESSION_KEY: {path} cannot be read ({fault.strerror})"
        raise SettingsFault(said, code="session-key") from fault
    if len(held) == KEY_BYTES:
        return held
    if len(told := held.strip()) < KEY_BYTES:
        said = f"{PREFIX}SESSION_KEY: {path} must hold {KEY_BYTES} bytes or more"
        raise SettingsFault(said, code="session-key")
    return hashlib.sha256(told).digest()


def _key(folder: Path) -> bytes:
    """The key of this data directory, made when there is none. SettingsFault when it cannot be."""
    path = folder / _KEY_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _fresh_key(path)
    except FileExistsError:
        for _ in range(50):  # another process may have created it and not yet written it
            if len(kept := path.read_bytes()) == KEY_BYTES:
                return kept
            time.sleep(0.01)
        raise NotAllowed(f"{_KEY_FILE} in the data directory is damaged.", code="key") from None
    except OSError as fault:
        raise unwritable(folder, fault) from fault


def _fresh_key(path: Path) -> bytes:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(fresh := secrets.token_bytes(KEY_BYTES))
    except OSError:
        path.unlink()  # on a full disk: half a key would be found damaged for ever
        raise
    return fresh


def sign_in_link(settings: Settings, user: User | None = None) -> str:
    """A one-time link for the worklist, to be printed at start."""
    token = sessions_of(settings).link_token(user or User(name="Local user", role="local"))
    return f"{str(settings.base_url).rstrip('/')}/sign-in?token={token}"


def check_links(settings: Settings) -> Callable[[str, str], str]:
    """(tenant, patient) -> a link to the bedside check that needs no sign-in, for four hours.

    It lets its holder record an examination under a name that is then asked for, and nothing
    else: no other page, no attestation.
    """
    sessions, root = sessions_of(settings), str(settings.base_url).rstrip("/")

    def link(tenant: str, patient: str) -> str:
        # no two links are the same: the audit tells by whose each examination was
        held = {"t": tenant, "p": patient, "j": secrets.token_urlsafe(6)}
        token = sessions.seal("check", held, CHECK_SECONDS)
        return f"{root}/check/{token}"

    return link


def check_link(settings: Settings, tenant: str, patient: str) -> str:
    """One link of `check_links`."""
    return check_links(settings)(tenant, patient)


def check_mark(token: str) -> str:
    """What names a link in the audit: enough to tell it from others, too little to use it."""
    return f"link {token.rpartition('.')[2][:16]}"


def install(
    app: FastAPI,
    settings: Settings,
    memory: Memory | None = None,
    idle: float = IDLE_SECONDS,
) -> None:
    """Give the app its sessions; `require_user` and the others need it."""
    app.state.sessions = sessions_of(settings, memory, idle)


def set_session(answer: Response, sessions: Sessions, cookie: str) -> None:
    """Hardened: no script reads it, no other site sends it with a form."""
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="lax",
        secure=sessions.secure,
        path="/",
    )


def renew(request: Request, answer: Response) -> None:
    """Somebody is there: the session lives on. Not for what a page does by itself."""
    cookie = request.cookies.get(COOKIE)
    if not cookie or COOKIE in answer.headers.get("set-cookie", ""):
        return
    sessions = sessions_in(request)
    try:
        fresh = sessions.renewed(cookie)
    except NotAllowed:
        return
    if fresh is not None:
        set_session(answer, sessions, fresh)


def require_user(request: Request) -> User:
    """The signed-in user; NotAllowed (401) when nobody is."""
    return sessions_in(request).user(request.cookies.get(COOKIE))


def csrf_token(request: Request) -> str:
    """The token that a form of this session must send back as `csrf`."""
    return sessions_in(request).csrf(request.cookies.get(COOKIE))


def check_origin(request: Request) -> None:
    """Refuse (403) a change that another site sent."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("The request came from another site.", code="foreign-origin")


def check_csrf(request: Request, token: str | None = None) -> None:
    """Refuse (403) a change that did not come from our own page.

    `token`: the form's `csrf` field; without it the X-CSRF-Token header counts. A foreign
    Origin is refused whatever the token.
    """
    check_origin(request)
    given = token or request.headers.get(CSRF_HEADER) or ""
    if not hmac.compare_digest(given.encode(), csrf_token(request).encode()):
        raise Forbidden("The page is too old. Load it again.", code="csrf")


def sessions_in(request: Request) -> Sessions:
    """The sessions of the app that answers."""
    sessions = getattr(request.app.state, "sessions", None)
    if not isinstance(sessions, Sessions):
        raise NotAllowed("Sign-in is not set up.", code="sign-in-off")
    return sessions
