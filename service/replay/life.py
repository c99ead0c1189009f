"""The life of a course's alerts with people in it, for `expect: life:`.

  life:
    of: nms                                       # or interaction: which alerts; nms if not told
    acts: [{at: <instant>, does: resolve, reason: already-acting}]   # or snooze, with until
    happens: {<instant>: [called-again temperature-reached], <instant>: []}

At each moment the rules follow the course as in production, then whoever acts at that instant acts
on every alert of the kind. What happens is told as in the history: what and why; an escalation by
whom it reaches; a refused act by its reason. An empty list says that nothing happens then.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from alerts.knowledge import Knowledge
from alerts.lifecycle import Alert, AlertKind, advance, circumstances, resolve, snooze
from alerts.lifecycle.states import HistoryEntry, Move, Refused, What
from alerts.statements import Assessment
from service.replay.chronicle import Moment

TENANT, PERSON = "replay", "reviewer"
Happened = Mapping[datetime, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Act:
    """A person's step on every alert of the kind: resolve, or snooze until then."""

    at: datetime
    does: str
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """What people do in a course, and what is expected to happen when."""

    of: AlertKind
    acts: tuple[Act, ...]
    happens: Happened


def life_of(told: Mapping[str, Any]) -> Life | None:
    """The `life` of an expectation as written. Raises KeyError, ValueError."""
    if not told:
        return None
    acts = tuple(
        Act(_instant(one["at"]), one["does"], one["reason"],
            _instant(one["until"]) if "until" in one else None)
        for one in told.get("acts", ())
    )  # fmt: skip
    if unknown := {one.does for one in acts} - {"resolve", "snooze"}:
        raise ValueError(f"no such act {sorted(unknown)}")
    happens = {_instant(at): tuple(words) for at, words in told["happens"].items()}
    return Life(AlertKind(told.get("of", "nms")), acts, happens)


def lived(
    life: Life, moments: Sequence[Moment], course: Sequence[Assessment], rules: Knowledge
) -> dict[datetime, tuple[str, ...]]:
    """What happens at each moment of the course, in words, sorted."""
    held: dict[str, Alert] = {}
    happened = {}
    numbers = count(1)
    for moment, said in zip(moments, course, strict=True):
        words: list[str] = []
        for move in advance(
            list(held.values()), said, TENANT, said.as_of, lambda: f"alert-{next(numbers)}",
            around=circumstances(moment.chart, rules, said), knowledge=rules,
        ):  # fmt: skip
            held[move.alert.id] = move.alert
            words += map(_word, move.history if move.alert.kind is life.of else ())
        for act in life.acts:
            if act.at == moment.at:
                words += _acted(act, life.of, held, rules)
        happened[moment.at] = tuple(sorted(words))
    return happened


def life_differences(
    told: Mapping[str, Any] | None,
    moments: Sequence[Moment],
    course: Sequence[Assessment],
    rules: Knowledge,
) -> tuple[str, ...]:
    """What happened otherwise than an expectation as written says, a sentence each."""
    life = life_of((told or {}).get("life", {}))
    return () if life is None else tuple(unlike(life, lived(life, moments, course, rules)))


def unlike(life: Life, happened: Happened) -> Iterator[str]:
    for at, expected in sorted(life.happens.items()):
        found = happened.get(at, ())
        if found != tuple(sorted(expected)):
            said, wanted = ", ".join(found) or "nothing", ", ".join(expected) or "nothing"
            yield f"{said} happened at {at.isoformat()}, expected {wanted}"


def _acted(act: Act, kind: AlertKind, held: dict[str, Alert], rules: Knowledge) -> Iterator[str]:
    for key, alert in sorted(held.items()):
        if alert.kind is not kind:
            continue
        try:
            move = _step(act, alert, rules)
        except Refused as refusal:
            yield f"refused {refusal.reason.value}"
            continue
        held[key] = move.alert
        yield from map(_word, move.history)


def _step(act: Act, alert: Alert, rules: Knowledge) -> Move:
    if act.does == "snooze" and act.until is not None:
        return snooze(alert, PERSON, act.at, act.reason, act.until, knowledge=rules)
    return resolve(alert, PERSON, act.at, act.reason)


def _word(entry: HistoryEntry) -> str:
    if entry.what is What.ESCALATED:
        return f"{entry.what.value} {entry.detail}"
    return f"{entry.what.value} {entry.why.value}"


def _instant(text: str | datetime) -> datetime:
    at = text if isinstance(text, datetime) else datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return at
