"""The ways in and out: the one-time link of this machine, OpenID Connect, SMART launch."""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote, urlencode, urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from service.errors import NotAllowed, NotFound
from service.security.oidc import Flow
from service.security.providers import Providers
from service.security.session import (
    COOKIE,
    Forbidden,
    User,
    check_csrf,
    sessions_in,
    set_session,
)
from service.settings import Settings, is_loopback

FLOW_COOKIE = "nms_sentinel_flow"
FLOW_SECONDS = 600


# writes one line of the audit: action, outcome, who (None when nobody is known)
Note = Callable[[str, str, User | None], None]


def sign_in_routes(
    settings: Settings, providers: Providers | None = None, note: Note | None = None
) -> APIRouter:
    """GET /sign-in, /sign-in/staff, /sign-in/callback, /launch; POST /sign-out."""
    router = APIRouter()
    known = providers or Providers()
    callback = f"{settings.base_url}/sign-in/callback"
    flows = {
        provider.name: Flow(provider, callback)
        for provider in [*([known.oidc] if known.oidc else []), *known.smart]
    }
    _local(router, settings, known, note)
    _staff(router, known, flows, note)

    @router.post("/sign-out")
    def sign_out(request: Request, csrf: Annotated[str, Form()] = "") -> Response:
        check_csrf(request, csrf)
        sessions, cookie = sessions_in(request), request.cookies.get(COOKIE, "")
        _noted(note, "user.sign-out", "success", sessions.user(cookie))
        sessions.end(cookie)
        answer = RedirectResponse("/worklist", status_code=303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    return router


def _local(router: APIRouter, settings: Settings, providers: Providers, note: Note | None) -> None:
    known_here = is_loopback(urlsplit(settings.base_url).hostname or "")

    @router.get("/sign-in")
    def sign_in(request: Request, token: str = "", next: str = "") -> Response:
        """The one-time link: on this machine only."""
        if not token and providers.oidc is not None:
            return RedirectResponse(f"/sign-in/staff?{urlencode({'next': next})}", 303)
        if not known_here:
            raise Forbidden(
                "The sign-in link works on the machine of the service only.", code="local-sign-in"
            )
        sessions = sessions_in(request)
        cookie = sessions.redeem(token)
        _noted(note, "user.sign-in", "success", sessions.user(cookie))
        answer = RedirectResponse("/worklist", status_code=303)
        set_session(answer, sessions, cookie)
        return answer


def _staff(
    router: APIRouter, providers: Providers, flows: dict[str, Flow], note: Note | None
) -> None:
    @router.get("/sign-in/staff")
    def staff(request: Request, next: str = "") -> Response:
        if providers.oidc is None:
            raise NotFound("No sign-in for staff is set up here.", code="no-oidc")
        return _sent(request, flows[providers.oidc.name], wanted=_own(next))

    @router.get("/launch")
    def launch(request: Request, iss: str = "", launch: str = "") -> Response:
        """SMART: a record system opens us on the patient that it shows."""
        provider = providers.launching(iss)
        if provider is None:
            raise NotAllowed("This record system is not known here.", code="smart-unknown")
        return _sent(request, flows[provider.name], launch)

    @router.get("/sign-in/callback")
    def callback(request: Request, state: str = "", code: str = "") -> Response:
        sessions = sessions_in(request)
        kept = sessions.open("flow", request.cookies.get(FLOW_COOKIE, ""))
        flow = flows.get(str(kept["provider"]))
        if flow is None:
            raise NotAllowed("The sign-in was not begun here.", code="oidc-state")
        try:
            arrived = flow.finish(kept, state, code)
        except NotAllowed:
            _noted(note, "user.sign-in", "refused", None)
            raise
        cookie = sessions.begin(arrived.user)
        _noted(note, "user.sign-in", "success", sessions.user(cookie))
        where = _own(str(kept.get("next", "")))
        if arrived.patient:
            where = f"/patients/{quote(arrived.patient, safe='')}"
        answer = RedirectResponse(where, status_code=303)
        set_session(answer, sessions, cookie)
        answer.delete_cookie(FLOW_COOKIE, path="/sign-in")
        return answer


def _own(wanted: str) -> str:
    """A page of ours, to go to after the sign-in; anything else is the worklist."""
    parts = urlsplit(wanted)
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if ours and not parts.netloc and "\\" not in wanted else "/worklist"


def _sent(request: Request, flow: Flow, launch: str = "", wanted: str = "") -> Response:
    """To the provider, with our question sealed in a cookie that only the way back reads."""
    sessions = sessions_in(request)
    begun = flow.begin(launch)
    answer = RedirectResponse(begun.address, status_code=303)
    answer.set_cookie(
        FLOW_COOKIE,
        sessions.seal("flow", {**begun.kept, "next": wanted}, FLOW_SECONDS),
        max_age=FLOW_SECONDS,
        httponly=True,
        samesite="lax",
        secure=sessions.secure,
        path="/sign-in",
    )
    return answer


def _noted(note: Note | None, action: str, outcome: str, user: User | None) -> None:
    if note is not None:
        note(action, outcome, user)
