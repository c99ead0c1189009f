"""Clocks disagree: of the server, of a device, of the calendar (fault table, row 9).

The leeway of tokens (60 s) is held in tests/security/test_tokens.py.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from alerts.knowledge import load
from service.fhir.reader import ReadContext, read_body
from service.health import Health
from service.monitoring.evaluation import Evaluator, awaited
from service.store import Store, open_store
from service.worklist.rows import silence

TENANT = "t"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = open_store(f"sqlite:///{tmp_path / 's.db'}")
    made.upgrade()
    return made


def temperature(name: str, when: str, value: float = 39.4) -> dict[str, object]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": when,
        "valueQuantity": {
            "value": value, "unit": "Cel", "code": "Cel", "system": "http://unitsofmeasure.org",
        },
    }  # fmt: skip


def take(store: Store, at: datetime, *resources: dict[str, object], zone: str = "UTC") -> None:
    entries = [{"resource": one} for one in resources]
    body = orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
    context = ReadContext(tenant=TENANT, received_at=at, zone=ZoneInfo(zone))
    store.accept(read_body(body, context), TENANT, at, "c")


@pytest.mark.parametrize("jump", [timedelta(minutes=5), -timedelta(minutes=5)])
def test_a_server_clock_that_jumps_makes_no_negative_age(store: Store, jump: timedelta) -> None:
    take(store, NOW, temperature("1", (NOW - timedelta(hours=1)).isoformat()))
    after = NOW + jump
    assert store.due_age(after) >= 0
    flow = store.flow(TENANT, after)
    assert flow.last_data_at is not None
    later = NOW + timedelta(minutes=6)  # the clock is right again: the patient was not forgotten
    assert Evaluator(store, load(), lambda: later, lambda: "a").drain().settled == 1


def test_no_age_that_is_told_is_negative(store: Store) -> None:
    """Data came in by a clock that was five minutes ahead of the one that is asked."""
    take(store, NOW, temperature("1", (NOW - timedelta(hours=1)).isoformat()))
    behind = NOW - timedelta(minutes=5)
    told = Health(store, (TENANT,), lambda: True, lambda: behind).measured()
    assert told["nms_sentinel_data_age_seconds"] == 0.0
    assert told["nms_sentinel_due_age_seconds"] == 0.0
    assert told["nms_sentinel_overdue_patients"] == 0
    assert "-" not in silence(NOW, behind)
    # and the other way round: what waits is not taken for being there since just now
    ahead = Health(store, (TENANT,), lambda: True, lambda: NOW + timedelta(minutes=5)).measured()
    assert ahead["nms_sentinel_due_age_seconds"] == ahead["nms_sentinel_data_age_seconds"] == 300.0


def test_a_reading_from_the_future_counts_when_its_time_comes(store: Store) -> None:
    ahead = NOW + timedelta(minutes=4)
    take(store, NOW, temperature("1", ahead.isoformat()))
    chart = store.chart(TENANT, "p1")
    assert chart is not None
    assert awaited(chart, NOW) == ahead + timedelta(seconds=1)
    Evaluator(store, load(), lambda: NOW, lambda: "a").drain()
    before = store.assessment(TENANT, "p1")
    assert before is not None
    assert before["findings"]["HYP"]["state"] == "unknown"
    then = ahead + timedelta(seconds=2)
    assert Evaluator(store, load(), lambda: then, lambda: "a").drain().settled == 1
    after = store.assessment(TENANT, "p1")
    assert after is not None
    assert after["findings"]["HYP"]["evidence"] != before["findings"]["HYP"]["evidence"]


@pytest.mark.parametrize(
    ("zone", "times", "utc_hours"),
    [
        # the hour that exists twice, and the leap day; told with their offsets
        ("Europe/Berlin", ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"), 1),
        ("UTC", ("2028-02-28T23:30:00Z", "2028-02-29T00:30:00Z"), 1),
        # told without an offset: read in the tenant's zone, across the spring change
        ("Europe/Berlin", ("2026-03-29T01:30:00", "2026-03-29T03:30:00"), 1),
    ],
)
def test_a_leap_day_and_a_change_of_summer_time_keep_their_order(
    store: Store, zone: str, times: tuple[str, str], utc_hours: int
) -> None:
    received = datetime(2029, 1, 1, tzinfo=UTC)
    take(store, received, temperature("1", times[0]), temperature("2", times[1]), zone=zone)
    chart = store.chart(TENANT, "p1")
    assert chart is not None
    first, second = (m.at for m in chart.measurements)
    assert second.astimezone(UTC) - first.astimezone(UTC) == timedelta(hours=utc_hours)
