"""`lookup`: what the terminology makes of a drug, a code, an observation, a finding or a unit."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from alerts.truth import UNKNOWN
from service.errors import BadInput
from service.fhir import units
from service.fhir.terminology import ConceptMatch, DrugMatch, Terminology, terminology
from service.fhir.terminology.depots import SHORT_DEPOT
from service.fhir.terminology.drugs import word_of
from service.fhir.terminology.licensed import is_on, standing
from service.fhir.terminology.observations import NUMBERED
from service.fhir.terminology.systems import DMD, LOINC, SCT, system_key, well_formed

COLUMNS = (
    "case_id",
    "kind",
    "input_system",
    "input_code",
    "input_text",
    "input_value",
    "input_unit",
)
Answer = dict[str, Any]
Codings = tuple[tuple[str, str], ...]


def lookup(
    text: str | None = None,
    system: str | None = None,
    code: str | None = None,
    unit: str | None = None,
    value: str | float | None = None,
) -> Answer:
    """One answer. `kind`: drug, observation, finding, unit or none; `how` says how it was found.

    Drug: ingredients, dopamine_role, long_acting (Y, N, short_depot, form_dependent), depot
    (true, false, unknown), product, route, form, strength; `others` where it is a drug without a
    role here. Observation: concept, site, value and
    unit as laboratories report it, `canonical` as stored. Finding: concept, concepts.
    `snomed_licensed`: whether the licensed SNOMED CT identifiers are on.
    """
    known = terminology()
    number = None if value is None else str(value)
    if code and not system and well_formed(LOINC, code):
        system = LOINC
    codings: Codings = ((system or "", code),) if code else ()
    if codings or text:
        seen = known.observation(codings, text or "")
        on = {"snomed_licensed": is_on()}
        if seen is not None and _is_meant(seen, known, codings, text or "", number, unit):
            return _observation(seen, known, number, unit) | on
        found = known.drug(codings, text or "")
        if found:
            return {"kind": "drug", **_drug(found, known, codings), **on}
        conditions = known.findings(codings, text or "")
        if conditions:
            return {"kind": "finding", **_findings(conditions), **on}
        if found.others:
            return {"kind": "drug", **_drug(found, known, codings), **on}
        if not unit:
            return {"kind": "none", "how": _why_nothing(codings), "snomed_licensed": is_on()}
    return _unit(unit or "", number)


def _why_nothing(codings: Codings) -> str:
    coded = any(system_key(system) in (SCT, DMD) for system, _ in codings)
    return f"nothing known matches. {standing()}" if coded else "nothing known matches"


def _is_meant(
    seen: ConceptMatch,
    known: Terminology,
    codings: Codings,
    text: str,
    value: str | None,
    unit: str | None,
) -> bool:
    """A bare text may name a drug or a sign as well as a measurement."""
    if codings or value or unit:
        return True
    sign = seen.concept not in units.concept_units() and not seen.excluded
    drug = known.drug((), text)
    return not drug and not drug.others and not (sign and known.findings((), text))


def lookup_batch(path: str | Path) -> Iterator[Answer]:
    """One answer for each row of a CSV file; BadInput when it is none or has not the columns."""
    known = terminology()
    for row in _rows(Path(path)):
        yield batch_row({c: (row.get(c) or "").strip() for c in COLUMNS}, known)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
            if missing:
                wanted = f"{path} lacks the columns {', '.join(missing)}"
                raise BadInput(wanted, code="batch-columns")
            yield from reader
    except (UnicodeDecodeError, csv.Error) as fault:
        reason = f"{path} is no CSV file in UTF-8: {fault}"
        raise BadInput(reason, code="batch-unreadable") from None
    except OSError as fault:
        reason = f"{path} cannot be read: {fault.strerror}"
        raise BadInput(reason, code="batch-unreadable") from None


def batch_row(row: dict[str, str], known: Terminology) -> Answer:
    """The answer to one row of the columns `COLUMNS`."""
    head = {"case_id": row["case_id"], "kind": row["kind"]}
    system, code, text = row["input_system"], row["input_code"], row["input_text"]
    codings: Codings = ((system, code),) if code else ()
    if row["kind"].startswith("medication"):
        return head | _of_the_list(_drug(known.drug(codings, text), known, codings), known)
    if row["kind"] == "observation":
        seen = known.observation(codings, text)
        if seen is None:
            return head | _nothing("nothing known matches")
        answer = _observation(seen, known, row["input_value"], row["input_unit"])
        return answer | head
    if row["kind"].startswith("finding"):
        return head | _findings(known.findings(codings, text))
    return head | _nothing(f"unknown kind {row['kind']!r}")


def _of_the_list(answer: Answer, known: Terminology) -> Answer:
    """A batch answers for the drug list; what only interaction rows need is told in `partners`."""
    beyond = [key for key in answer["ingredients"] if key in known.beyond]
    if not beyond:
        return answer
    kept = [key for key in answer["ingredients"] if key not in known.beyond]
    told = answer | {"ingredients": kept, "partners": beyond}
    told["dopamine_role"] = list(known.dopamine_roles(kept))
    return told if kept else told | {"long_acting": None, "depot": None}


def _nothing(how: str) -> Answer:
    return {"concept": None, "value": None, "unit": None, "how": how}


def _drug(found: DrugMatch, known: Terminology, codings: Codings) -> Answer:
    if not found:
        return {
            "ingredients": [], "dopamine_role": [], "long_acting": None, "depot": None,
            "product": None, "others": list(found.others),
            "how": found.how or "nothing known matches",
        }  # fmt: skip
    flag = known.drugs.flag(codings)
    told = word_of(found.long_acting)
    if found.product == SHORT_DEPOT:
        told = "short_depot"
    elif found.long_acting is UNKNOWN and flag:
        told = flag  # the code itself names no long-acting product, or a brand of both
    return {
        "ingredients": list(found.ingredients),
        "dopamine_role": list(known.dopamine_roles(found.ingredients)),
        "long_acting": told,
        "depot": found.long_acting.value,
        "product": found.product,
        "route": found.route,
        "form": found.form,
        "strength": found.strength,
        "how": found.how,
    }


def _findings(found: Sequence[ConceptMatch]) -> Answer:
    if not found:
        return {"concept": None, "concepts": [], "how": "nothing known matches"}
    keys = [_sign(hit) + hit.concept for hit in found]
    return {
        "concept": "|".join(keys),
        "concepts": [
            {
                "concept": hit.concept, "negated": hit.negated, "family": hit.family,
                "history": hit.history, "uncertain": hit.uncertain,
            }
            for hit in found
        ],
        "how": "; ".join(hit.how for hit in found),
    }  # fmt: skip


def _sign(hit: ConceptMatch) -> str:
    if hit.negated:
        return "negated:"
    if hit.family:
        return "family_history:"
    return ""


def _observation(
    seen: ConceptMatch, known: Terminology, value: str | None, unit: str | None
) -> Answer:
    head: Answer = {"kind": "observation", "site": seen.site, "how": seen.how}
    if seen.excluded:
        return head | {"concept": None, "excluded": seen.concept, "value": None, "unit": None}
    head["concept"] = seen.concept
    if not value:
        return head | {"value": None, "unit": None}
    number = units.parse_number(value)
    if number is None or seen.concept not in units.concept_units():
        return head | _spoken(seen, known, value)
    made = units.normalise(seen.concept, number[1], unit, code_unit=seen.code_unit)
    if isinstance(made, units.UnitFault):
        fault = made.reason + (f": {made.detail}" if made.detail else "")
        how = f"{seen.how}; rejected, {fault}"
        return head | {"value": None, "unit": None, "fault": fault, "reject": True, "how": how}
    shown, shown_unit = units.reported(seen.concept, made.value)
    return head | {
        "value": _tidy(shown),
        "unit": shown_unit,
        "comparator": number[0],
        "unit_inferred": made.inferred,
        "canonical": {"value": _tidy(made.value), "unit": made.unit},
        "how": f"{seen.how}; {made.how}",
    }


def _spoken(seen: ConceptMatch, known: Terminology, value: str) -> Answer:
    """A value in words or as an answer code."""
    coded = tuple((system, value) for system in ("sct", "loinc"))
    told = known.answer(seen.concept, coded, value)
    if (
        told is None
        and seen.concept in units.concept_units()
        and seen.concept != "urinalysis_blood"
    ):
        how = f"{seen.how}; rejected, {value!r} is not a number"
        return {"value": None, "unit": None, "fault": "not-a-number", "reject": True, "how": how}
    if told is not None and seen.concept in NUMBERED:
        return {"value": int(told), "unit": "{score}"}
    return {"value": told if told is not None else value, "unit": None}


def _unit(unit: str, value: str | None) -> Answer:
    names = units.units_of(unit)
    if not names:
        return {"kind": "none", "unit": None, "how": f"unit {unit!r} is not known"}
    answer: Answer = {"kind": "unit", "unit": names[0], "how": f"{unit!r} is {' or '.join(names)}"}
    number = units.parse_number(value) if value else None
    known = units.ucum().get(names[0])
    if number is not None and known is not None:
        first = next(n for n, u in units.ucum().items() if u.dimension == known.dimension)
        made = number[1] * float(known.factor) + float(known.offset)
        answer["canonical"] = {"value": _tidy(round(made, 9)), "unit": first}
    return answer


def _tidy(number: float) -> float | int:
    tidy = float(f"{number:.10g}")
    return int(tidy) if tidy.is_integer() else tidy
