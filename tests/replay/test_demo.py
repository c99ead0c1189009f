"""The demonstration: journeys moved to now, nothing in the future, an alert within a minute."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import orjson
import pytest

from alerts.assessment import assess
from alerts.chart import chart_of
from alerts.knowledge import load
from service import demo
from service.errors import Unavailable
from service.replay.bodies import read
from service.replay.chronicle import facts_by_patient

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_bundles_come_in_order_and_within_a_minute() -> None:
    played = list(demo.journeys(NOW))
    delays = [delay for delay, _ in played]
    assert delays == sorted(delays)
    assert delays[0] >= 0
    assert delays[-1] < 60
    assert len(played) >= 15


def test_nothing_lies_in_the_future_and_birth_dates_stay() -> None:
    for _, body in demo.journeys(NOW):
        bundle = orjson.loads(body)
        assert datetime.fromisoformat(bundle["timestamp"]) <= NOW
        for entry in bundle["entry"]:
            resource = entry["resource"]
            if resource["resourceType"] == "Patient":
                assert resource["birthDate"] < "2000-01-01"
            if at := resource.get("effectiveDateTime"):
                assert NOW - timedelta(days=5) < datetime.fromisoformat(at) <= NOW


def test_an_alert_arises_while_it_is_played() -> None:
    seen: dict[str, list[str]] = {}
    resources = []
    for _, body in demo.journeys(NOW):
        resources += read(body, NOW).resources
        for patient, facts in facts_by_patient(resources).items():
            tier = assess(chart_of(patient, facts), load(), NOW).tier.name.value
            seen.setdefault(patient, []).append(tier)
    assert seen["demo-haloperidol-36h"][-1] in ("PROBABLE", "HIGHLY_PROBABLE")
    assert set(seen["demo-quiet"]) == {"NONE"}
    assert seen["demo-levodopa-nil-by-mouth"][-1] != "NONE"


def test_playing_stops_when_told() -> None:
    stop, handed = Event(), []

    def accept(body: bytes) -> None:
        handed.append(body)
        stop.set()

    assert demo.play(accept, stop, NOW) == len(handed) == 1


def test_playing_hands_over_everything_in_time() -> None:
    handed: list[bytes] = []

    class Passed(Event):
        """Time that passes at once."""

        def wait(self, timeout: float | None = None) -> bool:
            return False

    assert demo.play(handed.append, Passed(), NOW) == len(list(demo.journeys(NOW)))


def test_without_the_fixtures_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="fixtures/demo"):
        list(demo.journeys(NOW, tmp_path))
