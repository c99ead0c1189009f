"""How pages answer: safe headers on every page, and a page a person can read on every fault."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from service.errors import SentinelError

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
_TITLES = {
    401: "Please sign in",
    403: "Not allowed",
    404: "Not found",
    409: "Somebody was faster",
    503: "Not available now",
}
_HINTS = {
    401: "Open the sign-in link that was printed when the service started.",
    403: "Go back, load the page again, and repeat what you did.",
}
_FAULT = "The list could not be read. Nothing is known from this page: go by the patient."

_pages = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def page(name: str, status: int = 200, **held: Any) -> HTMLResponse:
    """A rendered template with our headers. Everything in `held` is escaped."""
    text = _pages.get_template(name).render(held)
    return HTMLResponse(text, status_code=status, headers=HEADERS)


def problem(status: int, words: str) -> HTMLResponse:
    return page(
        "problem.html",
        status,
        user=None,
        csrf="",
        title=_TITLES.get(status, "This did not work"),
        words=words,
        hint=_HINTS.get(status, "If it happens again, tell those who run the service."),
    )


class PageRoute(APIRoute):
    """A route whose faults are pages."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except SentinelError as fault:
                log.info("page.refused", code=fault.code, status=fault.status)
                return problem(fault.status, fault.message)
            except RequestValidationError:
                return problem(400, "The form is incomplete or holds a value that is not known.")
            except Exception as fault:
                log.error("page.failed", kind=type(fault).__name__, route=self.path)
                return problem(500, _FAULT)

        return answer


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
