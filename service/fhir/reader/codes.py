"""CodeableConcept, Coding, CodeableReference or bare text -> codings and words."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

from service.fhir.reader.fields import objects, string

# Longer or more than these is no name of anything; what is matched and remembered stays bounded.
LONGEST_WORDS = 500
LONGEST_CODE = 256
MOST_CODINGS = 50


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
        return Coded(text=words(value))
    codings: list[tuple[str, str]] = []
    displays: list[str] = []
    text = ""
    for one in islice(objects(value), MOST_CODINGS):
        concept = one["concept"] if isinstance(one.get("concept"), dict) else one
        text = text or words(concept.get("text"))
        found = concept.get("coding")
        listed = objects(found if found is not None else _as_coding(concept))
        for coding in islice(listed, MOST_CODINGS):
            mark = string(coding.get("code"))[:LONGEST_CODE]
            if mark:
                codings.append((_system(coding.get("system")), mark))
            if display := words(coding.get("display")):
                displays.append(display)
    return Coded(tuple(codings), text, tuple(displays))


def _as_coding(concept: dict[str, Any]) -> dict[str, Any] | None:
    """A bare Coding, one without a code too; a Reference has a display as well and is none."""
    if "code" in concept:
        return concept if not isinstance(concept["code"], dict) else None
    return concept if "display" in concept and "reference" not in concept else None


def _system(value: Any) -> str:
    """System URIs come with and without a trailing slash (facts 9, 44)."""
    return string(value)[:LONGEST_CODE].rstrip("/")


def words(value: Any) -> str:
    """A text for matching: a report is not a name."""
    return string(value[:LONGEST_WORDS]) if isinstance(value, str) else ""
