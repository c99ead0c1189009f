"""Facts as evidence: how one is shown, what holds it down, how it compares with a threshold."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from alerts.chart import Measurement, MedicationUse, Sign
from alerts.knowledge import Knowledge
from alerts.statements import Datum
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth


def latest(fact: Measurement | Sign) -> datetime:
    """The latest instant that the fact may stand for (a date is a day long)."""
    return fact.until or fact.at


def apart(earlier: Measurement, later: Measurement) -> timedelta:
    """The least time that can lie between two readings: 0 for two of one undivided day."""
    return max(later.at - latest(earlier), timedelta(0))


def datum(reading: Measurement, label: str = "") -> Datum:
    """A reading as shown: value, unit, time, source (promise 3)."""
    marks = [label] if label else []
    marks += [reading.site] if reading.site else []
    marks += ["preliminary"] if reading.preliminary else []
    marks += ["unit inferred"] if reading.unit_inferred else []
    value = f"{reading.comparator or ''}{reading.value:g}"
    return Datum(
        reading.kind, value, reading.unit, reading.at, reading.source.reference, ", ".join(marks)
    )


def sign_datum(sign: Sign) -> Datum:
    state = {"true": "present", "false": "absent", "unknown": "unknown"}[sign.present]
    value = sign.detail or state
    label = "preliminary" if sign.preliminary else ""
    return Datum(sign.kind.value, value, "", sign.at, sign.source.reference, label)


def use_datum(use: MedicationUse, at: datetime | None = None) -> Datum:
    name = ", ".join(use.ingredients) or use.text
    when = at or use.start or use.authored
    return Datum(name, use.evidence.value, "", when, use.source.reference, use.status.value)


def caveats(readings: Iterable[Measurement]) -> tuple[str, ...]:
    """TIER-05: what holds a finding that rests on these readings to passive tiers."""
    preliminary = inferred = False
    for reading in readings:
        preliminary = preliminary or reading.preliminary
        inferred = inferred or reading.unit_inferred
    if not (preliminary or inferred):
        return ()
    held = {"preliminary": preliminary, "unit_inferred": inferred}
    return tuple(name for name, holds in held.items() if holds)


def certain(reading: Measurement) -> bool:
    """Does nothing hold down what rests on this reading alone (TIER-05)?"""
    return not (reading.preliminary or reading.unit_inferred)


def sign_caveats(signs: Iterable[Sign]) -> tuple[str, ...]:
    return ("preliminary",) if any(s.preliminary for s in signs) else ()


def above(reading: Measurement, threshold: float, *, strict: bool = False) -> Truth:
    """Is the value above the threshold? "< x" may be false, never true (UNIT-02)."""
    meets = reading.value > threshold if strict else reading.value >= threshold
    if reading.comparator is None:
        return TRUE if meets else FALSE
    if reading.comparator in {"<", "<="}:
        # below x is below the threshold when x is not above it
        beyond = reading.value > threshold
        touches = reading.value == threshold and reading.comparator == "<=" and not strict
        return UNKNOWN if beyond or touches else FALSE
    beyond = reading.comparator == ">" and reading.value >= threshold
    return TRUE if meets or beyond else UNKNOWN


def site_trusted(knowledge: Knowledge) -> Callable[[Measurement], bool]:
    """Oral and core readings can prove absence; others cannot (TEMP-02)."""
    sites = knowledge.sites["core"] | knowledge.sites["oral"]
    return lambda reading: reading.site in sites
