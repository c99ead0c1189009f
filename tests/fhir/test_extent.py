"""A denial denies only what it names, and rigidity of one place is not the generalised one."""

from datetime import timedelta
from typing import Any

import pytest

from alerts.assessment import assess
from alerts.chart import Fact, Sign, SignKind, chart_of
from alerts.knowledge import load
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
from tests.fhir.charted import SNOMED, coding, facts, observation

RIGIDITY = coding(SNOMED, "16046003", text="Muscle rigidity")


def told(code: Any, answer: str, **elements: Any) -> list[tuple[SignKind, Truth]]:
    """The signs of a record: the code's words, and the answer as a string."""
    named = {"text": code} if isinstance(code, str) else code
    found = facts(observation(named, valueString=answer, **elements))
    return [(f.kind, f.present) for f in found if isinstance(f, Sign)]


@pytest.mark.rules("LOG-01", "DDX-03")
@pytest.mark.parametrize(
    ("code", "answer", "kind"),
    [
        ("Ocular clonus", "absent", SignKind.CLONUS),
        ("Inducible clonus", "no", SignKind.CLONUS),
        ("Ankle clonus", "absent", SignKind.CLONUS),
        ("Clonus", "no ocular clonus", SignKind.CLONUS),
        ("Clonus", "absent at ankles", SignKind.CLONUS),
        ("Resting tremor", "absent", SignKind.TREMOR),
        ("Neurology", "no resting tremor", SignKind.TREMOR),
        ("Neurology", "no tremor at rest", SignKind.TREMOR),
        ("Visual hallucinations", "absent", SignKind.HALLUCINATION),
        ("Night sweats", "denied", SignKind.DIAPHORESIS),
        ("Muscle tone", "no lead-pipe rigidity", SignKind.RIGIDITY),
        ("Muscle tone", "no cogwheeling", SignKind.RIGIDITY),
        ("Muscle tone", "no severe rigidity", SignKind.RIGIDITY),
        ("Muscle tone", "no new rigidity", SignKind.RIGIDITY),
        ("Muscle tone", "no rigidity in the left arm", SignKind.RIGIDITY),
        ("Muscle tone left arm", "normal", SignKind.RIGIDITY),
        ("Rigidity", "none in arms", SignKind.RIGIDITY),
        ("Left arm rigidity", "absent", SignKind.RIGIDITY),
    ],
)
def test_a_qualified_denial_leaves_the_rest_open(code: str, answer: str, kind: SignKind) -> None:
    assert told(code, answer) == [(kind, UNKNOWN)]


@pytest.mark.parametrize(
    ("code", "answer", "kind"),
    [
        ("Clonus", "absent", SignKind.CLONUS),
        ("Neurology", "no tremor", SignKind.TREMOR),
        ("Neurology", "no clonus; fine tremor of left hand", SignKind.CLONUS),
        ("Neurology", "no tremor or ocular clonus", SignKind.TREMOR),
        ("Neurology", "no clonus, no ocular clonus", SignKind.CLONUS),
        ("Neck stiffness", "absent", SignKind.NECK_STIFFNESS),
        ("Urinary incontinence", "absent", SignKind.URINARY_INCONTINENCE),
        ("Muscle tone", "no rigidity in any limb", SignKind.RIGIDITY),
        ("Muscle tone", "no increased tone", SignKind.RIGIDITY),
        ("Muscle tone", "no cogwheeling or rigidity", SignKind.RIGIDITY),
        ("Muscle tone", "normal in all four limbs", SignKind.RIGIDITY),
        ("Generalised rigidity", "absent", SignKind.RIGIDITY),
        ("Tremor (arms extended)", "absent", SignKind.TREMOR),
    ],
)
def test_a_denial_of_the_whole_stays_one(code: str, answer: str, kind: SignKind) -> None:
    assert (kind, FALSE) in told(code, answer)


@pytest.mark.rules("RIG-01")
@pytest.mark.parametrize(
    ("code", "answer", "side"),
    [
        ("Muscle tone", "rigidity right wrist only", "right"),
        ("Muscle tone", "cogwheel rigidity right arm", "right"),
        ("Muscle tone", "lead-pipe rigidity of the left leg", "left"),
        ("Muscle tone", "focal rigidity", "local"),
        ("Muscle tone", "rigidity is localised", "local"),
        ("Muscle tone", "rigidity only in the wrists", "local"),
        ("Muscle tone", "RUE rigidity", "right"),
        ("Muscle tone", "stiffness on the left", "left"),
        ("Tone right arm", "increased", "right"),
        ("Rigidity of right arm", "present", "right"),
    ],
)
def test_rigidity_of_one_place_is_not_generalised(code: str, answer: str, side: str) -> None:
    found = facts(observation({"text": code}, valueString=answer))
    assert [(f.present, f.detail) for f in found if isinstance(f, Sign)] == [(UNKNOWN, side)]


@pytest.mark.rules("RIG-01")
@pytest.mark.parametrize(
    "answer",
    [
        "rigidity",
        "rigidity in both arms",
        "rigidity of all limbs, worse left arm",
        "rigidity, more on the right",
        "rigidity R>L",
        "stiff right arm and left arm",
        "generalised rigidity, not only of the right arm",
        "cogwheel rigidity at both wrists",
        "axial rigidity and right arm rigidity",
    ],
)
def test_rigidity_of_more_than_one_place_counts(answer: str) -> None:
    assert told("Muscle tone", answer) == [(SignKind.RIGIDITY, TRUE)]


@pytest.mark.rules("RIG-01")
def test_the_site_and_the_note_of_a_record_place_its_rigidity() -> None:
    assert told(RIGIDITY, "present") == [(SignKind.RIGIDITY, TRUE)]
    site = {"text": "Right wrist"}
    assert told(RIGIDITY, "present", bodySite=site) == [(SignKind.RIGIDITY, UNKNOWN)]
    assert told(RIGIDITY, "absent", bodySite=site) == [(SignKind.RIGIDITY, UNKNOWN)]
    everywhere = {"text": "All four limbs"}
    assert told(RIGIDITY, "present", bodySite=everywhere) == [(SignKind.RIGIDITY, TRUE)]
    note = [{"text": "left hand only"}]
    assert told(RIGIDITY, "present", note=note) == [(SignKind.RIGIDITY, UNKNOWN)]
    other = [{"text": "Blood taken from the left hand."}]
    assert told(RIGIDITY, "present", note=other) == [(SignKind.RIGIDITY, TRUE)]


def parts(*told_of: tuple[str, str]) -> list[Fact]:
    components = [{"code": {"text": code}, "valueString": said} for code, said in told_of]
    return facts(observation({"text": "Neurological examination"}, component=components))


@pytest.mark.rules("RIG-01")
@pytest.mark.parametrize(("left", "state"), [("increased", TRUE), ("normal", UNKNOWN)])
def test_the_rules_join_the_limbs_of_an_examination(left: str, state: Truth) -> None:
    """The reader tells each with its side; whether both are generalised rigidity the rules say."""
    told_of = parts(("Tone RUE", "increased"), ("Tone LUE", left))
    assert [f.present for f in told_of if isinstance(f, Sign)] == [UNKNOWN, UNKNOWN]
    at = next(f.at for f in told_of if isinstance(f, Sign))
    found = assess(chart_of("p", told_of), load(), at + timedelta(hours=1)).findings["RIG"]
    assert found.state is state


def test_words_that_contradict_each_other_leave_the_sign_open() -> None:
    answer = "increased tone in arms, normal tone in legs"
    assert told("Muscle tone", answer) == [(SignKind.RIGIDITY, UNKNOWN)]


@pytest.mark.parametrize(
    ("answer", "sort"),
    [
        ("inducible clonus, no ocular clonus", "inducible"),
        ("ocular clonus, no inducible clonus", "ocular"),
        ("clonus at ankles, no ocular clonus", None),
    ],
)
def test_a_sort_that_is_denied_is_not_the_sort_of_the_sign(answer: str, sort: str | None) -> None:
    found = facts(observation({"text": "Neurology"}, valueString=answer))
    assert [(f.present, f.detail) for f in found if isinstance(f, Sign)] == [(TRUE, sort)]
