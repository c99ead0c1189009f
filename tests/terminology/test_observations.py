"""What was measured: codes in any order, then the text; what must not count is recognised."""

import pytest

from service.fhir.terminology import terminology

LOINC = "http://loinc.org"
EPIC = "urn:oid:1.2.840.114350.1.13.861.1.7.2.707679"


@pytest.mark.parametrize(
    ("codings", "text", "concept", "site"),
    [
        # LOINC third in line, and a group code that never decides (field fact 25)
        ([(EPIC, "6"), ("http://open.epic.com/id", "6"), (LOINC, "8310-5"), (LOINC, "8716-3")],
         "Temp", "body_temperature", None),
        # the more specific code tells the site (field fact 28)
        ([(LOINC, "8310-5"), (LOINC, "8331-1")], "", "body_temperature", "oral"),
        ([("urn:local", "703558"), (LOINC, "8310-5")], "Temperature Oral",
         "body_temperature", "oral"),
        ([(LOINC, "8332-9")], "", "body_temperature", "rectal"),
        ([(LOINC, "8334-5")], "", "body_temperature", "bladder"),
        ([(LOINC, "8328-7")], "", "body_temperature", "axillary"),
        ([(LOINC, "8329-5")], "", "body_temperature", "core"),
        ([(LOINC, "75539-7")], "", "body_temperature", "temporal"),
        ([(LOINC, "76011-6")], "", "body_temperature", "tympanic"),
        ([(LOINC, "8315-4")], "", "body_temperature", None),  # a maximum is no site
        # a panel code repeated on its component (field fact 26)
        ([("urn:local", "703501"), (LOINC, "85354-9"), (LOINC, "8480-6")], "", "systolic_bp", None),
        ([(LOINC, "85354-9")], "", "bp_panel", None),
        ([(LOINC, "55284-4")], "", "bp_panel", None),
        ([(LOINC, "2157-6")], "", "creatine_kinase", None),
        ([(LOINC, "9269-2")], "", "gcs_total", None),
        ([("http://snomed.info/sct", "364075005")], "", "heart_rate", None),
        ([], "Creatinine", "creatinine", None),
        ([], "CPK, Total", "creatine_kinase", None),
        ([], "Leukocytes [#/\u200bvolume] in Blood", "wbc", None),
        ([], "Körpertemperatur", "body_temperature", None),
        ([], "Temperature Oral", "body_temperature", "oral"),
        ([], "NIBP systolic", "systolic_bp", None),
        ([], "GCS Eye", "gcs_eye", None),
        ([], "BP", "bp_panel", None),
        ([(LOINC, "11156-7")], "LEUKOCYTES", "wbc", None),  # an unlisted code, a whole name
    ],
)  # fmt: skip
def test_a_measurement(
    codings: list[tuple[str, str]], text: str, concept: str, site: str | None
) -> None:
    found = terminology().observation(codings, text)
    assert found is not None
    assert (found.concept, found.excluded) == (concept, False)
    if concept == "body_temperature":
        assert found.site == site


@pytest.mark.parametrize(
    ("codings", "text"),
    [
        ([(LOINC, "13969-1")], ""),  # CK-MB
        ([(LOINC, "20569-0")], ""),
        ([(LOINC, "2157-6"), (LOINC, "13969-1")], ""),  # in doubt it does not count
        ([(LOINC, "2153-5")], ""),  # macro-CK
        ([(LOINC, "39106-0")], ""),  # skin temperature
        ([(LOINC, "60830-7")], ""),  # finger
        ([(LOINC, "8327-9")], "Oral"),  # the site of measurement
        ([], "CK-MB index"),
        ([], "CKMB"),
        ([], "Room temp"),
        ([], "Temperature (Skin)"),
        ([], "Fetal heart rate"),
        ([], "Resp rate (set)"),
        ([], "PAP systolic"),
        ([], "CSF WBC"),
        ([], "Urine creatinine"),
        ([], "Temperature score"),
        ([], "Birth weight"),
    ],
)
def test_what_must_not_count(codings: list[tuple[str, str]], text: str) -> None:
    found = terminology().observation(codings, text)
    assert found is not None
    assert found.excluded


@pytest.mark.parametrize(
    ("codings", "text"),
    [
        ([("urn:cdc:race", "2157-6")], ""),  # the same digits in another list (field fact 32)
        ([("", "8310-5")], ""),
        ([(LOINC, "8716-3")], ""),
        ([(LOINC, "30180-4")], "Basophils in a long text about leukocytes"),
        ([], "Pain score"),
        ([], "Heart rate and respiratory rate"),  # two readings: never a guess
        ([], ""),
    ],
)
def test_nothing_is_guessed(codings: list[tuple[str, str]], text: str) -> None:
    assert terminology().observation(codings, text) is None


def test_a_code_tells_the_unit_it_is_defined_in() -> None:
    known = terminology()
    units = {
        code: getattr(known.observation([(LOINC, code)]), "code_unit", None)
        for code in ("14682-9", "2160-0", "8310-5", "14798-3")
    }
    assert units == {"14682-9": "umol/L", "2160-0": "mg/dL", "8310-5": "Cel", "14798-3": "umol/L"}


@pytest.mark.parametrize(
    ("concept", "codings", "text", "value"),
    [
        ("avpu", [], "Alert", "A"),
        ("avpu", [], "V", "V"), ("avpu", [], "new confusion", "C"),
        ("avpu", [], "responds to pain", "P"), ("avpu", [], "Unresponsive.", "U"),
        ("avpu", [("http://snomed.info/sct", "422768004")], "", "U"),
        ("cam_icu", [], "Positive", "positive"), ("cam_icu", [], "neg", "negative"),
        ("cam_icu", [("http://snomed.info/sct", "10828004")], "", "positive"),
        ("rass", [(LOINC, "LA33964-0")], "", "-2"), ("rass", [], "-3 moderate sedation", "-3"),
        ("gcs_eye", [(LOINC, "LA6556-0")], "", "4"), ("gcs_total", [], "14/15", "14"),
        ("avpu", [], "sleeping soundly", None), ("cam_icu", [], "", None),
    ],
)  # fmt: skip
def test_an_answer(
    concept: str, codings: list[tuple[str, str]], text: str, value: str | None
) -> None:
    assert terminology().answer(concept, codings, text) == value
