"""FHIR pushed to the door: one outcome an entry, nothing lost, a clear answer to bad input."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome

from service.intake.clerk import make_clerk
from service.intake.process import ProcessDoor
from tests.acceptance.patients import bundle
from tests.platform.serviced import Api

ROOT = Path(__file__).resolve().parents[2]
NDJSON = "application/fhir+ndjson"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    made = Api(tmp_path_factory.mktemp("intake"))
    yield made
    made.store.close()


def pulse(number: int = 1, patient: str = "p1", **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"pulse-{number}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-01-05T10:00:00Z",
        "valueQuantity": {"value": 90 + number, "unit": "/min"},
        **changes,
    }


def entries(*resources: dict[str, Any], kind: str = "batch") -> bytes:
    held = [{"resource": resource} for resource in resources]
    return orjson.dumps({"resourceType": "Bundle", "type": kind, "entry": held})


def codes(outcome: dict[str, Any]) -> list[str]:
    OperationOutcome.model_validate(outcome)
    return [issue["details"]["coding"][0]["code"] for issue in outcome["issue"]]


@pytest.mark.parametrize("kind", ["batch", "transaction", "collection", "searchset", "message"])
def test_every_entry_of_a_bundle_is_answered(api: Api, kind: str) -> None:
    stranger = {"resourceType": "Claim", "id": "c1", "status": "active"}
    body = entries(pulse(1, f"b-{kind}", id=f"{kind}-1"), stranger, {"resourceType": "Nonsense"},
                   kind=kind)  # fmt: skip
    answer = api.post("/fhir", body)
    assert answer.status_code == 200
    found = answer.json()
    Bundle.model_validate(found)
    assert found["type"] == ("transaction-response" if kind == "transaction" else "batch-response")
    said = [entry["response"] for entry in found["entry"]]
    assert [one["status"][:3] for one in said] == ["200", "202", "422"]
    assert all(one["outcome"]["issue"][0]["location"] for one in said)
    summary = dict(
        part.split("=") for part in answer.headers["x-nms-sentinel-outcomes"].split(", ")
    )
    assert summary == {"accepted": "1", "ignored": "1", "refused": "1"}


def test_what_comes_twice_is_a_duplicate(api: Api) -> None:
    body = entries(pulse(1, "twice", id="twice-1"))
    first, second = api.post("/fhir", body), api.post("/fhir", body)
    assert first.headers["x-nms-sentinel-outcomes"] == "accepted=1"
    assert second.headers["x-nms-sentinel-outcomes"] == "duplicate=1"


def test_a_whole_journey_is_in_the_chart_and_due(api: Api) -> None:
    answer = api.post("/fhir", bundle("journey-1"))
    assert "refused" not in answer.headers["x-nms-sentinel-outcomes"]
    chart = api.store.chart("default", "journey-1")
    assert chart is not None
    assert len(chart.measurements) > 20
    claimed = api.store.claim_due(api_now(), limit=100)
    assert "journey-1" in {due.patient for due in claimed}
    correlation = answer.headers["x-correlation-id"]
    assert correlation in {due.correlation for due in claimed if due.patient == "journey-1"}


def api_now() -> Any:
    from datetime import UTC, datetime, timedelta

    return datetime.now(UTC) + timedelta(seconds=1)


def test_one_resource_has_one_plain_outcome(api: Api) -> None:
    good = api.post("/fhir/Observation", orjson.dumps(pulse(2, "single")))
    assert (good.status_code, codes(good.json())) == (200, ["accepted"])
    same = api.ask(
        "PUT",
        "/fhir/Observation/pulse-2",
        content=orjson.dumps(pulse(2, "single")),
        headers={"content-type": "application/json"},
    )
    assert (same.status_code, codes(same.json())) == (200, ["same-content"])
    at_the_base = api.post("/fhir", orjson.dumps(pulse(3, "single")))
    assert at_the_base.json()["resourceType"] == "OperationOutcome"
    assert at_the_base.headers["content-type"] == "application/fhir+json"


@pytest.mark.parametrize(
    ("path", "code", "location"),
    [
        ("/fhir/Condition", "type-mismatch", "resourceType"),
        ("/fhir/Bundle", "type-mismatch", "resourceType"),
    ],
)
def test_a_resource_must_be_what_the_address_says(
    api: Api, path: str, code: str, location: str
) -> None:
    answer = api.post(path, orjson.dumps(pulse()))
    assert (answer.status_code, codes(answer.json())) == (400, [code])
    assert answer.json()["issue"][0]["expression"] == [location]


def test_an_id_must_be_what_the_address_says(api: Api) -> None:
    body, headers = orjson.dumps(pulse()), {"content-type": "application/json"}
    answer = api.ask("PUT", "/fhir/Observation/another", content=body, headers=headers)
    assert (answer.status_code, codes(answer.json())) == (400, ["id-mismatch"])


def test_ndjson_is_answered_line_by_line(api: Api) -> None:
    lines = [orjson.dumps(pulse(1, "nd", id="nd-1")), b"", b"{broken", b"[1]",
             orjson.dumps(pulse(2, "nd", id="nd-2", note=[{"text": "a\u2028b"}]))]  # fmt: skip
    answer = api.post("/fhir", b"\n".join(lines) + b"\n", NDJSON)
    assert answer.status_code == 200
    outcome = answer.json()
    assert len(outcome["issue"]) == 4
    severities = [issue["severity"] for issue in outcome["issue"]]
    assert severities == ["information", "error", "error", "information"]
    assert answer.headers["x-nms-sentinel-outcomes"] == "accepted=2, refused=2"


BAD: list[tuple[str, bytes, int]] = [
    ("not JSON", b"{", 400),
    ("nothing", b"", 400),
    ("blank", b"  \n", 400),
    ("a list", b"[]", 400),
    ("a number", b"7", 400),
    ("no type", b"{}", 400),
    ("too deep", b"[" * 200 + b"]" * 200, 413),
    ("not UTF-8", b'{"resourceType": "Patient", "id": "\xff"}', 400),
    ("half a pair", b'{"resourceType": "Patient", "id": "\\ud800"}', 400),
    ("not a number", b'{"resourceType": "Observation", "valueQuantity": {"value": NaN}}', 400),
    ("entry no list", b'{"resourceType": "Bundle", "type": "batch", "entry": {}}', 400),
]


@pytest.mark.parametrize(("what", "body", "status"), BAD, ids=[what for what, _, _ in BAD])
def test_a_body_that_cannot_be_read(api: Api, what: str, body: bytes, status: int) -> None:
    answer = api.post("/fhir", body)
    assert answer.status_code == status
    assert codes(answer.json())
    assert "Traceback" not in answer.text


def test_too_many_entries(tmp_path: Path) -> None:
    api = Api(tmp_path, NMS_SENTINEL_MAX_ENTRIES="3")
    answer = api.post("/fhir", entries(*(pulse(n) for n in range(4))))
    assert answer.status_code == 413
    assert api.store.chart("default", "p1") is None


@pytest.mark.parametrize("form", ["text/plain", "application/fhir+xml", "application/xml", ""])
def test_a_form_that_is_not_read(api: Api, form: str) -> None:
    answer = api.post("/fhir", b"<a/>", form)
    assert (answer.status_code, codes(answer.json())) == (415, ["content-type"])
    assert answer.json()["issue"][0]["location"] == ["http.content-type"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/fhir", 405), ("GET", "/fhir/Patient/1", 405), ("PATCH", "/fhir/Patient/1", 405),
        ("GET", "/fhir/a/b/c/d", 404),
    ],
)  # fmt: skip
def test_what_the_intake_does_not_do(api: Api, method: str, path: str, status: int) -> None:
    answer = api.ask(method, path)
    assert answer.status_code == status
    assert codes(answer.json()) == [f"http-{status}"]


def test_without_keys_and_not_open_nobody_comes_in(tmp_path: Path) -> None:
    api = Api(tmp_path, NMS_SENTINEL_OPEN_MODE="0")
    answer = api.post("/fhir", entries(pulse()))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert api.post("/cds-services/nms-patient-view", b"{}").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [{"host": "nms.example.org"}, {"x-forwarded-for": "10.0.0.9"}, {"forwarded": "for=10.0.0.9"}],
)
def test_an_open_door_is_open_for_this_machine_only(api: Api, headers: dict[str, str]) -> None:
    answer = api.ask("GET", "/cds-services", headers=headers)
    assert answer.status_code == 401


def test_a_store_that_is_away_is_said(tmp_path: Path) -> None:
    api = Api(tmp_path)
    api.store.downgrade("base")
    answer = api.post("/fhir", entries(pulse()))
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert api.ask("GET", "/health/ready").status_code == 503
    assert api.ask("GET", "/health/live").status_code == 200
    scrape = api.ask("GET", "/metrics").text
    assert "nms_sentinel_ready 0.0" in scrape
    assert "nms_sentinel_due_age_seconds" not in scrape


def test_the_capability_statement_is_valid_and_open(tmp_path: Path) -> None:
    answer = Api(tmp_path, NMS_SENTINEL_OPEN_MODE="0").ask("GET", "/fhir/metadata")
    assert answer.status_code == 200
    CapabilityStatement.model_validate(answer.json())


def notification(kind: str, since: int, *events: int, data: bool = True) -> bytes:
    status: dict[str, Any] = {
        "resourceType": "SubscriptionStatus",
        "status": "active",
        "type": kind,
        "eventsSinceSubscriptionStart": str(since),
        "subscription": {"reference": "Subscription/1"},
        "notificationEvent": [
            {"eventNumber": str(n), "focus": {"reference": f"Observation/n-{n}"}} for n in events
        ],
    }
    if not events:
        del status["notificationEvent"]
    held = [{"resource": status}]
    held += [{"resource": pulse(n, "notified", id=f"n-{n}")} for n in events if data]
    return orjson.dumps({"resourceType": "Bundle", "type": "history", "entry": held})


def test_a_subscription_is_followed_by_its_numbers(api: Api) -> None:
    told = [
        (notification("handshake", 0), "handshake", "in-order"),
        (notification("event-notification", 1, 1), "event-notification", "in-order"),
        (notification("event-notification", 1, 1), "event-notification", "repeated"),
        (notification("heartbeat", 1), "heartbeat", "in-order"),
        (notification("event-notification", 4, 4), "event-notification", "gap"),
        (notification("event-notification", 4, 2), "event-notification", "late"),
        (notification("event-notification", 5, 5, data=False), "event-notification", "not-fetched"),
        (notification("heartbeat", 0), "heartbeat", "restarted"),
    ]
    for body, kind, standing in told:
        answer = api.post("/fhir/notifications/vitals", body)
        assert answer.status_code == 200, answer.text
        assert codes(answer.json())[0] == kind
        shown = {"gap", "restarted", "not-fetched"} & set(codes(answer.json())[1:])
        assert shown == {standing} & {"gap", "restarted", "not-fetched"}
    known = api.store.subscription("default", "vitals")
    assert known is not None
    assert known.restarts == 1
    assert api.store.chart("default", "notified") is not None


def test_an_r4_rest_hook_may_be_empty_or_a_resource(api: Api) -> None:
    empty = api.ask("POST", "/fhir/notifications/r4")
    assert (empty.status_code, codes(empty.json())) == (200, ["empty", "not-fetched"])
    body, headers = (
        orjson.dumps(pulse(1, "hooked", id="hook-1")),
        {"content-type": "application/json"},
    )
    put = api.ask("PUT", "/fhir/notifications/r4/Observation/hook-1", content=body, headers=headers)
    assert (put.status_code, codes(put.json())) == (200, ["resource", "accepted"])
    assert api.store.chart("default", "hooked") is not None


def test_received_is_the_sum_of_the_outcomes(api: Api) -> None:
    before = intake_counted(api)
    api.post("/fhir", entries(pulse(1, "sum"), {"resourceType": "Nonsense"}, pulse(1, "sum")))
    after = intake_counted(api)
    more = {name: value - before.get(name, 0) for name, value in after.items()}
    received = more.pop("nms_sentinel_intake_received_total")
    assert received == sum(more.values()) == 3


def intake_counted(api: Api) -> dict[str, float]:
    """The counters are of this process: whatever else ran in it has its part in them."""
    values: dict[str, float] = {}
    for line in api.ask("GET", "/metrics").text.splitlines():
        if line.startswith(("nms_sentinel_intake_received_total", "nms_sentinel_intake_entries_t")):
            name, value = line.rsplit(" ", 1)
            values[name] = float(value)
    return values


def test_reading_in_a_process_of_its_own(tmp_path: Path) -> None:
    first = Api(tmp_path)
    door = ProcessDoor(make_clerk, first.settings, 1)
    try:
        api = Api(tmp_path, door=door)
        assert api.post("/fhir", bundle("apart")).status_code == 200
        assert api.store.chart("default", "apart") is not None
        assert api.post("/fhir", b"{").status_code == 400
        kill(door)
        answer = api.post("/fhir", entries(pulse(1, "killed")))
        assert (answer.status_code, codes(answer.json())) == (503, ["intake-gone"])
        assert api.post("/fhir", entries(pulse(1, "killed"))).status_code == 200
    finally:
        door.close()


def kill(door: ProcessDoor) -> None:
    (part,) = door._parts
    part._process.kill()
    part._process.join()


@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / "fixtures/malformed").iterdir()))
def test_no_malformed_fixture_breaks_the_door(api: Api, name: str) -> None:
    for path in (ROOT / "fixtures" / "malformed" / name).iterdir():
        if path.suffix not in (".json", ".ndjson", ".txt", ".bin"):
            continue
        answer = api.post("/fhir", path.read_bytes())
        assert answer.status_code < 500, (path.name, answer.text)
        assert answer.json()["resourceType"] in ("Bundle", "OperationOutcome")
