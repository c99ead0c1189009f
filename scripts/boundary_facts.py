"""One line of a boundary table -> FHIR resources: "24h1m temp 38.1 oral", "0h sign clonus ocular".

A time is hours, days or minutes from t = 0 ("-3d", "24h1m"); before it minus. What may follow:

  temp 38.1 [oral|core|axillary]    pulse, breaths, gcs, wbc ... 100 [on-oxygen]
  pressure 150/90                   ck 800 [limit 200 | no limit]
  crp 12 range 0-5                  total 4AT 4 (a rating scale by its name)
  tone lead-pipe rigidity           alert A|C|V
  sign clonus [absent|<detail>]     (a sign of the bedside check)
  dose haloperidol 5 im             dose haloperidol_decanoate 100 im     missed levodopa
  order levodopa 100 x3 oral [until 5d]
  condition sepsis                  stay [until 5d]      tick (a weight: changes nothing)
"""

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import synthetic as s

Json = dict[str, Any]
DATA = Path(__file__).resolve().parents[1] / "service/fhir/terminology/data"
BEDSIDE = "urn:nms-sentinel:bedside"
SYSTEMS = {"sct": s.SNOMED, "icd10cm": "http://hl7.org/fhir/sid/icd-10-cm", "loinc": s.LOINC}
SITES = {
    "oral": ("8331-1", "Oral temperature"),
    "core": ("60834-9", "Core temperature"),
    "axillary": ("8328-7", "Axillary temperature"),
    "unstated": ("8310-5", "Body temperature"),
}
# results told with their own range
RANGED = {
    "crp": ("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma", "mg/L"),
    "troponin": ("10839-9", "Troponin I.cardiac [Mass/volume] in Serum or Plasma", "ng/mL"),
    "lithium": ("14334-7", "Lithium [Moles/volume] in Serum or Plasma", "mmol/L"),
    "sodium": ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L"),
    "haem": ("726-0", "Hemoglobin [Mass/volume] in Urine", "mg/dL"),
}
TIME = re.compile(r"^(-?)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?$")
WELL = {"temp": 36.7, "pulse": 78.0, "breaths": 15.0}


def hours(text: str) -> float:
    """ "-36h", "3d", "24h1m" as hours. Raises ValueError."""
    found = TIME.match(text)
    if found is None or text in {"", "-"}:
        raise ValueError(f"no time: {text!r}")
    sign, days, whole, minutes = found.groups()
    total = int(days or 0) * 24 + int(whole or 0) + int(minutes or 0) / 60
    return -total if sign else total


def resources(line: str) -> Iterator[Json]:
    """The resources of a line. Raises ValueError naming what cannot be read."""
    word, _, rest = line.partition(" ")
    if word in SCENES:
        yield from SCENES[word](rest)
        return
    what, _, told = rest.partition(" ")
    make = LINES.get(what)
    if make is not None:
        yield from make(hours(word), told.split())
    elif what in s.CODES:
        value, *flags = told.split()
        yield _flagged(s.measured(what, hours(word), float(value)), flags)
    else:
        raise ValueError(f"no such fact: {line!r}")


def _normal(rest: str) -> Iterator[Json]:
    """A measured normal on the two days before: "normal pulse 80 pressure 120/76"."""
    words = rest.split()
    told = dict(zip(words[::2], words[1::2], strict=True))
    high, low = told.pop("pressure", "122/76").split("/")
    values = WELL | {key: float(value) for key, value in told.items()}
    for at in (-66, -60, -54, -48):
        yield s.measured("temperature", at, values["temp"])
        yield s.measured("pulse", at, values["pulse"])
        yield s.measured("breaths", at, values["breaths"])
        yield s.pressure(at, float(high), float(low))


def _exposed(rest: str) -> Iterator[Json]:
    """Admitted, well, haloperidol by injection every 12 h from -36 h: "exposed [until 60h]"."""
    last = hours(rest.removeprefix("until ")) if rest else 0.0
    yield s.stay()
    yield from _normal("")
    yield from _antagonist(last)


def _antagonist(last: float) -> Iterator[Json]:
    at = -36.0
    while at <= last:
        yield s.dose(at)
        at += 12


def _drugged(rest: str) -> Iterator[Json]:
    """The injections alone: "drugged [until 60h]"."""
    yield from _antagonist(hours(rest.removeprefix("until ")) if rest else 0.0)


SCENES = {
    "exposed": _exposed,
    "drugged": _drugged,
    "normal": _normal,
}


def _flagged(resource: Json, flags: list[str]) -> Json:
    if "on-oxygen" in flags:
        resource["component"] = [
            {
                "code": s.concept(s.LOINC, "3151-8", "Inhaled oxygen flow rate"),
                "valueQuantity": {"value": 4, "unit": "L/min", "system": s.UCUM, "code": "L/min"},
            }
        ]
    return resource


def _temperature(at: float, words: list[str]) -> Iterator[Json]:
    site = SITES[words[1] if len(words) > 1 else "oral"]
    yield s.measured("temperature", at, float(words[0]), code=s.concept(s.LOINC, *site))


def _pressure(at: float, words: list[str]) -> Iterator[Json]:
    high, low = words[0].split("/")
    yield s.pressure(at, float(high), float(low))


def _ck(at: float, words: list[str]) -> Iterator[Json]:
    limit = None if words[1:] == ["no", "limit"] else float([*words, "limit", "200"][2])
    yield s.ck(at, float(words[0]), limit)


def _ranged(key: str) -> Any:
    code, display, unit = RANGED[key]

    def make(at: float, words: list[str]) -> Iterator[Json]:
        low, high = words[2].split("-") if words[1:] else ("", "")
        quantity = {"unit": unit, "system": s.UCUM, "code": unit} if unit else {}
        one = s.measured("ck", at, float(words[0]), code=s.concept(s.LOINC, code, display))
        one["valueQuantity"] = {"value": float(words[0]), **quantity}
        if high:
            one["referenceRange"] = [
                {
                    "low": {"value": float(low), **quantity},
                    "high": {"value": float(high), **quantity},
                }
            ]
        yield one

    return make


def _total(at: float, words: list[str]) -> Iterator[Json]:
    *name, value = words
    one = s.measured("gcs", at, float(value))
    yield {**one, "code": {"text": " ".join(name)}}


def _sign(at: float, words: list[str]) -> Iterator[Json]:
    kind, *answer = words
    choice = answer[0] if answer else "present"
    yield {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": BEDSIDE, "code": kind}], "text": kind.replace("_", " ")},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": s.stamp(at),
        "valueCodeableConcept": {"coding": [{"system": BEDSIDE, "code": choice}], "text": choice},
    }


@cache
def _rxnorm() -> dict[str, str]:
    with (DATA / "ingredients.csv").open(encoding="utf-8") as file:
        return {row["ingredient"]: row["rxcui"] for row in csv.DictReader(file)}


def _drug(name: str) -> Json:
    """By its ingredient's code; a product ("haloperidol_decanoate") by its words alone."""
    if name in _rxnorm():
        return s.drug(_rxnorm()[name], name)
    return {"text": f"{name.replace('_', ' ')} injection"}


def _dose(at: float, words: list[str]) -> Iterator[Json]:
    name, amount, route = words
    yield s.dose(at, _drug(name), float(amount), route)


def _missed(at: float, words: list[str]) -> Iterator[Json]:
    yield {**s.dose(at, _drug(words[0]), 100, "oral"), "status": "not-done"}


def _order(at: float, words: list[str]) -> Iterator[Json]:
    name, amount, times, route, *end = words
    bounds = {"start": s.stamp(at)}
    if end:
        bounds["end"] = s.stamp(hours(end[1]))
    unit = {"unit": "mg", "system": s.UCUM, "code": "mg"}
    yield s.order(
        at,
        _drug(name),
        status="completed" if end else "active",
        dosageInstruction=[
            {
                "timing": {
                    "repeat": {
                        "boundsPeriod": bounds,
                        "frequency": int(times.removeprefix("x")),
                        "period": 1,
                        "periodUnit": "d",
                    }
                },
                "route": s.dose(0, route=route)["dosage"]["route"],
                "doseAndRate": [{"doseQuantity": {"value": float(amount), **unit}}],
            }
        ],
    )


@cache
def _problems() -> dict[str, tuple[str, str, str]]:
    found: dict[str, tuple[str, str, str]] = {}
    with (DATA / "findings.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["match"] == "exact" and row["system"] in SYSTEMS:
                told = (SYSTEMS[row["system"]], row["code"], row["display"])
                found.setdefault(row["concept"], told)
    return found


def _condition(at: float, words: list[str]) -> Iterator[Json]:
    system = "http://terminology.hl7.org/CodeSystem/condition"
    yield {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"system": f"{system}-clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": f"{system}-ver-status", "code": "confirmed"}]},
        "code": s.concept(*_problems()[words[0]]),
        "subject": {"reference": "Patient/p"},
        "onsetDateTime": s.stamp(at),
        "recordedDate": s.stamp(at),
    }


def _stay(at: float, words: list[str]) -> Iterator[Json]:
    one = s.stay(at)
    if words:
        one["period"]["end"] = s.stamp(hours(words[1]))
        one["status"] = "finished"
    yield one


LINES = {
    "temp": _temperature,
    "pressure": _pressure,
    "ck": _ck,
    **{key: _ranged(key) for key in RANGED},
    "total": _total,
    "tone": lambda at, words: iter((s.tone(at, " ".join(words)),)),
    "alert": lambda at, words: iter((s.alertness(at, words[0]),)),
    "sign": _sign,
    "dose": _dose,
    "missed": _missed,
    "order": _order,
    "condition": _condition,
    "stay": _stay,
    "tick": lambda at, _words: iter((s.measured("weight", at, 80),)),
}
