"""What was lately read is remembered, and changes no answer: told apart from a fresh desk's."""

import json
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.assessment import as_dict, assess
from alerts.chart import Chart, chart_of
from alerts.knowledge import load
from service.cds_hooks.answer import judged
from service.cds_hooks.desk import Desk
from service.cds_hooks.recall import KEPT, ROOM_BYTES, Recall, facts_of
from service.fhir.reader import Entry, ReadContext, read_entries

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
KNOWLEDGE = load()
LOINC = "http://loinc.org"


@dataclass
class Shelf:
    """The store as far as a chart is concerned. `revision` None: never heard of."""

    revision_held: int | None = None
    asked: int = field(default=0)

    def revision(self, _tenant: str, _patient: str) -> int | None:
        return self.revision_held

    def drugs(self, _tenant: str, _names: Any) -> dict[str, Any]:
        return {}

    def chart(self, _tenant: str, patient: str) -> Chart:
        self.asked += 1
        return Chart(patient, None)


def desk(recall: Recall, shelf: Shelf | None = None) -> Desk:
    shelf = shelf or Shelf()
    ticket = iter(range(10**9))
    return Desk(shelf, KNOWLEDGE, "https://sentinel.example", ZONE, lambda: NOW,  # type: ignore[arg-type]
                lambda: str(next(ticket)), recall=recall)  # fmt: skip


def entries(resources: Sequence[dict[str, Any]]) -> tuple[Entry, ...]:
    raws = [msgspec.Raw(orjson.dumps(one)) for one in resources]
    return tuple(Entry(n, f"prefetch[{n}]", raw) for n, raw in enumerate(raws))


def said(
    recall: Recall, resources: Sequence[dict[str, Any]], at: datetime = NOW, **context: Any
) -> tuple[Any, ...]:
    """What a call answers by: refusals, and the assessment of its chart."""
    held = {"tenant": "ward", "only_patient": "p1", "zone": ZONE, **context}
    sent = recall.read(entries(resources), ReadContext(received_at=at, **held))
    found = judged(held["only_patient"], sent, "ward", desk(recall), at)
    refused = sorted((one.index, one.reason) for one in sent.refused)
    return refused, as_dict(found.assessment) | {"next_review_at": None}, found.chart


def observation(name: str, code: str, value: float, at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": name, "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": "Patient/p1"}, "effectiveDateTime": at.isoformat(),
        "valueQuantity": {"value": value, "unit": "Cel", "code": "Cel",
                          "system": "http://unitsofmeasure.org"}, **more,
    }  # fmt: skip


def order(name: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest", "id": name, "status": "active", "intent": "order",
        "medicationCodeableConcept": {"text": "haloperidol 5 mg tablet"},
        "subject": {"reference": "Patient/p1"},
        "authoredOn": (NOW - timedelta(days=2)).isoformat(), **more,
    }  # fmt: skip


PERSON = {"resourceType": "Patient", "id": "p1", "birthDate": "1980-01-01"}
STRANGER = observation("x", "8310-5", 41.0, NOW, subject={"reference": "Patient/p2"})
MOMENTS = [NOW + timedelta(hours=h) for h in (-200, -73, -71, -48, -2, -0.1, 0.05, 0.2, 3)]
# among them other versions of one resource, another patient, times to come, what cannot be read
RESOURCES = (
    [observation(f"t{n}", "8310-5", v, at) for n, (v, at) in
     enumerate(zip((36.6, 37.9, 38.4, 39.2, 40.1, 37.0, 38.9, 38.1, 36.9), MOMENTS, strict=True))]
    + [observation(f"t{n}", "8310-5", 36.1, at) for n, at in enumerate(MOMENTS[:3])]
    + [observation("o1", "8310-5", 39.0, MOMENTS[3], status="entered-in-error"), STRANGER, PERSON]
    + [order("m1"), order("m1", status="stopped"), order("m2", status="stopped",
       dosageInstruction=[{"timing": {"repeat": {"boundsPeriod": {
           "start": MOMENTS[0].isoformat(), "end": MOMENTS[6].isoformat()}}}}])]
    + [order("m3", medicationReference={"reference": "Medication/d1"},
             medicationCodeableConcept=None)]
    + [{"resourceType": "Medication", "id": "d1", "code": {"text": t}} for t in
       ("haloperidol", "olanzapine", "water")]
    + [{"resourceType": "Condition", "id": "c1", "code": {"text": "delirium"},
        "subject": {"reference": "Patient/p1"}, "onsetDateTime": at.isoformat()}
       for at in (MOMENTS[4], MOMENTS[7])]
    + [{"resourceType": "Observation", "id": "nobody"}, {"resourceType": "Nothing", "id": "n"}]
)  # fmt: skip
CALLS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(RESOURCES), max_size=9),
        st.sampled_from([0.0, 0.01, 1.0, 3.5, 11.0, 14.9, 16.0, 40.0]),  # minutes since the last
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(CALLS)
def test_no_answer_differs_from_one_that_remembers_nothing(
    calls: list[tuple[list[dict[str, Any]], float]],
) -> None:
    recall, at = Recall(), NOW
    for resources, minutes in calls:
        at += timedelta(minutes=minutes)
        assert said(recall, resources, at) == said(Recall(), resources, at)


def read(recall: Recall, resources: Sequence[dict[str, Any]], at: datetime) -> tuple[Any, ...]:
    context = ReadContext("ward", at, ZONE, only_patient="p1")
    sent = recall.read(entries(resources), context)
    facts = chart_of("p1", facts_of(sent.resources))
    return sorted((one.index, one.reason) for one in sent.refused), facts


@pytest.mark.parametrize("first", RESOURCES, ids=lambda r: f"{r['resourceType']}/{r['id']}")
def test_nor_for_any_two_resources_at_any_two_moments(first: dict[str, Any]) -> None:
    for second in RESOURCES:
        recall, at = Recall(), NOW
        for resources, minutes in (([first], 0), ([first, second], 1), ([second, first], 14)):
            at += timedelta(minutes=minutes)
            assert read(recall, resources, at) == read(Recall(), resources, at), second


def reads(recall: Recall, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many entries each call had to read from here on."""
    told: list[int] = []

    def counted(held: Sequence[Entry], context: ReadContext) -> Any:
        told.append(len(held))
        return read_entries(held, context)

    monkeypatch.setattr("service.cds_hooks.recall.read_entries", counted)
    return told


CHART = [
    PERSON,
    order("m1"),
    *(observation(f"o{n}", "8310-5", 37 + n / 10, NOW - timedelta(hours=n)) for n in range(1, 9)),
]


def test_only_what_is_new_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    recall = Recall()
    told = reads(recall, monkeypatch)
    said(recall, CHART)
    said(recall, CHART)
    said(recall, [*CHART, observation("new", "8310-5", 39.5, NOW - timedelta(minutes=1))])
    # the patient is read each time: others may refer to it
    assert told == [10, 1, 2]


@pytest.mark.parametrize(
    "other",
    [{"tenant": "another"}, {"zone": ZoneInfo("UTC")}, {"fhir_version": "STU3"},
     {"only_patient": "p2"}],
    ids=str,
)  # fmt: skip
def test_nothing_is_shared_across(monkeypatch: pytest.MonkeyPatch, other: dict[str, Any]) -> None:
    recall = Recall()
    said(recall, CHART)
    told = reads(recall, monkeypatch)
    said(recall, CHART, **other)
    assert told == [len(CHART)]


def test_another_medication_of_the_same_id_is_another_drug() -> None:
    recall = Recall()
    named = order("m1", medicationReference={"reference": "Medication/d1"})
    del named["medicationCodeableConcept"]
    drugs = [
        {"resourceType": "Medication", "id": "d1", "code": {"text": text}}
        for text in ("haloperidol", "olanzapine")
    ]
    found = [said(recall, [PERSON, named, drug])[2].medications[0].ingredients for drug in drugs]
    assert found == [("haloperidol",), ("olanzapine",)]


def test_what_was_stored_meanwhile_counts_at_once() -> None:
    recall, shelf = Recall(), Shelf(revision_held=1)
    held = desk(recall, shelf)
    context = ReadContext("ward", NOW, ZONE, only_patient="p1")
    for revision, asked in ((1, 1), (1, 1), (2, 2), (2, 2)):
        shelf.revision_held = revision
        judged("p1", recall.read(entries(CHART), context), "ward", held, NOW)
        assert shelf.asked == asked


def test_other_rules_judge_anew() -> None:
    recall, shelf = Recall(), Shelf(revision_held=1)
    context = ReadContext("ward", NOW, ZONE, only_patient="p1")
    for knowledge, asked in ((KNOWLEDGE, 1), (KNOWLEDGE, 1), (copy(KNOWLEDGE), 2)):
        held = replace(desk(recall, shelf), knowledge=knowledge)
        judged("p1", recall.read(entries(CHART), context), "ward", held, NOW)
        assert shelf.asked == asked


def test_an_assessment_is_told_as_of_now_and_not_beyond_its_review() -> None:
    # in five minutes the fever is older than its window
    old = NOW - timedelta(hours=72) + timedelta(minutes=5)
    aging = [PERSON, order("m1"), observation("o1", "8310-5", 39.0, old)]
    recall, shelf = Recall(), Shelf(revision_held=1)
    held = desk(recall, shelf)

    def at(when: datetime) -> Any:
        context = ReadContext("ward", when, ZONE, only_patient="p1")
        return judged("p1", recall.read(entries(aging), context), "ward", held, when).assessment

    def chart_now() -> Chart:
        context = ReadContext("ward", NOW, ZONE, only_patient="p1")
        return chart_of("p1", facts_of(Recall().read(entries(aging), context).resources))

    review = at(NOW).next_review_at
    assert review is not None
    assert timedelta(minutes=2) < review - NOW < KEPT, "else this test shows nothing"
    assert at(NOW + timedelta(minutes=1)).as_of == NOW + timedelta(minutes=1)
    assert shelf.asked == 1
    assert as_dict(at(review)) == as_dict(assess(chart_now(), KNOWLEDGE, review))
    assert shelf.asked == 2


def test_nothing_is_kept_longer_than_a_quarter_hour_nor_beyond_its_room() -> None:
    recall = Recall(room_bytes=60_000)
    said(recall, CHART)
    assert 0 < recall.size < 20_000
    for number in range(40):
        name = f"q{number}"
        mine = json.loads(json.dumps(CHART).replace("p1", name))
        said(recall, mine, NOW + timedelta(seconds=number), only_patient=name)
        assert recall.size <= 60_000
    said(recall, [PERSON, order("m9")], NOW + KEPT + timedelta(minutes=1), only_patient="p1")
    assert recall.size < 15_000
    recall.forget()
    assert recall.size == 0
    assert ROOM_BYTES <= 64 * 1024 * 1024


def test_neither_one_chart_nor_many_people_outgrow_the_room() -> None:
    """A chart that grows at every call, and patients of whom nothing but the name came."""
    recall = Recall(room_bytes=100_000)
    for call in range(40):
        fresh = [observation(f"n{call}-{n}", "8310-5", 37, MOMENTS[3]) for n in range(20)]
        said(recall, [PERSON, *fresh])
        assert recall.size <= 120_000  # what was judged is kept a moment after what was read
    for number in range(40):
        name = f"q{number}"
        big = {"resourceType": "Patient", "id": name, "name": [{"text": "x" * 20_000}]}
        said(recall, [big], only_patient=name)
        assert recall.size <= 120_000
        assert len(recall._pages) <= 5
