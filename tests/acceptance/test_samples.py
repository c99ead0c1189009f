"""Real FHIR of many makers, posted to a real server: always an answer, never a 5xx."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.running import ROOT, Served, serving

pytestmark = pytest.mark.acceptance

HERE = ROOT / "tests" / "fhir" / "samples"
# a folder of further samples, for those who have one
FURTHER = os.environ.get("NMS_SENTINEL_FHIR_SAMPLES", "")


def samples() -> list[Path]:
    folders = [HERE, *([Path(FURTHER)] if FURTHER else []), ROOT / "fixtures" / "malformed"]
    return sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in FORMS)


FORMS = {".json": "application/fhir+json", ".ndjson": "application/fhir+ndjson"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("samples")) as running:
        yield running


def test_every_sample_is_answered(served: Served) -> None:
    found = samples()
    assert len(found) > 40
    broken = []
    for path in found:
        for address in ("/fhir", "/fhir/notifications/samples"):
            answer = served.http.post(
                address,
                content=path.read_bytes(),
                headers={"content-type": FORMS[path.suffix]},
            )
            if answer.status_code >= 500 or "resourceType" not in answer.json():
                broken.append((path.name, address, answer.status_code, answer.text[:200]))
    assert broken == []
    assert [event for event in served.events("intake") if event["event"] == "intake.failed"] == []


def test_hooks_answer_whatever_is_sent(served: Served) -> None:
    for path in samples():
        for service in ("nms-patient-view", "nms-order-sign", "nms-order-select"):
            answer = served.http.post(
                f"/cds-services/{service}",
                content=path.read_bytes(),
                headers={"content-type": "application/json"},
            )
            assert answer.status_code < 500, (path.name, service, answer.text[:200])
            if answer.status_code != 200:
                assert answer.json()["resourceType"] == "OperationOutcome"
