"""Manners of the hooks that a black-box test cannot set up: rate, readiness, request ids."""

import re
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from service.cds_hooks.request import read_call
from service.cds_hooks.services import BY_ID
from service.errors import BadInput
from tests.cds_hooks.served import Hooks, request

ORIGIN = "https://ehr.example.org"


def test_a_caller_who_calls_too_often_gets_429_that_a_browser_can_read(tmp_path: Path) -> None:
    hooks = Hooks(tmp_path, rate=12)  # two at once
    answers = [hooks.ask("GET", "/cds-services", headers={"Origin": ORIGIN}) for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 429, 429]
    last = answers[-1]
    assert last.json()["resourceType"] == "OperationOutcome"
    assert re.fullmatch(r"\d+", last.headers["retry-after"])
    assert last.headers["access-control-allow-origin"] == "*"


def test_a_request_id_is_echoed_and_nothing_is_stored_on_the_way(tmp_path: Path) -> None:
    hooks = Hooks(tmp_path)
    headers = {"X-Request-ID": "abc-1", "Content-Type": "application/json"}
    answer = hooks.ask("POST", "/cds-services/nms-patient-view", content=b"{", headers=headers)
    assert answer.headers["x-request-id"] == "abc-1"
    assert answer.headers["cache-control"] == "no-store"


def test_what_a_first_call_needs_is_loaded_at_the_start(tmp_path: Path) -> None:
    """In a process of its own: the models and the terminology are there before a call comes."""
    program = f"""
import asyncio, sys
from pathlib import Path
from tests.cds_hooks.served import Hooks
hooks = Hooks(Path({str(tmp_path)!r}))
assert "fhir.resources.R4B.servicerequest" not in sys.modules
async def start():
    async with hooks.app.router.lifespan_context(hooks.app):
        assert "fhir.resources.R4B.servicerequest" in sys.modules
asyncio.run(start())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("key", ["hook", "hookInstance", "context"])
def test_a_key_is_named_where_it_is_missing(key: str) -> None:
    body = request("patient-view")
    del body[key]
    with pytest.raises(BadInput) as fault:
        read_call(orjson.dumps(body), BY_ID["nms-patient-view"])
    assert fault.value.location == key


def test_discovery_says_what_the_next_version_asks_for(tmp_path: Path) -> None:
    """A 2.0 client ignores both: the version of CDS Hooks, and that of the hook."""
    listed = Hooks(tmp_path).ask("GET", "/cds-services").json()["services"]
    told = {s["hook"]: (s["version"], s["hookVersion"]) for s in listed}
    hooks = ("patient-view", "order-select", "order-sign", "encounter-start", "encounter-discharge")
    assert told == dict.fromkeys(hooks, ("2.0.1", "1.0"))


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    """RFC 8259 section 8.1 lets a reader do so, and some clients send it."""
    hooks = Hooks(tmp_path)
    headers = {"Content-Type": "application/json"}
    content = b"\xef\xbb\xbf" + orjson.dumps(request("patient-view"))
    answer = hooks.ask("POST", "/cds-services/nms-patient-view", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
