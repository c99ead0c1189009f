"""All findings of a chart at a moment, with onset and exposure, each after what it needs."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain

from alerts.chart import SignKind
from alerts.exposure import exposures
from alerts.findings.creatine_kinase import above_normal, ck_times, creatine_kinase
from alerts.findings.exposed import exposure_findings
from alerts.findings.mental_status import (
    broad_mental_status,
    lowered_score,
    mental_status,
    mental_times,
)
from alerts.findings.metabolism import ratios
from alerts.findings.rigidity import rigidity, rigidity_times
from alerts.findings.sympathetic import bp_baselines, components, lability
from alerts.findings.temperature import critical, fever_times, first_fever, forty, hyperthermia
from alerts.findings.workup import workup
from alerts.moment import TICK, Moment
from alerts.record import record
from alerts.scales import states_of
from alerts.statements import Exposure, Finding, Withdrawal
from alerts.truth import TRUE, Truth
from alerts.withdrawal import withdrawals

Seeker = Callable[[Moment, datetime, datetime], list[datetime]]
SEEKERS: tuple[Seeker, ...] = (rigidity_times, mental_times, fever_times, ck_times)


@record
class Reading:
    """What was found, when it began, and what the patient was exposed to."""

    findings: dict[str, Finding]
    states: dict[str, Truth]
    onset: datetime | None
    events: tuple[datetime, ...]
    exposures: tuple[Exposure, ...]
    withdrawals: tuple[Withdrawal, ...]


def read_findings(now: Moment) -> Reading:
    """Read every finding; each knows what it read (`Moment.read_by`)."""
    with now.account("onset"):
        floor, sought = _episode_floor(now), _Sought()
        events = _episode(now, floor, [], sought)
    onset = events[0] if events else None
    findings = _signs(now, onset)
    lability_times = [
        f.since for f in (findings["SNS"], findings["MET"]) if f.state is TRUE and f.since
    ]
    with now.account("onset"):
        events = _episode(now, floor, lability_times, sought) if lability_times else events
    onset = events[0] if events else None
    now.onset = onset
    findings |= _settled(now, onset)
    with now.account("EXP"):
        exposed = exposures(now, events)
        stopped = withdrawals(now, events)
        findings |= exposure_findings(now, exposed, stopped)
    return Reading(findings, states_of(findings), onset, events, exposed, stopped)


# times found in the windows that were looked through, by window
_Sought = dict[tuple[datetime, datetime], list[datetime]]


def _episode(
    now: Moment, floor: datetime | None, more: list[datetime], sought: _Sought
) -> tuple[datetime, ...]:
    """The times of the running episode, oldest first: a gap of 168 h ends one (TIER-10)."""
    gap = now.hours("episode.gap_h")
    found: set[datetime] = set()
    earliest = end = now.as_of
    while True:
        start = earliest - gap
        if (start, end) not in sought:
            sought[start, end] = list(chain(*[seek(now, start, end) for seek in SEEKERS]))
        times = sought[start, end] + [t for t in more if start <= t <= end]
        found.update(times if floor is None else [t for t in times if t > floor])
        before, earliest = earliest, min(found, default=earliest)
        if earliest >= before:
            break
        end = start  # from there to the end before it was looked through
    if found:
        now.until(max(found) + gap + TICK)
    return tuple(sorted(found))


def _episode_floor(now: Moment) -> datetime | None:
    """What ended the episode before: a clinician's word, or a discharge (TIER-10)."""
    ends = [s.at for s in now.ever(SignKind.RESOLVED)]
    ends += list(_discharges(now))
    return max(ends, default=None)


def _discharges(now: Moment) -> Iterator[datetime]:
    """Ends of stays that no other stay follows within the day."""
    day = now.hours("episode.transfer_h")
    for stay in now.chart.stays:
        if stay.end is None or stay.end > now.as_of:
            continue
        follows = any(
            other is not stay
            and other.start is not None
            and other.start <= stay.end + day
            and (other.end is None or other.end > stay.end)
            for other in now.chart.stays
        )
        if not follows:
            yield stay.end


# what is read of the chart alone, in the order in which it is read
_ALONE: tuple[tuple[str, Callable[[Moment], Finding]], ...] = (
    ("HYP", hyperthermia),
    ("TEMP1", first_fever),
    ("TEMP40", forty),
    ("RIG", rigidity),
)


def _signs(now: Moment, onset: datetime | None) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    outer = now.account_open
    for name, read in _ALONE:
        now.turn_to(now.account_of(name))
        found[name] = read(now)
    now.turn_to(now.account_of("MS"))
    found["MS"] = mental = mental_status(now, onset)
    hottest = now.account_of("TEMP411")
    now.turn_to(now.account_of("MSB"))
    broad = broad_mental_status(now, mental)
    now.turn_to(hottest)
    found["TEMP411"] = critical(now, mental, broad, lambda: lowered_score(now, onset))
    found["MSB"] = broad
    now.turn_to(now.account_of("CK_ULN"))
    found["CK_ULN"] = above_normal(now)
    now.turn_to(now.account_of("SNS"))
    parts = components(now, bp_baselines(now, onset))
    minimum = int(now.knowledge["sns.components"])
    shared = [parts["BPUP"], parts["DIAPH"], parts["INCONT"]]
    found["SNS"] = lability("SNS", [*shared, parts["BPFL"]], minimum)
    now.turn_to(now.account_of("SNS_ROBUST"))
    found["SNS_ROBUST"] = lability("SNS_ROBUST", [*shared, parts["BPFL_ROBUST"]], minimum)
    now.turn_to(now.account_of("MET"))
    rates = ratios(now, onset)
    now.turn_to(outer)
    return found | parts | rates


def _settled(now: Moment, onset: datetime | None) -> dict[str, Finding]:
    """What is counted from the final onset."""
    found = {}
    with now.account("CK"):
        found["CK"] = creatine_kinase(now, onset)
    with now.account("NEG"):
        found["NEG"] = workup(now, onset)
    return found
