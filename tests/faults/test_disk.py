"""A full disk is said, loses nothing acknowledged, and is over without a restart (row 5)."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.store.database.engine import Database
from tests.monitoring.orders import bundle
from tests.platform.serviced import Api


@pytest.fixture(params=[4, pytest.param(32, marks=pytest.mark.heavy)], ids=lambda mb: f"{mb} MB")
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A small file system; skipped where none may be mounted."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={request.param}m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


def push_until_refused(api: Api) -> tuple[int, httpx.Response]:
    for n in range(2000):
        answer = api.post("/fhir", bundle(*(f"p{n}-{m}" for m in range(40))))
        if answer.status_code != 200:
            return n, answer
    raise AssertionError("the disk does not fill")


def held(api: Api) -> int:
    return api.store.intake_counts(api.settings.tenant).get("bundles", 0)


def said_full(api: Api, answer: httpx.Response) -> None:
    assert answer.status_code in (503, 507)
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert "store-full" in answer.text
    assert api.ask("GET", "/health/live").status_code == 200


@pytest.mark.faults
def test_a_full_disk_is_said_and_recovers_without_a_restart(tmp_path: Path) -> None:
    api = Api(tmp_path)
    url = str(api.store._database.engine.url)
    api.store.close()
    api.store._database = Database(url, pool=1)

    def limit(more: int) -> None:
        with api.store._database.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + more}")

    limit(40)
    taken, answer = push_until_refused(api)
    said_full(api, answer)
    assert held(api) == taken
    limit(100_000)
    assert api.post("/fhir", bundle("after")).status_code == 200
    assert held(api) == taken + 1
    assert api.ask("GET", "/health/ready").status_code == 200
    assert api.store.check() == []


@pytest.mark.faults
def test_a_file_system_that_is_really_full(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    # what is freed must hold what still waits in the log, and the room that readiness asks for
    ballast.write_bytes(b"x" * (shutil.disk_usage(small_disk).total * 3 // 8))
    api = Api(small_disk)
    taken, answer = push_until_refused(api)
    said_full(api, answer)
    assert api.ask("GET", "/health/ready").status_code == 503
    assert held(api) == taken
    ballast.unlink()
    assert api.post("/fhir", bundle("after")).status_code == 200
    ready = api.ask("GET", "/health/ready")
    assert ready.status_code == 200, ready.text
    assert held(api) == taken + 1
    assert api.store.check() == []
    api.store.close()
