"""How cards were received, for those who tune the rules (ALR-09, ALR-10): JSON and CSV.

Counts only: no patient, no clinician. What this service cannot know is named, never guessed.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, Protocol

import orjson
from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool

from service.errors import BadInput
from service.security.roles import May, Needs
from service.security.session import User

COLUMNS = (
    "group", "rule", "rule_version", "indicator", "shown", "hidden", "accepted", "overridden",
    "unanswered", "override_rate", "reasons",
)  # fmt: skip
NOT_KNOWN = (
    "alerts per 1000 treated patient-days: `nms-sentinel tenant report`, which reads the charts",
    "positive predictive value: needs chart review of all interruptive and a sample of passive"
    " alerts; no review is recorded here",
    "sensitivity against coded NMS: needs discharge codes of all patients",
    "whether an ignored card was seen: clients never report ignored cards",
)
By = Literal["rule", "day", "week"]
EXPORTER = Needs(May.EXPORT)
Exporter = Annotated[User, Depends(EXPORTER)]


class Received(Protocol):
    """One day's cards of one version of a rule with one indicator (see service.store)."""

    day: date
    rule: str
    rule_version: str
    indicator: str
    shown: int
    hidden: int
    accepted: int
    overridden: int
    reasons: dict[str, int]


class Archive(Protocol):
    def reception(
        self, tenant: str, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[Received]: ...


@dataclass(frozen=True, slots=True)
class Line:
    """Counts of one group; `override_rate`: of the cards that were answered, None without any."""

    group: str
    rule: str
    rule_version: str
    indicator: str
    shown: int
    hidden: int
    accepted: int
    overridden: int
    reasons: Mapping[str, int]

    @property
    def unanswered(self) -> int:
        return self.shown - self.accepted - self.overridden

    @property
    def override_rate(self) -> float | None:
        answered = self.accepted + self.overridden
        return round(self.overridden / answered, 4) if answered else None

    def as_dict(self) -> dict[str, Any]:
        held: dict[str, Any] = {name: getattr(self, name) for name in COLUMNS}
        return {**held, "reasons": dict(self.reasons)}


def lines(received: Iterable[Received], by: By = "rule") -> list[Line]:
    """Counts by rule, version and indicator; with `day` or `week` each of those by itself."""
    groups: dict[tuple[str, ...], list[Received]] = {}
    for one in received:
        key = (_group(one.day, by), one.rule, one.rule_version, one.indicator)
        groups.setdefault(key, []).append(one)
    return [_line(key, groups[key]) for key in sorted(groups)]


def _group(day: date, by: By) -> str:
    if by == "rule":
        return "all"
    monday = day - timedelta(days=day.weekday())
    return (day if by == "day" else monday).isoformat()


def _line(key: tuple[str, ...], members: Sequence[Received]) -> Line:
    reasons: Counter[str] = Counter()
    for one in members:
        reasons.update(one.reasons)
    group, rule, version, indicator = key
    return Line(
        group,
        rule,
        version,
        indicator,
        sum(m.shown for m in members),
        sum(m.hidden for m in members),
        sum(m.accepted for m in members),
        sum(m.overridden for m in members),
        dict(sorted(reasons.items())),
    )


def as_csv(found: Sequence[Line]) -> str:
    """The lines with a heading; reasons as 'code=number' by semicolon."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in found:
        row = line.as_dict()
        row["reasons"] = ";".join(f"{code or 'none'}={n}" for code, n in line.reasons.items())
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return out.getvalue()


def _cell(value: Any) -> Any:
    """A spreadsheet must not take a text for a formula."""
    unsafe = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if unsafe else value


def analytics_routes(archive: Archive, home: str) -> APIRouter:
    """GET /api/v1/analytics, for those who may take the list away. `home`: the service's tenant."""
    router = APIRouter(prefix="/api/v1", tags=["cds-hooks"])

    @router.get("/analytics", response_class=Response)
    async def analytics(
        user: Exporter,
        since: str = "",
        until: str = "",
        by: str = "rule",
        format: str = "json",
        tenant: str = "",
    ) -> Response:
        """By rule, day or week; `since` and `until` are dates or times; format json or csv."""
        group = _one_of("by", by, ("rule", "day", "week"))
        form = _one_of("format", format, ("json", "csv"))
        wanted = _one_of("tenant", tenant or home, user.tenants or (home,))
        bounds = (_instant("since", since), _instant("until", until))
        received = await run_in_threadpool(archive.reception, wanted, *bounds)
        found = lines(received, group)
        if form == "csv":
            named = {"Content-Disposition": 'attachment; filename="analytics.csv"'}
            return Response(as_csv(found), media_type="text/csv; charset=utf-8", headers=named)
        body = {"by": group, "lines": [x.as_dict() for x in found], "not_known": NOT_KNOWN}
        return Response(orjson.dumps(body), media_type="application/json")

    return router


def _one_of(name: str, given: str, offered: tuple[str, ...]) -> Any:
    if given not in offered:
        said = f"{name} must be one of {', '.join(offered)}."
        raise BadInput(said, code=f"{name}-unknown", location=name)
    return given


def _instant(name: str, given: str) -> datetime | None:
    if not given:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        said = f"{name} must be a date or a time, such as 2026-03-01."
        raise BadInput(said, code=f"{name}-format", location=name) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
