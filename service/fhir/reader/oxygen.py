"""Is a saturation measured on oxygen or on room air (SEV-02)? By what was recorded with it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from alerts.chart import Fact, Measurement
from service.fhir.reader.circumstances import NOTES, texts_of
from service.fhir.reader.fields import Fields

SATURATION = "spo2"
ON_OXYGEN, ROOM_AIR = "on_oxygen", "room_air"
# oxygen in the air, in %: a recorded concentration above it is oxygen given
_AIR = 21.0
_FLOW, _CONCENTRATION = "inhaled_oxygen_flow", "inhaled_oxygen_concentration"
_ROOM_AIR = re.compile(
    r"\broom[- ]air\b|\bambient air\b|\bon (?:RA|air)\b"
    r"|\b(?:no|without|off) (?:supplemental )?(?:oxygen|O2)\b",
    re.I,
)
_ON_OXYGEN = re.compile(
    r"\bon (?:supplemental )?(?:oxygen|O2)\b|\b(?:supplemental|high[- ]flow) (?:oxygen|O2)\b"
    r"|\bnasal (?:cannula|prongs)\b|\b(?:venturi|oxygen|O2|face|non-?rebreath\w*) mask\b"
    r"|\b\d+(?:\.\d+)? ?(?:L(?:/min|pm)?|litres?|liters?)(?: of)? (?:oxygen|O2)\b",
    re.I,
)


def said_of_air(words: str) -> tuple[str, ...]:
    """The flag that words give: on oxygen, on room air, or none; both is none."""
    air, oxygen = _ROOM_AIR.search(words), _ON_OXYGEN.search(words)
    if bool(air) is bool(oxygen):
        return ()
    return (ROOM_AIR,) if air else (ON_OXYGEN,)


def with_air(facts: Sequence[Fact], found: Fields) -> Sequence[Fact]:
    """The saturation among the facts of one Observation, with what the rest of it says of the air
    breathed: a flow or a concentration of oxygen beside it, or its notes."""
    if not any(isinstance(f, Measurement) and f.kind == SATURATION for f in facts):
        return facts
    flag = _beside(facts) or said_of_air(" ".join(_words(found)))
    return [_flagged(fact, flag) for fact in facts] if flag else facts


def _beside(facts: Iterable[Fact]) -> tuple[str, ...]:
    told = {f.kind: f.value for f in facts if isinstance(f, Measurement) and not f.comparator}
    if _CONCENTRATION in told:
        return (ON_OXYGEN,) if told[_CONCENTRATION] > _AIR else (ROOM_AIR,)
    if _FLOW in told:
        return (ON_OXYGEN,) if told[_FLOW] > 0 else (ROOM_AIR,)
    return ()


def _words(found: Fields) -> Iterable[str]:
    return (text for name in NOTES if name in found for text in texts_of(found, name))


def _flagged(fact: Fact, flag: tuple[str, ...]) -> Fact:
    if not isinstance(fact, Measurement) or fact.kind != SATURATION:
        return fact
    if ON_OXYGEN in fact.flags or ROOM_AIR in fact.flags:
        return fact
    return replace(fact, flags=(*fact.flags, *flag))
