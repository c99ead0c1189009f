"""Published samples of every kind are read without an exception and with outcomes that add up.

The samples in this folder are a small part of a larger collection (SOURCES.md). Where that
collection is at hand, NMS_SENTINEL_FHIR_SAMPLES names its folder and all of it is read too.
"""

import io
import os
from collections import Counter
from pathlib import Path

import orjson
import pytest

from alerts.chart import Measurement, MedicationUse
from service.errors import BadInput
from service.fhir.reader import Outcome, ReadContext, Reading, read_body, read_drafts, read_ndjson
from tests.fhir.charted import BERLIN, NOW

OWN = Path(__file__).parent / "samples"
ELSEWHERE = os.environ.get("NMS_SENTINEL_FHIR_SAMPLES")
CONTEXT = ReadContext(tenant="samples", received_at=NOW, zone=BERLIN)


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*/*") if p.suffix in {".json", ".ndjson"})


SAMPLES = files(OWN) + (files(Path(ELSEWHERE)) if ELSEWHERE else [])
RESOURCES = [p for p in SAMPLES if p.parent.name != "cdshooks" and p.suffix == ".json"]


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def adds_up(reading: Reading, entries: int) -> None:
    counts = Counter(outcome.outcome for outcome in reading.outcomes)
    assert sum(counts.values()) == len(reading.outcomes) == entries
    assert [outcome.index for outcome in reading.outcomes] == sorted(
        outcome.index for outcome in reading.outcomes
    )
    assert len(reading.resources) == counts[Outcome.ACCEPTED]
    for outcome in reading.outcomes:
        assert outcome.reason != "reader-fault"
        assert outcome.reason or outcome.outcome is Outcome.ACCEPTED
        assert outcome.location


@pytest.mark.parametrize("path", RESOURCES, ids=name)
def test_a_sample_is_read_and_its_outcomes_add_up(path: Path) -> None:
    body = path.read_bytes()
    sent = orjson.loads(body)
    entries = len(sent.get("entry", [])) if sent["resourceType"] == "Bundle" else 1
    adds_up(read_body(body, CONTEXT), entries)


@pytest.mark.parametrize("path", [p for p in SAMPLES if p.parent.name == "cdshooks"], ids=name)
def test_the_resources_of_a_hook_call_are_read(path: Path) -> None:
    call = orjson.loads(path.read_bytes())
    with pytest.raises(BadInput):
        read_body(path.read_bytes(), CONTEXT)
    context = call.get("context", {})
    drafts = context.get("draftOrders", context.get("medications", {}))
    _, outcomes = read_drafts(drafts if isinstance(drafts, dict) else {}, CONTEXT)
    assert all(outcome.reason != "reader-fault" for outcome in outcomes)


@pytest.mark.parametrize("path", [p for p in SAMPLES if p.suffix == ".ndjson"], ids=name)
def test_a_bulk_export_is_read_in_pieces(path: Path) -> None:
    lines = len(path.read_bytes().splitlines())
    readings = list(read_ndjson(io.BytesIO(path.read_bytes()), CONTEXT, chunk=7))
    assert sum(len(reading.outcomes) for reading in readings) == lines
    for reading in readings:
        adds_up(reading, len(reading.outcomes))


def test_the_licence_of_every_sample_is_told() -> None:
    sources = (OWN / "SOURCES.md").read_text()
    assert [name(p) for p in files(OWN) if f"| {name(p)} |" not in sources] == []


def facts_of(path: str) -> list[object]:
    reading = read_body((OWN / path).read_bytes(), CONTEXT)
    return [fact for resource in reading.resources for fact in resource.facts]


@pytest.mark.parametrize(
    ("path", "numbers"),
    [
        (
            "uscore61/Observation-blood-pressure.json",
            {("systolic_bp", 109.0), ("diastolic_bp", 44.0)},
        ),
        ("uscore61/Observation-temperature.json", {("body_temperature", 36.56)}),
        ("spec-r4/Observation-body-temperature.json", {("body_temperature", 36.5)}),
        ("aucore/Observation-bodytemp-1.json", {("body_temperature", 36.5)}),
        ("aucore/Observation-bodytemp-cancelled.json", set()),
        ("aucore/Observation-bloodpressure-systolic-missing.json", {("diastolic_bp", 60.0)}),
    ],
)
def test_what_the_samples_say(path: str, numbers: set[tuple[str, float]]) -> None:
    found = {(f.kind, f.value) for f in facts_of(path) if isinstance(f, Measurement)}
    assert found == numbers


def test_orders_of_three_systems_name_their_drugs() -> None:
    told = {
        use.text: use.ingredients
        for path in ("meditech/medicationrequest-bundle.json",
                     "aucore/MedicationRequest-paracetamol-codeine.json",
                     "spec-stu3/MedicationRequest-medrx0302.json")
        for use in facts_of(path)
        if isinstance(use, MedicationUse)
    }  # fmt: skip
    assert "paracetamol" in {key for keys in told.values() for key in keys}
    assert all(text for text in told)
