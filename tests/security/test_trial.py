"""`tenant check`: every step is tried as a record system would, and explained."""

from collections.abc import Callable
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from service.cli import run
from tests.conformance.record import record_system
from tests.conformance.server import new_signer, own_server

Answer = tuple[int, str]
Check = Callable[..., Answer]


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Check:
    """`tenant check WORDS` with the service's address: exit code and everything said."""

    def run_check(base: str, *words: str) -> Answer:
        monkeypatch.setenv("NMS_SENTINEL_DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setenv("NMS_SENTINEL_BASE_URL", base)
        monkeypatch.setenv("NMS_SENTINEL_TENANTS", str(tmp_path / "tenants.toml"))
        if (tmp_path / "sign-in.toml").exists():
            monkeypatch.setenv("NMS_SENTINEL_SIGN_IN", str(tmp_path / "sign-in.toml"))
        code = run(["tenant", "check", *words])
        return code, "".join(capsys.readouterr())

    return run_check


def test_a_tenant_is_tried_step_by_step(tmp_path: Path, check: Check) -> None:
    signer = new_signer()
    key = tmp_path / "client.pem"
    key.write_bytes(signer.key.as_pem(private=True))
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(ECKey.generate_key("P-384").as_pem(private=True))
    with record_system() as record, own_server(tmp_path, signer, record.base) as base:
        (tmp_path / "sign-in.toml").write_text(
            f'[[smart]]\nissuer = "{record.base}"\nclient_id = "sentinel"\nrole = "physician"\n'
        )
        signed = ("--key", str(key), "--kid", signer.kid)
        code, told = check(base, "default", *signed)
        assert "ok   keys of https://ehr.example.org: 1 agreed out of band" in told
        assert "ok   FHIR server:" in told
        assert f"ok   SMART links: cards launch {base}/launch" in told
        assert "ok   call without token: refused with 401" in told
        assert "ok   signed discovery: lists patient-view" in told
        assert "ok   signed patient-view: answered with 200" in told
        assert "ok   the same token again: answered with 401" in told
        assert code == 0
        code, told = check(base, "default", "--key", str(stranger), "--kid", signer.kid)
        assert code == 1
        assert "FAIL signed discovery" in told
        assert "NMS_SENTINEL_BASE_URL" in told
        code, told = check("http://127.0.0.1:9", "default")
        assert code == 1
        assert "FAIL service: http://127.0.0.1:9/cds-services cannot be reached" in told
    code, told = check(base, "nowhere")
    assert code == 2
    assert "there is default" in told


def test_what_is_wrong_with_the_outside_is_explained(tmp_path: Path, check: Check) -> None:
    (tmp_path / "tenants.toml").write_text(
        '[tenants.north]\nfhir_base = "http://127.0.0.1:9/fhir"\nsilent = true\n'
        'silent_rules = ["INT-AP-LI"]\nsmart_links = true\n'
        'channels = { passive = [], task = ["patient-view"], interrupt = false }\n'
        '[[tenants.north.clients]]\nissuer = "https://ehr.example"\n'
        'jku = "https://127.0.0.1:9/jwks"\n'
    )
    code, told = check("http://127.0.0.1:9", "north")
    assert code == 1
    assert "FAIL FHIR server: http://127.0.0.1:9/fhir: no connection" in told
    assert "FAIL keys of https://ehr.example: https://127.0.0.1:9/jwks cannot be read" in told
    assert "silent mode: on" in told
    assert "silent rules: kept, not shown: INT-AP-LI" in told
    assert "cards of channel passive: on no hook: the worklist only" in told
    assert "cards of channel task: patient-view" in told
    assert "cards of channel urgent_task: on every hook" in told
    assert "cards of channel interruptive: on every hook, as a warning" in told
    assert "FAIL SMART links: http://127.0.0.1:9/fhir is no [[smart]] issuer" in told
