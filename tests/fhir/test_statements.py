"""Statements of people that no measurement gives: drugs reconciled, comfort care decided."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import orjson
import pytest

from alerts.assessment import assess
from alerts.chart import Sign, SignKind, chart_of
from alerts.knowledge import load
from alerts.statements import GateState
from service.fhir.reader import ReadContext, read_body

NOW = datetime(2026, 11, 21, tzinfo=UTC)
RECONCILED, COMFORT = SignKind.MEDICATION_RECONCILED, SignKind.COMFORT_CARE


def facts_of(status: str, text: str) -> list[object]:
    procedure = {
        "resourceType": "Procedure",
        "id": "p1",
        "status": status,
        "code": {"text": text},
        "subject": {"reference": "Patient/1"},
        "performedDateTime": "2026-11-20T20:00:00Z",
    }
    context = ReadContext("t", NOW, ZoneInfo("UTC"))
    reading = read_body(orjson.dumps(procedure), context)
    return [fact for one in reading.resources for fact in one.facts]


@pytest.mark.parametrize(
    ("status", "text", "kinds"),
    [
        ("completed", "Medication reconciliation", [RECONCILED]),
        ("completed", "Medicines reconciled on admission", [RECONCILED]),
        ("in-progress", "Medication reconciliation", []),
        ("not-done", "Medication reconciliation", []),
        ("completed", "Medication not reconciled", []),
        ("completed", "Medication review", []),
        ("completed", "Comfort care only", [COMFORT]),
        ("in-progress", "Comfort measures only", [COMFORT]),
        ("not-done", "Comfort care only", []),
        ("completed", "Comfort of the patient assessed", []),
    ],
)
def test_a_statement_is_read_when_it_was_made(
    status: str, text: str, kinds: list[SignKind]
) -> None:
    assert [f.kind for f in facts_of(status, text) if isinstance(f, Sign)] == kinds


@pytest.mark.rules("EXP-03", "LOG-02")
def test_only_reconciled_drugs_close_the_gate() -> None:
    """EXP is false only when the drug history was reconciled and holds no qualifying drug."""
    knowledge = load()
    told = chart_of("1", facts_of("completed", "Medication reconciliation"))  # type: ignore[arg-type]
    assert assess(told, knowledge, NOW).gate.state is GateState.CLOSED
    untold = chart_of("1", [])
    assert assess(untold, knowledge, NOW).gate.state is GateState.UNVERIFIED
