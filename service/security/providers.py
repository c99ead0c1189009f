"""How staff sign in: the hospital's OpenID provider, and record systems that launch us (SMART).

From a TOML file, checked whole at start; every fault is listed at once:

    idle_minutes = 30

    [oidc]
    issuer = "https://login.hospital.example"
    client_id = "nms-sentinel"
    client_secret_file = "oidc.secret"      # none: a public client, PKCE alone
    role_claim = "roles"                    # a word or a list of words
    ward_claim = "wards"                    # wards cared for; none: all
    tenant_claim = ""                       # tenants that may be seen; none: ours
    [oidc.roles]
    "Ward nurse" = "nurse"

    [[smart]]
    issuer = "https://ehr.hospital.example/fhir"
    client_id = "nms-sentinel"
    role = "physician"                      # of whoever is launched without a role of [oidc.roles]
    tenant = "north"                        # none: ours
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from service.errors import SettingsFault
from service.security.roles import role_of
from service.security.session import IDLE_SECONDS
from service.settings import is_loopback

_KNOWN = frozenset({
    "issuer", "client_id", "client_secret_file", "role_claim", "ward_claim", "tenant_claim",
    "name_claim", "roles", "role", "tenant", "scope",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Provider:
    """One place where people prove who they are. `smart`: it is a FHIR server that launches us."""

    issuer: str
    client_id: str
    client_secret: str = ""
    role_claim: str = "roles"
    ward_claim: str = "wards"
    tenant_claim: str = ""
    name_claim: str = "name"
    roles: Mapping[str, str] = field(default_factory=dict)
    role: str = ""
    tenant: str = ""
    smart: bool = False

    @property
    def name(self) -> str:
        """A server may be both, with another client id: the way back must know which it was."""
        return f"{'smart' if self.smart else 'oidc'} {self.issuer}"

    @property
    def discovery(self) -> str:
        kind = "smart-configuration" if self.smart else "openid-configuration"
        return f"{self.issuer}/.well-known/{kind}"


@dataclass(frozen=True, slots=True)
class Providers:
    oidc: Provider | None = None
    smart: tuple[Provider, ...] = ()
    idle_seconds: float = IDLE_SECONDS

    def launching(self, issuer: str) -> Provider | None:
        """The configured record system of this address: one in a call is never trusted."""
        return next((p for p in self.smart if p.issuer == issuer.rstrip("/")), None)


def read_providers(path: Path | None) -> Providers:
    """SettingsFault lists every fault of the file, one a line."""
    if path is None:
        return Providers()
    try:
        held = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        said = f"{path.name}: cannot be read as TOML ({fault})"
        raise SettingsFault(said, code="sign-in") from fault
    faults: list[str] = []
    found = Providers(
        oidc=_provider(held["oidc"], path, faults) if "oidc" in held else None,
        smart=tuple(_provider(one, path, faults, smart=True) for one in held.get("smart", ())),
        idle_seconds=60.0 * _minutes(held.get("idle_minutes", 30), faults),
    )
    faults += [
        f"{key}: is not known" for key in sorted(set(held) - {"oidc", "smart", "idle_minutes"})
    ]
    if faults:
        raise SettingsFault("\n".join(f"{path.name}: {f}" for f in faults), code="sign-in")
    return found


def _minutes(told: Any, faults: list[str]) -> float:
    if isinstance(told, bool) or not isinstance(told, int) or not 1 <= told <= 720:
        faults.append("idle_minutes: must be a whole number from 1 to 720")
        return 30
    return told


def _provider(
    told: Mapping[str, Any], path: Path, faults: list[str], *, smart: bool = False
) -> Provider:
    where = "smart" if smart else "oidc"
    faults += [f"{where}.{key}: is not known" for key in sorted(set(told) - _KNOWN)]
    issuer = str(told.get("issuer", "")).rstrip("/")
    if not _safe(issuer):
        faults.append(f"{where}.issuer: must be an https address (http on this machine only)")
    if not told.get("client_id"):
        faults.append(f"{where}.client_id: is needed")
    roles = {str(k): str(v) for k, v in dict(told.get("roles", {})).items()}
    named = [*roles.values(), *([str(told["role"])] if told.get("role") else [])]
    for role in named:
        if role_of(role) is None or role == "local":
            faults.append(f"{where}: {role!r} is no role for staff")
    if not named:
        faults.append(f"{where}.roles: nobody could do anything")
    return Provider(
        issuer=issuer,
        client_id=str(told.get("client_id", "")),
        client_secret=_secret(told, path, faults, where),
        roles=roles,
        smart=smart,
        **{
            name: str(told[name])
            for name in ("role_claim", "ward_claim", "tenant_claim", "name_claim", "role", "tenant")
            if name in told
        },
    )


def _safe(address: str) -> bool:
    parts = urlsplit(address)
    on_this_machine = parts.scheme == "http" and is_loopback(parts.hostname or "")
    return bool(parts.hostname) and (parts.scheme == "https" or on_this_machine)


def _secret(told: Mapping[str, Any], path: Path, faults: list[str], where: str) -> str:
    """From a file of its own: a configuration is read by more people than may know it."""
    if "client_secret_file" not in told:
        return ""
    try:
        return (path.parent / str(told["client_secret_file"])).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        faults.append(f"{where}.client_secret_file: cannot be read")
        return ""
