"""Problems and allergies, and the signs that some of them are."""

from typing import Any

import pytest

from alerts.chart import Condition, SignKind
from alerts.truth import FALSE, TRUE, UNKNOWN
from tests.fhir.charted import (
    AT,
    SNOMED,
    coding,
    facts,
    told,
)


def condition(**elements: object) -> dict[str, Any]:
    told_of = {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": "Patient/p1"},
        "clinicalStatus": coding(
            "http://terminology.hl7.org/CodeSystem/condition-clinical", "active"
        ),
        "verificationStatus": coding(
            "http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"
        ),
        "code": coding(SNOMED, "2776000", text="Delirium"),
        "onsetDateTime": AT,
    } | elements
    return {name: value for name, value in told_of.items() if value is not None}


def test_a_coded_delirium_is_a_problem_and_a_sign() -> None:
    found = facts(condition())
    assert [type(f).__name__ for f in found] == ["Condition", "Sign"]
    assert found[1].kind is SignKind.DELIRIUM  # type: ignore[union-attr]
    assert (found[0].active, found[0].confirmed) == (TRUE, TRUE)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("elements", "outcome"),
    [
        ({"verificationStatus": coding("x", "refuted")}, ("accepted", "refuted")),
        ({"verificationStatus": "refuted"}, ("accepted", "refuted")),
        ({"verificationStatus": coding("x", "entered-in-error")}, ("accepted", "retracted")),
        ({"code": {"text": "Ingrown toenail"}}, ("accepted", "not-needed")),
        ({"onsetDateTime": "2099-01-01"}, ("accepted", "future")),
        ({"code": {"text": "No history of delirium"}}, ("accepted", "unmapped-code")),
    ],
)
def test_what_is_no_problem(elements: dict[str, Any], outcome: tuple[str, str]) -> None:
    assert told(condition(**elements)) == [outcome]
    assert not [f for f in facts(condition(**elements)) if isinstance(f, Condition)]


def test_statuses_of_older_versions_are_plain_codes() -> None:
    (problem, *_) = facts(condition(clinicalStatus="resolved", verificationStatus="provisional"))
    assert (problem.active, problem.confirmed) == (FALSE, UNKNOWN)  # type: ignore[union-attr]


def test_a_reaction_that_was_nms_is_a_history_of_nms() -> None:
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "i1",
        "patient": {"reference": "Patient/p1"},
        "code": {"text": "haloperidol"},
        "reaction": [{"manifestation": [{"text": "Neuroleptic malignant syndrome"}]}],
    }
    (found,) = facts(allergy)
    assert isinstance(found, Condition)
    assert (found.kind, found.active) == ("neuroleptic_malignant_syndrome", FALSE)
    assert told(allergy | {"reaction": []}) == [("accepted", "nothing-used")]
