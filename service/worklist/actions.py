"""What a person does with a row: plain forms, CSRF-checked, answered with a redirect."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from service.errors import BadInput
from service.security.session import check_csrf, require_user
from service.worklist.desk import Conflict
from service.worklist.door import PageRoute
from service.worklist.pages import show_list
from service.worklist.reasons import RESOLVE, SNOOZE, SNOOZE_MINUTES
from service.worklist.room import Room
from service.worklist.rows import Filters

Text = Annotated[str, Form(max_length=500)]


def action_routes(room: Room) -> APIRouter:
    """POST /worklist/{key}/claim|release|snooze|resolve|reopen|hand-over."""
    router = APIRouter(route_class=PageRoute)

    @router.post("/worklist/{key}/{action}")
    def act(
        request: Request,
        key: str,
        action: str,
        csrf: Text = "",
        back: Text = "",
        reason: Text = "",
        minutes: Annotated[int, Form(ge=0, le=10_000)] = 0,
        to: Text = "",
        note: Text = "",
    ) -> Response:
        user = require_user(request)
        check_csrf(request, csrf)
        filters = Filters.of(dict(parse_qsl(back)))
        try:
            perform(room, key, action, user.name, reason=reason, minutes=minutes, to=to, note=note)
        except Conflict as lost:
            told = {"words": lost.message, "undo": "", "key": key, "bad": True}
            return show_list(room, request, user, said=told, filters=filters, status=409)
        return RedirectResponse(_back(filters, action, key), status_code=303)

    return router


def perform(
    room: Room,
    key: str,
    action: str,
    user: str,
    *,
    reason: str = "",
    minutes: int = 0,
    to: str = "",
    note: str = "",
) -> None:
    """One action of a person. BadInput for what is not offered, Conflict when too late."""
    now, desk = room.clock(), room.desk
    if action == "claim":
        desk.claim(key, user, now)
    elif action == "release":
        desk.release(key, user, now)
    elif action == "reopen":
        desk.reopen(key, user, now)
    elif action == "snooze":
        _known(reason, SNOOZE, "reason")
        if minutes not in SNOOZE_MINUTES:
            raise BadInput("A snooze needs one of the lengths offered.", code="snooze-length")
        desk.snooze(key, user, now, reason, now + timedelta(minutes=minutes))
    elif action == "resolve":
        _known(reason, RESOLVE, "reason")
        desk.resolve(key, user, now, reason, note.strip())
    elif action == "hand-over":
        if not to.strip():
            raise BadInput("Say to whom it is handed over.", code="hand-over-to", location="to")
        desk.hand_over(key, user, now, to.strip()[:80], note.strip())
    else:
        raise BadInput("There is no such action.", code="no-action")


def _known(value: str, offered: dict[str, str], what: str) -> None:
    if value not in offered:
        words = ", ".join(offered)
        raise BadInput(f"Choose a {what}: {words}.", code=f"no-{what}", location=what)


def _back(filters: Filters, action: str, key: str) -> str:
    told = urlencode({"done": action, "on": key})
    return f"/worklist?{filters.query}{'&' if filters.query else ''}{told}#a-{key}"
