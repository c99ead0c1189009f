"""The patient's own normal (SPEC 2.1): measured, measured early, historical or assumed.

Frozen at onset (BASE-06), so that a sustained abnormality never becomes the new normal.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from alerts.chart import Measurement, SignKind
from alerts.moment import Moment, above
from alerts.statements import Datum
from alerts.truth import TRUE

DISTURBING = (SignKind.SEIZURE, SignKind.RESTRAINT, SignKind.SURGERY)
UNITS = {
    "heart_rate": "/min",
    "respiratory_rate": "/min",
    "systolic_bp": "mm[Hg]",
    "diastolic_bp": "mm[Hg]",
    "gcs_total": "{score}",
}


@dataclass(frozen=True, slots=True)
class Baseline:
    """`quality`: measured, measured_early, historical or assumed (ranks 1 to 4)."""

    kind: str
    value: float
    quality: str
    readings: int

    @property
    def measured(self) -> bool:
        return self.quality != "assumed"

    def datum(self) -> Datum:
        label = f"{self.quality.replace('_', ' ')} baseline"
        return Datum(f"baseline {self.kind}", f"{self.value:g}", UNITS[self.kind], None, "", label)


def baseline(now: Moment, kind: str, onset: datetime | None) -> Baseline:
    """The baseline of a vital sign before `onset` (or before now when there is none)."""
    reference = onset or now.as_of
    quiet = [m for m in now.readings(kind) if m.at <= reference and _undisturbed(m, now)]
    windows = (
        ("measured", _recent(now, quiet, reference)),
        ("measured_early", _early(now, quiet, reference)),
        ("historical", _historical(now, quiet, reference)),
    )
    for quality, chosen in windows:
        if len(chosen) >= now.knowledge["baseline.readings"]:
            return Baseline(kind, float(median(m.value for m in chosen)), quality, len(chosen))
    return Baseline(kind, now.knowledge[f"baseline.assumed.{kind}"], "assumed", 0)


def _recent(now: Moment, quiet: list[Measurement], reference: datetime) -> list[Measurement]:
    """BASE-01: 7 d to 24 h before, spanning at least 12 h."""
    start = reference - now.days("baseline.from_d")
    end = reference - now.hours("baseline.to_h")
    chosen = [m for m in quiet if start <= m.at <= end]
    if not chosen or chosen[-1].at - chosen[0].at < now.hours("baseline.span_h"):
        return []
    return chosen


def _early(now: Moment, quiet: list[Measurement], reference: datetime) -> list[Measurement]:
    """BASE-02: afebrile readings of the first 24 h of the encounter, before onset."""
    starts = [s.start for s in now.chart.stays if s.start and s.start <= reference]
    if not starts:
        return []
    begin = max(starts)
    end = min(begin + now.hours("baseline.early_h"), reference)
    return [m for m in quiet if begin <= m.at < end]


def _historical(now: Moment, quiet: list[Measurement], reference: datetime) -> list[Measurement]:
    """BASE-02: 12 months to 7 d before."""
    start = reference - now.days("baseline.historical_d")
    end = reference - now.days("baseline.from_d")
    return [m for m in quiet if start <= m.at < end]


def _undisturbed(reading: Measurement, now: Moment) -> bool:
    """BASE-04: not in fever, agitation, seizure, restraint, procedure or under a vasopressor."""
    if reading.preliminary or reading.comparator or reading.unit_inferred or reading.flags:
        return False
    hour = timedelta(hours=1)
    fever = now.knowledge["hyp.threshold_c"]
    for other in now.chart.of("body_temperature"):
        if abs(other.at - reading.at) <= hour and above(other, fever, strict=True) is TRUE:
            return False
    agitated = now.knowledge["msb.rass_min"]
    for other in now.chart.of("rass"):
        if abs(other.at - reading.at) <= hour and other.value >= agitated:
            return False
    for sign in now.chart.signs_of(*DISTURBING):
        if sign.present is TRUE and abs(sign.at - reading.at) <= 2 * hour:
            return False
    return not _on_vasopressor(reading, now)


def _on_vasopressor(reading: Measurement, now: Moment) -> bool:
    members = now.knowledge.classes["vasopressor"]
    return any(
        set(use.ingredients) & members
        and use.start is not None
        and use.start <= reading.at <= (use.end or reading.at)
        for use in now.chart.medications
    )
