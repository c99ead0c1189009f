"""CodeableConcept, Coding, CodeableReference or bare text -> codings and words."""

from dataclasses import dataclass
from typing import Any

from service.fhir.reader.fields import objects, string


@dataclass(frozen=True, slots=True)
class Coded:
    """`codings`: (system, code) pairs as sent, trimmed; `text`: the words, "" when none."""

    codings: tuple[tuple[str, str], ...] = ()
    text: str = ""
    displays: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What to show a person."""
        return self.text or (self.displays[0] if self.displays else "") or self._codes

    @property
    def words(self) -> str:
        """What to match words against: the text, else the first display."""
        return self.text or (self.displays[0] if self.displays else "")

    @property
    def _codes(self) -> str:
        return ", ".join(code for _, code in self.codings)

    def __bool__(self) -> bool:
        return bool(self.codings or self.text or self.displays)


def coded(value: Any) -> Coded:
    """Any way to write a code. A list (DSTU2, errors) is read as one concept."""
    if isinstance(value, str):
        return Coded(text=string(value))
    codings: list[tuple[str, str]] = []
    displays: list[str] = []
    text = ""
    for one in objects(value):
        concept = one["concept"] if isinstance(one.get("concept"), dict) else one
        text = text or string(concept.get("text"))
        found = concept.get("coding")
        for coding in objects(found if found is not None else _as_coding(concept)):
            mark = string(coding.get("code"))
            if mark:
                codings.append((_system(coding.get("system")), mark))
            if display := string(coding.get("display")):
                displays.append(display)
    return Coded(tuple(codings), text, tuple(displays))


def _as_coding(concept: dict[str, Any]) -> dict[str, Any] | None:
    return concept if "code" in concept and not isinstance(concept["code"], dict) else None


def _system(value: Any) -> str:
    """System URIs come with and without a trailing slash (facts 9, 44)."""
    return string(value).rstrip("/")
