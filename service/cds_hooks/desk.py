"""What the hooks need from the rest of the house, as small ports."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from alerts.chart import Chart
from alerts.knowledge import Knowledge
from alerts.lifecycle import Alert, Move
from service.cds_hooks.recall import Recall
from service.fhir.reader import DrugIdentity, ReadContext
from service.store import AuditEntry


class Handle(Protocol):
    """What a card was about (see service.store)."""

    @property
    def uuid(self) -> str: ...

    @property
    def patient(self) -> str: ...

    @property
    def rule(self) -> str: ...

    @property
    def subject(self) -> str: ...

    @property
    def clinician(self) -> str: ...


class Ledger(Protocol):
    """What the hooks ask of the store."""

    def chart(self, tenant: str, patient: str) -> Chart | None: ...

    def revision(self, tenant: str, patient: str) -> int | None: ...

    def drugs(self, tenant: str, names: Collection[str]) -> Mapping[str, DrugIdentity]: ...

    def record_cards(
        self, tenant: str, patient: str, cards: Sequence[Mapping[str, Any]], at: datetime
    ) -> None: ...

    def record_answers(
        self, answers: Sequence[tuple[str, str, Sequence[Mapping[str, Any]], datetime]]
    ) -> None: ...

    def record_feedback(
        self, tenant: str, service: str, entries: Sequence[Mapping[str, Any]], at: datetime
    ) -> int: ...

    def handles(self, tenant: str, uuids: Sequence[str]) -> Sequence[Handle]: ...

    def use_once(self, kind: str, key: str, expires: datetime, now: datetime) -> bool: ...

    def was_used(self, kind: str, keys: Sequence[str], now: datetime) -> frozenset[str]: ...

    def alerts(self, tenant: str, patient: str | None = None) -> Sequence[Alert]: ...

    def act(
        self, tenant: str, alert_id: str, step: Callable[[Alert], Move], now: datetime
    ) -> Alert: ...

    def make_due(self, tenant: str, patient: str, at: datetime, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a call is answered with. `now` and `new_id` are the clock and the ids.

    `fhir_version`: of the tenant's resources, None when each tells its own. `references`: citation
    key -> absolute URL. `detected_issues`: the client takes a DetectedIssue into the record.
    `smart_links`: it can launch us. `apart`: rules that the tenant hides: each on its own card.
    `check_link`: (tenant, patient) -> the bedside check that needs no sign-in, "" for none.
    `note`: an access for the audit (tenant, entry); it neither waits nor raises. `recall`: what was
    lately read and judged.
    """

    ledger: Ledger
    knowledge: Knowledge
    base_url: str
    zone: ZoneInfo
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    references: Mapping[str, str] = field(default_factory=dict)
    fhir_version: str | None = None
    detected_issues: bool = False
    smart_links: bool = False
    apart: frozenset[str] = frozenset()
    check_link: Callable[[str, str], str] = lambda _tenant, _patient: ""
    note: Callable[[str, AuditEntry], None] = lambda _tenant, _entry: None
    recall: Recall = field(default_factory=Recall)

    def context(self, tenant: str, patient: str, received_at: datetime) -> ReadContext:
        """How what came for a patient of a tenant is read."""
        return ReadContext(
            tenant=tenant,
            received_at=received_at,
            zone=self.zone,
            only_patient=patient,
            fhir_version=self.fhir_version,
        )

    @property
    def repeats_after(self) -> timedelta:
        """How long a message about a pair counts as said (ALR-05)."""
        return timedelta(hours=self.knowledge["interaction.quiet_h"])


def evidence(knowledge: Knowledge) -> dict[str, str]:
    """Citation key -> address of the evidence, where one is known (a DOI before a page)."""
    found = {}
    for key, reference in knowledge.references.items():
        doi, url = reference.get("doi"), reference.get("url")
        if doi or url:
            found[key] = f"https://doi.org/{doi}" if doi else str(url)
    return found
