"""What a person does with a row: plain forms, CSRF-checked, answered with a redirect."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from service.errors import BadInput
from service.security.roles import Actor
from service.security.session import User, check_csrf, csrf_token
from service.worklist.desk import Conflict, Desk
from service.worklist.door import PageRoute, page
from service.worklist.folding import folded
from service.worklist.item import Item
from service.worklist.pages import choices, mark_seen, parsed, show_list
from service.worklist.people import Unknown, as_known
from service.worklist.reasons import INTERVENTION, RESOLVE, SNOOZE, SNOOZE_MINUTES
from service.worklist.room import Room
from service.worklist.rows import Filters, row, urgency

# what a person does to a row counts for the interactions that are folded under it
_TOGETHER = frozenset({"claim", "release", "hand-over", "undo"})

_NAME_MAX = 80

Text = Annotated[str, Form(max_length=500)]


def action_routes(room: Room) -> APIRouter:
    """GET /worklist/{key}/more; POST /worklist/{key}/claim|release|snooze|resolve|..."""
    router = APIRouter(route_class=PageRoute)

    _more(router, room)

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
        anyway: Annotated[bool, Form()] = False,
    ) -> Response:
        check_csrf(request, csrf)
        filters = Filters.of(parsed(back))
        told: dict[str, Any] = {"reason": reason, "to": to, "note": note, "anyway": anyway}
        told |= {"minutes": minutes, "intervention": intervention}
        desk = room.desk(user, filters.tenant)
        now, under = room.clock(), _under(room, desk, key, action)
        try:
            perform(room, desk, key, action, user, now=now, **told)
        except Unknown as unknown:
            return _asked_again(room, request, desk, key, user, filters, unknown, note)
        except Conflict as lost:
            said = _too_late(lost, desk.item(key))
            return show_list(room, request, user, said=said, filters=filters, status=409)
        for part in under:
            with suppress(Conflict):  # somebody was faster with this one: it stays theirs
                perform(room, desk, part, action, user, to=to, note=note, anyway=True, now=now)
        return RedirectResponse(_back(filters, action, key), status_code=303)

    return router


def _more(router: APIRouter, room: Room) -> None:
    @router.get("/worklist/{key}/more")
    def more(request: Request, key: str, user: Actor, back: str = "") -> HTMLResponse:
        """Snooze, resolve, hand over: a page of its own where there is no script."""
        filters = Filters.of(parsed(back))
        desk = room.desk(user, filters.tenant)
        item = desk.item(key)
        return page(
            "more.html",
            user=user,
            csrf=csrf_token(request),
            filters=filters,
            row=row(item, room.clock(), desk.zone),
            **choices(desk, user, item.ward),
        )


def _asked_again(
    room: Room,
    request: Request,
    desk: Desk,
    key: str,
    user: User,
    filters: Filters,
    unknown: Unknown,
    note: str,
) -> HTMLResponse:
    """Nobody of that name is known: who was meant, or anyway?"""
    item = desk.item(key)
    return page(
        "unknown.html",
        unknown.status,
        user=user,
        csrf=csrf_token(request),
        filters=filters,
        row=row(item, room.clock(), desk.zone),
        unknown=unknown,
        note=note,
        **choices(desk, user, item.ward),
    )


def _too_late(lost: Conflict, item: Item) -> dict[str, Any]:
    """What the one who came second is told."""
    words = f"{lost.message} It is with {item.owner}." if item.owner else lost.message
    return {"words": words, "undo": False, "key": item.key, "bad": True}


def _under(room: Room, desk: Desk, key: str, action: str) -> list[str]:
    """The interactions that go with a row when it is claimed, given back or handed over; when that
    is taken back, those that went with it then."""
    if action not in _TOGETHER:
        return []
    now, item = room.clock(), desk.item(key)
    items = desk.items(patient=item.patient)
    under = folded(sorted(items, key=lambda one: urgency(one, now)), now).get(key, [])
    if action == "claim":
        return [part.key for part in under if part.owner is None]
    if action == "undo":
        return [part.key for part in under if _step(part) == _step(item)]
    return [part.key for part in under if part.owner is not None and part.owner == item.owner]


def _step(item: Item) -> tuple[object, ...]:
    """What tells that two alerts were claimed, given back or handed over together."""
    since = item.owner_since or item.waiting_since
    return item.last_by, item.owner, since


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
    anyway: bool = False,
    now: datetime | None = None,
) -> None:
    """One action of a person. BadInput for what is not offered, Conflict when too late, Unknown
    when it is handed over to a name that nobody here has, and not `anyway`."""
    now = now or room.clock()
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
        desk.hand_over(key, user.name, now, _person(to, desk, anyway=anyway), note.strip())
    else:
        raise BadInput("There is no such action.", code="no-action")
    desk.meet(user.name, user.wards, now)
    item = desk.item(key)
    # who acts on a row has looked at it; the store wrote the step into the audit as it happened
    mark_seen(room, desk, user, [item])


def _person(name: str, desk: Desk, *, anyway: bool) -> str:
    """A name as its bearer is known here, or BadInput: none, too long, with what cannot be seen, or
    (Unknown) nobody's; `anyway`: then as it is written."""
    told = name.strip()
    if not told:
        raise BadInput("Say to whom it is handed over.", code="hand-over-to", location="to")
    if len(told) > _NAME_MAX:
        words = f"A name has at most {_NAME_MAX} characters."
        raise BadInput(words, code="hand-over-to", location="to")
    if not told.isprintable():
        words = "A name holds no line ends or characters that cannot be seen."
        raise BadInput(words, code="hand-over-to", location="to")
    try:
        return as_known(told, desk.people())
    except Unknown:
        if not anyway:
            raise
        return told


def _known(value: str, offered: dict[str, str], what: str) -> None:
    if value not in offered:
        words = ", ".join(code for code in offered if code)
        raise BadInput(f"Choose a {what}: {words}.", code=f"no-{what}", location=what)


def _back(filters: Filters, action: str, key: str) -> str:
    told = urlencode({"done": action, "on": key})
    return f"/worklist?{filters.query or 'all=1'}&{told}#a-{key}"
