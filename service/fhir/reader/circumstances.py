"""What stands around a reading: body site, method, paced, ventilated, haemolysed."""

import re
from typing import Any

from service.fhir.reader.codes import coded
from service.fhir.reader.fields import Fields, objects, string, value_of
from service.fhir.reader.sites import site_in

_HAEMOLYSED = re.compile(r"ha?emoly[sz]", re.I)
_NOT_HAEMOLYSED = re.compile(r"\b(?:no|non|not|without|nil)\b[- ]?(?:\w+ )?ha?emoly[sz]", re.I)
_PACED = re.compile(r"\bpaced\b|\bpacing\b|\bpacemaker rhythm\b", re.I)
_VENTILATOR_SET = re.compile(r"ventilator[- ]set|set (?:respiratory )?rate|mandatory rate", re.I)
LONGEST_NOTES = 1000
NOTES = ("note", "comment", "comments", "interpretation", "method", "specimen", "device")


def site_of(found: Fields) -> str | None:
    """The site told by bodySite, else by method; None when they tell none."""
    for name in ("bodySite", "method"):
        if name in found:
            where = coded(_value(found, name))
            site = site_in(" ".join((where.text, *where.displays)))
            if site:
                return site
    return None


def reading_flags(found: Fields) -> tuple[str, ...]:
    """What notes, method and interpretation say against the number (MET-01, SPEC 2.3)."""
    if found.keys().isdisjoint(NOTES):
        return ()
    words = " ".join(text for name in NOTES if name in found for text in texts_of(found, name))
    flags = []
    if _HAEMOLYSED.search(words) and not _NOT_HAEMOLYSED.search(words):
        flags.append("haemolysed")
    if _PACED.search(words):
        flags.append("paced")
    if _VENTILATOR_SET.search(words):
        flags.append("ventilator_set")
    return tuple(flags)


def texts_of(found: Fields, name: str) -> list[str]:
    """The words of one element of an Observation."""
    return _texts(_value(found, name))


def _value(found: Fields, name: str) -> Any:
    try:
        return value_of(found, name)
    except ValueError:
        return None


def _texts(value: Any) -> list[str]:
    """The words of a note (STU3: a string), a concept or a reference."""
    if isinstance(value, str):
        return [string(value)]
    found: list[str] = []
    for one in objects(value):
        concept = coded(one)
        found += [concept.text, *concept.displays, string(one.get("display"))]
    return found
