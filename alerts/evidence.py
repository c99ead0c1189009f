"""Facts as evidence: how one is shown, what holds it down, how it compares with a threshold."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter

from alerts.chart import Measurement, MedicationUse, Sign
from alerts.knowledge import Knowledge
from alerts.statements import Datum
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth

# the order of readings by value, the newer of equals last
BY_VALUE = attrgetter("value", "at")
_PRESENT = {TRUE: "present", FALSE: "absent", UNKNOWN: "unknown"}


def latest(fact: Measurement | Sign) -> datetime:
    """The latest instant that the fact may stand for (a date is a day long)."""
    return fact.until or fact.at


def apart(earlier: Measurement, later: Measurement) -> timedelta:
    """The least time that can lie between two readings: 0 for two of one undivided day."""
    return max(later.at - latest(earlier), timedelta(0))


def datum(reading: Measurement, label: str = "") -> Datum:
    """A reading as shown: value, unit, time, source (promise 3)."""
    value = f"{reading.comparator or ''}{reading.value:g}"
    source = reading.source.reference
    return Datum(reading.kind, value, reading.unit, reading.at, source, _marks(reading, label))


def _marks(reading: Measurement, label: str) -> str:
    marks = [label] if label else []
    if reading.site:
        marks.append(reading.site)
    if reading.preliminary:
        marks.append("preliminary")
    if reading.unit_inferred:
        marks.append("unit inferred")
    return ", ".join(marks)


def sign_datum(sign: Sign) -> Datum:
    value = sign.detail or _PRESENT[sign.present]
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
    if not preliminary:
        return ("unit_inferred",) if inferred else ()
    return ("preliminary", "unit_inferred") if inferred else ("preliminary",)


def certain(reading: Measurement) -> bool:
    """Does nothing hold down what rests on this reading alone (TIER-05)?"""
    return not (reading.preliminary or reading.unit_inferred)


def sure(readings: Sequence[Measurement]) -> list[Measurement]:
    """Those of the readings that nothing holds down, in their order."""
    return [m for m in readings if not (m.preliminary or m.unit_inferred)]


def sign_caveats(signs: Iterable[Sign]) -> tuple[str, ...]:
    for sign in signs:
        if sign.preliminary:
            return ("preliminary",)
    return ()


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


def those_above(readings: Iterable[Measurement], threshold: float) -> list[Measurement]:
    """The readings that are above the threshold beyond doubt, in their order."""
    high = [m for m in readings if m.value > threshold or m.comparator]
    return [m for m in high if m.comparator is None or above(m, threshold, strict=True) is TRUE]


def any_above(readings: Iterable[Measurement], threshold: float, *, strict: bool = False) -> Truth:
    """Is one of the readings above the threshold? False when every one of them is below."""
    found = FALSE
    for reading in readings:
        if reading.comparator is None:
            value = reading.value
            meets = TRUE if value > threshold or (value == threshold and not strict) else FALSE
        else:
            meets = above(reading, threshold, strict=strict)
        if meets is TRUE:
            return TRUE
        if meets is UNKNOWN:
            found = UNKNOWN
    return found


def trusted_sites(knowledge: Knowledge) -> frozenset[str]:
    """Oral and core readings can prove absence; others cannot (TEMP-02)."""
    known: frozenset[str] | None = knowledge.memo.get("trusted sites")
    if known is None:
        known = knowledge.memo["trusted sites"] = knowledge.sites["core"] | knowledge.sites["oral"]
    return known


def site_trusted(knowledge: Knowledge) -> Callable[[Measurement], bool]:
    """Can a reading prove absence (`trusted_sites`)?"""
    sites = trusted_sites(knowledge)
    return lambda reading: reading.site in sites
