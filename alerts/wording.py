"""Lines of a plan in words: text, label of an unconfirmed basis, citations; clocks and facts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from alerts.chart import Measurement
from alerts.knowledge import Knowledge
from alerts.moment import Moment
from alerts.record import record

Raw = Mapping[str, Any]
_UNITS = {"Cel": "°C", "mm[Hg]": "mmHg", "umol/L": "µmol/L", "10*9/L": "×10⁹/L"}
_UNITS |= {"mL/min/{1.73_m2}": "mL/min/1.73 m²", "{score}": "points"}
# not strftime: the words of a plan may not hang on the locale of a process
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# the triggers of a dopaminergic withdrawal as what happened to the drug (SPEC 3.4)
_TRIGGERS = {
    "DAW-STOP": "was stopped",
    "DAW-REDUCE": "was cut",
    "DAW-MISS": "was missed",
    "DAW-ROUTE": "lost its route",
    "DAW-ABSORB": "met a protein feed",
    "DAW-SWITCH": "was switched",
    "DAW-DBS": "failed",
}
_NAMES = {"spo2": "SpO2", "egfr": "eGFR", "alt": "ALT", "creatine_kinase": "CK"}


def shown(raws: Iterable[Raw]) -> list[Raw]:
    """Without what is kept for review only (SAF-04, SAF-06)."""
    return [raw for raw in raws if raw.get("render", "show") != "hide"]


@record
class Standing:
    """Lines of the knowledge as they are shown to every patient, with what they rest on."""

    rows: tuple[Raw, ...]
    lines: tuple[str, ...]
    basis: str
    cite: tuple[str, ...]


def standing_lines(
    knowledge: Knowledge, raws: Sequence[Raw], labels: Mapping[str, str]
) -> Standing:
    """The shown ones of these lines of the knowledge, made once."""
    known: Standing | None = knowledge.memo.get(("lines", id(raws)))
    if known is None:
        rows = tuple(shown(raws))
        lines = tuple(line(raw, labels) for raw in rows)
        known = Standing(rows, lines, weakest_basis(rows), all_citations(rows))
        knowledge.memo["lines", id(raws)] = known
    return known


def line(raw: Raw, labels: Mapping[str, str], text: str = "") -> str:
    """A sentence with the label that its basis needs (SPEC 0.2) and its citations."""
    if text:
        return f"{text}{_label(raw, labels)}{citations(raw['cite'])}"
    return _standing(raw["text"], _label(raw, labels), tuple(raw["cite"]))


@lru_cache(maxsize=1024)
def _standing(text: str, label: str, cite: tuple[str, ...]) -> str:
    """A line of the knowledge itself: the same for every patient, so made once."""
    return f"{text}{label}{citations(cite)}"


def dose(raw: Raw, labels: Mapping[str, str], *, short: bool = False) -> str:
    """A dose with route, interval, maximum and citation, or none at all (SAF-04)."""
    most = raw.get("short", raw["maximum"]) if short else raw["maximum"]
    then = f", {raw['then']}" if raw.get("then") else ""
    said = f"{raw['text']}: {raw['amount']} {raw['route']} {raw['interval']}{then}; maximum: {most}"
    return line(raw, labels, said)


def _label(raw: Raw, labels: Mapping[str, str]) -> str:
    if raw.get("render") == "label" or raw["basis"] == "U":
        return f" ({labels['unconfirmed']})"
    return f" ({labels['local']})" if raw["basis"] == "D" else ""


def citations(keys: Sequence[str]) -> str:
    return f" [{', '.join(keys)}]" if keys else ""


def weakest_basis(raws: Sequence[Raw]) -> str:
    """The weakest basis among the lines shown."""
    bases = [str(raw["basis"]) for raw in raws] or ["D"]
    return max(bases, key="VSDU".index)


def all_citations(raws: Sequence[Raw]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for raw in raws for key in raw["cite"]))


def stamp(at: datetime, now: Moment) -> str:
    """A time in the zone of the assessment's clock: '25 Nov 08:10 UTC'."""
    local, this = at.astimezone(now.as_of.tzinfo), now.as_of.year
    year = "" if local.year == this else f" {local.year}"
    if not year and "new year" not in now.answers:  # noted once: the year is then written
        now.answers["new year"] = datetime(this + 1, 1, 1, tzinfo=now.as_of.tzinfo)
        now.until(now.answers["new year"])
    clock = f"{local.hour:02}:{local.minute:02} {local.tzname() or ''}"
    return f"{local.day} {_MONTHS[local.month - 1]}{year} {clock}".strip()


def day(at: datetime, now: Moment) -> str:
    local = at.astimezone(now.as_of.tzinfo)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def figure(value: float) -> str:
    """A value as a person writes it: two decimals at most, none from 100 on, no exponent."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{round(value, 2):g}"


def measured(reading: Measurement, now: Moment) -> str:
    """'potassium 6.1 mmol/L, 25 Nov 13:50 UTC'."""
    value = f"{reading.comparator or ''}{figure(reading.value)}"
    unit = _UNITS.get(reading.unit, reading.unit)
    return f"{kind_name(reading.kind)} {value} {unit}, {stamp(reading.at, now)}"


def happened(trigger: str) -> str:
    """What a trigger says of the drug: 'was stopped'."""
    return _TRIGGERS.get(trigger, "was stopped or reduced")


def kind_name(kind: str) -> str:
    return _NAMES.get(kind, kind.replace("_", " "))
