"""Tenants: each its own hooks and charts; silent ones compute and keep, and show nothing."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from service.security.callers import Caller, Callers
from tests.acceptance.patients import bundle
from tests.platform.serviced import Api

TENANTS = """
[tenants.loud]
zone = "Europe/Vienna"
hooks = ["patient-view"]

[tenants.quiet]
silent = true

[tenants.partly]
silent_rules = ["{rule}"]
"""


def api(folder: Path, monkeypatch: pytest.MonkeyPatch, rule: str = "INT-LOR-PG") -> Api:
    """Callers are known by the word in their Authorization header: trust is tested elsewhere."""
    path = folder / "tenants.toml"
    path.write_text(TENANTS.format(rule=rule))

    def identify(self: Callers, authorization: str | None, path: str, **_: Any) -> Caller:
        return Caller(tenant=authorization or "", client=authorization or "")

    monkeypatch.setattr(Callers, "identify", identify)
    return Api(folder, NMS_SENTINEL_OPEN_MODE="0", NMS_SENTINEL_TENANTS=str(path))


def push(made: Api, tenant: str, patient: str) -> None:
    headers = {"content-type": "application/json", "authorization": tenant}
    answer = made.ask("POST", "/fhir", content=bundle(patient), headers=headers)
    assert answer.status_code == 200


def view(made: Api, tenant: str, patient: str, service: str = "nms-patient-view") -> Any:
    body = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": patient},
    }
    headers = {"content-type": "application/json", "authorization": tenant}
    path = f"/cds-services/{service}"
    return made.ask("POST", path, content=orjson.dumps(body), headers=headers)


def test_charts_are_kept_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = api(tmp_path, monkeypatch)
    push(made, "loud", "p1")
    assert view(made, "loud", "p1").json()["cards"]
    assert view(made, "quiet", "p1").status_code == 412  # nothing of it is here
    assert made.store.patients("loud") == ["p1"]
    assert made.store.patients("quiet") == []


def test_a_tenant_answers_its_hooks_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = api(tmp_path, monkeypatch)
    listed = made.ask("GET", "/cds-services", headers={"authorization": "loud"}).json()["services"]
    assert [service["hook"] for service in listed] == ["patient-view"]
    assert view(made, "loud", "p1", "nms-order-sign").status_code == 404


def test_a_silent_tenant_is_shown_nothing_and_everything_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = api(tmp_path, monkeypatch)
    kept: list[int] = []
    monkeypatch.setattr(
        type(made.store), "record_cards", lambda _s, _t, _p, cards, _at: kept.append(len(cards))
    )
    push(made, "quiet", "p2")
    assert view(made, "quiet", "p2").json()["cards"] == []
    assert kept
    assert kept[0] > 0


def test_a_silent_rule_shows_no_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = api(tmp_path, monkeypatch)
    push(first, "loud", "p3")
    shown = view(first, "loud", "p3").json()["cards"]
    rules = [next(iter(card["extension"].values()))["rule"] for card in shown]
    made = api(tmp_path, monkeypatch, rule=rules[0])
    push(made, "partly", "p3")
    left = view(made, "partly", "p3").json()["cards"]
    assert len(left) == len(rules) - rules.count(rules[0])
