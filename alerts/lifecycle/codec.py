"""States as plain JSON values and back: what a store writes into its two columns."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from alerts.lifecycle.states import (
    Audience,
    HumanState,
    Intervention,
    MachineState,
    Mark,
    Support,
    Suppression,
    What,
    Why,
)
from alerts.statements import Channel

_TIMES = frozenset(
    {
        "opened_at",
        "changed_at",
        "as_of",
        "called_at",
        "onset",
        "last_true",
        "escalated_from",
        "monitored",
        "ended_at",
        "owner_since",
        "waiting_from",
        "snoozed_at",
        "snoozed_until",
        "resolved_at",
        "at",
    }
)
_ENUMS: dict[str, Any] = {
    "channel": Channel,
    "suppressed": Suppression,
    "end_reason": Why,
    "reason": Why,
    "intervention": Intervention,
    "last_what": What,
}


def plain(state: MachineState | HumanState | Mark | Support) -> dict[str, Any]:
    """JSON-ready values, times as ISO 8601 with zone; defaults are left out."""
    made: dict[str, Any] = {}
    for field in fields(state):
        value = getattr(state, field.name)
        if value != field.default:
            made[field.name] = _plain(value)
    return made


def machine_of(held: dict[str, Any]) -> MachineState:
    """The state that `plain` wrote. Unknown keys (a newer version's) are ignored."""
    values = _values(held, MachineState)
    values["support"] = tuple(Support(**_values(s, Support)) for s in held.get("support", ()))
    for name in ("escalations", "told"):
        values[name] = tuple(Audience(a) for a in held.get(name, ()))
    return MachineState(**values)


def human_of(held: dict[str, Any]) -> HumanState:
    """The state that `plain` wrote. Unknown keys (a newer version's) are ignored."""
    values = _values(held, HumanState)
    if held.get("mark") is not None:
        values["mark"] = Mark(**_values(held["mark"], Mark))
    if held.get("before") is not None:
        values["before"] = human_of(held["before"])
    return HumanState(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, (Mark, HumanState, Support)):
        return plain(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return getattr(value, "value", value)


def _values(held: dict[str, Any], made: type) -> dict[str, Any]:
    known = {field.name for field in fields(made)}
    return {name: _read(name, value) for name, value in held.items() if name in known}


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _TIMES:
        return datetime.fromisoformat(value)
    if name in _ENUMS:
        return _ENUMS[name](value)
    return tuple(value) if isinstance(value, list) else value
