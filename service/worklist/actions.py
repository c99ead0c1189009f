"""What a person does with a row: plain forms, CSRF-checked, answered with a redirect."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from service.errors import BadInput
from service.security.roles import Actor
from service.security.session import User, check_csrf, csrf_token
from service.worklist.desk import Conflict, Desk
from service.worklist.door import PageRoute, page
from service.worklist.pages import choices, mark_seen, parsed, show_list
from service.worklist.reasons import INTERVENTION, RESOLVE, SNOOZE, SNOOZE_MINUTES
from service.worklist.room import Room
from service.worklist.rows import Filters, row

Text = Annotated[str, Form(max_length=500)]


def action_routes(room: Room) -> APIRouter:
    """GET /worklist/{key}/more; POST /worklist/{key}/claim|release|snooze|resolve|..."""
    router = APIRouter(route_class=PageRoute)

    @router.get("/worklist/{key}/more")
    def more(request: Request, key: str, user: Actor, back: str = "") -> HTMLResponse:
        """Snooze, resolve, hand over: a page of its own where there is no script."""
        filters = Filters.of(parsed(back))
        item = room.desk(user, filters.tenant).item(key)
        return page(
            "more.html",
            user=user,
            csrf=csrf_token(request),
            filters=filters,
            row=row(item, room.clock(), room.zone),
            **choices(),
        )

    @router.post("/worklist/{key}/{action}")
    def act(
        request: Request,
        key: str,
        action: str,
        user: Actor,
        csrf: Text = "",
        back: Text = "",
        reason: Text = "",
        minutes: Annotated[int, Form(ge=0, le=10_000)] = 0,
        to: Text = "",
        note: Text = "",
        intervention: Text = "",
    ) -> Response:
        check_csrf(request, csrf)
        filters = Filters.of(parsed(back))
        told = {"reason": reason, "to": to, "note": note, "intervention": intervention}
        desk = room.desk(user, filters.tenant)
        try:
            perform(room, desk, key, action, user, minutes=minutes, **told)
        except Conflict as lost:
            owner = desk.item(key).owner
            words = f"{lost.message} It is with {owner}." if owner else lost.message
            said = {"words": words, "undo": False, "key": key, "bad": True}
            return show_list(room, request, user, said=said, filters=filters, status=409)
        return RedirectResponse(_back(filters, action, key), status_code=303)

    return router


def perform(
    room: Room,
    desk: Desk,
    key: str,
    action: str,
    user: User,
    *,
    reason: str = "",
    minutes: int = 0,
    to: str = "",
    note: str = "",
    intervention: str = "",
) -> None:
    """One action of a person. BadInput for what is not offered, Conflict when too late."""
    now = room.clock()
    if action in {"claim", "release", "reopen", "undo"}:
        getattr(desk, action)(key, user.name, now)
    elif action == "snooze":
        _known(reason, SNOOZE, "reason")
        if minutes not in SNOOZE_MINUTES:
            raise BadInput("A snooze needs one of the lengths offered.", code="snooze-length")
        desk.snooze(key, user.name, now, reason, now + timedelta(minutes=minutes))
    elif action == "resolve":
        _known(reason, RESOLVE, "reason")
        _known(intervention, INTERVENTION, "intervention")
        desk.resolve(key, user.name, now, reason, note.strip(), intervention)
    elif action == "hand-over":
        if not to.strip():
            raise BadInput("Say to whom it is handed over.", code="hand-over-to", location="to")
        desk.hand_over(key, user.name, now, to.strip()[:80], note.strip())
    else:
        raise BadInput("There is no such action.", code="no-action")
    item = desk.item(key)
    # who acts on a row has looked at it; the store wrote the step into the audit as it happened
    mark_seen(room, desk, user, [item])


def _known(value: str, offered: dict[str, str], what: str) -> None:
    if value not in offered:
        words = ", ".join(code for code in offered if code)
        raise BadInput(f"Choose a {what}: {words}.", code=f"no-{what}", location=what)


def _back(filters: Filters, action: str, key: str) -> str:
    told = urlencode({"done": action, "on": key})
    return f"/worklist?{filters.query or 'all=1'}&{told}#a-{key}"
