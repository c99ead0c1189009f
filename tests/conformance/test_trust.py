"""CDS Hooks 2.0.1, Security: who may call, and browsers from elsewhere."""

import base64
import hmac
import json
import time
import uuid
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.conformance.client import Ehr, Signer, path_of, request_for
from tests.conformance.rules import covers

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


@covers(8, 41, 45)
def test_a_call_without_token_is_a_bare_401(
    ehr: Ehr, service: dict[str, Any], signer: Signer
) -> None:
    answer = call(ehr, service, None)
    assert answer.status_code == 401
    assert "token" not in answer.text.lower()
    assert "issuer" not in answer.text.lower()


@pytest.mark.parametrize("path", ["/cds-services", "/cds-services/nms-patient-view/feedback"])
@covers(41)
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
@covers(42, 44, 45)
def test_a_token_that_does_not_fit_is_401(
    ehr: Ehr, service: dict[str, Any], signer: Signer, changes: dict[str, Any]
) -> None:
    token = signer.token(audience(ehr, service), **changes)
    assert call(ehr, service, token).status_code == 401


@covers(44)
def test_a_token_of_another_key_is_401(ehr: Ehr, service: dict[str, Any], signer: Signer) -> None:
    forged = Signer(ECKey.generate_key("P-384"), signer.kid, signer.issuer)
    assert call(ehr, service, forged.token(audience(ehr, service))).status_code == 401


@covers(45)
def test_a_token_counts_once(ehr: Ehr, service: dict[str, Any], signer: Signer) -> None:
    token = signer.token(audience(ehr, service), jti=str(uuid.uuid4()))
    answers = [call(ehr, service, token).status_code for _ in range(5)]
    assert answers == [200, 401, 401, 401, 401]


@covers(42)
def test_an_audience_list_is_taken(ehr: Ehr, service: dict[str, Any], signer: Signer) -> None:
    token = signer.token("", aud=["https://other.example.org", audience(ehr, service)])
    assert call(ehr, service, token).status_code == 200


@pytest.mark.parametrize(
    ("path", "method"),
    [("/cds-services", "GET"), ("", "POST"), ("/feedback", "POST")],
)
@covers(46)
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


@covers(46)
def test_a_browser_can_read_errors_too(ehr: Ehr) -> None:
    answer = ehr.post("/cds-services/no-such-service", {}, Origin=ORIGIN)
    assert answer.status_code == 404
    assert answer.headers["access-control-allow-origin"] in ("*", ORIGIN)


@covers(42)
@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "jti"])
def test_a_required_claim_that_is_missing_is_401(
    ehr: Ehr, service: dict[str, Any], signer: Signer, claim: str
) -> None:
    now = int(time.time())
    whole = {
        "iss": signer.issuer,
        "aud": audience(ehr, service),
        "iat": now,
        "exp": now + 300,
        "jti": str(uuid.uuid4()),
    }
    del whole[claim]
    assert call(ehr, service, signed(whole, signer)).status_code == 401


@covers(42)
@pytest.mark.parametrize(
    "change",
    [
        lambda url: url + "/",
        lambda url: url + "?x=1",
        lambda url: url.replace("http://", "https://"),
        lambda url: url.rsplit("/", 1)[0],
        lambda url: url.upper(),
        lambda url: url + "/feedback",
    ],
)
def test_the_audience_is_the_exact_address(
    ehr: Ehr, service: dict[str, Any], signer: Signer, change: Any
) -> None:
    assert call(ehr, service, signer.token(change(audience(ehr, service)))).status_code == 401


@covers(42)
def test_feedback_takes_its_own_address_or_the_service_s(
    ehr: Ehr, service: dict[str, Any], signer: Signer
) -> None:
    url = f"{audience(ehr, service)}/feedback"
    for named in (url, audience(ehr, service)):
        headers = {"Authorization": f"Bearer {signer.token(named)}"}
        assert ehr.http.post(url, json={"feedback": []}, headers=headers).status_code == 400


@covers(43)
@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "HS384", "HS512"])
def test_unsigned_and_symmetric_tokens_are_401(
    ehr: Ehr, service: dict[str, Any], signer: Signer, algorithm: str
) -> None:
    """Symmetric: signed with the public key, which everybody may know."""
    header, claims, _ = signer.token(audience(ehr, service)).split(".")
    told = json.loads(_decoded(header)) | {"alg": algorithm}
    text = f"{_encoded(json.dumps(told).encode())}.{claims}"
    digest = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}.get(algorithm)
    public = signer.key.as_pem(private=False)
    mac = hmac.new(public, text.encode(), digest).digest() if digest else b""
    assert call(ehr, service, f"{text}.{_encoded(mac)}").status_code == 401


@covers(44)
def test_a_jku_that_was_not_agreed_is_401(
    ehr: Ehr, service: dict[str, Any], signer: Signer
) -> None:
    now = int(time.time())
    claims = {
        "iss": signer.issuer,
        "aud": audience(ehr, service),
        "iat": now,
        "exp": now + 300,
        "jti": str(uuid.uuid4()),
    }
    token = signed(claims, signer, jku="https://keys.example.org/jwks")
    assert call(ehr, service, token).status_code == 401


@covers(45)
def test_every_refusal_says_the_same(ehr: Ehr, service: dict[str, Any], signer: Signer) -> None:
    """No answer tells which of the checks failed."""
    url = audience(ehr, service)
    bad = [
        None,
        "x",
        signer.token(url, iss="https://stranger.example.org"),
        signer.token("https://other.example.org"),
        signer.token(url, exp=1),
        Signer(ECKey.generate_key("P-384"), signer.kid, signer.issuer).token(url),
    ]
    assert len({call(ehr, service, token).text for token in bad}) == 1


def signed(claims: dict[str, Any], signer: Signer, **header: Any) -> str:
    algorithm = "ES384" if isinstance(signer.key, ECKey) else "RS384"
    whole = {"alg": algorithm, "typ": "JWT", "kid": signer.kid, **header}
    return jwt.encode(whole, claims, signer.key, algorithms=[algorithm])


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
