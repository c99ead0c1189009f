"""Circumstances that mask or confound: procedures, devices, stays."""

from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.chart import SignKind, Stay
from alerts.truth import TRUE
from tests.fhir.charted import (
    AT,
    facts,
    gap,
    read,
    sign,
)


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"resourceType": "Procedure", "status": "completed", "performedDateTime": AT,
          "code": {"text": "Haemodialysis"}}, SignKind.RENAL_REPLACEMENT),
        ({"resourceType": "Procedure", "status": "in-progress", "occurrenceDateTime": AT,
          "code": {"text": "External cooling with cooling blanket"}}, SignKind.ACTIVE_COOLING),
        ({"resourceType": "DeviceUseStatement", "status": "active", "timingDateTime": AT,
          "device": {"display": "Urinary catheter, indwelling"}}, SignKind.URINARY_CATHETER),
        ({"resourceType": "DeviceUsage", "status": "active", "timingDateTime": AT,
          "device": {"concept": {"text": "Ventilator"}}}, SignKind.VENTILATED),
        ({"resourceType": "DeviceUseStatement", "status": "active",
          "whenUsed": {"start": AT}, "device": {"display": "Nasogastric tube"}},
         SignKind.ENTERAL_TUBE),
    ],
)  # fmt: skip
def test_circumstances_that_mask_or_confound(sent: dict[str, Any], kind: SignKind) -> None:
    found = sign({"id": "x", "subject": {"reference": "Patient/p1"}} | sent)
    assert (found.kind, found.present) == (kind, TRUE)


@pytest.mark.parametrize("status", ["not-done", "preparation"])
def test_a_procedure_not_done_is_no_circumstance(status: str) -> None:
    sent = {"resourceType": "Procedure", "id": "x", "status": status, "performedDateTime": AT,
            "subject": {"reference": "Patient/p1"}, "code": {"text": "Haemodialysis"}}  # fmt: skip
    assert facts(sent) == []


def test_a_device_is_read_where_it_is_used() -> None:
    device = {"resourceType": "Device", "id": "d1", "type": {"text": "Foley catheter"},
              "patient": {"reference": "Patient/p1"}}  # fmt: skip
    used = {"resourceType": "DeviceUseStatement", "id": "u1", "status": "active",
            "subject": {"reference": "Patient/p1"}, "timingPeriod": {"start": AT},
            "device": {"reference": "Device/d1"}}  # fmt: skip
    kinds = [getattr(f, "kind", None) for f in facts(used, device)]
    assert SignKind.URINARY_CATHETER in kinds
    assert gap(device).reason == "no-time"


@pytest.mark.parametrize("period", ["period", "actualPeriod"])
def test_a_stay_in_r4_and_r5(period: str) -> None:
    sent = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "subject": {"reference": "Patient/p1"},
        period: {"start": AT},
        "location": [{"location": {"display": "Ward 7"}}],
    }
    (stay,) = read(sent).resources[0].facts
    assert isinstance(stay, Stay)
    assert (stay.start, stay.end, stay.ward) == (
        datetime(2026, 3, 3, 8, tzinfo=UTC),
        None,
        "Ward 7",
    )
