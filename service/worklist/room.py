"""What the pages of one service share: the desks, the rules, the clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from alerts.knowledge import Knowledge
from service.edge.rate import Rate
from service.errors import NotFound
from service.security.session import User
from service.worklist.desk import Desk
from service.worklist.reads import Reads
from service.worklist.rows import silence
from service.worklist.words import clock

# SPEC SAF-10: without data for this long the list says so
STALE_AFTER = timedelta(minutes=15)

# a link that needs no sign-in: a sixth of these at once, which is more than a page asks for
LINK_PER_MINUTE = 120

# (body, tenant, user) -> reasons of refused entries: one FHIR bundle through the front door
Accept = Callable[[bytes, str, str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Room:
    """`desks` by tenant, `home` the tenant of the service.

    `accept` takes a FHIR Bundle and answers why entries were refused; None: no bedside check.
    `check_link`: (tenant, patient) -> the bedside check that needs no sign-in. `rate`: how often
    such a link may be used.
    """

    desks: Mapping[str, Desk]
    home: str
    knowledge: Knowledge
    clock: Callable[[], datetime]
    accept: Accept | None = None
    check_link: Callable[[str, str], str] = lambda _tenant, _patient: ""
    rate: Rate = field(default_factory=lambda: Rate(LINK_PER_MINUTE))
    reads: Reads = field(default_factory=Reads)

    def tenants(self, user: User) -> list[str]:
        """The tenants that a user may see."""
        if user.role == "local":
            return sorted(self.desks)
        allowed = user.tenants or (self.home,)
        return [tenant for tenant in sorted(self.desks) if tenant in allowed]

    def desk(self, user: User, tenant: str = "") -> Desk:
        """The desk of a tenant; without one the user's own. NotFound when it is not theirs."""
        allowed = self.tenants(user)
        chosen = tenant or (self.home if self.home in allowed else next(iter(allowed), ""))
        if chosen not in allowed:
            raise NotFound("There is no such list.", code="no-tenant")
        return self.desks[chosen]


def feed(desk: Desk, now: datetime) -> dict[str, Any]:
    """Whether data still come in and are evaluated, in words (SAF-10: never silent)."""
    flow = desk.flow(now)
    behind = flow.overdue
    last = clock(flow.last_data_at, now, desk.zone) if flow.last_data_at else ""
    state = "live"
    if flow.last_data_at is None:
        state = "never"
    elif now - flow.last_data_at > STALE_AFTER:
        state = "stale"
    seen, aside = flow.patients - flow.set_aside, flow.set_aside
    watched = f"{seen} {'patient' if seen == 1 else 'patients'} watched."
    return {
        "state": state,
        "last": last,
        "silence": silence(flow.last_data_at, now),
        "behind": f"{behind} {'patient is' if behind == 1 else 'patients are'}" if behind else "",
        "aside": f"{aside} {'patient is' if aside == 1 else 'patients are'}" if aside else "",
        "behind_words": "its" if behind == 1 else "their",
        "words": f"Last data {last}. {watched}" if last else watched,
    }
