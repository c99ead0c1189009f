"""Write-back: a notice becomes resources in the hospital's own record system, when it asks.

    record:
      - tenant: north
        base: https://fhir.north.example/r4
        resources: [Task, Communication, Flag, DetectedIssue]
        audiences: [nurse, pharmacist, prescriber]     # worklist: every notice
        token_file: /run/secrets/fhir-token            # read for every send; none: no token

At least once; each create is conditional on our identifier, so that a repeat is no second one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.errors import SettingsFault
from service.fhir.address import Base, base_of
from service.fhir.write_back import KINDS, ONE_AN_ALERT, resource
from service.fhir.writer import NotWritten, Writer
from service.security.webhook import NotDelivered
from service.store import Posted, Store

_KEYS = frozenset({"tenant", "base", "resources", "audiences", "token_file"})


@dataclass(frozen=True, slots=True)
class Record:
    """One hospital's record system as a place for notices."""

    tenant: str
    base: Base
    resources: tuple[str, ...]
    audiences: frozenset[str]
    token_file: Path | None = field(default=None, repr=False)

    def takes(self, tenant: str, audience: str) -> bool:
        return tenant == self.tenant and audience in self.audiences

    def token(self) -> str | None:
        """The token as it is now: who turns it over needs no restart. NotWritten without one."""
        if self.token_file is None:
            return None
        try:
            return self.token_file.read_text("utf-8").strip()
        except OSError:
            raise NotWritten("fhir-no-token") from None


def record_of(given: Mapping[str, Any]) -> Record:
    """One entry of `record` in the operator's file. KeyError, TypeError, SettingsFault."""
    unknown = sorted({*given} - _KEYS)
    kinds = tuple(map(str, given["resources"]))
    wrong = [*unknown, *(kind for kind in kinds if kind not in KINDS)]
    if wrong or not kinds:
        said = f"record: {', '.join(wrong) or 'resources'}: not known"
        raise SettingsFault(said, code="notify")
    token = given.get("token_file")
    return Record(
        tenant=str(given["tenant"]),
        base=base_of(str(given["base"])),
        resources=kinds,
        audiences=frozenset(map(str, given.get("audiences", ("worklist",)))),
        token_file=Path(str(token)) if token else None,
    )


def write(store: Store, place: Record, posted: Posted, delivery: str, link: str) -> Sequence[str]:
    """Everything that the place wants of this notice; the receipts. Raises NotDelivered."""
    notice = posted.notice
    kind = store.alert(posted.tenant, notice.alert).kind.value
    receipts = []
    try:
        with Writer(place.base, place.token) as writer:
            for wanted in place.resources:
                made = resource(
                    wanted,
                    patient=posted.patient,
                    alert_kind=kind,
                    audience=notice.audience.value,
                    channel=notice.channel.value,
                    why=notice.why.value,
                    link=link,
                    at=notice.at,
                )
                name = notice.alert if wanted in ONE_AN_ALERT else delivery
                receipts.append(writer.create(made, name))
    except NotWritten as fault:
        raise NotDelivered(fault.code) from None
    return receipts
