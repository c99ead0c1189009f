"""Signed webhooks: a notice as JSON to an address that the operator named. The only sender.

The receiver checks `X-NMS-Sentinel-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`
with the shared secret, refuses an old `t`, and knows a repeat by `X-NMS-Sentinel-Delivery`.
The body holds ids and codes, never a name or a value of a patient.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

TIMEOUT_S = 5.0
SECRET_LEAST = 32
SIGNATURE, DELIVERY, ATTEMPT = (
    "X-NMS-Sentinel-Signature",
    "X-NMS-Sentinel-Delivery",
    "X-NMS-Sentinel-Attempt",
)
# a clock may be off by as much; an older signature is a replay
SKEW_S = 300


@dataclass(frozen=True, slots=True)
class Target:
    """Where notices go. `audiences`: which ones; empty: all that are told beside the worklist."""

    name: str
    url: str
    secret: str = field(repr=False)
    audiences: frozenset[str] = frozenset()


class NotDelivered(Exception):
    """The receiver did not take it; `code` for logs and the list of dead letters."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def faults_of(target: Target) -> list[str]:
    """What is wrong with a target: plain HTTP off this machine, a short secret."""
    parts = urlsplit(target.url)
    found = []
    if ":" in target.name:  # its receipt could be taken for a letter's
        found.append(f"{target.name}: name must not hold a colon")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        found.append(f"{target.name}: url must be https://...")
    elif parts.scheme == "http" and not _loopback(parts.hostname):
        found.append(f"{target.name}: url must be https (http only on this machine)")
    if parts.username or parts.password:
        found.append(f"{target.name}: url must not hold a password")
    if len(target.secret) < SECRET_LEAST:
        found.append(f"{target.name}: secret must have at least {SECRET_LEAST} characters")
    return found


class Sender:
    """Sends webhooks over one client: short deadlines, no redirects, no proxy of the environment.

    Redirects are refused: a signed message goes where the operator said. The body of an answer is
    not read: a receiver cannot make us hold one. Use as a context manager; opens when first used.
    """

    def __init__(self) -> None:
        self._client: httpx.Client | None = None

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()

    def deliver(
        self, target: Target, message: Mapping[str, Any], *, delivery: str, attempt: int, at: int
    ) -> str:
        """Send once; the receipt ("bleep 200"). `at`: unix seconds. Raises NotDelivered."""
        if self._client is None:
            self._client = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)
        body = orjson.dumps(dict(message))
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: f"t={at},v1={signature(target.secret, at, body)}",
            DELIVERY: delivery,
            ATTEMPT: str(attempt),
        }
        try:
            with self._client.stream("POST", target.url, content=body, headers=headers) as answer:
                status = answer.status_code
        except httpx.TimeoutException:
            raise NotDelivered("webhook-timeout") from None
        except httpx.HTTPError:
            raise NotDelivered("webhook-unreachable") from None
        if not 200 <= status < 300:
            raise NotDelivered(f"webhook-{status}")
        return f"{target.name} {status}"


def signature(secret: str, at: int, body: bytes) -> str:
    return hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()


def verify(secret: str, header: str, body: bytes, now: int) -> bool:
    """What a receiver does: the signature is ours, and not older than five minutes."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    stamp = parts.get("t", "")
    if not stamp.isdigit() or abs(now - int(stamp)) > SKEW_S:
        return False
    return hmac.compare_digest(parts.get("v1", ""), signature(secret, int(stamp), body))


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
