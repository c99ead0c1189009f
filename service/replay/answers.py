"""Malformed bodies: is the reader's answer the expected one?"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from alerts.assessment import assess
from alerts.chart import Measurement, chart_of
from alerts.knowledge import Knowledge
from service.errors import BadInput, TooLarge
from service.fhir.reader import Reading
from service.replay.bodies import read
from service.replay.chronicle import facts_by_patient


def answer_differences(
    body: bytes, answer: Mapping[str, Any], knowledge: Knowledge, now: datetime
) -> tuple[str, ...]:
    """How the answer to a malformed body differs from `answer`; empty when it does not."""
    try:
        reading = read(body, now, answer.get("only_patient"))
    except BadInput as refusal:
        given = "too-large" if isinstance(refusal, TooLarge) else "bad-input"
        wanted = answer.get("error")
        if given == wanted:
            return ()
        return (f"refused as {given} ({refusal.code}), expected {wanted or 'an answer by entry'}",)
    if "error" in answer:
        return (f"read, expected {answer['error']}",)
    return (*_outcomes(reading, answer), *_facts(reading, answer, knowledge, now))


def _outcomes(reading: Reading, answer: Mapping[str, Any]) -> Iterator[str]:
    given = {outcome.index: outcome.outcome.value for outcome in reading.outcomes}
    for index, wanted in answer.get("outcomes", {}).items():
        allowed = wanted if isinstance(wanted, list) else [wanted]
        if given.get(index) not in allowed:
            yield f"entry {index} is {given.get(index, 'not answered')}, expected {wanted}"
    for outcome in reading.outcomes:
        if outcome.outcome.value in ("refused", "ignored") and not outcome.reason:
            yield f"entry {outcome.index} is {outcome.outcome.value} without a reason"


def _facts(
    reading: Reading, answer: Mapping[str, Any], knowledge: Knowledge, now: datetime
) -> Iterator[str]:
    facts = facts_by_patient(reading.resources)
    numbers = [f for fs in facts.values() for f in fs if isinstance(f, Measurement)]
    for kind, wanted in answer.get("measurements", {}).items():
        count = sum(f.kind == kind for f in numbers)
        if count != wanted:
            yield f"{count} {kind} reached a chart, expected {wanted}"
    for patient, told in sorted(facts.items()):
        gate = assess(chart_of(patient, told), knowledge, now).gate.state.value
        if gate == answer.get("gate_not"):
            yield f"gate {gate}"
