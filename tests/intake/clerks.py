"""Clerks for processes of the intake: they tell what they were given."""

import hashlib
import time
from pathlib import Path

from service.errors import BadInput
from service.intake.delivery import Delivery, Receipt
from service.intake.door import Take
from service.settings import Settings


def make_echo(_settings: Settings) -> Take:
    return echo


def echo(given: Delivery) -> Receipt:
    """`slow`: takes its time; `hold` and a path: until that file is there; `bad`: refuses; `big`:
    answers at length."""
    if given.body.startswith(b"slow"):
        time.sleep(0.3)
    if given.body.startswith(b"hold "):
        hold(Path(given.body[5:].decode()))
    if given.body.startswith(b"bad"):
        raise BadInput("Not this one.", code="not-this-one", location="here")
    told = digest(given.body)
    return Receipt(200, told * 100_000 if given.body.startswith(b"big") else told)


def hold(gate: Path) -> None:
    """Says that it has come, and stays until the gate is there."""
    reached(gate).touch()
    ends = time.monotonic() + 250
    while not gate.exists() and time.monotonic() < ends:
        time.sleep(0.01)


def reached(gate: Path) -> Path:
    return gate.with_suffix(".reached")


def digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()
