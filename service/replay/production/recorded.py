"""Decisions that production recorded, made anew on the same facts: do they still come out alike?

The store keeps each patient's newest assessment and the facts as they stand. Facts that came after
it, and another rule version, are told apart from a decision that changed for no reason given.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from alerts.assessment import as_dict, assess
from alerts.chart import Chart
from alerts.compare import Because, differences
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


class Decisions(Protocol):
    """What of a store is read."""

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
            yield _again(f"patient-{number:06d}", decided, chart, rules)
        if progress:
            progress(number, len(patients))


def _again(case: str, decided: Mapping[str, Any], chart: Chart, rules: Knowledge) -> Recorded:
    at = datetime.fromisoformat(decided["as_of"])
    now = as_dict(assess(chart, rules, at))
    found = differences(decided, now)
    words = tuple(f"{c.what}: {c.before} -> {c.after}" for c in found)
    if not found:
        verdict = Verdict.SAME
    elif any(
        c.because in (Because.NEW_EVIDENCE, Because.EVIDENCE_GONE, Because.OTHER_VALUE)
        for c in found
    ):
        verdict = Verdict.NEWER_FACTS
    else:
        other = decided["rules"] != rules.version
        verdict = Verdict.OTHER_RULES if other else Verdict.CHANGED
    return Recorded(case, at, str(decided["tier"]), verdict, words)
