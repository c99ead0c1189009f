"""/api/v1: the worklist for programs. Shapes are these models; times are ISO 8601 with zone."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from alerts.assessment import as_dict, assess
from service.errors import NotFound
from service.security.session import check_csrf, require_user
from service.worklist.actions import perform
from service.worklist.desk import Entry
from service.worklist.door import ProgramRoute
from service.worklist.item import Item
from service.worklist.room import Room
from service.worklist.rows import urgency
from service.worklist.stream import cursor_of
from service.worklist.words import severity_word

LIMIT = 200
Actions = Literal["claim", "release", "snooze", "resolve", "reopen", "hand-over"]


class Interval(BaseModel):
    lower: int
    upper: int


class Alert(BaseModel):
    """One alert. `level`: a tier name (kind nms) or an interaction severity."""

    id: str
    kind: str
    level: str
    severity: str = Field(description="CRITICAL, WARNING, WATCH or LIST ONLY")
    patient: str
    ward: str
    rule: str
    drugs: list[str]
    status: Literal["open", "snoozed", "resolved"]
    owner: str | None
    owner_since: datetime | None
    opened_at: datetime
    changed_at: datetime
    snoozed_until: datetime | None
    reason: str
    escalated: bool
    iec: Interval | None = Field(description="score interval of the newest assessment")
    rules: str | None = Field(description="rule version of the newest assessment")


class Alerts(BaseModel):
    """Most urgent first. `total`: how many there are when `limit` cut the list short.
    `next`: pass it as `since` for what changed after these."""

    alerts: list[Alert]
    total: int
    next: int


class HistoryEntry(BaseModel):
    at: datetime
    what: str
    who: str
    why: str


class History(BaseModel):
    alert: str
    entries: list[HistoryEntry]


class Changes(BaseModel):
    """Alerts that changed after `since`, each once."""

    alerts: list[str]
    next: int


class Act(BaseModel):
    """What an action may need: snooze reason and minutes; resolve reason; hand-over to."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field("", max_length=40)
    minutes: int = Field(0, ge=0, le=10_000)
    to: str = Field("", max_length=80)
    note: str = Field("", max_length=500)


class Fault(BaseModel):
    """Every refusal has this shape."""

    code: str
    message: str
    location: str | None


class Refusal(BaseModel):
    error: Fault


REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refusal} for status in (400, 401, 403, 404, 409)
}


def program_routes(room: Room) -> APIRouter:
    """/api/v1/alerts, /api/v1/changes, /api/v1/patients."""
    router = APIRouter(
        prefix="/api/v1", route_class=ProgramRoute, tags=["worklist"], responses=REFUSALS
    )
    _alert_routes(router, room)
    _action_routes(router, room)

    @router.get("/changes")
    def changes(request: Request, since: str = "0") -> Changes:
        require_user(request)
        cursor, keys = room.desk.changes(cursor_of(since) or 0)
        return Changes(alerts=keys, next=cursor)

    @router.get("/patients/{key}/assessment")
    def assessment(request: Request, key: str) -> dict[str, Any]:
        """The assessment of the facts on record as of now."""
        require_user(request)
        chart = room.desk.chart(key)
        if chart is None:
            raise NotFound("No facts about this patient are on record here.", code="no-patient")
        return as_dict(assess(chart, room.knowledge, room.clock()))

    return router


def _alert_routes(router: APIRouter, room: Room) -> None:
    @router.get("/alerts")
    def alerts(
        request: Request,
        patient: str | None = None,
        status: Literal["open", "all"] = "open",
        since: str = "",
        limit: Annotated[int, Query(ge=1, le=LIMIT)] = LIMIT,
    ) -> Alerts:
        require_user(request)
        return listing(room, patient, status == "open", cursor_of(since), limit)

    @router.get("/alerts/{key}")
    def alert(request: Request, key: str) -> Alert:
        require_user(request)
        return told(room.desk.item(key), room.clock())

    @router.get("/alerts/{key}/history")
    def history(request: Request, key: str) -> History:
        require_user(request)
        room.desk.item(key)
        return History(alert=key, entries=[_entry(e) for e in room.desk.history(key)])


def _action_routes(router: APIRouter, room: Room) -> None:
    @router.post("/alerts/{key}/{action}")
    def act(request: Request, key: str, action: Actions, body: Act | None = None) -> Alert:
        """Needs the X-CSRF-Token header of the session."""
        user = require_user(request)
        check_csrf(request)
        perform(room, key, action, user.name, **(body or Act()).model_dump())
        return told(room.desk.item(key), room.clock())


def listing(
    room: Room, patient: str | None, open_only: bool, since: int | None, limit: int
) -> Alerts:
    """The most urgent alerts first; with `since` only those that changed after it."""
    cursor, now = room.desk.cursor(), room.clock()
    items = room.desk.items(patient=patient, open_only=open_only)
    if since is not None:
        cursor, keys = room.desk.changes(since)
        changed = set(keys)
        items = [item for item in items if item.key in changed]
    ordered = sorted(items, key=lambda item: urgency(item, now))
    shown = [told(item, now) for item in ordered[:limit]]
    return Alerts(alerts=shown, total=len(items), next=cursor)


def told(item: Item, now: datetime) -> Alert:
    """An item in the shape for programs."""
    status: Literal["open", "snoozed", "resolved"] = "open" if item.is_open else "resolved"
    said = item.said
    return Alert(
        id=item.key,
        kind=item.kind,
        level=item.level,
        severity=severity_word(item.level),
        patient=item.patient,
        ward=item.ward,
        rule=item.rule,
        drugs=list(item.drugs),
        status="snoozed" if status == "open" and item.is_snoozed(now) else status,
        owner=item.owner,
        owner_since=item.owner_since,
        opened_at=item.opened_at,
        changed_at=item.changed_at,
        snoozed_until=item.snoozed_until,
        reason=item.reason,
        escalated=item.escalated,
        iec=Interval(**said["iec"]) if said else None,
        rules=said["rules"] if said else None,
    )


def _entry(entry: Entry) -> HistoryEntry:
    return HistoryEntry(at=entry.at, what=entry.what, who=entry.who, why=entry.why)
