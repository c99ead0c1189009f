"""The tenants: hospitals (or parts of one) whose data are kept apart, each with its own rules.

From a TOML file, checked whole at start; every fault is listed at once:

    [tenants.north]
    fhir_base = "https://fhir.north.example/r4"   # the only server ever asked; none: prefetch only
    fhir_version = "R4"                           # DSTU2, STU3, R4, R4B, R5
    zone = "Europe/Berlin"                        # of times sent without one, and of the pages
    hooks = ["patient-view", "order-sign"]        # those answered; all when left out
    silent = true                                 # computed and recorded, nothing shown (ALR-10)
    silent_rules = ["INT-AP-POLY"]                # these rules only
    fetch_deadline_ms = 450
    detected_issues = true                        # cards offer to record a DetectedIssue
    smart_links = true                            # cards also carry a link that launches us (SMART)

    [tenants.north.channels]                      # where cards may be seen: service.security.policy
    passive = []

    [[tenants.north.clients]]
    issuer = "https://ehr.north.example"
    jku = "https://ehr.north.example/jwks"        # or keys_file = "north.json" (a JWK set)
    claimed_tenant = "north-campus"               # when its tokens carry a tenant
    audiences = []                                # further aud values accepted from this client
"""

import json
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from service.errors import SettingsFault
from service.fhir.address import Base, base_of
from service.security.policy import Policy, read_policy
from service.security.tokens import Client, keys_of

VERSIONS = ("DSTU2", "STU3", "R4", "R4B", "R5")
HOOKS = (
    "patient-view", "order-select", "order-sign", "encounter-start", "encounter-discharge",
)  # fmt: skip
DEADLINE_MS = (50, 4000)  # the hard stop of the protocol's clients lies at about 4 s
_TENANT = frozenset({
    "fhir_base", "fhir_version", "zone", "hooks", "silent", "silent_rules", "fetch_deadline_ms",
    "detected_issues", "smart_links", "channels", "clients",
})  # fmt: skip
_CLIENT = frozenset({"issuer", "jku", "keys_file", "claimed_tenant", "audiences"})


@dataclass(frozen=True, slots=True)
class Tenant:
    """`hooks`: those answered, None for all. `silent`: everything is recorded, nothing shown.
    `policy`: where cards may be seen. `smart_links`: the record system launches us (SMART)."""

    name: str
    zone: ZoneInfo
    fhir_base: Base | None = None
    fhir_version: str | None = None
    hooks: frozenset[str] | None = None
    silent: bool = False
    silent_rules: frozenset[str] = frozenset()
    fetch_deadline_s: float = 0.45
    detected_issues: bool = False
    smart_links: bool = False
    policy: Policy = field(default_factory=Policy)
    clients: Mapping[str, Client] = field(default_factory=dict)

    def answers(self, hook: str) -> bool:
        return self.hooks is None or hook in self.hooks

    def hides(self, rule: str) -> bool:
        """Is a card of this rule computed and recorded, but not shown?"""
        return self.silent or rule in self.silent_rules


def read_tenants(
    path: Path, zone: ZoneInfo, rules: Collection[str] | None = None
) -> dict[str, Tenant]:
    """The tenants by name; `zone` where one names none. `rules`: those that a card can speak for,
    unchecked when not given.

    SettingsFault lists every fault of the file, one a line.
    """
    try:
        held = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        said = f"{path.name}: cannot be read as TOML ({fault})"
        raise SettingsFault(said, code="tenants") from fault
    listed = held.get("tenants")
    if not isinstance(listed, dict) or not listed:
        raise SettingsFault(f"{path.name}: no [tenants.NAME] is there.", code="tenants")
    faults: list[str] = []
    tenants = {
        name: _tenant(name, told, zone, path.parent, faults) for name, told in listed.items()
    }
    faults += _shared_issuers(tenants)
    if rules is not None:
        faults += _unknown_rules(tenants, rules)
    if faults:
        raise SettingsFault("\n".join(f"{path.name}: {f}" for f in faults), code="tenants")
    return tenants


def clients_of(tenants: Mapping[str, Tenant]) -> dict[str, Client]:
    """Every client of every tenant, by issuer."""
    return {client.issuer: client for t in tenants.values() for client in t.clients.values()}


def _shared_issuers(tenants: Mapping[str, Tenant]) -> Iterator[str]:
    """An issuer speaks for one tenant: else a token would not tell whose data it may touch."""
    owners: dict[str, str] = {}
    for tenant in tenants.values():
        for issuer in tenant.clients:
            if issuer in owners:
                yield f"{issuer} is a client of {owners[issuer]} and of {tenant.name}"
            owners[issuer] = tenant.name


def _unknown_rules(tenants: Mapping[str, Tenant], rules: Collection[str]) -> Iterator[str]:
    """A misspelt rule would be shown in silence's place."""
    for tenant in tenants.values():
        for rule in sorted(tenant.silent_rules - set(rules)):
            yield f"tenants.{tenant.name}.silent_rules: there is no rule {rule!r}"


def _tenant(name: str, told: Any, zone: ZoneInfo, folder: Path, faults: list[str]) -> Tenant:
    if not isinstance(told, dict):
        faults.append(f"tenants.{name}: must be a table")
        return Tenant(name, zone)
    faults += [f"tenants.{name}.{key}: not known" for key in sorted(set(told) - _TENANT)]
    clients = {}
    for number, client in enumerate(told.get("clients", [])):
        where = f"tenants.{name}.clients[{number}]"
        read = _client(where, client, name, folder, faults)
        if read is not None:
            clients[read.issuer] = read
    hooks = _hooks(name, told.get("hooks"), faults)
    smart_links = _flag(name, "smart_links", told, faults)
    if smart_links and "fhir_base" not in told:
        faults.append(f"tenants.{name}.smart_links: needs fhir_base, the server that launches")
    return Tenant(
        name=name,
        zone=_zone(name, told.get("zone"), zone, faults),
        fhir_base=_base(name, told.get("fhir_base"), faults),
        fhir_version=_version(name, told.get("fhir_version"), faults),
        hooks=hooks,
        silent=_flag(name, "silent", told, faults),
        silent_rules=frozenset(_texts(f"tenants.{name}.silent_rules", told, faults)),
        fetch_deadline_s=_deadline(name, told.get("fetch_deadline_ms", 450), faults),
        detected_issues=_flag(name, "detected_issues", told, faults),
        smart_links=smart_links,
        policy=read_policy(f"tenants.{name}.channels", told.get("channels"), HOOKS, hooks, faults),
        clients=clients,
    )


def _flag(name: str, key: str, told: Mapping[str, Any], faults: list[str]) -> bool:
    """A misspelt "true" must not switch silent mode off."""
    given = told.get(key, False)
    if not isinstance(given, bool):
        faults.append(f"tenants.{name}.{key}: must be true or false")
        return False
    return given


def _zone(name: str, told: Any, zone: ZoneInfo, faults: list[str]) -> ZoneInfo:
    if told is None:
        return zone
    try:
        return ZoneInfo(told)
    except (KeyError, ValueError, TypeError, OSError):
        faults.append(f"tenants.{name}.zone: {told!r} is not a time zone")
        return zone


def _base(name: str, told: Any, faults: list[str]) -> Base | None:
    if told is None:
        return None
    try:
        return base_of(told if isinstance(told, str) else "")
    except SettingsFault as fault:
        faults.append(f"tenants.{name}.fhir_base: {fault.message}")
        return None


def _version(name: str, told: Any, faults: list[str]) -> str | None:
    if told is not None and told not in VERSIONS:
        faults.append(f"tenants.{name}.fhir_version: must be one of {', '.join(VERSIONS)}")
    return told if told in VERSIONS else None


def _hooks(name: str, told: Any, faults: list[str]) -> frozenset[str] | None:
    if told is None:
        return None
    if not isinstance(told, list) or not set(map(str, told)) <= set(HOOKS):
        faults.append(f"tenants.{name}.hooks: must be a list of {', '.join(HOOKS)}")
        return None
    return frozenset(told)


def _deadline(name: str, told: Any, faults: list[str]) -> float:
    least, most = DEADLINE_MS
    if isinstance(told, bool) or not isinstance(told, int) or not least <= told <= most:
        faults.append(f"tenants.{name}.fetch_deadline_ms: must be {least} to {most}")
        return 0.45
    return told / 1000


def _texts(where: str, told: Mapping[str, Any], faults: list[str]) -> list[str]:
    held = told.get(where.rsplit(".", 1)[-1], [])
    if not isinstance(held, list) or not all(isinstance(text, str) for text in held):
        faults.append(f"{where}: must be a list of texts")
        return []
    return held


def _client(where: str, told: Any, tenant: str, folder: Path, faults: list[str]) -> Client | None:
    if not isinstance(told, dict):
        faults.append(f"{where}: must be a table")
        return None
    before = len(faults)
    faults += [f"{where}.{key}: not known" for key in sorted(set(told) - _CLIENT)]
    issuer, jku = told.get("issuer"), told.get("jku", "")
    if not isinstance(issuer, str) or not issuer:
        faults.append(f"{where}.issuer: required")
    if bool(jku) == ("keys_file" in told):
        faults.append(f"{where}: give jku or keys_file, one of them")
    if jku and not _https(jku):
        faults.append(f"{where}.jku: must be an https address")
    keys = _keys(where, told.get("keys_file"), folder, faults)
    audiences = _texts(f"{where}.audiences", told, faults)
    if len(faults) > before:
        return None
    try:
        held = keys_of(jku, keys)
    except SettingsFault as fault:
        faults.append(f"{where}: {fault.message}")
        return None
    claimed = str(told.get("claimed_tenant", ""))
    return Client(str(issuer), tenant, held, jku, claimed, tuple(audiences))


def _keys(where: str, told: Any, folder: Path, faults: list[str]) -> list[dict[str, Any]]:
    if told is None:
        return []
    try:
        held = json.loads((folder / str(told)).read_text("utf-8"))
        return [dict(key) for key in held["keys"]]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        faults.append(f"{where}.keys_file: cannot be read ({type(fault).__name__})")
        return []


def _https(address: Any) -> bool:
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
