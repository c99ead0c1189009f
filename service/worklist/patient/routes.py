"""The patient page: as the facts stand now, or stood at any moment; the plan ticked; the glass."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from alerts.assessment import as_dict, assess
from alerts.chart import Chart
from service.errors import BadInput
from service.security.roles import Breaker, May, Ticker, may
from service.security.session import GLASS_SECONDS, User, check_csrf, csrf_token, sessions_in
from service.worklist.desk import Desk, Ticked
from service.worklist.door import HEADERS, TIMELINE_HEADERS, PageRoute, QuietRoute, page
from service.worklist.pages import mark_seen
from service.worklist.patient.access import (
    GLASS_COOKIE,
    Reader,
    chart_for,
    readable,
    with_glass,
)
from service.worklist.patient.library import LIBRARY, style_marks
from service.worklist.patient.portrait import portrait
from service.worklist.patient.timeline import timeline
from service.worklist.patient.who import who
from service.worklist.reads import did
from service.worklist.reasons import GLASS
from service.worklist.room import Room
from service.worklist.words import clock, history_words, instant

# how much of the future an `as of` may lie in: nothing, but for clocks that differ
_SKEW = timedelta(minutes=1)


def patient_routes(room: Room) -> APIRouter:
    """GET /patients/{key}, its panes and time line; POST tick, break-glass."""
    router = APIRouter(route_class=PageRoute)
    quiet = APIRouter(route_class=QuietRoute)

    @router.get("/patients/{key}")
    def patient(request: Request, key: str, user: Reader, at: str = "") -> HTMLResponse:
        return _page(room, request, key, user, at)

    @quiet.get("/patients/{key}/panes")
    def panes(request: Request, key: str, user: Reader, at: str = "") -> HTMLResponse:
        """What stands under the time line, at a moment."""
        chart = readable(room, request, user, key)
        desk = room.desk(user, request.query_params.get("tenant", ""))
        return page("parts.html", **_panes(room, desk, chart, user, at), csrf=csrf_token(request))

    @quiet.get("/patients/{key}/timeline")
    def drawn(request: Request, key: str, user: Reader) -> Response:
        chart = readable(room, request, user, key)
        desk = room.desk(user, request.query_params.get("tenant", ""))
        history = desk.patient_history(key)
        held = timeline(chart, room.knowledge, history, room.clock(), desk.zone)
        return Response(orjson.dumps(held), media_type="application/json", headers=HEADERS)

    _changing(router, room)
    both = APIRouter()
    both.include_router(router)
    both.include_router(quiet)
    return both


def _changing(router: APIRouter, room: Room) -> None:
    @router.post("/patients/{key}/tick")
    def tick(
        request: Request,
        key: str,
        user: Ticker,
        item: Annotated[str, Form(max_length=128)],
        csrf: Annotated[str, Form()] = "",
        done: Annotated[str, Form()] = "",
        tenant: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:
        """An item of the plan is done, or is not after all: who and when stay on record."""
        check_csrf(request, csrf)
        desk, now = room.desk(user, tenant), room.clock()
        chart = chart_for(room, desk, request, user, key, tenant)
        offered = {advice.id for advice in assess(chart, room.knowledge, now).plan.advice}
        if item not in offered | {ticked.item for ticked in desk.ticks(key)}:
            raise BadInput("The plan has no such item now.", code="no-plan-item", location="item")
        desk.tick(key, Ticked(item, done == "1", user.name, now))
        action = "plan.tick" if done == "1" else "plan.untick"
        did(desk, user, action, now, patient=key, subject=item)
        return RedirectResponse(f"{_address(key, tenant)}#p-{item}", 303)

    @router.post("/patients/{key}/break-glass")
    def break_glass(
        request: Request,
        key: str,
        user: Breaker,
        reason: Annotated[str, Form(max_length=40)] = "",
        csrf: Annotated[str, Form()] = "",
        tenant: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:
        check_csrf(request, csrf)
        if reason not in GLASS:
            raise BadInput("Choose a reason.", code="no-reason", location="reason")
        desk = room.desk(user, tenant)
        did(desk, user, "patient.break-glass", room.clock(), patient=key, why=reason)
        answer = RedirectResponse(_address(key, tenant), 303)
        answer.set_cookie(
            GLASS_COOKIE,
            with_glass(request, user, tenant, key),
            max_age=GLASS_SECONDS,
            httponly=True,
            samesite="lax",
            secure=sessions_in(request).secure,
            path="/",
        )
        return answer


def _address(key: str, tenant: str) -> str:
    suffix = f"?tenant={quote(tenant, safe='')}" if tenant else ""
    return f"/patients/{quote(key, safe='')}{suffix}"


def _page(room: Room, request: Request, key: str, user: User, at: str) -> HTMLResponse:
    now, tenant = room.clock(), request.query_params.get("tenant", "")
    chart = readable(room, request, user, key)
    desk = room.desk(user, tenant)
    mark_seen(room, desk, user, desk.items(patient=key))
    return page(
        "patient.html",
        headers=TIMELINE_HEADERS,
        user=user,
        csrf=csrf_token(request),
        library=LIBRARY,
        style_marks=style_marks(),
        suffix=f"?tenant={quote(tenant, safe='')}" if tenant else "",
        check=f"/check/{quote(key, safe='')}"
        if room.accept is not None and may(user, May.EXAMINE)
        else "",
        person=who(chart, now),
        read_at=f"{now.astimezone(desk.zone):%H:%M}",
        **_panes(room, desk, chart, user, at),
    )


def _panes(room: Room, desk: Desk, chart: Chart, user: User, at: str) -> dict[str, Any]:
    """The assessment at a moment, as shown. History and ticks end at that moment too."""
    now = room.clock()
    as_of = _moment(at, desk, now)
    # advice tells its times on the clock that it is asked with: the ward's
    said = as_dict(assess(chart, room.knowledge, as_of.astimezone(desk.zone)))
    ticks = {tick.item: tick for tick in desk.ticks(chart.patient) if tick.at <= as_of}
    return {
        "page": portrait(said, room.knowledge, desk.zone, as_of),
        "past": as_of < now,
        "at": as_of.isoformat(),
        "shown_at": f"{as_of.astimezone(desk.zone):%d %b %Y %H:%M}",
        "history": [
            {
                "when": clock(entry.at, as_of, desk.zone),
                "what": entry.what.replace("-", " "),
                "who": entry.who,
                "why": history_words(entry.why),
            }
            for entry in desk.patient_history(chart.patient)
            if entry.at <= as_of
        ],
        "ticks": {
            item: f"{tick.who}, {clock(tick.at, as_of, desk.zone)}"
            for item, tick in ticks.items()
            if tick.done
        },
        "may_tick": may(user, May.TICK) and as_of >= now,
        "address": f"/patients/{quote(chart.patient, safe='')}",
        "tenant": "" if desk.tenant == room.home else desk.tenant,
    }


def _moment(told: str, desk: Desk, now: datetime) -> datetime:
    """An `at` of the address; without a zone it is the ward's. Now when there is none."""
    if not told:
        return now
    try:
        at = instant(told)
    except ValueError:
        raise BadInput("The time is not a date and time.", code="as-of", location="at") from None
    if at is None:
        return now
    at = (at if at.tzinfo else at.replace(tzinfo=desk.zone)).astimezone(UTC)
    if at > now + _SKEW:
        raise BadInput("The time lies ahead.", code="as-of", location="at")
    return min(at, now)
