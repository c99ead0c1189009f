"""CDS Hooks 2.0.1, Feedback: an array, late, batched, repeated."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conformance.client import Ehr, path_of
from tests.conformance.rules import covers


@pytest.fixture
def service(services: list[dict[str, Any]]) -> dict[str, Any]:
    return next(s for s in services if s["hook"] == "patient-view")


@pytest.fixture
def card(ehr: Ehr, service: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = ehr.call(service).json()["cards"][0]
    return found


def stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def entry(of: dict[str, Any], /, **changes: Any) -> dict[str, Any]:
    held = {"card": of["uuid"], "outcome": "overridden", "outcomeTimestamp": stamp(), **changes}
    return {key: value for key, value in held.items() if value is not ...}


def send(ehr: Ehr, service: dict[str, Any], *entries: Any) -> Any:
    return ehr.post(f"{path_of(service)}/feedback", {"feedback": list(entries)})


@covers(38, 39)
def test_an_override_with_a_reason_of_ours_is_taken(
    ehr: Ehr, service: dict[str, Any], card: dict[str, Any]
) -> None:
    given = card["overrideReasons"][0]
    reason = {"reason": {"code": given["code"], "system": given["system"]}, "userComment": "known"}
    assert send(ehr, service, entry(card, overrideReason=reason)).status_code == 200


@covers(38, 39)
def test_an_acceptance_is_taken(ehr: Ehr, service: dict[str, Any], card: dict[str, Any]) -> None:
    accepted = [{"id": s["uuid"]} for s in card.get("suggestions", [])[:1]]
    told = entry(card, outcome="accepted", acceptedSuggestions=accepted)
    assert send(ehr, service, told).status_code == 200


@covers(40)
def test_the_same_feedback_may_come_again(
    ehr: Ehr, service: dict[str, Any], card: dict[str, Any]
) -> None:
    told = entry(card)
    assert [send(ehr, service, told).status_code for _ in range(3)] == [200] * 3


@covers(40)
def test_several_come_at_once(ehr: Ehr, service: dict[str, Any], card: dict[str, Any]) -> None:
    assert send(ehr, service, entry(card), entry(card, outcome="accepted")).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"card": ...},
        {"outcome": ...},
        {"outcome": "ignored"},
        {"outcomeTimestamp": ...},
        {"outcomeTimestamp": "yesterday"},
    ],
)
@covers(39)
def test_an_entry_that_is_wrong_is_named_and_does_not_lose_the_others(
    ehr: Ehr, service: dict[str, Any], card: dict[str, Any], change: dict[str, Any]
) -> None:
    answer = send(ehr, service, entry(card), entry(card, **change))
    assert answer.status_code in (200, 400)
    assert "feedback[1]" in answer.text
    assert send(ehr, service, entry(card, **change)).status_code == 400


@pytest.mark.parametrize("body", [{}, {"feedback": []}, {"feedback": {}}, {"feedback": "x"}, []])
@covers(38)
def test_feedback_is_an_array(ehr: Ehr, service: dict[str, Any], body: Any) -> None:
    assert ehr.post(f"{path_of(service)}/feedback", body).status_code == 400


@covers(8, 38)
def test_feedback_of_an_unknown_service_is_404(ehr: Ehr) -> None:
    assert ehr.post("/cds-services/no-such-service/feedback", {}).status_code == 404


@covers(39, 40)
def test_late_feedback_on_an_unknown_card_is_taken(ehr: Ehr, service: dict[str, Any]) -> None:
    """It may have been shown before a restart, or by another server of ours."""
    told = {
        "card": "f6b95768-b1c8-40dc-8385-bf3504b82ffb",
        "outcome": "overridden",
        "outcomeTimestamp": "2020-12-11T01:38:31Z",
        "overrideReason": {"reason": {"code": "x", "system": "urn:y"}},
    }
    assert send(ehr, service, told).status_code == 200


@covers(39)
@pytest.mark.parametrize(
    "stamped",
    ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05+01:00"],
)
def test_every_form_of_a_time_with_zone_is_taken(
    ehr: Ehr, service: dict[str, Any], card: dict[str, Any], stamped: str
) -> None:
    assert send(ehr, service, entry(card, outcomeTimestamp=stamped)).status_code == 200


@covers(38, 46)
def test_feedback_is_readable_for_browsers(ehr: Ehr, service: dict[str, Any]) -> None:
    answer = ehr.post(f"{path_of(service)}/feedback", {}, Origin="https://ehr.example.org")
    assert answer.status_code == 400
    assert answer.headers["access-control-allow-origin"] in ("*", "https://ehr.example.org")
