"""References in eight forms -> whose resource it is, or why that cannot be told (fact 69)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

import msgspec

from service.fhir.reader.fields import Memo, decoded, objects, string
from service.fhir.reader.reasons import Reason

_TYPED = re.compile(
    r"(?:(?P<base>https?://[^?#]+)/)?(?P<type>[A-Z][A-Za-z]{2,63})/(?P<id>[^/?#\s|]{1,128})"
    r"(?:/_history/[^/]+)?"
)
_CONDITIONAL = re.compile(r"(?:https?://[^?#]+/)?(?P<type>[A-Z][A-Za-z]{2,63})\?(?P<query>.+)")


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference names: a type and an id, a contained id, a URL, or an identifier."""

    type: str = ""
    id: str = ""
    base: str = ""
    contained: str = ""
    url: str = ""
    identifier: tuple[str, str] | None = None
    display: str = ""


def target(value: Any) -> Target:
    """Read a Reference (or a bare reference string)."""
    if isinstance(value, str):
        value = {"reference": value}
    if not isinstance(value, dict):
        return Target()
    display = string(value.get("display"))
    text = string(value.get("reference"))
    if text.startswith("#"):
        return Target(contained=text[1:], display=display)
    if match := _TYPED.fullmatch(text):
        base = match["base"] or ""
        return Target(match["type"], match["id"], base, url=text if base else "", display=display)
    if match := _CONDITIONAL.fullmatch(text):
        return Target(match["type"], identifier=_queried(match["query"]), display=display)
    named = string(value.get("type")).rpartition("/")[2]
    return Target(
        named, url=text, identifier=identifier_of(value.get("identifier")), display=display
    )


_targets = Memo(lambda raw: target(decoded(raw)))


def _queried(query: str) -> tuple[str, str] | None:
    found = parse_qs(query).get("identifier", [])
    if len(found) != 1:
        return None
    system, bar, value = found[0].rpartition("|")
    return (system if bar else "", value) if value else None


def identifier_of(value: Any) -> tuple[str, str] | None:
    """(system, value), compared trimmed (fact 75)."""
    for one in objects(value):
        if mark := string(one.get("value")):
            return string(one.get("system")), mark
    return None


def identifiers_of(value: Any) -> list[tuple[str, str]]:
    return [mark for one in objects(value) if (mark := identifier_of(one))]


def key_of(identifier: tuple[str, str]) -> str:
    """A chart key for a patient who has an identifier but no id."""
    return f"identifier-{sha256('|'.join(identifier).encode()).hexdigest()[:32]}"


@dataclass(slots=True)
class Index:
    """Who and what is in this body: by fullUrl, and patients by identifier."""

    base_url: str | None = None
    urls: dict[str, tuple[str, str]] = field(default_factory=dict)
    patients: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    known: dict[bytes, tuple[str, Reason]] = field(default_factory=dict)

    def add_patient(self, key: str, identifiers: list[tuple[str, str]]) -> None:
        for system, value in identifiers:
            self.patients.setdefault((system, value), set()).add(key)
            self.patients.setdefault(("", value), set()).add(key)

    def subject(
        self, raw: msgspec.Raw, contained: Mapping[str, Any] | None = None
    ) -> tuple[str, Reason]:
        """The patient's id; "" with the reason when there is none to be told."""
        mark = bytes(raw)
        found = self._subject(mark, contained)
        if b"#" not in mark:
            self.known[mark] = found
        return found

    def _subject(self, raw: bytes, contained: Mapping[str, Any] | None) -> tuple[str, Reason]:
        try:
            who = _targets[raw]
        except ValueError:
            return "", Reason.NO_SUBJECT
        if who.contained:
            return self._contained(who.contained, contained or {})
        if who.url and who.url in self.urls:
            kind, key = self.urls[who.url]
            return (key, Reason.NONE) if kind == "Patient" else ("", Reason.SUBJECT_NOT_PATIENT)
        if who.type and who.type != "Patient":
            return "", Reason.SUBJECT_NOT_PATIENT
        if who.id:
            if who.base and self.base_url and who.base.rstrip("/") != self.base_url.rstrip("/"):
                return "", Reason.FOREIGN_SERVER
            return who.id, Reason.NONE
        return self._identified(who)

    def _identified(self, who: Target) -> tuple[str, Reason]:
        if who.identifier:
            found = self.patients.get(who.identifier, set())
            if len(found) == 1:
                return next(iter(found)), Reason.NONE
            return "", Reason.SUBJECT_UNRESOLVED
        if who.url:
            return "", Reason.SUBJECT_UNRESOLVED
        return "", Reason.SUBJECT_DISPLAY_ONLY if who.display else Reason.NO_SUBJECT

    def _contained(self, mark: str, contained: Mapping[str, Any]) -> tuple[str, Reason]:
        """A patient inside the resource: only an identifier that this body knows tells who."""
        person = contained.get(mark)
        if not isinstance(person, dict) or person.get("resourceType") != "Patient":
            return "", Reason.SUBJECT_UNRESOLVED
        keys: set[str] = set()
        for identifier in identifiers_of(person.get("identifier")):
            keys |= self.patients.get(identifier, set())
        return (keys.pop(), Reason.NONE) if len(keys) == 1 else ("", Reason.SUBJECT_UNRESOLVED)
