"""What the code of an observation means: looked up once for each distinct code element."""

import re
from dataclasses import dataclass, field
from typing import Any

import msgspec

from service.fhir.reader.codes import Coded, coded
from service.fhir.reader.fields import Memo, decoded
from service.fhir.reader.oxygen import SATURATION, said_of_air
from service.fhir.reader.signs import is_sign
from service.fhir.reader.sites import site_in
from service.fhir.terminology import ConceptMatch, terminology

_VENTILATOR = re.compile(r"ventilator|\bmechanical\b|\bset rate\b", re.I)
_SPONTANEOUS = re.compile(r"spontaneous", re.I)
_PACED = re.compile(r"\bpaced\b|\bpac(?:er|emaker)\b|\bpacing\b", re.I)
# A panel has no number of its own.
PANELS = frozenset({"bp_panel"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """`concept` is "" for an unmapped code. `flags`: what the code itself says against the number
    being the patient's own (MET-01)."""

    code: Coded
    match: ConceptMatch | None = None
    concept: str = ""
    code_unit: str | None = None
    site: str | None = None
    has_site: bool = False
    is_sign: bool = False
    may_be_sign: bool = False
    flags: tuple[str, ...] = field(default=())
    # what `plain` has learned of the quantities under this code, by their bytes
    gauges: dict[bytes, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def label(self) -> str:
        return self.code.label


NOTHING = Meaning(Coded())


def _read(raw: bytes) -> Meaning:
    return meaning_of(coded(decoded(raw)))


def meaning_of(code: Coded) -> Meaning:
    """The concept of a code: a measurement, a sign, or nothing that we know."""
    match = terminology().observation(code.codings, code.words)
    sign = is_sign(code, match)
    if match is None or match.excluded:
        return Meaning(code, match, is_sign=sign, may_be_sign=sign or match is None)
    temperature = match.concept == "body_temperature"
    words = " ".join((code.text, *code.displays))
    return Meaning(
        code=code,
        match=match,
        concept=match.concept,
        code_unit=match.code_unit,
        site=(site_in(match.site or "") or site_in(words)) if temperature else None,
        has_site=temperature,
        is_sign=sign,
        may_be_sign=sign,
        flags=_flags(match, words),
    )


def _flags(match: ConceptMatch, words: str) -> tuple[str, ...]:
    told = f"{match.site or ''} {words}"
    if match.concept == "respiratory_rate" and _VENTILATOR.search(told):
        alone = _SPONTANEOUS.search(told) and not re.search(r"\bmechanical\b", told, re.I)
        return () if alone else ("ventilator_set",)
    if match.concept == "heart_rate" and _PACED.search(told):
        return ("paced",)
    if match.concept == SATURATION:
        return said_of_air(told)
    return ()


meanings = Memo(_read)


def meaning(raw: msgspec.Raw) -> Meaning:
    """Raises ValueError (DuplicateKey) when the element cannot be read."""
    return meanings[bytes(raw)]
