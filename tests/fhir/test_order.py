"""Order and duplicates of entries change no fact: a property over whole bodies."""

from collections.abc import Sequence
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from service.fhir.reader import Outcome, ResourceFacts, read_body
from tests.fhir.charted import (
    CK,
    CONTEXT,
    HALOPERIDOL,
    PULSE,
    bundle,
    dose,
    observation,
    order,
    quantity,
    temperature,
)

PATIENTS = st.sampled_from(["p1", "p2"]).map(lambda p: {"reference": f"Patient/{p}"})
IDS = st.sampled_from(["a", "b", "c"]) | st.none()
VERSIONS = st.fixed_dictionaries(
    {},
    optional={
        "versionId": st.sampled_from(["1", "2", "10", "x"]),
        "lastUpdated": st.sampled_from(["2026-03-03T08:00:00Z", "2026-03-03T09:00:00Z"]),
    },
)
STATUSES = st.sampled_from(["final", "preliminary", "entered-in-error", "corrected", "cancelled"])
TIMES = st.sampled_from(["2026-03-03T08:00:00Z", "2026-03-02", "2026-03-03T07:00:00", "nonsense"])


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Any]:
    shared: dict[str, Any] = {"id": draw(IDS), "subject": draw(PATIENTS), "meta": draw(VERSIONS)}
    kind = draw(st.integers(0, 6))
    if kind == 0:
        return temperature(
            draw(st.sampled_from([36.5, 38.4, 99, "39.1"])),
            status=draw(STATUSES),
            effectiveDateTime=draw(TIMES),
            **shared,
        )
    if kind == 1:
        return observation(CK, valueQuantity=quantity(draw(st.integers(0, 9000)), "U/L"), **shared)
    if kind == 2:
        parts = [{"code": PULSE, "valueQuantity": quantity(v, "/min")}
                 for v in draw(st.lists(st.integers(60, 62), max_size=2))]  # fmt: skip
        return observation({"text": "Vital signs"}, component=parts, **shared)
    if kind == 3:
        return dose(status=draw(st.sampled_from(["completed", "not-done"])), **shared)
    if kind == 4:
        return order(medicationCodeableConcept=None,
                     medicationReference={"reference": "Medication/m"}, **shared)  # fmt: skip
    if kind == 5:
        return {"resourceType": "Medication", "id": "m", "meta": draw(VERSIONS),
                "code": draw(st.sampled_from([HALOPERIDOL, {"text": "olanzapine"}]))}  # fmt: skip
    return {
        "resourceType": "Patient",
        "id": draw(st.sampled_from(["p1", "p2"])),
        "gender": draw(st.sampled_from(["male", "female"])),
        "meta": draw(VERSIONS),
    }


def told(sent: Sequence[dict[str, Any]]) -> list[ResourceFacts]:
    return list(read_body(orjson.dumps(bundle(*sent)), CONTEXT).resources)


def marks(found: list[ResourceFacts]) -> list[tuple[Any, ...]]:
    return sorted(
        (str(r.source), r.patient, str(r.facts), r.retracted, str(r.last_updated), r.digest,
         str(r.awaits), str(r.identifies))
        for r in found
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(sent=st.lists(resources(), max_size=8), data=st.data())
def test_the_order_of_entries_changes_no_fact(
    sent: list[dict[str, Any]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(sent))
    assert marks(told(sent)) == marks(told(shuffled))


@settings(max_examples=100, deadline=None)
@given(sent=st.lists(resources(), min_size=1, max_size=6), data=st.data())
def test_an_entry_sent_again_changes_no_fact(
    sent: list[dict[str, Any]], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(sent), max_size=4))
    assert marks(told(sent)) == marks(told(sent + again))


@settings(max_examples=100, deadline=None)
@given(sent=st.lists(resources(), max_size=8))
def test_received_is_the_sum_of_the_outcomes(sent: list[dict[str, Any]]) -> None:
    reading = read_body(orjson.dumps(bundle(*sent)), CONTEXT)
    assert [o.index for o in reading.outcomes] == list(range(len(sent)))
    accepted = [o.index for o in reading.outcomes if o.outcome is Outcome.ACCEPTED]
    assert sorted(r.index for r in reading.resources) == accepted
