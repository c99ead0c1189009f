"""The replay itself, and its report as data."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from alerts.assessment import assess
from alerts.knowledge import Knowledge
from alerts.statements import Assessment, TierName
from service.errors import BadInput, TooLarge
from service.fhir.limits import Limits
from service.replay.answers import answer_differences
from service.replay.bodies import arrival, read
from service.replay.cases import Case, find_cases
from service.replay.chronicle import Arrived, chronicle
from service.replay.verdict import Difference, Verdict, first_at, judge, peak_of


@dataclass(frozen=True, slots=True)
class Step:
    """One point of a timeline."""

    at: datetime
    tier: str
    lower: int
    upper: int


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One patient of one case. `differences` are sentences; empty when as expected."""

    case: str
    patient: str
    kind: str
    group: str
    timeline: tuple[Step, ...]
    peak_tier: str
    first_at: dict[str, datetime]
    expected: dict[str, Any] | None
    why: str
    verdict: Verdict
    differences: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return self.verdict in (Verdict.AS_EXPECTED, Verdict.NO_EXPECTATION)


@dataclass(frozen=True, slots=True)
class Report:
    rules: str
    cases: tuple[CaseResult, ...]

    @property
    def ok(self) -> bool:
        return all(case.ok for case in self.cases)

    def as_dict(self) -> dict[str, Any]:
        """The stable JSON form; times in ISO 8601."""
        verdicts = Counter(case.verdict.value for case in self.cases)
        summary = {
            "rules": self.rules,
            "cases": len(self.cases),
            "differences": sum(not case.ok for case in self.cases),
            "verdicts": dict(sorted(verdicts.items())),
            "peak_tiers": dict(sorted(Counter(c.peak_tier for c in self.cases).items())),
        }
        return {"summary": summary, "cases": [_case_dict(case) for case in self.cases]}


def replay(
    paths: Iterable[Path],
    rules: Knowledge,
    step: bool,
    as_of: datetime | None,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Replay every case under `paths`; the order of `paths` changes nothing.

    `step` keeps every moment in the timelines, else only those where the answer changed.
    `as_of` ends each course there. `now` bounds the clock of bundles without a stamp.
    Raises BadInput when the paths or expectations are wrong; a bundle that cannot be read is a
    result (`refused`), not an error.
    """
    cases = find_cases(paths)
    results: list[CaseResult] = []
    for done, case in enumerate(cases, start=1):
        results += _replay_case(case, rules, step, as_of, now)
        if progress:
            progress(done, len(cases))
    return Report(rules.version, tuple(results))


def _replay_case(
    case: Case, rules: Knowledge, step: bool, as_of: datetime | None, now: datetime
) -> list[CaseResult]:
    if case.expected is not None and case.expected.answer is not None:
        found = answer_differences(_bytes(case.bodies[0]), case.expected.answer, rules, now)
        return [_malformed(case, found)]
    try:
        arrived = [_arrived(path, now) for path in case.bodies]
    except BadInput as refusal:
        return [_refused(case, refusal)]
    courses = {
        patient: [assess(moment.chart, rules, moment.at) for moment in moments]
        for patient, moments in sorted(chronicle(arrived, as_of).items())
    }
    courses = {patient: course for patient, course in courses.items() if course}
    if not courses:
        return [_empty(case)]
    lost = _lost(arrived)
    return [
        _judged(case, patient, course, lost, alone=len(courses) == 1, step=step)
        for patient, course in courses.items()
    ]


def _lost(arrived: Iterable[Arrived]) -> list[Difference]:
    """Entries that the reader refused: a fixture must not lose a fact in silence."""
    return [
        Difference(Verdict.CHANGED, f"{outcome.location} refused: {outcome.reason}")
        for one in arrived
        for outcome in one.reading.outcomes
        if outcome.outcome.value == "refused"
    ]


def _arrived(path: Path, now: datetime) -> Arrived:
    body = _bytes(path)
    return Arrived(arrival(body, now), read(body, now))


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > Limits().max_bytes:
        raise TooLarge(f"{path.name} is too large.", code="too-large", location=path.name)
    return path.read_bytes()


def _judged(
    case: Case,
    patient: str,
    course: Sequence[Assessment],
    lost: Sequence[Difference],
    *,
    alone: bool,
    step: bool,
) -> CaseResult:
    verdict = Verdict.NO_EXPECTATION
    found: tuple[Difference, ...] = ()
    expected = case.expected
    if expected is not None and expected.expectation is not None and alone:
        found = (*judge(expected.expectation, course), *lost)
        verdict = found[0].kind if found else Verdict.AS_EXPECTED
    return CaseResult(
        case=case.name,
        patient=patient,
        kind=expected.kind if expected else "",
        group=expected.group if expected else "",
        timeline=_timeline(course, step),
        peak_tier=peak_of(course).tier.name.value,
        first_at={tier.value: at for tier, at in first_at(course).items()},
        expected=dict(expected.raw) if expected else None,
        why=expected.why if expected else "",
        verdict=verdict,
        differences=tuple(difference.text for difference in found),
    )


def _timeline(course: Sequence[Assessment], step: bool) -> tuple[Step, ...]:
    steps = [Step(a.as_of, a.tier.name.value, a.iec.lower, a.iec.upper) for a in course]
    if step:
        return tuple(steps)
    return tuple(
        one
        for before, one in zip([None, *steps[:-1]], steps, strict=True)
        if before is None
        or (one.tier, one.lower, one.upper) != (before.tier, before.lower, before.upper)
    )


def _empty(case: Case) -> CaseResult:
    """Nothing dated about any patient: said, and a difference where something was expected."""
    found = ("no dated fact about a patient",)
    expected = case.expected is not None
    return _without_course(case, Verdict.MISSED if expected else Verdict.NO_EXPECTATION, found)


def _malformed(case: Case, found: tuple[str, ...]) -> CaseResult:
    verdict = Verdict.CHANGED if found else Verdict.AS_EXPECTED
    return _without_course(case, verdict, found)


def _refused(case: Case, refusal: BadInput) -> CaseResult:
    where = f" at {refusal.location}" if refusal.location else ""
    return _without_course(case, Verdict.REFUSED, (f"{refusal.code}{where}: {refusal.message}",))


def _without_course(case: Case, verdict: Verdict, found: tuple[str, ...]) -> CaseResult:
    expected = case.expected
    return CaseResult(
        case=case.name,
        patient="",
        kind=expected.kind if expected else "",
        group=expected.group if expected else "",
        timeline=(),
        peak_tier=TierName.NONE.value,
        first_at={},
        expected=dict(expected.raw) if expected else None,
        why=expected.why if expected else "",
        verdict=verdict,
        differences=found,
    )


def _case_dict(case: CaseResult) -> dict[str, Any]:
    return {
        "case": case.case,
        "patient": case.patient,
        "kind": case.kind,
        "group": case.group,
        "timeline": [
            {"at": s.at.isoformat(), "tier": s.tier, "iec": {"lower": s.lower, "upper": s.upper}}
            for s in case.timeline
        ],
        "peak_tier": case.peak_tier,
        "first_at": {tier: at.isoformat() for tier, at in case.first_at.items()},
        "expected": case.expected,
        "verdict": case.verdict.value,
        "differences": list(case.differences),
    }
