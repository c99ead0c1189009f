"""What every answer carries, and what it never says (TIER-08, TIER-09, ALR-08, SAF-01, SAF-03)."""

import json
import re

import pytest

from alerts.assessment import as_dict, assess
from alerts.knowledge import load, with_overlay
from alerts.statements import Assessment, TierName
from alerts.truth import TRUE, UNKNOWN
from service.replay.explain import lines as explained
from tests.medicine.ward import NOW, chart

SICK = (
    "-3d order haloperidol oral", "-20d given haloperidol depot product=haloperidol_decanoate",
    "-30h temp 39 oral", "-20h temp 39 oral", "-3h rigidity present lead_pipe", "-3h acvpu V",
    "-14h CK 1500 uln 200", "-2h diaphoresis present", "condition pneumonia -1d",
)  # fmt: skip
KEYS = {
    "patient", "as_of", "rules", "gate", "tier", "iec", "findings", "exposures", "withdrawals",
    "differential", "severity", "guidance", "interactions", "ask_next", "next_review_at",
    "unmapped",
}  # fmt: skip


def said(*lines: str) -> Assessment:
    return assess(chart(*lines), load(), NOW)


@pytest.mark.rules("TIER-09", "ALR-08")
def test_every_tier_message_has_its_content() -> None:
    sick = said(*SICK)
    for finding in sick.findings.values():
        if finding.state is TRUE:
            assert finding.evidence, finding.id
            for datum in finding.evidence:
                assert datum.value or datum.label, finding.id
                assert datum.source or "baseline" in datum.label, finding.id
            if finding.id not in {"EXP", "EXPX"}:  # an order in force has no last dose
                assert finding.evidence[0].at, finding.id
        assert finding.reason, finding.id
    assert sick.iec.lower <= sick.iec.upper
    assert [e.last_dose for e in sick.exposures if e.evidence == "administration"] != [None]
    assert sick.ask_next
    assert sick.differential
    assert all(entry.cite or entry.id for entry in sick.differential)


@pytest.mark.rules("TIER-08", "SAF-01", "SAF-09", "LOG-04")
def test_words_that_are_never_said() -> None:
    forbidden = re.compile(
        r"diagnos|has NMS|NMS is (?:excluded|unlikely|ruled out)|no risk|meets DSM-5|"
        r"probability of death|will die",
        re.IGNORECASE,
    )
    for lines in (SICK, ("-1d medication_reconciled present",), SICK[:3], ()):
        answer = said(*lines)
        spoken = [answer.tier.wording, answer.gate.reason, *answer.tier.rules]
        spoken += [f.reason for f in answer.findings.values()]
        spoken += [r.could_change for r in answer.ask_next]
        spoken += [s.note for s in answer.scale_details]
        assert [text for text in spoken if forbidden.search(text)] == []
        assert forbidden.search("the patient has NMS")


@pytest.mark.rules("SAF-03", "LOG-01")
def test_an_empty_chart_is_unknown_and_not_well() -> None:
    answer = said()
    assert {f.state for f in answer.findings.values()} == {UNKNOWN}
    assert (answer.iec.lower, answer.iec.upper) == (0, 100)
    assert answer.gate.state.value == "unverified"


@pytest.mark.rules("OBS-02")
def test_a_retracted_fact_takes_its_tier_with_it() -> None:
    with_ck = said(*SICK)
    without = said(*(line for line in SICK if " CK " not in line))
    assert with_ck.findings["CK"].state is TRUE
    assert without.findings["CK"].state is UNKNOWN
    assert without.iec.lower == with_ck.iec.lower - 10
    retracted = said("-3d order haloperidol oral", "-20h temp 39 oral")
    assert (with_ck.tier.name.rank, retracted.tier.name) == (5, TierName.NONE)


@pytest.mark.rules("ALR-11")
def test_a_threshold_changes_only_with_a_version_that_every_answer_names() -> None:
    lines = ("-3d order haloperidol oral", "-30h temp 38.2 oral", "-20h temp 38.2 oral")
    strict = with_overlay(
        load(), {"version": "B", "parameters": {"hyp.threshold_c": {"value": 38.5}}}
    )
    before, after = said(*lines), assess(chart(*lines), strict, NOW)
    assert (before.rules, after.rules) == (load().version, "B")
    assert (before.findings["HYP"].state, after.findings["HYP"].state) != (TRUE, TRUE)
    with pytest.raises(AttributeError):
        load().version = "C"  # type: ignore[misc]


@pytest.mark.rules("DISCLAIMER", "SAF-12")
def test_the_disclaimer_stands_on_every_answer() -> None:
    for lines in (SICK, ()):
        text = said(*lines).disclaimer
        assert "does not replace examination, judgement or local policy" in text
        assert "NMS may be present when the score is low" in text


@pytest.mark.rules("TIER-09")
def test_the_json_form_keeps_its_keys_and_is_plain() -> None:
    plain = as_dict(said(*SICK))
    assert set(plain) >= KEYS
    assert json.loads(json.dumps(plain)) == plain
    assert plain["tier"] == "HIGHLY_PROBABLE"
    assert plain["findings"]["HYP"]["state"] == "true"
    assert set(plain["iec"]) == {"lower", "upper"}


@pytest.mark.rules("SAF-11", "TIER-09")
def test_the_trace_can_be_read_by_a_person() -> None:
    text = "\n".join(explained(said(*SICK), explain=True))
    for words in (
        "HYP read: body_temperature 72 h (2 readings)",
        "hyp.threshold_c = 38 Cel [V: gurrera2011] (TEMP-01)",
        "iec.cutoff = 74 points [U",
        "rules that gave it: TIER-4A",
        "Levenson 1985, high probability: true",
        "differential: Sepsis, meningitis, encephalitis (true)",
        "risk factor: long-acting injection",
    ):
        assert words in text, words


@pytest.mark.rules("RIG-01", "LOG-06")
def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        assess(chart(*SICK), load(), NOW.replace(tzinfo=None))
