"""`assess --explain`: in words, with why a stage is open and what nobody looks for."""

from alerts.assessment import assess
from alerts.knowledge import load
from service.replay.explain import lines
from tests.medicine.ward import NOW, chart

FEVER = ("-1d given haloperidol oral 5 mg", "-2h temp 39 oral", "-1h temp 39 oral",
         "-2h CK 2000 uln 200")  # fmt: skip


def said(*facts: str) -> str:
    return "\n".join(lines(assess(chart(*facts), load(), NOW), explain=True))


def test_why_there_is_no_stage() -> None:
    text = said(*FEVER)
    assert "  severity: MODERATE: temperature up to 39 °C in 24 h" in text
    assert "Woodbury stage open: tone and mental state not examined" in text
    assert "Woodbury stage IV" not in text


def test_the_stage_once_tone_was_examined() -> None:
    text = said(*FEVER, "-1h rigidity present lead_pipe")
    assert "  Woodbury stage IV\n" in text
    assert "stage open" not in text


def test_risk_factors_that_are_not_looked_for_are_named_with_the_reason() -> None:
    text = said(*FEVER)
    unread = load().criteria["risk_factors_unread"]
    assert len(unread) == 3
    for raw in unread.values():
        assert f"not looked for: {raw['factor']} ({raw['effect']}): {raw['reason']}" in text


def test_nothing_of_severity_where_nothing_is_suspected() -> None:
    assert "severity:" not in said("-1h temp 36.8 oral")


def test_the_numbers_behind_the_severity_are_in_the_trace() -> None:
    text = said(*FEVER)
    assert "severity.severe_c = 40 Cel [U: woodbury1992, strawn2007] (SEV-01)" in text
    assert "artefact.temperature_c = 2 Cel [D] (JUMP)" in text
