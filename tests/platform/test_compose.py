"""docker-compose.yml stays in step with the command line, the settings and its own promises."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.cli import run
from service.settings import load_settings, variables

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = [name for name, held in SERVICES.items() if held.get("image") == "nms-sentinel"]
PARTS = ["api", "intake", "worker", "beat"]
REACHED = {"api", "intake"}
DOTENV = {
    "POSTGRES_PASSWORD": "pg-secret",
    "REDIS_PASSWORD": "redis-secret",
    "NMS_SENTINEL_BASE_URL": "https://nms.hospital.example",
}
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def filled(text: str) -> str:
    """A value as compose fills it in."""

    def value(hit: re.Match[str]) -> str:
        name, kind, rest = hit.groups()
        if name in DOTENV:
            return DOTENV[name]
        assert kind == "-", f"{name} must be set and is not in the list at the top"
        return rest

    return VARIABLE.sub(value, text)


def environment(name: str) -> dict[str, str]:
    return {key: filled(str(value)) for key, value in SERVICES[name]["environment"].items()}


def test_the_services_are_those_promised() -> None:
    assert set(SERVICES) == {"migrate", *PARTS, "postgres", "redis"}
    assert set(OURS) == {"migrate", *PARTS}


@pytest.mark.parametrize("name", OURS)
def test_a_command_of_ours_exists(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SERVICES[name]["command"], "--help"]) == 0
    assert f"nms-sentinel {' '.join(SERVICES[name]['command'])}" in capsys.readouterr().out


@pytest.mark.parametrize("name", PARTS)
def test_a_part_tells_its_health_by_the_command_line(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first, program, command, part = SERVICES[name]["healthcheck"]["test"]
    assert (first, program, command, part) == ("CMD", "nms-sentinel", "health", name)
    assert run([command, "--help"]) == 0
    assert name in capsys.readouterr().out


@pytest.mark.parametrize("name", OURS)
def test_settings_are_known_and_fit_together(name: str, tmp_path: Path) -> None:
    environ = environment(name)
    assert set(environ) <= set(variables())
    if "NMS_SENTINEL_CLIENT_KEYS" in environ:
        assert environ["NMS_SENTINEL_CLIENT_KEYS"] == "/run/secrets/clients"
        assert "clients" in SERVICES[name]["secrets"]
        keys = tmp_path / "clients.json"
        keys.touch()
        environ["NMS_SENTINEL_CLIENT_KEYS"] = str(keys)
    settings = load_settings(environ)
    assert settings.database_url == "postgresql://sentinel:pg-secret@postgres:5432/sentinel"
    assert settings.redis_url == "redis://:redis-secret@redis:6379/0"
    assert not settings.open_mode


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_may_do_little(name: str) -> None:
    held = SERVICES[name]
    user = str(held["user"]).split(":")[0]
    assert user.isdecimal()
    assert int(user) > 0
    assert held["read_only"] is True
    assert held["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in held["security_opt"]
    assert "privileged" not in held
    assert ("healthcheck" in held) is (name != "migrate")


def test_only_who_answers_http_can_be_reached() -> None:
    assert {name for name, held in SERVICES.items() if "ports" in held} == REACHED
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name, held in SERVICES.items():
        assert ("outside" in held["networks"]) is (name in REACHED)
        for port in held.get("ports", ()):
            assert port.startswith("127.0.0.1:"), "TLS ends at a proxy on this machine"


def test_secrets_are_asked_for_never_written() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        assert set(re.findall(rf"\$\{{{name}(:.)", text)) == {":?"}
    assert "--requirepass" in SERVICES["redis"]["command"][-1]
    assert set(DOTENV) == set(re.findall(r"[A-Z_]{8,}(?=[ ,])", text.partition("name:")[0]))


def test_there_is_one_beat_and_time_to_finish() -> None:
    assert "deploy" not in SERVICES["beat"]
    assert "scale" not in SERVICES["beat"]
    assert SERVICES["worker"]["stop_grace_period"] == "45s"
    assert SERVICES["worker"]["environment"]["NMS_SENTINEL_WORKER_POOL"] == "prefork"


def test_the_image_runs_without_rights() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER 10001:10001$", text, re.M)
    assert "--require-hashes -r requirements.lock" in text
    assert 'ENTRYPOINT ["nms-sentinel"]' in text
    assert "NMS_SENTINEL_DATA_DIR=/data" in text
