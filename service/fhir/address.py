"""Which FHIR server a request may make us talk to: the tenant's own, and nothing else.

The address in a hook call is a claim of the caller. It is compared with the base that the
operator configured and then thrown away: every URL is built from the configured base, whose host
is resolved once and connected to at that address (SSRF, DNS rebinding).
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from service.errors import SettingsFault

# a base is configured by an operator: plain names or addresses, nothing that needs decoding
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
_DEFAULT_PORTS = {"https": 443, "http": 80}

Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Base:
    """A FHIR base as configured: scheme, lower-case host, port, path without trailing slash."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{port}{self.path}"


def base_of(text: str) -> Base:
    """Read a configured base. SettingsFault says what is wrong with it.

    https only, except for a loopback address; no user, query, fragment, dots or escapes in it.
    """
    base = _read(text)
    if base is None:
        raise SettingsFault(f"{text!r} is not a FHIR base address.", code="fhir-base")
    if base.scheme == "http" and not _is_loopback(base.host):
        raise SettingsFault(f"{text!r}: a FHIR base must be https.", code="fhir-base-http")
    return base


def mismatch(claimed: object, base: Base) -> str:
    """Why the address that a caller names is not the tenant's base; "" when it is.

    Compared part by part after reading, so that no spelling (user info, other notations of an
    address, escapes, a longer host) can look alike and be another place.
    """
    if not isinstance(claimed, str) or not claimed:
        return "no-fhir-server"
    read = _read(claimed)
    if read is None:
        return "fhir-server-malformed"
    return "" if read == base else "fhir-server-not-pinned"


def _read(text: str) -> Base | None:
    if not text.isascii() or any(c.isspace() or not c.isprintable() or c in "\\%" for c in text):
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or "@" in parts.netloc or "?" in text or "#" in text:
        return None
    host = _host(parts)
    path = parts.path.rstrip("/")
    if host is None or not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        return None
    return Base(parts.scheme, host, _DEFAULT_PORTS[parts.scheme] if port is None else port, path)


def _host(parts: SplitResult) -> str | None:
    host = (parts.hostname or "").lower()
    if ":" in host:
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError:
            return None
    return host if _HOST.fullmatch(host) else None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def addresses(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, as the machine's resolver tells them. OSError when it cannot."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
