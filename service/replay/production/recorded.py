"""Decisions that production recorded, made anew on the same facts: do they still come out alike?

The store keeps each patient's newest assessment and the facts as they stand. Facts that came after
it, and another rule version, are told apart from a decision that changed for no reason given: facts
are newer only where the store received a resource named in the change after the decision.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import orjson

from alerts.assessment import as_dict, assess
from alerts.chart import Chart
from alerts.compare import Change, differences
from alerts.knowledge import Knowledge


class Verdict(StrEnum):
    SAME = "same"
    NEWER_FACTS = "newer facts"  # the chart changed after the decision: nothing to compare
    OTHER_RULES = "other rules"  # decided by another rule version, which says otherwise
    CHANGED = "changed"  # the same rules say otherwise of the same facts


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded decision. `case`: a number, never the patient; `changes` in words."""

    case: str
    at: datetime
    tier: str
    verdict: Verdict
    changes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return self.verdict in (Verdict.SAME, Verdict.NEWER_FACTS)


class Arrival(Protocol):
    """A resource on record."""

    @property
    def received_at(self) -> datetime: ...


class Decisions(Protocol):
    """What of a store is read."""

    def resource(self, tenant: str, resource_type: str, resource_id: str) -> Arrival | None: ...

    def patients(self, tenant: str) -> list[str]: ...
    def chart(self, tenant: str, patient: str) -> Chart | None: ...
    def assessment(self, tenant: str, patient: str) -> dict[str, Any] | None: ...


def recorded(
    store: Decisions,
    tenant: str,
    rules: Knowledge,
    progress: Callable[[int, int], None] | None = None,
) -> Iterable[Recorded]:
    """Every patient with a recorded decision, one at a time, numbered in the order of ids."""
    patients = store.patients(tenant)
    for number, patient in enumerate(patients, start=1):
        decided, chart = store.assessment(tenant, patient), store.chart(tenant, patient)
        if decided is not None and chart is not None:
            found = differences(decided, _anew(decided, chart, rules))
            newer = any(
                _came_after(store, tenant, source, datetime.fromisoformat(decided["as_of"]))
                for source in sorted({source for change in found for source in change.sources})
            )
            yield _judged(f"patient-{number:06d}", decided, rules, found, newer=newer)
        if progress:
            progress(number, len(patients))


def _anew(decided: Mapping[str, Any], chart: Chart, rules: Knowledge) -> dict[str, Any]:
    return as_dict(assess(chart, rules, datetime.fromisoformat(decided["as_of"])))


def _came_after(store: Decisions, tenant: str, source: str, at: datetime) -> bool:
    kind, _, identity = source.partition("/")
    held = store.resource(tenant, kind, identity)
    return held is None or held.received_at > at


def _judged(
    case: str, decided: Mapping[str, Any], rules: Knowledge, found: Sequence[Change], *, newer: bool
) -> Recorded:
    if not found:
        verdict = Verdict.SAME
    elif decided["rules"] != rules.version:
        verdict = Verdict.OTHER_RULES
    else:
        verdict = Verdict.NEWER_FACTS if newer else Verdict.CHANGED
    words = tuple(f"{c.what}: {c.before} -> {c.after}" for c in found)
    at = datetime.fromisoformat(decided["as_of"])
    return Recorded(case, at, str(decided["tier"]), verdict, words)


def render_recorded(found: Sequence[Recorded], rules: str, form: str) -> str:
    """As text or JSON: numbers of patients only."""
    counts = Counter(one.verdict.value for one in found)
    if form == "json":
        body = {
            "summary": {
                "rules": rules,
                "decisions": len(found),
                "verdicts": dict(sorted(counts.items())),
            },
            "decisions": [
                {
                    "case": one.case,
                    "at": one.at.isoformat(),
                    "tier": one.tier,
                    "verdict": one.verdict.value,
                    "changes": list(one.changes),
                }
                for one in found
            ],
        }
        return orjson.dumps(body, option=orjson.OPT_INDENT_2).decode() + "\n"
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    lines = [f"Rules {rules}: {len(found)} recorded decisions made anew: {told or 'none'}."]
    for one in found:
        if one.verdict is not Verdict.SAME:
            lines.append(f"{one.case}  {one.tier}  {one.verdict.value}")
            lines += [f"  - {change}" for change in one.changes[:12]]
    return "\n".join(lines) + "\n"
