"""One case played through reader and rules, once read and once for each rule version."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from alerts.chart import Chart
from alerts.knowledge import Knowledge
from alerts.statements import Assessment, Channel, TierName
from service.errors import BadInput, TooLarge
from service.fhir.limits import Limits
from service.fhir.reader import ReadContext, Reading, read_ndjson
from service.replay.answers import answer_differences
from service.replay.bodies import TENANT, UTC_ZONE, arrival, latest_stamp, read
from service.replay.cases import Case
from service.replay.chronicle import (
    Arrived,
    Moment,
    by_effective_time,
    courses,
    facts_by_patient,
)
from service.replay.course import Called, Step, assessed, called, steps_of
from service.replay.drawing import drawing_of
from service.replay.expected import Expected
from service.replay.life import life_differences
from service.replay.result import CaseResult, Told
from service.replay.survey import Record, survey
from service.replay.trace import Trace, digest_of, signature, trace_of
from service.replay.verdict import Difference, Verdict, first_at, judge, peak_of

# every line of a piece in one reading: a Medication may come after its orders
WHOLE = 10**9


@dataclass(frozen=True, slots=True)
class Manner:
    """How to play. `step`: every moment in the timelines; `draw`: keep what a page needs;
    `screened`: leave out assessments that the screen proves empty (nothing else changes)."""

    versions: tuple[Knowledge, ...]
    step: bool
    as_of: datetime | None
    now: datetime
    draw: bool
    screened: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """A case, or the piece of a large one that holds some of its patients."""

    case: Case
    piece: Path | None = None


Played = tuple[CaseResult, ...]  # one for each version
Courses = list[tuple[CaseResult, Sequence[Assessment]]]  # the same, and what each was made of


def play(part: Part, manner: Manner) -> list[Played]:
    """The results of each patient in the part."""
    told = told_of(part.case)
    expected = part.case.expected
    if expected is not None and expected.answer is not None:
        return [_malformed(part.case, told, expected.answer, manner)]
    try:
        arrived = arrived_of(part, manner.now)
    except BadInput as refusal:
        where = f" at {refusal.location}" if refusal.location else ""
        words = f"{refusal.code}{where}: {refusal.message}"
        return [_same(_without_course(told, Verdict.REFUSED, (words,)), manner)]
    found = list(_patients(part, arrived, manner))
    if not found and part.piece is not None and not _refusals(arrived):
        return []
    return _finished(part.case, told, found, _refusals(arrived), manner)


def _patients(
    part: Part, arrived: Sequence[Arrived], manner: Manner
) -> Iterator[tuple[str, Courses]]:
    """Each patient's results: those of an export by survey, where that tells all that is asked."""
    if part.piece is None or manner.step or len(arrived) != 1:
        corrected = len(arrived) > 1
        for patient, series in courses(arrived, manner.as_of):
            if moments := list(series):
                told, expected = told_of(part.case, patient), _expected(part.case, patient)
                found = _patient(told, patient, moments, manner, expected, corrected=corrected)
                yield patient, found
        return
    (one,) = arrived
    for patient, facts in sorted(facts_by_patient(one.reading.resources).items()):
        record = Record(patient, facts, one.at, manner.as_of)
        surveyed = _surveyed(part.case, record, manner)
        if surveyed is not None:
            yield patient, surveyed


def _expected(case: Case, patient: str) -> Expected | None:
    return case.truth.get(patient, case.expected)


def _of_tiers(expected: Expected | None) -> bool:
    return expected is None or expected.expectation is None or expected.expectation.of_tiers


def _of_findings(expected: Expected | None) -> bool:
    return expected is None or expected.expectation is None or expected.expectation.of_findings


def _surveyed(case: Case, record: Record, manner: Manner) -> Courses | None:
    """By survey where that tells all that is asked; whoever is to be drawn and had something said
    is played in full."""
    expected, told = _expected(case, record.patient), told_of(case, record.patient)
    if not _of_tiers(expected):
        return _in_full(told, record, manner, expected)
    made: Courses = []
    for rules in manner.versions:
        found = survey(record, rules, screened=manner.screened)
        if found is None:
            return None
        if manner.draw and found.course:
            return _in_full(told, record, manner, expected)
        result = _result(told, record.patient, found.course, found.steps, found.called)
        made.append((result, found.course))
    return made


def _in_full(
    told: Told, record: Record, manner: Manner, expected: Expected | None
) -> Courses | None:
    moments = list(by_effective_time(record.patient, record.facts, record.told_until, record.until))
    return _patient(told, record.patient, moments, manner, expected) if moments else None


def arrived_of(part: Part, now: datetime) -> list[Arrived]:
    if part.piece is None:
        return [_body(path, now) for path in part.case.bodies]
    text = part.piece.read_bytes()
    at = latest_stamp(text, now)
    context = ReadContext(tenant=TENANT, received_at=at, zone=UTC_ZONE)
    readings = list(read_ndjson(BytesIO(text), context, chunk=WHOLE))
    outcomes = tuple(o for reading in readings for o in reading.outcomes)
    return [Arrived(at, Reading(outcomes, tuple(r for one in readings for r in one.resources)))]


def _body(path: Path, now: datetime) -> Arrived:
    body = body_of(path)
    return Arrived(arrival(body, now), read(body, now))


def body_of(path: Path) -> bytes:
    """Raises TooLarge before reading what is too large, BadInput for what cannot be read."""
    try:
        if path.stat().st_size > Limits().max_bytes:
            raise TooLarge(f"{path.name} is too large.", code="too-large", location=path.name)
        return path.read_bytes()
    except OSError as fault:
        raise BadInput(
            f"{path.name} cannot be read ({fault.strerror}).", code="unreadable", location=path.name
        ) from fault


def _refusals(arrived: Sequence[Arrived]) -> tuple[str, ...]:
    """Entries that the reader refused: nothing is lost in silence."""
    return tuple(
        f"{outcome.location} refused: {outcome.reason}"
        for one in arrived
        for outcome in one.reading.outcomes
        if outcome.outcome.value == "refused"
    )


def _patient(
    told: Told,
    patient: str,
    moments: Sequence[Moment],
    manner: Manner,
    expected: Expected | None,
    *,
    corrected: bool = False,
) -> Courses:
    """Every moment; with what explains an assessment only where somebody will read it."""
    brief = not manner.draw and len(manner.versions) == 1 and _of_findings(expected)
    plays = [assessed(moments, rules, brief=brief) for rules in manner.versions]
    parted = _parted(plays)
    made: Courses = []
    for course, rules in zip(plays, manner.versions, strict=True):
        steps = steps_of(course, whole=manner.step)
        calls = called(moments, course, rules, corrected=corrected)
        result = _result(told, patient, course, steps, calls)
        lived = life_differences(told.expected, moments, course, rules)
        result = replace(result, life=lived) if lived else result
        if manner.draw:
            contrast = trace_of(course[parted]) if parted is not None else None
            result = _drawn(result, course, moments[-1].chart, contrast)
        made.append((result, course))
    return made


def _parted(plays: Sequence[Sequence[Assessment]]) -> int | None:
    """The first moment at which the versions do not say the same: by tier or loudness before
    anything else."""
    if len(plays) < 2:
        return None
    first: int | None = None
    for n, (one, other) in enumerate(zip(*plays, strict=True)):
        if (one.tier.name, one.tier.channel) != (other.tier.name, other.tier.channel):
            return n
        if first is None and signature(one) != signature(other):
            first = n
    return first


def _result(
    told: Told,
    patient: str,
    course: Sequence[Assessment],
    steps: tuple[Step, ...],
    calls: Called,
) -> CaseResult:
    loudest = max((a.tier.channel for a in course), key=list(Channel).index, default=Channel.NONE)
    return CaseResult(
        told=told,
        patient=patient,
        timeline=steps,
        peak_tier=peak_of(course).tier.name.value if course else TierName.NONE.value,
        first_at={tier.value: at for tier, at in first_at(course).items()},
        verdict=Verdict.NO_EXPECTATION,
        differences=(),
        loudest=loudest.value,
        interactions=tuple(
            sorted({f"{i.id} ({i.severity}, {i.mode})" for a in course for i in a.interactions})
        ),
        said=digest_of(course),
        called=calls,
    )


def _drawn(
    result: CaseResult, course: Sequence[Assessment], chart: Chart, contrast: Trace | None
) -> CaseResult:
    """With what a page shows of a course that anybody would look at."""
    stirred = result.peak_tier != TierName.NONE or contrast is not None
    if not stirred and result.told.expected is None:
        return result
    peak = trace_of(peak_of(course))
    return replace(result, peak=peak, contrast=contrast, drawing=drawing_of(chart))


def _finished(
    case: Case,
    told: Told,
    found: Sequence[tuple[str, Courses]],
    refusals: tuple[str, ...],
    manner: Manner,
) -> list[Played]:
    """The verdicts: an expectation speaks of one patient."""
    if not found:
        verdict = Verdict.MISSED if told.expected is not None else Verdict.NO_EXPECTATION
        words = ("no dated fact about a patient", *refusals)
        return [_same(_without_course(told, verdict, words), manner)]
    alone = case.expected if len(found) == 1 else None
    return [
        tuple(
            _judged(result, course, case.truth.get(patient, alone), refusals)
            for result, course in made
        )
        for patient, made in found
    ]


def _judged(
    result: CaseResult,
    course: Sequence[Assessment],
    expected: Expected | None,
    refusals: tuple[str, ...],
) -> CaseResult:
    if expected is None or expected.expectation is None:
        return replace(result, outcomes=refusals)
    lost = (Difference(Verdict.CHANGED_REASON, words) for words in refusals)
    lived = (Difference(Verdict.CHANGED_REASON, words) for words in result.life)
    found = (*judge(expected.expectation, course), *lived, *lost)
    return replace(
        result,
        verdict=found[0].kind if found else Verdict.AS_EXPECTED,
        differences=tuple(difference.text for difference in found),
        outcomes=refusals,
    )


def told_of(case: Case, patient: str = "") -> Told:
    """What is told of the case, or of this patient of a simulated export."""
    expected = case.truth.get(patient, case.expected)
    if expected is None:
        return Told(case.name)
    return Told(
        case=expected.case,
        kind=expected.kind,
        group=expected.group,
        label=expected.label,
        why=expected.why,
        family=expected.family,
        syndrome=expected.syndrome,
        recognised_at=expected.recognised_at,
        expected=dict(expected.raw),
    )


def _malformed(case: Case, told: Told, answer: Mapping[str, Any], manner: Manner) -> Played:
    made = []
    for rules in manner.versions:
        body = body_of(case.bodies[0])
        found = answer_differences(body, answer, rules, manner.now)
        verdict = Verdict.CHANGED_REASON if found else Verdict.AS_EXPECTED
        made.append(_without_course(told, verdict, found))
    return tuple(made)


def _same(result: CaseResult, manner: Manner) -> Played:
    return (result,) * len(manner.versions)


def _without_course(told: Told, verdict: Verdict, found: tuple[str, ...]) -> CaseResult:
    return CaseResult(told, "", (), TierName.NONE.value, {}, verdict, found)
