"""What comes in at the door and what goes back: plain data that can cross to another process.

Pickled by their fields in order: what dataclasses with slots do by themselves takes five times as
long, on the event loop that answers hooks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Form(StrEnum):
    """How the data was pushed: a label of metrics and logs."""

    BUNDLE = "bundle"
    RESOURCE = "resource"
    NDJSON = "ndjson"
    NOTIFICATION = "notification"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A body and whose it is. `resource_type`: what the address says it must be, "" for any.

    `subscription`: the name in the address of a notification. `fhir_version`: when the media
    type told it.
    """

    body: bytes
    form: Form
    tenant: str
    client: str
    received_at: datetime
    correlation: str
    resource_type: str = ""
    resource_id: str = ""
    subscription: str = ""
    fhir_version: str | None = None

    def __reduce__(self) -> tuple[type["Delivery"], tuple[Any, ...]]:
        return Delivery, tuple(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer: HTTP status, resource as bytes, and what to count.

    `outcomes`: outcome -> how many, their sum is what was received. `refusals`: reasons of refused
    entries. `kind` and `standing`: of a notification.
    """

    status: int
    body: bytes
    outcomes: Mapping[str, int] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()
    kind: str = ""
    standing: str = ""

    def __reduce__(self) -> tuple[type["Receipt"], tuple[Any, ...]]:
        return Receipt, tuple(getattr(self, name) for name in self.__slots__)

    @property
    def received(self) -> int:
        return sum(self.outcomes.values())
