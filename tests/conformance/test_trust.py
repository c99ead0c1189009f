"""CDS Hooks 2.0.1, Security: who may call, and browsers from elsewhere."""

import time
import uuid
from typing import Any

import pytest
from joserfc.jwk import ECKey

from tests.conformance.client import Ehr, Signer, path_of, request_for

ORIGIN = "https://ehr.example.org"


@pytest.fixture
def service(services: list[dict[str, Any]]) -> dict[str, Any]:
    return next(s for s in services if s["hook"] == "patient-view")


def call(ehr: Ehr, service: dict[str, Any], token: str | None) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return ehr.http.post(
        f"{ehr.base_url}{path_of(service)}", json=request_for(service), headers=headers
    )


def audience(ehr: Ehr, service: dict[str, Any]) -> str:
    return f"{ehr.base_url}{path_of(service)}"


def test_a_call_without_token_is_a_bare_401(
    ehr: Ehr, service: dict[str, Any], signer: Signer
) -> None:
    answer = call(ehr, service, None)
    assert answer.status_code == 401
    assert "token" not in answer.text.lower()
    assert "issuer" not in answer.text.lower()


@pytest.mark.parametrize("path", ["/cds-services", "/cds-services/nms-patient-view/feedback"])
def test_discovery_and_feedback_need_a_token_too(ehr: Ehr, signer: Signer, path: str) -> None:
    answer = ehr.http.request("GET" if path.endswith("services") else "POST", ehr.base_url + path)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example.org/cds-services/x"},
        {"iss": "https://stranger.example.org"},
        {"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200},
        {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 3900},
        {"exp": int(time.time()) + 100_000},
    ],
)
def test_a_token_that_does_not_fit_is_401(
    ehr: Ehr, service: dict[str, Any], signer: Signer, changes: dict[str, Any]
) -> None:
    token = signer.token(audience(ehr, service), **changes)
    assert call(ehr, service, token).status_code == 401


def test_a_token_of_another_key_is_401(ehr: Ehr, service: dict[str, Any], signer: Signer) -> None:
    forged = Signer(ECKey.generate_key("P-384"), signer.kid, signer.issuer)
    assert call(ehr, service, forged.token(audience(ehr, service))).status_code == 401


def test_a_token_counts_once(ehr: Ehr, service: dict[str, Any], signer: Signer) -> None:
    token = signer.token(audience(ehr, service), jti=str(uuid.uuid4()))
    answers = [call(ehr, service, token).status_code for _ in range(5)]
    assert answers == [200, 401, 401, 401, 401]


def test_an_audience_list_is_taken(ehr: Ehr, service: dict[str, Any], signer: Signer) -> None:
    token = signer.token("", aud=["https://other.example.org", audience(ehr, service)])
    assert call(ehr, service, token).status_code == 200


@pytest.mark.parametrize(
    ("path", "method"),
    [("/cds-services", "GET"), ("", "POST"), ("/feedback", "POST")],
)
def test_a_preflight_comes_without_token_and_is_answered(
    ehr: Ehr, service: dict[str, Any], path: str, method: str
) -> None:
    target = path if path == "/cds-services" else path_of(service) + path
    answer = ehr.http.options(
        ehr.base_url + target,
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert answer.status_code in (200, 204)
    assert answer.headers["access-control-allow-origin"] in ("*", ORIGIN)
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()


def test_a_browser_can_read_errors_too(ehr: Ehr) -> None:
    answer = ehr.post("/cds-services/no-such-service", {}, Origin=ORIGIN)
    assert answer.status_code == 404
    assert answer.headers["access-control-allow-origin"] in ("*", ORIGIN)
