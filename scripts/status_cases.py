"""One case for each status value of SPEC 3.5 and of the Observation statuses, and for intents.

The patient is measured, stiff and feverish; the one drug record under test decides whether the
exposure is there. What is expected is SPEC 3.5's table. Nobody stated that the medication history
is complete: a record which is ignored leaves the gate unverified, not closed (EXP-03).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import synthetic as s

Json = dict[str, Any]
ILL = (-0.5, 0.5)
USED, IGNORED, UNSURE = "open", "ignored", "unverified"


def requests() -> Iterator[tuple[str, Json, str, str]]:
    """(name, resource, gate, why)"""
    given = "SPEC 3.5, MedicationRequest"
    end = {"timing": {"repeat": {"boundsPeriod": {"start": s.stamp(-48), "end": s.stamp(-6)}}}}
    for status, gate, extra, why in (
        ("on-hold", USED, {"dosageInstruction": [end]}, "up to the hold"),
        ("stopped", USED, {"dosageInstruction": [end]}, "up to the stop"),
        ("completed", USED, {"dosageInstruction": [end]}, "through the last scheduled dose"),
        ("ended", USED, {"dosageInstruction": [end]}, "R5, as completed"),
        ("cancelled", IGNORED, {}, "withdrawn before any administration"),
        ("entered-in-error", IGNORED, {}, "ignored"),
        ("draft", IGNORED, {}, "not an exposure"),
        ("unknown", UNSURE, {}, "unknown"),
    ):
        yield f"request-{status}", s.order(-48, status=status, **extra), gate, f"{given}: {why}."
    for intent in ("order", "original-order", "instance-order", "filler-order", "reflex-order"):
        order = s.order(-48, intent=intent, dosageInstruction=[end], status="completed")
        yield f"intent-{intent}", order, USED, "SPEC 3.5: an order of this intent is used."
    for intent in ("proposal", "plan", "option"):
        yield (
            f"intent-{intent}", s.order(-48, intent=intent), IGNORED,
            "SPEC 3.5: a proposal, plan or option is ignored.",
        )  # fmt: skip
    yield (
        "request-do-not-perform", s.order(-48, doNotPerform=True), IGNORED,
        "SPEC 3.5: doNotPerform is not an exposure.",
    )  # fmt: skip
    as_needed = s.order(-48, dosageInstruction=[{"asNeededBoolean": True}])
    yield (
        "request-as-needed", as_needed, UNSURE,
        "SPEC 3.5: as needed without an administration record is unknown.",
    )  # fmt: skip


def administrations() -> Iterator[tuple[str, Json, str, str]]:
    given = "SPEC 3.5, MedicationAdministration"
    for status, gate, why in (
        ("completed", USED, "given"),
        ("in-progress", USED, "being given"),
        ("stopped", USED, "some amount was given (a dose is recorded)"),
        ("not-done", IGNORED, "not given"),
        ("entered-in-error", IGNORED, "ignored"),
        ("on-hold", UNSURE, "unknown"),
        ("unknown", UNSURE, "unknown"),
    ):
        one = {**s.dose(-12), "status": status}
        yield f"administration-{status}", one, gate, f"{given}: {why}."


def dispenses_and_statements() -> Iterator[tuple[str, Json, str, str]]:
    dispensed: Json = {
        "resourceType": "MedicationDispense",
        "medicationCodeableConcept": {
            "coding": s.HALOPERIDOL["coding"], "text": "haloperidol 5 mg tablet",
        },
        "subject": {"reference": "Patient/p"},
        "whenHandedOver": s.stamp(-24),
        "daysSupply": {"value": 14, "unit": "d", "system": s.UCUM, "code": "d"},
    }  # fmt: skip
    yield (
        "dispense-completed", {**dispensed, "status": "completed"}, USED,
        "SPEC 3.5: a completed dispense counts as possible oral exposure.",
    )  # fmt: skip
    yield (
        "dispense-entered-in-error", {**dispensed, "status": "entered-in-error"}, IGNORED,
        "SPEC 3.5: ignored.",
    )  # fmt: skip
    stated: Json = {
        "resourceType": "MedicationStatement",
        "medicationCodeableConcept": dispensed["medicationCodeableConcept"],
        "subject": {"reference": "Patient/p"},
        "effectivePeriod": {"start": s.stamp(-240), "end": s.stamp(-6)},
        "dateAsserted": s.stamp(-6),
    }
    for status, gate in (
        ("active", USED), ("completed", USED), ("stopped", USED), ("intended", IGNORED),
        ("not-taken", IGNORED), ("entered-in-error", IGNORED),
    ):  # fmt: skip
        yield (
            f"statement-{status}", {**stated, "status": status}, gate,
            "SPEC 3.5, MedicationStatement: active, completed, stopped are used.",
        )  # fmt: skip


def observations() -> Iterator[tuple[str, str, Json, str]]:
    """(name, status, expectation, why) for the two fevers and the CK."""
    true = {"ever_true": ["HYP", "CK"]}
    never = {"never_true": ["HYP", "CK"]}
    for status, expect, why in (
        ("final", true, "a final result counts"),
        ("amended", true, "an amended result counts as final"),
        ("corrected", true, "a corrected result counts as final"),
        ("preliminary", true, "a preliminary result counts, marked"),
        ("registered", never, "registered: there is no result yet"),
        ("cancelled", never, "cancelled is not measured"),
        ("entered-in-error", never, "a retracted result is no fact"),
    ):
        yield f"observation-{status}", status, expect, why


def ill() -> dict[str, Json]:
    named = {"patient": s.person(), "stay": s.stay()}
    named |= {f"normal{n}": one for n, one in enumerate(s.well(-66, -60, -54, -48))}
    named["tone"] = s.tone(0, "lead-pipe rigidity")
    for number, at in enumerate(ILL):
        named[f"fever{number}"] = s.measured("temperature", at, 38.8)
    return s.with_ids(named)


def write(folder: Path) -> None:
    for name, resource, gate, why in (
        *requests(), *administrations(), *dispenses_and_statements(),
    ):  # fmt: skip
        named = ill()
        named["drug"] = {**resource, "id": "drug"}
        expect: Json = {"gate": gate if gate != IGNORED else UNSURE}
        expect |= (
            {"ever_true": ["EXP"]} if gate == USED else {"never_true": ["EXP", "EXPX", "EXP72"]}
        )
        if gate != USED:
            expect["never_above"] = "POSSIBLE"
        _write(folder / name, name, named, expect, why)
    for name, status, expect, why in observations():
        named = s.course()
        for key in ("fever1", "fever2", "ck"):
            named[key]["status"] = status
        _write(folder / name, name, named, expect, f"SPEC 2 and field facts 79 to 85: {why}.")


def _write(folder: Path, name: str, named: dict[str, Json], expect: Json, why: str) -> None:
    expected = {
        "case": f"status-{name}",
        "kind": "synthetic",
        "group": "status",
        "label": "one status value",
        "expect": expect,
        "why": why,
    }
    s.write(folder, {"bundle.json": s.bundle(named.values())}, expected)
