"""The life of an alert: identity, merge, quiet, people's steps, escalation, end. Pure.

`advance` is the machine's door, the steps are people's; `attention` says how an alert stands.
"""

from alerts.lifecycle.advance import advance, next_due
from alerts.lifecycle.circumstances import Circumstances, Prints, circumstances
from alerts.lifecycle.codec import human_of, machine_of, plain
from alerts.lifecycle.quiet import Attention, answered, attention, is_open, waiting_since
from alerts.lifecycle.states import (
    RESOLVE_REASONS,
    RULES,
    SNOOZE_REASONS,
    Alert,
    AlertKind,
    Audience,
    HistoryEntry,
    HumanState,
    Intervention,
    MachineState,
    Mark,
    Move,
    Notice,
    Refused,
    RefusedReason,
    Support,
    Suppression,
    What,
    Why,
)
from alerts.lifecycle.steps import (
    claim,
    hand_over,
    opened_on_promise,
    release,
    reopen,
    resolve,
    snooze,
    undo,
)

__all__ = [
    "RESOLVE_REASONS",
    "RULES",
    "SNOOZE_REASONS",
    "Alert",
    "AlertKind",
    "Attention",
    "Audience",
    "Circumstances",
    "HistoryEntry",
    "HumanState",
    "Intervention",
    "MachineState",
    "Mark",
    "Move",
    "Notice",
    "Prints",
    "Refused",
    "RefusedReason",
    "Support",
    "Suppression",
    "What",
    "Why",
    "advance",
    "answered",
    "attention",
    "circumstances",
    "claim",
    "hand_over",
    "human_of",
    "is_open",
    "machine_of",
    "next_due",
    "opened_on_promise",
    "plain",
    "release",
    "reopen",
    "resolve",
    "snooze",
    "undo",
    "waiting_since",
]
