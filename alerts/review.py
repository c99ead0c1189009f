"""When an assessment could change with no new data: a window ends, a reading grows stale."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from alerts.findings import Reading
from alerts.moment import Moment
from alerts.statements import Finding, TierName
from alerts.truth import TRUE

# the windows by which the evidence of a true or false finding ends
WINDOWS: Mapping[str, tuple[str, ...]] = {
    "HYP": ("hyp.lookback_h", "hyp.false_newest_h"),
    "TEMP1": ("temp1.window_h",),
    "RIG": ("rig.true_h", "rig.false_h"),
    "MS": ("ms.true_h", "ms.coded_h", "ms.false_h"),
    "MSB": ("ms.true_h", "ms.coded_h"),
    "CK": ("ck.lookback_h", "ck.false_newest_h"),
    "SNS": ("bpfl.window_h", "bpup.window_h", "diaph.true_h"),
    "MET": ("met.window_h",),
}


def next_review(now: Moment, reading: Reading, tier: TierName) -> datetime | None:
    """The earliest of: a window's end, a repeat CK, a change of exposure. None: only new data."""
    candidates = [at for at in _candidates(now, reading, tier) if at > now.as_of]
    return min(candidates, default=None)


def _candidates(now: Moment, reading: Reading, tier: TierName) -> Iterator[datetime]:
    for finding in reading.findings.values():
        yield from _ends(now, finding)
    if tier is not TierName.NONE and reading.onset is not None:
        yield reading.onset + now.hours("ck.early_negative_h")
    instant = timedelta(seconds=1)
    for exposure in reading.exposures:
        for end in (exposure.full_until, exposure.extended_until):
            if end is not None and exposure.running is not TRUE:
                yield end + instant
    for stop in reading.withdrawals:
        if stop.at is not None:
            yield stop.at + now.hours("withdrawal.full_h") + instant
            yield stop.at + now.days("withdrawal.extended_d") + instant
    for use in now.chart.medications:
        if use.end is not None:
            yield use.end


def _ends(now: Moment, finding: Finding) -> Iterator[datetime]:
    for parameter in WINDOWS.get(finding.id, ()):
        for evidence in finding.evidence:
            if evidence.at is not None:
                yield evidence.at + now.hours(parameter) + timedelta(seconds=1)
