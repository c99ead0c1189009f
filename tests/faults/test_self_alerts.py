"""Each alert about ourselves: caused, it fires within two minutes; mended, it clears (row 22)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.knowledge import load
from service.audit import Trail
from service.errors import Unavailable
from service.metrics import metric
from service.monitoring.evaluation import Evaluator
from service.store import AuditEntry
from tests.faults.expressions import fires, samples
from tests.monitoring.orders import bundle
from tests.platform.serviced import Api

ROOT = Path(__file__).resolve().parents[2]
RULES = yaml.safe_load((ROOT / "prometheus-alerts.yml").read_text())["groups"][0]["rules"]
SCRAPE_S, WITHIN_S = 30, 120
Cause = Callable[[Api, pytest.MonkeyPatch], Callable[[], object]]


def now() -> datetime:
    return datetime.now(UTC)


def nothing() -> None:
    """A counter clears by itself: nothing more is counted."""


def away(*_: Any, **__: Any) -> Any:
    raise Unavailable("away", code="store-unreachable")


def not_ready(api: Api, patch: pytest.MonkeyPatch) -> Callable[[], object]:
    patch.setattr(api.store, "use_once", away)
    return patch.undo


def late(api: Api, _: pytest.MonkeyPatch) -> Callable[[], object]:
    api.store.make_due(api.settings.tenant, "p1", now() - timedelta(minutes=5), "re-check")
    return lambda: Evaluator(api.store, load(), now, lambda: "a").drain()


def no_data(api: Api, patch: pytest.MonkeyPatch) -> Callable[[], object]:
    api.post("/fhir", bundle("p1"))
    real = api.store.flow
    patch.setattr(api.store, "flow", lambda tenant, at: _aged(real(tenant, at)))
    return patch.undo


def _aged(flow: Any) -> Any:
    from dataclasses import replace

    return replace(flow, last_data_at=flow.last_data_at - timedelta(minutes=20))


def quarantined(api: Api, _: pytest.MonkeyPatch) -> Callable[[], object]:
    tenant, at = api.settings.tenant, now()
    api.store.make_due(tenant, "p1", at, "new-data")
    for _turn in range(5):
        at += timedelta(minutes=10)
        (due,) = api.store.claim_due(at)
        api.store.fail(due, "boom", at)

    def mend() -> None:
        api.store.release_quarantine(tenant, "p1", at)
        Evaluator(api.store, load(), lambda: at, lambda: "a").drain()

    return mend


def dead_letter(api: Api, _: pytest.MonkeyPatch) -> Callable[[], object]:
    api.post("/fhir", bundle("p1"))
    Evaluator(api.store, load(), now, lambda: "a1").drain()
    (posted,) = api.store.claim_notices(now() + timedelta(seconds=5))
    api.store.notice_failed(posted, "webhook-500", None)

    def mend() -> None:
        at = now() + timedelta(minutes=5)
        api.store.revive_notice(api.settings.tenant, posted.id, at)
        (again,) = api.store.claim_notices(at)
        api.store.notice_sent(again, at)

    return mend


def broker_away(api: Api, patch: pytest.MonkeyPatch) -> Callable[[], object]:
    """None runs here; it comes back."""
    return lambda: patch.setattr("service.health.Health._broker_up", lambda: True, raising=False)


def failing(api: Api, patch: pytest.MonkeyPatch) -> Callable[[], object]:
    patch.setattr("service.intake.clerk.read_body", away)
    assert api.post("/fhir", bundle("p1")).status_code == 503
    patch.undo()
    return nothing


def slow(_: Api, __: pytest.MonkeyPatch) -> Callable[[], object]:
    for _n in range(20):
        metric("nms_sentinel_http_seconds", route="/cds-services/{service_id}").observe(0.9)
    return nothing


def refused(api: Api, _: pytest.MonkeyPatch) -> Callable[[], object]:
    body = bundle("p1").replace(b'"subject"', b'"nobody"')
    api.post("/fhir", body)
    return nothing


def missing(api: Api, _: pytest.MonkeyPatch) -> Callable[[], object]:
    assert api.ask("POST", "/fhir/notifications/ward").status_code == 200
    return nothing


def audit_lost(_: Api, __: pytest.MonkeyPatch) -> Callable[[], object]:
    Trail(away, room=0).note("t", AuditEntry(now(), "ann", "hook.patient-view"))
    return nothing


CAUSES: dict[str, Cause] = {
    "NmsSentinelNotReady": not_ready,
    "NmsSentinelEvaluationLate": late,
    "NmsSentinelNoData": no_data,
    "NmsSentinelPatientQuarantined": quarantined,
    "NmsSentinelNoticeNotDelivered": dead_letter,
    "NmsSentinelBrokerAway": broker_away,
    "NmsSentinelFailures": failing,
    "NmsSentinelHooksSlow": slow,
    "NmsSentinelEntriesRefused": refused,
    "NmsSentinelNotificationsMissing": missing,
    "NmsSentinelAuditLost": audit_lost,
}


@pytest.mark.faults
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_what_an_alert_looks_at_can_be_caused_and_clears(
    rule: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Api(tmp_path)
    if rule["alert"] != "NmsSentinelBrokerAway":
        monkeypatch.setattr("service.app.broker_up", lambda _: True)

    def scrape() -> Any:
        return samples(api.ask("GET", "/metrics").content)

    before = scrape()
    mend = CAUSES[rule["alert"]](api, monkeypatch)
    caused = scrape()
    assert fires(rule["expr"], before, caused)
    waits = re.fullmatch(r"(\d+)m", rule.get("for", "0m"))
    assert waits is not None
    assert int(waits[1]) * 60 + 2 * SCRAPE_S <= WITHIN_S
    if rule["alert"] == "NmsSentinelBrokerAway":
        key = ("nms_sentinel_broker_up", frozenset())
        assert not fires(rule["expr"], caused, {**caused, key: 1.0})
        return
    mend()
    assert not fires(rule["expr"], caused, scrape())


def test_every_rule_has_a_cause() -> None:
    assert set(CAUSES) == {rule["alert"] for rule in RULES}
