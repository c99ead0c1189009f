"""Field facts 69 to 85: whose it is, which version counts, what was taken back."""

from dataclasses import replace
from typing import Any

import pytest

from alerts.chart import Measurement, PatientDetails, Unread, chart_of
from service.fhir.reader import ReadContext, Reading
from tests.fhir.charted import (
    BERLIN,
    CONTEXT,
    NOW,
    bundle,
    dose,
    facts,
    number,
    observation,
    order,
    outcome,
    quantity,
    read,
    temperature,
    told,
)

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "gender": "female",
    "birthDate": "1961-05-04",
}
MRN = {"system": "urn:oid:1.2.3", "value": "     Z6091"}


def patients(reading: Reading) -> list[str]:
    return [resource.patient for resource in reading.resources]


@pytest.mark.parametrize(
    ("subject", "patient", "reason"),
    [
        ({"reference": "Patient/p1"}, "p1", ""),
        ({"reference": "https://ehr.example.org/fhir/Patient/p1"}, "p1", ""),
        ({"reference": "Patient/p1/_history/7"}, "p1", ""),
        ({"reference": "urn:uuid:2f4796e5-149a-44fd-8757-adbfff93bd67"}, "", "subject-unresolved"),
        ({"reference": "#inside"}, "", "subject-unresolved"),
        ({"identifier": {"value": "Z6091"}}, "", "subject-unresolved"),
        ({"display": "Ann Other"}, "", "subject-display-only"),
        ({}, "", "no-subject"),
        (None, "", "no-subject"),
        ({"reference": "Group/ward7"}, "", "subject-not-a-patient"),
        ({"reference": "Practitioner/p1"}, "", "subject-not-a-patient"),
        ({"reference": "p1"}, "", "subject-unresolved"),
        ({"reference": 7}, "", "no-subject"),
    ],
)
def test_fact_69_eight_forms_of_reference(
    subject: dict[str, Any] | None, patient: str, reason: str
) -> None:
    sent = temperature(subject=subject)
    assert told(sent) == [("refused" if reason else "accepted", reason)]
    assert patients(read(sent)) == ([patient] if patient else [])


def test_fact_69_another_server_s_patient_is_not_ours() -> None:
    ours = replace(CONTEXT, base_url="https://ehr.example.org/fhir/")
    near = temperature(subject={"reference": "https://ehr.example.org/fhir/Patient/p1"})
    far = temperature(subject={"reference": "https://other.example.net/fhir/Patient/p1"})
    assert told(near, context=ours) == [("accepted", "")]
    assert told(far, context=ours) == [("refused", "foreign-server")]


def test_fact_70_a_urn_is_resolved_in_the_same_bundle() -> None:
    urn = "urn:uuid:2f4796e5-149a-44fd-8757-adbfff93bd67"
    reading = read(
        bundle(
            {"resource": temperature(subject={"reference": urn})},
            {"fullUrl": urn, "resource": PATIENT},
        )
    )
    assert patients(reading) == ["p1", "p1"]


def test_fact_70_a_patient_without_an_id_is_the_same_one_in_every_bundle_by_identifier() -> None:
    def sent(urn: str) -> Reading:
        newcomer = {"resourceType": "Patient", "identifier": [MRN], "gender": "male"}
        return read(
            bundle(
                {"fullUrl": urn, "resource": newcomer, "request": {"method": "POST"}},
                {"resource": temperature(subject={"reference": urn})},
            )
        )

    first, second = sent("urn:uuid:1"), sent("urn:uuid:2")
    assert len({*patients(first), *patients(second)}) == 1
    assert patients(first)[0].startswith("identifier-")


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient?identifier=urn:oid:1.2.3|Z6091"},
        {"reference": "Patient?identifier=Z6091"},
        {"identifier": {"system": "urn:oid:1.2.3", "value": "Z6091"}},
    ],
)
def test_fact_71_a_conditional_reference_finds_its_patient_in_the_body_or_is_refused(
    subject: dict[str, Any],
) -> None:
    assert patients(read(PATIENT | {"identifier": [MRN]}, temperature(subject=subject))) == [
        "p1",
        "p1",
    ]
    assert outcome(temperature(subject=subject)).reason == "subject-unresolved"
    two = [PATIENT | {"id": mark, "identifier": [MRN]} for mark in ("p1", "p2")]
    assert told(*two, temperature(subject=subject))[-1] == ("refused", "subject-unresolved")


def test_fact_72_one_id_of_two_patients_and_of_two_types_is_as_many_records() -> None:
    mine, theirs = order(id="57"), order(id="57", subject={"reference": "Patient/p2"})
    reading = read(mine, theirs, temperature(id="57"))
    assert [(r.source.reference, r.patient) for r in reading.resources] == [
        ("MedicationRequest/57", "p1"),
        ("MedicationRequest/57", "p2"),
        ("Observation/57", "p1"),
    ]


@pytest.mark.parametrize(
    "mark",
    ["fqdS7TVNHGu19cTebHzGmeHPrhNlegyBi0tecRO.z0rE4", "BP-209016066-209016068", "with_underscore"],
)
def test_fact_73_ids_are_opaque_and_case_matters(mark: str) -> None:
    reading = read(temperature(id=mark), temperature(39, id=mark.swapcase()))
    assert {r.source.resource_id for r in reading.resources} == {mark, mark.swapcase()}


def test_fact_74_without_an_id_the_content_is_the_key() -> None:
    nameless, again = temperature(id=None), temperature(id=None)
    other = temperature(39.1, id=None)
    (one,) = read(nameless).resources
    assert one.source.resource_id.startswith("content-")
    assert len(one.source.resource_id) <= 64
    assert told(nameless, again, other) == [
        ("accepted", ""),
        ("duplicate", "same-content"),
        ("accepted", ""),
    ]
    assert read(again).resources[0].source == one.source


@pytest.mark.parametrize("mark", ["", "  ", "a/b", "x" * 500, None, {"a": 1}, "a\u0000b"])
def test_fact_74_an_id_that_is_none_is_replaced_not_trusted(mark: object) -> None:
    (one,) = read(temperature() | {"id": mark}).resources
    assert one.source.resource_id.startswith("content-")


def test_fact_75_blanks_around_identifiers_do_not_count() -> None:
    sent = temperature(subject={"identifier": {"system": "urn:oid:1.2.3", "value": "Z6091 "}})
    assert patients(read(PATIENT | {"identifier": [MRN]}, sent)) == ["p1", "p1"]


def test_fact_76_an_encounter_is_never_needed() -> None:
    assert told(temperature(), order(), dose()) == [("accepted", "")] * 3


def test_fact_77_without_versions_other_content_under_one_key_has_another_digest() -> None:
    (first,), (second,) = read(temperature()).resources, read(temperature(39)).resources
    assert first.source == second.source
    assert first.digest != second.digest
    assert (first.source.version, first.last_updated) == (None, None)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"lastUpdated": "2026-03-03T08:00:00Z"}, {"lastUpdated": "2026-03-03T09:00:00Z"}),
        ({"lastUpdated": "2026-03-03T08:00:00Z", "versionId": "1-1"},
         {"lastUpdated": "2026-03-03T08:00:01Z", "versionId": "0-9"}),
        ({"versionId": "9"}, {"versionId": "10"}),
        ({}, {"versionId": "1", "lastUpdated": "2026-03-03T08:00:00Z"}),
        ({"lastUpdated": "2026-03-03T08:00:00Z", "versionId": "197287788"},
         {"lastUpdated": "2026-03-03T08:00:00Z", "versionId": "197287789"}),
    ],
)  # fmt: skip
def test_fact_78_the_newer_version_counts_in_any_order(
    older: dict[str, Any], newer: dict[str, Any], reverse: bool
) -> None:
    sent = [temperature(38.1, meta=older), temperature(39.9, meta=newer)]
    assert number(*(reversed(sent) if reverse else sent)).value == 39.9
    assert sorted(told(*sent)) == [("accepted", ""), ("superseded", "older-version")]


def test_fact_79_a_correction_replaces_and_a_retraction_withdraws() -> None:
    first = temperature(41.0, meta={"versionId": "4"})
    assert (
        number(first, temperature(38.0, status="corrected", meta={"versionId": "5"})).value == 38.0
    )
    gone = observation(status="entered-in-error", valueString="error", meta={"versionId": "5"})
    assert facts(first, gone) == []
    assert [r.retracted for r in read(first, gone).resources] == [True]


def test_fact_79_a_retraction_needs_no_subject() -> None:
    gone = observation(status="entered-in-error", subject=None)
    (resource,) = read(gone).resources
    assert (resource.retracted, resource.patient) == (True, "")
    assert told(gone) == [("accepted", "retracted")]


@pytest.mark.parametrize("status", ["entered-in-error ", " Entered-In-Error", "entered-in-error\t"])
def test_fact_80_a_blank_after_the_code_does_not_hide_a_retraction(status: str) -> None:
    assert [r.retracted for r in read(temperature(status=status)).resources] == [True]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("unknown", "status-unknown"),
        (None, "status-missing"),
        ("this_is_invalid", "status-invalid"),
        ("registered", "status-registered"),
        (7, "status-invalid"),
    ],
)
def test_fact_81_a_result_of_unknown_status_is_shown_and_not_used(
    status: object, reason: str
) -> None:
    sent = temperature() | {"status": status} if status is not None else temperature(status=None)
    assert told(sent) == [("accepted", reason)]
    assert not [f for f in facts(sent) if isinstance(f, Measurement)]
    (unread,) = facts(sent)
    assert isinstance(unread, Unread)
    assert unread.text.endswith("38.4 Cel") is (status in (None, "unknown"))


def test_fact_82_the_same_reading_under_a_second_id_is_one_occasion() -> None:
    both = facts(temperature(id="a"), temperature(id="b"))
    assert len(both) == 2
    chart = chart_of("p1", both)
    assert [m.source.resource_id for m in chart.of("body_temperature")] == ["a"]


def test_fact_83_the_same_page_again_has_the_same_keys_and_digests() -> None:
    page = bundle(temperature(id="a"), temperature(39, id="b"), order())
    marks = [(r.source, r.digest) for r in read(page).resources]
    assert marks == [(r.source, r.digest) for r in read(page).resources]
    assert sorted(told(*[e["resource"] for e in page["entry"]] * 2)) == sorted(
        [("accepted", "")] * 3 + [("duplicate", "same-content")] * 3
    )


def test_fact_84_entries_come_in_any_order() -> None:
    newest_first = [
        temperature(39, id="b"),
        temperature(38, id="a", effectiveDateTime="2026-03-02"),
    ]
    there, back = facts(*newest_first), facts(*reversed(newest_first))
    assert chart_of("p1", there) == chart_of("p1", back)


@pytest.mark.rules("OBS-01")
def test_fact_85_the_later_status_wins_and_cancelled_is_not_measured() -> None:
    preliminary, final = temperature(38.2, status="preliminary"), temperature(38.6)
    for sent in ((preliminary, final), (final, preliminary)):
        assert (number(*sent).value, number(*sent).preliminary) == (38.6, False)
    assert number(preliminary).preliminary
    assert told(temperature(status="cancelled")) == [("accepted", "status-cancelled")]
    assert not [
        f for f in facts(final, observation(status="cancelled")) if isinstance(f, Measurement)
    ]


def test_a_push_may_carry_many_patients_each_to_its_own_chart() -> None:
    reading = read(
        PATIENT, PATIENT | {"id": "p2"}, temperature(subject={"reference": "Patient/p2"})
    )
    assert patients(reading) == ["p1", "p2", "p2"]


@pytest.mark.parametrize(
    "sent",
    [
        temperature(subject={"reference": "Patient/p2"}),
        PATIENT | {"id": "p2"},
        order(subject={"reference": "Patient/p2"}),
        temperature(subject={"reference": "Patient/p2"}, status="entered-in-error"),
    ],
)
def test_in_a_hook_call_another_patient_s_entry_is_refused(sent: dict[str, Any]) -> None:
    only = ReadContext("ward", NOW, BERLIN, only_patient="p1")
    reading = read(temperature(), sent, context=only)
    assert [(o.outcome.value, o.reason) for o in reading.outcomes] == [
        ("accepted", ""),
        ("refused", "other-patient"),
    ]
    assert patients(reading) == ["p1"]


@pytest.mark.parametrize(
    ("born", "reason"),
    [("1961", "partial-date"), ("1961-05", "partial-date"), ("?", "time-unreadable")],
)
def test_a_birth_date_is_not_completed_by_us(born: str, reason: str) -> None:
    details, gap = facts(PATIENT | {"birthDate": born})
    assert isinstance(details, PatientDetails)
    assert details.birth_date is None
    assert gap.reason == reason  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "elements", [{"deceasedBoolean": True}, {"deceasedDateTime": "2026-03-01"}]
)
def test_deceased_in_both_forms(elements: dict[str, Any]) -> None:
    (details,) = facts(PATIENT | elements)
    assert isinstance(details, PatientDetails)
    assert details.deceased


def test_a_contained_patient_is_told_by_an_identifier_of_this_body_only() -> None:
    inside = {"resourceType": "Patient", "id": "inside", "identifier": [MRN]}
    sent = temperature(subject={"reference": "#inside"}, contained=[inside])
    assert outcome(sent).reason == "subject-unresolved"
    assert patients(read(PATIENT | {"identifier": [MRN]}, sent)) == ["p1", "p1"]


def test_when_the_newest_version_cannot_be_read_the_one_before_counts() -> None:
    good = temperature(38.4, meta={"versionId": "1"})
    bad = temperature(39.9, meta={"versionId": "2"}, subject=None)
    reading = read(good, bad)
    assert sorted((o.outcome.value, o.reason) for o in reading.outcomes) == [
        ("accepted", ""),
        ("refused", "no-subject"),
    ]


def test_a_quantity_told_twice_is_no_value() -> None:
    from service.fhir.reader import read_body

    body = (
        b'{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":'
        b'"http://loinc.org","code":"8310-5"}]},"subject":{"reference":"Patient/p1"},'
        b'"effectiveDateTime":"2026-03-03T08:00:00Z",'
        b'"valueQuantity":{"value":37,"value":41,"unit":"Cel"}}'
    )
    (found,) = read_body(body, CONTEXT).resources[0].facts
    assert found.reason == "duplicate-key"  # type: ignore[union-attr]
    assert quantity(1)["value"] == 1
