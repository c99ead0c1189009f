"""Is the service alive, may it be sent work, and what does the scrape say?

Live: the process answers. Ready: what it acknowledges will be kept (the store takes a write).
The broker is only a doorbell: without it the service is degraded, not unready.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

import orjson
import structlog

from service.errors import BadInput, SentinelError
from service.logs import place_of
from service.monitoring.doorbell import broker_up
from service.settings import Settings, address_of
from service.store import Store, open_store

# SPEC SAF-10 in small: a patient waiting for this long is said
LATE_S = 60.0
# less than this on the store's disk takes no body of the usual size
ROOM_BYTES = 1_000_000
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Checkup:
    """`state`: ready, degraded or unready. `checks`: name -> ok, or a code of what is wrong."""

    state: str
    checks: dict[str, str]

    @property
    def status(self) -> int:
        return 503 if self.state == "unready" else 200


class Health:
    """Asks the store and the broker. `broker_up` answers within a second and never raises."""

    def __init__(
        self,
        store: Store,
        tenants: tuple[str, ...],
        broker_up: Callable[[], bool],
        now: Callable[[], datetime],
        rules: str = "",
    ) -> None:
        """`rules`: the version of the rules in force, told to whoever asks."""
        self.rules = rules
        self._store = store
        self._tenants = tenants
        self._broker_up = broker_up
        self._now = now

    def ready(self) -> Checkup:
        """The checks of GET /health/ready; never raises."""
        checks = {"store": self._writes()}
        checks["broker"] = "ok" if self._broker_up() else "broker-away"
        checks["due"] = self._punctual() if checks["store"] == "ok" else "not-asked"
        state = "ready" if all(said == "ok" for said in checks.values()) else "degraded"
        if checks["store"] != "ok":
            state = "unready"
        return Checkup(state, checks)

    def _writes(self) -> str:
        try:
            self._store.ping()
            now = self._now()
            self._store.use_once("probe", "ready", now, now)  # a real write: disk full is seen
            room = self._store.room()
            if room is not None and room < ROOM_BYTES:  # a probe fits where no bundle does
                return "store-full"
        except SentinelError as fault:
            return fault.code
        except Exception as fault:
            log.error("health.failed", **place_of(fault))
            return "store-fault"
        return "ok"

    def _punctual(self) -> str:
        try:
            return "late" if float(self._store.due_age(self._now())) > LATE_S else "ok"
        except SentinelError as fault:
            return fault.code

    def measured(self) -> dict[str, Any]:
        """The gauges of a scrape; what cannot be had is left out, so that its absence fires."""
        writes = self._writes() == "ok"
        held: dict[str, Any] = {
            "nms_sentinel_ready": int(writes),
            "nms_sentinel_broker_up": int(self._broker_up()),
        }
        try:
            return held | self._asked()
        except SentinelError as fault:
            log.error("scrape.incomplete", code=fault.code)
            return held

    def _asked(self) -> dict[str, Any]:
        now = self._now()
        flows = [self._store.flow(tenant, now) for tenant in self._tenants]
        heard = [flow.last_data_at for flow in flows if flow.last_data_at is not None]
        kinds: Counter[str] = Counter({"nms": 0, "interaction": 0})
        for tenant in self._tenants:
            kinds.update(alert.kind.value for alert in self._store.alerts(tenant))
        return {
            "nms_sentinel_due_age_seconds": float(self._store.due_age(now)),
            "nms_sentinel_overdue_patients": sum(flow.overdue for flow in flows),
            "nms_sentinel_patients": sum(flow.patients for flow in flows),
            "nms_sentinel_quarantined_patients": sum(
                len(self._store.quarantined(tenant)) for tenant in self._tenants
            ),
            "nms_sentinel_notices": self._store.outbox_depth(),
            "nms_sentinel_data_age_seconds": (
                max(0.0, (now - max(heard)).total_seconds()) if heard else None
            ),
            "nms_sentinel_open_alerts": dict(kinds),
        }


def condition(part: str, settings: Settings) -> tuple[str, bool]:
    """For a container's health check: a word on a part of this machine, and whether it is well.

    API and intake are asked whether they are ready. A worker that hears nothing leaves by itself,
    and so is restarted; here it is asked whether store and broker can be reached, of a beat the
    broker.
    """
    if part in ("api", "intake"):
        return _asked_over_http(settings, part)
    if part not in ("worker", "beat"):
        raise BadInput("A part is api, intake, worker or beat.", code="unknown-part")
    if not broker_up(settings):
        return "broker-away", False
    if part == "worker":
        store = open_store(settings.database_url)
        try:
            store.ping()
        except SentinelError as fault:
            return fault.code, False
        finally:
            store.close()
    return "ok", True


def _asked_over_http(settings: Settings, part: str) -> tuple[str, bool]:
    port = settings.port if part == "api" else settings.intake_port
    if port is None:
        return "no-intake-port", False
    host = urlsplit(address_of(settings.host, port)).hostname or "127.0.0.1"
    connection = HTTPConnection(host, port, timeout=8)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        return str(orjson.loads(answer.read())["state"]), answer.status == 200
    except (OSError, HTTPException, ValueError, KeyError):
        return "no-answer", False
    finally:
        connection.close()
