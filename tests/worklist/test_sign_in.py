"""Ways in: OpenID Connect with PKCE, SMART launch, the link of this machine. And the way out."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from service.errors import NotAllowed, SettingsFault
from service.security.providers import read_providers
from service.security.session import COOKIE, Sessions, User, sign_in_link
from tests.browser.serving import journey
from tests.worklist.provider import Provider
from tests.worklist.site import ANN, Ward

FLOW = "nms_sentinel_flow"


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.close()


def staffed(folder: Path, provider: Provider) -> Ward:
    (folder / "oidc.secret").write_text(provider.secret)
    path = folder / "sign-in.toml"
    path.write_text(
        f"""
idle_minutes = 10
[oidc]
issuer = "{provider.issuer}"
client_id = "nms"
client_secret_file = "oidc.secret"
[oidc.roles]
"Ward nurse" = "nurse"
"Consultant" = "physician"
[[smart]]
issuer = "{provider.issuer}"
client_id = "nms"
role = "physician"
"""
    )
    return Ward(folder / "data", NMS_SENTINEL_SIGN_IN=str(path))


def sent(ward: Ward, path: str) -> tuple[str, dict[str, str]]:
    """Where the browser is sent, and the cookie it keeps meanwhile."""
    answer = ward.ask("GET", path)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"], {"cookie": f"{FLOW}={answer.cookies[FLOW]}"}


def signed_in(ward: Ward, provider: Provider) -> User:
    address, kept = sent(ward, "/sign-in/staff")
    back = provider.authorize(address)
    answer = ward.ask("GET", "/sign-in/callback", params=back, headers=kept)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/worklist"
    return ward.sessions.user(answer.cookies[COOKIE])


def test_staff_sign_in_with_the_role_and_wards_of_their_claims(
    tmp_path: Path, provider: Provider
) -> None:
    ward = staffed(tmp_path, provider)
    provider.claims["wards"] = ["7B", "8"]
    user = signed_in(ward, provider)
    assert (user.name, user.role, user.wards) == ("Olga Oidc", "nurse", ("7B", "8"))
    assert [(e.who, e.outcome) for e in ward.audited("user.sign-in")] == [("Olga Oidc", "success")]
    (known,) = ward.store.people("default")  # to whom can be handed over
    assert (known.name, known.wards) == ("Olga Oidc", ("7B", "8"))
    provider.claims["roles"] = "Consultant"
    assert signed_in(ward, provider).role == "physician"


def test_after_the_sign_in_one_is_where_one_wanted_to_go(
    tmp_path: Path, provider: Provider
) -> None:
    ward = staffed(tmp_path, provider)
    refused = ward.ask("GET", "/check/p1")
    assert refused.status_code == 401
    assert "/sign-in?next=%2Fcheck%2Fp1" in refused.text
    for wanted, where in (
        ("/check/p1", "/check/p1"),
        ("//evil.example/x", "/worklist"),
        ("/\\evil.example", "/worklist"),
        ("https://evil.example", "/worklist"),
    ):
        begun = ward.ask("GET", "/sign-in", params={"next": wanted})
        address, kept = sent(ward, begun.headers["location"])
        back = provider.authorize(address)
        answer = ward.ask("GET", "/sign-in/callback", params=back, headers=kept)
        assert answer.headers["location"] == where


def test_who_has_no_role_here_stays_outside(tmp_path: Path, provider: Provider) -> None:
    ward = staffed(tmp_path, provider)
    provider.claims["roles"] = ["Porter"]
    address, kept = sent(ward, "/sign-in/staff")
    back = provider.authorize(address)
    answer = ward.ask("GET", "/sign-in/callback", params=back, headers=kept)
    assert answer.status_code == 403
    assert COOKIE not in answer.cookies


@pytest.mark.parametrize(
    "spoil",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another"},
        {"aud": ["nms", "another"]},
        {"exp": 1},
        {"nonce": "other"},
        {"iat": 4_000_000_000},
    ],
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    tmp_path: Path, provider: Provider, spoil: dict
) -> None:
    ward = staffed(tmp_path, provider)
    provider.spoil = spoil
    address, kept = sent(ward, "/sign-in/staff")
    back = provider.authorize(address)
    answer = ward.ask("GET", "/sign-in/callback", params=back, headers=kept)
    assert answer.status_code == 401
    assert [e.outcome for e in ward.audited("user.sign-in")] == ["refused"]


def test_a_token_signed_by_somebody_else_is_refused(tmp_path: Path, provider: Provider) -> None:
    ward = staffed(tmp_path, provider)
    provider.signing = ECKey.generate_key("P-256", parameters={"kid": "k1"})
    address, kept = sent(ward, "/sign-in/staff")
    back = provider.authorize(address)
    assert ward.ask("GET", "/sign-in/callback", params=back, headers=kept).status_code == 401


def test_a_code_counts_for_the_browser_that_asked_and_once(
    tmp_path: Path, provider: Provider
) -> None:
    ward = staffed(tmp_path, provider)
    address, kept = sent(ward, "/sign-in/staff")
    back = provider.authorize(address)
    assert ward.ask("GET", "/sign-in/callback", params=back).status_code == 401  # no cookie
    _, other = sent(ward, "/sign-in/staff")
    assert ward.ask("GET", "/sign-in/callback", params=back, headers=other).status_code == 401
    assert ward.ask("GET", "/sign-in/callback", params=back, headers=kept).status_code == 303
    assert ward.ask("GET", "/sign-in/callback", params=back, headers=kept).status_code == 401


def test_a_record_system_launches_the_patient_that_it_shows(
    tmp_path: Path, provider: Provider
) -> None:
    ward = staffed(tmp_path, provider)
    ward.take(journey("haloperidol-36h", "p1", until=5))
    provider.claims = {"sub": "u2", "name": "Sam Smart"}
    provider.patient, provider.secret = "p1", ""
    address, kept = sent(ward, f"/launch?iss={provider.issuer}&launch=xyz")
    back = provider.authorize(address)
    asked = provider.asked[back["code"]]
    assert (asked["launch"], asked["aud"]) == ("xyz", provider.issuer)
    assert set(asked["scope"].split()) == {"openid", "fhirUser", "launch"}
    answer = ward.ask("GET", "/sign-in/callback", params=back, headers=kept)
    assert answer.headers["location"] == "/patients/p1"
    user = ward.sessions.user(answer.cookies[COOKIE])
    assert (user.name, user.role) == ("Sam Smart", "physician")
    shown = ward.ask(
        "GET", "/patients/p1", headers={"cookie": f"{COOKIE}={answer.cookies[COOKIE]}"}
    )
    assert shown.status_code == 200


def test_standalone_the_record_system_asks_which_patient(
    tmp_path: Path, provider: Provider
) -> None:
    ward = staffed(tmp_path, provider)
    ward.take(journey("haloperidol-36h", "p1", until=5))
    provider.claims = {"sub": "u2", "name": "Sam Smart"}
    provider.patient, provider.secret = "p1", ""
    address, kept = sent(ward, f"/launch?iss={provider.issuer}")
    back = provider.authorize(address)
    asked = provider.asked[back["code"]]
    assert "launch" not in asked
    assert set(asked["scope"].split()) == {"openid", "fhirUser", "launch/patient"}
    answer = ward.ask("GET", "/sign-in/callback", params=back, headers=kept)
    assert answer.headers["location"] == "/patients/p1"


def test_a_launch_by_an_unknown_record_system_goes_nowhere(
    tmp_path: Path, provider: Provider
) -> None:
    ward = staffed(tmp_path, provider)
    answer = ward.ask("GET", "/launch?iss=https://evil.example&launch=x")
    assert answer.status_code == 401


def test_the_provider_that_does_not_answer_is_said(tmp_path: Path, provider: Provider) -> None:
    ward = staffed(tmp_path, provider)
    provider.close()
    assert ward.ask("GET", "/sign-in/staff").status_code == 503


def test_every_fault_of_the_file_is_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sign-in.toml"
    path.write_text(
        'idle_minutes = 0\ncolour = 1\n[oidc]\nissuer = "http://login.example"\nshape = 2\n'
        'client_secret_file = "none"\n[oidc.roles]\nA = "king"\nB = "local"\n'
    )
    with pytest.raises(SettingsFault) as told:
        read_providers(path)
    said = told.value.message
    for words in (
        "idle_minutes", "colour", "oidc.issuer", "oidc.shape", "client_id", "'king'", "'local'",
        "client_secret_file",
    ):  # fmt: skip
        assert words in said


def test_the_link_of_this_machine_counts_once_and_here_only(tmp_path: Path) -> None:
    ward = Ward(tmp_path / "a")
    path = sign_in_link(ward.settings).removeprefix(ward.settings.base_url)
    first = ward.ask("GET", path)
    assert first.status_code == 303
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert ward.ask("GET", path).status_code == 401
    elsewhere = Ward(
        tmp_path / "b",
        NMS_SENTINEL_OPEN_MODE="0",
        NMS_SENTINEL_BASE_URL="https://nms.hospital.example",
    )
    path = sign_in_link(elsewhere.settings).removeprefix(elsewhere.settings.base_url)
    assert elsewhere.ask("GET", path).status_code == 403
    assert elsewhere.sessions.secure  # and over https its cookies are sent over https only


def test_who_signs_out_is_out_with_every_copy_of_the_cookie(ward: Ward) -> None:
    cookie = ward.cookie(ANN)
    assert ward.get(ANN, "/worklist").status_code == 200
    assert ward.send(ANN, "/sign-out", csrf="").status_code == 403
    assert ward.send(ANN, "/sign-out").status_code == 303
    answer = ward.ask("GET", "/worklist", headers={"cookie": f"{COOKIE}={cookie}"})
    assert answer.status_code == 401
    assert [e.who for e in ward.audited("user.sign-out")] == ["Ann Able"]


def test_who_is_away_is_signed_out_and_who_is_there_is_not() -> None:
    clock = [1000.0]
    sessions = Sessions(b"k" * 32, secure=False, now=lambda: clock[0], idle=600)
    cookie = sessions.begin(User("Ann", "nurse"))
    clock[0] += 599
    renewed = sessions.renewed(cookie)
    assert renewed is not None
    clock[0] += 599
    assert sessions.user(renewed).name == "Ann"
    with pytest.raises(NotAllowed) as away:
        sessions.user(cookie)
    assert away.value.code == "sign-in-idle"
    for _ in range(100):  # whoever is always there is signed out after half a day all the same
        clock[0] += 590
        try:
            renewed = sessions.renewed(renewed) or renewed
        except NotAllowed:
            break
    assert clock[0] - 1000 < 13 * 3600
    with pytest.raises(NotAllowed):
        sessions.user(renewed)


def test_an_open_page_alone_keeps_no_session_alive(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions, begun = ward.app.state.sessions, time.time()
    ward.cookie(ANN)
    monkeypatch.setattr(sessions, "_now", lambda: begun + 120)
    assert "set-cookie" not in ward.get(ANN, "/worklist/rows").headers
    assert "set-cookie" not in ward.get(ANN, "/patients/p1/timeline").headers
    assert COOKIE in ward.get(ANN, "/worklist").headers["set-cookie"]
    token = {"x-csrf-token": sessions.csrf(ward.cookie(ANN))}
    alive = ward.as_user(ANN, "POST", "/session/alive", headers=token)
    assert COOKIE in alive.headers["set-cookie"]


def test_a_cookie_that_was_changed_is_nobodys() -> None:
    sessions = Sessions(b"k" * 32, secure=False)
    body, _, mark = sessions.begin(User("Ann", "nurse")).partition(".")
    other = "0" if mark[-1] != "0" else "1"
    for forged in ("", "x", f"{body}.{mark[:-1]}{other}", f"{body}A.{mark}", f".{mark}"):
        with pytest.raises(NotAllowed):
            sessions.user(forged)
    with pytest.raises(NotAllowed):  # a link is no session
        sessions.user(sessions.link_token(User("Ann", "nurse")))
