"""When an episode is over (SPEC 5.6), three-valued: no part is met by silence of the record."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from operator import sub

from alerts.chart import Measurement, SignKind
from alerts.moment import TICK, Moment, trusted_sites
from alerts.record import record
from alerts.statements import Finding
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, both
from alerts.wording import figure

NMS = "neuroleptic_malignant_syndrome"
MASKS = (
    SignKind.ACTIVE_COOLING,
    SignKind.TARGETED_TEMPERATURE,
    SignKind.RENAL_REPLACEMENT,
    SignKind.EXTRACORPOREAL,
)


@record
class Part:
    """One of the four conditions of resolution: met, not met or not known, and why."""

    name: str
    state: Truth
    reason: str


@record
class Resolution:
    """`state` is TRUE only when all four parts are met by what was recorded."""

    state: Truth
    parts: tuple[Part, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(p.name for p in self.parts if p.state is not TRUE)


@record
class Resolved:
    """A statement on the chart that the episode is over; `at` None: its date is not told."""

    at: datetime | None
    source: str


@record
class Surveillance:
    """Until when to watch after resolution, and by which product."""

    until: datetime
    why: str


def resolution(now: Moment, findings: Mapping[str, Finding]) -> Resolution:
    """Temperature, rigidity, CK and mental status, each read for absence with its evidence."""
    parts = (
        _temperature(now),
        _absent(findings.get("RIG"), "rigidity absent"),
        _creatine_kinase(now),
        _absent(findings.get("MS"), "mental status at baseline"),
    )
    return Resolution(both(p.state for p in parts), parts)


def _temperature(now: Moment) -> Part:
    """Oral or core readings of 48 h, none above 38.0 °C, none further apart than the gap."""
    say = now.knowledge.says
    name = say("{resolution.temperature_c} °C or less for {resolution.temperature_h} h")
    limit = now.knowledge["resolution.temperature_c"]
    window = now.hours("resolution.temperature_h")
    readings = now.within("body_temperature", window)
    hot = now.above(readings, limit)
    if hot:
        return Part(
            name, FALSE, f"{hot[-1].value:g} °C {say('in the last {resolution.temperature_h} h')}"
        )
    trusted = trusted_sites(now.knowledge)
    proof = [m for m in readings if m.site in trusted and not m.comparator and not m.preliminary]
    if not proof:
        return Part(name, UNKNOWN, say("no oral or core reading in {resolution.temperature_h} h"))
    if _gap(now, proof, window):
        hours = now.knowledge["resolution.reading_gap_h"]
        return Part(name, UNKNOWN, f"more than {hours:g} h without an oral or core reading")
    if now.present(window, *MASKS):
        return Part(name, UNKNOWN, "masked by cooling or blood purification")
    return Part(name, TRUE, f"{len(proof)} oral or core readings, none above")


def _gap(now: Moment, proof: Sequence[Measurement], window: timedelta) -> bool:
    """Does the window hold a time without a reading that is longer than allowed?"""
    allowed = now.hours("resolution.reading_gap_h")
    # the two ends move with the clock: one gap closes, the other opens
    now.until(proof[0].at + window - allowed)
    now.until(proof[-1].at + allowed + TICK)
    edges = [now.as_of - window, *[m.at for m in proof], now.as_of]
    longest: timedelta = max(map(sub, edges[1:], edges))
    return longest > allowed


def _absent(finding: Finding | None, name: str) -> Part:
    if finding is None or finding.state is UNKNOWN:
        return Part(name, UNKNOWN, finding.reason if finding else "not assessed")
    return Part(name, FALSE if finding.state is TRUE else TRUE, finding.reason)


def _creatine_kinase(now: Moment) -> Part:
    """CK below 4 × ULN and falling; a value within the laboratory's range need not fall."""
    say = now.knowledge.says
    name = say("CK below {ck.multiple} × ULN and falling")
    readings = [m for m in now.readings("creatine_kinase") if not m.comparator]
    window = now.hours("resolution.ck_newest_h")
    if not readings or now.older(readings[-1].at, window):
        return Part(name, UNKNOWN, say("no CK in {resolution.ck_newest_h} h"))
    newest = readings[-1]
    said = f"CK {figure(newest.value)} U/L"
    ceiling = (newest.reference_high or 0) * now.knowledge["ck.multiple"]
    if newest.value >= (ceiling or now.knowledge["ck.no_range_u_l"]):
        return Part(name, FALSE, said)
    if not ceiling:
        return Part(name, UNKNOWN, f"{said}, no laboratory range")
    if newest.value <= (newest.reference_high or 0):
        return Part(name, TRUE, f"{said}, in the laboratory's range")
    return _falling(name, said, readings)


def _falling(name: str, said: str, readings: list[Measurement]) -> Part:
    if len(readings) < 2:
        return Part(name, UNKNOWN, f"{said}, no earlier value to fall from")
    before = readings[-2].value
    falls = readings[-1].value < before
    return Part(name, TRUE if falls else FALSE, f"{said} after {before:g} U/L")


def resolved(now: Moment) -> Resolved | None:
    """The newest statement that an episode is over: a clinician's, or the problem list's.

    None while nobody has said so, and once the problem is active again.
    """
    found = [
        Resolved(s.at, s.source.reference)
        for s in now.chart.signs_of(SignKind.RESOLVED)
        if s.present is TRUE
    ]
    for condition in now.chart.conditions:
        if condition.kind != NMS:
            continue
        over = condition.abated is not None and condition.abated <= now.as_of
        if over or condition.active is FALSE:
            at = condition.abated if over else None
            found.append(Resolved(at, condition.source.reference))
    dated = [r for r in found if r.at is not None]
    return max(dated, key=lambda r: (str(r.at), r.source)) if dated else next(iter(found), None)


def surveillance(now: Moment, at: datetime, depots: Mapping[str, datetime]) -> Surveillance:
    """14 d after an oral culprit; to the end of a depot's full-credit window if that is later.

    `depots`: the end of the full-credit window of each depot of the episode, by product.
    """
    until = at + now.days("surveillance.oral_d")
    why = now.knowledge.says("{surveillance.oral_d} d after resolution")
    for product, end in sorted(depots.items()):
        if end > until:
            until, why = end, f"end of the window of {product.replace('_', ' ')}"
    return Surveillance(until, why)
