"""The commands of docker-compose.yml as plain processes, on a real PostgreSQL and Redis."""

import signal
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from service.monitoring.broker import server_binary
from service.monitoring.embedded import EmbeddedBroker
from service.security.session import sign_in_link
from service.settings import load_settings
from tests.acceptance.patients import bundle
from tests.acceptance.running import Running, free_port, until
from tests.platform.test_compose import PARTS, SERVICES
from tests.platform.test_compose import environment as composed
from tests.store.postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]
pytestmark = pytest.mark.acceptance


def test_the_parts_run_apart(tmp_path: Path, postgres_url: str) -> None:
    with ExitStack() as held:
        environ = environment(tmp_path, postgres_url, held)
        migrated = Running(SERVICES["migrate"]["command"], environ)
        assert migrated.process.wait(120) == 0, migrated.text
        parts = {}
        for name in PARTS:
            changed = {**composed(name), **environ}
            parts[name] = Running(SERVICES[name]["command"], changed)
            held.callback(parts[name].end)
        settings = load_settings(environ)
        with httpx.Client(base_url=settings.base_url, timeout=60) as http:
            until(lambda: answers(http), 120, "the API")
            until(lambda: answers(http, f"http://127.0.0.1:{settings.intake_port}"), 120, "intake")
            assert http.get(sign_in_link(settings)).status_code == 303
            answer = http.post(
                f"http://127.0.0.1:{settings.intake_port}/fhir",
                content=bundle("apart"),
                headers={"content-type": "application/fhir+json"},
            )
            assert answer.status_code == 200, answer.text
            until(lambda: bool(http.get("/api/v1/alerts").json()["alerts"]), 120, "an alert")
        asked = {
            name: Running([*SERVICES[name]["healthcheck"]["test"][2:]], environ) for name in PARTS
        }
        for name, process in asked.items():
            assert process.process.wait(120) == 0, (name, process.text)
        for part in parts.values():
            part.process.send_signal(signal.SIGTERM)
        for name, part in parts.items():
            code, _ = part.ended(within_s=120)
            assert code == 0, (name, part.text[-2000:])


def environment(tmp_path: Path, postgres_url: str, held: ExitStack) -> dict[str, str]:
    """What differs on this machine from the containers: addresses, files, no keys."""
    server = EmbeddedBroker(tmp_path / "redis", server_binary())
    server.start()
    held.callback(server.stop)
    port = free_port()
    return {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": server.url,
        "NMS_SENTINEL_HOST": "127.0.0.1",
        "NMS_SENTINEL_PORT": str(port),
        "NMS_SENTINEL_INTAKE_PORT": str(free_port()),
        "NMS_SENTINEL_BASE_URL": f"http://127.0.0.1:{port}",
        "NMS_SENTINEL_DATA_DIR": str(tmp_path / "data"),
        "NMS_SENTINEL_CLIENT_KEYS": "",
        "NMS_SENTINEL_OPEN_MODE": "1",
    }


def answers(http: httpx.Client, base: str = "") -> bool:
    try:
        return http.get(f"{base}/health/ready").status_code == 200
    except httpx.HTTPError:
        return False
