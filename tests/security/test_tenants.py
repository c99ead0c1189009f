"""The tenant file: read whole, every fault named at once."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from joserfc.jwk import ECKey

from alerts.statements import Channel
from service.errors import SettingsFault
from service.security.tenants import clients_of, read_tenants

UTC = ZoneInfo("UTC")

GOOD = """
[tenants.north]
fhir_base = "https://fhir.north.example/r4"
fhir_version = "R4"
zone = "Europe/Berlin"
hooks = ["patient-view", "order-sign"]
silent_rules = ["INT-AP-POLY"]
fetch_deadline_ms = 300
smart_links = true

[tenants.north.channels]
passive = []
task = ["patient-view"]
urgent_task = ["patient-view", "order-sign"]
interrupt = false

[[tenants.north.clients]]
issuer = "https://ehr.north.example"
jku = "https://ehr.north.example/jwks"
claimed_tenant = "north-campus"

[tenants.south]
silent = true

[[tenants.south.clients]]
issuer = "https://ehr.south.example"
keys_file = "south.json"
"""
BAD = """
[tenants.north]
fhir_base = "http://fhir.north.example/r4"
fhir_version = "R3"
zone = "Europe/Atlantis"
hooks = ["patient-view", "order-dispatch"]
silent_rules = "INT-AP-POLY"
fetch_deadline_ms = 9000
colour = "green"
smart_links = "yes"

[tenants.north.channels]
passive = ["patient-view", "encounter-start"]
task = ["encounter-start"]
urgent_task = "order-sign"
interruptive = ["order-sign"]
shouting = true
interrupt = 0

[[tenants.north.clients]]
jku = "http://ehr.north.example/jwks"
keys_file = "nowhere.json"

[[tenants.north.clients]]
issuer = "https://shared.example"
jku = "https://shared.example/jwks"

[tenants.south]
hooks = ["patient-view"]
silent_rules = ["NMS", "INT-AP-POLLY"]
smart_links = true
channels = { task = ["order-sign"], urgent_task = ["order-sign"], passive = ["order-sign"] }

[[tenants.south.clients]]
issuer = "https://shared.example"
jku = "https://shared.example/jwks"
"""
FAULTS = (
    "tenants.north.fhir_base",
    "tenants.north.fhir_version",
    "tenants.north.zone",
    "tenants.north.hooks",
    "tenants.north.silent_rules",
    "tenants.north.fetch_deadline_ms",
    "tenants.north.colour: not known",
    "tenants.north.smart_links: must be true or false",
    "tenants.north.channels.task: must name patient-view too, as passive does",
    "tenants.north.channels.urgent_task: must be a list of",
    "tenants.north.channels.interruptive: what interrupts cannot be hidden",
    "tenants.north.channels.shouting: not known",
    "tenants.north.channels.interrupt: must be true or false",
    "tenants.south.channels.passive: order-sign is not among its hooks",
    "tenants.south.channels.task: order-sign is not among its hooks",
    "tenants.south.channels.urgent_task: order-sign is not among its hooks",
    "tenants.south.smart_links: needs fhir_base",
    "tenants.south.silent_rules: there is no rule 'INT-AP-POLLY'",
    "tenants.north.clients[0].issuer: required",
    "tenants.north.clients[0]: give jku or keys_file",
    "tenants.north.clients[0].jku: must be an https address",
    "tenants.north.clients[0].keys_file: cannot be read",
    "https://shared.example is a client of north and of south",
)


def written(folder: Path, text: str) -> Path:
    key = ECKey.generate_key("P-384", {"kid": "s"}).as_dict(private=False)
    (folder / "south.json").write_text(json.dumps({"keys": [key]}))
    path = folder / "tenants.toml"
    path.write_text(text)
    return path


def test_a_good_file_is_read_whole(tmp_path: Path) -> None:
    tenants = read_tenants(written(tmp_path, GOOD), UTC)
    north, south = tenants["north"], tenants["south"]
    assert north.fhir_base is not None
    assert north.fhir_base.url == "https://fhir.north.example/r4"
    assert (north.zone.key, north.fhir_version) == ("Europe/Berlin", "R4")
    assert (north.answers("patient-view"), north.answers("order-select")) == (True, False)
    assert (north.hides("INT-AP-POLY"), north.hides("NMS")) == (True, False)
    assert north.fetch_deadline_s == 0.3
    assert (north.smart_links, south.smart_links) == (True, False)
    policy = north.policy
    assert not policy.shows(Channel.PASSIVE, "patient-view")
    assert policy.shows(Channel.TASK, "patient-view")
    assert not policy.shows(Channel.TASK, "order-sign")
    assert policy.shows(Channel.INTERRUPTIVE, "order-sign")
    assert (policy.interrupt, policy.is_plain, south.policy.is_plain) == (False, False, True)
    assert (south.hides("NMS"), south.zone, south.fhir_base) == (True, UTC, None)
    told = {issuer: client.tenant for issuer, client in clients_of(tenants).items()}
    assert told == {"https://ehr.north.example": "north", "https://ehr.south.example": "south"}


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault) as fault:
        read_tenants(written(tmp_path, BAD), UTC, rules={"NMS", "INT-AP-POLY"})
    for said in FAULTS:
        assert said in fault.value.message
    assert len(fault.value.message.splitlines()) == len(FAULTS)


@pytest.mark.parametrize("text", ["", "[tenants]", "tenants = 3", "[tenants.north", "\x00"])
def test_a_file_without_tenants_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsFault):
        read_tenants(written(tmp_path, text), UTC)


def test_a_missing_file_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault):
        read_tenants(tmp_path / "none.toml", UTC)
