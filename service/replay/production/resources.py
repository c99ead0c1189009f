"""Chart facts -> FHIR R4 resources that read back to the same facts, without any text of theirs.

Codes and words come from the terminology, never from the record: what was free text is dropped.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from alerts.chart import (
    Chart,
    Condition,
    Evidence,
    Measurement,
    MedicationUse,
    PatientDetails,
    Sign,
    Stay,
    TimeBasis,
    UseStatus,
)
from alerts.truth import FALSE, TRUE, Truth
from service.fhir.terminology.tables import rows

Json = dict[str, Any]
UCUM = "http://unitsofmeasure.org"
BEDSIDE = "urn:nms-sentinel:bedside"
SYSTEMS = {
    "loinc": "http://loinc.org",
    "sct": "http://snomed.info/sct",
    "icd10cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "icd10": "http://hl7.org/fhir/sid/icd-10",
}
ROUTES = {"oral": "PO", "im": "IM", "iv": "IV", "sc": "SC", "td": "TD", "rectal": "PR", "ng": "NG",
          "sublingual": "SL"}  # fmt: skip
KINDS = {
    Evidence.ORDER: "MedicationRequest",
    Evidence.ADMINISTRATION: "MedicationAdministration",
    Evidence.DISPENSE: "MedicationDispense",
    Evidence.STATEMENT: "MedicationStatement",
}
# scales that no code of these systems names
NAMES = {"rass": "RASS", "four_at": "4AT"}
# codes that a record brings as they were sent: others could be words
INTENTS = frozenset({
    "proposal", "plan", "directive", "order", "original-order", "reflex-order", "filler-order",
    "instance-order", "option",
})  # fmt: skip
NO_ORDER = "option"  # as little an order as a word that nobody knows
STAY_STATUSES = frozenset({
    "planned", "arrived", "triaged", "in-progress", "on-hold", "onleave", "finished", "discharged",
    "completed", "discontinued", "cancelled", "entered-in-error", "unknown",
})  # fmt: skip
_DAY = timedelta(days=1) - timedelta(microseconds=1)


@dataclass(slots=True)
class Writer:
    """Writes the facts of one patient, moved by `shift`, under new ids."""

    patient: str
    shift: timedelta
    count: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def resources(self, chart: Chart) -> Iterator[Json]:
        """In the order of kinds and times: nothing of the order of records remains."""
        yield self._person(chart.details)
        for stay in chart.stays:
            yield self._stay(stay)
        for condition in chart.conditions:
            yield from self._condition(condition)
        for use in chart.medications:
            yield self._use(use)
        for reading in chart.measurements:
            yield from self._measurement(reading)
        for sign in chart.signs:
            yield self._sign(sign)
        shown = sum(u.what == "drug" for u in chart.unread)
        if shown > sum(not use.ingredients for use in chart.medications):
            unknown = {"text": "unrecognised medicine"}
            yield self._new(
                "MedicationRequest",
                status="unknown",
                intent="order",
                medicationCodeableConcept=unknown,
            )

    def _new(self, kind: str, **elements: Any) -> Json:
        number = self.count[kind] = self.count.get(kind, 0) + 1
        told = {key: value for key, value in elements.items() if value is not None}
        subject = {} if kind == "Patient" else {"subject": {"reference": f"Patient/{self.patient}"}}
        identity = self.patient if kind == "Patient" else f"{kind.lower()}-{number}"
        return {"resourceType": kind, "id": identity, **subject, **told}

    def at(self, at: datetime | None) -> str | None:
        return None if at is None else (at + self.shift).isoformat()

    def _person(self, details: PatientDetails | None) -> Json:
        if details is None:
            return self._new("Patient")
        born = details.birth_date
        return self._new(
            "Patient",
            birthDate=None if born is None else (born + self.shift).isoformat(),
            gender=details.sex,
            deceasedBoolean=True if details.deceased else None,
        )

    def _stay(self, stay: Stay) -> Json:
        return self._new(
            "Encounter",
            status=stay.status if stay.status in STAY_STATUSES else "unknown",
            period=_without_none({"start": self.at(stay.start), "end": self.at(stay.end)}),
        )

    def _condition(self, condition: Condition) -> Iterator[Json]:
        coding = finding_coding(condition.kind)
        if coding is None:
            self.left_out.append(f"condition {condition.kind}")
            return
        active = {TRUE: "active", FALSE: "inactive"}.get(condition.active)
        confirmed = "confirmed" if condition.confirmed is TRUE else None
        yield self._new(
            "Condition",
            clinicalStatus=_status("condition-clinical", active),
            verificationStatus=_status("condition-ver-status", confirmed),
            code={"coding": [coding]},
            onsetDateTime=self.at(condition.onset),
            abatementDateTime=self.at(condition.abated),
            recordedDate=self.at(condition.recorded),
        )

    def _use(self, use: MedicationUse) -> Json:
        given = use.evidence is Evidence.ADMINISTRATION
        dosage = self._dosage(use, given=given)
        elements: Json = {
            "status": use.status.value,
            "medicationCodeableConcept": {"text": drug_words(use)},
            "intent": use.intent if use.intent is None or use.intent in INTENTS else NO_ORDER,
            "doNotPerform": True if use.do_not_perform else None,
        }
        if given:
            elements |= {"dosage": dosage} | self._when(use)
        elif use.evidence is Evidence.ORDER:
            elements |= {
                "authoredOn": self.at(use.authored),
                "reportedBoolean": True if use.reported else None,
                "dosageInstruction": [dosage] if dosage else None,
            }
            if not use.stop_certain and use.end is not None:
                elements["meta"] = {"lastUpdated": self.at(use.end)}
        elif use.evidence is Evidence.DISPENSE:
            elements |= {
                "whenHandedOver": self.at(use.start),
                "whenPrepared": self.at(use.authored) if use.start is None else None,
                "dosageInstruction": [dosage] if dosage else None,
            }
        else:
            elements |= {
                "dateAsserted": self.at(use.authored),
                "dosage": [dosage] if dosage else None,
            }
            if use.start or use.end:
                elements["effectivePeriod"] = _without_none(
                    {"start": self.at(use.start), "end": self.at(use.end)}
                )
        return self._new(KINDS[use.evidence], **elements)

    def _when(self, use: MedicationUse) -> Json:
        if use.end is not None or use.time_basis is TimeBasis.PERIOD:
            return {"effectivePeriod": _without_none(
                {"start": self.at(use.start), "end": self.at(use.end)})}  # fmt: skip
        return {"effectiveDateTime": self.at(use.start)}

    def _dosage(self, use: MedicationUse, *, given: bool) -> Json:
        dosage: Json = {}
        if use.route:
            code = ROUTES.get(use.route)
            dosage["route"] = {"coding": [{"code": code}]} if code else {"text": use.route}
        if use.as_needed:
            dosage["asNeededBoolean"] = True
        if use.dose is not None:
            amount = {"value": use.dose, "unit": use.dose_unit}
            dosage |= {"dose": amount} if given else {"doseAndRate": [{"doseQuantity": amount}]}
        repeat: Json = {}
        if use.times_per_day and not given:
            repeat |= {"frequency": 1, "period": 1 / use.times_per_day, "periodUnit": "d"}
        if use.evidence is Evidence.ORDER and (use.start or (use.end and use.stop_certain)):
            end = use.end if use.stop_certain or use.status not in _ENDED else None
            repeat["boundsPeriod"] = _without_none(
                {"start": self.at(use.start), "end": self.at(end)}
            )
        if repeat:
            dosage["timing"] = {"repeat": repeat}
        return dosage

    def _measurement(self, reading: Measurement) -> Iterator[Json]:
        coding, name = observation_coding(reading.kind, reading.site), NAMES.get(reading.kind)
        if coding is None and name is None:
            self.left_out.append(reading.kind)
            return
        unit: Json = {"unit": reading.unit, "system": UCUM, "code": reading.unit}
        limits = _without_none(
            {
                "low": _limit(reading.reference_low, unit),
                "high": _limit(reading.reference_high, unit),
            }
        )
        quantity = {"value": reading.value, "comparator": reading.comparator}
        quantity |= {} if reading.unit_inferred else unit
        yield self._new(
            "Observation",
            status="preliminary" if reading.preliminary else "final",
            code={"coding": [coding]} if coding else {"text": name},
            valueQuantity=_without_none(quantity),
            referenceRange=[limits] if limits else None,
            **self._observed(reading),
        )

    def _sign(self, sign: Sign) -> Json:
        absent = {TRUE: "present", FALSE: "absent"}.get(sign.present, "unknown")
        words = [{TRUE: "new", FALSE: "chronic"}.get(sign.new, "")]
        value: Json = {"coding": [{"system": BEDSIDE, "code": sign.detail or absent}]}
        if sign.present is Truth.UNKNOWN:
            value = {"text": "unknown"}
        return self._new(
            "Observation",
            status="preliminary" if sign.preliminary else "final",
            code={"coding": [{"system": BEDSIDE, "code": sign.kind.value}]},
            valueCodeableConcept=value,
            note=[{"text": words[0]}] if words[0] else None,
            **self._observed(sign),
        )

    def _observed(self, fact: Measurement | Sign) -> Json:
        basis = fact.time_basis
        if basis is TimeBasis.UNDATED:
            return {}
        if basis is TimeBasis.ISSUED:
            return {"issued": self.at(fact.at)}
        if fact.until is None:
            return {"effectiveDateTime": self.at(fact.at)}
        at = fact.at + self.shift
        whole_day = basis is TimeBasis.DAY and fact.until - fact.at == _DAY
        if whole_day and (at.hour, at.minute, at.utcoffset()) == (0, 0, timedelta(0)):
            return {"effectiveDateTime": at.date().isoformat()}
        return {"effectivePeriod": {"start": self.at(fact.at), "end": self.at(fact.until)}}


_ENDED = frozenset({UseStatus.STOPPED, UseStatus.ON_HOLD})


def drug_words(use: MedicationUse) -> str:
    """Names of the knowledge, not of the record: product or ingredients, and the form that tells
    whether it is long-acting."""
    if not use.ingredients:
        return "unrecognised medicine"
    names = " / ".join(key.replace("_", " ") for key in use.ingredients)
    if use.product:
        return f"{use.product.replace('_', ' ')} injection"
    if use.long_acting is TRUE:
        return f"{names} long-acting injection"
    if use.long_acting is FALSE and use.route not in ("oral", "iv"):
        return f"{names} tablet" if use.route is None else f"{names} short-acting"
    return names


@cache
def _observations() -> dict[tuple[str, str], Json]:
    table: dict[tuple[str, str], Json] = {}
    for row in sorted(rows("observations.csv"), key=lambda r: r["system"] != "loinc"):
        system = SYSTEMS.get(row["system"])
        if system is not None and not row["concept"].startswith("not_"):
            coding = {"system": system, "code": row["code"]}
            table.setdefault((row["concept"], row["site"]), coding)
    return table


def observation_coding(kind: str, site: str | None) -> Json | None:
    """By the site that the code implies; what has no site of the body takes any code."""
    table = _observations()
    found = table.get((kind, site or ""))
    if found is None and site is None and kind != "body_temperature":
        found = next((coding for (key, _), coding in table.items() if key == kind), None)
    return found


@cache
def _findings() -> dict[str, Json]:
    table: dict[str, Json] = {}
    for row in sorted(rows("findings.csv"), key=lambda r: r["match"] != "exact"):
        system = SYSTEMS.get(row["system"])
        if system is not None and row["match"] == "exact":
            table.setdefault(row["concept"], {"system": system, "code": row["code"]})
    return table


def finding_coding(kind: str) -> Json | None:
    return _findings().get(kind)


def _limit(value: float | None, unit: Json) -> Json | None:
    return None if value is None else {"value": value, **unit}


def _status(system: str, code: str | None) -> Json | None:
    url = f"http://terminology.hl7.org/CodeSystem/{system}"
    return None if code is None else {"coding": [{"system": url, "code": code}]}


def _without_none(told: Json) -> Json:
    return {key: value for key, value in told.items() if value is not None}
