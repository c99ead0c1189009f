"""The environment: typed, every fault at once, nothing misspelt taken in silence."""

import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

from service.errors import SettingsFault
from service.settings import (
    PREFIX,
    Settings,
    address_of,
    environ_of,
    is_loopback,
    load_settings,
    variables,
)

ROOT = Path(__file__).resolve().parents[2]
WRONG = {
    "NMS_SENTINEL_PORT": "70000",
    "NMS_SENTINEL_HOST": "no host",
    "NMS_SENTINEL_BASE_URL": "ftp://nms.example.org",
    "NMS_SENTINEL_TENANT": "../etc",
    "NMS_SENTINEL_ZONE": "Mars/Olympus",
    "NMS_SENTINEL_CLIENT_KEYS": "nowhere.json",
    "NMS_SENTINEL_TENANTS": "nowhere.toml",
    "NMS_SENTINEL_NOTIFY": "nowhere.yaml",
    "NMS_SENTINEL_SIGN_IN": "nowhere.toml",
    "NMS_SENTINEL_SESSION_KEY": "nowhere.key",
    "NMS_SENTINEL_RULES": "nowhere.yaml",
    "NMS_SENTINEL_OPEN_MODE": "perhaps",
    "NMS_SENTINEL_CORS_ORIGINS": "ehr.example",
    "NMS_SENTINEL_DOCS": "2",
    "NMS_SENTINEL_MAX_BYTES": "1e9",
    "NMS_SENTINEL_MAX_HOOK_BYTES": "-1",
    "NMS_SENTINEL_MAX_DEPTH": "1",
    "NMS_SENTINEL_MAX_ENTRIES": "0",
    "NMS_SENTINEL_READ_TIMEOUT_S": "soon",
    "NMS_SENTINEL_RATE_PER_MINUTE": "0",
    "NMS_SENTINEL_INTAKE_PROCESSES": "1000",
    "NMS_SENTINEL_INTAKE_PORT": "0",
    "NMS_SENTINEL_WORKER_POOL": "gevent",
    "NMS_SENTINEL_WORKER_CONCURRENCY": "0",
    "NMS_SENTINEL_KEEP_READINGS_DAYS": "7",
    "NMS_SENTINEL_KEEP_ALERTS_DAYS": "0",
    "NMS_SENTINEL_KEEP_AUDIT_DAYS": "ever",
    "NMS_SENTINEL_KEEP_CARDS_DAYS": "-1",
    "NMS_SENTINEL_LOG_LEVEL": "loud",
    "DATABASE_URL": "mysql://localhost/x",
    "REDIS_URL": "localhost:6379",
    "NMS_SENTINEL_PROT": "8001",
}


def faults(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsFault) as told:
        load_settings(environ)
    return told.value.message.splitlines()


def test_an_empty_environment_is_enough() -> None:
    settings = load_settings({})
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.database_url == f"sqlite:///{settings.data_dir}/nms-sentinel.db"
    assert settings.data_dir.is_absolute()
    assert settings.redis_url is None


@pytest.mark.parametrize("name", WRONG)
def test_each_wrong_setting_is_named(name: str) -> None:
    (said,) = faults({name: WRONG[name]})
    assert said.startswith(f"{name}: ")


def test_all_wrong_settings_are_named_once() -> None:
    assert sorted(said.split(":")[0] for said in faults(WRONG)) == sorted(WRONG)


def test_a_fault_ends_the_command_at_once_with_2() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "service", "serve"],
        cwd=ROOT,
        env={**os.environ, **WRONG},
        capture_output=True,
        text=True,
        timeout=120,  # a service that begins its work goes on for ever
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == len(WRONG)
    assert "Traceback" not in done.stderr


def test_every_setting_has_a_variable_that_is_read() -> None:
    assert len(variables()) == len(fields(Settings))
    tested = {
        *WRONG,
        "NMS_SENTINEL_DATA_DIR",
        "NMS_SENTINEL_METRICS_TOKEN",
        "NMS_SENTINEL_LOG_FILE",
    }
    assert set(variables()) <= tested


def test_the_intake_has_a_port_of_its_own() -> None:
    environ = {PREFIX + "PORT": "8001", PREFIX + "INTAKE_PORT": "8001"}
    (said,) = faults(environ)
    assert said.startswith(PREFIX + "INTAKE_PORT: ")
    assert load_settings({**environ, PREFIX + "PORT": "8000"}).intake_port == 8001


def test_settings_survive_the_way_through_an_environment(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.touch()
    settings = load_settings(
        {
            "NMS_SENTINEL_DATA_DIR": str(tmp_path),
            "NMS_SENTINEL_CLIENT_KEYS": str(keys),
            "NMS_SENTINEL_CORS_ORIGINS": "https://a.example, https://b.example/",
            "NMS_SENTINEL_ZONE": "Europe/Vienna",
            "NMS_SENTINEL_DOCS": "yes",
            "REDIS_URL": "redis://localhost:6379/0",
        }
    )
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert load_settings(environ_of(settings)) == settings
    closed = replace(settings, open_mode=False, redis_url=None)
    assert load_settings(environ_of(closed)) == closed


@pytest.mark.parametrize(
    "environ",
    [
        {"NMS_SENTINEL_HOST": "0.0.0.0"},
        {"NMS_SENTINEL_BASE_URL": "https://nms.hospital.example"},
        {"NMS_SENTINEL_HOST": "10.1.2.3"},
    ],
)
def test_open_mode_only_where_nobody_else_can_come(environ: dict[str, str]) -> None:
    assert load_settings({PREFIX + "OPEN_MODE": "1"}).open_mode
    (said,) = faults({**environ, PREFIX + "OPEN_MODE": "1"})
    assert said.startswith(PREFIX + "OPEN_MODE")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True), ("127.0.0.1", True), ("127.8.9.1", True), ("::1", True),
        ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("nms.example", False), ("", False),
    ],
)  # fmt: skip
def test_what_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_the_address_shown_can_be_opened() -> None:
    assert address_of("0.0.0.0", 80) == "http://127.0.0.1:80"
    assert address_of("::1", 8000) == "http://[::1]:8000"
    assert address_of("::", 8000) == "http://127.0.0.1:8000"
