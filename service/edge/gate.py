"""Who calls, and whether they may now: 401 or 429 before anything of a body is read."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from service.edge.rate import Rate
from service.security.callers import Caller, Callers, Mode


class Gate:
    """The token check and the rate limit of the hooks and the intake."""

    def __init__(self, callers: Callers, rate: Rate) -> None:
        self._callers = callers
        self._rate = rate

    async def admit(self, request: Request, room: str) -> Caller:
        """The caller of a request. NotAllowed (a bare 401), TooMany (429)."""
        if self._callers.mode is Mode.KEYED:  # signatures and the store: not on the event loop
            who = await run_in_threadpool(self._identified, request)
        else:
            who = self._identified(request)
        self._rate.take(f"{room} {who.client}")
        return who

    def _identified(self, request: Request) -> Caller:
        headers = request.headers
        return self._callers.identify(
            headers.get("authorization"),
            # asked for by tokens alone, and not had for nothing
            request.url.path if self._callers.mode is Mode.KEYED else "",
            host=headers.get("host", ""),
            forwarded="forwarded" in headers or "x-forwarded-for" in headers,
        )
