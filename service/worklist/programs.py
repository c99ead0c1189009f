"""/api/v1: the worklist for programs. Shapes are these models; times are ISO 8601 with zone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.assessment import as_dict, assess
from service.security.roles import Actor, Auditor, Lister
from service.security.session import User, check_csrf
from service.worklist.actions import perform
from service.worklist.desk import Entry
from service.worklist.door import ProgramRoute
from service.worklist.item import Item
from service.worklist.patient.access import Reader, readable
from service.worklist.place import Place, place_of
from service.worklist.room import Room
from service.worklist.rows import cared_for, rank, urgency
from service.worklist.stream import cursor_of
from service.worklist.words import WORDS

LIMIT = 200
PAGE_MAX = 400
Actions = Literal["claim", "release", "snooze", "resolve", "reopen", "hand-over", "undo"]
_TOLD = ("at", "who", "role", "action", "outcome", "patient", "subject", "why", "correlation")


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
    """Most urgent first. `total`: how many there are on all pages.
    `next`: pass it as `since` for what changed after the first page was made.
    `next_page`: pass it as `page`, with the other parameters as they were, for the alerts after
    these; null on the last page."""

    alerts: list[Alert]
    total: int
    next: int
    next_page: str | None


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


class AuditLine(BaseModel):
    """A line of the audit with its place in the chain."""

    seq: int
    hash: str
    at: datetime
    who: str
    role: str
    action: str
    outcome: str
    patient: str
    subject: str
    why: str
    correlation: str


class AuditPage(BaseModel):
    records: list[AuditLine]
    next: int


class Act(BaseModel):
    """What an action may need: snooze reason and minutes; resolve reason; hand-over to, and
    `anyway` where nobody of that name has signed in here (else 409, `hand-over-unknown`)."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field("", max_length=40)
    minutes: int = Field(0, ge=0, le=10_000)
    to: str = Field("", max_length=80)
    note: str = Field("", max_length=500)
    intervention: str = Field("", max_length=40)
    anyway: bool = False


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
    def changes(user: Lister, since: str = "0") -> Changes:
        cursor, keys = room.desk(user).changes(cursor_of(since) or 0)
        return Changes(alerts=keys, next=cursor)

    @router.get("/patients/{key}/assessment")
    def assessment(request: Request, key: str, user: Reader) -> dict[str, Any]:
        """The assessment of the facts on record as of now."""
        chart = readable(room, request, user, key)
        return as_dict(assess(chart, room.knowledge, room.clock()))

    @router.get("/audit")
    def audit(user: Auditor, after: Annotated[int, Query(ge=0)] = 0, tenant: str = "") -> AuditPage:
        """Who did what, oldest first, with the hashes of the chain. Pass `next` as `after`."""
        records = room.desk(user, tenant).audit(after, LIMIT)
        return AuditPage(
            records=[
                AuditLine(seq=r.seq, hash=r.hash, **{n: getattr(r.entry, n) for n in _TOLD})
                for r in records
            ],
            next=records[-1].seq if records else after,
        )

    return router


def _alert_routes(router: APIRouter, room: Room) -> None:
    @router.get("/alerts")
    def alerts(
        user: Lister,
        response: Response,
        patient: str | None = None,
        status: Literal["open", "all"] = "open",
        since: str = "",
        limit: Annotated[int, Query(ge=1, le=LIMIT)] = LIMIT,
        page: Annotated[str, Query(max_length=PAGE_MAX)] = "",
    ) -> Alerts:
        """The alerts, most urgent first, `limit` of them at most (200).

        When there are more, `next_page` of the answer is passed as `page`, with the other
        parameters as they were; the header `Link` (rel="next") is that address whole. The order is
        that of the time of the first page. An alert that changes while the pages are read may
        be told twice or not at all; it is then among those that `since` tells, with the `next`
        that every page gives alike. Every other one is told once.
        """
        asked = Asked(patient, status == "open", cursor_of(since), limit, place_of(page))
        found = listing(room, user, asked)
        if found.next_page:
            here = {"status": status, "since": since, "limit": limit, "page": found.next_page}
            named = here if patient is None else {"patient": patient, **here}
            response.headers["Link"] = f'<?{urlencode(named)}>; rel="next"'
        return found

    @router.get("/alerts/{key}")
    def alert(key: str, user: Lister) -> Alert:
        desk, now = room.desk(user), room.clock()
        item = desk.item(key)
        room.reads.listed(desk, user, [item.patient], now)
        return told(item, now)

    @router.get("/alerts/{key}/history")
    def history(key: str, user: Lister) -> History:
        desk = room.desk(user)
        item = desk.item(key)
        room.reads.listed(desk, user, [item.patient], room.clock())
        return History(alert=key, entries=[_entry(e) for e in desk.history(key)])


def _action_routes(router: APIRouter, room: Room) -> None:
    @router.post("/alerts/{key}/{action}")
    def act(
        request: Request, key: str, action: Actions, user: Actor, body: Act | None = None
    ) -> Alert:
        """Needs the X-CSRF-Token header of the session."""
        check_csrf(request)
        desk = room.desk(user)
        perform(room, desk, key, action, user, **(body or Act()).model_dump())
        return told(desk.item(key), room.clock())


@dataclass(frozen=True, slots=True)
class Asked:
    """Which alerts: of whom, changed after what, how many at most, after which place."""

    patient: str | None
    open_only: bool
    since: int | None
    limit: int
    place: Place | None


def listing(room: Room, user: User, asked: Asked) -> Alerts:
    """The most urgent alerts first; with `since` only those that changed after it."""
    desk = room.desk(user)
    cursor, now = desk.cursor(), room.clock()
    items = desk.items(patient=asked.patient, open_only=asked.open_only)
    items = [item for item in items if cared_for(item, user)]
    if asked.since is not None:
        cursor, keys = desk.changes(asked.since)
        changed = set(keys)
        items = [item for item in items if item.key in changed]
    place = asked.place
    at, cursor = (place.at, place.cursor) if place else (now, cursor)
    ordered = sorted(items, key=lambda item: urgency(item, at))
    rest = place.rest(ordered) if place else ordered
    shown = rest[: asked.limit]
    room.reads.listed(desk, user, [item.patient for item in shown], now)
    more = len(rest) > len(shown)
    return Alerts(
        alerts=[told(item, now) for item in shown],
        total=len(items),
        next=cursor,
        next_page=Place(urgency(shown[-1], at), at, cursor).token if more else None,
    )


def told(item: Item, now: datetime) -> Alert:
    """An item in the shape for programs."""
    status: Literal["open", "snoozed", "resolved"] = "open" if item.is_open else "resolved"
    said = item.said
    return Alert(
        id=item.key,
        kind=item.kind,
        level=item.level,
        severity=WORDS[rank(item)],
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
