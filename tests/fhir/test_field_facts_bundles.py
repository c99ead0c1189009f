"""Field facts 86 to 99: bundles and bytes as real systems send them."""

import io
from typing import Any

import orjson
import pytest

from service.errors import BadInput
from service.fhir.reader import read_body, read_ndjson, read_resources
from tests.fhir.charted import (
    CONTEXT,
    bundle,
    facts,
    number,
    observation,
    order,
    quantity,
    read,
    temperature,
    told,
)


def said(severity: str, code: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


@pytest.mark.parametrize(
    ("issue", "incomplete"),
    [
        (said("warning", "suppressed"), True),
        (said("error", "processing"), True),
        (said("warning", "processing"), False),
        (said("information", "informational"), False),
    ],
)
def test_fact_86_a_source_that_says_data_is_missing_is_incomplete(
    issue: dict[str, Any], incomplete: bool
) -> None:
    reading = read(bundle(temperature(), issue, kind="searchset"))
    assert reading.incomplete is incomplete
    assert [o.reason for o in reading.outcomes] == ["", "operation-outcome"]


def test_fact_87_an_empty_answer_is_no_fault_and_next_is_noticed() -> None:
    link = [{"relation": "self", "url": "https://x/1"}, {"relation": "next", "url": "https://x/2"}]
    empty = read(bundle(said("warning", "processing"), kind="searchset", total=0, link=link))
    assert [(o.outcome.value, o.reason) for o in empty.outcomes] == [
        ("ignored", "operation-outcome")
    ]
    assert empty.next_url == "https://x/2"
    assert read(bundle(kind="searchset", total=0, link=link[:1])).next_url is None


@pytest.mark.parametrize(
    "kind",
    ["document", "message", "transaction", "transaction-response", "batch", "batch-response",
     "history", "searchset", "collection", "subscription-notification"],
)  # fmt: skip
def test_fact_88_every_type_of_bundle_is_read_by_its_content(kind: str) -> None:
    reading = read(bundle(temperature(), kind=kind))
    assert [(o.outcome.value, o.reason) for o in reading.outcomes] == [("accepted", "")]
    assert reading.bundle_type == kind


@pytest.mark.parametrize(
    ("kind", "code"),
    [(None, "bundle-without-type"), ("", "bundle-without-type"), ("pile", "bundle-type-unknown"),
     (7, "bundle-without-type")],
)  # fmt: skip
def test_fact_88_a_bundle_must_say_its_type(kind: object, code: str) -> None:
    sent = {"resourceType": "Bundle", "entry": [{"resource": temperature()}]}
    body = orjson.dumps(sent if kind is None else sent | {"type": kind})
    with pytest.raises(BadInput) as refusal:
        read_body(body, CONTEXT)
    assert (refusal.value.code, refusal.value.location) == (code, "Bundle.type")


def test_fact_89_the_type_may_come_last_and_a_bundle_needs_no_id() -> None:
    sent = temperature()
    last = {name: sent[name] for name in reversed(list(sent))}
    body = orjson.dumps({"entry": [{"resource": last}], "type": "batch", "resourceType": "Bundle"})
    (outcome,) = read_body(body, CONTEXT).outcomes
    assert outcome.reason == ""


@pytest.mark.parametrize(
    "kind", ["Provenance", "Claim", "Location", "NamingSystem", "Subscription"]
)
def test_fact_90_other_resources_are_skipped_and_counted(kind: str) -> None:
    assert told({"resourceType": kind, "id": "x"}, temperature()) == [
        ("ignored", "unused-resource"),
        ("accepted", ""),
    ]


@pytest.mark.parametrize(
    ("bad", "outcome"),
    [
        ({"resourceType": "Spaceship"}, ("refused", "unknown-resource")),
        ({"id": "x"}, ("refused", "no-resource-type")),
        ({"resourceType": 7}, ("refused", "no-resource-type")),
        ("a text", ("refused", "not-an-object")),
        ([], ("refused", "not-an-object")),
        (None, ("refused", "not-an-object")),
        ({"resourceType": "Bundle", "type": "batch"}, ("refused", "nested-bundle")),
    ],
)
def test_fact_91_one_bad_entry_costs_only_itself(bad: object, outcome: tuple[str, str]) -> None:
    reading = read(bundle({"resource": temperature(id="a")}, {"resource": bad}, temperature(39)))
    assert [(o.outcome.value, o.reason) for o in reading.outcomes] == [
        ("accepted", ""),
        outcome,
        ("accepted", ""),
    ]
    assert reading.outcomes[1].location.startswith("Bundle.entry[1]")


@pytest.mark.parametrize("entry", ["a text", 7, None, [], {}])
def test_fact_91_an_entry_that_is_no_entry_costs_only_itself(entry: object) -> None:
    body = orjson.dumps(
        {"resourceType": "Bundle", "type": "batch", "entry": [entry, {"resource": temperature()}]}
    )
    first, second = read_body(body, CONTEXT).outcomes
    assert first.outcome.value in {"refused", "ignored"}
    assert first.reason
    assert second.reason == ""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<Bundle xmlns='http://hl7.org/fhir'/>", "not-json"),
        (b"<!DOCTYPE html><html>404</html>", "not-json"),
        (b"PID|1||Z6091", "not-json"),
    ],
)
def test_fact_92_xml_and_html_are_refused_clearly(body: bytes, code: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_body(body, CONTEXT)
    assert (refusal.value.code, refusal.value.location) == (code, "byte 0")


@pytest.mark.parametrize("rest", [b"}", b" {}", b"x", b"\x00"])
def test_fact_93_what_follows_the_json_is_refused_with_its_place(rest: bytes) -> None:
    body = orjson.dumps(bundle(temperature()))
    with pytest.raises(BadInput) as refusal:
        read_body(body + rest, CONTEXT)
    assert refusal.value.code in {"not-json", "too-deep"}
    assert str(refusal.value.location).startswith("byte ")


def test_fact_94_nulls_empty_strings_and_comments_are_tolerated() -> None:
    sent = temperature() | {
        "fhir_comments": ["a comment"],
        "_status": {"extension": []},
        "method": None,
        "bodySite": "",
        "note": [None, {"text": ""}],
        "code": {"coding": [None, {"system": "http://loinc.org", "code": "8310-5"}], "text": None},
        "category": [],
        "referenceRange": [None],
    }
    assert number(sent).value == 38.4


def test_fact_95_stu3_elements_in_r4_traffic_are_read() -> None:
    sent = temperature(context={"reference": "Encounter/e1"}, comment="seen")
    assert number(sent).value == 38.4


def test_fact_96_resources_of_a_prefetch_are_read_one_by_one() -> None:
    reading = read_resources([temperature(), None, said("error", "processing")], CONTEXT)  # type: ignore[list-item]
    assert [(o.outcome.value, o.reason) for o in reading.outcomes] == [
        ("accepted", ""),
        ("refused", "not-an-object"),
        ("ignored", "operation-outcome"),
    ]
    assert reading.incomplete


def test_fact_97_ndjson_is_split_on_newline_bytes_only() -> None:
    odd = observation({"text": "Note \u2028 with \u2029 and \u0085"}, id="o2", valueString="x")
    lines = [orjson.dumps(one) for one in (odd, temperature())]
    (reading,) = read_ndjson(io.BytesIO(b"\n".join(lines)), CONTEXT)
    assert [o.location for o in reading.outcomes] == ["line 1", "line 2"]
    assert [o.outcome.value for o in reading.outcomes] == ["accepted", "accepted"]


def status(number: object, since: object, **more: object) -> dict[str, Any]:
    return {
        "resourceType": "SubscriptionStatus",
        "type": "event-notification",
        "status": "active",
        "subscription": {"reference": "Subscription/123"},
        "eventsSinceSubscriptionStart": since,
        "notificationEvent": [
            {"eventNumber": number, "focus": {"reference": "https://x/Observation/o1"}}
        ],
    } | more


@pytest.mark.parametrize(("number_sent", "since"), [("2", "2"), (2, 2), ("2", 2)])
def test_fact_98_event_numbers_come_as_strings_and_integers(
    number_sent: object, since: object
) -> None:
    notification = read(bundle(status(number_sent, since), kind="history")).notification
    assert notification is not None
    assert (notification.events, notification.since_start) == ((2,), 2)


def test_fact_99_an_id_only_notification_names_what_is_missing() -> None:
    entry = {
        "fullUrl": "https://x/Observation/o1",
        "request": {"method": "PUT", "url": "Observation/o1"},
    }
    reading = read(bundle(status(2, 2), entry, kind="subscription-notification"))
    assert [(o.outcome.value, o.reason, o.reference) for o in reading.outcomes] == [
        ("ignored", "subscription-status", ""),
        ("ignored", "id-only", "Observation/o1"),
    ]
    assert reading.notification is not None
    assert reading.notification.missing == ("https://x/Observation/o1",)
    empty = read(bundle(status(2, 2), kind="subscription-notification")).notification
    assert empty is not None
    assert empty.missing == ("https://x/Observation/o1",)


def test_fact_99_a_full_notification_misses_nothing() -> None:
    entry = {"fullUrl": "https://x/Observation/o1", "resource": temperature()}
    reading = read(bundle(status(2, 2), entry, kind="subscription-notification"))
    assert reading.notification is not None
    assert reading.notification.missing == ()
    assert len(reading.resources) == 1


def test_delete_takes_a_resource_away_in_a_history_and_in_a_transaction() -> None:
    gone = {"request": {"method": "DELETE", "url": "Observation/o1"}}
    reading = read(bundle(gone, kind="transaction"))
    (resource,) = reading.resources
    assert (resource.source.reference, resource.retracted) == ("Observation/o1", True)
    assert [o.reason for o in reading.outcomes] == ["deleted"]
    assert facts(bundle(temperature(), gone, kind="history")) == []
    unused = {"request": {"method": "DELETE", "url": "Claim/c1"}}
    assert told(bundle(unused, kind="transaction")) == [("ignored", "unused-resource")]


def test_a_history_entry_tells_its_version_in_the_response() -> None:
    entry = {
        "resource": temperature(),
        "request": {"method": "PUT", "url": "Observation/o1"},
        "response": {"status": "200", "etag": 'W/"7"', "lastModified": "2026-03-03T08:30:00Z"},
    }
    (resource,) = read(bundle(entry, kind="history")).resources
    assert resource.source.version == "7"
    assert resource.last_updated is not None


def test_a_single_resource_needs_no_bundle() -> None:
    (outcome,) = read(order()).outcomes
    assert (outcome.location, outcome.reference) == ("MedicationRequest", "MedicationRequest/m1")


def test_a_byte_order_mark_is_passed_over() -> None:
    body = b"\xef\xbb\xbf" + orjson.dumps(observation(valueQuantity=quantity(38.4, "Cel")))
    assert len(read_body(body, CONTEXT).resources) == 1
