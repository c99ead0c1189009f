"""The worklist and its rows alone for the live update."""

from collections.abc import Collection, Sequence
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from service.security.roles import Lister, May, Needs, may
from service.security.session import User, check_csrf, csrf_token
from service.worklist.changed import snapshot
from service.worklist.desk import Desk, Look
from service.worklist.door import PageRoute, QuietRoute, page, written
from service.worklist.folding import folded
from service.worklist.item import Item
from service.worklist.people import offered
from service.worklist.reasons import INTERVENTION, RESOLVE, SNOOZE, SNOOZE_MINUTES
from service.worklist.room import Room, feed
from service.worklist.rows import Filters, cared_for, listed, row, with_parts
from service.worklist.words import KINDS

# what was done -> (what the reader is told, can it be taken back?)
DONE = {
    "claim": ("Claimed: it is yours.", True),
    "release": ("Released: nobody has it now.", True),
    "snooze": ("Snoozed. It comes back then, or at once when the patient gets worse.", True),
    "resolve": ("Resolved.", True),
    "reopen": ("Open again.", True),
    "hand-over": ("Handed over.", True),
    "undo": ("Taken back.", False),
    "seen": ("Marked as seen.", False),
    "saved": ("This filter opens with the list from now on.", False),
}
# a change touches few rows; more than this and the whole list is sent
ONLY_MAX = 40


def page_routes(room: Room) -> APIRouter:
    """GET /worklist, /worklist/rows; POST /worklist/seen, /worklist/filters, /session/alive."""
    router = APIRouter(route_class=PageRoute)
    quiet = APIRouter(route_class=QuietRoute)

    @router.api_route("/worklist", methods=["GET", "HEAD"])
    def worklist(request: Request, user: Lister) -> Response:
        return show_list(room, request, user, said=_said(request))

    @quiet.get("/worklist/rows")
    def rows_alone(
        request: Request, user: Lister, only: Annotated[str, Query(max_length=4000)] = ""
    ) -> HTMLResponse:
        keys = [key for key in only.split(",") if key]
        wanted = keys if keys and len(keys) <= ONLY_MAX else None
        filters = _filters(room, request, user)
        return page("rows.html", **_rows(room, request, user, filters, wanted))

    _marking(router, room)
    both = APIRouter()
    both.include_router(router)
    both.include_router(quiet)
    return both


def _marking(router: APIRouter, room: Room) -> None:
    """What a reader keeps for themselves: what was seen, filters, that they are there."""

    @router.post("/worklist/seen")
    def seen(
        request: Request,
        user: Lister,
        csrf: Annotated[str, Form()] = "",
        back: Annotated[str, Form(max_length=500)] = "",
        key: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:
        """One row with what is folded under it, or all that the filter shows, count as seen."""
        check_csrf(request, csrf)
        filters, now = Filters.of(parsed(back)), room.clock()
        desk = room.desk(user, filters.tenant)
        items = listed(_mine(desk.items(), user), filters, user, now)
        if key:
            under = folded(items, now).get(key, ())
            items = [item for item in items if item.key == key or item in under]
        mark_seen(room, desk, user, items)
        return RedirectResponse(_to_list(filters, "seen"), 303)

    @router.post("/worklist/filters")
    def save(
        request: Request,
        user: Lister,
        csrf: Annotated[str, Form()] = "",
        back: Annotated[str, Form(max_length=500)] = "",
        name: Annotated[str, Form(max_length=40)] = "",
        drop: Annotated[str, Form()] = "",
    ) -> Response:
        """Keep the shown filter under a name; the one without a name opens with the list."""
        check_csrf(request, csrf)
        filters, desk = Filters.of(parsed(back)), room.desk(user)
        if drop:
            desk.drop(user.name, name.strip())
        else:
            desk.save(user.name, name.strip(), filters.query, room.clock())
        return RedirectResponse(_to_list(filters, "" if drop else "saved"), 303)

    @router.post("/session/alive", dependencies=[Depends(Needs(May.LIST))])
    def alive(request: Request) -> Response:
        """Keys or pointer were used: the session lives on."""
        check_csrf(request)
        return Response(status_code=204)


def show_list(
    room: Room,
    request: Request,
    user: User,
    *,
    said: dict[str, Any] | None = None,
    filters: Filters | None = None,
    status: int = 200,
) -> Response:
    """The whole page; `said` is the message above the list."""
    filters = filters or _filters(room, request, user)
    desk = room.desk(user, filters.tenant)
    cursor = desk.cursor()  # before the rows: a change in between is told twice, not never
    held = _rows(room, request, user, filters)
    return written(
        "worklist.html",
        status,
        user=user,
        message=said,
        cursor=cursor,
        zone=desk.zone.key,
        kinds=KINDS,
        tenants=room.tenants(user),
        saved=room.desk(user).saved(user.name),
        may_export=may(user, May.EXPORT),
        read_at=f"{room.clock().astimezone(desk.zone):%H:%M}",
        disclaimer=room.knowledge.disclaimer,
        **choices(desk, user),
        **held,
    )


def choices(desk: Desk, user: User, ward: str = "") -> dict[str, Any]:
    """What the forms of a row offer, or those of every row; `ward`: of the row."""
    return {
        "people": offered(desk.people(), user, ward) if may(user, May.ACT) else (),
        "snooze_reasons": SNOOZE,
        "snooze_lengths": SNOOZE_MINUTES,
        "resolve_reasons": RESOLVE,
        "interventions": INTERVENTION,
    }


def mark_seen(room: Room, desk: Desk, user: User, items: Sequence[Item]) -> None:
    now = room.clock()
    desk.look(user.name, [Look(i.key, now, i.revision, snapshot(i.said)) for i in items])


def parsed(query: str) -> dict[str, str]:
    return dict(parse_qsl(query))


def _filters(room: Room, request: Request, user: User) -> Filters:
    """As asked for; without any, the saved one that opens with the list."""
    asked = Filters.of(request.query_params)
    if asked.query or asked.everything:
        return asked
    kept = room.desk(user).saved(user.name).get("", "")
    return Filters.of(parsed(kept)) if kept else asked


def _mine(items: Sequence[Item], user: User) -> list[Item]:
    return [item for item in items if cared_for(item, user)]


def _rows(
    room: Room,
    request: Request,
    user: User,
    filters: Filters,
    only: Collection[str] | None = None,
) -> dict[str, Any]:
    """What the template of the rows needs. `only`: the rows that tell of these alerts, and the
    order of all."""
    now, desk = room.clock(), room.desk(user, filters.tenant)
    items = _mine(desk.items(), user)
    shown = listed(items, filters, user, now)
    under = folded(shown, now)
    within = {part.key: head for head, parts in under.items() for part in parts}
    heads = [item for item in shown if item.key not in within]
    wanted = None if only is None else {within.get(key, key) for key in only}
    looks = desk.looks(user.name)
    room.reads.listed(desk, user, [item.patient for item in shown], now)

    def told(item: Item) -> dict[str, Any]:
        parts = [row(part, now, desk.zone, looks.get(part.key)) for part in under.get(item.key, ())]
        return with_parts(row(item, now, desk.zone, looks.get(item.key)), parts)

    return {
        # one after the other, as the page is written: the first are seen while the last are made
        "rows": (told(item) for item in heads if wanted is None or item.key in wanted),
        "order": [item.key for item in heads],
        "alerts": len(shown),
        "partial": only is not None,
        "hidden": len(items) - len(shown),
        "wards": sorted({item.ward for item in items if item.ward}),
        "feed": feed(desk, now),
        "filters": filters,
        "suffix": f"?tenant={filters.tenant}" if filters.tenant else "",
        "csrf": csrf_token(request),
        "may_act": may(user, May.ACT),
        "may_examine": may(user, May.EXAMINE) and room.accept is not None,
        "me": user.name,
    }


def _to_list(filters: Filters, done: str) -> str:
    query = filters.query or "all=1"
    return f"/worklist?{query}&done={done}" if done else f"/worklist?{query}"


def _said(request: Request) -> dict[str, Any] | None:
    """The message after an action, from closed lists only."""
    done = DONE.get(request.query_params.get("done", ""))
    if done is None:
        return None
    words, back = done
    key = request.query_params.get("on", "")
    undo = back and key.replace("-", "").isalnum()
    return {"words": words, "undo": undo, "key": key, "bad": False}
