"""Public keys of a client: agreed out of band, or read from its own allow-listed address (jku).

Keys are fetched lazily and kept. An unknown kid may mean a rotation, so it asks again, but never
more often than every 30 s however many unknown kids come in; a failing address never wipes the
last good keys, which count for 24 h.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service.errors import SettingsFault

log = structlog.get_logger(__name__)

REFRESH_SECONDS = 30.0
KEEP_SECONDS = 24 * 3600.0
FETCH_SECONDS = 2.0
BYTES_MAX = 256 * 1024
# ordinary key sets hold a handful; more is somebody's mistake or attack
KEYS_MAX = 100

Fetch = Callable[[str], bytes]


def fetch_bytes(url: str) -> bytes:
    """A small document over https, no redirects, no proxy, inside FETCH_SECONDS a step.

    Raises httpx.HTTPError or ValueError.
    """
    with (
        httpx.Client(
            follow_redirects=False, trust_env=False, timeout=httpx.Timeout(FETCH_SECONDS)
        ) as client,
        client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise ValueError(f"status {answer.status_code}")
        body = bytearray()
        for chunk in answer.iter_raw():
            body += chunk
            if len(body) > BYTES_MAX:
                raise ValueError("too large")
        return bytes(body)


def key_set(keys: Sequence[Mapping[str, Any]]) -> KeySet:
    """Public keys as a set. SettingsFault when one is no key, symmetric, or private.

    A symmetric key could be used to make tokens with what everybody may read; a private key in
    our files means that somebody gave away too much.
    """
    if not keys or len(keys) > KEYS_MAX:
        raise SettingsFault(f"A key set needs 1 to {KEYS_MAX} keys.", code="client-keys")
    for key in keys:
        if key.get("kty") not in ("RSA", "EC", "OKP") or "d" in key or "k" in key:
            raise SettingsFault(
                "A client key must be the public part of an RSA, EC or OKP key.",
                code="client-keys",
            )
    try:
        return KeySet.import_key_set({"keys": [dict(key) for key in keys]})
    except (JoseError, ValueError, KeyError, TypeError) as fault:
        raise SettingsFault(
            f"A client key cannot be read ({type(fault).__name__}).", code="client-keys"
        ) from fault


def by_kid(keys: KeySet, kid: str | None) -> Any | None:
    """The key that a token names; without a name only when there is no choice."""
    if kid is None:
        return keys.keys[0] if len(keys.keys) == 1 else None
    return next((key for key in keys.keys if key.kid == kid), None)


@dataclass(frozen=True, slots=True)
class FixedKeys:
    """Keys agreed out of band."""

    keys: KeySet

    def find(self, kid: str | None) -> Any | None:
        return by_kid(self.keys, kid)


@dataclass(slots=True)
class FetchedKeys:
    """Keys from one address. `clock` counts seconds; safe to share between threads."""

    jku: str
    fetch: Fetch = fetch_bytes
    clock: Callable[[], float] = time.monotonic
    _keys: KeySet | None = None
    _good_at: float = float("-inf")
    _asked_at: float = float("-inf")
    _fault: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, kid: str | None) -> Any | None:
        """The key called `kid`, asking the address again at most every REFRESH_SECONDS."""
        with self._lock:
            found = self._known(kid)
            if found is None and self.clock() - self._asked_at >= REFRESH_SECONDS:
                self._refresh()
                found = self._known(kid)
            return found

    def probe(self) -> str:
        """Ask the address now: "" when it gave keys, else what went wrong."""
        with self._lock:
            before = self._good_at
            self._refresh()
            return "" if self._good_at != before else self._fault

    def _known(self, kid: str | None) -> Any | None:
        if self._keys is None or self.clock() - self._good_at > KEEP_SECONDS:
            return None
        return by_kid(self._keys, kid)

    def _refresh(self) -> None:
        self._asked_at = self.clock()
        try:
            held = orjson.loads(self.fetch(self.jku))
            self._keys = key_set(held["keys"])
            self._good_at = self._asked_at
        except (
            httpx.HTTPError,
            OSError,
            ValueError,
            KeyError,
            TypeError,
            SettingsFault,
        ) as fault:
            self._fault = type(fault).__name__
            log.warning("keys.not-refreshed", jku=self.jku, fault=self._fault)
