"""The list as a file, as filtered: CSV for a spreadsheet, NDJSON for a program."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime

from fastapi import APIRouter, Request, Response

from service.errors import NotFound
from service.security.roles import Exporter
from service.worklist.desk import Desk
from service.worklist.door import HEADERS, PageRoute
from service.worklist.item import Item
from service.worklist.programs import told
from service.worklist.reads import did
from service.worklist.room import Room
from service.worklist.rows import Filters, cared_for, listed, row

COLUMNS = (
    "id", "kind", "level", "severity", "patient", "ward", "rule", "drugs", "status", "owner",
    "owner_since", "opened_at", "changed_at", "snoozed_until", "reason", "intervention",
    "escalated", "score_lower", "score_upper", "headline", "facts", "missing", "next", "rules",
)  # fmt: skip
# what a spreadsheet would run as a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}


def export_routes(room: Room) -> APIRouter:
    """GET /worklist/export.csv and .ndjson."""
    router = APIRouter(route_class=PageRoute)

    @router.get("/worklist/export.{form}")
    def export(request: Request, form: str, user: Exporter) -> Response:
        if form not in _TYPES:
            raise NotFound("There is no such form of the list.", code="no-export")
        filters, now = Filters.of(request.query_params), room.clock()
        desk = room.desk(user, filters.tenant)
        items = [item for item in desk.items() if cared_for(item, user)]
        shown = listed(items, filters, user, now)
        room.reads.listed(desk, user, [item.patient for item in shown], now)
        did(desk, user, "worklist.export", now, subject=form)
        made = _csv(desk, shown, now) if form == "csv" else "".join(_lines(shown, now))
        name = f"worklist-{now.astimezone(desk.zone):%Y%m%d-%H%M}.{form}"
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(made, media_type=_TYPES[form], headers=headers)

    return router


def _lines(items: Sequence[Item], now: datetime) -> Iterator[str]:
    for item in items:
        yield told(item, now).model_dump_json() + "\n"


def _csv(desk: Desk, items: Sequence[Item], now: datetime) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for item in items:
        writer.writerow([_safe(cell) for cell in _cells(desk, item, now)])
    return out.getvalue()


def _cells(desk: Desk, item: Item, now: datetime) -> Iterator[str]:
    alert, shown = told(item, now), row(item, now, desk.zone)
    facts = [
        " ".join(part for part in (f["what"], f["value"], f["when"], f["source"]) if part)
        for f in shown["facts"]
    ]
    more = {
        "drugs": "; ".join(alert.drugs),
        "intervention": item.intervention,
        "score_lower": alert.iec.lower if alert.iec else "",
        "score_upper": alert.iec.upper if alert.iec else "",
        "headline": shown["headline"],
        "facts": "; ".join(facts),
        "missing": "; ".join(shown["gaps"]),
        "next": "; ".join(shown["next"]),
    }
    for column in COLUMNS:
        value = more[column] if column in more else getattr(alert, column)
        if isinstance(value, datetime):
            value = value.astimezone(desk.zone).isoformat(timespec="seconds")
        yield "" if value is None else str(value)


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
