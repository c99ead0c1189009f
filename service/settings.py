"""The environment as typed settings: read once, every fault listed at once.

Every variable begins with NMS_SENTINEL_, except REDIS_URL and DATABASE_URL, which platforms set.
An unknown NMS_SENTINEL_ variable is a fault too: a misspelt setting must not be a silent default.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from service.errors import SettingsFault

PREFIX = "NMS_SENTINEL_"
# read by the process itself, not settings of the service
PROCESS_VARIABLES = frozenset(
    {"DEBUG", "LISTEN_FD", "SUPERVISED", "FHIR_SAMPLES", "TERMINOLOGY", "SNOMED_LICENSED"}
)
LEVELS = ("debug", "info", "warning", "error")
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that an operator may choose. Made by `load_settings`; tests may build their own.

    `open_mode`: None leaves it to the command (`serve` on a loopback address without client keys
    is open, everything else closed). `*_bytes` in bytes, `*_s` in seconds.
    """

    data_dir: Path
    database_url: str
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = "http://127.0.0.1:8000"
    tenant: str = "default"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    redis_url: str | None = None
    client_keys: Path | None = None
    tenants: Path | None = None
    open_mode: bool | None = None
    cors_origins: tuple[str, ...] = ("*",)
    docs: bool = False
    metrics_token: str | None = None
    notify: Path | None = None
    sign_in: Path | None = None
    session_key: Path | None = None
    rules: Path | None = None
    max_bytes: int = 20_000_000
    max_hook_bytes: int = 5_000_000
    max_depth: int = 64
    max_entries: int = 10_000
    read_timeout_s: int = 30
    rate_per_minute: int = 60_000
    intake_processes: int = 1
    intake_port: int | None = None
    worker_pool: str = "threads"
    worker_concurrency: int = 2
    keep_readings_days: int = 30
    keep_alerts_days: int | None = None
    keep_audit_days: int | None = None
    keep_cards_days: int | None = None
    log_level: str = "info"
    log_file: Path | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether the service is bound to, and known under, addresses of this machine only."""
        return is_loopback(self.host) and is_loopback(urlsplit(self.base_url).hostname or "")


def is_loopback(host: str) -> bool:
    """Whether a host can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings(environ: Mapping[str, str]) -> Settings:
    """The settings of an environment. SettingsFault names every fault, one a line."""
    faults: list[str] = []
    read = _Reader(environ, faults)
    data_dir = read.path("DATA_DIR") or Path(".nms-sentinel")
    given: dict[str, Any] = {
        "data_dir": data_dir.absolute(),
        "database_url": read.database(data_dir.absolute()),
        "redis_url": read.redis(),
        **{name: take(read) for name, take in _TAKEN.items()},
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    if "base_url" not in chosen:
        host, port = chosen.get("host", "127.0.0.1"), chosen.get("port", 8000)
        chosen["base_url"] = address_of(host, port)
    settings = Settings(**chosen)
    faults += [*_unknown(environ), *_together(settings)]
    if faults:
        raise SettingsFault("\n".join(faults), code="settings")
    return settings


def _together(settings: Settings) -> list[str]:
    """Settings that are right alone and wrong together."""
    faults = _doors(settings)
    if settings.intake_port == settings.port:
        faults.append(f"{PREFIX}INTAKE_PORT: not the port of the API ({PREFIX}PORT)")
    return faults


def _doors(settings: Settings) -> list[str]:
    if settings.open_mode and not settings.is_loopback:
        return [
            f"{PREFIX}OPEN_MODE: only where host and base address are of this machine alone"
            " (127.0.0.1, localhost); elsewhere give client keys"
        ]
    keyed = [name for name in ("CLIENT_KEYS", "TENANTS") if getattr(settings, name.lower())]
    if settings.open_mode and keyed:
        return [f"{PREFIX}OPEN_MODE: not together with {PREFIX}{keyed[0]}"]
    if len(keyed) > 1:
        return [f"{PREFIX}CLIENT_KEYS: not together with {PREFIX}TENANTS, which holds the clients"]
    return []


def unwritable(data_dir: Path, fault: OSError) -> SettingsFault:
    """What to say where the data directory takes no file: read-only, full, another's."""
    said = f"{PREFIX}DATA_DIR: {data_dir} cannot be written ({fault.strerror})."
    return SettingsFault(said, code="data-dir")


def address_of(host: str, port: int) -> str:
    """The address under which a bind address is reached from this machine."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - compared only
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


class _Reader:
    """One variable at a time; a fault is noted and the reading goes on."""

    def __init__(self, environ: Mapping[str, str], faults: list[str]) -> None:
        self._environ = environ
        self._faults = faults

    def text(self, name: str) -> str | None:
        return self._environ.get(PREFIX + name, "").strip() or None

    def fault(self, name: str, wanted: str) -> None:
        self._faults.append(f"{name}: {wanted}")

    def path(self, name: str) -> Path | None:
        found = self.text(name)
        return Path(found).expanduser() if found else None

    def file(self, name: str) -> Path | None:
        found = self.path(name)
        if found is not None and not found.is_file():
            self.fault(PREFIX + name, "is not a file that can be read")
            return None
        return found

    def number(self, name: str, least: int, most: int) -> int | None:
        found = self.text(name)
        if found is None:
            return None
        if not re.fullmatch(r"-?\d{1,15}", found) or not least <= int(found) <= most:
            self.fault(PREFIX + name, f"must be a whole number from {least} to {most}")
            return None
        return int(found)

    def flag(self, name: str) -> bool | None:
        found = self.text(name)
        if found is None:
            return None
        if found.lower() not in _FLAGS:
            self.fault(PREFIX + name, "must be 1 or 0")
            return None
        return _FLAGS[found.lower()]

    def choice(self, name: str, offered: tuple[str, ...]) -> str | None:
        found = self.text(name)
        if found is not None and found not in offered:
            self.fault(PREFIX + name, f"must be one of {', '.join(offered)}")
            return None
        return found

    def matching(self, name: str, pattern: re.Pattern[str], wanted: str) -> str | None:
        found = self.text(name)
        if found is not None and not pattern.fullmatch(found):
            self.fault(PREFIX + name, wanted)
            return None
        return found

    def zone(self, name: str) -> ZoneInfo | None:
        found = self.text(name)
        if found is None:
            return None
        try:
            return ZoneInfo(found)
        except (ValueError, OSError, KeyError):
            self.fault(PREFIX + name, "is not a time zone, such as Europe/London")
            return None

    def http(self, name: str) -> str | None:
        found = self.text(name)
        if found is None:
            return None
        if not _is_http(found):
            self.fault(PREFIX + name, "must be an address such as https://nms.example.org")
            return None
        return found.rstrip("/")

    def origins(self, name: str) -> tuple[str, ...] | None:
        found = self.text(name)
        if found is None:
            return None
        listed = tuple(part.strip().rstrip("/") for part in found.split(",") if part.strip())
        if listed != ("*",) and not all(_is_http(part) for part in listed):
            self.fault(PREFIX + name, "must be * or origins such as https://ehr.example, by comma")
            return None
        return listed

    def database(self, data_dir: Path) -> str:
        found = self._environ.get("DATABASE_URL", "").strip()
        if not found:
            return f"sqlite:///{data_dir / 'nms-sentinel.db'}"
        scheme = found.partition("://")[0].partition("+")[0]
        if "://" not in found or scheme not in ("sqlite", "postgresql", "postgres"):
            self.fault("DATABASE_URL", "must begin with sqlite:/// or postgresql://")
        return found

    def redis(self) -> str | None:
        found = self._environ.get("REDIS_URL", "").strip()
        if not found:
            return None
        if not found.startswith(("redis://", "rediss://", "unix://")):
            self.fault("REDIS_URL", "must begin with redis://, rediss:// or unix://")
            return None
        return found


_FLAGS = {"1": True, "true": True, "yes": True, "on": True} | dict.fromkeys(
    ("0", "false", "no", "off"), False
)
_HOST = re.compile(r"[A-Za-z0-9.:_-]{1,253}")

# field of Settings -> how it is read; the variable is the field's name in capitals
_TAKEN: dict[str, Callable[[_Reader], Any]] = {
    "host": lambda r: r.matching("HOST", _HOST, "must be a host name or address"),
    "port": lambda r: r.number("PORT", 0, 65_535),
    "base_url": lambda r: r.http("BASE_URL"),
    "tenant": lambda r: r.matching(
        "TENANT", _TENANT, "must be letters, digits, dot, dash, underscore, at most 64"
    ),
    "zone": lambda r: r.zone("ZONE"),
    "client_keys": lambda r: r.file("CLIENT_KEYS"),
    "tenants": lambda r: r.file("TENANTS"),
    "open_mode": lambda r: r.flag("OPEN_MODE"),
    "cors_origins": lambda r: r.origins("CORS_ORIGINS"),
    "docs": lambda r: r.flag("DOCS"),
    "metrics_token": lambda r: r.text("METRICS_TOKEN"),
    "notify": lambda r: r.file("NOTIFY"),
    "sign_in": lambda r: r.file("SIGN_IN"),
    "session_key": lambda r: r.file("SESSION_KEY"),
    "rules": lambda r: r.file("RULES"),
    "max_bytes": lambda r: r.number("MAX_BYTES", 10_000, 500_000_000),
    "max_hook_bytes": lambda r: r.number("MAX_HOOK_BYTES", 10_000, 100_000_000),
    "max_depth": lambda r: r.number("MAX_DEPTH", 16, 500),
    "max_entries": lambda r: r.number("MAX_ENTRIES", 1, 1_000_000),
    "read_timeout_s": lambda r: r.number("READ_TIMEOUT_S", 1, 600),
    "rate_per_minute": lambda r: r.number("RATE_PER_MINUTE", 1, 10_000_000),
    "intake_processes": lambda r: r.number("INTAKE_PROCESSES", 0, 64),
    "intake_port": lambda r: r.number("INTAKE_PORT", 1, 65_535),
    "worker_pool": lambda r: r.choice("WORKER_POOL", ("threads", "prefork", "solo")),
    "worker_concurrency": lambda r: r.number("WORKER_CONCURRENCY", 1, 256),
    # SPEC windows need 30 days of readings; exposures and baselines are kept as long as rules ask
    "keep_readings_days": lambda r: r.number("KEEP_READINGS_DAYS", 30, 36_500),
    "keep_alerts_days": lambda r: r.number("KEEP_ALERTS_DAYS", 30, 36_500),
    "keep_audit_days": lambda r: r.number("KEEP_AUDIT_DAYS", 30, 36_500),
    "keep_cards_days": lambda r: r.number("KEEP_CARDS_DAYS", 30, 36_500),
    "log_level": lambda r: r.choice("LOG_LEVEL", LEVELS),
    "log_file": lambda r: r.path("LOG_FILE"),
}


def variables() -> tuple[str, ...]:
    """Every environment variable that is read as a setting."""
    own = (PREFIX + name.upper() for name in (f.name for f in fields(Settings)))
    kept = (name for name in own if not name.endswith(("DATABASE_URL", "REDIS_URL")))
    return (*kept, "DATABASE_URL", "REDIS_URL")


def environ_of(settings: Settings) -> dict[str, str]:
    """The variables from which `load_settings` makes these settings again."""
    held = {}
    for each in fields(Settings):
        value = getattr(settings, each.name)
        bare = each.name in ("database_url", "redis_url")
        name = each.name.upper() if bare else PREFIX + each.name.upper()
        held[name] = "" if value is None else _written(value)
    return held


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value)


def _unknown(environ: Mapping[str, str]) -> list[str]:
    known = set(variables()) | {PREFIX + name for name in PROCESS_VARIABLES}
    return [
        f"{name}: there is no such setting"
        for name in sorted(environ)
        if name.startswith(PREFIX) and name not in known
    ]


def _is_http(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
