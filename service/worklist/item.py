"""An alert as the worklist needs it: machine state, human state, the newest assessment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    """`kind`: nms or interaction. `level`: a tier name or an interaction severity.

    `reason`: why it was snoozed or resolved. `said`: the newest assessment in its JSON form,
    None when there is none. `person`, `ward`: as on record, "" when not.
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

    def is_snoozed(self, now: datetime) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > now

    @property
    def unattended_since(self) -> datetime:
        """Since when the row stands as it is: claimed then, or waiting since it opened."""
        return self.owner_since or self.opened_at
