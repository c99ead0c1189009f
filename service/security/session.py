"""Local sign-in for the worklist: a one-time link becomes a signed, HttpOnly cookie.

`install(app, settings)` once at start; then `require_user(request)`, `csrf_token(request)` and
`check_csrf(request, token)` in the pages. Everything is signed with a key kept in the data
directory, so the command line can make a link for a service that already runs.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import RedirectResponse, Response

from service.errors import NotAllowed
from service.settings import Settings

COOKIE = "nms_sentinel_session"
LINK_SECONDS = 24 * 3600
SESSION_SECONDS = 12 * 3600
CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"
_KEY_FILE = "session.key"


class Forbidden(NotAllowed):
    """Known, but not allowed to do this (403)."""

    status = 403
    issue = "forbidden"


@dataclass(frozen=True, slots=True)
class User:
    """Who is signed in; `role` is a word such as pharmacist, nurse, psychiatrist or local."""

    name: str
    role: str


class Sessions:
    """Signed links, cookies and CSRF tokens. `now` gives seconds since the epoch."""

    def __init__(self, key: bytes, *, secure: bool, now: Callable[[], float] = time.time) -> None:
        self.secure = secure
        self._key = key
        self._now = now
        self._used: dict[str, float] = {}

    def link_token(self, user: User) -> str:
        """A token that signs `user` in once, within a day."""
        held = {"n": user.name, "r": user.role, "j": secrets.token_urlsafe(12)}
        return self._sealed("link", {**held, "e": self._now() + LINK_SECONDS})

    def redeem(self, token: str) -> str:
        """Exchange a link token for a cookie value. NotAllowed when used, expired or forged."""
        held = self._opened("link", token)
        now = self._now()
        self._used = {j: e for j, e in self._used.items() if e > now}
        if held["j"] in self._used:
            raise NotAllowed("This sign-in link was used already.", code="sign-in-used")
        self._used[held["j"]] = held["e"]
        fresh = {"n": held["n"], "r": held["r"], "j": secrets.token_urlsafe(12)}
        return self._sealed("session", {**fresh, "e": now + SESSION_SECONDS})

    def user(self, cookie: str | None) -> User:
        """The user of a cookie. NotAllowed when there is none or it is not ours."""
        held = self._opened("session", cookie or "")
        return User(name=held["n"], role=held["r"])

    def csrf(self, cookie: str | None) -> str:
        """The CSRF token that belongs to a session."""
        held = self._opened("session", cookie or "")
        return self._mark("csrf", str(held["j"]).encode())

    def _sealed(self, purpose: str, held: dict[str, Any]) -> str:
        body = base64.urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip("=")
        return f"{body}.{self._mark(purpose, body.encode())}"

    def _opened(self, purpose: str, token: str) -> dict[str, Any]:
        body, _, mark = token.partition(".")
        if not hmac.compare_digest(mark.encode(), self._mark(purpose, body.encode()).encode()):
            raise NotAllowed("Please sign in.", code="sign-in-required")
        held: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        if held["e"] <= self._now():
            raise NotAllowed("This sign-in has expired.", code="sign-in-expired")
        return held

    def _mark(self, purpose: str, body: bytes) -> str:
        return hmac.new(self._key, purpose.encode() + b"\0" + body, hashlib.sha256).hexdigest()


def sessions_of(settings: Settings) -> Sessions:
    """Sessions signed with the key of the data directory (made on first use, mode 0600)."""
    return Sessions(
        _key(Path(settings.data_dir)), secure=str(settings.base_url).startswith("https:")
    )


def _key(folder: Path) -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _KEY_FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        for _ in range(50):  # another process may have created it and not yet written it
            if len(kept := path.read_bytes()) == 32:
                return kept
            time.sleep(0.01)
        raise NotAllowed(f"{_KEY_FILE} in the data directory is damaged.", code="key") from None
    with os.fdopen(handle, "wb") as file:
        file.write(fresh := secrets.token_bytes(32))
    return fresh


def sign_in_link(settings: Settings, user: User | None = None) -> str:
    """A one-time link for the worklist, to be printed at start."""
    token = sessions_of(settings).link_token(user or User(name="Local user", role="local"))
    return f"{str(settings.base_url).rstrip('/')}/sign-in?token={token}"


def install(app: FastAPI, settings: Settings) -> None:
    """Give the app its sessions; `require_user` and the others need it."""
    app.state.sessions = sessions_of(settings)


def sign_in_routes(settings: Settings) -> APIRouter:
    """GET /sign-in?token=... and POST /sign-out."""
    router = APIRouter()
    sessions = sessions_of(settings)

    @router.get("/sign-in")
    def sign_in(token: str = "") -> Response:
        cookie = sessions.redeem(token)
        answer = RedirectResponse("/worklist", status_code=303)
        answer.set_cookie(
            COOKIE,
            cookie,
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="lax",
            secure=sessions.secure,
            path="/",
        )
        return answer

    @router.post("/sign-out")
    def sign_out(request: Request) -> Response:
        check_csrf(request)
        answer = RedirectResponse("/worklist", status_code=303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    return router


def require_user(request: Request) -> User:
    """The signed-in user; NotAllowed (401) when nobody is. Usable with Depends."""
    return _sessions(request).user(request.cookies.get(COOKIE))


def csrf_token(request: Request) -> str:
    """The token that a form of this session must send back as `csrf`."""
    return _sessions(request).csrf(request.cookies.get(COOKIE))


def check_csrf(request: Request, token: str | None = None) -> None:
    """Refuse (403) a change that did not come from our own page.

    `token`: the form's `csrf` field; without it the X-CSRF-Token header counts. A foreign
    Origin is refused whatever the token.
    """
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("The request came from another site.", code="foreign-origin")
    given = token or request.headers.get(CSRF_HEADER) or ""
    if not hmac.compare_digest(given.encode(), csrf_token(request).encode()):
        raise Forbidden("The page is too old. Load it again.", code="csrf")


def _sessions(request: Request) -> Sessions:
    sessions = getattr(request.app.state, "sessions", None)
    if not isinstance(sessions, Sessions):
        raise NotAllowed("Sign-in is not set up.", code="sign-in-off")
    return sessions
