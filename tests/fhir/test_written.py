"""Answers about signs in words: what is read, what is left unread, and how sorts are kept."""

from typing import Any

import pytest

from alerts.chart import Measurement, Sign, SignKind, Unread
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
from service.fhir.reader.answers import newness, rows_of
from service.fhir.reader.written import written
from tests.fhir.charted import LOINC, SNOMED, coding, facts, gap, observation, sign

PRESENT = coding(SNOMED, "52101004", text="Present")
ABSENT = coding(SNOMED, "2667000", text="Absent")
UNREAD = "unmapped-answer"


@pytest.mark.rules("RIG-01", "RIG-02")
@pytest.mark.parametrize(
    ("code", "answer", "present", "detail", "new"),
    [
        ("Muscle tone", "increased", TRUE, "increased", UNKNOWN),
        ("Tone", "Increased.", TRUE, "increased", UNKNOWN),
        ("Muscle tone", "increased in all four limbs", TRUE, "increased", UNKNOWN),
        ("Muscle tone", "slightly increased", TRUE, "increased", UNKNOWN),
        ("Muscle tone", "hypertonic, all limbs", TRUE, "increased", UNKNOWN),
        ("Muscle tone", "increased, lead-pipe", TRUE, "lead_pipe", UNKNOWN),
        ("Muscle tone", "increased (baseline)", TRUE, "increased", FALSE),
        ("Muscle tone", "increased but normal for patient", TRUE, "increased", FALSE),
        ("Muscle tone", "hypertonic, usual for him", TRUE, "increased", FALSE),
        ("Muscle tone", "normal throughout", FALSE, "normal", UNKNOWN),
        ("Rigidity", "severe, markedly worse than usual", TRUE, None, TRUE),
        ("Rigidity", "mild, no worse than usual", TRUE, None, FALSE),
        ("Rigidity", "mild, usual for patient", TRUE, None, FALSE),
        ("Rigidity", "Present - chronic", TRUE, None, FALSE),
        ("Rigidity", "Present. New since yesterday", TRUE, None, TRUE),
        ("Rigidity", "moderate in arms", TRUE, None, UNKNOWN),
        ("Rigidity", "marked, generalised", TRUE, "generalised", UNKNOWN),
        ("Rigidity", "none noted", FALSE, None, UNKNOWN),
    ],
)
def test_tone_in_words_is_read_by_its_decisive_word(
    code: str, answer: str, present: Truth, detail: str | None, new: Truth
) -> None:
    found = sign(observation({"text": code}, valueString=answer))
    assert (found.kind, found.present, found.detail, found.new) == (
        SignKind.RIGIDITY, present, detail, new,
    )  # fmt: skip


@pytest.mark.rules("LOG-01", "RIG-01")
@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("Muscle tone", "normal for patient"),
        ("Muscle tone", "normal for him, at baseline"),
        ("Muscle tone", "at baseline"),
        ("Muscle tone", "not increased"),
        ("Muscle tone", "? increased"),
        ("Muscle tone", "increased?"),
        ("Muscle tone", "possibly increased"),
        ("Muscle tone", "increased in left arm"),
        ("Muscle tone", "increased after the stroke"),
        ("Muscle tone", "previously increased, now normal"),
        ("Muscle tone", "normal in arms, increased in legs"),
        ("Muscle tone", "normal (paralysed)"),
        ("Muscle tone", "abnormal"),
        ("Muscle tone", "generalised"),
        ("Rigidity", "not severe"),
        ("Rigidity", "severe -"),
        ("Rigidity", "was severe yesterday, none now"),
        ("Rigidity", "absent, previously severe"),
        ("Rigidity", "none new"),
        ("Rigidity", "no change"),
        ("Rigidity", "unchanged"),
        ("Rigidity", "resolved"),
        ("Rigidity", "severe neck"),
        ("Rigidity", "unsure"),
        ("Clonus", "not inducible"),
        ("Clonus", "spontaneous: none"),
        ("Clonus", "non-sustained"),
        ("Clonus", "5 beats"),
    ],
)
def test_doubt_negation_and_unknown_words_leave_the_answer_unread(code: str, answer: str) -> None:
    assert gap(observation({"text": code}, valueString=answer)).reason == UNREAD


@pytest.mark.parametrize(
    ("answer", "sorts"),
    [
        ("ocular", ["ocular"]),
        ("inducible", ["inducible"]),
        ("spontaneous", ["spontaneous"]),
        ("bilateral ankle, inducible, 5 beats", ["inducible"]),
        ("spontaneous and ocular", ["spontaneous", "ocular"]),
        ("sustained", [None]),
    ],
)
def test_the_sorts_of_clonus_in_words(answer: str, sorts: list[str | None]) -> None:
    found = facts(observation({"text": "Clonus"}, valueString=answer))
    assert [(f.present, f.detail) for f in found if isinstance(f, Sign)] == [
        (TRUE, sort) for sort in sorts
    ]


@pytest.mark.parametrize("answer", ["present", "yes"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("Deep tendon reflexes", SignKind.HYPERREFLEXIA),
        ("Swallow", SignKind.DYSPHAGIA),
        ("Skin moisture", SignKind.DIAPHORESIS),
        ("Muscle tone", SignKind.RIGIDITY),
    ],
)
def test_what_was_looked_at_is_present_in_everyone(code: str, kind: SignKind, answer: str) -> None:
    found = sign(observation({"text": code}, valueString=answer))
    assert (found.kind, found.present) == (kind, UNKNOWN)
    more = gap(observation({"text": code}, valueString=f"{answer} throughout"))
    assert more.reason == UNREAD


@pytest.mark.parametrize("name", ["Sweats", "Sweating", "Diaphoretic"])
def test_a_name_of_the_sign_itself_is_told_by_present(name: str) -> None:
    found = sign(observation({"text": name}, valueString="present"))
    assert (found.kind, found.present) == (SignKind.DIAPHORESIS, TRUE)


@pytest.mark.rules("RIG-01")
@pytest.mark.parametrize(
    ("answer", "structured"),
    [("normal", True), ("Normal tone", True), ("normal throughout", False), ("no rigidity", False)],
)
def test_a_string_that_is_one_choice_is_a_structured_examination(
    answer: str, structured: bool
) -> None:
    found = sign(observation({"text": "Muscle tone"}, valueString=answer))
    assert (found.present, found.structured) == (FALSE, structured)


@pytest.mark.parametrize(
    ("code", "answer", "present", "detail"),
    [
        ({"text": "Spontaneous clonus"}, PRESENT, TRUE, "spontaneous"),
        ({"text": "Ocular clonus"}, PRESENT, TRUE, "ocular"),
        (coding(SNOMED, "36649002", text="Ocular clonus"), PRESENT, TRUE, "ocular"),
        ({"text": "Ocular or inducible clonus"}, PRESENT, TRUE, None),
        (coding(SNOMED, "16046003", text="Lead pipe rigidity"), PRESENT, TRUE, "lead_pipe"),
        (coding(SNOMED, "16046003", text="Lead pipe rigidity"), {"text": "mild, new"}, TRUE,
         "lead_pipe"),
        ({"text": "Cogwheel rigidity"}, {"text": "severe, new"}, TRUE, "cogwheel"),
        (coding(SNOMED, "16046003", text="No lead pipe rigidity"), PRESENT, TRUE, None),
        (coding(SNOMED, "16046003", text="Lead pipe sign?"), PRESENT, TRUE, None),
        (coding(SNOMED, "52613005", text="Ocular clonus"), PRESENT, TRUE, None),
        # one sort that is absent says nothing of another
        (coding(SNOMED, "16046003", text="Lead pipe rigidity"), ABSENT, UNKNOWN, None),
        ({"text": "Cogwheel rigidity"}, ABSENT, UNKNOWN, None),
        (coding(SNOMED, "16046003", text="Rigidity"), ABSENT, FALSE, None),
    ],
)  # fmt: skip
def test_the_more_exact_of_code_and_text_when_they_agree(
    code: dict[str, Any], answer: dict[str, Any], present: Truth, detail: str | None
) -> None:
    found = sign(observation(code, valueCodeableConcept=answer))
    assert (found.present, found.detail) == (present, detail)


@pytest.mark.rules("RIG-02")
@pytest.mark.parametrize(
    ("note", "new"),
    [
        ("worse than usual", TRUE),
        ("not worse than baseline", FALSE),
        ("no worse than usual", FALSE),
        ("not worsening", FALSE),
        ("as usual", FALSE),
        ("not as usual", UNKNOWN),
        ("not her usual self", UNKNOWN),
        ("normal for patient", FALSE),
        ("not normal for her", UNKNOWN),
    ],
)
def test_a_denied_worsening_is_none(note: str, new: Truth) -> None:
    assert newness("", note) is new


@pytest.mark.parametrize("code", ["ACVPU", "Level of consciousness", "Conscious level",
                                  "Consciousness"])  # fmt: skip
@pytest.mark.parametrize(
    ("answer", "kind", "present", "detail"),
    [
        ("A - alert", SignKind.ACVPU, FALSE, "A"),
        ("Alert (A)", SignKind.ACVPU, FALSE, "A"),
        ("Alert, orientated", SignKind.ACVPU, FALSE, "A"),
        ("V - responds to voice", SignKind.ACVPU, TRUE, "V"),
        ("C (new confusion)", SignKind.ACVPU, TRUE, "C"),
        ("Confusion - new", SignKind.ACVPU, TRUE, "C"),
        ("drowsy, rousable", SignKind.DROWSINESS, TRUE, None),
        ("alert but confused", SignKind.CONFUSION, TRUE, None),
        ("? confused", SignKind.CONFUSION, UNKNOWN, None),
    ],
)
def test_consciousness_in_words(
    code: str, answer: str, kind: SignKind, present: Truth, detail: str | None
) -> None:
    found = sign(observation({"text": code}, valueString=answer))
    assert (found.kind, found.present, found.detail) == (kind, present, detail)


@pytest.mark.rules("LOG-01")
@pytest.mark.parametrize(
    "answer", ["A - responds to voice", "V - alert", "not alert", "A or V", "AOx2", "at baseline"]
)
def test_consciousness_that_is_not_clear_stays_unread(answer: str) -> None:
    assert gap(observation({"text": "Conscious level"}, valueString=answer)).reason == UNREAD


GCS = {"text": "GCS"}
TOTAL = coding(LOINC, "9269-2", text="Glasgow coma score total")


@pytest.mark.parametrize("code", [GCS, TOTAL])
@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("14/15", 14),
        ("3 / 15", 3),
        ("E3 V4 M6", 13),
        ("E3V4M6", 13),
        ("e1v1m1", 3),
        ("E3, V4, M6", 13),
        ("E4+V5+M6=15", 15),
        ("GCS 14 (E4 V4 M6)", 14),
        ("GCS: 14/15", 14),
        ("E3 V4 M6 (13/15)", 13),
    ],
)
def test_a_coma_score_as_written(code: dict[str, Any], text: str, total: int) -> None:
    (found,) = facts(observation(code, valueString=text))
    assert isinstance(found, Measurement)
    assert (found.kind, found.value, found.unit) == ("gcs_total", total, "{score}")
    (coded,) = facts(observation(code, valueCodeableConcept={"text": text}))
    assert isinstance(coded, Measurement)
    assert coded.value == total


@pytest.mark.rules("LOG-01")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("E4 VT M6", "not-a-number"),
        ("E1V1TM5", "not-a-number"),
        ("E4 VNT M6", "not-a-number"),
        ("10T", "not-a-number"),
        ("10T/15", "not-a-number"),
        ("E4 V1 M6 (intubated)", "not-a-number"),
        ("E5V5M6", "not-a-number"),
        ("E3 V4", "not-a-number"),
        ("14/14", "not-a-number"),
        ("13-14", "not-a-number"),
        ("was 15, now 13", "not-a-number"),
        ("39,4", "not-a-number"),
        ("GCS 13 (E4 V4 M6)", "conflicting-components"),
        ("E3V4M6 = 15", "conflicting-components"),
        ("16/15", "implausible"),
        ("GCS 2", "implausible"),
    ],
)
def test_a_coma_score_that_is_not_one_clear_number_stays_unread(text: str, reason: str) -> None:
    found = gap(observation(GCS, valueString=text))
    assert (found.reason, found.text) == (reason, f"GCS {text}")


def test_a_score_of_another_scale_is_no_coma_total() -> None:
    (found,) = facts(observation({"text": "RASS"}, valueString="14/15"))
    assert isinstance(found, Unread)


def test_every_phrase_of_the_table_is_one_of_its_kinds_and_can_match() -> None:
    rows = rows_of("written.csv")
    assert {row["means"] for row in rows} == {"present", "absent", "beside", "compared"}
    assert {row["asked"] for row in rows} == {"", "sign", "examined"}
    assert {row["sign"] for row in rows} - {""} <= {kind.value for kind in SignKind}
    assert all(row["means"] == "present" for row in rows if row["detail"])


def test_a_long_text_is_not_searched() -> None:
    assert written(SignKind.RIGIDITY, False, "severe") is not None
    assert written(SignKind.RIGIDITY, False, "severe " * 40) is None
