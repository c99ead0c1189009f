"""What we send is FHIR by the models' own judgement."""

from datetime import UTC, date, datetime

import pytest

from service.fhir import emit
from service.fhir.models import model_faults
from service.intake.answers import resource_answer, response_bundle
from service.intake.metadata import capability_statement
from tests.fhir.charted import bundle, read, temperature

AT = datetime(2026, 3, 3, 8, tzinfo=UTC)


def test_every_kind_of_resource_that_we_send_is_accepted_by_the_models() -> None:
    reading = read(bundle(temperature(), {"resourceType": "Claim"}, "x", temperature(39)))
    sent = [
        resource_answer(reading.outcomes)[1],
        response_bundle("transaction", reading.outcomes),
        emit.detected_issue("d", "p1", "INT-1", "text", "high", AT, ["MedicationRequest/m1"]),
        emit.detected_issue("d", "p1", "INT-1", "text", "low", AT),
        capability_statement("https://nms.example.org", "1.0", date(2026, 3, 3)),
    ]
    for resource in sent:
        assert model_faults(resource, "R4") == ()


def test_a_response_has_an_entry_for_each_that_was_sent_in_order() -> None:
    reading = read(bundle(temperature(), {"resourceType": "Spaceship"}, temperature(39)))
    answer = response_bundle("batch", reading.outcomes)
    assert answer["type"] == "batch-response"
    assert [e["response"]["status"][:3] for e in answer["entry"]] == ["200", "422", "200"]
    assert answer["entry"][1]["response"]["outcome"]["issue"][0]["expression"] == [
        "Bundle.entry[1].resource"
    ]


def test_a_resource_that_the_models_refuse_does_not_leave() -> None:
    with pytest.raises(emit.EmitFault) as fault:
        emit.validated({"resourceType": "Observation", "status": "final"})
    assert "code" in fault.value.message
    with pytest.raises(emit.EmitFault):
        emit.detected_issue("no id at all", "p1", "R", "text", "high", AT)


def test_the_capabilities_are_those_of_the_reader() -> None:
    (rest,) = capability_statement("https://x", "1", date(2026, 3, 3))["rest"]
    types = {one["type"] for one in rest["resource"]}
    assert {"Observation", "MedicationAdministration", "Patient", "AllergyIntolerance"} <= types
    assert "MedicationOrder" not in types
