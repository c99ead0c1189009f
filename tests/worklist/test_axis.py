"""The time line across a change of the clock: nothing out of order or twice, the zone said."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from alerts.chart import Measurement, chart_of
from alerts.knowledge import load
from service.worklist.patient.axis import placed, zone_of
from service.worklist.patient.timeline import timeline
from tests.management.charts import source

BERLIN = ZoneInfo("Europe/Berlin")
# at these moments 03:00 becomes 02:00, and 02:00 becomes 03:00
BACK, FORWARD = datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "label"),
    [
        (BACK, "Europe/Berlin, +02:00 → +01:00"),
        (FORWARD, "Europe/Berlin, +01:00 → +02:00"),
    ],
)
def test_the_zone_is_said_with_its_change(change: datetime, label: str) -> None:
    told = zone_of(BERLIN, change - timedelta(days=3), change + timedelta(hours=5))
    assert told["label"] == label
    assert told["offsets"][1]["from"] == placed(change)
    same = zone_of(BERLIN, change - timedelta(days=3), change - timedelta(days=1))
    assert same["label"] == label.partition(" →")[0]
    assert len(same["offsets"]) == 1


@pytest.mark.parametrize("change", [BACK, FORWARD], ids=["doubled-hour", "missing-hour"])
def test_readings_around_the_change_stay_in_order_and_apart(change: datetime) -> None:
    times = [change + timedelta(minutes=m) for m in range(-75, 80, 10)]
    readings = [
        Measurement("body_temperature", at, 37 + n / 10, "Cel", source("Observation"))
        for n, at in enumerate(times)
    ]
    drawn = timeline(chart_of("p", readings), load(), [], change + timedelta(hours=6), BERLIN)
    places = [point["at"] for point in drawn["temperature"]]
    assert places == sorted(set(places))
    assert [point["value"] for point in drawn["temperature"]] == sorted(
        point["value"] for point in drawn["temperature"]
    )
    minutes = [datetime.fromisoformat(place) for place in places]
    gaps = {later - sooner for sooner, later in pairwise(minutes)}
    assert gaps == {timedelta(minutes=10)}  # ten minutes are ten minutes on the axis too


@pytest.mark.parametrize(
    ("zone", "offsets"),
    [("Asia/Kolkata", ["+05:30"]), ("America/St_Johns", ["-02:30", "-03:30"]), ("UTC", ["+00:00"])],
)
def test_zones_of_half_hours_and_behind(zone: str, offsets: list[str]) -> None:
    told = zone_of(
        ZoneInfo(zone), datetime(2026, 10, 30, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC)
    )
    assert [offset["label"] for offset in told["offsets"]] == offsets
