"""Forged, stolen, odd and replayed tokens: none is accepted; honest ones are."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from service.errors import SettingsFault
from service.security.jwks import FetchedKeys, FixedKeys, key_set
from service.security.tokens import ALGORITHMS, LEEWAY_SECONDS, Client, TokenCheck

NOW = 1_764_000_000.0
ISS = "https://ehr.hospital.example"
AUD = "https://nms.hospital.example/cds-services/nms-patient-view"
JKU = "https://ehr.hospital.example/jwks"
EVIL = "https://evil.example/jwks"


@cache
def rsa() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "rsa+1="})


@cache
def ec() -> ECKey:
    return ECKey.generate_key("P-384", {"kid": "ec1"})


@cache
def stranger() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "rsa+1="})


def public(*keys: Any) -> list[dict[str, Any]]:
    return [key.as_dict(private=False) for key in keys]


def check(**changes: Any) -> TokenCheck:
    client = Client(
        **{
            "issuer": ISS,
            "tenant": "north",
            "keys": FixedKeys(key_set(public(rsa(), ec()))),
            "jku": JKU,
            **changes,
        }
    )
    return TokenCheck({ISS: client}, lambda: NOW)


def claims(**changes: Any) -> dict[str, Any]:
    held = {"iss": ISS, "aud": AUD, "iat": NOW - 5, "exp": NOW + 300, "jti": "one", **changes}
    return {key: value for key, value in held.items() if value is not ...}


def signed(
    held: dict[str, Any] | None = None, header: dict[str, Any] | None = None, key: Any = None
) -> str:
    head = {"alg": "RS384", "typ": "JWT", "kid": "rsa+1=", **(header or {})}
    return jwt.encode(
        head, held or claims(), key or rsa(), algorithms=[*ALGORITHMS, "HS256", "HS384"]
    )


def b64(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def raw(header: Any, held: Any, signature: bytes | None = None) -> str:
    """A token put together by hand; without `signature` one by our good key over these parts."""
    body = f"{b64(header)}.{b64(held)}"
    if signature is None:
        from cryptography.hazmat.primitives.asymmetric import padding
        from cryptography.hazmat.primitives.hashes import SHA384

        signature = rsa().private_key.sign(body.encode(), padding.PKCS1v15(), SHA384())
    return f"{body}.{b64(signature)}"


def hmac_with_public_key(algorithm: str, digest: str) -> str:
    """The classic: the public key used as the secret of a symmetric signature."""
    head, secret = {"alg": algorithm, "typ": "JWT", "kid": "rsa+1="}, rsa().as_pem(private=False)
    body = f"{b64(head)}.{b64(claims())}"
    return f"{body}.{b64(hmac.new(secret, body.encode(), getattr(hashlib, digest)).digest())}"


HEAD = {"alg": "RS384", "typ": "JWT", "kid": "rsa+1="}


def cut(token: str) -> list[str]:
    return token.split(".")


FORGED: dict[str, Callable[[], str]] = {
    # --- no signature, or another kind of signature
    "alg none": lambda: raw({**HEAD, "alg": "none"}, claims(), b""),
    "alg none with text": lambda: raw({**HEAD, "alg": "none"}, claims(), b"x"),
    "alg None": lambda: raw({**HEAD, "alg": "None"}, claims(), b"x"),
    "alg NONE": lambda: raw({**HEAD, "alg": "NONE"}, claims(), b"x"),
    "alg nOnE": lambda: raw({**HEAD, "alg": "nOnE"}, claims(), b"x"),
    "alg empty": lambda: raw({**HEAD, "alg": ""}, claims()),
    "alg missing": lambda: raw({"typ": "JWT", "kid": "rsa+1="}, claims()),
    "alg null": lambda: raw({**HEAD, "alg": None}, claims()),
    "alg a list": lambda: raw({**HEAD, "alg": ["RS384"]}, claims()),
    "alg an object": lambda: raw({**HEAD, "alg": {"a": "RS384"}}, claims()),
    "alg in lower case": lambda: raw({**HEAD, "alg": "rs384"}, claims()),
    "alg with blank": lambda: raw({**HEAD, "alg": "RS384 "}, claims()),
    "alg RSA1_5": lambda: raw({**HEAD, "alg": "RSA1_5"}, claims()),
    "HS256 by the public key": lambda: hmac_with_public_key("HS256", "sha256"),
    "HS384 by the public key": lambda: hmac_with_public_key("HS384", "sha384"),
    "HS512 by the public key": lambda: hmac_with_public_key("HS512", "sha512"),
    "RS384 header, HMAC inside": lambda: raw(
        HEAD, claims(), hmac.new(b"k", b"x", hashlib.sha384).digest()
    ),
    "HS384 by an empty secret": lambda: raw(
        {**HEAD, "alg": "HS384"}, claims(), hmac.new(b"", b"", hashlib.sha384).digest()
    ),
    "ES384 header, RSA signature": lambda: raw({**HEAD, "alg": "ES384"}, claims()),
    "ES384 header with the RSA key's kid": lambda: signed(
        None, {"alg": "ES384", "kid": "rsa+1="}, ec()
    ),
    "RS384 header with the EC key's kid": lambda: signed(None, {"kid": "ec1"}),
    "another digest than said": lambda: raw({**HEAD, "alg": "RS256"}, claims()),
    "psychic signature": lambda: raw({**HEAD, "alg": "ES384", "kid": "ec1"}, claims(), bytes(96)),
    # --- a signature that is not over these parts, or not by this key
    "signature empty": lambda: ".".join([*cut(signed())[:2], ""]),
    "signature cut": lambda: signed()[:-8],
    "signature of zeros": lambda: raw(HEAD, claims(), bytes(256)),
    "signature of another token": lambda: ".".join(
        [*cut(signed(claims(jti="x")))[:2], cut(signed(claims(jti="y")))[2]]
    ),
    "claims exchanged": lambda: ".".join(
        [cut(signed())[0], b64(claims(tenant="south")), cut(signed())[2]]
    ),
    "header exchanged": lambda: ".".join([b64({**HEAD, "x": 1}), *cut(signed())[1:]]),
    "by a stranger's key": lambda: signed(key=stranger()),
    "by a stranger's key in the name of another of ours": lambda: signed(
        None, {"kid": "ec1"}, stranger()
    ),
    # --- keys that the token brings or points to
    "jwk of a stranger": lambda: signed(None, {"jwk": public(stranger())[0]}, stranger()),
    "jwk of our own key": lambda: raw({**HEAD, "jwk": public(rsa())[0]}, claims()),
    "jku to another host": lambda: raw({**HEAD, "jku": EVIL}, claims()),
    "jku to another host by a stranger": lambda: signed(None, {"jku": EVIL}, stranger()),
    "jku with user info": lambda: raw(
        {**HEAD, "jku": "https://ehr.hospital.example@evil.example/jwks"}, claims()
    ),
    "jku longer than ours": lambda: raw({**HEAD, "jku": f"{JKU}/../evil"}, claims()),
    "jku over http": lambda: raw({**HEAD, "jku": JKU.replace("https", "http")}, claims()),
    "jku a list": lambda: raw({**HEAD, "jku": [JKU]}, claims()),
    "x5u": lambda: raw({**HEAD, "x5u": EVIL}, claims()),
    "x5c": lambda: raw({**HEAD, "x5c": ["AAAA"]}, claims()),
    "kid a path": lambda: raw({**HEAD, "kid": "../../../../dev/null"}, claims()),
    "kid a query": lambda: raw({**HEAD, "kid": "x' UNION SELECT 'key"}, claims()),
    "kid a command": lambda: raw({**HEAD, "kid": "rsa+1=; id"}, claims()),
    "kid a URL": lambda: raw({**HEAD, "kid": EVIL}, claims()),
    "kid a number": lambda: raw({**HEAD, "kid": 0}, claims()),
    "kid a list": lambda: raw({**HEAD, "kid": ["rsa+1="]}, claims()),
    "kid unknown": lambda: raw({**HEAD, "kid": "rsa+2="}, claims()),
    "kid missing where there is a choice": lambda: raw({"alg": "RS384", "typ": "JWT"}, claims()),
    "crit": lambda: raw({**HEAD, "crit": ["exp"]}, claims()),
    "crit empty": lambda: raw({**HEAD, "crit": []}, claims()),
    "b64 false": lambda: raw({**HEAD, "b64": False, "crit": ["b64"]}, claims()),
    "zip": lambda: raw({**HEAD, "zip": "DEF"}, claims()),
    "typ of something else": lambda: raw({**HEAD, "typ": "logout+jwt"}, claims()),
    # --- claims
    "iss missing": lambda: signed(claims(iss=...)),
    "iss of a stranger": lambda: signed(claims(iss="https://evil.example")),
    "iss with a slash": lambda: signed(claims(iss=f"{ISS}/")),
    "iss a list": lambda: signed(claims(iss=[ISS])),
    "aud missing": lambda: signed(claims(aud=...)),
    "aud of another service": lambda: signed(claims(aud=AUD.replace("view", "sign"))),
    "aud the host alone": lambda: signed(claims(aud="https://nms.hospital.example")),
    "aud longer than ours": lambda: signed(claims(aud=f"{AUD}/")),
    "aud over http": lambda: signed(claims(aud=AUD.replace("https", "http"))),
    "aud an empty list": lambda: signed(claims(aud=[])),
    "aud an object": lambda: signed(claims(aud={AUD: True})),
    "exp missing": lambda: signed(claims(exp=...)),
    "exp past": lambda: signed(claims(exp=NOW - LEEWAY_SECONDS - 1)),
    "exp as text": lambda: raw(HEAD, claims(exp="4102444800")),
    "exp true": lambda: raw(HEAD, claims(exp=True)),
    "exp null": lambda: raw(HEAD, claims(exp=None)),
    "exp not a number": lambda: raw(HEAD, claims(exp=float("nan"))),
    "exp infinite": lambda: raw(HEAD, claims(exp=float("inf"))),
    "exp before iat": lambda: signed(claims(iat=NOW + 20, exp=NOW - 20)),
    "iat missing": lambda: signed(claims(iat=...)),
    "iat in the future": lambda: signed(claims(iat=NOW + LEEWAY_SECONDS + 1)),
    "nbf in the future": lambda: signed(claims(nbf=NOW + LEEWAY_SECONDS + 1)),
    "lives for a day": lambda: signed(claims(exp=NOW + 86_400)),
    "jti missing": lambda: signed(claims(jti=...)),
    "jti empty": lambda: signed(claims(jti="")),
    "jti a number": lambda: signed(claims(jti=7)),
    "jti endless": lambda: signed(claims(jti="x" * 257)),
    # --- not a token
    "empty": lambda: "",
    "dots": lambda: "..",
    "two parts": lambda: ".".join(cut(signed())[:2]),
    "four parts": lambda: signed() + ".x",
    "five parts": lambda: "a.b.c.d.e",
    "not base64": lambda: "%%%.%%%.%%%",
    "not JSON": lambda: f"{b64(b'x')}.{b64(b'y')}.{b64(b'z')}",
    "a list for claims": lambda: raw(HEAD, [claims()]),
    "a text for a header": lambda: raw("RS384", claims()),
    "two issuers": lambda: raw(
        HEAD, b'{"iss":"https://evil.example",' + json.dumps(claims()).encode()[1:]
    ),
    "two algorithms": lambda: raw(b'{"alg":"none",' + json.dumps(HEAD).encode()[1:], claims()),
    "deep claims": lambda: raw(HEAD, b'{"a":' * 4000 + b"1" + b"}" * 4000),
    "too long": lambda: signed(claims(padding="x" * 20_000)),
    "blanks inside": lambda: signed().replace(".", " .", 1),
    "a line break inside": lambda: signed().replace(".", "\n.", 1),
    "padding kept": lambda: ".".join([cut(signed())[0] + "==", *cut(signed())[1:]]),
}


def test_there_are_enough_of_them() -> None:
    assert len(FORGED) >= 60


# how a forgery's name begins -> what it is refused for; the first that fits counts. A token that
# falls over something else than its forgery would show nothing.
REASONS = (
    ("alg none with", "algorithm"), ("alg none", "not a token"), ("alg ", "algorithm"),
    ("HS", "algorithm"), ("RS384 header", "signature"), ("ES384 header", "signature"),
    ("another digest", "signature"), ("psychic", "signature"), ("signature empty", "not a token"),
    ("signature ", "signature"), ("claims exchanged", "signature"),
    ("header exchanged", "signature"), ("by a stranger", "signature"),
    ("jwk ", "header not allowed"), ("jku ", "jku not the client's own"),
    ("x5", "header not allowed"), ("kid a number", "kid"), ("kid a list", "kid"),
    ("kid ", "key unknown"), ("crit", "header not allowed"), ("b64", "header not allowed"),
    ("zip", "header not allowed"), ("typ ", "type"), ("iss ", "issuer not on the list"),
    ("aud missing", "claim missing"), ("aud ", "audience"), ("exp missing", "claim missing"),
    ("exp past", "expired"), ("exp not a number", "expired"), ("exp infinite", "lives too long"),
    ("exp before iat", "lives too long"), ("exp ", "time not a number"),
    ("iat missing", "claim missing"), ("iat in", "not yet valid"), ("nbf in", "not yet valid"),
    ("lives for", "lives too long"), ("jti missing", "claim missing"), ("jti ", "jti malformed"),
    ("padding kept", "signature"), ("", "not a token"),
)  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused_for_its_forgery(name: str) -> None:
    _, _, reason = check()(FORGED[name](), (AUD,))
    assert reason == next(why for start, why in REASONS if name.startswith(start))


def test_the_refusal_is_for_the_forgery_and_not_for_the_key() -> None:
    """Put together by hand with nothing changed, the same token is good."""
    assert check()(raw(HEAD, claims()), (AUD,)) == (ISS, "north", "")


@pytest.mark.parametrize(
    ("held", "header"),
    [
        ({}, {}),
        ({"aud": ["https://other.example", AUD]}, {}),
        ({}, {"jku": JKU}),
        ({"iat": NOW - 300, "exp": NOW - LEEWAY_SECONDS + 1}, {}),
        ({"iat": NOW + LEEWAY_SECONDS - 1}, {}),
        ({"nbf": NOW - 300, "exp": NOW + 900, "sub": "client-7"}, {}),  # as Epic makes them
        ({}, {"alg": "RS256"}),
        ({}, {"alg": "PS512"}),
    ],
)
def test_an_honest_token_is_accepted(held: dict[str, Any], header: dict[str, Any]) -> None:
    assert check()(signed(claims(**held), header), (AUD,)) == (ISS, "north", "")


def test_an_elliptic_token_is_accepted() -> None:
    token = signed(None, {"alg": "ES384", "kid": "ec1"}, ec())
    assert check()(token, (AUD,))[2] == ""


def test_an_edwards_token_is_accepted() -> None:
    key = OKPKey.generate_key("Ed25519", {"kid": "ed"})
    told = check(keys=FixedKeys(key_set(public(key))))
    assert told(signed(None, {"alg": "EdDSA", "kid": "ed"}, key), (AUD,))[2] == ""


def test_without_kid_the_only_key_counts() -> None:
    told = check(keys=FixedKeys(key_set(public(rsa()))))
    assert told(raw({"alg": "RS384", "typ": "JWT"}, claims()), (AUD,))[2] == ""


def test_a_token_counts_once() -> None:
    told, token = check(), signed()
    answers = [told(token, (AUD,))[2] for _ in range(1000)]
    assert answers[0] == ""
    assert set(answers[1:]) == {"jti seen before"}


def test_a_refused_token_does_not_use_up_its_jti() -> None:
    told = check()
    assert told(signed(key=stranger()), (AUD,))[2] == "signature"
    assert told(signed(), (AUD,))[2] == ""


def test_a_tenant_claim_must_be_the_client_s_own() -> None:
    told = check(claimed_tenant="north-campus")
    assert told(signed(claims(tenant="south-campus")), (AUD,))[2] == "tenant"
    assert told(signed(), (AUD,))[2] == "tenant"
    assert told(signed(claims(tenant="north-campus")), (AUD,))[2] == ""


def test_an_audience_override_counts_for_that_client_alone() -> None:
    told = check(audiences=("https://legacy.example/hooks",))
    assert told(signed(claims(aud="https://legacy.example/hooks")), (AUD,))[2] == ""
    assert check()(signed(claims(aud="https://legacy.example/hooks")), (AUD,))[2] == "audience"


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [OctKey.generate_key(256).as_dict(private=True)],
        [RSAKey.generate_key(2048).as_dict(private=True)],
        [{"kty": "RSA"}],
        [{"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"}],
    ],
)
def test_keys_that_are_no_public_keys_are_refused_at_start(keys: list[dict[str, Any]]) -> None:
    with pytest.raises(SettingsFault):
        key_set(keys)


class Address:
    """A key address with a clock: counts how often it is asked, fails when told to."""

    def __init__(self) -> None:
        self.time, self.asked, self.down = 0.0, 0, False
        self.keys = public(rsa())
        self.held = FetchedKeys(JKU, self.fetch, lambda: self.time)

    def fetch(self, url: str) -> bytes:
        assert url == JKU
        self.asked += 1
        if self.down:
            raise OSError
        return json.dumps({"keys": self.keys}).encode()


def test_a_rotated_key_is_found_and_the_old_one_forgotten() -> None:
    address = Address()
    assert address.held.find("rsa+1=") is not None
    address.keys = public(ec())
    address.time = 31
    assert address.held.find("ec1") is not None
    assert address.held.find("rsa+1=") is None


def test_a_flood_of_unknown_kids_asks_once_in_30_s() -> None:
    address = Address()
    for number in range(10_000):
        address.time = number * 0.01  # 100 s in all
        assert address.held.find(f"kid-{number}") is None
    assert address.asked <= 4


def test_a_failing_address_keeps_the_last_good_keys_for_a_day() -> None:
    address = Address()
    assert address.held.find("rsa+1=") is not None
    address.down = True
    address.time = 23 * 3600
    assert address.held.find("unknown") is None
    assert address.held.find("rsa+1=") is not None
    address.time = 25 * 3600
    assert address.held.find("rsa+1=") is None


def test_an_answer_that_is_no_key_set_keeps_the_last_good_keys() -> None:
    address = Address()
    assert address.held.find("rsa+1=") is not None
    address.keys = [{"kty": "oct", "k": "AAAA"}]
    address.time = 60
    assert address.held.find("unknown") is None
    assert address.held.find("rsa+1=") is not None
