"""Decisions that production recorded, made anew on the same facts: do they still come out alike?

From the store itself, or from folders that `export --recorded` wrote. The store keeps each
patient's newest assessment and the facts as they stand. Facts that came after it, and another rule
version, are told apart from a decision that changed for no reason given: facts are newer only where
the store received a resource named in the change after the decision.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import orjson

from alerts.assessment import as_dict, assess
from alerts.chart import Chart, chart_of
from alerts.compare import Change, differences
from alerts.knowledge import Knowledge
from service.errors import BadInput
from service.replay.bodies import read
from service.replay.chronicle import facts_by_patient
from service.replay.production import decision
from service.replay.production.decision import RECORDED
from service.replay.production.export import BUNDLE, words


class Verdict(StrEnum):
    SAME = "same"
    NEWER_FACTS = "newer facts"  # the chart changed after the decision: nothing to compare
    OTHER_RULES = "other rules"  # decided by another rule version, which says otherwise
    CHANGED = "changed"  # the same rules say otherwise of the same facts


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded decision. `case`: a number or folder, never the patient; `changes` in words."""

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
            newer = newer_facts(store, tenant, decided, chart, rules) if found else False
            yield _judged(f"patient-{number:06d}", decided, rules, found, newer=newer)
        if progress:
            progress(number, len(patients))


def newer_facts(
    store: Decisions, tenant: str, decided: Mapping[str, Any], chart: Chart, rules: Knowledge
) -> bool:
    """Does the decision come out otherwise now because of facts that came after it?"""
    at = datetime.fromisoformat(decided["as_of"])
    found = differences(decided, _anew(decided, chart, rules))
    sources = sorted({source for change in found for source in change.sources})
    return any(_came_after(store, tenant, source, at) for source in sources)


def replayed(
    paths: Iterable[Path],
    rules: Knowledge,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Recorded]:
    """Every exported decision under the paths, made anew on the bundle beside it; by name.

    Raises BadInput (`no-such-path`, `no-decisions`, `bad-decision`).
    """
    homes = sorted({file.parent for path in paths for file in _decisions_at(path)})
    if not homes:
        raise BadInput(f"No {RECORDED} is there.", code="no-decisions")
    for number, home in enumerate(homes, start=1):
        decided = decision.read(home / RECORDED)
        at = datetime.fromisoformat(decided["as_of"])
        yield _made_anew(home, decided, rules, at, now)
        if progress:
            progress(number, len(homes))


def _decisions_at(path: Path) -> Iterator[Path]:
    if not path.exists():
        raise BadInput(f"There is no {path.name}.", code="no-such-path", location=str(path))
    yield from [path] if path.name == RECORDED else sorted(path.rglob(RECORDED))


def _made_anew(
    home: Path, decided: Mapping[str, Any], rules: Knowledge, at: datetime, now: datetime
) -> Recorded:
    body = (home / BUNDLE).read_bytes()
    facts = facts_by_patient(read(body, now).resources)
    if len(facts) != 1:
        raise BadInput(
            f"{home.name} tells of {len(facts)} patients, not one.",
            code="bad-decision",
            location=home.name,
        )
    ((patient, told),) = facts.items()
    anew = as_dict(assess(chart_of(patient, told), rules, at))
    return _judged(home.name, decided, rules, decision.unlike(decided, anew), newer=False)


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
    at = datetime.fromisoformat(decided["as_of"])
    return Recorded(case, at, str(decided["tier"]), verdict, tuple(map(words, found)))


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
