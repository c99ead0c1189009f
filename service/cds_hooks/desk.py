"""What the hooks need from the rest of the house, as small ports."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from alerts.chart import Chart
from alerts.knowledge import Knowledge


class Ledger(Protocol):
    """What the hooks ask of the store."""

    def chart(self, tenant: str, patient: str) -> Chart | None: ...

    def record_cards(
        self, tenant: str, patient: str, cards: Sequence[Mapping[str, Any]], at: datetime
    ) -> None: ...

    def record_feedback(
        self, tenant: str, service: str, entries: Sequence[Mapping[str, Any]], at: datetime
    ) -> int: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a call is answered with. `now` and `new_id` are the clock and the ids.

    `fhir_version`: of the tenant's resources, None when each tells its own.
    """

    ledger: Ledger
    knowledge: Knowledge
    base_url: str
    zone: ZoneInfo
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    references: Mapping[str, str] = field(default_factory=dict)
    fhir_version: str | None = None
