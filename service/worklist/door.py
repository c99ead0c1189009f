"""How pages answer: safe headers on every page, and a page a person can read on every fault."""

from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from service.errors import SentinelError
from service.security.session import Forbidden, csrf_token, renew, require_user
from service.worklist.assets import asset
from service.worklist.reasons import GLASS

HERE = Path(__file__).parent
log = structlog.get_logger(__name__)

# No inline script or style, nothing from elsewhere, no framing.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # not no-referrer: browsers then send `Origin: null` with a form, which we refuse
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# Plotly places its parts with style attributes: allowed on the patient page alone
TIMELINE_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": f"{HEADERS['Content-Security-Policy']}; "
    "style-src-attr 'unsafe-inline'",
}
_TITLES = {
    401: "Please sign in",
    403: "Not allowed",
    404: "Not found",
    409: "Somebody was faster",
    503: "Not available now",
}
_HINTS = {
    401: "Sign in again, or open the link that was printed when the service started.",
    403: "Go back, load the page again, and repeat what you did.",
}
_FAULT = "The list could not be read. Nothing is known from this page: go by the patient."

# characters of a page that are sent together: about twenty rows, then about eighty
_FIRST, _LATER = 40_000, 160_000
_BROKEN = (
    '<div class="banner bad" role="alert"><b>The list breaks off here.</b> There may be more'
    " alerts than are shown: load the page again, and go by the patient.</div>"
)

_pages = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_pages.globals["asset"] = asset

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class GlassClosed(Forbidden):
    """A patient of another ward: readable for a reason that is recorded (break-glass)."""

    def __init__(self, patient: str, tenant: str) -> None:
        super().__init__("This patient is not of your wards.", code="glass")
        self.patient, self.tenant = patient, tenant


def page(
    name: str, status: int = 200, headers: Mapping[str, str] = HEADERS, **held: Any
) -> HTMLResponse:
    """A rendered template with our headers. Everything in `held` is escaped."""
    text = _pages.get_template(name).render(held)
    return HTMLResponse(text, status_code=status, headers=dict(headers))


def written(name: str, status: int = 200, **held: Any) -> Response:
    """As `page`, sent while it is made: a long list is on the screen before its end is written.

    What fails in the first part is a page of its own; after that, the page says that it breaks off.
    """
    template = _pages.get_template(name)
    chunks = _chunks(template.generate(held))
    first = next(chunks, "")

    def whole() -> Iterator[str]:
        yield first
        try:
            yield from chunks
        except Exception as fault:
            log.error("page.broken-off", kind=type(fault).__name__, template=name)
            yield _BROKEN

    return StreamingResponse(
        whole(), status_code=status, media_type="text/html; charset=utf-8", headers=dict(HEADERS)
    )


def _chunks(pieces: Iterable[str]) -> Iterator[str]:
    """Pieces joined: a screenful first, then more at a time."""
    held: list[str] = []
    size, enough = 0, _FIRST
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= enough:
            yield "".join(held)
            held, size, enough = [], 0, _LATER
    yield "".join(held)


def problem(status: int, words: str, back: str = "") -> HTMLResponse:
    """`back`: where the reader wanted to go, for after the sign-in."""
    return page(
        "problem.html",
        status,
        user=None,
        csrf="",
        title=_TITLES.get(status, "This did not work"),
        words=words,
        sign_in=f"/sign-in?{urlencode({'next': back})}" if back else "/sign-in",
        hint=_HINTS.get(status, "If it happens again, tell those who run the service."),
    )


class PageRoute(APIRoute):
    """A route whose faults are pages. `renews`: asking for it shows that somebody is there."""

    renews = True

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
                if self.renews:
                    renew(request, response)
                return response
            except GlassClosed as closed:
                log.info("page.refused", code=closed.code, status=closed.status)
                return glass(request, closed)
            except SentinelError as fault:
                log.info("page.refused", code=fault.code, status=fault.status)
                wanted = request.url.path if request.method == "GET" else ""
                return problem(fault.status, fault.message, wanted if fault.status == 401 else "")
            except RequestValidationError:
                return problem(400, "The form is incomplete or holds a value that is not known.")
            except Exception as fault:
                log.error("page.failed", kind=type(fault).__name__, route=self.path)
                return problem(500, _FAULT)

        return answer


class QuietRoute(PageRoute):
    """What an open page asks for by itself: it keeps no session alive."""

    renews = False


def glass(request: Request, closed: GlassClosed) -> HTMLResponse:
    """The page on which the reason is given."""
    return page(
        "glass.html",
        closed.status,
        user=require_user(request),
        csrf=csrf_token(request),
        patient=quote(closed.patient, safe=""),
        tenant=closed.tenant,
        reasons=GLASS,
    )


class ProgramRoute(APIRoute):
    """A route whose faults are `{"error": {"code", "message", "location"}}`."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except SentinelError as fault:
                told = {"code": fault.code, "message": fault.message, "location": fault.location}
                return JSONResponse({"error": told}, fault.status, headers=HEADERS)
            except RequestValidationError as fault:
                where = ".".join(str(part) for part in fault.errors()[0]["loc"])
                told = {"code": "invalid", "message": "a value is not valid", "location": where}
                return JSONResponse({"error": told}, 400, headers=HEADERS)

        return answer
