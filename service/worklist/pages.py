"""The worklist, its rows alone for the live update, and the patient page."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from alerts.assessment import as_dict, assess
from service.errors import NotFound
from service.security.session import User, csrf_token, require_user
from service.worklist.bedside import bedside_form
from service.worklist.door import PageRoute, page
from service.worklist.portrait import portrait, who
from service.worklist.reasons import RESOLVE, SNOOZE, SNOOZE_MINUTES
from service.worklist.room import Room, feed
from service.worklist.rows import Filters, listed, row
from service.worklist.words import KINDS, clock

# what was done -> (what the reader is told, what undoes it)
DONE = {
    "claim": ("Claimed: it is yours.", "release"),
    "release": ("Released: nobody has it now.", "claim"),
    "snooze": ("Snoozed. It comes back then, or at once when the patient gets worse.", "reopen"),
    "resolve": ("Resolved.", "reopen"),
    "reopen": ("Open again.", ""),
    "hand-over": ("Handed over.", ""),
}


def page_routes(room: Room) -> APIRouter:
    """GET /worklist, /worklist/rows, /patients/{key}."""
    router = APIRouter(route_class=PageRoute)

    @router.get("/worklist")
    def worklist(request: Request) -> HTMLResponse:
        user = require_user(request)
        return show_list(room, request, user, said=_said(request))

    @router.get("/worklist/rows")
    def rows_alone(request: Request) -> HTMLResponse:
        user = require_user(request)
        return page("rows.html", **_rows(room, request, user, Filters.of(request.query_params)))

    @router.get("/patients/{key}")
    def patient(request: Request, key: str) -> HTMLResponse:
        return show_patient(room, request, key, require_user(request))

    return router


def show_list(
    room: Room,
    request: Request,
    user: User,
    *,
    said: dict[str, Any] | None = None,
    filters: Filters | None = None,
    status: int = 200,
) -> HTMLResponse:
    """The whole page; `said` is the message above the list."""
    filters = filters or Filters.of(request.query_params)
    cursor = room.desk.cursor()  # before the rows: a change in between is told twice, not never
    held = _rows(room, request, user, filters)
    return page(
        "worklist.html",
        status,
        user=user,
        message=said,
        cursor=cursor,
        zone=room.zone.key,
        kinds=KINDS,
        read_at=f"{room.clock().astimezone(room.zone):%H:%M}",
        disclaimer=room.knowledge.disclaimer,
        **held,
    )


def _rows(room: Room, request: Request, user: User, filters: Filters) -> dict[str, Any]:
    now = room.clock()
    items = room.desk.items()
    shown = listed(items, filters, user.name, now)
    return {
        "rows": [row(item, now, room.zone) for item in shown],
        "hidden": len(items) - len(shown),
        "wards": sorted({item.ward for item in items if item.ward}),
        "feed": feed(room, now),
        "filters": filters,
        "csrf": csrf_token(request),
        "snooze_reasons": SNOOZE,
        "snooze_lengths": SNOOZE_MINUTES,
        "resolve_reasons": RESOLVE,
    }


def _said(request: Request) -> dict[str, Any] | None:
    """The message after an action, from closed lists only."""
    done = DONE.get(request.query_params.get("done", ""))
    if done is None:
        return None
    words, undo = done
    key = request.query_params.get("on", "")
    return {"words": words, "undo": undo if key.isalnum() else "", "key": key, "bad": False}


def show_patient(
    room: Room,
    request: Request,
    key: str,
    user: User,
    *,
    said: dict[str, Any] | None = None,
    status: int = 200,
) -> HTMLResponse:
    """The patient as the facts on record stand now: assessed for this page."""
    now = room.clock()
    chart = room.desk.chart(key)
    if chart is None:
        raise NotFound("No facts about this patient are on record here.", code="no-patient")
    assessed = as_dict(assess(chart, room.knowledge, now))
    cutoff = room.knowledge.parameters["iec.cutoff"]
    return page(
        "patient.html",
        status,
        user=user,
        csrf=csrf_token(request),
        message=said or _saved(request),
        page=portrait(assessed, who(chart, now), (cutoff.value, cutoff.basis), room.zone, now),
        history=[
            {
                "when": clock(entry.at, now, room.zone),
                "what": entry.what,
                "who": entry.who,
                "why": entry.why,
            }
            for entry in room.desk.patient_history(key)
        ],
        bedside=bedside_form(key) if room.accept else None,
    )


def _saved(request: Request) -> dict[str, Any] | None:
    if request.query_params.get("done") != "bedside":
        return None
    return {"words": "Saved. The assessment below counts it.", "bad": False}
