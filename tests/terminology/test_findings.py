"""Conditions and signs by code and by text, and what the words around them say."""

import pytest

from service.fhir.terminology import ConceptMatch, terminology
from service.fhir.terminology.tables import rows

CM = "http://hl7.org/fhir/sid/icd-10-cm"


def told(hit: ConceptMatch) -> str:
    flags = ("negated", "family", "history", "uncertain")
    return ":".join([*(flag for flag in flags if getattr(hit, flag)), hit.concept])


@pytest.mark.parametrize(
    ("system", "code", "concept"),
    [
        (CM, "G21.0", "neuroleptic_malignant_syndrome"),
        (CM, "G210", "neuroleptic_malignant_syndrome"),  # without the dot
        (CM, "T67.01XA", "heat_stroke"),  # seventh character
        (CM, "G20.A1", "parkinson_disease"),  # a child code
        (CM, "F20.9", "schizophrenia"),
        ("urn:oid:2.16.840.1.113883.6.90", "N17.9", "acute_kidney_injury"),
        ("http://hl7.org/fhir/sid/icd-9-cm", "333.92", "neuroleptic_malignant_syndrome"),
        ("http://snomed.info/sct", "2776000", "delirium"),
    ],
)
def test_a_code(system: str, code: str, concept: str) -> None:
    found = terminology().finding([("urn:local", "x"), (system, code)])
    assert found is not None
    assert found.concept == concept


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("E87.7", "Fluid overload"),
        ("G72.0", "Drug-induced myopathy"),
        ("G72.9", "Myopathy, unspecified"),
        ("L29.9", "Pruritus, unspecified"),
        ("R26.0", "Ataxic gait"),
        ("R27.0", "Ataxia, unspecified"),
        ("R29.1", "Meningismus"),
        ("R44.0", "Auditory hallucinations"),
        ("R44.1", "Visual hallucinations"),
        ("R44.2", "Other hallucinations"),
        ("R44.3", "Hallucinations, unspecified"),
        ("X30", "Exposure to excessive natural heat"),
    ],
)
def test_a_code_looked_up_by_itself_has_the_title_of_the_tabular_list(
    code: str, title: str
) -> None:
    """Word for word as in the ICD-10-CM tabular list of 1 April 2026 (CDC/NCHS)."""
    added = {row["code"]: row for row in rows("added_findings.csv")}
    assert added[code]["display"] == title
    assert added[code]["source"].startswith("ICD-10-CM tabular list of 1 April 2026 (CDC/NCHS)")
    assert len(added) == 12


def test_a_child_of_fluid_overload_is_fluid_overload() -> None:
    for code in ("E87.7", "E87.70", "E87.71", "E87.79"):
        found = terminology().finding([(CM, code)])
        assert found is not None
        assert found.concept == "fluid_overload"


@pytest.mark.parametrize(
    ("system", "code"),
    [(CM, "E11.9"), (CM, "G2"), (CM, "XYZ"), ("urn:local", "G21.0"), ("", "G21.0")],
)
def test_no_code(system: str, code: str) -> None:
    assert terminology().finding([(system, code)]) is None


TEXTS = [
    ("NMS", ["neuroleptic_malignant_syndrome"]),
    ("nms", []),  # an abbreviation is written in capitals
    ("Neuroleptic malignant syndrome (disorder)", ["neuroleptic_malignant_syndrome"]),
    ("syndrome malin des neuroleptiques", ["neuroleptic_malignant_syndrome"]),
    ("possible NMS", ["uncertain:neuroleptic_malignant_syndrome"]),
    ("?NMS", ["uncertain:neuroleptic_malignant_syndrome"]),
    ("NMS ruled out", ["negated:neuroleptic_malignant_syndrome"]),
    ("cannot exclude NMS", ["uncertain:neuroleptic_malignant_syndrome"]),
    ("hx of NMS 2015", ["history:neuroleptic_malignant_syndrome"]),
    ("FHx: NMS in father", ["family:neuroleptic_malignant_syndrome"]),
    ("no family history of malignant hyperthermia", ["negated:family:malignant_hyperthermia"]),
    ("denies diaphoresis", ["negated:diaphoresis"]),
    ("no rigidity, fever or diaphoresis",
     ["negated:rigidity", "negated:fever_hyperthermia", "negated:diaphoresis"]),
    ("fever but no rigidity", ["fever_hyperthermia", "negated:rigidity"]),
    ("Pt denies fever, chills; has rigidity", ["negated:fever_hyperthermia", "rigidity"]),
    ("denies fever, now rigid", ["negated:fever_hyperthermia", "rigidity"]),
    ("afebrile", []),
    ("not febrile, not agitated", ["negated:fever_hyperthermia", "negated:agitation"]),
    ("no longer rigid", ["negated:rigidity"]),
    ("no change in rigidity", ["rigidity"]),
    ("Rigidity: none", ["negated:rigidity"]),
    ("Rigidity: moderate", ["rigidity"]),
    ("cogwheel rigidity absent", ["negated:cogwheel_rigidity"]),
    ("lead-pipe rigidity, diaphoretic", ["lead_pipe_rigidity", "diaphoresis"]),
    ("stiff neck", ["neck_stiffness"]),
    ("abdominal rigidity", []),
    ("pulmonary hypertension", []),
    ("heat stroke", ["heat_stroke"]),
    ("Glasgow coma scale 15", []),
    ("Richmond agitation-sedation scale", []),
    ("RASS +2, agitated", ["agitation"]),
    ("tetanus toxoid given", []),
    ("pregnancy test negative", []),
    ("patient not oriented to time", ["confusion"]),
    ("oriented x3, not confused", ["negated:confusion"]),
    ("malignant catatonia", ["malignant_catatonia"]),
    ("drug-induced parkinsonism", ["drug_induced_parkinsonism"]),
    ("myoclonic jerks, no clonus", ["myoclonus", "negated:clonus"]),
    ("tone normal, no rigidity", ["normal_or_low_tone", "negated:rigidity"]),
    ("unable to swallow, drooling", ["dysphagia", "sialorrhea"]),
    ("incontinent of stool", ["faecal_incontinence"]),
    ("seizure precautions", []),
    ("well, eating and drinking", []),
    ("", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), TEXTS, ids=[text or "empty" for text, _ in TEXTS])
def test_a_text(text: str, wanted: list[str]) -> None:
    assert [told(hit) for hit in terminology().findings((), text)] == wanted


def test_a_known_code_outranks_the_text() -> None:
    found = terminology().findings([(CM, "F20.9")], "sepsis")
    assert [hit.concept for hit in found] == ["schizophrenia"]


def test_an_unknown_code_falls_to_the_text() -> None:
    found = terminology().findings([("http://snomed.info/sct", "15244003")],
                                   "Neuroleptic malignant syndrome")  # fmt: skip
    assert [hit.concept for hit in found] == ["neuroleptic_malignant_syndrome"]
