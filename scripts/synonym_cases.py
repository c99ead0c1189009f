"""One course told in many ways: every member of the family must have the same course.

Each variant is one field fact (the number of the survey of real FHIR data in `facts`) or another
unit, code, zone or order of the same content.
"""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import synonym_envelopes as envelopes
import synthetic as s

Json = dict[str, Any]
Named = dict[str, Json]
FAMILY = "whole-syndrome"
# Not the same content: without a stay its first day gives no baseline (BASE-02), so a pulse below
# the mark cannot be judged false and the interval is wider. The tiers and their times stay.
APART = {"no-encounter": "Without an Encounter there is no early baseline: wider, never later."}
EXPECT: Json = {
    "peak_tier": {"at_least": "HIGHLY_PROBABLE"},
    "first_at": {
        "POSSIBLE": {"by": s.stamp(0), "not_before": s.stamp(0)},
        "HIGHLY_PROBABLE": {"by": s.stamp(1), "not_before": s.stamp(1)},
    },
    "gate": "open",
    "ever_true": ["EXP", "EXP72", "HYP", "RIG", "MS", "CK", "MET"],
    "unknown_at_peak": ["NEG"],
    "severity": "SEVERE",
    "must_mention": ["haloperidol", "rigid", "39.0", "5,200"],
}
WHY = (
    "Examined lead-pipe tone and reduced consciousness on haloperidol with one reading above 38 at"
    " 0 h: POSSIBLE. The second above 38 at least 30 min later makes HYP; pulse and breathing"
    " against a measured baseline make MET: all four of the tetrad, HIGHLY_PROBABLE at 1 h."
)


def members() -> Iterator[tuple[str, str, Callable[[Named], Any]]]:
    """(name, what is told otherwise, change): a change may answer the bodies itself."""
    yield "plain", "as most systems send it", lambda _: None
    yield from _units()
    yield from _codes()
    yield from _drugs()
    yield from envelopes.times()
    yield from envelopes.envelopes()


def _units() -> Iterator[tuple[str, str, Callable[[Named], Any]]]:
    def fahrenheit(n: Named) -> None:
        for name, value in (("fever1", 101.3), ("fever2", 102.2)):
            n[name]["valueQuantity"] = {"value": value, "unit": "degF", "system": s.UCUM,
                                        "code": "[degF]"}  # fmt: skip

    yield "temperature-fahrenheit", "facts 40: [degF] as the value", fahrenheit

    def text_unit(unit: str, value: Callable[[float], float]) -> Callable[[Named], None]:
        def change(n: Named) -> None:
            for name in ("fever1", "fever2"):
                told = n[name]["valueQuantity"]["value"]
                n[name]["valueQuantity"] = {"value": value(told), "unit": unit}

        return change

    yield "temperature-unit-text", "fact 42: unit as text only", text_unit("°C", lambda v: v)
    yield (
        "temperature-deg-f-text", "fact 40: Deg. F as text",
        text_unit("Deg. F", lambda v: round(v * 9 / 5 + 32, 1)),
    )  # fmt: skip

    def international(n: Named) -> None:
        n["ck"]["valueQuantity"] = {"value": 5200, "unit": "IU/L"}

    yield "ck-iu-per-litre", "fact 42: IU/L as text for U/L", international

    def beats(n: Named) -> None:
        n["pulse"]["valueQuantity"] = {"value": 122, "unit": "bpm", "code": "{Beats}/min",
                                       "system": s.UCUM}  # fmt: skip

    yield "pulse-beats", "fact 42: bpm beside {Beats}/min", beats

    def slash(n: Named) -> None:
        for resource in n.values():
            if "valueQuantity" in resource:
                resource["valueQuantity"]["system"] = "http://unitsofmeasure.org/"

    yield "unit-system-slash", "fact 44: the system of units with a slash", slash

    def strings(n: Named) -> None:
        n["ck"]["valueQuantity"]["value"] = "5200"
        n["fever2"]["valueQuantity"]["value"] = "39.0"

    yield "value-as-string", "fact 51: numbers as JSON strings", strings

    def noise(n: Named) -> None:
        n["fever2"]["valueQuantity"]["value"] = 39.000000000000007

    yield "binary-noise", "fact 52: digits of binary noise", noise

    def beside(n: Named) -> None:
        n["fever2"]["valueQuantity"]["extension"] = [
            {"url": "https://ehr.example.org/fahrenheit",
             "valueQuantity": {"value": 102.2, "unit": "degF"}}
        ]  # fmt: skip

    yield "fahrenheit-beside", "fact 39: Fahrenheit in an extension beside Celsius", beside


def _codes() -> Iterator[tuple[str, str, Callable[[Named], Any]]]:
    def recoded(name: str, *codings: tuple[str, str, str]) -> Callable[[Named], None]:
        def change(n: Named) -> None:
            n[name]["code"] = {
                "coding": [{"system": y, "code": c, "display": d} for y, c, d in codings]
            }

        return change

    def fevers(*codings: tuple[str, str, str]) -> Callable[[Named], None]:
        def change(n: Named) -> None:
            for name in ("fever1", "fever2"):
                recoded(name, *codings)(n)

        return change

    loinc_t = (s.LOINC, "8310-5", "Body temperature")
    local = ("urn:oid:1.2.840.114350.1.13.0.1.7.2.707679", "6", "Temp")
    yield "loinc-last", "fact 25: LOINC after local codes", fevers(local, loinc_t)
    group = (s.LOINC, "8716-3", "Vital signs")
    yield "group-code-beside", "fact 25: a group code beside", fevers(group, loinc_t)
    yield (
        "temperature-snomed",
        "fact 29: SNOMED CT without LOINC",
        fevers((s.SNOMED, "386725007", "Body temperature")),
    )
    yield (
        "pulse-snomed",
        "fact 29: SNOMED CT without LOINC",
        recoded("pulse", (s.SNOMED, "364075005", "Heart rate")),
    )
    yield "ck-other-loinc", "fact 27: CK under another LOINC code", recoded(
        "ck", (s.LOINC, "24335-2", "Creatine kinase panel"),
        (s.LOINC, "2157-6", "Creatine kinase"),
    )  # fmt: skip

    def bare(n: Named) -> None:
        for resource in n.values():
            for coding in resource.get("code", {}).get("coding", []):
                coding.pop("display", None)
            if resource.get("code", {}).get("coding"):
                resource["code"].pop("text", None)

    yield "no-display", "facts 7, 38: codes without display and text", bare

    def category(n: Named) -> None:
        n["fever1"]["category"] = [
            {"coding": [{"system": "http://hl7.org/old", "code": "vital-sign"}]}
        ]

    yield "category-misspelt", "fact 37: category misspelt", category

    def separate(n: Named) -> None:
        for name in [k for k, r in n.items() if "component" in r]:
            panel = n.pop(name)
            for side, part in zip(("s", "d"), panel["component"], strict=True):
                one = {k: v for k, v in panel.items() if k != "component"}
                n[f"{name}{side}"] = {**one, **part, "id": f"{name}{side}"}

    yield "pressure-apart", "fact 36: systolic and diastolic as two Observations", separate

    def zero_width(n: Named) -> None:
        for name in ("fever1", "fever2"):
            n[name]["code"]["coding"][0]["display"] = "Body\u200b temperature"

    yield "display-zero-width", "fact 38: a zero-width space in a display", zero_width


def _drugs() -> Iterator[tuple[str, str, Callable[[Named], Any]]]:
    def each(change: Callable[[Json, Named], None]) -> Callable[[Named], None]:
        def run(n: Named) -> None:
            for name in ("dose1", "dose2", "dose3"):
                change(n[name], n)

        return run

    def by_text(d: Json, _: Named) -> None:
        d["medicationCodeableConcept"] = {"text": "HALOPERIDOL 5 MG/ML INJ"}

    yield "drug-text-only", "fact 1: the drug in words only", each(by_text)

    def by_display(d: Json, _: Named) -> None:
        del d["medicationCodeableConcept"]
        d["medicationReference"] = {"reference": "Medication/x9",
                                    "display": "haloperidol (HALDOL) 5 MG/ML injection"}  # fmt: skip  # noqa: E501

    yield "drug-reference-display", "fact 1: reference and display, not sent", each(by_display)

    def by_reference(d: Json, n: Named) -> None:
        del d["medicationCodeableConcept"]
        d["medicationReference"] = {"reference": "Medication/drug"}
        n["drug"] = {
            "resourceType": "Medication",
            "id": "drug",
            "code": copy.deepcopy(s.HALOPERIDOL),
        }

    yield "drug-reference-later", "fact 2: the Medication comes last", each(by_reference)

    def contained(d: Json, _: Named) -> None:
        del d["medicationCodeableConcept"]
        d["contained"] = [{"resourceType": "Medication", "id": d["id"],
                           "code": copy.deepcopy(s.HALOPERIDOL)}]  # fmt: skip
        d["medicationReference"] = {"reference": f"#{d['id']}"}

    yield "drug-contained", "fact 3: contained, with the parent's id", each(contained)

    def local(d: Json, _: Named) -> None:
        d["medicationCodeableConcept"]["coding"].insert(
            0, {"system": "https://ehr.example.org/synonym", "code": "40284513",
                "userSelected": True},
        )  # fmt: skip

    yield "drug-local-first", "fact 5: a local code, user-selected, before RxNorm", each(local)

    def atc(d: Json, _: Named) -> None:
        d["medicationCodeableConcept"] = {
            "coding": [{"system": "http://www.whocc.no/atc", "code": "N05AD01"}]
        }

    yield "drug-atc", "fact 9: ATC", each(atc)

    def r5(d: Json, _: Named) -> None:
        d["medication"] = {"concept": d.pop("medicationCodeableConcept")}
        d["occurenceDateTime"] = d.pop("effectiveDateTime")

    yield "drug-r5-shape", "fact 12: the shape of R5", each(r5)

    def period(d: Json, _: Named) -> None:
        at = d.pop("effectiveDateTime")
        d["effectivePeriod"] = {"start": at, "end": at}

    yield "dose-period", "fact 22: the time of a dose as a period", each(period)

    def upper(d: Json, _: Named) -> None:
        d["dosage"]["dose"] = {"value": 5, "unit": "MG", "code": "MG", "system": s.UCUM}

    yield "dose-unit-upper", "fact 21: MG in capitals", each(upper)


def write(folder: Path) -> None:
    for name, told, change in members():
        named = s.course()
        bodies = change(named) or {"bundle.json": s.bundle(named.values())}
        family = {} if name in APART else {"family": FAMILY}
        s.write(
            folder / name,
            bodies,
            {
                "case": f"synonym-{name}",
                "kind": "synthetic",
                "group": "synonym",
                "label": f"the same course, {told}",
                **family,
                "expect": EXPECT,
                "why": APART.get(name, WHY),
            },
        )
