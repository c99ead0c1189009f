"""What we send is FHIR by the models' own judgement."""

from datetime import UTC, datetime

import pytest

from alerts.chart import SignKind
from service.errors import BadInput, TooLarge
from service.fhir import emit
from service.fhir.models import model_faults
from tests.fhir.charted import NOW, bundle, read, temperature

AT = datetime(2026, 3, 3, 8, tzinfo=UTC)


def test_every_kind_of_resource_that_we_send_is_accepted_by_the_models() -> None:
    reading = read(bundle(temperature(), {"resourceType": "Claim"}, "x", temperature(39)))
    sent = [
        emit.outcome_of_reading(reading),
        emit.outcome_of_error(TooLarge("Too large.", code="too-large", location="byte 7"), "c1"),
        emit.response_bundle(reading.outcomes, "transaction"),
        emit.bedside_observation("b", "p1", SignKind.RIGIDITY, "normal", "Normal", AT),
        emit.detected_issue("d", "p1", "INT-1", "text", "high", AT, ["MedicationRequest/m1"]),
        emit.detected_issue("d", "p1", "INT-1", "text", "low", AT),
        emit.audit_event("C", "0", "interface", ["Patient/p1"], NOW, "treatment"),
        emit.capability_statement("https://nms.example.org", "1.0", AT),
    ]
    for resource in sent:
        assert model_faults(resource, "R4") == ()


def test_a_response_has_an_entry_for_each_that_was_sent_in_order() -> None:
    reading = read(bundle(temperature(), {"resourceType": "Spaceship"}, temperature(39)))
    answer = emit.response_bundle(reading.outcomes, "batch")
    assert answer["type"] == "batch-response"
    assert [e["response"]["status"][:3] for e in answer["entry"]] == ["200", "422", "200"]
    assert answer["entry"][1]["response"]["outcome"]["issue"][0]["expression"] == [
        "Bundle.entry[1].resource"
    ]


def test_an_error_tells_what_and_where_and_no_content() -> None:
    error = BadInput("The body is not JSON.", code="not-json", location="byte 3")
    (told,) = emit.outcome_of_error(error)["issue"]
    assert (told["severity"], told["code"]) == ("error", "invalid")
    assert told["details"]["coding"][0]["code"] == "not-json"
    assert told["expression"] == ["byte 3"]


def test_a_resource_that_the_models_refuse_does_not_leave() -> None:
    with pytest.raises(emit.EmitFault) as fault:
        emit.validated({"resourceType": "Observation", "status": "final"})
    assert "code" in fault.value.message
    with pytest.raises(emit.EmitFault):
        emit.detected_issue("no id at all", "p1", "R", "text", "high", AT)


def test_the_capabilities_are_those_of_the_reader() -> None:
    types = {
        one["type"]
        for one in emit.capability_statement("https://x", "1", AT)["rest"][0]["resource"]
    }
    assert {"Observation", "MedicationAdministration", "Patient", "Medication"} <= types
    assert "MedicationOrder" not in types
