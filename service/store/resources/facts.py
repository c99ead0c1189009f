"""A patient's chart from the stored facts, in one indexed query."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, select

from alerts.chart import Chart, Fact, chart_of
from service.fhir.reader import DrugIdentity, completed
from service.store.database.part import Part
from service.store.database.schema import assessments, due, resources
from service.store.resources.codec import decode

MEDICATION = "Medication"
_identity = msgspec.json.Decoder(DrugIdentity)

# An order whose drug is named by a Medication is joined with it here, so that the Medication may
# come first, last, be corrected or retracted. One look into the primary key for each such order:
# a join was seen to compare every fact with every Medication before the first ANALYZE.
_drug = resources.alias("drug")
_FACTS = select(
    resources.c.facts,
    select(_drug.c.identity)
    .where(
        _drug.c.tenant == resources.c.tenant,
        _drug.c.resource_type == MEDICATION,
        _drug.c.resource_id == resources.c.awaits,
        _drug.c.retracted.is_(False),
    )
    .correlate(resources)
    .scalar_subquery()
    .label("identity"),
)

# asked for by every hook call and every evaluation: made once
_OF_PATIENT = _FACTS.where(
    resources.c.tenant == bindparam("tenant"), resources.c.patient == bindparam("patient")
)
_REVISION = select(due.c.revision).where(
    due.c.tenant == bindparam("tenant"), due.c.patient == bindparam("patient")
)


@dataclass(frozen=True, slots=True)
class Held:
    """One resource on record. `awaits`: the Medication whose name it lacks."""

    reference: str
    patient: str
    version: str | None
    last_updated: datetime | None
    received_at: datetime
    retracted: bool
    awaits: str | None
    facts: tuple[Fact, ...]


class Facts(Part):
    """What is known of patients."""

    def chart(self, tenant: str, patient: str) -> Chart | None:
        """Everything on record about a patient; None when nothing ever came.

        A patient whose facts were all retracted has an empty chart.
        """
        rows = self._database.glance(_OF_PATIENT, {"tenant": tenant, "patient": patient})
        if not rows or not patient:
            return None
        return chart_of(patient, _facts(rows))

    def revision(self, tenant: str, patient: str) -> int | None:
        """Rises with everything that comes in about a patient (and with each evaluation); None for
        one who was never heard of."""
        found = self._database.glance(_REVISION, {"tenant": tenant, "patient": patient})
        return int(found[0][0]) if found else None

    def drugs(self, tenant: str, names: Collection[str]) -> dict[str, DrugIdentity]:
        """What these Medications are ("Medication/123"), as far as they are on record."""
        marks = [name.removeprefix(f"{MEDICATION}/") for name in names]
        wanted = select(resources.c.resource_id, resources.c.identity).where(
            resources.c.tenant == tenant,
            resources.c.resource_type == MEDICATION,
            resources.c.resource_id.in_(marks),
            resources.c.retracted.is_(False),
            resources.c.identity.is_not(None),
        )
        with self._database.read() as connection:
            rows = connection.execute(wanted).all()
        return {f"{MEDICATION}/{mark}": _identity.decode(told) for mark, told in rows}

    def portraits(self, tenant: str, patients: Sequence[str]) -> dict[str, Chart]:
        """Charts that hold only who the patient is and where: for a list of many."""
        wanted = select(resources.c.patient, resources.c.facts).where(
            resources.c.tenant == tenant,
            resources.c.patient.in_(patients),
            resources.c.resource_type.in_(("Patient", "Encounter")),
        )
        found: dict[str, list[Fact]] = {}
        with self._database.read() as connection:
            for row in connection.execute(wanted):
                found.setdefault(row.patient, []).extend(decode(row.facts))
        return {patient: chart_of(patient, facts) for patient, facts in found.items()}

    def patients(self, tenant: str) -> list[str]:
        """Every patient with something on record, sorted."""
        wanted = (
            select(resources.c.patient)
            .where(resources.c.tenant == tenant, resources.c.patient != "")
            .distinct()
            .order_by(resources.c.patient)
        )
        with self._database.read() as connection:
            return list(connection.execute(wanted).scalars())

    def resource(self, tenant: str, resource_type: str, resource_id: str) -> Held | None:
        """One resource on record, retracted ones included."""
        wanted = select(resources).where(
            resources.c.tenant == tenant,
            resources.c.resource_type == resource_type,
            resources.c.resource_id == resource_id,
        )
        with self._database.read() as connection:
            row = connection.execute(wanted).first()
        return None if row is None else _held(row)

    def assessment(self, tenant: str, patient: str) -> dict[str, Any] | None:
        """The newest assessment of a patient in its JSON form."""
        return self.assessments(tenant, [patient]).get(patient)

    def digests(self, tenant: str, patients: Sequence[str]) -> dict[str, str]:
        """Of the newest assessments, their clock apart: whether one says something else now."""
        wanted = select(assessments.c.patient, assessments.c.digest).where(
            assessments.c.tenant == tenant, assessments.c.patient.in_(patients)
        )
        with self._database.read() as connection:
            return {row.patient: row.digest for row in connection.execute(wanted)}

    def assessments(self, tenant: str, patients: list[str]) -> dict[str, dict[str, Any]]:
        """The newest assessments of these patients, by patient."""
        wanted = select(assessments.c.patient, assessments.c.assessment).where(
            assessments.c.tenant == tenant, assessments.c.patient.in_(patients)
        )
        with self._database.read() as connection:
            rows = connection.execute(wanted).all()
        return {row.patient: msgspec.json.decode(row.assessment) for row in rows}


def _facts(rows: Iterable[Any]) -> Iterator[Fact]:
    for text, identity in rows:
        if identity is None:
            yield from decode(text)
            continue
        drug = _identity.decode(identity)
        yield from completed(tuple(decode(text)), drug)


def _held(row: Row[Any]) -> Held:
    return Held(
        reference=f"{row.resource_type}/{row.resource_id}",
        patient=row.patient,
        version=row.version,
        last_updated=row.last_updated,
        received_at=row.received_at,
        retracted=row.retracted,
        awaits=f"{MEDICATION}/{row.awaits}" if row.awaits else None,
        facts=decode(row.facts),
    )
