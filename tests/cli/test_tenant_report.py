"""`tenant report`: a name that was misspelt is not answered with zeros."""

from pathlib import Path

import orjson
import pytest
from joserfc.jwk import ECKey

from service.cli import run
from service.store import open_store
from tests.monitoring.orders import TENANT, accept

Output = pytest.CaptureFixture[str]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that holds one patient of TENANT."""
    url = f"sqlite:///{tmp_path / 's.db'}"
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("NMS_SENTINEL_DATA_DIR", str(tmp_path))
    store = open_store(url)
    store.upgrade()
    accept(store, "told")
    store.close()
    return tmp_path


def reported(name: str, capsys: Output) -> str:
    assert run(["tenant", "report", name, "--format", "json"]) in (0, 1)
    return str(orjson.loads(capsys.readouterr().out)["tenant"])


def refused(name: str, capsys: Output) -> str:
    assert run(["tenant", "report", name]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    return told.err.strip()


def test_without_a_file_the_tenant_of_the_settings_is_known(
    house: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reported("default", capsys) == "default"
    assert refused("nrth", capsys) == f"No tenant 'nrth' is known; known: default, {TENANT}."
    monkeypatch.setenv("NMS_SENTINEL_TENANT", "north")
    assert reported("north", capsys) == "north"
    assert refused("default", capsys) == (f"No tenant 'default' is known; known: north, {TENANT}.")


def test_the_tenants_of_the_file_are_known(
    house: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    (house / "tenants.toml").write_text("[tenants.north]\n[tenants.south]\n")
    monkeypatch.setenv("NMS_SENTINEL_TENANTS", str(house / "tenants.toml"))
    for name in ("north", "south"):
        assert reported(name, capsys) == name
    assert refused("west", capsys).endswith(f"known: default, north, south, {TENANT}.")


def test_the_tenants_of_client_keys_are_known(
    house: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ECKey.generate_key("P-256", {"kid": "k"}).as_dict(private=False)
    client = {"iss": "https://ehr.example", "tenant": "east", "keys": [key]}
    (house / "keys.json").write_bytes(orjson.dumps({"clients": [client]}))
    monkeypatch.setenv("NMS_SENTINEL_CLIENT_KEYS", str(house / "keys.json"))
    assert reported("east", capsys) == "east"
    assert refused("west", capsys).endswith(f"known: default, east, {TENANT}.")


def test_what_came_in_is_told_beside_the_gates(house: Path, capsys: Output) -> None:
    """A gate that is met on a feed that is refused says little."""
    run(["tenant", "report", TENANT, "--format", "json"])
    assert orjson.loads(capsys.readouterr().out)["intake"] == {
        "bundles": 1,
        "received": 2,
        "accepted": 2,
        "superseded": 0,
        "duplicate": 0,
        "ignored": 0,
        "refused": 0,
    }
    run(["tenant", "report", TENANT])
    assert "intake: bundles 1, received 2, accepted 2" in capsys.readouterr().out
    long_ago = ["--since", "2020-01-01T00:00:00Z", "--until", "2020-02-01T00:00:00Z"]
    run(["tenant", "report", TENANT, "--format", "json", *long_ago])
    assert orjson.loads(capsys.readouterr().out)["intake"]["received"] == 0


def test_a_tenant_that_left_the_file_is_reported_while_its_patients_are_kept(
    house: Path, capsys: Output
) -> None:
    assert TENANT != "default"
    assert reported(TENANT, capsys) == TENANT
