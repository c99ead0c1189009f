"""What the pages of one service share: the desk, the rules, the ward's zone, the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alerts.knowledge import Knowledge
from service.worklist.desk import Desk
from service.worklist.rows import silence
from service.worklist.words import clock

# SPEC SAF-10: without data for this long the list says so
STALE_AFTER = timedelta(minutes=15)

# (body, tenant, user) -> (refused, because): one FHIR bundle through the front door
Accept = Callable[[bytes, str, str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Room:
    """`accept` takes a FHIR Bundle and answers why entries were refused; None: no bedside form."""

    desk: Desk
    knowledge: Knowledge
    zone: ZoneInfo
    clock: Callable[[], datetime]
    accept: Accept | None = None


def feed(room: Room, now: datetime) -> dict[str, Any]:
    """Whether data still come in and are evaluated, in words (SAF-10: never silent)."""
    flow = room.desk.flow(now)
    behind = flow.overdue
    last = clock(flow.last_data_at, now, room.zone) if flow.last_data_at else ""
    state = "live"
    if flow.last_data_at is None:
        state = "never"
    elif now - flow.last_data_at > STALE_AFTER:
        state = "stale"
    watched = f"{flow.patients} {'patient' if flow.patients == 1 else 'patients'} watched."
    return {
        "state": state,
        "last": last,
        "silence": silence(flow.last_data_at, now),
        "behind": f"{behind} {'patient is' if behind == 1 else 'patients are'}" if behind else "",
        "behind_words": "its" if behind == 1 else "their",
        "words": f"Last data {last}. {watched}" if last else watched,
    }
