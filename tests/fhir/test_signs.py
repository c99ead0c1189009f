"""Signs and screens: coded, written and from our own bedside check."""

from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.chart import Condition, Measurement, Sign, SignKind, Unread
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
from service.fhir.reader import read_body
from service.worklist.bedside import PARTS, SYSTEM, examination
from tests.fhir.charted import (
    AT,
    CONTEXT,
    LOINC,
    SNOMED,
    coding,
    facts,
    gap,
    observation,
    sign,
)

PRESENT, ABSENT = (
    coding(SNOMED, "52101004", text="Present"),
    coding(SNOMED, "2667000", text="Absent"),
)
RIGIDITY = coding(SNOMED, "16046003", text="Muscle rigidity")


def answered(code: dict[str, Any], answer: object, **elements: object) -> dict[str, Any]:
    return observation(code, valueCodeableConcept=answer, **elements)


@pytest.mark.parametrize(
    ("code", "answer", "kind", "present", "detail"),
    [
        (RIGIDITY, PRESENT, SignKind.RIGIDITY, TRUE, None),
        (RIGIDITY, ABSENT, SignKind.RIGIDITY, FALSE, None),
        (RIGIDITY, {"text": "severe"}, SignKind.RIGIDITY, TRUE, None),
        (
            {"text": "Muscle tone"},
            {"text": "Lead-pipe rigidity"},
            SignKind.RIGIDITY,
            TRUE,
            "lead_pipe",
        ),
        (
            {"text": "Muscle tone"},
            {"text": "cogwheel rigidity"},
            SignKind.RIGIDITY,
            TRUE,
            "cogwheel",
        ),
        ({"text": "Muscle tone"}, {"text": "normal"}, SignKind.RIGIDITY, FALSE, "normal"),
        ({"text": "Muscle tone"}, PRESENT, SignKind.RIGIDITY, UNKNOWN, None),
        (
            coding(SNOMED, "52613005", text="Excessive sweating"),
            PRESENT,
            SignKind.DIAPHORESIS,
            TRUE,
            None,
        ),
        (
            coding(SNOMED, "52613005"),
            coding(SNOMED, "373067005", text="No"),
            SignKind.DIAPHORESIS,
            FALSE,
            None,
        ),
        ({"text": "Mutism"}, PRESENT, SignKind.MUTISM, TRUE, None),
        ({"text": "Mental status"}, coding(SNOMED, "89458003"), SignKind.STUPOR, TRUE, None),
        (coding(LOINC, "80288-4"), {"text": "Responds to voice"}, SignKind.ACVPU, TRUE, "V"),
        (coding(LOINC, "80288-4"), {"text": "A"}, SignKind.ACVPU, FALSE, "A"),
        (
            coding(LOINC, "99844-5"),
            coding(SNOMED, "10828004"),
            SignKind.DELIRIUM_SCREEN,
            TRUE,
            None,
        ),
        (coding(LOINC, "99844-5"), {"text": "Negative"}, SignKind.DELIRIUM_SCREEN, FALSE, None),
        ({"text": "Clonus"}, {"text": "inducible clonus"}, SignKind.CLONUS, TRUE, "inducible"),
        (
            {"text": "Deep brain stimulator failure"},
            PRESENT,
            SignKind.STIMULATOR_FAILURE,
            TRUE,
            None,
        ),
        (RIGIDITY, coding(SNOMED, "261665006", text="Unknown"), SignKind.RIGIDITY, UNKNOWN, None),
    ],
)
def test_a_sign_by_code_and_by_word(
    code: dict[str, Any], answer: dict[str, Any], kind: SignKind, present: Truth, detail: str | None
) -> None:
    found = sign(answered(code, answer))
    assert (found.kind, found.present, found.detail) == (kind, present, detail)
    assert found.at == datetime(2026, 3, 3, 8, tzinfo=UTC)
    assert found.structured


def test_a_boolean_is_an_answer_and_free_text_is_not_structured() -> None:
    assert sign(observation(RIGIDITY, valueBoolean=True)).present is TRUE
    assert sign(observation(RIGIDITY, valueBoolean=False)).present is FALSE
    written = sign(observation(RIGIDITY, valueString="present in all limbs"))
    assert (written.present, written.structured) == (TRUE, False)
    chosen = sign(observation(RIGIDITY, valueString="present"))
    assert (chosen.present, chosen.structured) == (TRUE, True)


@pytest.mark.rules("LOG-01")
def test_an_answer_that_we_do_not_know_is_shown_and_is_no_sign() -> None:
    found = gap(answered(RIGIDITY, {"text": "see the drawing"}))
    assert (found.reason, found.text) == ("unmapped-answer", "Muscle rigidity see the drawing")
    assert gap(observation(RIGIDITY)).reason == "no-value"
    assert gap(observation(RIGIDITY, dataAbsentReason={"text": "asleep"})).reason == "data-absent"


@pytest.mark.rules("RIG-02")
@pytest.mark.parametrize(
    ("answer", "note", "new"),
    [
        ({"text": "New rigidity"}, "", TRUE),
        (PRESENT, "increased", TRUE),
        (PRESENT, "worse than baseline", TRUE),
        (PRESENT, "chronic, unchanged", FALSE),
        (PRESENT, "", UNKNOWN),
        ({"text": "increased muscle tone"}, "", UNKNOWN),
    ],
)
def test_new_or_worse_is_taken_only_when_recorded(
    answer: dict[str, Any], note: str, new: Truth
) -> None:
    notes = [{"text": note}] if note else None
    assert sign(answered(RIGIDITY, answer, note=notes)).new is new


def test_a_note_tells_the_kind_of_a_present_sign() -> None:
    assert sign(answered(RIGIDITY, PRESENT, note=[{"text": "diffuse"}])).detail == "generalised"
    assert sign(answered(RIGIDITY, ABSENT, note=[{"text": "diffuse"}])).detail is None


@pytest.mark.parametrize(
    ("kind", "choice", "present", "detail"),
    [
        (SignKind.RIGIDITY, "normal", FALSE, "normal"),
        (SignKind.RIGIDITY, "increased", TRUE, "increased"),
        (SignKind.RIGIDITY, "cogwheel", TRUE, "cogwheel"),
        (SignKind.RIGIDITY, "lead_pipe", TRUE, "lead_pipe"),
        (SignKind.ACVPU, "A", FALSE, "A"),
        (SignKind.ACVPU, "U", TRUE, "U"),
        (SignKind.DIAPHORESIS, "absent", FALSE, None),
        (SignKind.DIAPHORESIS, "present", TRUE, None),
        (SignKind.WORKUP_NEGATIVE, "present", TRUE, None),
    ],
)
def test_our_own_bedside_check_is_read_back(
    kind: SignKind, choice: str, present: Truth, detail: str | None
) -> None:
    at = datetime(2026, 3, 3, 8, tzinfo=UTC)
    body = examination("p1", {"handle": "0" * 16, kind.value: choice}, at)
    resources = read_body(body, CONTEXT).resources
    (found,) = next(r.facts for r in resources if r.source.resource_type == "Observation")
    assert isinstance(found, Sign)
    assert (found.kind, found.present, found.detail, found.at) == (kind, present, detail, at)


@pytest.mark.parametrize("kind", [SignKind.MEDICATION_RECONCILED, SignKind.RESOLVED])
def test_statements_of_people_are_read(kind: SignKind) -> None:
    found = sign(answered(coding(SYSTEM, kind.value), coding(SYSTEM, "present")))
    assert (found.kind, found.present) == (kind, TRUE)


def test_every_choice_of_the_bedside_page_is_read() -> None:
    at = datetime(2026, 3, 3, 8, tzinfo=UTC)
    for kind, _, _, choices in PARTS:
        for choice in choices:
            body = examination("p1", {"handle": "0" * 16, kind.value: choice}, at)
            told = {r.source.resource_type: r.facts for r in read_body(body, CONTEXT).resources}
            assert [f.kind for f in told["Observation"]] == [kind]  # type: ignore[union-attr]
            everything = {f.kind for facts in told.values() for f in facts}  # type: ignore[union-attr]
            assert everything == {kind}


def test_a_questionnaire_of_the_bedside_check() -> None:
    system = "urn:nms-sentinel:bedside"
    sent = {
        "resourceType": "QuestionnaireResponse",
        "id": "q1",
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "authored": AT,
        "item": [
            {"linkId": "rigidity",
             "answer": [{"valueCoding": {"system": system, "code": "lead_pipe"}}]},
            {"linkId": "group", "item": [
                {"linkId": "diaphoresis", "answer": [{"valueBoolean": True}]},
                {"linkId": "acvpu", "answer": [{"valueString": "V"}]},
                {"linkId": "tremor", "answer": [{"valueString": "hard to say"}]}]},
            {"linkId": "lunch", "text": "Lunch?", "answer": [{"valueString": "soup"}]},
        ],
    }  # fmt: skip
    found = facts(sent)
    assert {(f.kind, f.present, f.detail) for f in found if not isinstance(f, Unread)} == {  # type: ignore[union-attr]
        (SignKind.RIGIDITY, TRUE, "lead_pipe"),
        (SignKind.DIAPHORESIS, TRUE, None),
        (SignKind.ACVPU, TRUE, "V"),
    }
    assert [f.reason for f in found if isinstance(f, Unread)] == ["unmapped-answer"]


def test_a_score_with_a_coded_answer_is_a_number() -> None:
    (found,) = facts(answered({"text": "RASS"}, coding(LOINC, "LA33964-0")))
    assert isinstance(found, Measurement)
    assert (found.kind, found.value) == ("rass", -2.0)
    assert facts(observation({"text": "RASS"}, valueInteger=2))[0].value == 2.0  # type: ignore[union-attr]
    named = coding(LOINC, "54632-5", text="Richmond agitation-sedation scale")
    assert facts(observation(named, valueInteger=-2))[0].value == -2.0  # type: ignore[union-attr]
    assert gap(observation({"text": "RASS"}, valueInteger=7)).reason == "implausible"


GLASGOW = coding(LOINC, "9269-2", text="Glasgow coma score total")


@pytest.mark.parametrize(
    ("code", "value", "kind", "told_value"),
    [
        (
            coding(LOINC, "9269-2", text="Glasgow coma score total"),
            {"valueInteger": 8},
            "gcs_total",
            8,
        ),
        (
            coding(LOINC, "9269-2", text="Glasgow coma score total"),
            {"valueString": "8"},
            "gcs_total",
            8,
        ),
        ({"text": "4AT"}, {"valueInteger": 6}, "four_at", 6),
        ({"text": "4AT"}, {"valueString": "6"}, "four_at", 6),
    ],
)
def test_a_number_whose_name_holds_the_word_of_a_sign_is_a_number(
    code: dict[str, Any], value: dict[str, Any], kind: str, told_value: float
) -> None:
    (found,) = facts(observation(code, **value))
    assert isinstance(found, Measurement)
    assert (found.kind, found.value) == (kind, told_value)


def test_a_problem_recorded_as_an_observation_is_an_unconfirmed_problem() -> None:
    (found,) = facts(answered(coding(SNOMED, "386661006", text="Fever"), PRESENT))
    assert isinstance(found, Condition)
    assert (found.active, found.confirmed) == (TRUE, UNKNOWN)
    assert facts(answered(coding(SNOMED, "386661006", text="Fever"), ABSENT)) == []


@pytest.mark.rules("MS-01", "LOG-01")
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("A&Ox4", (SignKind.ACVPU, FALSE, "A")),
        ("A+O x 4", (SignKind.ACVPU, FALSE, "A")),
        ("AAOx4", (SignKind.ACVPU, FALSE, "A")),
        ("alert and oriented x 4", (SignKind.ACVPU, FALSE, "A")),
        ("alert, oriented to person, place, time and situation", (SignKind.ACVPU, FALSE, "A")),
        ("A&Ox2", (SignKind.CONFUSION, TRUE, None)),
        ("oriented x1", (SignKind.CONFUSION, TRUE, None)),
        ("oriented to person only", (SignKind.CONFUSION, TRUE, None)),
        ("disoriented to time", (SignKind.CONFUSION, TRUE, None)),
        # all of it in one house, a loss in another
        ("A&Ox3", None),
        ("AAOx3", None),
        ("alert and oriented x3", None),
        ("oriented x4", None),
    ],
)
def test_orientation_in_words(answer: str, told: tuple[SignKind, Truth, str | None] | None) -> None:
    found = facts(observation({"text": "Level of consciousness"}, valueString=answer))
    signs = [(f.kind, f.present, f.detail) for f in found if isinstance(f, Sign)]
    assert signs == ([told] if told else [])
    assert len(found) == 1
