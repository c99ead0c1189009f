"""Every kind that alerts/ reads is emitted by the reader from a FHIR form, or said not to be.

The list of what is read is made from the source (tests/fhir/reads.py) and from the knowledge; a
kind that no form emits would be a rule that can never hold.
"""

from typing import Any

import pytest

from alerts.chart import Condition, Measurement, Sign, SignKind
from alerts.knowledge import load
from alerts.truth import FALSE, TRUE, UNKNOWN
from service.fhir.reader.signs import BEDSIDE
from service.fhir.terminology.tables import FINDING_FILES, OBSERVATION_FILES, rows
from tests.fhir.charted import AT, LOINC, coding, facts, observation, quantity
from tests.fhir.reads import Reads

KNOWLEDGE = load()
CODE_SYSTEMS = {
    "loinc": LOINC,
    "sct": "http://snomed.info/sct",
    "icd10cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "icd9cm": "http://hl7.org/fhir/sid/icd-9-cm",
    "icd10": "http://hl7.org/fhir/sid/icd-10",
}
# where the source takes its kinds from the knowledge -> the kinds
TAKEN = {
    ("alerts.artefacts", "_pressure_jumps"): {"systolic_bp", "diastolic_bp"},
    ("alerts.artefacts", "lone_jump"): {"systolic_bp", "diastolic_bp"},
    ("alerts.context", "_conditions"): {
        kind
        for entry in KNOWLEDGE.criteria["risk_factors"].values()
        for kind in entry.get("conditions", ())
    },
    ("alerts.differential.ranked", "_weighable"): {
        kind for entry in KNOWLEDGE.criteria["differential"].values() for kind in entry["coded"]
    },
    ("alerts.differential.scene", "coded"): set(),  # a door of its own
    ("alerts.differential.scene", "recorded"): set(),  # as weighable
    ("alerts.differential.scene", "hotter"): {"body_temperature"},
    ("alerts.findings.sympathetic", "fluctuation"): {"systolic_bp", "diastolic_bp"},
    ("alerts.findings.sympathetic", "robust_fluctuation"): {"systolic_bp", "diastolic_bp"},
    ("alerts.findings.workup", "_causes"): set(KNOWLEDGE.alternative_causes),
    ("alerts.findings.workup", "_explains"): set(),  # as _causes
    ("alerts.guidance.contraindications", "_readings"): set(),  # found() below
    ("alerts.interactions.measures", "factor"): {
        "egfr" if kind == "gfr" else kind
        for row in KNOWLEDGE.interactions
        for kind in row.factors
        if KNOWLEDGE.answers(kind)
    },
    ("alerts.lifecycle.promises", "_of"): {
        kind for test in KNOWLEDGE.tests.values() for kind in test.readings
    },
}
# read, and emitted by no form of FHIR
NOT_EMITTED = {
    "comfort_care": "stated of a patient as a sign (SignKind.COMFORT_CARE), which is read as well",
}
# kinds without a verified code: words that a record uses
WORDS = {
    "osmol_gap": ("Osmolal gap", "mosm/kg"),
    "larach_points": ("Larach clinical grading scale points", "{score}"),
    "sachdev_total": ("Sachdev NMS rating scale, total", "{score}"),
    "francis_yacoub_total": ("Francis-Yacoub NMS rating scale, total", "{score}"),
    "bush_francis_catatonia": ("Bush-Francis catatonia rating scale", "{score}"),
    "rass": ("Richmond agitation-sedation scale", "{score}"),
    "four_at": ("4AT score", "{score}"),
    "malignant_catatonia": "malignant catatonia",
    "parkinsonism_hyperpyrexia": "parkinsonism-hyperpyrexia syndrome",
    "heat_alert": "heat-health alert",
    "smoking_cessation": "Smoking cessation",
    "shivering": "shivering",
    "baclofen_pump_failure": "intrathecal baclofen pump failure",
}
# signs that people state through the bedside check alone
STATED = {SignKind.WORKUP_NEGATIVE, SignKind.RESOLVED}


def found(name: str, node: Any) -> set[str]:
    """Everything under this key in the knowledge, wherever it stands."""
    if isinstance(node, dict):
        here = set(node[name]) if isinstance(node.get(name), list) else set()
        return here.union(*(found(name, value) for value in node.values()), set())
    if isinstance(node, list):
        return set().union(*(found(name, value) for value in node))
    return set()


def read_by_alerts() -> set[str]:
    kinds = Reads().kinds | set().union(*TAKEN.values())
    kinds |= {kind for state in KNOWLEDGE.states.values() for kind in state.problems}
    kinds |= found("conditions", KNOWLEDGE.management)
    kinds |= found("readings", KNOWLEDGE.management) - {"blood_pressure"}  # its two parts are read
    return kinds


ALL = sorted(read_by_alerts() - set(NOT_EMITTED))


def measured(kind: str, code: Any, unit: str) -> bool:
    sent = observation(code, valueQuantity=quantity(VALUES.get(kind, 8), unit or None))
    return any(isinstance(f, Measurement) and f.kind == kind for f in facts(sent))


# plausible where 8 is not (SPEC 2.3)
VALUES = {
    "body_temperature": 38, "heart_rate": 90, "systolic_bp": 120, "diastolic_bp": 70, "spo2": 95,
    "creatine_kinase": 900, "sodium": 140, "creatinine": 90, "body_weight": 70, "rass": -2,
    "respiratory_rate": 18, "egfr": 60, "ph_blood": 7, "qtc": 440, "potassium": 4,
}  # fmt: skip


def recorded(kind: str, code: Any) -> bool:
    sent = {
        "resourceType": "Condition",
        "id": "c1",
        "code": code,
        "subject": {"reference": "Patient/p1"},
        "onsetDateTime": AT,
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
    }
    return any(isinstance(f, Condition) and f.kind == kind for f in facts(sent))


def forms(kind: str) -> list[bool]:
    """Whether each coded form of a kind gives a fact of it; its words where it has no code."""
    told: list[bool] = []
    for name in OBSERVATION_FILES:
        for row in rows(name):
            if row["concept"] == kind:
                code = coding(CODE_SYSTEMS[row["system"]], row["code"])
                told.append(measured(kind, code, row["unit"]))
    for name in FINDING_FILES:
        for row in rows(name):
            if row["concept"] == kind:
                told.append(recorded(kind, coding(CODE_SYSTEMS[row["system"]], row["code"])))
    words = WORDS.get(kind)
    if isinstance(words, tuple):
        told.append(measured(kind, {"text": words[0]}, words[1]))
    elif words:
        told.append(recorded(kind, {"text": words}))
    return told


def test_every_place_that_reads_can_be_followed() -> None:
    """A new blind spot is named in TAKEN with what it takes, or the list is not whole."""
    assert Reads().blind == set(TAKEN)


def test_the_list_is_not_trivial() -> None:
    assert len(ALL) > 100
    assert {"qtc", "etco2", "fibrinogen", "heat_alert", "myopathy", "drug_level"} <= set(ALL)


@pytest.mark.parametrize("kind", ALL)
def test_a_kind_that_alerts_reads_is_emitted(kind: str) -> None:
    assert any(forms(kind)), f"{kind} is read by a rule and emitted by no form of FHIR"


@pytest.mark.parametrize("kind", sorted(NOT_EMITTED))
def test_what_is_listed_as_not_emitted_is_not(kind: str) -> None:
    assert kind in read_by_alerts()
    assert not any(forms(kind))


SIGNS_IN_WORDS = {
    SignKind.RIGIDITY: "muscle rigidity", SignKind.DELIRIUM: "delirium",
    SignKind.CONFUSION: "confusion", SignKind.DROWSINESS: "drowsiness",
    SignKind.ALTERED_MENTAL_STATUS: "altered mental status", SignKind.STUPOR: "stupor",
    SignKind.COMA: "coma", SignKind.MUTISM: "mutism", SignKind.AGITATION: "agitation",
    SignKind.CATATONIA: "catatonia", SignKind.DIAPHORESIS: "diaphoresis",
    SignKind.URINARY_INCONTINENCE: "urinary incontinence", SignKind.TREMOR: "tremor",
    SignKind.DYSPHAGIA: "dysphagia", SignKind.SIALORRHOEA: "sialorrhoea",
    SignKind.CLONUS: "clonus", SignKind.MYOCLONUS: "myoclonus",
    SignKind.HYPERREFLEXIA: "hyperreflexia", SignKind.MYDRIASIS: "mydriasis",
    SignKind.BOWEL_SOUNDS_HYPERACTIVE: "hyperactive bowel sounds",
    SignKind.BOWEL_SOUNDS_ABSENT: "absent bowel sounds", SignKind.DRY_SKIN: "dry skin",
    SignKind.URINARY_RETENTION: "urinary retention", SignKind.DYSTONIA: "acute dystonia",
    SignKind.SEIZURE: "seizure", SignKind.PALLOR: "pallor", SignKind.DYSKINESIA: "dyskinesia",
    SignKind.HYPOREFLEXIA: "hyporeflexia", SignKind.ATAXIA: "ataxic gait",
    SignKind.SPASTICITY: "spasticity", SignKind.PRURITUS: "itching",
    SignKind.HALLUCINATION: "hallucinations", SignKind.NECK_STIFFNESS: "nuchal rigidity",
    SignKind.MASSETER_SPASM: "masseter spasm", SignKind.DIARRHOEA: "diarrhoea",
    SignKind.HEAT_EXPOSURE: "found in a hot room", SignKind.URINARY_CATHETER: "urinary catheter",
    SignKind.ACTIVE_COOLING: "cooling blanket",
    SignKind.TARGETED_TEMPERATURE: "targeted temperature management",
    SignKind.RENAL_REPLACEMENT: "haemodialysis", SignKind.EXTRACORPOREAL: "ECMO",
    SignKind.VENTILATED: "mechanical ventilation", SignKind.RESTRAINT: "physical restraint",
    SignKind.FALL: "found on the floor", SignKind.EXERCISE: "marathon",
    SignKind.VENTRICULAR_ARRHYTHMIA: "ventricular tachycardia",
    SignKind.NIL_BY_MOUTH: "nil by mouth", SignKind.ENTERAL_TUBE: "nasogastric tube",
    SignKind.HIGH_PROTEIN_FEED: "high-protein enteral feed",
    SignKind.STIMULATOR_FAILURE: "DBS stimulator failure",
    SignKind.COMFORT_CARE: "comfort care only",
    SignKind.MEDICATION_RECONCILED: "medication reconciliation",
}  # fmt: skip
# told by a screen, a scale or a procedure, not in words of an examination
OTHERWISE = {SignKind.ACVPU, SignKind.DELIRIUM_SCREEN, SignKind.SURGERY}


def signs(sent: dict[str, Any]) -> set[tuple[SignKind, Any]]:
    return {(f.kind, f.present) for f in facts(sent) if isinstance(f, Sign)}


def test_every_sign_has_a_form() -> None:
    assert set(SignKind) == {*SIGNS_IN_WORDS, *OTHERWISE, *STATED}


@pytest.mark.parametrize("kind", SIGNS_IN_WORDS, ids=str)
def test_a_sign_in_words_is_read_with_its_negation(kind: SignKind) -> None:
    text = SIGNS_IN_WORDS[kind]
    asked = observation({"text": text}, valueBoolean=True)
    assert (kind, TRUE) in signs(asked)
    absent = observation({"text": text}, valueString="absent")
    assert (kind, FALSE) in signs(absent)


@pytest.mark.parametrize(
    ("code", "value", "kind"),
    [
        ({"text": "AVPU"}, "V", SignKind.ACVPU),
        ({"text": "CAM-ICU"}, "positive", SignKind.DELIRIUM_SCREEN),
    ],
)
def test_a_screen_tells_its_sign(code: Any, value: str, kind: SignKind) -> None:
    assert (kind, TRUE) in signs(observation(code, valueString=value))


def test_an_operation_tells_its_sign() -> None:
    sent = {
        "resourceType": "Procedure",
        "id": "x1",
        "status": "completed",
        "code": {"text": "Laparotomy"},
        "subject": {"reference": "Patient/p1"},
        "performedDateTime": AT,
    }
    assert (SignKind.SURGERY, TRUE) in signs(sent)


@pytest.mark.parametrize("kind", SignKind, ids=str)
def test_every_sign_of_the_bedside_check_is_read(kind: SignKind) -> None:
    sent = observation(coding(BEDSIDE, kind.value), valueBoolean=True)
    assert (kind, TRUE) in signs(sent)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hyporeflexia", {(SignKind.HYPOREFLEXIA, TRUE), (SignKind.HYPERREFLEXIA, FALSE)}),
        ("no hyporeflexia", {(SignKind.HYPOREFLEXIA, FALSE), (SignKind.HYPERREFLEXIA, UNKNOWN)}),
        ("denies hallucinations", {(SignKind.HALLUCINATION, FALSE)}),
        ("no neck stiffness, itching", {
            (SignKind.NECK_STIFFNESS, FALSE), (SignKind.PRURITUS, FALSE)}),
        ("?ataxia", {(SignKind.ATAXIA, UNKNOWN)}),
        ("family history of ataxia", set()),
        ("diarrhoea, no shivering", {(SignKind.DIARRHOEA, TRUE)}),
    ],
)  # fmt: skip
def test_what_stands_around_a_sign_in_a_note(text: str, told: set[Any]) -> None:
    """An answer in words under a neutral code: negation, doubt and family as everywhere."""
    assert signs(observation({"text": "Examination note"}, valueString=text)) == told


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Smoking cessation", "smoking_cessation"),
        ("patient stopped smoking", "smoking_cessation"),
        ("fluid overload", "fluid_overload"),
        ("hypervolaemia", "fluid_overload"),
        ("amber heat-health alert", "heat_alert"),
        ("occlusion of intrathecal baclofen catheter", "baclofen_pump_failure"),
        ("shivering", "shivering"),
        ("inclusion body myositis", "myopathy"),
    ],
)
def test_a_context_of_an_interaction_in_words(text: str, kind: str) -> None:
    assert recorded(kind, {"text": text})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("smoking cessation advice given", "smoking_cessation"),
        ("wants to stop smoking", "smoking_cessation"),
        ("no fluid overload", "fluid_overload"),
        ("cardiomyopathy", "myopathy"),
        ("baclofen pump in situ", "baclofen_pump_failure"),
        ("heat pack applied", "heat_alert"),
    ],
)
def test_words_that_are_not_the_context(text: str, kind: str) -> None:
    assert not recorded(kind, {"text": text})


SATURATION = coding(LOINC, "59408-5", text="SpO2")


@pytest.mark.parametrize(
    ("elements", "flag"),
    [
        ({"component": [{"code": coding(LOINC, "3151-8"), "valueQuantity": quantity(2, "L/min")}]},
         "on_oxygen"),
        ({"component": [{"code": coding(LOINC, "3151-8"), "valueQuantity": quantity(0, "L/min")}]},
         "room_air"),
        ({"component": [{"code": coding(LOINC, "3150-0"), "valueQuantity": quantity(40, "%")}]},
         "on_oxygen"),
        ({"component": [{"code": coding(LOINC, "3150-0"), "valueQuantity": quantity(21, "%")}]},
         "room_air"),
        ({"note": [{"text": "on 2 L oxygen by nasal cannula"}]}, "on_oxygen"),
        ({"note": [{"text": "room air"}]}, "room_air"),
        ({"code": coding(LOINC, "59410-1")}, "room_air"),
        ({"code": {"text": "SpO2 on oxygen"}}, "on_oxygen"),
        ({"note": [{"text": "room air, then on oxygen"}]}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_a_saturation_says_what_was_breathed(elements: Any, flag: str | None) -> None:
    sent = observation(**{"code": SATURATION, "valueQuantity": quantity(88, "%"), **elements})
    (reading,) = (f for f in facts(sent) if isinstance(f, Measurement) and f.kind == "spo2")
    assert set(reading.flags) & {"on_oxygen", "room_air"} == ({flag} if flag else set())


def test_only_a_saturation_is_flagged() -> None:
    """A flag would keep any other reading out of the patient's baseline."""
    sent = observation(
        coding(LOINC, "8867-4"),
        valueQuantity=quantity(90, "/min"),
        note=[{"text": "on oxygen"}],
    )
    (reading,) = facts(sent)
    assert isinstance(reading, Measurement)
    assert reading.flags == ()
