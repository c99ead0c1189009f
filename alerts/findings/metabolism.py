"""MET: heart rate ≥ 25 % and respiratory rate ≥ 50 % above baseline (MET-01, MET-02)."""

from datetime import datetime

from alerts.baseline import Baseline, baseline
from alerts.chart import Measurement, SignKind
from alerts.moment import Moment, caveats, datum, sure
from alerts.statements import Finding
from alerts.truth import FALSE, TRUE, UNKNOWN, both

NOT_OWN = frozenset({"ventilator_set", "paced"})


def ratios(now: Moment, onset: datetime | None) -> dict[str, Finding]:
    """HR_RATIO and RR_RATIO, each against its own baseline, and MET of both."""
    pulse = _ratio(now, "heart_rate", "HR_RATIO", now.knowledge["met.hr_ratio"], onset)
    breath = _ratio(now, "respiratory_rate", "RR_RATIO", now.knowledge["met.rr_ratio"], onset)
    return {f.id: f for f in (pulse, breath, _both(pulse, breath))}


def _both(pulse: Finding, breath: Finding) -> Finding:
    state = both((pulse.state, breath.state))
    since = max((pulse.since, breath.since)) if pulse.since and breath.since else None
    reason = f"heart rate: {pulse.reason}; respiratory rate: {breath.reason}"
    held = tuple(sorted({*pulse.caveats, *breath.caveats})) if state is TRUE else ()
    evidence = (*pulse.evidence, *breath.evidence)
    return Finding("MET", state, reason, evidence, since if state is TRUE else None, held)


def _ratio(now: Moment, kind: str, finding: str, ratio: float, onset: datetime | None) -> Finding:
    base = baseline(now, kind, onset)
    readings = own = now.recent(kind, "met.window_h")
    if kind not in now.chart.plain:
        readings = [m for m in readings if not m.comparator]
        own = [m for m in readings if not m.flags or NOT_OWN.isdisjoint(m.flags)]
    refused = _not_own(now, kind, readings, own)
    if refused:
        return Finding(finding, UNKNOWN, refused, tuple(datum(m) for m in readings[-1:]))
    newest = own[-int(now.knowledge["met.newest"]) :]
    least = int(now.knowledge["met.hits"])
    if len({m.at for m in newest}) < len(newest):
        newest = _occasions(own, len(newest))
    hits = [m for m in newest if m.value >= ratio * base.value]
    clean = sure(hits)
    chosen = clean if len(clean) >= least else hits
    if len(chosen) >= least:
        held = set(caveats(chosen)) | (set() if base.measured else {"assumed_baseline"})
        reason = f"at least {ratio:g} × baseline in {len(hits)} of the last {len(newest)} readings"
        evidence = (*(datum(m) for m in chosen[-2:]), base.datum())
        return Finding(finding, TRUE, reason, evidence, hits[0].at, tuple(sorted(held)))
    return _absent(now, kind, finding, own, base, ratio)


def _occasions(own: list[Measurement], newest: int) -> list[Measurement]:
    """The lowest of each instant, the newest instants: two monitors at once are one occasion."""
    lowest: dict[datetime, Measurement] = {}
    for reading in own:
        known = lowest.get(reading.at)
        if known is None or reading.value < known.value:
            lowest[reading.at] = reading
    return list(lowest.values())[-newest:]


def _not_own(
    now: Moment, kind: str, readings: list[Measurement], own: list[Measurement]
) -> str | None:
    if kind == "respiratory_rate":
        if now.present(now.hours("met.window_h"), SignKind.VENTILATED):
            return "ventilated: the rate is the machine's (MET-01)"
        run = int(now.knowledge["met.default_charting"])
        if len(own) >= run and len({m.value for m in own[-run:]}) == 1:
            return now.knowledge.says(
                "the same value {met.default_charting:word} times in a row: "
                "default charting (MET-02)"
            )
    if readings and not own:
        return "ventilator-set or paced (MET-01)"
    return None


def _absent(
    now: Moment, kind: str, finding: str, own: list[Measurement], base: Baseline, ratio: float
) -> Finding:
    evidence = (datum(own[-1]), base.datum()) if own else (base.datum(),)
    if len(own) < now.knowledge["met.newest"]:
        reason = now.knowledge.says("fewer than {met.newest:word} readings in {met.window_h} h")
        return Finding(finding, UNKNOWN, reason, evidence)
    firm = own if kind in now.chart.plain else sure(own)
    highest = max([m.value for m in own], default=0.0)
    if highest >= ratio * base.value or len(firm) < now.knowledge["met.newest"]:
        return Finding(finding, UNKNOWN, "reached once and not held, or provisional", evidence)
    if not base.measured:
        return Finding(finding, UNKNOWN, "no measured baseline", evidence)
    if kind == "heart_rate" and now.given("rate_limiting", now.hours("bpfl.window_h")):
        return Finding(finding, UNKNOWN, "a rate-limiting drug masks it (MET-01)", evidence)
    reason = now.knowledge.says("not reached by any reading in {met.window_h} h")
    return Finding(finding, FALSE, reason, evidence)
