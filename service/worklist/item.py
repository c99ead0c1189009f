"""An alert as the worklist needs it: machine state, human state, the newest assessment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    """`kind`: nms or interaction. `level`: a tier name or an interaction severity.

    `reason`: why it was snoozed or resolved. `waiting_since`: the last call, or when it became
    nobody's again. `interruptive`: it was told loudly. `suppressed`: why it calls nobody (ALR-12).
    `said`: the newest assessment in its JSON form (the parts of `newest`), None when there is none.
    `person`, `ward`: as on record, "" when not.
    """

    key: str
    kind: str
    level: str
    patient: str
    opened_at: datetime
    changed_at: datetime
    revision: str
    is_open: bool = True
    rule: str = ""
    drugs: tuple[str, ...] = ()
    owner: str | None = None
    owner_since: datetime | None = None
    snoozed_until: datetime | None = None
    reason: str = ""
    escalated: bool = False
    said: Mapping[str, Any] | None = None
    person: str = ""
    ward: str = ""
    waiting_since: datetime | None = None
    interruptive: bool = False
    suppressed: str = ""
    intervention: str = ""
    last_by: str = ""

    def is_snoozed(self, now: datetime) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > now

    @property
    def unattended_since(self) -> datetime:
        """Since when the row stands as it is: claimed then, or waiting since it opened."""
        return self.owner_since or self.waiting_since or self.opened_at

    @property
    def withdrawn(self) -> list[str]:
        """Dopaminergic drugs whose stop still counts (SPEC 3.4), by the newest assessment."""
        found = self.said["withdrawals"] if self.said else ()
        return list(dict.fromkeys(w["drug"] for w in found if w["reading"] != "ended"))
